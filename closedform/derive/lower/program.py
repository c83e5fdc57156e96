"""Closed forms as one program: which sizes are given, what the others are, what must hold."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from fractions import Fraction

import sympy
from sympy import Expr, Symbol

from closedform.data import dataclass
from closedform.derive.assume.store import Fact
from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.lower.building import Nodes
from closedform.derive.lower.lowering import Lowered, Lowering, Needs
from closedform.derive.lower.nodes import Node, Op
from closedform.derive.lower.polynomials import monomial
from closedform.derive.solve.closed import symbols_of
from closedform.derive.symbolic.symbols import least_of
from closedform.derive.symbolic.wording import say
from closedform.errors import fail


@dataclass(frozen=True)
class Size:
    """A size that a program is given; a ratio is given as two numbers.

    `default` is what the file has for it where it may be left out.
    """

    name: str
    symbol: Symbol
    least: int
    default: Node | None = None


@dataclass(frozen=True)
class Program:
    """Values as steps on whole numbers, and the conditions that they need, each with its words.

    `unchecked` are the assumptions about sizes that have no value here.
    """

    sizes: tuple[Size, ...]
    values: tuple[Node, ...]
    needs: tuple[tuple[Node, str], ...]
    holds: Node
    unchecked: tuple[Fact, ...]


def programmed(
    derivation: Derivation,
    exprs: Sequence[tuple[str, Expr]],
    given: Iterable[Symbol],
    numbers: Mapping[Symbol, Fraction],
    chosen: Iterable[Symbol] = (),
    optional: bool = False,
) -> Program:
    """The program of some expressions, each with the name of what it is.

    Sizes are `given` when it runs, or are `numbers` that are put in now, or take the defaults of
    the file. Of these the caller has `chosen` some by name; an abbreviation may be given too, and
    then stands for itself. With `optional`, defaults are noted with the sizes that are given.
    Raises ClosedformError for a size without a value, and for what has no program.
    """
    return _Programming(derivation, tuple(given), dict(numbers), set(chosen)).program(
        exprs, optional
    )


def with_default(derivation: Derivation) -> list[Symbol]:
    """The sizes that the assumptions of a formula are about, and that may be left out."""
    found = needed(derivation, [fact.condition for fact in derivation.facts])
    return [symbol for symbol in found if symbol in derivation.defaults]


def needed(
    derivation: Derivation, exprs: Iterable[Expr], given: Collection[Symbol] = ()
) -> list[Symbol]:
    """The sizes that expressions need, as they are declared; abbreviations are written out, but
    for those that are given."""
    spelled, found = derivation.known.spelled, set[Symbol]()
    waiting = [symbol for expr in exprs for symbol in expr.free_symbols]
    while waiting:
        symbol = waiting.pop()
        if symbol in spelled and symbol not in given:
            waiting += spelled[symbol].free_symbols
        else:
            found.add(symbol)
    order = symbols_of(derivation)
    return sorted(found, key=lambda s: order.index(s) if s in order else len(order))


class _Programming:
    def __init__(
        self,
        derivation: Derivation,
        given: tuple[Symbol, ...],
        numbers: dict[Symbol, Fraction],
        chosen: set[Symbol],
    ) -> None:
        self.derivation, self.given, self.numbers, self.chosen = derivation, given, numbers, chosen
        self.known = derivation.known
        self.make = Nodes()
        self.lowering = Lowering(self.make, self._resolved)
        self.sizes: dict[Symbol, Lowered] = {symbol: self._input(symbol) for symbol in given}
        self.inputs: list[Size] = []
        self.open: list[Symbol] = []

    def program(self, exprs: Sequence[tuple[str, Expr]], optional: bool) -> Program:
        values, needs = [], dict[Node, str]()
        for title, expr in exprs:
            value, more = self.lowering.whole(expr, f"{title} is not whole")
            values.append(value)
            needs |= more
        loose = self._loose()
        asked: Needs = {}
        for symbol in self.numbers.keys() | set(self.given):
            if symbol in self.known.spelled:
                asked |= self._consistent(symbol, loose)
        for symbol in self.derivation.defaults:
            if symbol not in loose and self._has_value(symbol):
                asked |= self._resolved(symbol).needs
        unchecked = []
        for fact in self.derivation.facts:
            if not self._applies(fact.condition, loose):
                unchecked.append(fact)
            else:
                held = self.lowering.holds(fact.condition)
                words = f"the formula rests on `{say(fact.condition)}`, which does not hold"
                asked |= {**held.needs, held.step: words}
        for size, case in self.derivation.positive:
            if self._applies(size, loose) and self._applies(case, loose):
                asked |= self._positive(size, self.lowering.holds(case).step)
        needs = self._apart({**needs, **asked})
        sizes = [self._size(symbol, optional) for symbol in self.given]
        given = tuple(size for pair in sizes for size in pair)
        holds = self.make.all(*needs)
        return Program(given, tuple(values), tuple(needs.items()), holds, tuple(unchecked))

    def _apart(self, needs: Needs) -> Needs:
        """Needs that do not plainly follow from others."""
        implied = {self.make.true}
        for need in needs:
            if need.op is Op.OR and set(need.args) & needs.keys():
                implied.add(need)
            if need.op is Op.DIVIDES and (need.args[1].low or 0) >= 1:
                implied.add(self.make.of(Op.AT_MOST, *need.args))
        return {need: why for need, why in needs.items() if need not in implied}

    # Sizes ---------------------------------------------------------------------------------

    def _input(self, symbol: Symbol) -> Lowered:
        least = least_of(symbol)
        if symbol.is_integer:
            return self.lowering.step(self.make.size(symbol.name, least))
        above = self.make.size(f"{symbol.name}_num", least)
        below = self.make.size(f"{symbol.name}_den", 1)
        return Lowered({monomial({above: 1, below: -1}): Fraction(1)})

    def _size(self, symbol: Symbol, optional: bool) -> list[Size]:
        default = None
        if optional and symbol in self.derivation.defaults:
            default = self._default(symbol)
        least = least_of(symbol)
        if symbol.is_integer:
            return [Size(symbol.name, symbol, least, default)]
        whole = default is not None and self.make.one
        return [
            Size(f"{symbol.name}_num", symbol, least, default),
            Size(f"{symbol.name}_den", symbol, 1, whole or None),
        ]

    def _default(self, symbol: Symbol) -> Node | None:
        """The default of a size that is given, where those that it needs are given before it."""
        value = self.derivation.defaults[symbol]
        before = set(self.given[: self.given.index(symbol)])
        if not set(needed(self.derivation, [value])) <= before | self.numbers.keys():
            return None
        step, needs = self.lowering.whole(value, "")
        return step if set(needs) <= {self.make.true} else None

    def _resolved(self, symbol: Symbol) -> Lowered:
        """What a size is: given, a number, an abbreviation, a default, or equal to another."""
        if symbol not in self.sizes:
            if symbol in self.open:
                names = ", ".join(f"`{s}`" for s in self.open[self.open.index(symbol) :])
                raise fail(
                    "unbound",
                    f"the defaults of {names} need each other",
                    None,
                    "give one of them",
                )
            self.open.append(symbol)
            self.sizes[symbol] = self._found(symbol)
            self.open.pop()
        return self.sizes[symbol]

    def _found(self, symbol: Symbol) -> Lowered:
        if symbol in self.numbers:
            return self.lowering.number(self.numbers[symbol])
        if symbol in self.known.spelled:
            return self._named(
                symbol, self.known.spelled[symbol], f"`{symbol}` is no {_kind(symbol)} number"
            )
        if symbol in self.derivation.defaults:
            value = self.derivation.defaults[symbol]
            words = f"`{symbol}`, by default {say(value)}, is no {_kind(symbol)} number"
            return self._named(symbol, value, words)
        if symbol in self.known.definitions:
            return self.lowering.of(self.known.definitions[symbol])
        raise fail("unbound", f"`{symbol}` has no value", None, f"give it, `{symbol}=...`")

    def _named(self, symbol: Symbol, value: Expr, words: str) -> Lowered:
        """A size that is made of others: a whole number, where it is known to be one."""
        if not symbol.is_integer:
            return self.lowering.of(value)
        step, needs = self.lowering.whole(value, words)
        least = 1 if symbol.is_positive else 0 if symbol.is_nonnegative else None
        if least is None or (step.low is not None and step.low >= least):
            return self.lowering.step(step, needs)
        need = self.make.of(Op.AT_MOST, self.make.const(least), step)
        return self.lowering.step(step, {**needs, need: words})

    def _has_value(self, symbol: Symbol, seen: frozenset[Symbol] = frozenset()) -> bool:
        """Whether a size is given, or made of such as are."""
        if symbol in self.numbers or symbol in self.sizes or symbol in self.given:
            return True
        if symbol in seen:
            return False
        for table in (self.known.spelled, self.derivation.defaults, self.known.definitions):
            if symbol in table:
                inner = seen | {symbol}
                return all(self._has_value(s, inner) for s in table[symbol].free_symbols)
        return False

    # What must hold ------------------------------------------------------------------------

    def _loose(self) -> set[Symbol]:
        """Sizes that an abbreviation which is given takes the place of, and nothing else needs."""
        found: set[Symbol] = set()
        for symbol in (*self.given, *self.numbers):
            if symbol in self.known.spelled:
                found |= set(needed(self.derivation, [self.known.spelled[symbol]]))
        used = {s for s in self.sizes if s not in self.given}
        return found - self.chosen - used

    def _applies(self, asked: sympy.Basic, loose: set[Symbol]) -> bool:
        """Whether all that a condition asks about has a value."""
        sizes = set(needed(self.derivation, [asked], {*self.given, *self.numbers}))
        return not sizes & loose and all(map(self._has_value, asked.free_symbols))

    def _consistent(self, symbol: Symbol, loose: set[Symbol]) -> Needs:
        """That an abbreviation which is given is what its sizes make of it, if they are there."""
        value = self.known.spelled[symbol]
        if not self._applies(value, loose):
            return {}
        held = self.lowering.holds(sympy.Eq(symbol, value, evaluate=False))
        return {**held.needs, held.step: f"`{symbol}` is given, and {say(value)} is another number"}

    def _positive(self, size: Expr, case: Node) -> Needs:
        """That no axis is empty, in the case in which there is one."""
        found = self.lowering.holds(sympy.Ge(size, 1, evaluate=False))
        outside = self.make.none(case)
        words = f"an axis of size {say(size)} would be empty"
        needs = {**found.needs, found.step: words}
        return {self.make.of(Op.OR, outside, need): why for need, why in needs.items()}


def _kind(symbol: Symbol) -> str:
    return "positive whole" if symbol.is_positive else "whole"
