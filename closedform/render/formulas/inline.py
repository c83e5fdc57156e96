"""Written formulas as lines of SVG text: for drawings, where MathML has no place.

A formula is a row of pieces; a line may be broken before a plus or a minus. Fractions are written
with a stroke, as `plain` does.

>>> from closedform.formula import Number, Power, Symbol
>>> [(piece.text, piece.level) for piece in pieces(Power(Symbol("d", "s"), Number(2)))]
[('d', 0), ('s', -1), ('2', 1)]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import singledispatch

from closedform import formula as w
from closedform.render.formulas.mathml import RELATIONS, escape_html, name_parts

THIN = "\u2009"
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


NARROW = {THIN: 0.2, " ": 0.28, "(": 0.36, ")": 0.36, ",": 0.3, "I": 0.36, "[": 0.36, "]": 0.36,
          "/": 0.36, "i": 0.3, "j": 0.3, "l": 0.3, "m": 0.85, "M": 0.9, "w": 0.8, "W": 0.95,
          "=": 0.65, "+": 0.65, "−": 0.65}  # fmt: skip


@singledispatch
def pieces(node: w.Written) -> list[Piece]:
    """The pieces of a formula in a row."""
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


def _shifted(row: list[Piece], level: int) -> list[Piece]:
    """Pieces above or below the line; what stands above or below there as well is kept there."""
    return [replace(piece, level=level, cut=False) for piece in row]


@pieces.register
def _(node: w.Number) -> list[Piece]:
    return [Piece(str(node.value).replace("-", "−"))]


@pieces.register
def _(node: w.Symbol) -> list[Piece]:
    stem, indices = name_parts(node.name)
    shown = (*indices, node.index.replace("-", "−")) if node.index is not None else indices
    below = _join(([_word(index)] for index in shown), Piece(","))
    return [_word(stem), *_shifted(below, -1)]


@pieces.register
def _(node: w.Sum) -> list[Piece]:
    found = pieces(node.terms[0])
    for term in node.terms[1:]:
        negative = w.is_negative(term)
        found.append(Piece(f"{THIN}{'−' if negative else '+'}{THIN}", cut=True))
        found += pieces(w.negated(term) if negative else term)
    return found


@pieces.register
def _(node: w.Product) -> list[Piece]:
    first, *rest = node.factors
    if first == w.Number(-1) and rest:
        return [Piece("−"), *_join(map(_factor, rest), Piece(THIN))]
    return _join(map(_factor, node.factors), Piece(THIN))


def _factor(node: w.Written) -> list[Piece]:
    return _fenced(pieces(node)) if w.is_sum(node) else pieces(node)


@pieces.register
def _(node: w.Fraction) -> list[Piece]:
    simple = isinstance(node.denominator, w.Number | w.Symbol | w.Power | w.Function)
    bottom = pieces(node.denominator) if simple else _fenced(pieces(node.denominator))
    return [*_factor(node.numerator), Piece("/"), *bottom]


@pieces.register
def _(node: w.Power) -> list[Piece]:
    bare = isinstance(node.base, w.Number | w.Symbol | w.Function | w.Indicator)
    base = pieces(node.base) if bare else _fenced(pieces(node.base))
    return [*base, *_shifted(pieces(node.exponent), 1)]


@pieces.register
def _(node: w.Function) -> list[Piece]:
    arguments = _join(map(pieces, node.arguments), Piece(", "))
    match node.name:
        case "floor":
            return _fenced(arguments, "⌊", "⌋")
        case "ceil":
            return _fenced(arguments, "⌈", "⌉")
        case "sqrt":
            return [Piece("√"), *_fenced(arguments)]
    return [Piece(node.name), *_fenced(arguments)]


@pieces.register
def _(node: w.Condition) -> list[Piece]:
    if node.operator == "not":
        return [Piece("¬"), *_fenced(pieces(node.parts[0]))]
    return _join(map(pieces, node.parts), Piece(f" {RELATIONS[node.operator]} "))


@pieces.register
def _(node: w.Indicator) -> list[Piece]:
    return _fenced(pieces(node.condition), "[", "]")


@pieces.register
def _(node: w.BigSum) -> list[Piece]:
    start = [_word(node.index), Piece("="), *pieces(node.first), Piece("…"), *pieces(node.last)]
    return [Piece("∑"), *_shifted(start, -1), Piece(THIN), *_factor(node.body)]


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
