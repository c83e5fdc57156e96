"""Written formulas as MathML Core, which browsers show by themselves; every name is escaped.

>>> from closedform.formula import Number, Power, Symbol
>>> mathml(Power(Symbol("d", "s"), Number(2)))
'<msubsup><mi>d</mi><mi>s</mi><mn>2</mn></msubsup>'
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import singledispatch

from closedform import formula as w
from closedform.render.formulas.latex import GREEK

NAMESPACE = "http://www.w3.org/1998/Math/MathML"

RELATIONS = {
    "=": "=",
    "!=": "≠",
    "<": "<",
    "<=": "≤",
    ">": ">",
    ">=": "≥",
    "|": "∣",
    "and": "∧",
    "or": "∨",
}

TIMES = '<mo lspace="0" rspace="0.17em">\u2062</mo>'  # invisible times, as wide as a thin space
CROSS = "<mo>×</mo>"

HIGH = re.compile("<mfrac|<munderover|<msqrt")

# What no XML document may hold, surrogates and the characters that browsers refuse.
NOT_TEXT = re.compile(
    "[^\t\n\r\u0020-\u007e\u00a0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010ffff]"
)


def escape_html(text: str) -> str:
    """Any text as text of an HTML or XML document.

    >>> escape_html("</script><img onerror=...>")
    '&lt;/script&gt;&lt;img onerror=...&gt;'
    """
    return html.escape(NOT_TEXT.sub("\ufffd", text))


def math(node: w.Written, display: bool = False) -> str:
    """A formula as an element of an HTML page."""
    return element(mathml(node), w.plain(node), display)


def element(content: str, plain: str, display: bool) -> str:
    """The `math` around a formula, with its text for those who do not see it."""
    block = ' display="block"' if display else ""
    return f'<math xmlns="{NAMESPACE}"{block} alttext="{escape_html(plain)}">{content}</math>'


@singledispatch
def mathml(node: w.Written) -> str:
    """The MathML of a formula: one element, without the `math` around it."""
    raise TypeError(f"no MathML for {type(node).__name__}")


def row(*parts: str) -> str:
    """Elements that are one element."""
    return f"<mrow>{''.join(parts)}</mrow>"


def _fenced(content: str, left: str = "(", right: str = ")") -> str:
    """Brackets, which grow with what is higher than a line."""
    grows = "" if HIGH.search(content) else ' stretchy="false"'
    return row(f"<mo{grows}>{left}</mo>", content, f"<mo{grows}>{right}</mo>")


def _operator(text: str) -> str:
    return f"<mo>{escape_html(text)}</mo>"


def name_parts(name: str) -> tuple[str, tuple[str, ...]]:
    """A name of any kind: what stands on the line, and its indices.

    >>> name_parts("d_model"), name_parts("alpha")
    (('d', ('model',)), ('α', ()))
    """
    stem, *indices = [_letter(part) for part in name.split("_") if part] or ["_"]
    return stem, tuple(indices)


def _letter(part: str) -> str:
    """A Greek letter for its name, and any other name as it is."""
    if part not in GREEK:
        return part
    size = "CAPITAL" if part[0].isupper() else "SMALL"
    spelled = "LAMDA" if part.lower() == "lambda" else part.upper()
    return unicodedata.lookup(f"GREEK {size} LETTER {spelled}")


def _word(part: str) -> str:
    tag = "mn" if part.isascii() and part.isdigit() else "mi"
    return f"<{tag}>{escape_html(part)}</{tag}>"


@mathml.register
def _(node: w.Number) -> str:
    if node.value < 0:
        return row("<mo>−</mo>", f"<mn>{-node.value}</mn>")
    return f"<mn>{node.value}</mn>"


@mathml.register
def _(node: w.Symbol) -> str:
    stem, indices = name_parts(node.name)
    shown = [_word(index) for index in indices]
    if node.index is not None:
        shown.append(_index(node.index))
    if not shown:
        return _word(stem)
    below = shown[0] if len(shown) == 1 else row('<mo separator="true">,</mo>'.join(shown))
    return f"<msub>{_word(stem)}{below}</msub>"


def _index(index: str) -> str:
    """The index of a stage: `s`, `3` or `s-1`."""
    parts = [part for part in re.split(r"([+-])", index) if part]
    if len(parts) == 1:
        return _word(index)
    return row(
        *(_operator(part.replace("-", "−")) if part in "+-" else _word(part) for part in parts)
    )


@mathml.register
def _(node: w.Sum) -> str:
    return row(*terms(node))


def terms(node: w.Written) -> list[str]:
    """The terms of a formula with their signs, from the first on."""
    if not isinstance(node, w.Sum):
        return [mathml(node)]
    first, *rest = node.terms
    found = [mathml(first)]
    for term in rest:
        negative = w.is_negative(term)
        shown = mathml(w.negated(term) if negative else term)
        found.append(f"<mo>{'−' if negative else '+'}</mo>{shown}")
    return found


@mathml.register
def _(node: w.Product) -> str:
    first, *rest = node.factors
    if first == w.Number(-1) and rest:
        return row("<mo>−</mo>", *_factors(rest))
    return row(*_factors([first, *rest]))


def _factors(nodes: list[w.Written]) -> list[str]:
    found = [_factor(nodes[0], first=True)]
    for node in nodes[1:]:
        last = node is nodes[-1] and isinstance(node, w.BigSum)
        shown = mathml(node) if last else _factor(node, first=False)
        found += [CROSS if _begins_with_digit(node) else TIMES, shown]
    return found


def _factor(node: w.Written, first: bool) -> str:
    if w.is_sum(node) or isinstance(node, w.Condition) or (w.is_negative(node) and not first):
        return _fenced(mathml(node))
    return mathml(node)


def _begins_with_digit(node: w.Written) -> bool:
    match node:
        case w.Number():
            return node.value >= 0
        case w.Power():
            return _begins_with_digit(node.base)
        case w.Product():
            return _begins_with_digit(node.factors[0])
    return False


@mathml.register
def _(node: w.Fraction) -> str:
    if w.is_negative(node.numerator) and not isinstance(node.numerator, w.Sum):
        return row("<mo>−</mo>", mathml(w.negated(node)))
    return f"<mfrac>{mathml(node.numerator)}{mathml(node.denominator)}</mfrac>"


@mathml.register
def _(node: w.Power) -> str:
    base, exponent = node.base, mathml(node.exponent)
    bare = isinstance(base, w.Symbol | w.Indicator) or (
        isinstance(base, w.Number) and base.value >= 0
    )
    closed = isinstance(base, w.Function) and base.name in ("floor", "ceil")
    shown = mathml(base) if bare or closed else _fenced(mathml(base))
    if shown.startswith("<msub>") and isinstance(base, w.Symbol):
        inside = shown.removeprefix("<msub>").removesuffix("</msub>")
        return f"<msubsup>{inside}{exponent}</msubsup>"
    return f"<msup>{shown}{exponent}</msup>"


@mathml.register
def _(node: w.Function) -> str:
    comma = '<mo separator="true">,</mo>'
    arguments = row(comma.join(map(mathml, node.arguments)))
    match node.name:
        case "floor":
            return _fenced(arguments, "⌊", "⌋")
        case "ceil":
            return _fenced(arguments, "⌈", "⌉")
        case "sqrt":
            return f"<msqrt>{arguments}</msqrt>"
        case "":
            alone = isinstance(node.arguments[0], w.Fraction)
            return arguments if alone else _fenced(arguments)
    return row(mathml(w.Symbol(node.name)), "<mo>\u2061</mo>", _fenced(arguments))


@mathml.register
def _(node: w.Condition) -> str:
    if node.operator == "not":
        return row("<mo>¬</mo>", _fenced(mathml(node.parts[0])))
    return row(_operator(RELATIONS[node.operator]).join(map(_side, node.parts)))


def _side(node: w.Written) -> str:
    return _fenced(mathml(node)) if isinstance(node, w.Condition) else mathml(node)


@mathml.register
def _(node: w.Indicator) -> str:
    return _fenced(mathml(node.condition), "[", "]")


@mathml.register
def _(node: w.BigSum) -> str:
    body = _fenced(mathml(node.body)) if isinstance(node.body, w.Sum) else mathml(node.body)
    start = row(_word(node.index), "<mo>=</mo>", mathml(node.first))
    return row(f"<munderover><mo>∑</mo>{start}{mathml(node.last)}</munderover>", body)
