"""Claims of orders of growth."""

from __future__ import annotations

import sympy
from sympy import Expr

from closedform import formula as w
from closedform.derive.arrange.forms import shortest
from closedform.derive.elaborate.model import reading
from closedform.derive.solve.closed import Closed
from closedform.derive.symbolic.expansion import expand
from closedform.derive.symbolic.growth import grows_no_faster
from closedform.derive.symbolic.wording import say
from closedform.errors import fail
from closedform.grammar import tree
from closedform.grammar.expressions import show


def check_order(form: Closed, claim: tree.OrderClaim, title: str) -> None:
    """Raise ClosedformError where a claim of an order does not hold."""
    context, scope = reading(form.derivation), form.derivation.scope
    growing = [context.size(name, scope) for name in claim.growing]
    for name, size in zip(claim.growing, growing, strict=True):
        if not size.is_Symbol:
            raise fail("claim", f"`{name.name}` is {say(size)} here and cannot grow", name.span)
    bound = _spelled_out(form, context.size(claim.bound, scope), growing)
    expr = _spelled_out(form, form.expr, growing)
    every = sorted(bound.free_symbols | expr.free_symbols, key=str)
    beyond = grows_no_faster(expr, bound, growing or every)
    if beyond:
        raise fail(
            "claim",
            f"{title} is not in O({show(claim.bound)})",
            claim.span,
            None,
            f"these terms grow faster: {w.plain(shortest(sympy.Add(*beyond), form.order))}",
            f"derived: {w.plain(form.written(stages='each'))}",
        )


def _spelled_out(form: Closed, expr: Expr, growing: list[Expr]) -> Expr:
    """An expression with every abbreviation written out down to the sizes that grow."""
    spelled = form.derivation.known.spelled
    for symbol in reversed(list(spelled)):
        if symbol not in growing:
            expr = expr.xreplace({symbol: spelled[symbol]})
    return expand(expr)
