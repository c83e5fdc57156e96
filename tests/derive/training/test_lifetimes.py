"""The peak of a forward pass: closed forms are what a walk through the unrolled model finds."""

from __future__ import annotations

from typing import Any

import pytest

import closedform
from brute import Run
from brute_modules import Scope
from check_brute import of_text, of_zoo, on_random_programs, zoo_module
from closedform.derive.symbolic.unwritten import Alive
from closedform.errors import ClosedformError
from helpers import call, cases

HEAD = """\
op relu_(x: [...]) -> y: [...]:
    cmp = size(x)
    view x

dim N, L, K, X
dim J >= 0

assume K <= X

model M(x: [N]):
    """
CASES = {
    "return x -> gelu -> relu": "8 N",
    "y = x -> gelu\n    return x + y": "12 N",
    "return x -> rearrange(\"n -> n 1\") -> dropout": "4 N",
    "return x -> gelu -> relu_ -> gelu": "8 N",
    "y = x -> relu_\n    return y + x": "8 N",
    "return x -> relu_ -> relu_": "4 N",
    "_y = x -> gelu\n    return x -> relu": "8 N",
    "y = concat(x, x, axis=0)\n    return y -> gelu": "16 N",
    "repeat L:\n        x = x -> gelu -> relu\n    return x": "8 N",
    "y = x\n    repeat L:\n        x = x + (y -> gelu)\n    return x": (
        "12 N [L = 1 or L = 2] + 16 N [L >= 3]"
    ),
    "y = x -> gelu\n    repeat J:\n        y = y -> gelu\n    return x + y": "12 N",
    "choose K of X:\n        x = x -> gelu -> relu\n    return x -> gelu": (
        "4 N ([K >= 2] (K + 1) + 2 [K = 1])"
    ),
    "if L > 4:\n        x = x + (x -> gelu)\n    return x -> gelu": "12 N [L > 4] + 8 N [L <= 4]",
    "for i in 1..L:\n        x = x -> gelu -> relu\n    return x": "8 N",
}  # fmt: skip


@pytest.mark.parametrize(("body", "peak"), CASES.items())
def test_moments(body: str, peak: str) -> None:
    """Each formula as a reader has it, and as the walk finds it."""
    comparison = of_text(HEAD + body + "\n")
    assert str(closedform.loads(HEAD + body + "\n")["M"].measure("peak")) == peak
    for sizes in (
        {"N": 2, "L": 1, "J": 0, "K": 1, "X": 2},
        {"N": 2, "L": 2, "J": 1, "K": 2, "X": 3},
        {"N": 2, "L": 7, "J": 3, "K": 5, "X": 5},
    ):
        walk = comparison.run(sizes, 10**5)
        assert comparison.one("peak", sizes, walk) == "equal"


NOT_WRITTEN_OUT = (
    "alexnet",
    "convnext",
    "densenet",
    "mobilenet_v1",
    "mobilenet_v2",
    "pvt",
    "pvt2",
    "resnet",
    "resnet_basic",
    "resnext",
    "swin",
    "vgg",
    "vgg_bn",
)


@pytest.mark.parametrize("name", cases(("gpt2", "decoding", *NOT_WRITTEN_OUT)))
def test_presets_of_the_zoo(name: str) -> None:
    """What is alive at once in a walk through the unrolled model is that of the formula."""
    module = zoo_module(name)
    for model in module.models()[:1]:
        comparison = of_zoo(name, model)
        for title, bindings in [*module.presets(model).items()][:1]:
            sizes: dict[str, Any] = {}
            for key, value in bindings.items():
                sizes[key] = Run(module, sizes).value(value, Scope(module))
            walk = comparison.run(sizes, 10**7)
            assert comparison.one("peak", sizes, walk, title) == "equal"
        assert comparison.formula("peak").expr.has(Alive) is (name in NOT_WRITTEN_OUT)


@pytest.mark.slow
def test_random_programs() -> None:
    """Fails when a formula is wrong on a program that nobody wrote."""
    seen = on_random_programs("peak", 25)
    assert seen["equal"] > 0.6 * seen.total(), seen


ROUNDS = "y = x -> gelu\n    repeat L:\n        z = y\n        y = x\n        x = z\n"


def test_a_peak_that_is_not_written_out() -> None:
    """Two values that change places begin no two rounds alike: it is found at numbers."""
    text = f"{HEAD}{ROUNDS}    return x + y\n"
    peak = closedform.loads(text)["M"].measure("peak")
    assert str(peak) == "4 alive(L, N)"
    comparison = of_text(text)
    for sizes in (
        {"N": 2, "L": 1, "J": 0, "K": 1, "X": 2},
        {"N": 3, "L": 7, "J": 3, "K": 5, "X": 5},
    ):
        assert comparison.one("peak", sizes, comparison.run(sizes, 10**5)) == "equal"
        assert peak.at(**sizes) == 12 * sizes["N"]


def test_a_report_says_that_it_is_not_written_out() -> None:
    ran = call("derive", "alexnet", "--measure", "peak", "--preset", "AlexNet", "--to", "text")
    for line in (
        "peak = 4 alive(I, F, C)\n    = 1,548,800 (1.55 M) at AlexNet",
        "alive: elements alive at once, at most; not written out, found at numbers",
        "  AlexNet  1,548,800",
    ):
        assert line in ran.out
    chinese = call("derive", "alexnet", "--measure", "peak", "--to", "md", "--lang", "zh").out
    assert "`alive` 是同时存活的元素的最大个数；它不写成公式，只在给定数值时求出。" in chinese
    assert "alive:" not in call("derive", "gpt2", "--measure", "peak", "--to", "text").out


def test_what_is_asked_of_it() -> None:
    """It is swept, compared, claimed and set beside others by its numbers, and has no program."""
    resnet = closedform.zoo("resnet")
    peak = resnet.measure("peak")
    table = resnet.sweep(preset="ResNet-50", I=[224, 256], measures=["peak", "params"])
    assert table.peak.tolist() == [9633792, 12582912]
    assert table.peak.dtype == table.params.dtype == "int64"
    assert table.params.tolist() == [25557032, 25557032]
    alexnet = closedform.zoo("alexnet")
    assert repr(alexnet.measure("peak").overtakes(alexnet.params, "I", F=16, C=10)) == (
        "larger from I = 299 on, checked up to 332"
    )
    assert peak.growth("I", "ResNet-50") == 4
    assert str(peak.subs(I=224)) == "4 alive(L, W, C, 224)"
    assert peak.subs(I=224).at("ResNet-50") == 9633792
    compared = call("compare", "resnet", "resnext", "--measure", "peak").out
    assert "| ResNeXt | ResNeXt-50 32x4d | 9,633,792 (9.63 M) |" in compared
    assert repr(resnet.check("peak == 4*W*I^2")) == (
        "refuted: peak of `ResNet` is 4 alive(L, I, W, C), and the claim says 4 I^2 W\n"
        "    derived minus claimed: 4 (alive(L, I, W, C) - I^2 W)\n"
        "    at C = 1, I = 1, L_1 = 1, L_2 = 1, L_3 = 1, L_4 = 1, W = 1: 384 derived, 4 claimed"
    )
    for ask, says in (
        (lambda: peak.function("I", preset="ResNet-50"), "error[lower]: {}, and has no program"),
        (lambda: peak.elasticity("I"), "error[reason]: {}, and has no derivative"),
    ):
        with pytest.raises(ClosedformError) as caught:
            ask()
        assert str(caught.value) == (
            says.format("how much is alive at once is not written out here")
            + "\n     = help: ask for it at numbers, as at a preset"
        )
