"""Projects by name, and what is asked of them: for the command line, sites and integrations.

>>> report_of(open_project("vit"), preset="ViT-B/16").formulas[1].value
17563828224
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from closedform.derive.project import Project
from closedform.derive.resolve.configs import read_configuration
from closedform.derive.resolve.folders import library_folder
from closedform.derive.resolve.loader import Loader
from closedform.derive.resolve.modules import Entity
from closedform.derive.resolve.shipped import zoo_names, zoo_path
from closedform.derive.solve.given import size_names
from closedform.errors import Diagnostic, FileError, Source, fail, suggestion
from closedform.files import read_text
from closedform.grammar import parse_conditions
from closedform.grammar.expressions import show
from closedform.grammar.traverse import names_in
from closedform.render.formats import derivation_in
from closedform.render.report.derivation import derivation_view
from closedform.render.report.view import Report, Wish, report

TIMM = "timm:"  # before a name that timm has
FAMILY = re.compile(r'^config "([^"]+)"', re.MULTILINE)  # where a file describes a family


def open_project(file: str, ignored: Sequence[str] = ()) -> Project:
    """The project of a file, of a model of the zoo when there is no such file, or of a `.json`
    configuration: that of its family, with the configuration as its preset, without keys that are
    to be `ignored`. `timm:resnet50` is the preset of the zoo that timm has under this name."""
    path = Path(file)
    if path.suffix == ".json":
        return _configured(path, ignored)
    if ignored:
        message = f"`{file}` is no configuration, whose keys can be ignored"
        raise fail("argument", message, None, "give a `config.json`")
    if not path.exists() and file.startswith(TIMM):
        return _named_by_timm(file.removeprefix(TIMM))
    if not path.exists() and file in zoo_names():
        path = zoo_path(file)
        return Project(Loader(read_text, path.parent).file(path))
    near = None if path.exists() or path.suffix else suggestion(file, zoo_names())
    if near:
        raise FileError(
            Diagnostic("file", f"there is no file `{file}`, nor in the zoo", None, near)
        )
    return Project(Loader(read_text, path.parent).file(path))


def _named_by_timm(name: str) -> Project:
    table = tomllib.loads(read_text(library_folder("families") / "timm.toml"))
    if name not in table:
        raise fail(
            "name",
            f"no model of the zoo is that of timm's `{name}`",
            None,
            suggestion(name, table) or "`closedform zoo list` shows what there is",
        )
    file, title = table[name]
    project = open_project(file)
    project.configured = title
    return project


def _configured(path: Path, ignored: Sequence[str]) -> Project:
    configuration = read_configuration(Source(str(path), read_text(path)))
    known: list[str] = []
    for folder in (path.parent, library_folder("families")):
        for candidate in sorted(folder.glob("*.arch")):
            found = FAMILY.findall(read_text(candidate))
            known += found
            if configuration.family in found:
                project = Project(Loader(read_text, folder).file(candidate))
                project.configure(configuration, ignored)
                return project
    raise fail(
        "config",
        f"no file has the family {configuration.family!r}",
        configuration.place("model_type"),
        suggestion(configuration.family, known)
        or f"known are {', '.join(sorted(known))}; a file beside this one may have it as "
        f'config "{configuration.family}" of Model: ...',
    )


def parts_named(
    names: Sequence[str], ignored: Sequence[str] = ()
) -> tuple[list[Project], list[Entity] | None]:
    """The projects of files, and the model or block of each where `file:Name` names one; keys of
    configurations among them are `ignored`."""
    split = [_split(name) for name in names]
    given = [file for file, _ in split if file.endswith(".json")] or [file for file, _ in split]
    projects = [open_project(file, ignored if file in given else ()) for file, _ in split]
    if not any(part for _, part in split):
        return projects, None
    parts = zip(projects, split, strict=True)
    return projects, [project.part(part or None) for project, (_, part) in parts]


def _split(name: str) -> tuple[str, str]:
    """The file and the part that a name is of."""
    file, colon, part = name.rpartition(":")
    return (file, part) if colon and part.isidentifier() and not Path(name).exists() else (name, "")


def under_each(
    projects: Sequence[Project], parts: Sequence[Entity] | None, when: str
) -> list[Project]:
    """Each project under those conditions whose sizes its model or block has.

    Raises ClosedformError for a condition on sizes that none of them has.
    """
    conditions = parse_conditions(when, "when")
    used: set[int] = set()
    found = []
    of = parts or [project.part(None) for project in projects]
    for project, entity in zip(projects, of, strict=True):
        known = size_names(project.derivation(entity))
        here = [at for at, c in enumerate(conditions) if names_in(c) <= known]
        used.update(here)
        asked = tuple(conditions[at] for at in here)
        found.append(project.under_all(entity, asked))
    for at, condition in enumerate(conditions):
        if at not in used:
            told = f"none of the models has all sizes of `{show(condition)}`"
            raise fail("name", told, condition.span)
    return found


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
    rules: Sequence[str] = (),
    uncounted: bool = False,
    kinds: bool = False,
    lang: str = "en",
    width: float | None = None,
) -> Report:
    """The report on a model or block; without a name, on that of the preset or the only model.

    Raises ClosedformError for a name that the file does not have, for a preset of another model,
    and for conditions that can never hold.
    """
    preset = project.configured if preset is None else preset
    entity = _entity_of(project, part, preset)
    project = project.under(entity, when)
    chosen = project.measures(measures, convention)
    wish = Wish(
        chosen,
        tuple(names),
        form,
        stages,
        preset,
        defaults,
        lang,
        width,
        claims=claims,
        rules=tuple(rules),
        uncounted=uncounted,
        kinds=kinds,
    )
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
    preset = project.configured if preset is None else preset
    entity = _entity_of(project, part, preset)
    if len(measures) > 1:
        named = f"{len(measures)} are named: {', '.join(measures)}"
        raise fail("measure", f"a derivation is of one measure, and {named}")
    if convention is not None and "," in convention:
        raise fail("measure", f"a derivation is under one convention, and this is {convention}")
    what = project.measures(measures, convention)[-1]
    return write(derivation_view(project.under(entity, when), entity, what, preset, lang, width))


def warnings_of(
    project: Project, part: str | None = None, preset: str | None = None
) -> Iterator[Diagnostic]:
    """What `check` warns of in a model or block, found as `report_of` finds it."""
    from closedform.derive.check.check import warnings_in

    preset = project.configured if preset is None else preset
    return warnings_in(project, _entity_of(project, part, preset))


def _entity_of(project: Project, part: str | None, preset: str | None) -> Entity:
    """The part of that name; without a name, the model of the preset, or the only one."""
    model = project.model_of(project.preset(preset)) if preset is not None else None
    entity = model if model and part is None else project.part(part)
    if model is not None and model is not entity:
        raise fail("name", f"the preset {preset!r} is not one of `{entity.name}`")
    return entity
