"""The command that checks files: syntax, shapes, expectations and claims."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from closedform.console import completion, options
from closedform.console.commands.asking import ask
from closedform.console.exits import (
    CODES,
    EXIT_LIMIT,
    EXIT_UNDECIDED,
    EXIT_WRONG,
    code_of,
    complain,
    print_error,
)
from closedform.console.opening import opened
from closedform.console.parameters import Strict
from closedform.console.watch import Ended, limit_of
from closedform.errors import ClosedformError

if TYPE_CHECKING:
    from closedform.derive.check.check import Found


@click.command(cls=Strict)
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
    from closedform.derive.check.check import outcome_of
    from closedform.derive.check.checked import Checked
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
        project = opened(files[0], ignored)
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

    def tell(one: Found) -> None:
        found.append(one)
        if verbose and not to and isinstance(one, Checked):
            click.echo("".join(in_words(one)), nl=False)

    for file in [*files, *(zoo_names() if zoo else ())]:
        found: list[Found] = []
        try:
            project = opened(file, ignored)
            outcome = check_project(project, tell)
        except ClosedformError as error:
            complain(error)
            rows += rows_of(error.diagnostics, file)
            codes.add(code_of(error))
            continue
        except Ended as ended:
            limit = limit_of(ended)
            so_far = outcome_of(found)
            for diagnostic in so_far.wrong:
                print_error(str(diagnostic))
            complain(limit)
            rows += [*verdicts_of(so_far), *rows_of(limit.diagnostics, file)]
            codes.add(EXIT_LIMIT)
            break
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
