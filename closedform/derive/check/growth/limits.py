"""Quotients that approach 1: where the difference of two sides is of a lower order, or is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from itertools import product

import sympy
from sympy import Expr, Integer, Symbol

from closedform.data import dataclass
from closedform.derive.assume.verdict import Proved, Refuted
from closedform.derive.check.growth.bounds import Setting
from closedform.derive.check.growth.cases import Undecided
from closedform.derive.check.growth.directions import Direction, new_name, tables
from closedform.derive.check.growth.prover import Statement, at_most, in_every_case
from closedform.derive.symbolic.atoms import put_in
from closedform.derive.symbolic.expansion import expand
from closedform.errors import LimitError

FAR = (Integer(1000), Integer(1024))  # sizes that show that a quotient does not approach 1
TELLING = 20  # a difference of less than that part of a side is hardly seen
FARTHER = (*FAR, Integer(10**6), Integer(2**20))  # where conditions ask for more
NEAR = Integer(16)  # where powers of the others are too long
TOO_LONG = 10**60  # a number of which nobody sees whether it is more than another
PROBES = (16, 1024)
MAX_PROVED = 12


@dataclass(frozen=True)
class Apart(Refuted):
    """The difference of two sides is of the order of the claimed one; with a `direction`, along
    that, where each size that grows is a function of one number."""

    direction: Mapping[Symbol, Expr] = field(default_factory=dict)


def limit(statement: Statement, examples: Sequence[Mapping[Symbol, Expr]]) -> Proved | Apart | None:
    """Whether a quotient approaches 1, where the difference is of a lower order, or of the same."""
    setting, sides = statement.setting, (statement.left, statement.right)
    expr, bound = _without_denominators(*sides)
    rest = expand(expr - bound)
    if rest == 0:
        return Proved()
    try:
        lower = (at_most(side, bound, strictly=True) for side in (rest, -rest))
        if not any(in_every_case(setting, goal) for goal in lower):
            return Proved()
        positive = not Statement(Integer(1), bound, setting).gaps()
        same = (Statement(bound, side, setting) for side in (rest, -rest))
        if positive and not all(statement.gaps() for statement in same):
            return Apart(*_far(*sides, setting, examples))
    except (Undecided, LimitError):
        pass
    return None


def apart_along(statement: Statement, examples: Sequence[Mapping[Symbol, Expr]]) -> Apart | None:
    """A direction along which the difference of two sides is of the order of the right one."""
    expr, bound = _without_denominators(statement.left, statement.right)
    if _has_roots(expr) or _has_roots(bound):  # which have no exact number at most places
        return None
    time = new_name(statement)
    for rest in (expand(expr - bound), expand(bound - expr)):
        asked = Statement(rest, bound, statement.setting, statement.ranged)
        seen: set[object] = set()
        for tried in tables(asked, (), examples, time):
            for direction in (Direction(asked, table, time) for table in tried):
                if direction.moving in seen or not _keeps_up(direction):
                    continue
                seen.add(direction.moving)
                if len(seen) > MAX_PROVED:
                    return None
                if direction.satisfies() and _is_of_the_order(direction):
                    found = _shown(statement, direction)
                    if found is not None:
                        return found
    return None


def _has_roots(side: Expr) -> bool:
    return any(not power.exp.is_integer for power in side.atoms(sympy.Pow))


def _without_denominators(expr: Expr, bound: Expr) -> tuple[Expr, Expr]:
    """Both sides times what the left one is divided by, where that is above 0."""
    above, below = sympy.fraction(sympy.together(expr))
    return (above, expand(bound * below)) if below.is_positive else (expr, bound)


def _keeps_up(direction: Direction) -> bool:
    """Whether the left side stays within a constant of the right one from one place to another."""
    first, second = (direction.at(place) for place in PROBES)
    if first is None or second is None:
        return False
    sides = (first.left, first.right, second.left, second.right)
    if not all(side.is_Rational and side > 0 for side in sides):
        return False
    return bool(2 * second.left * first.right > first.left * second.right)


def _is_of_the_order(direction: Direction) -> bool:
    """Whether the right side is above 0 and in O of the left one, along a direction."""
    left, right = (
        side.xreplace(direction.table)
        for side in (direction.statement.left, direction.statement.right)
    )
    try:
        return direction.at_last(at_most(Integer(1), right)) and direction.at_last(
            at_most(right, left)
        )
    except (Undecided, LimitError):
        return False


def _shown(statement: Statement, direction: Direction) -> Apart | None:
    """What is told of a direction: large sizes along it, and both sides there."""
    whole = Direction(statement, direction.table, direction.time)
    point = whole.at(int(FAR[-1]))
    if point is None or not (point.left.is_Rational and point.right.is_Rational):
        return None
    varying = statement.setting.varying
    moving = {size: expr for size, expr in whole.table.items() if size in varying}
    return Apart(point.sizes, point.left, point.right, direction=moving)


def _far(
    expr: Expr, bound: Expr, setting: Setting, examples: Sequence[Mapping[Symbol, Expr]]
) -> tuple[Mapping[Symbol, Expr], Expr | None, Expr | None]:
    """Large sizes that satisfy the conditions, and both sides there; nothing if none are found."""
    numbers = {symbol: value for table in examples for symbol, value in table.items()}
    symbols = expr.free_symbols | bound.free_symbols | setting.growing

    def at(places: Sequence[Integer]) -> Iterator[tuple[Mapping[Symbol, Expr], Expr, Expr]]:
        for fixed, size in product((numbers, {}), places):
            sizes = {
                s: size if s in setting.growing else fixed.get(s, Integer(1))
                for s in sorted(symbols, key=str)
            }
            held = all(put_in(condition, sizes) == sympy.true for condition in setting.conditions)
            left, right = (put_in(side, sizes) for side in (expr, bound))
            if held and left.is_number and right.is_number:
                yield sizes, left, right

    found = list(at(FARTHER))
    told = [place for place in found if _tells(*place[1:])]
    near = at((NEAR,)) if told else ()
    read = (place for place in (*told, *near) if _tells(*place[1:]) and _is_short(*place[1:]))
    return next(read, next(iter(told or found), ({}, None, None)))


def _is_short(left: Expr, right: Expr) -> bool:
    return bool(max(abs(left), abs(right)) < TOO_LONG)


def _tells(left: Expr, right: Expr) -> bool:
    """Whether one side is seen to be more than the other."""
    exact = left.is_Rational and right.is_Rational
    return bool(exact and abs(left - right) * TELLING > abs(right))
