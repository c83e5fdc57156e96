"""Closed forms as code. Each module of `languages` is one language, with its row `LANGUAGE`."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from closedform.errors import fail, suggestion
from closedform.render.code import languages

if TYPE_CHECKING:
    from closedform.render.code.source import Language


@cache
def language_names() -> tuple[str, ...]:
    """The languages that a formula can be exported to."""
    return tuple(sorted(module.name for module in iter_modules(languages.__path__)))


def language_named(name: str) -> Language:
    """The row of a language. Raises ClosedformError where there is none."""
    if name not in language_names():
        near = suggestion(name, language_names()) or "there are " + ", ".join(language_names())
        raise fail("argument", f"there is no language of code `{name}`", None, near)
    row: Language = import_module(f"{languages.__name__}.{name}").LANGUAGE
    return row
