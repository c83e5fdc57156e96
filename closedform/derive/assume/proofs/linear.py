"""Linear inequalities that cannot hold together, by elimination of one variable after another.

A row `{x: 2, y: -1, (): -3}` says 2 x - y - 3 >= 0. Its variables are any keys, and those that are
not `unsigned` are at least 0; all are whole, so that 2 x >= 3 is x >= 2.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from fractions import Fraction
from math import floor, gcd, lcm
from typing import Any, TypeAlias

Row: TypeAlias = dict[Any, Fraction]

CONSTANT = ()
MAX_ROWS = 90
MAX_LENGTH = 60


def infeasible(rows: Iterable[Row], unsigned: Collection[Any] = (), whole: bool = True) -> bool:
    """Whether it is proved that no values satisfy all rows; False when that is not known.

    >>> n_above_w, w_above_n = {"n": 1, "w": -1, (): -1}, {"w": 1, "n": -1}
    >>> infeasible([n_above_w, w_above_n]), infeasible([n_above_w])
    (True, False)
    """
    left = _cleaned(rows, unsigned, whole)
    while left is not None:
        variables = {key for row in left for key in row if key != CONSTANT}
        if not variables:
            return False
        key = _next(left, variables, unsigned)
        combined = _without(left, key, key in unsigned)
        if len(combined) > MAX_ROWS:
            return False
        left = _cleaned(combined, unsigned, whole)
    return True


def _next(rows: list[Row], variables: Collection[Any], unsigned: Collection[Any]) -> Any:
    """The variable whose elimination leaves the fewest rows."""
    return min(variables, key=lambda key: (_growth(rows, key, key in unsigned), str(key)))


def _growth(rows: list[Row], key: Any, unsigned: bool) -> int:
    """How many rows more there are once a variable is eliminated."""
    above = sum(row.get(key, 0) > 0 for row in rows)
    below = sum(row.get(key, 0) < 0 for row in rows)
    return above * below - above - below * unsigned


def _without(rows: list[Row], key: Any, unsigned: bool) -> list[Row]:
    """What follows for the other variables."""
    above = [row for row in rows if row.get(key, 0) > 0]
    below = [row for row in rows if row.get(key, 0) < 0]
    found = [row for row in rows if not row.get(key, 0)]
    if not unsigned:  # a x + rest >= 0 with a < 0 and x >= 0 leaves rest >= 0
        found += [{k: v for k, v in row.items() if k != key} for row in below]
    for low in above:
        for high in below:
            sum_: Row = {}
            for row, factor in ((low, -high[key]), (high, low[key])):
                for k, v in row.items():
                    sum_[k] = sum_.get(k, Fraction(0)) + v * factor
            sum_.pop(key)
            found.append(sum_)
    return found


def _cleaned(rows: Iterable[Row], unsigned: Collection[Any], whole: bool) -> list[Row] | None:
    """Rows as small whole numbers, without those that say nothing; None for a contradiction."""
    strongest: dict[frozenset[tuple[Any, Fraction]], Fraction] = {}
    for row in rows:
        numbers = {k: Fraction(v) for k, v in row.items() if v}
        constant = numbers.pop(CONSTANT, Fraction(0))
        signs = {v > 0 for k, v in numbers.items()} | {True for k in numbers if k in unsigned}
        if not (signs & {True}) and constant < 0:
            return None
        if not numbers or len(numbers) > MAX_LENGTH:
            continue
        if constant >= 0 and not any(v < 0 or k in unsigned for k, v in numbers.items()):
            continue
        scale = Fraction(
            lcm(*(v.denominator for v in numbers.values())),
            gcd(*(v.numerator for v in numbers.values())) or 1,
        )
        scaled = {k: v * scale for k, v in numbers.items()}
        common = gcd(*(int(v) for v in scaled.values()))
        key = frozenset((k, v / common) for k, v in scaled.items())
        bound = constant * scale / common
        bound = Fraction(floor(bound)) if whole else bound
        strongest[key] = min(bound, strongest.get(key, bound))
    return [{**dict(key), CONSTANT: bound} for key, bound in strongest.items()]
