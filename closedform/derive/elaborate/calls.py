"""Calls of operations and blocks: arguments are bound, the body is derived once for each sizes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import sympy

from closedform.derive.cost import movement
from closedform.derive.cost import tree as costs
from closedform.derive.cost.totals import MOVEMENT, Total
from closedform.derive.elaborate.binding import bind, match_arguments, parameters_of, signature
from closedform.derive.elaborate.context import Context, flow
from closedform.derive.elaborate.layouts import alike
from closedform.derive.elaborate.operations import run_op
from closedform.derive.elaborate.values import Applied, Scope, Tensor, Value, read_once, tensors_in
from closedform.derive.resolve.modules import Entity
from closedform.errors import ClosedformError, Diagnostic, Span, fail
from closedform.grammar import tree

MAX_NOTES = 5


def call(
    context: Context, function: Applied, node: tree.Call, scope: Scope, piped: tuple[Tensor, ...]
) -> Value:
    """Give a tensor, several, or the same callee with some arguments filled in."""
    entity = function.entity
    bound, modifiers = bind(context, function, node, scope, piped)
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
    return apply(context, entity, bound, modifiers, node.span)


def apply(
    context: Context, entity: Entity, bound: dict[str, Value], modifiers: dict[str, Any], span: Span
) -> Value:
    """Derive a callee for given arguments, or take what was derived for the same before."""
    parameters = (p.name.name for p in parameters_of(entity))
    takes = tensors_in(tuple(bound[name] for name in parameters if name in bound))
    given = tuple(sorted(bound.items(), key=lambda item: item[0]))
    supposed = (context.supposed, tuple(context.known.ranges.items()))
    layouts = tuple(value.layout for _, value in given if isinstance(value, Tensor))
    numbers = [tensor.number for tensor in takes]
    first = tuple(map(numbers.index, numbers))  # which operands are one value
    same = (entity, given, modifiers.get("kind"), supposed, first)
    key = (*same, layouts)
    if key not in context.cache:
        if entity in context.calling:
            raise fail(
                "name",
                f"`{entity.name}` uses itself",
                span,
                "a block cannot be part of itself; `repeat` it where it is used",
            )
        node: costs.Node
        with context.known.recording() as used:
            scope = Scope(entity.module)
            try:
                match_arguments(context, entity, bound, scope, span)
                if isinstance(entity.declaration, tree.Op):
                    operation, outputs = run_op(
                        context, entity, scope, bound, modifiers.get("kind"), span
                    )
                    counts = {**read_once(takes), **operation.counts}
                    node = replace(operation, counts=counts, facts=frozenset(used))
                else:
                    node, outputs = run_block(context, entity, scope, bound)
            except ClosedformError as error:
                raise _noted(error, entity, span) from None
        before = context.cache.setdefault(same, (node, outputs, frozenset(used)))
        node = before[0] if alike(before[0], node) else node
        context.cache[key] = (node, outputs, frozenset(used))
    node, outputs, facts = context.cache[key]
    context.known.used |= facts
    outputs = context.new(outputs)
    gives = tensors_in(outputs)
    if modifiers.get("fused"):
        fused = ("fused", id(node), first)
        if fused not in context.cache:
            context.cache[fused] = (_fused(node, takes, gives), (), frozenset())
        node = context.cache[fused][0]
    for mode in (*costs.MODES, costs.RECOMPUTED):
        if modifiers.get(mode):
            node = costs.Weights(mode, (costs.Site(span, node, flow(takes, gives)),))
            takes, gives = [], []
    context.emit(span, node, takes, gives)
    return outputs[0] if len(outputs) == 1 else outputs


def _fused(node: costs.Node, takes: list[Tensor], gives: list[Tensor]) -> costs.Sequence:
    """A block that reads what it takes and its weights, writes what it gives, and nothing else."""
    assert isinstance(node, costs.Sequence)
    taken = {tensor.number: tensor.size for tensor in takes}
    counts = {
        "reads": sympy.Add(*taken.values()),
        "loads": Total(movement.loads, MOVEMENT)(node),
        "writes": sympy.Add(*(tensor.size for tensor in gives)),
    }
    inputs, outputs = (tuple(tensor.shape for tensor in found) for found in (takes, gives))
    whole = costs.Operation(node.name, "fused", counts, inputs, outputs)
    return replace(node, fused=whole)


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
    context: Context, entity: Entity, scope: Scope, given: Mapping[str, Value]
) -> tuple[costs.Sequence, tuple[Value, ...]]:
    """Derive the body of a block or model whose parameters are in the scope."""
    declaration = entity.declaration
    assert isinstance(declaration, tree.Block)
    claims = (tree.ComparisonClaim, tree.OrderClaim)
    names = dict(scope.names)
    taken = [p.name.name for p in declaration.parameters if p.name.name in given]
    fresh: dict[int, int] = {}
    for name in taken:
        outer = scope.names[name]
        scope.names[name] = inner = context.new(outer)
        if isinstance(outer, Tensor) and outer.number:  # what is one value outside is one inside
            number = fresh.setdefault(outer.number, inner.number)
            scope.names[name] = replace(inner, number=number)
    takes = tensors_in(tuple(scope.names[name] for name in taken))
    *body, last = (s for s in declaration.body if not isinstance(s, claims))
    assert isinstance(last, tree.Return)  # that is checked when the file is read
    context.calling.append(entity)
    try:
        sites = context.run(body, scope)
        with context.collecting() as returned:
            outputs = tuple(context.value(value, scope) for value in last.values)
    finally:
        context.calling.pop()
    whole = sites + tuple(returned)
    gives = tensors_in(outputs)
    shapes = tuple(tensor.shape for tensor in gives)
    made = flow(takes, gives)
    return costs.Sequence(
        entity.name, given, whole, declaration, made, shapes, names=names
    ), outputs
