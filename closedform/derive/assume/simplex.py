"""Linear programs in exact fractions, as small as the growth of a few sizes needs them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

Row = list[Fraction]


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
        [Fraction(limit), *(Fraction(-x) for x in row), Fraction(1)]
        for row, limit in zip(rows, limits, strict=True)
    ]
    basis = list(range(width + 2, width + 2 + len(rows)))  # slack of each row
    free = list(range(1, width + 2))  # the last one is what is missing to a first solution
    shortfall = [Fraction(0)] * (width + 1) + [Fraction(-1)]
    worst = min(range(len(table)), key=lambda at: table[at][0], default=None)
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
            row[column] = Fraction(0)
    value = [Fraction(0)] * (width + 2)
    for at, weight in enumerate(goal, 1):
        if at in free:
            value[free.index(at) + 1] += weight
        else:
            row = table[basis.index(at)]
            value = [v + weight * x for v, x in zip(value, row, strict=True)]
    if width + 1 in free:
        value[free.index(width + 1) + 1] = Fraction(0)
    _climb(table, value, basis, free)
    found = [
        table[basis.index(at)][0] if at in basis else Fraction(0) for at in range(1, width + 1)
    ]
    return value[0], found


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
        row = min(bounded, key=lambda at: (-table[at][0] / table[at][column], basis[at]))
        _pivot(table, value, basis, free, row, column)


def _pivot(
    table: list[Row], value: Row, basis: list[int], free: list[int], at: int, column: int
) -> None:
    """Let a free variable and that of a row change places."""
    row = table[at]
    factor = row[column]
    row[column] = Fraction(-1)
    row[:] = [-x / factor for x in row]
    basis[at], free[column - 1] = free[column - 1], basis[at]
    for other in (*(r for r in table if r is not row), value):
        weight = other[column]
        if weight:
            other[column] = Fraction(0)
            other[:] = [x + weight * y if y else x for x, y in zip(other, row, strict=True)]
