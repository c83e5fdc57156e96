"""How many bits the numbers of a formula would have, before they are worked out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy

from closedform.derive.symbolic.atoms import put_in
from closedform.errors import Diagnostic, LimitError

MAX_BITS = 14_000  # some 4,200 digits; Python writes no number of more than 4,300


def put_in_bounded(expr: Any, values: Mapping[Any, Any]) -> Any:
    """`put_in` for numbers, refused where one would come out that is too long to be written.

    >>> N = sympy.Symbol("N", integer=True, positive=True)
    >>> put_in_bounded(2**N + 1, {N: sympy.Integer(10)})
    1025
    >>> put_in_bounded(2**N + 1, {N: sympy.Integer(10) ** 9})
    Traceback (most recent call last):
    ...
    closedform.errors.LimitError: error[limit]: a number would have about 319,844,375 digits
         = help: choose smaller numbers for the sizes that it is made of
    """
    check_bits(_bits(expr, values))
    return put_in(expr, values)


def check_bits(bits: int) -> None:
    """Raise LimitError for a number of more bits than can be written."""
    if bits > MAX_BITS:
        digits = min(bits * 30103 // 100_000, 10**15)
        message = f"a number would have about {digits:,} digits"
        help_ = "choose smaller numbers for the sizes that it is made of"
        raise LimitError(Diagnostic("limit", message, None, help_))


def _bits(expr: Any, values: Mapping[Any, Any]) -> int:
    if expr in values:
        expr = values[expr]
    if expr.is_Atom:
        return max(expr.p.bit_length(), expr.q.bit_length()) if expr.is_Rational else 1
    if isinstance(expr, sympy.Piecewise):
        return 1
    if expr.is_Mul and any(
        isinstance(part, sympy.Piecewise) and put_in(part, values) == 0 for part in expr.args
    ):
        return 1
    inner = [_bits(part, values) for part in expr.args]
    if expr.is_Add:
        return max(inner) + len(inner).bit_length()
    if expr.is_Mul:
        return sum(inner)
    if expr.is_Pow:
        exponent = put_in_bounded(expr.exp, values)
        return _of_power(expr.base, inner[0], exponent) if exponent.is_Rational else inner[0]
    return max(inner)


def _of_power(base: Any, bits: int, exponent: Any) -> int:
    times = max(1, abs(int(exponent)))
    if base.is_Rational:
        bits_of_16: int = (max(abs(base.p), base.q) ** 16).bit_length()  # 3^16 has 26, and 3 has 2
        return bits_of_16 * times // 16 + 1
    return bits * times
