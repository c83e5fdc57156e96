"""Products of which SymPy is mistaken whether they are whole.

Up to 1.14 it compares powers of 2 alone: it takes 2^i/6 to be whole, and rounds it no more, and
6^i/3 not to be. Here all primes are compared. This holds for all of a process that imports the
package, since SymPy asks itself in floors and ceilings.

>>> A, i = sympy.symbols("A i", integer=True, positive=True)
>>> (2**i / sympy.Integer(6)).is_integer, (6**i * A / 3).is_integer, (2**i * A / 6).is_integer
(False, True, None)
>>> sympy.floor(2**i * A / 6), (2**i / sympy.Integer(2)).is_integer
(floor(2**i*A/6), True)
"""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd
from typing import Any

import sympy

_as_in_sympy = sympy.Mul._eval_is_integer


def _is_integer(product: Any) -> bool | None:
    """Whether a product is whole: as SymPy says, where its denominator is a power of 2."""
    number, rest = product.as_coeff_Mul()
    below = int(number.q) if number.is_Rational else 1
    if below & (below - 1) == 0:
        found: bool | None = _as_in_sympy(product)
        return found
    if product._eval_is_rational() is False:  # asked as SymPy does: the property asks this again
        return False
    return _with_powers(below, sympy.Mul.make_args(rest))


def _with_powers(below: int, factors: Sequence[Any]) -> bool | None:
    """Whether a product over a number is whole, as powers of numbers in it say."""
    bases = [int(f.base) for f in factors if f.is_Pow and f.base.is_Integer and f.exp.is_positive]
    left = strange = below  # what no base divides, and what none has to do with
    for base in bases:
        left //= gcd(left, base)
        while (common := gcd(strange, base)) > 1:
            strange //= common
    if strange > 1 and len(bases) == len(factors):
        return False
    whole = left == 1 and all(f.is_integer for f in factors)
    return whole or None


sympy.Mul._eval_is_integer = _is_integer
sympy.Mul._prop_handler["integer"] = _is_integer
