r"""Written formulas as LaTeX that GitHub, KaTeX, MathJax and TeX all accept.

>>> from closedform.formula import Number, Power, Product, Symbol
>>> latex(Product((Number(4), Symbol("n"), Power(Symbol("d", "s"), Number(2)))))
'4\\, n\\, d_{s}^{2}'
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import singledispatch

from closedform import formula as w
from closedform.render.formulas.widths import ROOM, width

GREEK = frozenset(
    [
        *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"),
        *("lambda", "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi"),
        *("psi", "omega", "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon"),
        *("Phi", "Psi", "Omega"),
    ]
)

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
}

SPACE = r"\, "

NAMED = frozenset(["gcd", "log", "max", "min"])  # functions that LaTeX has a command for


@singledispatch
def latex(node: w.Written) -> str:
    """The LaTeX of a formula, for math mode."""
    raise TypeError(f"no LaTeX for {type(node).__name__}")


def latex_name(name: str, index: str | None = None) -> str:
    r"""A name of any kind: `d_model` is d with the index model.

    >>> latex_name("d_model"), latex_name("alpha"), latex_name("heads", "s-1")
    ('d_{\\mathrm{model}}', '\\alpha', '\\mathrm{heads}_{s-1}')
    """
    stem, *below = [part for part in name.split("_") if part] or ["_"]
    parts = [*map(_word, below), *([index] if index is not None else [])]
    return _word(stem) + (f"_{{{','.join(parts)}}}" if parts else "")


def _word(part: str) -> str:
    if part in GREEK or part in GREEK_LETTERS:
        return f"\\{GREEK_LETTERS.get(part, part)}"
    if part == "_":
        return r"\_"
    if not part.isascii():
        return f"\\text{{{part}}}"
    return part if len(part) == 1 or part.isdigit() else f"\\mathrm{{{part}}}"


@latex.register
def _(node: w.Number) -> str:
    """Digits in groups of three where there are more than four."""
    return str(node.value) if abs(node.value) < 10_000 else f"{node.value:,}".replace(",", r"\,")


@latex.register
def _(node: w.Symbol) -> str:
    return latex_name(node.name, node.index)


@latex.register
def _(node: w.Sum) -> str:
    text = latex(node.terms[0])
    for term in node.terms[1:]:
        text += f" - {latex(w.negated(term))}" if w.is_negative(term) else f" + {latex(term)}"
    return text


@latex.register
def _(node: w.Product) -> str:
    first, *rest = node.factors
    if first == w.Number(-1) and rest:
        return "-" + latex(w.Product(tuple(rest)))
    *before, last = node.factors
    open_ = latex(last) if isinstance(last, w.BigSum) else _factor(last)
    return times([*map(_factor, before), open_])


def times(factors: list[str]) -> str:
    """Factors side by side; a number that follows another factor is set off by a dot."""
    text = factors[0]
    for factor in factors[1:]:
        text += (r" \cdot " if factor[0].isdigit() else SPACE) + factor
    return text


def _factor(node: w.Written) -> str:
    negative = isinstance(node, w.Number) and node.value < 0
    return _bracketed(node) if w.is_sum(node) or negative else latex(node)


def _bracketed(node: w.Written) -> str:
    return f"\\left({latex(node)}\\right)"


@latex.register
def _(node: w.Fraction) -> str:
    return f"\\frac{{{latex(node.numerator)}}}{{{latex(node.denominator)}}}"


@latex.register
def _(node: w.Power) -> str:
    bare = isinstance(node.base, w.Symbol) or (
        isinstance(node.base, w.Number) and node.base.value >= 0
    )
    closed = isinstance(node.base, w.Function) and node.base.name in ("floor", "ceil")
    base = latex(node.base) if bare or closed else _bracketed(node.base)
    return f"{base}^{{{latex(node.exponent)}}}"


@latex.register
def _(node: w.Function) -> str:
    arguments = ", ".join(map(latex, node.arguments))
    match node.name:
        case "log":
            value, base = map(latex, node.arguments)
            return f"\\log_{{{base}}}\\left({value}\\right)"
        case "floor":
            return f"\\left\\lfloor {arguments} \\right\\rfloor"
        case "ceil":
            return f"\\left\\lceil {arguments} \\right\\rceil"
        case "sqrt":
            return f"\\sqrt{{{arguments}}}"
        case "":
            inner = node.arguments[0]
            alone = len(node.arguments) == 1 and isinstance(inner, w.Fraction)
            return arguments if alone else f"\\left({arguments}\\right)"
    if node.name in NAMED:
        return f"\\{node.name}\\left({arguments}\\right)"
    return f"{latex_name(node.name)}({arguments})"


@latex.register
def _(node: w.Condition) -> str:
    if node.operator == "not":
        return f"\\lnot\\left({latex(node.parts[0])}\\right)"
    return f" {RELATIONS[node.operator]} ".join(map(latex, node.parts))


@latex.register
def _(node: w.Indicator) -> str:
    return f"\\left[{latex(node.condition)}\\right]"


@latex.register
def _(node: w.BigSum) -> str:
    body = latex(node.body)
    if isinstance(node.body, w.Sum):
        body = _bracketed(node.body)
    return f"{sum_sign(node)} {body}"


def sum_sign(node: w.BigSum) -> str:
    """The sign of a sum with its bounds."""
    bounds = f"_{{{latex_name(node.index)}={latex(node.first)}}}^{{{latex(node.last)}}}"
    return f"\\sum{bounds}"


def equation(left: str, node: w.Written, room: float = ROOM) -> str:
    """`left = formula` for a display, broken into aligned lines where it is long."""
    first = room - width(left) - width("=")
    rows = broken(node, first)
    if len(rows) == 1:
        return f"{left} = {rows[0]}"
    body = " \\\\\n  &".join(rows)
    return f"\\begin{{aligned}}\n{left} &= {body}\n\\end{{aligned}}"


# Breaking ----------------------------------------------------------------------------------

INDENT = r"\quad "
STEP = width(INDENT)
SIGN = width("+")


@dataclass(frozen=True)
class Piece:
    """What stays on one line; a line may break before it, at so many brackets deep."""

    text: str
    depth: int


def broken(node: w.Written, room: float) -> list[str]:
    """The lines of a formula that is too wide: broken at + and -, then inside brackets."""
    rows: list[str] = []
    left = 0.0
    for piece in _pieces(node, room, 0):
        wide = width(piece.text)
        if rows and wide <= left:
            rows[-1] += piece.text
            left -= wide
            continue
        indent = INDENT * (piece.depth + 1) if rows else ""
        text = piece.text.lstrip() if rows else piece.text
        rows.append(f"{indent}{{}}{text}" if rows and text[0] in "+-" else indent + text)
        left = room - width(indent) - wide
    return rows


def _pieces(node: w.Written, room: float, depth: int) -> list[Piece]:
    """A formula cut where it may be broken; as few cuts as let every piece fit."""
    if width(latex(node)) <= room:
        return [Piece(latex(node), depth)]
    match node:
        case w.Sum():
            return _sum_pieces(node, room, depth)
        case w.Product():
            return _product_pieces(node, room, depth)
        case w.BigSum():
            return _inside(f"{sum_sign(node)} ", node.body, "", room, depth)
        case w.Fraction() if not isinstance(node.numerator, w.Number):
            one = w.Fraction(w.Number(1), node.denominator)
            return _inside(latex(one) + SPACE, node.numerator, "", room, depth)
        case w.Function() if node.name in ("max", "min", "") and len(node.arguments) > 1:
            return _argument_pieces(node, room, depth)
        case w.Function() if node.name == "":
            return _bracket_pieces("", node.arguments[0], "", room, depth)
    return [Piece(latex(node), depth)]


def _sum_pieces(node: w.Sum, room: float, depth: int) -> list[Piece]:
    found: list[Piece] = []
    for at, term in enumerate(node.terms):
        minus = at > 0 and w.is_negative(term)
        sign = "" if at == 0 else " - " if minus else " + "
        first, *rest = _pieces(w.negated(term) if minus else term, room - SIGN - STEP, depth)
        found += [Piece(sign + first.text, depth), *rest]
    return found


def _product_pieces(node: w.Product, room: float, depth: int) -> list[Piece]:
    """A product is broken inside its widest bracket, or between its factors."""
    texts = [_factor(factor) for factor in node.factors]
    open_ = [at for at, factor in enumerate(node.factors) if _opens(factor)]
    if open_:
        widest = max(open_, key=lambda at: width(texts[at]))
        before, after = texts[:widest], texts[widest + 1 :]
        if before == ["-1"]:
            return _inside("-", node.factors[widest], "", room, depth)
        if width(times([*before, *after, "x"])) > room / 2:
            return _factor_pieces(node.factors, room, depth)
        head = times(before) + SPACE if before else ""
        tail = SPACE + times(after) if after else ""
        return _inside(head, node.factors[widest], tail, room, depth)
    return _factor_pieces(node.factors, room, depth)


def _factor_pieces(factors: Sequence[w.Written], room: float, depth: int) -> list[Piece]:
    """Factors that may stand on lines of their own, and are broken inside where they must."""
    pieces: list[Piece] = []
    for factor in factors:
        dot = r"\cdot " if pieces else ""
        if width(_factor(factor)) <= room - STEP - width(dot):
            pieces.append(Piece(dot + _factor(factor), depth + bool(pieces)))
        else:
            pieces += _inside(dot, factor, "", room - STEP, depth + bool(pieces))
    return pieces


def _opens(node: w.Written) -> bool:
    """Whether a line may break inside a factor."""
    if isinstance(node, w.Function):
        return node.name in ("", "max", "min")
    return isinstance(node, w.Sum | w.BigSum)


def _inside(before: str, node: w.Written, after: str, room: float, depth: int) -> list[Piece]:
    """A part that is broken inside, with what stands before and after it."""
    if isinstance(node, w.Sum | w.BigSum):
        return _bracket_pieces(before, node, after, room, depth)
    if isinstance(node, w.Function) and node.name == "" and len(node.arguments) == 1:
        return _bracket_pieces(before, node.arguments[0], after, room, depth)
    pieces = _pieces(node, room - width(before) - width(after), depth)
    return _wrapped(before, pieces, after)


def _bracket_pieces(
    before: str, node: w.Written, after: str, room: float, depth: int
) -> list[Piece]:
    left, right = f"{before}\\bigl(", f"\\bigr){after}"
    inner = max(room - max(width(left), STEP) - width(right) - STEP, room / 3)
    pieces = _pieces(node, inner, depth + 1)
    if isinstance(node, w.Sum) and len(pieces) == 1 and width(before) > room / 3:
        pieces = _sum_pieces(node, inner, depth + 1)
    return _wrapped(left, pieces, right)


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
        pieces += _wrapped("", _pieces(argument, room - 4 * STEP, depth + 1), comma)
    name = f"\\{node.name}" if node.name else ""
    return _wrapped(f"{name}\\bigl(", pieces, "\\bigr)")
