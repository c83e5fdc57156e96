"""A result as plain data: what a report says, in the order in which it says it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import cached_property, partial
from itertools import count

import sympy
from sympy import Expr, Symbol

from closedform import formula as w
from closedform.choices import FORMS, STAGES
from closedform.data import dataclass
from closedform.derive.arrange import forms
from closedform.derive.assume.store import Fact
from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.measures.lookup import Omitted, omitted
from closedform.derive.measures.rows import Measure
from closedform.derive.project import Project
from closedform.derive.resolve.conventions import Convention
from closedform.derive.resolve.library import in_standard_library
from closedform.derive.resolve.modules import Entity
from closedform.derive.solve.closed import Closed
from closedform.derive.solve.express import express, staying, with_defaults
from closedform.derive.solve.made import Made, nameless
from closedform.derive.solve.numbers import evaluate
from closedform.derive.solve.stages import stage_runs
from closedform.derive.symbolic.atoms import Divides, Gcd, Log
from closedform.derive.trace.flows import Flow
from closedform.derive.trace.lines import nodes_of
from closedform.errors import ClosedformError, Span, fail, suggestion
from closedform.formula.numbers import Exact
from closedform.grammar import tree
from closedform.grammar.expressions import show
from closedform.reason.uncounted import uncounted
from closedform.render.language import Language, language
from closedform.render.report.basis import Basis, Sizes, basis, sizes_of
from closedform.render.report.claims import ClaimRow, claim_rows
from closedform.render.report.closing import (
    AssumptionRow,
    Closing,
    Omission,
    Remark,
    closing,
    file_told,
    made_with,
    notes,
)
from closedform.render.report.kinds import KindRow, kind_rows
from closedform.render.report.names import Definition, Names, SymbolRow, with_needed
from closedform.render.report.parts import PartRow, Parts, operation_name
from closedform.render.report.rules import RulesRow, rules_rows
from closedform.render.report.signs import signed

REASONS = {
    "assumed": "stated in the file",
    "required": "required by the block",
    "default": "holds for the defaults",
    "possible": "the other case has no shape",
    "chosen": "no more are chosen than there are",
    "axis": "no axis is empty",
    "shared": "weights that are shared count once",
    "divisor": "else something is divided by 0",
    "when": "a condition of the claim",
    "given": "a condition of this derivation",
}


@dataclass(frozen=True)
class FormulaRow:
    """A closed form; `expr` is text that SymPy reads, `value` its number at the preset."""

    measure: str
    title: str
    heading: str
    label: str
    unit: str
    convention: str | None
    says: str
    formula: w.Written
    expr: str
    stays: tuple[str, ...]
    value: Exact | None

    @cached_property
    def braces(self) -> tuple[tuple[str, w.Written], ...]:
        """The parts of a formula that is told by its parts, for where no braces are seen."""
        found = (node for node in nodes_of(self.formula) if isinstance(node, w.Braced))
        return tuple((brace.name, brace.body) for brace in found)


@dataclass(frozen=True)
class PresetRow:
    """A preset; a value is None where there is none, and all are where the formulas do not hold."""

    title: str
    sizes: tuple[tuple[str, str], ...]
    given: Sizes
    values: tuple[Exact | None, ...]
    holds: bool


@dataclass(frozen=True)
class UncountedRow:
    """How many multiply-accumulates of an operation, or other elementary operations, a convention
    leaves out; `value` is the number at the preset."""

    operation: str
    products: bool
    amount: w.Written
    value: Exact | None


@dataclass(frozen=True)
class Link:
    """A way to another page of a site; `finds` says whether a name can be looked for there."""

    text: str
    href: str
    finds: bool = False


@dataclass(frozen=True)
class Report:
    """What a report says; its `parts` tell stages alike once, `every_part` each by itself.

    `notes` say what signs in the formulas mean, `nonempty` whether it was taken as true that every
    axis has an element, `width` how wide a line is: in points on paper, in characters on a
    terminal, None where the format decides.
    """

    title: str
    file: str
    keyword: str
    about: str
    chosen: tuple[str, ...]
    when: tuple[str, ...]
    preset: str | None
    symbols: tuple[SymbolRow, ...]
    where: tuple[Definition, ...]
    notes: tuple[Remark, ...]
    formulas: tuple[FormulaRow, ...]
    parts: tuple[PartRow, ...]
    rows_apart: Callable[[], Iterator[PartRow]] = field(repr=False, compare=False)
    flows_told: Callable[[], Iterator[Flow]] = field(repr=False, compare=False)
    presets: tuple[PresetRow, ...]
    assumptions: tuple[AssumptionRow, ...]
    nonempty: bool
    basis: Basis
    definitions: tuple[tuple[str, str], ...]
    convention: str | None
    convention_says: str
    omissions: tuple[Omission, ...]
    closing: Closing
    claims: tuple[ClaimRow, ...] = ()
    rules: tuple[RulesRow, ...] = ()
    uncounted: tuple[UncountedRow, ...] = ()
    kinds: tuple[KindRow, ...] = ()
    lang: str = "en"
    width: float | None = None
    links: tuple[Link, ...] = ()

    @cached_property
    def every_part(self) -> tuple[PartRow, ...]:
        """The parts with each stage by itself, made when a format asks for them."""
        return tuple(self.rows_apart())

    @cached_property
    def flows(self) -> tuple[Flow, ...]:
        """What flows through each block, made when a format asks for it."""
        return tuple(self.flows_told())


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
    width: float | None = None
    parts: bool = True  # whether the parts and the presets are told
    claims: bool = False
    rules: tuple[str, ...] = ()  # the sizes of which it is told what they rule
    uncounted: bool = False  # whether it is told how much the convention leaves out
    kinds: bool = False  # whether it is told what operations of each kind cost

    def __post_init__(self) -> None:
        for value, known in ((self.form, FORMS), (self.stages, STAGES)):
            if value not in known:
                near = suggestion(value, known) or f"there are {', '.join(known)}"
                raise fail("choice", f"`{value}` cannot be chosen", None, near)


def report(project: Project, entity: Entity, wish: Wish) -> Report:
    """The report of one model or block."""
    words = language(wish.lang)
    preset = project.preset(wish.preset) if wish.preset is not None else None
    if preset and project.model_of(preset) is not entity:
        preset = None
    values = project.values(preset) if preset else {}
    entity = project.at_preset(preset) if preset else entity
    derivation = project.derivation(entity)
    plain = [project.closed(entity, what) for what in wish.measures]
    formed = [_formed(form, wish, values) for form in plain]
    declaration = entity.declaration
    assert isinstance(declaration, tree.Block)
    about = declaration.doc or (project.module.file.doc or "" if not derivation.generic else "")
    if in_standard_library(declaration.span.source):
        about = words.tr(about)
    presets = _presets(project, entity, plain) if wish.parts and not preset else ()
    if preset:
        presets = (_preset_row(project, preset, plain),)
    conventions = list(dict.fromkeys(m.convention for m in wish.measures if m.convention))
    convention = conventions[0] if conventions else None
    formulas = tuple(
        _formula(form, wish, _value(project, preset, own) if preset else None)
        for form, own in zip(formed, plain, strict=True)
    )
    shown = Parts(formed, words, alike=wish.stages == "sum")
    parts, starts = tuple(shown.of(shown.root)) if wish.parts else (), {}
    if shown.alike:
        starts = {name: value for form in formed for name, value in form.starts(wish.form).items()}
        starts.update(shown.starts)
    printed = tuple(replace(row, inputs=()) for row in parts)  # these are in the drawing alone
    ruled = tuple(rules_rows(project, entity, wish.measures, wish.rules, preset, words))
    left = tuple(_uncounted(formed, values if preset else None, words)) if wish.uncounted else ()
    number = partial(_value, project, preset) if preset else lambda _: None
    kinds = tuple(
        row
        for own, form in zip(plain if wish.kinds else (), formed if wish.kinds else (), strict=True)
        for row in kind_rows(own, form, wish.form, wish.stages, number)
    )
    told = formulas, printed, ruled, left, kinds
    names = Names(derivation, told, starts, formed[0].order, words)
    assumptions = tuple(assumption_rows(derivation, formed[0].order, words))
    says = convention_said(convention, words) if convention else ""
    rows = omitted(derivation.root, convention) if convention else ()
    omissions = tuple(omission_row(row, words) for row in rows)
    found = Report(
        title=entity.name,
        file=file_told(project.module.title),
        keyword=declaration.keyword,
        about=about,
        chosen=wish.names,
        when=tuple(map(show, project.conditions)),
        preset=wish.preset,
        symbols=names.symbols(),
        where=names.where(),
        notes=tuple(notes(nodes_of((formulas, parts)), words)),
        formulas=formulas,
        parts=parts,
        rows_apart=partial(_rows_apart, Parts(formed, words), derivation),
        flows_told=partial(_flows, shown, derivation),
        presets=presets,
        assumptions=assumptions,
        nonempty=bool(derivation.positive),
        basis=basis(formed, starts),
        definitions=tuple(_definitions(derivation, formed)),
        convention=convention.name if convention else None,
        convention_says=says,
        omissions=omissions,
        closing=closing(
            bool(assumptions),
            bool(derivation.positive),
            (convention.name, says) if convention else None,
            omissions,
            made_with([project.module.title], [row.name for row in conventions], words),
            words,
        ),
        claims=tuple(claim_rows(project, entity, words)) if wish.claims else (),
        rules=ruled,
        uncounted=left,
        kinds=kinds,
        lang=wish.lang,
        width=wish.width,
    )
    return signed(found, derivation.signs)


def _value(project: Project, preset: tree.Preset, form: Closed) -> Exact | None:
    """The value at a preset; a configuration may leave sizes open, such as the number of tokens."""
    try:
        return project.at(preset, form)
    except ClosedformError as error:
        if project.configured is None or error.diagnostics[0].kind != "unbound":
            raise
    return None


def _rows_apart(parts: Parts, derivation: Derivation) -> Iterator[PartRow]:
    for row in parts.of(parts.root):
        yield signed(row, derivation.signs)


def _flows(parts: Parts, derivation: Derivation) -> Iterator[Flow]:
    for flow in parts.flows():
        yield signed(flow, derivation.signs)


def _uncounted(
    formed: Sequence[Closed], given: Mapping[Symbol, Expr] | None, words: Language
) -> Iterator[UncountedRow]:
    """How much the first convention leaves out, in the symbols of its formula."""
    form = next((form for form in formed if form.measure.convention), None)
    if form is None or form.measure.convention is None:
        return
    for row in uncounted(form, form.measure.convention):
        name = omission_row(Omitted(row.operation, (), True, row.kind), words).operation
        made = Made(nameless(""), form.derivation, value=row.amount, arranged=form.order)
        value = None if given is None else evaluate(made, given)
        yield UncountedRow(name, row.products, made.written(), value)


def omission_row(row: Omitted, words: Language) -> Omission:
    name = operation_name(row.operation, words)
    if row.kind not in (None, row.operation.name):
        name = words.tr("{operation} as {kind}", operation=name, kind=row.kind)
    return Omission(name, () if row.whole else row.counts)


def _formed(form: Closed, wish: Wish, given: Mapping[Symbol, Expr]) -> Closed:
    """The formula as it is wished for; sizes that a preset gives do not take their defaults."""
    if wish.defaults:
        form = with_defaults(form, [*wish.names, *(symbol.name for symbol in given)])
    return express(form, wish.names) if wish.names else form


def _formula(form: Closed, wish: Wish, value: Exact | None) -> FormulaRow:
    what, words = form.measure, language(wish.lang)
    return FormulaRow(
        measure=what.name,
        title=what.title,
        heading=what.heading,
        label=what.label,
        unit=what.unit,
        convention=what.convention.name if what.convention else None,
        says=said(what, words),
        formula=form.written(wish.form, wish.stages, words.tr),
        expr=sympy_text(form.expr),
        stays=staying(form),
        value=value,
    )


def _definitions(derivation: Derivation, formed: Sequence[Closed]) -> Iterator[tuple[str, str]]:
    """Every abbreviation that `expr` can hold, stage by stage, as text that SymPy reads."""
    for symbol in with_needed(derivation, (s for f in formed for s in f.expr.free_symbols)):
        yield symbol.name, sympy_text(derivation.known.spelled[symbol])


def said(what: Measure, words: Language) -> str:
    """What a measure counts, in words."""
    if what.convention is not None:
        return convention_said(what.convention, words)
    return words.tr(what.says, **what.told)


def convention_said(convention: Convention, words: Language) -> str:
    """What a convention counts; one of a user says it in the language of the user."""
    standard = in_standard_library(convention.span.source)
    return words.tr(convention.says) if standard else convention.says


def sympy_text(expr: Expr) -> str:
    """An expression as SymPy prints it, with nothing in it that SymPy does not know."""
    known = expr.replace(Divides, lambda a, b: sympy.Eq(sympy.Mod(b, a, evaluate=False), 0))
    known = known.replace(Log, lambda value, base: sympy.log(value) / sympy.log(base))
    known = known.replace(Gcd, _counted)
    return str(sympy.sstr(known, order="lex"))


def _counted(one: Expr, other: Expr) -> Expr:
    """A common divisor in what SymPy knows: how many of 1..a, times b, are multiples of a."""
    names = {str(symbol) for symbol in (one * other).free_symbols}
    index = next(name for at in count() if (name := f"k{at or ''}") not in names)
    k = sympy.Symbol(index, integer=True, positive=True)
    multiple = sympy.Eq(sympy.Mod(k * other, one, evaluate=False), 0)
    return sympy.Sum(sympy.Piecewise((1, multiple), (0, True)), (k, 1, one))


# Presets and assumptions -------------------------------------------------------------------


def _presets(project: Project, entity: Entity, formed: Sequence[Closed]) -> tuple[PresetRow, ...]:
    if project.derivation(entity).generic:
        return ()
    return tuple(_preset_row(project, preset, formed) for preset in project.presets(entity))


def _preset_row(project: Project, preset: tree.Preset, formed: Sequence[Closed]) -> PresetRow:
    sizes = tuple((b.name.name, show(b.value)) for b in preset.bindings)
    values: list[Exact | None] = []
    holds = project.at_preset(preset) is formed[0].derivation.entity  # with its parameters
    for form in formed:
        try:
            values.append(project.at(preset, form))
        except ClosedformError as error:
            values.append(None)
            holds = holds and error.diagnostics[0].kind == "fraction"  # as with a logarithm
    given = sizes_of(project.values(preset), formed[0].order)
    return PresetRow(preset.title, sizes, given, tuple(values), holds)


def assumption_rows(
    derivation: Derivation, order: forms.Order, words: Language
) -> Iterator[AssumptionRow]:
    """The facts that a derivation rests on; those that all stages share are told once."""
    by_stage: dict[tuple[object, ...], dict[int, Fact]] = {}
    for fact in derivation.facts:
        places = {
            symbol: derivation.stage_symbols[symbol]
            for symbol in fact.condition.free_symbols & derivation.stage_symbols.keys()
        }
        stages = {index for _, index in places.values()}
        if len(stages) == 1:
            shape = fact.condition.xreplace(
                {s: Symbol(family) for s, (family, _) in places.items()}
            )
            key = (fact.reason, _place(fact.span, derivation, words), shape)
            by_stage.setdefault(key, {})[stages.pop()] = fact
        else:
            condition = forms.write(fact.condition, order)
            yield _assumption(fact, condition, "", derivation, words)
    for facts in by_stage.values():
        conditions = {index: fact.condition for index, fact in facts.items()}
        for run in stage_runs(conditions, derivation.stage_symbols):
            fact = facts[run.first]
            if run.first == run.last:
                condition, where = forms.write(fact.condition, order), ""
            else:
                condition = run.write(order)
                where = words.tr(" for s = {first}..{last}", first=run.first, last=run.last)
            yield _assumption(fact, condition, where, derivation, words)


def _assumption(
    fact: Fact, condition: w.Written, where: str, derivation: Derivation, words: Language
) -> AssumptionRow:
    condition = signed(condition, derivation.signs)
    text, reason = w.plain(condition) + where, words.tr(REASONS[fact.reason]) + where
    place = _place(fact.span, derivation, words)
    because = words.tr("{reason} ({place})", reason=reason, place=place) if place else reason
    return AssumptionRow(condition, text, reason, place, because)


def _place(span: Span | None, derivation: Derivation, words: Language) -> str:
    """The line of a fact, and its file where that is another one than the model's."""
    if span is None:
        return ""
    if span.source.name == derivation.entity.module.title:
        return words.tr("line {line}", line=span.line)
    return words.tr("line {line} of {file}", line=span.line, file=span.source.name)
