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
    from sympy import Expr, Symbol

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
    form: Closed,
    values: Mapping[Symbol, Expr],
    to: str,
    names: Sequence[str],
    name: str | None,
    sizes: Mapping[str, Any],
) -> str:
    """A closed form as code; see `Formula.export`."""
    from closedform.derive.solve.given import (
        fixed_numbers,
        plain_numbers,
        refuse_twice,
        symbols_named,
    )
    from closedform.render.code.source import source

    language = language_named(to)
    given = [symbol for own in names for symbol in symbols_named(form.derivation, own)]
    fixed = fixed_numbers(form.derivation, sizes)
    refuse_twice(given, fixed)
    numbers = {**plain_numbers(values), **fixed}
    put_in = {symbol: number for symbol, number in numbers.items() if symbol not in given}
    if name is not None and not language.has_function:
        raise fail("argument", f"what `{to}` has is an expression, without a name")
    made = source(form, language.named(form, name), given, put_in)
    language.refuse_one_name(made)
    return language.write(made)
