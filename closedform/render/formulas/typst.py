r"""Written formulas as the math of Typst, which breaks them into lines by itself.

>>> from closedform.formula import Number, Power, Product, Symbol
>>> typst(Product((Number(4), Symbol("n"), Power(Symbol("d_model", "s"), Number(2)))))
'4 thin n thin d_("model",s)^(2)'
"""

from __future__ import annotations

import re
from functools import singledispatch

from closedform import formula as w
from closedform.formula.precedence import (
    PLANE,
    Level,
    Part,
    Place,
    begins_with_digit,
    parts,
    placed,
)
from closedform.formula.signs import GREEK
from closedform.render.formulas.latex import GREEK_LETTERS, latex
from closedform.render.formulas.widths import ROOM, width

RELATIONS = {
    "=": "=",
    "!=": "!=",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
    "|": "divides",
    "and": "and",
    "or": "or",
    "in": "in",
    "~": "tilde.op",
}
FUNCTIONS = {"floor": "floor", "ceil": "ceil", "sqrt": "sqrt"}  # with fences of their own
OPERATORS = {"max": "max", "min": "min", "gcd": "gcd", "": ""}
BAR = ROOM / 2  # a numerator that is wider cannot be broken, and is written beside the bar


def typst(node: w.Written) -> str:
    """The Typst of a formula, for math mode."""
    return _typst(node, Level.ANYTHING)


def quoted(text: str) -> str:
    r"""A text as a string of Typst, upright in math mode.

    >>> quoted('heads "q"')
    '"heads \\"q\\""'
    """
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _shown(part: Part) -> str:
    text = _typst(part.node, part.least)
    return f"({text})" if part.bracketed else text


def _inner(node: w.Written, least: Level = Level.ANYTHING) -> list[str]:
    return [_shown(part) for part in parts(node, PLANE, least)]


@singledispatch
def _typst(node: w.Written, least: Level) -> str:
    raise TypeError(f"no Typst for {type(node).__name__}")


def typst_name(name: str, index: str | None = None) -> str:
    """A name of any kind: `d_model` is d with the index model.

    >>> typst_name("d_model"), typst_name("alpha"), typst_name("heads", "s-1")
    ('d_("model")', 'alpha', '"heads"_(s-1)')
    """
    stem, *below = [part for part in name.split("_") if part] or ["_"]
    indices = [*map(_word, below), *([_index(index)] if index is not None else [])]
    return _word(stem) + (f"_({','.join(indices)})" if indices else "")


def _index(index: str) -> str:
    return "".join(_word(part) for part in re.split(r"([+,-])", index) if part)


def _word(part: str) -> str:
    if part in GREEK or part in GREEK_LETTERS:
        return GREEK_LETTERS.get(part, part)
    if part in "+,-" or part.isdigit() or (part.isascii() and len(part) == 1 and part != "_"):
        return part
    return quoted(part)


@_typst.register
def _(node: w.Number, least: Level) -> str:
    """Digits in groups of three where there are more than four."""
    text = str(node.value)
    return text if abs(node.value) < 10_000 else f"{node.value:,}".replace(",", " thin ")


@_typst.register
def _(node: w.Symbol, least: Level) -> str:
    return typst_name(node.sign or node.name, node.index)


@_typst.register
def _(node: w.Sum, least: Level) -> str:
    first, *rest = parts(node, PLANE, least)
    signed = (f" {'-' if part.minus else '+'} {_shown(part)}" for part in rest)
    return "".join([_shown(first), *signed])


@_typst.register
def _(node: w.Product, least: Level) -> str:
    first, *rest = parts(node, PLANE, least)
    text = f"{'-' if first.minus else ''}{_shown(first)}"
    for part in rest:
        digit = not part.bracketed and begins_with_digit(part.node, PLANE)
        text += f" {'dot' if digit else 'thin'} {_shown(part)}"
    return text


@_typst.register
def _(node: w.Fraction, least: Level) -> str:
    above, below = _inner(node)
    if width(latex(node.numerator)) > BAR:
        factor = placed(node.numerator, Place.FACTOR, PLANE)
        return f"frac(1, {below}) thin {_shown(factor)}"
    return f"frac({above}, {below})"


@_typst.register
def _(node: w.Power, least: Level) -> str:
    base, exponent = _inner(node)
    return f"{base}^({exponent})"


@_typst.register
def _(node: w.Function, least: Level) -> str:
    shown = _inner(node)
    if node.name == "log":
        value, base = shown
        return f"log_({base}) ({value})"
    if node.name == "" and len(shown) == 1:
        return shown[0]
    if node.name in FUNCTIONS:
        return f"{FUNCTIONS[node.name]}({', '.join(shown)})"
    name = OPERATORS.get(node.name)
    name = typst_name(node.name) if name is None else name
    return f"{name}{' ' if name.endswith(')') else ''}({', '.join(shown)})"


@_typst.register
def _(node: w.Condition, least: Level) -> str:
    shown = _inner(node)
    if node.operator == "not":
        return f"not {shown[0]}"
    return f" {RELATIONS[node.operator]} ".join(shown)


@_typst.register
def _(node: w.Indicator, least: Level) -> str:
    return f"[{_inner(node)[0]}]"


@_typst.register
def _(node: w.BigSum, least: Level) -> str:
    first, last, body = _inner(node, least)
    return f"sum_({typst_name(node.index)}={first})^({last}) {body}"


@_typst.register
def _(node: w.Braced, least: Level) -> str:
    return f"underbrace({_inner(node)[0]}, {quoted(node.name)})"
