"""Traces at several sizes: where they are made, and how they are laid side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from handmade import handmade

from closedform.torch.importing import imported
from closedform.torch.trace import Trace
from closedform.torch.varying import traces

SIZES = {"depth": (2, 3), "dim": (8, 12)}


def chain(given: Mapping[str, int]) -> Trace:
    """A first layer, and `depth` equal blocks behind it."""
    dim, rows, weights = given["dim"], [], {"first": (given["dim"], 4)}
    rows = [("y", "aten.linear", ("x", "first"), (1, 5, dim), "first")]
    for n in range(given["depth"]):
        before, weights[f"w{n}"] = rows[-1][0], (dim, dim)
        rows.append((f"l{n}", "aten.linear", (before, f"w{n}"), (1, 5, dim), f"block{n}"))
        rows.append((f"r{n}", "aten.relu", (f"l{n}",), (1, 5, dim), f"block{n}"))
    return handmade({"x": (1, 5, 4)}, weights, rows, given, {"first": "torch.nn.Linear"})


def test_sizes_below_all_values_are_held_out_alone() -> None:
    """Fails when formulas are sought at sizes where a factory may leave out a repeat."""
    found = traces(chain, SIZES)
    fitted = [t.given for t in found if not t.held]
    assert [len(fitted), len(found)] == [5, 10]
    assert min(g["depth"] for g in fitted) == 2
    assert min(g["dim"] for g in fitted) == 8
    assert min(g["depth"] for g in (t.given for t in found)) == 1


def test_one_round_where_a_later_trace_repeats() -> None:
    """Fails when a trace that was compared before the repeat was found has none."""
    points = [(1, 8), (1, 12), (3, 8), (2, 12)]
    assert (
        imported([chain({"depth": a, "dim": b}) for a, b in points])
        == """\
\"""Tiny, as `handmade:Tiny` was traced.\"""

dim L  "depth"
dim D  "dim"

block Block(x: [n, d]):
    return x -> linear(d, bias=false, kind="functional") -> relu

model Tiny(x: [5, 4]):
    x = x -> linear(D, bias=false)
    repeat L:
        x = x -> Block
    return x

preset "traced": L=1, D=8
    expect params = 96, macs = 480
"""
    )


def test_a_stride_is_no_matter_of_channels() -> None:
    """Fails when what differs from call to call is given by channels that agree by chance."""
    rows, weights, before, sides, channels = [], {}, "x", 17, 4
    for n, stride in enumerate((1, 2, 2)):
        width = channels // stride
        weights[f"v{n}"] = (width, channels, 3, 3)
        weights[f"w{n}"] = (4 * width, width, 1, 1)
        sides = -(-sides // stride)
        arguments = (before, f"v{n}", None, (stride, stride), (1, 1))
        rows.append((f"c{n}", "aten.conv2d", arguments, (1, width, sides, sides), f"block{n}"))
        out = (1, 4 * width, sides, sides)
        rows.append((f"d{n}", "aten.conv2d", (f"c{n}", f"w{n}"), out, f"block{n}"))
        before, channels = f"d{n}", 4 * width
    made = imported([handmade({"x": (1, 4, 17, 17)}, weights, rows)])
    assert (
        made
        == """\
\"""Tiny, as `handmade:Tiny` was traced.\"""

block Block(x: [c, h, h], width, stride):
    x = x
        -> conv2d(width, kernel=3, stride=stride, padding=1, bias=false)
        -> conv2d(4*width, kernel=1, bias=false)
    return x

model Tiny(image: [4, 17, 17]):
    return image -> Block(4, 1) -> Block(8, 2) -> Block(16, 2)

preset "traced":
    expect params = 7248, macs = 314960
"""
    )


def test_sizes_that_divide_each_other_go_on_to() -> None:
    """Fails when an image is traced at a size that its patch does not divide, by chance."""
    seen: list[Mapping[str, int]] = []

    def noted(given: Mapping[str, int]) -> Trace:
        seen.append(given)
        return chain({"depth": 1, "dim": 8, **given})

    traces(noted, {"size": (32, 48), "patch": (8, 4), "classes": (10, 11)})
    assert len(seen) == 11
    assert all(given["size"] % given["patch"] == 0 for given in seen)
    assert len({given["patch"] for given in seen}) > 2
    for given in seen[6:]:  # which are held out
        assert not {("size", 32), ("patch", 8), ("classes", 10)} & {*given.items()}


def test_sizes_that_divide_each_other_by_chance_are_kept_too() -> None:
    """Fails when too few random sizes are tried, and a window does not divide its map."""
    seen: list[Mapping[str, int]] = []

    def noted(given: Mapping[str, int]) -> Trace:
        seen.append(given)
        return chain({"depth": 1, "dim": 8, **given})

    sizes = {"img_size": (128, 256), "embed_dim": (24, 36), "window_size": (4, 8)}
    traces(noted, {**sizes, "a": (2, 4), "b": (2, 4), "h": (3, 6), "num_classes": (10, 11)})
    assert len(seen) == 15
    assert all(given["img_size"] % given["window_size"] == 0 for given in seen)


def dense(given: Mapping[str, int], wider: int = 0) -> Trace:
    """Layers that each take what all before them gave, and two behind them."""
    growth, rows, weights = given["growth"], [], {}
    parts, before, shape = ["x"], "x", [1, 4, 6, 6]
    for n in range(given["depth"]):
        width = growth + wider * n
        if n:
            before = f"c{n}"
            rows.append((before, "aten.cat", (tuple(parts), 1), tuple(shape), f"layer{n}"))
        weights[f"w{n}"] = (width, shape[1], 3, 3)
        convolved = (before, f"w{n}", None, (1, 1), (1, 1))
        rows.append((f"y{n}", "aten.conv2d", convolved, (1, width, *shape[2:]), f"layer{n}"))
        rows.append((f"r{n}", "aten.relu", (f"y{n}",), (1, width, *shape[2:]), f"layer{n}"))
        parts.append(f"r{n}")
        shape[1] += width
    rows.append(("all", "aten.cat", (tuple(parts), 1), tuple(shape), ""))
    for n in range(2):
        channels, shape[1] = shape[1], shape[1] // 2
        weights[f"last{n}"] = (shape[1], channels, 1, 1)
        last = (rows[-1][0], f"last{n}")
        rows.append((f"l{n}", "aten.conv2d", last, tuple(shape), f"last{n}"))
        rows.append((f"e{n}", "aten.relu", (f"l{n}",), tuple(shape), f"last{n}"))
    return handmade({"x": (1, 4, 6, 6)}, weights, rows, given)


POINTS = [(2, 8), (3, 8), (2, 9), (3, 9), (4, 11), (3, 12)]


def test_what_grows_from_round_to_round() -> None:
    """Fails when layers that take all before them are no loop, when a value behind the loop has the
    size of its first round, or when a quotient is not rounded down."""
    traces_ = [dense({"depth": a, "growth": g}) for a, g in POINTS]
    held = [dense({"depth": 1, "growth": 5}), dense({"depth": 6, "growth": 7})]
    made = imported([*traces_, *(replace(t, held=True) for t in held)])
    assert (
        made
        == """\
\"""Tiny, as `handmade:Tiny` was traced.\"""

dim L  "depth"
dim G  "growth"

block Layer(x: [c, h, h], width):
    return x -> conv2d(width, kernel=3, padding=1, bias=false) -> relu

block Last(x: [c, h, h]):
    return x -> conv2d(floor(c/2), kernel=1, bias=false) -> relu

model Tiny(image: [4, 6, 6]):
    for i in 1..L:
        x = image -> Layer(G)
        image = concat(image, x, axis=0)
    return image -> Last -> Last

preset "traced": L=2, G=8
    expect params = 1402, macs = 50472

preset "held out 1": L=1, G=5
    expect params = 224, macs = 8064
preset "held out 2": L=6, G=7
    expect params = 9438, macs = 339768
"""
    )


def test_what_grows_a_number_of_times() -> None:
    """Fails when shapes of a loop with a number of rounds are not compared round by round."""
    made = imported([dense({"depth": 3, "growth": 8})])
    assert (
        made.partition("model ")[2]
        == """\
Tiny(image: [4, 6, 6]):
    for i in 1..3:
        x = image -> Layer(8)
        image = concat(image, x, axis=0)
    return image -> Last -> Last

preset "traced":
    expect params = 3082, macs = 110952
"""
    )


def test_layers_that_become_wider_are_no_loop() -> None:
    """Fails when what weights say themselves is taken for what a concatenation makes larger."""
    made = imported([dense({"depth": 3, "growth": 8}, wider=2)])
    assert (
        made.partition("model ")[2]
        == """\
Tiny(image: [4, 6, 6]):
    x = image -> Layer(8)
    x = concat(image, x, axis=0)
    y = x -> Layer(10)
    x = concat(x, y, axis=0)
    y = x -> Layer(12)
    return concat(x, y, axis=0) -> Last(17) -> Last(8)

preset "traced":
    expect params = 4458, macs = 160488
"""
    )
