"""SymPy expressions to written formulas, as they stand.

Terms and factors come in a fixed order that follows the architecture: how often, then how many
tokens, then how wide, so that a layer reads `12 L N D^2 + 2 L N^2 D`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from functools import cached_property, lru_cache, total_ordering
from typing import Any

import sympy
from sympy import Expr, Integer, Symbol
from sympy.core.relational import Relational

from closedform import formula as w
from closedform.data import dataclass
from closedform.derive.symbolic.atoms import FUNCTIONS, Bracket, Divides, opened
from closedform.derive.symbolic.bits import check_bits
from closedform.derive.symbolic.expansion import expand
from closedform.derive.symbolic.unwritten import Alive

LATE = 1_000_000  # more than there are symbols
HIGH = 100  # the degree of a power with a symbol in its exponent, for the order of terms


@dataclass(frozen=True)
class Order:
    """The order of symbols: counts of repeats, abbreviations, then the dims as declared.

    `special` says how symbols that are no plain names are written.
    """

    loops: tuple[Symbol, ...] = ()
    front: tuple[Symbol, ...] = ()
    rest: tuple[Symbol, ...] = ()
    special: Mapping[Symbol, w.Written] = field(default_factory=dict)
    # what is long to write and stands in many formulas; an order made of another begins anew
    written: dict[Expr, w.Written] = field(default_factory=dict, init=False, compare=False)
    keys: dict[Expr, tuple[Any, ...]] = field(default_factory=dict, init=False, compare=False)
    stages: Mapping[Symbol, int] = field(default_factory=dict)  # D_1: 1

    @cached_property
    def places(self) -> dict[Symbol, int]:
        """Where each symbol stands."""
        ordered = (*self.loops, *self.front, *self.rest)
        return {symbol: place for place, symbol in reversed(list(enumerate(ordered)))}

    @cached_property
    def counts(self) -> tuple[Symbol, ...]:
        """The counts of repeats by which terms stand first: beside sums none of one stage's."""
        if any(isinstance(node, w.BigSum) for node in self.special.values()):
            return tuple(symbol for symbol in self.loops if symbol not in self.stages)
        return self.loops

    def rank(self, expr: Expr) -> tuple[int, Spelled]:
        """Where a factor stands in a product."""
        places = self.places
        ranks = [places[symbol] for symbol in expr.free_symbols if symbol in places]
        late = 0 if expr.is_Symbol or (expr.is_Pow and expr.base.is_Symbol) else 10_000
        if isinstance(self.special.get(expr), w.BigSum):  # the sum in another one comes after it
            return 20_000 - self.places.get(expr, 0), Spelled(expr)
        return late + min(ranks, default=9_999), Spelled(expr)

    def term(self, expr: Expr) -> tuple[Any, ...]:
        """Where a term stands in a sum."""
        if expr not in self.keys:
            self.keys[expr] = self._term(expr)
        return self.keys[expr]

    def _term(self, expr: Expr) -> tuple[Any, ...]:
        powers = expr.as_powers_dict()
        degree = {
            base: power
            for base, power in powers.items()
            if not (base.is_Number and power.is_Number)
        }
        brackets = [base for base in degree if isinstance(base, Bracket)]
        of_loops = sum(abs(degree.get(symbol, 0)) for symbol in self.counts)
        total = sum(p if p.is_Number else HIGH for p in degree.values())
        return (
            expr.is_number,
            any(bracket.has(*self.loops) for bracket in brackets),  # L - 1 layers after the first
            -of_loops,
            self._degrees(degree, self.counts),
            -total,
            bool(brackets),
            sum(degree.get(symbol, 0) for symbol in self.front),
            self._degrees(degree, self.front),
            self._degrees(degree, self.rest),
            sorted(-bracket.args[0].as_coeff_Add()[0] for bracket in brackets),  # k - 2, k - 4
            Spelled(expr),
        )

    def _degrees(self, degree: Mapping[Expr, Expr], symbols: Sequence[Symbol]) -> tuple[Any, ...]:
        """In order as the degrees in all symbols, highest first, without those that are 0.

        A symbol above the line comes before a later one, and one below it after that.
        """
        those = set(symbols)
        found = sorted((self.places[s], degree[s]) for s in degree if s in those)
        return (
            *((-LATE + at, -power) if power > 0 else (LATE - at, -power) for at, power in found),
            (0,),
        )


@total_ordering
class Spelled:
    """An expression in the order of its text, which is made where two are alike otherwise."""

    def __init__(self, expr: Expr) -> None:
        self.expr = expr

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Spelled) and self.expr == other.expr

    def __hash__(self) -> int:
        return hash(self.expr)

    def __lt__(self, other: Spelled) -> bool:
        return _text(self.expr) < _text(other.expr)


@lru_cache(maxsize=4096)
def _text(expr: Expr) -> str:
    return str(expr)


def write(expr: Any, order: Order) -> w.Written:
    """An expression as it stands, its terms and factors in order."""
    if expr.is_Add and any(isinstance(term, Bracket) for term in expr.args):
        brackets = [term for term in expr.args if isinstance(term, Bracket)]
        return write(opened(expr, *brackets), order)
    if expr.is_Add:
        nodes = (write(term, order) for term in sorted(expr.args, key=order.term))
        return w.Sum(ordered([term for node in nodes for term in terms_of(node)]))
    if expr.is_Mul or (expr.is_Rational and not expr.is_Integer):
        return write_product(expr, order)
    if expr.is_Integer:
        check_bits(expr.p.bit_length())
        return w.Number(int(expr))
    if expr.is_Symbol:
        return order.special.get(expr) or w.Symbol(expr.name)
    if expr.is_Pow:
        return _power(expr, order)
    if isinstance(expr, Bracket):
        inside = write(expr.args[0], order)
        return replace(inside, stated=True) if isinstance(inside, w.Sum) else inside
    if isinstance(expr, sympy.Piecewise):
        (one, condition), (zero, _) = expr.args
        if one != 1 or zero not in (0, sympy.zoo):
            raise TypeError("an indicator is 1 or 0")
        holds = w.Indicator(write(condition, order))
        return holds if zero == 0 else w.Fraction(w.Number(1), holds)
    if isinstance(expr, sympy.Sum):
        body, (index, first, last) = expr.args
        bounds = write(first, order), write(last, order)
        return w.BigSum(index.name, *bounds, write(body, order))
    if expr not in order.written:
        order.written[expr] = _other(expr, order)
    return order.written[expr]


def ordered(terms: list[w.Written]) -> tuple[w.Written, ...]:
    """Terms of a sum; where the first is negative, the positive ones come before it.

    A number stays last: 2 n - w + 1.
    """
    if not w.is_negative(terms[0]):
        return tuple(terms)
    number_last = any(not (w.is_negative(t) or isinstance(t, w.Number)) for t in terms)
    numbers = [t for t in terms if number_last and isinstance(t, w.Number)]
    return *sorted((t for t in terms if t not in numbers), key=w.is_negative), *numbers


def _power(expr: Expr, order: Order) -> w.Written:
    base, exponent = expr.args
    if exponent == sympy.Rational(1, 2):
        return w.Function("sqrt", (write(base, order),))
    if _power_of_number(expr):
        return write_product(expr, order)
    if exponent.is_negative:
        return w.Fraction(w.Number(1), write(base**-exponent, order))
    return w.Power(write(base, order), write(exponent, order))


NAMES = {function: name for name, function in FUNCTIONS.items()}

RELATIONS = {
    sympy.Eq: "=",
    sympy.Ne: "!=",
    sympy.Lt: "<",
    sympy.Le: "<=",
    sympy.Gt: ">",
    sympy.Ge: ">=",
    Divides: "|",
    sympy.And: "and",
    sympy.Or: "or",
    sympy.Not: "not",
}


def _other(expr: Any, order: Order) -> w.Written:
    if isinstance(expr, Alive):
        return w.Function(w.ALIVE, _sizes(expr.args[1:], order))
    if isinstance(expr, sympy.ITE):
        holds, one, other = expr.args
        return write(sympy.Or(sympy.And(holds, one), sympy.And(sympy.Not(holds), other)), order)
    arguments = expr.args
    if isinstance(expr, sympy.Max | sympy.Min | sympy.And | sympy.Or):
        arguments = sorted(arguments, key=str)
    if isinstance(expr, sympy.floor | sympy.ceiling):
        arguments = [sympy.together(expr.args[0])]
        top, bottom = sympy.fraction(arguments[0])
        if bottom != 1:
            inside = w.Fraction(write(expand(top), order), write(bottom, order))
            return w.Function(NAMES[expr.func], (inside,))
    parts = tuple(write(argument, order) for argument in arguments)
    if expr.func in NAMES:
        return w.Function(NAMES[expr.func], parts)
    if isinstance(expr, Relational) or expr.func in RELATIONS:
        return w.Condition(RELATIONS[expr.func], parts)
    raise TypeError(f"no way to write {type(expr).__name__}")


def _sizes(sizes: Sequence[Expr], order: Order) -> tuple[w.Written, ...]:
    """The sizes of a function as they are declared; those of all stages have one name."""
    found: dict[w.Written, None] = {}
    for size in sorted(sizes, key=order.rank):
        family = size.name.rpartition("_")[0] if size in order.stages else ""
        found[w.Symbol(family) if family else write(size, order)] = None
    return tuple(found)


def write_product(expr: Expr, order: Order) -> w.Written:
    """A product with its number first, powers of numbers last, and its divisors below a line."""
    coefficient, rest = expr.as_coeff_Mul()
    above: list[Expr] = []
    below: list[Expr] = []
    powers: dict[int, list[w.Written]] = {1: [], -1: []}
    for factor in sympy.Mul.make_args(rest):
        found = _power_of_number(factor)
        base, exponent = factor.as_base_exp()
        if found:
            whole, sign, index = found
            coefficient, index = _joined(coefficient, whole, sign, index)
            powers[sign].append(w.Power(w.Number(whole), write(index, order)))
        elif exponent.could_extract_minus_sign():
            below.append(base**-exponent)
        elif factor != 1:
            above.append(factor)
    top = [write(factor, order) for factor in sorted(above, key=order.rank)] + powers[1]
    bottom = [write(factor, order) for factor in sorted(below, key=order.rank)] + powers[-1]
    numerator, denominator = coefficient.as_numer_denom()
    if numerator != 1:
        top.insert(0, w.Number(int(numerator)))
    if denominator != 1:
        bottom.insert(0, w.Number(int(denominator)))
    return quotient(top, bottom)


def _power_of_number(factor: Expr) -> tuple[int, int, Expr] | None:
    """4, -1 and s for 2^(-2 s): a number, the sign of its exponent, and the rest of that."""
    base, exponent = factor.args if factor.is_Pow else (factor, Integer(1))
    if base.is_Rational and base.p == 1:
        base, exponent = Integer(base.q), -exponent
    step, index = exponent.as_coeff_Mul()
    if not (base.is_Integer and base > 1 and index.is_Symbol and step.is_Integer):
        return None
    return int(base ** abs(step)), 1 if step > 0 else -1, index


def _joined(number: Expr, base: int, sign: int, index: Expr) -> tuple[Expr, Expr]:
    """A number and the exponent of a power with it: 17 4^s/4 is 17 4^(s - 1)."""
    shift = 0
    while number.q > 1 and number.q % base == 0:
        number, shift = number * base, shift + 1
    if sign < 0 and number.p != 1 and number.p % base == 0 and not shift:
        number, shift = number / base, -1
    return number, index - sign * shift


def quotient(top: list[w.Written], bottom: list[w.Written]) -> w.Written:
    if not bottom:
        return product(top)
    return w.Fraction(product(top), product(bottom))


def product(factors: Sequence[w.Written]) -> w.Written:
    if not factors:
        return w.Number(1)
    return factors[0] if len(factors) == 1 else w.Product(tuple(factors))


def terms_of(node: w.Written) -> tuple[w.Written, ...]:
    return node.terms if isinstance(node, w.Sum) else (node,)


def factors_of(node: w.Written) -> tuple[w.Written, ...]:
    return node.factors if isinstance(node, w.Product) else (node,)
