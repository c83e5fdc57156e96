"""Calls of operations and blocks: arguments are bound, the body is derived once for each sizes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from closedform.derive.cost import tree as costs
from closedform.derive.elaborate.binding import bind, match_arguments, parameters_of, signature
from closedform.derive.elaborate.operations import run_op
from closedform.derive.elaborate.values import Applied, Scope, Tensor, Value
from closedform.derive.resolve.modules import Entity
from closedform.errors import ClosedformError, Diagnostic, Span, fail
from closedform.grammar import tree
from closedform.grammar.traverse import parts_of

if TYPE_CHECKING:
    from closedform.derive.elaborate.model import Elaborator

MAX_NOTES = 5


def call(
    elab: Elaborator, function: Applied, node: tree.Call, scope: Scope, piped: tuple[Tensor, ...]
) -> Value:
    """Give a tensor, several, or the same callee with some arguments filled in."""
    entity = function.entity
    bound, modifiers = bind(elab, function, node, scope, piped)
    missing = [p for p in parameters_of(entity) if p.name.name not in bound and p.default is None]
    if any(p.shape is not None for p in missing):
        return Applied(entity, tuple(bound.items()) + tuple(modifiers.items()))
    if missing:
        raise fail(
            "argument",
            f"`{entity.name}` needs `{missing[0].name.name}`",
            node.span,
            f"it is written {signature(entity)}",
        )
    return apply(elab, entity, bound, modifiers, node.span)


def apply(
    elab: Elaborator, entity: Entity, bound: dict[str, Value], modifiers: dict[str, Any], span: Span
) -> Value:
    """Derive a callee for given arguments, or take what was derived for the same before."""
    given = tuple(sorted(bound.items(), key=lambda item: item[0]))
    supposed = (elab.context, tuple(elab.known.ranges.items()))
    layouts = tuple(value.layout for _, value in given if isinstance(value, Tensor))
    same = (entity, given, modifiers.get("kind"), supposed)
    key = (*same, layouts)
    if key not in elab.cache:
        if entity in elab.calling:
            raise fail(
                "name",
                f"`{entity.name}` uses itself",
                span,
                "a block cannot be part of itself; `repeat` it where it is used",
            )
        node: costs.Node
        with elab.known.recording() as used:
            scope = Scope(entity.module)
            try:
                match_arguments(elab, entity, bound, scope, span)
                if isinstance(entity.declaration, tree.Op):
                    operation, outputs = run_op(
                        elab, entity, scope, bound, modifiers.get("kind"), span
                    )
                    node = replace(operation, facts=frozenset(used))
                else:
                    node, outputs = run_block(elab, entity, scope, bound)
            except ClosedformError as error:
                raise _noted(error, entity, span) from None
        before = elab.cache.setdefault(same, (node, outputs, frozenset(used)))
        node = before[0] if costs.alike(before[0], node) else node
        elab.cache[key] = (node, outputs, frozenset(used))
    node, outputs, facts = elab.cache[key]
    elab.known.used |= facts
    for mode in ("tied", "frozen"):
        if modifiers.get(mode):
            node = costs.Weights(mode, (costs.Site(span, node),))
    elab.emit(span, node)
    return outputs[0] if len(outputs) == 1 else outputs


def _noted(error: ClosedformError, entity: Entity, span: Span) -> ClosedformError:
    """The same error with a word of where the callee was used.

    An error inside an operation of the library is placed where the operation is used, for its
    file is not the user's.
    """
    first, *others = error.diagnostics
    title = entity.module.title
    if first.span and title.startswith("std/") and first.span.source.name == title:
        note = f"in `{entity.name}`, at {first.span}"
        placed = Diagnostic(first.kind, first.message, span, first.help, (*first.notes, note))
        return type(error)(placed, *others)
    if len(first.notes) >= MAX_NOTES or first.span == span:
        return error
    note = f"in `{entity.name}`, used at {span}"
    noted = Diagnostic(first.kind, first.message, first.span, first.help, (*first.notes, note))
    return type(error)(noted, *others)


def run_block(
    elab: Elaborator, entity: Entity, scope: Scope, given: Mapping[str, Value]
) -> tuple[costs.Sequence, tuple[Value, ...]]:
    """Derive the body of a block or model whose parameters are in the scope."""
    declaration = entity.declaration
    assert isinstance(declaration, tree.Block)
    claims = (tree.EqualClaim, tree.OrderClaim)
    body = [s for s in declaration.body if not isinstance(s, claims)]
    if not any(isinstance(statement, tree.Return) for statement in body):
        inside = [n for s in body for n in parts_of(s) if isinstance(n, tree.Return)]
        if inside:
            raise fail(
                "return",
                "`return` stands inside another body",
                inside[0].span,
                "assign to a name in each branch, and return it at the end of the block",
            )
        raise fail(
            "return",
            f"`{entity.name}` returns nothing",
            declaration.span,
            "end it with `return x`",
        )
    for statement in body[:-1]:
        if isinstance(statement, tree.Return):
            raise fail(
                "return",
                "`return` is the last statement of a block",
                statement.span,
                "assign to a name here and return it at the end",
            )
    if not isinstance(body[-1], tree.Return):
        raise fail(
            "return",
            "nothing follows a `return`",
            body[-1].span,
            "move this before it, or remove it",
        )
    last = body[-1]
    outer, elab.sites = elab.sites, []
    elab.calling.append(entity)
    try:
        sites = elab.run(body[:-1], scope)
        outputs = tuple(elab.evaluator.value(value, scope) for value in last.values)
        node = costs.Sequence(entity.name, given, sites + tuple(elab.sites), declaration)
    finally:
        elab.calling.pop()
        elab.sites = outer
    return node, outputs
