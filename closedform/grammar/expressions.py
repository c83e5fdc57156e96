"""Expressions of the syntax tree as text, with no more parentheses than needed."""

from __future__ import annotations

from fractions import Fraction
from functools import singledispatch
from typing import Any

from closedform.grammar import tree

# How tightly each kind of expression binds; atoms bind tightest.
CHOICE, ANY, ALL, NOT, COMPARISON, PIPE, SUM, PRODUCT, NEGATIVE, POWER, ATOM = range(11)

BINDING: dict[type, int] = {
    tree.Choice: CHOICE,
    tree.AnyOf: ANY,
    tree.AllOf: ALL,
    tree.Not: NOT,
    tree.Comparison: COMPARISON,
    tree.Pipe: PIPE,
    tree.Sum: SUM,
    tree.Product: PRODUCT,
    tree.Negative: NEGATIVE,
    tree.Power: POWER,
}


def show(node: Any, least: int = CHOICE) -> str:
    """The text of an expression that stands where operators of at least `least` may stand.

    >>> from closedform.grammar.tree import Name, Number, Power, Sum
    >>> show(Power(Sum(Name("n"), (("-", Number(Fraction(1))),)), Number(Fraction(2))))
    '(n - 1)^2'
    """
    text = _show(node)
    return f"({text})" if BINDING.get(type(node), ATOM) < least else text


def show_number(value: Fraction) -> str:
    """An exact decimal; the parser makes no other fractions."""
    if value.denominator == 1:
        return str(value.numerator)
    digits, denominator = 0, value.denominator
    while (10**digits) % denominator:
        digits += 1
    whole = str(value.numerator * 10**digits // denominator).rjust(digits + 1, "0")
    return f"{whole[:-digits]}.{whole[-digits:]}"


def quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@singledispatch
def _show(node: Any) -> str:
    raise TypeError(f"no text for {type(node).__name__}")


@_show.register
def _(node: tree.Number) -> str:
    return show_number(node.value)


@_show.register
def _(node: tree.Text) -> str:
    return quote(node.value)


@_show.register
def _(node: tree.Name) -> str:
    return node.name


@_show.register
def _(node: tree.Measured) -> str:
    return f"{node.name} under {node.convention}"


@_show.register
def _(node: tree.Boolean) -> str:
    return "true" if node.value else "false"


@_show.register
def _(node: tree.Rest) -> str:
    return "..."


@_show.register
def _(node: tree.ListOf) -> str:
    return "[" + ", ".join(map(show, node.items)) + "]"


@_show.register
def _(node: tree.Shape) -> str:
    axes = [show(axis, SUM) for axis in node.axes]
    if node.sides is None:
        return "[" + ", ".join(axes) + "]"
    at = len(axes) - node.sides
    return ("[" + ", ".join(axes[:at]) + "; " + ", ".join(axes[at:])).rstrip() + "]"


@_show.register
def _(node: tree.Slice) -> str:
    start, stop = (show(part, SUM) if part else "" for part in (node.start, node.stop))
    return f"{start}:{stop}"


@_show.register
def _(node: tree.Index) -> str:
    items = ", ".join(
        _show(item) if isinstance(item, tree.Slice) else show(item, SUM) for item in node.items
    )
    return f"{show(node.base)}[{items}]"


@_show.register
def _(node: tree.Argument) -> str:
    return f"{node.name}={show(node.value, ANY)}" if node.name else show(node.value)


@_show.register
def _(node: tree.Call) -> str:
    return f"{node.function.name}(" + ", ".join(map(show, node.arguments)) + ")"


@_show.register
def _(node: tree.Negative) -> str:
    return "-" + show(node.operand, POWER)


@_show.register
def _(node: tree.Power) -> str:
    exponent = node.exponent
    if isinstance(exponent, tree.Negative):
        return f"{show(node.base, ATOM)}^-{show(exponent.operand, ATOM)}"
    return f"{show(node.base, ATOM)}^{show(exponent, ATOM)}"


@_show.register
def _(node: tree.Product) -> str:
    operands = [node.first, *(operand for _, operand in node.rest)]
    space = " " if any(isinstance(operand, tree.Pipe) for operand in operands) else ""
    rest = "".join(
        f"{space}{operator}{space}{show(operand, NEGATIVE)}" for operator, operand in node.rest
    )
    return show(node.first, NEGATIVE) + rest


@_show.register
def _(node: tree.Sum) -> str:
    rest = "".join(f" {operator} {show(operand, PRODUCT)}" for operator, operand in node.rest)
    return show(node.first, PRODUCT) + rest


@_show.register
def _(node: tree.Pipe) -> str:
    return " -> ".join([show(node.source, SUM), *map(show, node.stages)])


@_show.register
def _(node: tree.Comparison) -> str:
    return f"{show(node.left, PIPE)} {node.operator} {show(node.right, PIPE)}"


@_show.register
def _(node: tree.Not) -> str:
    return "not " + show(node.operand, COMPARISON)


@_show.register
def _(node: tree.AllOf) -> str:
    return " and ".join(show(operand, NOT) for operand in node.operands)


@_show.register
def _(node: tree.AnyOf) -> str:
    return " or ".join(show(operand, ALL) for operand in node.operands)


@_show.register
def _(node: tree.Choice) -> str:
    cases = "".join(
        f"{show(value, ANY)} if {show(condition, ANY)} else " for value, condition in node.cases
    )
    return cases + show(node.otherwise, ANY)
