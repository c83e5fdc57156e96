"""What each step gives for whole numbers of Python."""

from __future__ import annotations

import operator
from collections.abc import Callable
from math import gcd, isqrt
from typing import Any

from closedform.derive.lower.nodes import Op


def logarithm(value: int, base: int) -> int:
    """The whole part of a logarithm.

    >>> logarithm(8, 2), logarithm(9, 2), logarithm(7, 2)
    (3, 3, 2)
    """
    exponent = 0
    while value >= base:
        value, exponent = value // base, exponent + 1
    return exponent


INTEGERS: dict[Op, Callable[..., Any]] = {
    Op.ADD: operator.add,
    Op.SUBTRACT: operator.sub,
    Op.MULTIPLY: operator.mul,
    Op.POWER: operator.pow,
    Op.FLOORDIV: operator.floordiv,
    Op.MIN: min,
    Op.MAX: max,
    Op.GCD: gcd,
    Op.ROOT: isqrt,
    Op.LOG: logarithm,
    Op.ONE_IF: int,
    Op.EQUAL: operator.eq,
    Op.LESS: operator.lt,
    Op.AT_MOST: operator.le,
    Op.DIVIDES: lambda divisor, number: number % divisor == 0,
    Op.POWER_OF: lambda number, base: base ** logarithm(number, base) == number,
    Op.AND: operator.and_,
    Op.OR: operator.or_,
    Op.NOT: operator.not_,
}
