"""Sums over an index in normal form: closed where conditions on the index only move its bounds."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import count
from typing import Any

import sympy
from sympy import Expr, Integer, Symbol

from closedform.derive.assume.proofs.guarded import (
    ONE,
    AtLeast,
    Form,
    Guard,
    Holds,
    added,
    guards_of,
    lifted,
    multiplied,
    of_guard,
    plain,
    scaled,
)
from closedform.derive.assume.proofs.normal import Laws
from closedform.derive.assume.proofs.polynomials import fraction_of, nonnegative
from closedform.derive.symbolic.atoms import BigSum, Divides, indicator
from closedform.derive.symbolic.expansion import expand
from closedform.derive.symbolic.sums import summed

MAX_MODULUS = 8
ROUNDED = (sympy.floor, sympy.ceiling, sympy.Sum, sympy.Piecewise)


class SumLaws(Laws):
    """The laws of sizes and those of sums.

    >>> from closedform.derive.assume.proofs.situation import Fuel, Situation
    >>> i, n, p = sympy.symbols("i n p", integer=True, positive=True)
    >>> laws = SumLaws(Situation(Fuel()))
    >>> laws.form(BigSum(indicator(Divides(p, i)), (i, 1, n)))
    {frozenset(): floor(n/p)}
    """

    def sum(self, expr: Expr) -> Form:
        body, (index, first, last) = expr.args
        return lifted(
            lambda first, last: self._over(body, index, first, last),
            self.form(first),
            self.form(last),
        )

    def _over(self, body: Expr, index: Symbol, first: Expr, last: Expr) -> Form:
        if expand(last - first + 1) == 0:
            return {}
        inside = type(self)(self.situation.supposing(sympy.Ge(index, first), sympy.Le(index, last)))
        if inside.situation.impossible:
            return {}
        parts = []
        for guards, value in inside.form(inside.situation.put(body)).items():
            outer = [of_guard(guard) for guard in guards if not guard.condition.has(index)]
            inner = [guard for guard in guards if guard.condition.has(index)]
            for term in sympy.Add.make_args(expand(value)):
                factor, part = term.as_independent(index, as_Add=False)
                total = self._sum_of(part, inner, index, first, last)
                parts.append(scaled(reduce(multiplied, [*outer, total], ONE), factor))
        return added(parts)

    def _sum_of(
        self, part: Expr, guards: Sequence[Guard], index: Symbol, first: Expr, last: Expr
    ) -> Form:
        """The sum of one term over the steps in which all guards hold."""
        lows, highs, divisions = [first], [last], []
        for guard in guards:
            if isinstance(guard, Holds) and isinstance(guard.condition, Divides):
                divisions.append(guard.condition.args)
                continue
            slope = _slope(guard.expr, index) if isinstance(guard, AtLeast) else None
            if slope is None:
                return _unsolved(part, guards, index, first, last)
            assert isinstance(guard, AtLeast)
            limit = (guard.bound - expand(guard.expr - slope * index)) / slope
            if slope > 0:
                lows.append(sympy.ceiling(limit))
            else:
                highs.append(sympy.floor(limit))
        step, shift = self._steps_of(divisions, part, index)
        if step is None:
            return _unsolved(part, guards, index, first, last)
        low, high = (self.form(sympy.Max(*lows)), self.form(sympy.Min(*highs)))
        if step == 1 and shift == 0:
            return lifted(lambda a, b: self._closed(part, index, a, b), low, high)
        return self._in_steps(part, index, low, high, step, shift, not divisions)

    def _steps_of(
        self, divisions: Sequence[tuple[Expr, Expr]], part: Expr, index: Symbol
    ) -> tuple[Expr | None, Expr]:
        """The step and the shift in which the index runs: p t - c where p divides i + c."""
        if len(divisions) > 1:
            return None, Integer(0)
        for divisor, dividend in divisions:
            slope = _slope(dividend, index)
            if divisor.has(index) or slope not in (1, -1):
                return None, Integer(0)
            return divisor, expand(slope * dividend - index)
        if not part.has(*ROUNDED):
            return Integer(1), Integer(0)
        bottoms = [
            fraction_of(atom.args[0])[1]
            for atom in part.atoms(sympy.floor, sympy.ceiling)
            if atom.has(index)
        ]
        if part.has(sympy.Sum, sympy.Piecewise) or not all(b.is_Integer for b in bottoms):
            return None, Integer(0)
        step = sympy.ilcm(1, *bottoms)
        return (step, Integer(0)) if step <= MAX_MODULUS else (None, Integer(0))

    def _in_steps(
        self,
        part: Expr,
        index: Symbol,
        low: Form,
        high: Form,
        step: Expr,
        shift: Expr,
        every: bool,
    ) -> Form:
        """A sum over i = p t - c; with `every` over all remainders, p being a number."""
        t = sympy.Dummy("t", integer=True, nonnegative=True)
        found = []
        for remainder in range(int(step)) if every else (0,):
            at = step * t - shift + remainder
            moved = shift - remainder
            begin = lifted(lambda a: self.form(sympy.ceiling((a + moved) / step)), low)  # noqa: B023
            end = lifted(lambda b: self.form(sympy.floor((b + moved) / step)), high)  # noqa: B023
            body = part.xreplace({index: at})
            found.append(lifted(lambda a, b: self._over(body, t, a, b), begin, end))  # noqa: B023
        return added(found)

    def _closed(self, part: Expr, index: Symbol, first: Expr, last: Expr) -> Form:
        """The sum of a polynomial or a power over first..last, which may be empty."""
        total = summed(part, index, first, last)
        if total.has(sympy.Sum, sympy.Piecewise):
            return _unsolved(part, (), index, first, last)
        steps = expand(last - first + 1)
        if nonnegative(steps) or self.situation.at_least(steps):
            return plain(total)
        return scaled(self._at_least(steps), total)


def _slope(expr: Expr, index: Symbol) -> Any:
    """The whole coefficient of an index in a sum that is linear in it, else None."""
    slope = expr.coeff(index)
    linear = slope.is_Integer and slope != 0 and not (expr - slope * index).has(index)
    return slope if linear else None


def _unsolved(part: Expr, guards: Sequence[Guard], index: Symbol, first: Expr, last: Expr) -> Form:
    """A sum that stays, with an index of one name."""
    conditions = [indicator(guard.condition) for guard in guards_of({frozenset(guards): part})]
    body = sympy.Mul(part, *conditions)
    names = {symbol.name for symbol in body.atoms(Symbol)}
    free = next(name for k in count() if (name := f"_{k}") not in names)
    name = Symbol(free, **index.assumptions0)
    return plain(BigSum(body.xreplace({index: name}), (name, first, last)))
