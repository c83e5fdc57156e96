"""Sums that are at least 0 term by term: what is taken away is a part of what is there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import sympy
from sympy import Expr, Rational, Symbol

from closedform.derive.assume.proofs.polynomials import least

Powers: TypeAlias = Mapping[Symbol, Rational]  # of sizes, which are at least 1
Term: TypeAlias = tuple[Rational, Powers]


def covered(total: Expr) -> bool:
    """Whether each term of a sum that is below 0 is no more than terms above it with more sizes.

    Sizes are at least 1, and nothing else is used: no is an answer that says nothing.

    >>> n, w, d = sympy.symbols("n w d", integer=True, positive=True)
    >>> covered(2 * d * n * w - d * n - d * w), covered(n * w - d), covered(d * n - 2 * d)
    (True, False, False)
    """
    above: dict[Expr, list[Term]] = defaultdict(list)
    below: dict[Expr, list[Term]] = defaultdict(list)
    for term in sympy.Add.make_args(total):
        number, product = term.as_coeff_Mul()
        rest, powers = _taken_apart(product)
        if rest != 1 and not rest.is_nonnegative:
            return False
        (below if number < 0 else above)[rest].append((abs(number), powers))
    return all(_cover(above[rest], missing) for rest, missing in below.items())


def _taken_apart(product: Expr) -> tuple[Expr, Powers]:
    """What no size is of a product, and the whole powers of its sizes."""
    powers, others = {}, []
    for base, exponent in product.as_powers_dict().items():
        if base.is_Symbol and least(base) == 1 and exponent.is_Integer:
            powers[base] = exponent
        else:
            others.append(base**exponent)
    return sympy.Mul(*others), powers


def _cover(above: Sequence[Term], below: Sequence[Term]) -> bool:
    """Whether there is enough above for all that is below; of that the nearest goes first."""
    left = [number for number, _ in above]
    for missing, powers in sorted(below, key=_degree, reverse=True):
        over = (at for at, (_, more) in enumerate(above) if is_multiple(more, powers))
        for at in sorted(over, key=lambda at: _degree(above[at])):
            taken = min(missing, left[at])
            left[at] -= taken
            missing -= taken
        if missing:
            return False
    return True


def _degree(term: Term) -> Rational:
    return sum(term[1].values())


def is_multiple(powers: Powers, of: Powers) -> bool:
    """Whether a product has each size at least as often as another, and so is no less."""
    return all(powers.get(size, 0) >= of.get(size, 0) for size in powers.keys() | of.keys())
