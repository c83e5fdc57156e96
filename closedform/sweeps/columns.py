"""What a caller gives for sizes: names, exact numbers, columns of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from numbers import Rational
from typing import TYPE_CHECKING, Any, TypeAlias

from sympy import Symbol

from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.solve.numbers import size_table
from closedform.errors import fail, suggestion

if TYPE_CHECKING:
    from numpy.typing import NDArray


# Sizes by name -----------------------------------------------------------------------------


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
    _check(name, symbol, number)
    return number


def _check(name: str, symbol: Symbol, least: Fraction | int) -> None:
    if symbol.is_integer and Fraction(least).denominator != 1:
        raise fail("type", f"`{name}` is {least}, and a size is a whole number")
    if symbol.is_positive and least <= 0:
        kind = "size is a positive whole number" if symbol.is_integer else "ratio is positive"
        raise fail("unbound", f"`{name}` is {least}, and a {kind}")
    if symbol.is_nonnegative and least < 0:
        raise fail("unbound", f"`{name}` is {least}, and must not be negative")


def fixed_numbers(derivation: Derivation, sizes: Mapping[str, Any]) -> dict[Symbol, Fraction]:
    """Symbols with the numbers that they are given by name; one number is for all of a list."""
    found: dict[Symbol, Fraction] = {}
    for name, value in sizes.items():
        symbols = symbols_named(derivation, name)
        items = value if isinstance(value, list | tuple) else [value] * len(symbols)
        found |= zip(symbols, _spread(name, symbols, items), strict=True)
    return found


def _spread(name: str, symbols: tuple[Symbol, ...], items: Sequence[Any]) -> list[Fraction]:
    if len(items) != len(symbols):
        count = f"{len(symbols)} elements" if len(symbols) > 1 else "one element"
        raise fail("argument", f"`{name}` has {count}, and {len(items)} are given")
    return [exact_number(name, s, item) for s, item in zip(symbols, items, strict=True)]


# Arrays ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Column:
    """The numbers of one size, as the caller sees them, and as a program takes them."""

    name: str
    shown: NDArray[Any]
    inputs: dict[str, NDArray[Any]]

    @cached_property
    def ranges(self) -> dict[str, tuple[int, int]]:
        """The least and the greatest of what a program takes."""
        return {
            name: (int(values.min()), int(values.max())) if values.size else (0, 0)
            for name, values in self.inputs.items()
        }


def column(symbol: Symbol, values: Any) -> Column:
    """The numbers of a size as a column. Raises ClosedformError where they are not exact."""
    import numpy as np

    name = symbol.name
    array = values if isinstance(values, range) else getattr(values, "to_numpy", lambda: values)()
    if isinstance(array, range):
        array = np.arange(array.start, array.stop, array.step)
    if isinstance(array, np.ndarray) and array.dtype.kind in "iu" and symbol.is_integer:
        wide = array.dtype == np.uint64 and bool((array > np.uint64(2**63 - 1)).any())
        shown = array.ravel().astype(object if wide else np.int64, copy=False)
        found = Column(name, shown, {name: shown})
        if shown.size:
            _check(name, symbol, found.ranges[name][0])
        return found
    numbers = [exact_number(name, symbol, value) for value in array]
    if symbol.is_integer:
        shown = _whole([int(number) for number in numbers])
        return Column(name, shown, {name: shown})
    shown = np.empty(len(numbers), object)
    shown[:] = numbers
    above = _whole([number.numerator for number in numbers])
    below = _whole([number.denominator for number in numbers])
    return Column(name, shown, {f"{name}_num": above, f"{name}_den": below})


def _whole(numbers: list[int]) -> NDArray[Any]:
    import numpy as np

    small = all(-(2**63) < number < 2**63 for number in numbers)
    found = np.empty(len(numbers), np.int64 if small else object)
    found[:] = numbers
    return found


Axis: TypeAlias = tuple[str, tuple[Column, ...]]  # a name, and the columns of one length that it stands for


def axis(derivation: Derivation, name: str, values: Any) -> Axis:
    """The numbers that a size goes through; a list of sizes goes through lists."""
    symbols = symbols_named(derivation, name)
    if isinstance(values, str) or not isinstance(values, Iterable):
        values = [values]
    if len(symbols) == 1:
        return name, (column(symbols[0], values),)
    rows = []
    for value in values:
        if not isinstance(value, list | tuple):
            if len(values) == 1:
                value = [value] * len(symbols)
            else:
                first = symbols[0].name
                raise fail(
                    "argument",
                    f"`{name}` is a list of {len(symbols)} sizes, and goes through lists",
                    None,
                    f"write {name}=[[...], [...]], or {first}=[...] for one of them",
                )
        rows.append(_spread(name, symbols, value))
    columns = zip(*rows, strict=True) if rows else [()] * len(symbols)
    return name, tuple(column(s, list(c)) for s, c in zip(symbols, columns, strict=True))
