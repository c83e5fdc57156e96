"""Polynomials over a number are whole where they are at each remainder of their sizes."""

from __future__ import annotations

import random
from itertools import product

import pytest
import sympy

from closedform.derive.assume.knowledge import Knowledge

SIZES = sympy.symbols("n w kept", integer=True, positive=True)


@pytest.mark.parametrize("seed", range(60))
def test_random_polynomials(seed: int) -> None:
    """Proved where no remainder speaks against it, and nowhere else."""
    rng = random.Random(seed)
    sizes, bottom = SIZES[: rng.randint(1, 3)], rng.choice((2, 3, 4, 6))
    top = sum(
        rng.randint(-6, 6) * sympy.Mul(*(s ** rng.randint(0, 3) for s in sizes)) for _ in range(3)
    )
    if rng.random() < 0.6:  # what is a multiple is seldom found by accident
        n = sizes[0]
        top = {2: n * (n + 1), 3: n**3 - n, 4: n**2 * (n + 1) ** 2, 6: n**3 - n}[
            bottom
        ] + bottom * top
    remainders = product(range(bottom), repeat=len(sizes))
    whole = all(
        (sympy.sympify(top).subs(dict(zip(sizes, at, strict=True))) % bottom) == 0
        for at in remainders
    )
    assert Knowledge().integer(top / sympy.Integer(bottom)) is whole


N, W, KEPT = SIZES
OPEN = {
    "irrational": sympy.sqrt(2) * N * (N + 1) / 2,
    "of two sizes": N * (N + W) / 2,
    "with a power": (N + 1) * 2**N / 3,
}


@pytest.mark.parametrize("value", OPEN.values(), ids=OPEN)
def test_not_proved(value: sympy.Expr) -> None:
    assert not Knowledge().integer(value)


def test_what_is_rounded_is_one_size() -> None:
    kept_of = sympy.Min(N, sympy.Max(0, W - KEPT))
    value = (2 * KEPT * kept_of + 2 * W * (N - kept_of) + kept_of * (kept_of + 1)) / 2
    assert Knowledge().integer(value)
    assert not Knowledge().integer(value + kept_of / 2)
