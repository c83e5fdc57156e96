"""Products of which SymPy is mistaken whether they are whole.

Up to 1.14 it compares powers of 2 alone: it takes 2^i/6 to be whole, and rounds it no more, and
6^i/3 not to be. Here neither is known. This holds for all of a process that imports the package,
since SymPy asks itself in floors and ceilings.

>>> i = sympy.Symbol("i", integer=True, positive=True)
>>> (2**i / sympy.Integer(6)).is_integer, (6**i / sympy.Integer(3)).is_integer
(None, None)
>>> sympy.floor(2**i / sympy.Integer(6)), (2**i / sympy.Integer(2)).is_integer
(floor(2**i/6), True)
"""

from __future__ import annotations

from typing import Any

import sympy

_as_in_sympy = sympy.Mul._eval_is_integer


def _is_integer(product: Any) -> bool | None:
    """Whether a product is whole; not known where its denominator is no power of 2."""
    found: bool | None = _as_in_sympy(product)
    if found is None:
        return None
    below = product.as_coeff_Mul()[0]
    below = below.q if below.is_Rational else 1
    if below & (below - 1) == 0 or product.is_rational is False:
        return found
    return None


sympy.Mul._eval_is_integer = _is_integer
sympy.Mul._prop_handler["integer"] = _is_integer
