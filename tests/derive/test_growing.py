"""Loops with a symbolic bound: a closed form where there is one, an exact sum else, or an error.

What a loop is compared with is the same model with a number for its bound, which is carried out
body by body, and a count in Python that knows nothing of the language.
"""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from sympy import Sum

from closedform.api import Architecture, loads
from closedform.errors import ClosedformError

PYRAMID = """
dim I "image side"
dim W "width of the first stage"
dim S "stages"
dim C "classes"

assume 2^S | I

model Pyramid(image: [3, I, I]):
    x = image -> conv2d(W, kernel=3, padding=1)
    for i in 1..S:
        x = x -> conv2d(W*2^(i - 1), kernel=3, stride=2, padding=1) -> batchnorm -> relu
    return x -> mean("c h w -> c") -> linear(C)
"""

DENSE = """
dim I "image side"
dim W "channels after the stem"
dim G "growth rate"
dim L "layers"

model Dense(image: [3, I, I]):
    x = image -> conv2d(W, kernel=3, padding=1, bias=false)
    for i in 1..L:
        y = x -> batchnorm -> relu -> conv2d(4*G, kernel=1, bias=false)
        y = y -> batchnorm -> relu -> conv2d(G, kernel=3, padding=1, bias=false)
        x = concat(x, y, axis=0)
    return x -> mean("c h w -> c") -> linear(10)
"""

CEILINGS = """
dim I "image side"
dim W "width"
dim S "stages"

model Ceilings(image: [W, I, I]):
    x = image
    for i in 1..S:
        x = x -> conv2d(W, kernel=3, stride=2, padding=1)
    return x
"""

ROUNDED_WIDTHS = """
dim N "tokens"
dim W "width"
dim S "stages"

model Rounded(x: [N, W]):
    for i in 1..S:
        x = x -> linear(8*ceil(i*W/8), bias=false)
    return x
"""


def unrolled(text: str, bound: str, steps: int) -> Architecture:
    """The same file with a number for the bound of its loop."""
    return loads(text.replace(f"in 1..{bound}:", f"in 1..{steps}:"))


def pyramid(side: int, width: int, stages: int, classes: int) -> tuple[int, int]:
    """Parameters and multiply-accumulates, stage after stage."""
    params = 3 * 9 * width + width
    macs = 3 * 9 * width * side**2
    channels = width
    for i in range(1, stages + 1):
        out = width * 2 ** (i - 1)
        side = (side + 2 - 3) // 2 + 1
        params += 9 * channels * out + out + 2 * out
        macs += 9 * channels * out * side**2
        channels = out
    return params + (channels + 1) * classes, macs + channels * classes


def dense(side: int, width: int, growth: int, layers: int) -> tuple[int, int]:
    """Parameters and multiply-accumulates, layer after layer."""
    params = 27 * width
    macs = 27 * width * side**2
    channels = width
    for _ in range(layers):
        weights = channels * 4 * growth + 4 * growth * growth * 9
        params += weights + 2 * channels + 2 * 4 * growth
        macs += weights * side**2
        channels += growth
    return params + (channels + 1) * 10, macs + channels * 10


def refusal(text: str) -> str:
    with pytest.raises(ClosedformError) as caught:
        str(loads(text).params)
    return str(caught.value)


# A pyramid: sides halve, widths double ---------------------------------------------------------


def test_pyramid_is_closed() -> None:
    """Fails when the formula has a sum over the stages, or is another."""
    model = loads(PYRAMID)
    for formula in (model.params, model.macs):
        assert formula.expr.atoms(Sum) == set()
        assert {str(s) for s in formula.expr.free_symbols} <= {"I", "W", "S", "C"}
        assert "Σ" not in str(formula)
        assert "sum" not in str(formula)
    assert "4^S" in str(model.params)
    assert model.macs.assumptions == ("2^S | I",)


def test_pyramid_in_numbers() -> None:
    """Fails when the closed form is not what the stages add up to."""
    model = loads(PYRAMID)
    random.seed(1)
    for stages in [1, 2, 3, *random.sample(range(4, 12), 3)]:
        side = 2**stages * random.randrange(1, 6)
        width, classes = random.randrange(1, 40), random.randrange(1, 100)
        sizes = {"I": side, "W": width, "C": classes}
        expected = pyramid(side, width, stages, classes)
        found = (model.params.at(S=stages, **sizes), model.macs.at(S=stages, **sizes))
        assert found == expected, stages


@pytest.mark.parametrize("stages", [1, 2, 5])
def test_pyramid_unrolled(stages: int) -> None:
    """Fails when the loop carried out body by body has another form."""
    rolled = loads(PYRAMID)
    flat = loads(
        PYRAMID.replace("in 1..S:", f"in 1..{stages}:").replace("2^S | I", f"{2**stages} | I")
    )
    for side, width in [(2**stages, 1), (2**stages * 3, 7)]:
        sizes = {"I": side, "W": width, "C": 10}
        assert flat.params.at(S=1, **sizes) == rolled.params.at(S=stages, **sizes)
        assert flat.macs.at(S=1, **sizes) == rolled.macs.at(S=stages, **sizes)


def test_pyramid_keeps_its_assumption() -> None:
    """Fails when a side that does not halve S times has a value."""
    with pytest.raises(ClosedformError) as caught:
        loads(PYRAMID).macs.at(I=12, W=2, S=3, C=5)
    assert "2^S | I" in str(caught.value)


# Growth, as in DenseNet -------------------------------------------------------------------------


def test_dense_is_closed() -> None:
    """Fails when the formula has a sum over the layers."""
    model = loads(DENSE)
    for formula in (model.params, model.macs):
        assert formula.expr.atoms(Sum) == set()
        assert {str(s) for s in formula.expr.free_symbols} <= {"I", "W", "G", "L"}


@pytest.mark.parametrize("layers", [1, 2, 6, 24])
def test_dense_unrolled(layers: int) -> None:
    """Fails when the closed form differs from the unrolled layers, or from the count."""
    rolled, flat = loads(DENSE), unrolled(DENSE, "L", layers)
    random.seed(layers)
    for _ in range(3):
        side, width, growth = (random.randrange(1, 50) for _ in range(3))
        sizes = {"I": side, "W": width, "G": growth}
        found = (rolled.params.at(L=layers, **sizes), rolled.macs.at(L=layers, **sizes))
        assert found == dense(side, width, growth, layers)
        assert found == (flat.params.at(L=1, **sizes), flat.macs.at(L=1, **sizes))


# Sizes with ceilings ----------------------------------------------------------------------------


def test_ceilings_in_numbers() -> None:
    """Fails when a loop over halved, rounded sides is another than its steps."""
    model = loads(CEILINGS)
    for side, stages in [(1, 1), (7, 1), (7, 3), (224, 5), (97, 6), (1000, 12)]:
        left, macs = side, 0
        for _ in range(stages):
            left = -(-left // 2)
            macs += 9 * 3 * 3 * left**2
        assert model.macs.at(I=side, W=3, S=stages) == macs, (side, stages)
        assert model.params.at(I=side, W=3, S=stages) == stages * (81 + 3)


def test_ceilings_stay_a_sum() -> None:
    """Fails when a sum that has no closed form is given one, or the parameters are kept a sum."""
    model = loads(CEILINGS)
    assert model.macs.expr.atoms(Sum) != set()
    assert model.params.expr.atoms(Sum) == set()


def test_rounded_widths_stay_a_sum() -> None:
    model = loads(ROUNDED_WIDTHS)
    assert model.params.expr.atoms(Sum) != set()
    for width, stages in [(3, 1), (3, 5), (17, 9)]:
        widths = [width] + [8 * -(-i * width // 8) for i in range(1, stages + 1)]
        weights = sum(a * b for a, b in pairwise(widths))
        assert model.params.at(N=5, W=width, S=stages) == weights
        assert model.macs.at(N=5, W=width, S=stages) == 5 * weights


# No formula -------------------------------------------------------------------------------------


def test_recurrence_without_formula() -> None:
    """Fails when a width that is squared in every step is not refused in these words."""
    text = """dim N
dim W
dim S
model M(x: [N, W]):
    for i in 1..S:
        x: [_, w]
        x = x -> linear(w*w)
    return x
"""
    assert refusal(text) == (
        "<text>:5:5: error[range]: the sizes in this loop have no formula in its index\n"
        "   5 |     for i in 1..S:\n"
        "     |     ^^^^^^^^^^^^^^\n"
        "     = note: in a step x becomes x^2\n"
        "     = help: a size may stay, grow by a term, or be multiplied by a factor in each step; "
        "in a loop of numbers with at most 256 steps it may do anything"
    )


def test_shape_that_grows_an_axis() -> None:
    """Fails when a tensor with more axes after every step is not refused in these words."""
    text = """dim N
dim W
dim S
model M(x: [N, W]):
    for i in 1..S:
        x = x -> rearrange("n w -> n w 1")
    return x
"""
    assert refusal(text) == (
        "<text>:5:5: error[range]: the sizes in this loop have no formula in its index\n"
        "   5 |     for i in 1..S:\n"
        "     |     ^^^^^^^^^^^^^^\n"
        "     = note: `x` changes its number of axes\n"
        "     = help: a size may stay, grow by a term, or be multiplied by a factor in each step; "
        "in a loop of numbers with at most 256 steps it may do anything"
    )
