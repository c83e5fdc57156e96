"""Sums that are at least 0 term by term: what is taken away is a part of what is there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from types import MappingProxyType
from typing import TypeAlias

import sympy
from sympy import Expr, Rational, Symbol

from closedform.derive.assume.proofs.polynomials import least

Powers: TypeAlias = Mapping[Symbol, Rational]  # of sizes, which are at least 1
Term: TypeAlias = tuple[Rational, Powers]
Ordered: TypeAlias = tuple[Symbol, Symbol]  # the first is no more than the second
Over: TypeAlias = Mapping[Symbol, Set[Symbol]]
NONE: Over = MappingProxyType({})  # no size is known to be at least as large as another
MOST = 6  # sizes that others make up for


def covered(total: Expr, ordered: Iterable[Ordered] = ()) -> bool:
    """Whether each term of a sum that is below 0 is no more than terms above it with more sizes.

    Sizes are at least 1, and of two that are `ordered` the first is no more than the second.
    Nothing else is used: no is an answer that says nothing.

    >>> n, w, d = sympy.symbols("n w d", integer=True, positive=True)
    >>> covered(2 * d * n * w - d * n - d * w), covered(n * w - d), covered(d * n - 2 * d)
    (True, False, False)
    >>> covered(n * w - d * n, [(d, w)]), covered(n * w - d**2, [(d, w)])
    (True, False)
    """
    over = _at_least(ordered)
    above: dict[Expr, list[Term]] = defaultdict(list)
    below: dict[Expr, list[Term]] = defaultdict(list)
    for term in sympy.Add.make_args(total):
        number, product = term.as_coeff_Mul()
        rest, powers = _taken_apart(product)
        if rest != 1 and not rest.is_nonnegative:
            return False
        (below if number < 0 else above)[rest].append((abs(number), powers))
    return all(_cover(above[rest], missing, over) for rest, missing in below.items())


def _taken_apart(product: Expr) -> tuple[Expr, Powers]:
    """What no size is of a product, and the whole powers of its sizes."""
    powers, others = {}, []
    for base, exponent in product.as_powers_dict().items():
        if base.is_Symbol and least(base) == 1 and exponent.is_Integer:
            powers[base] = exponent
        else:
            others.append(base**exponent)
    return sympy.Mul(*others), powers


def _at_least(ordered: Iterable[Ordered]) -> Over:
    """For each size, those that are known to be at least as large."""
    over: dict[Symbol, set[Symbol]] = defaultdict(set)
    pairs = [*ordered]
    for _ in pairs:  # a chain is no longer than there are pairs
        for small, large in pairs:
            over[small] |= {large} | over[large]
    return over


def _cover(above: Sequence[Term], below: Sequence[Term], over: Over) -> bool:
    """Whether there is enough above for all that is below; of that the nearest goes first."""
    left = [number for number, _ in above]
    for missing, powers in sorted(below, key=_degree, reverse=True):
        enough = (at for at, (_, p) in enumerate(above) if is_no_less(p, powers, over))
        for at in sorted(enough, key=lambda at: _degree(above[at])):
            taken = min(missing, left[at])
            left[at] -= taken
            missing -= taken
        if missing:
            return False
    return True


def is_no_less(powers: Powers, than: Powers, over: Over = NONE) -> bool:
    """Whether a product is no less than another: each size that it has less often is made up for
    by one that is at least as large."""
    spare = {s: powers.get(s, 0) - than.get(s, 0) for s in powers.keys() | than.keys()}
    lacking = [size for size, times in spare.items() for _ in range(-times)]
    return len(lacking) <= MOST and _made_up(lacking, spare, over)


def _made_up(lacking: Sequence[Symbol], spare: Mapping[Symbol, Rational], over: Over) -> bool:
    if not lacking:
        return True
    first, *others = lacking
    larger = [size for size in over.get(first, ()) if spare.get(size, 0) > 0]
    return any(_made_up(others, {**spare, size: spare[size] - 1}, over) for size in larger)


def _degree(term: Term) -> Rational:
    return sum(term[1].values())
