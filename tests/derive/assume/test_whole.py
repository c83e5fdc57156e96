"""Polynomials over a number are whole where they are at each remainder of their sizes."""

from __future__ import annotations

import random
from itertools import product

import pytest
import sympy

from closedform.derive.assume import integers
from closedform.derive.assume.knowledge import Knowledge
from closedform.derive.assume.store import Fact

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


def spent(divisions: list[tuple[sympy.Expr, sympy.Expr]], expr: sympy.Expr, steps: int) -> int:
    """How many divisibilities were put in until no proof was found."""
    facts = [(a, b, Fact(sympy.true, "when")) for a, b in divisions]
    taken = integers._Taken(facts, {}, iter(range(integers.MAX_TRIES)))
    assert integers._integer(taken, expr, steps) is None
    return integers.MAX_TRIES - len(list(taken.tries))


def test_a_size_is_not_put_in_for_itself() -> None:
    """Fails when `a | a + c` gives a as a multiple of a, again and again."""
    n, w, kept = SIZES
    assert spent([(n, n + w)], (n * w + kept) / (2 * n), integers.MAX_STEPS) == 1


def test_tries_are_counted() -> None:
    """Fails when a proof takes a time that grows with the number of divisibilities."""
    sizes = sympy.symbols("s:6", integer=True, positive=True)
    number = sympy.Symbol("p", integer=True, positive=True)
    divisions = [(number, sympy.Add(*sizes) + i) for i in range(6)]
    assert spent(divisions, sizes[0] / (7 * number), 3) == integers.MAX_TRIES
