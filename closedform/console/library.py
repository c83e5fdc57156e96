"""The commands that list and show what comes with closedform: the zoo, the standard library."""

from __future__ import annotations

from collections.abc import Sequence

import click

from closedform.console.completion import library
from closedform.console.parameters import Commands


@click.group(cls=Commands)
def zoo() -> None:
    """The models that come with closedform."""


@zoo.command("list")
def zoo_list() -> None:
    """List the models of the zoo and their presets."""
    from closedform.derive.resolve.shipped import library_file, library_names
    from closedform.grammar import tree

    for name in library_names("zoo"):
        file = library_file("zoo", name)
        presets = [d.title for d in file.declarations if isinstance(d, tree.Preset)]
        _list(name, file.doc, presets)


def _list(name: str, doc: str | None, parts: Sequence[str]) -> None:
    """Print what a file is, and below it what is in it."""
    click.echo(f"{name:<20}{(doc or '').split(chr(10))[0]}".rstrip())
    if parts:
        click.echo(f"{'':<20}{', '.join(parts)}")


@zoo.command("show")
@click.argument("name", shell_complete=library("zoo"))
def zoo_show(name: str) -> None:
    """Print the file of a model, to start from: what it imports is taken from the zoo."""
    from closedform.derive.resolve.shipped import zoo_text

    click.echo(zoo_text(name), nl=False)


@click.group(cls=Commands)
def std() -> None:
    """The standard library: operations that need no import, and blocks to import."""


@std.command("list")
def std_list() -> None:
    """List the files of the library, and the operations, blocks and conventions in each."""
    from closedform.derive.resolve.shipped import library_file, library_names
    from closedform.grammar import tree

    kinds = (tree.Op, tree.Block, tree.Convention)
    for name in library_names("std"):
        file = library_file("std", name)
        parts = [d.name.name for d in file.declarations if isinstance(d, kinds)]
        _list(name, file.doc, parts)


@std.command("show")
@click.argument("name", shell_complete=library("std"))
def std_show(name: str) -> None:
    """Print a file of the library."""
    from closedform.derive.resolve.shipped import std_path
    from closedform.files import read_text

    click.echo(read_text(std_path(name)), nl=False)
