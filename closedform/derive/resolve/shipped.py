"""The files that come with the program, by name: the models of the zoo, the standard library.

No SymPy is needed to list and to show them.
"""

from __future__ import annotations

from pathlib import Path

from closedform.derive.resolve.folders import LIBRARIES, library_folder, library_names
from closedform.derive.resolve.trees import parsed
from closedform.errors import fail, suggestion
from closedform.files import read_text
from closedform.grammar import parse, tree


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
