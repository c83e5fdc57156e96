"""What regroups, cuts and joins axes, and looks up places."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from closedform.torch.graph import axis_of, order_of
from closedform.torch.steps.rows import FIXED, SIZE, WIDTH, Option, Rows, Step, Values, is_one, word
from closedform.torch.trace import Ref

Groups = tuple[tuple[str, ...], ...]


def regroup(
    name: str,
    x: str,
    left: Groups,
    right: Groups,
    sizes: dict[str, Values],
    module: str,
    counted: bool = False,
) -> Step:
    """`rearrange` of named axes; each is written as the size that it has."""
    options = tuple(Option(axis, sizes[axis]) for group in left for axis in group)
    shape = tuple(
        tuple(map(prod, zip(*(sizes[a] for a in group), strict=True)))
        if group
        else (1,) * len(options[0].value)
        for group in right
    )
    return Step(
        name, "rearrange", (x,), options, (left, right), shape=shape, module=module, counted=counted
    )


def index(rows: Rows) -> list[Step]:
    """A table of parameters in which places that are fixed are looked up, as relative positions."""
    at = rows.argument(1, "indices")[0]
    if (
        not (isinstance(at, tuple) and len(at) == 1 and isinstance(at[0], Ref))
        or at[0].name not in rows.known.fixed
        or rows.node.lead is not None
    ):
        raise rows.refuse("looks up what is no fixed place of the first axis")
    table, places = rows.takes
    if table not in rows.known.parameters and len(rows.operand(1)) == 1:
        return [rows.step("gather", takes=rows.takes)]
    if table not in rows.known.parameters or len(rows.operand(0)) != 2:
        raise rows.refuse("looks up several places at once of what is no table of parameters")
    sizes = [
        Option("", n, WIDTH, hint) for n, hint in zip(rows.operand(0), ("rows", "out"), strict=True)
    ]
    return [rows.step("embed", *sizes, takes=(places,), weights=(table,))]


def concat(rows: Rows) -> list[Step]:
    axis = axis_of(rows.node, rows.argument(1, "dim", 0)[0])
    last = axis and axis == len(rows.shape()) - 1
    return [rows.step("concat", word("axis", "-1" if last else str(axis)), takes=rows.takes)]


def stack(rows: Rows) -> list[Step]:
    rank = len(rows.shape())
    at = rows.argument(1, "dim", 0)[0]
    axis = axis_of(rows.node, at, 1)
    names = [f"a{i}" for i in range(rank - 1)]
    ones = (1,) * len(rows.nodes)
    made = []
    for i, name in enumerate(rows.takes):
        sizes = dict(zip(names, rows.operand(i), strict=True)) | {"1": ones}
        left = tuple((n,) for n in names)
        made.append(
            regroup(
                f"{rows.name}.{i}", name, left, (*left[:axis], (), *left[axis:]), sizes, rows.module
            )
        )
    return [*made, rows.step("concat", word("axis", str(axis)), takes=tuple(s.name for s in made))]


def select(rows: Rows) -> list[Step]:
    axis = axis_of(rows.node, rows.argument(1, "dim")[0])
    index = rows.argument(2, "index")[0]
    assert isinstance(index, int)
    rank = len(rows.operand(0))
    if index >= 0:
        return [rows.step("select", form=(axis, rank, index))]
    at = tuple(n + index for n in rows.operand(0)[axis])
    return [rows.step("select", Option("", at, hint="last"), form=(axis, rank, None))]


def cut(rows: Rows) -> list[Step]:
    axis = axis_of(rows.node, rows.argument(1, "dim", 0)[0])
    size = rows.operand(0)[axis]
    if any(step != 1 for step in rows.argument(4, "step", 1)):
        return stepped(rows, axis, size)
    starts, ends = [], []
    for s, e, n in zip(
        rows.argument(2, "start", 0), rows.argument(3, "end", None), size, strict=True
    ):
        start, end = (s if isinstance(s, int) else 0), (e if isinstance(e, int) else n)
        starts.append(max(0, start + n) if start < 0 else min(start, n))
        ends.append(max(0, end + n) if end < 0 else min(end, n))
    options = (
        Option("", tuple(starts), SIZE if any(starts) else FIXED, "start"),
        Option("", tuple(ends), SIZE, "end"),
    )
    return [rows.step("cut", *options, form=(axis, len(rows.operand(0))))]


def stepped(rows: Rows, axis: int, size: Values) -> list[Step]:
    """Every k-th entry from a start on: a view in rows of k, and one entry of each."""
    steps_ = tuple(s for s in rows.argument(4, "step", 1) if isinstance(s, int))
    starts = {s or 0 for s in rows.argument(2, "start", 0)}
    start, out = next(iter(starts)), rows.shape()[axis]
    if (
        len(starts) > 1
        or not isinstance(start, int)
        or any(
            n != k * m or start not in range(k) for n, k, m in zip(size, steps_, out, strict=True)
        )
    ):
        raise rows.refuse("has a step that does not divide its axis")
    names = [f"a{i}" for i in range(len(rows.operand(0)))]
    sizes = dict(zip(names, rows.operand(0), strict=True)) | {f"a{axis}": out, "k": steps_}
    left = tuple((n, "k") if i == axis else (n,) for i, n in enumerate(names))
    right = tuple((n,) for group in left for n in group)
    name = f"{rows.name}.v"
    view = regroup(name, rows.takes[0], left, right, sizes, rows.module)
    options = tuple(replace(o, role=FIXED) if o.key == "k" else o for o in view.options)
    return [
        replace(view, options=options),
        rows.step("select", takes=(name,), form=(axis + 1, len(right), start)),
    ]


def topk(rows: Rows) -> list[Step]:
    """Values of the last axis; the places where they stood are fixed, as far as costs go."""
    if axis_of(rows.node, rows.argument(2, "dim", -1)[0]) != len(rows.shape()) - 1:
        raise rows.refuse("is of an axis that is not the last")
    return [rows.step("topk", Option("", rows.shape()[-1], SIZE, "k"))]


def split(rows: Rows) -> list[Step]:
    axis = axis_of(rows.node, rows.argument(2, "dim", 0)[0])
    parts = [tuple(n.shapes[i][axis] for n in rows.nodes) for i in range(len(rows.node.shapes))]
    form = (axis - len(rows.operand(0)), len(parts))
    if len(set(parts)) == 1:
        return [rows.step("split", form=form)]
    return [rows.step("split", *(Option("", p, hint="part") for p in parts), form=form)]


def unbind(rows: Rows) -> list[Step]:
    axis = axis_of(rows.node, rows.argument(1, "dim", 0)[0])
    return [rows.step("unbind", form=(axis, len(rows.operand(0))))]


def part(rows: Rows) -> list[Step]:
    return [rows.step("part", form=(rows.node.arguments[1],))]


def transposed(rows: Rows) -> list[Step]:
    names = [f"a{i}" for i in range(len(rows.operand(0)))]
    sizes = dict(zip(names, rows.operand(0), strict=True))
    left = tuple((n,) for n in names)
    right = tuple((names[i],) for i in order_of(rows.node))
    return [regroup(rows.name, rows.takes[0], left, right, sizes, rows.module, True)]


def viewed(rows: Rows) -> list[Step]:
    """A view: the shortest runs of axes before and after that hold as many elements each."""
    before, after = rows.operand(0), rows.shape()
    left: list[tuple[str, ...]] = []
    right: list[tuple[str, ...]] = []
    sizes: dict[str, Values] = {}
    i = j = 0
    while i < len(before) or j < len(after):
        if i < len(before) and j < len(after) and not (is_one(before[i]) ^ is_one(after[j])):
            ins, outs = [before[i]], [after[j]]
            i, j = i + 1, j + 1
            while (a := _product(ins)) != (b := _product(outs)):
                if any(x < y for x, y in zip(a, b, strict=True)) and i < len(before):
                    ins.append(before[i])
                    i += 1
                elif j < len(after):
                    outs.append(after[j])
                    j += 1
                else:
                    raise rows.refuse("regroups axes in a way that is not known")
            if len(ins) > 1 and len(outs) > 1:
                raise rows.refuse("regroups axes in a way that is not known")
            names = [f"a{len(sizes) + k}" for k in range(max(len(ins), len(outs)))]
            sizes |= dict(zip(names, ins if len(ins) > 1 else outs, strict=True))
            left += [(n,) for n in names] if len(ins) > 1 else [tuple(names)]
            right += [(n,) for n in names] if len(outs) > 1 else [tuple(names)]
        elif i < len(before) and is_one(before[i]):
            left.append(())
            i += 1
        elif j < len(after) and is_one(after[j]):
            right.append(())
            j += 1
        else:
            raise rows.refuse("regroups axes in a way that is not known")
    if not sizes:
        raise rows.refuse("regroups axes in a way that is not known")
    step = regroup(rows.name, rows.takes[0], tuple(left), tuple(right), sizes, rows.module, True)
    return [step]


def _product(sizes: list[Values]) -> Values:
    return tuple(map(prod, zip(*sizes, strict=True)))


def expanded(rows: Rows) -> list[Step]:
    """A view, where axes are added and nothing is repeated; else it needs what it is taken for."""
    if _product(list(rows.operand(0))) == _product(list(rows.shape())):
        return viewed(rows)
    return [rows.step("expand")]


def roll(rows: Rows) -> list[Step]:
    return [rows.step("roll")]
