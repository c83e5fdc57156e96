"""Sums of sizes that count in some cases only: (n - w) [n >= w] + w.

A guard is an atomic condition; its indicator is 1 where it holds and else 0. A form maps a product
of guards to what is multiplied with it. The laws [a][a] = [a], [not a] = 1 - [a] and
[t >= 2][t >= 5] = [t >= 5] hold by construction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import sympy
from sympy import Expr, Integer, Rational

from closedform.data import dataclass


@dataclass(frozen=True)
class AtLeast:
    """expr >= bound, for an expression without a constant term."""

    expr: Expr
    bound: Rational

    @property
    def condition(self) -> Any:
        return sympy.Ge(self.expr, self.bound)

    def follows(self, other: Guard) -> bool:
        """Whether this holds wherever another guard does."""
        same = isinstance(other, AtLeast) and other.expr == self.expr
        return same and bool(other.bound >= self.bound)  # type: ignore[union-attr]


@dataclass(frozen=True)
class Holds:
    """A condition of another kind: a divisibility."""

    condition: Any

    def follows(self, other: Guard) -> bool:
        return self == other


Guard: TypeAlias = AtLeast | Holds
Form: TypeAlias = dict[frozenset[Guard], Expr]

NONE: frozenset[Guard] = frozenset()
ZERO: Form = {}
ONE: Form = {NONE: Integer(1)}
MAX_PRODUCTS = 600


class TooManyCasesError(Exception):
    """A form would have too many products of guards."""


def plain(expr: Expr) -> Form:
    """A value that is the same in every case."""
    return {NONE: expr} if expr != 0 else {}


def of_guard(guard: Guard) -> Form:
    return {frozenset({guard}): Integer(1)}


def added(forms: Iterable[Form]) -> Form:
    """The sum of forms."""
    found: dict[frozenset[Guard], list[Expr]] = {}
    for form in forms:
        for guards, value in form.items():
            found.setdefault(guards, []).append(value)
    sums = {guards: sympy.Add(*values) for guards, values in found.items()}
    return {guards: value for guards, value in sums.items() if value != 0}


def multiplied(left: Form, right: Form) -> Form:
    """The product of two forms.

    >>> n = sympy.Symbol("n", integer=True, positive=True)
    >>> two, five = (of_guard(AtLeast(n, Integer(k))) for k in (2, 5))
    >>> multiplied(two, five) == five
    True
    """
    if len(left) * len(right) > MAX_PRODUCTS:
        raise TooManyCasesError
    products = ({_joined(a, b): x * y} for a, x in left.items() for b, y in right.items())
    return added(products)


def scaled(form: Form, factor: Expr) -> Form:
    return {guards: value * factor for guards, value in form.items()} if factor != 0 else {}


def opposite(form: Form) -> Form:
    """1 less a form: the indicator of what is not so."""
    return added((ONE, scaled(form, Integer(-1))))


def guards_of(*forms: Form) -> list[Guard]:
    """The guards of forms, in a fixed order."""
    found = {guard for form in forms for guards in form for guard in guards}
    return sorted(found, key=lambda guard: (isinstance(guard, Holds), str(guard.condition)))


def where(form: Form, guard: Guard, holds: bool) -> Form:
    """A form in the case that a guard holds, or does not."""
    parts = []
    for guards, value in form.items():
        if holds:
            parts.append({frozenset(g for g in guards if not g.follows(guard)): value})
        elif not any(guard.follows(g) for g in guards):
            parts.append({guards: value})
    return added(parts)


def lifted(function: Callable[..., Form], *forms: Form) -> Form:
    """A function of values that differ from case to case, in each case by itself."""
    guards = guards_of(*forms)
    if not guards:
        return function(*(form.get(NONE, Integer(0)) for form in forms))
    if len(guards) > 8:
        raise TooManyCasesError
    first = guards[0]
    yes = lifted(function, *(where(form, first, True) for form in forms))
    no = lifted(function, *(where(form, first, False) for form in forms))
    if yes == no:
        return yes
    difference = added((yes, scaled(no, Integer(-1))))
    return added((no, multiplied(of_guard(first), difference)))


def _joined(left: frozenset[Guard], right: frozenset[Guard]) -> frozenset[Guard]:
    """The guards of a product, without those that follow from others."""
    if not left or not right:
        return left or right
    both = left | right
    return frozenset(
        guard for guard in both if not any(guard != o and guard.follows(o) for o in both)
    )
