"""What is known, made ready for one question: the facts that bear on it, and sizes to try."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, TypeAlias

import sympy
from sympy import Expr, Integer, Symbol

from closedform.derive.assume.proofs.cases import vanishes
from closedform.derive.assume.proofs.counterexample import Samples, difference_at
from closedform.derive.assume.proofs.finite import vanishes_everywhere
from closedform.derive.assume.proofs.situation import Fuel, Situation, situation_of
from closedform.derive.assume.store import Fact, Store
from closedform.derive.symbolic.exact import Numbers

FEW_CANDIDATES, FEW = 80, 30

Facts: TypeAlias = Sequence[tuple[Fact, Any]]


class Search:
    """Proofs and counterexamples for questions about some sizes."""

    def __init__(self, known: Store, symbols: Iterable[Symbol]) -> None:
        self.facts: list[tuple[Fact, Any]] = []
        self.ranges: list[Any] = []
        self.symbols = set(symbols)
        self._gather(known)

    def _gather(self, known: Store) -> None:
        """Take the facts that share sizes with the question, or with each other."""
        left: list[tuple[Fact | None, Any]] = []
        for index, (first, last) in known.ranges.items():
            left += [(None, sympy.Ge(index, first)), (None, sympy.Le(index, last))]
        for stated, condition in known.written_out():
            if condition == sympy.false:  # with the others: nothing satisfies them
                self.facts.append((stated, condition))
            elif condition != sympy.true:
                left.append((stated, condition))
        while near := [pair for pair in left if pair[1].free_symbols & self.symbols]:
            left = [pair for pair in left if pair not in near]
            for fact, condition in near:
                self.symbols |= condition.free_symbols
                if fact is None:
                    self.ranges.append(condition)
                else:
                    self.facts.append((fact, condition))

    def unseen(self, known: Store) -> Fact | None:
        """A fact about other sizes for which no sizes are found: what only that could rule out is
        not refuted."""
        left = [pair for pair in known.written_out() if pair not in self.facts]
        while left:
            fact, condition = left[0]
            sizes = condition.free_symbols
            others = Search(known, sizes - self.symbols)
            if sizes and next(iter(others.samples), None) is None:
                return fact
            left = [pair for pair in left[1:] if pair not in others.facts]
        return None

    @property
    def samples(self) -> Samples:
        """Sizes that satisfy what is known."""
        return _samples(frozenset(self.symbols), self._conditions(self.facts))

    def few(self) -> Iterator[Numbers]:
        """A few of them, enough to see most differences."""
        return _few(self.samples)

    def proof(self, expr: Expr) -> frozenset[Fact] | None:
        """The facts from which it follows that an expression is 0, or None."""
        if not self._proves(expr, self.facts):
            return None
        needed = _needed(self.facts, lambda facts: self._suffice(expr, facts))
        return frozenset(fact for fact, _ in needed)

    def _suffice(self, expr: Expr, facts: Facts) -> bool:
        """Whether some of the facts prove as much; where a few sizes differ, no proof is tried."""
        samples = _samples(frozenset(self.symbols), self._conditions(facts))
        differ = any(difference_at(expr, Integer(0), values) for values in _few(samples))
        return not differ and self._proves(expr, facts)

    def _proves(self, expr: Expr, facts: Facts) -> bool:
        return _vanishes(expr, self._conditions(facts))

    def _conditions(self, facts: Facts) -> tuple[Any, ...]:
        return (*self.ranges, *(condition for _, condition in facts))


def _few(samples: Samples) -> Iterator[Numbers]:
    return islice(islice(samples, FEW_CANDIDATES), FEW)


def _needed(facts: Facts, proves: Callable[[Facts], bool]) -> list[tuple[Fact, Any]]:
    """As few facts as a proof needs, halves left out at once."""

    def needed(
        kept: list[tuple[Fact, Any]], left: list[tuple[Fact, Any]]
    ) -> list[tuple[Fact, Any]]:
        if not left or proves(kept):
            return []
        if len(left) == 1:
            return left
        first, second = left[: len(left) // 2], left[len(left) // 2 :]
        of_second = needed(kept + first, second)
        return needed(kept + of_second, first) + of_second

    return needed([], list(facts))


@lru_cache(maxsize=1024)
def _vanishes(expr: Expr, conditions: tuple[Any, ...]) -> bool:
    """A proof with fuel of its own: the parts of a model that are alike ask for the same ones."""
    by_cases = vanishes(expr, _situation(conditions).with_fuel(Fuel()))
    return by_cases or vanishes_everywhere(expr, conditions)


@lru_cache(maxsize=64)
def _situation(conditions: tuple[Any, ...]) -> Situation:
    return situation_of(conditions)


@lru_cache(maxsize=64)
def _samples(symbols: frozenset[Symbol], conditions: tuple[Any, ...]) -> Samples:
    return Samples(symbols, conditions)
