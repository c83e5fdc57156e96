"""Random .arch programs, most of them valid, and random sizes that keep their assumptions.

A tensor is followed by the texts of its axes, so that what is written fits; where an axis has no
short text, the program names it by a shape ascription.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from program_parts import Pen, Program, listed

NAMES = ["N", "D", "H", "E", "S", "I", "O", "Q", "K", "pi", "beta", "lambda", "gamma", "oo", "ζ"]
SAME = ["relu", "gelu", "gelu_tanh", "silu", "sigmoid", "softmax", "hardswish", "tanh", "relu6"]
SAME += ["layernorm", "layernorm(bias=false)", "rmsnorm", "rmsnorm(affine=false)", "dropout"]
SAME += ["layernorm(frozen=true)", "rmsnorm(tied=true)", 'kv_cache(kind="linear")', "kv_cache"]
MAPS = ["batchnorm", "batchnorm(frozen=true)", "groupnorm", "batchnorm(tied=true)", "relu"]
MAPS += ["prelu", "instancenorm", "groupnorm(groups=1)"]
IMAGES = [*MAPS, "batchnorm2d", "instancenorm2d(affine=true)"]
COUNTS = ["mac", "add", "exp", "twiddle", "params", "buffers", "cache", "log", "trig"]
LETTERS = "abcuvw"
OPS = """\
count twiddle "a kind of its own"

op own(x: [..., n], k=1) -> y: [..., n]:
    half = size(x)*(n + 1)/2
    {0} = k*size(y)
    {1} = 2*half + k^2

op pair(x: [..., n], k) -> y: [..., n], z: [n, k]:
    require k >= 1
    kind = "{2}"
    mac = size(x)*k
    {3} = n + k if n > 2 else 1
"""


BASE = """\
convention odd in {0}  "what a formula may be made of":
    {1}: {2}
    others: {3}
    kind linear, conv: {4}
    kind einsum, elementwise: 2*(mac + mul) + add
"""
BUILT = """\
convention even on odd  "odd, but for what stands here":
    {1}: {2}
    kind softmax, layernorm, kv_cache:
        exp, {3}: {4}
    kind own: k*size(y) + 3*half + (n if n > 2 else 1)
    kind {0}: 5
"""
FORMS = ["mac + 3*size(x)", "max(size(x), size(y))", "floor(size(x)/2) + add", "mac/2", "2*mac + 1"]
FORMS += ["mac", "size(y)*(2 if mac > 9 else 1)", "0", "params + buffers", "size(x)^2 - exp"]


class Writer(Pen):
    """Writes one program."""

    # Statements ----------------------------------------------------------------------------

    def measure(self, x: str) -> None:
        """Give names to the axes of a tensor."""
        axes = [self.name(self.pick(["p", "q_"])) for _ in self.tensors[x]]
        self.put(f"{x}: [{', '.join(axes)}]")
        self.tensors[x] = axes
        self.sizes += axes

    def new(self, value: str, axes: list[str] | int) -> str:
        """Assign to a new name; the axes, or how many there are."""
        y = self.name("y")
        self.put(f"{y} = {value}")
        self.tensors[y] = axes if isinstance(axes, list) else [""] * axes
        if isinstance(axes, int):
            self.measure(y)
        return y

    def back(self, y: str, x: str) -> None:
        """Add what became of a tensor to another, whatever its shape."""
        last, old = self.tensors[x][-1], LETTERS[: len(self.tensors[y])]
        mean = self.pick(["mean", "sum", "amax"])
        self.put(f'{x} = {x} + ({y} -> linear({last}) -> {mean}("{" ".join(old)} -> {old[-1]}"))')

    def vector(self, x: str) -> None:
        """A statement for a tensor of any rank."""
        axes = self.tensors[x]
        n, s = axes[-1], self.size()
        bias = ", bias=false" * self.chance(3)
        match self.upto(1, 9):
            case 1:
                self.put(f"{x} = {x} -> {self.pick(SAME)} -> {self.pick(SAME)}")
            case 2:
                self.new(
                    f"{x} -> {self.called('linear', s + bias)} -> {self.pick(SAME)}",
                    [*axes[:-1], s],
                )
            case 3:
                inner = f"{self.pick(SAME)} -> linear({s}{bias}) -> gelu -> linear({n})"
                self.put(f"{x} = {x} + ({x} -> {inner})")
            case 4:
                shape = self.pick([axes, axes[-1:], ["1"] * (len(axes) - 1) + axes[-1:]])
                self.put(f"{x} = {x} {self.pick('+-*/')} param({listed(shape)})")
            case 5:
                forms = [f"{x}*{s} - {x}", f"2/{x}", f"{x} + {x}*{x}", f"1 - {x}/{s}", f"-{x}"]
                self.put(f"{x} = {self.pick(forms)}")
            case 6:
                self.put(f"{x} = {x} -> {self.called('own', f'k={s}')}")
            case 7:
                self.put(f"{x}, {self.name('z')} = {x} -> {self.called('pair', s)}")
            case 8:
                parts = [self.size(0), self.size(0)]
                a, b = self.name("y"), self.name("y")
                y = f"{x} -> linear({' + '.join(parts)})"
                self.put(f"{a}, {b} = {y} -> split({listed(parts)}, axis=-1)")
                self.tensors |= {a: [*axes[:-1], parts[0]], b: [*axes[:-1], parts[1]]}
            case 9:
                a, b = self.name("y"), self.name("y")
                self.put(f"{a}, {b} = {x} -> linear(2*{s}) -> split(2, axis={len(axes) - 1})")
                self.tensors |= {y: [*axes[:-1], s] for y in (a, b)}

    def matrix(self, x: str) -> None:
        """A statement for a tensor of rank 2."""
        n, d = self.tensors[x]
        s, h, e = self.size(), self.size(0), self.size(0)
        match self.upto(1, 11):
            case 11:
                conv = f"conv1d({h}, kernel={self.upto(1, 2)}, padding=1)"
                self.new(f"{x} -> {conv} -> {self.pick(['batchnorm', 'batchnorm1d', 'prelu'])}", 2)
            case 1:
                part = f'{x} -> linear({h}*{e}) -> rearrange("n (h e) -> h n e", h={h})'
                q, k = self.new(part, [h, n, e]), self.new(part, [h, n, e])
                a = self.new(f'einsum("h n e, h m e -> h n m", {q}, {k}) -> softmax', [h, n, n])
                y = f'einsum("h n m, h m e -> h n e", {a}, {q}) -> rearrange("h n e -> n (h e)")'
                self.put(f"{x} = {x} + ({y} -> linear({d}))")
            case 2:
                self.new(f'einsum("n d, k d -> n k", {x}, param([{s}, {d}]))', [n, s])
            case 3:
                self.new(f'einsum("n d, m d -> n m", {x}, {x})', [n, n])
            case 4:
                self.new(f'einsum("... d, d -> ... d", {x}, param([{d}]))', [n, d])
            case 5:
                self.new(f'{x} -> rearrange("a b -> b a")', [d, n])
            case 6:
                axis = self.pick([0, -2])
                self.new(f"concat(param([{s}, {d}]), {x}, axis={axis})", [f"({s} + {n})", d])
            case 7:
                self.new(
                    self.pick(
                        [f"{x}[0]", f"{x}[1]", f"{x} -> take(0)", f'{x} -> mean("n d -> d")']
                    ),
                    [d],
                )
            case 8:
                safe = [f"{x}[1:]", f"{x}[..., 1:]", f"{x}[0:1]", f"{x}[..., 0:1, 0:]"]
                self.new(self.pick([*safe, *safe, f"{x}[0:{h}]", f"{x}[..., {h}:]"]), 2)
            case 9 if self.splits:
                large, small = self.pick(self.splits)
                y = self.new(f"{x} -> linear({large})", [n, large])
                form = self.pick(["n (h e) -> h n e", "n (h e) -> n h e", "n (h e) -> (n h) 1 e"])
                self.new(
                    f'{y} -> rearrange("{form}", {self.pick([f"h={small}", f"e={small}"])})', 3
                )
            case _:
                side = self.size(0)
                y = self.new(f"param([{side}*{h}, {d}]) -> relu", [f"{side}*{h}", d])
                self.new(f'{y} -> rearrange("(i j) d -> d i j", i={side})', [d, side, h])

    def image(self, x: str) -> None:
        """A statement for a tensor of rank 3."""
        c, h, w = self.tensors[x]
        k, out, small = self.size(0), self.size(), self.upto(1, 3)
        step, pad = self.pick(["1", "1", "2", self.size(0)]), self.pick(["0", "1", self.size(0)])
        match self.upto(1, 11):
            case 10:
                mode = self.pick(["nearest", "bilinear"])
                self.new(
                    self.pick(
                        [
                            f'{x} -> conv2d({out}, kernel={k}, stride={step}, padding="same")',
                            f"{x} -> adaptive_{self.pick(['avg', 'max'])}pool2d([{k}, {small}])",
                            f'{x} -> resize2d([{small}, {k}], mode="{mode}")',
                            f'{x} -> upsample2d(3/2, mode="{mode}")',
                        ]
                    ),
                    3,
                )
            case 11:
                volume = f'{x} -> rearrange("a b c -> a b 1 c") -> conv3d({out}, kernel=1)'
                last = self.pick(["global_avgpool", "adaptive_maxpool3d(2) -> global_maxpool"])
                self.new(f"{volume} -> {self.pick(MAPS)} -> {last}", 1)
            case 1:
                kernel = self.pick([str(small), k, f"[{small}, {k}]"])
                conv = self.called(
                    "conv2d", out, f"kernel={kernel}", f"stride={step}, padding={pad}"
                )
                self.new(f"{x} -> {conv} -> {self.pick(IMAGES)}", 3)
            case 2:
                self.put(
                    f"{x} = {x} + ({x} -> conv2d({c}, kernel=2*{k}+1, padding={k}, bias=false))"
                )
            case 3:
                self.put(f"{x} = {x} -> conv2d({c}, kernel=3, padding=2, dilation=2, groups={c})")
            case 4:
                pool = self.pick(["maxpool2d", "avgpool2d"])
                stride = self.pick(["", f", stride={step}"])
                self.new(f"{x} -> {pool}(kernel={small}{stride}, padding={self.upto(0, 1)})", 3)
            case 5:
                self.put(f"{x} = {x} -> {self.pick(MAPS)} -> {self.pick(MAPS)}")
            case 6:
                pattern = self.pick(["d i j -> (i j) d", "c h w -> c (h w)", "a b c -> (b a) c"])
                self.new(f'{x} -> rearrange("{pattern}")', 2)
            case 7:
                pattern = self.pick(
                    ["c h w -> c", "c h w -> (h w)", "... w -> ...", "c h w -> c 1 w"]
                )
                rank = len(
                    pattern.split("->")[1].replace("...", "a b").replace("(h w)", "h").split()
                )
                self.new(f'{x} -> {self.pick(["mean", "amax"])}("{pattern}")', rank)
            case 8:
                transposed = f"conv_transpose2d({out}, kernel={small}, stride={step})"
                padded = [f"pad2d(left={k})", "pad2d(top=1, right=2)"]
                more = self.pick([f"upsample2d({k})", "adaptive_avgpool2d(1)", transposed, *padded])
                self.new(f"{x} -> {more}", 3)
            case 9:
                self.new(f'einsum("c h w, h -> c w", {x}, param([{h}]))', [c, w])

    def compound(self, x: str) -> None:
        """A statement with a body."""
        forms = ["repeat", "repeat", "choose", "if", "if", "for", "if_shape", "for_shape"]
        form = self.pick([*forms, "for_each"])
        if form == "repeat":
            shared = self.pick(["", " shared"])
            times = self.pick(
                [self.size(0), self.size(0), "2", *self.none, *self.none]
                + [f"({self.size(0)} - 1)"] * (not shared)
            )
            self.put(f"repeat {times}{shared}:")
            self.closed(x)
        elif form == "choose":
            few, many = self.pick([*self.choices, ("1", "2"), ("2", "3")])
            self.put(f"choose {few} of {many}:")
            self.closed(x)
        elif form == "if":
            self.put(f"if {self.condition()}:")
            self.closed(x)
            if self.chance(3):
                self.put(f"elif {self.condition()}:")
                self.closed(x)
            if self.chance(2):
                self.put("else:")
                self.closed(x)
        elif form == "for":
            index = self.name("s")
            last = "3" if self.lists else self.pick(["2", "3", self.size(0)])
            self.put(f"for {index} in 1..{last}:")
            self.closed(x, index)
        elif form == "if_shape":
            self.put(f"if {self.condition()}:")
            self.put(f"    {x} = {x} -> linear({self.size()})")
            self.measure(x)
        elif form == "for_each":
            element = self.name("w")
            values = self.pick([*self.lists, f"[{self.size()}, 2, {self.size()}]"])
            self.put(f"for {element} in {values}:")
            with self.inside():
                self.put(f"{x} = {x} -> linear({element}) -> gelu")
                if self.chance(2):
                    self.put(f"if {element} {self.pick(['==', '<', '>'])} 2:")
                    self.closed(x)
            self.measure(x)
        else:
            index = self.name("s")
            self.put(f"for {index} in 1..3:")
            with self.inside():
                self.stages = index
                self.measure(x)
                self.put(f"{x} = {x} -> linear({self.size()}) -> gelu")
                if self.chance(2):
                    self.measure(x)
                    self.put(f"if {index} {self.pick(['==', '<', '>', '!='])} 2:")
                    self.closed(x)
            self.measure(x)

    def closed(self, x: str, index: str | None = None) -> None:
        """A body that gives its tensor back in the shape in which it took it."""
        with self.inside():
            self.stages = index or self.stages
            y = self.new(x, self.tensors[x])
            outside = set(self.tensors) - {y}
            held = {n: self.tensors.pop(n) for n in outside}
            for _ in range(self.upto(1, 2)):
                self.statement()
            made = self.tensor() or y
            self.tensors |= held
            self.back(made, x)

    def statement(self) -> None:
        self.budget -= 1
        x = self.tensor()
        assert x is not None
        if self.budget > 0 and self.chance(4):
            return self.compound(x)
        fit = [name for name, rank in self.blocks.items() if rank in (0, len(self.tensors[x]))]
        if fit and self.chance(4):
            return self.use(x, self.pick(fit))
        forms = {2: self.matrix, 3: self.image}
        form = self.vector if self.chance(3) else forms.get(len(self.tensors[x]), self.vector)
        return form(x)

    def use(self, x: str, block: str) -> None:
        """Call a block, or hand it to another."""
        s = self.size()
        handed = self.pick([f"Twice({block}({s}))", f"Twice(linear({self.tensors[x][-1]}))"])
        call = self.pick([f"{block}({s})", self.called(block, s, f"m={self.size(0)}"), handed])
        y = self.new(f"{x} -> {call}", len(self.tensors[x]))
        self.back(y, x)

    # Declarations --------------------------------------------------------------------------

    def program(self) -> Program:
        names = self.pick([NAMES, NAMES[::-1], NAMES[3:] + NAMES[:3]])[: self.upto(2, 5)]
        dims: dict[str, list[str | int]] = {name: [] for name in names}
        lists, most = {}, {}
        for i, name in enumerate(names):
            meaning = self.pick(["", ' "a size"'])
            self.put(f"dim {name}{self.pick(['', ' = 4'])}{meaning}")
            if i and self.chance(3):
                divisor = self.pick([*names[:i], 2])
                dims[name].append(divisor)
                self.splits.append((name, str(divisor)))
                self.put(f"assume {divisor} | {name}")
        if self.chance(2):
            self.put("dim W[3]")
            lists["W"], self.lists = 3, ["W"]
        if self.chance(4):
            self.put(f"dim X\nassume {names[0]} <= X")
            dims = {"X": [], **dims}
            if not dims[names[0]] and not any(names[0] in d for d in dims.values()):
                most[names[0]] = "X"
                self.choices.append((names[0], "X"))
        if self.chance(3):
            self.put(self.pick(["dim Z >= 0", "dim Y, Z >= 0, Y2[2] = 1"]))
            self.none = ("Z",)
        self.sizes = list(names)
        if lists and self.chance(2):
            self.sizes = [*names, "W", "W"]
            self.put(f"let V[3] = {self.size(2)}")
            self.sizes, self.lists = list(names), ["W", "V"]
        if self.chance(3):
            self.put(f"let T = {self.size()}")
            self.sizes.append("T")
        first = self.pick(COUNTS)
        second = self.pick([name for name in COUNTS if name != first])
        counts = [first, second, self.pick(["linear", "pair", "conv"])]
        self.put(OPS.format(*counts, self.pick(["params", "buffers", "cache", "cmp"])))
        self.conventions(counts[0])
        self.put("block Twice(x: [..., d], f):\n    return (x -> f -> linear(d) -> f)\n")
        for name in ("First", "Second")[: self.upto(0, 2)]:
            self.block(name)
        self.model()
        return Program("\n".join(self.lines) + "\n", dims, lists, most, self.none)

    def conventions(self, count: str) -> None:
        """Two conventions, one built on the other."""
        work = [name for name in ("mac", count) if name not in ("params", "buffers", "cache")]
        weight = self.pick(["0", "1", "2", "0.5", "7/2"])
        self.put(BASE.format(self.pick(["MACs", "FLOPs", "ops"]), self.pick(work), weight,
                             self.pick(["0", "0", "1"]), self.pick(FORMS)))  # fmt: skip
        of_language = self.pick(["rearrange", "slice", "concat", "split", "param"])
        others = [name for name in ("add", "cmp", "log") if name not in work]
        self.put(BUILT.format(of_language, self.pick(work), self.upto(1, 4), self.pick(others),
                              self.pick(["1", "3"])))  # fmt: skip

    def block(self, name: str) -> None:
        """A block that gives its tensor back in the shape in which it took it."""
        rank, m = self.pick([0, 2, 3]), self.pick(["2", "d", "k*d"])
        axes = {0: ["...", "d"], 2: ["n", "d"], 3: ["c", "n", "d"]}[rank]
        outer, self.sizes = self.sizes, [*axes[1 - rank :][: rank or 1], "k", "m"]
        lists, self.lists, splits, self.splits = self.lists, [], self.splits, []
        self.put(f"block {name}(x: {listed(axes)}, k, m={m}):")
        self.indent, self.budget = "    ", 4
        self.tensors = {"x": axes} if rank else {}
        if not rank:
            self.put(f"x = x -> {self.pick(SAME)} -> linear(d)")
            self.new("param([d]) + param([k, d])", ["k", "d"])
        for _ in range(self.upto(1, 2)):
            self.statement()
        made = self.tensor()
        assert made
        self.tensors["x"] = axes
        if made != "x":
            self.back(made, "x")
        self.put("return x\n")
        self.indent, self.sizes, self.lists, self.splits = "", outer, lists, splits
        self.blocks[name] = rank

    def model(self) -> None:
        rank = self.upto(1, 3)
        shape = [self.size(0) for _ in range(rank)]
        if rank == 3:
            shape[1:] = [f"{self.size(0)} + {self.upto(4, 12)}"] * 2
        self.put(f"model M(x: {listed(shape)}):")
        self.indent, self.budget = "    ", 14
        self.tensors = {"x": [f"({axis})" for axis in shape]}
        for _ in range(self.upto(2, 6)):
            self.statement()
        self.put("return " + ("x" if self.chance(3) else ", ".join(self.tensors)))


@st.composite
def programs(draw: Callable[..., Any]) -> tuple[Program, list[dict[str, Any]]]:
    """A program, and three settings of its sizes."""
    program = Writer(draw).program()
    return program, [program.sizes(draw) for _ in range(3)]
