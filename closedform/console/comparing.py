"""The command that sets models side by side."""

from __future__ import annotations

from pathlib import Path

import click

from closedform.console import completion, options
from closedform.console.output import format_of, give
from closedform.console.parameters import FormatName, Strict
from closedform.render import formats


def _comparing() -> tuple[str, ...]:
    return formats.names_with(lambda row: row.comparison, formats.own_names())


@click.command(cls=Strict)
@click.argument("files", nargs=-1, required=True, shell_complete=completion.files)
@click.option(
    "--preset",
    "presets",
    multiple=True,
    metavar="TITLE",
    shell_complete=completion.presets,
    help="Only this; give it again for more.",
)
@options.measures
@options.convention
@options.dtype
@click.option("--to", type=FormatName(_comparing), help="The format of the table.")
@options.width
@options.lang
@click.option("-o", "--output", default=None, metavar="FILE", help="Write here; chooses a format.")
def compare(
    files: tuple[str, ...],
    presets: tuple[str, ...],
    measures: tuple[str, ...],
    convention: str | None,
    dtype: str | None,
    to: str | None,
    width: str | None,
    lang: str,
    output: str | None,
) -> None:
    """Set models side by side at their presets, as a table of related models.

    FILES are .arch files, or names of models of the zoo.
    """
    from closedform.projects import open_project
    from closedform.render.report.comparison import comparison

    target = Path(output) if output else None
    to = to or format_of(target, free=False)
    write = formats.comparison_in(to)
    wide = formats.width_in(to, width) if width else None
    projects = [open_project(file).typed(dtype) for file in files]
    give(write(comparison(projects, presets, measures, convention, lang, wide)), target)
