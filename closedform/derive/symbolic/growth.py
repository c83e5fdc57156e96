"""Orders of growth: whether a formula is in O(bound) as some sizes grow."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import sympy
from sympy import Expr, Symbol

from closedform.derive.symbolic.atoms import Gcd, Log
from closedform.derive.symbolic.expansion import expand

# A logarithm grows, and more slowly than any power that a formula is likely to have.
LOGARITHM = sympy.Rational(1, 1000)


def grows_no_faster(expr: Expr, bound: Expr, growing: Sequence[Symbol]) -> list[Expr]:
    """The terms of `expr` that are not in O(bound), the other symbols held fixed.

    A product of powers is in O(bound) when its exponents are at most those of one term of the
    bound, or of a point between two of them (N^(3/2) D is at most N^2 D + N D).

    >>> n, d = sympy.symbols("n d", positive=True)
    >>> grows_no_faster(4 * n * d**2 + n**3, n * d**2 + n**2 * d, [n, d])
    [n**3]
    """
    limits = [_exponents(term, growing) for term in sympy.Add.make_args(expand(bound))]
    terms = sympy.Add.make_args(expand(expr))
    return [term for term in terms if not _below(_exponents(term, growing), limits)]


def _exponents(term: Expr, growing: Sequence[Symbol]) -> tuple[Expr, ...]:
    """The growth of one term in each symbol; a floor or ceiling grows like its argument.

    A common divisor is at most either of its arguments.
    """
    smooth = term.replace(sympy.floor, lambda a: a).replace(sympy.ceiling, lambda a: a)
    smooth = smooth.replace(sympy.Piecewise, lambda *_: sympy.Integer(1))
    smooth = smooth.replace(Gcd, lambda a, b: b if a.has(*growing) else a)
    degrees = []
    for symbol in growing:
        numerator, denominator = sympy.fraction(sympy.together(smooth))
        degrees.append(_degree(numerator, symbol) - _degree(denominator, symbol))
    return tuple(degrees)


def _degree(expr: Expr, symbol: Symbol) -> Expr:
    powers = [
        sympy.Add(
            *(p for base, p in term.as_powers_dict().items() if base == symbol),
            *(LOGARITHM for log in term.atoms(Log) if log.args[0].has(symbol)),
        )
        for term in sympy.Add.make_args(expand(expr))
    ]
    return max(powers, default=sympy.Integer(0))


def _below(point: tuple[Expr, ...], limits: Sequence[tuple[Expr, ...]]) -> bool:
    if any(all(a <= b for a, b in zip(point, limit, strict=True)) for limit in limits):
        return True
    return any(_between(point, a, b) for a, b in combinations(limits, 2))


def _between(point: Sequence[Expr], first: Sequence[Expr], second: Sequence[Expr]) -> bool:
    """Whether some t in [0, 1] has point <= t first + (1 - t) second in every exponent."""
    low, high = sympy.Integer(0), sympy.Integer(1)
    for wanted, a, b in zip(point, first, second, strict=True):
        slope, need = a - b, wanted - b
        if slope == 0:
            if need > 0:
                return False
        elif slope > 0:
            low = max(low, need / slope)
        else:
            high = min(high, need / slope)
    return bool(low <= high)
