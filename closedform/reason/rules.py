"""Which terms rule a cost: leading terms, how fast it grows, and where each term is the largest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from operator import index

import sympy
from sympy import Expr, Rational, Symbol

from closedform.data import dataclass
from closedform.derive.solve.along import Along, X
from closedform.derive.solve.closed import Closed
from closedform.derive.solve.express import express
from closedform.derive.solve.made import quotient
from closedform.derive.symbolic.expansion import expand
from closedform.errors import fail

ROUNDED = (sympy.floor, sympy.ceiling)
TERMS = 60  # of a sum of which common factors are looked for


@dataclass(frozen=True)
class Leading:
    """A term that no other outgrows: `coefficient` has none of the symbols that grow."""

    coefficient: Expr
    monomial: Expr


def leading(expr: Expr, growing: Sequence[Symbol]) -> list[Leading]:
    """The terms of an expression that no other term outgrows, as these symbols grow, each by itself
    or all of them; floors are as large as what they are of.

    >>> N, D, C = sympy.symbols("N D C", positive=True)
    >>> found = leading(2 * N**2 * D + N * D**2 + C * N * D, [N, D])
    >>> [str(term.coefficient * term.monomial) for term in found]
    ['D**2*N', '2*D*N**2']
    """
    rounded = [atom for atom in expr.atoms(*ROUNDED) if atom.free_symbols & {*growing}]
    expr = expand(expr.xreplace({atom: atom.args[0] for atom in rounded}))
    found: dict[tuple[Expr, ...], Expr] = {}
    for term in sympy.Add.make_args(expr):
        powers = term.as_powers_dict()
        degrees = tuple(powers.get(symbol, sympy.Integer(0)) for symbol in growing)
        rest = term / sympy.Mul(*(s**d for s, d in zip(growing, degrees, strict=True)))
        if rest.free_symbols & {*growing} or not all(d.is_Rational for d in degrees):
            raise fail(
                "reason",
                f"it is not tried which terms lead: `{term}` is no power of "
                + ", ".join(f"`{symbol}`" for symbol in growing),
            )
        found[degrees] = found.get(degrees, sympy.Integer(0)) + rest
    found = {degrees: rest for degrees, rest in found.items() if rest != 0}
    top = [d for d in found if not any(_outgrows(other, d) for other in found)]
    return [
        Leading(found[d], sympy.Mul(*(s**e for s, e in zip(growing, d, strict=True))))
        for d in sorted(top)
    ]


def _outgrows(one: tuple[Expr, ...], other: tuple[Expr, ...]) -> bool:
    return one != other and all(a >= b for a, b in zip(one, other, strict=True))


def elasticity(expr: Expr, symbol: Symbol) -> tuple[Expr, Expr]:
    """How many percent a cost grows by where a size grows by one: a numerator and a denominator.

    >>> N, D = sympy.symbols("N D", positive=True)
    >>> elasticity(4*N*D**2 + 2*N**2*D, N)
    (4*D**2*N + 4*D*N**2, 4*D**2*N + 2*D*N**2)
    """
    steps = (*ROUNDED, sympy.Piecewise, sympy.Min, sympy.Max)
    if any(symbol in atom.free_symbols for atom in expr.atoms(*steps)):
        raise fail(
            "reason",
            f"the formula has steps in `{symbol}`, so it has no elasticity there",
            None,
            "ask with `.growth` for the ratio of two values",
        )
    slope = sympy.diff(expr, symbol)
    if slope.has(sympy.log, sympy.Derivative, sympy.Subs):
        raise fail(
            "reason",
            f"`{symbol}` stands in an exponent or a logarithm, so its elasticity is not tried",
            None,
            "ask with `.growth` for the ratio of two values",
        )
    return expand(symbol * slope), expand(expr)


def relative(expr: Expr, symbol: Symbol) -> Expr:
    """An elasticity as one quotient, without what both sides share where that is not too long to
    look for.

    >>> N, D = sympy.symbols("N D", positive=True)
    >>> relative(4*N*D**2 + 2*N**2*D, N)
    (2*D + 2*N)/(2*D + N)
    """
    above, below = elasticity(expr, symbol)
    if len(sympy.Add.make_args(below)) > TERMS:
        return above / below
    return quotient(above, below)


@dataclass(frozen=True)
class Ruling:
    """The terms of one power of a size, which are the largest where the size is above every number
    of `above` and below every one of `below`, exactly."""

    power: Rational
    term: Expr
    above: tuple[Expr, ...]
    below: tuple[Expr, ...]


def rulings(expr: Expr, symbol: Symbol) -> list[Ruling]:
    """Where the terms of each power of a size are the largest, with boundaries as formulas.

    >>> N, D = sympy.symbols("N D", positive=True)
    >>> [(str(r.term), r.above, r.below) for r in rulings(4*N*D**2 + 2*N**2*D, N)]
    [('4*D**2*N', (), (2*D,)), ('2*D*N**2', (2*D,), ())]
    """
    by_power: dict[Rational, Expr] = {}
    for term in sympy.Add.make_args(expand(expr)):
        coefficient, rest = term.as_independent(symbol, as_Add=False)
        power = rest.as_powers_dict().get(symbol, sympy.Integer(0))
        if rest != symbol**power or not power.is_Rational:
            raise fail("reason", f"it is not tried which term rules: `{rest}` is no power")
        by_power[power] = by_power.get(power, sympy.Integer(0)) + coefficient
    if not all(map(_is_positive, by_power.values())):
        raise fail("reason", "it is not tried which term rules where some are subtracted")
    return [
        Ruling(
            power,
            coefficient * symbol**power,
            tuple(_equal(by_power, p, power) for p in sorted(by_power) if p < power),
            tuple(_equal(by_power, power, p) for p in sorted(by_power) if p > power),
        )
        for power, coefficient in sorted(by_power.items())
    ]


def _is_positive(expr: Expr) -> bool:
    """Whether a sum is positive: because its terms are, or because of its factors, which are looked
    for where there are not too many terms."""
    terms = sympy.Add.make_args(expr)
    if all(term.is_nonnegative for term in terms) and any(term.is_positive for term in terms):
        return True
    return len(terms) <= TERMS and bool(sympy.factor(expr).is_positive)


def _equal(by_power: Mapping[Rational, Expr], low: Rational, high: Rational) -> Expr:
    """Where the terms of two powers are as large as each other."""
    return sympy.cancel(by_power[low] / by_power[high]) ** (1 / (high - low))


def in_size(form: Closed, name: str, symbol: Symbol) -> Expr:
    """A formula with all that is made of a size, of this name and symbol, written out in it."""
    expr, known = express(form, (name,)).expr, form.derivation.known
    inside = [s for s in expr.free_symbols if symbol in known.base(s).free_symbols - {s}]
    return known.base(expr) if inside else expr


@dataclass(frozen=True)
class Region:
    """The numbers X from `start` on, up to and with `end`, at which the term of a power is the
    largest; `boundary` is where it is as large as the one before, exactly."""

    power: Rational
    coefficient: Expr
    start: int
    end: int | None
    boundary: Expr | None


def regions(cost: Along) -> list[Region]:
    """Where the term of each power of X is the largest of all.

    >>> regions(Along("N", 4*X*25 + 2*X**2*5))[1].start
    10
    """
    by_power: dict[Rational, Expr] = {}
    for term in sympy.Add.make_args(cost.expr):
        coefficient, rest = term.as_independent(X, as_Add=False)
        power = rest.as_powers_dict().get(X, sympy.Integer(0))
        if rest != X**power or not coefficient.is_Rational:
            raise fail("reason", f"it is not tried which term rules: `{rest}` is no power")
        by_power[power] = by_power.get(power, sympy.Integer(0)) + coefficient
    if any(coefficient < 0 for coefficient in by_power.values()):
        raise fail("reason", "it is not tried which term rules where some are subtracted")
    found: list[Region] = []
    for power in sorted(by_power):
        here = Region(power, by_power[power], 1, None, None)
        while found:
            boundary = _as_large(found[-1], here)
            start = max(1, int(sympy.ceiling(boundary)))
            if start > found[-1].start:
                last = found.pop()
                found.append(
                    Region(last.power, last.coefficient, last.start, start - 1, last.boundary)
                )
                here = Region(power, by_power[power], start, None, boundary)
                break
            found.pop()
        found.append(here)
    return found


def _as_large(one: Region, other: Region) -> Expr:
    """Where two terms are as large as each other."""
    return (one.coefficient / other.coefficient) ** (1 / (other.power - one.power))


def ratio(cost: Along, x: int, factor: int) -> Fraction:
    """How many times dearer it is at a multiple of a number."""
    if factor < 1:
        raise fail("reason", f"the factor is {factor}, and a size grows by one of at least 1")
    before, after = cost.at(x), cost.at(index(factor) * x)
    if before is None or after is None or before == 0:
        raise fail("reason", f"the cost has no value at {cost.name} = {x} or {factor * x}")
    return after / before
