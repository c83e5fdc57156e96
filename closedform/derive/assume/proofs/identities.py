"""Identities of logarithms and of common divisors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sympy
from sympy import Expr

from closedform.derive.symbolic.atoms import Gcd, Log
from closedform.derive.symbolic.expansion import expand

MAX_STEPS = 12


def taken_apart(expr: Expr) -> Expr:
    """An expression with logarithms of products as sums, what sizes of a gcd share in front, and
    each of these less a multiple of the other.

    >>> a, b = sympy.symbols("a b", integer=True, positive=True)
    >>> taken_apart(Log(a * b**2, 2)), taken_apart(Gcd(4 * a * b, 6 * a))
    (Log(a, 2) + 2*Log(b, 2), 2*a*Gcd(3, 2*b))
    >>> taken_apart(Gcd(a + b, b)), taken_apart(Gcd(2 * a + 1, 2 * a - 1))
    (Gcd(a, b), 1)
    """
    if not expr.has(Log, Gcd):
        return expr
    return expand(expr.replace(Log, _sum_of_logarithms).replace(Gcd, _shared_first))


def _sum_of_logarithms(value: Expr, base: Expr) -> Expr:
    powers = [factor.as_base_exp() for factor in sympy.Mul.make_args(sympy.factor(value))]
    if not all(inside.is_positive and exponent.is_real for inside, exponent in powers):
        return Log(value, base)
    return sympy.Add(*(exponent * Log(inside, base) for inside, exponent in powers))


def _shared_first(one: Expr, other: Expr) -> Expr:
    if not all(size.is_polynomial() and size.is_integer for size in (one, other)):
        return Gcd(one, other)
    shared = sympy.gcd(one, other)
    parts = [expand(sympy.cancel(size / shared)) for size in (one, other)]
    if not shared.is_positive or not shared.is_integer or not all(p.is_integer for p in parts):
        return Gcd(one, other)
    return shared * _less_multiples(*parts)


def _less_multiples(one: Expr, other: Expr) -> Expr:
    """A gcd by the steps of Euclid, as long as sizes become simpler: gcd(a + b, b) is gcd(a, b)."""
    for _ in range(MAX_STEPS):
        simpler = next(_steps(one, other), None) or next(_steps(other, one), None)
        if simpler is None:
            break
        one, other = simpler
    return Gcd(_unsigned(one), _unsigned(other))


def _steps(one: Expr, other: Expr) -> Iterator[tuple[Expr, Expr]]:
    """Two sizes, the first of which is simpler by a multiple of the second."""
    rests = [expand(one - other), expand(one + other)]
    if other.is_Integer and other != 0:
        rests.append(sympy.Add(*(n % other * p for n, p in map(_of_term, _terms(one)))))
    for symbol in sorted(other.free_symbols, key=str):
        if sympy.Poly(other, symbol).LC() in (1, -1) and one.has(symbol):
            rests.append(expand(sympy.rem(one, other, symbol)))
    yield from ((rest, other) for rest in rests if _simplicity(rest) < _simplicity(one))


def _of_term(term: Expr) -> tuple[Expr, Expr]:
    number, product = term.as_coeff_Mul()
    return number, product


def _terms(expr: Expr) -> Sequence[Expr]:
    terms: Sequence[Expr] = sympy.Add.make_args(expr)
    return terms


def _simplicity(expr: Expr) -> tuple[int, int, int, str]:
    """What falls with each step: the degree, the number of terms, their numbers, the text."""
    degree = sympy.total_degree(expr) if expr.free_symbols else 0
    numbers = sum(abs(int(_of_term(term)[0])) for term in _terms(expr))
    return degree, len(_terms(expr)), numbers, str(_unsigned(expr))


def _unsigned(size: Expr) -> Expr:
    return -size if size.could_extract_minus_sign() else size
