"""What an option of the command line may be, where click has no type for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import click

from closedform.render.formats import all_names, is_format


class FormatName(click.ParamType):  # type: ignore[type-arg]  # it takes none before click 8.2
    """The name of a format, of this package or another; the help shows those that are `listed`."""

    name = "format"

    def __init__(self, listed: Callable[[], Iterable[str]]) -> None:
        self.listed = listed

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        return f"[{'|'.join(self.listed())}]"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not is_format(value):
            self.fail(f"{value!r} is not one of {', '.join(map(repr, all_names()))}.", param, ctx)
        return value
