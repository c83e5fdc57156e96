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
from closedform.errors import visible
from closedform.formula.precedence import (
    PLANE_SIGNED,
    Level,
    Part,
    after_minus,
    begins_with_digit,
    needless,
    parts,
)
from closedform.formula.signs import GREEK

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
    "in": "∈",
    "~": "∼",
}

TIMES = '<mo lspace="0" rspace="0.17em">\u2062</mo>'  # invisible times, as wide as a thin space
CROSS = "<mo>×</mo>"
COMMA = '<mo separator="true">,</mo>'
MINUS = "<mo>−</mo>"
APPLIED = "<mo>\u2061</mo>"

# Letters that lean out of their box, whose room a browser does not leave before a power or bracket.
LEANING = {**dict.fromkeys("CFHIJKMNPTUWZf", "lean"), **dict.fromkeys("VY", "lean far")}

FENCES = {"floor": ("⌊", "⌋"), "ceil": ("⌈", "⌉")}

# What no XML document may hold, surrogates and the characters that browsers refuse.
NOT_TEXT = re.compile(
    "[^\t\n\r\u0020-\u007e\u00a0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010ffff]"
)


def escape_html(text: str) -> str:
    """Any text as text of an HTML or XML document.

    >>> escape_html("</script><img onerror=...>")
    '&lt;/script&gt;&lt;img onerror=...&gt;'
    """
    return html.escape(NOT_TEXT.sub("\ufffd", visible(text)))


def math(node: w.Written, display: bool = False) -> str:
    """A formula as an element of an HTML page."""
    return element(mathml(node), w.plain(node), display)


def element(content: str, plain: str, display: bool) -> str:
    """The `math` around a formula, with its text for those who do not see it."""
    block = ' display="block"' if display else ""
    return f'<math xmlns="{NAMESPACE}"{block} alttext="{escape_html(plain)}">{content}</math>'


def mathml(node: w.Written) -> str:
    """The MathML of a formula: one element, without the `math` around it."""
    return _mathml(node, Level.ANYTHING)


def part_shown(part: Part) -> str:
    """A part in its place, with the brackets that it has there."""
    shown = _mathml(part.node, part.least)
    return _fenced(shown, _tall(part.node)) if part.bracketed else shown


def _inner(node: w.Written, least: Level = Level.ANYTHING) -> list[str]:
    return [part_shown(part) for part in parts(node, PLANE_SIGNED, least)]


@singledispatch
def _mathml(node: w.Written, least: Level) -> str:
    raise TypeError(f"no MathML for {type(node).__name__}")


def row(*parts: str) -> str:
    """Elements that are one element."""
    return f"<mrow>{''.join(parts)}</mrow>"


def _fenced(content: str, tall: bool, left: str = "(", right: str = ")") -> str:
    """Brackets, which grow with what is higher than a line."""
    grows = "" if tall else ' stretchy="false"'
    return row(f"<mo{grows}>{left}</mo>", content, f"<mo{grows}>{right}</mo>")


def _tall(node: w.Written) -> bool:
    """Whether a formula, or a part of it, is higher than a line."""
    match node:
        case w.Fraction() | w.BigSum() | w.Braced() | w.Function(name="sqrt"):
            return True
    return any(_tall(part.node) for part in parts(node, PLANE_SIGNED))


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


def _stem(part: str) -> str:
    """A name on the line, with nothing below it.

    >>> mathml(w.Power(w.Symbol("P"), w.Number(2))), mathml(w.Symbol("P", "s"))
    ('<msup><mi class="lean">P</mi><mn>2</mn></msup>', '<msub><mi>P</mi><mi>s</mi></msub>')
    """
    return f'<mi class="{LEANING[part]}">{part}</mi>' if part in LEANING else _word(part)


@_mathml.register
def _(node: w.Number, least: Level) -> str:
    if node.value < 0:
        return row(MINUS, f"<mn>{-node.value}</mn>")
    return f"<mn>{node.value}</mn>"


@_mathml.register
def _(node: w.Symbol, least: Level) -> str:
    stem, below = _name(node)
    return f"<msub>{_word(stem)}{below}</msub>" if below else _stem(stem)


def _name(node: w.Symbol) -> tuple[str, str]:
    """The text that stands on the line, and its indices as one element."""
    stem, indices = name_parts(node.sign or node.name)
    shown = [_word(index) for index in indices]
    if node.index is not None:
        shown.append(_index(node.index))
    return stem, row(COMMA.join(shown)) if len(shown) > 1 else "".join(shown)


def _index(index: str) -> str:
    """The index of a stage: `s`, `3` or `s-1`."""
    parts = [part for part in re.split(r"([+-])", index) if part]
    if len(parts) == 1:
        return _word(index)
    return row(
        *(_operator(part.replace("-", "−")) if part in "+-" else _word(part) for part in parts)
    )


@_mathml.register
def _(node: w.Sum, least: Level) -> str:
    return row(*terms(node))


def terms(node: w.Written) -> list[str]:
    """The terms of a formula with their signs, from the first on."""
    if not isinstance(node, w.Sum):
        return [mathml(node)]
    first, *rest = parts(node, PLANE_SIGNED)
    signed = (f"{MINUS if part.minus else '<mo>+</mo>'}{part_shown(part)}" for part in rest)
    return [part_shown(first), *signed]


@_mathml.register
def _(node: w.Product, least: Level) -> str:
    first, *rest = parts(node, PLANE_SIGNED, least)
    found = [MINUS if first.minus else "", part_shown(first)]
    for part in rest:
        found += [between(part), part_shown(part)]
    return row(*found)


def between(part: Part) -> str:
    """What stands before a factor that follows another."""
    digit = not part.bracketed and begins_with_digit(part.node, PLANE_SIGNED)
    return CROSS if digit else TIMES


@_mathml.register
def _(node: w.Fraction, least: Level) -> str:
    if w.is_negative(node):
        return row(MINUS, part_shown(after_minus(node, PLANE_SIGNED)))
    above, below = _inner(node)
    return f"<mfrac>{above}{below}</mfrac>"


@_mathml.register
def _(node: w.Power, least: Level) -> str:
    base, exponent = _inner(node)
    if isinstance(node.base, w.Symbol):
        stem, below = _name(node.base)
        if below:
            return f"<msubsup>{_stem(stem)}{below}{exponent}</msubsup>"
    return f"<msup>{base}{exponent}</msup>"


@_mathml.register
def _(node: w.Function, least: Level) -> str:
    arguments = row(COMMA.join(map(mathml, node.arguments)))
    match node.name:
        case "sqrt":
            return f"<msqrt>{arguments}</msqrt>"
        case "" if needless(node, PLANE_SIGNED):
            return arguments
        case "log":
            value, base = node.arguments
            name = f"<msub><mi>log</mi>{mathml(base)}</msub>"
            return row(name, APPLIED, _fenced(row(mathml(value)), _tall(value)))
    fenced = _fenced(arguments, _tall(node), *FENCES.get(node.name, "()"))
    if node.name == "" or node.name in FENCES:
        return fenced
    return row(mathml(w.Symbol(node.name)), APPLIED, fenced)


@_mathml.register
def _(node: w.Condition, least: Level) -> str:
    shown = _inner(node)
    if node.operator == "not":
        return row("<mo>¬</mo>", shown[0])
    return row(_operator(RELATIONS[node.operator]).join(shown))


@_mathml.register
def _(node: w.Indicator, least: Level) -> str:
    return _fenced(_inner(node)[0], _tall(node.condition), "[", "]")


@_mathml.register
def _(node: w.BigSum, least: Level) -> str:
    *_, body = _inner(node, least)
    return row(sum_sign(node), body)


def sum_sign(node: w.BigSum) -> str:
    """The sign of a sum with its bounds."""
    first, last, _ = _inner(node)
    start = row(_word(node.index), "<mo>=</mo>", first)
    return f"<munderover><mo>∑</mo>{start}{last}</munderover>"


@_mathml.register
def _(node: w.Braced, least: Level) -> str:
    braced = f'<munder>{_inner(node)[0]}<mo stretchy="true">⏟</mo></munder>'
    return f"<munder>{braced}<mtext>{escape_html(node.name)}</mtext></munder>"
