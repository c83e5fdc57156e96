"""Comparisons with floors and ceilings: x <= ceil(x) < x + 1, and nearer for whole numbers."""

from __future__ import annotations

from itertools import product
from typing import Any

import sympy
from sympy import Expr
from sympy.core.relational import Relational

from closedform.derive.assume.proofs.polynomials import fraction_of, nonnegative, positive
from closedform.derive.symbolic.expansion import expand

MAX_ATOMS = 4


def follows_from_rounding(condition: Any) -> bool:
    """Whether an inequality holds, since a floor or a ceiling is less than 1 from its argument.

    >>> a, d = sympy.Symbol("a", positive=True), sympy.Symbol("d", integer=True, positive=True)
    >>> up = d * sympy.ceiling(a * d)
    >>> [follows_from_rounding(c) for c in (up >= a * d**2, up < a * d**2 + d, up > a * d**2)]
    [True, True, False]
    >>> n = sympy.Symbol("n", integer=True, positive=True)
    >>> most = n + d - 1
    >>> [follows_from_rounding(d * sympy.ceiling(n / d) <= bound) for bound in (most, most - 1)]
    [True, False]
    """
    if not isinstance(condition, Relational):  # which SymPy has decided
        return False
    strict = isinstance(condition, sympy.Lt | sympy.Gt)
    difference = condition.gts - condition.lts  # at least 0, or above it
    atoms = sorted(difference.atoms(sympy.floor, sympy.ceiling), key=sympy.default_sort_key)
    inner = [atom for atom in atoms if not atom.args[0].has(sympy.floor, sympy.ceiling)]
    if not 0 < len(inner) <= MAX_ATOMS:
        return False
    for told in product(*map(_told, inner)):
        value = expand(difference.xreplace(dict(zip(inner, told, strict=True))))
        top, bottom = fraction_of(value)
        if positive(bottom) and (positive(top) if strict else nonnegative(top)):
            return True
    return False


def _told(atom: Expr) -> tuple[Expr, Expr]:
    """A floor or a ceiling as x - f and x - 1 + g, or as x + f and x + 1 - g: f >= 0 and g > 0.

    Of a quotient of whole numbers, a/b, it is g >= 1/b.
    """
    sign = 1 if isinstance(atom, sympy.ceiling) else -1
    over, short = sympy.Dummy("f", nonnegative=True), sympy.Dummy("g", positive=True)
    inside = atom.args[0]
    top, bottom = fraction_of(inside)
    if top.is_integer and bottom.is_integer and positive(bottom):
        short = 1 / bottom + sympy.Dummy("g", nonnegative=True)
    return inside + sign * over, inside + sign * (1 - short)
