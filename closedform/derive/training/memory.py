"""Where a tensor lies in memory: the steps from one element to the next along each axis.

As in PyTorch, the axes of a view may lie in any order, and axes can be joined without a copy only
where they lie one inside the other.

>>> n, h, e = sympy.symbols("n h e", integer=True, positive=True)
>>> heads = Regrouped((("n",), ("h", "e")), (("h",), ("n",), ("e",)), {"n": n, "h": h, "e": e})
>>> moved = regrouped((h * e, Integer(1)), heads)
>>> moved
(e, e*h, 1)
>>> back = Regrouped((("h",), ("n",), ("e",)), (("n",), ("h", "e")), heads.sizes)
>>> regrouped(moved, back)
(e*h, 1)
>>> regrouped(contiguous((h, n, e)), back) is None
True
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cmp_to_key
from itertools import pairwise
from typing import TypeAlias

import sympy
from sympy import Expr, Integer

from closedform.derive.cost.flow import Contracted, Regrouped
from closedform.derive.cost.tree import Shape
from closedform.derive.symbolic.expansion import expand

Strides: TypeAlias = tuple[Expr, ...]
Order: TypeAlias = tuple[int, ...]


def contiguous(shape: Sequence[Expr]) -> Strides:
    """The steps of a tensor whose axes lie in their order."""
    return in_order(shape, range(len(shape)))


def in_order(shape: Sequence[Expr], order: Sequence[int]) -> Strides:
    """The steps of a tensor whose axes lie in an order, the outermost first, without gaps."""
    steps: dict[int, Expr] = {}
    step: Expr = Integer(1)
    for axis in reversed(order):
        steps[axis] = step
        step *= shape[axis]
    return tuple(steps[axis] for axis in range(len(shape)))


def order_of(shape: Shape, strides: Strides) -> Order | None:
    """In which order the axes lie, if there are no gaps between them."""
    order = tuple(sorted(range(len(shape)), key=cmp_to_key(_outer(shape, strides))))
    dense = in_order(shape, order)
    same = (_same(a, b) for a, b, n in zip(dense, strides, shape, strict=True) if n != 1)
    return order if all(same) else None


def like(shape: Shape, strides: Strides) -> Strides:
    """The steps of what is computed element by element: in the same order, without gaps."""
    return in_order(shape, sorted(range(len(shape)), key=cmp_to_key(_outer(shape, strides))))


def joined(sizes: Sequence[Expr], strides: Sequence[Expr]) -> Expr | None:
    """The step of axes that are joined to one; None if they do not lie one inside the other."""
    axes = [(size, step) for size, step in zip(sizes, strides, strict=True) if size != 1]
    for (_, outer), (size, step) in pairwise(axes):
        if not _same(outer, size * step):
            return None
    return axes[-1][1] if axes else Integer(1)


def regrouped(strides: Strides, does: Regrouped) -> Strides | None:
    """The steps after `rearrange`; None if it has to copy."""
    steps: dict[str, Expr] = {}
    for group, stride in zip(does.before, strides, strict=True):
        step = stride
        for name in reversed(group):
            steps[name] = step
            step *= does.sizes[name]
    found: list[Expr] = []
    for group in does.after:
        step_ = joined([does.sizes[n] for n in group], [steps[n] for n in group])
        if step_ is None:
            return None
        found.append(step_)
    return tuple(found)


def as_matrices(strides: Strides, axes: Sequence[str], does: Contracted) -> bool:
    """Whether an operand is a stack of matrices as it lies, or has to be copied into one."""
    other = does.right if axes == does.left else does.left
    stack = [n for n in does.result if n in axes and n in other]
    own = [n for n in does.result if n in axes and n not in other]
    summed = [n for n in does.left if n in does.right and n not in does.result]
    at = dict(zip(axes, strides, strict=True))
    return all(
        joined([does.sizes[n] for n in group], [at[n] for n in group]) is not None
        for group in (stack, own, summed)
    )


def of_product(does: Contracted) -> Strides:
    """The steps of a product of matrices: its axes lie as a stack of them is written."""
    stack = [n for n in does.result if n in does.left and n in does.right]
    own = [n for n in does.result if n in does.left and n not in stack]
    names = [*stack, *own, *(n for n in does.result if n not in does.left)]
    order = [does.result.index(name) for name in names]
    return in_order([does.sizes[name] for name in does.result], order)


def _same(one: Expr, other: Expr) -> bool:
    return bool(one == other) or bool(expand(one - other) == 0)


def _outer(shape: Shape, strides: Strides):  # type: ignore[no-untyped-def]
    def compare(one: int, other: int) -> int:
        """Whether an axis lies outside of another: less than 0 if it does."""
        if _same(strides[one], strides[other]):
            return one - other
        above, below = sympy.fraction(sympy.cancel(strides[one] / strides[other]))
        if below == 1:
            return -1
        if above == 1:
            return 1
        return one - other

    return compare
