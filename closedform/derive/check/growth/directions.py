"""Refutations: a direction in which sizes grow, along which no constant is large enough.

What is tried first is cheap and proves nothing; what is given back is proved: along the direction
every condition holds at last, and the one side outgrows the other. The numbers show it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from fractions import Fraction
from functools import cached_property
from itertools import chain, islice, product
from math import lcm
from typing import Any, TypeAlias

import sympy
from sympy import Expr, Integer, Rational, Symbol
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean

from closedform.data import dataclass
from closedform.derive.assume.simplex import maximize
from closedform.derive.assume.verdict import Refuted
from closedform.derive.check.growth.bounds import Setting
from closedform.derive.check.growth.cases import Undecided
from closedform.derive.check.growth.conditions import without_not
from closedform.derive.check.growth.monomials import Atom, Monomial
from closedform.derive.check.growth.parameters import Parameters, parametrized
from closedform.derive.check.growth.prover import (
    Gap,
    Goal,
    Range,
    Statement,
    at_most,
    in_every_case,
    not_negative,
    primes_of,
    within,
)
from closedform.derive.symbolic.atoms import Divides, Log, put_in
from closedform.derive.symbolic.exact import MAX_BITS, NoNumberError, exact
from closedform.derive.symbolic.expansion import expand
from closedform.derive.symbolic.symbols import is_size, least_of, size_symbol
from closedform.errors import Diagnostic, LimitError

Table: TypeAlias = Mapping[Symbol, Expr]

MAX_KINDS = 8  # ways to satisfy conditions
MAX_TRIED = 50  # directions of one kind, at numbers
MAX_PROVED = 20  # for so many of them a proof is tried
MAX_VALUES = 1000  # of an index
MAX_WAYS, MAX_NUMBERS = 4000, 16
MAX_IN_PROPORTION, PROPORTIONS = 3, (1, 2, 3)
PROBES, PROBES_IN_EXPONENTS, PROBES_IN_SUMS = (8, 512), (3, 12), (3, 24)
PROBES_FAR = ((30, 120), (300, 1200))  # a power of 2 is ahead of a large power of a size late
LARGEST_EXPONENT = 2000
AHEAD = Rational(3, 2)  # from the first to the second of two probes
READABLE = 10**15
PLACES = ((10, 100, 1000), (4, 16, 64), (16, 256, 65536), (2, 4, 8), (8, 16, 32))
PLACES_IN_EXPONENTS = ((5, 10, 20), (4, 8, 16), (2, 4, 8), (3, 5, 7), (1, 2, 3))
PLACES_FAR = ((40, 80, 160), (300, 600, 1200))


@dataclass(frozen=True)
class Point:
    """Sizes, and both sides there."""

    sizes: Table
    left: Expr
    right: Expr


@dataclass(frozen=True)
class Outgrown(Refuted):
    """The left side outgrows the right one along a direction: each size as a function of `time`.

    `order` is O where that is the expression and the bound, Omega where it is the other way round
    (in `points`; `left` and `right` are what is derived and what is claimed, as everywhere);
    `held` has the numbers of what is held fixed.
    """

    order: str = "O"

    time: Symbol = field(default_factory=lambda: size_symbol("t"))
    direction: Table = field(default_factory=dict)
    held: Table = field(default_factory=dict)
    points: tuple[Point, ...] = ()

    def outgrows(self, left: Expr, right: Expr) -> bool:
        """Whether an expression outgrows another along the direction."""
        both = {**self.direction, **self.held}
        try:
            return _at_last(at_most(right.xreplace(both), left.xreplace(both), True), self.time)
        except (Undecided, LimitError):
            return False


def _at_last(goal: Goal, time: Symbol, *exprs: Expr) -> bool:
    """Whether a goal is reached as a number grows."""
    return not in_every_case(Setting(frozenset({time}), primes=primes_of(*exprs)), goal)


def outgrown(
    statement: Statement, gaps: Sequence[Gap], examples: Sequence[Table]
) -> Outgrown | None:
    """A refutation of a statement, where one is found."""
    time = new_name(statement)
    proofs = 0
    for tried in tables(statement, gaps, examples, time):
        likely = (Direction(statement, table, time) for table in tried)
        seen: set[object] = set()
        for direction in likely:
            if direction.moving in seen or not direction.seems_right():
                continue
            seen.add(direction.moving)  # other numbers of what is fixed would change little
            proofs += 1
            if proofs > MAX_PROVED:
                return None
            points = direction.points() if direction.is_right() else ()
            if points:
                return direction.refutation(points)
    return None


def new_name(statement: Statement) -> Symbol:
    atoms = statement.left.atoms(Symbol) | statement.right.atoms(Symbol) | statement.symbols
    names = {symbol.name for symbol in atoms}
    return size_symbol(next(name for name in ("t", "u", "v", "z", "t_0") if name not in names))


@dataclass(frozen=True)
class Direction:
    """Each size as a function of one number, which grows."""

    statement: Statement
    table: Table
    time: Symbol

    @cached_property
    def moving(self) -> frozenset[tuple[Symbol, Expr]]:
        """What does not stay the same along the direction."""
        return frozenset((s, expr) for s, expr in self.table.items() if expr.has(self.time))

    @property
    def _has_exponents(self) -> bool:
        return bool(self.statement.exponents) or any(
            power.exp.has(self.time) for e in self.table.values() for power in e.atoms(sympy.Pow)
        )

    # At numbers ----------------------------------------------------------------------------

    def seems_right(self) -> bool:
        """Whether the conditions hold at two places, and the quotient of both sides grows."""
        if not self._has_exponents:
            return self._seems_to_grow(*(PROBES_IN_SUMS if self.statement.has_sums else PROBES))
        return self._seems_to_grow(*PROBES_IN_EXPONENTS) or any(
            self._seems_to_grow(*places, known=True) for places in PROBES_FAR
        )

    def _seems_to_grow(self, near: int, far: int, known: bool = False) -> bool:
        """Whether the quotient grows from one place to another; `known`: both have numbers."""
        first, second = self.at(near), self.at(far)
        if first is None or second is None:
            return False
        sides = (first.left, first.right, second.left, second.right)
        if not all(map(_is_number, sides)):
            return not known  # a logarithm, or a sum of too many terms
        if second.left <= 0 or second.right <= 0:
            return bool(second.left > 0)
        return bool(
            first.right <= 0 or second.left * first.right > AHEAD * first.left * second.right
        )

    def at(self, place: int) -> Point | None:
        """Both sides at a place, where it satisfies the conditions."""
        sizes = {s: expr.xreplace({self.time: Integer(place)}) for s, expr in self.table.items()}
        for symbol, size in sizes.items():
            if not is_size(symbol, size):
                return None
        conditions = chain(self.statement.setting.conditions, self._at_every_index(sizes))
        try:
            if any(sizes[size] > LARGEST_EXPONENT for size in self.statement.exponents):
                raise LimitError(Diagnostic("limit", "a power is too large"))
            if any(c.xreplace(sizes) not in (True, sympy.true) for c in conditions):
                return None
            left, right = (_at(side, sizes) for side in (self.statement.left, self.statement.right))
        except LimitError:
            left = right = sympy.nan
        return Point(sizes, left, right)

    def _at_every_index(self, sizes: Table) -> Iterator[Boolean]:
        for condition, over in self.statement.ranged:
            values: list[Table] = [{}]
            for index, *ends in over:
                values = [
                    {**others, index: Integer(value)}
                    for others in values
                    for value in range(
                        *_whole([end.xreplace(sizes).xreplace(others) for end in ends])
                    )
                ]
            yield from (condition.xreplace(others) for others in values)

    def points(self) -> tuple[Point, ...]:
        """Places at which the quotient grows, with numbers to be read; none if none is exact."""
        found: list[tuple[Point, ...]] = []
        for places in (*PLACES_IN_EXPONENTS, *PLACES_FAR) if self._has_exponents else PLACES:
            points = tuple(point for point in (self.at(place) for place in places) if point)
            sides = [side for p in points for side in (p.left, p.right)]
            exact = all(map(_is_number, sides))
            if exact and len(points) == len(places) and all(map(_grows, points, points[1:])):
                if all(side.is_Rational for side in sides) and max(sides[-2:]) < READABLE:
                    return points
                found.append(points)
        return min(found, key=lambda points: (_has_roots(points), _is_behind(points)), default=())

    def refutation(self, points: tuple[Point, ...]) -> Outgrown:
        setting = self.statement.setting
        moving = {s: expr for s, expr in self.table.items() if s in setting.varying}
        held = {s: expr for s, expr in self.table.items() if s not in setting.varying}
        last = points[-1]
        return Outgrown(
            last.sizes,
            last.left,
            last.right,
            time=self.time,
            direction=moving,
            held=held,
            points=points,
        )

    # Proofs --------------------------------------------------------------------------------

    def is_right(self) -> bool:
        """Whether it satisfies the conditions at last, and one side outgrows the other."""
        statement = self.statement
        left, right = (side.xreplace(self.table) for side in (statement.left, statement.right))
        try:
            return self.satisfies() and (
                self._outgrows(left, right) or self._bounds_nothing(left, right)
            )
        except (Undecided, LimitError):
            return False

    def satisfies(self) -> bool:
        """Whether the conditions hold at last, and all sizes that are to grow do."""
        statement = self.statement
        try:
            return (
                all(self._is_size(symbol) for symbol in self.table)
                and all(self._holds(condition) for condition in statement.setting.conditions)
                and all(self._holds(*ranged) for ranged in statement.ranged)
            )
        except (Undecided, LimitError):
            return False

    def _outgrows(self, left: Expr, right: Expr) -> bool:
        try:
            return self.at_last(at_most(right, left, strictly=True))
        except (Undecided, LimitError):
            return False

    def _bounds_nothing(self, left: Expr, right: Expr) -> bool:
        """Whether the right side is 0 or less at last, and the left one more."""
        return self.at_last(not_negative(-right)) and self.at_last(
            at_most(Integer(0), left, strictly=True)
        )

    def at_last(self, goal: Goal) -> bool:
        both = (self.statement.left, self.statement.right, *self.table.values())
        return _at_last(goal, self.time, *both)

    def _is_size(self, symbol: Symbol) -> bool:
        expr = self.table[symbol]
        if symbol.is_integer and not expand(expr).is_integer:
            return False
        if symbol in self.statement.setting.growing:
            return self.at_last(at_most(Integer(1), expr, strictly=True))
        return self.at_last(not_negative(expr - least_of(symbol) if symbol.is_integer else expr))

    def _holds(self, condition: Any, over: Sequence[Range] = ()) -> bool:
        """Whether a condition holds at last, for all values of the indices that are given."""
        condition = without_not(condition.xreplace(self.table))
        if condition in (True, sympy.true):
            return True
        if isinstance(condition, sympy.And):
            return all(self._holds(part, over) for part in condition.args)
        if isinstance(condition, sympy.Or):
            return any(self._holds(part, over) for part in condition.args)
        if isinstance(condition, Divides):
            divisor, dividend = condition.args
            return bool(expand(dividend / divisor).is_integer)
        if isinstance(condition, sympy.Not) and isinstance(condition.args[0], Divides):
            divisor, dividend = condition.args[0].args
            quotient = sympy.Add.make_args(expand(dividend / divisor))
            rest = sympy.Add(*(term for term in quotient if not term.is_integer))
            return self._holds(sympy.And(rest > 0, rest < 1))
        if isinstance(condition, sympy.Eq):
            return bool(expand(condition.lhs - condition.rhs) == 0)
        if isinstance(condition, sympy.Ne):
            return self._holds(condition.lhs < condition.rhs, over) or self._holds(
                condition.lhs > condition.rhs, over
            )
        if not isinstance(condition, Relational):
            return False
        excess = condition.gts - condition.lts
        goal = not_negative(excess)
        if isinstance(condition, sympy.Lt | sympy.Gt):
            goal = at_most(Integer(0), excess, strictly=True)
        ranges = [(i, *(end.xreplace(self.table) for end in ends)) for i, *ends in over]
        return self.at_last(within(goal, ranges))


def _at(side: Expr, sizes: Table) -> Expr:
    """The exact value of a side, which may have roots in it; not a number where there is none."""
    values = {size: Fraction(int(number.p), int(number.q)) for size, number in sizes.items()}
    try:
        return Rational(exact(side, values))
    except NoNumberError:
        if any(size.numerator.bit_length() > MAX_BITS for size in values.values()):
            return sympy.nan  # SymPy takes seconds to tell the sign of each
        found = put_in(side, sizes).doit()
        return found if found.is_comparable else sympy.nan


def _has_roots(points: tuple[Point, ...]) -> bool:
    return any(not side.is_Rational for point in points for side in (point.left, point.right))


def _is_behind(points: tuple[Point, ...]) -> bool:
    """Whether the left side is still below the right one at the last place."""
    return bool(points[-1].left < points[-1].right)


def _is_number(side: Expr) -> bool:
    """Whether a side has a value that can be compared."""
    return bool(side.is_real and side.is_finite and side.is_number and not side.has(Log))


def _whole(ends: Sequence[Expr]) -> tuple[int, int]:
    """The range of an index, where that is not too long to be gone through."""
    first, last = (int(end) for end in ends)
    if last - first > MAX_VALUES:
        raise LimitError(Diagnostic("limit", "an index has too many values"))
    return first, last + 1


def _grows(first: Point, second: Point) -> bool:
    """Whether the left side is further from the right one at the second of two places."""
    if second.left <= 0 or second.right <= 0:
        return bool(second.left > 0)
    return bool(first.right <= 0 or second.left * first.right > first.left * second.right)


# What is tried -----------------------------------------------------------------------------


def tables(
    statement: Statement, gaps: Sequence[Gap], examples: Sequence[Table], time: Symbol
) -> Iterator[list[Table]]:
    """Directions with numbers for what is held fixed, the likeliest first; by their parameters."""
    guided = list(_guided(statement, gaps))
    cancels = any(not gap.bound for gap in gaps)
    for parameters in islice(parametrized(statement), MAX_KINDS):
        moving = _directions(statement, parameters, guided, time, cancels)
        fixed = _numbers(statement, parameters, examples)
        pairs = product(range(len(moving)), range(len(fixed)))
        tried = [{**moving[at], **fixed[of]} for at, of in sorted(pairs, key=sum)[:MAX_TRIED]]
        yield [
            {s: expand(expr.xreplace(values)) for s, expr in parameters.table.items()}
            for values in tried
        ]


def _directions(
    statement: Statement,
    parameters: Parameters,
    guided: Sequence[Mapping[Symbol, int]],
    time: Symbol,
    cancels: bool,
) -> list[Table]:
    """What each parameter that can grow may be: few powers, those of a gap, then others.

    `cancels`: the terms of a bound may cancel, as they do where sizes are in some proportion.
    """
    moving = parameters.moving
    powers = [time, time**2, 2 * time, time**3, 2**time, 4**time]
    with_exponentials = [time, time**2, 2**time, 4**time, 2 ** (time**2), time**3]
    choices: list[list[Expr]] = []
    for p in moving:
        raised = any(parameters.table[size].has(p) for size in statement.exponents)
        steps = powers if raised else with_exponentials
        choices.append(steps if parameters.must_grow(p) else [Integer(1), *steps[:3]])
    ways = islice(product(*(range(len(steps)) for steps in choices)), MAX_WAYS)
    found: list[Table] = [
        {p: steps[at] for p, steps, at in zip(moving, choices, way, strict=True)}
        for way in sorted(ways, key=lambda way: (sum(way), way))
    ]
    early = 1 + len(moving)
    found[early:early] = [{p: time ** e[parameters.origin[p]] for p in moving} for e in guided]
    if cancels and len(moving) <= MAX_IN_PROPORTION:
        ways = islice(product(PROPORTIONS, repeat=len(moving)), MAX_WAYS)
        found[early:early] = [
            {p: times * time for p, times in zip(moving, way, strict=True)} for way in ways
        ]
    return _distinct(found)


def _distinct(tables: Sequence[Table]) -> list[Table]:
    return [dict(table) for table in dict.fromkeys(tuple(table.items()) for table in tables)]


def _guided(statement: Statement, gaps: Sequence[Gap]) -> Iterator[dict[Symbol, int]]:
    """Powers of one number for which a term outgrows its bound, as far as powers count."""
    symbols = sorted(statement.symbols & statement.setting.varying, key=str)
    growing = [symbol in statement.setting.growing for symbol in symbols]
    for gap, least in product(gaps[:6], (Fraction(1, 2), Fraction(1, 6))):
        rows: list[list[Fraction]] = [[*([Fraction(0)] * len(symbols)), Fraction(1)]]
        limits = [Fraction(1)]
        for other in gap.bound:  # by how much the term is ahead: the last variable
            rows.append([*_exponents(other / gap.term, symbols), Fraction(1)])
            limits.append(Fraction(0))
        for bounded in gap.cone.bounded:
            rows.append([*_exponents(bounded, symbols), Fraction(0)])
            limits.append(Fraction(0))
        for at, must in enumerate(growing):
            unit = [Fraction(at == other) for other in range(len(symbols) + 1)]
            rows += [unit, [-x for x in unit]]
            limits += [Fraction(1), -least if must else Fraction(0)]
        found = maximize(rows[0], rows, limits)
        if found and found[0] > 0:
            exponents = found[1][:-1]
            scale = lcm(*(x.denominator for x in exponents))
            yield {s: int(x * scale) for s, x in zip(symbols, exponents, strict=True)}


def _exponents(monomial: Monomial, symbols: Sequence[Symbol]) -> list[Fraction]:
    return [monomial.exponents.get(Atom(symbol), Fraction(0)) for symbol in symbols]


def _numbers(
    statement: Statement, parameters: Parameters, examples: Sequence[Table]
) -> list[Table]:
    """Numbers for the parameters that are held fixed."""
    fixed = parameters.fixed
    found: list[Table] = [dict.fromkeys(fixed, Integer(value)) for value in (1, 2, 3)]
    found += [{**found[0], p: Integer(0)} for p in fixed if not p.is_positive]
    found += [{**found[0], p: Integer(value)} for p in fixed for value in (2, 3)]
    found += [{**found[1], p: Integer(1)} for p in fixed]
    found += [
        {p: example[p] for p in fixed} for example in examples if example.keys() >= set(fixed)
    ]
    return _distinct(found)[:MAX_NUMBERS]
