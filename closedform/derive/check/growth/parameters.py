"""Sizes that satisfy conditions, as expressions in parameters that are free."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sympy
from sympy import Expr, Symbol
from sympy.core.relational import Relational

from closedform.data import dataclass
from closedform.derive.check.growth.conditions import without_not
from closedform.derive.check.growth.prover import Statement
from closedform.derive.symbolic.atoms import Divides
from closedform.derive.symbolic.expansion import expand


@dataclass(frozen=True)
class Parameters:
    """Each size in parameters, and of which size a parameter is a part."""

    statement: Statement
    table: Mapping[Symbol, Expr]
    origin: Mapping[Symbol, Symbol]

    @property
    def fixed(self) -> list[Symbol]:
        """The parameters of what is held fixed."""
        held = [s for s in self.table if s not in self.statement.setting.varying]
        return sorted(
            {p for s in held for p in self.table[s].free_symbols}, key=sympy.default_sort_key
        )

    @property
    def moving(self) -> list[Symbol]:
        every = {p for expr in self.table.values() for p in expr.free_symbols}
        return sorted(every - set(self.fixed), key=sympy.default_sort_key)

    def must_grow(self, parameter: Symbol) -> bool:
        """Whether a size that grows does so with one parameter alone."""
        moving = set(self.moving)
        return any(
            expr.free_symbols & moving == {parameter}
            for size, expr in self.table.items()
            if size in self.statement.setting.growing
        )

    def put(self, parameter: Symbol, expr: Expr) -> Parameters:
        """Other parameters in the place of one."""
        table = {s: expand(e.xreplace({parameter: expr})) for s, e in self.table.items()}
        new = dict.fromkeys(expr.free_symbols - self.origin.keys(), self.origin[parameter])
        return replace(self, table=table, origin={**self.origin, **new})


def parametrized(statement: Statement) -> Iterator[Parameters]:
    """Parameters that satisfy what conditions say of single sizes; the others are left to check."""
    symbols = sorted(statement.symbols, key=sympy.default_sort_key)
    start = Parameters(statement, {s: s for s in symbols}, {s: s for s in symbols})
    conditions = [
        part
        for condition in statement.setting.conditions
        for part in sympy.And.make_args(without_not(condition))
    ]
    found = [*_satisfying(start, sorted(conditions, key=_kind))]
    for condition in _indicators(statement):  # where an indicator is 1, and where it is 0
        for part in (condition, without_not(sympy.Not(condition))):
            found += _satisfying(start, sorted([*conditions, part], key=_kind))
    yield from (p for at, p in enumerate(found) if p.table not in [q.table for q in found[:at]])


def _kind(condition: Any) -> int:
    """Equations first, then divisors, then the rest."""
    kinds = (sympy.Eq, Divides, Relational)
    return next((at for at, kind in enumerate(kinds) if isinstance(condition, kind)), len(kinds))


def _indicators(statement: Statement) -> list[Any]:
    """The conditions of the indicators that are about sizes alone."""
    found = {
        condition
        for side in (statement.left, statement.right)
        for piecewise in side.atoms(sympy.Piecewise)
        for _, condition in piecewise.args
        if condition not in (True, sympy.true) and condition.free_symbols <= statement.symbols
    }
    return sorted(found, key=sympy.default_sort_key)


def _satisfying(parameters: Parameters, conditions: Sequence[Any]) -> Iterator[Parameters]:
    if not conditions:
        yield parameters
        return
    first, *others = conditions
    first = first.xreplace(parameters.table)
    for found in _ways(parameters, first):
        yield from _satisfying(found, others)


def _ways(parameters: Parameters, condition: Any) -> Iterator[Parameters]:
    """What satisfies one condition; the parameters as they are where it is not that simple."""
    if isinstance(condition, sympy.Eq):
        found = _alone(expand(condition.lhs - condition.rhs), parameters)
        yield parameters if found is None else parameters.put(*found)
    elif isinstance(condition, Divides):
        yield _multiple(parameters, *condition.args)
    elif isinstance(condition, sympy.Not) and isinstance(condition.args[0], Divides):
        divisor, dividend = condition.args[0].args
        yield _multiple(parameters, divisor, dividend - 1)
    elif isinstance(condition, Relational) and not isinstance(condition, sympy.Ne):
        found = _alone(expand(condition.gts - condition.lts), parameters, above=True)
        yield parameters
        if found is None:
            return
        symbol, least = found
        yield parameters.put(symbol, least + _new(symbol))
        if isinstance(condition, sympy.Le | sympy.Ge) and least.is_positive:
            yield parameters.put(symbol, least)
    else:
        yield parameters


def _new(symbol: Symbol) -> Symbol:
    return sympy.Dummy(symbol.name, integer=True, positive=True)


def _alone(
    difference: Expr, parameters: Parameters, above: bool = False
) -> tuple[Symbol, Expr] | None:
    """A parameter that stands alone in a sum, and what it is where the sum is 0.

    `above`: it is to be larger than that, which is positive, and no plain number if it grows.
    """
    for symbol in sorted(difference.free_symbols, key=sympy.default_sort_key):
        factor = difference.coeff(symbol)
        rest = expand(difference - factor * symbol)
        if rest.has(symbol) or factor not in ((1,) if above else (1, -1)):
            continue
        value = expand(-rest / factor)
        if above and not value.is_nonnegative:
            continue
        if above and value.is_number and symbol in parameters.statement.setting.growing:
            continue
        return symbol, value
    return None


def _multiple(parameters: Parameters, divisor: Expr, dividend: Expr) -> Parameters:
    """A parameter as a multiple of the divisor, so that the dividend is one."""
    for symbol in sorted(dividend.free_symbols - divisor.free_symbols, key=sympy.default_sort_key):
        if not dividend.is_Add and dividend.as_powers_dict().get(symbol, 0) >= 1:
            return parameters.put(symbol, divisor * _new(symbol))
        factor = dividend.coeff(symbol)
        rest = dividend - factor * symbol
        if factor in (1, -1) and not rest.has(symbol):
            return parameters.put(symbol, expand((divisor * _new(symbol) - rest) / factor))
    return parameters
