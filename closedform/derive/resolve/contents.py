"""What a list says of each file of the zoo and of the standard library.

The build of the package has read it from the files, so that no list has to; a file that has
changed since is parsed.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from importlib import import_module
from typing import Any

from closedform.data import dataclass
from closedform.derive.resolve.folders import library_folder, library_names
from closedform.files import read_text

MADE = "closedform.derive.resolve.made_contents"  # written by hatch_build.py


@dataclass(frozen=True)
class Contents:
    """The first line of the docstring of a file, and the names of what is in it."""

    doc: str
    names: tuple[str, ...]


def contents_of(library: str, name: str) -> Contents:
    """The presets of a file of the zoo, or the operations, blocks, conventions of one of std."""
    title, text = _read(library, name)
    made: Contents | None = shipped().get(key(title, text))
    return made or parsed(title, text)


def parsed(title: str, text: str) -> Contents:
    """The same, read from the text."""
    from closedform.grammar import parse, tree  # only for a file that was changed

    file = parse(text, title)
    doc = (file.doc or "").split("\n")[0]
    if title.startswith("zoo/"):
        presets = [d.title for d in file.declarations if isinstance(d, tree.Preset)]
        return Contents(doc, tuple(presets))
    kinds = (tree.Op, tree.Block, tree.Convention)
    return Contents(doc, tuple(d.name.name for d in file.declarations if isinstance(d, kinds)))


def shipped() -> Mapping[str, Any]:
    """What the build has read, by the key of a file."""
    try:
        found: Mapping[str, Any] = import_module(MADE).FILES
    except ModuleNotFoundError:
        return {}
    return found


def key(title: str, text: str) -> str:
    """What tells a file from another, and from itself before a change."""
    return sha256(f"{title}\n{text}".encode()).hexdigest()


def module_of() -> str:
    """The text of the module that the build writes."""
    rows = []
    for library in ("zoo", "std"):
        for name in library_names(library):
            title, text = _read(library, name)
            rows.append(f"    {key(title, text)!r}: {parsed(title, text)!r},\n")
    return (
        '"""Made from the zoo and the standard library by the build of the package."""\n\n'
        "from closedform.derive.resolve.contents import Contents\n\n"
        f"FILES = {{\n{''.join(rows)}}}\n"
    )


def _read(library: str, name: str) -> tuple[str, str]:
    path = library_folder(library) / f"{name}.arch"
    return f"{library}/{name}.arch", read_text(path)
