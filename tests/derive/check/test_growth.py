"""Orders of growth: no false claim is proved, no true one refuted, whatever the claim.

Random claims are compared with exact numbers in plain Python, which know nothing of the prover:
along random directions for what is proved, along its own direction for what is refuted.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import combinations, pairwise, product
from math import gcd

import pytest
import sympy
from sympy import Integer, Max, Min, Sum, ceiling, floor, sqrt
from sympy.solvers.simplex import InfeasibleLPError, lpmax

from closedform.derive.assume.simplex import maximize
from closedform.derive.assume.store import Fact
from closedform.derive.assume.verdict import NotDecided, Proved, Verdict
from closedform.derive.check.growth import CannotGrow, Outgrown, order_verdict
from closedform.derive.symbolic.atoms import Divides, Gcd, Log, indicator
from closedform.derive.symbolic.symbols import size_symbol
from growing import Claims, TooLarge, holds, to_sympy, value
from helpers import examples

n, w, k, p, q, i, L, J = (size_symbol(name) for name in ["n", "w", "k", "p", "q", "i", "L", "J"])

FAR = (2**32, 2**64, 2**128)
NEAR = (2**4, 2**7, 2**10)  # for what has sums, which are added up
CLAIMS = 160


def verdict_on(claims: Claims) -> Verdict | None:
    """The verdict on a random claim; None where it is no claim."""
    expr, bound = to_sympy(claims.expr), to_sympy(claims.bound)
    conditions = [to_sympy(condition) for condition in claims.conditions]
    if expr.has(sympy.zoo, sympy.nan) or bound.has(sympy.zoo, sympy.nan):
        return None
    facts = [Fact(c) for c in conditions if c is not sympy.true]
    growing = [size_symbol(name) for name in claims.growing]
    return order_verdict(expr, bound, growing, facts, order=claims.order)


# Numbers -------------------------------------------------------------------------------------


def quotients(
    claims: Claims, at: Callable[[int], dict[str, int]], times: Sequence[int], order: str
) -> list[Fraction | None] | None:
    """The one side by the other at some places; a quotient is None where no constant will do.

    None where the conditions do not hold everywhere, or a side is too large, or bounds nothing.
    """
    found: list[Fraction | None] = []
    for time in times:
        sizes = at(time)
        try:
            if not all(holds(condition, sizes) for condition in claims.conditions):
                return None
            left, right = value(claims.expr, sizes), value(claims.bound, sizes)
        except (TooLarge, ZeroDivisionError):
            return None
        if order == "Omega":
            left, right = right, left
        if right <= 0 and left <= 0:
            return None
        found.append(left / right if right > 0 else None)
    return found


def grow(found: Sequence[Fraction | None] | None, factor: Fraction) -> bool:
    """Whether quotients grow by a factor from place to place, or there are none at all."""
    if found is None:
        return False
    if all(quotient is None for quotient in found):
        return True
    numbers = [quotient for quotient in found if quotient is not None]
    return len(numbers) == len(found) and all(
        b > 0 and b >= a * factor for a, b in pairwise(numbers)
    )


def contradicts(claims: Claims) -> str | None:
    """A direction along which a claim fails, found by numbers alone."""
    orders = ["O", "Omega"] if claims.order == "Theta" else [claims.order]
    for at in claims.directions(20):
        small = all(at(1)[name] == 1 for name in claims.fixed)  # against places that are near
        for order in orders:
            found = quotients(claims, at, FAR, order)
            if found is None and small:
                found = quotients(claims, at, NEAR, order)
            if grow(found, Fraction(3, 2)):
                return f"{order} along {[at(time) for time in NEAR[:2]]}"
    return None


def bears_out(claims: Claims, found: Outgrown) -> bool:
    """Whether the quotient grows along the direction of a refutation."""
    table = {**found.direction, **found.held}

    def at(time: int) -> dict[str, int]:
        given = {s.name: int(e.xreplace({found.time: Integer(time)})) for s, e in table.items()}
        others = {**dict.fromkeys(claims.growing, time), **dict.fromkeys(claims.fixed, 1)}
        return {**others, **given}

    places = ((16, 256, 4096), (8, 64, 1024), (4, 16, 64), (4, 8, 16), (4, 6, 8), (2, 4, 8))
    tried = [quotients(claims, at, times, found.order) for times in [*places, (1, 2, 3)]]
    known = [quotient for quotient in tried if quotient is not None]
    return not known or any(grow(quotient, Fraction(21, 20)) for quotient in known)


@pytest.mark.parametrize("part", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 2, 3))])
def test_random_claims(part: int, record_property: Callable[[str, str], None]) -> None:
    """Fails when a claim is proved that numbers contradict, or refuted where they do not grow."""
    count: Counter[str] = Counter()
    for seed in range(part * CLAIMS // 4, (part + 1) * CLAIMS // 4):
        claims = Claims(seed)
        verdict = verdict_on(claims)
        if verdict is None:
            continue
        count["cannot grow" if isinstance(verdict, CannotGrow) else verdict.word] += 1
        if isinstance(verdict, Proved):
            assert contradicts(claims) is None, seed
        elif isinstance(verdict, Outgrown):
            assert bears_out(claims, verdict), seed
    assert count["proved"] > 5
    assert count["refuted"] > 5
    share = count["not decided"] / count.total()
    shown = ", ".join(f"{number} {word}" for word, number in count.most_common())
    record_property("summary", f"random orders of growth: {shown} ({share:.0%} not decided)")
    assert share < 0.08


# Orders that are known -------------------------------------------------------------------------

WINDOWS = n * ceiling(w / n)
MULTIPLES = Sum(indicator(Divides(p, i)), (i, 1, L))
NEAREST = Sum(Min(i, w), (i, 1, n))
HALVED = Sum(ceiling(n / 2**i), (i, 1, L))
EVEN = Sum(2**i * indicator(Divides(2, i)), (i, 1, n))
GEOMETRIC = 2 * w**2 * 2 ** (2 * L) / 3 - 2 * w**2 / 3

# What is in O of what as which sizes grow, under which conditions.
HOLDS = [
    (w * Max(n, p), w * n, [n], []),
    (n * Min(n, w), n, [n], []),
    (n * Min(n, w), n * w, [n, w], []),
    (n * Min(n, w), n**2, [n, w], []),
    (Gcd(n, w), Integer(1), [n], []),
    (Gcd(n, w), Min(n, w), [n, w], []),
    (n * Gcd(n, n - 1), n**2, [n], []),
    (Integer(1), Gcd(n, w), [n, w], []),
    (WINDOWS, n, [n], []),
    (WINDOWS, n + w, [n, w], []),
    (n + w, WINDOWS, [n, w], []),
    (WINDOWS - w, n, [n, w], []),
    (ceiling(n / w), Integer(1), [w], []),
    (floor(n / w), n / w, [n, w], []),
    (n / w, floor(n / w), [n, w], [w <= n]),
    (n / w, ceiling(n / w), [n, w], []),
    (n, n - floor(n / 2), [n], []),
    (2 ** (n / 2), 2 ** floor(n / 2), [n], []),
    (MULTIPLES, L, [L], []),
    (L, MULTIPLES, [L], []),
    (MULTIPLES, L / p, [L, p], []),
    (MULTIPLES, floor(L / p), [L, p], []),
    (floor(L / p), MULTIPLES, [L, p], []),
    (NEAREST, n, [n], []),
    (NEAREST, n * Min(n, w), [n, w], []),
    (n * Min(n, w), NEAREST, [n, w], []),
    (HALVED, n, [n], []),
    (HALVED, n + L, [n, L], []),
    (EVEN, 2**n, [n], []),
    (2**n, EVEN, [n], []),
    (Sum(floor(i / p), (i, 1, n)), n**2, [n], []),
    (n**2, Sum(floor(i / p), (i, 1, n)), [n], []),
    (Sum(i * indicator(i <= w), (i, 1, n)), w**2, [n, w], []),
    (n**2, Sum(i * indicator(i > 1), (i, 1, n)), [n], []),
    (Sum(ceiling(n / i), (i, 1, w)), n * Log(w, 2) + w, [n, w], []),
    (n * Log(w, 2) + w, Sum(ceiling(n / i), (i, 1, w)), [n, w], []),
    (Sum(Min(i, k), (i, 1, n), (k, 1, w)), n**2 * w, [n, w], []),
    (w**2 * (L - J), L * w**2, [L, J, w], []),
    (n, n - w + 1, [n], [w <= n]),
    (Integer(1), n - w + 1, [n, w], [w <= n]),
    (n * w, n**2, [n, w], [w <= n]),
    (n ** sympy.Rational(3, 2) * w, n**2 * w + n * w, [n, w], []),
    (n * w, n**2 + w**2, [n, w], []),
    (GEOMETRIC, 4**L, [L], []),
    (4**L, GEOMETRIC, [L], []),
    (n**5 * 2**n, 3**n, [n], []),
    (2 ** (8 * n), 3 ** (sympy.Rational(51, 10) * n), [n], []),
    (Log(n, 2) * n, n**2, [n], []),
    (Log(n * w, 2), Log(n, 2) + Log(w, 2), [n, w], []),
    (Log(n, 2) + Log(w, 2), Log(n * w, 2), [n, w], []),
    (Log(n, 2), Log(n, 3), [n], []),
    (L, Log(n, 2), [L, n], [Divides(2**L, n)]),
    (2**L * n, n**2, [L, n], [Divides(2**L, n)]),
    (2**L, n, [L, n], [Log(n, 2) >= L]),
    (n / (n + w), Integer(1), [n, w], []),
    (indicator(p > 1) * n**2 + indicator(p <= 1) * n, n**2, [n], []),
    (n, indicator(p > 1) * n + indicator(p <= 1) * 2 * n, [n], []),
    (indicator(n < 5) * n**2 + n, n, [n], []),
    (n, indicator(n > 5) * n, [n], []),
    (n, indicator(n <= w) * n + indicator(n > w) * w, [n, w], [w >= n]),
    (p**n, p**n * n, [n], []),
    (n**p, n ** (p + 1), [n], []),
    (n * q, q, [q], [n <= 2 * p]),
    (Integer(0), n, [n], []),
    (n, n - w, [n, w], [2 * w <= n]),
    (n, n - w - k, [n, w, k], [3 * w <= n, 3 * k <= n]),
    (n * k, n * k - k**2 / 2, [n, k], [k <= n]),
    (n**2, n**2 - k, [n, k], [2 * k <= n**2]),
    (n**2, (n - k) ** 2, [n, k], [2 * k <= n]),
    (Integer(1), n**2 - 2 * n * k + k**2, [n, k], [k < n]),
    (n * w, (n - k) * (w - 1), [n, w, k], [2 * k <= n]),
    (n, Max(n - k, 0), [n, k], [2 * k <= n]),
    (Integer(1), n - Min(n, k), [n, k], [k < n]),
    (2**n, 2**n - 2**k, [n, k], [k < n]),
    (n - k, Integer(0), [n, k], [n <= k]),
    (n**2 + w**2, sympy.expand((n - w) ** 2 + n * w), [n, w], []),
    (n**2, n**2 + w**2 - n * w, [n, w], []),
    (n * w, n**2 + w**2 - n * w, [n, w], []),
    (n**2 + k**2, n**2 + w**2 + k**2 - n * w - w * k, [n, w, k], []),
    (n**2 + w**2, 4 * n**2 - 12 * n * w + 10 * w**2, [n, w], []),
    (p * w**2, p * n**2 - p * n * w + p * w**2 + p, [n, w], []),
    (n**3, n**3 + w**3 - n**2 * w, [n, w], []),
    (n, n + w - sqrt(n * w), [n, w], []),
    (w, (n - w) ** 2 + w, [n, w], []),
]

FAILS = [
    (2**n * w, n, [n], []),
    (w * Max(n, p), Integer(1), [n], []),
    (n * Min(n, w), n, [n, w], []),
    (Gcd(n, w), Integer(1), [n, w], []),
    (n, Gcd(n, w), [n, w], []),
    (WINDOWS, Integer(1), [n], []),
    (WINDOWS, w, [n, w], []),
    (WINDOWS - w, w, [n, w], []),
    (ceiling(n / w), 1 / w, [w], []),
    (n / w, floor(n / w), [n, w], []),
    (MULTIPLES, Integer(1), [L], []),
    (L / p, MULTIPLES, [L, p], []),
    (NEAREST, Integer(1), [n], []),
    (HALVED, n, [n, L], []),
    (L * w**2, (L - J) * w**2, [L, J, w], [J <= L]),
    (L * w**2, (L - J) * w**2, [L, J, w], [J < L]),
    (n, n - w + 1, [n, w], [w <= n]),
    (n * w, n**2, [n, w], [w <= n**2]),
    (n, w, [n, w], [Divides(w, n)]),
    (n * w, n, [n, w], [Divides(p, w)]),
    (2**L * n, n, [L, n], [Divides(2**L, n)]),
    (GEOMETRIC, Integer(1), [L], []),
    (3**n, 2**n, [n], []),
    (3 ** (5 * n), 2 ** (7 * n), [n], []),
    (2**n, n * w, [n, w], []),
    (2**n, w**3, [n, w], []),
    (Log(n, 2), Integer(1), [n], []),
    (Log(w, 2), n, [n, w], []),
    (n, Log(n, 2), [n], []),
    (sqrt(n), Integer(1), [n], []),
    (n**2, indicator(p > 1) * n**2 + n, [n], []),
    (indicator(p > 1) * n**2 + n, n, [n], []),
    (n, indicator(n <= w) * n, [n, w], []),
    (n**2 * indicator(Divides(2, n)), n, [n], []),
    (n, n * indicator(Divides(2, n)) + 1, [n], []),
    (p**n, n, [n], []),
    (1 / n, 1 / (n + w), [n, w], []),
    (Integer(1), -n, [n], []),
    (n, n - w, [n, w], [w < n]),
    (2**n, 2**n - 2**k, [n, k], [k <= n]),
    (Integer(1), 2 ** (n - w), [n, w], []),
    (2 ** (n - w), Integer(1), [n, w], []),
    (Integer(1), (n - k) ** 2, [n, k], [k <= n]),
    (n**2, n**2 + w**2 + k**2 - n * w - w * k - k * n, [n, w, k], []),
    (n**2, n**2 + w**2 - 2 * n * w, [n, w], []),
    (n**3, n**3 + w**3 + k**3 - 3 * n * w * k, [n, w, k], []),
    (n, n + w - 2 * sqrt(n * w), [n, w], []),
    (n**2 + w, (n - w) ** 2 + w, [n, w], []),
    (n * w, 2 * n**2 - 7 * n * w + 6 * w**2, [n, w], []),
    (2**n, n**9, [n], []),
    (2**n, n**19, [n], []),
    (3**n * n, 2**n * n**12, [n], []),
]


def named(rows: Sequence[tuple[object, ...]]) -> list[str]:
    return [f"{row[0]} in O({row[1]})" for row in rows]


@pytest.mark.parametrize("row", HOLDS, ids=named(HOLDS))
def test_holds(row: tuple[sympy.Expr, sympy.Expr, list[sympy.Symbol], list[object]]) -> None:
    """Fails when an order that holds is not proved, or the same from below."""
    expr, bound, growing, conditions = row
    facts = [Fact(condition) for condition in conditions]
    assert order_verdict(expr, bound, growing, facts) == Proved(frozenset(facts))
    assert order_verdict(bound, expr, growing, facts, order="Omega") == Proved(frozenset(facts))


@pytest.mark.parametrize("row", FAILS, ids=named(FAILS))
def test_fails(row: tuple[sympy.Expr, sympy.Expr, list[sympy.Symbol], list[object]]) -> None:
    """Fails when an order that does not hold is not refuted, with numbers that are right."""
    expr, bound, growing, conditions = row
    facts = [Fact(condition) for condition in conditions]
    found = order_verdict(expr, bound, growing, facts)
    assert isinstance(found, Outgrown)
    assert found.direction.keys() >= set(growing)
    assert len(found.points) == 3
    for point in found.points:
        for size, formula in {**found.direction, **found.held}.items():
            assert point.sizes[size] == formula.xreplace({found.time: place_of(found, point.sizes)})
        assert all(condition.xreplace(dict(point.sizes)) for condition in conditions)
        assert number(expr.xreplace(dict(point.sizes))) == point.left
        assert number(bound.xreplace(dict(point.sizes))) == point.right
    first, _, last = found.points
    assert last.right <= 0 or last.left * first.right > first.left * last.right
    theta = order_verdict(expr, bound, growing, facts, order="Theta")
    assert isinstance(theta, Outgrown)


def number(expr: sympy.Expr) -> sympy.Expr:
    """A number, with every sum added up term by term."""

    def added(body: sympy.Expr, limits: sympy.Tuple) -> sympy.Expr:
        index, first, last = limits
        return sympy.Add(*(body.xreplace({index: Integer(i)}) for i in range(first, last + 1)))

    return expr.replace(sympy.Sum, added).doit()


def place_of(found: Outgrown, sizes: Mapping[sympy.Symbol, sympy.Expr]) -> sympy.Integer:
    """The number along the direction that some sizes belong to."""
    for place in map(Integer, range(1, 65537)):
        if all(e.xreplace({found.time: place}) == sizes[s] for s, e in found.direction.items()):
            return place
    raise AssertionError(sizes)


# Sums of products of powers: everything is decided -----------------------------------------------

RAYS = [ray for ray in product(range(13), repeat=2) if gcd(*ray) == 1]


@pytest.mark.parametrize("seed", range(4))
def test_sums_of_powers_are_decided(seed: int) -> None:
    """Fails when a verdict on powers of two sizes is not that of all directions."""
    generator = random.Random(seed)
    seen = set()
    for _ in range(25):
        left, right = (
            [(generator.randint(0, 3), generator.randint(0, 3)) for _ in range(3)] for _ in "ab"
        )
        expr, bound = (sympy.Add(*(n**a * w**b for a, b in powers)) for powers in (left, right))
        true = all(
            max(a * x + b * y for a, b in left) <= max(a * x + b * y for a, b in right)
            for x, y in RAYS
        )
        verdict = order_verdict(expr, bound, [n, w])
        assert verdict.word == ("proved" if true else "refuted"), (expr, bound)
        seen.add(verdict.word)
    assert len(seen) == 2


@pytest.mark.parametrize("many", examples(25, 400))
def test_quadratic_forms_are_above_0_where_they_are(many: int) -> None:
    """Fails when a form that is 0 somewhere is said to grow, or one that never is is left open."""
    generator = random.Random(0)
    words: Counter[str] = Counter()
    for _ in range(many):
        p, q, r = (generator.randint(1, 9) for _ in range(3))
        verdict = order_verdict(p * n**2 - q * n * w + r * w**2, n * w, [n, w], order="Omega")
        assert (verdict.word == "proved") == (q**2 < 4 * p * r), (p, q, r)
        words[verdict.word] += 1
    assert words["proved"] > many / 4
    assert words["refuted"] > many / 10


# What is not decided, or says nothing ------------------------------------------------------------


def test_what_is_not_known_is_not_decided() -> None:
    """Fails when something is said of a power that nothing is known of."""
    found = order_verdict(2 ** (n * w), 2 ** (n**2 + w**2), [n, w])
    assert found == NotDecided(
        (
            "2^(n*w) is not seen to be in O(2^(n^2)*2^(w^2))",
            "no direction was found in which it fails",
        )
    )


def test_a_bound_that_may_be_0_is_said_to_be_so() -> None:
    """Fails when the reason compares with 0, and does not say that terms may cancel."""
    found = order_verdict(n, n**4 - n**3 * w - n**2 * w**3 + n * w**2 + w**6, [n, w])
    assert found == NotDecided(
        (
            "n^4 - n^3*w - n^2*w^3 + n*w^2 + w^6 is not seen to be above 0 in every direction: "
            "what it takes away may be as large as the rest",
            "no direction was found in which it fails",
        )
    )


@pytest.mark.slow
def test_too_many_cases_are_not_decided() -> None:
    """Fails when a claim with many cases takes for ever, or is accepted."""
    sizes = [size_symbol(f"x_{at}") for at in range(5)]
    expr = sympy.Mul(*(Min(a**2, b**3) for a, b in combinations(sizes, 2)))
    found = order_verdict(expr, sympy.Mul(*sizes) ** 9, sizes)
    assert isinstance(found, NotDecided)
    assert "there are more than 100 cases" in found.tried


@pytest.mark.parametrize(
    ("growing", "conditions", "stuck"),
    [
        ([n, w], [w <= 5], (w,)),
        ([n, w], [w <= p], (w,)),
        ([n, w], [w <= 2 * p, n <= w], (n, w)),
        ([n, w], [sympy.Eq(n, p**2)], (n,)),
        ([n, w], [w**2 <= n, n <= w], (n, w)),
        ([n], [Divides(n, p)], (n,)),
        ([n, w], [2**n <= w, w <= n**3], (n, w)),
        ([n], [sympy.Not(Divides(1, n))], (n,)),
    ],
)
def test_what_cannot_grow(
    growing: list[sympy.Symbol], conditions: list[object], stuck: tuple[sympy.Symbol, ...]
) -> None:
    """Fails when a claim about sizes that conditions keep small is said to hold, or to fail."""
    facts = [Fact(condition) for condition in conditions]
    assert order_verdict(n * p, p * w, growing, facts) == CannotGrow(sizes=stuck)


def test_a_size_of_conditions_alone_is_not_held_fixed() -> None:
    """Fails when n <= m keeps n from growing where m is in no formula."""
    m = size_symbol("m")
    facts = [Fact(n <= m)]
    assert order_verdict(n * w, n, [n], facts).word == "proved"
    assert order_verdict(n * w, Integer(1), [n], facts).word == "refuted"
    assert isinstance(order_verdict(n * m, n, [n], facts), CannotGrow)


# Linear programs ---------------------------------------------------------------------------------


@pytest.mark.parametrize("many", examples(15, 60))
def test_maximize_agrees_with_sympy(many: int) -> None:
    """Fails when the most of a linear program is another than SymPy's, or is not reached."""
    generator = random.Random(0)
    none = 0
    for _ in range(many):
        width, height = generator.randint(1, 4), generator.randint(1, 5)
        rows = [[generator.randint(-3, 3) for _ in range(width)] for _ in range(height)]
        rows.append([1] * width)
        limits = [*(generator.randint(-4, 4) for _ in range(height)), 5]
        goal = [generator.randint(-3, 3) for _ in range(width)]
        found = maximize(goal, rows, limits)
        ys = sympy.symbols(f"y:{width}")
        sums = [sum(a * y for a, y in zip(row, ys, strict=True)) for row in rows]
        relations = [sympy.Le(s, limit) for s, limit in zip(sums, limits, strict=True)]
        relations += [y >= 0 for y in ys]
        try:
            if sympy.false in relations:
                raise InfeasibleLPError
            most, _ = lpmax(
                sum(a * y for a, y in zip(goal, ys, strict=True)),
                [relation for relation in relations if relation is not sympy.true],
            )
        except InfeasibleLPError:
            none += 1
            assert found is None
            continue
        assert found is not None
        value_, solution = found
        assert value_ == most == sum(a * y for a, y in zip(goal, solution, strict=True))
        assert min(solution) >= 0
        for row, limit in zip(rows, limits, strict=True):
            assert sum(a * y for a, y in zip(row, solution, strict=True)) <= limit
    assert 5 < none < 55
