"""Sizes and conditions as text, in the words of the language."""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Expr
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

from closedform.derive.symbolic.atoms import unfolded


def say(value: Any) -> str:
    """A size or a condition as it is written in the language.

    Inside a size a condition stands as `[n > 1]`, as in formulas; a condition can be stated in a
    file as it is.

    >>> n, w = sympy.symbols("n w")
    >>> say(sympy.And(sympy.Or(n > 4, w > 4), n < 8))
    '(n > 4 or w > 4) and n < 8'
    """
    return str(_Saying().doprint(value))


class _Saying(StrPrinter):  # type: ignore[misc]  # SymPy has no types
    """SymPy's text, in the words of the language."""

    printmethod = ""  # no class has a text of its own

    def _print_Pow(self, expr: Expr, rational: bool = False) -> str:
        return str(super()._print_Pow(expr, rational)).replace("**", "^")

    def _print_ceiling(self, expr: Expr) -> str:
        return self._called("ceil", expr.args)

    def _print_Alive(self, expr: Expr) -> str:
        return self._called("alive", expr.args[1:])

    def _print_Max(self, expr: Expr) -> str:
        return self._called("max", sorted(expr.args, key=sympy.default_sort_key))

    def _print_Min(self, expr: Expr) -> str:
        return self._called("min", sorted(expr.args, key=sympy.default_sort_key))

    def _print_Gcd(self, expr: Expr) -> str:
        return self._called("gcd", expr.args)

    def _print_Log(self, expr: Expr) -> str:
        return self._called("log", expr.args)

    def _called(self, name: str, arguments: Any) -> str:
        return f"{name}({', '.join(map(self.doprint, arguments))})"

    def _print_Piecewise(self, expr: Expr) -> str:
        terms = unfolded(expr)
        return f"[{self.doprint(expr.args[0][1])}]" if terms is expr else f"({self.doprint(terms)})"

    def _print_Sum(self, expr: Expr) -> str:
        body, (index, first, last) = expr.args
        term = unfolded(body) if isinstance(body, sympy.Piecewise) else body
        return self._called("sum", (index, first, last, term))

    def _print_Dummy(self, expr: Expr) -> str:
        return str(expr.name)

    def _print_Relational(self, expr: Any) -> str:
        return self._relation(expr.rel_op, expr.args)

    def _print_Divides(self, expr: Any) -> str:
        return self._relation("|", expr.args)

    def _relation(self, sign: str, sides: Any) -> str:
        level = PRECEDENCE["Relational"]
        left, right = (_Stating().parenthesize(side, level) for side in sides)
        return f"{left} {sign} {right}"

    def _print_And(self, expr: Any) -> str:
        return self._joined("And", expr)

    def _print_Or(self, expr: Any) -> str:
        return self._joined("Or", expr)

    def _joined(self, name: str, expr: Any) -> str:
        parts = sorted(expr.args, key=str)
        level = PRECEDENCE[name]
        shown = (self.parenthesize(part, level, strict=True) for part in parts)
        return f" {name.lower()} ".join(shown)

    def _print_Not(self, expr: Any) -> str:
        return f"not ({self.doprint(expr.args[0])})"

    def _print_BooleanTrue(self, expr: Any) -> str:
        return "true"

    def _print_BooleanFalse(self, expr: Any) -> str:
        return "false"


class _Stating(_Saying):
    """The sides of a condition, which have no `[n > 1]` in the language, where that is a list."""

    def _print_Piecewise(self, expr: Expr) -> str:
        *cases, (last, _) = expr.args
        chosen = (f"{self.doprint(value)} if {self.doprint(case)} else" for value, case in cases)
        return f"({' '.join([*chosen, self.doprint(last)])})"
