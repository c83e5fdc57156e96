"""What a caller gives: sizes and abbreviations by their names, with exact numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from numbers import Rational
from typing import Any

from sympy import Expr, Symbol

from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.solve.numbers import size_table
from closedform.errors import fail, suggestion


def names_of(derivation: Derivation) -> dict[str, tuple[Symbol, ...]]:
    """The sizes and abbreviations that can be given, by their names; a list has a name as well."""
    found = {symbol.name: (symbol,) for symbol in derivation.known.spelled}
    for symbol, (family, _) in derivation.stage_symbols.items():
        if symbol in derivation.known.spelled:
            found[family] = (*found.get(family, ()), symbol)
    return found | size_table(derivation)


def symbols_named(derivation: Derivation, name: str) -> tuple[Symbol, ...]:
    """The symbols of a name. Raises ClosedformError."""
    table = names_of(derivation)
    if name not in table:
        raise fail(
            "name",
            f"`{name}` is no size of `{derivation.entity.name}`",
            None,
            suggestion(name, table) or f"there are {', '.join(sorted(table))}",
        )
    return table[name]


def exact_number(name: str, symbol: Symbol, value: Any) -> Fraction:
    """A number that a size is given. Raises ClosedformError."""
    if hasattr(value, "item") and not isinstance(value, Rational):
        value = value.item()  # a number of NumPy
    if isinstance(value, bool) or not isinstance(value, Rational):
        raise fail(
            "type",
            f"`{name}` takes exact numbers, and this is {value!r}",
            None,
            "give an int, or a fractions.Fraction for a ratio",
        )
    number = Fraction(int(value.numerator), int(value.denominator))
    check_number(name, symbol, number)
    return number


def check_number(name: str, symbol: Symbol, least: Fraction | int) -> None:
    """Refuse a number that is no size."""
    if symbol.is_integer and Fraction(least).denominator != 1:
        raise fail("type", f"`{name}` is {least}, and a size is a whole number")
    if symbol.is_positive and least <= 0:
        kind = "size is a positive whole number" if symbol.is_integer else "ratio is positive"
        raise fail("unbound", f"`{name}` is {least}, and a {kind}")
    if symbol.is_nonnegative and least < 0:
        raise fail("unbound", f"`{name}` is {least}, and must not be negative")


def plain_numbers(values: Mapping[Symbol, Expr]) -> dict[Symbol, Fraction]:
    """The numbers of SymPy that a preset gives."""
    return {symbol: Fraction(int(value.p), int(value.q)) for symbol, value in values.items()}


def fixed_numbers(derivation: Derivation, sizes: Mapping[str, Any]) -> dict[Symbol, Fraction]:
    """Symbols with the numbers that they are given by name; one number is for all of a list."""
    found: dict[Symbol, Fraction] = {}
    for name, value in sizes.items():
        symbols = symbols_named(derivation, name)
        items = value if isinstance(value, list | tuple) else [value] * len(symbols)
        found |= zip(symbols, spread(name, symbols, items), strict=True)
    return found


def spread(name: str, symbols: tuple[Symbol, ...], items: Sequence[Any]) -> list[Fraction]:
    """The numbers of a list of sizes."""
    if len(items) != len(symbols):
        count = f"{len(symbols)} elements" if len(symbols) > 1 else "one element"
        raise fail("argument", f"`{name}` has {count}, and {len(items)} are given")
    return [exact_number(name, s, item) for s, item in zip(symbols, items, strict=True)]
