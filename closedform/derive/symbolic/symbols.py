"""The symbols of sizes, with one set of assumptions each."""

from __future__ import annotations

from sympy import Expr, Symbol


def size_symbol(name: str) -> Symbol:
    """The symbol of a size: a positive integer."""
    return Symbol(name, integer=True, positive=True)


def ratio_symbol(name: str) -> Symbol:
    """The symbol of a positive rational number."""
    return Symbol(name, rational=True, positive=True)


def index_symbol(name: str, first: Expr) -> Symbol:
    """The symbol of the index of a loop: an integer, positive where the loop begins above 0."""
    if first >= 1:
        return size_symbol(name)
    return Symbol(name, integer=True, nonnegative=True if first == 0 else None)


def like(symbol: Symbol, name: str) -> Symbol:
    """A symbol of another name with the assumptions of a size or a ratio."""
    return size_symbol(name) if symbol.is_integer else ratio_symbol(name)
