"""What each operation of a trace is in the language: the table of what is known.

A step has its sizes as they are in each of several traces. What no row of the table knows is
refused by name, unless a file declares an `op` for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, replace
from decimal import Decimal
from math import prod
from string import ascii_lowercase

from closedform.data import dataclass
from closedform.errors import ClosedformError, fail
from closedform.torch.graph import Node, axis_of, order_of, where
from closedform.torch.trace import Argument, Ref, spelled

Values = tuple[int, ...]
# A size of the architecture, one of channels, or a number such as a kernel.
SIZE, WIDTH, FIXED = "size", "width", "fixed"


@dataclass(frozen=True)
class Option:
    """An argument of a call: a size as it is in each trace, or a word."""

    key: str
    value: Values | str
    role: str = SIZE
    hint: str = ""


@dataclass(frozen=True)
class Step:
    """One call in the language."""

    name: str
    op: str
    takes: tuple[str, ...]
    options: tuple[Option, ...] = ()
    form: tuple[object, ...] = ()  # a pattern, a sign: what is the same wherever a block is used
    weights: tuple[str, ...] = ()
    shape: tuple[Values, ...] = ()
    module: str = ""
    counted: bool = True  # whether its result is a value that the trace has
    experts: Values = ()  # of how many matrices each row has one


@dataclass
class Known:
    """What a conversion needs to know: how operations are declared, what is fixed, and weights."""

    parameters: set[str]
    fixed: set[str]
    declared: frozenset[str]
    leaf: dict[str, str] = field(default_factory=dict)  # classes of modules
    turned: dict[str, str] = field(default_factory=dict)  # parameters, by names of their transposes

    def weight(self, name: str) -> str | None:
        """The parameter that a value is, as it is or transposed."""
        name = self.turned.get(name, name)
        return name if name in self.parameters else None


@dataclass(frozen=True)
class Rows:
    """One operation as it is in each trace."""

    nodes: tuple[Node, ...]
    name: str
    takes: tuple[str, ...]
    known: Known

    @property
    def node(self) -> Node:
        return self.nodes[0]

    @property
    def module(self) -> str:
        return self.node.stack[-1].partition("@")[0] if self.node.stack else ""

    def shape(self, result: int = 0) -> tuple[Values, ...]:
        return columns([n.shapes[result] for n in self.nodes])

    def operand(self, at: int) -> tuple[Values, ...]:
        return columns([n.operands[at] for n in self.nodes])

    def argument(self, at: int, name: str, default: Argument = None) -> tuple[Argument, ...]:
        """An argument by its place and name, in each trace."""
        return tuple(
            n.arguments[at] if at < len(n.arguments) else n.named.get(name, default)
            for n in self.nodes
        )

    def pair(self, at: int, name: str, default: int, count: int) -> tuple[Values, ...]:
        """An argument that is a number or a list of `count`, as one for each side."""
        found = []
        for value in self.argument(at, name, default):
            if value in (None, ()):
                value = default
            row = value if isinstance(value, tuple) else (value,)
            found.append(
                tuple(int(n) for n in (row * count if len(row) == 1 else row) if isinstance(n, int))
            )
        return columns(found)

    def refuse(self, why: str = "is not known") -> ClosedformError:
        """What is said of an operation that has no place in the language."""
        name = self.node.target.removeprefix("aten.").strip("_")
        sides = [", ".join(f"a{i}" for i in range(len(shape))) for shape in self.node.operands[:1]]
        back = ", ".join(f"a{i}" for i in range(len(self.node.shapes[0])))
        return fail(
            "operation",
            f"`{self.node.target}` in {where(self.node)} {why}",
            None,
            "declare it in a file that --ops names: "
            f"op {name}(x: [{sides[0] if sides else ''}]) -> y: [{back}]: "
            '"""...""", with its counts indented below',
        )

    def step(
        self, op: str, *options: Option, takes: tuple[str, ...] | None = None, **more: object
    ) -> Step:
        return Step(
            self.name,
            op,
            takes if takes is not None else self.takes[:1],
            options,
            shape=self.shape(),
            module=self.module,
            **more,  # type: ignore[arg-type]
        )


def columns(shapes: list[tuple[int, ...]]) -> tuple[Values, ...]:
    """The numbers of several lists, place by place."""
    return tuple(zip(*shapes, strict=True)) if shapes and shapes[0] else ()


def word(key: str, value: str) -> Option:
    return Option(key, value, FIXED)


def is_one(values: Values) -> bool:
    return all(v == 1 for v in values)


# Rows of the table -------------------------------------------------------------------------


def elementwise(op: str) -> Callable[[Rows], list[Step]]:
    return lambda rows: [rows.step(op)]


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
            Step(
                f"{name}.s",
                "softmax",
                (added[0].name if added else f"{name}.a",),
                shape=scores,
                module=rows.module,
                counted=False,
            ),
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
        Step(
            f"{name}.s",
            "softmax",
            (added[0].name if added else f"{name}.a",),
            shape=scores,
            module=rows.module,
            counted=False,
        ),
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


def side(key: str, values: tuple[Values, ...]) -> Option:
    """An argument of one number for each side, or one for all."""
    if len(set(values)) == 1:
        return Option(key, values[0], FIXED, key)
    return Option(key, "[" + ", ".join(str(v[0]) for v in values) + "]", FIXED)


USUAL = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}


def is_usual(option: Option) -> bool:
    """Whether an argument is as it is by default."""
    usual = USUAL.get(option.key)
    return option.role == FIXED and not isinstance(option.value, str) and {*option.value} == {usual}


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


def gelu(rows: Rows) -> list[Step]:
    return [
        rows.step("gelu_tanh" if rows.argument(1, "approximate", "none")[0] == "tanh" else "gelu")
    ]


def hardtanh(rows: Rows) -> list[Step]:
    if rows.argument(1, "min_val", -1)[0] != 0 or rows.argument(2, "max_val", 1)[0] != 6:
        raise rows.refuse("has bounds that are not those of `relu6`")
    return [rows.step("relu6")]


def softmax(rows: Rows) -> list[Step]:
    if axis_of(rows.node, rows.argument(1, "dim", -1)[0]) != len(rows.shape()) - 1:
        raise rows.refuse("is of an axis that is not the last")
    return [rows.step("softmax")]


def embedding(rows: Rows) -> list[Step]:
    weight, tokens = rows.takes
    if weight not in rows.known.parameters:
        raise rows.refuse("looks into what is no parameter")
    vocabulary, out = rows.operand(0)
    options = Option("", vocabulary, WIDTH, "vocabulary"), Option("", out, WIDTH, "out")
    return [rows.step("embed", *options, takes=(tokens,), weights=(weight,))]


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


def sign(text: str) -> Callable[[Rows], list[Step]]:
    def made(rows: Rows) -> list[Step]:
        one = rows.node.arguments[0]
        two: Argument = (
            rows.node.arguments[1] if len(rows.node.arguments) > 1 else rows.node.named["other"]
        )
        if isinstance(one, Ref) and isinstance(two, Ref):
            return [rows.step(text, takes=rows.takes)]
        scalars = rows.argument(1, "other") if isinstance(one, Ref) else rows.argument(0, "self")
        numbers = [Decimal(repr(s)) for s in scalars if isinstance(s, int | float)]
        if len(numbers) != len(scalars):
            raise rows.refuse("has an operand that is not known")
        place = 1 if isinstance(one, Ref) else 0
        if len(set(numbers)) == 1 and (square := _square(text, place, numbers[0])):
            return [rows.step("/", word("", str(square)), form=(1, "sqrt"))]
        if len(set(numbers)) == 1:
            number = format(numbers[0], "f")
            return [rows.step(text, form=(place, number if numbers[0] >= 0 else f"({number})"))]
        if text in "*/" and place:
            exact = [n if text == "/" else 1 / n for n in numbers]
            squares = tuple(int((n * n).to_integral_value()) for n in exact)
            if all(abs(n * n - s) < Decimal("1e-6") for n, s in zip(exact, squares, strict=True)):
                return [rows.step("/", Option("", squares, hint="scale"), form=(1, "sqrt"))]
        raise rows.refuse(
            f"has an operand that differs from trace to trace: {', '.join(map(str, scalars))}"
        )

    return made


def _square(text: str, place: int, number: Decimal) -> int | None:
    """n where a tensor is divided by sqrt(n), or multiplied by 1/sqrt(n)."""
    if not (text in "*/" and place and number > 0 and number % 1):
        return None
    exact = number if text == "/" else 1 / number
    square = int((exact * exact).to_integral_value())
    return square if square > 1 and abs(exact * exact - square) < Decimal("1e-9") * square else None


def power(rows: Rows) -> list[Step]:
    exponent = rows.argument(1, "exponent")[0]
    if exponent != 2:
        raise rows.refuse(f"raises to the power {exponent}")
    return [rows.step("*", takes=(rows.takes[0], rows.takes[0]))]


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


def averaged(op: str) -> Callable[[Rows], list[Step]]:
    def made(rows: Rows) -> list[Step]:
        dims = rows.argument(1, "dim")[0]
        rank = len(rows.operand(0))
        given = (
            dims if isinstance(dims, tuple) else (dims,) if dims is not None else tuple(range(rank))
        )
        gone = {axis_of(rows.node, d) for d in given}
        names = letters(rank)
        keep = len(rows.shape()) == rank
        right = ["1" if i in gone else n for i, n in enumerate(names) if keep or i not in gone]
        return [rows.step(op, form=(f"{' '.join(names)} -> {' '.join(right)}",))]

    return made


def letters(rank: int) -> list[str]:
    """Names for the axes of a tensor."""
    return {1: ["d"], 2: ["n", "d"], 3: ["c", "h", "w"]}.get(rank, [f"a{i}" for i in range(rank)])


def roll(rows: Rows) -> list[Step]:
    return [rows.step("roll")]


TABLE: dict[str, Callable[[Rows], list[Step]]] = {
    "aten.linear": linear, "aten.addmm": addmm, "aten.mm": matmul, "aten.matmul": matmul,
    "aten.bmm": matmul, "aten.einsum": einsum, "aten.scaled_dot_product_attention": attention,
    "aten.conv1d": conv(1), "aten.conv2d": conv(2), "aten.conv3d": conv(3),
    "aten.layer_norm": norm("layernorm", 2), "aten.batch_norm": norm("batchnorm", 1),
    "aten.group_norm": norm("groupnorm", 2), "aten.rms_norm": norm("rmsnorm", 2),
    "aten.max_pool2d": pool("maxpool", 2), "aten.max_pool1d": pool("maxpool", 1),
    "aten.avg_pool2d": pool("avgpool", 2), "aten.avg_pool1d": pool("avgpool", 1),
    "aten.adaptive_avg_pool2d": adaptive("avgpool", 2),
    "aten.adaptive_avg_pool1d": adaptive("avgpool", 1),
    "aten.adaptive_max_pool2d": adaptive("maxpool", 2), "aten.relu": elementwise("relu"),
    "aten.gelu": gelu, "aten.silu": elementwise("silu"), "aten.sigmoid": elementwise("sigmoid"),
    "aten.tanh": elementwise("tanh"), "aten.hardswish": elementwise("hardswish"),
    "aten.hardsigmoid": elementwise("hardsigmoid"), "aten.relu6": elementwise("relu6"),
    "aten.leaky_relu": elementwise("leaky_relu"), "aten.elu": elementwise("elu"),
    "aten.softplus": elementwise("softplus"), "aten.exp": elementwise("exp"),
    "aten.abs": elementwise("abs"), "aten.hardtanh": hardtanh, "aten.softmax": softmax,
    "aten._softmax": softmax, "aten.embedding": embedding, "aten.add": sign("+"),
    "aten.sub": sign("-"), "aten.mul": sign("*"), "aten.div": sign("/"), "aten.pow": power,
    "aten.neg": elementwise("neg"), "aten.cat": concat, "aten.stack": stack, "aten.select": select,
    "aten.slice": cut, "aten.split": split, "aten.split_with_sizes": split, "aten.chunk": split,
    "aten.unbind": unbind, "getitem": part, "aten.transpose": transposed,
    "aten.permute": transposed, "aten.t": transposed, "aten.view": viewed, "aten.reshape": viewed,
    "aten.flatten": viewed, "aten.unflatten": viewed, "aten.unsqueeze": viewed,
    "aten._unsafe_view": viewed, "aten.squeeze": viewed, "aten.expand": expanded,
    "aten.mean": averaged("mean"), "aten.sum": averaged("sum"), "aten.amax": averaged("amax"),
    "aten.roll": roll, "aten.index": index, "aten.topk": topk, "aten._grouped_mm": grouped,
    "transformers.grouped_mm_fallback": grouped,
}  # fmt: skip


def steps(rows: Rows) -> list[Step]:
    """The steps of one operation; raises ClosedformError for one that has no place."""
    name = rows.node.target.removeprefix("aten.").strip("_")
    if name in rows.known.declared:
        takes = tuple(t for t in rows.takes if t not in rows.known.parameters)
        return [rows.step(name, takes=takes)]
    if rows.node.target not in TABLE:
        raise rows.refuse()
    return TABLE[rows.node.target](rows)
