"""Programs on integers against the exact value of an expression, found by walking it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
import sympy
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sympy import Expr, Symbol

from closedform.derive.lower.building import Nodes
from closedform.derive.lower.intervals import bounds
from closedform.derive.lower.lowering import Lowered, Lowering
from closedform.derive.lower.majorant import majorant
from closedform.derive.lower.nodes import Node, Op, in_order
from closedform.derive.lower.run import Plan
from closedform.derive.symbolic.atoms import BigSum, Divides, Gcd, Log, indicator
from closedform.derive.symbolic.exact import NoNumberError, exact
from closedform.derive.symbolic.symbols import size_symbol
from helpers import examples

NAMES = ("a", "b", "c")
SIZES = tuple(map(size_symbol, NAMES))


def lowered(expr: Expr) -> tuple[Node, Node]:
    """The value of an expression times the divisor that it may have, and whether it is there."""
    make = Nodes()
    sizes = {s: make.size(s.name, 1) for s in SIZES}

    def resolve(symbol: Symbol) -> Lowered:
        return lowering.step(sizes[symbol])

    lowering = Lowering(make, resolve)
    value, needs = lowering.whole(expr, "it is not whole")
    return value, make.all(*needs)


def expressions() -> st.SearchStrategy[Any]:
    """Random expressions of three sizes, with all that a closed form can have."""
    leaves = st.sampled_from((*SIZES, *map(sympy.Integer, (1, 2, 3, 5)), sympy.Rational(1, 2)))

    def more(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        pairs = st.tuples(inner, inner)
        floors = st.tuples(inner, st.sampled_from(SIZES)).map(lambda p: sympy.floor(p[0] / p[1]))
        return st.one_of(
            pairs.map(lambda p: p[0] + p[1]),
            pairs.map(lambda p: p[0] * p[1]),
            pairs.map(lambda p: p[0] - p[1]),
            pairs.map(lambda p: sympy.Min(*p)),
            pairs.map(lambda p: sympy.Max(*p)),
            pairs.map(lambda p: p[0] * indicator(p[0] < p[1])),
            pairs.map(lambda p: p[0] * indicator(sympy.Not(Divides(sympy.Integer(2), p[1])))),
            floors,
            inner.map(lambda e: sympy.ceiling(e / 3)),
            inner.map(lambda e: e**2),
            inner.map(lambda e: e / SIZES[0]),
            inner.map(lambda e: indicator(SIZES[1] > 1) / (SIZES[1] - 1) * e),
            pairs.map(lambda p: Gcd(sympy.floor(p[0]), sympy.floor(p[1]))),
            st.just(sympy.Integer(2) ** (SIZES[0] - SIZES[1])),
            st.just(sympy.sqrt(SIZES[0] * SIZES[1])),
            st.just(Log(SIZES[0], SIZES[1])),
            st.just(sympy.floor(Log(SIZES[0], SIZES[1] + 1))),
            st.just(sympy.ceiling(Log(SIZES[0], sympy.Integer(2)))),
            st.just(indicator(Log(SIZES[0], sympy.Integer(2)) < SIZES[1])),
            st.just(sum_of_floors()),
        )

    return st.recursive(leaves, more, max_leaves=6)


def sum_of_floors() -> Expr:
    index = size_symbol("i")
    return BigSum(sympy.floor(SIZES[2] / index) * index, (index, sympy.Integer(1), SIZES[0]))


def whole_or_none(expr: Expr, numbers: dict[Symbol, int]) -> int | None:
    try:
        value = exact(expr, {s: Fraction(n) for s, n in numbers.items()})
    except NoNumberError:
        return None
    return int(value) if value.denominator == 1 else None


NUMBERS = st.lists(st.tuples(*[st.integers(1, 9)] * 3), min_size=1, max_size=4)


A, B = SIZES[:2]
GUARDED = 2 ** (A - B) * indicator(sympy.And(B > 1, 2 ** (A - B) < A / (B - 1)))


@pytest.mark.parametrize("many", examples(75, 300))
def test_a_program_has_the_exact_value(many: int) -> None:
    """Fails when numbers or arrays give another value, or a need is missed or too much."""
    limits = settings(max_examples=many, deadline=None)
    guarded = example(GUARDED, [(1, 1, 1), (2, 2, 1)])  # what is not asked needs no value
    limits(guarded(given(expressions(), NUMBERS)(has_the_exact_value)))()


def has_the_exact_value(expr: Expr, rows: list[tuple[int, int, int]]) -> None:
    np = pytest.importorskip("numpy", reason="NumPy is not installed")
    value, holds = lowered(expr)
    plan = Plan([value, holds])
    arrays = {n: np.array(column) for n, column in zip(NAMES, zip(*rows, strict=True), strict=True)}
    as_objects = {name: array.astype(object) for name, array in arrays.items()}
    many = [plan.run(arrays), plan.run(as_objects, True)]
    for at, numbers in enumerate(rows):
        found, held = plan.run(dict(zip(NAMES, numbers, strict=True)))
        expected = whole_or_none(expr, dict(zip(SIZES, numbers, strict=True)))
        # a logarithm that is rational and not whole is left to the walk
        assert (found if held else None) == expected or (not held and expr.has(Log))
        for values, hold in many:
            full = np.broadcast_to(np.asarray(values), (len(rows),))
            assert bool(np.broadcast_to(hold, (len(rows),))[at]) == bool(held)
            assert int(full[at]) == found


@pytest.mark.parametrize("many", examples(75, 300))
def test_bounds_hold_at_every_step(many: int) -> None:
    """Fails when a step leaves its bounds, or is greater than the majorant of all."""
    limits = settings(max_examples=many, deadline=None)
    limits(given(expressions(), NUMBERS)(bounds_hold_at_every_step))()


def bounds_hold_at_every_step(expr: Expr, rows: list[tuple[int, int, int]]) -> None:
    value, holds = lowered(expr)
    steps = [n for n in in_order([value, holds]) if not n.indices]
    columns = list(zip(*rows, strict=True))
    ranges = {n: (min(c), max(c)) for n, c in zip(NAMES, columns, strict=True)}
    found = bounds(steps, ranges)
    plan = Plan(steps)
    (largest,) = Plan([majorant([value, holds])]).run({n: high for n, (_, high) in ranges.items()})
    for numbers in rows:
        for node, number in zip(
            steps, plan.run(dict(zip(NAMES, numbers, strict=True))), strict=True
        ):
            low, high = found[node]
            assert low is None or low <= number
            assert high is None or number <= high
            assert node.low is None or node.low <= number
            assert node.high is None or number <= node.high
            assert abs(number) <= largest or node.op is Op.CONST
