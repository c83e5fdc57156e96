"""Formulas for sizes: which of a bounded number agree with all values that were seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import combinations
from math import isqrt

from closedform.data import dataclass

Values = tuple[int, ...]
DIFFERENT = 3  # values that a size has, for what a few values of many sizes would agree with
MOST_PARTS = 16


@dataclass(frozen=True)
class Term:
    """A product of sizes, as a text, and its values."""

    text: str
    values: tuple[Fraction, ...]
    level: int = 3  # 3 for a name or a power, 2 for a product
    divides: tuple[tuple[str, str], ...] = ()  # what is assumed: (a, b) says a | b


@dataclass(frozen=True)
class Formula:
    """A formula that agrees with all values."""

    text: str
    level: int  # 1 for a sum, 2 for a product, 3 for what needs no brackets
    divides: tuple[tuple[str, str], ...] = ()


def formulas(values: Values, sizes: Mapping[str, Values], sums: bool = True) -> list[Formula]:
    """The simplest formulas of sizes that give these values; none if there is none.

    >>> sizes = {"dim": (48, 60, 48), "heads": (3, 3, 4)}
    >>> [formula.text for formula in formulas((192, 240, 192), sizes)]
    ['4*dim']
    >>> [formula.text for formula in formulas((17, 21, 13), sizes)]
    ['dim/heads + 1']
    """
    if len(set(values)) == 1:
        return [Formula(str(values[0]), 3)]
    target = tuple(Fraction(v) for v in values)
    for terms in _kinds(sizes):
        found = [f for term in terms if (f := _one(target, term, sums))]
        if found:
            return _distinct(found)
    found = list(_floors(values, sizes))
    if found or not sums:
        return found
    terms = [term for kind in _kinds(sizes) for term in kind]
    found = [f for one, two in combinations(terms, 2) if (f := _two(target, one, two))]
    return _distinct(found) or _squares(values, sizes)


def _squares(values: Values, sizes: Mapping[str, Values]) -> list[Formula]:
    """Squares of a multiple of one size and a number more or less, as (2*window - 1)^2."""
    roots = tuple(map(isqrt, values))
    if len(set(values)) < DIFFERENT or values != tuple(n * n for n in roots):
        return []
    sides = [
        f for term in next(_kinds(sizes)) if (f := _one(tuple(map(Fraction, roots)), term, True))
    ]
    return [Formula(f"({side.text})^2", 3, side.divides) for side in sides]


def _floors(values: Values, sizes: Mapping[str, Values]) -> Iterator[Formula]:
    """Quotients of a size and a number that are rounded down somewhere, if they have several
    values: a few agree with many of them."""
    if len(set(values)) < DIFFERENT:
        return
    for name, own in sizes.items():
        for number in range(2, MOST_PARTS + 1):
            if values == tuple(v // number for v in own):
                yield Formula(f"floor({name}/{number})", 3)


def _distinct(found: list[Formula]) -> list[Formula]:
    return list({formula.text: formula for formula in found}.values())


def _kinds(sizes: Mapping[str, Values]) -> Iterator[list[Term]]:
    """Sizes, then products of two, then quotients and products of three."""
    own = {
        name: tuple(Fraction(v) for v in values)
        for name, values in sizes.items()
        if len(set(values)) > 1
    }
    whole = dict(own)
    yield [Term(n, v) for n, v in own.items()]
    pairs = [*combinations(own, 2)]
    two = [Term(f"{n}^2", tuple(a * a for a in v)) for n, v in own.items()]
    two += [Term(f"{m}*{n}", _times(own[m], own[n]), 2) for m, n in pairs]
    for m, n in [(a, b) for a in whole for b in whole if a != b]:
        quotient = tuple(a / b for a, b in zip(whole[m], whole[n], strict=True))
        if all(q.denominator == 1 for q in quotient):
            two.append(Term(f"{m}/{n}", quotient, 2, ((n, m),)))
        else:
            two.append(
                Term(
                    f"floor({m}/{n})",
                    tuple(Fraction(q.numerator // q.denominator) for q in quotient),
                )
            )
    yield two
    three = [
        Term(f"({t.text})^2", tuple(a * a for a in t.values), 3, t.divides)
        for t in two
        if "/" in t.text and t.divides
    ]
    for term in two:
        for n, v in own.items():
            if n not in term.text and "floor" not in term.text and "^" not in term.text:
                text = f"{n}*{term.text}"
                values = _times(v, term.values)
                if len(term.divides) == 0 or all(x.denominator == 1 for x in values):
                    three.append(Term(text, values, 2, term.divides))
    yield three


def _times(a: tuple[Fraction, ...], b: tuple[Fraction, ...]) -> tuple[Fraction, ...]:
    return tuple(x * y for x, y in zip(a, b, strict=True))


def _one(target: tuple[Fraction, ...], term: Term, sums: bool) -> Formula | None:
    """q t + r, if it gives the values."""
    first = term.values[0]
    other = next((i for i, v in enumerate(term.values) if v != first), None)
    if other is None:
        return None
    factor = (target[other] - target[0]) / (term.values[other] - first)
    rest = target[0] - factor * first
    if (
        factor <= 0
        or not _plain(factor)
        or rest.denominator != 1
        or (rest and (not sums or abs(rest) > 64))
    ):
        return None
    if any(factor * v + rest != t for v, t in zip(term.values, target, strict=True)):
        return None
    return _sum([(factor, term)], rest)


def _two(target: tuple[Fraction, ...], one: Term, two: Term) -> Formula | None:
    """q t + p u, if it gives the values."""
    (a, b), (c, d), (x, y) = one.values[:2], two.values[:2], target[:2]
    rows = range(len(target))
    pair = next(
        (
            (i, j)
            for i in rows
            for j in rows
            if i < j and one.values[i] * two.values[j] != one.values[j] * two.values[i]
        ),
        None,
    )
    if pair is None:
        return None
    i, j = pair
    (a, b), (c, d), (x, y) = ((v[i], v[j]) for v in (one.values, two.values, target))
    det = a * d - b * c
    p, q = (x * d - y * c) / det, (a * y - b * x) / det
    if not (p > 0 and q > 0 and p.denominator == q.denominator == 1 and p <= 8 and q <= 8):
        return None
    if any(p * v + q * w != t for v, w, t in zip(one.values, two.values, target, strict=True)):
        return None
    return _sum([(p, one), (q, two)], Fraction(0))


def _plain(factor: Fraction) -> bool:
    return factor.denominator == 1 or factor.numerator == 1


def _sum(parts: list[tuple[Fraction, Term]], rest: Fraction) -> Formula:
    texts, divides, level = [], [], 3
    for factor, term in parts:
        text = term.text
        if factor != 1:
            text = (
                f"{factor.numerator}*{text}"
                if factor.denominator == 1
                else f"{text}/{factor.denominator}"
            )
            if factor.denominator != 1:
                divides.append((str(factor.denominator), term.text))
            level = 2
        level = min(level, term.level)
        texts.append(text)
        divides += term.divides
    joined = " + ".join(texts)
    if rest:
        joined += f" {'+' if rest > 0 else '-'} {abs(rest)}"
    if len(parts) > 1 or rest:
        level = 1
    return Formula(joined, level, tuple(divides))
