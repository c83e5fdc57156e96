"""The names in a formula: what each stands for, and what can stand for it."""

from __future__ import annotations

import sympy
from sympy import Expr, Symbol

from closedform.data import dataclass
from closedform.derive.arrange.writing import Order, write
from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.solve.given import number, size_table, unknown
from closedform.derive.symbolic.symbols import size_symbol
from closedform.errors import ClosedformError, fail


@dataclass(frozen=True)
class Sizes:
    """The sizes, abbreviations and stages of a formula by their names."""

    derivation: Derivation

    @property
    def table(self) -> dict[str, tuple[Symbol, ...]]:
        """The symbols of each."""
        stages = {s.name: (s,) for s in self.derivation.stage_symbols}
        spelled = {s.name: (s,) for s in self.derivation.known.spelled}
        return {**stages, **spelled, **size_table(self.derivation)}

    def symbol(self, name: str) -> Symbol:
        """The symbol of a single size or abbreviation."""
        found = self.table.get(name)
        if found is None:
            raise self.unknown(name)
        if len(found) > 1:
            near = f"choose one of them, such as `{found[0]}`"
            raise fail("argument", f"`{name}` has a value for each stage", None, near)
        return found[0]

    def ours(self, expr: Expr) -> Expr:
        """An expression of SymPy in our symbols: those of one name are one symbol."""
        table = self.table
        named = {
            s: table[s.name][0] if len(table.get(s.name, ())) == 1 else size_symbol(s.name)
            for s in expr.free_symbols
            if isinstance(s, Symbol) and not (s.is_positive and s.is_rational)
        }
        return expr.xreplace(named)

    def unknown(self, name: str) -> ClosedformError:
        """The error for a name that is none of them."""
        return unknown(self.derivation, name, self.table)

    def replacement(self, name: str, value: object) -> Expr:
        """What a size is replaced by: a number, an expression, or another name."""
        if isinstance(value, str):
            if not value.isidentifier():
                raise fail("type", f"`{name}` takes a name, and {value!r} is none")
            known = self.table.get(value)
            return known[0] if known and len(known) == 1 else size_symbol(value)
        found = exact(name, value)
        return found if found.is_Number else self.ours(found)


def is_exact(expr: Expr) -> bool:
    """Whether an expression of SymPy is one of formulas: no infinity, no decimals, no sine."""
    if expr.has(sympy.Float, sympy.nan, sympy.zoo):
        return False
    try:
        write(expr, Order())
    except TypeError:
        return False
    return True


def exact(name: str, value: object) -> Expr:
    """A number that a size is given."""
    if isinstance(value, Expr) and is_exact(value):
        return value
    return sympy.Rational(number(name, value))
