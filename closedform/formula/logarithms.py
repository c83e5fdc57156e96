"""Logarithms of numbers, exactly: those that are rational, and how others compare and round."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from fractions import Fraction
from math import lcm, prod

from closedform.data import dataclass

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


@dataclass(frozen=True)
class Logarithms:
    """A sum of logarithms, each as often as is said, and of a number: 2 log(n, 2) + 1."""

    number: Fraction = Fraction(0)
    often: Mapping[tuple[Fraction, Fraction], Fraction] = field(default_factory=dict)

    def __add__(self, other: Logarithms) -> Logarithms:
        often = dict(self.often)
        for key, times in other.often.items():
            often[key] = often.get(key, Fraction(0)) + times
        return Logarithms(self.number + other.number, often)

    def times(self, factor: Fraction) -> Logarithms:
        """All of it as often as a factor says."""
        often = {key: times * factor for key, times in self.often.items()}
        return Logarithms(self.number * factor, often)

    def sign(self) -> int | None:
        """1 above 0, -1 below, 0 there; None where that is large, or the bases have none in common.

        >>> def less(n):
        ...     return Logarithms(Fraction(-5, 2), {(Fraction(n), Fraction(2)): Fraction(1)})
        >>> [less(n).sign() for n in (5, 6)]
        [-1, 1]
        """
        if not self.often:
            return (self.number > 0) - (self.number < 0)
        one = self._as_one()
        return None if one is None else (one[0] > 1) - (one[0] < 1)

    def floor(self) -> int | None:
        """The greatest whole number that is not above it, where `sign` has a value."""
        if not self.often:
            return self.number.__floor__()
        one = self._as_one()
        return None if one is None else floor_of_logarithm(*one)

    def _as_one(self) -> tuple[Fraction, Fraction] | None:
        """A value and a base that have it as their logarithm."""
        _, base = next(iter(self.often))
        powers = [(base, self.number)]
        for (value, over), times in self.often.items():
            if value <= 0 or over <= 1:
                return None
            ratio = logarithm(over, base)
            if ratio is None:
                return None
            powers.append((value, times / ratio))
        scale = lcm(*(times.denominator for _, times in powers))
        bits = sum(
            max(map(int.bit_length, value.as_integer_ratio())) * abs(times) * scale
            for value, times in (*powers, (base, Fraction(1)))
        )
        if bits > MAX_BITS:
            return None
        raised = (value ** int(times * scale) for value, times in powers)
        return prod(raised, start=Fraction(1)), base**scale
