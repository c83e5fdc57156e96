"""The text of a formula, for terminals and errors.

>>> from closedform.formula.tree import Number, Power, Product, Sum, Symbol
>>> n, d = Symbol("n"), Symbol("d")
>>> plain(Sum((Product((Number(4), n, Power(d, Number(2)))), Product((Number(-2), d)))))
'4 n d^2 - 2 d'
"""

from __future__ import annotations

from functools import singledispatch

from closedform.formula.precedence import LINE, Level, Part, begins_with_digit, parts
from closedform.formula.tree import (
    BigSum,
    Braced,
    Condition,
    Fraction,
    Function,
    Indicator,
    Number,
    Power,
    Product,
    Sum,
    Symbol,
    Written,
)


def plain(node: Written) -> str:
    """The text of a formula."""
    return _text(node, Level.ANYTHING)


def _shown(part: Part) -> str:
    text = _text(part.node, part.least)
    return f"({text})" if part.bracketed else text


def _inner(node: Written, least: Level = Level.ANYTHING) -> list[str]:
    return [_shown(part) for part in parts(node, LINE, least)]


@singledispatch
def _text(node: Written, least: Level) -> str:
    raise TypeError(f"no text for {type(node).__name__}")


@_text.register
def _(node: Number, least: Level) -> str:
    return str(node.value)


@_text.register
def _(node: Symbol, least: Level) -> str:
    name = node.sign or node.name
    if node.index is None:
        return name
    return f"{name}_{node.index}" if node.index.isalnum() else f"{name}_({node.index})"


@_text.register
def _(node: Sum, least: Level) -> str:
    first, *rest = parts(node, LINE, least)
    signed = (f" {'-' if part.minus else '+'} {_shown(part)}" for part in rest)
    return "".join([_shown(first), *signed])


@_text.register
def _(node: Product, least: Level) -> str:
    """Factors with a space between, and a star before one that begins with a digit."""
    first, *rest = parts(node, LINE, least)
    text = f"{'-' if first.minus else ''}{_shown(first)}"
    for part in rest:
        star = not part.bracketed and begins_with_digit(part.node, LINE)
        text += f" * {_shown(part)}" if star else f" {_shown(part)}"
    return text


@_text.register
def _(node: Fraction, least: Level) -> str:
    return "/".join(_inner(node))


@_text.register
def _(node: Power, least: Level) -> str:
    return "^".join(_inner(node))


@_text.register
def _(node: Function, least: Level) -> str:
    shown = _inner(node)
    match node.name:
        case "log":
            value, base = shown
            return f"log_{base}({value})"
        case "" if len(shown) == 1:
            return shown[0]
    return f"{node.name}({', '.join(shown)})"


@_text.register
def _(node: Condition, least: Level) -> str:
    shown = _inner(node)
    return f"not {shown[0]}" if node.operator == "not" else f" {node.operator} ".join(shown)


@_text.register
def _(node: Indicator, least: Level) -> str:
    return f"[{_inner(node)[0]}]"


@_text.register
def _(node: BigSum, least: Level) -> str:
    first, last, body = _inner(node, least)
    return f"sum_({node.index}={first}..{last}) {body}"


@_text.register
def _(node: Braced, least: Level) -> str:
    """The formula alone: a line has no braces below it."""
    return _inner(node)[0]
