"""Perfect squares in a sum: 4 M^2 - 4 M + 1 is (2 M - 1)^2."""

from __future__ import annotations

from itertools import chain

import sympy
from sympy import Expr, Integer


def squares(expr: Expr) -> tuple[Expr, dict[Expr, Expr]]:
    """An expanded sum with a symbol for the base of each square in it, and those bases.

    >>> from closedform.derive.symbolic.symbols import size_symbol
    >>> M, H, D = map(size_symbol, "MHD")
    >>> shorter, bases = squares(sympy.expand(H * (2 * M - 1) ** 2 + 12 * D**2))
    >>> shorter.xreplace(bases)
    12*D**2 + H*(2*M - 1)**2
    """
    numbers = {rest: number for number, rest in _terms(expr)}
    bases: dict[Expr, Expr] = {}
    while True:
        found = _next(numbers)
        if found is None:
            return sympy.Add(*(number * rest for rest, number in numbers.items())), bases
        cofactor, those = found
        numbers.pop(cofactor)
        for base, shift in those:
            number = numbers.pop(cofactor * base**2)
            numbers.pop(cofactor * base)
            dummy = sympy.Dummy("base", integer=True)
            bases[dummy] = shift.q * base + shift.p
            numbers[cofactor * dummy**2] = number / shift.q**2


def _terms(expr: Expr) -> list[tuple[Expr, Expr]]:
    return [term.as_coeff_Mul() for term in sympy.Add.make_args(expr)]


def _next(numbers: dict[Expr, Expr]) -> tuple[Expr, list[tuple[Expr, Expr]]] | None:
    """A cofactor, and the x + h whose squares, times it, use up its own term."""
    by_cofactor: dict[Expr, list[tuple[Expr, Expr, Expr]]] = {}
    for rest, number in numbers.items():
        for base, exponent in rest.as_powers_dict().items():
            cofactor = rest / base**2
            if exponent == 2 and {cofactor, cofactor * base} <= numbers.keys():
                shift = numbers[cofactor * base] / (2 * number)
                parts = by_cofactor.setdefault(cofactor, [])
                parts.append((base, shift, number * shift**2))
    for cofactor, parts in by_cofactor.items():
        for some in chain([parts], ([part] for part in parts)):
            if sum((used for _, _, used in some), Integer(0)) == numbers[cofactor]:
                return cofactor, [(base, shift) for base, shift, _ in some]
    return None
