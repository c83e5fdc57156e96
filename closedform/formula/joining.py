"""Parts of a formula joined as somebody wrote them, who may have put brackets around some."""

from __future__ import annotations

from closedform.formula.tree import BigSum, Fraction, Function, Number, Product, Sum, Written


def bracketed(node: Written) -> Written:
    """A part in brackets, where it would not stand for itself as a factor."""
    compound = Product | Sum | Fraction | BigSum
    return Function("", (node,)) if isinstance(node, compound) else node


def bare(node: Written) -> Written:
    """A part without the brackets around all of it, which a bar of a fraction makes needless."""
    if isinstance(node, Function) and node.name == "":
        return node.arguments[0]
    return node


def product(*factors: Written) -> Written:
    return factors[0] if len(factors) == 1 else Product(factors)


def opposite(node: Written) -> Written:
    """A part with a minus sign before it."""
    if isinstance(node, Number):
        return Number(-node.value)
    whole = (node,) if isinstance(node, Fraction) else (bracketed(node),)
    factors = node.factors if isinstance(node, Product) else whole
    if isinstance(factors[0], Number) and factors[0].value >= 0:
        return Product((Number(-factors[0].value), *factors[1:]))
    return Product((Number(-1), *factors))
