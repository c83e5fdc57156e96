"""Comparisons with floors and ceilings: x <= ceil(x) < x + 1, and nearer for whole numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Any

import sympy
from sympy import Expr
from sympy.core.relational import Relational

from closedform.derive.assume.proofs.polynomials import fraction_of, nonnegative, positive
from closedform.derive.symbolic.atoms import indicator
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


def with_factors_bounded(condition: Any, nonnegative_: Callable[[Expr], bool]) -> Iterator[Any]:
    """Inequalities without roundings from which one follows: in products of what is at least 0,
    each floor, ceiling and indicator is no more than a bound of it, and a ceiling no less.

    >>> n, m, s = sympy.symbols("n m s", integer=True, positive=True)
    >>> fewer = sympy.ceiling(n / s) * sympy.ceiling(m / s) <= m * n
    >>> list(with_factors_bounded(fewer, lambda size: size.is_nonnegative))[-1]
    True
    """
    if not isinstance(condition, Relational):
        return
    difference = expand(condition.gts - condition.lts)
    atoms = sorted(difference.atoms(sympy.floor, sympy.ceiling), key=sympy.default_sort_key)
    if not 0 < len(atoms) <= MAX_ATOMS or not all(nonnegative_(a.args[0]) for a in atoms):
        return
    for bounds in product(*(_no_less(atom) for atom in atoms)):
        most = dict(zip(atoms, bounds, strict=True))
        least = [_least(term, most) for term in sympy.Add.make_args(difference)]
        if None not in least:
            total = expand(sympy.Add(*least))
            yield total > 0 if isinstance(condition, sympy.Lt | sympy.Gt) else total >= 0


def _no_less(atom: Expr) -> Iterator[Expr]:
    """What a rounding of a value that is not below 0 is at most: ceil(n/s) <= (n + s - 1)/s, and n,
    which is near where s is 1."""
    inside = atom.args[0]
    top, bottom = fraction_of(inside)
    if isinstance(atom, sympy.floor):
        yield inside
    elif top.is_integer and bottom.is_integer and positive(bottom):
        yield expand((top + bottom - 1) / bottom)
        yield top
    else:
        yield inside + 1


def _least(term: Expr, most: Mapping[Expr, Expr]) -> Expr | None:
    """What a term of a sum is at least; None where a factor of it may be below 0."""
    number, rest = term.as_coeff_Mul()
    if not rest.has(*most):
        return term
    found = number
    for factor in sympy.Mul.make_args(rest):
        base, exponent = factor.as_base_exp()
        if base in most and exponent.is_Integer and exponent > 0:
            bound = most[base] if number < 0 else base
            if isinstance(base, sympy.ceiling) and number > 0:
                bound = base.args[0]
            found *= bound**exponent
        elif isinstance(factor, sympy.Piecewise) and indicator(factor.args[0][1]) == factor:
            found *= int(bool(number < 0))
        elif factor.is_nonnegative and not factor.has(*most):
            found *= factor
        else:
            return None
    return found
