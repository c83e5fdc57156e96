"""SymPy expressions as steps on integers. SymPy is only read, as in `symbolic/exact.py`.

A value is a sum of products of steps with rational coefficients. What must be true besides, for
the value to be there at all, is collected as needs: that a divisor is not 0, that a root is whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import field
from fractions import Fraction
from typing import Any, TypeAlias

import sympy
from sympy import Expr, Symbol
from sympy.core.relational import Relational

from closedform.data import dataclass
from closedform.derive.lower.building import Nodes
from closedform.derive.lower.nodes import Node, Op
from closedform.derive.lower.polynomials import (
    Monomial,
    Ratio,
    Terms,
    monomial,
    plus,
    product,
    ratio,
)
from closedform.derive.symbolic.atoms import Bracket, Divides, Gcd, Log, unfolded
from closedform.derive.symbolic.powers import over_powers
from closedform.derive.symbolic.unwritten import Alive
from closedform.derive.symbolic.wording import say
from closedform.errors import ClosedformError, fail

Needs: TypeAlias = dict[Node, str]  # conditions, each with what is wrong where it does not hold

UNROLLED = 16  # a sum of so many terms is written term by term


@dataclass(frozen=True)
class Lowered:
    """A value, and what it needs."""

    terms: Terms
    needs: Needs = field(default_factory=dict)


@dataclass(frozen=True)
class Held:
    """A condition as a step, and what it needs."""

    step: Node
    needs: Needs = field(default_factory=dict)


class Lowering:
    """Lowers expressions to steps of one program; `resolve` says what a symbol is."""

    def __init__(self, make: Nodes, resolve: Callable[[Symbol], Lowered]) -> None:
        self.make = make
        self._resolve = resolve
        self._indices: dict[Symbol, Lowered] = {}
        self._known: dict[Expr, Lowered] = {}
        self._sums = 0

    # Numbers -------------------------------------------------------------------------------

    def of(self, expr: Expr) -> Lowered:
        """The value of an expression. Raises ClosedformError for what has no exact steps."""
        if expr in self._known:
            return self._known[expr]
        found = self._of(expr)
        if not (self._indices and expr.has_free(*self._indices)):
            self._known[expr] = found
        return found

    def whole(self, expr: Expr, why: str) -> tuple[Node, Needs]:
        """The value of an expression that should be a whole number, as one step."""
        found = self.of(expr)
        value, needs = self._whole(ratio(found.terms, self.make), why)
        return value, {**found.needs, **needs}

    def _of(self, expr: Expr) -> Lowered:
        if expr.is_Symbol:
            return self._indices[expr] if expr in self._indices else self._resolve(expr)
        if expr.is_Rational:
            return self.number(Fraction(int(expr.p), int(expr.q)))
        if expr.is_Add:
            parts = [self.of(term) for term in expr.args]
            return Lowered(plus(*(part.terms for part in parts)), _together(parts))
        if expr.is_Mul:
            return self._product(expr.args)
        if expr.is_Pow:
            return self._power(expr.base, expr.exp)
        return self._function(expr)

    def number(self, value: Fraction) -> Lowered:
        return Lowered({(): value} if value else {})

    def step(self, node: Node, needs: Needs | None = None) -> Lowered:
        """The value of one step."""
        if node.number is not None:
            return Lowered(self.number(Fraction(node.number)).terms, needs or {})
        return Lowered({((node, 1),): Fraction(1)}, needs or {})

    def _product(self, factors: Iterable[Expr]) -> Lowered:
        """A product; where a condition does not hold, what it multiplies needs nothing."""
        conditions: list[Expr] = []
        others: list[Expr] = []
        for factor in factors:
            (conditions if isinstance(factor, sympy.Piecewise) else others).append(factor)
        asked = [self.of(factor) for factor in conditions]
        rest = [self.of(factor) for factor in others]
        if any(not part.terms for part in asked):
            return Lowered({}, _together(asked))
        found, number = self._single(asked[0].terms) if asked else ((), Fraction(1))
        for part in asked[1:]:
            key, value = self._single(part.terms)
            found, number = product(found, key), number * value
        needs = self.when([node.args[0] for node, _ in found if node.op is Op.ONE_IF], rest)
        for part in rest:
            key, value = self._single(part.terms)
            found, number = product(found, key), number * value
        return Lowered({found: number} if number else {}, {**_together(asked), **needs})

    def when(self, case: Iterable[Node], parts: Iterable[Lowered]) -> Needs:
        """The needs of what counts only in a case."""
        outside = self.make.none(self.make.all(*case))
        needs = _together(parts).items()
        return {self.make.of(Op.OR, outside, need): why for need, why in needs}

    def _single(self, terms: Terms) -> tuple[Monomial, Fraction]:
        """A sum as one product."""
        if not terms:
            return (), Fraction(0)
        if len(terms) > 1:
            found = ratio(terms, self.make)
            powers = product(((found.above, 1),), _inverse(found.below))
            terms = _numbers_apart(powers, Fraction(1, found.number))
        ((key, value),) = terms.items()
        return key, value

    def _power(self, base: Expr, exponent: Expr) -> Lowered:
        below = self.of(base)
        key, number = self._single(below.terms)
        if exponent.is_Integer:
            return self._integer_power(below, key, number, int(exponent), base)
        if exponent.is_Rational and exponent.q == 2:
            root = self._root(below, base)
            return self._integer_power(
                root, *self._single(root.terms), int(exponent.p), sympy.sqrt(base)
            )
        if exponent.is_Rational:
            raise _not_exact(base**exponent, "a root other than a square root")
        above, needs = self.whole(exponent, f"the exponent {say(exponent)} is not whole")
        found = ratio(below.terms, self.make)
        over, under = found.above, found.under(self.make)
        powers = self._to_the((over, 1), (under, -1), exponent=self._clamped(above, 0))
        needs = {**below.needs, **needs}
        if above.low is None or above.low < 0:
            inverse, more = self._inverse_of(over, base)
            least = self.make.of(Op.AT_MOST, self.make.zero, above)
            needs |= {self.make.of(Op.OR, least, need): why for need, why in more.items()}
            back = self._clamped(self._negative(above), 0)
            powers = product(powers, self._to_the(*inverse, (under, 1), exponent=back))
        return Lowered(_numbers_apart(powers), needs)

    def _to_the(self, *factors: tuple[Node, int], exponent: Node) -> Monomial:
        """Factors, or divisors, to a power that is not negative."""
        found: Monomial = ()
        for node, power in factors:
            found = product(found, ((self.make.of(Op.POWER, node, exponent), power),))
        return found

    def _integer_power(
        self, below: Lowered, key: Monomial, number: Fraction, exponent: int, base: Expr
    ) -> Lowered:
        if exponent >= 0:
            powers = monomial({node: power * exponent for node, power in key})
            return Lowered({powers: number**exponent}, below.needs)
        if not number:
            return Lowered({}, {**below.needs, self.make.false: f"{say(base)} divides, and is 0"})
        powers, needs = (), dict(below.needs)
        for node, power in key:
            inverse: Monomial = ((node, 1),)  # what divides is positive
            if power > 0:
                inverse, more = self._inverse_of(node, base)
                needs |= more
            times = abs(power * exponent)
            powers = product(powers, monomial({n: p * times for n, p in inverse}))
        return Lowered(_numbers_apart(powers, number**exponent), needs)

    def _inverse_of(self, node: Node, expr: Expr) -> tuple[Monomial, Needs]:
        """One over a step, with a divisor that is positive, and that the step is not 0."""
        make = self.make
        if node.low is not None and node.low >= 1:
            return ((node, -1),), {}
        why = f"{say(expr)} divides, and is 0"
        if node.low is not None and node.low >= 0:
            return ((make.of(Op.MAX, node, make.one), -1),), {
                make.of(Op.LESS, make.zero, node): why
            }
        square = make.of(Op.MAX, make.of(Op.POWER, node, make.const(2)), make.one)
        need = make.none(make.of(Op.EQUAL, node, make.zero))
        return monomial({node: 1, square: -1}), {need: why}  # 1/x is x/x^2

    def _negative(self, node: Node) -> Node:
        return self.make.of(Op.SUBTRACT, self.make.zero, node)

    def _clamped(self, node: Node, least: int) -> Node:
        """A step that is never below a number."""
        return self.make.of(Op.MAX, node, self.make.const(least))

    def _whole(self, found: Ratio, why: str) -> tuple[Node, Needs]:
        """A quotient that should be a whole number, and that it is one."""
        under = found.under(self.make)
        need = self.make.of(Op.DIVIDES, under, found.above)
        needs = {} if need is self.make.true else {need: why}
        return self.make.of(Op.FLOORDIV, found.above, under), needs

    def _root(self, below: Lowered, base: Expr) -> Lowered:
        make, found = self.make, ratio(below.terms, self.make)
        under = found.under(make)
        square = make.of(Op.MULTIPLY, found.above, under)
        root = make.of(Op.ROOT, self._clamped(square, 0))
        need = make.of(Op.EQUAL, make.of(Op.MULTIPLY, root, root), square)
        needs = {**below.needs, need: f"the root of {say(base)} is not whole"}
        return Lowered(
            product_of(self.step(root).terms, {_inverse(found.below): Fraction(1, found.number)}),
            needs,
        )

    # Functions -----------------------------------------------------------------------------

    def _function(self, expr: Expr) -> Lowered:
        if isinstance(expr, sympy.Piecewise):
            return self._cases(expr)
        if isinstance(expr, Bracket):
            return self.of(expr.args[0])
        if isinstance(expr, sympy.Sum):
            return self._sum(expr)
        if isinstance(expr, sympy.floor | sympy.ceiling):
            up = isinstance(expr, sympy.ceiling)
            if isinstance(expr.args[0], Log):
                return self._rounded_logarithm(expr.args[0], up)
            return self._rounded(self.of(expr.args[0]), up)
        if isinstance(expr, sympy.Min | sympy.Max):
            return self._extreme(expr)
        if isinstance(expr, Gcd):
            return self._divisor_in_common(expr)
        if isinstance(expr, Log):
            return self._logarithm(expr)
        if isinstance(expr, Alive):
            message = "how much is alive at once is not written out here, and has no program"
            raise fail("lower", message, None, "ask for it at numbers, as at a preset")
        raise _not_exact(expr, f"`{type(expr).__name__}`")

    def _rounded(self, value: Lowered, up: bool) -> Lowered:
        make, found = self.make, ratio(value.terms, self.make)
        above, under = found.above, found.under(make)
        if up:
            above = make.of(Op.ADD, above, make.of(Op.SUBTRACT, under, make.one))
        return self.step(make.of(Op.FLOORDIV, above, under), value.needs)

    def _extreme(self, expr: Expr) -> Lowered:
        """The least or the greatest of some values, over one divisor."""
        op = Op.MIN if isinstance(expr, sympy.Min) else Op.MAX
        values = [self.of(argument) for argument in expr.args]
        ratios = [ratio(value.terms, self.make) for value in values]
        under: Monomial = ()
        for found in ratios:
            powers = dict(under)
            powers.update({n: max(p, powers.get(n, 0)) for n, p in found.below})
            under = monomial(powers)
        number = max(found.number for found in ratios)
        for found in ratios:
            number = number * found.number // sympy.igcd(number, found.number)
        scaled = [
            ratio(product_of(value.terms, {under: Fraction(int(number))}), self.make).above
            for value in values
        ]
        result = scaled[0]
        for step in scaled[1:]:
            result = self.make.of(op, result, step)
        terms = product_of(self.step(result).terms, {_inverse(under): Fraction(1, int(number))})
        return Lowered(terms, _together(values))

    def _divisor_in_common(self, expr: Expr) -> Lowered:
        steps: list[Node] = []
        needs: Needs = {}
        for argument in expr.args:
            step, more = self.whole(argument, f"{say(argument)} is not whole")
            steps.append(step)
            needs |= more
        return self.step(self.make.of(Op.GCD, *steps), needs)

    def _of_logarithm(self, expr: Expr) -> tuple[Node, Node, Needs]:
        """The number and the base of a logarithm, as numbers that have one."""
        (value, more), (base, needs) = (
            self.whole(argument, f"{say(argument)} is not whole") for argument in expr.args
        )
        needs = {**more, **needs}
        for step, least in ((value, 1), (base, 2)):
            need = self.make.of(Op.AT_MOST, self.make.const(least), step)
            needs[need] = f"the logarithm of {say(expr.args[0])} has no value"
        return self._clamped(value, 1), self._clamped(base, 2), needs

    def _logarithm(self, expr: Expr) -> Lowered:
        value, base, needs = self._of_logarithm(expr)
        why = f"the logarithm of {say(expr.args[0])} to the base {say(expr.args[1])} is not whole"
        needs[self.make.of(Op.POWER_OF, value, base)] = why
        return self.step(self.make.of(Op.LOG, value, base), needs)

    def _rounded_logarithm(self, expr: Expr, up: bool) -> Lowered:
        make = self.make
        value, base, needs = self._of_logarithm(expr)
        found = make.of(Op.LOG, value, base)
        if up:
            beyond = make.of(Op.ONE_IF, make.none(make.of(Op.POWER_OF, value, base)))
            found = make.of(Op.ADD, found, beyond)
        return self.step(found, needs)

    def _cases(self, expr: Expr) -> Lowered:
        """An indicator, or values by cases as a sum of indicators with factors."""
        if [value for value, _ in expr.args] == [1, 0] and expr.args[1].cond == sympy.true:
            asked = self.holds(expr.args[0].cond)
            return self.step(self.make.of(Op.ONE_IF, asked.step), asked.needs)
        found = self.of(unfolded(expr))
        if expr.args[-1].cond == sympy.true:
            return found
        any_ = self.holds(sympy.Or(*(condition for _, condition in expr.args)))
        return Lowered(found.terms, {**found.needs, any_.step: f"{say(expr)} has no case"})

    def _sum(self, expr: Expr) -> Lowered:
        body, (index, *limits) = expr.args
        ends: list[Node] = []
        needs: Needs = {}
        for limit in limits:
            end, more = self.whole(limit, f"the end {say(limit)} of a sum is not whole")
            ends.append(end)
            needs |= more
        first, last = ends
        begin, end_ = first.number, last.number
        if begin is not None and end_ is not None and end_ - begin < UNROLLED:
            numbers = map(Fraction, range(begin, end_ + 1))
            parts = [self._at(body, index, self.number(number)) for number in numbers]
            return Lowered(plus(*(p.terms for p in parts)), {**needs, **_together(parts)})
        self._sums += 1
        step = self.make.index(f"{index.name}_{self._sums}", first, last)
        inner = self._at(body, index, self.step(step))
        found = ratio(inner.terms, self.make)
        if any(step.value in node.indices for node, _ in found.below):
            raise _not_exact(expr, "a sum over an index that divides")
        for need, why in inner.needs.items():
            if step.value in need.indices:
                broken = self.make.sum(step, self.make.of(Op.ONE_IF, self.make.none(need)))
                need = self.make.of(Op.EQUAL, broken, self.make.zero)
            needs[need] = why
        total = self.step(self.make.sum(step, found.above)).terms
        return Lowered(product_of(total, {_inverse(found.below): Fraction(1, found.number)}), needs)

    def _at(self, body: Expr, index: Symbol, value: Lowered) -> Lowered:
        outer = self._indices
        self._indices = {**outer, index: value}
        try:
            return self.of(body)
        finally:
            self._indices = outer

    # Conditions ----------------------------------------------------------------------------

    def holds(self, condition: Any) -> Held:
        """A condition."""
        make = self.make
        if condition in (True, False, sympy.true, sympy.false):
            return Held(make.truth(bool(condition)))
        if isinstance(condition, sympy.And | sympy.Or):
            op = Op.AND if isinstance(condition, sympy.And) else Op.OR
            first, *others = (self.holds(part) for part in condition.args)
            found, needs = first.step, {**first.needs}
            for part in others:  # where those before it decide, it needs nothing
                decided = make.none(found) if op is Op.AND else found
                needs |= {make.of(Op.OR, decided, need): why for need, why in part.needs.items()}
                found = make.of(op, found, part.step)
            return Held(found, needs)
        if isinstance(condition, sympy.Not):
            inner = self.holds(condition.args[0])
            return Held(make.none(inner.step), inner.needs)
        if isinstance(condition, sympy.ITE):
            asked, yes, no = condition.args
            return self.holds(sympy.Or(sympy.And(asked, yes), sympy.And(sympy.Not(asked), no)))
        if isinstance(condition, Divides):
            divisor, number = condition.args
            quotient = self._product((number, divisor**-1))
            over = ratio(quotient.terms, make)
            return Held(make.of(Op.DIVIDES, over.under(make), over.above), quotient.needs)
        if not isinstance(condition, Relational):
            raise _not_exact(condition, f"`{type(condition).__name__}`")
        return self._compared(condition)

    def _compared(self, condition: Relational) -> Held:
        if condition.has(Log) and (plain := over_powers(condition)) != condition:
            return self.holds(plain)
        make, values = self.make, [self.of(side) for side in condition.args]
        over = [ratio(value.terms, make) for value in values]
        left, right = (found.above for found in over)
        if any(found.number != 1 or found.below for found in over):
            less = {key: -number for key, number in values[1].terms.items()}
            left, right = ratio(plus(values[0].terms, less), make).above, make.zero
        rows: dict[str, Callable[[], Node]] = {
            "==": lambda: make.of(Op.EQUAL, left, right),
            "!=": lambda: make.none(make.of(Op.EQUAL, left, right)),
            "<": lambda: make.of(Op.LESS, left, right),
            "<=": lambda: make.of(Op.AT_MOST, left, right),
            ">": lambda: make.of(Op.LESS, right, left),
            ">=": lambda: make.of(Op.AT_MOST, right, left),
        }
        return Held(rows[condition.rel_op](), _together(values))


def product_of(one: Terms, other: Terms) -> Terms:
    """The product of two sums, multiplied out."""
    return plus(*({product(a, b): x * y} for a, x in one.items() for b, y in other.items()))


def _numbers_apart(powers: Monomial, number: Fraction = Fraction(1)) -> Terms:
    """A product as a sum of one term; steps that are numbers belong to its coefficient."""
    rest = {}
    for node, power in powers:
        if node.number is None:
            rest[node] = power
        else:
            number *= Fraction(node.number) ** power
    return {monomial(rest): number} if number else {}


def _inverse(powers: Monomial) -> Monomial:
    return tuple((node, -power) for node, power in powers)


def _together(parts: Iterable[Lowered | Held]) -> Needs:
    return {need: why for part in parts for need, why in part.needs.items()}


def _not_exact(expr: Any, what: str) -> ClosedformError:
    return fail("lower", f"{say(expr)} has no program on whole numbers: it has {what}")
