"""Options that several commands take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from closedform.choices import LANGUAGES
from closedform.console import completion
from closedform.console.parameters import listed, numbers

Command = TypeVar("Command", bound=Callable[..., Any])

measures = click.option(
    "--measure",
    "measures",
    multiple=True,
    callback=listed,
    metavar="M,...",
    shell_complete=completion.measures,
    help="What to derive: params, macs, ... Several with commas, or with the option again.",
)
part = click.option(
    "--of", "part", metavar="NAME", shell_complete=completion.parts, help="The model or block."
)
convention = click.option(
    "--convention",
    default=None,
    metavar="NAME,...",
    shell_complete=completion.conventions,
    help="How work is counted. Several with commas, side by side.",
)


def preset(help: str, several: bool = False) -> Callable[[Command], Command]:
    """The option that names a preset, or `several` of them; what they are for differs."""
    names = ("--preset", "presets") if several else ("--preset",)
    return click.option(
        *names,
        multiple=several,
        metavar="TITLE",
        shell_complete=completion.presets,
        help=help,
    )


def symbols(name: str, help: str, parameter: str | None = None) -> Callable[[Command], Command]:
    """An option of several sizes, with commas or again; what they are for differs."""
    return click.option(
        name,
        *([parameter] if parameter else []),
        multiple=True,
        callback=listed,
        metavar="N,D,...",
        shell_complete=completion.symbols,
        help=help,
    )


def when(help: str) -> Callable[[Command], Command]:
    """The option of conditions under which it is derived."""
    return click.option("--when", default=None, metavar="CONDITIONS", help=help)


dtype = click.option(
    "--dtype",
    default=None,
    metavar="TYPE,...",
    help="The type of elements, for bytes: bf16, or 'bf16, weights = int4'.",
)
ignored = click.option(
    "--ignore",
    "ignored",
    multiple=True,
    callback=listed,
    metavar="KEY,...",
    help="Keys of a config.json that its family does not cover, and that change nothing counted.",
)
width = click.option(
    "--width",
    default=None,
    metavar="WIDTH",
    shell_complete=completion.widths,
    help="Break LaTeX for a line of 88mm, or for the column of ieee, acm, lncs or neurips.",
)
lang = click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    default="en",
    show_default=True,
    help="The language of what is fixed in a report.",
)
sizes = click.option(
    "--set",
    "sizes",
    multiple=True,
    callback=numbers,
    metavar="N=196,...",
    help="Numbers for sizes, other than the preset has them. Several with commas.",
)
