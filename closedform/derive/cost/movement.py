"""What an operation moves by itself: elements read and written, each once, with nothing fused.

An operation of a file or of the library may state `reads`, `loads` and `writes`; else the shapes
of what it takes and gives and its parameters say it. What only looks at a tensor in another way
moves nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import sympy
from sympy import Expr, Integer

from closedform.derive.cost.tree import Cases, Node, Operation, Sequence, Site, Stages

VIEWS = frozenset({"rearrange", "split", "slice", "param"})


def reads(operation: Operation) -> Expr:
    """Elements of operands that are read."""
    return _stated(operation, "reads", sum(map(_size, operation.inputs), Integer(0)))


def loads(operation: Operation) -> Expr:
    """Elements of weights that are read."""
    return _stated(operation, "loads", operation.counts.get("params", Integer(0)))


def writes(operation: Operation) -> Expr:
    """Elements of results that are written."""
    return _stated(operation, "writes", sum(map(_size, operation.outputs), Integer(0)))


def _stated(operation: Operation, name: str, otherwise: Expr) -> Expr:
    if is_view(operation):
        return Integer(0)
    return operation.counts.get(name, otherwise)


def is_view(operation: Operation) -> bool:
    """Whether a function of the language gives what it takes, seen in another way."""
    if operation.declaration is not None:
        return False
    turned = operation.name == "einsum" and not operation.counts
    return operation.name in VIEWS or turned


def folded(root: Sequence) -> Sequence:
    """A tree in which a fused block is one operation that moves what the block moves."""
    seen: dict[int, Node] = {}

    def body(sites: tuple[Site, ...]) -> tuple[Site, ...]:
        found = tuple(replace(site, node=node(site.node)) for site in sites)
        same = all(old.node is new.node for old, new in zip(sites, found, strict=True))
        return sites if same else found

    def node(old: Node) -> Node:
        if id(old) not in seen:
            seen[id(old)] = _changed(old, body)
        return seen[id(old)]

    return replace(root, body=body(root.body))


def _changed(old: Node, body: Callable[[tuple[Site, ...]], tuple[Site, ...]]) -> Node:
    """A node with other sites in its bodies; itself where they are the same."""
    match old:
        case Operation():
            return old
        case Sequence(fused=Operation() as whole):
            return whole
        case Stages():
            bodies = tuple(map(body, old.bodies))
            return old if bodies == old.bodies else replace(old, bodies=bodies)
        case Cases():
            then, otherwise = body(old.then), body(old.otherwise)
            same = then is old.then and otherwise is old.otherwise
            return old if same else replace(old, then=then, otherwise=otherwise)
    inside = body(old.body)
    return old if inside is old.body else replace(old, body=inside)


def _size(shape: tuple[Expr, ...]) -> Expr:
    return sympy.Mul(*shape)
