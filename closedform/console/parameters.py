"""Options of the command line, where click has no type for them or says nothing of a mistake."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import click
from click.shell_completion import CompletionItem

from closedform.render.formats import all_names, is_format


class FormatName(click.ParamType):  # type: ignore[type-arg]  # it takes none before click 8.2
    """The name of a format, of this package or another; the help shows those that are `listed`."""

    name = "format"

    def __init__(self, listed: Callable[[], Iterable[str]]) -> None:
        self.listed = listed

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        return f"[{'|'.join(self.listed())}]"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        return [CompletionItem(n) for n in self.listed() if n.startswith(incomplete)]

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not is_format(value):
            self.fail(f"{value!r} is not one of {', '.join(map(repr, all_names()))}.", param, ctx)
        return value


class Strict(click.Command):
    """A command that refuses an option that is given twice, of which click takes the last."""

    def make_parser(self, ctx: click.Context) -> Any:
        parser = super().make_parser(ctx)
        parse = parser.parse_args

        def checked(args: list[str]) -> Any:
            found = parse(args)
            order = found[2]
            for param in order:
                single = isinstance(param, click.Option) and not param.multiple
                if single and order.count(param) > 1:
                    raise click.UsageError(f"{param.opts[-1]} is given twice", ctx)
            return found

        parser.parse_args = checked  # type: ignore[method-assign]
        return parser


class Commands(click.Group):
    """Commands all of which are strict."""

    command_class = Strict
    group_class = type


DIGITS = 100  # of a number that is given


def listed(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    """The names of an option that takes several: with commas between them, or given again."""
    return tuple(name.strip() for text in given for name in text.split(",") if name.strip())


def pair(text: str, option: str) -> tuple[str, str]:
    """A name and a number, given as NAME=NUMBER."""
    name, sign, value = text.partition("=")
    if not sign or not name.strip() or not value.strip():
        raise click.UsageError(f"{option} takes NAME=NUMBER, and this is {text!r}")
    return name.strip(), value.strip()


def numbers(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> dict[str, int]:
    """The sizes of `--set T=128`: with commas between them, or with the option again."""
    found: dict[str, int] = {}
    for name, value in (pair(text, "--set") for text in listed(ctx, param, given)):
        if not value.isdecimal() or not value.isascii() or len(value) > DIGITS:
            raise click.UsageError(f"--set {name} takes a whole number, and this is {value!r}")
        found[name] = int(value)
    return found
