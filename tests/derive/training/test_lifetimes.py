"""The peak of a forward pass: closed forms are what a walk through the unrolled model finds."""

from __future__ import annotations

from typing import Any

import pytest

import closedform
from brute import Run
from brute_modules import Scope
from check_brute import of_text, of_zoo, on_random_programs, zoo_module
from closedform.errors import ClosedformError

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


@pytest.mark.parametrize("name", ["gpt2", "decoding"])
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


@pytest.mark.slow
def test_random_programs() -> None:
    """Fails when a formula is wrong on a program that nobody wrote."""
    seen = on_random_programs("peak", 25)
    assert seen["equal"] > 0.6 * seen.total(), seen


def test_a_peak_without_a_closed_form_is_refused() -> None:
    """Two values that change places begin no two rounds alike."""
    rounds = "y = x -> gelu\n    repeat L:\n        z = y\n        y = x\n        x = z\n"
    with pytest.raises(ClosedformError) as caught:
        _ = closedform.loads(f"{HEAD}{rounds}    return x + y\n")["M"].measure("peak").expr
    assert str(caught.value) == (
        "<text>:12:5: error[peak]: the peak of this body has no closed form: its rounds are not "
        "alike\n  12 |     repeat L:\n     |     ^^^^^^^^^\n"
        "     = help: ask for the peak of its body, or of the block in it, by itself"
    )
