"""How much room a formula takes: the measure by which one form is shorter than another."""

from __future__ import annotations

from closedform import formula as w
from closedform.formula.precedence import LINE, Place, placed

LONGEST = 3  # letters of a name that count
NESTED = 3  # a bracket inside a bracket is as hard to read as a few more letters
BIG_SUM = 12  # a sum over an index: its sign, and what it asks of a reader


def room(node: w.Written, depth: int = 0) -> int:
    """The width of a formula in letters, `depth` brackets deep.

    >>> n, heads = w.Symbol("n"), w.Symbol("heads")
    >>> inner = w.Sum((n, w.Number(1)))
    >>> room(inner), room(w.Product((heads, inner)))
    (5, 11)
    >>> room(w.Product((n, w.Sum((heads, w.Product((n, inner)))))))
    22
    """
    match node:
        case w.Number():
            return len(str(node.value))
        case w.Symbol():
            return min(len(node.name), LONGEST) + (
                0 if node.index is None else 1 + (len(node.index) > 1)
            )
        case w.Sum():
            return sum(_term(term, depth) for term in node.terms) + 3 * (len(node.terms) - 1)
        case w.Product():
            return sum(_factor(part, depth) for part in node.factors) + len(node.factors) - 1
        case w.Fraction():
            return _factor(node.numerator, depth) + 1 + _factor(node.denominator, depth)
        case w.Power():
            return _factor(node.base, depth) + 1 + room(node.exponent, depth)
        case w.Function():
            return 2 + sum(room(part, depth) for part in node.arguments)
        case w.Condition():
            return sum(room(part, depth) + 3 for part in node.parts)
        case w.Indicator():
            return 2 + room(node.condition, depth)
        case w.BigSum():
            return BIG_SUM + room_below(node.body)
        case w.Braced():
            return room(node.body, depth)


def room_below(node: w.Written) -> int:
    """The room of what stands below a sum sign, in brackets if it is a sum itself."""
    return room(node) + (2 if isinstance(node, w.Sum) else 0)


def _term(node: w.Written, depth: int) -> int:
    return _placed(node, Place.TERM, depth)


def _factor(node: w.Written, depth: int) -> int:
    """The room of a factor, a base, or a part of a fraction, whose bar needs no other brackets."""
    return _placed(node, Place.NUMERATOR, depth)


def _placed(node: w.Written, place: Place, depth: int) -> int:
    if not placed(node, place, LINE).bracketed:
        return room(node, depth)
    stated = isinstance(node, w.Sum) and node.stated
    return 2 + (NESTED if depth > 0 and not stated else 0) + room(node, depth + 1)
