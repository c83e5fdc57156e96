"""The command line: the only module that prints, writes files or exits."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from closedform import __version__
from closedform.errors import ClosedformError, FileError, LimitError, fail

if TYPE_CHECKING:
    from closedform.derive.project import Project

EXIT_WRONG, EXIT_USAGE, EXIT_FILE, EXIT_LIMIT, EXIT_BUG, EXIT_INTERRUPT = 1, 2, 3, 4, 70, 130

FORMATS = ("md", "tex", "fragment", "text", "json")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="closedform")
def commands() -> None:
    """Closed forms of what a neural-network architecture costs, from a small .arch file."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; gives the exit code, and never raises."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        result = commands(arguments, prog_name="closedform", standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except click.exceptions.Abort:
        return EXIT_INTERRUPT
    except KeyboardInterrupt:
        return EXIT_INTERRUPT
    except click.ClickException as error:
        error.show()
        return EXIT_USAGE
    except ClosedformError as error:
        _complain(error)
        return _code(error)
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  # closed when the process ends
        return 0
    except OSError as error:
        print(f"error[file]: the output cannot be written: {error.strerror}", file=sys.stderr)
        return EXIT_FILE
    except Exception as error:
        print(
            f"error[bug]: {type(error).__name__}: {error}\n"
            "This is a mistake in closedform, not in your file. Please report it with the file.\n"
            "Set CLOSEDFORM_TRACEBACK=1 to see where it happened.",
            file=sys.stderr,
        )
        if os.environ.get("CLOSEDFORM_TRACEBACK"):
            raise
        return EXIT_BUG


def _code(error: ClosedformError) -> int:
    if isinstance(error, FileError):
        return EXIT_FILE
    return EXIT_LIMIT if isinstance(error, LimitError) else EXIT_WRONG


def _complain(error: ClosedformError) -> None:
    for diagnostic in error.diagnostics:
        _print_error(str(diagnostic))


def _print_error(text: str) -> None:
    if not sys.stderr.isatty() or os.environ.get("NO_COLOR"):
        print(text, file=sys.stderr)
        return
    from rich.console import Console
    from rich.text import Text

    styled = Text(text)
    styled.highlight_regex(r"error\[\w+\]", "bold red")
    styled.highlight_regex(r"(?m)^\s+\| +\^+$", "red")
    styled.highlight_regex(r"(?m)^\s+= (help|note):", "bold cyan")
    Console(stderr=True, soft_wrap=True).print(styled)


def _open(file: str) -> Project:
    """The project of a file, or of a model of the zoo when no such file is there."""
    from closedform.api import open_project

    return open_project(file)


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())


# Commands ----------------------------------------------------------------------------------


@commands.command()
@click.argument("file")
@click.option("--of", "part", metavar="NAME", help="The model or block to derive.")
@click.option("--in", "names", metavar="N,D,...", help="The symbols to express the formulas in.")
@click.option("--measure", default=None, metavar="M,...", help="What to derive: params, macs, ...")
@click.option("--convention", default=None, metavar="NAME", help="How work is counted.")
@click.option("--preset", default=None, metavar="TITLE", help="Give the numbers of a preset too.")
@click.option("--defaults", is_flag=True, help="Put the defaults of the file into the formulas.")
@click.option(
    "--form",
    type=click.Choice(["shortest", "expanded", "factored", "grouped"]),
    default="shortest",
    show_default=True,
    help="How formulas are arranged.",
)
@click.option(
    "--stages",
    type=click.Choice(["sum", "each"]),
    default="sum",
    show_default=True,
    help="Stages as a sum over s, or each by itself.",
)
@click.option("--to", type=click.Choice(FORMATS), default=None, help="The format of the report.")
@click.option("-o", "--output", default=None, metavar="FILE", help="Write here; chooses a format.")
def derive(
    file: str,
    part: str | None,
    names: str | None,
    measure: str | None,
    convention: str | None,
    preset: str | None,
    defaults: bool,
    form: str,
    stages: str,
    to: str | None,
    output: str | None,
) -> None:
    """Derive the closed forms of a model, and print a report.

    FILE is an .arch file, or the name of a model of the zoo. The report is Markdown unless --to
    or the suffix of --output says otherwise.
    """
    from closedform.api import measures_of
    from closedform.files import write_text
    from closedform.render.formats import format_named, format_of_file
    from closedform.render.view import Wish, report

    target = Path(output) if output else None
    chosen = format_named(to) if to else format_of_file(target) if target else format_named("md")
    project = _open(file)
    if part is None and preset is not None:
        entity = project.model_of(project.preset(preset))
    else:
        entity = project.part(part)
    if preset is not None and project.model_of(project.preset(preset)) is not entity:
        raise fail("name", f"the preset {preset!r} is not one of `{entity.name}`")
    wish = Wish(
        measures_of(project, _names(measure), convention),
        _names(names),
        form,
        stages,
        preset,
        defaults,
    )
    text = chosen.write(report(project, entity, wish))
    if target:
        write_text(target, text)
    else:
        click.echo(text, nl=False)


@commands.command()
@click.argument("files", nargs=-1)
@click.option("--zoo", is_flag=True, help="Check every model of the zoo.")
def check(files: tuple[str, ...], zoo: bool) -> int:
    """Check syntax, shapes, expectations and claims."""
    from closedform.api import zoo_names
    from closedform.derive.check import check as check_project

    if not files and not zoo:
        raise click.UsageError("name a FILE to check, or give --zoo")
    code = 0
    total = 0
    for file in [*files, *(zoo_names() if zoo else ())]:
        try:
            project = _open(file)
            number, wrong = check_project(project)
        except ClosedformError as error:
            _complain(error)
            code = max(code, _code(error))
            continue
        total += number
        for diagnostic in wrong:
            _print_error(str(diagnostic))
        if wrong:
            limit = any(diagnostic.kind == "limit" for diagnostic in wrong)
            code = max(code, EXIT_LIMIT if limit else EXIT_WRONG)
        else:
            click.echo(f"{project.module.title}: {number} expectations and claims hold")
    if code == 0 and len(files) + zoo > 1:
        click.echo(f"{total} expectations and claims hold")
    return code


@commands.command()
@click.argument("files", nargs=-1, required=True)
@click.option("--check", "only_check", is_flag=True, help="Change nothing; fail if it would.")
def fmt(files: tuple[str, ...], only_check: bool) -> int:
    """Bring files to their canonical form. `-` reads the input and prints the result."""
    from closedform.files import read_text, write_text
    from closedform.grammar import format_file, parse

    code = 0
    for name in files:
        if name == "-":
            click.echo(format_file(parse(sys.stdin.read(), "<stdin>")), nl=False)
            continue
        path = Path(name)
        before = read_text(path)
        after = format_file(parse(before, name))
        if before == after:
            continue
        if only_check:
            click.echo(f"{name} is not in canonical form")
            code = EXIT_WRONG
        else:
            write_text(path, after)
            click.echo(f"{name} formatted")
    return code


@commands.group()
def zoo() -> None:
    """The models that come with closedform."""


@zoo.command("list")
def zoo_list() -> None:
    """List the models of the zoo and their presets."""
    from closedform.api import zoo_names, zoo_path
    from closedform.files import read_text
    from closedform.grammar import parse, tree

    for name in zoo_names():
        file = parse(read_text(zoo_path(name)), name)
        presets = [d.title for d in file.declarations if isinstance(d, tree.Preset)]
        title = (file.doc or "").split("\n")[0]
        click.echo(f"{name:<14}{title}")
        if presets:
            click.echo(f"{'':<14}{', '.join(presets)}")


@zoo.command("show")
@click.argument("name")
def zoo_show(name: str) -> None:
    """Print the file of a model."""
    from closedform.api import zoo_path
    from closedform.files import read_text

    click.echo(read_text(zoo_path(name)), nl=False)


if __name__ == "__main__":
    main()
