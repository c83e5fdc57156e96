"""What a caller gives: sizes and abbreviations by their names, with exact numbers, and what of it
does not go together."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence, Set
from fractions import Fraction
from numbers import Rational
from typing import Any

import sympy
from sympy import Expr, Symbol

from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.solve.closed import Closed, symbols_of
from closedform.derive.solve.numbers import at_numbers, check_sizes, settle
from closedform.derive.symbolic.bits import put_in_bounded
from closedform.derive.symbolic.wording import say
from closedform.errors import ClosedformError, fail, suggestion

# Names -------------------------------------------------------------------------------------


def size_table(derivation: Derivation) -> dict[str, tuple[Symbol, ...]]:
    """The symbols of each size that may be given a value, by its name."""
    return {s.name: (s,) for s in symbols_of(derivation)} | derivation.symbols


def size_names(derivation: Derivation) -> set[str]:
    """The names of all sizes and abbreviations, those of stages by their family too."""
    families = {family for family, _ in derivation.stage_symbols.values()}
    return {*size_table(derivation), *(s.name for s in derivation.known.spelled), *families}


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
        raise unknown(derivation, name, table)
    return table[name]


def unknown(derivation: Derivation, name: str, known: Iterable[str]) -> ClosedformError:
    """The error for a name that no size has."""
    near = suggestion(name, known) or f"there are {', '.join(sorted(known))}"
    return fail("name", f"`{name}` is no size of `{derivation.entity.name}`", None, near)


# Numbers -----------------------------------------------------------------------------------


def number(name: str, value: Any) -> Fraction:
    """The exact number that a name is given. Raises ClosedformError."""
    refuse_masked(name, value)
    if hasattr(value, "item") and not isinstance(value, Rational) and not getattr(value, "ndim", 0):
        value = value.item()  # a number of NumPy, or an array of one without an axis
    if isinstance(value, bool) or not isinstance(value, Rational):
        raise fail(
            "type",
            f"`{name}` takes exact numbers, and this is {value!r}",
            None,
            "give an int, or a fractions.Fraction for a ratio",
        )
    return Fraction(int(value.numerator), int(value.denominator))


def refuse_masked(name: str, values: object) -> None:
    """Refuse an array of NumPy that has masked places: they would count as what is below them."""
    numpy = sys.modules.get("numpy")
    if numpy is not None and numpy.ma.is_masked(values):
        advice = "give its numbers without them, `.compressed()`"
        raise fail("type", f"`{name}` has masked places, and each is a size", None, advice)


def exact_number(name: str, symbol: Symbol, value: Any) -> Fraction:
    """A number that a size is given, and that it can be. Raises ClosedformError."""
    found = number(name, value)
    check_number(name, symbol, found)
    return found


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


def dims_values(derivation: Derivation, given: Mapping[str, object]) -> dict[Symbol, Expr]:
    """Sizes with the numbers that they are given by name, lists spread over their stages."""
    spread_ = _spread_over(derivation, size_table(derivation), given)
    return {s: sympy.Rational(number(name, value)) for s, (name, value) in spread_.items()}


def fixed_numbers(derivation: Derivation, given: Mapping[str, Any]) -> dict[Symbol, Fraction]:
    """Sizes and abbreviations with the numbers that they are given by name; one number is for all
    of a list."""
    spread_ = _spread_over(derivation, names_of(derivation), given)
    return {s: exact_number(name, s, value) for s, (name, value) in spread_.items()}


def _spread_over(
    derivation: Derivation, table: Mapping[str, tuple[Symbol, ...]], given: Mapping[str, Any]
) -> dict[Symbol, tuple[str, Any]]:
    """Each symbol with the name by which it is given, and what it is given."""
    found: dict[Symbol, tuple[str, Any]] = {}
    for name, value in given.items():
        if name not in table:
            raise unknown(derivation, name, table)
        symbols = table[name]
        items = value if isinstance(value, list | tuple) else [value] * len(symbols)
        check_count(name, symbols, items)
        for symbol, item in zip(symbols, items, strict=True):
            if symbol in found:
                raise given_twice(symbol.name)
            found[symbol] = name, item
    return found


def check_count(name: str, symbols: Sequence[Symbol], items: Sequence[object]) -> None:
    """Refuse a list that is longer or shorter than that of the sizes."""
    if len(items) != len(symbols):
        count = f"{len(symbols)} elements" if len(symbols) > 1 else "one element"
        raise fail("argument", f"`{name}` has {count}, and {len(items)} are given")


def spread(name: str, symbols: tuple[Symbol, ...], items: Sequence[Any]) -> list[Fraction]:
    """The numbers of a list of sizes."""
    check_count(name, symbols, items)
    return [exact_number(name, s, item) for s, item in zip(symbols, items, strict=True)]


def parted(
    derivation: Derivation, given: Mapping[str, object]
) -> tuple[dict[Symbol, Expr], dict[Symbol, Expr]]:
    """The abbreviations among what is given, and the sizes, with their numbers."""
    table = size_table(derivation)
    named = {s.name: s for s in derivation.known.spelled if s.name not in table}
    for name in given:
        if name not in table and name not in named:
            raise unknown(derivation, name, names_of(derivation))
    lets = {named[n]: sympy.Rational(number(n, v)) for n, v in given.items() if n in named}
    return lets, dims_values(derivation, {n: v for n, v in given.items() if n not in named})


# What does not go together -----------------------------------------------------------------


def given_twice(name: str) -> ClosedformError:
    """The error for a size that is given, or asked for, twice."""
    return fail("argument", f"`{name}` is given twice")


def asked_and_given(name: str) -> ClosedformError:
    """The error for a size that a call asks about, and gives a number to."""
    return fail("argument", f"`{name}` is asked for, and given too", None, f"leave out {name}=...")


def refuse_twice(symbols: Sequence[Symbol], given: Iterable[Symbol] = ()) -> None:
    """Raises ClosedformError where a size is asked for twice, or asked for and given too."""
    others = set(given)
    for at, symbol in enumerate(symbols):
        if symbol in symbols[:at]:
            raise given_twice(symbol.name)
        if symbol in others:
            raise asked_and_given(symbol.name)


def refuse_own_sizes(one: Derivation, other: Derivation) -> None:
    """Raises ClosedformError where the sizes of a model meet those of a block by itself."""
    if one.generic != other.generic:
        model, block = (other, one) if one.generic else (one, other)
        raise fail(
            "sizes",
            f"`{block.entity.name}` is in its own sizes, and `{model.entity.name}` in those of "
            "the model",
            None,
            f"take the block where the model uses it, as `.part(...)` of `{model.entity.name}` "
            "gives it, or say what its sizes are with `.subs(...)`",
        )


def check_given(derivation: Derivation, given: Mapping[Symbol, Expr]) -> None:
    """Refuse numbers that no size can be, and an abbreviation that is another number than those
    that are given make it."""
    check_sizes(derivation, given, given)
    for symbol in sorted(given.keys() & derivation.known.spelled.keys(), key=str):
        value = _made_of(derivation, symbol, given.keys())
        if value.free_symbols <= given.keys() and put_in_bounded(value, given) != given[symbol]:
            raise fail("assume", *_another(derivation, symbol), *at_numbers(value, given))


def check_lets(
    whole: Closed,
    rest: Closed,
    lets: Mapping[Symbol, Expr],
    dims: Mapping[Symbol, Expr],
    values: Mapping[Symbol, Expr],
    asked: Symbol | None = None,
) -> None:
    """Refuse abbreviations that are given where what the formula needs beside them makes them
    another number.

    `rest` is the formula with the numbers of `lets` put in, `dims` are sizes that are given,
    `values` these and those of a preset. A size that is asked for has no number: an abbreviation
    that it makes has another at each.
    """
    derivation, spelled = whole.derivation, whole.derivation.known.spelled
    follow = set() if asked is None else {asked}
    settled = settle(derivation, {**values, **{s: s for s in follow}})  # not by its default
    used = {s: settled[s] for s in rest.sizes if s in settled}
    for symbol in rest.expr.free_symbols & spelled.keys() - lets.keys():
        base = derivation.known.base(symbol)
        value = put_in_bounded(base, settled)
        if value.is_Number and not base.free_symbols <= used.keys() | dims.keys():
            used[symbol] = value
        if value.free_symbols and value.free_symbols <= follow:
            follow.add(symbol)
    used = {s: value for s, value in {**used, **dims, **lets}.items() if s not in follow}
    if asked is not None:
        _refuse_asked(derivation, lets, asked, follow, used.keys() | follow)
    check_given(derivation, used)


def _refuse_asked(
    derivation: Derivation,
    lets: Mapping[Symbol, Expr],
    asked: Symbol,
    follow: Set[Symbol],
    there: Set[Symbol],
) -> None:
    """Refuse abbreviations that are given where what is asked for makes them other numbers, itself
    or by those that `follow` from it; `there` is all that the formula needs."""
    known = derivation.known
    for symbol in sorted(lets, key=str):
        sizes = _made_of(derivation, symbol, there).free_symbols
        if sizes & follow and sizes <= there:
            raise fail("assume", *_another(derivation, symbol, f" at each `{asked}`"))
        shared = known.base(asked).free_symbols & known.base(symbol).free_symbols
        if asked in known.spelled and shared:
            both = " and ".join(f"`{s}`" for s in sorted(shared, key=str))
            told = f"`{asked}` is asked for, and `{symbol}`, which is given, is made of {both} too"
            raise fail("assume", told, None, f"leave out {symbol}=...")


def _made_of(derivation: Derivation, symbol: Symbol, known: Iterable[Symbol]) -> Expr:
    """What an abbreviation is made of, down to what is known."""
    spelled, known = derivation.known.spelled, set(known)
    value = spelled[symbol]
    while inner := value.free_symbols & spelled.keys() - known:
        value = value.xreplace({s: spelled[s] for s in inner})
    return value


def _another(derivation: Derivation, symbol: Symbol, where: str = "") -> tuple[str, None, None]:
    value = say(derivation.known.spelled[symbol])
    return f"`{symbol}` is given, and {value} is another number{where}", None, None
