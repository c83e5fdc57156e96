"""An expression of a file as a formula that stands as the file has it: nothing is worked out.

>>> from closedform.formula import plain
>>> from closedform.grammar.parser import parse_conditions
>>> (condition,) = parse_conditions("n == 2*(side + 1)^2", "<text>")
>>> plain(stated(condition))
'n = 2 (side + 1)^2'
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch

from closedform import formula as w
from closedform.formula.joining import bare, bracketed, opposite, product
from closedform.grammar import tree
from closedform.grammar.expressions import show


def stated(node: tree.Expression) -> w.Written:
    """The formula of an expression, term by term and factor by factor."""
    return _stated(node)


def _counted(node: tree.Expression) -> w.Written:
    """An expression among numbers, where a condition counts as 1 or 0."""
    found = _stated(node)
    return w.Indicator(found) if isinstance(found, w.Condition) else found


@singledispatch
def _stated(node: tree.Node) -> w.Written:
    """What is no formula stands as it is."""
    text = show(node)
    return w.Symbol(text, sign=text)


@_stated.register
def _(node: tree.Number) -> w.Written:
    above, below = node.value.numerator, node.value.denominator
    return w.Number(above) if below == 1 else w.Fraction(w.Number(above), w.Number(below))


@_stated.register
def _(node: tree.Name) -> w.Written:
    return w.Symbol(node.name)


@_stated.register
def _(node: tree.Index) -> w.Written:
    base = show(node.base)
    return w.Symbol(base, ",".join(show(item).replace(" ", "") for item in node.items))


@_stated.register
def _(node: tree.ListOf) -> w.Written:
    items = tuple(map(_stated, node.items))
    if len(items) == 1 and isinstance(items[0], w.Condition):
        return w.Indicator(items[0])
    return w.Function("", items)


@_stated.register
def _(node: tree.Call) -> w.Written:
    values = [argument.value for argument in node.arguments]
    name, sums = node.function.name, node.function.name == "sum" and len(values) == 4
    if sums and isinstance(values[0], tree.Name):
        first, last, body = map(_counted, values[1:])
        return w.BigSum(values[0].name, first, last, body)
    return w.Function(name, tuple(map(_counted, values)))


@_stated.register
def _(node: tree.Negative) -> w.Written:
    return opposite(_counted(node.operand))


@_stated.register
def _(node: tree.Power) -> w.Written:
    return w.Power(bracketed(_counted(node.base)), _counted(node.exponent))


@_stated.register
def _(node: tree.Product) -> w.Written:
    factors = [bracketed(_counted(node.first))]
    for operator, operand in node.rest:
        part = _counted(operand)
        if operator == "*":
            factors.append(bracketed(part))
        else:
            factors = [w.Fraction(bare(product(*factors)), part)]
    return product(*factors)


@_stated.register
def _(node: tree.Sum) -> w.Written:
    terms = [_counted(node.first)]
    for operator, operand in node.rest:
        part = _counted(operand)
        terms.append(opposite(part) if operator == "-" else part)
    return w.Sum(tuple(terms))


@_stated.register
def _(node: tree.Choice) -> w.Written:
    """Each case times 1 where its condition holds, and 0 where it does not."""
    found = _counted(node.otherwise)
    for value, condition in reversed(node.cases):
        holds = _stated(condition)
        terms = [w.Product((bracketed(_counted(value)), w.Indicator(holds)))]
        if found != w.Number(0):
            no = w.Indicator(w.Condition("not", (holds,)))
            terms.append(w.Product((bracketed(found), no)))
        found = w.Sum(tuple(terms)) if len(terms) > 1 else terms[0]
    return found


@_stated.register
def _(node: tree.Comparison) -> w.Written:
    operator = "=" if node.operator == "==" else node.operator
    return w.Condition(operator, (_stated(node.left), _stated(node.right)))


@_stated.register
def _(node: tree.Not) -> w.Written:
    return w.Condition("not", (_stated(node.operand),))


@_stated.register
def _(node: tree.AllOf) -> w.Written:
    return _joined("and", node.operands)


@_stated.register
def _(node: tree.AnyOf) -> w.Written:
    return _joined("or", node.operands)


def _joined(operator: str, operands: Sequence[tree.Expression]) -> w.Written:
    return w.Condition(operator, tuple(map(_stated, operands)))
