"""Which value is which: what operations take and give, and how values go through bodies.

A value is a tensor that an operation makes, and has a number, which is unique in a derivation. One
that nothing computes (`zeros`) has a negative number. Inside a block numbers are those of the
block, at each use of it those of its user, so that a block that is used twice is told once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TypeAlias

from sympy import Expr

from closedform.data import dataclass


@dataclass(frozen=True)
class Flow:
    """The values that are taken, in the order of parameters, and those that are given."""

    takes: tuple[int, ...] = ()
    gives: tuple[int, ...] = ()


@dataclass(frozen=True)
class Carried:
    """A value that a body takes from the round before, and hands on.

    It is `before` the first round, `start` where a round begins, `end` where it ends, and `after`
    the last; it has a shape at each of these places.
    """

    name: str
    before: int
    start: int
    end: int
    after: int
    shapes: tuple[tuple[Expr, ...], ...] = field(compare=False)


@dataclass(frozen=True)
class Joined:
    """A value that is one in the first of two cases, and another in the second."""

    then: int
    otherwise: int
    after: int
    shape: tuple[Expr, ...] = field(compare=False)


@dataclass(frozen=True)
class Regrouped:
    """`rearrange`: each axis is a group of names, before and after; the sizes of these."""

    before: tuple[tuple[str, ...], ...]
    after: tuple[tuple[str, ...], ...]
    sizes: Mapping[str, Expr] = field(hash=False)


@dataclass(frozen=True)
class Selected:
    """A part of a tensor, of which these axes stay, counted from 0."""

    kept: tuple[int, ...]


@dataclass(frozen=True)
class Contracted:
    """`einsum` of two tensors: the axes of each, and of the result; the sizes of these."""

    left: tuple[str, ...]
    right: tuple[str, ...]
    result: tuple[str, ...]
    sizes: Mapping[str, Expr] = field(hash=False)


@dataclass(frozen=True)
class Inverse:
    """A number divided by a tensor."""


Does: TypeAlias = Regrouped | Selected | Contracted | Inverse
