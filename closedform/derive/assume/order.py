"""Conditions on sizes: yes, no, or not known, from the signs of their differences."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import sympy
from sympy import Expr, Integer, Rational, Symbol
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean

from closedform.derive.assume.integers import integer
from closedform.derive.assume.store import Store
from closedform.derive.symbolic.atoms import Divides
from closedform.derive.symbolic.expansion import expand, terms_of
from closedform.derive.symbolic.relations import plain_relation
from closedform.derive.symbolic.symbols import least_of

MAX_SHIFTED = 1000


def decide(known: Store, condition: Any) -> bool | None:
    """Whether a condition holds; None when that is not known."""
    if condition in (True, sympy.true):
        return True
    if condition in (False, sympy.false):
        return False
    stated = _stated(known, condition)
    if stated is not None:
        return stated
    if isinstance(condition, sympy.And | sympy.Or):
        return _decide_many(known, condition)
    if isinstance(condition, sympy.Not):
        inner = decide(known, condition.args[0])
        return None if inner is None else not inner
    if isinstance(condition, Divides):
        return _decide_divides(known, *condition.args)
    if isinstance(condition, Relational):
        return _decide_relation(known, condition)
    return None


def _stated(known: Store, condition: Boolean) -> bool | None:
    """What a fact says of the very same condition, or of its opposite."""
    plain, opposite = plain_relation(condition), plain_relation(sympy.Not(condition))
    for fact in known.facts:
        stated = plain_relation(fact.condition)
        if stated in (plain, opposite):
            known.used.add(fact)
            return bool(stated == plain)
    return None


def _decide_many(known: Store, condition: Boolean) -> bool | None:
    answers = [decide(known, part) for part in condition.args]
    settles = isinstance(condition, sympy.Or)
    if settles in answers:
        return settles
    return None if None in answers else not settles


def _decide_divides(known: Store, divisor: Expr, dividend: Expr) -> bool | None:
    quotient = expand(known.base(dividend) / known.base(divisor))
    if quotient.is_Rational and not quotient.is_Integer:
        return False
    if not integer(known, quotient):
        return None
    return True if decide(known, sympy.Ne(divisor, 0)) else None  # 0 divides nothing


def _decide_relation(known: Store, relation: Relational) -> bool | None:
    difference = expand(known.base(relation.lhs) - known.base(relation.rhs))
    return _by_bounds(known, relation, difference)


def decide_as_named(known: Store, relation: Any) -> bool | None:
    """Whether a relation holds whatever its abbreviations, which are sizes, stand for."""
    if not isinstance(relation, Relational):  # which SymPy has decided
        return bool(relation)
    difference = expand(relation.lhs - relation.rhs)
    named = difference.free_symbols & known.spelled.keys()
    if not named or not all(symbol.is_integer and symbol.is_positive for symbol in named):
        return None
    return _by_bounds(known, relation, difference)


def _by_bounds(known: Store, relation: Relational, difference: Expr) -> bool | None:
    """What the bounds of the difference of its sides say of a relation."""
    at_least, at_most = bounds(known, difference)
    if isinstance(relation, sympy.Eq | sympy.Ne):
        if difference == 0:
            answer: bool | None = True
        elif (at_least is not None and at_least > 0) or (at_most is not None and at_most < 0):
            answer = False
        else:
            answer = None
        return answer if isinstance(relation, sympy.Eq) or answer is None else not answer
    if isinstance(relation, sympy.Lt | sympy.Le):
        at_least, at_most = _negated(at_most), _negated(at_least)
    strict = isinstance(relation, sympy.Lt | sympy.Gt)
    if at_least is not None and (at_least > 0 or (at_least == 0 and not strict)):
        return True
    if at_most is not None and (at_most < 0 or (at_most == 0 and strict)):
        return False
    return None


def bounds(known: Store, expr: Expr) -> tuple[Rational | None, Rational | None]:
    """Bounds of the numerator of a value, which has its sign; None where not known."""
    numerator, denominator = _over_one(expr)
    if not denominator.is_positive:
        return None, None
    plain = _without_rounding(known, expand(numerator))
    if plain.is_Number:
        return plain, plain
    least = _least(known, plain.free_symbols)
    terms = sympy.Add.make_args(plain)
    signs = _signs(terms)
    if signs <= {0, 1} or signs <= {0, -1}:
        nearest = sympy.Add(*(_nearest_to_zero(term, least) for term in terms))
        return (nearest, None) if signs <= {0, 1} else (None, nearest)
    shifted = plain.xreplace(
        {
            symbol: least.get(symbol, Integer(least_of(symbol))) + _more(symbol)
            for symbol in plain.free_symbols
            if symbol.is_nonnegative and symbol.is_integer
        }
    )
    return _bounds_of_shifted(shifted)


def _over_one(expr: Expr) -> tuple[Expr, Expr]:
    """Numerator and denominator of a value; a sum that is divided by numbers alone, which may have
    hundreds of terms, is not looked through for common factors."""
    terms = sympy.Add.make_args(expr)
    if len(terms) > 1 and all(sympy.fraction(term)[1].is_Integer for term in terms):
        content, primitive = expr.primitive()
        if content.is_Rational:
            return content.p * primitive, Integer(content.q)
    numerator, denominator = sympy.fraction(sympy.together(expr))
    return numerator, denominator


@lru_cache(maxsize=4096)
def _more(size: Expr) -> Symbol:
    """What a size is more than its least value: the same each time, as what is asked is often."""
    return sympy.Dummy("t", nonnegative=True)


@lru_cache(maxsize=4096)
def _real(size: Expr) -> Symbol:
    """The same for a value of which no bound is known."""
    return sympy.Dummy("t", real=True)


@lru_cache(maxsize=4096)
def _bounds_of_shifted(shifted: Expr) -> tuple[Rational | None, Rational | None]:
    """Bounds of a sum in what its sizes are more than their least values."""
    if terms_of(shifted) > MAX_SHIFTED:
        return None, None
    constant, rest = sympy.expand(shifted).as_coeff_Add()
    signs = _signs(sympy.Add.make_args(rest))
    lower = constant if signs <= {0, 1} else None
    upper = constant if signs <= {0, -1} else None
    return lower, upper


def _nearest_to_zero(term: Expr, least: dict[Symbol, Expr]) -> Expr:
    """The value of a term of known sign with every size at its least."""
    number, rest = term.as_coeff_Mul()
    for base, exponent in rest.as_powers_dict().items():
        whole = base.is_Symbol and base.is_integer and base.is_nonnegative and exponent.is_positive
        if base == 1:
            continue
        if not (whole and exponent.is_number):
            return Integer(0)
        number *= least.get(base, Integer(least_of(base))) ** exponent
    return number


def _without_rounding(known: Store, expr: Expr) -> Expr:
    """An expression with a symbol for every floor and the like, at least 0 where that is known."""
    replaced: dict[Expr, Expr] = {}
    atoms = expr.atoms(sympy.floor, sympy.ceiling, sympy.Max, sympy.Min)
    assumed = _least(known, atoms) if atoms else {}
    for atom in atoms:
        if atom in assumed:
            replaced[atom] = assumed[atom] + _more(atom)
            continue
        some = any if isinstance(atom, sympy.Max) else all  # one is enough for the largest
        if some(is_nonnegative(known, value) for value in atom.args):
            replaced[atom] = int(_reaches_1(known, atom)) + _more(atom)
        else:
            replaced[atom] = _real(atom)
    return expr.xreplace(replaced)


def _reaches_1(known: Store, rounded: Expr) -> bool:
    """Whether it is at least 1: a ceiling of what is above 0, a floor of i/p with i >= p stated."""
    if isinstance(rounded, sympy.ceiling):
        return bool(rounded.args[0].is_positive)
    if not isinstance(rounded, sympy.floor):
        return False
    top, bottom = sympy.fraction(sympy.together(rounded.args[0]))
    return bool(bottom.is_positive and _stated(known, sympy.Ge(top, bottom)))


def is_nonnegative(known: Store, value: Expr) -> bool:
    """Whether a value is proved to be at least zero."""
    if value.is_nonnegative:
        return True
    lower = bounds(known, value)[0]
    return lower is not None and lower >= 0


def _least(known: Store, sizes: set[Expr]) -> dict[Expr, Expr]:
    """The least value of those sizes for which a larger one than 1 is assumed; floors too."""
    least: dict[Expr, Expr] = {
        index: first
        for index, (first, _) in known.ranges.items()
        if index in sizes and first.is_Integer
    }
    for fact in known.facts:
        condition = fact.condition
        if isinstance(condition, sympy.Lt | sympy.Le):
            condition = condition.reversed
        if not isinstance(condition, sympy.Gt | sympy.Ge):
            continue
        constant, size = (condition.lhs - condition.rhs).as_coeff_Add()
        if size in sizes and size.is_integer and constant.is_Integer:
            value = -constant + isinstance(condition, sympy.Gt)
            known_least = -1 if size.is_nonnegative is None else least_of(size)
            if value > least.get(size, known_least):
                least[size] = value
                known.used.add(fact)
    return least


def _negated(bound: Rational | None) -> Rational | None:
    return None if bound is None else -bound


def _signs(terms: Iterable[Expr]) -> set[int | None]:
    """The signs of terms, until they are seen not to be alike."""
    signs: set[int | None] = set()
    for term in terms:
        signs.add(_sign(term))
        if None in signs or signs >= {1, -1}:
            break
    return signs


def _sign(term: Expr) -> int | None:
    if term.is_zero:
        return 0
    if term.is_nonnegative:
        return 1
    return -1 if term.is_nonpositive else None
