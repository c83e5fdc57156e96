"""Greatest common divisors by the steps of Euclid."""

from __future__ import annotations

import random
from fractions import Fraction
from math import gcd

import pytest
from sympy import Expr, Integer

from closedform.derive.assume.knowledge import Knowledge
from closedform.derive.assume.proofs.equality import equality
from closedform.derive.assume.proofs.identities import taken_apart
from closedform.derive.symbolic.atoms import Gcd
from closedform.derive.symbolic.exact import exact
from closedform.derive.symbolic.symbols import size_symbol

a, b, c = map(size_symbol, "abc")

HOLD = [
    (Gcd(a, b), Gcd(a + b, b)),
    (Gcd(a, a + 1), Integer(1)),
    (Gcd(a, a + 2), Gcd(a, 2)),
    (Gcd(2 * a + 1, 2 * a - 1), Integer(1)),
    (Gcd(a**2 + a + 1, a + 1), Integer(1)),
    (Gcd(a + 6, 4), Gcd(a + 2, 4)),
    (Gcd(a * c + b * c, b * c), c * Gcd(a, b)),
]


@pytest.mark.parametrize(("left", "right"), HOLD)
def test_holds(left: Expr, right: Expr) -> None:
    """Fails when an identity of common divisors is left open, or one that is not is proved."""
    assert equality(Knowledge(), left, right).word == "proved"
    assert equality(Knowledge(), left, right + 1).word == "refuted"


def test_random_divisors() -> None:
    """Fails when a step changes the value, whatever the signs of what is divided."""
    draw = random.Random(0)
    changed = 0
    for _ in range(60):
        sizes = [
            draw.randint(-3, 3) * a ** draw.randint(1, 2) + draw.randint(-3, 3) * b
            + draw.randint(-2, 6)
            for _ in range(2)
        ]  # fmt: skip
        told = taken_apart(Gcd(*sizes))
        changed += told != Gcd(*sizes)
        for _ in range(6):
            point = {a: Fraction(draw.randint(1, 9)), b: Fraction(draw.randint(1, 9))}
            expected = gcd(*(int(exact(size, point)) for size in sizes))
            assert exact(told, point) == expected, (sizes, told, point)
    assert changed > 10
