"""A normal form of sizes in which indicators, floors, ceilings, min and max obey their laws.

>>> from closedform.derive.assume.proofs.situation import Fuel, Situation
>>> n, w = sympy.symbols("n w", integer=True, positive=True)
>>> laws = Laws(Situation(Fuel()))
>>> laws.form(sympy.Min(n, w) + sympy.Max(n, w) - n - w)
{}
>>> laws.form(sympy.floor(n / w) - sympy.ceiling((n - w + 1) / w))
{}
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import sympy
from sympy import Expr, Integer
from sympy.core.relational import Relational

from closedform.derive.assume.floors import joined, refloored
from closedform.derive.assume.proofs.guarded import (
    ONE,
    ZERO,
    AtLeast,
    Form,
    Holds,
    added,
    lifted,
    multiplied,
    of_guard,
    opposite,
    plain,
    scaled,
)
from closedform.derive.assume.proofs.polynomials import (
    fraction_of,
    nonnegative,
    positive,
    sign_factors,
)
from closedform.derive.assume.proofs.situation import Situation, without_positive_factors
from closedform.derive.symbolic.atoms import Divides
from closedform.derive.symbolic.expansion import expand, terms_of
from closedform.derive.symbolic.powers import over_powers, unrounded

ROUNDED = (sympy.floor, sympy.ceiling, sympy.Min, sympy.Max, sympy.Piecewise, sympy.Sum)
NESTED = (sympy.floor, sympy.ceiling)
MAX_POWER = 6
MAX_FACTORED = 8  # terms of a sum whose sign is that of its factors
MULTIPLES = (2, 3)  # of a divisor, up to which a dividend is told apart
MAX_STEPS = 4  # between two floors over one divisor


class Laws:
    """Brings expressions and conditions to normal form, in one situation."""

    def __init__(self, situation: Situation) -> None:
        self.situation = situation
        self._forms: dict[Expr, Form] = {}
        self._denied: list[Form] | None = None

    def form(self, expr: Expr) -> Form:
        """The form of an expression in which the sizes that are solved are put already."""
        if not expr.has(*ROUNDED):
            return plain(expr)
        if expr not in self._forms:
            self.situation.fuel.spend()
            self._forms[expr] = self._form(expr)
        return self._forms[expr]

    def _form(self, expr: Expr) -> Form:
        if expr.is_Add:
            return added(map(self.form, expr.args))
        if expr.is_Mul:
            return reduce(multiplied, map(self.form, expr.args), ONE)
        if expr.is_Pow and expr.exp.is_Integer and 0 < expr.exp <= MAX_POWER:
            return reduce(multiplied, [self.form(expr.base)] * int(expr.exp), ONE)
        if isinstance(expr, sympy.Piecewise):
            return self._piecewise(expr)
        if isinstance(expr, sympy.floor | sympy.ceiling) and expr.args[0].has(*NESTED):
            flat = refloored(self.situation.known, expr)
            if not flat.has(expr):
                return self.form(flat)
        if isinstance(expr, sympy.floor):
            return lifted(self._floor, self.form(expr.args[0]))
        if isinstance(expr, sympy.ceiling):
            return scaled(lifted(self._floor, self.form(expand(-expr.args[0]))), Integer(-1))
        if isinstance(expr, sympy.Min | sympy.Max):
            sign = 1 if isinstance(expr, sympy.Min) else -1
            forms = [scaled(self.form(part), Integer(sign)) for part in expr.args]
            return scaled(reduce(self._least, forms), Integer(sign))
        if isinstance(expr, sympy.Sum):
            return self.sum(expr)
        return lifted(lambda *parts: plain(expr.func(*parts)), *map(self.form, expr.args))

    def sum(self, expr: Expr) -> Form:
        """A sum over an index, which stays as it is here."""
        return plain(expr)

    def _piecewise(self, expr: Expr) -> Form:
        parts, rest = [], ONE
        for value, condition in expr.args:
            holds = self.condition(condition)
            parts.append(multiplied(multiplied(rest, holds), self.form(value)))
            rest = multiplied(rest, opposite(holds))
        return added(parts)

    def _least(self, left: Form, right: Form) -> Form:
        return lifted(self._smaller, left, right)

    def _smaller(self, left: Expr, right: Expr) -> Form:
        """The smaller of two: b - t [t >= 1] with t = b - a, or with a and b exchanged."""
        over = expand(right - left)
        if over.could_extract_minus_sign():
            right, over = left, expand(-over)
        sign, squares = _sign_of(over)
        less = over if squares else sign
        larger = self._at_least(less - 1 if less.is_integer else less)
        return added((plain(right), scaled(larger, -over)))

    # Conditions ----------------------------------------------------------------------------

    def condition(self, condition: Any) -> Form:
        """The form of an indicator."""
        condition = over_powers(unrounded(condition))
        if condition in (True, sympy.true):
            return ONE
        if condition in (False, sympy.false):
            return ZERO
        if isinstance(condition, sympy.And):
            return reduce(multiplied, map(self.condition, condition.args), ONE)
        if isinstance(condition, sympy.Or):
            return opposite(self.condition(sympy.And(*map(sympy.Not, condition.args))))
        if isinstance(condition, sympy.Not):
            return opposite(self.condition(condition.args[0]))
        if isinstance(condition, sympy.ITE):  # which SymPy makes of relations of indicators
            asked, yes, no = map(self.condition, condition.args)
            return added((multiplied(asked, yes), multiplied(opposite(asked), no)))
        if isinstance(condition, Divides):
            return lifted(self._divides, *map(self.form, condition.args))
        if not isinstance(condition, Relational):
            raise TypeError(f"no law for {type(condition).__name__}")
        if isinstance(condition, sympy.Eq | sympy.Ne):
            equal = lifted(self._zero, self.form(expand(condition.lhs - condition.rhs)))
            return equal if isinstance(condition, sympy.Eq) else opposite(equal)
        if isinstance(condition, sympy.Gt | sympy.Lt):  # a > b unless b >= a
            return opposite(self.condition(sympy.Ge(condition.lts, condition.gts)))
        return lifted(self._at_least, self.form(expand(condition.gts - condition.lts)))

    def _at_least(self, expr: Expr) -> Form:
        """[expr >= 0]."""
        top, bottom = fraction_of(expr)
        if not positive(bottom):
            if not positive(-bottom):
                return of_guard(Holds(sympy.Ge(expr, 0)))
            top = expand(-top)
        sign, squares = _sign_of(top)
        return self._reaches(top if squares else sign)

    def _zero(self, expr: Expr) -> Form:
        """[expr == 0]."""
        top = fraction_of(expr)[0]
        if top.is_number:
            return ONE if top == 0 else ZERO
        exact = _rounded_in(top)
        if exact is not None:
            return self._divides(*reversed(fraction_of(exact)))
        top = without_positive_factors(top)
        if top.is_integer:
            return added((self._reaches(top), scaled(self._reaches(expand(top - 1)), Integer(-1))))
        both = (self._reaches(top), self._reaches(expand(-top)), plain(Integer(-1)))
        return added(both)

    def _reaches(self, expr: Expr) -> Form:
        """[expr >= 0] for a sum of products, in one spelling: t >= c, or less than that."""
        constant, rest = expr.as_coeff_Add()
        if rest == 0:
            return ONE if constant >= 0 else ZERO
        if constant == 0 and not rest.is_Add:
            return self._decided(rest)
        content, rest = rest.as_content_primitive()
        bound = -constant / content
        rest = expand(rest)
        if not rest.is_integer:
            return self._decided_guard(AtLeast(rest, bound))
        bound = sympy.ceiling(bound)
        if rest.could_extract_minus_sign():
            return opposite(self._decided_guard(AtLeast(expand(-rest), 1 - bound)))
        return self._decided_guard(AtLeast(rest, bound))

    def _decided(self, product: Expr) -> Form:
        """[product >= 0]: its sign is that of the factors whose sign is not known."""
        number, rest = product.as_coeff_Mul()
        if positive(rest):
            return ONE if number > 0 else ZERO
        if nonnegative(rest) and rest.is_integer:
            return ONE if number > 0 else opposite(self._decided_guard(AtLeast(rest, Integer(1))))
        return self._decided_guard(AtLeast(product, Integer(0)))

    def _decided_guard(self, guard: AtLeast) -> Form:
        beyond = expand(guard.expr - guard.bound)
        if self.situation.at_least(beyond):
            return ONE
        if beyond.is_integer and self.situation.at_least(expand(-beyond - 1)):
            return ZERO
        if positive(-beyond):
            return ZERO
        return of_guard(guard)

    def _divides(self, divisor: Expr, dividend: Expr) -> Form:
        """[divisor | dividend], which is 0 where the divisor is."""
        found = self._is_multiple(divisor, dividend)
        if not positive(divisor):
            found = multiplied(opposite(self._zero(divisor)), found)
        return ZERO if found in self._denials() else found

    def _is_multiple(self, divisor: Expr, dividend: Expr) -> Form:
        """[divisor | dividend] for a divisor that is not 0."""
        rest = self._fractional(dividend / divisor)
        top, bottom = fraction_of(rest)
        if top == 0 or bottom == 1:
            return ONE
        if bottom.is_Integer and top.is_Rational:
            return ZERO
        if positive(bottom) and self._between(top, bottom):
            return self._zero(top)
        top = min(top, self._opposite_top(top, bottom), key=_spelling)
        return of_guard(Holds(Divides(bottom, top)))

    def _opposite_top(self, top: Expr, bottom: Expr) -> Expr:
        return _modulo(expand(-top), bottom) if bottom.is_Integer else expand(-top)

    def _denials(self) -> list[Form]:
        """Divisibilities that are known not to hold, in normal form."""
        if self._denied is None:
            self._denied = []  # which are asked for while they are found
            self._denied = [self.condition(condition) for condition in self.situation.denied]
        return self._denied

    def _fractional(self, expr: Expr) -> Expr:
        """An expression without its whole terms, numbers below a whole divisor."""
        terms = sympy.Add.make_args(expand(expr))
        rest = sympy.Add(*(term for term in terms if not self.situation.integer(term)))
        if rest == 0 or self.situation.integer(rest):
            return Integer(0)
        top, bottom = map(expand, sympy.fraction(sympy.cancel(rest)))
        if bottom.is_Integer and top.is_integer:
            top = _modulo(top, bottom)
        elif bottom.could_extract_minus_sign():
            top, bottom = expand(-top), expand(-bottom)
        return top / bottom

    # Floors --------------------------------------------------------------------------------

    def _floor(self, expr: Expr) -> Form:
        rest = self._fractional(expr)
        whole = expand(expr - rest)
        top, bottom = fraction_of(rest)
        if top == 0:
            return plain(whole)
        if not (top.is_integer and bottom.is_integer and positive(bottom)):
            return added((plain(whole), _real_floor(rest)))
        inner = joined(self.situation.known, top, bottom)
        if inner is not None:
            return added((plain(whole), self._floor(inner)))
        return added((plain(whole), self._quotient(top, bottom)))

    def _quotient(self, top: Expr, bottom: Expr) -> Form:
        """floor(top/bottom) for whole top and bottom."""
        for times in (0, 1, -1):
            if self._between(expand(top - times * bottom), bottom):
                return plain(Integer(times))
        for times in () if bottom.is_number else MULTIPLES:
            if self._between(top, times * bottom):
                return added(self._at_least(expand(top - n * bottom)) for n in range(1, times))
        if bottom.is_Integer:
            other = _modulo(expand(bottom - 1 - top), bottom)
            if _spelling(other) < _spelling(top):
                # floor(-t/k) = -floor((t + k - 1)/k); what is whole in the two is told apart
                whole = expand((top + other - (bottom - 1)) / bottom)
                return plain(whole - sympy.floor(other / bottom))
            return plain(sympy.floor(expand(top / bottom)))
        constant, rest = top.as_coeff_Add()
        if rest.could_extract_minus_sign():
            return _opposite_floor(self._floor(expand(-top - 1) / bottom))
        if abs(constant) > MAX_STEPS:
            return plain(sympy.floor(expand(top / bottom)))
        # one step up at each multiple: floor(t/q) - floor((t - 1)/q) = [q | t]
        steps = [rest + j for j in range(1, int(constant) + 1)]
        back = [rest - j for j in range(-int(constant))]
        if constant == 0:
            return plain(sympy.floor(expand(top / bottom)))
        parts = [self._floor(rest / bottom)]
        parts += [self._divides(bottom, step) for step in steps]
        parts += [scaled(self._divides(bottom, step), Integer(-1)) for step in back]
        return added(parts)

    def _between(self, top: Expr, bottom: Expr) -> bool:
        """Whether it is proved that 0 <= top < bottom."""
        sizes = {s for fact in self.situation.facts for s in fact.free_symbols}
        if not sizes & (top.free_symbols | bottom.free_symbols):
            return nonnegative(top) and nonnegative(bottom - 1 - top)
        inside = self.situation.at_least
        return inside(top) and inside(expand(bottom - 1 - top))


def _rounded_in(expr: Expr) -> Expr | None:
    """What is rounded in an expression that is 0 where that is whole: c/a in a floor(c/a) - c."""
    for rounded in expr.atoms(sympy.floor, sympy.ceiling):
        exact, factor = rounded.args[0], expr.coeff(rounded)
        if expand(expr - factor * (rounded - exact)) == 0 and (
            positive(factor) or positive(-factor)
        ):
            return exact
    return None


def _sign_of(expr: Expr) -> tuple[Expr, bool]:
    """A sum of products without its factors that are positive, and whether it has squares."""
    products = expr.is_Add and terms_of(expr) <= MAX_FACTORED
    if not products or all(len(term.free_symbols) < 2 and _is_linear(term) for term in expr.args):
        return expr, False
    sign, squares = sign_factors(expr)
    return sign, bool(squares)


def _is_linear(term: Expr) -> bool:
    return bool(term.is_number or term.as_coeff_Mul()[1].is_Symbol)


def _spelling(expr: Expr) -> tuple[bool, Any]:
    """Which of two spellings is preferred: the one without a minus sign in front."""
    return bool(expr.could_extract_minus_sign()), sympy.default_sort_key(expr)


def _opposite_floor(form: Form) -> Form:
    """floor(-t/q) = -floor((t - 1)/q) - 1, of the form of floor((t - 1)/q)."""
    return added((scaled(form, Integer(-1)), plain(Integer(-1))))


def _real_floor(expr: Expr) -> Form:
    if expr.could_extract_minus_sign():
        return plain(-sympy.ceiling(expand(-expr)))
    return plain(sympy.floor(expr))


def _modulo(expr: Expr, divisor: Integer) -> Expr:
    """A sum with whole coefficients, these reduced to 0 .. divisor - 1."""
    terms = [term.as_coeff_Mul() for term in sympy.Add.make_args(expand(expr))]
    return sympy.Add(*(number % divisor * rest for number, rest in terms))
