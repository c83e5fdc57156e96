"""The standard library: what needs no import, and what is imported from it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from closedform.derive.resolve.folders import LIBRARIES, library_folder
from closedform.derive.resolve.modules import Entity, Module
from closedform.derive.resolve.trees import parsed
from closedform.errors import Source
from closedform.grammar import tree


@cache
def standard_library() -> Module:
    """The operations, kinds of count and conventions that need no import, as if of one file."""
    library = Module("std", tree.File(None, ()), library_folder("std"))
    for path in sorted(library_folder("std").glob("*.arch")):
        title = f"std/{path.name}"
        module = Module(title, parsed(path.read_text("utf-8"), title), path.parent)
        module.names, module.counts, module.conventions = library.tables
        for node in module.file.declarations:
            if isinstance(node, tree.Op | tree.Count | tree.Convention):
                library.table_of(node)[node.name.name] = Entity(node, module)
    return library


@cache
def library_blocks() -> tuple[tuple[str, str], ...]:
    """The blocks of the standard library, which are imported: the file of each, and its name."""
    return tuple(
        (path.stem, node.name.name)
        for path in sorted(library_folder("std").glob("*.arch"))
        for node in parsed(path.read_text("utf-8"), f"std/{path.name}").declarations
        if isinstance(node, tree.Block)
    )


def in_standard_library(source: Source) -> bool:
    """Whether a text is a file of the standard library, and not one of a user with its name."""
    folder, _, name = source.name.partition("/")
    path = library_folder("std") / name
    return folder == "std" and path.is_file() and path.read_text("utf-8") == source.text


def in_library(folder: Path) -> bool:
    return any(folder == library_folder(name).resolve() for name in LIBRARIES)
