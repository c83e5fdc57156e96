r"""Written formulas as LaTeX that GitHub, KaTeX, MathJax and TeX all accept.

>>> from closedform.formula import Number, Power, Product, Symbol
>>> latex(Product((Number(4), Symbol("n"), Power(Symbol("d", "s"), Number(2)))))
'4\\, n\\, d_{s}^{2}'
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from functools import singledispatch

from closedform import formula as w
from closedform.data import dataclass
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
from closedform.render.formulas.widths import ROOM, width

# The same letters in Unicode, which TeX and KaTeX do not take in text.
GREEK_LETTERS = {
    unicodedata.lookup(
        f"GREEK {'SMALL' if name.islower() else 'CAPITAL'} LETTER "
        + name.upper().replace("LAMBDA", "LAMDA")
    ): name
    for name in GREEK
}

RELATIONS = {
    "=": "=",
    "!=": r"\neq",
    "<": "<",
    "<=": r"\le",
    ">": ">",
    ">=": r"\ge",
    "|": r"\mid",
    "and": r"\land",
    "or": r"\lor",
    "in": r"\in",
    "~": r"\sim",
}

SPACE, DOT = r"\, ", r"\cdot "

# What stands before and after the arguments of a function; other names are words.
FENCES = {
    "floor": (r"\left\lfloor ", r" \right\rfloor"),
    "ceil": (r"\left\lceil ", r" \right\rceil"),
    "sqrt": (r"\sqrt{", "}"),
    "gcd": (r"\gcd\left(", r"\right)"),
    "max": (r"\max\left(", r"\right)"),
    "min": (r"\min\left(", r"\right)"),
    "": (r"\left(", r"\right)"),
}


def latex(node: w.Written) -> str:
    """The LaTeX of a formula, for math mode."""
    return _latex(node, Level.ANYTHING)


def _shown(part: Part) -> str:
    text = _latex(part.node, part.least)
    return f"\\left({text}\\right)" if part.bracketed else text


def _inner(node: w.Written, least: Level = Level.ANYTHING) -> list[str]:
    return [_shown(part) for part in parts(node, PLANE, least)]


@singledispatch
def _latex(node: w.Written, least: Level) -> str:
    raise TypeError(f"no LaTeX for {type(node).__name__}")


def latex_name(name: str, index: str | None = None) -> str:
    r"""A name of any kind: `d_model` is d with the index model.

    >>> latex_name("d_model"), latex_name("alpha"), latex_name("heads", "s-1")
    ('d_{\\mathrm{model}}', '\\alpha', '\\mathrm{heads}_{s-1}')
    """
    stem, *below = [part for part in name.split("_") if part] or ["_"]
    parts = [*map(_word, below), *([_index(index)] if index is not None else [])]
    return _word(stem) + (f"_{{{','.join(parts)}}}" if parts else "")


def _index(index: str) -> str:
    """The index of a stage: `s`, `3` or `s-1`, or several: `s,i`."""
    return "".join(_word(part) for part in re.split(r"([+,-])", index) if part)


def _word(part: str) -> str:
    if part in GREEK or part in GREEK_LETTERS:
        return f"\\{GREEK_LETTERS.get(part, part)}"
    if part == "_":
        return r"\_"
    if not part.isascii():
        return f"\\text{{{part}}}"
    return part if len(part) == 1 or part.isdigit() else f"\\mathrm{{{part}}}"


@_latex.register
def _(node: w.Number, least: Level) -> str:
    """Digits in groups of three where there are more than four."""
    return str(node.value) if abs(node.value) < 10_000 else f"{node.value:,}".replace(",", r"\,")


@_latex.register
def _(node: w.Symbol, least: Level) -> str:
    return latex_name(node.sign or node.name, node.index)


@_latex.register
def _(node: w.Sum, least: Level) -> str:
    first, *rest = parts(node, PLANE, least)
    signed = (f" {'-' if part.minus else '+'} {_shown(part)}" for part in rest)
    return "".join([_shown(first), *signed])


@_latex.register
def _(node: w.Product, least: Level) -> str:
    return times(parts(node, PLANE, least))


def times(factors: Sequence[Part]) -> str:
    """Factors side by side; a number that follows another factor is set off by a dot."""
    first, *rest = factors
    text = f"{'-' if first.minus else ''}{_shown(first)}"
    return text + "".join(_between(part) + _shown(part) for part in rest)


def _between(part: Part) -> str:
    """What stands before a factor that follows another."""
    digit = not part.bracketed and begins_with_digit(part.node, PLANE)
    return f" {DOT}" if digit else SPACE


@_latex.register
def _(node: w.Fraction, least: Level) -> str:
    above, below = _inner(node)
    return f"\\frac{{{above}}}{{{below}}}"


@_latex.register
def _(node: w.Power, least: Level) -> str:
    base, exponent = _inner(node)
    return f"{base}^{{{exponent}}}"


@_latex.register
def _(node: w.Function, least: Level) -> str:
    shown = _inner(node)
    if node.name == "log":
        value, base = shown
        return f"\\log_{{{base}}}\\left({value}\\right)"
    if node.name == "" and len(shown) == 1:
        return shown[0]
    left, right = FENCES.get(node.name) or (f"{latex_name(node.name)}(", ")")
    return f"{left}{', '.join(shown)}{right}"


@_latex.register
def _(node: w.Condition, least: Level) -> str:
    shown = _inner(node)
    if node.operator == "not":
        return f"\\lnot{shown[0]}"
    return f" {RELATIONS[node.operator]} ".join(shown)


@_latex.register
def _(node: w.Indicator, least: Level) -> str:
    return f"\\left[{_inner(node)[0]}\\right]"


@_latex.register
def _(node: w.BigSum, least: Level) -> str:
    *_, body = _inner(node, least)
    return f"{sum_sign(node)} {body}"


@_latex.register
def _(node: w.Braced, least: Level) -> str:
    return _brace(_inner(node)[0], node.name)


def _brace(body: str, name: str) -> str:
    """A formula with the name of its part below it, an underscore as it is."""
    return f"\\underbrace{{{body}}}_{{{word(name)}}}"


def word(name: str) -> str:
    r"""A word in a formula, an underscore as it is.

    >>> print(word("weight_bytes"))
    \mathrm{weight\_bytes}
    """
    kind = "mathrm" if name.isascii() else "text"
    shown = name.replace("_", r"\_")
    return f"\\{kind}{{{shown}}}"


def sum_sign(node: w.BigSum) -> str:
    """The sign of a sum with its bounds."""
    first, last, _ = _inner(node)
    return f"\\sum_{{{latex_name(node.index)}={first}}}^{{{last}}}"


def equation(left: str, node: w.Written, room: float = ROOM) -> str:
    """`left = formula` for a display, broken into aligned lines where it is long."""
    first = room - width(left) - width("=")
    rows = broken(node, first)
    if len(rows) == 1:
        return f"{left} = {rows[0]}"
    body = " \\\\\n  &".join(rows)
    return f"\\begin{{aligned}}\n{left} &= {body}\n\\end{{aligned}}"


def overfull(left: str, node: w.Written, room: float) -> float | None:
    """How wide the widest line of `left = formula` stays, where that is more than the room."""
    start = width(left) + width("=")
    first, *rest = map(width, broken(node, room - start))
    widest = max(start + first, *(start + row for row in rest), 0)
    return widest if widest > room + 1 else None


# Breaking ----------------------------------------------------------------------------------

INDENT = r"\quad "
STEP = width(INDENT)
SIGN = width("+")
BIG = {  # what stands around an argument that is broken inside
    "floor": (r"\bigl\lfloor ", r" \bigr\rfloor"),
    "ceil": (r"\bigl\lceil ", r" \bigr\rceil"),
}
SHORT = 40.0  # a term without brackets that is no wider is not broken
LONG = 120.0  # what is broken inside a floor, a power or a condition is wider


@dataclass(frozen=True)
class Piece:
    """What stays on one line; a line may break before it, at so many brackets deep."""

    text: str
    depth: int


def broken(node: w.Written, room: float) -> list[str]:
    """The lines of a formula that is too wide: broken at + and -, then inside brackets."""
    rows: list[str] = []
    left = 0.0
    for piece in _pieces(node, room, 0, Level.ANYTHING):
        wide = width(piece.text)
        if rows and wide <= left:
            rows[-1] += piece.text
            left -= wide
            continue
        indent = INDENT * (piece.depth + 1) if rows else ""
        text = piece.text.lstrip() if rows else piece.text
        if rows and text.startswith(SPACE):  # a dot says that the line before goes on
            text = DOT + text.removeprefix(SPACE)
            wide = width(text)
        rows.append(f"{indent}{{}}{text}" if rows and text[0] in "+-" else indent + text)
        left = room - width(indent) - wide
    return rows


def _pieces(node: w.Written, room: float, depth: int, least: Level) -> list[Piece]:
    """A formula cut where it may be broken; as few cuts as let every piece fit."""
    whole = _latex(node, least)
    if width(whole) <= max(room, 0 if _has_bracket(node) else SHORT):
        return [Piece(whole, depth)]
    match node:
        case w.Braced():
            rows = " \\\\ ".join(f"&{row}" for row in broken(node.body, room))
            body = f"\\begin{{aligned}} {rows} \\end{{aligned}}"
            return [Piece(_brace(body, node.name), depth)]
        case w.Sum():
            return _sum_pieces(node, room, depth, least)
        case w.Product():
            return _product_pieces(node, room, depth, least)
        case w.BigSum():
            return _inside(f"{sum_sign(node)} ", node.body, "", room, depth)
        case w.Fraction() if not isinstance(node.numerator, w.Number):
            one = w.Fraction(w.Number(1), node.denominator)
            return _inside(latex(one) + SPACE, node.numerator, "", room, depth)
        case w.Function() if node.name in ("max", "min", "gcd", "") and len(node.arguments) > 1:
            return _argument_pieces(node, room, depth)
        case w.Function() if node.name == "":
            return _bracket_pieces("", node.arguments[0], "", room, depth)
    return _fenced_pieces(node, room, depth, least) or [Piece(whole, depth)]


def _sum_pieces(node: w.Sum, room: float, depth: int, least: Level) -> list[Piece]:
    found: list[Piece] = []
    for at, part in enumerate(parts(node, PLANE, least)):
        sign = "" if at == 0 else " - " if part.minus else " + "
        wide = room - SIGN - STEP
        if part.bracketed:
            first, *rest = _bracket_pieces("", part.node, "", wide, depth)
        else:
            first, *rest = _pieces(part.node, wide, depth, part.least)
        found += [Piece(sign + first.text, depth), *rest]
    return found


def _product_pieces(node: w.Product, room: float, depth: int, least: Level) -> list[Piece]:
    """A product is broken inside its widest bracket, or between its factors."""
    factors = _closed(node, least)
    texts = [_shown(factor) for factor in factors]
    open_ = [at for at, factor in enumerate(factors) if _opens(factor.node)]
    if open_:
        widest = max(open_, key=lambda at: width(texts[at]))
        before, after = factors[:widest], factors[widest + 1 :]
        beside = [*before, *after]
        if beside and width(times(beside) + SPACE + "x") > room / 2:
            return _factor_pieces(factors, room, depth)
        minus = "-" if factors[0].minus else ""
        head = times(before) + SPACE if before else minus
        tail = SPACE + times(after) if after else ""
        return _inside(head, factors[widest].node, tail, room, depth)
    return _factor_pieces(factors, room, depth)


def _closed(node: w.Product, least: Level) -> list[Part]:
    """The factors of a product, with brackets around a big sum at its end."""
    *before, last = parts(node, PLANE, least)
    first = not before and not last.minus
    closed = placed(last.node, Place.FACTOR, PLANE, first=first)
    return [*before, replace(closed, minus=last.minus)]


def _factor_pieces(factors: Sequence[Part], room: float, depth: int) -> list[Piece]:
    """Factors that may stand on lines of their own, and are broken inside where they must."""
    pieces: list[Piece] = []
    for factor in factors:
        before = _between(factor) if pieces else "-" if factor.minus else ""
        deep = depth + bool(pieces)
        if width(_shown(factor)) <= room - STEP - width(before):
            pieces.append(Piece(before + _shown(factor), deep))
        else:
            pieces += _inside(before, factor.node, "", room - STEP, deep)
    return pieces


def _has_bracket(node: w.Written) -> bool:
    """Whether a formula, or a factor of a product, may be broken inside."""
    factors = node.factors if isinstance(node, w.Product) else (node,)
    return any(map(_opens, factors))


def _opens(node: w.Written) -> bool:
    """Whether a line may break inside a factor."""
    if isinstance(node, w.Function):
        return node.name in ("", "max", "min")
    return isinstance(node, w.Sum | w.BigSum)


def _inside(before: str, node: w.Written, after: str, room: float, depth: int) -> list[Piece]:
    """A part that is broken inside, with what stands before and after it."""
    part = placed(node, Place.FACTOR, PLANE, first=not before)
    if part.bracketed:
        return _bracket_pieces(before, node, after, room, depth)
    if isinstance(node, w.Function) and node.name == "" and len(node.arguments) == 1:
        return _bracket_pieces(before, node.arguments[0], after, room, depth)
    pieces = _pieces(node, room - width(before) - width(after), depth, part.least)
    return _wrapped(before, pieces, after)


def _bracket_pieces(
    before: str, node: w.Written, after: str, room: float, depth: int
) -> list[Piece]:
    left, right = f"{before}\\bigl(", f"\\bigr){after}"
    inner = max(room - max(width(left), STEP) - width(right) - STEP, room / 3)
    pieces = _pieces(node, inner, depth + 1, Level.ANYTHING)
    if isinstance(node, w.Sum) and len(pieces) == 1 and width(before) > room / 3:
        pieces = _sum_pieces(node, inner, depth + 1, Level.ANYTHING)
    return _wrapped(left, pieces, right)


def _fenced_pieces(node: w.Written, room: float, depth: int, least: Level) -> list[Piece]:
    """What is long between other signs than round brackets of a sum or a product, cut where it may
    be broken; nothing where it stays as it is."""
    if width(_latex(node, least)) <= LONG:
        return []
    match node:
        case w.Function() if node.name in BIG:
            left, right = BIG[node.name]
            return _fenced(left, node.arguments[0], right, room, depth)
        case w.Function() if node.name == "log":
            value, of = node.arguments
            return _fenced(f"\\log_{{{latex(of)}}}\\bigl(", value, r"\bigr)", room, depth)
        case w.Power():
            base, exponent = parts(node, PLANE, least)
            if base.bracketed:
                return _bracket_pieces("", base.node, f"^{{{_shown(exponent)}}}", room, depth)
        case w.Indicator():
            return _fenced(r"\bigl[", node.condition, r"\bigr]", room, depth)
        case w.Condition() if node.operator != "not":
            return _condition_pieces(node, room, depth)
    return []


def _fenced(left: str, node: w.Written, right: str, room: float, depth: int) -> list[Piece]:
    """What stands between other signs than round brackets, broken inside."""
    inner = max(room - max(width(left), STEP) - width(right) - STEP, room / 3)
    return _wrapped(left, _pieces(node, inner, depth + 1, Level.ANYTHING), right)


def _condition_pieces(node: w.Condition, room: float, depth: int) -> list[Piece]:
    """A condition may break before its relations."""
    pieces: list[Piece] = []
    sign = f" {RELATIONS[node.operator]} "
    for part in parts(node, PLANE):
        if part.bracketed:
            found = _bracket_pieces("", part.node, "", room - width(sign) - STEP, depth)
        else:
            found = _pieces(part.node, room - width(sign) - STEP, depth, part.least)
        pieces += _wrapped(sign, found, "") if pieces else found
    return pieces


def _wrapped(before: str, pieces: list[Piece], after: str) -> list[Piece]:
    first, last = pieces[0], pieces[-1]
    pieces = [replace(first, text=before + first.text), *pieces[1:]]
    last = pieces[-1]
    return [*pieces[:-1], replace(last, text=last.text + after)]


def _argument_pieces(node: w.Function, room: float, depth: int) -> list[Piece]:
    """A list, or the arguments of a maximum, on lines of their own where they need them."""
    pieces: list[Piece] = []
    for at, argument in enumerate(node.arguments):
        comma = ", " if at < len(node.arguments) - 1 else ""
        found = _pieces(argument, room - 4 * STEP, depth + 1, Level.ANYTHING)
        pieces += _wrapped("", found, comma)
    name = f"\\{node.name}" if node.name else ""
    return _wrapped(f"{name}\\bigl(", pieces, "\\bigr)")
