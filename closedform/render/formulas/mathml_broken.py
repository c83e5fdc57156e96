"""Formulas in MathML for a narrow column: broken at signs, in the brackets of a product too.

>>> from closedform.formula import Product, Sum, Symbol
>>> n, a, b = map(Symbol, "nab")
>>> node = Product((n, Sum((a, b))))
>>> [len(broken(node, room)) for room in (9.0, 4.0)]
[1, 2]
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from closedform import formula as w
from closedform.formula.precedence import PLANE_SIGNED, Level, Part, parts
from closedform.render.formulas.mathml import between, part_shown, sum_sign
from closedform.render.formulas.svg_line import pieces

INDENT = 1.0  # ems, for each bracket that is open
SIGN = 1.7
OPEN, CLOSE = '<mo stretchy="false">(</mo>', '<mo stretchy="false">)</mo>'
BRACKETS = 0.8
PLUS, MINUS = "<mo>+</mo>", "<mo>−</mo>"
SUM_SIGN = 2.4


@dataclass(frozen=True)
class Piece:
    """What stays on one line; a line may begin with it, in so many brackets."""

    content: str
    width: float
    depth: int


def broken(node: w.Written, room: float, begun: str = "", used: float = 0.0) -> list[str]:
    """The lines of a formula, in a column of so many ems; the later ones are indented.

    The first line may have begun already, and has used some of its room.
    """
    rows = [begun] if begun else []
    left = room - used if begun else 0.0
    for piece in _pieces(Part(node, False, Level.ANYTHING), room - INDENT, 0):
        if rows and piece.width <= left:
            rows[-1] += piece.content
            left -= piece.width
            continue
        indent = INDENT * (piece.depth + 1) if rows else 0.0
        space = f'<mspace width="{indent:g}em"></mspace>' if rows else ""
        rows.append(space + piece.content)
        left = room - indent - piece.width
    return rows


def _width(part: Part) -> float:
    return sum(p.width for p in pieces(part.node)) + (BRACKETS if part.bracketed else 0.0)


def _pieces(part: Part, room: float, depth: int) -> list[Piece]:
    """A part of a formula, cut where it is too wide for its room."""
    node, wide = part.node, _width(part)
    if wide > room:
        if part.bracketed:
            inner = replace(part, bracketed=False)
            found = _pieces(inner, room - BRACKETS, depth + 1)
            return _wrapped(OPEN, BRACKETS / 2, found, CLOSE, BRACKETS / 2)
        match node:
            case w.Sum():
                return _terms(part, room, depth)
            case w.Product():
                return _factors(part, room, depth)
            case w.BigSum():
                *_, body = parts(node, PLANE_SIGNED, part.least)
                found = _pieces(body, room - SUM_SIGN, depth)
                return _wrapped(sum_sign(node), SUM_SIGN, found)
    return [Piece(part_shown(part), wide, depth)]


def _terms(part: Part, room: float, depth: int) -> list[Piece]:
    found: list[Piece] = []
    for at, term in enumerate(parts(part.node, PLANE_SIGNED, part.least)):
        own = _pieces(term, room - SIGN - INDENT, depth)
        found += _wrapped(MINUS if term.minus else PLUS, SIGN, own) if at else own
    return found


def _factors(part: Part, room: float, depth: int) -> list[Piece]:
    """A product: what stands before a bracket begins a line with it."""
    found: list[Piece] = []
    for at, factor in enumerate(parts(part.node, PLANE_SIGNED, part.least)):
        before = between(factor) if at else MINUS if factor.minus else ""
        used = sum(piece.width for piece in found[-1:])
        own = _pieces(factor, max(room - used, room / 2), depth)
        first, *rest = _wrapped(before, 0.0, own)
        if found and used + first.width <= room:
            last = found.pop()
            first = Piece(last.content + first.content, used + first.width, last.depth)
        found += [first, *rest]
    return found


def _wrapped(
    before: str, wide: float, found: list[Piece], after: str = "", more: float = 0.0
) -> list[Piece]:
    """Pieces with what stands before the first and after the last; brackets open before these."""
    first, *rest = found
    begun = Piece(before + first.content, first.width + wide, first.depth - bool(after))
    *found, last = [begun, *rest]
    return [*found, replace(last, content=last.content + after, width=last.width + more)]
