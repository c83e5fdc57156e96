"""Closed forms: what a measure of an architecture is, in its own sizes and abbreviations."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TypeAlias

from sympy import Expr, Symbol

from closedform import formula as w
from closedform.data import dataclass
from closedform.derive.arrange.writing import Order, write
from closedform.derive.assume.store import Fact
from closedform.derive.cost.tree import Choose, Node, Repeat, Steps, nodes
from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.elaborate.values import Tensor
from closedform.derive.measures.rows import Measure
from closedform.derive.solve.abbreviations import AtGivenNumbers, InAbbreviations
from closedform.derive.solve.by_part import ByPart
from closedform.derive.solve.candidates import Candidates, total
from closedform.derive.symbolic.expansion import expand

Rewrite: TypeAlias = Callable[[Expr], Expr]


@dataclass(frozen=True)
class Closed:
    """The closed form of one measure.

    `rewrites` bring an expression into the symbols that were `chosen`.
    """

    measure: Measure
    derivation: Derivation
    rewrites: tuple[Rewrite, ...] = ()
    chosen: tuple[str, ...] = ()

    @cached_property
    def expr(self) -> Expr:
        """The exact expression, expanded."""
        return self.of(self.derivation.root)

    @property
    def facts(self) -> tuple[Fact, ...]:
        """The assumptions that the formula rests on."""
        return self.derivation.facts

    @cached_property
    def order(self) -> Order:
        return order_of(self.derivation)

    @cached_property
    def base(self) -> Expr:
        """The expression with all abbreviations written out."""
        return self.derivation.known.base(self.expr)

    @cached_property
    def in_sizes(self) -> w.Written:
        """The formula with all abbreviations written out, as it stands, to be evaluated."""
        return write(self.base, Order(rest=tuple(sorted(self.sizes, key=str))))

    @cached_property
    def sizes(self) -> frozenset[Symbol]:
        """The sizes that the formula needs, without abbreviations."""
        return frozenset(self.base.free_symbols)

    def of(self, node: Node) -> Expr:
        """The measure of one part of the cost tree, in the chosen symbols."""
        return self.rewritten(self._total(node))

    def stated(self, node: Node) -> Expr:
        """The same with the sums that the file has as factors, such as L - 1, in brackets."""
        return self.rewritten(self._total_in_brackets(node))

    def rewritten(self, expr: Expr) -> Expr:
        """An expression in the chosen symbols."""
        if expr not in self._rewritten:
            found = expand(expr)
            for rewrite in self.rewrites:
                found = expand(rewrite(found))
            self._rewritten[expr] = found
        return self._rewritten[expr]

    @cached_property
    def _rewritten(self) -> dict[Expr, Expr]:
        """What was rewritten: many parts cost the same, and each is asked for often."""
        return {}

    @cached_property
    def _total(self) -> Callable[[Node], Expr]:
        return total(self.measure, self.derivation)

    @cached_property
    def _total_in_brackets(self) -> Callable[[Node], Expr]:
        return total(self.measure, self.derivation, stated=True)

    def written(
        self, form: str = "shortest", stages: str = "sum", say: Callable[[str], str] = str
    ) -> w.Written:
        """The formula as a person writes it; `stages` is "sum" or "each".

        In the form "parts", `say` translates the names that are not of the file; what is no sum
        over operations has no parts.
        """
        if form == "parts" and not self.measure.adds:
            form = "shortest"
        if form == "parts":
            return self._by_part.written(stages, self.order, say)
        if (form, stages) not in self._written:
            self._written[form, stages] = self._candidates.written(form, stages, self.order)
        return self._written[form, stages]

    @cached_property
    def _written(self) -> dict[tuple[str, str], w.Written]:
        return {}

    def starts(self, form: str = "shortest") -> dict[str, Expr]:
        """Sizes before the first stage that a sum over stages mentions: D_0 = 3."""
        by_part = form == "parts" and self.measure.adds
        return self._by_part.starts if by_part else self._candidates.starts

    @cached_property
    def _candidates(self) -> Candidates:
        return Candidates(self.measure, self.derivation, self.rewritten, self.expr)

    @cached_property
    def _by_part(self) -> ByPart:
        return ByPart(self.measure, self.derivation, self.rewritten)


def closed(derivation: Derivation, measure: Measure) -> Closed:
    """The closed form of a measure of a model or block, in the abbreviations of its file."""
    derivation = measure.seen(derivation)
    named = InAbbreviations(derivation, lambda: total(measure, derivation)(derivation.root))
    rewrites: tuple[Rewrite, ...] = (named, AtGivenNumbers(derivation))
    if any(isinstance(node, Steps) for node in nodes(derivation.root)):
        # every P-th of L steps: L/P of them, where P divides L
        rewrites = (derivation.known.refloored, *rewrites)
    return Closed(measure, derivation, rewrites)


# The order of symbols ----------------------------------------------------------------------


def order_of(derivation: Derivation) -> Order:
    """Counts of repeats first, then abbreviations, then the dims as they are declared."""
    loops: dict[Symbol, None] = {}
    for node in nodes(derivation.root):
        counts = {Repeat: ("times",), Choose: ("count", "of"), Steps: ("last",)}.get(type(node), ())
        for name in counts:
            for symbol in sorted(getattr(node, name).free_symbols, key=_natural):
                loops.setdefault(symbol)
    front = tuple(derivation.known.spelled)
    if not front:
        first = symbols_of(derivation)[:1]
        front = tuple(s for s in first if s not in loops and s not in derivation.stage_symbols)
    names = symbols_of(derivation)
    loops_sorted = tuple(sorted(loops, key=lambda s: names.index(s) if s in names else -1))
    rest = tuple(s for s in names if s not in loops and s not in front)
    stages = {symbol: at for symbol, (_, at) in derivation.stage_symbols.items()}
    return Order(loops_sorted, front, rest, stages=stages)


def _natural(symbol: Symbol) -> tuple[str, int]:
    stem, _, index = symbol.name.rpartition("_")
    return (stem, int(index)) if index.isdigit() else (symbol.name, 0)


def symbols_of(derivation: Derivation) -> list[Symbol]:
    """The sizes that a derivation can mention, as declared; those of a block as they come."""
    found: dict[Symbol, None] = {}
    if derivation.generic:
        for value in derivation.scope.names.values():
            sizes = value.shape if isinstance(value, Tensor) else (value,)
            for size in sizes if not isinstance(value, tuple) else value:
                if isinstance(size, Symbol):
                    found.setdefault(size)
    for name in dict.fromkeys([*derivation.entity.module.names, *derivation.symbols]):
        found.update(dict.fromkeys(derivation.symbols.get(name, ())))
    return list(found)
