"""Written formulas as lines of SVG text: for drawings, where MathML has no place.

A formula is a row of pieces; a line may be broken before a plus or a minus. Fractions are written
with a stroke, as `plain` does.

>>> from closedform.formula import Number, Power, Symbol
>>> [(piece.text, piece.level) for piece in pieces(Power(Symbol("d", "s"), Number(2)))]
[('d', 0), ('s', -1), ('2', 1)]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import singledispatch

from closedform import formula as w
from closedform.data import dataclass
from closedform.formula.precedence import (
    RAISED_LINE,
    Level,
    Part,
    Place,
    begins_with_digit,
    parts,
    placed,
)
from closedform.render.formulas.mathml import RELATIONS, escape_html, name_parts

THIN = "\u2009"
FENCES = {"floor": ("", "⌊", "⌋"), "ceil": ("", "⌈", "⌉"), "sqrt": ("√", "(", ")")}
RISE = 4.5  # pixels that an index stands below the line, and a power above it


@dataclass(frozen=True)
class Piece:
    """A text in one style; `level` is above (1) or below (-1) the line, `cut` where it may end."""

    text: str
    level: int = 0
    italic: bool = False
    cut: bool = False

    @property
    def width(self) -> float:
        """About how wide it is, in ems of the line."""
        wide = sum(1.0 if ord(char) > 0x2E7F else NARROW.get(char, 0.56) for char in self.text)
        return wide * (0.7 if self.level else 1.0)


WIDTHS = {0.2: THIN, 0.28: " ", 0.3: ",ijl", 0.36: "()[]/I", 0.65: "=+−"}
WIDTHS |= {0.8: "w", 0.85: "m", 0.9: "M", 0.95: "W"}
NARROW = {char: width for width, chars in WIDTHS.items() for char in chars}


def pieces(node: w.Written) -> list[Piece]:
    """The pieces of a formula in a row."""
    return _pieces(node, Level.ANYTHING)


def factor_pieces(node: w.Written) -> list[Piece]:
    """The pieces of a formula behind a sign of multiplication."""
    return _shown(placed(node, Place.LAST_FACTOR, RAISED_LINE, first=False))


def _shown(part: Part) -> list[Piece]:
    row = _pieces(part.node, part.least)
    return _fenced(row) if part.bracketed else row


def _inner(node: w.Written, least: Level = Level.ANYTHING) -> list[list[Piece]]:
    return [_shown(part) for part in parts(node, RAISED_LINE, least)]


@singledispatch
def _pieces(node: w.Written, least: Level) -> list[Piece]:
    raise TypeError(f"no pieces for {type(node).__name__}")


def _join(rows: Iterable[list[Piece]], between: Piece) -> list[Piece]:
    found: list[Piece] = []
    for row in rows:
        found += [between, *row] if found else row
    return found


def _fenced(row: list[Piece], left: str = "(", right: str = ")") -> list[Piece]:
    return [Piece(left), *row, Piece(right)]


def _word(part: str) -> Piece:
    return Piece(part, italic=len(part) == 1 and part.isalpha())


def _small(part: Part, level: int) -> list[Piece]:
    """A part above or below the line; one that leaves its line itself is written as `plain`."""
    row = _shown(part)
    if any(piece.level for piece in row):
        text = w.plain(part.node)
        row = [Piece(f"({text})" if part.bracketed else text)]
    return _shifted(row, level)


def _shifted(row: list[Piece], level: int) -> list[Piece]:
    return [replace(piece, level=level, cut=False) for piece in row]


@_pieces.register
def _(node: w.Number, least: Level) -> list[Piece]:
    return [Piece(str(node.value).replace("-", "−"))]


@_pieces.register
def _(node: w.Symbol, least: Level) -> list[Piece]:
    stem, indices = name_parts(node.sign or node.name)
    shown = (*indices, node.index.replace("-", "−")) if node.index is not None else indices
    below = _join(([_word(index)] for index in shown), Piece(","))
    return [_word(stem), *_shifted(below, -1)]


@_pieces.register
def _(node: w.Sum, least: Level) -> list[Piece]:
    first, *rest = parts(node, RAISED_LINE, least)
    found = _shown(first)
    for part in rest:
        found.append(Piece(f"{THIN}{'−' if part.minus else '+'}{THIN}", cut=True))
        found += _shown(part)
    return found


@_pieces.register
def _(node: w.Product, least: Level) -> list[Piece]:
    first, *rest = parts(node, RAISED_LINE, least)
    found = [Piece("−"), *_shown(first)] if first.minus else _shown(first)
    for part in rest:
        cross = not part.bracketed and begins_with_digit(part.node, RAISED_LINE)
        found += [Piece(f"{THIN}×{THIN}" if cross else THIN), *_shown(part)]
    return found


@_pieces.register
def _(node: w.Fraction, least: Level) -> list[Piece]:
    return _join(_inner(node), Piece("/"))


@_pieces.register
def _(node: w.Power, least: Level) -> list[Piece]:
    base, exponent = parts(node, RAISED_LINE)
    return [*_shown(base), *_small(exponent, 1)]


@_pieces.register
def _(node: w.Function, least: Level) -> list[Piece]:
    if node.name == "log":
        value, base = parts(node, RAISED_LINE)
        return [Piece("log"), *_small(base, -1), *_fenced(_shown(value))]
    shown = _inner(node)
    if node.name == "" and len(shown) == 1:
        return shown[0]
    name, left, right = FENCES.get(node.name, (node.name, "(", ")"))
    fenced = _fenced(_join(shown, Piece(", ")), left, right)
    return [Piece(name), *fenced] if name else fenced


@_pieces.register
def _(node: w.Condition, least: Level) -> list[Piece]:
    shown = _inner(node)
    if node.operator == "not":
        return [Piece("¬"), *shown[0]]
    return _join(shown, Piece(f" {RELATIONS[node.operator]} "))


@_pieces.register
def _(node: w.Indicator, least: Level) -> list[Piece]:
    return _fenced(_inner(node)[0], "[", "]")


@_pieces.register
def _(node: w.BigSum, least: Level) -> list[Piece]:
    first, last, body = parts(node, RAISED_LINE, least)
    start = _shifted([_word(node.index), Piece("=")], -1)
    bounds = [*start, *_small(first, -1), Piece("…", -1), *_small(last, -1)]
    return [Piece("∑"), *bounds, Piece(THIN), *_shown(body)]


@_pieces.register
def _(node: w.Braced, least: Level) -> list[Piece]:
    """A line has no braces: the formula, with the name of the part below it."""
    return [*_inner(node)[0], Piece("⏟"), Piece(node.name, -1)]


# Lines -------------------------------------------------------------------------------------


def broken(row: list[Piece], room: float) -> list[list[Piece]]:
    """Pieces in lines that are about as wide as the room, in ems."""
    lines: list[list[Piece]] = [[]]
    used = 0.0
    for run in _runs(row):
        width = sum(piece.width for piece in run)
        if lines[-1] and used + width > room:
            lines.append([])
            used = 0.0
        lines[-1] += run
        used += width
    return lines


def _runs(row: list[Piece]) -> Iterator[list[Piece]]:
    """The pieces between two places where a line may end; a sign begins its run."""
    run: list[Piece] = []
    for piece in row:
        if piece.cut and run:
            yield run
            run = []
        run.append(piece)
    if run:
        yield run


def svg_text(
    row: list[Piece], x: float, y: float, kind: str = "formula", anchor: str = "start"
) -> str:
    """A line of pieces as an SVG text at x, on the line y."""
    spans: list[str] = []
    level = 0
    for piece in row:
        shift = f' dy="{(level - piece.level) * RISE:g}"' if piece.level != level else ""
        styles = [name for name, on in (("v", piece.italic), ("k", piece.level != 0)) if on]
        of = f' class="{" ".join(styles)}"' if styles else ""
        spans.append(f"<tspan{of}{shift}>{escape_html(piece.text)}</tspan>")
        level = piece.level
    at = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text class="{kind}"{at} x="{x:g}" y="{y:g}">{"".join(spans)}</text>'
