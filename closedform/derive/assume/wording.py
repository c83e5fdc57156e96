"""Verdicts in words, as notes of errors have them."""

from __future__ import annotations

from closedform.derive.assume.verdict import NotDecided, Refuted
from closedform.derive.symbolic.wording import say


def said(verdict: Refuted | NotDecided) -> str:
    """Why something is not taken as true.

    >>> from sympy import Integer
    >>> from closedform.derive.symbolic.symbols import size_symbol
    >>> said(Refuted({size_symbol("n"): Integer(3)}, Integer(3), Integer(2)))
    'refuted: at n = 3 they are 3 and 2'
    >>> said(NotDecided(("small sizes", "cases")))
    'not decided: tried small sizes, cases'
    """
    if isinstance(verdict, NotDecided):
        return f"not decided: tried {', '.join(verdict.tried)}"
    sizes = ", ".join(f"{say(symbol)} = {say(value)}" for symbol, value in verdict.sizes.items())
    if not sizes:
        return "refuted: it does not hold"
    if verdict.left is None or verdict.right is None:
        return f"refuted: it does not hold at {sizes}"
    return f"refuted: at {sizes} they are {say(verdict.left)} and {say(verdict.right)}"
