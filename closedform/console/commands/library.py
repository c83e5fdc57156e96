"""The commands that list and show what comes with closedform: the zoo, the standard library."""

from __future__ import annotations

import click

from closedform.console.completion import library
from closedform.console.parameters import Commands


@click.group(cls=Commands)
def zoo() -> None:
    """The models that come with closedform."""


@zoo.command("list")
def zoo_list() -> None:
    """List the models of the zoo and their presets."""
    _list("zoo")


def _list(library: str) -> None:
    """Print what each file is, and below it what is in it."""
    from closedform.derive.resolve.contents import contents_of
    from closedform.derive.resolve.folders import library_names

    for name in library_names(library):
        found = contents_of(library, name)
        click.echo(f"{name:<20}{found.doc}".rstrip())
        if found.names:
            click.echo(f"{'':<20}{', '.join(found.names)}")


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
    _list("std")


@std.command("show")
@click.argument("name", shell_complete=library("std"))
def std_show(name: str) -> None:
    """Print a file of the library, or one operation, block or convention of it."""
    from closedform.derive.resolve.shipped import std_text

    click.echo(std_text(name), nl=False)
