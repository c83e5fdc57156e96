"""Shapes against patterns: `[..., n, d]` binds n and d, or checks them."""

from __future__ import annotations

from sympy import Expr, Integer

from closedform.derive.cost.tree import Shape
from closedform.derive.elaborate.context import Context
from closedform.derive.elaborate.hints import differing, remedy
from closedform.derive.elaborate.values import Scope, Tensor, say_shape
from closedform.derive.symbolic.wording import say
from closedform.errors import Span, fail
from closedform.grammar import tree
from closedform.grammar.expressions import show


def match(context: Context, pattern: tree.Shape, tensor: Tensor, scope: Scope, what: str) -> None:
    """Check a shape against a pattern; names without a value take the size that they meet."""
    axes = list(pattern.axes)
    sizes = list(tensor.shape)
    rests = [i for i, axis in enumerate(axes) if isinstance(axis, tree.Rest)]
    if len(rests) > 1:
        raise fail("shape", "`...` stands twice in a shape", axes[rests[1]].span)
    if len(axes) - len(rests) > len(sizes) or (not rests and len(axes) != len(sizes)):
        raise _mismatch(pattern, tensor, what, "they have different numbers of axes")
    if rests:
        at, end = rests[0], rests[0] + len(sizes) - len(axes) + 1
        rest = tuple(sizes[at:end])
        before = scope.names.setdefault("...", rest)
        if len(before) != len(rest) or not all(map(context.known.equal, before, rest)):
            reason = f"`...` is {say_shape(before)} in another tensor, and {say_shape(rest)} here"
            raise _mismatch(pattern, tensor, what, reason)
        axes[at : at + 1] = []
        sizes[at:end] = []
    for axis, size in zip(axes, sizes, strict=True):
        assert not isinstance(axis, tree.Rest)
        if isinstance(axis, tree.Name) and axis.name == "_":
            continue
        if isinstance(axis, tree.Name) and context.names.find(axis.name, scope) is None:
            scope.names[axis.name] = context.known.fold(size)
            continue
        expected = context.size(axis, scope)
        if not context.known.equal(expected, size):
            reason = f"{say(size)} is not proved equal to {show(axis)}"
            if say(expected) != show(axis):
                reason += f", which is {say(expected)}"
            raise _mismatch(
                pattern,
                tensor,
                what,
                reason,
                remedy(context, [(expected, size)]),
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
                f"{say(a)} is not proved equal to {say(b)}",
                *differing(context, [(a, b)]),
            )
    return tuple(shape)
