"""Questions on the command line: sizes in a budget, what a number counts, whether claims hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from closedform.console import completion, options
from closedform.console.exits import CODES, EXIT_WRONG, print_error
from closedform.console.opening import opened
from closedform.console.parameters import Strict, pair
from closedform.errors import visible

if TYPE_CHECKING:
    from closedform.derive.project import Project
    from closedform.explore.model import Part


@click.command(cls=Strict)
@click.argument("file", shell_complete=completion.files)
@click.option(
    "--for",
    "size",
    required=True,
    metavar="D",
    shell_complete=completion.symbols,
    help="The size that is asked for.",
)
@click.option(
    "--budget",
    required=True,
    metavar="MEASURE=AMOUNT",
    help="What may be spent, such as macs=20G or params=86M.",
)
@options.part
@options.preset("The preset of the other sizes.")
@options.dtype
@options.sizes
@options.ignored
def solve(
    file: str,
    size: str,
    budget: str,
    part: str | None,
    preset: str | None,
    dtype: str | None,
    sizes: dict[str, Any],
    ignored: tuple[str, ...],
) -> None:
    """The largest number of a size within a budget B that what the file assumes allows.

    Prints the number and what it costs; where the real solution has a formula, B in it stands for
    the amount of --budget.

    The other sizes are those of the preset, or the defaults of the file; a config.json is the
    preset of its model.
    """

    measure, amount = pair(budget, "--budget")
    model = part_asked(opened(file, ignored).typed(dtype), part)
    name, _, convention = measure.partition(" under ")
    formula = model.measure(name, convention or None)
    click.echo(visible(repr(formula.solve(size, amount, preset, **sizes))))


@click.command(cls=Strict)
@click.argument("file", shell_complete=completion.files)
@click.argument("numbers", nargs=-1, required=True)
@options.preset("Of which the numbers are that name none.")
@options.ignored
@click.option("--to", type=click.Choice(["json"]), help="Print the readings for a program.")
def explain(
    file: str,
    numbers: tuple[str, ...],
    preset: str | None,
    ignored: tuple[str, ...],
    to: str | None,
) -> int:
    """Say what printed NUMBERS count: 16.85G, params=86M, ViT-B/16=49.3G, vit:ViT-B/16=49.3G.

    Several are explained at once. Ends with 1 where no reading explains all of them.
    """
    import json

    from closedform.reason.explain import asked, data, entries_of
    from closedform.reason.explain import explain as explained

    project = opened(file, ignored)
    answer = explained(entries_of(project, list(map(asked, numbers)), preset, opened))
    click.echo(
        json.dumps(data(answer), indent=2, ensure_ascii=False) if to else visible(str(answer))
    )
    return 0 if answer else EXIT_WRONG


def ask(
    project: Project,
    part: str | None,
    text: str,
    measure: str | None,
    where: str,
    when: str,
    convention: str | None,
) -> int:
    """Print whether a claim holds; gives the exit code."""
    from closedform.reason import claims
    from closedform.render.report.verdicts import answer

    found = claims.ask(project, project.part(part), text, measure, where, when, convention)
    wrong = found.checked.diagnostic
    if wrong:
        print_error(str(wrong))
        return CODES.get(wrong.kind, EXIT_WRONG)
    click.echo(visible("".join(answer(found.checked))), nl=False)
    return 0


def part_asked(project: Project, part: str | None, preset: str | None = None) -> Part:
    """What a question is about: the part that is named, else the model of a preset, else that of
    the file."""
    from closedform.explore.model import Architecture

    model = Architecture(project)
    if part is None and preset is not None:
        part = project.model_of(project.preset(preset)).name
    return model if part is None else model[part]
