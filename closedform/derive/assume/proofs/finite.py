"""Proofs by going through all sizes, where conditions leave finitely many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any, TypeAlias

import sympy
from sympy import Expr, Symbol
from sympy.core.relational import Relational

from closedform.derive.assume.proofs.polynomials import fraction_of, least, positive
from closedform.derive.symbolic.exact import NoNumberError, Numbers, exact, holds

MAX_POINTS = 2000
ROUNDS = 4

Term: TypeAlias = tuple[Fraction, Mapping[Symbol, int]]  # a product of sizes with its number


def vanishes_everywhere(expr: Expr, conditions: Sequence[Any]) -> bool:
    """Whether an expression is 0 at all sizes that satisfy conditions, of which there are few.

    >>> a, b = sympy.symbols("a b", integer=True, positive=True)
    >>> [vanishes_everywhere(a + b - 5, [sympy.Eq(a**2 + b**2, n)]) for n in (13, 26)]
    [True, False]
    >>> vanishes_everywhere(a + b - 5, [sympy.Eq(a**2 - b**2, 13)])
    False
    """
    points = _points(expr.free_symbols.union(*(c.free_symbols for c in conditions)), conditions)
    try:
        return points is not None and all(
            exact(expr, point) == 0
            for point in points
            if all(holds(condition, point) for condition in conditions)
        )
    except NoNumberError:
        return False


def _points(symbols: Iterable[Symbol], conditions: Sequence[Any]) -> Iterator[Numbers] | None:
    """All sizes that are within their bounds; None where there may be too many."""
    most = _bounds(conditions)
    ranges = {s: range(int(least(s) or 0), most.get(s, 0) + 1) for s in symbols}
    if not ranges.keys() <= most.keys() or prod(map(len, ranges.values())) > MAX_POINTS:
        return None
    numbers = ([Fraction(value) for value in values] for values in ranges.values())
    return (dict(zip(ranges, point, strict=True)) for point in product(*numbers))


def _bounds(conditions: Sequence[Any]) -> dict[Symbol, int]:
    """The largest values of sizes that conditions bound."""
    sums = [terms for part in _parts(conditions) if (terms := _terms(part)) is not None]
    most: dict[Symbol, int] = {}
    for _ in range(ROUNDS):
        before = dict(most)
        for terms in sums:
            for symbol, bound in _bounded(terms, most):
                most[symbol] = min(bound, most.get(symbol, bound))
        if most == before:
            break
    return most


def _parts(conditions: Sequence[Any]) -> Iterator[Expr]:
    """What conditions say is at least 0."""
    for condition in conditions:
        for part in sympy.And.make_args(condition):
            if isinstance(part, sympy.Eq):
                yield part.lhs - part.rhs
                yield part.rhs - part.lhs
            elif isinstance(part, Relational) and not isinstance(part, sympy.Ne):
                yield part.gts - part.lts


def _terms(expr: Expr) -> list[Term] | None:
    """The terms of a polynomial in whole sizes that are at least 0; None for anything else."""
    top, bottom = fraction_of(expr)
    if not positive(bottom):
        return None
    found: list[Term] = []
    for term in sympy.Add.make_args(top):
        number, rest = term.as_coeff_Mul()
        powers = {} if rest == 1 else rest.as_powers_dict()
        sizes = all(s.is_Symbol and s.is_integer and least(s) is not None for s in powers)
        if not (sizes and number.is_Rational and all(p.is_Integer for p in powers.values())):
            return None
        whole_powers = {symbol: int(power) for symbol, power in powers.items()}
        found.append((Fraction(int(number.p), int(number.q)), whole_powers))
    return found


def _bounded(terms: Sequence[Term], most: Mapping[Symbol, int]) -> Iterator[tuple[Symbol, int]]:
    """Sizes with their largest values, so that a sum of terms can be at least 0."""
    above = [term for term in terms if term[0] > 0]
    below = [(-number, powers) for number, powers in terms if number < 0]
    if not all(powers.keys() <= most.keys() for _, powers in above):
        return
    smallest = {s: int(least(s) or 0) for _, powers in below for s in powers}
    room = sum((_at(term, most) for term in above), Fraction(0))
    room -= sum((_at(term, smallest) for term in below), Fraction(0))
    for number, powers in below:
        for symbol, power in powers.items():
            others = {s: p for s, p in powers.items() if s != symbol}
            factor = _at((number, others), smallest)
            if factor > 0:
                limit = (room + _at((number, powers), smallest)) // factor
                yield symbol, sympy.integer_nthroot(limit, power)[0] if limit >= 0 else -1


def _at(term: Term, sizes: Mapping[Symbol, int]) -> Fraction:
    number, powers = term
    return number * prod(Fraction(sizes[symbol]) ** power for symbol, power in powers.items())
