"""The commands that set files side by side: models at presets, and a file before and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from closedform.console import completion, options
from closedform.console.exits import EXIT_WRONG
from closedform.console.opening import opened
from closedform.console.output import format_of, give, warn_of_width
from closedform.console.parameters import FormatName, Strict
from closedform.render import formats

if TYPE_CHECKING:
    from closedform.derive.project import Project
    from closedform.derive.resolve.modules import Entity


def _comparing() -> tuple[str, ...]:
    return formats.names_with(lambda row: row.comparison, formats.own_names())


@click.command(cls=Strict)
@click.argument("files", nargs=-1, required=True, shell_complete=completion.files)
@options.preset("Only this; give it again for more.", several=True)
@options.symbols("--in", "Set the formulas side by side too, in these symbols.", "names")
@options.when("Derive under conditions, each where its sizes are: 'r > 1, r | side'.")
@click.option("--defaults", is_flag=True, help="Put the defaults of the files into the formulas.")
@options.measures
@options.convention
@options.dtype
@click.option(
    "--threshold",
    default=None,
    metavar="N",
    shell_complete=completion.symbols,
    help="Say from which number of this size on the first is dearer than each other.",
)
@options.sizes
@click.option("--to", type=FormatName(_comparing), help="The format of the table.")
@options.ignored
@options.width
@options.lang
@click.option("-o", "--output", default=None, metavar="FILE", help="Write here; chooses a format.")
def compare(
    files: tuple[str, ...],
    presets: tuple[str, ...],
    names: tuple[str, ...],
    when: str | None,
    defaults: bool,
    measures: tuple[str, ...],
    convention: str | None,
    dtype: str | None,
    ignored: tuple[str, ...],
    threshold: str | None,
    sizes: dict[str, Any],
    to: str | None,
    width: str | None,
    lang: str,
    output: str | None,
) -> None:
    """Set models side by side at their presets, as a table of related models.

    FILES are .arch files, or names of models of the zoo. With --in, and where one is FILE:NAME with
    a model or block of the file, formulas are compared too: their difference and ratio, and which
    is larger where. With --threshold they are compared at numbers: those of --set, of one --preset
    that both have, or the defaults.
    """
    from closedform.projects import parts_named, under_each
    from closedform.render.report.compared.comparison import comparison

    target = Path(output) if output else None
    to = to or format_of(target, free=False)
    write = formats.comparison_in(to)
    wide = formats.width_in(to, width) if width else None
    for _ in files:
        click.get_current_context().obj.more()
    projects, parts = parts_named(files, ignored)
    projects = [project.typed(dtype) for project in projects]
    projects = under_each(projects, parts, when) if when else projects
    if threshold is not None:
        if names or defaults or output or len(presets) > 1 or len(files) < 2:
            raise click.UsageError(
                "--threshold is of two FILES or more, with --when, --measure, --convention, "
                "--dtype, --set, and one --preset"
            )
        where = threshold, presets, sizes
        give("".join(_thresholds(projects, parts, measures, convention, *where)), None)
        return
    if sizes:
        raise click.UsageError("--set goes with --threshold")
    asked = presets, measures, convention, lang, wide, parts, names, defaults
    told = comparison(projects, *asked)
    if wide is not None:
        warn_of_width([(c.label, row.formula) for c in told.formulas for row in c.rows], wide)
    give(write(told), target)


def _thresholds(
    projects: Sequence[Project],
    parts: Sequence[Entity] | None,
    measures: Sequence[str],
    convention: str | None,
    size: str,
    presets: Sequence[str],
    sizes: Mapping[str, Any],
) -> Iterator[str]:
    """From which number on the first is dearer than each other, a line for each measure."""
    from closedform.explore.formula import Formula

    chosen = [project.measures(measures, convention) for project in projects]
    of = parts or [project.part(None) for project in projects]
    preset = presets[0] if presets else None
    for row in zip(*chosen, strict=True):
        asked = zip(projects, of, row, strict=True)
        first, *others = [Formula(p, e, p.closed(e, what)) for p, e, what in asked]
        for entity, other in zip(of[1:], others, strict=True):
            found = first.overtakes(other, size, preset, **sizes)
            yield f"{row[0].heading}: {of[0].name} against {entity.name}: {found!r}\n"


def _changing() -> tuple[str, ...]:
    return formats.names_with(lambda row: row.changes, formats.own_names())


@click.command(cls=Strict)
@click.argument("old", shell_complete=completion.files)
@click.argument("new", shell_complete=completion.files)
@options.measures
@options.convention
@options.dtype
@click.option(
    "--to", type=FormatName(_changing), default="text", show_default=True, help="The format."
)
@options.lang
@click.option("--exit-code", is_flag=True, help="End with 1 where a formula changed.")
@click.option("-o", "--output", default=None, metavar="FILE", help="Write here; chooses a format.")
def diff(
    old: str,
    new: str,
    measures: tuple[str, ...],
    convention: str | None,
    dtype: str | None,
    to: str,
    lang: str,
    exit_code: bool,
    output: str | None,
) -> int:
    """What a change of a file does to its formulas and the numbers of its presets.

    OLD and NEW are .arch files, or names of models of the zoo. What has the same name in both is
    compared.
    """
    from closedform.reason.changes import changes
    from closedform.render.report.compared.changes import changes_view

    target = Path(output) if output else None
    write = formats.changes_in(format_of(target, free=False) if target else to)
    both = opened(old).typed(dtype), opened(new).typed(dtype)
    found = changes(*both, measures, convention)
    give(write(changes_view(found, lang)), target)
    return EXIT_WRONG if exit_code and found.changed else 0
