r"""What a fence or a directive asks for, and its answer as an outline.

>>> body = "in: n, d\nshow: formulas\n\nblock One(x: [n, d]):\n    return x -> linear(d)\n"
>>> given, text = header(body)
>>> given
{'in': 'n, d', 'show': 'formulas'}
>>> answer(given, text, Place(Path(), "<fence>"))[0]
Display(latex='\\mathrm{params} = d^{2} + d')
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from closedform.choices import FORMS, LANGUAGES, STAGES
from closedform.data import dataclass
from closedform.derive.project import Project
from closedform.derive.resolve.loader import Loader
from closedform.derive.resolve.shipped import zoo_names, zoo_path
from closedform.errors import fail, suggestion
from closedform.files import read_text
from closedform.integrations.outline import SHOWN, Outline, outline
from closedform.projects import report_of

OPTION_LINE = re.compile(r"([a-z]+):(?:[ \t]+(.*))?")
NAMES = (
    *("of", "in", "measure", "convention", "dtype", "preset", "when", "form", "stages", "show"),
    "lang",
)


@dataclass(frozen=True)
class Place:
    """Where a fence or directive stands: the folder of its files, and the name of its own text.

    `read` gives the text of a file; a caller that must know which files were read hands its own.
    """

    folder: Path
    title: str
    read: Callable[[Path], str] = read_text
    confined: bool = False  # whether a file outside the folder is refused


def header(body: str) -> tuple[dict[str, str], str]:
    """The `name: value` lines with which a body begins, and the text after them.

    No declaration of the language begins in this way. The text keeps the line numbers of the body.
    Raises ClosedformError when an option is given twice.
    """
    given: dict[str, str] = {}
    lines = body.split("\n")
    for number, line in enumerate(lines):
        match = OPTION_LINE.fullmatch(line.rstrip())
        if match:
            if match[1] in given:
                raise fail("option", f"the option `{match[1]}` is given twice")
            given[match[1]] = (match[2] or "").strip()
        elif line.strip():
            rest = [""] * number + lines[number:]
            return given, "\n".join(rest) if given else body
    return given, ""


def answer(given: Mapping[str, str], text: str, place: Place) -> Outline:
    """What the options ask for, about the text, or about the file that the option `file` names.

    `in`, `measure` and `show` are lists with commas. Raises ClosedformError for an option that is
    not known or has a wrong value, and for whatever is wrong in the architecture.
    """
    known = ("file", *NAMES)
    for name in given:
        if name not in known:
            near = suggestion(name, known) or "there are " + ", ".join(known)
            raise fail("option", f"there is no option `{name}`", None, near)
    show = _list(given.get("show")) or SHOWN[:1]
    for value in show:
        _one_of("show", {"show": value}, SHOWN)
    found = report_of(
        _project(given.get("file"), text, place).typed(given.get("dtype")),
        given.get("of"),
        names=_list(given.get("in")),
        measures=_list(given.get("measure")),
        convention=given.get("convention"),
        preset=given.get("preset"),
        when=given.get("when"),
        form=_one_of("form", given, FORMS),
        stages=_one_of("stages", given, STAGES),
        lang=_one_of("lang", given, LANGUAGES),
    )
    return outline(found, show)


def _list(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def _one_of(name: str, given: Mapping[str, str], known: tuple[str, ...]) -> str:
    value = given.get(name, known[0])
    if value not in known:
        near = suggestion(value, known) or "it is one of " + ", ".join(known)
        raise fail("option", f"`{name}` cannot be `{value}`", None, near)
    return value


def _project(file: str | None, text: str, place: Place) -> Project:
    if file is None:
        if not text.strip():
            advice = "write an architecture, or name a `file`"
            raise fail("option", "there is nothing to derive", None, advice)
        return Project(Loader(place.read, place.folder).text(text, place.title))
    if text.strip():
        raise fail("option", "there is a `file` and a text too", None, "remove one of them")
    path = place.folder / file
    if not path.exists() and file in zoo_names():
        path = zoo_path(file)
    elif place.confined and not path.resolve().is_relative_to(place.folder.resolve()):
        message = f"`{file}` is outside the folder `{place.folder}`"
        raise fail("option", message, None, "set the folder from which files are taken")
    return Project(Loader(place.read, path.parent).file(path))
