"""The walk over an expression; what its parts are, and how they are joined, is up to an algebra.

The elaboration joins sizes and tensors, a derivation formulas. What an expression may say is
decided here, once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import Generic, TypeVar

from sympy import Rational

from closedform.grammar import tree
from closedform.grammar.expressions import show

V = TypeVar("V")  # what a part of an expression is
S = TypeVar("S")  # where names are looked up

Operand = tuple[str, V, tree.Expression]


class Algebra(ABC, Generic[V, S]):
    """Gives an expression its value, part by part."""

    def value(self, node: tree.Expression, scope: S) -> V:
        """The value of any expression."""
        match node:
            case tree.Number():
                return self.number(Rational(node.value.numerator, node.value.denominator))
            case tree.Boolean():
                return self.boolean(node.value)
            case tree.Text():
                return self.text(node.value)
            case tree.Name():
                return self.name(node, scope)
            case tree.Measured():  # which a claim puts into its scope
                return self.name(tree.Name(show(node), span=node.span), scope)
            case tree.ListOf():
                return self.list_of(node, [self.value(item, scope) for item in node.items])
            case tree.Index():
                return self.index(node, self.value(node.base, scope), scope)
            case tree.Call():
                return self.call(node, scope)
            case tree.Pipe():
                return self.pipe(node, scope)
            case tree.Negative():
                return self.negative(node, self.value(node.operand, scope))
            case tree.Power():
                return self.power(
                    node, self.value(node.base, scope), self.value(node.exponent, scope)
                )
            case tree.Sum() | tree.Product():
                return self.chain(node, self.value(node.first, scope), self._rest(node, scope))
            case tree.Choice():
                return self._choice(node, scope)
            case tree.Not():
                return self.negation(node, self.condition(node.operand, scope))
            case tree.AllOf() | tree.AnyOf():
                return self.joined(node, [self.condition(part, scope) for part in node.operands])
            case tree.Comparison():
                left, right = self.value(node.left, scope), self.value(node.right, scope)
                return self.comparison(node, left, right)
        raise TypeError(f"no value for {type(node).__name__}")

    def _rest(self, node: tree.Sum | tree.Product, scope: S) -> Iterator[Operand[V]]:
        """The operands after the first, each found when it is taken."""
        for operator, operand in node.rest:
            yield operator, self.value(operand, scope), operand

    def _choice(self, node: tree.Choice, scope: S) -> V:
        """The case that holds; where that is open, each case where its condition holds."""
        open_: list[tuple[V, V]] = []
        last = node.otherwise
        with ExitStack() as denied:
            for value, condition in node.cases:
                holds = self.condition(condition, scope)
                answer = self.truth(condition, holds)
                if answer is True:
                    last = value
                    break
                if answer is None:
                    with self.supposing(holds, True):
                        open_.append((holds, self.case(value, scope)))
                    denied.enter_context(self.supposing(holds, False))
            if not open_:
                return self.value(last, scope)
            found = self.case(last, scope)
        for holds, size in reversed(open_):
            found = self.either(holds, size, found)
        return found

    def supposing(self, condition: V, holds: bool) -> AbstractContextManager[None]:
        """Take a condition that is open as true, or as false, for a while."""
        return nullcontext()

    # What parts are ------------------------------------------------------------------------

    @abstractmethod
    def number(self, value: Rational) -> V: ...

    @abstractmethod
    def boolean(self, value: bool) -> V: ...

    @abstractmethod
    def text(self, value: str) -> V: ...

    @abstractmethod
    def name(self, node: tree.Name, scope: S) -> V: ...

    @abstractmethod
    def list_of(self, node: tree.ListOf, items: list[V]) -> V: ...

    @abstractmethod
    def size(self, node: tree.Expression, scope: S) -> V:
        """The value of an expression that must be a number."""

    def case(self, node: tree.Expression, scope: S) -> V:
        """The value of one case of a choice that is open, which must be a number."""
        return self.size(node, scope)

    @abstractmethod
    def condition(self, node: tree.Expression, scope: S) -> V:
        """The value of an expression that must be a condition."""

    @abstractmethod
    def truth(self, node: tree.Expression, condition: V) -> bool | None:
        """Whether a condition holds; None when that is not known."""

    # How they are joined -------------------------------------------------------------------

    @abstractmethod
    def index(self, node: tree.Index, base: V, scope: S) -> V: ...

    @abstractmethod
    def call(self, node: tree.Call, scope: S) -> V: ...

    @abstractmethod
    def pipe(self, node: tree.Pipe, scope: S) -> V: ...

    @abstractmethod
    def negative(self, node: tree.Negative, operand: V) -> V: ...

    @abstractmethod
    def power(self, node: tree.Power, base: V, exponent: V) -> V: ...

    @abstractmethod
    def chain(self, node: tree.Sum | tree.Product, first: V, rest: Iterable[Operand[V]]) -> V: ...

    @abstractmethod
    def either(self, holds: V, value: V, otherwise: V) -> V:
        """One size where a condition holds, another where it does not."""

    @abstractmethod
    def negation(self, node: tree.Not, part: V) -> V: ...

    @abstractmethod
    def joined(self, node: tree.AllOf | tree.AnyOf, parts: list[V]) -> V: ...

    @abstractmethod
    def comparison(self, node: tree.Comparison, left: V, right: V) -> V: ...
