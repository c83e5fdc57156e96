"""Where the results of an operation lie, and whether a tensor that is kept has to be copied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sympy

from closedform.derive.cost.flow import Contracted, Regrouped, Selected
from closedform.derive.cost.tree import Operation, Shape
from closedform.derive.resolve.backward import ROWS, WEIGHT
from closedform.derive.training import memory
from closedform.derive.training.later import Value
from closedform.derive.training.memory import Strides
from closedform.derive.training.rules import MATRICES, Rule
from closedform.grammar import tree


def laid(node: Operation, rule: Rule, takes: Sequence[Value], gives: Sequence[int]) -> list[Value]:
    """The results, each with its storage and how it lies in it; as yet without gradients."""
    does = node.does
    found = []
    for number, shape in zip(gives, node.outputs, strict=True):
        value = Value(sympy.false, number, memory.contiguous(shape), shape)
        if rule.view is not None:
            base = takes[rule.view]
            seen = _seen(node, base, shape)
            if seen is not None:
                own = base.storage, seen, shape, base.size, base.instead
                value = Value(sympy.false, *own)
        elif WEIGHT in rule.gradients and not takes:
            value = replace(value, storage=-number)
        elif isinstance(does, Contracted) and "mac" in node.counts:
            value = replace(value, strides=memory.of_product(does))
        elif _by_elements(node):
            alike_ = (value for value in takes if value.shape == shape)
            first = next(alike_, None)
            if first is not None:
                value = replace(value, strides=memory.like(shape, first.strides))
        found.append(value)
    return found


def _seen(node: Operation, base: Value, shape: Shape) -> Strides | None:
    """How a view lies in the storage of what it views; None if that has to be copied."""
    match node.does:
        case Regrouped():
            return memory.regrouped(base.strides, node.does)
        case Selected():
            return tuple(base.strides[axis] for axis in node.does.kept)
    return base.strides[len(base.strides) - len(shape) :]


def _by_elements(node: Operation) -> bool:
    """Whether an operation works element by element, and keeps the order in which they lie."""
    if node.declaration is None:
        return node.kind == "elementwise"
    shapes = [p.shape for p in node.declaration.parameters if p.shape is not None]
    results = [output.shape for output in node.declaration.outputs]
    return [*shapes, *results] == [ANY] * 2


ANY = tree.Shape((tree.Rest(),))


def is_copied(node: Operation, form: str, place: int, value: Value) -> bool:
    """Whether a tensor is kept as a copy, since it does not lie as it is needed."""
    if form == ROWS:
        rank = len(value.shape) - 1
        return rank > 1 and memory.joined(value.shape[:rank], value.strides[:rank]) is None
    if form == MATRICES:
        assert isinstance(node.does, Contracted)
        axes = (node.does.left, node.does.right)[place]
        return not memory.as_matrices(value.strides, axes, node.does)
    return False
