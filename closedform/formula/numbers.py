"""Written formulas at numbers, exactly.

>>> from closedform.formula import Number, Power, Product, Symbol
>>> amount(Product((Number(4), Power(Symbol("d"), Number(2)))), {"d": Number(3)})
Fraction(36, 1)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from fractions import Fraction
from math import ceil, floor, gcd, isqrt, prod
from typing import Any, TypeAlias

from closedform import formula as w
from closedform.data import dataclass
from closedform.formula.logarithms import Logarithms, logarithm

MAX_BITS = 1_000_000  # of a power
MAX_SUMMANDS = 100_000
NO_LOGARITHM = "a logarithm that is not whole"
# Nearly all are whole, and whole numbers of Python are ten times as fast as its fractions.
Exact: TypeAlias = int | Fraction

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
    _found: dict[str, Exact] = field(default_factory=dict)
    _index: dict[str, int] = field(default_factory=dict)
    _open: set[str] = field(default_factory=set)
    # by identity, since a hash walks the whole tree; what is kept keeps its identity
    _seen: dict[int, tuple[w.Written, Exact]] = field(default_factory=dict)

    def of(self, node: w.Written) -> Fraction:
        """The exact value of a formula. Raises NoNumberError."""
        return Fraction(self.exact(node))

    def exact(self, node: w.Written) -> Exact:
        """The same, as a whole number where it is one."""
        if type(node) not in VALUES:
            raise TypeError(f"no number for {type(node).__name__}")
        return VALUES[type(node)](self, node)

    def _once(self, node: w.Written, value: Callable[[], Exact]) -> Exact:
        """A value that stands in many places of a formula, outside of sums over an index."""
        if self._index:
            return value()
        if id(node) not in self._seen:
            self._seen[id(node)] = node, value()
        return self._seen[id(node)][1]

    def _number(self, node: w.Number) -> Exact:
        return node.value

    def _symbol(self, node: w.Symbol) -> Exact:
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

    def _named(self, name: str) -> Exact:
        if name in self._index:
            return self._index[name]
        if name not in self._found:
            if name not in self.sizes or name in self._open:
                raise NoNumberError(name)
            self._open.add(name)
            inner, self._index = self._index, {}
            try:
                self._found[name] = self.exact(self.sizes[name])
            finally:
                self._index = inner
                self._open.discard(name)
        return self._found[name]

    def _sum(self, node: w.Sum) -> Exact:
        return sum(map(self.exact, node.terms))

    def _product(self, node: w.Product) -> Exact:
        if self._is_excluded(node):
            return 0
        return prod(map(self.exact, node.factors))

    def _is_excluded(self, node: w.Written) -> bool:
        """Whether a condition that does not hold multiplies all of it: the rest needs no value."""
        factors = node.factors if isinstance(node, w.Product) else (node,)
        return any(isinstance(f, w.Indicator) and self.exact(f) == 0 for f in factors)

    def _fraction(self, node: w.Fraction) -> Exact:
        if self._is_excluded(node.numerator):
            return 0
        below = self._nonzero(node.denominator)
        return _quotient(self.exact(node.numerator), below)

    def _nonzero(self, node: w.Written) -> Exact:
        below = self.exact(node)
        if below == 0:
            raise NoNumberError("division by zero")
        return below

    def _power(self, node: w.Power) -> Exact:
        base, exponent = self.exact(node.base), self.exact(node.exponent)
        if exponent.denominator != 1:
            raise NoNumberError("a root")
        if base == 0 and exponent < 0:
            raise NoNumberError("division by zero")
        bits = max(base.numerator.bit_length(), base.denominator.bit_length())
        if base not in (0, 1, -1) and bits * abs(int(exponent)) > MAX_BITS:
            raise TooLargeError(f"a power with the exponent {exponent}")
        return _whole(Fraction(base) ** int(exponent)) if exponent < 0 else base ** int(exponent)

    def _function(self, node: w.Function) -> Exact:
        return self._once(node, lambda: self._of_function(node))

    def _of_function(self, node: w.Function) -> Exact:
        if node.name in ("floor", "ceil") and _has_logarithm(node):
            return self._rounded(node.arguments[0], node.name == "ceil")
        values = [self.exact(argument) for argument in node.arguments]
        match node.name:
            case "floor":
                return floor(values[0])
            case "ceil":
                return ceil(values[0])
            case "min":
                return min(values)
            case "max":
                return max(values)
            case "gcd" if all(value.denominator == 1 for value in values):
                return gcd(*map(int, values))
            case "sqrt":
                return _quotient(_root(values[0].numerator), _root(values[0].denominator))
            case "log":
                return _logarithm(*map(Fraction, values))
        raise NoNumberError(node.name)

    def _rounded(self, node: w.Written, up: bool) -> Exact:
        """The floor or the ceiling of a sum with logarithms, which need not be whole itself."""
        found = self._logarithms(node)
        whole = found.times(Fraction(-1)).floor() if up else found.floor()
        if whole is None:
            raise NoNumberError(NO_LOGARITHM)
        return -whole if up else whole

    def _logarithms(self, node: w.Written) -> Logarithms:
        """A sum with logarithms that need not be rational."""
        match node:
            case w.Function(name="log"):
                value, base = map(self.of, node.arguments)
                rational = logarithm(value, base)
                if rational is not None:
                    return Logarithms(rational)
                return Logarithms(often={(value, base): Fraction(1)})
            case w.Sum():
                return sum(map(self._logarithms, node.terms), Logarithms())
            case w.Fraction() if not self._is_excluded(node):
                below = Fraction(self._nonzero(node.denominator))
                return self._logarithms(node.numerator).times(1 / below)
            case w.Product() if not self._is_excluded(node):
                *rest, last = sorted(node.factors, key=_has_logarithm)
                factor = self.of(w.Product(tuple(rest)))
                return self._logarithms(last).times(factor)
        return Logarithms(self.of(node))

    def _condition(self, node: w.Condition) -> Exact:
        return int(self._holds(node))

    def _holds(self, node: w.Condition) -> bool:
        if node.operator in ORDERS and any(map(_has_logarithm, node.parts)):
            return self._sign(*node.parts) in ORDERS[node.operator]
        values = [self.exact(part) for part in node.parts]
        match node.operator:
            case "and":
                return all(values)
            case "or":
                return any(values)
            case "not":
                return not values[0]
        left, right = values
        if node.operator == "|":
            return left != 0 and _quotient(right, left).denominator == 1
        return (left > right) - (left < right) in ORDERS[node.operator]

    def _sign(self, left: w.Written, right: w.Written) -> int:
        """Whether the left side is above the right (1), below it (-1), or the same (0)."""
        sign = (self._logarithms(left) + self._logarithms(right).times(Fraction(-1))).sign()
        if sign is None:
            raise NoNumberError(NO_LOGARITHM)
        return sign

    def _indicator(self, node: w.Indicator) -> Exact:
        return self._once(node, lambda: self.exact(node.condition))

    def _big_sum(self, node: w.BigSum) -> Exact:
        first, last = int(self.exact(node.first)), int(self.exact(node.last))
        if last - first >= MAX_SUMMANDS:
            raise TooLargeError(f"a sum of {last - first + 1} terms, which has no closed form,")
        outer = self._index
        total: Exact = 0
        try:
            for value in range(first, last + 1):
                self._index = {**outer, node.index: value}
                total += self.exact(node.body)
        finally:
            self._index = outer
        return total

    def _braced(self, node: w.Braced) -> Exact:
        return self.exact(node.body)


# A table, for this is asked some hundred thousand times for a page, and `singledispatchmethod` is
# slow before Python 3.14.
VALUES: dict[type, Callable[[Numbers, Any], Exact]] = {
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


def _quotient(above: Exact, below: Exact) -> Exact:
    if isinstance(above, int) and isinstance(below, int) and above % below == 0:
        return above // below
    return _whole(Fraction(above) / below)


def _whole(value: Fraction) -> Exact:
    return value.numerator if value.denominator == 1 else value


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


def _has_logarithm(node: w.Written) -> bool:
    """Whether a logarithm is a term, or a factor of one."""
    match node:
        case w.Function():
            inside = node.arguments if node.name in ("floor", "ceil") else ()
            return node.name == "log" or any(map(_has_logarithm, inside))
        case w.Sum():
            return any(map(_has_logarithm, node.terms))
        case w.Product():
            return any(map(_has_logarithm, node.factors))
        case w.Fraction():
            return _has_logarithm(node.numerator)
    return False


def amount_or_none(node: w.Written, numbers: Numbers) -> Fraction | None:
    """The exact value of a formula where it has one."""
    try:
        return numbers.of(node)
    except NoNumberError:
        return None
