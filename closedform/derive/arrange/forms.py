"""The forms of a formula: expanded, factored, grouped, or the shortest of these and others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from operator import itemgetter

import sympy
from sympy import Expr

from closedform import formula as w
from closedform.derive.arrange.factoring import in_factors
from closedform.derive.arrange.length import room
from closedform.derive.arrange.nesting import Nesting
from closedform.derive.arrange.squares import squares
from closedform.derive.arrange.writing import Order, factors_of, write
from closedform.derive.symbolic.atoms import Bracket, opened
from closedform.derive.symbolic.expansion import expand

__all__ = [
    "FORMS",
    "Order",
    "expanded",
    "factored",
    "grouped",
    "shorter",
    "shortest",
    "write",
]

MAX_BRACKETS = 6  # of which each is tried without
TAKEN_AWAY = 30  # letters by which a term that is subtracted counts as longer
MAX_FACTORED_TERMS = 40
MAX_FACTORED_SYMBOLS = 8


def expanded(expr: Expr, order: Order) -> w.Written:
    """A plain sum of products."""
    return write(_out(expr), order)


def factored(expr: Expr, order: Order) -> w.Written:
    """A product of what cannot be split further; as `grouped` where that would take too long.

    What is one sum after all is written with brackets inside.
    """
    expr = _out(expr)
    many = len(sympy.Add.make_args(expr)) > MAX_FACTORED_TERMS
    if many or len(expr.free_symbols) > MAX_FACTORED_SYMBOLS:
        return grouped(expr, order)
    node = in_factors(expr, order)
    above = node.numerator if isinstance(node, w.Fraction) else node
    if sum(isinstance(factor, w.Sum | w.Power) for factor in factors_of(above)) > 1:
        return node
    return min([node, *Nesting(order).products(sympy.Add.make_args(expr))], key=room)


def grouped(expr: Expr, order: Order) -> w.Written:
    """Terms of the same repeat together, and what they share taken out of them."""
    return _grouped(_out(expr), Nesting(order))


def _out(expr: Expr) -> Expr:
    """A sum of products, the brackets of the file multiplied out."""
    return expand(opened(expr))


def _grouped(expr: Expr, nesting: Nesting) -> w.Written:
    groups: dict[Expr, list[Expr]] = {}
    for term in sympy.Add.make_args(expr):
        powers = term.as_powers_dict()
        key = sympy.Mul(*(s ** powers[s] for s in nesting.order.loops if powers.get(s)))
        groups.setdefault(key, []).append(term)
    return nesting.side_by_side(groups.values())


def shortest(expr: Expr, order: Order, measure: Callable[[w.Written], int] = room) -> w.Written:
    """The form that takes the least room; the plainer one of two that take the same.

    Brackets of the file stay where that is shorter than what they come to: a term that is
    subtracted and is in none of them counts as longer.

    >>> from closedform.derive.symbolic.atoms import Bracket
    >>> from closedform.derive.symbolic.symbols import size_symbol
    >>> L, G, D = map(size_symbol, "LGD")
    >>> w.plain(shortest(G * D**2 + 16 * D**2 * Bracket(L - G), Order()))
    'D^2 (G + 16 (L - G))'
    """
    return _shortest(_opened_in_part(expand(expr)), order, measure)


def shorter(stated: Expr, out: Expr, order: Order) -> w.Written:
    """The shortest form of one value, which is given with the brackets of the file and without."""
    return _shortest([expand(out), *_opened_in_part(expand(stated))], order, room)


def _shortest(
    several: Iterable[Expr], order: Order, measure: Callable[[w.Written], int]
) -> w.Written:
    found = []
    for expr in dict.fromkeys(several):
        node = min(_candidates(expr, order), key=measure) if expr.is_Add else write(expr, order)
        found.append((measure(node) + TAKEN_AWAY * subtracted(expr), node))
    return min(found, key=itemgetter(0))[1]


def subtracted(expr: Expr) -> int:
    """How many terms of a sum are taken away, but for those in brackets of the file."""
    return sum(term.could_extract_minus_sign() for term in sympy.Add.make_args(expr))


def _opened_in_part(expr: Expr) -> Iterator[Expr]:
    """An expression without brackets of the file, without one or some of them, and with all."""
    brackets = sorted(expr.atoms(Bracket), key=str)
    if brackets:
        yield _out(expr)
        yield _merged(expr)
    if 1 < len(brackets) <= MAX_BRACKETS:
        yield from (expand(opened(expr, bracket)) for bracket in brackets)
    yield expr


def _merged(expr: Expr) -> Expr:
    """A sum without the brackets that others of its terms take in: G x + (L - G) x is L x.

    >>> from closedform.derive.symbolic.symbols import size_symbol
    >>> L, G, D, F = map(size_symbol, "LGDF")
    >>> rest = F * Bracket(L - G)
    >>> _merged(D * Bracket(L - G) + G * D + rest) == L * D + rest
    True
    """
    numbers = dict(term.as_coeff_Mul()[::-1] for term in sympy.Add.make_args(expr))
    for term, number in list(numbers.items()):
        for bracket in [f for f in sympy.Mul.make_args(term) if isinstance(f, Bracket)]:
            inside = [number * part * term / bracket for part in bracket.args[0].args]
            parts = dict(part.as_coeff_Mul()[::-1] for part in inside)
            gone = [rest for rest, more in parts.items() if numbers.get(rest) == -more]
            if gone and len(parts.keys() - numbers.keys()) <= len(gone):
                del numbers[term]
                for rest, more in parts.items():
                    numbers[rest] = numbers.get(rest, sympy.S.Zero) + more
                break
    return sympy.Add(*(number * rest for rest, number in numbers.items()))


def _candidates(expr: Expr, order: Order) -> Iterator[w.Written]:
    """A sum in several forms, plain ones first."""
    yield write(expr, order)
    yield from _with_brackets(expr, order)
    with_squares, bases = squares(expr)
    if bases:
        special = {dummy: write(base, order) for dummy, base in bases.items()}
        order = replace(order, special={**order.special, **special})
        yield from _with_brackets(with_squares, order)


def _with_brackets(expr: Expr, order: Order) -> Iterator[w.Written]:
    nesting = Nesting(order)
    yield _grouped(expr, nesting)
    yield from nesting.products(sympy.Add.make_args(expr))


FORMS: dict[str, Callable[[Expr, Order], w.Written]] = {
    "shortest": shortest,
    "expanded": expanded,
    "factored": factored,
    "grouped": grouped,
}
