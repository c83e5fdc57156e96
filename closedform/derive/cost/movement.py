"""What an operation moves by itself: elements read and written, each once, with nothing fused.

An operation of a file or of the library may state `reads`, `loads` and `writes`; else the shapes
of what it takes and gives and its parameters say it. What only looks at a tensor in another way
moves nothing.
"""

from __future__ import annotations

import sympy
from sympy import Expr, Integer

from closedform.derive.cost.tree import Operation

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


def _size(shape: tuple[Expr, ...]) -> Expr:
    return sympy.Mul(*shape)
