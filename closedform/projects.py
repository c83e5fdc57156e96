"""Projects by name, and what is asked of them: for the command line, sites and integrations.

>>> report_of(open_project("vit"), preset="ViT-B/16").formulas[1].value
17563828224
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from closedform.derive.project import Project
from closedform.derive.resolve.configs import read_configuration
from closedform.derive.resolve.library import LIBRARIES, library_folder
from closedform.derive.resolve.loader import Loader
from closedform.derive.resolve.modules import Entity
from closedform.errors import Diagnostic, FileError, Source, fail, suggestion
from closedform.files import read_text
from closedform.grammar import parse, tree
from closedform.render.formats import derivation_in
from closedform.render.report.derivation import derivation_view
from closedform.render.report.view import Report, Wish, report


FAMILY = re.compile(r'^config "([^"]+)"', re.MULTILINE)  # where a file describes a family


def library_names(library: str) -> list[str]:
    """The names of the files of the zoo (`zoo`) or of the standard library (`std`)."""
    return sorted(path.stem for path in library_folder(library).glob("*.arch"))


def library_file(library: str, name: str) -> tree.File:
    """The tree of such a file."""
    return parse(read_text(library_folder(library) / f"{name}.arch"), name)


def zoo_names() -> list[str]:
    """The names of the files of the zoo."""
    return library_names("zoo")


def zoo_path(name: str) -> Path:
    """The file of a model of the zoo."""
    path = library_folder("zoo") / f"{name}.arch"
    if name not in zoo_names():
        near = suggestion(name, zoo_names()) or "`closedform zoo list` shows what there is"
        raise fail("name", f"the zoo has no `{name}`", None, near)
    return path


def zoo_text(name: str) -> str:
    """The text of a model of the zoo as it can stand in any folder.

    What it imports from the files beside it is imported from the library.
    """
    text = read_text(zoo_path(name))
    for node in reversed(parse(text, name).declarations):
        if isinstance(node, tree.Import) and node.module[0] not in LIBRARIES:
            start = node.span.start + len("from ")
            text = f"{text[:start]}zoo.{text[start:]}"
    return text


def std_path(name: str) -> Path:
    """A file of the standard library."""
    names = library_names("std")
    if name not in names:
        inside = (n for n in names if name in _defined(library_file("std", n)))
        near = suggestion(name, names) or "`closedform std list` shows what there is"
        near = next((f"it is in `closedform std show {n}`" for n in inside), near)
        raise fail("name", f"the standard library has no file `{name}`", None, near)
    return library_folder("std") / f"{name}.arch"


def _defined(file: tree.File) -> set[str]:
    named = (tree.Op, tree.Block, tree.Convention, tree.Count)
    return {d.name.name for d in file.declarations if isinstance(d, named)}


def open_project(file: str) -> Project:
    """The project of a file, of a model of the zoo when there is no such file, or of a `.json`
    configuration: that of its family, with the configuration as its preset."""
    path = Path(file)
    if path.suffix == ".json":
        return _configured(path)
    if not path.exists() and file in zoo_names():
        path = zoo_path(file)
        return Project(Loader(read_text, path.parent).file(path))
    near = None if path.exists() or path.suffix else suggestion(file, zoo_names())
    if near:
        raise FileError(
            Diagnostic("file", f"there is no file `{file}`, nor in the zoo", None, near)
        )
    return Project(Loader(read_text, path.parent).file(path))


def _configured(path: Path) -> Project:
    configuration = read_configuration(Source(str(path), read_text(path)))
    known: list[str] = []
    for folder in (path.parent, library_folder("families")):
        for candidate in sorted(folder.glob("*.arch")):
            found = FAMILY.findall(read_text(candidate))
            known += found
            if configuration.family in found:
                project = Project(Loader(read_text, folder).file(candidate))
                project.configure(configuration)
                return project
    raise fail(
        "config",
        f"no file has the family {configuration.family!r}",
        configuration.place("model_type"),
        suggestion(configuration.family, known)
        or f'known are {", ".join(sorted(known))}; a file beside this one may have it as '
        f'config "{configuration.family}" of Model: ...',
    )


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
    preset = preset or project.configured
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
    preset = preset or project.configured
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
