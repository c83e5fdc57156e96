"""The steps of a program on integers. Every step has a value for all sizes: what could have none,
such as a division by zero, is kept away by a need that is checked beside the value.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeAlias

Value: TypeAlias = int | str | bool | None


class Op(Enum):
    """What a step does; those from EQUAL on are conditions."""

    CONST = auto()
    SIZE = auto()
    INDEX = auto()  # of a sum; its arguments are the first and the last value
    ADD = auto()
    SUBTRACT = auto()
    MULTIPLY = auto()
    POWER = auto()  # the exponent is not negative
    FLOORDIV = auto()  # the divisor is positive
    MIN = auto()
    MAX = auto()
    GCD = auto()
    ROOT = auto()  # the whole part of a square root; not of a negative number
    LOG = auto()  # the whole part of a logarithm; the number is positive, the base above 1
    ONE_IF = auto()  # 1 where a condition holds, else 0
    SUM = auto()  # its arguments are an index and a body
    EQUAL = auto()
    LESS = auto()
    AT_MOST = auto()
    DIVIDES = auto()  # the divisor, which is positive, comes first
    POWER_OF = auto()  # whether a positive number is a power of a base above 1
    AND = auto()
    OR = auto()
    NOT = auto()


@dataclass(frozen=True, eq=False, slots=True)
class Node:
    """One step; `value` is a number or a name.

    `low` and `high` are bounds for all sizes that there are, None where there is none; `indices`
    are the names of the indices of sums that it needs, and `at` is its place in the order in which
    steps were made.
    """

    op: Op
    args: tuple[Node, ...]
    value: Value
    low: int | None
    high: int | None
    indices: frozenset[str]
    at: int

    @property
    def number(self) -> int | None:
        """The number that a constant is."""
        return int(self.value) if self.op is Op.CONST else None  # type: ignore[arg-type]


def in_order(nodes: Iterable[Node]) -> list[Node]:
    """All steps that some steps need, each after its arguments."""
    found: set[Node] = set()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += node.args
    return sorted(found, key=lambda node: node.at)
