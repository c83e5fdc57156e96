"""`sum(s, 1, 4, C[s]^2)`: a sum over an index, of numbers or with sizes as its bounds."""

from __future__ import annotations

import sympy
from sympy import Expr, Integer, Symbol

from closedform.derive.elaborate.context import Context
from closedform.derive.elaborate.values import Applied, Scope, Value
from closedform.derive.resolve.library import standard_library
from closedform.derive.symbolic.sums import summed
from closedform.derive.symbolic.symbols import size_symbol
from closedform.derive.symbolic.wording import say
from closedform.errors import fail
from closedform.grammar import tree
from closedform.grammar.expressions import show

MAX_TERMS = 1024  # of a sum over numbers that is written out


def is_sum(function: Value, node: tree.Call) -> bool:
    """Whether a call is a sum over an index, and not of the operation `sum` on tensors.

    Raises ClosedformError for one that is neither: `sum(s=1, 4, C[s])`.
    """
    if function != Applied(standard_library().names["sum"]):
        return False
    names = [argument.name for argument in node.arguments]
    values = [argument.value for argument in node.arguments]
    if len(values) == 4 and not any(names) and isinstance(values[0], tree.Name):
        return True
    of_tensor = any(isinstance(value, tree.Text) for value in values)
    if not values or of_tensor or (len(values) == 2 and not any(names)):
        return False
    begun = names[0] is not None and len(values) == 3  # s=1, 4, C[s]
    parts = [names[0] or "", *map(show, values)] if begun else ["s", "1", "4", "C[s]"]
    raise fail(
        "argument",
        "this is no sum over an index, and none of a tensor",
        node.span,
        f"a sum over an index is written `sum({', '.join(parts)})`",
    )


def sum_over(context: Context, node: tree.Call, scope: Scope) -> Expr:
    """The sum of an expression for each value of an index, closed where there is a closed form."""
    index, low, high, term = (argument.value for argument in node.arguments)
    assert isinstance(index, tree.Name)  # that is asked by `is_sum`
    context.names.check_index(index, scope)
    first, last = (context.size(bound, scope, "a bound") for bound in (low, high))
    for bound, part in ((first, low), (last, high)):
        context.obligations.whole(bound, part.span, "a bound")
    inner = scope.inner()
    if first.is_Integer and last.is_Integer and last - first < MAX_TERMS:
        if last < first - 1:
            raise fail(
                "range",
                f"this sum has no terms: {say(last)} is less than {say(first)}",
                node.span,
                "a sum counts upwards",
            )
        terms = []
        for at in range(int(first), int(last) + 1):
            inner.names[index.name] = Integer(at)
            terms.append(context.size(term, inner))
        return sympy.Add(*terms)
    message = "a sum may not have a negative number of terms"
    context.obligations.holds(sympy.Ge(last - first + 1, 0), node.span, message)
    symbol = _symbol(context, index.name, first)
    inner.names[index.name] = symbol
    known = context.known
    known.ranges[symbol] = (first, last)
    outside = known.facts
    known.facts = [fact for fact in outside if not fact.condition.has(symbol)]  # of other loops
    before = len(known.facts)
    try:
        value = context.size(term, inner)
        more = known.facts[before:]
    finally:
        del known.ranges[symbol]
        known.facts = outside
    for fact in more:
        if fact.condition.has(symbol):
            message = f"{fact} is {fact.why} and is not proved for each {say(symbol)}"
            raise fail("type", message, term.span)
    known.facts += more
    return summed(value, symbol, first, last)


def _symbol(context: Context, name: str, first: Expr) -> Symbol:
    """The symbol of an index; it is known to be positive where it is."""
    if context.known.decide(sympy.Ge(first, 1)):
        return size_symbol(name)
    if context.known.decide(sympy.Ge(first, 0)):
        return Symbol(name, integer=True, nonnegative=True)
    return Symbol(name, integer=True)
