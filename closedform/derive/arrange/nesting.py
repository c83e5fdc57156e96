"""Brackets: what the terms of a sum share is taken out of them, and again of what is left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import sympy
from sympy import Expr

from closedform import formula as w
from closedform.derive.arrange.factoring import split
from closedform.derive.arrange.length import room
from closedform.derive.arrange.writing import Order, factors_of, ordered, product, terms_of, write
from closedform.derive.symbolic import products as sharing

MAX_SHARED_TERMS = 40
MIN_TERMS = 2  # of a sum; in one of more, what terms share is taken out more readily


class Nesting:
    """Sums with brackets, in one order of symbols; what was done is not done again."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.done: dict[tuple[frozenset[Expr], int], w.Written] = {}

    def together(self, terms: Sequence[Expr], depth: int = 0) -> w.Written:
        """A sum as a product, if its terms share something; `depth` says in how many brackets.

        >>> from closedform.derive.symbolic.symbols import size_symbol
        >>> W, C, K = map(size_symbol, "WCK")
        >>> w.plain(Nesting(Order()).together((9 * C * W, K * W, 7 * W**2, K, W)))
        'W (7 W + 9 C + K + 1) + K'
        """
        key = frozenset(terms), depth
        if key not in self.done:
            self.done[key] = self._together(terms, depth)
        return self.done[key]

    def _together(self, terms: Sequence[Expr], depth: int) -> w.Written:
        plain = write(sympy.Add(*terms), self.order)
        found = list(self.products(terms, depth))
        few = len(terms) == MIN_TERMS
        found = [plain, *found] if few else [*found, plain]
        return min(found, key=partial(room, depth=depth))

    def products(self, terms: Sequence[Expr], depth: int = 0) -> Iterator[w.Written]:
        """A sum as what its terms share times what is left, in several ways."""
        if not 1 < len(terms) <= MAX_SHARED_TERMS:
            return
        for common in sharing.common(terms):
            if common == 1:
                yield from self._inside(terms, depth)
                continue
            head = write(common, self.order)
            rest = [sharing.without(term, common) for term in terms]
            yield _times(head, write(sympy.Add(*rest), self.order))
            yield from (_times(head, inside) for inside in self._inside(rest, depth + 1))

    def _inside(self, terms: Sequence[Expr], depth: int) -> Iterator[w.Written]:
        """A sum whose terms have nothing in common as factors, or some of it taken together."""
        factors = split(terms, self.order)
        if factors is not None:
            yield factors
        parts = self._parts(terms)
        if len(parts) < len(terms):
            yield self.side_by_side(parts, depth)

    def _parts(self, terms: Sequence[Expr]) -> list[list[Expr]]:
        """A sum cut into terms that share something: the count of a repeat, or the most letters."""
        for loop in self.order.loops:
            inside = [term for term in terms if term.has(loop)]
            if inside and len(inside) < len(terms):
                others = [term for term in terms if not term.has(loop)]
                return [inside, *self._parts(others)]
        left = [term for term in terms if not self._of_several_stages(term)]
        parts = [[term] for term in terms if term not in left]
        while those := sharing.crossed(left) or self._most_shared(left):
            parts.append(those)
            left = [term for term in left if term not in those]
        return [*parts, *self._so_often(left)]

    def _so_often(self, terms: Sequence[Expr]) -> Iterator[list[Expr]]:
        """Terms alone, those of one stage with one number together: 192 (A_1 + R_1 + P_1)."""
        groups: dict[tuple[Expr, object], list[Expr]] = {}
        for term in terms:
            number, size = term.as_coeff_Mul()
            stage = self.order.stages.get(size) if number > 1 else None
            groups.setdefault((number, stage) if stage else (term, None), []).append(term)
        for group in groups.values():
            yield from [group] if len(group) > MIN_TERMS else ([term] for term in group)

    def _of_several_stages(self, term: Expr) -> bool:
        """Whether a term is a link in a chain, as D_1 D_2 is in D_1 D_2 + D_2 D_3."""
        stages = self.order.stages
        return len({stages[s] for s in term.free_symbols if s in stages}) > 1

    def _most_shared(self, terms: Sequence[Expr]) -> list[Expr]:
        """The terms from which most letters can be taken out together."""
        powers = {term: sharing.powers(term) for term in terms}
        best: list[Expr] = []
        most = 0
        for common in sharing.shared_by_some(list(powers.values())):
            those = [term for term in terms if sharing.has(powers[term], common)]
            letters = room(write(sharing.monomial(common), self.order)) + 1
            saved = (len(those) - 1) * letters - len("()")
            if saved > most:
                best, most = those, saved
        return best

    def side_by_side(self, parts: Iterable[Sequence[Expr]], depth: int = 0) -> w.Written:
        """A sum of parts, the terms of each together."""
        terms: list[w.Written] = []
        for part in sorted(parts, key=lambda part: min(map(self.order.term, part))):
            node = self.together(part, depth)
            terms.extend(terms_of(node))
        return terms[0] if len(terms) == 1 else w.Sum(ordered(terms))


def _times(head: w.Written, bracket: w.Written) -> w.Written:
    """A product with a sum as its last factor."""
    if isinstance(head, w.Fraction):
        return w.Fraction(_times(head.numerator, bracket), head.denominator)
    if head == w.Number(1):
        return bracket
    return product([*factors_of(head), *factors_of(bracket)])
