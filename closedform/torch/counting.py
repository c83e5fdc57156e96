"""Parameters and multiply-accumulates of a trace, counted operation by operation.

This counter knows nothing of the language, nor of what the import makes of the trace: it is what
both are compared with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import prod

from closedform.data import dataclass
from closedform.errors import fail
from closedform.torch.trace import Operation, Shape, Trace, refs, spelled


@dataclass(frozen=True)
class Counts:
    """What one trace costs."""

    params: int
    macs: int


def counts(trace: Trace) -> Counts:
    """The parameters of a trace, tied ones once, and its multiply-accumulates."""
    return Counts(params_of(trace), sum(count for _, count in work(trace)))


def params_of(trace: Trace, path: str = "") -> int:
    """The parameters whose owner is a module, or within it."""
    return sum(
        prod(weight.shape)
        for weight in trace.weights.values()
        if weight.kind == "parameter" and (not path or inside(weight.owner, path))
    )


def inside(name: str, path: str) -> bool:
    """Whether a module, or what it owns, is a module or within it."""
    return not path or name == path or name.startswith(f"{path}.")


def work(trace: Trace) -> Iterable[tuple[Operation, int]]:
    """Each operation that multiplies and accumulates, and how often."""
    shapes: dict[str, Shape] = {w.name: w.shape for w in trace.weights.values()}
    shapes |= {i.name: i.shape for i in trace.inputs}
    for operation in trace.operations:
        if operation.shapes:
            shapes[operation.name] = operation.shapes[0]
        count = COUNTED.get(operation.target.removesuffix("_"))
        if count is not None:
            taken = [
                shapes[name] for name in refs((operation.arguments, *operation.named.values()))
            ]
            yield operation, count(operation, taken, operation.shapes[0])


Count = Callable[[Operation, list[Shape], Shape], int]


def _linear(operation: Operation, taken: list[Shape], result: Shape) -> int:
    return prod(result) * taken[0][-1]


def _addmm(operation: Operation, taken: list[Shape], result: Shape) -> int:
    return prod(result) * taken[1][-1]


def _conv(operation: Operation, taken: list[Shape], result: Shape) -> int:
    return prod(result) * prod(taken[1][1:])


def _transposed(operation: Operation, taken: list[Shape], result: Shape) -> int:
    return prod(taken[0]) * prod(taken[1][1:])


def _attention(operation: Operation, taken: list[Shape], result: Shape) -> int:
    query, key, value = taken[:3]
    return prod(query[:-1]) * key[-2] * (query[-1] + value[-1])


def _einsum(operation: Operation, taken: list[Shape], result: Shape) -> int:
    pattern = operation.arguments[0]
    sides = spelled(pattern, [len(shape) for shape in taken])
    if sides is None or len(taken) > 2:
        raise fail("trace", f"the products of `einsum({pattern!r})` cannot be counted")
    *operands, kept = sides
    sizes: dict[str, int] = {}
    for letters, shape in zip(operands, taken, strict=True):
        for letter, size in zip(letters, shape, strict=True):
            sizes[letter] = max(size, sizes.get(letter, 1))
    contracted = len(taken) == 2 and set(sizes) - set(kept)
    return prod(sizes.values()) if contracted else 0


COUNTED: dict[str, Count] = {
    "aten.linear": _linear,
    "aten.mm": _linear,
    "aten.bmm": _linear,
    "aten.matmul": _linear,
    "aten.mv": _linear,
    "aten.addmm": _addmm,
    "aten.baddbmm": _addmm,
    "aten.conv1d": _conv,
    "aten.conv2d": _conv,
    "aten.conv3d": _conv,
    "aten.conv_transpose1d": _transposed,
    "aten.conv_transpose2d": _transposed,
    "aten.conv_transpose3d": _transposed,
    "aten.scaled_dot_product_attention": _attention,
    "aten.einsum": _einsum,
    "aten._grouped_mm": _linear,
    "transformers.grouped_mm_fallback": _linear,
}
