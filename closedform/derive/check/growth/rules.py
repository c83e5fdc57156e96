"""Bounds of each kind of expression but sums over an index."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import chain

import sympy
from sympy import Expr, Integer

from closedform.derive.assume.proofs.inequalities.means import left_of_means
from closedform.derive.assume.proofs.inequalities.squares import left_of_squares
from closedform.derive.check.growth.bounds import (
    ANY_SIGN,
    CONSTANT,
    MAYBE_ZERO,
    Bounder,
    Bounds,
    Monomials,
    Rule,
    fraction,
    unknown,
)
from closedform.derive.check.growth.cases import Supposed, Undecided
from closedform.derive.check.growth.differences import factors_of, left_over
from closedform.derive.check.growth.monomials import EXP, LOG, ONE, Monomial, power
from closedform.derive.symbolic.atoms import Gcd, Log
from closedform.derive.symbolic.expansion import expand
from closedform.derive.symbolic.wording import say

# Sums, products, powers --------------------------------------------------------------------


def _sum(bounder: Bounder, expr: Expr) -> Bounds:
    parts = _alike(bounder, expand(expr))
    if len(parts) == 1:
        ((part, factor),) = parts.items()
        return bounder.of(factor) * bounder.of(part)
    terms = [bounder.of(factor) * bounder.of(part) for part, factor in parts.items()]
    high = tuple(dict.fromkeys(m for term in terms for m in term.high))
    size = tuple(dict.fromkeys(m for term in terms for m in term.size))
    low = tuple(dict.fromkeys(m for term in terms for m in term.low or ()))
    doubtful = [m for term in terms if term.low is None for m in term.size]
    if bounder.cone.all_below(doubtful, low, strictly=True) and (low or not doubtful):
        return Bounds.between(low, high)
    return _difference(bounder, expr, Bounds(None, high, size))


def _alike(bounder: Bounder, expr: Expr) -> dict[Expr, Expr]:
    """The terms of a sum by what varies in them, each with its constant factor."""
    found: dict[Expr, list[Expr]] = {}
    varying = bounder.setting.varying | bounder.ranges.keys()
    for term in sympy.Add.make_args(expr):
        factor, part = term.as_independent(*varying, sympy.Sum, as_Add=False)
        found.setdefault(part, []).append(factor)
    return {part: sympy.Add(*factors) for part, factors in found.items()}


def _difference(bounder: Bounder, expr: Expr, plain: Bounds) -> Bounds:
    """A sum with terms of both signs: what is supposed may tell its sign."""
    low: list[Monomial] = []
    left = _left(bounder, expr)
    if left is not None:
        low += left
    elif _left(bounder, -expr) is not None or bounder.follows(expr <= 0):
        return Bounds(None, (), plain.size)
    if bounder.follows(expr > 0) and expr.is_integer:
        low.append(ONE)
    factors = factors_of(expr)
    if factors:
        signed = _signed(bounder, factors)
        low += signed.low or ()
        left = left if signed.low is None else signed.low
        if not signed.high:
            return Bounds(None, (), plain.size)
    if left is not None or low or bounder.follows(expr >= 0):
        return Bounds.between(low, plain.high)
    return plain


def _left(bounder: Bounder, expr: Expr) -> Monomials | None:
    """What is left of a sum by conditions; None where it is not seen to be at least 0."""
    conditions = [fact.condition for fact in bounder.store.facts]
    ways = (left_over(expr, conditions, bounder.setting.primes), _definite(expr))
    seen = [found for found in ways if found is not None]
    parts = [bounder.of(part).low for part in chain(*seen)]
    if not seen or None in parts:
        return None
    return tuple(m for part in parts for m in part or ())


def _definite(expr: Expr) -> list[Expr] | None:
    """What is left of a sum whatever its sizes are."""
    squares = left_of_squares(expr)
    return left_of_means(expr) if squares is None else squares


def _signed(bounder: Bounder, factors: Iterable[Expr]) -> Bounds:
    """A product in which two factors that are negative make a positive one."""
    found, below = CONSTANT, False
    for factor in factors:
        bounds = bounder.of(factor)
        if bounds.low is None and (factor.is_Add or factor.is_number):
            opposite = bounder.of(expand(-factor))
            if opposite.low is not None:
                bounds, below = opposite, not below
        found = found * bounds
    if not below:
        return found
    return Bounds(None, () if found.low is not None else found.size, found.size)


def _product(bounder: Bounder, factors: Iterable[Expr]) -> Bounds:
    found = CONSTANT
    for factor in factors:
        found = found * bounder.of(factor)
    return found


def _of_product(bounder: Bounder, expr: Expr) -> Bounds:
    return _product(bounder, expr.args)


def _power(bounder: Bounder, expr: Expr) -> Bounds:
    base, exponent = expr.args
    if bounder.is_constant(exponent):
        return _root(bounder, base, exponent)
    if exponent.is_Add:
        return _product(bounder, _split(base, exponent).args)
    return _exponential(bounder, base, exponent)


def _split(base: Expr, exponent: Expr) -> Expr:
    """b^x b^y for b^(x + y)."""
    return sympy.Mul(*(base**part for part in exponent.args), evaluate=False)


def _root(bounder: Bounder, base: Expr, exponent: Expr) -> Bounds:
    """A power whose exponent is fixed."""
    if exponent.is_Add:
        return _product(bounder, _split(base, exponent).args)
    number, rest = exponent.as_coeff_Mul()
    if rest != 1:
        return _opaque(bounder, base, rest, fraction(number))
    by, bounds = fraction(exponent), bounder.of(base)
    if by < 0:
        if not bounds.low:
            raise Undecided(f"{say(base)} is not seen to be positive, and is divided by")
        most, least = bounder.largest(bounds.high), bounder.largest(bounds.low)
        return Bounds.between((most**by,), (least**by,))
    size = tuple(m**by for m in bounds.size)
    if bounds.low is None and by % 2 == 0:
        opposite = bounder.of(expand(-base)).low or ()
        return Bounds.between((m**by for m in opposite), size)
    if bounds.low is None:
        return Bounds(None, size, size)
    return Bounds.between((m**by for m in bounds.low), (m**by for m in bounds.high))


def _exponential(bounder: Bounder, base: Expr, exponent: Expr) -> Bounds:
    """A power with a size in its exponent, which is no sum."""
    number, rest = exponent.as_coeff_Mul()
    if isinstance(rest, sympy.floor | sympy.ceiling):  # less than 1 from what is rounded
        return bounder.of(expand(base ** expand(number * rest.args[0])))
    if isinstance(rest, Log) and rest.args[1] == base:
        return bounder.of(rest.args[0] ** number)
    if base.is_Rational and base.is_positive and rest in bounder.setting.varying:
        found = ONE
        for prime, times in sympy.factorrat(base).items():
            found *= power(rest, EXP, int(prime)) ** (fraction(number) * times)
        return Bounds.like(found)
    if base.is_Rational and base > 1 and rest in bounder.ends:
        ends = [bounder.of(base ** expand(number * end)) for end in bounder.ends[rest]]
        least, most = ends if number > 0 else reversed(ends)
        return Bounds.between(least.low or (), most.high)
    if base.is_Rational and base < 1:
        base, number = 1 / base, -number
    return _opaque(bounder, base, rest, fraction(number))


def _opaque(bounder: Bounder, base: Expr, exponent: Expr, times: Fraction = Fraction(1)) -> Bounds:
    """A power that is compared with itself alone."""
    whole = base**exponent
    if bounder.inside_a_sum(whole) or not whole.is_Pow or not base.is_positive:
        raise unknown(whole)
    if base.is_number and base > 1 and bounder.unbounded(bounder.of(exponent).low):
        bounder.cone.growing |= {whole}
    return Bounds.like(power(whole) ** times)


# Rounding, the least and the largest -------------------------------------------------------


def _floor(bounder: Bounder, expr: Expr) -> Bounds:
    inside = expr.args[0]
    bounds = bounder.of(inside)
    if bounds.low is None:
        size = (*bounds.size, ONE)
        return Bounds(None, bounds.high, size)
    if bounder.unbounded(bounds.low):
        return bounds
    if bounder.vanishes(bounds):
        return Bounds.like()
    if not bounder.inside_a_sum(inside):
        above, below = sympy.fraction(sympy.together(inside))
        if not below.is_positive:
            above, below = inside, Integer(1)
        if bounder.yes(above >= below, above < below):
            return Bounds.between((ONE, *bounds.low), bounds.high)
        return Bounds.like()
    large = [m for m in bounds.low if _is_large(bounder, m)]
    return Bounds.between(large, bounds.high)


def _is_large(bounder: Bounder, term: Monomial) -> bool:
    """Whether a term is larger than some number that is large enough."""
    if bounder.unbounded((term,)):
        return True
    if term == ONE:
        return False
    answers = [Supposed(True, (), (term**-1,)), Supposed(False, (), (term,))]
    return bool(bounder.ask(("large", term), answers))


def _ceiling(bounder: Bounder, expr: Expr) -> Bounds:
    bounds = bounder.of(expr.args[0])
    if bounds.low is None:
        high = (*bounds.high, ONE) if bounds.high else ()
        return Bounds(None, high, (*bounds.size, ONE))
    if not bounds.high:
        return bounds
    return Bounds.between((*bounds.low, ONE) if bounds.low else (), (*bounds.high, ONE))


def _max(bounder: Bounder, expr: Expr) -> Bounds:
    parts = [bounder.of(part) for part in expr.args]
    high = tuple(m for part in parts for m in part.high)
    low = [m for part in parts for m in part.low or ()]
    if all(part.low is None for part in parts):
        return Bounds(None, high, tuple(m for part in parts for m in part.size))
    return Bounds.between(low, high)


def _min(bounder: Bounder, expr: Expr) -> Bounds:
    """The least of several; which one it is, is asked where that is one question for all sizes."""
    if not bounder.inside_a_sum(expr):
        return bounder.of(least_of(bounder, expr))
    parts = [bounder.of(part) for part in expr.args]
    high = _least(bounder, [part.high for part in parts])
    if any(part.low is None for part in parts):
        return Bounds(None, high, tuple(m for part in parts for m in part.size))
    return Bounds.between(_least(bounder, [part.low or () for part in parts]), high)


def _gcd(bounder: Bounder, expr: Expr) -> Bounds:
    """A common divisor is at least 1, and at most any that is positive of what it divides."""
    parts = [bounder.of(part) for part in expr.args]
    high = [part.high for part in parts if part.low]
    if not high:
        raise unknown(expr)
    return Bounds.between((ONE,), _least(bounder, high))


def least_of(bounder: Bounder, expr: Expr) -> Expr:
    """That of several expressions which is the least in this case."""
    answers = []
    for part in expr.args:
        conditions = [part <= other for other in expr.args if other != part]
        if sympy.false not in conditions:
            answers.append(Supposed(part, tuple(c for c in conditions if c != sympy.true)))
    return bounder.ask(expr, answers)


def _least(bounder: Bounder, sums: Sequence[Monomials]) -> Monomials:
    """The least of several sums."""
    for some in sums:
        if all(bounder.cone.all_below(some, other) for other in sums):
            return some
    if any(len(bounder.cone.pruned(some)) != 1 for some in sums):
        sums = [(bounder.largest(some),) for some in sums if some]
        return _least(bounder, sums)
    terms = [bounder.cone.pruned(some)[0] for some in sums]
    answers = [
        Supposed(term, (), tuple(term / other for other in terms if other != term))
        for term in terms
    ]
    return (bounder.ask(("least", tuple(terms)), answers),)


# Logarithms --------------------------------------------------------------------------------


def _log(bounder: Bounder, expr: Expr) -> Bounds:
    value, base = expr.args
    if bounder.is_constant(base):
        return log_of(bounder, value)
    below = log_of(bounder, base)
    if not below.low:
        raise Undecided(f"log({say(base)}) is not seen to be positive, and is divided by")
    most, least = bounder.largest(below.high), bounder.largest(below.low)
    return log_of(bounder, value) * Bounds.between((most**-1,), (least**-1,))


def log_of(bounder: Bounder, value: Expr) -> Bounds:
    if bounder.is_constant(value):
        return MAYBE_ZERO if (value - 1).is_nonnegative else ANY_SIGN
    if value.is_Pow and value.base.is_Rational and value.base > 1:
        return bounder.of(value.exp)
    bounds = bounder.of(value)
    high = [ONE, *(log for m in bounds.high for log in logarithm(m.parts[0]))]
    if bounder.unbounded(bounds.low):
        whole = [m for m in bounds.low or () if not m.parts[1].powers]
        growing = [log for m in whole for log in logarithm(m, LOG + 1)]
        return Bounds.between([m for m in growing if bounder.unbounded((m,))] or [ONE], high)
    below = [log for m in bounds.low or () for log in logarithm(m.parts[1])]
    if not bounds.low:
        raise Undecided(f"{say(value)} is not seen to be positive, and has a logarithm")
    return Bounds(None, tuple(high), tuple(dict.fromkeys((*high, *below))))


def logarithm(product_: Monomial, slowest: int = LOG) -> list[Monomial]:
    """The logarithm of a product without a denominator is at most a sum of these, and at least
    any of them that is not made of a logarithm: those that `slowest` leaves out."""
    found = []
    for atom, _ in product_.powers:
        if not atom.name.is_Symbol or not atom.name.is_integer:
            raise unknown(Log(atom.name, Integer(2)))
        if atom.scale >= slowest:
            found.append(power(atom.name, max(atom.scale - 1, LOG)))
    return found


RULES: Mapping[type, Rule] = {
    sympy.Add: _sum,
    sympy.Mul: _of_product,
    sympy.Pow: _power,
    sympy.floor: _floor,
    sympy.ceiling: _ceiling,
    sympy.Max: _max,
    sympy.Min: _min,
    Gcd: _gcd,
    Log: _log,
}
