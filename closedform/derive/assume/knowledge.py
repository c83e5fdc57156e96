"""What is known about the sizes: the store of facts, and the questions that are put to it.

Every size is a positive integer symbol. A question is answered yes, no, or not known; the
assumptions that an answer needed are collected, so that a result can name them.

>>> from closedform.derive.assume.store import Fact
>>> from closedform.derive.symbolic.atoms import Divides
>>> from closedform.derive.symbolic.symbols import size_symbol
>>> known = Knowledge()
>>> I, P = size_symbol("I"), size_symbol("P")
>>> known.floor((I - P) / P) + 1
floor(I/P)
>>> known.assume(Fact(Divides(P, I)))
>>> known.floor((I - P) / P) + 1
I/P
>>> sorted(map(str, known.used))
['P | I']
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sympy import Expr, Rational, Symbol

from closedform.derive.assume import floors, integers, order
from closedform.derive.assume.proofs import equality
from closedform.derive.assume.store import Fact, Store
from closedform.derive.assume.wording import said
from closedform.derive.symbolic.expansion import expand


def _decided(known: Store, condition: Any) -> bool | None:
    answer = order.decide(known, condition)
    return equality.decided(known, condition) if answer is None else answer


class Knowledge(Store):
    """The store, with the proofs that use it at hand."""

    def integer(self, expr: Expr) -> bool:
        """Whether a value is proved to be an integer."""
        answer = integers.integer(self, expr)
        if answer and self._rests_on_equality(expr):
            self._use(expr, lambda other: integers.integer(other, expr))
        return answer

    def floor(self, expr: Expr) -> Expr:
        """The exact floor: whole parts taken out, nested floors joined, ceilings recognised."""
        return floors.floor(self, expr)

    def ceil(self, expr: Expr) -> Expr:
        """The exact ceiling, in the same normal form as `floor`."""
        return floors.ceil(self, expr)

    def refloored(self, expr: Expr) -> Expr:
        """An expression whose floors and ceilings are brought to normal form again."""
        return floors.refloored(self, expr)

    def simplified(self, expr: Expr) -> Expr:
        """An expression in normal form, as an abbreviation when it has one."""
        return self.fold(self.refloored(expand(expr)))

    def equal(self, left: Expr, right: Expr) -> bool:
        """Whether two sizes are proved equal."""
        answer = equality.equal(self, left, right)
        if answer and self._rests_on_equality(left - right):
            self._use(left - right, lambda other: equality.equal(other, left, right))
        return answer

    def doubt(self, condition: Any) -> str:
        """What is said of a condition that was not proved: it is refuted, or not decided."""
        return said(equality.doubt(self, condition))

    def decide(self, condition: Any) -> bool | None:
        """Yes, no, or None when it is not known."""
        answer = _decided(self, condition)
        if answer is not None and self._rests_on_equality(condition):
            self._use(condition, lambda other: _decided(other, condition) is answer)
        return answer

    def _rests_on_equality(self, asked: Any) -> bool:
        """Whether a question may have been answered by an equality that defines a size."""
        return bool(self.equalities) and bool(self._named(asked) & self.equalities.keys())

    def _use(self, asked: Any, ask: Callable[[Knowledge], object]) -> None:
        """Note the equalities that a question names, where without them it has no such answer."""
        if not ask(self.without_equalities()):
            self.used |= {self.equalities[s] for s in self._named(asked) & self.equalities.keys()}

    def _named(self, asked: Any) -> set[Symbol]:
        """The sizes in a question, and those that its abbreviations are made of."""
        found: set[Symbol] = set()
        waiting = list(getattr(asked, "free_symbols", ()))
        while waiting:
            symbol = waiting.pop()
            if symbol not in found:
                found.add(symbol)
                waiting += self.spelled[symbol].free_symbols if symbol in self.spelled else ()
        return found

    def bounds(self, expr: Expr) -> tuple[Rational | None, Rational | None]:
        """Bounds of the numerator of a value, which has its sign; None where not known."""
        return order.bounds(self, expr)


def contradicted(known: Knowledge, facts: Sequence[Fact], condition: Any) -> list[Fact]:
    """Facts that leave no sizes for a condition, none of which can be left out; none where that is
    not proved.

    >>> from closedform.derive.symbolic.symbols import size_symbol
    >>> n, d = size_symbol("n"), size_symbol("d")
    >>> facts = [Fact(d > 3), Fact(n > 4), Fact(n > 5)]
    >>> [str(fact) for fact in contradicted(Knowledge(), facts, n < 3)]
    ['n > 5']
    """

    def excluded(some: Sequence[Fact]) -> bool:
        under = known.copied()
        for fact in some:
            under.assume(fact)
        return under.decide(condition) is False

    if not excluded(facts):
        return []
    needed = [*facts]
    for fact in facts:
        fewer = [other for other in needed if other is not fact]
        needed = fewer if excluded(fewer) else needed
    return needed
