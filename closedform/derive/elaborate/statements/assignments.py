"""What names are given: `x = ...`, `x: [n, d]`, and what a model requires."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import sympy
from sympy import Expr

from closedform.derive.elaborate.context import Context
from closedform.derive.elaborate.layouts import stated
from closedform.derive.elaborate.shapes import REST, match
from closedform.derive.elaborate.values import Scope, Value
from closedform.derive.resolve.modules import Entity
from closedform.derive.symbolic.symbols import size_symbol
from closedform.errors import Span, fail
from closedform.grammar import tree
from closedform.grammar.expressions import show
from closedform.grammar.traverse import parts_of


def run_require(context: Context, node: tree.Require, scope: Scope) -> None:
    """Demand conditions of the sizes."""
    for condition in node.conditions:
        holds = context.condition(condition, scope)
        context.obligations.holds(holds, condition.span, f"this requires {show(condition)}")


def run_assign(context: Context, node: tree.Assign, scope: Scope) -> None:
    """Give names the values of an expression."""
    value = context.value(node.value, scope)
    if len(node.targets) == 1:
        name = node.targets[0].name
        if _of_model(context) and _is_rounded(value):
            value = _abbreviate(context, name, value, node.targets[0].span)
        scope.names[name] = value
        return
    if not isinstance(value, tuple) or len(value) != len(node.targets):
        many = len(value) if isinstance(value, tuple) else 1
        raise fail(
            "argument",
            f"{len(node.targets)} names are given {many} value{'s' * (many != 1)}",
            node.span,
        )
    for target, part in zip(node.targets, value, strict=True):
        scope.names[target.name] = part


def run_ascribe(context: Context, node: tree.Ascribe, scope: Scope) -> None:
    """Check the shape of a tensor; the sizes that a model names so become abbreviations."""
    tensor = context.tensor(node.tensor, scope)
    before = set(scope.names)
    tensor = stated(node.shape, tensor)
    tensor = match(context, node.shape, tensor, scope, f"`{node.tensor.name}`")
    for rest in REST:
        scope.names.pop(rest, None)
    if _of_model(context):
        named = {
            size: _abbreviate(context, name, size, node.shape.span)
            for name, size in scope.names.items()
            if name not in before
        }
        scope.names.update(
            {name: named[scope.names[name]] for name in scope.names if name not in before}
        )
        shape = tuple(named.get(size, context.known.fold(size)) for size in tensor.shape)
        tensor = replace(tensor, shape=shape)
    scope.names[node.tensor.name] = tensor


def _of_model(context: Context) -> bool:
    """Whether the open block is the model, or one that is written once in it, as its own body."""
    return not context.generic and all(
        _times_used(used, _body(user)) == 1 for user, used in pairwise(context.calling)
    )


def _is_model(context: Context) -> bool:
    """Whether the open block is the model, or the body of models that do no more than use it."""
    return all(len(_body(user)) == 1 for user in context.calling[:-1])


def _body(block: Entity) -> tuple[tree.Statement, ...]:
    assert isinstance(block.declaration, tree.Block)
    claims = (tree.ComparisonClaim, tree.OrderClaim)
    return tuple(s for s in block.declaration.body if not isinstance(s, claims))


def _times_used(block: Entity, body: tuple[tree.Statement, ...]) -> int:
    return sum(isinstance(p, tree.Name) and p.name == block.name for p in parts_of(body))


def _abbreviate(context: Context, name: str, size: Expr, span: Span) -> Expr:
    """A size that a model names becomes an abbreviation, with the index of its stage."""
    if context.supposed or context.known.ranges:
        return size  # it is so in one case, or in one step, only
    if size.is_Number or (size.is_Symbol and not context.indices):
        return size
    below = sympy.fraction(sympy.together(context.known.base(size)))[1]
    if below.free_symbols and not _is_model(context):
        return size  # D/H in a block, whose products with H are D again
    *around, stage = [name, *(str(step.at) for step in context.indices)]
    family = "_".join(around)  # of the innermost loop; those around it are part of its name
    symbol = size_symbol(f"{family}_{stage}" if context.indices else name)
    if symbol in context.known.definitions or symbol.name in context.names.owners:
        return size
    context.names.give(symbol.name, span)
    context.known.define(symbol, _in_terms_of_last(context, family, size))
    if context.indices:
        context.names.stage_symbols[symbol] = (family, context.indices[-1].at)
    return symbol


def _in_terms_of_last(context: Context, family: str, size: Expr) -> Expr:
    """What a stage names, by what the one before it named, where a `let` happens to be the same."""
    if not (size.is_Symbol and context.indices):
        return size
    last = size_symbol(f"{family}_{context.indices[-1].at - 1}")
    known = context.known
    ratio = known.base(size) / known.base(last)
    return ratio * last if last in known.spelled and ratio.is_number else size


def _is_rounded(value: Value) -> bool:
    """Whether a size is long to read: a model that names one gives it an abbreviation."""
    return isinstance(value, Expr) and value.has(sympy.floor, sympy.ceiling, sympy.Max, sympy.Min)
