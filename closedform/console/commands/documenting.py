"""The command that writes the pages of a project."""

from __future__ import annotations

from pathlib import Path

import click

from closedform.console import completion, options
from closedform.console.exits import (
    EXIT_BUG,
    EXIT_WRONG,
    code_of,
    complain,
    complain_of_bug,
)
from closedform.console.opening import opened
from closedform.console.parameters import FormatName, Strict
from closedform.console.streams import uninterrupted
from closedform.errors import ClosedformError
from closedform.render import formats


@click.command(cls=Strict)
@click.argument("models", nargs=-1, shell_complete=completion.files)
@click.option("--zoo", is_flag=True, help="Take the models of the zoo.")
@click.option("-o", "--output", required=True, metavar="FOLDER", help="Write the pages here.")
@click.option(
    "--to",
    type=FormatName(formats.own_sites),
    default="html",
    show_default=True,
    help="The format of the pages.",
)
@options.measures
@options.convention
@options.dtype
@click.option("--title", default=None, metavar="NAME", help="What the index is called.")
@click.option("--home", default=None, metavar="URL", help="A page to which every page links.")
@options.lang
@click.option("--check", "only_check", is_flag=True, help="Change nothing; fail if it would.")
def docs(
    models: tuple[str, ...],
    zoo: bool,
    output: str,
    to: str,
    measures: tuple[str, ...],
    convention: str | None,
    dtype: str | None,
    title: str | None,
    home: str | None,
    lang: str,
    only_check: bool,
) -> int:
    """Write the pages of a project: an index with the numbers of all presets, the closed forms of
    all models side by side, and for each model a page and the derivation of the last measure.

    MODELS are .arch files, or folders that hold some. Pages that an earlier run made and that
    belong to no model any more are removed.
    """
    from closedform.documents import changes, model_files, put_in_place, zoo_families
    from closedform.render.site import site

    if not models and not zoo:
        raise click.UsageError("name MODELS to document, or give --zoo")
    codes: set[int] = set()

    def failed(error: Exception) -> None:
        """Tell of a file without pages; those of the others are made."""
        if isinstance(error, ClosedformError):
            complain(error)
            codes.add(code_of(error))
        else:
            complain_of_bug(error)
            codes.add(EXIT_BUG)

    projects = {}
    for name, path in model_files(models, zoo).items():
        try:
            projects[name] = opened(str(path)).typed(dtype)
        except ClosedformError as error:
            failed(error)
    families = zoo_families(lang) if zoo else {}
    pages = site(projects, to, lang, measures, convention, families, title, home, failed)
    if codes and not projects:
        return max(codes)
    stale, old = changes(Path(output), pages, to)
    if codes:
        old = []  # they may be pages of the files that failed
    if only_check:
        for path in sorted([*stale, *old]):
            click.echo(f"{path} is stale")
        return max(codes or {EXIT_WRONG if stale or old else 0})
    put_in_place(Path(output), stale, old, uninterrupted)
    for path in stale:
        click.echo(f"{path} written")
    for path in old:
        click.echo(f"{path} removed")
    return max(codes or {0})
