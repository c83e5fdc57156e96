"""Proofs that a size is whole: divisors are cancelled against what they are known to divide."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import prod
from typing import NamedTuple

import sympy
from sympy import Expr, Symbol

from closedform.derive.assume.store import Fact, Store
from closedform.derive.symbolic.expansion import expand

MAX_STEPS = 6
MAX_CASES = 256  # of remainders
MAX_TRIES = 200  # of divisibilities that are put in, in one proof


def integer(known: Store, expr: Expr) -> bool:
    """Whether a value is proved to be an integer; the facts of the proof count as used."""
    proof = proof_of_integer(known, expr)
    if proof is None:
        return False
    known.used |= proof
    return True


def proof_of_integer(known: Store, expr: Expr) -> frozenset[Fact] | None:
    """The facts from which it follows that a value is an integer, or None."""
    if expr.is_integer:
        return frozenset()
    expr = expand(known.base(expr))
    divisions = list(known.divisions())
    if expr.is_integer:
        return frozenset()
    parts = [expr, *(part for divisor, dividend, _ in divisions for part in (divisor, dividend))]
    rounded = set().union(*(part.atoms(sympy.floor, sympy.ceiling) for part in parts))
    whole = {atom: sympy.Dummy("k", integer=True) for atom in rounded}
    used: frozenset[Fact] = frozenset()
    for atom in expr.atoms(sympy.Min, sympy.Max):  # the smallest of what is whole is whole
        proofs = [proof_of_integer(known, size) for size in atom.args]
        if None not in proofs:
            whole[atom] = sympy.Dummy("k", integer=True)
            used = used.union(*(proof for proof in proofs if proof is not None))
    taken = _Taken(
        [(a.xreplace(whole), b.xreplace(whole), fact) for a, b, fact in divisions],
        dict(known.ranges),
        iter(range(MAX_TRIES)),
    )
    for atom in expr.atoms(sympy.Sum):  # so is a sum of what is whole at any index
        proof = proof_of_integer(known, atom.function)
        if proof is not None:
            whole[atom] = sympy.Dummy("k", integer=True)
            used |= proof
    proof = _integer(taken, expr.xreplace(whole), MAX_STEPS)
    return None if proof is None else used | proof


class _Taken(NamedTuple):
    """Divisor, dividend and fact of what is assumed, with symbols for floors; ranges of indices.

    `tries` are those that are left: no proof takes a time that grows with what is assumed.
    """

    divisions: list[tuple[Expr, Expr, Fact]]
    ranges: dict[Symbol, tuple[Expr, Expr]]
    tries: Iterator[int]


def _integer(known: _Taken, expr: Expr, steps: int) -> frozenset[Fact] | None:
    proof: frozenset[Fact] = frozenset()
    failed = []
    for term in sympy.Add.make_args(expr):
        part = _integer_term(known, term, steps)
        if part is None:
            failed.append(term)
        else:
            proof |= part
    if not failed or _at_every_remainder(sympy.Add(*failed)):
        return proof
    return _integer_sum(known, sympy.Add(*failed), proof, steps)


def _at_every_remainder(expr: Expr) -> bool:
    """Whether a polynomial over a small number is whole at every remainder of its sizes by it."""
    top, bottom = expr.as_numer_denom()
    sizes = sorted(top.free_symbols, key=str)
    if not (sizes and bottom.is_Integer and bottom ** len(sizes) <= MAX_CASES):
        return False
    if not (all(s.is_integer for s in sizes) and top.is_polynomial(*sizes)):
        return False
    terms = sympy.Poly(top, *sizes).terms()
    return all(c.is_Integer for _, c in terms) and all(
        sum(int(c) * prod(map(pow, at, powers)) for powers, c in terms) % int(bottom) == 0
        for at in product(range(int(bottom)), repeat=len(sizes))
    )


def _integer_term(known: _Taken, term: Expr, steps: int) -> frozenset[Fact] | None:
    """A proof that a product is an integer: cancel each divisor against its multiple."""
    if term.is_integer:
        return frozenset()
    if steps == 0:
        return None
    for moved in _within_ranges(known, term):
        proof = _integer_term(known, moved, steps)
        if proof is not None:
            return proof
    numerator, _ = term.as_numer_denom()
    for divisor, dividend, fact in known.divisions:
        if not _is_product(dividend) or dividend.is_Number:
            continue
        if not _divides_product(dividend, numerator) or next(known.tries, None) is None:
            continue
        rest = _integer_term(known, term * divisor / dividend, steps - 1)
        if rest is not None:
            return rest | {fact}
    return None


def _within_ranges(known: _Taken, term: Expr) -> Iterator[Expr]:
    """A term with the index of a loop put as first + t, and as last - t, where t >= 0."""
    for index, (first, last) in known.ranges.items():
        if term.has(index):
            t = sympy.Dummy("t", integer=True, nonnegative=True)
            yield sympy.powsimp(term.xreplace({index: first + t}))
            yield sympy.powsimp(term.xreplace({index: last - t}))


def _integer_sum(
    known: _Taken, expr: Expr, proof: frozenset[Fact], steps: int
) -> frozenset[Fact] | None:
    """A proof for a sum such as (k - 1)/2, by putting k = 2 q + 1."""
    if steps == 0:
        return None
    for divisor, dividend, fact in known.divisions:
        if not isinstance(dividend, sympy.Add):
            continue
        for symbol in sorted(dividend.free_symbols & expr.free_symbols, key=str):
            rest = dividend - symbol
            if rest.has(symbol) or divisor.has(symbol):
                continue  # k is given by a quotient only where no other k is left
            if next(known.tries, None) is None:
                return None
            quotient = sympy.Dummy("q", integer=True)
            found = _integer(
                known,
                expand(sympy.cancel(expr.xreplace({symbol: divisor * quotient - rest}))),
                steps - 1,
            )
            if found is not None:
                return proof | found | {fact}
    return None


def _is_product(expr: Expr) -> bool:
    return not isinstance(expr, sympy.Add)


def _divides_product(factor: Expr, product: Expr) -> bool:
    """Whether every symbol of `factor` stands in `product` with at least its power."""
    have = product.as_powers_dict()
    for base, exponent in factor.as_powers_dict().items():
        if base.is_Number:
            continue
        if not (exponent.is_Integer and have.get(base, 0) >= exponent):
            return False
    return True
