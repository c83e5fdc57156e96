"""Products as powers of their factors, and what several of them share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, reduce
from itertools import combinations
from math import gcd, lcm

import sympy
from sympy import Expr, Integer, Rational

MAX_DENOMINATOR = 16  # that is written below a whole sum; others stay with their terms


@lru_cache(maxsize=4096)
def powers(term: Expr) -> Mapping[Expr, int]:
    """The factors of a product but for its number, each with a whole exponent.

    >>> x, s = sympy.symbols("x s", positive=True)
    >>> powers(6 * x**3 * 2 ** (-2 * s))
    {2**(2*s): -1, x: 3}
    """
    found: dict[Expr, int] = {}
    rest = term.as_coeff_Mul()[1]
    for factor in sympy.Mul.make_args(rest) if rest != 1 else ():
        base, exponent = factor.args if factor.is_Pow else (factor, Integer(1))
        if base.is_Rational and base.p == 1:
            base, exponent = Integer(base.q), -exponent
        number, exponent = exponent.as_coeff_Mul()
        if base.is_Integer:
            found[base ** (abs(number) * exponent)] = 1 if number > 0 else -1
        elif number.is_Integer:
            found[base**exponent] = int(number)
        else:
            found[factor] = 1
    return found


def common_powers(products: Sequence[Mapping[Expr, int]]) -> dict[Expr, int]:
    """What products share: powers in all of them, above the line or below it."""
    return reduce(_both, products, dict(products[0]))


def _both(a: Mapping[Expr, int], b: Mapping[Expr, int]) -> dict[Expr, int]:
    return {
        base: min(exponent, b[base], key=abs)
        for base, exponent in a.items()
        if base in b and (exponent > 0) == (b[base] > 0)
    }


def monomial(exponents: Mapping[Expr, int]) -> Expr:
    return sympy.Mul(*(base**exponent for base, exponent in exponents.items()))


def without(term: Expr, part: Expr) -> Expr:
    """A product without some of its factors."""
    powers_of_part = powers(part)
    left = {base: n - powers_of_part.get(base, 0) for base, n in powers(term).items()}
    return term.as_coeff_Mul()[0] / part.as_coeff_Mul()[0] * monomial(left)


def has(powers_of_term: Mapping[Expr, int], part: Mapping[Expr, int]) -> bool:
    """Whether a product can be divided by another."""
    return _both(powers_of_term, part) == part


def common(terms: Sequence[Expr]) -> list[Expr]:
    """What terms share: powers that are in all of them, with one number or another.

    Denominators stay with their terms, or go below the whole sum if they are small. They go there
    if all terms have one, and that of one of them is that of all.

    >>> x, y, s = sympy.symbols("x y s", positive=True)
    >>> common([x**2 / 2, 3 * x * y / 4]), common([x / 3, 2 * y / 7]), common([4 * x, 6 * y])
    ([x/4], [1], [2])
    >>> common([x / 64, y / 32]), common([x / 64, y / 32, s])
    ([1/64], [1])
    >>> common([x * 4 ** (-s) / 64, y * 4 ** (-s) / 16])
    [1/(64*4**s)]
    >>> common([sympy.sqrt(2) * x / 2, 3 * x])
    [x, x/2]
    """
    shared = common_powers([powers(term) for term in terms])
    numbers = [_number(term) for term in terms]
    above = gcd(*(int(number.p) for number in numbers))
    below = lcm(*(int(number.q) for number in numbers))
    large = below
    for base, exponent in shared.items():
        if exponent < 0:
            large = _divided(large, base)
    if below == max(number.q for number in numbers) and all(number.q > 1 for number in numbers):
        whole: tuple[int, ...] = (below,)
    else:
        whole = (1, below) if below > 1 and large <= MAX_DENOMINATOR else (1,)
    return [Rational(above, divisor) * monomial(shared) for divisor in whole]


def _number(term: Expr) -> Expr:
    """The number of a product, without denominators that go into an exponent: 17 4^s/4."""
    number = term.as_coeff_Mul()[0]
    below = int(number.q)
    for base, exponent in powers(term).items():
        if exponent > 0:
            below = _divided(below, base)
    return Rational(number.p, below)


def _divided(number: int, power: Expr) -> int:
    """A number without the 4 of a power 4^s."""
    if power.is_Pow and power.base.is_Integer:
        whole = power.base ** power.exp.as_coeff_Mul()[0]
        if whole.is_Integer and whole > 1:  # it is not for the square root of 2
            while number % int(whole) == 0:
                number //= int(whole)
    return number


def shared_by_some(terms: Sequence[Mapping[Expr, int]]) -> Iterator[dict[Expr, int]]:
    """What at least two of several products share."""
    found: dict[frozenset[tuple[Expr, int]], dict[Expr, int]] = {}
    for pair in combinations(terms, 2):
        shared = _both(*pair)
        if shared:
            found.setdefault(frozenset(shared.items()), shared)
    yield from found.values()


def crossed(terms: Sequence[Expr]) -> list[Expr]:
    """The most terms, not all, that are a sum of two factors times another sum.

    >>> a, b, c, d = sympy.symbols("a b c d", positive=True)
    >>> crossed([a * c, a * d, b * c, a * b, b * d])
    [a*c, a*d, b*c, b*d]
    """
    rows: dict[Expr, dict[tuple[Expr, frozenset[tuple[Expr, int]]], Expr]] = {}
    for term in terms:
        factors = powers(term)
        for base, exponent in factors.items():
            if exponent > 0:
                rest = {**factors, base: exponent - 1}
                left = frozenset((b, n) for b, n in rest.items() if n)
                rows.setdefault(base, {})[term.as_coeff_Mul()[0], left] = term
    best: set[Expr] = set()
    for (a, row_a), (b, row_b) in combinations(rows.items(), 2):
        both = [rest for rest in row_a if rest in row_b and not {a, b} & dict(rest[1]).keys()]
        if len(both) > 1 and len(best) < 2 * len(both) < len(terms):
            best = {row[rest] for row in (row_a, row_b) for rest in both}
    return [term for term in terms if term in best]
