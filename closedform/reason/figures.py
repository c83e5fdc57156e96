"""Numbers as they are printed: how much of a number a print keeps.

>>> figure = figure_of("16.85G")
>>> figure.prints(Fraction(16848500736)), figure.prints(Fraction(16855000000))
('rounded', 'cut off')
"""

from __future__ import annotations

import re
from fractions import Fraction
from math import floor

from closedform.data import dataclass
from closedform.derive.check.expectations import PREFIXES
from closedform.errors import fail

FIGURE = re.compile(
    r"(?P<whole>\d[\d_]*)(?:\.(?P<rest>\d+))?(?:e(?P<power>\d{1,2}))? ?(?P<prefix>[A-Za-z]?)"
)


@dataclass(frozen=True)
class Figure:
    """A number as it is printed: its digits without the point, how many of them are decimals, and
    the power of a thousand of its prefix, `thousands`, beside a power of ten, `power`."""

    text: str
    digits: int
    decimals: int
    power: int
    thousands: int

    def unit(self, base: int = 1000) -> Fraction:
        """The worth of its last digit; with the base 1024, a G is 1024^3."""
        return Fraction(base**self.thousands * 10**self.power, 10**self.decimals)

    @property
    def width(self) -> Fraction:
        """How wide the numbers that it can stand for lie, as a part of it."""
        return Fraction(1, self.digits)

    def prints(self, value: Fraction, base: int = 1000) -> str | None:
        """How a value is printed as this: `exact`, `rounded`, or `cut off`; None where it is not.

        A half may be rounded up or to an even digit.
        """
        ratio = value / self.unit(base)
        if ratio == self.digits:
            return "exact"
        if self.digits in (floor(ratio + Fraction(1, 2)), round(ratio)):
            return "rounded"
        return "cut off" if floor(ratio) == self.digits else None


def figure_of(text: str) -> Figure:
    """The number of a text. Raises ClosedformError where there is none.

    >>> figure_of("23.4567 G").unit()
    Fraction(100000, 1)
    """
    found = FIGURE.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None or found["prefix"] not in ("", *PREFIXES):
        raise fail(
            "argument",
            f"{text!r} is not a number as it is printed",
            None,
            "write it as a text such as 16.85G, 86M or 17_563_828_224; the prefixes are "
            + ", ".join(PREFIXES),
        )
    digits = int(found["whole"] + (found["rest"] or ""))
    if digits == 0:
        raise fail("argument", f"{text!r} is zero, which anything that is left out makes")
    thousands = PREFIXES[found["prefix"]] // 3 if found["prefix"] else 0
    power = int(found["power"] or 0)
    return Figure(text.strip(), digits, len(found["rest"] or ""), power, thousands)
