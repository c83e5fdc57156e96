"""A few amounts that add up to a difference are found, whatever they are."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from closedform.reason.omissions import MOST, Point, _chosen

points = st.tuples(st.integers(-2, 4).map(Fraction), st.integers(-2, 4).map(Fraction))


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.lists(points, max_size=7), points)
def test_all_sums_are_found(values: list[Point], target: Point) -> None:
    """Fails when a set of amounts is passed over, is no sum, or comes before a smaller one."""
    at: dict[Point, list[int]] = {}
    for index, value in enumerate(values):
        at.setdefault(value, []).append(index)
    expected = [
        chosen
        for many in range(1, MOST + 1)
        for chosen in combinations(range(len(values)), many)
        if tuple(map(sum, zip(*(values[index] for index in chosen), strict=True))) == target
    ]
    found = list(_chosen(values, target, at))
    assert sorted(found, key=lambda chosen: (len(chosen), chosen)) == expected
    assert [len(chosen) for chosen in found] == sorted(map(len, found))
