"""Where the text that a command makes goes, and in which format it is."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from closedform.console import terminal
from closedform.errors import WARNING, ClosedformError, Diagnostic, visible
from closedform.render import formats

if TYPE_CHECKING:
    from closedform.formula import Written


def format_of(target: Path | None, free: bool) -> str:
    """The format that the name of a file chooses; Markdown where it chooses none and is free."""
    try:
        return formats.format_of_file(target) if target else formats.DEFAULT
    except ClosedformError:
        if free:
            return formats.DEFAULT
        raise


def warn(warnings: Iterable[Diagnostic]) -> None:
    """Tell warnings in a line each, beside what a command prints; `check` says more of them."""
    for warning in warnings:
        where = f"{warning.span}: " if warning.span else ""
        click.echo(visible(f"{where}{WARNING}: {warning.message}"), err=True)


def warn_of_width(formulas: Iterable[tuple[str, Written]], room: float) -> None:
    """Say which formulas have a line that stays wider than it may be, for it has no place to break.

    A formula comes with the label that is set before it.
    """
    from closedform.render.formulas.latex import overfull

    for label, written in formulas:
        wide = overfull(label, written, room)
        if wide is not None:
            click.echo(
                f"warning: a line of {label} stays {wide:.0f} pt wide, where --width leaves "
                f"{room:.0f} pt",
                err=True,
            )


def give(text: str, target: Path | None, colours: bool = False) -> None:
    """Write a text to its file, or print it, on a terminal without what would control that."""
    from closedform.files import write_text

    text = visible(text)
    if target:
        write_text(target, text)
    elif terminal.is_output():
        terminal.show(text, colours)
    else:
        click.echo(text, nl=False)
