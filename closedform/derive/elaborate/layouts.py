"""Where the channels of a tensor are: `[..., c; h, w]` says that two axes stand after them.

Convolutions and pools give a map, whose layout their declarations state; a normalization asks for
it. What is not known, or is known in two ways, is never guessed from the number of axes, with one
exception: three axes of which nothing is known are the map of an image, and `supposed` remembers
who took them so, that a contradiction is found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from itertools import starmap
from typing import TypeAlias

from closedform.derive.cost.tree import Node, Operation, Shape, Site, operations
from closedform.derive.elaborate.values import Layout, Tensor, say_shape
from closedform.derive.resolve.modules import Entity
from closedform.errors import Span, fail
from closedform.grammar import tree

Axes: TypeAlias = tuple[tree.Expression | tree.Rest, ...]

UNKNOWN = Layout()
NUMBERS = ("flow", "carried", "joined")  # of values, which are others in a body that is alike
IMAGE, MOST = 2, 3  # sides of the map of an image, and of a volume


def check_pattern(pattern: tree.Shape) -> None:
    """Refuse a pattern in which `...` or `;` stands where it has no meaning."""
    for axes in parts(pattern):
        rests = [axis for axis in axes if isinstance(axis, tree.Rest)]
        if len(rests) > 1:
            raise fail("shape", "`...` stands twice in a shape", rests[1].span)
    if pattern.sides is not None and isinstance(parts(pattern)[0][-1], tree.Rest):
        raise fail(
            "shape",
            "the axis before `;` is that of the channels",
            pattern.span,
            "give it a name, or `_`: [..., c; h, w]",
        )


def parts(pattern: tree.Shape) -> tuple[Axes, Axes]:
    """The axes before `;` and those after it."""
    at = len(pattern.axes) - (pattern.sides or 0)
    return pattern.axes[:at], pattern.axes[at:]


def any_sides(pattern: tree.Shape) -> bool:
    """Whether a pattern takes maps of any number of sides: `[..., c; ...]`."""
    return any(isinstance(axis, tree.Rest) for axis in parts(pattern)[1])


def stated(pattern: tree.Shape, tensor: Tensor) -> Tensor:
    """A tensor with the layout that a pattern states; without a `;` as it is."""
    if pattern.sides is None or any_sides(pattern):
        return tensor
    return replace(tensor, layout=Layout(frozenset({pattern.sides})))


def settled(pattern: tree.Shape, tensor: Tensor, what: str) -> Tensor | None:
    """The tensor as a pattern takes it, with one layout; None where that cannot be known."""
    if pattern.sides is None:
        return tensor
    known = tensor.layout.sides
    if not any_sides(pattern):
        return stated(pattern, tensor) if not known or pattern.sides in known else None
    if len(known) == 1:
        return tensor
    rank = len(tensor.shape)
    if known or rank not in (1, 1 + IMAGE):
        return None
    layout = Layout(frozenset({rank - 1}))
    if rank > 1:
        map_ = say_layout(tensor, IMAGE)
        layout = replace(layout, supposed=f"{what} was taken as the map {map_}")
    return replace(tensor, layout=layout)


def say_layout(tensor: Tensor, sides: int) -> str:
    """A shape with `;` after its channels."""
    at = len(tensor.shape) - sides
    before, after = say_shape(tensor.shape[:at]), say_shape(tensor.shape[at:])
    return f"{before[:-1]}; {after[1:]}".replace("; ]", ";]")


def map_of(tensor: Tensor) -> Shape | None:
    """The sizes of the axes after the channels; None where these are not known."""
    if len(tensor.layout.sides) != 1:
        return None
    (sides,) = tensor.layout.sides
    return tensor.shape[len(tensor.shape) - sides :]


def reason(tensor: Tensor) -> str:
    """What is known of the channels of a tensor, where that is not what is asked for."""
    known = [say_layout(tensor, sides) for sides in sorted(tensor.layout.sides)]
    if len(known) == 1:
        return f"its channels are known: it is {known[0]}"
    if known:
        return "it was made as " + " and as ".join(known)
    return "nothing says which of its axes has the channels"


def advice(rank: int, typed: Iterable[str] = ()) -> str:
    """What to write where the channels of a tensor are not known; `typed` are other operations."""
    sides = range(min(rank - 1, MOST), -1, -1)
    forms = [f"`x: {_pattern(rank, k)}`" for k in sides]
    said = "say on a line before which axis has the channels, the one before `;`: "
    said += " or ".join([", ".join(forms[:-1]), forms[-1]] if forms[1:] else forms)
    found = ", ".join(typed)
    return f"write {found}, or {said}" if found else said


def typed(tensor: Tensor, op: str, names: Mapping[str, Entity]) -> Iterator[str]:
    """Operations that state by their names how many sides they take, and what a tensor is then."""
    for k in range(1, MOST + 1):
        entity = names.get(f"{op}{k}d")
        if entity is None or not isinstance(entity.declaration, tree.Op):
            continue
        shapes = [parameter.shape for parameter in entity.declaration.parameters]
        fits = any(shape and shape.sides == k and not any_sides(shape) for shape in shapes)
        if fits and k < len(tensor.shape) and (not tensor.layout.sides or k in tensor.layout.sides):
            yield f"`{op}{k}d` for {say_layout(tensor, k)}"


def _pattern(rank: int, sides: int) -> str:
    before, after = ["_"] * (rank - sides), ["_"] * sides
    return f"[{', '.join(before)}; {', '.join(after)}]".replace("; ]", ";]")


def joined(layouts: Iterable[Layout], span: Span, what: str) -> Layout:
    """What is known of a tensor that comes from several, or was made in several ways."""
    found = list(layouts)
    sides = frozenset[int]().union(*(layout.sides for layout in found))
    supposed = next((layout.supposed for layout in found if layout.supposed), "")
    if supposed and len(sides) > 1:
        raise fail(
            "shape",
            f"{supposed}, and {what} has the channels on another axis",
            span,
            advice(1 + IMAGE),
        )
    return Layout(sides, supposed)


def of_cases(first: Tensor, second: Tensor, span: Span, what: str) -> Layout:
    """The layout of what is one tensor in one case and another in the other.

    Where nothing is known of one of them alone, in its case it would be taken as `settled` does.
    """
    layouts = [first.layout, second.layout]
    rank = len(first.shape)
    if UNKNOWN in layouts and layouts != [UNKNOWN, UNKNOWN] and rank in (1, 1 + IMAGE):
        alone = Layout(frozenset({rank - 1}))
        layouts = [alone if layout == UNKNOWN else layout for layout in layouts]
    return joined(layouts, span, what)


def of_elements(tensors: Iterable[Tensor], rank: int, span: Span, what: str) -> Layout:
    """The layout of what is made of tensors element by element."""
    return joined((t.layout for t in tensors if len(t.shape) == rank), span, what)


def of_result(
    taken: Iterable[tuple[tree.Shape, Tensor]],
    pattern: tree.Shape,
    span: Span,
    what: str,
) -> Layout:
    """The layout of the result of an operation.

    A pattern with `;` states it. Of the tensors that the operation took, what is known of axes that
    stand in `...` stays true.
    """
    found = [_kept(given, tensor, pattern) for given, tensor in taken]
    if pattern.sides is not None and not any_sides(pattern):
        found.append(Layout(frozenset({pattern.sides})))
    return joined(found, span, what)


def _kept(given: tree.Shape, tensor: Tensor, pattern: tree.Shape) -> Layout:
    if given.axes == pattern.axes:
        return tensor.layout
    if any_sides(given) or any_sides(pattern):
        return UNKNOWN
    here, there = _around(given.axes), _around(pattern.axes)
    if here is None or there is None:
        return UNKNOWN
    (before, after), (_, then) = here, there
    last = len(tensor.shape) - before
    sides = frozenset(k + then - after for k in tensor.layout.sides if after <= k < last)
    return replace(tensor.layout, sides=sides) if sides else UNKNOWN


def _around(axes: Axes) -> tuple[int, int] | None:
    """How many axes stand before `...` and after it."""
    at = next((i for i, axis in enumerate(axes) if isinstance(axis, tree.Rest)), None)
    return None if at is None else (at, len(axes) - at - 1)


def of_slice(tensor: Tensor, kept: list[bool]) -> Layout:
    """The layout of a part of a tensor, of which some axes are kept."""
    rank = len(kept)
    sides = [k for k in tensor.layout.sides if kept[rank - 1 - k]]
    if not sides:
        return UNKNOWN
    return replace(tensor.layout, sides=frozenset(sum(kept[rank - k :]) for k in sides))


def carried(before: Tensor, after: Tensor, body: tuple[Site, ...], name: str, span: Span) -> Tensor:
    """What a body that is repeated leaves of a tensor that it has taken.

    The body was derived for the first time round. What a later one would read in another way is
    refused.
    """
    layout = joined((before.layout, after.layout), span, f"the body that assigns `{name}`")
    if layout.sides > before.layout.sides:
        read = [shape for site in body for shape in _read(site.node, before.layout == UNKNOWN)]
        if read:
            raise fail(
                "shape",
                f"the first time round `{name}` is {_say_known(before)}, "
                f"and later {_say_known(after)}",
                span,
                advice(len(before.shape)),
            )
    return replace(before, layout=layout)


def _read(root: Node, supposed: bool) -> list[Tensor]:
    """The tensors whose channels were asked for, or only those of which nothing was known."""
    return [
        value
        for operation in operations(root)
        if operation.declaration is not None
        for parameter in operation.declaration.parameters
        if parameter.shape is not None and parameter.shape.sides is not None
        if isinstance(value := operation.names[parameter.name.name], Tensor)
        if value.layout.supposed or not supposed
    ]


def _say_known(tensor: Tensor) -> str:
    known = [say_layout(tensor, sides) for sides in sorted(tensor.layout.sides)]
    return " or ".join(known) or str(tensor)


def alike(one: object, other: object) -> bool:
    """Whether two parts of a cost tree say the same, and might as well be one."""
    if one is other:
        return True
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, Node | Site) and type(one) is type(other):
        said = (f.name for f in fields(one) if f.name not in NUMBERS)
        pairs = [(getattr(one, name), getattr(other, name)) for name in said]
        return _layouts_in(one) == _layouts_in(other) and all(starmap(alike, pairs))
    return bool(one == other)


def _layouts_in(part: Node | Site) -> dict[str, Layout]:
    """What the formulas of an operation can tell of channels."""
    found = part.names.items() if isinstance(part, Operation) else ()
    return {name: value.layout for name, value in found if isinstance(value, Tensor)}
