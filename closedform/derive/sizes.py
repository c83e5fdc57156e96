"""The symbols of sizes, divisibility as a condition, and how errors name them."""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Expr, Symbol
from sympy.logic.boolalg import BooleanFunction


def size_symbol(name: str) -> Symbol:
    """The symbol of a size: a positive integer."""
    return Symbol(name, integer=True, positive=True)


def ratio_symbol(name: str) -> Symbol:
    """The symbol of a positive rational number."""
    return Symbol(name, rational=True, positive=True)


class Divides(BooleanFunction):  # type: ignore[misc]  # SymPy has no types
    """`Divides(a, b)`: a divides b."""

    @classmethod
    def eval(cls, divisor: Expr, dividend: Expr) -> Any:
        if divisor.is_Integer and dividend.is_Integer and divisor != 0:
            return sympy.true if dividend % divisor == 0 else sympy.false
        if divisor.is_Rational and dividend.is_Rational:
            return sympy.false
        return None

    def _sympystr(self, printer: Any) -> str:
        return f"{printer.doprint(self.args[0])} | {printer.doprint(self.args[1])}"


def say(value: Any) -> str:
    """A size or a condition in plain words, as an error shows it."""
    text = str(value).replace("**", "^").replace("ceiling(", "ceil(")
    if isinstance(value, sympy.Eq | sympy.Ne):
        operator = "==" if isinstance(value, sympy.Eq) else "!="
        return f"{say(value.lhs)} {operator} {say(value.rhs)}"
    return text
