"""What a printed form is made from: stages as sums or each by itself, with brackets or without.

An author writes what the file says, 8 (L - G) D^2 and (2 A - 1)^2, where that is shorter than what
it comes to when all is multiplied out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field, replace
from functools import cached_property

import sympy
from sympy import Expr, Integer, Symbol

from closedform import formula as w
from closedform.data import dataclass
from closedform.derive.arrange.forms import FORMS, TAKEN_AWAY, subtracted
from closedform.derive.arrange.length import room
from closedform.derive.arrange.writing import Order
from closedform.derive.cost.totals import Total
from closedform.derive.cost.tree import Node, Operation, Stages, nodes
from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.measures.rows import Measure
from closedform.derive.solve.abbreviations import in_stages
from closedform.derive.solve.stages import StageForm, StageSum, Way
from closedform.derive.symbolic.atoms import opened, with_brackets
from closedform.derive.symbolic.expansion import expand
from closedform.derive.symbolic.symbols import like

INDICES = "sijl"  # of sums over lists, the first that is no size
MIN_TOLD_OUT = 3  # as many sizes of a list as are told one by one before a sum is worth its sign


def total(
    measure: Measure,
    derivation: Derivation,
    stages: StageForm | None = None,
    stated: bool = False,
    plainly: Callable[[Node], Expr] | None = None,
) -> Callable[[Node], Expr]:
    """Adds a measure up over a cost tree; sums that are factors stay in brackets, or do not.

    `plainly` is the same without a form for stages, where it is there already.
    """
    if measure.whole is not None:
        found = measure.whole(derivation)
        return lambda node: in_stages(derivation, derivation.known.renamed(found(node)))

    def value(node: Operation) -> Expr:
        amount = derivation.known.renamed(measure.of(node))
        return in_stages(derivation, with_brackets(amount) if stated else amount)

    shared = plainly if isinstance(plainly, Total) else None
    return Total(value, measure.scaling, stages, stated, shared)


@dataclass(frozen=True)
class Candidate:
    """An expression with a symbol for each sum over stages, and those sums.

    `starts` are the sizes before the first stage that it mentions outside of sums.
    """

    expr: Expr
    sums: Mapping[Symbol, StageSum] = field(default_factory=dict)
    starts: Mapping[Symbol, w.Symbol] = field(default_factory=dict)

    def written(self, form: str, order: Order) -> w.Written:
        """The expression in one of the forms, with its sums."""
        expr, sums = self.expr, self.sums
        if form == "expanded":
            outer = expr.free_symbols & sums.keys()
            sums = {d: s.times(expr.coeff(d)) if d in outer else s for d, s in sums.items()}
            expr = sympy.Add(expr.xreplace(dict.fromkeys(outer, Integer(0))), *outer)
        inner = order
        for dummy, found in sums.items():  # a sum in another one comes before it
            special = {**inner.special, dummy: found.write(inner, form)}
            inner = replace(inner, loops=(*inner.loops, dummy), special=special)
        return FORMS[form](expr, replace(inner, special={**self.starts, **inner.special}))

    @property
    def subtracted(self) -> int:
        """How many terms are taken away, but for those in brackets of the file."""
        return sum(map(subtracted, (self.expr, *(s.term for s in self.sums.values()))))


@dataclass(frozen=True)
class Candidates:
    """The candidates for one formula; `expr` is it, and `rewritten` brings parts of it into the
    symbols that were chosen."""

    measure: Measure
    derivation: Derivation
    rewritten: Callable[[Expr], Expr]
    expr: Expr

    def written(self, form: str, stages: str, order: Order) -> w.Written:
        """The formula in a form; the shortest is that of the candidates."""
        if form != "shortest":
            only = self._in_sums[0] if stages == "sum" else Candidate(self.expr)
            return only.written(form, order)
        candidates = self._in_sums if stages == "sum" else (Candidate(self.expr), self._each_stated)
        found = [(c.written(form, order), TAKEN_AWAY * c.subtracted) for c in candidates]
        return min(found, key=lambda item: room(item[0]) + item[1])[0]

    @property
    def starts(self) -> dict[str, Expr]:
        """Sizes before the first stage that a sum over stages mentions: D_0 = 3."""
        return {
            f"{family}_{s.first - 1}": value
            for candidate in self._in_sums
            for s in candidate.sums.values()
            for family, value in s.start
            if not (value.is_Symbol and value.name == f"{family}_{s.first - 1}")
        }

    @cached_property
    def _plainly(self) -> dict[bool, Callable[[Node], Expr]]:
        """What adds parts up that have no stages in them; with brackets or without."""
        return {
            stated: total(self.measure, self.derivation, None, stated) for stated in (False, True)
        }

    @cached_property
    def _each_stated(self) -> Candidate:
        found = self.rewritten(self._plainly[True](self.derivation.root))
        return Candidate(found if self._is_whole(found) else self.expr)

    @cached_property
    def _in_sums(self) -> tuple[Candidate, ...]:
        """With stages as sums, as far as they have one shape; the first is multiplied out."""
        found: list[Candidate | None] = []
        for stated in (False, True):
            one = self._summed_up(stated, "shape")
            # in the chosen symbols the stages may have no one shape
            found.append(one or (self._each_stated if stated else Candidate(self.expr)))
            found += [self._summed_up(stated, "whole"), self._summed_up(stated, "kind")]
            if lets := self._steady():
                found.append(self._with_steady(lets, stated))
        found.append(self._told_out())
        return tuple(candidate for candidate in found if candidate is not None)

    def _summed_up(self, stated: bool, way: Way) -> Candidate | None:
        """The formula with sums over stages; None where these do not stand for it."""
        if multiples := self._multiples():
            found = self._added(multiples, stated, way)
            if found is None:
                return None
            if (whole := self._if_whole(found)) is not None:
                return whole
        found = self._added({}, stated, way)
        if found is None or not self._is_whole(self.rewritten(_unfolded(found))):
            return None
        changed = {d: _terms(s) for d, s in found.sums.items() if not self._stands(_terms(s))}
        sums = {dummy: s for dummy, s in found.sums.items() if dummy not in changed}
        return self._in_starts(Candidate(self.rewritten(found.expr.xreplace(changed)), sums))

    def _told_out(self) -> Candidate | None:
        """The formula with sums over lists, of a file that names one size after the other.

        A term is of the last stage that it has a size of. None where the file has stages itself.
        """
        families = self.derivation.stage_symbols
        sizes = self.expr.free_symbols & families.keys()
        if not sizes or any(isinstance(node, Stages) for node in nodes(self.derivation.root)):
            return None
        stages: dict[int, list[Expr]] = {}
        for term in sympy.Add.make_args(self.expr):
            last = max((families[s][1] for s in term.free_symbols & families.keys()), default=0)
            stages.setdefault(last, []).append(term)
        rest = stages.pop(0, [])
        indices = range(min(families[size][1] for size in sizes), max(stages) + 1)
        names = {symbol.name for symbol in self.expr.free_symbols}
        index = next((name for name in INDICES if name not in names), None)
        if len(indices) < MIN_TOLD_OUT or index is None:
            return None
        node = Stages(index, indices[0], ((),) * len(indices), ())
        form = StageForm(families)
        parts = tuple(sympy.Add(*stages.get(at, [])) for at in indices)
        candidate = Candidate(sympy.Add(form(node, parts), *rest), form.sums)
        return candidate if self._is_whole(_unfolded(candidate)) else None

    def _with_steady(self, lets: dict[Symbol, Expr], stated: bool) -> Candidate | None:
        """The formula with sums over stages, which have sizes that all stages share."""
        found = self._added({**self._multiples(), **lets}, stated, "shape")
        if found is None or not self._is_whole(_unfolded(found)):
            return None
        named = self.derivation.known.renamed(found.expr)
        return self._in_starts(replace(found, expr=named))

    def _if_whole(self, found: Candidate) -> Candidate | None:
        """The candidate, if what its sums add up to is the formula."""
        whole = expand(opened(_unfolded(found)))
        if self.rewritten(whole) == whole and self.derivation.known.equal(whole, self.expr):
            return self._in_starts(found)
        return None

    def _added(self, multiples: dict[Symbol, Expr], stated: bool, way: Way) -> Candidate | None:
        """The formula with sums over stages; None where the sums of a way are no others."""
        form = StageForm(self.derivation.stage_symbols, multiples, way)
        adds = total(self.measure, self.derivation, form, stated, self._plainly[stated])
        expr = self.rewritten(adds(self.derivation.root))
        if not form.differs:
            return None
        return Candidate(expr, form.sums)

    def _in_starts(self, candidate: Candidate) -> Candidate:
        """The sizes before the first stage, which sums define as c_0, by that name all over."""
        candidate = self._without_two_starts(candidate)
        members = {family: s for s, (family, _) in self.derivation.stage_symbols.items()}
        named: dict[Expr, Expr] = {}
        starts: dict[Symbol, w.Symbol] = {}
        for found in candidate.sums.values():
            for family, value in found.start:
                number, rest = value.as_coeff_Mul()
                if not (rest.is_Symbol or rest.is_number):
                    symbol = like(members[family], f"{family}_{found.first - 1}")
                    named[rest] = symbol / number
                    starts[symbol] = w.Symbol(family, str(found.first - 1))
        return replace(candidate, expr=candidate.expr.xreplace(named), starts=starts)

    def _without_two_starts(self, candidate: Candidate) -> Candidate:
        """The terms of a sum each by itself, where c_0 is something else in a sum before it."""
        before: dict[str, Expr] = {}
        apart: dict[Symbol, Expr] = {}
        for dummy, found in candidate.sums.items():
            here = {f"{family}_{found.first - 1}": value for family, value in found.start}
            if any(before.get(name, value) != value for name, value in here.items()):
                apart[dummy] = _terms(found)
            else:
                before.update(here)
        if not apart:
            return candidate
        sums = {dummy: s for dummy, s in candidate.sums.items() if dummy not in apart}
        return replace(candidate, expr=expand(candidate.expr.xreplace(apart)), sums=sums)

    def _is_whole(self, expr: Expr) -> bool:
        """Whether an expression with brackets is the formula."""
        whole = expand(opened(expr))
        return whole == self.expr or self.derivation.known.equal(whole, self.expr)

    def _multiples(self) -> dict[Symbol, Expr]:
        """The sizes of stages that are a number times another size: m_1 is I/4."""
        known = self.derivation.known
        bases = {
            s: known.definitions[s] for s in self.derivation.stage_symbols if s in known.spelled
        }
        return {s: base for s, base in bases.items() if base.as_coeff_Mul()[1].is_Symbol}

    def _steady(self) -> dict[Symbol, Expr]:
        """The abbreviations that are a number times a power of what makes the sizes of stages."""
        bases = {base.as_coeff_Mul()[1] for base in self._multiples().values()}
        found = {}
        for let in self.derivation.lets:
            definition = self.derivation.known.definitions[let]
            base, exponent = definition.as_coeff_Mul()[1].as_base_exp()
            if let not in self.derivation.stage_symbols and base in bases and exponent.is_Integer:
                found[let] = definition
        return found

    def _stands(self, terms: Expr) -> bool:
        """Whether the terms of a sum over stages may stand among the chosen symbols as they are.

        They may when these only write abbreviations out, which a where line does as well; they
        may not when they put numbers in, or bring an abbreviation in that the terms do not have.
        """
        known, rewritten = self.derivation.known, self.rewritten(terms)
        new = rewritten.free_symbols - terms.free_symbols
        sizes, left = (known.base(expr).free_symbols for expr in (terms, rewritten))
        return not new & known.spelled.keys() and sizes <= left


def _terms(stages: StageSum) -> Expr:
    """What a sum over stages adds up to."""
    return sympy.Add(*(stages.at(i) for i in range(stages.first, stages.last + 1)))


def _unfolded(candidate: Candidate) -> Expr:
    expr = candidate.expr
    for dummy, found in reversed(
        list(candidate.sums.items())
    ):  # a sum in another one comes before it
        expr = expr.xreplace({dummy: _terms(found)})
    return expr
