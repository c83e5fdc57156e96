"""Orders of growth: no false claim is proved, no true one refuted, whatever the claim.

Random claims are compared with exact numbers in plain Python, which know nothing of the prover:
along random directions for what is proved, along its own direction for what is refuted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise, product

import pytest
import sympy
from sympy import Integer

from closedform.derive.assume.store import Fact
from closedform.derive.assume.verdict import Proved, Verdict
from closedform.derive.check.growth import CannotGrow, Outgrown, order_verdict
from closedform.derive.symbolic.symbols import size_symbol
from growing import Claims, TooLarge, holds, to_sympy, value

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
        held = max((at(1)[name] for name in claims.fixed), default=1)
        for order, times in product(orders, (FAR, NEAR)):
            if times is NEAR and held > 2:
                continue  # what is fixed would not be small against the places
            if grow(quotients(claims, at, times, order), Fraction(3, 2)):
                return f"{order} along {[at(time) for time in NEAR[:2]]}"
    return None


def bears_out(claims: Claims, found: Outgrown) -> bool:
    """Whether the quotient grows along the direction of a refutation."""
    table = {**found.direction, **found.held}

    def at(time: int) -> dict[str, int]:
        given = {s.name: int(e.xreplace({found.time: Integer(time)})) for s, e in table.items()}
        others = {**dict.fromkeys(claims.growing, time), **dict.fromkeys(claims.fixed, 1)}
        return {**others, **given}

    places = (FAR, (16, 256, 4096), (8, 64, 1024), (4, 16, 64), (4, 8, 16), (2, 4, 8), (1, 2, 3))
    tried = [quotients(claims, at, times, found.order) for times in places[1:]]
    known = [quotient for quotient in tried if quotient is not None]
    return not known or any(grow(quotient, Fraction(21, 20)) for quotient in known)


@pytest.mark.parametrize("part", range(4))
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
    assert share < 0.15
