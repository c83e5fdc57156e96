"""Where the text that a command makes goes, and in which format it is."""

from __future__ import annotations

from pathlib import Path

import click

from closedform.console import terminal
from closedform.errors import ClosedformError, visible
from closedform.render import formats


def format_of(target: Path | None, free: bool) -> str:
    """The format that the name of a file chooses; Markdown where it chooses none and is free."""
    try:
        return formats.format_of_file(target) if target else formats.DEFAULT
    except ClosedformError:
        if free:
            return formats.DEFAULT
        raise


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
