"""Formulas in MathML for a narrow column: broken at signs, in the brackets of a product too.

>>> from closedform.formula import Product, Sum, Symbol
>>> n, a, b = map(Symbol, "nab")
>>> node = Product((n, Sum((a, b))))
>>> [len(broken(node, room)) for room in (9.0, 4.0)]
[1, 2]
"""

from __future__ import annotations

from dataclasses import replace

from closedform import formula as w
from closedform.data import dataclass
from closedform.formula.precedence import PLANE_SIGNED, Level, Part, needless, parts
from closedform.render.formulas.mathml import TIMES, between, part_shown, sum_sign
from closedform.render.formulas.svg_line import pieces

INDENT = 1.0  # ems, for each bracket that is open
SIGN = 1.7
OPEN, CLOSE = '<mo stretchy="false">(</mo>', '<mo stretchy="false">)</mo>'
BRACKET = 0.4
PLUS, MINUS, DOT = "<mo>+</mo>", "<mo>−</mo>", "<mo>⋅</mo>"
SUM_SIGN = 2.4


@dataclass(frozen=True)
class Piece:
    """What stays on one line; a line may begin with it, in so many brackets."""

    content: str
    width: float
    depth: int


def broken(node: w.Written, line: float, begun: str = "", used: float = 0.0) -> list[str]:
    """The lines of a formula, in a column of so many ems; the later ones are indented.

    What stands behind a bracket is not in a line that began inside it. The first line may have
    begun already, and has used some of its room.
    """
    rows = [begun] if begun else []
    left, deep = line - used if begun else 0.0, 0
    for piece in _pieces(Part(node, False, Level.ANYTHING), line, 0, 0.0):
        if rows and piece.width <= left and piece.depth >= deep:
            rows[-1] += piece.content
            left -= piece.width
            continue
        indent = _indent(piece.depth) if rows else 0.0
        space = f'<mspace width="{indent:g}em"></mspace>' if rows else ""
        rows.append(space + piece.content)
        left, deep = line - indent - piece.width, piece.depth
    return rows


def _indent(depth: int) -> float:
    return INDENT * (depth + 1)


def _width(part: Part) -> float:
    return sum(p.width for p in pieces(part.node)) + (2 * BRACKET if part.bracketed else 0.0)


def _pieces(part: Part, line: float, depth: int, before: float) -> list[Piece]:
    """A part of a formula, cut where it has no room on a line behind so much of it."""
    node, wide = part.node, _width(part)
    if before + wide > line - _indent(depth):
        if part.bracketed:
            return _in_brackets(replace(part, bracketed=False), line, depth, before)
        match node:
            case w.Function(name="", arguments=(alone,)):
                inner = Part(alone, False, Level.ANYTHING)
                put = _pieces if needless(node, PLANE_SIGNED) else _in_brackets
                return put(inner, line, depth, before)
            case w.Sum():
                return _terms(part, line, depth, before)
            case w.Product():
                return _factors(part, line, depth, before)
            case w.Condition(operator="="):
                return _sides(part, line, depth, before)
            case w.BigSum():
                *_, body = parts(node, PLANE_SIGNED, part.least)
                found = _pieces(body, line, depth, before + SUM_SIGN)
                return _wrapped(sum_sign(node), SUM_SIGN, found)
    return [Piece(part_shown(part), wide, depth)]


def _in_brackets(inner: Part, line: float, depth: int, before: float) -> list[Piece]:
    found = _pieces(inner, line, depth + 1, before + BRACKET)
    if before + found[0].width > line - _indent(depth):  # the bracket ends its line
        found = [Piece("", 0.0, depth + 1), *_pieces(inner, line, depth + 1, 0.0)]
    return _wrapped(OPEN, BRACKET, found, CLOSE, BRACKET)


def _terms(part: Part, line: float, depth: int, before: float) -> list[Piece]:
    first, *rest = parts(part.node, PLANE_SIGNED, part.least)
    found = _pieces(first, line, depth, before)
    for term in rest:
        own = _pieces(term, line, depth, SIGN)
        found += _wrapped(MINUS if term.minus else PLUS, SIGN, own)
    return found


def _opens(node: w.Written) -> bool:
    """Whether a line may end inside a factor that has no brackets around it."""
    return isinstance(node, w.BigSum) or (isinstance(node, w.Function) and node.name == "")


def _sides(part: Part, line: float, depth: int, before: float) -> list[Piece]:
    first, *rest = parts(part.node, PLANE_SIGNED, part.least)
    found = _pieces(first, line, depth, before)
    for side in rest:
        found += _wrapped("<mo>=</mo>", SIGN, _pieces(side, line, depth, SIGN))
    return found


def _factors(part: Part, line: float, depth: int, before: float) -> list[Piece]:
    """A product, whose brackets are broken before it is itself."""
    first, *rest = factors = parts(part.node, PLANE_SIGNED, part.least)
    opens = any(factor.bracketed or _opens(factor.node) for factor in factors)
    if not opens and _width(part) <= line - _indent(depth):  # it has a line of its own
        return [Piece(part_shown(part), _width(part), depth)]
    found = _pieces(first, line, depth, before)
    if first.minus:
        found = _wrapped(MINUS, SIGN, found)
    for factor in rest:
        *found, last = found
        used = last.width + (0.0 if found else before)
        next_, *own = _pieces(factor, line, depth, used)
        if used + next_.width <= line - _indent(depth):
            both = last.content + between(factor) + next_.content
            found += [Piece(both, last.width + next_.width, last.depth), *own]
        else:
            own = _pieces(factor, line, depth, SIGN)
            sign = between(factor)
            found += [last, *_wrapped(DOT if sign == TIMES else sign, SIGN, own)]
    return found


def _wrapped(
    before: str, wide: float, found: list[Piece], after: str = "", more: float = 0.0
) -> list[Piece]:
    """Pieces with what stands before the first and after the last; brackets open before these."""
    first, *rest = found
    begun = Piece(before + first.content, first.width + wide, first.depth - bool(after))
    *found, last = [begun, *rest]
    return [*found, replace(last, content=last.content + after, width=last.width + more)]
