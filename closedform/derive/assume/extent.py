"""How large a size has become, with all abbreviations written out, and how large it may be.

Sizes grow where they are multiplied, raised, or differ from case to case. Each is measured where it
comes about, from what its parts were, so that what a machine could not bear is told before it is
written out.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import sympy
from sympy import Basic, Symbol

from closedform.derive.assume.store import Store
from closedform.errors import Diagnostic, LimitError, Span

MAX_BITS = 8192  # of a number
MAX_DEGREE = 256  # of a product of sizes
MAX_PARTS = 5_000  # of a formula: its numbers, sizes and operations
MAX_CASES = 100  # conditions, maxima and minima of a formula, each as often as it stands there


class Extent(NamedTuple):
    """At most how large an expression is once it is written out."""

    bits: int
    degree: int
    parts: int
    cases: int


class Extents:
    """The extents of the sizes of one elaboration, whose store has the abbreviations."""

    def __init__(self, known: Store) -> None:
        self.known = known
        self._found: dict[Basic, Extent] = {}

    def check(self, value: Basic, span: Span) -> None:
        """Raise LimitError for what would be too large to be written out."""
        found = self.of(value)
        if found.bits > MAX_BITS:
            digits = found.bits * 30103 // 100_000
            raise _limit(f"this has a number of about {digits:,} digits", span)
        if found.degree > MAX_DEGREE:
            raise _limit(f"this is a product of {found.degree:,} sizes", span)
        if found.parts > MAX_PARTS:
            raise _limit(f"this formula has about {found.parts:,} parts when written out", span)
        if found.cases > MAX_CASES:
            message = f"this formula has {found.cases:,} conditions and maxima when written out"
            raise _limit(message, span)

    def of(self, value: Basic) -> Extent:
        """The extent of an expression or a condition."""
        found = self._found.get(value)
        if found is None:
            if isinstance(value, Symbol) and value in self.known.spelled:
                return self.of(self.known.spelled[value])  # not kept, for it may come to differ
            found = self._found[value] = self._made(value)
        return found

    def _made(self, value: Any) -> Extent:
        if value.is_Atom:
            bits = max(value.p.bit_length(), value.q.bit_length()) if value.is_Rational else 0
            return Extent(bits, int(value.is_Symbol), 1, 0)
        inner = [self.of(part) for part in value.args]
        bits, degree, parts, cases = map(list, zip(*inner, strict=True))
        bits_, degree_ = max(bits), max(degree)
        if value.is_Add:
            bits_ += len(inner).bit_length()
        elif value.is_Mul:
            bits_, degree_ = sum(bits), sum(degree)
        elif value.is_Pow and value.exp.is_Rational:
            times = max(1, abs(int(value.exp)))
            bits_, degree_ = bits[0] * times, degree[0] * times
        own = isinstance(value, sympy.Piecewise | sympy.Max | sympy.Min)
        return Extent(bits_, degree_, 1 + sum(parts), sum(cases) + own)


def _limit(message: str, span: Span) -> LimitError:
    help_ = "declare a part of it as a size of its own, with `dim`"
    return LimitError(Diagnostic("limit", message, span, help_))
