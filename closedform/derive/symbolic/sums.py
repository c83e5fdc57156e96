"""Sums over an index, in closed form where there is one."""

from __future__ import annotations

from collections.abc import Set

import sympy
from sympy import Expr, Symbol

from closedform.derive.symbolic.atoms import BigSum, Bracket, Divides, Gcd
from closedform.derive.symbolic.expansion import expand


def summed(expr: Expr, index: Symbol, first: Expr, last: Expr, stated: bool = False) -> Expr:
    """The sum of an expression over an index, closed where that is a polynomial or geometric.

    With `stated`, the number of steps that are multiples of a size, or are none, is in brackets.

    >>> from sympy import Integer
    >>> i, n = sympy.symbols("i n", integer=True, positive=True)
    >>> sympy.factor(summed(i, i, Integer(1), n))
    n*(n + 1)/2
    """
    found = []
    for term in sympy.Add.make_args(expand(expr)):
        factor, part = term.as_independent(index, as_Add=False)
        total = _sum_of(part, index, first, last)
        counts = stated and isinstance(part, sympy.Piecewise)
        found.append(factor * (Bracket(total) if counts else total))
    return sympy.Add(*found)


def resummed(expr: Expr) -> Expr:
    """An expression whose sums are closed where other sizes in them allow it.

    >>> i, n, p = sympy.symbols("i n p", integer=True, positive=True)
    >>> resummed(BigSum(sympy.floor(i / p), (i, 1, n)).subs(p, 1))
    n**2/2 + n/2
    """
    sums = expr.atoms(BigSum)
    return expr.xreplace({s: summed(s.args[0], *s.args[1]) for s in sums}) if sums else expr


def _sum_of(part: Expr, index: Symbol, first: Expr, last: Expr) -> Expr:
    if part == 1:
        return last - first + 1
    if isinstance(part, sympy.Piecewise) and (found := _every(part, index, first, last)):
        return found
    if part.has(sympy.floor, sympy.ceiling, sympy.Piecewise, sympy.Max, sympy.Min, Gcd):
        return BigSum(part, (index, first, last))
    found = sympy.summation(part, (index, first, last))
    known = (part, first, last)
    if not _made_of(found, {atom for given in known for atom in sympy.preorder_traversal(given)}):
        return BigSum(part, (index, first, last))
    return expand(_in_primes(found))


def _every(part: Expr, index: Symbol, first: Expr, last: Expr) -> Expr | None:
    """How many steps are multiples of a size, or are none: [p | i] for i = 1..n is floor(n/p)."""
    (one, holds), (zero, _) = part.args
    others = isinstance(holds, sympy.Not)
    divides = holds.args[0] if others else holds
    if (one, zero) != (1, 0) or not isinstance(divides, Divides):
        return None
    size, step = divides.args
    if step != index or size.has(index):
        return None
    found = sympy.floor(last / size) - sympy.floor((first - 1) / size)
    return last - first + 1 - found if others else found


def _made_of(found: Expr, given: Set[Expr]) -> bool:
    """Whether a closed form has nothing new but sums, products and powers.

    SymPy's may be a harmonic number, a zeta function, or one by cases, as a geometric sum to the
    base d; that is no form of the language.
    """
    if found in given or found.is_Rational:
        return True
    plain = found.is_Add or found.is_Mul or found.is_Pow
    return bool(plain) and all(_made_of(part, given) for part in found.args)


def _in_primes(expr: Expr) -> Expr:
    """4^n and (1/4)^n as powers of 2, so that they cancel; SymPy leaves them as they are."""

    def power(base: Expr, exponent: Expr) -> Expr:
        factors = sympy.factorrat(base) if base.is_Rational and base.is_positive else {}
        if len(factors) != 1:
            return sympy.Pow(base, exponent)
        ((prime, times),) = factors.items()
        return sympy.Pow(prime, times * exponent)

    return expr.replace(sympy.Pow, power)
