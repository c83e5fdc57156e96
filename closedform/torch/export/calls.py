"""Which parameter of an operation or a block takes which argument, and what shapes bind."""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Expr, Integer

from closedform.derive.resolve.modules import Entity
from closedform.grammar import tree
from closedform.torch.export.expressions import Reader, refuse
from closedform.torch.export.shapes import REST, Axes, divide, fits, rearranged
from closedform.torch.export.sizes import Sizes
from closedform.torch.export.values import Tensor, Value

MODIFIERS = ("kind", "tied", "frozen", "fused", "recompute")


def parameters_of(entity: Entity) -> tuple[tree.Parameter, ...]:
    declaration = entity.declaration
    assert isinstance(declaration, tree.Op | tree.Block)
    return declaration.parameters


def bind(
    reader: Reader, entity: Entity, node: tree.Call, piped: Sequence[Tensor]
) -> tuple[dict[str, Value], dict[str, Value]]:
    """The arguments by the names of their parameters, and those that every call takes."""
    parameters = {p.name.name: p for p in parameters_of(entity)}
    given: dict[str, Value] = {}
    modifiers: dict[str, Value] = {}
    positional: list[Value] = list(piped)
    for argument in node.arguments:
        value = reader.value(argument.value)
        if argument.name is None:
            positional.append(value)
        elif argument.name in parameters:
            given[argument.name] = value
        else:
            modifiers[argument.name] = value
    for value in positional:
        is_tensor = isinstance(value, Tensor)
        free = [n for n, p in parameters.items() if n not in given and bool(p.shape) == is_tensor]
        if not free:
            raise refuse(f"`{entity.name}` takes no further argument", node, "take it away")
        given[free[0]] = value
    return given, modifiers


def with_sides(
    shape: tree.Shape, tensor: Tensor, node: tree.Node
) -> tuple[list[object], int | None]:
    """The axes of a pattern, and the sides that a tensor has by it."""
    axes: list[object] = [REST if isinstance(a, tree.Rest) else a for a in shape.axes]
    if shape.sides is None:
        return axes, tensor.sides
    cut = len(axes) - shape.sides
    if shape.sides == 1 and axes[cut] == REST:
        sides = tensor.sides
        if sides is None:
            known = {1: 0, 3: 2}
            if REST in tensor.shape or len(tensor.shape) not in known:
                raise refuse(
                    "which axis has the channels cannot be told",
                    node,
                    "state it before, as in `x: [_, _;]` or `x: [_; _, _]`",
                )
            sides = known[len(tensor.shape)]
        return [*axes[:cut], *["_"] * sides], sides
    return axes, shape.sides


def match(
    reader: Reader, shape: tree.Shape, tensor: Tensor, node: tree.Node
) -> tuple[dict[str, Expr], Axes, int | None]:
    """What the names of a pattern are by a tensor, its rest, and the number of its sides."""
    axes, sides = with_sides(shape, tensor, node)
    where = axes.index(REST) if REST in axes else None
    before = len(axes) if where is None else where
    behind = 0 if where is None else len(axes) - where - 1
    if not fits(tensor.shape, before, behind, where is not None):
        raise refuse(
            "a tensor does not have the axes of its pattern", node, "see `closedform check`"
        )
    rest: Axes = ()
    if where is None:
        known = tuple(axis for axis in tensor.shape if axis != REST)
        pairs = list(zip(axes, known, strict=True))
    else:
        head, rest, tail = divide(tensor.shape, before, behind)
        pairs = [*zip(axes[:where], head, strict=True), *zip(axes[where + 1 :], tail, strict=True)]
    found: dict[str, Expr] = {}
    for axis, size in pairs:
        if isinstance(axis, tree.Name) and axis.name != "_" and isinstance(size, Expr):
            found.setdefault(axis.name, size)
    return found, rest, sides


def result_shape(
    sizes: Sizes,
    output: tree.Output,
    scope: dict[str, Value],
    rests: Sequence[Axes],
    sides: int | None,
    tensor: Tensor,
) -> tuple[Axes, int | None]:
    """The shape of a result of an operation, and its sides."""
    reader = Reader(sizes, scope)
    if isinstance(output.shape, tree.Call):
        pattern = scope["pattern"]
        assert isinstance(pattern, str)
        return rearranged(tensor.shape, pattern, {}), None
    made: list[Expr | str] = []
    count = output.shape.sides
    for i, axis in enumerate(output.shape.axes):
        if isinstance(axis, tree.Rest):
            behind_channels = count is not None and i >= len(output.shape.axes) - count
            made.extend(
                tensor.shape[len(tensor.shape) - (sides or 0) :]
                if behind_channels and sides
                else ()
                if behind_channels
                else rests[0]
                if rests
                else ()
            )
        else:
            made.append(reader.size(axis))
    shape = tuple(made)
    if count is None:
        return shape, tensor.sides if shape == tensor.shape else None
    if count == 1 and isinstance(output.shape.axes[-1], tree.Rest):
        return shape, sides
    return shape, count


def numbers(parameter: tree.Parameter, value: Value) -> Value:
    """The value of a parameter `kernel[2]`, an element for each."""
    if parameter.length is None or isinstance(value, tuple) or not isinstance(value, Expr | bool):
        return value
    assert isinstance(parameter.length, tree.Number)
    size = Integer(int(value)) if isinstance(value, bool) else value
    return (size,) * int(parameter.length.value)
