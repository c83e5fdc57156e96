"""Shapes against patterns: `[..., n, d]` binds n and d, or checks them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import count

import sympy
from sympy import Expr, Integer

from closedform.derive.cost.tree import Shape
from closedform.derive.elaborate import layouts
from closedform.derive.elaborate.context import Context
from closedform.derive.elaborate.hints import differing, remedy
from closedform.derive.elaborate.values import Scope, Tensor, say_shape
from closedform.derive.symbolic.wording import say
from closedform.errors import Span, fail
from closedform.grammar import tree
from closedform.grammar.expressions import show
from closedform.grammar.traverse import parts_of

RANKS = "they have different numbers of axes"
REST = ("...", "; ...")  # what the axes in `...` are called in a scope, before `;` and after it


def match(
    context: Context,
    pattern: tree.Shape,
    tensor: Tensor,
    scope: Scope,
    what: str,
    op: str = "",
    later: Collection[str] = (),
) -> Tensor:
    """Check a shape against a pattern; names without a value take the size that they meet.

    Gives the tensor with its channels where the pattern takes them to be. `later` are names that
    have a value only after all shapes.
    """
    layouts.check_pattern(pattern)
    _check_order(context, pattern, scope, {*later, *names_bound(pattern)})
    fixed = [axis for axis in pattern.axes if not isinstance(axis, tree.Rest)]
    rank = len(tensor.shape)
    if len(fixed) > rank or (len(fixed) == len(pattern.axes) != rank):
        raise _mismatch(pattern, tensor, what, RANKS)
    found = layouts.settled(pattern, tensor, what)
    if found is None:
        help = layouts.advice(rank, layouts.typed(tensor, op, scope.module.names))
        raise _mismatch(pattern, tensor, what, layouts.reason(tensor), help)
    before, after = layouts.parts(pattern)
    sides = len(after)
    if layouts.any_sides(pattern):
        (sides,) = found.layout.sides
    sizes = tensor.shape[: rank - sides], tensor.shape[rank - sides :]
    for axes, part, rest in zip((before, after), sizes, REST, strict=True):
        _match_axes(context, pattern, axes, part, rest, tensor, scope, what)
    return found


def names_bound(pattern: tree.Shape) -> Iterator[str]:
    """The names that stand alone in a shape: each is bound to the size that it meets."""
    return (axis.name for axis in pattern.axes if isinstance(axis, tree.Name) and axis.name != "_")


def _check_order(
    context: Context, pattern: tree.Shape, scope: Scope, bound: Collection[str]
) -> None:
    """Refuse a name that is used in a shape before it is bound: axes are read from the left."""
    met: set[str] = set()
    for axis in pattern.axes:
        if isinstance(axis, tree.Name):
            met.add(axis.name)
            continue
        used = (node for node in parts_of(axis) if isinstance(node, tree.Name))
        for node in used:
            known = node.name in met or context.names.find(node.name, scope) is not None
            if node.name in bound and not known:
                taken = {*bound, *scope.all_names()}
                free = next(name for at in count() if (name := f"m{at or ''}") not in taken)
                raise fail(
                    "name",
                    f"`{node.name}` is bound after it is used",
                    node.span,
                    f"give this axis a name of its own, such as `{free}`, "
                    f"and then `require {free} == {show(axis)}`",
                    "shapes are read first, and their axes from left to right",
                )


def _match_axes(
    context: Context,
    pattern: tree.Shape,
    axes: layouts.Axes,
    sizes: Shape,
    rest: str,
    tensor: Tensor,
    scope: Scope,
    what: str,
) -> None:
    """The axes of a pattern before its `;`, or after it, against the sizes that stand there."""
    at = next((i for i, axis in enumerate(axes) if isinstance(axis, tree.Rest)), None)
    extra = len(sizes) - len(axes) + (at is not None)
    if extra < 0 or (extra and at is None):
        raise _mismatch(pattern, tensor, what, RANKS)
    if at is not None:
        kept = sizes[at : at + extra]
        before = scope.names.setdefault(rest, kept)
        if len(before) != len(kept) or not all(map(context.known.equal, before, kept)):
            reason = f"`...` is {say_shape(before)} in another tensor, and {say_shape(kept)} here"
            raise _mismatch(pattern, tensor, what, reason)
        axes = axes[:at] + axes[at + 1 :]
        sizes = sizes[:at] + sizes[at + extra :]
    for axis, size in zip(axes, sizes, strict=True):
        assert not isinstance(axis, tree.Rest)
        if isinstance(axis, tree.Name) and axis.name == "_":
            continue
        if isinstance(axis, tree.Name) and context.names.find(axis.name, scope) is None:
            scope.names[axis.name] = context.known.fold(size)
            continue
        expected = context.size(axis, scope)
        if not context.known.equal(expected, size):
            reason, *doubt = not_equal(context, size, expected)
            if say(expected) != show(axis):
                reason = (
                    f"{say(size)} is not proved equal to {show(axis)}, which is {say(expected)}"
                )
            raise _mismatch(
                pattern,
                tensor,
                what,
                reason,
                remedy(context, [(expected, size)]),
                *doubt,
                *differing(context, [(expected, size)]),
            )


def _mismatch(
    pattern: tree.Shape,
    tensor: Tensor,
    what: str,
    reason: str,
    help: str | None = None,
    *notes: str,
) -> Exception:
    return fail(
        "shape",
        f"{what} is to have the shape {show(pattern)}, and the tensor is {tensor}",
        pattern.span,
        help,
        reason,
        *notes,
    )


def not_equal(context: Context, size: Expr, other: Expr) -> Iterator[str]:
    """Notes of two sizes that are not proved equal: where they differ, or what was tried."""
    yield f"{say(size)} is not proved equal to {say(other)}"
    if size.free_symbols | other.free_symbols:
        yield context.known.doubt(sympy.Eq(size, other, evaluate=False))


def broadcast(context: Context, left: Shape, right: Shape, span: Span) -> Shape:
    """The shape of two shapes taken together, aligned at the last axis."""
    longer, shorter = (left, right) if len(left) >= len(right) else (right, left)
    skipped = len(longer) - len(shorter)
    shape: list[Expr] = list(longer[:skipped])
    pairs = list(zip(longer[skipped:], shorter, strict=True))
    for a, b in pairs:
        if a == Integer(1) or context.known.equal(a, b):
            shape.append(b)
        elif b == Integer(1):
            shape.append(a)
        else:
            raise fail(
                "shape",
                f"the shapes {say_shape(left)} and {say_shape(right)} do not fit",
                span,
                remedy(context, (pair for pair in pairs if Integer(1) not in pair))
                or "the sizes of an axis must be equal, or one of them 1",
                *not_equal(context, a, b),
                *differing(context, [(a, b)]),
            )
    return tuple(shape)
