"""The command that writes a file as code of a framework."""

from __future__ import annotations

from pathlib import Path

import click

from closedform.console import completion, options
from closedform.console.opening import opened
from closedform.console.output import give
from closedform.console.parameters import Strict

TARGETS = ("torch",)


@click.command(cls=Strict)
@click.argument("file", shell_complete=completion.files)
@options.part
@click.option("--to", type=click.Choice(TARGETS), required=True, help="The framework.")
@click.option("-o", "--output", default=None, metavar="FILE", help="Write here.")
def export(file: str, part: str | None, to: str, output: str | None) -> None:
    """Write a model as modules of PyTorch: a class for each block, its presets, and `build`.

    PyTorch is not needed to write them. Without --of it is all models of FILE, or its blocks where
    it has no model.
    """
    from closedform.torch.export.module import torch_module

    give(torch_module(opened(file), part), Path(output) if output else None)
