"""Sizes that satisfy what is assumed: the smallest ones, and others that are drawn."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import combinations, islice, product
from math import gcd
from typing import Any

import sympy
from sympy import Expr, Symbol

from closedform.derive.assume.proofs.situation import Situation, situation_of
from closedform.derive.symbolic.atoms import Divides
from closedform.derive.symbolic.exact import NoNumberError, Numbers, exact, holds
from closedform.derive.symbolic.symbols import is_size, least_of

MAX_PAIRS = 20
DRAWN = ((1, 2), (2, 4, 8), (1, 1, 2, 3, 4, 5, 6, 7), (1, 3, 9, 12, 16, 25, 36, 64, 128))
FACTORS = (1, 1, 1, 1, 4, 9, 128)
FRACTIONS = tuple(
    Fraction(above, below) for above, below in ((1, 2), (3, 4), (3, 2), (1, 3), (2, 3), (1, 4))
)  # of a ratio, which need not be whole
MAX_DRAWN = 1500
MAX_TRIES = 4000  # candidates for sizes, fewer where conditions are long
MIN_TRIES = 60
MAX_NODES = 400_000  # of expressions that are evaluated
MAX_COMPARED = 12
LARGE = (2**6, 2**12, 2**20)  # times a small size, which keeps what divides it
PARTS, MANY_STEPS = range(2, 10), 1200  # a size above that is not made smaller by 1 at a time
FEW_SMALL = 8  # sizes of which one in turn is made large


class Samples:
    """Sizes for some symbols that satisfy conditions, found by solving the equalities first."""

    def __init__(self, symbols: Iterable[Symbol], conditions: Sequence[Any]) -> None:
        self.symbols = sorted(symbols, key=str)
        self.conditions = conditions
        self.tries = tries_for(MAX_TRIES, conditions)
        self._found: list[Numbers] = []
        self._candidates = self._all()

    def __iter__(self) -> Iterator[Numbers]:
        """The same sizes each time, smaller ones first; a bounded number of candidates."""
        yield from self._found
        for values in self._candidates:
            if self.fit(values):
                self._found.append(values)
                yield values

    def far(self, given: Iterable[Numbers]) -> Iterator[Numbers]:
        """Sizes that are given, and each of them with the others small; then sizes with one that is
        large."""
        small = [*islice(self, FEW_SMALL)]
        for least, numbers in product(small[:1], given):
            named = {s: value for s, value in numbers.items() if s in least}
            yield {**least, **named}
            yield from ({**least, s: value} for s, value in named.items())
        for values in small:
            for symbol, times in product(self.symbols, LARGE):
                yield {**values, symbol: max(values[symbol], Fraction(1)) * times}

    @cached_property
    def _situation(self) -> Situation:
        return situation_of(self.conditions)

    def _all(self) -> Iterator[Numbers]:
        solved = self._situation.solved
        inner = {s for v in solved.values() for s in v.free_symbols} | set(self.symbols)
        free = sorted(inner - solved.keys(), key=lambda s: (isinstance(s, sympy.Dummy), str(s)))
        for point in islice(_points(self._least(free)), self.tries):
            values = dict(point)
            try:
                for symbol, value in solved.items():
                    if symbol.is_Symbol:
                        values[symbol] = exact(value, point)
            except NoNumberError:
                continue
            yield self._mended({s: values[s] for s in self.symbols})

    def _mended(self, values: Numbers) -> Numbers:
        """Sizes with those changed that stand alone in a condition which does not hold."""
        mended = dict(values)
        for condition in self.conditions:
            try:
                if not holds(condition, mended):
                    mended.update(_mending(condition, mended))
            except NoNumberError:
                return values
        return mended

    def _least(self, free: Sequence[Symbol]) -> dict[Symbol, Fraction]:
        """The least value of each size by itself: 1 or 0, or more where that is assumed."""
        least = {symbol: Fraction(least_of(symbol)) for symbol in free}
        for fact in self._situation.facts:
            constant, rest = fact.as_coeff_Add()
            size, value = _reached(rest, -constant)
            if size in least and value.is_Rational:
                least[size] = max(least[size], Fraction(int(value.p), int(value.q)))
        return least

    def fit(self, values: Numbers) -> bool:
        """Whether these are sizes, and all conditions hold."""
        for symbol, value in values.items():
            if not is_size(symbol, sympy.Rational(value.numerator, value.denominator)):
                return False
        try:
            return all(holds(condition, values) for condition in self.conditions)
        except NoNumberError:
            return False


def _reached(expr: Expr, value: Expr) -> tuple[Expr, Expr]:
    """The size that must reach a number for an expression to reach a value: T >= 10 for
    floor(T/5) >= 2."""
    if not isinstance(expr, sympy.floor):
        return expr, value
    constant, rest = expr.args[0].as_coeff_Add()
    factor, size = rest.as_coeff_Mul()
    if factor <= 0:
        return expr, value
    return size, sympy.ceiling((sympy.ceiling(value) - constant) / factor)


def _mending(condition: Any, values: Numbers) -> dict[Symbol, Fraction]:
    """A value for a size of `Q | n` or `w <= n` with which that holds."""
    if isinstance(condition, Divides) and condition.args[0].is_Symbol:
        divisor, dividend = condition.args
        return {divisor: Fraction(gcd(int(exact(dividend, values)), int(values[divisor])) or 1)}
    if isinstance(condition, sympy.Le | sympy.Lt | sympy.Ge | sympy.Gt):
        strict = int(isinstance(condition, sympy.Lt | sympy.Gt))
        for side, other, step in (
            (condition.lts, condition.gts, -strict),
            (condition.gts, condition.lts, strict),
        ):
            if side.is_Symbol and exact(other, values) + step > 0:
                return {side: exact(other, values) + step}
    return {}


def _points(least: dict[Symbol, Fraction]) -> Iterator[dict[Symbol, Fraction]]:
    """All sizes at their least, then in turn one or two beyond it and all sizes drawn."""
    yield least
    drawn = _drawn(least)
    for small in _beyond(least):
        yield small
        yield next(drawn)
    yield from drawn


def _beyond(least: dict[Symbol, Fraction]) -> Iterator[dict[Symbol, Fraction]]:
    for more in (1, 2):
        for symbol in least:
            yield {**least, symbol: least[symbol] + more}
    for symbol in least:
        for value in () if symbol.is_integer else FRACTIONS:
            yield {**least, symbol: value}
            yield {**least, symbol: least[symbol] + value}
    for a, b in islice(combinations(least, 2), MAX_PAIRS):
        yield {**least, a: least[a] + 1, b: least[b] + 1}


def _drawn(least: dict[Symbol, Fraction]) -> Iterator[dict[Symbol, Fraction]]:
    draw, split = random.Random(0), random.Random(0)
    ratios = [symbol for symbol in least if not symbol.is_integer]
    for at in range(MAX_DRAWN):
        groups = [draw.choice(DRAWN) if at % 2 else DRAWN[at // 2 % len(DRAWN)] for _ in least]
        factors = [draw.choice(FACTORS) if at % 6 == 5 else 1 for _ in least]
        values = {
            symbol: value + (draw.choice(group) - 1) * factor
            for (symbol, value), group, factor in zip(least.items(), groups, factors, strict=True)
        }
        for ratio in ratios:
            part = split.choice(FRACTIONS)
            values[ratio] = split.choice((values[ratio], part, values[ratio] + part))
        yield values


def difference_at(left: Expr, right: Expr, values: Numbers) -> Fraction | None:
    """How much two expressions differ at some sizes; None where one has no value there."""
    try:
        return exact(left, values) - exact(right, values)
    except NoNumberError:
        return None


def smallest(samples: Samples, differs: Callable[[Numbers], bool], tries: int) -> Numbers | None:
    """The smallest sizes that are found at which something is not so."""
    return _made_smaller(samples, differs, filter(differs, islice(samples, tries)))


def smallest_far(
    samples: Samples, differs: Callable[[Numbers], bool], given: Iterable[Numbers], tries: int
) -> Numbers | None:
    """The same, among sizes that are given and such as are large."""
    fitting = filter(samples.fit, islice(samples.far(given), tries))
    return _made_smaller(samples, differs, filter(differs, fitting))


def _made_smaller(
    samples: Samples, differs: Callable[[Numbers], bool], differing: Iterable[Numbers]
) -> Numbers | None:
    """The smallest of sizes at which something is not so, with each made smaller where it stays."""
    found = list(islice(differing, MAX_COMPARED))
    if not found:
        return None
    best = min(found, key=_size)
    below = _below(best)
    for _ in range(samples.tries):
        smaller = next(below, None)
        if smaller is None:
            break
        if samples.fit(smaller) and differs(smaller):
            best, below = smaller, _below(smaller)
    return best


def tries_for(tries: int, expressions: Iterable[Any]) -> int:
    """How often expressions are evaluated at most: less often where they are long."""
    nodes = sum(1 for expr in expressions for _ in sympy.preorder_traversal(expr))
    return max(MIN_TRIES, min(tries, MAX_NODES // (nodes + 1)))


def _below(values: Numbers) -> Iterator[Numbers]:
    """The same with one size smaller."""
    for symbol, value in values.items():
        parts = [value - value // 2**part for part in PARTS] if value > MANY_STEPS else []
        for less in (0, 1, 2, 3, value // 2, *parts, value - 1):
            if least_of(symbol) <= less < value:
                yield {**values, symbol: Fraction(less)}


def _size(values: Numbers) -> tuple[Fraction, tuple[tuple[str, Fraction], ...]]:
    return sum(values.values(), Fraction(0)), tuple((str(s), v) for s, v in values.items())
