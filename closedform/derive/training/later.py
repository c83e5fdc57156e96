"""Values of a training step, and what comes after a place in it.

A walk through a body gives how to go back through it: a function that takes what comes later, adds
there what the body needs of what stood before it, and gives the sites of the body.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import field
from typing import TypeAlias

import sympy
from sympy import Expr, Integer
from sympy.logic.boolalg import Boolean

from closedform.data import dataclass
from closedform.derive.cost import tree as cost
from closedform.derive.cost.flow import Joined
from closedform.derive.cost.tree import Shape, Site
from closedform.derive.elaborate.values import tensors_in
from closedform.derive.symbolic.atoms import indicator
from closedform.derive.training import memory
from closedform.derive.training.memory import Strides


@dataclass(frozen=True)
class Value:
    """A value in the forward pass: whether it has a gradient, whose storage it has, and how it lies
    there. The number of a storage that is never kept for it is negative: weights, fixed tensors.
    `whole` are the elements of the storage, where these are not those of the value. Where a
    condition of `instead` holds it has another storage: that of what stood before a loop, say."""

    needs: Boolean
    storage: int
    strides: Strides
    shape: Shape
    whole: Expr | None = None
    instead: tuple[tuple[Boolean, int], ...] = ()

    @property
    def size(self) -> Expr:
        """The elements of the storage."""
        return sympy.Mul(*self.shape) if self.whole is None else self.whole


@dataclass
class Later:
    """What comes after a place: which values lead to the result, and which storages are kept."""

    used: dict[int, Boolean] = field(default_factory=dict)
    kept: dict[int, Boolean] = field(default_factory=dict)

    def use(self, value: int, holds: Boolean) -> None:
        self.used[value] = sympy.Or(self.used.get(value, sympy.false), holds)

    def keep(self, storage: int, holds: Boolean) -> None:
        if storage > 0 and holds != sympy.false:
            self.kept[storage] = sympy.Or(self.kept.get(storage, sympy.false), holds)

    def also(self, other: Later, where: Boolean = sympy.true) -> None:
        """Add what comes after a body that is carried out where a condition holds."""
        for value, holds in other.used.items():
            self.use(value, sympy.And(where, holds))
        for storage, holds in other.kept.items():
            self.keep(storage, sympy.And(where, holds))

    def of(self, value: int, storage: int) -> Fate:
        """What becomes of a value and of its storage, which are made here."""
        return self.used.pop(value, sympy.false), self.kept.pop(storage, sympy.false)


Fate: TypeAlias = tuple[Boolean, Boolean]  # whether it leads to the result, whether it is kept
Values: TypeAlias = dict[int, Value]
Backward: TypeAlias = Callable[[Later], tuple[Site, ...]]


def after(numbers: Sequence[int], ends: Sequence[Value], fates: Sequence[Fate]) -> Later:
    """What comes after a body whose results have a fate."""
    later = Later()
    for number, end, (leads, stays) in zip(numbers, ends, fates, strict=True):
        later.use(number, leads)
        later.keep(end.storage, stays)
    return later


def standing_in(holds: Boolean, value: Value) -> tuple[tuple[Boolean, int], ...]:
    """The storages that another value has where a condition holds, and it is this one."""
    if holds == sympy.false:
        return ()
    others = tuple((sympy.And(holds, where_), storage) for where_, storage in value.instead)
    own = sympy.And(holds, *(sympy.Not(where_) for where_, _ in value.instead))
    return ((own, value.storage), *others)


def apart(value: Value, storages: Set[int]) -> Boolean:
    """Where a value has none of some storages."""
    return sympy.And(*(sympy.Not(holds) for holds, one in value.instead if one in storages))


def either(condition: Boolean, first: Value, second: Value, joined: Joined) -> Value:
    """A value that is one where a condition holds, and another where it does not."""
    ends = (condition, first), (sympy.Not(condition), second)
    needs = first.needs
    if needs != second.needs:
        needs = sympy.Or(*(sympy.And(holds, end.needs) for holds, end in ends))
    whole = None
    if first.whole is not None or second.whole is not None:
        whole = sympy.Add(*(where(holds, end.size) for holds, end in ends))
    instead = tuple(one for holds, end in ends for one in standing_in(holds, end))
    return Value(needs, joined.after, first.strides, joined.shape, whole, instead)


def value_of(values: Mapping[int, Value], number: int, shape: Shape) -> Value:
    """A value, or a tensor that nothing computes."""
    if number < 0:
        return Value(sympy.false, number, memory.contiguous(shape), shape)
    return values[number]


def where(holds: Boolean, amount: Expr) -> Expr:
    """An amount, where a condition holds."""
    return (
        amount
        if holds == sympy.true
        else indicator(holds) * amount
        if holds != sympy.false
        else Integer(0)
    )


def shapes_given(node: cost.Sequence) -> list[Shape]:
    """The shapes of the tensors that a block is given, in the order of its parameters."""
    names = (parameter.name.name for parameter in node.declaration.parameters)
    given = tuple(node.given[name] for name in names if name in node.given)
    return [tensor.shape for tensor in tensors_in(given)]
