"""What is known about the sizes: abbreviations, assumptions, and what follows from them.

Every size is a positive integer symbol. A question is answered yes, no, or not known; the
assumptions that an answer needed are collected, so that a result can name them.

>>> known = Knowledge()
>>> I, P = size_symbol("I"), size_symbol("P")
>>> known.floor((I - P) / P) + 1
floor(I/P)
>>> known.assume(Fact(Divides(P, I)))
>>> known.floor((I - P) / P) + 1
I/P
>>> sorted(map(str, known.used))
['P | I']
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sympy
from sympy import Expr, Integer, Rational, Symbol
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean, BooleanFunction

from closedform.errors import Span

MAX_STEPS = 6


def size_symbol(name: str) -> Symbol:
    """The symbol of a size: a positive integer."""
    return Symbol(name, integer=True, positive=True)


def ratio_symbol(name: str) -> Symbol:
    """The symbol of a positive rational number."""
    return Symbol(name, rational=True, positive=True)


class Divides(BooleanFunction):  # type: ignore[misc]  # SymPy has no types
    """`Divides(a, b)`: a divides b."""

    @classmethod
    def eval(cls, divisor: Expr, dividend: Expr) -> Any:
        if divisor.is_Integer and dividend.is_Integer and divisor != 0:
            return sympy.true if dividend % divisor == 0 else sympy.false
        if divisor.is_Rational and dividend.is_Rational:
            return sympy.false
        return None

    def _sympystr(self, printer: Any) -> str:
        return f"{printer.doprint(self.args[0])} | {printer.doprint(self.args[1])}"


def say(value: Any) -> str:
    """A size or a condition in plain words, as an error shows it."""
    text = str(value).replace("**", "^").replace("ceiling(", "ceil(")
    if isinstance(value, sympy.Eq | sympy.Ne):
        operator = "==" if isinstance(value, sympy.Eq) else "!="
        return f"{say(value.lhs)} {operator} {say(value.rhs)}"
    return text


@dataclass(frozen=True)
class Fact:
    """A condition taken as true, and why: stated, required by an operation, or a default."""

    condition: Boolean
    reason: str = "assumed"
    span: Span | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return say(self.condition)

    @property
    def why(self) -> str:
        """What made it a fact, as an error says it."""
        return {
            "assumed": "assumed",
            "required": "required",
            "default": "needed, and true of the defaults,",
            "possible": "needed, for the other case has no shape,",
            "when": "a condition of the claim",
        }[self.reason]


class Knowledge:
    """Abbreviations and assumptions, and the proofs that need them."""

    def __init__(self) -> None:
        self.definitions: dict[Symbol, Expr] = {}
        self.spelled: dict[Symbol, Expr] = {}
        self.names: dict[Expr, Symbol] = {}
        self.facts: list[Fact] = []
        self.used: set[Fact] = set()
        self.ranges: dict[Symbol, tuple[Expr, Expr]] = {}  # of the indices of loops

    # Abbreviations -------------------------------------------------------------------------

    def define(self, symbol: Symbol, value: Expr) -> None:
        """Let a symbol stand for a value."""
        base = self.base(value)
        self.definitions[symbol] = base
        self.spelled[symbol] = value
        if not base.is_Symbol and not base.is_Number:
            self.names[base] = symbol

    def base(self, expr: Expr) -> Expr:
        """An expression without abbreviations."""
        if not self.definitions or not expr.has_free(*self.definitions):
            return expr
        return sympy.expand(expr.xreplace(self.definitions))

    def fold(self, expr: Expr) -> Expr:
        """The abbreviation of an expression when it has one, else the expression."""
        if expr.is_Symbol or expr.is_Number:
            return expr
        return self.names.get(sympy.expand(self.base(expr)), expr)

    def simplified(self, expr: Expr) -> Expr:
        """An expression in normal form, as an abbreviation when it has one."""
        return self.fold(self.refloored(sympy.expand(expr)))

    def copied(self) -> Knowledge:
        """All that is known now, to come back to with `restore`."""
        copy = Knowledge()
        copy.restore(self)
        return copy

    def restore(self, other: Knowledge) -> None:
        """Know what the other knows, and no more."""
        self.definitions, self.spelled = dict(other.definitions), dict(other.spelled)
        self.names, self.facts = dict(other.names), list(other.facts)
        self.used, self.ranges = set(other.used), dict(other.ranges)

    def renamed(self, expr: Expr) -> Expr:
        """An expression with abbreviations wherever what they stand for can be seen."""
        named = {value: symbol for symbol, value in self.spelled.items() if not value.is_Symbol}
        return expr.xreplace(named)

    # Assumptions ---------------------------------------------------------------------------

    def assume(self, fact: Fact) -> None:
        """Add a fact to what is known."""
        condition = fact.condition
        if isinstance(condition, sympy.And):
            for part in condition.args:
                self.assume(Fact(part, fact.reason, fact.span))
            return
        self.facts.append(fact)
        if isinstance(condition, sympy.Eq):
            left, right = condition.args
            if right.is_Symbol and not left.is_Symbol:
                left, right = right, left
            if left.is_Symbol and not right.has(left):
                self.definitions = {
                    symbol: sympy.expand(value.xreplace({left: right}))
                    for symbol, value in self.definitions.items()
                }
                self.definitions[left] = self.base(right)
                self.used.add(fact)

    @contextmanager
    def recording(self) -> Iterator[set[Fact]]:
        """Collect the facts used inside; they count as used outside as well."""
        outer, self.used = self.used, set()
        try:
            yield self.used
        finally:
            outer |= self.used
            self.used = outer

    def divisions(self) -> Iterator[tuple[Expr, Expr, Fact]]:
        """Divisor, dividend and fact of every divisibility that is assumed."""
        for fact in self.facts:
            if isinstance(fact.condition, Divides):
                divisor, dividend = fact.condition.args
                yield self.base(divisor), self.base(dividend), fact

    # Integers ------------------------------------------------------------------------------

    def integer(self, expr: Expr) -> bool:
        """Whether a value is proved to be an integer."""
        if expr.is_integer:
            return True
        expr = sympy.expand(self.base(expr))
        rounded = expr.atoms(sympy.floor, sympy.ceiling)
        expr = expr.xreplace({atom: sympy.Dummy("k", integer=True) for atom in rounded})
        proof = self._integer(expr, MAX_STEPS)
        if proof is None:
            return False
        self.used |= proof
        return True

    def _integer(self, expr: Expr, steps: int) -> frozenset[Fact] | None:
        proof: frozenset[Fact] = frozenset()
        failed = []
        for term in sympy.Add.make_args(expr):
            part = self._integer_term(term, steps)
            if part is None:
                failed.append(term)
            else:
                proof |= part
        if not failed:
            return proof
        return self._integer_sum(sympy.Add(*failed), proof, steps)

    def _integer_term(self, term: Expr, steps: int) -> frozenset[Fact] | None:
        """A proof that a product is an integer: cancel each divisor against its multiple."""
        if term.is_integer:
            return frozenset()
        if steps == 0:
            return None
        for moved in self._within_ranges(term):
            proof = self._integer_term(moved, steps)
            if proof is not None:
                return proof
        numerator, _ = term.as_numer_denom()
        for divisor, dividend, fact in self.divisions():
            if not _is_product(dividend) or dividend.is_Number:
                continue
            if not _divides_product(dividend, numerator):
                continue
            rest = self._integer_term(term * divisor / dividend, steps - 1)
            if rest is not None:
                return rest | {fact}
        return None

    def _within_ranges(self, term: Expr) -> Iterator[Expr]:
        """A term with the index of a loop put as first + t, and as last - t, where t >= 0."""
        for index, (first, last) in self.ranges.items():
            if term.has(index):
                t = sympy.Dummy("t", integer=True, nonnegative=True)
                yield sympy.powsimp(term.xreplace({index: first + t}))
                if last != sympy.oo:
                    yield sympy.powsimp(term.xreplace({index: last - t}))

    def _integer_sum(
        self, expr: Expr, proof: frozenset[Fact], steps: int
    ) -> frozenset[Fact] | None:
        """A proof for a sum such as (k - 1)/2, by putting k = 2 q + 1."""
        if steps == 0:
            return None
        for divisor, dividend, fact in self.divisions():
            if not isinstance(dividend, sympy.Add):
                continue
            for symbol in sorted(dividend.free_symbols & expr.free_symbols, key=str):
                rest = dividend - symbol
                if rest.has(symbol):
                    continue
                quotient = sympy.Dummy("q", integer=True)
                found = self._integer(
                    sympy.expand(expr.xreplace({symbol: divisor * quotient - rest})), steps - 1
                )
                if found is not None:
                    return proof | found | {fact}
        return None

    # Floors --------------------------------------------------------------------------------

    def floor(self, expr: Expr) -> Expr:
        """The exact floor: whole parts taken out, nested floors joined, ceilings recognised."""
        whole: list[Expr] = []
        rest: list[Expr] = []
        for term in sympy.Add.make_args(sympy.expand(expr)):
            (whole if self.integer(term) else rest).append(term)
        remainder = sympy.Add(*rest)
        if remainder != 0 and self.integer(remainder):
            return sympy.Add(*whole, remainder)
        if remainder.is_Number:
            return sympy.Add(*whole, sympy.floor(remainder))
        if not remainder.free_symbols:
            return sympy.Add(*whole, sympy.floor(remainder))
        return sympy.Add(*whole) + self._fraction_floor(remainder)

    def ceil(self, expr: Expr) -> Expr:
        """The exact ceiling, in the same normal form as `floor`."""
        return -self.floor(-expr)

    def refloored(self, expr: Expr) -> Expr:
        """An expression whose floors and ceilings are brought to normal form again."""
        return expr.replace(sympy.floor, self.floor).replace(sympy.ceiling, self.ceil)

    def _fraction_floor(self, expr: Expr) -> Expr:
        numerator, denominator = sympy.fraction(sympy.together(expr))
        if not (denominator.is_integer and denominator.is_positive):
            return sympy.floor(expr)
        joined = self._joined(numerator, denominator)
        if joined is not None:
            return self.floor(joined)
        if all(
            term.could_extract_minus_sign()
            for term in sympy.Add.make_args(numerator)
            if not term.is_Number
        ):
            return self._negative_floor(numerator, denominator)
        return _positive_floor(numerator, denominator)

    def _joined(self, numerator: Expr, denominator: Expr) -> Expr | None:
        """floor((floor(a/b) + m)/n) = floor((a + b m)/(b n)), the same for a ceiling."""
        terms = sympy.Add.make_args(numerator)
        inner = [term for term in terms if isinstance(term, sympy.floor | sympy.ceiling)]
        if len(inner) != 1:
            return None
        rest = numerator - inner[0]
        if not self.integer(rest):
            return None
        top, bottom = sympy.fraction(sympy.together(inner[0].args[0]))
        if not (bottom.is_integer and bottom.is_positive):
            return None
        if isinstance(inner[0], sympy.ceiling):
            if not self.integer(top):
                return None
            top = top + bottom - 1
        return sympy.expand(top + bottom * rest) / (bottom * denominator)

    def _negative_floor(self, numerator: Expr, denominator: Expr) -> Expr:
        """floor(-a/n) = -ceil(a/n) = -floor((a + n - 1)/n) for an integer a."""
        positive = sympy.expand(-numerator)
        if not self.integer(positive):
            return -sympy.ceiling(positive / denominator)
        return -self.floor(sympy.expand((positive - 1) / denominator) + 1)

    # Order ---------------------------------------------------------------------------------

    def equal(self, left: Expr, right: Expr) -> bool:
        """Whether two sizes are proved equal."""
        if left == right:
            return True
        return bool(sympy.expand(self.base(left) - self.base(right)) == 0)

    def decide(self, condition: Any) -> bool | None:
        """Yes, no, or None when it is not known."""
        if condition in (True, sympy.true):
            return True
        if condition in (False, sympy.false):
            return False
        if isinstance(condition, sympy.And | sympy.Or):
            return self._decide_many(condition)
        if isinstance(condition, sympy.Not):
            inner = self.decide(condition.args[0])
            return None if inner is None else not inner
        for fact in self.facts:
            if fact.condition == condition:
                self.used.add(fact)
                return True
            if fact.condition == sympy.Not(condition):
                self.used.add(fact)
                return False
        if isinstance(condition, Divides):
            return self._decide_divides(*condition.args)
        if isinstance(condition, Relational):
            return self._decide_relation(condition)
        return None

    def _decide_many(self, condition: Boolean) -> bool | None:
        answers = [self.decide(part) for part in condition.args]
        settles = isinstance(condition, sympy.Or)
        if settles in answers:
            return settles
        return None if None in answers else not settles

    def _decide_divides(self, divisor: Expr, dividend: Expr) -> bool | None:
        quotient = sympy.expand(self.base(dividend) / self.base(divisor))
        if quotient.is_Rational:
            return bool(quotient.is_Integer)
        return True if self.integer(quotient) else None

    def _decide_relation(self, relation: Relational) -> bool | None:
        difference = sympy.expand(self.base(relation.lhs) - self.base(relation.rhs))
        at_least, at_most = self.bounds(difference)
        if isinstance(relation, sympy.Eq | sympy.Ne):
            if difference == 0:
                answer: bool | None = True
            elif (at_least is not None and at_least > 0) or (at_most is not None and at_most < 0):
                answer = False
            else:
                answer = None
            return answer if isinstance(relation, sympy.Eq) or answer is None else not answer
        if isinstance(relation, sympy.Lt | sympy.Le):
            at_least, at_most = _negated(at_most), _negated(at_least)
        strict = isinstance(relation, sympy.Lt | sympy.Gt)
        if at_least is not None and (at_least > 0 or (at_least == 0 and not strict)):
            return True
        if at_most is not None and (at_most < 0 or (at_most == 0 and strict)):
            return False
        return None

    def bounds(self, expr: Expr) -> tuple[Rational | None, Rational | None]:
        """Bounds of the numerator of a value, which has its sign; None where not known."""
        numerator, denominator = sympy.fraction(sympy.together(expr))
        if not denominator.is_positive:
            return None, None
        constant, rest = sympy.expand(self._shifted(sympy.expand(numerator))).as_coeff_Add()
        signs = {_sign(term) for term in sympy.Add.make_args(rest)}
        lower = constant if signs <= {0, 1} else None
        upper = constant if signs <= {0, -1} else None
        return lower, upper

    def _shifted(self, expr: Expr) -> Expr:
        """Put x = least + t with t >= 0 for every symbol, and t for what is not a polynomial."""
        replaced: dict[Expr, Expr] = {}
        for atom in expr.atoms(sympy.floor, sympy.ceiling, sympy.Max, sympy.Min):
            if atom.args[0].is_nonnegative or self.bounds_are_positive(atom.args):
                least = 1 if isinstance(atom, sympy.ceiling) else 0
                replaced[atom] = least + sympy.Dummy("t", nonnegative=True)
        expr = expr.xreplace(replaced)
        least_of = self._least()
        moved = {
            symbol: least_of.get(symbol, Integer(1)) + sympy.Dummy("t", nonnegative=True)
            for symbol in expr.free_symbols
            if symbol.is_positive and symbol.is_integer
        }
        return expr.xreplace(moved)

    def bounds_are_positive(self, values: Iterable[Expr]) -> bool:
        """Whether every value is proved to be at least zero."""
        lower = [self.bounds(value)[0] for value in values]
        return all(bound is not None and bound >= 0 for bound in lower)

    def _least(self) -> dict[Symbol, Expr]:
        """The least value of each symbol for which a larger one than 1 is assumed."""
        least: dict[Symbol, Expr] = {
            index: first for index, (first, _) in self.ranges.items() if first.is_Integer
        }
        for fact in self.facts:
            condition = fact.condition
            if isinstance(condition, sympy.Lt | sympy.Le):
                condition = condition.reversed
            if not isinstance(condition, sympy.Gt | sympy.Ge):
                continue
            symbol, bound = condition.lhs, condition.rhs
            if symbol.is_Symbol and bound.is_Integer:
                value = bound + isinstance(condition, sympy.Gt)
                if value > least.get(symbol, 1):
                    least[symbol] = value
                    self.used.add(fact)
        return least


def _negated(bound: Rational | None) -> Rational | None:
    return None if bound is None else -bound


def _sign(term: Expr) -> int | None:
    if term.is_zero:
        return 0
    if term.is_nonnegative:
        return 1
    return -1 if term.is_nonpositive else None


def _is_product(expr: Expr) -> bool:
    return not isinstance(expr, sympy.Add)


def _divides_product(factor: Expr, product: Expr) -> bool:
    """Whether every symbol of `factor` stands in `product` with at least its power."""
    have = product.as_powers_dict()
    for base, exponent in factor.as_powers_dict().items():
        if base.is_Number:
            continue
        if not (exponent.is_Integer and have.get(base, 0) >= exponent):
            return False
    return True


def _positive_floor(numerator: Expr, denominator: Expr) -> Expr:
    """floor(p/q) with the constant of p reduced modulo q, as a ceiling where it is q - 1."""
    constant, rest = numerator.as_coeff_Add()
    if not rest.is_integer or not constant.is_Integer:
        return sympy.floor(sympy.expand(numerator / denominator))
    if denominator.is_Integer:
        whole, constant = divmod(constant, denominator)
        if constant == denominator - 1:
            return sympy.ceiling(rest / denominator) + whole
        return sympy.floor(sympy.expand((rest + constant) / denominator)) + whole
    if constant == -1:
        return sympy.ceiling(sympy.expand(rest / denominator)) - 1
    return sympy.floor(sympy.expand(numerator / denominator))
