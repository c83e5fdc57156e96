"""Closed forms as code. Each module of `languages` is one language, with its row `LANGUAGE`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

from closedform.errors import fail, suggestion
from closedform.render.code import languages

if TYPE_CHECKING:
    from closedform.derive.project import Project
    from closedform.derive.solve.closed import Closed
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


def exported(
    project: Project,
    form: Closed,
    to: str,
    names: Sequence[str],
    name: str | None,
    preset: str | None,
    sizes: Mapping[str, Any],
) -> str:
    """A closed form as code; see `Formula.export`."""
    from closedform.derive.lower.given import fixed_numbers, plain_numbers, symbols_named
    from closedform.render.code.source import source

    language, numbers = language_named(to), {}
    if preset is not None:
        node = project.preset(preset)
        form, numbers = project.form_at(node, form), plain_numbers(project.values(node))
    given = [symbol for own in names for symbol in symbols_named(form.derivation, own)]
    numbers |= fixed_numbers(form.derivation, sizes)
    put_in = {symbol: number for symbol, number in numbers.items() if symbol not in given}
    return language.write(source(form, name or form.measure.name, given, put_in))
