"""The cost tree: what an architecture does, with exact counts and without unrolling.

Nodes are compared by identity: a block that is used twice with the same sizes is one node, so the
tree is a graph without cycles, and every walk over it remembers what it has seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any, TypeAlias

from sympy import Basic, Expr, S, Symbol
from sympy.logic.boolalg import Boolean

from closedform.data import dataclass
from closedform.derive.assume.store import Fact
from closedform.derive.cost.flow import Carried, Does, Flow, Joined
from closedform.errors import Span
from closedform.grammar import tree

Shape: TypeAlias = tuple[Expr, ...]


@dataclass(frozen=True, eq=False)
class Site:
    """A place in the source, and what is done there.

    An operation or a block takes values and gives values, which have numbers in the body around it.
    """

    span: Span
    node: Node = field(repr=False)  # what is used twice would be told twice, and all that is in it
    flow: Flow = field(default=Flow(), repr=False)


@dataclass(frozen=True)
class Kept:
    """A tensor that is kept for the backward pass where a condition holds: its elements, or its
    bytes where these do not depend on the precision."""

    elements: Expr
    bytes: Expr
    holds: Boolean


@dataclass(frozen=True)
class Trained:
    """The work of the backward pass of an operation at a place, by its inputs and by its weights,
    and each tensor that is kept there: what the operation makes, and what it copies. `again` is how
    often the backward pass repeats its forward pass."""

    by_input: Mapping[str, Expr]
    by_weight: Mapping[str, Expr]
    kept: tuple[Kept, ...]
    again: Expr = S.Zero


@dataclass(frozen=True, eq=False)
class Operation:
    """One operation: how much it counts, and of which kind it is.

    One that is written in the language has its declaration, its `names` with what each stands for,
    the value of every part of its expressions by the id of that part, and the facts that its shapes
    and counts rest on. One of the language itself says what it does with axes. In the tree of a
    training step it has its part in that.
    """

    name: str
    kind: str
    counts: Mapping[str, Expr]
    inputs: tuple[Shape, ...]
    outputs: tuple[Shape, ...]
    declaration: tree.Op | None = None
    names: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[int, Any] = field(default_factory=dict)
    facts: frozenset[Fact] = frozenset()
    does: Does | None = None
    trained: Trained | None = None

    @property
    def is_sign(self) -> bool:
        """Whether it is `+`, `-`, `*` or `/`, which is named in words."""
        return self.kind == "elementwise" and self.declaration is None


@dataclass(frozen=True, eq=False)
class Sequence:
    """A block or a model: the arguments that it was given, and its parts, one after the other.

    Its `names` are what its parameters, and the names in their shapes, stand for. Its flow has the
    numbers that its inputs and results have in its body; those of the sites at which it is used
    stand for these one by one. Its results have shapes. One that is fused moves what `fused` moves.
    """

    name: str
    given: Mapping[str, Any]
    body: tuple[Site, ...]
    declaration: tree.Block
    flow: Flow = field(default=Flow())
    results: tuple[Shape, ...] = ()
    fused: Operation | None = None
    names: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Repeat:
    """`times` copies of the body, with weights of their own unless they are shared."""

    times: Expr
    shared: bool
    body: tuple[Site, ...]
    carried: tuple[Carried, ...] = ()


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
    carried: tuple[Carried, ...] = ()


@dataclass(frozen=True, eq=False)
class Choose:
    """Weights of `of` copies of the body, work of `count`."""

    count: Expr
    of: Expr
    body: tuple[Site, ...]
    carried: tuple[Carried, ...] = ()


@dataclass(frozen=True, eq=False)
class Cases:
    """One body where the condition holds, the other where it does not."""

    condition: Boolean
    then: tuple[Site, ...]
    otherwise: tuple[Site, ...]
    joined: tuple[Joined, ...] = ()


MODES = ("tied", "frozen")
RECOMPUTED = "recompute"


@dataclass(frozen=True, eq=False)
class Weights:
    """A part whose weights belong to another (`tied`) or are not trained (`frozen`), or which the
    backward pass carries out again, so that it keeps what the part takes alone (`recompute`)."""

    mode: str
    body: tuple[Site, ...]


Node: TypeAlias = Operation | Sequence | Repeat | Stages | Steps | Choose | Cases | Weights


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


def sizes_in(node: Node) -> set[Symbol]:
    """The symbols that the counts, shapes and names of a cost tree mention."""
    found: set[Symbol] = set()
    for operation in operations(node):
        waiting: list[Any] = [operation.inputs, operation.outputs]
        waiting += [*operation.counts.values(), *operation.names.values()]
        while waiting:
            part = waiting.pop()
            if isinstance(part, tuple):
                waiting.extend(part)
            elif isinstance(part, Basic):
                found |= part.free_symbols
    return found


def shaped_by(node: Node) -> set[Symbol]:
    """The symbols on which it depends what is done, how often, and in which shapes."""
    found: set[Symbol] = set()
    indices: set[Symbol] = set()
    for part in nodes(node):
        match part:
            case Operation():
                told = [size for shape in (*part.inputs, *part.outputs) for size in shape]
            case Repeat():
                told = [part.times]
            case Steps():
                told = [part.first, part.last]
                indices.add(part.index)
            case Choose():
                told = [part.count]
            case Cases():
                told = [part.condition]
            case _:
                told = []
        found |= set().union(*(one.free_symbols for one in told))
    return found - indices


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
