"""Operations of a trace that have a place in the language, each in a small trace by hand."""

from __future__ import annotations

from typing import Any

import pytest
from handmade import handmade

from closedform.errors import ClosedformError
from closedform.torch.importing import imported

TOKENS = {"x": (1, 4, 6)}


def made(inputs: Any, weights: Any, *rows: Any) -> str:
    """The file without its first line, which all have alike."""
    return imported([handmade(inputs, weights, rows)]).partition("\n\n")[2]


def refused(inputs: Any, weights: Any, *rows: Any) -> str:
    """The first line of what is said."""
    with pytest.raises(ClosedformError) as error:
        imported([handmade(inputs, weights, rows)])
    return str(error.value).partition("\n")[0]


def test_every_second_entry() -> None:
    """Fails when a slice with a step is refused, or gives another entry of each pair."""
    text = made(
        {"x": (1, 8, 6)},
        {"w": (3, 6)},
        ("a", "aten.slice", ("x", 1, 1, 9223372036854775807, 2), (1, 4, 6), ""),
        ("y", "aten.linear", ("a", "w"), (1, 4, 3), ""),
    )
    assert (
        text
        == """\
model Tiny(x: [8, 6]):
    x = x -> rearrange("(g r) n -> g r n", r=2)
    return x[:, 1] -> linear(3, bias=false, kind="functional")

preset "traced":
    expect params = 18, macs = 72
"""
    )


@pytest.mark.parametrize(("start", "size"), [(0, 5), (2, 4)])
def test_a_step_that_does_not_divide_is_refused(start: int, size: int) -> None:
    said = refused(
        {"x": (1, 9 if size == 5 else 10, 6)},
        {},
        ("y", "aten.slice", ("x", 1, start, 9223372036854775807, 2), (1, size, 6), ""),
    )
    assert said == (
        "error[operation]: `aten.slice` in the model itself "
        "has a step that does not divide its axis"
    )


def test_a_mask_that_is_fixed_costs_nothing() -> None:
    """Fails when what chooses between a value and a number is refused, or costs something."""
    text = made(
        TOKENS,
        {"w": (6, 6)},
        ("n", "aten.arange", (4,), (4,), ""),
        ("i", "aten.unsqueeze", ("n", 1), (4, 1), ""),
        ("m", "aten.lt", ("i", 2), (4, 1), ""),
        ("y", "aten.linear", ("x", "w"), (1, 4, 6), ""),
        ("z", "aten.where", ("m", "y", -1e9), (1, 4, 6), ""),
        ("u", "aten.masked_fill", ("z", "m", 0), (1, 4, 6), ""),
        ("v", "aten.relu", ("u",), (1, 4, 6), ""),
    )
    assert (
        text
        == """\
model Tiny(x: [4, 6]):
    return x -> linear(6, bias=false, kind="functional") -> relu

preset "traced":
    expect params = 36, macs = 144
"""
    )


def test_a_choice_between_two_values_is_refused() -> None:
    """Fails when one of two values is left out, with all that it costs."""
    said = refused(
        TOKENS,
        {"m": (4, 1)},
        ("m2", "aten.lt", ("m", 2), (4, 1), ""),
        ("y", "aten.relu", ("x",), (1, 4, 6), ""),
        ("z", "aten.where", ("m2", "y", "x"), (1, 4, 6), ""),
    )
    assert said == "error[operation]: `aten.where` in the model itself is not known"


def test_a_concatenation_with_nothing_is_none() -> None:
    """Fails when an operand without elements, as an empty cache, is taken for a value."""
    text = made(
        TOKENS,
        {"_none": (0,), "w": (6, 6)},
        ("a", "aten.cat", (("_none", "x"), -2), (1, 4, 6), ""),
        ("y", "aten.linear", ("a", "w"), (1, 4, 6), ""),
    )
    assert (
        text
        == """\
model Tiny(x: [4, 6]):
    return x -> linear(6, bias=false, kind="functional")

preset "traced":
    expect params = 36, macs = 144
"""
    )


def test_concatenations_along_other_axes_are_no_series() -> None:
    """Fails when a concatenation is made of one along another axis, or takes all anew."""
    text = made(
        {"x": (1, 4, 4, 4)},
        {"w": (4, 12, 1, 1)},
        ("y", "aten.relu", ("x",), (1, 4, 4, 4), ""),
        ("a", "aten.cat", (("x", "y"), 1), (1, 8, 4, 4), ""),
        ("z", "aten.sigmoid", ("y",), (1, 4, 4, 4), ""),
        ("b", "aten.cat", (("x", "y", "z"), 2), (1, 4, 12, 4), ""),
        ("c", "aten.cat", (("x", "y", "z"), 1), (1, 12, 4, 4), ""),
        ("l", "aten.conv2d", ("c", "w"), (1, 4, 4, 4), ""),
        ("d", "aten.cat", (("l", "b"), 2), (1, 4, 16, 4), ""),
        ("s", "aten.amax", ("a", (1,)), (1, 4, 4), ""),
        ("e", "aten.mul", ("d", 2), (1, 4, 16, 4), ""),
        ("t", "aten.amax", ("e", (2,)), (1, 4, 4), ""),
        ("u", "aten.add", ("s", "t"), (1, 4, 4), ""),
    )
    assert (
        text
        == """\
model Tiny(image: [4, 4, 4]):
    x = image -> relu
    y = concat(image, x, axis=0)
    z = x -> sigmoid
    u = concat(y, z, axis=0) -> conv2d(4, kernel=1, bias=false)
    x = concat(u, concat(image, x, z, axis=1), axis=1)*2 -> amax("c h w -> c w")
    return (y -> amax("c h w -> h w")) + x

preset "traced":
    expect params = 48, macs = 768
"""
    )


HEADS = {"q": (1, 4, 5, 6), "k": (1, 4, 5, 6), "v": (1, 4, 5, 6)}


def test_what_is_added_to_scores() -> None:
    """Fails when a bias of attention that has weights is left out, or a mask counts something."""
    text = made(
        HEADS,
        {"table": (9, 4), "_places": (5, 5), "_mask": (1, 1, 5, 5)},
        ("t", "aten.embedding", ("table", "_places"), (5, 5, 4), ""),
        ("p", "aten.permute", ("t", (2, 0, 1)), (4, 5, 5), ""),
        ("b", "aten.unsqueeze", ("p", 0), (1, 4, 5, 5), ""),
        ("s", "aten.scaled_dot_product_attention", ("q", "k", "v", "_mask"), (1, 4, 5, 6), ""),
        ("y", "aten.scaled_dot_product_attention", ("s", "k", "v", "b"), (1, 4, 5, 6), ""),
    )
    assert (
        text
        == """\
model Tiny(image: [4, 5, 6], k: [4, 5, 6], v: [4, 5, 6]):
    a = einsum("h n e, h m e -> h n m", image, k) -> softmax
    x = einsum("h n m, h m f -> h n f", a, v)
    x = einsum("h n e, h m e -> h n m", x, k) + (zeros([5, 5]) -> embed(9, 4) -> rearrange("n m d -> d n m"))
    a = x -> softmax
    return einsum("h n m, h m f -> h n f", a, v)

preset "traced":
    expect params = 36, macs = 2400
"""  # noqa: E501
    )


def test_a_bias_of_scores_in_groups_is_refused() -> None:
    said = refused(
        {"q": (1, 4, 5, 6), "k": (1, 2, 5, 6), "v": (1, 2, 5, 6), "b": (1, 4, 5, 5)},
        {},
        ("y", "aten.scaled_dot_product_attention", ("q", "k", "v", "b"), (1, 4, 5, 6), ""),
    )
    assert said == (
        "error[operation]: `aten.scaled_dot_product_attention` in the model itself "
        "adds to the scores of groups what is not known"
    )


ROUTED = (
    ("flat", "aten.view", ("x", (4, 6)), (4, 6), ""),
    ("router", "aten.linear", ("flat", "gate"), (4, 3), ""),
    ("top", "aten.topk", ("router", 2), [(4, 2), (4, 2)], ""),
    ("values", "getitem", ("top", 0), (4, 2), ""),
    ("places", "getitem", ("top", 1), (4, 2), ""),
    ("sent", "aten.reshape", ("places", (8,)), (8,), ""),
    ("sorted", "aten.sort", ("sent",), [(8,), (8,)], ""),
    ("order", "getitem", ("sorted", 1), (8,), ""),
    ("rows", "aten.index", ("flat", ("order",)), (8, 6), ""),
    ("up_t", "aten.transpose", ("up", -2, -1), (3, 6, 10), ""),
    ("down_t", "aten.transpose", ("down", -2, -1), (3, 10, 6), ""),
    ("h", "aten._grouped_mm", ("rows", "up_t", "order"), (8, 10), ""),
    ("r", "aten.relu", ("h",), (8, 10), ""),
)
LAST = ("o", "aten._grouped_mm", ("r", "down_t", "order"), (8, 6), "")
BACK = ("b", "aten.index", ("o", ("order",)), (8, 6), "")
EXPERTS = {"gate": (3, 6), "up": (3, 10, 6), "down": (3, 6, 10)}


def test_rows_that_are_sent_to_experts() -> None:
    """Fails when experts count all weights as work, or one of them as weights."""
    text = made(
        TOKENS,
        EXPERTS,
        *ROUTED,
        LAST,
        BACK,
        ("v", "aten.view", ("b", (4, 2, 6)), (4, 2, 6), ""),
        ("vs", "aten.unsqueeze", ("values", -1), (4, 2, 1), ""),
        ("w", "aten.mul", ("v", "vs"), (4, 2, 6), ""),
        ("y", "aten.sum", ("w", (1,)), (4, 6), ""),
    )
    assert (
        text
        == """\
model Tiny(x: [4, 6]):
    y = x -> gather(zeros([8]))
    choose 1 of 3:
        y = y
            -> linear(10, bias=false, kind="functional")
            -> relu
            -> linear(6, bias=false, kind="functional")
    x = x -> linear(3, bias=false, kind="functional") -> topk(2) -> rearrange("n d -> n d 1")
    x = (y -> gather(zeros([8])) -> rearrange("(g r) n -> g r n", r=2)) * x -> sum("c h w -> c w")
    return x

preset "traced":
    expect params = 378, macs = 1032
"""
    )


def test_experts_that_change_the_shape_are_refused() -> None:
    said = refused(TOKENS, EXPERTS, *ROUTED)
    assert said == (
        "error[operation]: `aten._grouped_mm` in the model itself "
        "belongs to experts that give another shape than they take"
    )


def test_experts_without_parameters_are_refused() -> None:
    said = refused(
        {"x": (4, 6), "w": (1, 3, 6, 6)} | {"x": (1, 4, 6)},
        {"_ends": (3,)},
        ("y", "aten._grouped_mm", ("x", "w", "_ends"), (1, 4, 6), ""),
    )
    assert said == (
        "error[operation]: `aten._grouped_mm` in the model itself "
        "has weights that are no matrix of parameters for each expert"
    )


def test_the_largest_of_another_axis_are_refused() -> None:
    said = refused(
        TOKENS,
        {},
        ("t", "aten.topk", ("x", 2, 1), [(1, 2, 6), (1, 2, 6)], ""),
        ("y", "getitem", ("t", 0), (1, 2, 6), ""),
    )
    assert said == (
        "error[operation]: `aten.topk` in the model itself is of an axis that is not the last"
    )


def test_places_of_two_axes_are_refused() -> None:
    said = refused(
        {"x": (1, 4, 6)},
        {"_a": (2,), "_b": (2,)},
        ("f", "aten.view", ("x", (4, 6)), (4, 6), ""),
        ("y", "aten.index", ("f", ("_a", "_b")), (2,), ""),
    )
    assert said == (
        "error[operation]: `aten.index` in the model itself "
        "looks up what is no fixed place of the first axis"
    )


def test_a_weight_that_is_transposed_first() -> None:
    """Fails when a product with a transposed parameter is none of a layer's."""
    text = made(
        TOKENS,
        {"w": (3, 6), "b": (3,), "w2": (3, 6)},
        ("f", "aten.view", ("x", (4, 6)), (4, 6), ""),
        ("t", "aten.t", ("w",), (6, 3), ""),
        ("y", "aten.mm", ("f", "t"), (4, 3), ""),
        ("t2", "aten.permute", ("w2", (1, 0)), (6, 3), ""),
        ("z", "aten.addmm", ("b", "f", "t2"), (4, 3), ""),
        ("s", "aten.add", ("y", "z"), (4, 3), ""),
    )
    assert (
        text
        == """\
model Tiny(x: [4, 6]):
    x = (x -> linear(3, bias=false, kind="functional")) + (x -> linear(3, kind="functional"))
    return x

preset "traced":
    expect params = 39, macs = 144
"""
    )
