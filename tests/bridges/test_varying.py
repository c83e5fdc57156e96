"""Traces at several sizes: where they are made, and how they are laid side by side."""

from __future__ import annotations

from collections.abc import Mapping

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
