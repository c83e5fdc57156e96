"""Written formulas at numbers, exactly.

>>> from closedform.formula import Number, Power, Product, Symbol
>>> amount(Product((Number(4), Power(Symbol("d"), Number(2)))), {"d": Number(3)})
Fraction(36, 1)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor, gcd, isqrt
from typing import Any, TypeGuard

from closedform import formula as w
from closedform.formula.logarithms import floor_of_logarithm, logarithm, sign_of_logarithm

MAX_BITS = 1_000_000  # of a power
MAX_SUMMANDS = 100_000
NO_LOGARITHM = "a logarithm that is not whole"
ORDERS = {"=": (0,), "!=": (1, -1), "<": (-1,), "<=": (-1, 0), ">": (1,), ">=": (1, 0)}


class NoNumberError(Exception):
    """A formula has no exact number here: a symbol without a value, a root, a logarithm."""


class TooLargeError(NoNumberError):
    """A number or a sum would be too large to be written out."""


def amount(node: w.Written, sizes: Mapping[str, w.Written]) -> Fraction:
    """The exact value of a formula; a condition is 1 or 0. Raises NoNumberError."""
    return Numbers(sizes).of(node)


@dataclass
class Numbers:
    """Values of formulas, with the formulas of the sizes in them; each size is found once."""

    sizes: Mapping[str, w.Written]
    _found: dict[str, Fraction] = field(default_factory=dict)
    _index: dict[str, int] = field(default_factory=dict)
    _open: set[str] = field(default_factory=set)

    def of(self, node: w.Written) -> Fraction:
        """The exact value of a formula. Raises NoNumberError."""
        return VALUES[type(node)](self, node)

    def _number(self, node: w.Number) -> Fraction:
        return Fraction(node.value)

    def _symbol(self, node: w.Symbol) -> Fraction:
        if node.index is None:
            return self._named(node.name)
        return self._named(f"{node.name}_{self._place(node.index)}")

    def _place(self, index: str) -> str:
        """The stage that an index such as `s`, `s-1` or `3` means."""
        for name, value in self._index.items():
            rest = index.removeprefix(name)
            if rest != index and (not rest or rest[0] in "+-"):
                return str(value + int(rest or 0))
        return index

    def _named(self, name: str) -> Fraction:
        if name in self._index:
            return Fraction(self._index[name])
        if name not in self._found:
            if name not in self.sizes or name in self._open:
                raise NoNumberError(name)
            self._open.add(name)
            inner, self._index = self._index, {}
            try:
                self._found[name] = self.of(self.sizes[name])
            finally:
                self._index = inner
                self._open.discard(name)
        return self._found[name]

    def _sum(self, node: w.Sum) -> Fraction:
        return sum((self.of(term) for term in node.terms), Fraction(0))

    def _product(self, node: w.Product) -> Fraction:
        if self._is_excluded(node):
            return Fraction(0)
        value = Fraction(1)
        for factor in node.factors:
            value *= self.of(factor)
        return value

    def _is_excluded(self, node: w.Written) -> bool:
        """Whether a condition that does not hold multiplies all of it: the rest needs no value."""
        factors = node.factors if isinstance(node, w.Product) else (node,)
        return any(isinstance(f, w.Indicator) and self.of(f) == 0 for f in factors)

    def _fraction(self, node: w.Fraction) -> Fraction:
        if self._is_excluded(node.numerator):
            return Fraction(0)
        below = self.of(node.denominator)
        if below == 0:
            raise NoNumberError("division by zero")
        return self.of(node.numerator) / below

    def _power(self, node: w.Power) -> Fraction:
        base, exponent = self.of(node.base), self.of(node.exponent)
        if exponent.denominator != 1:
            raise NoNumberError("a root")
        if base == 0 and exponent < 0:
            raise NoNumberError("division by zero")
        bits = max(base.numerator.bit_length(), base.denominator.bit_length())
        if base not in (0, 1, -1) and bits * abs(exponent) > MAX_BITS:
            raise TooLargeError(f"a power with the exponent {exponent}")
        return Fraction(base ** int(exponent))

    def _function(self, node: w.Function) -> Fraction:
        inner = node.arguments[0]
        if node.name in ("floor", "ceil") and _is_logarithm(inner):
            return self._rounded(inner, node.name == "ceil")
        values = [self.of(argument) for argument in node.arguments]
        match node.name:
            case "floor":
                return Fraction(floor(values[0]))
            case "ceil":
                return Fraction(ceil(values[0]))
            case "min":
                return min(values)
            case "max":
                return max(values)
            case "gcd" if all(value.denominator == 1 for value in values):
                return Fraction(gcd(*map(int, values)))
            case "sqrt":
                return Fraction(_root(values[0].numerator), _root(values[0].denominator))
            case "log":
                return _logarithm(*values)
        raise NoNumberError(node.name)

    def _rounded(self, node: w.Function, up: bool) -> Fraction:
        """The floor or the ceiling of a logarithm, which need not be whole itself."""
        value, base = map(self.of, node.arguments)
        if value <= 0 or base <= 1:
            raise NoNumberError(NO_LOGARITHM)
        return Fraction(
            -floor_of_logarithm(1 / value, base) if up else floor_of_logarithm(value, base)
        )

    def _condition(self, node: w.Condition) -> Fraction:
        return Fraction(self._holds(node))

    def _holds(self, node: w.Condition) -> bool:
        if any(map(_is_logarithm, node.parts)) and node.operator in ORDERS:
            return self._sign(*node.parts) in ORDERS[node.operator]
        values = [self.of(part) for part in node.parts]
        match node.operator:
            case "and":
                return all(values)
            case "or":
                return any(values)
            case "not":
                return not values[0]
        left, right = values
        if node.operator == "|":
            return left != 0 and (right / left).denominator == 1
        return (left > right) - (left < right) in ORDERS[node.operator]

    def _sign(self, left: w.Written, right: w.Written) -> int:
        """Whether a logarithm is above the other side (1), below it (-1), or the same (0)."""
        if not _is_logarithm(left):
            return -self._sign(right, left)
        value, base = map(self.of, left.arguments)
        if _is_logarithm(right) and self.of(right.arguments[1]) == base > 1:
            other = self.of(right.arguments[0])
            return (value > other) - (value < other)
        sign = sign_of_logarithm(value, base, self.of(right))
        if sign is None:
            raise NoNumberError(NO_LOGARITHM)
        return sign

    def _indicator(self, node: w.Indicator) -> Fraction:
        return self.of(node.condition)

    def _big_sum(self, node: w.BigSum) -> Fraction:
        first, last = int(self.of(node.first)), int(self.of(node.last))
        if last - first >= MAX_SUMMANDS:
            raise TooLargeError(f"a sum of {last - first + 1} terms, which has no closed form,")
        outer, total = self._index, Fraction(0)
        try:
            for value in range(first, last + 1):
                self._index = {**outer, node.index: value}
                total += self.of(node.body)
        finally:
            self._index = outer
        return total

    def _braced(self, node: w.Braced) -> Fraction:
        return self.of(node.body)


# A table, for this is asked some hundred thousand times for a page, and `singledispatchmethod` is
# slow before Python 3.14.
VALUES: dict[type, Callable[[Numbers, Any], Fraction]] = {
    w.Number: Numbers._number,
    w.Symbol: Numbers._symbol,
    w.Sum: Numbers._sum,
    w.Product: Numbers._product,
    w.Fraction: Numbers._fraction,
    w.Power: Numbers._power,
    w.Function: Numbers._function,
    w.Condition: Numbers._condition,
    w.Indicator: Numbers._indicator,
    w.BigSum: Numbers._big_sum,
    w.Braced: Numbers._braced,
}


def _root(value: int) -> int:
    root = isqrt(value) if value >= 0 else 0
    if root * root != value:
        raise NoNumberError("a root")
    return root


def _logarithm(value: Fraction, base: Fraction) -> Fraction:
    """The exponent that makes the base the value, where that is rational."""
    exponent = logarithm(value, base)
    if exponent is None:
        raise NoNumberError(NO_LOGARITHM)
    return exponent


def _is_logarithm(node: w.Written) -> TypeGuard[w.Function]:
    return isinstance(node, w.Function) and node.name == "log"


def amount_or_none(node: w.Written, numbers: Numbers) -> Fraction | None:
    """The exact value of a formula where it has one."""
    try:
        return numbers.of(node)
    except NoNumberError:
        return None
