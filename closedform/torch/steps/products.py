"""Products of tensors, by which attention and experts are made."""

from __future__ import annotations

from string import ascii_lowercase

from closedform.torch.steps.rows import WIDTH, Option, Rows, Step, Values, is_one, word
from closedform.torch.steps.views import regroup
from closedform.torch.trace import spelled


def matmul(rows: Rows) -> list[Step]:
    x, y = rows.takes
    left, right, out = rows.operand(0), rows.operand(1), rows.shape()
    weight = rows.known.weight(y)
    if weight and len(right) == 2:
        options = (
            Option("", out[-1], WIDTH, "out"),
            word("bias", "false"),
            word("kind", '"functional"'),
        )
        return [rows.step("linear", *options, weights=(weight,))]
    if len(left) < 2 or len(right) < 2 or (len(left) != len(right) and len(right) != 2):
        raise rows.refuse("multiplies tensors of axes that are not known")
    if len(left) == len(right) and left[:-2] != right[:-2]:
        raise rows.refuse("repeats what it multiplies")
    axes = heads(len(left) - 2)
    other = axes if len(right) == len(left) else ""
    pattern = f"{axes}n m, {other}m e -> {axes}n e"
    return [rows.step("einsum", takes=(x, y), form=(pattern,))]


def grouped(rows: Rows) -> list[Step]:
    """Rows that are sorted by experts, each multiplied by the matrix of its expert."""
    weight = rows.takes[1]
    parameter, of = rows.known.weight(weight), rows.operand(1)
    if parameter is None or len(of) != 3:
        raise rows.refuse("has weights that are no matrix of parameters for each expert")
    options = (
        Option("", rows.shape()[-1], WIDTH, "out"),
        word("bias", "false"),
        word("kind", '"functional"'),
    )
    return [rows.step("linear", *options, weights=(parameter,), experts=of[0])]


def heads(count: int) -> str:
    """Names of the axes before the last two, in a pattern."""
    return "".join(f"{name} " for name in {0: "", 1: "h", 2: "b h"}.get(count, "...").split())


def einsum(rows: Rows) -> list[Step]:
    node = rows.node
    pattern = node.arguments[0]
    if not isinstance(pattern, str):
        raise rows.refuse("has a pattern that is not known")
    # Dots stand for a batch too, where there is one.
    ranks = [
        len(axes) + (node.lead is not None)
        if "..." in side
        else sum(letter.isalpha() for letter in side)
        for side, axes in zip(pattern.partition("->")[0].split(","), node.operands, strict=False)
    ]
    axes = spelled(pattern, ranks)
    if axes is None:
        raise rows.refuse("has a pattern that is not known")
    gone = axes[0][node.lead] if node.lead is not None else ""
    axes = [letters.replace(gone, "") for letters in axes]
    if any(len(a) != len(o) for a, o in zip(axes, node.operands, strict=False)):
        raise rows.refuse("has a pattern that is not known")
    used = "".join(axes)
    free = iter([c for c in "hbcdfgijkl" + ascii_lowercase if c not in used])
    names = {c: next(free) for c in dict.fromkeys(used) if c.isupper()}
    sides = [" ".join(names.get(c, c) for c in letters) for letters in axes]
    return [
        rows.step("einsum", takes=rows.takes, form=(f"{', '.join(sides[:-1])} -> {sides[-1]}",))
    ]


def attention(rows: Rows) -> list[Step]:
    q, k, v = rows.takes[:3]
    axes = heads(len(rows.shape()) - 2)
    before = rows.operand(0)[:-2]
    grouped = rows.operand(1)[:-2]
    scores = (*before, rows.operand(0)[-2], rows.operand(1)[-2])
    name = rows.name
    if before == grouped:
        added = biased(rows, f"{name}.a", scores)
        return [
            Step(
                f"{name}.a",
                "einsum",
                (q, k),
                form=(f"{axes}n e, {axes}m e -> {axes}n m",),
                shape=scores,
                counted=False,
            ),
            *added,
            softmax_of(rows, name, added, scores),
            rows.step(
                "einsum", takes=(f"{name}.s", v), form=(f"{axes}n m, {axes}m f -> {axes}n f",)
            ),
        ]
    if len(before) != 1 or any(h % g for h, g in zip(before[0], grouped[0], strict=True)):
        raise rows.refuse("has heads in groups that are not known")
    return grouped_attention(rows, q, k, v, grouped[0])


def biased(rows: Rows, name: str, scores: tuple[Values, ...]) -> list[Step]:
    """What is added to scores, if it depends on inputs or parameters; masks cost nothing."""
    if len(rows.takes) < 4 or rows.takes[3] in rows.known.fixed:
        return []
    bias = rows.operand(3)
    if any(a != b and not is_one(a) for a, b in zip(bias[::-1], scores[::-1], strict=False)):
        raise rows.refuse("adds to the scores of groups what is not known")
    taken = (name, rows.takes[3])
    return [Step(f"{name}.b", "+", taken, shape=scores, module=rows.module, counted=False)]


def softmax_of(rows: Rows, name: str, added: list[Step], scores: tuple[Values, ...]) -> Step:
    """The softmax of scores, or of those with what is added to them."""
    taken = (added[0].name if added else f"{name}.a",)
    return Step(f"{name}.s", "softmax", taken, shape=scores, module=rows.module, counted=False)


def grouped_attention(rows: Rows, q: str, k: str, v: str, groups: Values) -> list[Step]:
    name, (h, n, e) = rows.name, rows.operand(0)
    each = tuple(a // b for a, b in zip(h, groups, strict=True))
    sizes = {"g": groups, "r": each, "n": n, "e": e}
    f = rows.shape()[-1]
    scores = (groups, each, n, rows.operand(1)[-2])
    added = biased(rows, f"{name}.a", scores)
    return [
        regroup(
            f"{name}.q",
            q,
            (("g", "r"), ("n",), ("e",)),
            (("g",), ("r",), ("n",), ("e",)),
            sizes,
            rows.module,
        ),
        Step(
            f"{name}.a",
            "einsum",
            (f"{name}.q", k),
            form=("g r n e, g m e -> g r n m",),
            shape=scores,
            counted=False,
        ),
        *added,
        softmax_of(rows, name, added, scores),
        Step(
            f"{name}.y",
            "einsum",
            (f"{name}.s", v),
            form=("g r n m, g m f -> g r n f",),
            shape=(groups, each, n, f),
            counted=False,
        ),
        regroup(
            name,
            f"{name}.y",
            (("g",), ("r",), ("n",), ("e",)),
            (("g", "r"), ("n",), ("e",)),
            sizes | {"e": f},
            rows.module,
            True,
        ),
    ]
