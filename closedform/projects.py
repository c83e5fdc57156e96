"""Projects by name, and what is asked of them: for the command line, sites and integrations.

>>> report_of(open_project("vit"), preset="ViT-B/16").formulas[1].value
17563828224
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from closedform.derive.project import Project
from closedform.derive.resolve.loader import Loader
from closedform.derive.resolve.modules import Entity
from closedform.derive.resolve.shipped import zoo_names, zoo_path
from closedform.errors import Diagnostic, FileError, fail, suggestion
from closedform.files import read_text
from closedform.render.formats import derivation_in
from closedform.render.report.derivation import derivation_view
from closedform.render.report.view import Report, Wish, report


def open_project(file: str) -> Project:
    """The project of a file, or of a model of the zoo when there is no such file."""
    path = Path(file)
    if not path.exists() and file in zoo_names():
        path = zoo_path(file)
        return Project(Loader(read_text, path.parent).file(path))
    near = None if path.exists() or path.suffix else suggestion(file, zoo_names())
    if near:
        raise FileError(
            Diagnostic("file", f"there is no file `{file}`, nor in the zoo", None, near)
        )
    return Project(Loader(read_text, path.parent).file(path))


def report_of(
    project: Project,
    part: str | None = None,
    *,
    names: Sequence[str] = (),
    measures: Sequence[str] = (),
    convention: str | None = None,
    preset: str | None = None,
    form: str = "shortest",
    stages: str = "sum",
    defaults: bool = False,
    when: str | None = None,
    claims: bool = False,
    lang: str = "en",
    width: float | None = None,
) -> Report:
    """The report on a model or block; without a name, on that of the preset or the only model.

    Raises ClosedformError for a name that the file does not have, for a preset of another model,
    and for conditions that can never hold.
    """
    entity = _entity_of(project, part, preset)
    project = project.under(entity, when)
    chosen = project.measures(measures, convention)
    wish = Wish(chosen, tuple(names), form, stages, preset, defaults, lang, width, claims=claims)
    return report(project, entity, wish)


def derivation_of(
    project: Project,
    part: str | None = None,
    measures: Sequence[str] = (),
    convention: str | None = None,
    preset: str | None = None,
    to: str = "md",
    lang: str = "en",
    width: float | None = None,
    when: str | None = None,
) -> str:
    """The derivation of one measure of a model or block, as `report_of` finds them."""
    write = derivation_in(to)
    entity = _entity_of(project, part, preset)
    if len(measures) > 1:
        named = f"{len(measures)} are named: {', '.join(measures)}"
        raise fail("measure", f"a derivation is of one measure, and {named}")
    if convention is not None and "," in convention:
        raise fail("measure", f"a derivation is under one convention, and this is {convention}")
    what = project.measures(measures, convention)[-1]
    return write(derivation_view(project.under(entity, when), entity, what, preset, lang, width))


def _entity_of(project: Project, part: str | None, preset: str | None) -> Entity:
    """The part of that name; without a name, the model of the preset, or the only one."""
    model = project.model_of(project.preset(preset)) if preset is not None else None
    entity = model if model and part is None else project.part(part)
    if model is not None and model is not entity:
        raise fail("name", f"the preset {preset!r} is not one of `{entity.name}`")
    return entity
