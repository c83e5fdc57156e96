"""The command that says what a training step keeps in memory."""

from __future__ import annotations

from typing import Any

import click

from closedform.console import completion, options
from closedform.console.commands.asking import part_asked
from closedform.console.opening import opened
from closedform.console.parameters import Strict
from closedform.errors import visible

DEVICES = "N|LETTER"


@click.command(cls=Strict)
@click.argument("file", shell_complete=completion.files)
@click.option(
    "--optimizer", required=True, metavar="NAME", help="sgd, momentum, adam or adam_mixed."
)
@options.part
@options.dtype
@options.preset("The preset of the sizes.")
@options.sizes
@options.ignored
@click.option("--tensor", default="1", metavar=DEVICES, help="Devices that share every tensor.")
@click.option("--pipeline", default="1", metavar=DEVICES, help="Devices that share the layers.")
@click.option("--data", default="1", metavar=DEVICES, help="Devices with batches of their own.")
@click.option(
    "--zero",
    type=click.IntRange(0, 3),
    default=0,
    show_default=True,
    help="What these share: 1 the states of the optimizer, 2 gradients too, 3 parameters too.",
)
@click.option("--machine", metavar="NAME", help="Say whether it fits: H100, A100, FILE.toml:NAME.")
def memory(
    file: str,
    optimizer: str,
    part: str | None,
    dtype: str | None,
    preset: str | None,
    sizes: dict[str, Any],
    ignored: tuple[str, ...],
    tensor: str,
    pipeline: str,
    data: str,
    zero: int,
    machine: str | None,
) -> None:
    """What each device holds in a training step: parameters, gradients, the states of the
    optimizer, and what is kept for the backward pass.

    The batch is that of one device.
    """
    project = opened(file, ignored)
    model = part_asked(project, part, preset)
    ways: dict[str, Any] = {
        way: int(given) if given.isdecimal() and given.isascii() else given
        for way, given in (("tensor", tensor), ("pipeline", pipeline), ("data", data))
    }
    found = model.memory(optimizer, dtype, preset, zero=zero, **ways, **sizes)
    click.echo(visible(str(found.table)))
    if found.bytes is not None:
        click.echo(visible(repr(found)))
    if machine is not None:
        click.echo(visible(str(found.fits(machine))))
