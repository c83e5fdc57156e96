"""The command that bounds the time of a model on a machine."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import click

from closedform.console import completion, options
from closedform.console.commands.asking import part_asked
from closedform.console.opening import opened
from closedform.console.parameters import Strict
from closedform.errors import visible


@click.command(cls=Strict)
@click.argument("file", shell_complete=completion.files)
@click.option(
    "--machine",
    required=True,
    metavar="NAME",
    help="H100, A100, A100-40GB, L4, RTX4090, MI300X, TPUv4, TPUv5e, or FILE.toml:NAME.",
)
@options.part
@options.dtype
@options.preset("The preset of the sizes.")
@options.sizes
@options.ignored
@click.option("--measured", metavar="SECONDS", help="A time that was measured, for the MFU.")
@click.option("-o", "--output", metavar="FILE", help="Draw the roof and the parts: .svg or .png.")
def roofline(
    file: str,
    machine: str,
    part: str | None,
    dtype: str | None,
    preset: str | None,
    sizes: dict[str, Any],
    ignored: tuple[str, ...],
    measured: str | None,
    output: str | None,
) -> None:
    """The least time that a model needs on a machine, part by part, and what bounds each.

    Operations run one after another; what one writes the next reads from memory again, but inside
    a block that is called with fused=true.
    """
    project = opened(file, ignored)
    model = part_asked(project, part, preset)
    found = model.roofline(machine, dtype, preset, **sizes)
    click.echo(visible(f"{found.table}\n{found!r}"))
    if measured is not None:
        try:
            seconds = Fraction(measured)
        except (ValueError, ZeroDivisionError):
            seconds = Fraction(0)
        if seconds <= 0:
            raise click.UsageError(f"--measured takes seconds, and this is {measured!r}")
        click.echo(visible(found.told(seconds)))
    if output:
        found.plot().save(Path(output))
