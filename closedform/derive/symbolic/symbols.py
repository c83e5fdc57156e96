"""The symbols of sizes, with one set of assumptions each."""

from __future__ import annotations

from sympy import Expr, Symbol


def size_symbol(name: str, maybe_zero: bool = False) -> Symbol:
    """The symbol of a size: a positive integer, or one that may be 0."""
    return Symbol(name, integer=True, **_sign(maybe_zero))


def ratio_symbol(name: str, maybe_zero: bool = False) -> Symbol:
    """The symbol of a positive rational number, or of one that may be 0."""
    return Symbol(name, rational=True, **_sign(maybe_zero))


def _sign(maybe_zero: bool) -> dict[str, bool]:
    return {"nonnegative" if maybe_zero else "positive": True}


def index_symbol(name: str, first: Expr) -> Symbol:
    """The symbol of the index of a loop: an integer, positive where the loop begins above 0."""
    if first >= 1:
        return size_symbol(name)
    return Symbol(name, integer=True, nonnegative=True if first == 0 else None)


def like(symbol: Symbol, name: str) -> Symbol:
    """A symbol of another name with the assumptions of a size or a ratio."""
    make = size_symbol if symbol.is_integer else ratio_symbol
    return make(name, not symbol.is_positive)


def least_of(symbol: Symbol) -> int:
    """The number below which a whole size cannot be: 1, or 0 where it may be 0."""
    return 1 if symbol.is_positive else 0


def is_size(symbol: Symbol, value: Expr) -> bool:
    """Whether a number is one that a symbol can stand for."""
    whole = value.is_Integer or not symbol.is_integer
    return bool(whole and (value > 0 or (value == 0 and not symbol.is_positive)))
