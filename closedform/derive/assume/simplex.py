"""Linear programs in exact fractions, as small as the growth of a few sizes needs them.

Fractions of a row have one denominator, so that whole numbers are all that is calculated with.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import gcd, lcm

# A variable as a constant and multiples of the free ones, all times the last number, above 0.
Row = list[int]


def maximize(
    goal: Sequence[Fraction | int],
    rows: Sequence[Sequence[Fraction | int]],
    limits: Sequence[Fraction | int],
) -> tuple[Fraction, list[Fraction]] | None:
    """The most of `goal` y, and such a y, where rows y <= limits and y >= 0; None if there is none.

    The goal must have a bound.

    >>> maximize([1, 1], [[1, 2], [3, 1]], [4, 6])
    (Fraction(14, 5), [Fraction(8, 5), Fraction(6, 5)])
    >>> maximize([1], [[1], [-1]], [1, -2]) is None
    True
    """
    width = len(goal)
    table = [
        _whole([limit, *(-x for x in row), 1]) for row, limit in zip(rows, limits, strict=True)
    ]
    basis = list(range(width + 2, width + 2 + len(rows)))  # slack of each row
    free = list(range(1, width + 2))  # the last one is what is missing to a first solution
    shortfall = [0] * (width + 1) + [-1, 1]
    worst = min(range(len(table)), key=lambda at: _constant(table[at]), default=None)
    if worst is not None and table[worst][0] < 0:
        _pivot(table, shortfall, basis, free, worst, width + 1)
        _climb(table, shortfall, basis, free)
        if shortfall[0] < 0:
            return None
    if width + 1 in basis:
        at = basis.index(width + 1)
        column = next((c for c in range(1, width + 2) if table[at][c] != 0), None)
        if column is not None:
            _pivot(table, shortfall, basis, free, at, column)
    if width + 1 in free:
        column = free.index(width + 1) + 1
        for row in table:
            row[column] = 0
    most = [Fraction(0)] * (width + 2)
    for at, weight in enumerate(goal, 1):
        if at in free:
            most[free.index(at) + 1] += weight
        elif weight:
            *row, scale = table[basis.index(at)]
            most = [v + weight * Fraction(x, scale) for v, x in zip(most, row, strict=True)]
    if width + 1 in free:
        most[free.index(width + 1) + 1] = Fraction(0)
    value = _whole(most)
    _climb(table, value, basis, free)
    found = [
        _constant(table[basis.index(at)]) if at in basis else Fraction(0)
        for at in range(1, width + 1)
    ]
    return _constant(value), found


def _whole(numbers: Sequence[Fraction | int]) -> Row:
    """Fractions with one denominator, which comes last."""
    scale = lcm(*(x.denominator for x in numbers))
    return [*(x.numerator * (scale // x.denominator) for x in numbers), scale]


def _constant(row: Row) -> Fraction:
    return Fraction(row[0], row[-1])


def _climb(table: list[Row], value: Row, basis: list[int], free: list[int]) -> None:
    """Pivot until nothing is gained, by the rule of Bland, which never goes round in circles."""
    while True:
        gains = [at for at in range(len(free)) if value[at + 1] > 0]
        if not gains:
            return
        column = min(gains, key=lambda at: free[at]) + 1
        bounded = [at for at, row in enumerate(table) if row[column] < 0]
        if not bounded:
            raise ArithmeticError("the goal has no bound")
        row = min(bounded, key=lambda at: (Fraction(-table[at][0], table[at][column]), basis[at]))
        _pivot(table, value, basis, free, row, column)


def _pivot(
    table: list[Row], value: Row, basis: list[int], free: list[int], at: int, column: int
) -> None:
    """Let a free variable and that of a row change places."""
    row = table[at]
    factor, row[column] = row[column], -row[-1]
    sign = 1 if factor < 0 else -1
    row[:] = _shortest([*(sign * x for x in row[:-1]), abs(factor)])
    basis[at], free[column - 1] = free[column - 1], basis[at]
    times = row[-1]
    for other in (*(r for r in table if r is not row), value):
        weight = other[column]
        if weight:
            other[column] = 0
            scale = times * other[-1]
            other[:] = _shortest(
                [
                    *(times * x + weight * y for x, y in zip(other[:-1], row[:-1], strict=True)),
                    scale,
                ]
            )


def _shortest(row: Row) -> Row:
    """The same row without a factor that all of its numbers have."""
    common = gcd(*row)
    return row if common == 1 else [x // common for x in row]
