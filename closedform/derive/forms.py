"""SymPy expressions to written formulas: expanded, factored, grouped, or the shortest of these.

Terms and factors come in a fixed order that follows the architecture: how often, then how many
tokens, then how wide, so that a layer reads `12 L N D^2 + 2 L N^2 D`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from math import gcd
from typing import Any

import sympy
from sympy import Expr, Integer, Symbol
from sympy.core.relational import Relational

from closedform.derive import written as w
from closedform.derive.sizes import Divides, Log, expand

MAX_FACTORED_TERMS = 40
MAX_FACTORED_SYMBOLS = 8

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
    shifts: Mapping[Expr, Expr] = field(default_factory=dict)  # L: 1 for a repeat of L - 1
    # what is long to write and stands in many formulas; an order made of another begins anew
    written: dict[Expr, w.Written] = field(default_factory=dict, init=False, compare=False)

    def rank(self, expr: Expr) -> tuple[int, str]:
        """Where a factor stands in a product."""
        symbols = expr.free_symbols
        ranks = [i for i, s in enumerate((*self.loops, *self.front, *self.rest)) if s in symbols]
        late = 0 if expr.is_Symbol or (expr.is_Pow and expr.base.is_Symbol) else 10_000
        return late + min(ranks, default=9_999), str(expr)

    def term(self, expr: Expr) -> tuple[Any, ...]:
        """Where a term stands in a sum."""
        powers = expr.as_powers_dict()
        degree = {
            base: power
            for base, power in powers.items()
            if not (base.is_Number and power.is_Number)
        }
        of_loops = sum(abs(degree.get(symbol, 0)) for symbol in self.loops)
        total = sum(p if p.is_Number else HIGH for p in degree.values())
        return (
            -of_loops,
            tuple(-degree.get(symbol, 0) for symbol in self.loops),
            -total,
            sum(degree.get(symbol, 0) for symbol in self.front),
            tuple(-degree.get(symbol, 0) for symbol in self.front),
            tuple(-degree.get(symbol, 0) for symbol in self.rest),
            str(expr),
        )


def expanded(expr: Expr, order: Order) -> w.Written:
    """A plain sum of products."""
    return write(expand(expr), order)


def factored(expr: Expr, order: Order) -> w.Written:
    """A product of what cannot be split further; as `grouped` where that would take too long."""
    expr = expand(expr)
    atoms = _non_polynomial(expr)
    plain = expr.xreplace(atoms)
    many = len(sympy.Add.make_args(plain)) > MAX_FACTORED_TERMS
    if many or len(plain.free_symbols) > MAX_FACTORED_SYMBOLS:
        return grouped(expr, order)
    back = {dummy: atom for atom, dummy in atoms.items()}
    numerator, denominator = sympy.fraction(sympy.together(plain))
    if numerator.is_zero:
        return w.Number(0)
    top = _factors(numerator, back, order)
    bottom = _factors(denominator, back, order)
    return _quotient(top, bottom)


def _factors(expr: Expr, back: dict[Expr, Expr], order: Order) -> list[w.Written]:
    coefficient, factors = sympy.factor_list(expr)
    parts = [(base.xreplace(back), power) for base, power in factors]
    parts.sort(key=lambda part: order.rank(part[0]))
    found: list[w.Written] = [] if coefficient == 1 else [_number(coefficient)]
    for base, power in parts:
        node = write(base, order)
        found.append(node if power == 1 else w.Power(node, w.Number(int(power))))
    return found


def _quotient(top: list[w.Written], bottom: list[w.Written]) -> w.Written:
    if not bottom:
        return _product(top)
    return w.Fraction(_product(top), _product(bottom))


def _product(factors: Sequence[w.Written]) -> w.Written:
    if not factors:
        return w.Number(1)
    return factors[0] if len(factors) == 1 else w.Product(tuple(factors))


def grouped(expr: Expr, order: Order) -> w.Written:
    """Terms of the same repeat together, and what they share taken out of them."""
    if expr == 0:
        return w.Number(0)
    groups: dict[Expr, list[Expr]] = {}
    for term in sympy.Add.make_args(expand(expr)):
        powers = term.as_powers_dict()
        key = sympy.Mul(*(s ** powers[s] for s in order.loops if powers.get(s)))
        groups.setdefault(key, []).append(term / key)
    parts: list[tuple[Any, w.Written]] = []
    for key, terms in groups.items():
        common = reduce(_common, terms)
        node = _taken_out(key * common, sympy.Add(*(term / common for term in terms)), order)
        plain = write(sympy.Add(*(key * term for term in terms)), order)
        if len(w.plain(plain)) <= len(w.plain(node)):
            node = plain
        first = min(order.term(key * term) for term in terms)
        parts.append((first, node))
    parts.sort(key=lambda part: part[0])
    terms_written: list[w.Written] = []
    for _, node in parts:
        terms_written.extend(node.terms if isinstance(node, w.Sum) else [node])
    return terms_written[0] if len(terms_written) == 1 else w.Sum(tuple(terms_written))


def _taken_out(common: Expr, rest: Expr, order: Order) -> w.Written:
    """`common` times the sum of what is left."""
    head = write_product(common, order)
    if rest == 1:
        return head
    if common == 1:
        return write(rest, order)
    factors = head.factors if isinstance(head, w.Product) else (head,)
    return w.Product((*factors, write(rest, order)))


def _common(first: Expr, second: Expr) -> Expr:
    """What two products share: the gcd of their numbers, and powers that are in both."""
    a, b = first.as_powers_dict(), second.as_powers_dict()
    number = Integer(1)
    numbers = first.as_coeff_Mul()[0], second.as_coeff_Mul()[0]
    if all(n.is_Integer for n in numbers):
        number = Integer(gcd(int(numbers[0]), int(numbers[1])))
    shared = [
        base ** min(a[base], b[base])
        for base in a
        if not base.is_Number
        and base in b
        and a[base].is_Number
        and b[base].is_Number
        and min(a[base], b[base]) > 0
    ]
    return number * sympy.Mul(*shared)


def shortest(expr: Expr, order: Order) -> w.Written:
    """The form that takes the least room; the plainer one of two that take the same."""
    found = [form(expr, order) for form in (expanded, grouped, factored)]
    if expr.has(*order.shifts):
        found.append(_shifted(expr, order))
    return min(found, key=lambda node: len(w.plain(node)))


def _shifted(expr: Expr, order: Order) -> w.Written:
    """As `grouped`, with the counts of repeats such as L - 1 kept together."""
    replaced: dict[Expr, Expr] = {}
    special = dict(order.special)
    loops = [symbol for symbol in order.loops if symbol not in order.shifts]
    for count, shift in order.shifts.items():
        if expr.has(count):
            dummy = sympy.Dummy("count", integer=True, positive=True)
            replaced[count] = dummy + shift
            special[dummy] = write(count - shift, order)
            loops.append(dummy)
    changed = expand(expr.xreplace(replaced))
    return grouped(changed, replace(order, loops=tuple(loops), special=special))


FORMS: dict[str, Callable[[Expr, Order], w.Written]] = {
    "shortest": shortest,
    "expanded": expanded,
    "factored": factored,
    "grouped": grouped,
}


def _non_polynomial(expr: Expr) -> dict[Expr, Expr]:
    """A symbol for every part that is not built from symbols by +, * and whole powers."""
    atoms: dict[Expr, Expr] = {}
    waiting = [expr]
    while waiting:
        part = waiting.pop()
        if part.is_Add or part.is_Mul or (part.is_Pow and part.exp.is_Integer):
            waiting.extend(part.args)
        elif not (part.is_Symbol or part.is_Number):
            atoms.setdefault(part, sympy.Dummy(positive=True))
    return atoms


# Writing -----------------------------------------------------------------------------------


def write(expr: Any, order: Order) -> w.Written:
    """An expression as it stands, its terms and factors in order."""
    if expr.is_Add:
        terms = sorted(expr.args, key=order.term)
        return w.Sum(tuple(write(term, order) for term in terms))
    if expr.is_Mul or (expr.is_Rational and not expr.is_Integer):
        return write_product(expr, order)
    if expr.is_Integer:
        return w.Number(int(expr))
    if expr.is_Symbol:
        return order.special.get(expr) or w.Symbol(expr.name)
    if expr.is_Pow:
        return _power(expr, order)
    if isinstance(expr, sympy.Piecewise):
        return w.Indicator(write(expr.args[0][1], order))
    if isinstance(expr, sympy.Sum):
        body, (index, first, last) = expr.args
        bounds = write(first, order), write(last, order)
        return w.BigSum(index.name, *bounds, write(body, order))
    if expr not in order.written:
        order.written[expr] = _other(expr, order)
    return order.written[expr]


def _power(expr: Expr, order: Order) -> w.Written:
    base, exponent = expr.args
    if exponent == sympy.Rational(1, 2):
        return w.Function("sqrt", (write(base, order),))
    if exponent.is_negative:
        return w.Fraction(w.Number(1), write(base**-exponent, order))
    return w.Power(write(base, order), write(exponent, order))


FUNCTIONS = {
    sympy.floor: "floor",
    sympy.ceiling: "ceil",
    sympy.Max: "max",
    sympy.Min: "min",
    Log: "log",
}

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
    arguments = expr.args
    if isinstance(expr, sympy.Max | sympy.Min | sympy.And | sympy.Or):
        arguments = sorted(arguments, key=str)
    if isinstance(expr, sympy.floor | sympy.ceiling):
        arguments = [sympy.together(expr.args[0])]
        top, bottom = sympy.fraction(arguments[0])
        if bottom != 1:
            inside = w.Fraction(write(expand(top), order), write(bottom, order))
            return w.Function(FUNCTIONS[expr.func], (inside,))
    parts = tuple(write(argument, order) for argument in arguments)
    if expr.func in FUNCTIONS:
        return w.Function(FUNCTIONS[expr.func], parts)
    if isinstance(expr, Relational) or expr.func in RELATIONS:
        return w.Condition(RELATIONS[expr.func], parts)
    raise TypeError(f"no way to write {type(expr).__name__}")


def write_product(expr: Expr, order: Order) -> w.Written:
    """A product with its number first and its divisors below a line."""
    coefficient, rest = expr.as_coeff_Mul()
    coefficient, powers, rest = _number_powers(coefficient, rest)
    above: list[Expr] = []
    below: list[Expr] = []
    for factor in sympy.Mul.make_args(rest):
        base, exponent = factor.as_base_exp()
        if exponent.could_extract_minus_sign():
            below.append(base**-exponent)
        elif factor != 1:
            above.append(factor)
    top = [write(factor, order) for factor in sorted(above, key=order.rank)]
    bottom = [write(factor, order) for factor in sorted(below, key=order.rank)]
    top.extend(w.Power(w.Number(base), write(exponent, order)) for base, exponent in powers)
    numerator, denominator = coefficient.as_numer_denom()
    if numerator != 1:
        top.insert(0, w.Number(int(numerator)))
    if denominator != 1:
        bottom.insert(0, w.Number(int(denominator)))
    return _quotient(top, bottom)


def _number_powers(number: Expr, rest: Expr) -> tuple[Expr, list[tuple[int, Expr]], Expr]:
    """Powers of numbers taken out of a product: 17 2^(2 s)/4 is 17 4^(s - 1)."""
    powers: list[tuple[int, Expr]] = []
    others = []
    for factor in sympy.Mul.make_args(rest):
        base, exponent = factor.args if factor.is_Pow else (factor, Integer(1))
        step, index = exponent.as_coeff_Mul()
        if not (base.is_Integer and index.is_Symbol and step.is_Integer and step > 0):
            others.append(factor)
            continue
        below = 0
        while (number.q % base**step) == 0 and number.q > 1:
            number, below = number * base**step, below + 1
        whole = base**step
        if number.q > 1 and number.q % base == 0:
            number, whole, exponent = number * base, base, step * (index - below) - 1
        else:
            exponent = index - below
        powers.append((int(whole), exponent))
    return number, powers, sympy.Mul(*others)


def _number(value: Expr) -> w.Written:
    numerator, denominator = value.as_numer_denom()
    if denominator == 1:
        return w.Number(int(numerator))
    return w.Fraction(w.Number(int(numerator)), w.Number(int(denominator)))
