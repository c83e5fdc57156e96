"""The command that asks a formula: how large a size may be within a budget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from closedform.console import completion
from closedform.console.parameters import Strict

if TYPE_CHECKING:
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
@click.option(
    "--of", "part", metavar="NAME", shell_complete=completion.parts, help="The model or block."
)
@click.option(
    "--preset",
    default=None,
    metavar="TITLE",
    shell_complete=completion.presets,
    help="The preset of the other sizes.",
)
@click.option(
    "--dtype", default=None, metavar="TYPE,...", help="The type of elements, for bytes: bf16."
)
@click.option(
    "--set",
    "sizes",
    multiple=True,
    metavar="N=196",
    help="A number for another size.",
)
def solve(
    file: str,
    size: str,
    budget: str,
    part: str | None,
    preset: str | None,
    dtype: str | None,
    sizes: tuple[str, ...],
) -> None:
    """The largest number of a size within a budget that what the file assumes allows.

    The other sizes are those of the preset, or the defaults of the file.
    """
    from closedform.explore.model import Architecture
    from closedform.projects import open_project

    measure, amount = _pair(budget, "--budget")
    model: Part = Architecture(open_project(file).typed(dtype))
    if part is not None:
        model = model[part]  # type: ignore[index]  # an architecture is asked for its parts
    name, _, convention = measure.partition(" under ")
    given: dict[str, Any] = {
        key: _whole(value, key) for key, value in (_pair(text, "--set") for text in sizes)
    }
    formula = model.measure(name, convention or None)
    click.echo(repr(formula.solve(size, amount, preset, **given)))


def _pair(text: str, option: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name.strip() or not value.strip():
        raise click.UsageError(f"{option} takes NAME=NUMBER, and this is {text!r}")
    return name.strip(), value.strip()


def _whole(text: str, name: str) -> int:
    if not text.isdigit():
        raise click.UsageError(f"--set {name} takes a whole number, and this is {text!r}")
    return int(text)
