"""Where brackets stand in a formula: one answer, which every printer asks and only spells.

A node binds at a level, and a place wants a level: where the node binds less tightly than its place
wants, it stands in brackets. A notation is data: what its places want, and how far a bar and a big
sum reach in it.

>>> from closedform.formula.tree import Number, Power, Product, Sum, Symbol
>>> n = Symbol("n")
>>> [part.bracketed for part in parts(Product((n, Sum((n, Number(1))))), LINE)]
[False, True]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import Enum, IntEnum, auto

from closedform.data import dataclass
from closedform.formula.tree import (
    BigSum,
    Braced,
    Condition,
    Fraction,
    Function,
    Indicator,
    Number,
    Power,
    Product,
    Sum,
    Symbol,
    Written,
    is_negative,
    negated,
)


class Level(IntEnum):
    """How tightly a node binds, and what a place wants at least."""

    ANYTHING = 0  # what a place wants that encloses: a bar, a root, brackets of its own
    OR = auto()
    AND = auto()
    NOT = auto()
    RELATION = auto()
    ENDLESS = auto()  # a big sum that would not end before a plus
    SUM = auto()
    BIG_SUM = auto()  # one that ends there
    QUOTIENT = auto()  # with a stroke
    PRODUCT = auto()
    POWER = auto()
    BAR = auto()  # a fraction with a bar, and what else is too wide for an exponent
    CALL = auto()  # max(a, b)
    CLOSED = auto()  # [n > 1]
    INDEXED = auto()  # D_s
    WORD = auto()  # a name, a number, what has brackets already
    BRACKETS = auto()  # what a place wants that always has brackets


class Place(Enum):
    """Where a node stands in another."""

    TERM = auto()
    SUBTRACTED = auto()
    FACTOR = auto()  # with another factor behind it
    LAST_FACTOR = auto()
    NUMERATOR = auto()
    DENOMINATOR = auto()
    BASE = auto()
    EXPONENT = auto()
    LOG_BASE = auto()
    ARGUMENT = auto()
    ALONE = auto()  # of a function without a name: brackets that somebody asked for
    SIDE = auto()  # of a relation
    ALL = auto()  # of an `and`
    ANY = auto()  # of an `or`
    DENIED = auto()  # of a `not`
    CONDITION = auto()
    BOUND = auto()
    BODY = auto()
    BRACED = auto()


BINDING: Mapping[type, Level] = {
    Number: Level.WORD,
    Sum: Level.SUM,
    Product: Level.PRODUCT,
    Power: Level.POWER,
    Indicator: Level.CLOSED,
}
CONNECTIVES: Mapping[str, Level] = {"or": Level.OR, "and": Level.AND, "not": Level.NOT}
FUNCTIONS: Mapping[str, Level] = {"": Level.WORD, "floor": Level.CLOSED, "ceil": Level.CLOSED}

OPERANDS: Mapping[str, Place] = {"or": Place.ANY, "and": Place.ALL, "not": Place.DENIED}

LEAST: Mapping[Place, Level] = {
    Place.TERM: Level.SUM,
    Place.SUBTRACTED: Level.BIG_SUM,
    Place.FACTOR: Level.PRODUCT,
    Place.LAST_FACTOR: Level.QUOTIENT,
    Place.NUMERATOR: Level.QUOTIENT,
    Place.DENOMINATOR: Level.POWER,
    Place.BASE: Level.CALL,
    Place.EXPONENT: Level.INDEXED,
    Place.LOG_BASE: Level.WORD,
    Place.ARGUMENT: Level.ANYTHING,
    Place.ALONE: Level.BRACKETS,
    Place.SIDE: Level.ENDLESS,
    Place.ALL: Level.AND,
    Place.ANY: Level.ANYTHING,  # nothing binds less than an `or`
    Place.DENIED: Level.BRACKETS,
    Place.CONDITION: Level.ANYTHING,
    Place.BOUND: Level.SUM,
    Place.BODY: Level.QUOTIENT,
    Place.BRACED: Level.BIG_SUM,  # where no brace is seen, brackets hold a sum together
}

# Where a minus may not stand, even at the beginning: `2^-n`, `a/-n`. Elsewhere it may not follow.
UNSIGNED = frozenset({Place.DENOMINATOR, Place.BASE, Place.EXPONENT, Place.LOG_BASE})

# Where a big sum stays open if its product, or the sum around it, may end with one.
TAILS = frozenset({Place.LAST_FACTOR, Place.BODY})


@dataclass(frozen=True)
class Notation:
    """What the places of a notation want, and what differs in it by its signs."""

    least: Mapping[Place, Level]
    fraction: Level
    big_sum: Level
    minus_before_bar: bool = False

    @property
    def bar(self) -> bool:
        """Whether a fraction has a bar, which encloses what is above and below it."""
        return self.least[Place.NUMERATOR] == Level.ANYTHING


RAISED = {Place.EXPONENT: Level.ANYTHING, Place.LOG_BASE: Level.ANYTHING}
BARRED = {
    Place.NUMERATOR: Level.ANYTHING,
    Place.DENOMINATOR: Level.ANYTHING,
    Place.BRACED: Level.ANYTHING,
}

# A line of plain text.
LINE = Notation({**LEAST}, Level.QUOTIENT, Level.ENDLESS)
# A line with exponents above it.
RAISED_LINE = Notation({**LEAST, **RAISED}, Level.QUOTIENT, Level.BIG_SUM)
# Two dimensions; the minus of a fraction stands in its numerator, or before its bar.
PLANE = Notation({**LEAST, **RAISED, **BARRED, Place.BASE: Level.CLOSED}, Level.BAR, Level.BIG_SUM)
PLANE_SIGNED = replace(PLANE, minus_before_bar=True)


@dataclass(frozen=True)
class Part:
    """A node in its place; `least` is what is wanted of it, and `minus` stands before it."""

    node: Written
    bracketed: bool
    least: Level
    minus: bool = False


def parts(node: Written, notation: Notation, least: Level = Level.ANYTHING) -> tuple[Part, ...]:
    """The children of a node that stands where `least` is wanted, in the order of its fields.

    A minus at the beginning of a term or of a product is apart from what it stands before.
    """

    def part(child: Written, place: Place) -> Part:
        return placed(child, place, notation, least)

    match node:
        case Number() | Symbol():
            return ()
        case Sum():
            first, *rest = node.terms
            return (part(first, Place.TERM), *(_later_term(term, notation) for term in rest))
        case Product():
            return _factors(node, notation, least)
        case Fraction():
            return (
                part(node.numerator, Place.NUMERATOR),
                part(node.denominator, Place.DENOMINATOR),
            )
        case Power():
            return part(node.base, Place.BASE), part(node.exponent, Place.EXPONENT)
        case Function(name="log", arguments=(value, base)):
            return part(value, Place.ARGUMENT), part(base, Place.LOG_BASE)
        case Function(name="", arguments=(alone,)) if not needless(node, notation):
            return (part(alone, Place.ALONE),)
        case Function():
            return tuple(part(argument, Place.ARGUMENT) for argument in node.arguments)
        case Condition():
            place = OPERANDS.get(node.operator, Place.SIDE)
            return tuple(part(operand, place) for operand in node.parts)
        case Indicator():
            return (part(node.condition, Place.CONDITION),)
        case BigSum():
            bounds = part(node.first, Place.BOUND), part(node.last, Place.BOUND)
            return (*bounds, part(node.body, Place.BODY))
        case Braced():
            return (placed(node.body, Place.BRACED, notation),)
    raise TypeError(f"no parts of {type(node).__name__}")


def placed(
    node: Written,
    place: Place,
    notation: Notation,
    least: Level = Level.ANYTHING,
    first: bool = True,
) -> Part:
    """A node in a place of a node of which `least` is wanted; `first` if nothing is before it."""
    wanted = notation.least[place]
    if place in TAILS:
        wanted = least if isinstance(node, BigSum) else max(wanted, least)
    loose = binding(node, notation) < wanted
    unsigned = wanted != Level.ANYTHING and (place in UNSIGNED or not first)
    bracketed = loose or (unsigned and begins_with_sign(node, notation))
    return Part(node, bracketed, Level.ANYTHING if bracketed else wanted)


def after_minus(node: Written, notation: Notation) -> Part:
    """A negative term without its sign, as it stands behind that."""
    part = placed(negated(node), Place.SUBTRACTED, notation, first=False)
    return replace(part, minus=True)


def _later_term(node: Written, notation: Notation) -> Part:
    if is_negative(node):
        return after_minus(node, notation)
    return placed(node, Place.TERM, notation, first=False)


def _factors(node: Product, notation: Notation, least: Level) -> tuple[Part, ...]:
    factors = node.factors
    minus = factors[0] == Number(-1) and len(factors) > 1
    if minus:
        factors = factors[1:]
    found = []
    for at, factor in enumerate(factors, 1):
        place = Place.FACTOR if at < len(factors) else Place.LAST_FACTOR
        found.append(placed(factor, place, notation, least, first=at == 1 and not minus))
    return (replace(found[0], minus=minus), *found[1:])


def binding(node: Written, notation: Notation) -> Level:
    """How tightly a node binds."""
    match node:
        case Symbol():
            return Level.WORD if node.index is None else Level.INDEXED
        case Fraction():
            return notation.fraction
        case BigSum():
            return notation.big_sum
        case Condition():
            return CONNECTIVES.get(node.operator, Level.RELATION)
        case Function() if needless(node, notation):
            return notation.fraction
        case Braced():
            body = placed(node.body, Place.BRACED, notation)
            enclosed = notation.bar or body.bracketed
            return Level.BAR if enclosed else binding(node.body, notation)
        case Function():
            return FUNCTIONS.get(node.name, Level.CALL)
    return BINDING[type(node)]


def needless(node: Function, notation: Notation) -> bool:
    """Whether brackets that somebody asked for are left out: those around a fraction with a bar."""
    alone = node.name == "" and len(node.arguments) == 1
    return alone and notation.bar and isinstance(node.arguments[0], Fraction)


def begins_with_sign(node: Written, notation: Notation) -> bool:
    """Whether a minus is the first that is read of a formula."""
    number = _beginning(node, notation)
    return number is not None and number.value < 0


def begins_with_digit(node: Written, notation: Notation) -> bool:
    """Whether a digit is the first that is read of a formula.

    >>> begins_with_digit(Power(Number(2), Symbol("n")), LINE)
    True
    """
    number = _beginning(node, notation)
    return number is not None and number.value >= 0


def _beginning(node: Written, notation: Notation) -> Number | None:
    """The number with which a formula begins, if it begins with one."""
    match node:
        case Number():
            return node
        case Fraction() if notation.bar:
            return Number(-1) if notation.minus_before_bar and is_negative(node) else None
        case Function() if needless(node, notation):
            return _beginning(node.arguments[0], notation)
        case Product(factors=(Number(value=-1) as minus, _, *_)):
            return minus
        case Sum():
            first = placed(node.terms[0], Place.TERM, notation)
        case Product():
            first = placed(node.factors[0], Place.FACTOR, notation)
        case Fraction():
            first = placed(node.numerator, Place.NUMERATOR, notation)
        case Power():
            first = placed(node.base, Place.BASE, notation)
        case Braced():
            first = placed(node.body, Place.BRACED, notation)
        case Condition() if node.operator != "not":
            place = OPERANDS.get(node.operator, Place.SIDE)
            first = placed(node.parts[0], place, notation)
        case _:
            return None
    return None if first.bracketed else _beginning(first.node, notation)
