"""Conditions in one spelling, and which of them simply follow from another."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import sympy
from sympy import Expr, Symbol

from closedform.derive.symbolic.atoms import Divides
from closedform.derive.symbolic.expansion import expand

MOST = 40  # terms of a side of what may follow


@cache
def plain_relation(condition: Any) -> Any:
    """An inequality with whole coefficients and what is subtracted on the other side.

    Two that differ only in how they are written become the same; other conditions stay.

    >>> from closedform.derive.symbolic.symbols import size_symbol
    >>> from closedform.derive.symbolic.wording import say
    >>> n, w = size_symbol("n"), size_symbol("w")
    >>> say(plain_relation(n - w >= 0)), say(plain_relation(0 < n / 2 - 3))
    ('w <= n', 'n > 6')
    """
    if not isinstance(condition, sympy.Lt | sympy.Le | sympy.Gt | sympy.Ge):
        return condition
    strict = isinstance(condition, sympy.Lt | sympy.Gt)
    constant, rest = expand(condition.gts - condition.lts).as_coeff_Add()
    content = rest.as_content_primitive()[0] if rest != 0 else 1
    terms = sympy.Add.make_args(rest / content + constant / content)
    more = sympy.Add(*(term for term in terms if not term.could_extract_minus_sign()))
    less = -sympy.Add(*(term for term in terms if term.could_extract_minus_sign()))
    if less.is_number:
        return sympy.Gt(more, less) if strict else sympy.Ge(more, less)
    return sympy.Lt(less, more) if strict else sympy.Le(less, more)


def being(size: Symbol, value: Expr) -> Iterator[Any]:
    """What a value must satisfy for a size to stand for it: whole, positive or at least 0, as the
    size is.

    >>> from closedform.derive.symbolic.symbols import ratio_symbol, size_symbol
    >>> a, b = size_symbol("a"), size_symbol("b")
    >>> [*being(size_symbol("n"), a / b)], [*being(ratio_symbol("r", maybe_zero=True), a - b)]
    ([b | a, a/b >= 1], [a - b >= 0])
    """
    if size.is_integer and not value.is_integer:
        dividend, divisor = sympy.fraction(sympy.together(value))
        yield Divides(divisor, dividend)
    if size.is_positive:
        yield sympy.Ge(value, 1) if size.is_integer else sympy.Gt(value, 0)
    elif size.is_nonnegative:
        yield sympy.Ge(value, 0)


def implies(strong: Any, weak: Any) -> bool:
    """Whether one condition simply follows from another: 32 | n gives 8 | n, n > 6 gives n > 2.

    >>> from closedform.derive.symbolic.symbols import size_symbol
    >>> n = size_symbol("n")
    >>> implies(Divides(32 * n, n**2), Divides(8, n)), implies(n > 6, n >= 2), implies(n > 2, n > 6)
    (True, True, False)
    """
    if isinstance(strong, Divides) and isinstance(weak, Divides):
        (divisor, dividend), (other, multiple) = strong.args, weak.args
        return bool(expand(multiple * divisor / (other * dividend)).is_integer)
    inequalities = sympy.Lt | sympy.Le | sympy.Gt | sympy.Ge
    if any(len(sympy.Add.make_args(side)) > MOST for side in weak.args):
        return bool(strong == weak)  # of so many terms nothing follows simply
    strong, weak = plain_relation(strong), plain_relation(weak)
    if not (isinstance(strong, inequalities) and isinstance(weak, inequalities)):
        return bool(strong == weak)
    further = expand(weak.gts - weak.lts - strong.gts + strong.lts)
    stricter = isinstance(weak, sympy.Lt | sympy.Gt) and isinstance(strong, sympy.Le | sympy.Ge)
    return bool(further.is_positive if stricter else further.is_nonnegative)
