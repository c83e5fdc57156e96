"""A formula as a person writes it: ordered, grouped, and free of any algebra system.

The nodes are what renderers read.
"""

from __future__ import annotations

from dataclasses import field
from typing import TypeAlias

from closedform.data import dataclass

ALIVE = "alive"  # a function that has no formula: how much is alive at once


@dataclass(frozen=True)
class Number:
    value: int


@dataclass(frozen=True)
class Symbol:
    """A name, with the index of its stage when it has one; `sign` is what is printed for it."""

    name: str
    index: str | None = None
    sign: str | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Sum:
    """Terms; one that begins with a negative number is subtracted.

    `stated` is a sum that the file has: a size such as L - 1.
    """

    terms: tuple[Written, ...]
    stated: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Product:
    factors: tuple[Written, ...]


@dataclass(frozen=True)
class Fraction:
    numerator: Written
    denominator: Written


@dataclass(frozen=True)
class Power:
    base: Written
    exponent: Written


@dataclass(frozen=True)
class Function:
    """`floor`, `ceil`, `min`, `max`, `sqrt`; `log` of a value and a base; `` of a list."""

    name: str
    arguments: tuple[Written, ...]


@dataclass(frozen=True)
class Condition:
    """A relation `= != < <= > >= |`, or `and`, `or`, `not` of conditions."""

    operator: str
    parts: tuple[Written, ...]


@dataclass(frozen=True)
class Indicator:
    """One where the condition holds, else zero."""

    condition: Written


@dataclass(frozen=True)
class BigSum:
    index: str
    first: Written
    last: Written
    body: Written


@dataclass(frozen=True)
class Braced:
    """What a part costs, under a brace with the name of the part."""

    body: Written
    name: str


Written: TypeAlias = (
    Number
    | Symbol
    | Sum
    | Product
    | Fraction
    | Power
    | Function
    | Condition
    | Indicator
    | BigSum
    | Braced
)


def is_negative(node: Written) -> bool:
    """Whether a term is written with a minus sign before it."""
    match node:
        case Number():
            return node.value < 0
        case Product():
            return is_negative(node.factors[0])
        case Fraction():
            return is_negative(node.numerator)
    return False


def negated(node: Written) -> Written:
    """A negative term without its sign."""
    match node:
        case Number():
            return Number(-node.value)
        case Product():
            first, *rest = node.factors
            if first == Number(-1) and rest:
                return rest[0] if len(rest) == 1 else Product(tuple(rest))
            return Product((negated(first), *rest))
        case Fraction():
            return Fraction(negated(node.numerator), node.denominator)
    raise TypeError(f"{type(node).__name__} has no sign")
