"""Sizes that are given: what does not go together, and what is no number, is told wherever it is
given."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import closedform as cf
from closedform import ClosedformError
from closedform.sweeps.room import _length

VIT: Any = cf.zoo("vit")  # Any: much of what stands below is wrong
MACS: Any = VIT.macs
B = "ViT-B/16"

T_IS_ANOTHER = "error[assume]: `T` is given, and N + 1 is another number\n     = note: with N = 196"
T_AT_EACH = "error[assume]: `T` is given, and N + 1 is another number at each `{}`"
BOTH = "error[argument]: `D` is asked for, and given too\n     = help: leave out D=..."
TWICE = "error[argument]: `D` is given twice"
MASKED = (
    "error[type]: `D` has masked places, and each is a size\n"
    "     = help: give its numbers without them, `.compressed()`"
)

SIDES = """\
dim I, P
let T = I*P

op f(x: [n]) -> y: [n]:
    mac = T

op g(x: [n]) -> y: [n]:
    mac = I

op h(x: [n]) -> y: [n]:
    mac = P

model M(x: [I]):
    return x -> f -> g -> h

preset "one": I=2, P=3
"""


def message(call: Callable[[], object]) -> str:
    with pytest.raises(ClosedformError) as caught:
        call()
    return str(caught.value)


@pytest.mark.parametrize(
    "call",
    [
        lambda: MACS.at(B, T=3),
        lambda: MACS.solve("D", "20G", B, T=3),
        lambda: MACS.minimize("D", B, T=3),
        lambda: MACS.regions("D", B, T=3),
        lambda: MACS.growth("D", B, T=3),
        lambda: MACS.overtakes(MACS / 2, "D", B, T=3),
        lambda: VIT.parts.at(B, T=3),
        lambda: VIT.kinds().at(B, T=3),
    ],
)
def test_an_abbreviation_is_not_mixed_with_what_it_is_made_of(call: Callable[[], object]) -> None:
    """Fails when T = 3 stands in some terms, and N = 196 of the preset in others."""
    assert message(call) == T_IS_ANOTHER


def test_an_abbreviation_of_the_size_that_is_asked_for() -> None:
    """Fails when T = 197 stays while N grows, of which it is made, or N where T grows."""
    for name in ("N", "I", "P"):
        told = message(lambda n=name: MACS.growth(n, B, T=197))  # type: ignore[misc]
        assert told == T_AT_EACH.format(name)
    assert message(lambda: MACS.growth("T", B, N=196)) == (
        "error[assume]: `T` is asked for, and `N`, which is given, is made of `I` and `P` too\n"
        "     = help: leave out N=..."
    )


def test_an_abbreviation_stands_for_what_nothing_else_needs() -> None:
    """Fails when what goes together is refused."""
    mlp = VIT.part("EncoderLayer.MLP").macs
    assert mlp.at(B, T=3) == 2 * 3 * 768 * 3072
    assert mlp.growth("D", B, T=3, F=12) == 2
    assert MACS.solve("D", "20G", B, T=197, N=196).number == MACS.solve("D", "20G", B).number
    assert MACS.growth("D", B, T=197) == MACS.growth("D", B)
    assert MACS.growth("N", B, N=98) == Fraction(MACS.at(B, N=196), MACS.at(B, N=98))


def test_numbers_go_together_in_all_kinds_of_operations() -> None:
    """Fails when T = 5 is taken for one kind, and I = 2 and P = 3 of the preset for others."""
    model = cf.loads(SIDES)["M"]
    told = (
        "error[sizes]: `T` is I*P, and the formula needs `I` and `P` too\n"
        "     = help: give values to `I` and `P`"
    )
    assert message(lambda: model.kinds().at("one", T=5)) == told
    assert [row.all for row in model.kinds().at("one")] == [6, 2, 3]


@pytest.mark.parametrize(
    "call",
    [
        lambda: MACS.function("D", preset=B, D=3),
        lambda: MACS.export("c", "D", preset=B, D=3),
        lambda: MACS.solve("D", "20G", B, D=3),
        lambda: MACS.minimize("D", B, D=3),
        lambda: MACS.regions("D", B, D=3),
        lambda: MACS.overtakes(MACS / 2, "D", B, D=3),
        lambda: MACS.plot_map({"D": (1, 10), "N": (1, 10)}, B, D=3),
        lambda: cf.plot_over({"ViT": MACS}, "D", (1, 10), B, D=3),
    ],
)
def test_what_is_asked_for_is_not_given_too(call: Callable[[], object]) -> None:
    """Fails when D = 3 is passed over."""
    assert message(call) == BOTH


@pytest.mark.parametrize(
    "call",
    [
        lambda: MACS.function("D", "D", preset=B),
        lambda: MACS.export("c", "D", "D", preset=B),
        lambda: VIT.sweep(rows={"D": [192]}, D=192),
    ],
)
def test_a_size_is_named_once(call: Callable[[], object]) -> None:
    assert message(call) == TWICE


def test_a_list_and_one_of_it_are_not_both_given() -> None:
    """Fails when the later of two wins."""
    pvt: Any = cf.zoo("pvt").macs
    told = "error[argument]: `L_1` is given twice"
    for call in (
        lambda: pvt.function("I", preset="PVT-Tiny", L=[2, 2, 2, 2], L_1=3),
        lambda: pvt.export("c", "I", preset="PVT-Tiny", L=[2, 2, 2, 2], L_1=3),
        lambda: pvt.solve("I", "20G", "PVT-Tiny", L=[2, 2, 2, 2], L_1=3),
    ):
        assert message(call) == told


def test_a_grid_that_does_not_fit_is_refused() -> None:
    """Fails when it ends in a MemoryError, or takes the memory."""
    with pytest.raises(ClosedformError) as caught:
        VIT.sweep(L=range(1, 10**15 + 1), preset=[B, "ViT-L/16"], measures=["macs"])
    (told,) = caught.value.diagnostics
    assert told.kind == "limit"
    start = "a table of 2,000,000,000,000,000 configurations takes 32,000,000 GB, and this machine"
    assert told.message.startswith(f"{start} has ")
    assert told.help == ("sweep it in parts, each with some of the numbers of `L`, or rows of Dask")


@pytest.mark.parametrize("many", [range(7), range(0, 10, 3), range(9, 0, -4), range(5, 1)])
def test_the_length_of_a_range(many: range) -> None:
    """Fails when a grid is thought larger or smaller than it is."""
    assert _length(many) == len(many)
    assert _length([3, 4]) == _length(np.array([3, 4])) == 2
    assert _length(3) == _length(np.array(3)) == _length("ab") == 1


# What is no number -------------------------------------------------------------------------


def test_masked_numbers_are_refused() -> None:
    """Fails when what is masked counts as what is below the mask."""
    masked = np.ma.array([192, 768], mask=[False, True])
    for call in (
        lambda: VIT.sweep(D=masked, L=12, H=3),
        lambda: VIT.sweep(rows={"D": masked}, L=12, H=3),
        lambda: MACS.function("D", preset=B)(masked),
        lambda: MACS.function("D", preset=B)(np.ma.array(768, mask=True)),
        lambda: MACS.at(B, D=np.ma.masked),
    ):
        assert message(call) == MASKED
    whole = np.ma.array([192, 768])
    assert VIT.sweep(D=whole, L=12, H=3).macs.tolist() == [1253683200, 17563828224]


def test_an_array_of_one_number_is_a_number() -> None:
    one = np.array(768)
    assert MACS.at(B, D=one) == MACS.at(B)
    assert MACS.subs(D=one) == MACS.subs(D=768)
    assert MACS.solve("L", "20G", B, D=one).number == MACS.solve("L", "20G", B).number
    assert MACS.function("N", preset=B, D=one)(196) == MACS.at(B)
    assert MACS.function("D", preset=B)(one) == MACS.at(B)
    assert VIT.sweep(preset=B, D=one).macs.tolist() == [MACS.at(B)]
    assert MACS.growth("N", B, factor=np.int64(2)) == MACS.growth("N", B)
    assert type(MACS.growth("N", B, factor=np.int64(2)).numerator) is int


@pytest.mark.parametrize(
    "call",
    [
        lambda: VIT.sweep(D=b"ab", L=12, H=3),
        lambda: VIT.sweep(D=bytearray(b"ab"), L=12, H=3),
        lambda: MACS.at(B, D=b"ab"),
        lambda: MACS.subs(D=b"ab"),
    ],
)
def test_bytes_are_no_sizes(call: Callable[[], object]) -> None:
    """Fails when the bytes are taken for numbers."""
    told = message(call)
    assert told.replace("bytearray(b'ab')", "b'ab'") == (
        "error[type]: `D` takes exact numbers, and this is b'ab'\n"
        "     = help: give an int, or a fractions.Fraction for a ratio"
    )
