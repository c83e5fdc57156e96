"""A closed form along one size: the others are numbers, or follow from it.

>>> from closedform.api import zoo
>>> vit = zoo("vit")
>>> values = vit.macs._values("ViT-B/16", {})
>>> along(vit.part("EncoderLayer.MLP").macs._closed, "N", values).expr
4718592*x + 4718592
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property
from typing import Any

import sympy
from sympy import Expr, Symbol

from closedform import formula as w
from closedform.data import dataclass
from closedform.derive.arrange.writing import Order, write
from closedform.derive.solve.closed import Closed
from closedform.derive.solve.express import express
from closedform.derive.solve.given import dims_values
from closedform.derive.solve.numbers import check_facts, check_sizes, check_stated
from closedform.derive.symbolic.exact import NoNumberError as NoExactNumberError
from closedform.derive.symbolic.exact import exact
from closedform.derive.symbolic.unwritten import Alive
from closedform.errors import fail
from closedform.formula.numbers import NoNumberError, Numbers

X = Symbol("x", integer=True, positive=True)


@dataclass(frozen=True)
class Along:
    """A cost as a function of X; `conditions` is what the file asks of X, `whole` are sizes that
    must be whole there."""

    name: str
    expr: Expr
    conditions: tuple[Any, ...] = ()
    whole: tuple[Expr, ...] = ()

    def allows(self, x: int) -> bool:
        """Whether what is assumed holds at a number."""
        here = {X: sympy.Integer(x)}
        if any(c.xreplace(here) == sympy.false for c in self.conditions):
            return False
        sizes = (size.xreplace(here).doit() for size in self.whole)
        return all(size.is_Integer and size > 0 for size in sizes)

    def at(self, x: int) -> Fraction | None:
        """The exact value; None where what is assumed does not hold."""
        if not self.allows(x):
            return None
        try:
            if self.expr.has(Alive):
                return exact(self.expr, {X: Fraction(x)})
            return Numbers({X.name: w.Number(x)}).of(self._written)
        except (NoNumberError, NoExactNumberError):
            return None

    @cached_property
    def _written(self) -> w.Written:
        return write(self.expr, Order())


def along(form: Closed, size: str, values: Mapping[Symbol, Expr]) -> Along:
    """A closed form as a function of one size or abbreviation, the others at the values.

    Raises ClosedformError when another size has no value, or one that cannot be.
    """
    derivation = form.derivation
    lets = {symbol.name: symbol for symbol in derivation.known.spelled}
    if size in lets:  # no size follows from an abbreviation, so no condition on one does
        _check(form, _table(form, lets[size], values), values)
        return Along(size, in_one(express(form, (size,)), lets[size], values))
    symbol, *more = dims_values(derivation, {size: 1})
    if more:
        advice = f"choose one of them, such as `{symbol}`"
        raise fail("argument", f"`{size}` has a value for each stage", None, advice)
    _check(form, _table(form, symbol, values), values)
    return Along(size, in_one(form, symbol, values), asked_of(form, symbol, values))


def asked_of(form: Closed, symbol: Symbol, values: Mapping[Symbol, Expr]) -> tuple[Any, ...]:
    """What the file asks of X in the place of a size, the others at the values."""
    derivation, table = form.derivation, _table(form, symbol, values)
    stated = [fact for fact in derivation.known.facts if fact.reason == "assumed"]
    found = [_put_in(fact.condition, table) for fact in dict.fromkeys((*derivation.facts, *stated))]
    found += [
        _put_in(sympy.Or(sympy.Not(case), size >= 1), table)  # no axis is empty
        for size, case in derivation.positive
    ]
    return tuple(c.xreplace({symbol: X}) for c in found if c.free_symbols == {symbol})


def in_x(value: Expr, form: Closed, size: str, values: Mapping[Symbol, Expr]) -> Expr:
    """A formula in the sizes of a closed form, along one of them."""
    symbol, *_ = dims_values(form.derivation, {size: 1})
    return _put_in(value, _table(form, symbol, values)).xreplace({symbol: X})


def in_one(form: Closed, symbol: Symbol, values: Mapping[Symbol, Expr]) -> Expr:
    """A closed form with X for the symbol and numbers for all others."""
    expr = _put_in(form.expr, _table(form, symbol, values))
    missing = sorted(s.name for s in expr.free_symbols - {symbol})
    if missing:
        verb = "has" if len(missing) == 1 else "have"
        message = f"{', '.join(f'`{name}`' for name in missing)} {verb} no value"
        raise fail("argument", message, None, "name a preset, or give the size")
    return sympy.expand(expr.xreplace({symbol: X}).doit())


def _table(form: Closed, symbol: Symbol, values: Mapping[Symbol, Expr]) -> dict[Symbol, Expr]:
    """What stands for each size and abbreviation but the symbol."""
    derivation = form.derivation
    table = {**derivation.known.spelled, **derivation.defaults, **values}
    table.pop(symbol, None)
    return table


def _check(form: Closed, table: Mapping[Symbol, Expr], values: Mapping[Symbol, Expr]) -> None:
    """Refuse numbers for the other sizes at which the formula says nothing."""
    found = {symbol: _put_in(value, table) for symbol, value in table.items()}
    settled = {symbol: value for symbol, value in found.items() if value.is_Number}
    lets = form.derivation.known.spelled.keys() - values.keys()  # which may be 0
    check_sizes(form.derivation, {s: v for s, v in settled.items() if s not in lets}, values)
    check_stated(form.derivation, settled)
    check_facts(form.derivation, settled)


def _put_in(expr: Any, table: Mapping[Symbol, Expr]) -> Any:
    for _ in range(len(table) + 1):
        if not expr.free_symbols & table.keys():
            break
        expr = expr.xreplace(table)
    return expr
