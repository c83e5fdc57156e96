"""Models side by side as plain data: what each costs at its presets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from closedform.derive.measures.rows import Measure
from closedform.derive.project import ADD_ONE, Project
from closedform.errors import ClosedformError, fail, suggestion
from closedform.grammar import tree
from closedform.render.language import language
from closedform.render.report.closing import made_with


@dataclass(frozen=True)
class Compared:
    """A model at a preset; a value is None where there is none."""

    model: str
    preset: str
    values: tuple[int | None, ...]


@dataclass(frozen=True)
class Comparison:
    """What a table of models shows; `made` says with what it was made."""

    headings: tuple[str, ...]
    rows: tuple[Compared, ...]
    made: str
    lang: str
    width: float | None


def comparison(
    projects: Sequence[Project],
    presets: Sequence[str] = (),
    measures: Sequence[str] = (),
    convention: str | None = None,
    lang: str = "en",
    width: float | None = None,
) -> Comparison:
    """Models at presets, in the order of `presets`; without any, at all presets of their files.

    Raises ClosedformError for a preset that none of the files has.
    """
    chosen = [project.measures(measures, convention) for project in projects]
    rows = [row for told in zip(projects, chosen, strict=True) for row in _rows(*told)]
    known = list(dict.fromkeys(row.preset for row in rows))
    if not known:
        raise fail("name", "none of the files has a preset", None, ADD_ONE)
    for title in presets:
        if title not in known:
            near = suggestion(title, known) or "they have " + ", ".join(map(repr, known))
            raise fail("name", f"none of the files has a preset {title!r}", None, near)
    if presets:
        rows = [row for title in presets for row in rows if row.preset == title]
    names = dict.fromkeys(m.convention.name for row in chosen for m in row if m.convention)
    files = [project.module.title for project in projects]
    return Comparison(
        tuple(measure.heading for measure in chosen[0]),
        tuple(rows),
        made_with(files, list(names), language(lang)),
        lang,
        width,
    )


def _rows(project: Project, measures: Sequence[Measure]) -> Iterator[Compared]:
    for preset in project.presets():
        values = tuple(_value(project, preset, measure) for measure in measures)
        yield Compared(project.model_of(preset).name, preset.title, values)


def _value(project: Project, preset: tree.Preset, measure: Measure) -> int | None:
    try:
        return project.value(preset, measure)
    except ClosedformError:
        return None
