"""What holds in one case: equalities solved, the rest as inequalities and divisibilities.

>>> D, H, E, n = sympy.symbols("D H E n", integer=True, positive=True)
>>> case = Situation(Fuel()).supposing(sympy.Eq(H * E, D), Divides(2, n), n <= 5)
>>> case.put(D), case.at_least(case.put(4 - n))
(E*H, True)
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from fractions import Fraction
from typing import Any
from zlib import crc32

import sympy
from sympy import Expr, Integer, Symbol
from sympy.core.relational import Relational

from closedform.derive.assume.integers import proof_of_integer
from closedform.derive.assume.proofs.polynomials import (
    MAX_SPREAD,
    Atoms,
    fraction_of,
    nonnegative,
    positive,
    refuted,
    sign_factors,
    spread,
)
from closedform.derive.assume.store import Fact, Store
from closedform.derive.symbolic.atoms import Divides, Gcd
from closedform.derive.symbolic.exact import NoNumberError, exact
from closedform.derive.symbolic.expansion import expand
from closedform.derive.symbolic.powers import over_powers, unrounded

POINTS = 10
STEPS_OF_A_PROOF = 10
DRAWN = (1, 1, 2, 2, 3, 4, 5, 7, 8, 16, 36, 100)
NOT_POLYNOMIAL = (sympy.Piecewise, sympy.Min, sympy.Max, sympy.Sum)


TAKEN_OVER = ("solved", "zero", "facts", "divisions", "denied", "coprime", "open", "impossible")


class OutOfFuelError(Exception):
    """A proof took more steps than it was given."""


class Fuel:
    """The steps that a proof may still take: a bound that does not depend on the machine."""

    def __init__(self, steps: int = 6000) -> None:
        self.left = steps
        self.quotients = 0

    def spend(self, steps: int = 1) -> None:
        self.left -= steps
        if self.left < 0:
            raise OutOfFuelError

    def quotient(self, positive: bool | None = None, nonnegative: bool | None = None) -> Symbol:
        """A new size: what one size divided by another is."""
        self.quotients += 1
        name = f"q_{self.quotients}"
        return sympy.Dummy(name, integer=True, positive=positive, nonnegative=nonnegative)


class Situation:
    """What holds in one case. `open` are conditions that must be split to be used."""

    def __init__(self, fuel: Fuel) -> None:
        self.fuel = fuel
        self.solved: dict[Expr, Expr] = {}
        self.zero: tuple[Expr, ...] = ()
        self.facts: tuple[Expr, ...] = ()  # that are at least 0
        self.divisions: tuple[tuple[Expr, Expr], ...] = ()
        self.denied: tuple[Any, ...] = ()
        self.coprime: frozenset[tuple[Expr, Expr]] = frozenset()
        self.open: tuple[Any, ...] = ()
        self.impossible = False
        self._whole: dict[Expr, bool] = {}
        self._signs: dict[Expr, bool] = {}

    def supposing(self, *conditions: Any) -> Situation:
        """What holds if these conditions do, too."""
        more = Situation(self.fuel)
        for name in TAKEN_OVER:
            setattr(more, name, getattr(self, name))
        more.solved = dict(self.solved)
        for condition in conditions:
            if not more.impossible:
                self.fuel.spend()
                more._suppose(condition)
        return more

    def with_fuel(self, fuel: Fuel) -> Situation:
        """The same for another proof."""
        same = self.supposing()
        same.fuel = fuel
        return same

    def without_open(self) -> Situation:
        """The same without the conditions that are still open."""
        same = self.supposing()
        same.open = ()
        return same

    # Questions -----------------------------------------------------------------------------

    def put(self, expr: Any) -> Any:
        """An expression or a condition with what equalities make of its sizes."""
        return expr.xreplace(self.solved) if self.solved else expr

    def integer(self, expr: Expr) -> bool:
        """Whether a value is proved to be whole."""
        if expr.is_integer:
            return True
        if expr not in self._whole:
            self._whole[expr] = proof_of_integer(self.known, expr) is not None
        return self._whole[expr]

    @property
    def known(self) -> Store:
        """The divisibilities that are left, as facts."""
        known = Store()
        for divisor, dividend in self.divisions:
            known.assume(Fact(Divides(divisor, dividend)))
        return known

    def at_least(self, expr: Expr) -> bool:
        """Whether a polynomial is proved to be at least 0."""
        if nonnegative(expr):
            return True
        if expr not in self._signs:
            whole = expr.is_integer and all(s.is_integer for s in expr.free_symbols)
            self._signs[expr] = bool(whole) and not self._below(expr) and self._refuted(-expr - 1)
        return self._signs[expr]

    def _below(self, expr: Expr) -> bool:
        """Whether an expression is seen to be below 0 at sizes that satisfy the facts."""
        for at in range(POINTS):
            values = {s: _drawn(s, at) for e in (expr, *self.facts) for s in e.free_symbols}
            try:
                if exact(expr, values) < 0 and all(exact(e, values) >= 0 for e in self.facts):
                    return True
            except NoNumberError:
                continue
        return False

    def _refuted(self, expr: Expr) -> bool:
        """Whether it is proved that an expression is never at least 0."""
        terms = sum(min(spread(e), MAX_SPREAD) for e in (expr, *self.facts))
        self.fuel.spend(STEPS_OF_A_PROOF + terms)
        return refuted([expr], self.facts)

    # Facts ---------------------------------------------------------------------------------

    def _suppose(self, condition: Any) -> None:
        try:
            condition = over_powers(unrounded(self.put(condition)))
        except TypeError:
            return  # SymPy's word for what divides by zero here, and says nothing
        if condition in (True, sympy.true):
            return
        if condition in (False, sympy.false):
            self.impossible = True
        elif isinstance(condition, sympy.And):
            for part in condition.args:
                self._suppose(part)
        elif isinstance(condition, sympy.Not) and isinstance(condition.args[0], Divides):
            self.denied += (condition.args[0],)
        elif isinstance(condition, sympy.Not) and isinstance(condition.args[0], sympy.Or):
            for part in condition.args[0].args:
                self._suppose(sympy.Not(part))
        elif condition.has(*NOT_POLYNOMIAL) or not isinstance(condition, Relational | Divides):
            self.open += (condition,)
        elif isinstance(condition, Divides):
            self._divides(*condition.args)
        elif isinstance(condition, sympy.Eq):
            self._is_zero(condition.lhs - condition.rhs)
        elif isinstance(condition, sympy.Ne):
            self.open += (condition,)
        else:
            for told in dict.fromkeys((condition, unrounded(condition, Expr))):
                if isinstance(told, Relational):
                    strict = isinstance(told, sympy.Lt | sympy.Gt)
                    self._is_at_least(told.gts - told.lts, strict)

    def _is_at_least(self, expr: Expr, strict: bool = False) -> None:
        """Add that an expression is at least 0."""
        top, bottom = fraction_of(expr)
        if not positive(bottom):
            return
        whole = bool(top.is_integer)
        fact = top - 1 if strict and whole else top
        if whole and fact.is_Add:  # 11 - 6 q at least 0 is 1 - q at least 0
            constant, rest = fact.as_coeff_Add()
            content, primitive = rest.primitive()
            if content.is_Integer and constant.is_Integer:
                fact = primitive + constant // content
        if fact.is_number:
            self.impossible = self.impossible or fact.is_negative is True
            return
        if nonnegative(fact):
            return
        self._signs.clear()
        self.facts += (fact,)
        if whole:
            self._without_factor(fact)
        if self._refuted(fact):
            self.impossible = True
        elif self._refuted(fact - 1) if whole else not strict and -fact in self.facts:
            self._is_zero(fact)

    def _without_factor(self, fact: Expr) -> None:
        """Add that b is at least 1 where a*b is, for an a of all terms: q < 2 where W q < 2 W."""
        constant, rest = fact.as_coeff_Add()
        terms = [term.free_symbols for term in sympy.Add.make_args(rest)]
        if constant < 0 and len(terms) > 1 and frozenset.intersection(*map(frozenset, terms)):
            bracket, _ = sign_factors(rest)
            if bracket != rest and bracket.is_integer:
                self._is_at_least(bracket - 1)

    def _is_zero(self, expr: Expr) -> None:
        """Add that an expression is 0: solve for a size where that is possible."""
        top = fraction_of(expr)[0]
        if top == 0:
            return
        if top.is_number:
            self.impossible = True
            return
        top = without_positive_factors(top)
        for shared in top.atoms(Gcd):
            if top in (shared - 1, 1 - shared):
                self.coprime |= {shared.args, shared.args[::-1]}
                divisions, self.divisions = self.divisions, ()
                for divisor, dividend in divisions:
                    self._divides(self.put(divisor), self.put(dividend))
        for size in sorted(_candidates(top), key=_preference):
            coefficient = top.coeff(size)
            if coefficient.is_Rational and (abs(coefficient) == 1 or not size.is_integer):
                value = expand(size - top / coefficient)
                if not value.has(size):
                    self._solve(size, value)
                    return
        pair = _multiples(top)
        if pair:
            (x, a), (y, b) = pair
            shared = self.fuel.quotient(positive=True)
            self._solve(x, a * shared)
            self._solve(y, b * shared)
            return
        self.zero += (top,)

    def _solve(self, size: Expr, value: Expr) -> None:
        """Put a value in the place of a size everywhere."""
        put = {size: value}
        self.solved = {s: expand(v.xreplace(put)) for s, v in self.solved.items()}
        self.solved[size] = value
        facts, zero, divisions, denied = self.facts, self.zero, self.divisions, self.denied
        self.facts, self.zero, self.denied = (), (), ()
        self.divisions = tuple((a.xreplace(put), b.xreplace(put)) for a, b in divisions)
        self.coprime = frozenset((a.xreplace(put), b.xreplace(put)) for a, b in self.coprime)
        self._whole.clear()
        self._signs.clear()
        conditions = [*map(sympy.Not, denied), *self.open]
        self.open = ()
        if size.is_positive and size.is_integer:
            self._is_at_least(value - 1)
        elif size.is_nonnegative:
            self._is_at_least(value)
        if isinstance(size, sympy.floor):
            top, bottom = fraction_of(size.args[0])
            rest = expand(top - bottom * value)
            self._is_at_least(rest)
            self._is_at_least(bottom - 1 - rest)
        for condition in conditions:
            self._suppose(condition)
        for expr in zero:
            self._is_zero(expr.xreplace(put))
        for expr in facts:
            self._is_at_least(expr.xreplace(put))

    def _divides(self, divisor: Expr, dividend: Expr) -> None:
        """Add that one size divides another, which is then a multiple of it."""
        if not positive(divisor) and nonnegative(divisor):  # 0 divides nothing
            self._is_at_least(divisor, strict=True)
            divisor, dividend = self.put(divisor), self.put(dividend)
        rest = [t for t in sympy.Add.make_args(expand(dividend / divisor)) if not self.integer(t)]
        top, bottom = fraction_of(sympy.Add(*rest))
        if bottom == 1:
            return
        if top.is_number and bottom.is_number:
            self.impossible = True
            return
        top = self._without_coprime(top, bottom)
        if top.is_Integer and positive(top) and positive(bottom):
            self._is_at_least(top - bottom)
            bottom = self.put(bottom)
            if bottom.is_number:
                self.impossible = self.impossible or top % bottom != 0
                return
        for size in sorted(_candidates(top), key=_preference):
            coefficient = top.coeff(size)
            others = expand(top - coefficient * size)
            inverse = _inverse(coefficient, bottom)
            if inverse is None or others.has(size) or bottom.has(size):
                continue
            offset = -inverse * others
            quotient = self._quotient(size, bottom, offset)
            self._solve(size, expand(bottom * quotient + offset))
            return
        self.divisions += ((bottom, top),)
        alone = positive(top) and positive(bottom)
        self._is_zero(top - bottom * self.fuel.quotient(positive=alone or None))

    def _without_coprime(self, product: Expr, divisor: Expr) -> Expr:
        """A product without the factors that share nothing with what divides it."""
        factors = sympy.Mul.make_args(product) if self.coprime else ()
        apart = [f for f in factors if (divisor, f.as_base_exp()[0]) in self.coprime]
        return product / sympy.Mul(*apart)

    def _quotient(self, size: Expr, bottom: Expr, offset: Expr) -> Expr:
        """A new q for size = bottom q + offset, no less than the size allows."""
        if offset == 0:
            known = bool(size.is_positive and positive(bottom))
            return self.fuel.quotient(positive=known or None)
        if size.is_positive and offset.is_number and bottom.is_Integer:
            low = sympy.ceiling((1 - offset) / bottom)
            return low + self.fuel.quotient(nonnegative=True)
        return self.fuel.quotient()


def situation_of(conditions: Iterable[Any]) -> Situation:
    """What holds if conditions do, those of the fewest sizes first; one for which no steps are left
    says nothing."""
    situation = Situation(Fuel())
    with suppress(OutOfFuelError):
        for condition in sorted(conditions, key=lambda c: len(c.free_symbols)):
            situation = situation.supposing(condition)
    return situation


def without_positive_factors(expr: Expr) -> Expr:
    """A sum without factors that are never 0, which is 0 in the same cases."""
    if not expr.is_Add or all(not term.free_symbols & expr.free_symbols for term in expr.args):
        return expr
    atoms = Atoms()
    plain = atoms.polynomial(expr)
    back = {symbol: atom for atom, symbol in atoms.symbols.items()}
    factors = [f for f, _ in sympy.factor_list(plain)[1] if not positive(f) and not positive(-f)]
    return expand(sympy.Mul(*factors).xreplace(back))


def _inverse(number: Expr, modulus: Expr) -> Expr | None:
    """The inverse of a whole number modulo another, or modulo any size if it is 1 or -1."""
    if number in (1, -1):
        return number
    if number.is_Integer and modulus.is_Integer and sympy.igcd(number, modulus) == 1:
        return sympy.mod_inverse(number, modulus)
    return None


def _candidates(expr: Expr) -> Iterable[Expr]:
    """The sizes and floors in which a sum is linear, each alone in one term."""
    found = []
    for term in sympy.Add.make_args(expr):
        rest = term.as_coeff_Mul()[1]
        if rest.is_Symbol or isinstance(rest, sympy.floor):
            found.append(rest)
    return found


def _drawn(symbol: Symbol, at: int) -> Fraction:
    """A value of a symbol: the same whenever a point is asked for."""
    number = crc32(f"{symbol.name}{at}".encode())
    value = 1 if at == 0 else DRAWN[number % (4 if at < 4 else len(DRAWN))]
    return Fraction(value - (0 if symbol.is_positive else 1))


def _preference(size: Expr) -> tuple[bool, bool, str]:
    """Sizes of the file before quotients, since these are what the others are multiples of."""
    return isinstance(size, sympy.floor), isinstance(size, sympy.Dummy), str(size)


def _multiples(expr: Expr) -> tuple[tuple[Symbol, Integer], tuple[Symbol, Integer]] | None:
    """Two sizes of which 3 x = 2 y, each as a multiple of what they share."""
    terms = [term.as_coeff_Mul() for term in sympy.Add.make_args(expr)]
    if len(terms) != 2 or not all(rest.is_Symbol and rest.is_integer for _, rest in terms):
        return None
    (a, x), (b, y) = terms
    common = sympy.gcd(a, b)
    if a * b >= 0 or not (x.is_positive and y.is_positive):
        return None
    return (x, abs(b / common)), (y, abs(a / common))
