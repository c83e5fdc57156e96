"""What a change of a file does to its formulas and its presets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sympy import Expr, Symbol

from closedform.data import dataclass
from closedform.derive.assume.knowledge import Knowledge
from closedform.derive.assume.proofs.equality import equality
from closedform.derive.assume.store import Fact
from closedform.derive.assume.verdict import Proved
from closedform.derive.check.comparisons import all_that_holds
from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.measures.rows import Measure
from closedform.derive.project import Project
from closedform.derive.resolve.modules import Entity
from closedform.derive.solve.closed import Closed
from closedform.derive.solve.made import Made, joined, joined_order, nameless, written_out
from closedform.derive.symbolic.expansion import expand
from closedform.errors import ClosedformError
from closedform.formula.numbers import Exact


@dataclass(frozen=True)
class FormulaChange:
    """A closed form before and after; `old` or `new` is None where there was or is none, and
    `difference` is what it became more, where it changed."""

    of: str
    measure: Measure
    old: Closed | None
    new: Closed | None
    difference: Made | None

    @property
    def changed(self) -> bool:
        """Whether it is another formula, or there is one more or less."""
        return self.difference is not None or self.old is None or self.new is None


@dataclass(frozen=True)
class ValueChange:
    """A number of a preset before and after; None where it has none, or there was or is no
    such preset."""

    preset: str
    measure: Measure
    old: Exact | None
    new: Exact | None
    was_there: bool
    is_there: bool


@dataclass(frozen=True)
class AssumptionChange:
    """What a model or block assumes no more, or assumes now."""

    of: str
    gone: tuple[Fact, ...]
    new: tuple[Fact, ...]


@dataclass(frozen=True)
class Changes:
    """What became of a file: every formula and every number of a preset, before and after."""

    old: Project
    new: Project
    formulas: tuple[FormulaChange, ...]
    values: tuple[ValueChange, ...]
    assumptions: tuple[AssumptionChange, ...]

    @property
    def changed(self) -> bool:
        """Whether a formula is another one."""
        return any(row.changed for row in self.formulas)


def changes(
    old: Project, new: Project, measures: Sequence[str] = (), convention: str | None = None
) -> Changes:
    """The changes from one file to another, by the names of models, blocks and presets.

    Raises ClosedformError where one of the files is wrong.
    """
    both = [_parts(project) for project in (old, new)]
    names = list(dict.fromkeys((*both[1], *both[0])))
    chosen = new.measures(measures, convention)
    known = old.measures(measures, convention)
    pairs = list(zip(known, chosen, strict=True))
    formulas = [
        _formula(name[0], pair, (old, both[0].get(name)), (new, both[1].get(name)))
        for name in names
        for pair in pairs
    ]
    assumed = [
        _assumed(
            name[0], _facts(old.derivation(both[0][name])), _facts(new.derivation(both[1][name]))
        )
        for name in names
        if name in both[0] and name in both[1]
    ]
    return Changes(
        old,
        new,
        tuple(formulas),
        tuple(_values(old, new, pairs)),
        tuple(row for row in assumed if row.gone or row.new),
    )


Side = tuple[Project, Entity | None]


def _parts(project: Project) -> dict[tuple[str, bool], Entity]:
    """The models and blocks by their names; a block that became a model is another one."""
    return {(part.name, project.derivation(part).generic): part for part in project.parts()}


def _formula(name: str, pair: tuple[Measure, Measure], old: Side, new: Side) -> FormulaChange:
    forms = [
        None if entity is None else project.closed(entity, what)
        for (project, entity), what in zip((old, new), pair, strict=True)
    ]
    before, after = forms
    apart = None if before is None or after is None else _difference(before, after)
    return FormulaChange(name, pair[1], before, after, apart)


def _difference(old: Closed, new: Closed) -> Made | None:
    """What a formula became more; None where it is the same wherever what both assume holds."""
    same = _by_name(old.base, new.base.free_symbols)
    both = {str(fact.condition) for fact in all_that_holds(old.derivation).facts}
    known = Knowledge()
    for fact in all_that_holds(new.derivation).facts:
        if str(fact.condition) in both:
            known.assume(fact)
    if expand(new.base - same) == 0 or isinstance(equality(known, new.base, same), Proved):
        return None
    try:
        derivation, value = joined([new.derivation, old.derivation]), (new.expr, old.expr)
    except ClosedformError:  # a name stands for something else now
        derivation = joined([written_out(form).derivation for form in (new, old)])
        value = new.base, old.base
    after, before = value
    apart = expand(after - _by_name(before, after.free_symbols))
    order = joined_order([new.order, old.order])
    return Made(nameless(new.measure.unit), derivation, value=apart, arranged=order)


def _by_name(expr: Expr, symbols: set[Symbol]) -> Expr:
    """An expression in these symbols, where a symbol of the same name is declared otherwise."""
    named = {symbol.name: symbol for symbol in symbols}
    return expr.xreplace({s: named[s.name] for s in expr.free_symbols if s.name in named})


def _facts(derivation: Derivation) -> list[Fact]:
    """What the file assumes, and what the formulas rest on besides."""
    stated = [fact for fact in derivation.known.facts if fact.reason == "assumed"]
    return list(dict.fromkeys([*stated, *derivation.facts]))


def _assumed(name: str, old: Sequence[Fact], new: Sequence[Fact]) -> AssumptionChange:
    before, after = ({str(fact.condition): fact for fact in facts} for facts in (old, new))
    gone = tuple(fact for text, fact in before.items() if text not in after)
    return AssumptionChange(name, gone, tuple(f for text, f in after.items() if text not in before))


def _values(
    old: Project, new: Project, pairs: Sequence[tuple[Measure, Measure]]
) -> Iterator[ValueChange]:
    there = [[preset.title for preset in project.presets()] for project in (old, new)]
    for title in dict.fromkeys([*there[1], *there[0]]):
        for before, after in pairs:
            values = _value(old, title, before), _value(new, title, after)
            yield ValueChange(title, after, *values, *(title in titles for titles in there))


def _value(project: Project, title: str, what: Measure) -> Exact | None:
    known = {preset.title: preset for preset in project.presets()}
    try:
        return project.value(known[title], what) if title in known else None
    except ClosedformError:
        return None
