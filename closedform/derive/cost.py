"""The cost tree: what an architecture does, with exact counts and without unrolling.

Nodes are compared by identity: a block that is used twice with the same sizes is one node, so the
tree is a graph without cycles, and every walk over it remembers what it has seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import sympy
from sympy import Expr, Integer, Symbol
from sympy.logic.boolalg import Boolean

from closedform.derive.sizes import expand
from closedform.errors import Span
from closedform.grammar import tree

if TYPE_CHECKING:
    from closedform.derive.knowledge import Fact

Shape: TypeAlias = tuple[Expr, ...]


@dataclass(frozen=True, eq=False)
class Site:
    """A place in the source, and what is done there."""

    span: Span
    node: Node


@dataclass(frozen=True, eq=False)
class Operation:
    """One operation: how much it counts, and of which kind it is.

    One that is written in the language has its declaration, the arguments that it was given, and
    the facts that its shapes and counts rest on.
    """

    name: str
    kind: str
    counts: Mapping[str, Expr]
    inputs: tuple[Shape, ...]
    outputs: tuple[Shape, ...]
    declaration: tree.Op | None = None
    given: Mapping[str, Any] = field(default_factory=dict)
    facts: frozenset[Fact] = frozenset()

    @property
    def is_sign(self) -> bool:
        """Whether it is `+`, `-`, `*` or `/`, which is named in words."""
        return self.kind == "elementwise" and self.declaration is None


@dataclass(frozen=True, eq=False)
class Sequence:
    """A block or a model: the arguments that it was given, and its parts, one after the other."""

    name: str
    given: Mapping[str, Any]
    body: tuple[Site, ...]
    declaration: tree.Block


@dataclass(frozen=True, eq=False)
class Repeat:
    """`times` copies of the body, with weights of their own unless they are shared."""

    times: Expr
    shared: bool
    body: tuple[Site, ...]


@dataclass(frozen=True, eq=False)
class Stages:
    """`for`: a body for each value of the index, and the tensors that each begins with."""

    index: str
    first: int
    bodies: tuple[tuple[Site, ...], ...]
    entries: tuple[tuple[tuple[str, Shape], ...], ...]


@dataclass(frozen=True, eq=False)
class Steps:
    """`for` with a symbol as its bound: one body as a function of the index."""

    index: Symbol
    first: Expr
    last: Expr
    body: tuple[Site, ...]


@dataclass(frozen=True, eq=False)
class Choose:
    """Weights of `of` copies of the body, work of `count`."""

    count: Expr
    of: Expr
    body: tuple[Site, ...]


@dataclass(frozen=True, eq=False)
class Cases:
    """One body where the condition holds, the other where it does not."""

    condition: Boolean
    then: tuple[Site, ...]
    otherwise: tuple[Site, ...]


@dataclass(frozen=True, eq=False)
class Weights:
    """A part whose weights belong to another (`tied`) or are not trained (`frozen`)."""

    mode: str
    body: tuple[Site, ...]


Node: TypeAlias = Operation | Sequence | Repeat | Stages | Steps | Choose | Cases | Weights

# Counts that are not work: they grow with the weights, not with the uses of them.
WEIGHTS = frozenset({"params", "trainable", "buffers"})

# The quantities that tied and frozen weights do not count in.
DROPPED = {"tied": WEIGHTS, "frozen": frozenset({"trainable"})}

Pick: TypeAlias = Callable[[Operation], Expr]
StageSum: TypeAlias = Callable[[Stages, tuple[Expr, ...]], Expr]


def indicator(condition: Boolean) -> Expr:
    """One where a condition holds, zero where it does not."""
    return sympy.Piecewise((Integer(1), condition), (Integer(0), True))


def summed(expr: Expr, index: Symbol, first: Expr, last: Expr) -> Expr:
    """The sum of an expression over an index, closed where that is a polynomial or geometric.

    >>> i, n = sympy.symbols("i n", integer=True, positive=True)
    >>> sympy.factor(summed(i, i, Integer(1), n))
    n*(n + 1)/2
    """
    found = []
    for term in sympy.Add.make_args(expand(expr)):
        factor, part = term.as_independent(index, as_Add=False)
        found.append(factor * _sum_of(part, index, first, last))
    return sympy.Add(*found)


def _sum_of(part: Expr, index: Symbol, first: Expr, last: Expr) -> Expr:
    if part == 1:
        return last - first + 1
    if part.atoms(sympy.floor, sympy.ceiling, sympy.Piecewise, sympy.Max, sympy.Min):
        return sympy.Sum(part, (index, first, last))
    return expand(_in_primes(sympy.summation(part, (index, first, last))))


def _in_primes(expr: Expr) -> Expr:
    """4^n and (1/4)^n as powers of 2, so that they cancel; SymPy leaves them as they are."""

    def power(base: Expr, exponent: Expr) -> Expr:
        factors = sympy.factorrat(base) if base.is_Rational and base.is_positive else {}
        if len(factors) != 1:
            return sympy.Pow(base, exponent)
        ((prime, times),) = factors.items()
        return sympy.Pow(prime, times * exponent)

    return expr.replace(sympy.Pow, power)


class Total:
    """Adds up one quantity over a cost tree.

    `pick` says what an operation counts; `weights` whether that is a property of the weights
    (a shared repeat has them once) or of the work; `stages` how the iterations of a `for` are
    added, plain addition unless another way is given.
    """

    def __init__(
        self, pick: Pick, weights: str | None = None, stages: StageSum | None = None
    ) -> None:
        self.pick = pick
        self.weights = weights
        self.stages = stages
        self._seen: dict[int, Expr] = {}

    def __call__(self, node: Node) -> Expr:
        key = id(node)
        if key not in self._seen:
            self._seen[key] = self._of(node)
        return self._seen[key]

    def body(self, sites: tuple[Site, ...]) -> Expr:
        return sympy.Add(*(self(site.node) for site in sites))

    def _of(self, node: Node) -> Expr:
        match node:
            case Operation():
                return self.pick(node)
            case Sequence():
                return self.body(node.body)
            case Repeat():
                return self.times(node) * self.body(node.body)
            case Choose():
                return self.times(node) * self.body(node.body)
            case Stages():
                parts = tuple(map(self.body, node.bodies))
                return self.stages(node, parts) if self.stages else sympy.Add(*parts)
            case Steps():
                return summed(self.body(node.body), node.index, node.first, node.last)
            case Cases():
                holds = indicator(node.condition)
                return holds * self.body(node.then) + indicator(
                    sympy.Not(node.condition)
                ) * self.body(node.otherwise)
            case Weights():
                dropped = self.weights in DROPPED[node.mode]
                return Integer(0) if dropped else self.body(node.body)

    def times(self, node: Node) -> Expr:
        """How often the quantity of a part counts."""
        match node:
            case Repeat():
                return Integer(1) if self.weights and node.shared else node.times
            case Choose():
                return node.of if self.weights else node.count
        return Integer(1)


def children(node: Node) -> tuple[Site, ...]:
    """The parts of a node, in the order of the source."""
    match node:
        case Operation():
            return ()
        case Stages():
            return tuple(site for body in node.bodies for site in body)
        case Cases():
            return node.then + node.otherwise
    return node.body


def symbols_in(node: Node) -> set[Symbol]:
    """The symbols that the counts of a cost tree mention."""
    counts = (count for operation in operations(node) for count in operation.counts.values())
    return set().union(*(count.free_symbols for count in counts))


def nodes(root: Node) -> Iterator[Node]:
    """Every node of a cost tree, each once, in the order of the source."""
    seen: set[int] = set()
    waiting: list[Node] = [root]
    while waiting:
        node = waiting.pop()
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            waiting.extend(site.node for site in reversed(children(node)))


def operations(root: Node) -> list[Operation]:
    """Every operation of a cost tree, each once, in the order of the source."""
    return [node for node in nodes(root) if isinstance(node, Operation)]
