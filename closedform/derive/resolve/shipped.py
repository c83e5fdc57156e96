"""The files that come with the program, by name: the models of the zoo, the standard library.

No SymPy is needed to list and to show them.
"""

from __future__ import annotations

from functools import cache
from itertools import takewhile
from pathlib import Path

from closedform.derive.resolve.folders import LIBRARIES, library_folder, library_names
from closedform.derive.resolve.trees import parsed
from closedform.errors import fail, suggestion
from closedform.files import read_text
from closedform.grammar import parse, tree


@cache
def library_file(library: str, name: str) -> tree.File:
    """The tree of such a file."""
    title = f"{library}/{name}.arch"
    return parsed(read_text(library_folder(library) / f"{name}.arch"), title)


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


def std_text(name: str) -> str:
    """The text of a file of the standard library, or of what one declares: `attention`, `MLP`."""
    names = library_names("std")
    name = name.removeprefix("std.")
    if name in names:
        return read_text(library_folder("std") / f"{name}.arch")
    for file in names:
        for node in library_file("std", file).declarations:
            if isinstance(node, _NAMED) and node.name.name == name:
                return _with_body(std_text(file)[node.span.start :])
    near = suggestion(name, names) or "`closedform std list` shows what there is"
    raise fail("name", f"the standard library has no `{name}`", None, near)


_NAMED = (tree.Op, tree.Block, tree.Convention)


def _with_body(text: str) -> str:
    """A declaration without what stands below it: its first line, and those that are indented."""
    first, *rest = text.splitlines(keepends=True)
    body = takewhile(lambda line: line[:1].isspace(), rest)
    return "".join([first, *body]).rstrip() + "\n"
