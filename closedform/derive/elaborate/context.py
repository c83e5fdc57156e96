"""The state of one elaboration, which every part of it is handed.

The parts need each other: an expression may call a block, whose statements hold expressions. What
closes that circle is the `Interpreter`, which the model sets up; no part imports one to its right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from typing import Any, NamedTuple, Protocol

import sympy
from sympy import Expr
from sympy.logic.boolalg import Boolean

from closedform.derive.assume.extent import Extents
from closedform.derive.assume.knowledge import Knowledge
from closedform.derive.assume.obligations import Obligations
from closedform.derive.assume.store import Fact
from closedform.derive.cost.flow import Flow
from closedform.derive.cost.tree import Node, Site
from closedform.derive.elaborate.names import Names
from closedform.derive.elaborate.values import (
    Scope,
    Tensor,
    Value,
    as_condition,
    as_size,
    as_tensor,
    with_tensors,
)
from closedform.derive.resolve.modules import Entity, Module
from closedform.errors import Span
from closedform.grammar import tree


class Interpreter(Protocol):
    """What the parts of an elaboration need of those to their right."""

    def value(self, node: tree.Expression, scope: Scope) -> Value:
        """The value of an expression."""

    def call(self, node: tree.Call, scope: Scope, piped: tuple[Tensor, ...]) -> Value:
        """What an operation, a block or a function of the language gives."""

    def statement(self, node: tree.Statement, scope: Scope) -> None:
        """Carry out a statement."""


def flow(takes: Iterable[Tensor], gives: Iterable[Tensor]) -> Flow:
    """The numbers of what is taken and given."""
    return Flow(tuple(t.number for t in takes), tuple(t.number for t in gives))


class Step(NamedTuple):
    """One step of a loop over numbers: the name of its index, where it is, and the bounds."""

    name: str
    at: int
    first: int
    last: int


def _open(condition: Boolean) -> None:
    """A comparison that is not decided stays open, where no loop looks for its ends."""


class Context:
    """What is known, named, demanded and done so far; `calling` are the blocks that are open.

    `supposed` are the conditions of the cases, `indices` the steps of loops over numbers, around
    the place that is being elaborated; `parameters` is what those of a block in its own sizes are.
    """

    def __init__(self, module: Module, generic: bool, known: Knowledge | None = None) -> None:
        self.module = module
        self.known = Knowledge() if known is None else known
        self.extents = Extents(self.known)
        self.names = Names(self.known, self.value)
        self.obligations = Obligations(self.known, generic)
        self.sites: list[Site] = []
        self.cache: dict[Any, tuple[Node, tuple[Value, ...], frozenset[Fact]]] = {}
        self.calling: list[Entity] = []
        self.supposed: tuple[Fact, ...] = ()
        self.cases: dict[Boolean, Span] = {}  # the conditions that were not decided, and their `if`
        self.met: Callable[[Boolean], bool | None] = _open  # a comparison that is not decided
        self.indices: list[Step] = []
        self.parameters: dict[str, Value] = {}
        self.record: dict[int, Value] | None = None  # of the parts of an operation, by their id
        self._numbers = count(1)  # of values
        self.interpreter: Interpreter

    @property
    def generic(self) -> bool:
        """Whether a block is elaborated in sizes of its own."""
        return self.obligations.generic

    # Expressions ---------------------------------------------------------------------------

    def value(self, node: tree.Expression, scope: Scope) -> Value:
        """The value of any expression."""
        return self.interpreter.value(node, scope)

    def size(self, node: tree.Expression, scope: Scope, what: str = "a size") -> Expr:
        """The value of an expression that must be a number."""
        return as_size(self.value(node, scope), node.span, what)

    def tensor(self, node: tree.Expression, scope: Scope) -> Tensor:
        """The value of an expression that must be a tensor."""
        return as_tensor(self.value(node, scope), node.span)

    def condition(self, node: tree.Expression, scope: Scope) -> bool | Boolean:
        """True, False, or the condition itself when it is not known to be either."""
        return as_condition(self.value(node, scope), node.span)

    # Bodies --------------------------------------------------------------------------------

    def emit(
        self, span: Span, node: Node, takes: Iterable[Tensor] = (), gives: Iterable[Tensor] = ()
    ) -> None:
        """Add a part to the body that is being carried out, with the values it takes and gives."""
        self.sites.append(Site(span, node, flow(takes, gives)))

    def new(self, value: Value) -> Value:
        """A value that is made here: each tensor in it has a number of its own."""
        return with_tensors(value, lambda tensor: replace(tensor, number=next(self._numbers)))

    def fixed(self, tensor: Tensor) -> Tensor:
        """A tensor that nothing computes."""
        return replace(tensor, number=-next(self._numbers))

    @contextmanager
    def collecting(self) -> Iterator[list[Site]]:
        """Collect what is emitted inside, apart from the body around it."""
        outer, self.sites = self.sites, []
        try:
            yield self.sites
        finally:
            self.sites = outer

    def run(self, body: Sequence[tree.Statement], scope: Scope) -> tuple[Site, ...]:
        """Carry out statements; gives what they do as sites."""
        with self.collecting() as sites:
            try:
                for statement in body:
                    self.interpreter.statement(statement, scope)
                return tuple(sites)
            finally:
                if scope.outer is not None:
                    self.names.ended.update(scope.names)

    @contextmanager
    def supposing(self, condition: Boolean) -> Iterator[None]:
        """Take a condition as true for a while."""
        known, obligations, fact = self.known, self.obligations, Fact(condition, "case")
        facts, definitions, equalities = list(known.facts), known.definitions, {**known.equalities}
        supposed, case = self.supposed, obligations.case
        known.assume(fact)
        self.supposed = (*supposed, fact)
        obligations.case = sympy.And(case, condition)
        try:
            yield
        finally:
            known.facts, known.definitions, known.equalities = facts, definitions, equalities
            self.supposed, obligations.case = supposed, case

    @contextmanager
    def trying(self) -> Iterator[None]:
        """Carry out statements only to see what becomes of the shapes; all else is forgotten."""
        known, obligations = self.known, self.obligations
        kept = known.copied()
        generic, positive = obligations.generic, dict(obligations.positive)
        cache = dict(self.cache)
        obligations.generic = True
        try:
            yield
        finally:
            known.restore(kept)
            obligations.generic, obligations.positive, self.cache = generic, positive, cache
