"""Closed forms: what a measure of an architecture is, in its own sizes and abbreviations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

import sympy
from sympy import Expr, Integer, Symbol

from closedform import formula as w
from closedform.derive.arrange.forms import FORMS
from closedform.derive.arrange.writing import Order, write
from closedform.derive.assume.store import Fact
from closedform.derive.cost.totals import Total
from closedform.derive.cost.tree import Choose, Node, Operation, Repeat, Steps, nodes
from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.elaborate.values import Tensor
from closedform.derive.measures.rows import Measure
from closedform.derive.solve.stages import StageForm, StageSum
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

    def rewritten(self, expr: Expr) -> Expr:
        """An expression in the chosen symbols."""
        expr = expand(expr)
        for rewrite in self.rewrites:
            expr = expand(rewrite(expr))
        return expr

    @cached_property
    def _total(self) -> Total:
        return self._total_with(None)

    def _total_with(self, stages: StageForm | None) -> Total:
        measure, known = self.measure, self.derivation.known

        def value(node: Operation) -> Expr:
            return in_stages(self.derivation, known.renamed(measure.of(node)))

        return Total(value, measure.scaling, stages)

    def written(self, form: str = "shortest", stages: str = "sum") -> w.Written:
        """The formula as a person writes it; `stages` is "sum" or "each"."""
        if stages == "sum" and self._sums:
            compact, sums = self._stage_sums
            if form == "expanded":
                sums = {dummy: s.times(compact.coeff(dummy)) for dummy, s in sums.items()}
                compact = sympy.Add(compact.xreplace(dict.fromkeys(sums, Integer(0))), *sums)
            special = {dummy: s.write(self.order, form) for dummy, s in sums.items()}
            order = replace(self.order, loops=(*self.order.loops, *special), special=special)
            return FORMS[form](compact, order)
        return FORMS[form](self.expr, self.order)

    @cached_property
    def starts(self) -> dict[str, Expr]:
        """Sizes before the first stage that a sum over stages mentions: D_0 = 3."""
        return {
            f"{family}_{s.first - 1}": value
            for s in self._sums.values()
            for family, value in s.start
        }

    @property
    def _sums(self) -> dict[Symbol, StageSum]:
        return self._stage_sums[1]

    @cached_property
    def _stage_sums(self) -> tuple[Expr, dict[Symbol, StageSum]]:
        multiples = self._multiples()
        if multiples:
            compact, sums, unfolded = self._summed_up(multiples)
            whole = expand(compact.xreplace(unfolded))
            chosen = self.rewritten(whole) == whole
            if chosen and self.derivation.known.equal(whole, self.expr):
                return compact, sums
        compact, sums, unfolded = self._summed_up({})
        if self.rewritten(compact.xreplace(unfolded)) != self.expr:
            return self.expr, {}  # in the chosen symbols the stages have no one shape
        changed = {dummy: terms for dummy, terms in unfolded.items() if not self._stands(terms)}
        kept = {dummy: s for dummy, s in sums.items() if dummy not in changed}
        return self.rewritten(compact.xreplace(changed)), kept

    def _summed_up(
        self, multiples: dict[Symbol, Expr]
    ) -> tuple[Expr, dict[Symbol, StageSum], dict[Symbol, Expr]]:
        """The formula with symbols for sums over stages, those sums, and what they add up to."""
        form = StageForm(self.derivation.stage_symbols, multiples)
        compact = self.rewritten(self._total_with(form)(self.derivation.root))
        unfolded = {
            dummy: sympy.Add(*(s.at(i) for i in range(s.first, s.last + 1)))
            for dummy, s in form.sums.items()
        }
        return compact, form.sums, unfolded

    def _multiples(self) -> dict[Symbol, Expr]:
        """The sizes of stages that are a number times another size: m_1 is I/4."""
        known = self.derivation.known
        bases = {
            s: known.definitions[s] for s in self.derivation.stage_symbols if s in known.spelled
        }
        return {s: base for s, base in bases.items() if base.as_coeff_Mul()[1].is_Symbol}

    def _stands(self, terms: Expr) -> bool:
        """Whether the terms of a sum over stages may stand among the chosen symbols as they are.

        They may when these only write abbreviations out, which a where line does as well; they
        may not when they put numbers in, or bring an abbreviation in that the terms do not have.
        """
        known, rewritten = self.derivation.known, self.rewritten(terms)
        new = rewritten.free_symbols - terms.free_symbols
        sizes, left = (known.base(expr).free_symbols for expr in (terms, rewritten))
        return not new & known.spelled.keys() and sizes <= left


def closed(derivation: Derivation, measure: Measure) -> Closed:
    """The closed form of a measure of a model or block, in the abbreviations of its file."""
    return Closed(measure, derivation, (InAbbreviations(derivation),))


@dataclass(frozen=True)
class InAbbreviations:
    """Puts each `let` of the file in the place of a size that it replaces altogether.

    A size that a model names is put in where the formula has it already.
    """

    derivation: Derivation

    def __call__(self, expr: Expr) -> Expr:
        spelled = self.derivation.known.spelled
        for symbol in self.derivation.lets:
            if symbol in self.derivation.stage_symbols:
                continue  # it stands in what its stage costs
            expr = bring_in(expr, symbol, spelled[symbol], set(spelled))
        for symbol, definition in spelled.items():
            if symbol not in self.derivation.stage_symbols:
                expr = _in_one_size(expr, symbol, definition)
        for symbol, value in equalities(self.derivation).items():
            if expr.has(symbol) and symbol not in self._of_claim:
                candidate = bring_in(expr, symbol, value, set(spelled))
                if _fewer(candidate, expr) and candidate.count_ops() < expr.count_ops():
                    expr = candidate
        return expr

    @property
    def _of_claim(self) -> set[Symbol]:
        """The sizes in the conditions of a claim, which writes its formula without these."""
        facts = self.derivation.known.facts
        return set().union(*(f.condition.free_symbols for f in facts if f.reason == "when"))


def equalities(derivation: Derivation) -> dict[Symbol, Expr]:
    """Sizes that are assumed to be equal to others: n, where n == side^2 is required."""
    known = derivation.known
    return {s: value for s, value in known.definitions.items() if s not in known.spelled}


def in_stages(derivation: Derivation, expr: Expr) -> Expr:
    """What one operation costs, with each product or quotient that a `let` names for its stage.

    It is put in where it takes a quotient away; and for a size of its stage where it has no others,
    which other stages may have as well.
    """
    stages, spelled = derivation.stage_symbols, derivation.known.spelled
    for symbol in derivation.lets:
        definition = spelled[symbol]
        if symbol not in stages or not (definition.is_Mul or definition.is_Pow):
            continue
        if definition.as_coeff_Mul()[1].is_Symbol:
            continue
        if all(s in stages and stages[s][1] == stages[symbol][1] for s in definition.free_symbols):
            expr = bring_in(expr, symbol, definition, set(spelled))
        terms = sympy.Add.make_args(expand(expr))
        named = [(term, expand(term / definition) * symbol) for term in terms]
        expr = sympy.Add(*(min(pair, key=_powers_below) for pair in named))
    return expr


def bring_in(expr: Expr, symbol: Symbol, definition: Expr, kept: set[Symbol]) -> Expr:
    """Put an abbreviation in the place of a size, where that leaves no root and no new quotient."""
    for size in sorted((definition.free_symbols & expr.free_symbols) - kept, key=str):
        solution = _solved(definition, symbol, size)
        if solution is None:
            continue
        candidate = expand(expr.xreplace({size: solution}))
        better = _terms_with(candidate, symbol) > _terms_with(expr, symbol) or _fewer(
            candidate, expr
        )
        if better and _powers_below(candidate) <= _powers_below(expr):
            return candidate
    return expr


def _in_one_size(expr: Expr, symbol: Symbol, definition: Expr) -> Expr:
    """A formula in n and T, where n = T/4 - 1, in n alone; not where it would get longer."""
    (size,) = definition.free_symbols if len(definition.free_symbols) == 1 else (symbol,)
    if size == symbol or not expr.has(symbol) or not expr.has(size):
        return expr
    solution = _solved(definition, symbol, size)
    if solution is None or not solution.is_polynomial(symbol):
        return expr
    candidate = expand(expr.xreplace({size: solution}))
    return expr if _fewer(expr, candidate) else candidate


def _fewer(expr: Expr, other: Expr) -> bool:
    return len(sympy.Add.make_args(expr)) < len(sympy.Add.make_args(other))


def _solved(definition: Expr, symbol: Symbol, size: Symbol) -> Expr | None:
    """The size from `symbol = definition`, where it stands in a product or in a plain sum."""
    if definition.has(sympy.Piecewise):
        return None  # it holds in one case only
    constant, rest = definition.as_independent(size, as_Add=True)
    coefficient, power = rest.as_independent(size, as_Add=False)
    base, exponent = power.as_base_exp()
    if base != size or not exponent.is_Rational or coefficient.has(size):
        return None
    return sympy.powdenest(((symbol - constant) / coefficient) ** (1 / exponent), force=True)


def _terms_with(expr: Expr, symbol: Symbol) -> int:
    return sum(term.has(symbol) for term in sympy.Add.make_args(expr))


def _powers_below(expr: Expr) -> int:
    """How many powers of an expression are roots or quotients."""
    return sum(
        bool(power.exp.is_negative or (power.exp.is_Rational and not power.exp.is_Integer))
        for power in expr.atoms(sympy.Pow)
    )


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
        front = tuple(s for s in symbols_of(derivation)[:1] if s not in loops)
    names = symbols_of(derivation)
    shifts = dict(_shifts(derivation.root))
    loops_sorted = tuple(sorted(loops, key=lambda s: names.index(s) if s in names else -1))
    rest = tuple(s for s in names if s not in loops and s not in front)
    stages = {symbol: at for symbol, (_, at) in derivation.stage_symbols.items()}
    return Order(loops_sorted, front, rest, shifts=shifts, stages=stages)


def _shifts(root: Node) -> list[tuple[Expr, Expr]]:
    """Sizes of which all but a few are repeated: L and 1 for a repeat of L - 1."""
    found = []
    for node in nodes(root):
        if isinstance(node, Repeat):
            shift, rest = node.times.as_coeff_Add()
            if not (rest.is_Add or rest.is_Mul) and shift.is_Integer and shift < 0:
                found.append((rest, -shift))
    return found


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
