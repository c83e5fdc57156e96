"""Layers with weights, and pools: what `torch.nn` has modules for."""

from __future__ import annotations

from collections.abc import Callable

from closedform.torch.steps.rows import FIXED, SIZE, WIDTH, Option, Rows, Step, side, word


def linear(rows: Rows) -> list[Step]:
    weights = rows.takes[1:]
    if rows.takes[1] not in rows.known.parameters:
        raise rows.refuse("has a weight that is no parameter")
    options = [Option("", rows.shape()[-1], WIDTH, width_of(rows.module))]
    if len(weights) < 2:
        options.append(word("bias", "false"))
    if not rows.known.leaf.get(rows.module, "").startswith("torch.nn."):
        options.append(word("kind", '"functional"'))
    return [rows.step("linear", *options, weights=weights)]


HIDDEN = {
    "fc1",
    "c_fc",
    "up",
    "gate",
    "up_proj",
    "gate_proj",
    "intermediate",
    "w1",
    "w3",
    "lin1",
    "wi",
    "dense_h_to_4h",
}


def width_of(module: str) -> str:
    """A name for the width of a layer, from the name that the code has for the layer."""
    name = module.rpartition(".")[2]
    if name in HIDDEN:
        return "hidden"
    return name.removesuffix("_proj") if name.isidentifier() and len(name) > 1 else "out"


def addmm(rows: Rows) -> list[Step]:
    bias, x, taken = rows.takes
    weight = rows.known.weight(taken)
    if weight is None or bias not in rows.known.parameters:
        raise rows.refuse("has a weight that is no parameter")
    options = [
        Option("", rows.shape()[-1], WIDTH, width_of(rows.module)),
        word("kind", '"functional"'),
    ]
    return [rows.step("linear", *options, takes=(x,), weights=(weight, bias))]


def conv(sides: int) -> Callable[[Rows], list[Step]]:
    def made(rows: Rows) -> list[Step]:
        kernel = rows.operand(1)[2:]
        options = [Option("", rows.operand(1)[0], WIDTH, "width"), side("kernel", kernel)]
        options.append(side("stride", rows.pair(3, "stride", 1, sides)))
        same = rows.argument(4, "padding")[0]
        if same == "same":
            options.append(word("padding", '"same"'))
        elif same != "valid":
            options.append(side("padding", rows.pair(4, "padding", 0, sides)))
        options.append(side("dilation", rows.pair(5, "dilation", 1, sides)))
        groups = tuple(int(g) for g in rows.argument(6, "groups", 1) if isinstance(g, int))
        options.append(
            Option("groups", groups, SIZE if any(g > 1 for g in groups) else FIXED, "groups")
        )
        weights = rows.takes[1:]
        if len(weights) < 2:
            options.append(word("bias", "false"))
        return [rows.step(f"conv{sides}d", *options, weights=weights)]

    return made


def norm(op: str, first: int) -> Callable[[Rows], list[Step]]:
    def made(rows: Rows) -> list[Step]:
        weights = tuple(w for w in rows.takes[1:] if w in rows.known.parameters)
        options = []
        if not weights:
            options.append(word("affine", "false"))
        elif len(weights) == 1 and op == "layernorm":
            options.append(word("bias", "false"))
        if op == "layernorm":
            dims = rows.argument(1, "normalized_shape")[0]
            if isinstance(dims, tuple) and len(dims) > 1:
                raise rows.refuse("normalizes more than the last axis")
        if op == "groupnorm":
            groups = tuple(int(g) for g in rows.argument(1, "num_groups") if isinstance(g, int))
            options.insert(0, Option("groups", groups, FIXED, "groups"))
        return [rows.step(op, *options, weights=weights)]

    return made


def pool(op: str, sides: int) -> Callable[[Rows], list[Step]]:
    def made(rows: Rows) -> list[Step]:
        kernel = rows.pair(1, "kernel_size", 1, sides)
        stride = rows.pair(2, "stride", 0, sides)
        options = [side("kernel", kernel)]
        if stride[0][0] and stride != kernel:
            options.append(side("stride", stride))
        options.append(side("padding", rows.pair(3, "padding", 0, sides)))
        at = 5 if op == "maxpool" else 4
        if op == "maxpool" and any(v != (1,) * len(v) for v in rows.pair(4, "dilation", 1, sides)):
            raise rows.refuse("has a dilation, which the language does not have")
        if rows.argument(at, "ceil_mode", False)[0] is True:
            if op == "avgpool":
                raise rows.refuse("has `ceil_mode`, which the language does not have")
            options.append(word("ceil_mode", "true"))
        if (
            op == "avgpool"
            and rows.argument(5, "count_include_pad", True)[0] is False
            and any(any(v) for v in rows.pair(3, "padding", 0, sides))
        ):
            raise rows.refuse("leaves out its padding, which the language does not")
        return [rows.step(f"{op}{sides}d", *options)]

    return made


def adaptive(op: str, sides: int) -> Callable[[Rows], list[Step]]:
    return lambda rows: [
        rows.step(f"adaptive_{op}{sides}d", side("", rows.pair(1, "output_size", 1, sides)))
    ]


def embedding(rows: Rows) -> list[Step]:
    weight, tokens = rows.takes
    if weight not in rows.known.parameters:
        raise rows.refuse("looks into what is no parameter")
    vocabulary, out = rows.operand(0)
    options = Option("", vocabulary, WIDTH, "vocabulary"), Option("", out, WIDTH, "out")
    return [rows.step("embed", *options, takes=(tokens,), weights=(weight,))]
