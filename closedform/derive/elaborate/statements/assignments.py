"""What names are given: `x = ...`, `x: [n, d]`, and what a model requires."""

from __future__ import annotations

from dataclasses import replace

import sympy
from sympy import Expr

from closedform.derive.elaborate.context import Context
from closedform.derive.elaborate.layouts import stated
from closedform.derive.elaborate.shapes import REST, match
from closedform.derive.elaborate.values import Scope, Value
from closedform.derive.symbolic.symbols import size_symbol
from closedform.errors import fail
from closedform.grammar import tree
from closedform.grammar.expressions import show


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
        if len(context.calling) == 1 and not context.generic and _is_rounded(value):
            value = _abbreviate(context, name, value)
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
    if len(context.calling) == 1 and not context.generic:
        named = {
            size: _abbreviate(context, name, size)
            for name, size in scope.names.items()
            if name not in before
        }
        scope.names.update(
            {name: named[scope.names[name]] for name in scope.names if name not in before}
        )
        shape = tuple(named.get(size, context.known.fold(size)) for size in tensor.shape)
        tensor = replace(tensor, shape=shape)
    scope.names[node.tensor.name] = tensor


def _abbreviate(context: Context, name: str, size: Expr) -> Expr:
    """A size that a model names becomes an abbreviation, with the index of its stage."""
    if context.supposed or context.known.ranges:
        return size  # it is so in one case, or in one step, only
    if size.is_Number or (size.is_Symbol and not context.indices):
        return size
    *around, stage = [name, *(str(step.at) for step in context.indices)]
    family = "_".join(around)  # of the innermost loop; those around it are part of its name
    symbol = size_symbol(f"{family}_{stage}" if context.indices else name)
    if symbol in context.known.definitions or symbol.name in context.names.owners:
        return size
    context.known.define(symbol, size)
    if context.indices:
        context.names.stage_symbols[symbol] = (family, context.indices[-1].at)
    return symbol


def _is_rounded(value: Value) -> bool:
    """Whether a size is long to read: a model that names one gives it an abbreviation."""
    return isinstance(value, Expr) and value.has(sympy.floor, sympy.ceiling, sympy.Max, sympy.Min)
