"""What a shell offers while a command is typed: files, and the names in a file that is given.

They are read from syntax trees: nothing is derived, and no SymPy imported. What cannot be read has
no names. The grammar is imported when a name is asked for, since `--help` reads this file too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    add_completion_class,
)

from closedform.choices import COLUMNS, COUNTED, IN_BYTES
from closedform.errors import ClosedformError

if TYPE_CHECKING:
    from closedform.grammar import tree

Offer: TypeAlias = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]
Names: TypeAlias = "Callable[[tuple[tree.Node, ...]], Iterable[str]]"


class Bash(BashComplete):
    """Bash, for names with spaces: what it inserts has to be escaped, and it reads that once."""

    def format_completion(self, item: CompletionItem) -> str:
        value = "".join(c if c.isalnum() or c in "-_./,=" else f"\\\\{c}" for c in item.value)
        return f"{item.type},{value}"


class Fish(FishComplete):
    """Fish, for lists: what stands after a comma belongs to the word."""

    source_template = FishComplete.source_template.replace('split ","', 'split -m 1 ","')


add_completion_class(Bash)
add_completion_class(Fish)


def _offered(names: Iterable[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(n) for n in dict.fromkeys(names) if n.startswith(incomplete)]


def library(name: str) -> Offer:
    """The files of the zoo (`zoo`) or of the standard library (`std`)."""

    def offer(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return _offered(_library(name), incomplete)

    return offer


def files(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Models of the zoo, .arch files, and the folders on the way to them."""
    folder = incomplete[: incomplete.rfind("/") + 1]
    try:
        paths = sorted(Path(folder or ".").iterdir())
    except OSError:
        paths = []
    shown = [path for path in paths if not path.name.startswith(".")]
    here = [folder + path.name for path in shown if path.suffix == ".arch"]
    below = [f"{folder}{path.name}/" for path in shown if path.is_dir()]
    return _offered([*here, *([] if folder else _library("zoo")), *below], incomplete)


def _library(name: str) -> list[str]:
    from closedform.derive.resolve.folders import library_names

    return library_names(name)


# What is in a file -------------------------------------------------------------------------


def _of_file(names: Names) -> Offer:
    """What the declarations of the files that are named hold."""

    def offer(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return _offered(names(_named(context)), incomplete)

    return offer


def _listed(names: Names) -> Offer:
    """The same for an option that takes several with commas: those before the last are not offered
    again."""

    def offer(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
        at = incomplete.rfind(",") + 1
        before, last = incomplete[:at], incomplete[at:]
        new = (name for name in names(_named(context)) if name not in before.split(","))
        return [CompletionItem(before + item.value) for item in _offered(new, last)]

    return offer


def _named(context: click.Context) -> tuple[tree.Node, ...]:
    """The declarations of the files that a command names.

    Before an option that has no value yet, click knows them as what is left over.
    """
    given: list[str] = list(context.args)
    for name in ("file", "files", "models"):
        value = context.params.get(name) or ()
        given += [value] if isinstance(value, str) else value
    return tuple(node for file in given for node in _declarations(file))


def _declarations(file: str) -> tuple[tree.Node, ...]:
    from closedform.derive.resolve.folders import library_folder
    from closedform.files import read_text
    from closedform.grammar import parse

    path = Path(file)
    if not path.exists() and file in _library("zoo"):
        path = library_folder("zoo") / f"{file}.arch"
    try:
        return tuple(parse(read_text(path)).declarations)
    except (ClosedformError, OSError):
        return ()


def _standard(name: str) -> tuple[tree.Node, ...]:
    from closedform.derive.resolve.folders import library_folder

    return _declarations(str(library_folder("std") / f"{name}.arch"))


@_of_file
def parts(declarations: tuple[tree.Node, ...]) -> Iterable[str]:
    """The models and blocks of the file."""
    from closedform.grammar import tree

    return (node.name.name for node in declarations if isinstance(node, tree.Block))


@_of_file
def presets(declarations: tuple[tree.Node, ...]) -> Iterable[str]:
    """The titles of the presets of the file."""
    from closedform.grammar import tree

    return (node.title for node in declarations if isinstance(node, tree.Preset))


@_listed
def symbols(declarations: tuple[tree.Node, ...]) -> Iterable[str]:
    """The sizes and abbreviations of the file."""
    from closedform.grammar import tree

    kinds = (tree.Dim, tree.Let)
    return (node.name.name for node in declarations if isinstance(node, kinds))


@_of_file
def conventions(declarations: tuple[tree.Node, ...]) -> Iterable[str]:
    """The conventions of the file, and those of the standard library."""
    from closedform.grammar import tree

    known = (*declarations, *_standard("conventions"))
    return (node.name.name for node in known if isinstance(node, tree.Convention))


@_listed
def measures(declarations: tuple[tree.Node, ...]) -> Iterable[str]:
    """What can be measured: what has a row, the units of conventions, the counts of the file."""
    from closedform.grammar import tree

    known = (*declarations, *_standard("conventions"))
    units = (node.unit for node in known if isinstance(node, tree.Convention) and node.unit)
    counts = (node.name.name for node in declarations if isinstance(node, tree.Count))
    return (*COUNTED, *IN_BYTES, *(unit.name.lower() for unit in units), *counts)


def widths(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The classes whose columns have names."""
    return _offered(COLUMNS, incomplete)
