"""The text of a formula, for terminals and errors.

>>> from closedform.formula.tree import Number, Power, Product, Sum, Symbol
>>> n, d = Symbol("n"), Symbol("d")
>>> plain(Sum((Product((Number(4), n, Power(d, Number(2)))), Product((Number(-2), d)))))
'4 n d^2 - 2 d'
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch

from closedform.formula.tree import (
    BigSum,
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
    is_negative,
    is_sum,
    negated,
)


@singledispatch
def plain(node: Written) -> str:
    """The text of a formula."""
    raise TypeError(f"no text for {type(node).__name__}")


@plain.register
def _(node: Number) -> str:
    return str(node.value)


@plain.register
def _(node: Symbol) -> str:
    if node.index is None:
        return node.name
    return f"{node.name}_{node.index}" if node.index.isalnum() else f"{node.name}_({node.index})"


@plain.register
def _(node: Sum) -> str:
    text = _term(node.terms[0])
    for term in node.terms[1:]:
        text += f" - {_term(negated(term))}" if is_negative(term) else f" + {_term(term)}"
    return text


def _term(node: Written) -> str:
    """A term of a sum, with brackets around a sum over an index, which would not end else."""
    match node:
        case BigSum():
            return f"({plain(node)})"
        case Product((*factors, BigSum() as last)):
            return f"{plain(Product(tuple(factors)))} ({plain(last)})"
    return plain(node)


@plain.register
def _(node: Product) -> str:
    first, *rest = node.factors
    if first == Number(-1) and rest:
        return "-" + _side_by_side(rest)
    return _side_by_side(node.factors)


def _side_by_side(factors: Sequence[Written]) -> str:
    """Factors with a space between, and a star before one that begins with a digit."""
    *before, last = factors
    open_ = plain(last) if isinstance(last, BigSum) else _factor(last)
    first, *rest = [*map(_factor, before), open_]
    return first + "".join(f" * {text}" if text[:1].isdigit() else f" {text}" for text in rest)


def _factor(node: Written) -> str:
    return f"({plain(node)})" if is_sum(node) else plain(node)


@plain.register
def _(node: Fraction) -> str:
    top = f"({plain(node.numerator)})" if is_sum(node.numerator) else _term(node.numerator)
    bottom = node.denominator
    simple = isinstance(bottom, Number | Symbol | Power | Function)
    return f"{top}/{plain(bottom)}" if simple else f"{top}/({plain(bottom)})"


@plain.register
def _(node: Power) -> str:
    base = plain(node.base)
    if not isinstance(node.base, Number | Symbol | Function | Indicator):
        base = f"({base})"
    exponent = plain(node.exponent)
    if not isinstance(node.exponent, Number | Symbol) or is_negative(node.exponent):
        exponent = f"({exponent})"
    return f"{base}^{exponent}"


@plain.register
def _(node: Function) -> str:
    if node.name == "log":
        value, base = node.arguments
        return f"log_{plain(base)}({plain(value)})"
    return f"{node.name}({', '.join(map(plain, node.arguments))})"


@plain.register
def _(node: Condition) -> str:
    if node.operator == "not":
        return f"not ({plain(node.parts[0])})"
    return f" {node.operator} ".join(map(plain, node.parts))


@plain.register
def _(node: Indicator) -> str:
    return f"[{plain(node.condition)}]"


@plain.register
def _(node: BigSum) -> str:
    return f"sum_({node.index}={plain(node.first)}..{plain(node.last)}) {_factor(node.body)}"
