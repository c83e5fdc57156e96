"""Sizes and conditions as text, in the words of the language."""

from __future__ import annotations

from typing import Any

from sympy import Expr
from sympy.printing.str import StrPrinter


def say(value: Any) -> str:
    """A size or a condition as it is written in the language."""
    return str(_Saying().doprint(value))


class _Saying(StrPrinter):  # type: ignore[misc]  # SymPy has no types
    """SymPy's text, in the words of the language."""

    def _print_Pow(self, expr: Expr, rational: bool = False) -> str:
        return str(super()._print_Pow(expr, rational)).replace("**", "^")

    def _print_ceiling(self, expr: Expr) -> str:
        return f"ceil({self.doprint(expr.args[0])})"

    def _print_Piecewise(self, expr: Expr) -> str:
        return f"[{self.doprint(expr.args[0][1])}]"

    def _print_Dummy(self, expr: Expr) -> str:
        return str(expr.name)

    def _print_Relational(self, expr: Any) -> str:
        left, right = map(self.doprint, expr.args)
        return f"{left} {expr.rel_op} {right}"

    def _print_And(self, expr: Any) -> str:
        return " and ".join(self.doprint(part) for part in sorted(expr.args, key=str))

    def _print_Or(self, expr: Any) -> str:
        return " or ".join(self.doprint(part) for part in sorted(expr.args, key=str))

    def _print_Not(self, expr: Any) -> str:
        return f"not ({self.doprint(expr.args[0])})"
