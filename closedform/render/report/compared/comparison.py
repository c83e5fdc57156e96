"""Models side by side as plain data: what each costs at its presets, and in shared symbols."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sympy

from closedform import formula as w
from closedform.data import dataclass
from closedform.derive.arrange import forms
from closedform.derive.measures.rows import Measure
from closedform.derive.project import ADD_ONE, Project
from closedform.derive.resolve.modules import Entity
from closedform.derive.solve.express import staying
from closedform.errors import ClosedformError, fail, suggestion
from closedform.formula.numbers import Exact
from closedform.grammar import tree
from closedform.reason.comparing import AsGrows, Pair, Side, pair, sides
from closedform.render.language import language
from closedform.render.report.closing import made_with
from closedform.render.report.compared.senses import Clash, Fixed, clashes, fixed
from closedform.render.report.signs import signed


@dataclass(frozen=True)
class Compared:
    """A model at a preset; a value is None where there is none."""

    model: str
    preset: str
    values: tuple[Exact | None, ...]


@dataclass(frozen=True)
class Cost:
    """A closed form of a model; `stays` are sizes that could not be expressed in others."""

    model: str
    formula: w.Written
    stays: tuple[str, ...]


@dataclass(frozen=True)
class PartCosts:
    """What the parts of one name cost in each model; None where it has none."""

    name: str
    costs: tuple[w.Written | None, ...]


@dataclass(frozen=True)
class Growing:
    """What becomes of two costs as a size grows: the limit of their ratio, or that it grows without
    end; and which is larger where a condition holds, or without one everywhere. What is None is
    not told."""

    size: w.Written
    limit: w.Written | None
    endless: bool
    larger: str | None
    smaller: str | None
    above: w.Written | None


@dataclass(frozen=True)
class Against:
    """How two models differ: where `tried` is False no difference is formed, and where it is None
    they cost the same."""

    first: str
    second: str
    tried: bool = False
    difference: w.Written | None = None
    ratio: w.Written | None = None
    growing: tuple[Growing, ...] = ()


@dataclass(frozen=True)
class Costs:
    """One measure of every model in shared symbols, by parts too, and each against the first;
    `fixed` are the sizes that are not expressed in the `chosen` ones, `clashes` the names that are
    not the same in all models."""

    heading: str
    label: str
    rows: tuple[Cost, ...]
    parts: tuple[PartCosts, ...]
    against: tuple[Against, ...]
    chosen: tuple[w.Symbol, ...]
    fixed: tuple[Fixed, ...]
    clashes: tuple[Clash, ...]


@dataclass(frozen=True)
class Comparison:
    """What a table of models shows; `made` says with what it was made."""

    headings: tuple[str, ...]
    rows: tuple[Compared, ...]
    made: str
    lang: str
    width: float | None
    formulas: tuple[Costs, ...] = ()


def comparison(
    projects: Sequence[Project],
    presets: Sequence[str] = (),
    measures: Sequence[str] = (),
    convention: str | None = None,
    lang: str = "en",
    width: float | None = None,
    entities: Sequence[Entity | None] | None = None,
    names: Sequence[str] = (),
    defaults: bool = False,
) -> Comparison:
    """Models at presets, in the order of `presets`; without any, at all presets of their files.

    Where `entities` are given, one for each project, or `names` of sizes, their formulas are set
    side by side too, in these sizes, for others their `defaults` where that is asked for; of a
    project without an entity those of its model. Raises ClosedformError for a preset that none of
    the files has.
    """
    chosen = [project.measures(measures, convention) for project in projects]
    words = language(lang)
    formulas: tuple[Costs, ...] = ()
    if entities is not None or names or defaults:
        asked = entities or [None] * len(projects)
        parts = [e or p.part(None) for p, e in zip(projects, asked, strict=True)]
        formulas = tuple(
            _costs(projects, parts, row, names, defaults) for row in zip(*chosen, strict=True)
        )
    of = entities or [None] * len(projects)
    rows = [row for told in zip(projects, of, chosen, strict=True) for row in _rows(*told)]
    known = list(dict.fromkeys(row.preset for row in rows))
    if not known and not formulas:
        raise fail("name", "none of the files has a preset", None, ADD_ONE)
    for title in presets:
        if title not in known:
            near = suggestion(title, known) or "they have " + ", ".join(map(repr, known))
            raise fail("name", f"none of the files has a preset {title!r}", None, near)
    if presets:
        rows = [row for title in presets for row in rows if row.preset == title]
    conventions = dict.fromkeys(m.convention.name for row in chosen for m in row if m.convention)
    files = [project.module.title for project in projects]
    return Comparison(
        tuple(measure.heading for measure in chosen[0]),
        tuple(rows),
        made_with(files, list(conventions), words),
        lang,
        width,
        formulas,
    )


def _costs(
    projects: Sequence[Project],
    parts: Sequence[Entity],
    row: Sequence[Measure],
    names: Sequence[str],
    defaults: bool,
) -> Costs:
    """One measure of models or blocks in shared symbols."""
    asked = zip(projects, parts, row, strict=True)
    forms = [project.closed(part, what) for project, part, what in asked]
    found = sides(forms, names, defaults)
    titles = _titles(projects, parts)
    signs = {name: sign for form in forms for name, sign in form.derivation.signs.items()}
    kinds = list(dict.fromkeys(name for side in found for name, _ in side.parts))
    told = Costs(
        row[0].heading,
        row[0].label,
        tuple(
            Cost(title, side.form.written(), staying(side.form))
            for title, side in zip(titles, found, strict=True)
        ),
        tuple(PartCosts(kind, tuple(_of_part(side, kind) for side in found)) for kind in kinds),
        tuple(
            _against(titles[0], titles[at], pair(found[0].form, found[at].form, names))
            for at in range(1, len(found))
        ),
        tuple(map(w.Symbol, names)),
        fixed([side.form for side in found], names),
        clashes(titles, forms if defaults else [side.form for side in found], defaults),
    )
    return signed(told, signs)


def _of_part(side: Side, name: str) -> w.Written | None:
    found = dict(side.parts).get(name)
    return None if found is None else found.written()


def _titles(projects: Sequence[Project], parts: Sequence[Entity]) -> list[str]:
    """The names of models, with their files where two have the same."""
    plain = [part.name for part in parts]
    return [
        name if plain.count(name) == 1 else f"{name} ({project.module.title})"
        for name, project in zip(plain, projects, strict=True)
    ]


def _against(first: str, second: str, found: Pair | None) -> Against:
    if found is None:
        return Against(first, second)
    order = found.difference.order
    rows = tuple(_growing(first, second, row, order) for row in found.growing)
    if found.same:
        return Against(first, second, tried=True)
    return Against(first, second, True, found.difference.written(), found.ratio.written(), rows)


def _growing(first: str, second: str, row: AsGrows, order: forms.Order) -> Growing:
    endless = row.limit == sympy.oo
    limit = None if row.limit is None or endless else forms.shortest(row.limit, order)
    size, larger, smaller = w.Symbol(row.size.name), None, None
    if row.turn is not None:
        larger, smaller = (first, second) if row.turn.sign > 0 else (second, first)
    if row.turn is None or row.turn.at is None:
        return Growing(size, limit, endless, larger, smaller, None)
    above = w.Condition(">", (size, forms.write(row.turn.at, order)))
    return Growing(size, limit, endless, larger, smaller, above)


def _rows(
    project: Project, entity: Entity | None, measures: Sequence[Measure]
) -> Iterator[Compared]:
    for preset in project.presets(entity):
        values = tuple(_value(project, preset, measure) for measure in measures)
        yield Compared(project.model_of(preset).name, preset.title, values)


def _value(project: Project, preset: tree.Preset, measure: Measure) -> Exact | None:
    try:
        return project.value(preset, measure)
    except ClosedformError:
        return None
