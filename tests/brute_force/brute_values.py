"""Sizes, tensors and einops patterns as whole numbers: what `brute` counts with."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import count
from math import ceil, floor, gcd, isqrt, prod
from typing import Any


class Impossible(Exception):
    """There is no such architecture: sizes that do not divide, differ, or leave nothing."""


class Unclear(Exception):
    """The language reference does not say what this means."""


class Expensive(Exception):
    """More operations than the caller wants to walk."""


@dataclass(frozen=True)
class Tensor:
    """A shape, and every place at which something has put the channels, counted from the end.

    `guess` says that three axes were taken as a map without a reason.
    """

    shape: tuple[int, ...]
    places: frozenset[int] = field(default=frozenset(), compare=False)
    guess: bool = field(default=False, compare=False)
    number: int = field(default_factory=count().__next__, compare=False)  # which value it is
    cell: Any = field(default=None, compare=False, repr=False)  # where it lies, for training

    def __post_init__(self) -> None:
        for axis in self.shape:
            if axis != int(axis) or axis < 1:
                raise Impossible(f"a tensor of shape {self.shape}")
        object.__setattr__(self, "shape", tuple(map(int, self.shape)))
        if self.guess and len(self.places) > 1:
            raise Impossible(f"a guess was wrong: {self}")

    @property
    def size(self) -> int:
        return prod(self.shape)

    def beside(self, *others: Tensor) -> Tensor:
        """The same tensor, which others of its rank say something of."""
        told = [t for t in others if len(t.shape) == len(self.shape)]
        places = self.places.union(*(t.places for t in told))
        return replace(self, places=places, guess=self.guess or any(t.guess for t in told))

    def again(self) -> Tensor:
        """A value like this one."""
        return replace(self, number=Tensor(()).number)

    def at(self, sides: int) -> Tensor:
        """The same tensor, whose channels are said to have so many axes after them."""
        return replace(self, places=frozenset({sides}), guess=False)


class Results(tuple[Any, ...]):
    """What a block or an operation with several results gives back."""


def exact(value: Fraction | int) -> Fraction | int:
    return int(value) if value == int(value) else value


def power(base: Any, exponent: Any) -> Any:
    if exponent == int(exponent):
        if base == 0 and exponent < 0:
            raise Impossible("division by zero")
        return exact(Fraction(base) ** int(exponent))
    if exponent == Fraction(1, 2):
        return root(base)
    raise Unclear(f"{base}^{exponent}")


def root(value: Any) -> Any:
    value = Fraction(value)
    if value < 0:
        raise Impossible(f"sqrt({value})")
    found = Fraction(isqrt(value.numerator), isqrt(value.denominator))
    if found * found != value:
        raise Unclear(f"sqrt({value}) is not rational")
    return exact(found)


def logarithm(value: Any, base: Any) -> int:
    found = 0
    while value >= base and value % base == 0:
        value, found = value / base, found + 1
    if value != 1:
        raise Unclear("a logarithm that is not whole")
    return found


def divide(a: Any, b: Any) -> Any:
    if b == 0:
        raise Impossible("division by zero")
    return exact(Fraction(a) / b)


ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: exact(a + b),
    "-": lambda a, b: exact(a - b),
    "*": lambda a, b: exact(a * b),
    "/": divide,
}
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "|": lambda a, b: a != 0 and divide(b, a) == int(divide(b, a)),
}
NUMERIC: dict[str, Callable[..., Any]] = {
    "floor": floor,
    "ceil": ceil,
    "min": min,
    "max": max,
    "gcd": gcd,
    "sqrt": root,
    "log": logarithm,
}


def counted(value: Any) -> Any:
    """`[n > 1]` among numbers is a condition."""
    return value[0] if isinstance(value, tuple) and [type(v) for v in value] == [bool] else value


def broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    rank = max(len(a), len(b))
    pairs = zip((1,) * (rank - len(a)) + a, (1,) * (rank - len(b)) + b, strict=True)
    return tuple(_meet(m, n) for m, n in pairs)


def _meet(m: int, n: int) -> int:
    if m != n and 1 not in (m, n):
        raise Impossible(f"axes of {m} and {n}")
    return max(m, n)


def groups(side: str) -> list[list[str]]:
    """`n (h e)` is [["n"], ["h", "e"]]."""
    found = re.findall(r"\(([^)]*)\)|([^\s()]+)", side)
    return [[alone] if alone else inside.split() for inside, alone in found]


def meet_axes(side: list[list[str]], shape: tuple[int, ...], axes: dict[str, Any]) -> None:
    """Bind the axes of one side of a pattern to the sizes of a tensor."""
    if ["..."] in side:
        at, extra = side.index(["..."]), len(shape) - len(side) + 1
        if extra < 0:
            raise Impossible("too few axes")
        if axes.setdefault("...", shape[at : at + extra]) != shape[at : at + extra]:
            raise Impossible("`...` has two meanings")
        side, shape = side[:at] + side[at + 1 :], shape[:at] + shape[at + extra :]
    if len(side) != len(shape):
        raise Impossible(f"{len(shape)} axes for {side}")
    for group, size in zip(side, shape, strict=True):
        unknown = [name for name in group if name != "1" and name not in axes]
        known = prod(axes[name] for name in group if name not in ("1", *unknown))
        if len(unknown) > 1 or size % known or (not unknown and size != known):
            raise Impossible(f"{group} has the size {size}")
        for name in unknown:
            axes[name] = size // known


def give_axes(side: list[list[str]], axes: Mapping[str, Any]) -> tuple[int, ...]:
    shape: list[int] = []
    for group in side:
        if group == ["..."]:
            shape.extend(axes["..."])
        else:
            shape.append(prod(prod(axes[n]) if n == "..." else axes[n] for n in group if n != "1"))
    return tuple(shape)


def rearranged(
    shape: tuple[int, ...], pattern: str, sizes: Mapping[str, Any], drop: bool
) -> Tensor:
    left, right = (groups(side) for side in pattern.split("->"))
    axes: dict[str, Any] = dict(sizes)
    meet_axes(left, shape, axes)
    old, new = ({n for g in side for n in g if n != "1"} for side in (left, right))
    if not (new <= old if drop else new == old) or not set(sizes) <= old:
        raise Impossible(f"the sides of {pattern!r} do not match")
    return Tensor(give_axes(right, axes))


def concat(tensors: tuple[Tensor, ...], axis: int) -> Tensor:
    shapes = [t.shape for t in tensors]
    rank = len(shapes[0])
    if any(len(s) != rank for s in shapes) or not -rank <= axis < rank:
        raise Impossible("concat of different ranks")
    axis %= rank
    if len({s[:axis] + s[axis + 1 :] for s in shapes}) > 1:
        raise Impossible("concat of different shapes")
    shape = (*shapes[0][:axis], sum(s[axis] for s in shapes), *shapes[0][axis + 1 :])
    return Tensor(shape).beside(*tensors)


def split(tensor: Tensor, parts: Any, axis: int) -> Any:
    shape = tensor.shape
    if not -len(shape) <= axis < len(shape):
        raise Impossible("no such axis")
    axis %= len(shape)
    if not isinstance(parts, tuple):
        parts = (divide(shape[axis], parts),) * int(parts)
    if sum(parts) != shape[axis]:
        raise Impossible("the parts do not add up")
    found = Results(
        replace(tensor, shape=(*shape[:axis], part, *shape[axis + 1 :])) for part in parts
    )
    return found[0] if len(found) == 1 else found


def spread(value: Any, length: int) -> tuple[Any, ...]:
    """One size where a list is expected stands for each of its elements."""
    values = value if isinstance(value, tuple) else (value,) * length
    if len(values) != length:
        raise Impossible(f"{len(values)} sizes for {length}")
    return values
