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

from typing import Any

from sympy import Expr, Rational

from closedform.derive.assume import floors, integers, order
from closedform.derive.assume.proofs import equality
from closedform.derive.assume.store import Store
from closedform.derive.symbolic.expansion import expand


class Knowledge(Store):
    """The store, with the proofs that use it at hand."""

    def integer(self, expr: Expr) -> bool:
        """Whether a value is proved to be an integer."""
        return integers.integer(self, expr)

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
        return equality.equal(self, left, right)

    def decide(self, condition: Any) -> bool | None:
        """Yes, no, or None when it is not known."""
        answer = order.decide(self, condition)
        return equality.decided(self, condition) if answer is None else answer

    def bounds(self, expr: Expr) -> tuple[Rational | None, Rational | None]:
        """Bounds of the numerator of a value, which has its sign; None where not known."""
        return order.bounds(self, expr)
