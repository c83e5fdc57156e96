"""A result as plain data: what a report says, in the order in which it says it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import sympy
from sympy import Expr, Integer, Symbol

from closedform.derive import cost, forms
from closedform.derive import written as w
from closedform.derive.cost import Site
from closedform.derive.elaborate import Derivation
from closedform.derive.express import express, staying, with_defaults
from closedform.derive.knowledge import Fact
from closedform.derive.measures import ELEMENTARY, OF_WEIGHTS, Measure, omitted
from closedform.derive.modules import Entity
from closedform.derive.numbers import evaluate
from closedform.derive.project import Project
from closedform.derive.result import Closed, symbols_of
from closedform.derive.sizes import Divides, Log, say
from closedform.derive.stages import stage_runs
from closedform.errors import ClosedformError, Span
from closedform.grammar import tree
from closedform.render.basis import Basis, Sizes, basis, sizes_of
from closedform.render.language import Language, language

MAX_DEPTH = 4

REASONS = {
    "assumed": "stated in the file",
    "required": "required by the block",
    "default": "holds for the defaults",
    "possible": "the other case has no shape",
    "when": "a condition of the claim",
}


@dataclass(frozen=True)
class SymbolRow:
    symbol: w.Symbol
    meaning: str
    default: w.Written | None


@dataclass(frozen=True)
class Definition:
    """`symbol = formula`: an abbreviation, or a size before the first stage."""

    symbol: w.Symbol
    formula: w.Written
    meaning: str


@dataclass(frozen=True)
class FormulaRow:
    """A closed form; `expr` is text that SymPy reads, `value` its number at the preset."""

    measure: str
    title: str
    unit: str
    convention: str | None
    says: str
    formula: w.Written
    expr: str
    stays: tuple[str, ...]
    value: int | None


@dataclass(frozen=True)
class Loop:
    """A `repeat`, `choose` or `if` around a part, by its line; `same` is one part used again.

    `times` is how often it is at work, `copies` how often its weights count; an `if` is 0 or 1.
    """

    kind: str
    line: int
    times: w.Written
    copies: w.Written


@dataclass(frozen=True)
class PartRow:
    """A part of the model: where it stands, how often, and what one of it costs.

    `kind` is "operation", "block", "stage" or "steps"; `loops` are those between this part and the
    one that it belongs to. `copies` is how often its weights count: less than `times` where they
    are shared, more where only some of them are at work.
    """

    depth: int
    kind: str
    line: int
    name: str
    loops: tuple[Loop, ...]
    times: w.Written
    copies: w.Written
    costs: tuple[w.Written, ...]


@dataclass(frozen=True)
class PresetRow:
    title: str
    sizes: tuple[tuple[str, str], ...]
    given: Sizes
    values: tuple[int | None, ...]


@dataclass(frozen=True)
class AssumptionRow:
    condition: w.Written
    text: str
    reason: str
    place: str


@dataclass(frozen=True)
class Omission:
    """An operation that a convention does not count; `counts` is empty where all is left out."""

    operation: str
    counts: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    title: str
    file: str
    keyword: str
    about: str
    chosen: tuple[str, ...]
    preset: str | None
    symbols: tuple[SymbolRow, ...]
    where: tuple[Definition, ...]
    formulas: tuple[FormulaRow, ...]
    parts: tuple[PartRow, ...]
    presets: tuple[PresetRow, ...]
    assumptions: tuple[AssumptionRow, ...]
    basis: Basis
    convention: str | None
    convention_says: str
    omissions: tuple[Omission, ...]
    lang: str = "en"


@dataclass(frozen=True)
class Wish:
    """What a report is asked to show."""

    measures: tuple[Measure, ...]
    names: tuple[str, ...] = ()
    form: str = "shortest"
    stages: str = "sum"
    preset: str | None = None
    defaults: bool = False
    lang: str = "en"


def report(project: Project, entity: Entity, wish: Wish) -> Report:
    """The report of one model or block."""
    words = language(wish.lang)
    derivation = project.derivation(entity)
    formed = [_formed(project.closed(entity, what), wish) for what in wish.measures]
    preset = project.preset(wish.preset) if wish.preset else None
    if preset and project.model_of(preset) is not entity:
        preset = None
    values = project.values(preset) if preset else {}
    declaration = entity.declaration
    assert isinstance(declaration, tree.Block)
    presets = () if preset else _presets(project, entity, formed)
    if preset:
        presets = (_preset_row(project, preset, formed),)
    convention = next((m.convention for m in wish.measures if m.convention), None)
    return Report(
        title=entity.name,
        file=project.module.title,
        keyword=declaration.keyword,
        about=declaration.doc or (project.module.file.doc or "" if not derivation.generic else ""),
        chosen=wish.names,
        preset=wish.preset,
        symbols=_symbols(derivation, formed),
        where=_where(derivation, formed, wish),
        formulas=tuple(_formula(form, wish, values if preset else None) for form in formed),
        parts=tuple(_Parts(formed).rows(derivation.root.body, ONCE, 0)),
        presets=presets,
        assumptions=tuple(_assumptions(derivation, formed[0].order, words)),
        basis=basis(formed),
        convention=convention.name if convention else None,
        convention_says=words.tr(convention.says) if convention else "",
        omissions=tuple(
            Omission(name, () if whole else counts)
            for name, counts, whole in (omitted(derivation.root, convention) if convention else ())
        ),
        lang=wish.lang,
    )


def _formed(form: Closed, wish: Wish) -> Closed:
    if wish.defaults:
        form = with_defaults(form, wish.names)
    return express(form, wish.names) if wish.names else form


def _formula(form: Closed, wish: Wish, values: dict[Symbol, Expr] | None) -> FormulaRow:
    what = form.measure
    return FormulaRow(
        measure=what.name,
        title=what.title,
        unit=what.unit,
        convention=what.convention.name if what.convention else None,
        says=said(what, language(wish.lang)),
        formula=form.written(wish.form, wish.stages),
        expr=sympy_text(form.expr),
        stays=staying(form),
        value=None if values is None else evaluate(form, values),
    )


def said(what: Measure, words: Language) -> str:
    """What a measure counts, in words."""
    if what.convention is None and what.name not in OF_WEIGHTS:
        return words.tr(ELEMENTARY, name=what.name)
    return words.tr(what.says)


def sympy_text(expr: Expr) -> str:
    """An expression as SymPy prints it, with nothing in it that SymPy does not know."""
    known = expr.replace(Divides, lambda a, b: sympy.Eq(sympy.Mod(b, a, evaluate=False), 0))
    known = known.replace(Log, lambda value, base: sympy.log(value) / sympy.log(base))
    return str(sympy.sstr(known, order="lex"))


def _symbols(derivation: Derivation, formed: Sequence[Closed]) -> tuple[SymbolRow, ...]:
    """The dims that the formulas mention, themselves or through an abbreviation."""
    used = set().union(*(derivation.known.base(f.expr).free_symbols for f in formed))
    used |= set().union(*(f.expr.free_symbols for f in formed))
    for symbol in list(used):
        used |= derivation.defaults.get(symbol, symbol).free_symbols
    order = formed[0].order
    rows: list[SymbolRow] = []
    names = derivation.entity.module.names
    for name, symbols in derivation.symbols.items():
        declaration = names[name].declaration if name in names else None
        if not used & set(symbols) or not isinstance(declaration, tree.Dim):
            continue
        used -= set(symbols)
        stage = declaration.length is not None
        defaults = [derivation.defaults.get(s) for s in symbols]
        default: w.Written | None = None
        if all(value is not None for value in defaults):
            parts = tuple(forms.write(value, order) for value in defaults)
            default = w.Function("", parts) if stage else parts[0]
        rows.append(
            SymbolRow(w.Symbol(name, "s" if stage else None), declaration.meaning or "", default)
        )
    for symbol in symbols_of(derivation):
        if symbol in used and derivation.generic:
            rows.append(SymbolRow(w.Symbol(symbol.name), "", None))
    return tuple(rows)


def _where(derivation: Derivation, formed: Sequence[Closed], wish: Wish) -> tuple[Definition, ...]:
    """The abbreviations that the formulas need, each after those that it needs itself."""
    spelled = derivation.known.spelled
    needed: set[Symbol] = set()
    waiting = [s for f in formed for s in f.expr.free_symbols]
    while waiting:
        symbol = waiting.pop()
        if symbol in spelled and symbol not in needed:
            needed.add(symbol)
            waiting.extend(spelled[symbol].free_symbols)
    order = formed[0].order
    rows: list[Definition] = []
    if wish.stages == "sum":
        starts = {name: value for form in formed for name, value in form.starts.items()}
        for name, value in starts.items():
            rows.append(Definition(_stage_symbol(name), forms.write(value, order), ""))
    families: dict[str, dict[int, Expr]] = {}
    for symbol, value in spelled.items():
        if symbol not in needed:
            continue
        family, index = derivation.stage_symbols.get(symbol, (symbol.name, 0))
        families.setdefault(family, {})[index] = value
    for family, values in families.items():
        if 0 in values:
            written = forms.shortest(values[0], order)
            meaning = _meaning(derivation, family)
            rows.append(Definition(w.Symbol(family), written, meaning))
        else:
            rows.extend(_stage_definitions(derivation, family, values, order, language(wish.lang)))
    return tuple(rows)


def _meaning(derivation: Derivation, name: str) -> str:
    entity = derivation.entity.module.names.get(name)
    if entity and isinstance(entity.declaration, tree.Let):
        return entity.declaration.meaning or ""
    return ""


def _stage_definitions(
    derivation: Derivation,
    family: str,
    values: dict[int, Expr],
    order: forms.Order,
    words: Language,
) -> Iterator[Definition]:
    """`m_1 = I/4`, then `m_s = m_(s-1)/2` once for all the stages that have it so."""
    for run in stage_runs(values, derivation.stage_symbols):
        if run.first == run.last:
            written = forms.shortest(values[run.first], order)
            yield Definition(w.Symbol(family, str(run.first)), written, "")
        else:
            meaning = words.tr("for s = {first}..{last}", first=run.first, last=run.last)
            yield Definition(w.Symbol(family, "s"), run.write(order), meaning)


def _stage_symbol(name: str) -> w.Symbol:
    family, _, index = name.rpartition("_")
    return w.Symbol(family, index)


# Parts -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Uses:
    """How often a part is at work, how often its weights count, and which weights do not."""

    times: Expr
    copies: Expr
    dropped: frozenset[str]
    loops: tuple[tuple[str, int, Expr, Expr], ...] = ()

    def inside(self, kind: str, line: int, times: Expr, copies: Expr) -> _Uses:
        """The uses of what stands in a loop."""
        here = () if times == copies == 1 else ((kind, line, times, copies),)
        loops = (*self.loops, *here)
        return replace(self, times=self.times * times, copies=self.copies * copies, loops=loops)

    @property
    def of_parts(self) -> _Uses:
        """The uses of the parts of a part."""
        return replace(self, loops=())


ONCE = _Uses(Integer(1), Integer(1), frozenset())


class _Parts:
    """The rows of the parts of a model."""

    def __init__(self, formed: Sequence[Closed]) -> None:
        self.formed = formed
        self.order = formed[0].order

    def rows(self, sites: Sequence[Site], uses: _Uses, depth: int) -> Iterator[PartRow]:
        for site, count in _counted(sites):
            again = uses.inside("same", site.span.line, Integer(count), Integer(count))
            yield from self._site(site, again, depth)

    def _site(self, site: Site, uses: _Uses, depth: int) -> Iterator[PartRow]:
        node, line = site.node, site.span.line
        match node:
            case cost.Operation() | cost.Sequence():
                amounts = self._amounts((site,), uses)
                if all(amount == 0 for amount in amounts):
                    return
                kind = "block" if isinstance(node, cost.Sequence) else "operation"
                yield self._row(kind, site, node.name, uses, amounts, depth)
                if isinstance(node, cost.Sequence) and depth < MAX_DEPTH:
                    inner = [s for s in node.body if not isinstance(s.node, cost.Operation)]
                    yield from self.rows(inner, uses.of_parts, depth + 1)
            case cost.Repeat():
                copies = Integer(1) if node.shared else node.times
                uses = uses.inside("repeat", line, node.times, copies)
                yield from self.rows(node.body, uses, depth)
            case cost.Choose():
                uses = uses.inside("choose", line, node.count, node.of)
                yield from self.rows(node.body, uses, depth)
            case cost.Stages():
                for index, body in enumerate(node.bodies, node.first):
                    name = f"{node.index} = {index}"
                    amounts = self._amounts(body, uses)
                    yield self._row("stage", site, name, uses, amounts, depth)
                    yield from self.rows(body, uses.of_parts, depth + 1)
            case cost.Steps():
                name = f"{node.index} = {say(node.first)}..{say(node.last)}"
                yield self._row("steps", site, name, uses, self._amounts((site,), uses), depth)
                yield from self.rows(node.body, uses.of_parts, depth + 1)
            case cost.Cases():
                for condition, body in (
                    (node.condition, node.then),
                    (sympy.Not(node.condition), node.otherwise),
                ):
                    holds = cost.indicator(condition)
                    yield from self.rows(body, uses.inside("if", line, holds, holds), depth)
            case cost.Weights():
                dropped = uses.dropped | cost.DROPPED[node.mode]
                yield from self.rows(node.body, replace(uses, dropped=dropped), depth)

    def _amounts(self, sites: Sequence[Site], uses: _Uses) -> list[Expr]:
        return [
            Integer(0)
            if form.measure.name in uses.dropped
            else sympy.Add(*(form.of(site.node) for site in sites))
            for form in self.formed
        ]

    def _row(
        self, kind: str, site: Site, name: str, uses: _Uses, amounts: Sequence[Expr], depth: int
    ) -> PartRow:
        return PartRow(
            depth,
            kind,
            site.span.line,
            name,
            tuple(
                Loop(kind, line, forms.write(times, self.order), forms.write(copies, self.order))
                for kind, line, times, copies in uses.loops
            ),
            forms.write(uses.times, self.order),
            forms.write(uses.copies, self.order),
            tuple(forms.shortest(amount, self.order) for amount in amounts),
        )


def _counted(sites: Sequence[Site]) -> list[tuple[Site, int]]:
    """Sites with the same node on the same line together, and how many they are."""
    found: dict[tuple[int, int], tuple[Site, int]] = {}
    for site in sites:
        key = (id(site.node), site.span.line)
        first, count = found.get(key, (site, 0))
        found[key] = (first, count + 1)
    return list(found.values())


# Presets and assumptions -------------------------------------------------------------------


def _presets(project: Project, entity: Entity, formed: Sequence[Closed]) -> tuple[PresetRow, ...]:
    if project.derivation(entity).generic:
        return ()
    return tuple(_preset_row(project, preset, formed) for preset in project.presets(entity))


def _preset_row(project: Project, preset: tree.Preset, formed: Sequence[Closed]) -> PresetRow:
    from closedform.grammar.expressions import show

    sizes = tuple((b.name.name, show(b.value)) for b in preset.bindings)
    values = project.values(preset)
    whole = tuple(_whole(form, values) for form in formed)
    return PresetRow(preset.title, sizes, sizes_of(values, formed[0].order), whole)


def _whole(form: Closed, values: dict[Symbol, Expr]) -> int | None:
    """The value of a formula, or None where it is no whole number, as with a logarithm."""
    try:
        return evaluate(form, values)
    except ClosedformError as error:
        if error.diagnostics[0].kind != "fraction":
            raise
        return None


def _assumptions(
    derivation: Derivation, order: forms.Order, words: Language
) -> Iterator[AssumptionRow]:
    """The facts that a derivation rests on; those that all stages share are told once."""
    by_stage: dict[tuple[str, str], dict[int, Fact]] = {}
    for fact in derivation.facts:
        stages = {derivation.stage_symbols.get(s, ("", 0))[1] for s in fact.condition.free_symbols}
        key = (fact.reason, _place(fact.span, words))
        if len(stages) == 1 and stages != {0}:
            by_stage.setdefault(key, {}).setdefault(stages.pop(), fact)
        else:
            yield _assumption(fact, forms.write(fact.condition, order), "", words)
    for facts in by_stage.values():
        conditions = {index: fact.condition for index, fact in facts.items()}
        for run in stage_runs(conditions, derivation.stage_symbols):
            fact = facts[run.first]
            if run.first == run.last:
                yield _assumption(fact, forms.write(fact.condition, order), "", words)
            else:
                where = words.tr(" for s = {first}..{last}", first=run.first, last=run.last)
                yield _assumption(fact, run.write(order), where, words)


def _assumption(fact: Fact, condition: w.Written, where: str, words: Language) -> AssumptionRow:
    text, reason = w.plain(condition), words.tr(REASONS[fact.reason])
    return AssumptionRow(condition, text + where, reason + where, _place(fact.span, words))


def _place(span: Span | None, words: Language) -> str:
    return words.tr("line {line}", line=span.line) if span else ""
