"""How much is alive at once: the peak of a forward pass, in elements.

Operations are carried out one after another, as the file has them. A tensor is alive from the
operation that makes it to the last one that takes it, or to the end if it is a result; inputs are
so from the beginning. A view has the memory of what it views, and so has what an operation makes in
place. Weights are not counted, nor what nothing computes, nor what is given out of a cache. A fused
block is one operation.

A pass is written down as a list of events, loops round by round until all further rounds are like
the last; where that depends on a size, each case has a list of its own. Where there are too many
cases, or moments of which any may be the peak, it is not written out, and found at numbers alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import TypeAlias

import sympy
from sympy import Expr, Integer
from sympy.logic.boolalg import Boolean

from closedform.derive.assume.knowledge import Knowledge
from closedform.derive.cost.tree import Node, shaped_by
from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.symbolic.atoms import BigSum, indicator, put_in
from closedform.derive.symbolic.expansion import expand
from closedform.derive.symbolic.unwritten import Alive, Way
from closedform.derive.training.events import Choices, Events, Open, UnwrittenError

MANY = 12  # moments of which any may be the peak
CASES = 48  # lists of events that are written down

_Moments: TypeAlias = dict[frozenset[Expr], Boolean]  # each with where they are those of a pass


@lru_cache(maxsize=8)
def peak_of(derivation: Derivation) -> Callable[[Node], Expr]:
    """Finds the peak of any part of a derivation."""
    return Peak(derivation.known)


class Peak:
    """The peak of parts of a cost tree, each by itself; `known` writes abbreviations out."""

    def __init__(self, known: Knowledge) -> None:
        self.base = known.base
        self.found: dict[int, Expr] = {}

    def __call__(self, node: Node) -> Expr:
        if id(node) not in self.found:
            self.found[id(node)] = self._of(node)
        return self.found[id(node)]

    def _of(self, node: Node) -> Expr:
        try:
            found = self._cases(node, {}, [CASES])
        except UnwrittenError:
            return self._unwritten(node)
        if len(found) == 1:
            return sympy.Max(*next(iter(found)))
        told = ((holds, sympy.Max(*moments)) for moments, holds in found.items())
        return sympy.Add(*(indicator(holds) * peak for holds, peak in told))

    def _unwritten(self, node: Node) -> Expr:
        """The peak as what is found at numbers."""
        used = {one: self.base(one) for one in shaped_by(node)}
        sizes = sorted({s for base in used.values() for s in base.free_symbols}, key=str)

        def at(numbers: Sequence[Expr]) -> Expr:
            given = dict(zip(sizes, numbers, strict=True))
            events = Events({}, {one: put_in(base, given) for one, base in used.items()})
            events.whole(node)
            alive = events.moments()
            whole = {size for size in alive if size.is_Integer}
            return sympy.Max(*(alive - whole), max(whole, default=Integer(0)))

        return Alive(Way(at), *sizes)

    def _cases(self, node: Node, choices: Choices, left: list[int]) -> _Moments:
        """The moments of which one is the peak, and where they are those; so many cases are left
        to be tried."""
        events = Events(choices)
        try:
            events.whole(node)
        except Open as open_:
            left[0] -= len(open_.ways)
            if left[0] < 0:
                raise UnwrittenError from None
            each = [
                (condition, self._cases(node, {**choices, open_.key: choice}, left))
                for choice, condition in open_.ways
            ]
            first = each[0][1]
            if all(found == first for _, found in each):
                return first
            told: _Moments = {}
            for condition, found in each:
                for moments, holds in found.items():
                    here = sympy.And(condition, holds)
                    told[moments] = sympy.Or(told.get(moments, sympy.false), here)
            return told
        return {self._greatest(events.moments()): sympy.true}

    def _greatest(self, moments: Iterable[Expr]) -> frozenset[Expr]:
        """The moments without those that never have more than another."""
        kept: dict[Expr, _Terms] = {}
        told = {moment: _terms(self.base(moment)) for moment in moments}
        for moment in sorted(told, key=lambda m: (-len(told[m]), str(m))):
            terms = told[moment]
            if not any(_at_least(other, terms) for other in kept.values()):
                kept = {m: other for m, other in kept.items() if not _at_least(terms, other)}
                kept[moment] = terms
        if len(kept) > MANY:
            raise UnwrittenError
        return frozenset(kept)


_Terms: TypeAlias = dict[Expr, Expr]


def _terms(moment: Expr) -> _Terms:
    """The terms of a sum, in what sizes are beyond 1, each with the number that it is taken."""
    parts = moment.atoms(sympy.Piecewise, sympy.ceiling, sympy.floor, BigSum)
    more = {s: 1 + _beyond(s) for s in moment.free_symbols if s.is_positive}
    more.update((part, _beyond(part) + int(bool(part.is_positive))) for part in parts)
    return dict(expand(moment.xreplace(more)).as_coefficients_dict())


@lru_cache(maxsize=1000)
def _beyond(part: Expr) -> Expr:
    """What a size has beyond 1, or beyond nothing."""
    return sympy.Dummy(nonnegative=True)


def _at_least(one: _Terms, other: _Terms) -> bool:
    """Whether a sum is never less than another: it has of each term as many, and what is over is
    never negative."""
    for term in {**one, **other}:
        more = one.get(term, 0) - other.get(term, 0)
        bases = () if term == 1 else term.as_powers_dict()
        if more != 0 and not (more > 0 and all(base.is_nonnegative for base in bases)):
            return False
    return True
