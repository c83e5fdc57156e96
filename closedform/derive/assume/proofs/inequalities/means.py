"""Inequalities between polynomials of sizes that follow from those between means.

For weights w that add up to 1, w_1 x^a + w_2 x^b + ... is at least x^(w_1 a + w_2 b + ...), since a
weighted arithmetic mean is at least the geometric one; a^2 + b^2 >= 2 a b is one of them. Which of
them add up to a polynomial is a linear program. Beside them there is the inequality of Schur,
x (x - y) (x - z) + y (y - x) (y - z) + z (z - x) (z - y) >= 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import chain, combinations, product
from math import lcm
from typing import Any, TypeAlias

import sympy
from sympy import Expr, Poly, Symbol

from closedform.data import dataclass
from closedform.derive.assume.proofs.polynomials import Atoms, fraction_of, positive
from closedform.derive.assume.simplex import maximize
from closedform.derive.symbolic.expansion import expand, terms_of

Row: TypeAlias = Mapping[tuple[int, ...], Fraction]  # the numbers of products by their powers

MAX_TERMS = 40
MAX_CELLS = 6000  # of a linear program
MAX_SCALED = 6  # products, for which twice and half a size is tried
SCALES = (Fraction(2), Fraction(1, 2), Fraction(3), Fraction(1, 3))


def follows_from_means(condition: Any) -> bool:
    """Whether an inequality of polynomials holds by inequalities between means.

    >>> a, b, c = sympy.symbols("a b c", integer=True, positive=True)
    >>> follows_from_means(a**2 + b**2 + c**2 >= a * b + b * c + c * a)
    True
    >>> follows_from_means(a**3 + b**3 + c**3 >= 3 * a * b * c)
    True
    >>> follows_from_means(a**3 + b**3 + c**3 >= 4 * a * b * c)
    False
    """
    if not isinstance(condition, sympy.Lt | sympy.Le | sympy.Gt | sympy.Ge):
        return False
    strict = isinstance(condition, sympy.Lt | sympy.Gt)
    top, bottom = fraction_of(condition.gts - condition.lts)
    if not positive(bottom):
        return False
    plain = Atoms().polynomial(_without_roots(top))
    known = all(s.is_positive or (s.is_nonnegative and not strict) for s in plain.free_symbols)
    tried = _rows(plain) if known else ()
    return any(_adds_up(row, strict) for row in tried if sum(row.values()) >= 0)


def left_of_means(expr: Expr) -> list[Expr] | None:
    """Products of which a sum is at least some multiple; None where it may be below 0.

    >>> a, b = sympy.symbols("a b", integer=True, positive=True)
    >>> left_of_means(a**3 + b**3 - a**2 * b), left_of_means(a**3 + b**3 - 3 * a**2 * b)
    ([a**3, a**2*b, b**3], None)
    """
    symbols = _ordered(expr)
    if not all(symbol.is_nonnegative for symbol in symbols):
        return None
    for row in _rows(expr):
        program = _program(row)
        if program is not None and program.most() is not None:
            left = [powers for powers in program.products if program.most(powers)]
            return [sympy.Mul(*map(sympy.Pow, symbols, powers)) for powers in left]
    return None


def _without_roots(expr: Expr) -> Expr:
    """A sum in the roots of its sizes: r^2 + s^2 - 2 r s for n + m - 2 sqrt(n m)."""
    roots: dict[Symbol, int] = {}
    for power in expr.atoms(sympy.Pow):
        base, exponent = power.args
        if base.is_Symbol and base.is_positive and exponent.is_Rational:
            roots[base] = lcm(roots.get(base, 1), int(exponent.q))
    told = {
        size: sympy.Dummy(size.name, positive=True) ** root
        for size, root in roots.items()
        if root > 1
    }
    return expand(expr.xreplace(told)) if told else expr


def _ordered(expr: Expr) -> list[Symbol]:
    return sorted(expr.free_symbols, key=sympy.default_sort_key)


def _rows(expr: Expr) -> Iterator[Row]:
    """A polynomial by its numbers, as it is and in other forms that tell its sign."""
    plain = expand(expr)
    symbols = _ordered(plain)
    if terms_of(plain) > MAX_TERMS or not symbols or not plain.is_polynomial(*symbols):
        return
    if not all(number.is_Rational for number in Poly(plain, *symbols).coeffs()):
        return
    numbers = _numbers(plain, symbols)
    yield from chain([numbers], _less_schur(plain, symbols), _scaled(numbers))


def _numbers(expr: Expr, symbols: Sequence[Symbol]) -> Row:
    """The numbers of a polynomial by the powers of its products."""
    terms = Poly(expr, *symbols).terms()
    return {powers: Fraction(int(number.p), int(number.q)) for powers, number in terms}


def _scaled(numbers: Row) -> Iterator[Row]:
    """The same in twice a size, or a part of it, where it is short: a^2 + 4 b^2 >= 4 a b is about
    a and 2 b."""
    (width,) = {len(powers) for powers in numbers}
    for at, times in product(range(width if len(numbers) <= MAX_SCALED else 0), SCALES):
        yield {powers: number * times ** powers[at] for powers, number in numbers.items()}


def _less_schur(polynomial: Expr, symbols: Sequence[Symbol]) -> Iterator[Row]:
    """The same less what the inequality of Schur says of three sizes, as often as that goes."""
    degree = Poly(polynomial, *symbols).total_degree()
    for three in combinations(symbols if 3 <= degree <= 4 and len(symbols) <= 4 else (), 3):
        often = min(polynomial.coeff(size, degree) for size in three)
        if often.is_Rational and often > 0:
            turned = [three[at:] + three[:at] for at in range(3)]
            schur = sympy.Add(*(x ** (degree - 2) * (x - y) * (x - z) for x, y, z in turned))
            yield _numbers(expand(polynomial - often * schur), symbols)


def _adds_up(numbers: Row, strict: bool) -> bool:
    """Whether a polynomial is a sum of inequalities between means and of products with no number
    below 0; with one above 0, for `strict`."""
    program = _program(numbers)
    if program is None:
        return False
    left = program.most(*(program.products if strict else ()))
    return left is not None and (left > 0 or not strict)


@dataclass(frozen=True)
class _Program:
    """The linear program: how much of each product goes into each mean, and what is left of it."""

    products: Sequence[tuple[int, ...]]
    pairs: Sequence[tuple[tuple[int, ...], tuple[int, ...]]]
    table: Sequence[Sequence[Fraction]]
    limits: Sequence[Fraction]

    def most(self, *wanted: tuple[int, ...]) -> Fraction | None:
        """The most that is left of some products together; None where they do not add up."""
        if not self.products:
            return Fraction(0)
        aim = [0] * len(self.pairs) + [int(product_ in wanted) for product_ in self.products]
        found = maximize(aim, self.table, self.limits)
        return None if found is None else found[0]


def _program(numbers: Row) -> _Program | None:
    """The program of a polynomial; None where it is too large."""
    products = [p for p, number in numbers.items() if number]
    above = [p for p in products if numbers[p] > 0]  # that a mean can be made of
    below = [p for p in products if numbers[p] < 0]
    pairs = [(small, large) for small in below for large in above]
    width = len(pairs) + len(products)
    if products and 2 * width * (len(products[0]) * len(below) + len(products)) > MAX_CELLS:
        return None
    table: list[list[Fraction]] = []
    limits: list[Fraction] = []
    for small in below:
        for at in range(len(small)):  # the weights of a mean keep each exponent
            row = [Fraction((large[at] - one[at]) * (one == small)) for one, large in pairs]
            row += [Fraction(0)] * len(products)
            table += [row, [-x for x in row]]
            limits += [Fraction(0)] * 2
    for at, product_ in enumerate(products):
        left = [Fraction(at == other) for other in range(len(products))]
        used = [Fraction((large == product_) - (small == product_)) for small, large in pairs]
        table += [[*used, *left], [*([Fraction(0)] * len(pairs)), *left]]
        limits += [numbers[product_], Fraction(1)]
    return _Program(products, pairs, table, limits)
