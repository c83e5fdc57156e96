"""The command line: how a run goes and ends, and the commands."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from closedform import __version__
from closedform.choices import FORMS, STAGES
from closedform.console import completion, options, terminal
from closedform.console.commands.asking import ask, explain, solve
from closedform.console.commands.bounding import roofline
from closedform.console.commands.bridging import import_, trace, verify
from closedform.console.commands.comparing import compare, diff
from closedform.console.commands.exporting import export
from closedform.console.commands.fitting import memory
from closedform.console.commands.library import std, zoo
from closedform.console.exits import (
    CODES,
    EXIT_BUG,
    EXIT_FILE,
    EXIT_INTERRUPT,
    EXIT_UNDECIDED,
    EXIT_USAGE,
    EXIT_WRONG,
    code_of,
    complain,
    complain_of_bug,
    print_error,
)
from closedform.console.output import format_of, give, warn, warn_of_width
from closedform.console.parameters import Commands, FormatName
from closedform.console.streams import (
    Stopped,
    drop,
    end_by,
    replace_closed,
    stop_cleanly,
    uninterrupted,
)
from closedform.console.tensors import put_off_tensors
from closedform.console.watch import watched
from closedform.errors import ClosedformError
from closedform.limits import placed
from closedform.render import formats

if TYPE_CHECKING:
    from closedform.derive.check.checked import Checked
    from closedform.derive.project import Project

ENDS = (
    "Ends with 0 where all is well, 1 where a file is wrong, a claim refuted or nothing found, 2 "
    "where what is asked for is wrong or is not there, 3 where a file cannot be read or written, 4 "
    "at a limit, 5 where a claim is not decided, 70 for a mistake of closedform, 130 when "
    "interrupted."
)


@click.group(cls=Commands, epilog=ENDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="closedform")
def commands() -> None:
    """Closed forms of what a neural-network architecture costs, from a small .arch file."""


commands.add_command(zoo)
commands.add_command(std)
commands.add_command(solve)
commands.add_command(roofline)
commands.add_command(memory)
commands.add_command(explain)
commands.add_command(compare)
commands.add_command(diff)
commands.add_command(trace)
commands.add_command(import_)
commands.add_command(verify)
commands.add_command(export)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    gc.set_threshold(100_000, 20, 100)  # a short life with many small objects and few cycles
    os.environ.setdefault("SYMPY_CACHE_SIZE", "10000")  # a model asks for more than 1,000 anew
    put_off_tensors()
    stop_cleanly()
    try:
        code = run(arguments)
    except Stopped as stop:
        end_by(stop.args[0])
        raise
    for stream in (sys.stdout, sys.stderr):
        drop(stream)  # what could be printed is flushed
    sys.exit(code)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; gives the exit code, and never raises."""
    replace_closed()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    code = 0
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except (click.exceptions.Abort, KeyboardInterrupt):
        code = EXIT_INTERRUPT
    except (BrokenPipeError, SystemExit):
        pass  # the reader has gone, for which click exits
    except OSError as error:
        print_error(f"error[file]: the output cannot be written: {error.strerror or error}")
        code = EXIT_FILE
    return code


def _run(arguments: Sequence[str] | None) -> int:
    """The exit code of a command, which was not interrupted and could print what it had to."""
    try:
        with watched() as watch, placed():
            result = commands(arguments, prog_name="closedform", standalone_mode=False, obj=watch)
        return result if isinstance(result, int) else 0
    except (OSError, click.exceptions.Abort):
        raise
    except click.ClickException as error:
        with suppress(OSError):
            error.show()
        return EXIT_USAGE
    except ClosedformError as error:
        complain(error)
        return code_of(error)
    except Exception as error:
        complain_of_bug(error)
        if os.environ.get("CLOSEDFORM_TRACEBACK"):
            raise
        return EXIT_BUG


def _open(file: str, ignored: Sequence[str] = ()) -> Project:
    """The project of a file, or of a model of the zoo when no such file is there."""
    from closedform.projects import open_project

    click.get_current_context().obj.more()
    return open_project(file, ignored)


# Commands ----------------------------------------------------------------------------------


@commands.command()
@click.argument("file", shell_complete=completion.files)
@click.option(
    "--of",
    "part",
    metavar="NAME",
    shell_complete=completion.parts,
    help="The model or block to derive.",
)
@options.symbols(
    "--in",
    "The symbols to express the formulas in. Several with commas, or with the option again.",
    "names",
)
@options.measures
@options.convention
@options.dtype
@options.when("Derive under conditions, as a claim has them: 'r > 1, r | side'.")
@options.preset("Give the numbers of a preset too.")
@options.sizes
@options.ignored
@click.option("--defaults", is_flag=True, help="Put the defaults of the file into the formulas.")
@click.option(
    "--form",
    type=click.Choice(FORMS),
    default="shortest",
    show_default=True,
    help="How formulas are arranged.",
)
@click.option(
    "--stages",
    type=click.Choice(STAGES),
    default="sum",
    show_default=True,
    help="Stages as a sum over s, or each by itself.",
)
@click.option("--to", type=FormatName(formats.own_names), help="The format of the report.")
@click.option(
    "--template",
    default=None,
    metavar="FILE",
    help="Fill in a template of your own, in the language of --to. "
    "A template can run code: use only one that you trust.",
)
@click.option("--claims", is_flag=True, help="Print the claims of the file too, with verdicts.")
@options.symbols(
    "--rules",
    "Say what rules as these sizes grow: leading terms, which is largest where, elasticities.",
)
@click.option(
    "--uncounted",
    is_flag=True,
    help="Say how much the convention leaves out, operation by operation.",
)
@click.option(
    "--kinds", is_flag=True, help="Say what the operations of each kind cost, and their shares."
)
@click.option("--steps", is_flag=True, help="Print the derivation, step by step.")
@options.width
@options.lang
@click.option("-o", "--output", default=None, metavar="FILE", help="Write here; chooses a format.")
def derive(
    file: str,
    part: str | None,
    names: tuple[str, ...],
    measures: tuple[str, ...],
    convention: str | None,
    dtype: str | None,
    preset: str | None,
    sizes: Mapping[str, int],
    ignored: tuple[str, ...],
    when: str | None,
    defaults: bool,
    form: str,
    stages: str,
    to: str | None,
    template: str | None,
    claims: bool,
    rules: tuple[str, ...],
    uncounted: bool,
    kinds: bool,
    steps: bool,
    width: str | None,
    lang: str,
    output: str | None,
) -> None:
    """Derive the closed forms of a model, and print a report.

    FILE is an .arch file, the name of a model of the zoo, or the config.json of a model. On a
    terminal the report is plain text, elsewhere Markdown, unless --to or the suffix of --output
    says otherwise.
    """
    from closedform.errors import Source
    from closedform.files import read_text
    from closedform.projects import derivation_of, report_of, warnings_of

    target = Path(output) if output else None
    read = terminal.is_output() and not (to or target or template or width)
    to = to or ("text" if read else format_of(target, free=template is not None))
    write = formats.format_named(to).report
    wide = formats.width_in(to, width) if width else terminal.width() if read else None
    if template:
        from closedform.render.markup.own_template import fill_template

        source = Source(template, read_text(Path(template)))
        write = partial(fill_template, source, formats.template_in(to))
    project = _open(file, ignored).typed(dtype)
    if sizes:
        preset = preset or project.configured
        if preset is None:
            raise click.UsageError("--set changes sizes of a preset: name it with --preset")
        preset = project.set_sizes(preset, sizes)
    if steps:
        others = names or defaults or claims or rules or uncounted or kinds or template
        if others or form != FORMS[0] or stages != STAGES[0]:
            raise click.UsageError(
                "--steps goes with --of, --measure, --convention, --dtype, --preset, --set, "
                "--ignore, --when, --to, --width, --lang"
            )
        chosen = (part, measures, convention, preset, to, lang, wide, when)
        give(derivation_of(project, *chosen), target, read)
        return
    report = report_of(
        project,
        part,
        names=names,
        measures=measures,
        convention=convention,
        preset=preset,
        form=form,
        stages=stages,
        defaults=defaults,
        when=when,
        claims=claims,
        rules=rules,
        uncounted=uncounted,
        kinds=kinds,
        lang=lang,
        width=wide,
    )
    if width and wide is not None:
        warn_of_width([(row.label, row.formula) for row in report.formulas], wide)
    give(write(report), target, read)
    if when is None:  # else what is derived is not all that the file says
        warn(warnings_of(project, part, preset))


@commands.command()
@click.argument("file")
def new(file: str) -> None:
    """Begin a file from a small model that can be changed into another."""
    from importlib.resources import files

    from closedform.errors import Diagnostic, FileError

    path = Path(file)
    if path.exists():
        message = f"`{path}` is there already"
        raise FileError(Diagnostic("file", message, None, "choose another name"))
    give(files("closedform").joinpath("starter.arch").read_text("utf-8"), path)
    click.echo(f"{path} written: try `closedform derive {path}`")


@commands.command()
@click.argument("files", nargs=-1, shell_complete=completion.files)
@click.option("--zoo", is_flag=True, help="Check every model of the zoo.")
@click.option("-v", "--verbose", is_flag=True, help="Print every verdict, and what it rests on.")
@click.option("--to", type=click.Choice(["json"]), help="Print the verdicts for a program.")
@click.option(
    "--of",
    "part",
    metavar="NAME",
    shell_complete=completion.parts,
    help="The model or block that is asked.",
)
@click.option("--claim", metavar="CLAIM", help="Ask whether this holds: 'macs == 2*n*d^2'.")
@click.option("--latex", metavar="FORMULA", help="Ask whether this formula of a paper holds.")
@click.option("--map", "where", default="", metavar="MAP", help="Its symbols: 'h w = n, C = d'.")
@click.option("--when", default="", metavar="CONDITIONS", help="Assume this: 'r | h, r | w'.")
@click.option(
    "--measure",
    metavar="M",
    shell_complete=completion.measures,
    help="What the formula of --latex is of, where it does not begin with that.",
)
@options.convention
@options.ignored
def check(
    files: tuple[str, ...],
    zoo: bool,
    verbose: bool,
    to: str | None,
    part: str | None,
    claim: str | None,
    latex: str | None,
    where: str,
    when: str,
    measure: str | None,
    convention: str | None,
    ignored: tuple[str, ...],
) -> int:
    """Check syntax, shapes, expectations and claims.

    With --claim or --latex only that is asked, of one FILE. Ends with 1 where something is wrong,
    with 5 where only claims are left that are not decided.
    """
    import json

    from closedform.derive.check.check import check as check_project
    from closedform.derive.resolve.shipped import zoo_names
    from closedform.render.report.verdicts import in_words, notes, rows_of, verdicts_of

    if claim is not None or latex is not None:
        if (claim is None) == (latex is None) or len(files) != 1 or zoo:
            raise click.UsageError("--claim, or --latex with --measure, is asked of one FILE")
        if to or verbose:
            raise click.UsageError(
                "--to and --verbose are for all claims of a file: leave them out"
            )
        if latex is None and measure is not None:
            raise click.UsageError("--measure says what the formula of --latex is of")
        if claim is not None and convention is not None:
            raise click.UsageError(
                "--convention goes with --latex: a claim says it, as in 'macs under hooks == D^2'"
            )
        project = _open(files[0], ignored)
        if latex is not None and measure is None:
            from closedform.reason.claims import measure_named

            measure = measure_named(project, latex)
        return ask(project, part, latex or claim or "", measure, where, when, convention)
    if part or where or when or measure or convention:
        raise click.UsageError("--of, --map, --when, --measure, --convention go with a claim")
    if not files and not zoo:
        raise click.UsageError("name a FILE to check, or give --zoo")
    codes: set[int] = set()
    total = 0
    rows: list[dict[str, object]] = []

    def tell(checked: Checked) -> None:
        if verbose and not to:
            click.echo("".join(in_words(checked)), nl=False)

    for file in [*files, *(zoo_names() if zoo else ())]:
        try:
            project = _open(file, ignored)
            outcome = check_project(project, tell)
        except ClosedformError as error:
            complain(error)
            rows += rows_of(error.diagnostics, file)
            codes.add(code_of(error))
            continue
        total += outcome.holding
        for diagnostic in outcome.wrong:
            print_error(str(diagnostic))
            codes.add(CODES.get(diagnostic.kind, EXIT_WRONG))
        rows += verdicts_of(outcome)
        if not outcome.wrong and not to:
            click.echo(f"{project.module.title}: {outcome.holding} expectations and claims hold")
            click.echo("".join(notes(outcome)), nl=False)
        if not to:
            click.echo("".join(f"{warning}\n" for warning in outcome.warnings), nl=False)
    if to:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    elif not codes and (zoo or len(files) > 1):
        click.echo(f"{total} expectations and claims hold")
    decided = codes - {EXIT_UNDECIDED}
    return max(decided or codes or {0})


@commands.command()
@click.argument("files", nargs=-1, required=True, shell_complete=completion.files)
@click.option("--check", "only_check", is_flag=True, help="Change nothing; fail if it would.")
def fmt(files: tuple[str, ...], only_check: bool) -> int:
    """Bring files to their canonical form. `-` reads the input and prints the result."""
    from closedform.files import check_replaced, read_input, read_text, write_text
    from closedform.grammar import format_file, parse

    code = 0
    for name in files:
        if name == "-":
            click.echo(format_file(parse(read_input(), "<stdin>")), nl=False)
            continue
        path = Path(name)
        try:
            before = read_text(path)
            after = format_file(parse(before, name))
            if before != after and not only_check:
                check_replaced(path)
                write_text(path, after)
        except ClosedformError as error:
            complain(error)
            code = max(code, code_of(error))
            continue
        if before == after:
            continue
        if only_check:
            click.echo(f"{name} is not in canonical form")
            code = max(code, EXIT_WRONG)
        else:
            click.echo(f"{name} formatted")
    return code


@commands.command()
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
            projects[name] = _open(str(path)).typed(dtype)
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
