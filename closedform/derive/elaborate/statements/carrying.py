"""The values that a body of a loop takes from the round before, and hands on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from closedform.derive.cost.flow import Carried
from closedform.derive.elaborate.context import Context
from closedform.derive.elaborate.values import Scope, Value, tensors_in
from closedform.grammar import tree
from closedform.grammar.traverse import parts_of


def assigned(body: Sequence[tree.Statement]) -> list[str]:
    """The names that a body assigns, in bodies inside it too."""
    assigns = (part for part in parts_of(tuple(body)) if isinstance(part, tree.Assign))
    return sorted({target.name for assign in assigns for target in assign.targets})


def begin(
    context: Context, body: Sequence[tree.Statement], outer: Scope, inner: Scope
) -> dict[str, Value]:
    """Give what a body carries a number of its own in it; gives that by the names."""
    started: dict[str, Value] = {}
    for name in assigned(body):
        value = inner.find(name)
        if outer.find(name) is not None and tensors_in(value):
            started[name] = inner.names[name] = context.new(value)
    return started


def finish(
    context: Context, started: Mapping[str, Value], outer: Scope, inner: Scope
) -> tuple[Carried, ...]:
    """Give what a body has carried a number after it; gives how it went through."""
    found: list[Carried] = []
    for name, start in started.items():
        before, end = outer.find(name), inner.find(name)
        after = outer.names[name] = context.new(before)
        values = map(tensors_in, (before, start, end, after))
        for each in zip(*values, strict=True):
            first, second, third, last = (tensor.number for tensor in each)
            shapes = tuple(tensor.shape for tensor in each)
            found.append(Carried(name, first, second, third, last, shapes))
    return tuple(found)
