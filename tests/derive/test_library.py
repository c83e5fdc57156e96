"""Operations of the standard library against PyTorch's modules, and against windows one by one.

Parameters, buffers and shapes in the table are those of the modules, worked out by hand from their
documentation.
"""

from __future__ import annotations

from functools import cache
from math import ceil, floor

import pytest

from closedform.api import Part, loads

MODULES = {
    # module on a shape: what it is here, its result, parameters, buffers
    "Conv1d(8, 64, 3, padding=1) on [8, 100]": (
        "conv1d(64, kernel=3, padding=1)", "[64, 100]", 8 * 64 * 3 + 64, 0),
    "Conv1d(6, 9, 4, stride=3, dilation=2, groups=3, padding='valid') on [6, 40]": (
        "conv1d(9, kernel=4, stride=3, dilation=2, groups=3)", "[9, 12]", 9 * 2 * 4 + 9, 0),
    "Conv1d(6, 9, 4, dilation=3, padding='same') on [6, 40]": (
        'conv1d(9, kernel=4, dilation=3, padding="same")', "[9, 40]", 6 * 9 * 4 + 9, 0),
    "Conv2d(3, 8, (4, 5), padding='same', bias=False) on [3, 31, 32]": (
        'conv2d(8, kernel=[4, 5], padding="same", bias=false)', "[8, 31, 32]", 3 * 8 * 20, 0),
    "Conv3d(3, 64, (3, 7, 7), stride=(1, 2, 2), padding=(1, 3, 3)) on [3, 8, 64, 64]": (
        "conv3d(64, kernel=[3, 7, 7], stride=[1, 2, 2], padding=[1, 3, 3])", "[64, 8, 32, 32]",
        3 * 64 * 147 + 64, 0),
    "ConvTranspose1d(8, 4, 4, stride=2, padding=1) on [8, 50]": (
        "conv_transpose1d(4, kernel=4, stride=2, padding=1)", "[4, 100]", 8 * 4 * 4 + 4, 0),
    "ConvTranspose2d(8, 4, 3, stride=2, padding=1, output_padding=1, groups=2) on [8, 7, 7]": (
        "conv_transpose2d(4, kernel=3, stride=2, padding=1, output_padding=1, groups=2)",
        "[4, 14, 14]", 8 * 2 * 9 + 4, 0),
    "ConvTranspose3d(64, 32, 2, stride=2) on [64, 8, 8, 8]": (
        "conv_transpose3d(32, kernel=2, stride=2)", "[32, 16, 16, 16]", 64 * 32 * 8 + 32, 0),
    "BatchNorm2d(8) on [2, 8, 5, 6]": ("batchnorm2d", "[2, 8, 5, 6]", 16, 17),
    "BatchNorm3d(8) on [2, 8, 4, 5, 6]": ("batchnorm3d", "[2, 8, 4, 5, 6]", 16, 17),
    "BatchNorm3d(8, affine=False) on [8, 4, 5, 6]": (
        "batchnorm3d(affine=false)", "[8, 4, 5, 6]", 0, 17),
    "Linear(7, 8), BatchNorm1d(8) on [4, 7]": (
        "linear(8) -> batchnorm1d", "[4, 8]", 7 * 8 + 8 + 16, 17),
    "Conv1d(7, 8, 1), BatchNorm1d(8) on [4, 7, 9]": (
        "conv1d(8, kernel=1) -> batchnorm1d", "[4, 8, 9]", 7 * 8 + 8 + 16, 17),
    "InstanceNorm1d(8) on [8, 9]": ("instancenorm1d", "[8, 9]", 0, 0),
    "InstanceNorm2d(8, affine=True) on [2, 8, 5, 6]": (
        "instancenorm2d(affine=true)", "[2, 8, 5, 6]", 16, 0),
    "InstanceNorm3d(8, affine=True) on [2, 8, 4, 5, 6]": (
        "instancenorm3d(affine=true)", "[2, 8, 4, 5, 6]", 16, 0),
    "Conv3d(3, 8, 1), GroupNorm(4, 8), PReLU(8) on [2, 3, 4, 5, 6]": (
        "conv3d(8, kernel=1) -> groupnorm(4) -> prelu", "[2, 8, 4, 5, 6]", 3 * 8 + 8 + 16 + 8, 0),
    "MaxPool1d(3, stride=2, padding=1) on [8, 100]": (
        "maxpool1d(3, stride=2, padding=1)", "[8, 50]", 0, 0),
    "MaxPool3d((1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1)) on [64, 8, 32, 32]": (
        "maxpool3d([1, 3, 3], stride=[1, 2, 2], padding=[0, 1, 1])", "[64, 8, 16, 16]", 0, 0),
    "MaxPool3d(2, stride=2, ceil_mode=True) on [64, 7, 8, 9]": (
        "maxpool3d(2, stride=2, ceil_mode=true)", "[64, 4, 4, 5]", 0, 0),
    "AvgPool1d(4) on [8, 98]": ("avgpool1d(4)", "[8, 24]", 0, 0),
    "AvgPool3d(2, padding=1) on [8, 6, 6, 6]": ("avgpool3d(2, padding=1)", "[8, 4, 4, 4]", 0, 0),
    "AdaptiveAvgPool2d((6, 1)) on [8, 64, 63]": ("adaptive_avgpool2d([6, 1])", "[8, 6, 1]", 0, 0),
    "AdaptiveMaxPool1d(7) on [8, 5]": ("adaptive_maxpool1d(7)", "[8, 7]", 0, 0),
    "AdaptiveAvgPool3d(1) on [8, 4, 5, 6]": ("adaptive_avgpool3d(1)", "[8, 1, 1, 1]", 0, 0),
    "Upsample(scale_factor=1.5) on [8, 5, 7]": ("upsample2d(1.5)", "[8, 7, 10]", 0, 0),
    "Upsample(scale_factor=(2, 4), mode='bilinear') on [8, 5, 7]": (
        'upsample2d([2, 4], mode="bilinear")', "[8, 10, 28]", 0, 0),
    "Upsample(size=9) on [8, 5]": ("resize1d(9)", "[8, 9]", 0, 0),
    "Upsample(size=(2, 3, 4), mode='trilinear') on [8, 5, 7, 9]": (
        'resize3d([2, 3, 4], mode="trilinear")', "[8, 2, 3, 4]", 0, 0),
}  # fmt: skip


def model(shape: str, body: str) -> Part:
    return loads(f"model M(x: {shape}):\n    {body}\n    return x\n")["M"]


@pytest.mark.parametrize("module", MODULES)
def test_module(module: str) -> None:
    """A result of another shape is refused by the shape that is stated for it."""
    call, result, params, buffers = MODULES[module]
    given = module.rpartition(" on ")[2]
    part = model(given, f"x = x -> {call}\n    x: {result}")
    assert (part.params.at(), part.measure("buffers").at()) == (params, buffers)


COUNTS = {
    # per element of the result, or in all: sums, products and the like
    ("[2, 8, 6, 6]", "groupnorm(groups=4)", "[_, _; _, _]"): {
        "add": 4 * 576, "mul": 2 * 576, "div": 576 + 2 * 8, "sqrt": 8},
    ("[2, 8, 6, 6]", "instancenorm", "[_, _; _, _]"): {
        "add": 3 * 576, "mul": 576, "div": 576 + 2 * 16, "sqrt": 16},
    ("[2, 8, 6]", "instancenorm1d(affine=true)", "[_, _; _]"): {
        "add": 4 * 96, "mul": 2 * 96, "div": 96 + 2 * 16, "sqrt": 16},
    ("[8, 3, 6, 6]", "instancenorm3d", "[_; _, _, _]"): {
        "add": 3 * 864, "mul": 864, "div": 864 + 2 * 8, "sqrt": 8},
    ("[8, 3, 6, 6]", "global_avgpool", "[_; _, _, _]"): {"add": 8 * 107, "div": 8},
    ("[8, 12]", "global_maxpool", "[_; _]"): {"cmp": 8 * 11},
    ("[8, 12]", "prelu", "[_; _]"): {"mul": 96, "cmp": 96},
    ("[8, 12]", "maxpool1d(3)", "[_; _]"): {"cmp": 8 * 4 * 2},
    ("[8, 12]", "avgpool1d(3)", "[_; _]"): {"add": 8 * 4 * 2, "div": 8 * 4},
    ("[8, 4, 6, 6]", "avgpool3d([2, 3, 3])", "[_; _, _, _]"): {"add": 8 * 8 * 17, "div": 8 * 8},
    ("[8, 5, 6]", 'resize2d([4, 3], mode="bilinear")', "[_; _, _]"): {"mul": 6 * 96, "add": 3 * 96},
    ("[8, 5, 6]", "resize2d([4, 3])", "[_; _, _]"): {"mul": 0, "add": 0},
    ("[8, 6]", 'upsample1d(2, mode="linear")', "[_; _]"): {"mul": 2 * 96, "add": 96},
    ("[1, 2, 2, 2]", 'upsample3d(2, mode="trilinear")', "[_; _, _, _]"): {
        "mul": 14 * 64, "add": 7 * 64},
    ("[6, 5]", "conv_transpose1d(4, kernel=3, groups=2)", "[_; _]"): {
        "mac": 30 * 2 * 3, "add": 4 * 7},
    ("[6, 2, 5, 5]", "conv_transpose3d(4, kernel=[1, 3, 2], bias=false)", "[_; _, _, _]"): {
        "mac": 300 * 4 * 6, "add": 0},
}  # fmt: skip


@pytest.mark.parametrize(("shape", "call", "stated"), COUNTS)
def test_counts(shape: str, call: str, stated: str) -> None:
    part = model(shape, f"x: {stated}\n    x = x -> {call}")
    expected = COUNTS[shape, call, stated]
    assert {measure: part.measure(measure).at() for measure in expected} == expected


# Windows one by one ------------------------------------------------------------------------


def covered(side: int, windows: int) -> int:
    """How many elements the windows of an adaptive pool have, as PyTorch's kernels place them."""
    return sum(
        ceil((i + 1) * side / windows) - floor(i * side / windows) for i in range(windows)
    )  # exact: the quotients of small whole numbers round to the right side


SIZES = [(side, windows) for side in range(1, 25) for windows in range(1, 13)]

ADAPTIVE = """\
dim I
dim J
dim P
dim Q

model M(x: [3, I, J]):
    return x -> adaptive_{0}pool2d([P, Q])

model Line(x: [3, I]):
    return x -> adaptive_{0}pool1d(P)

model Volume(x: [I, 2, J, 3]):
    return x -> adaptive_{0}pool3d([1, P, Q])
"""


@cache
def adaptive(kind: str) -> dict[str, Part]:
    file = loads(ADAPTIVE.format(kind))
    return {name: file[name] for name in ("M", "Line", "Volume")}


@pytest.mark.parametrize(("kind", "measure"), [("avg", "add"), ("max", "cmp")])
def test_windows_of_adaptive_pools(kind: str, measure: str) -> None:
    """Sums and maxima over windows that overlap where they do not divide the side."""
    line = adaptive(kind)["Line"].measure(measure)
    for side, windows in SIZES:
        assert line.at(I=side, P=windows) == 3 * (covered(side, windows) - windows)
    formula = adaptive(kind)["M"].measure(measure)
    volume = adaptive(kind)["Volume"].measure(measure)
    for (i, p), (j, q) in zip(SIZES[::7], SIZES[::-7], strict=True):
        assert formula.at(I=i, J=j, P=p, Q=q) == 3 * (covered(i, p) * covered(j, q) - p * q)
        assert volume.at(I=i, J=j, P=p, Q=q) == i * (2 * covered(j, p) * covered(3, q) - p * q)


def test_padding_that_keeps_the_size() -> None:
    """As many windows as TensorFlow's zeros make room for; PyTorch's are the same at stride 1."""
    text = "dim I\ndim K\ndim S\ndim E\n\nmodel M(x: [1, I]):\n"
    text += '    x = x -> conv1d(1, kernel=K, stride=S, dilation=E, padding="same", bias=false)\n'
    macs = loads(text + "    return x\n")["M"].macs
    for side in range(1, 12):
        for kernel in range(1, 6):
            for stride, dilation in ((1, 1), (1, 3), (2, 1), (3, 2)):
                reach = dilation * (kernel - 1) + 1
                zeros = max((ceil(side / stride) - 1) * stride + reach - side, 0)
                windows = len(range(0, side + zeros - reach + 1, stride))
                if stride == 1:
                    assert windows == side
                expected = windows * kernel
                assert macs.at(I=side, K=kernel, S=stride, E=dilation) == expected
