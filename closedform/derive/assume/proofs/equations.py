"""Polynomials that are 0 because others are: reduction modulo a Groebner basis, bounded."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import sympy
from sympy import Expr, Symbol
from sympy.polys.orderings import grevlex
from sympy.polys.rings import PolyElement, PolyRing

from closedform.derive.assume.proofs.polynomials import Atoms

MAX_BASIS = 24
MAX_PAIRS = 80
MAX_TERMS = 80


def follows(expr: Expr, zero: Sequence[Expr]) -> bool:
    """Whether it is proved that a polynomial is 0 where others are, and all sizes positive.

    >>> a, b, c, d = sympy.symbols("a b c d", integer=True, positive=True)
    >>> follows(a**2 * d - b * c * a, [a * d - b * c])
    True
    >>> follows(a * d - b * c, [a**2 * d - b * c * a])
    True
    """
    atoms = Atoms()
    polynomials = [atoms.polynomial(e) for e in (expr, *zero)]
    linked = _linked(polynomials[0], polynomials[1:])
    if not linked:
        return False
    symbols = sorted(set().union(*(p.free_symbols for p in (polynomials[0], *linked))), key=str)
    if any(not isinstance(s, Symbol) for s in symbols):
        return False
    return _member(polynomials[0], tuple(linked), tuple(symbols))


def _linked(expr: Expr, zero: Sequence[Expr]) -> list[Expr]:
    """The equalities that share sizes with an expression, or with each other."""
    symbols, found, left = set(expr.free_symbols), [], list(zero)
    while near := [e for e in left if e.free_symbols & symbols]:
        found += near
        left = [e for e in left if e not in near]
        symbols |= set().union(*(e.free_symbols for e in near))
    return found


def _member(expr: Expr, zero: tuple[Expr, ...], symbols: tuple[Symbol, ...]) -> bool:
    for saturated in (False, True):
        ring, basis = _basis(zero, symbols, saturated)
        if not ring.from_expr(expr).rem(basis):
            return True
    return False


@lru_cache(maxsize=256)
def _basis(
    zero: tuple[Expr, ...], symbols: tuple[Symbol, ...], saturated: bool
) -> tuple[PolyRing, list[PolyElement]]:
    """A basis, or as much of one as the bounds allow: what it reduces to 0 is 0 all the same.

    With one variable more, t times the product of all sizes is 1: sizes are not 0, and can be
    cancelled.
    """
    names: tuple[Any, ...] = (*symbols, sympy.Dummy("t")) if saturated else symbols
    ring = PolyRing(names, sympy.QQ, grevlex)
    basis = [ring.from_expr(e).monic() for e in zero]
    if saturated:
        product = ring.one
        for generator, symbol in zip(ring.gens, names, strict=True):
            if symbol.is_positive or symbol == names[-1]:
                product *= generator
        basis.append(product - 1)
    pairs = [(i, j) for j in range(len(basis)) for i in range(j)]
    for _ in range(MAX_PAIRS):
        if not pairs or len(basis) > MAX_BASIS:
            break
        i, j = pairs.pop(0)
        rest = _s_polynomial(basis[i], basis[j]).rem(basis)
        if rest and len(rest.terms()) <= MAX_TERMS:
            pairs += [(k, len(basis)) for k in range(len(basis))]
            basis.append(rest.monic())
    return ring, basis


def _s_polynomial(f: PolyElement, g: PolyElement) -> PolyElement:
    ring = f.ring
    common = ring.monomial_lcm(f.LM, g.LM)
    left = f.mul_term((ring.monomial_div(common, f.LM), ring.domain.one))
    right = g.mul_term((ring.monomial_div(common, g.LM), ring.domain.one))
    return left - right
