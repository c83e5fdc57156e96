"""Blocks in derivations: each is told once, in its own sizes, which are put in where it is used."""

from __future__ import annotations

from dataclasses import replace

from sympy import Integer

from closedform.api import loads, zoo
from closedform.derive.cost import tree as cost
from closedform.derive.symbolic.symbols import size_symbol
from closedform.derive.trace.blocks import OwnBlock, OwnBlocks
from closedform.derive.trace.walk import walk


def passages(text: str) -> list[tuple[str, str, bool]]:
    """The passages of a model: what is told, its name, and whether it is in sizes of its own."""
    found = walk(loads(text).macs._closed)
    return [(p.kind, p.name, p.form is not found.form) for p in found.passages]


def told(text: str) -> str:
    return loads(text).derivation(to="text")


def section(text: str, title: str) -> str:
    return text.split(f"\n{title} ")[1].split("\n\n")[0]


def test_a_block_is_told_once_in_its_own_sizes() -> None:
    """Fails when an operation of a block is told again, or a use has no sizes."""
    text = zoo("resnet").derivation(to="text")
    assert text.count("\nBlock Bottleneck") == 1
    block = section(text, "Block Bottleneck")
    assert block.startswith(
        "(line 16)\n"
        "  A 3x3 convolution between two 1x1; `resnext` makes it wider inside, and grouped.\n"
        "  given x [c, h, w], width, stride\n"
    )
    assert block.count("    axis_2(y) = ceil(w/stride)    (likewise)\n") == 2
    assert section(text, "Stage 1") == (
        "(line 29)\n"
        "  with the sizes put in\n"
        "    MACs(Bottleneck_s) = 18 m_s^2 W^2    (c = width = W, h = w = m_s, stride = 1)\n"
        "    MACs(Bottleneck_2_s) = 17 m_s^2 W^2    "
        "(c = 4 W, h = w = m_s, width = W, stride = 1)\n"
        "  together\n"
        "    MACs(stage_1) = MACs(Bottleneck_1) + (L_1 - 1) MACs(Bottleneck_2_1)    "
        "(L_1 - 1 layers alike, line 32)\n"
        "      = 18 m_1^2 W^2 + (L_1 - 1) (17 m_1^2 W^2)    (put in)\n"
        "      = 17 L_1 m_1^2 W^2 + m_1^2 W^2    (terms collected)\n"
        "      = m_1^2 W^2 (17 L_1 + 1)    (common factors taken out)"
    )


SIZES = """
dim T
dim D
dim L

block Two(x: [n, d], hidden, again=hidden):
    return x -> linear(hidden) -> linear(again) -> linear(d)

block Layer(x: [n, d]):
    return x -> Two(d) -> Two(2*d) -> Two(d, 3*d)

model M(x: [T, D]):
    x = x -> Two(D) -> Layer
    repeat L:
        x = x -> Two(D)
    return x
"""


def test_a_use_of_other_sizes_has_a_name_of_its_own() -> None:
    """Fails when two uses have one name, or a use is told with what another is needed for."""
    assert passages(SIZES) == [
        ("block", "Two", True),
        ("use", "Two", True),
        ("use", "Two_2", True),
        ("use", "Two_3", True),
        ("block", "Layer", True),
        ("use", "Two", False),
        ("use", "Layer", False),
        ("model", "M", False),
    ]
    text = told(SIZES)
    assert section(text, "Block Two").startswith("(line 6)\n  given x [n, d], hidden, again\n")
    assert section(text, "Block Layer") == (
        "(line 9)\n"
        "  given x [n, d]\n"
        "  with the sizes put in\n"
        "    MACs(Two) = 3 n d^2    (hidden = again = d)\n"
        "    MACs(Two_2) = 8 n d^2    (hidden = again = 2 d)\n"
        "    MACs(Two_3) = 7 n d^2    (hidden = d, again = 3 d)\n"
        "  together\n"
        "    MACs(Layer) = MACs(Two) + MACs(Two_2) + MACs(Two_3)    (the sum of its operations)\n"
        "      = 3 n d^2 + 8 n d^2 + 7 n d^2    (put in)\n"
        "      = 18 n d^2    (simplified)"
    )


STAGES = """
dim D[2]
dim T

block One(x: [n, d], out):
    return x -> linear(out)

model M(x: [T, D[1]]):
    y = x -> One(T) -> One(T)
    for s in 1..2:
        y = y -> One(T) -> linear(D[s]) -> linear(T)
    return y
"""


def test_a_use_stands_where_it_is_needed_first() -> None:
    """Fails when a use of the model is told with a stage, or after one that needs it."""
    found = passages(STAGES)
    assert [(kind, name) for kind, name, own in found if not own] == [
        ("use", "One_2"),
        ("stage", "stage"),
        ("use", "One"),
        ("model", "M"),
    ]


def test_equal_sizes_need_no_line() -> None:
    """Fails when a block that another uses in its own sizes is told again."""
    found = walk(zoo("vit").macs._closed)
    assert [(p.kind, p.name) for p in found.passages] == [
        ("block", "SelfAttention"),
        ("block", "MLP"),
        ("block", "EncoderLayer"),
        ("use", "EncoderLayer"),
        ("model", "ViT"),
    ]
    (use,) = (p for p in found.passages if p.kind == "use")
    assert [len(p.parts) for p in found.passages] == [3, 2, 0, 0, 2]
    assert use.form is found.form


KINDS = """
dim T
dim D

block Either(x: [n, d], wide):
    if wide:
        x = x -> linear(2*d) -> linear(d)
    return x -> linear(d)

model M(x: [T, D]):
    return x -> Either(true) -> Either(false)
"""


def test_uses_that_differ_in_more_than_sizes_are_told_by_themselves() -> None:
    assert passages(KINDS) == [
        ("block", "Either", False),
        ("block", "Either_2", False),
        ("model", "M", False),
    ]


NUMBERS = """
block Map(x: [c, h, w]):
    return x -> conv2d(c, kernel=3, padding=1)

model M(image: [3, 32, 32]):
    return image -> Map
"""


def test_a_block_that_is_longer_in_its_own_sizes_is_told_in_those_of_its_use() -> None:
    assert passages(NUMBERS) == [("block", "Map", False), ("model", "M", False)]


SQUARE = """
dim I
dim D[2]

block Half(x: [n, d], side, out):
    x = x -> rearrange("(i j) d -> d i j", i=side)
    return x -> conv2d(out, kernel=3, stride=2, padding=1) -> rearrange("d i j -> (i j) d")

model M(x: [I^2, D[1]]):
    return x -> Half(I, D[2]) -> Half(ceil(I/2), D[1])
"""


def test_tokens_of_a_square_map_have_its_side() -> None:
    """Fails when the other side is told as n/side."""
    block = section(told(SQUARE), "Block Half")
    assert block.startswith("(line 5)\n  given x [side^2, d], side, out\n")
    assert block.endswith("    MACs(Half) = 9 d out ceil(side/2)^2")


PASSED_ON = """
dim H
dim W
dim D

block Point(x: [..., d], n):
    return x -> linear(n)

model M(x: [H, W, D]):
    x = x -> Point(2*D) -> Point(D)
    return x -> rearrange("h w d -> (h w) d") -> linear(D) -> rearrange("n d -> n d 1 1")
"""


def test_axes_that_are_passed_on_have_names() -> None:
    text = told(PASSED_ON)
    assert section(text, "Block Point").startswith("(line 6)\n  given x [h, w, d], n\n")
    more = PASSED_ON.replace("-> Point(2*D)", '-> Point(2*D) -> rearrange("h w d -> h w d 1")')
    more = more.replace("-> Point(D)\n", '-> Point(D) -> rearrange("h w a b -> h (w a) b")\n')
    assert ("block", "Point", True) not in passages(more)  # of two ranks


def attention() -> tuple[OwnBlock, cost.Sequence, OwnBlocks]:
    blocks = OwnBlocks(zoo("vit").macs._closed)
    (use,) = (
        node
        for node in cost.nodes(blocks.form.derivation.root)
        if isinstance(node, cost.Sequence) and node.name == "SelfAttention"
    )
    block = blocks.of(use)
    assert block is not None
    return block, use, blocks


def test_a_use_has_the_sizes_for_which_it_counts_what_the_block_does() -> None:
    block, use, blocks = attention()
    T, D, H = map(size_symbol, "TDH")
    own = {symbol.name: size for symbol, size in (block.sizes(use, blocks.form) or {}).items()}
    assert own == {"n": T, "d": D, "heads": H}
    other = replace(use, names={**use.names, "heads": Integer(7)})
    assert block.sizes(other, blocks.form) is None  # 7 need not divide D
    tokens = use.names["x"]
    other = replace(use, names={**use.names, "x": replace(tokens, shape=(D, D)), "n": D})
    assert block.sizes(other, blocks.form) is None  # it counts something else


def test_a_size_is_not_mixed_with_another_of_its_name() -> None:
    """Fails when a name stands on both sides and means two sizes, of an operation or of a block."""
    text = told(
        "dim T\ndim D\ndim e\n\nblock Two(x: [c, n], e):\n"
        "    return x -> conv1d(c*e, kernel=1) -> conv1d(c, kernel=1)\n\n"
        "model M(x: [D, T]):\n    return x -> Two(4) -> Two(3*e)\n"
    )
    assert "(size(y) = c n, c of conv1d is c e, groups = 1, kernel = 1)\n" in text
    assert "    MACs(Two) = 8 T D^2    (c = D, n = T, e = 4)\n" in text
    assert "    MACs(Two_2) = 6 T D^2 e    (c = D, n = T, e of Two is 3 e)\n" in text
