"""Formulas in sums, products and quotients, and whether two are equal."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import isfinite
from numbers import Integral
from typing import Self, TypeAlias

import sympy
from sympy import Expr

from closedform.checked import all_checked
from closedform.derive.assume.proofs.equality import equality
from closedform.derive.check.comparisons import all_that_holds
from closedform.derive.solve.made import Made, joined, joined_order, nameless, quotient
from closedform.derive.symbolic.expansion import expand
from closedform.errors import fail
from closedform.explore.answer import Answer
from closedform.explore.quantities.expression import Expression
from closedform.explore.quantities.sizes import is_exact

Operand: TypeAlias = "Expression | int | Fraction | Expr"


@all_checked
class Arithmetic(Expression):
    """An expression that takes part in arithmetic: symbols of one name are one symbol."""

    def __add__(self, other: Operand) -> Self:
        return self._with(other, lambda a, b: expand(a + b), _sum_unit)

    def __radd__(self, other: Operand) -> Self:
        return self + other

    def __sub__(self, other: Operand) -> Self:
        return self._with(other, lambda a, b: expand(a - b), _sum_unit)

    def __rsub__(self, other: Operand) -> Self:
        return -self + other

    def __neg__(self) -> Self:
        return self * -1

    def __pos__(self) -> Self:
        return self

    def __mul__(self, other: Operand) -> Self:
        return self._with(other, lambda a, b: expand(a * b), _product_unit)

    def __rmul__(self, other: Operand) -> Self:
        return self * other

    def __truediv__(self, other: Operand) -> Self:
        return self._with(other, _over, _ratio_unit)

    def __rtruediv__(self, other: Operand) -> Self:
        return self._with(other, lambda a, b: _over(b, a), lambda a, b: "")

    def __pow__(self, power: int) -> Self:
        if isinstance(power, bool) or not isinstance(power, int) or power < 0:
            raise fail("type", f"a formula has whole powers from 0 on, and this is {power!r}")
        return self._of(expand(self.expr**power), nameless(""))

    def equals(self, other: Operand) -> Answer:
        """Whether this is the same as another formula, wherever what both assume holds.

        >>> from closedform.api import zoo
        >>> vit = zoo("vit")
        >>> vit.macs.equals(vit.macs.base)
        proved
        """
        operand = self._operand(other)
        if operand is None:
            raise fail("type", f"a formula is compared with a formula or a number, not {other!r}")
        derivation = joined([self._closed.derivation, operand._closed.derivation])
        return Answer(equality(all_that_holds(derivation), self.expr, operand.expr))

    def __eq__(self, other: object) -> bool:
        """Whether both are proved equal. Raises ClosedformError where that is not decided."""
        if self._operand(other) is None:
            return NotImplemented
        return bool(self.equals(other))

    def __lt__(self, other: object) -> bool:
        raise fail(
            "type",
            "which of two formulas is larger depends on their sizes",
            None,
            "compare their values at sizes, or ask with `.overtakes`",
        )

    __le__ = __gt__ = __ge__ = __lt__

    def __hash__(self) -> int:
        """That of its number, where it is one, else of its sizes without those that others make."""
        value = self._closed.base.xreplace(self._closed.derivation.known.definitions)
        if value.is_Rational:
            return hash(Fraction(value.p, value.q))
        return hash(frozenset(map(str, value.free_symbols)))

    def _operand(self, other: object) -> Expression | None:
        """What an operator is given, as a formula; None where it can be none."""
        if isinstance(other, Expression):
            return other
        if isinstance(other, bool) or not isinstance(other, Integral | Fraction | Expr):
            return None
        value = sympy.Rational(other) if not isinstance(other, Expr) else self._sizes.ours(other)
        if isinstance(other, Expr) and not is_exact(value):
            return None
        return self._of(value, nameless(""))

    def _with(
        self,
        other: Operand,
        combine: Callable[[Expr, Expr], Expr],
        unit: Callable[[str, str], str],
    ) -> Self:
        operand = self._operand(other)
        if isinstance(other, float):
            near = f"write {Fraction(other).limit_denominator(1000)!r}" if isfinite(other) else None
            raise fail("type", f"a formula is exact, and {other} is not", None, near)
        if operand is None and isinstance(other, str | bool | complex | None | Expr):
            advice = 'a size is `.symbols["D"]` of a formula, a number an int or a Fraction'
            raise fail("type", f"{other!r} is no formula and no exact number", None, advice)
        if operand is None:
            return NotImplemented  # type: ignore[no-any-return]  # what an operator gives then
        both = self._closed, operand._closed
        units = unit(*(form.measure.unit for form in both))
        made = Made(
            nameless(units),
            joined([form.derivation for form in both]),
            value=combine(self.expr, operand.expr),
            arranged=joined_order([form.order for form in both]),
        )
        also = (*self._origins, *operand._origins)
        return type(self)(self._project, self._entity, made, self._form, also)


def _over(above: Expr, below: Expr) -> Expr:
    if below == 0:
        raise fail("fraction", "a formula is divided by 0")
    return quotient(above, below)


# Units -------------------------------------------------------------------------------------


def _sum_unit(one: str, other: str) -> str:
    return one if one == other or not other else other if not one else ""


def _product_unit(one: str, other: str) -> str:
    return one or other if not one or not other else ""


def _ratio_unit(one: str, other: str) -> str:
    return "" if one == other else f"{one} / {other}" if one and other else one
