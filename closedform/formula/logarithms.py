"""Logarithms of numbers, exactly: those that are rational, and whether one is above a number."""

from __future__ import annotations

from fractions import Fraction

MAX_BITS = 100_000  # of a power that is compared


def logarithm(value: Fraction, base: Fraction) -> Fraction | None:
    """The exponent that makes the base the value, where that is rational.

    >>> logarithm(Fraction(8), Fraction(4)), logarithm(Fraction(1, 9), Fraction(3))
    (Fraction(3, 2), Fraction(-2, 1))
    >>> logarithm(Fraction(6), Fraction(4)) is None
    True
    """
    if value <= 0 or base <= 1:
        return None
    if value < 1:
        exponent = logarithm(1 / value, base)
        return None if exponent is None else -exponent
    whole = floor_of_logarithm(value, base)
    rest = value / base**whole
    if rest == 1:
        return Fraction(whole)
    if rest.denominator != 1 or base.denominator != 1:
        return None  # powers of one number divide each other
    over = logarithm(base, rest)
    return None if over is None else whole + 1 / over


def floor_of_logarithm(value: Fraction, base: Fraction) -> int:
    """The greatest whole exponent that does not lift the base, which is above 1, over the value.

    >>> [floor_of_logarithm(n, Fraction(3)) for n in (Fraction(80), Fraction(1, 80))]
    [3, -4]
    """
    exponent, power = 0, Fraction(1)
    while power * base <= value:
        exponent, power = exponent + 1, power * base
    while power > value:
        exponent, power = exponent - 1, power / base
    return exponent


def sign_of_logarithm(value: Fraction, base: Fraction, number: Fraction) -> int | None:
    """Whether a logarithm is above a number (1), it (0), or below (-1); None where that is large.

    >>> [sign_of_logarithm(Fraction(n), Fraction(2), Fraction(5, 2)) for n in (5, 6)]
    [-1, 1]
    """
    if value <= 0 or base <= 1:
        return None
    bits = max(n.bit_length() for f in (value, base) for n in f.as_integer_ratio())
    if bits * max(abs(number.numerator), number.denominator) > MAX_BITS:
        return None
    left, right = value**number.denominator, base**number.numerator
    return (left > right) - (left < right)
