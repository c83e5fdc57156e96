"""Logarithms that are not rational, compared and rounded: the judge has many digits of them."""

from __future__ import annotations

import random
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest

from closedform import formula as w
from closedform.formula.numbers import NoNumberError, amount

CLOSE = Decimal(10) ** -40


def number(value: Fraction) -> w.Written:
    return w.Fraction(w.Number(value.numerator), w.Number(value.denominator))


def made(rng: random.Random) -> tuple[w.Written, Decimal]:
    """A sum of logarithms whose bases are powers of one number, and its value to fifty digits."""
    root = rng.choice([2, 3, 6])
    terms: list[w.Written] = []
    value = Decimal(0)
    for _ in range(rng.randint(1, 3)):
        base, of = root ** rng.randint(1, 3), rng.randint(1, 40)
        times = Fraction(rng.randint(-3, 3), rng.randint(1, 3))
        terms.append(w.Product((number(times), w.Function("log", (w.Number(of), w.Number(base))))))
        value += (
            Decimal(times.numerator) / times.denominator * Decimal(of).ln() / Decimal(base).ln()
        )
    rest = Fraction(rng.randint(-9, 9), rng.randint(1, 2))
    terms.append(number(rest))
    return w.Sum(tuple(terms)), value + Decimal(rest.numerator) / rest.denominator


@pytest.mark.parametrize("seed", range(60))
def test_sums_of_logarithms(seed: int) -> None:
    """Fails when a comparison or a floor of logarithms has another answer than their digits."""
    rng = random.Random(seed)
    with localcontext() as context:
        context.prec = 60
        (left, one), (right, other) = made(rng), made(rng)
        whole = int(one.to_integral_value(rounding="ROUND_FLOOR"))
        whole += abs(one - whole - 1) < CLOSE
        difference = one - other
        sign = 0 if abs(difference) < CLOSE else 1 if difference > 0 else -1
        up = whole + (abs(one - whole) >= CLOSE)
    assert amount(w.Function("floor", (left,)), {}) == whole
    assert amount(w.Function("ceil", (left,)), {}) == up
    holds = {"<": sign < 0, "<=": sign <= 0, "=": sign == 0, "!=": sign != 0, ">": sign > 0}
    try:
        told = {operator: amount(w.Condition(operator, (left, right)), {}) for operator in holds}
    except NoNumberError:  # the bases are powers of two numbers
        return
    assert told == holds


def test_bases_without_a_common_power_are_not_compared() -> None:
    left, right = (w.Function("log", (w.Number(5), w.Number(base))) for base in (2, 3))
    with pytest.raises(NoNumberError, match="a logarithm that is not whole"):
        amount(w.Condition("<", (left, right)), {})
