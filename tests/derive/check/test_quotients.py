"""Claims that a quotient approaches 1: no false one is proved, and no true one refuted.

The numbers are exact ones of plain Python, along random directions, and know nothing of the prover.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from fractions import Fraction

import pytest
import sympy
from sympy import Expr, Integer, Min, Symbol, ceiling, floor

from closedform.derive.assume.store import Fact
from closedform.derive.assume.verdict import Proved
from closedform.derive.check.growth import Apart, CannotGrow, Outgrown, directions, order_verdict
from closedform.derive.symbolic.atoms import put_in
from closedform.derive.symbolic.exact import MAX_BITS
from closedform.derive.symbolic.symbols import size_symbol
from growing import Claims, TooLarge, Tree, holds, number, to_sympy, value
from helpers import examples

n, w, p = (size_symbol(name) for name in ["n", "w", "p"])
FAR = (2**32, 2**64, 2**128)

# What approaches what as which sizes grow, under which conditions.
APPROACHES = [
    (n**2 + n, n**2, [n], []),
    (n**2, n**2 + n, [n], []),
    (n**2 + n * w, n**2 + n * w + 5 * w + p, [n, w], []),
    (2 * n * w + n, 2 * n * w, [n, w], []),
    (ceiling(n / p), n / p, [n], []),
    (floor(n / w), n / w, [n], []),
    (2**n + n**9, 2**n, [n], []),
    (n + Min(n, p), n, [n], []),
    (n * w + w**2, n * w, [n], []),
    (n**2 + w, n**2, [n, w], [w <= n]),
    (8 * n**2 * w / (8 * n * w + 5 * w), n, [n], []),
    (n - n, Integer(0), [n], []),
]
# What does not.
APART = [
    (n**2 + n, 2 * n**2, [n], []),
    (2 * n**2, n**2 + n, [n], []),
    (n * w + n, n * w, [n], []),
    (n + Min(n, w), n, [n, w], [w <= n, n <= 2 * w]),
    (n**2, n, [n], []),
    (n, n**2, [n], []),
    (n * w, n, [n, w], []),
    (Integer(3), Integer(2), [n], []),
    (n + w**2, n, [n, w], [w**2 <= n]),  # apart along w^2 == n, and not along w == log n
    (n**2 + n * w, n**2, [n, w], [w <= n]),
    (n, n + w**2, [n, w], [w**2 <= n]),
    ((n + p * w) / p, n / p, [n, w], [w <= n]),
]


def verdict(case: tuple[Expr, Expr, list[Symbol], list[Expr]]) -> object:
    expr, bound, growing, conditions = case
    return order_verdict(expr, bound, growing, [Fact(c) for c in conditions], order="~")


@pytest.mark.parametrize("case", APPROACHES, ids=str)
def test_it_approaches(case: tuple[Expr, Expr, list[Symbol], list[Expr]]) -> None:
    assert isinstance(verdict(case), Proved)


@pytest.mark.parametrize("case", APART, ids=str)
def test_it_does_not_approach(case: tuple[Expr, Expr, list[Symbol], list[Expr]]) -> None:
    assert isinstance(verdict(case), Apart | Outgrown)


def test_a_bound_below_0_is_not_decided() -> None:
    """Fails when a difference is compared with a bound that is negative: -n + 1 approaches -n."""
    found = verdict((1 - n, -n, [n], []))
    assert not isinstance(found, Apart | Outgrown)


def test_numbers_of_what_is_apart_satisfy_the_conditions() -> None:
    found = verdict((3 * n, 2 * n, [n], [sympy.Eq(sympy.Mod(n, 1), 0)]))
    assert isinstance(found, Apart)
    assert (found.sizes, found.left, found.right) == ({n: Integer(1000)}, 3000, 2000)


# Random ones -------------------------------------------------------------------------------


class Limits(Claims):
    """A random claim that a quotient nears 1: with a term more, a factor, or something else."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.order = "~"
        choice = random.Random(seed).choice(["more", "more", "more", "factor", "other"])
        if choice == "more":
            self.bound: Tree = ("+", self.expr, self.product(plain=True))
        elif choice == "factor":
            self.bound = ("*", self.expr, number(2))


def deviations(claims: Limits, at: Callable[[int], dict[str, int]]) -> list[Fraction] | None:
    """How far quotients are from 1 at some places; None where they are not known."""
    found = []
    for time in FAR:
        sizes = at(time)
        try:
            if not all(holds(condition, sizes) for condition in claims.conditions):
                return None
            found.append(abs(value(claims.expr, sizes) / value(claims.bound, sizes) - 1))
        except (TooLarge, ZeroDivisionError):
            return None
    return found


@pytest.mark.parametrize("amount", examples(20, 120))
def test_random_claims(amount: int, record_property: Callable[[str, str], None]) -> None:
    """Fails when one is proved whose quotients stay away from 1, or refuted where they near it."""
    count: Counter[str] = Counter()
    for seed in range(amount):
        claims = Limits(seed)
        expr, bound = to_sympy(claims.expr), to_sympy(claims.bound)
        if expr.has(sympy.zoo, sympy.nan) or bound.has(sympy.zoo, sympy.nan):
            continue
        facts = [Fact(c) for c in map(to_sympy, claims.conditions) if c is not sympy.true]
        growing = [size_symbol(name) for name in claims.growing]
        found = order_verdict(expr, bound, growing, facts, order="~")
        count["cannot grow" if isinstance(found, CannotGrow) else found.word] += 1
        known = [far for at in claims.directions(20) if (far := deviations(claims, at))]
        if isinstance(found, Proved):
            assert all(far[-1] < Fraction(1, 1000) for far in known), seed
        elif isinstance(found, Apart) and found.direction:
            along = {symbol.name: int(size) for symbol, size in found.sizes.items()}
            with suppress(TooLarge):
                off = value(claims.expr, along) / value(claims.bound, along) - 1
                assert abs(off) > Fraction(1, 1000), seed
        elif isinstance(found, Apart):
            assert all(far[-1] > Fraction(1, 1000) for far in known), seed
        elif isinstance(found, Outgrown) and found.points:
            sizes = {symbol.name: int(size) for symbol, size in found.points[-1].sizes.items()}
            with suppress(TooLarge):
                assert value(claims.expr, sizes) != value(claims.bound, sizes), seed
    assert count["proved"] > 5
    assert count["refuted"] > 5
    share = count["not decided"] / count.total()
    shown = ", ".join(f"{times} {word}" for word, times in count.most_common())
    record_property("summary", f"random limits: {shown} ({share:.0%} not decided)")


def test_sizes_of_many_digits_are_put_into_no_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when SymPy is asked for a sum at sizes of a million digits, which takes it seconds."""
    bits: list[int] = []

    def noted(side: Expr, sizes: Mapping[Symbol, Expr]) -> Expr:
        bits.append(max(int(size.p).bit_length() for size in sizes.values()))
        return put_in(side, sizes)

    monkeypatch.setattr(directions, "put_in", noted)
    claims = Limits(8)
    growing = [size_symbol(name) for name in claims.growing]
    found = order_verdict(to_sympy(claims.expr), to_sympy(claims.bound), growing, order="~")
    assert found.word == "not decided"
    assert 0 < max(bits) <= MAX_BITS


def test_roots_are_left_undecided_at_once() -> None:
    """Fails when roots of numbers with thousands of digits are taken along a direction."""
    n, w = size_symbol("n"), size_symbol("w")
    verdict = order_verdict(2**n * sympy.sqrt(w + 2**n), 2**n * sympy.sqrt(w), [n, w], order="~")
    assert verdict.word != "proved"
