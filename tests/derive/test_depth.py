"""The longest chain of operations: closed forms are the counts of a walk, or are refused."""

from __future__ import annotations

from typing import Any

import pytest

import closedform
from brute import Run
from brute_modules import Scope
from check_brute import of_text, of_zoo, on_random_programs, zoo_module
from closedform.errors import ClosedformError
from helpers import call, cases, examples

FILES = (
    "llama",
    "gpt2",
    "swin",
    "recurrent",
    "densenet",
    "pvt",
    "resnet",
    "fastformer",
    "decoding",
)


@pytest.mark.parametrize("name", cases(FILES))
def test_presets_of_the_zoo(name: str) -> None:
    """The longest chain of a walk through the unrolled model is that of the formula."""
    module = zoo_module(name)
    for model in module.models():
        comparison = of_zoo(name, model)
        for title, bindings in [*module.presets(model).items()][:2]:
            sizes: dict[str, Any] = {}
            for key, value in bindings.items():
                sizes[key] = Run(module, sizes).value(value, Scope(module))
            walk = comparison.run(sizes, 10**7)
            assert comparison.one("depth", sizes, walk, title) == "equal"


CASES = {
    "return x -> gelu -> relu": "2",
    "y = x -> gelu\n    return x + y": "2",
    "return x -> rearrange(\"n -> 1 n\") -> dropout": "0",
    "repeat L:\n        x = x -> gelu -> relu\n    return x": "2 L",
    "y = x\n    repeat L:\n        y = x -> gelu -> relu\n    return y": "2",
    "y = x -> gelu -> relu\n    repeat L:\n        x = x + (y -> gelu)\n    return x": "L + 3",
    "repeat J:\n        x = x -> gelu -> relu\n    return x -> gelu": "2 J + 1",
    "choose K of X:\n        x = x -> gelu -> relu\n    return x -> gelu": "3",
    "choose 0 of 2:\n        _y = x -> gelu -> relu\n    return x -> gelu": "1",
    "if L > 4:\n        x = x -> gelu -> relu\n    return x -> gelu": "2 [L > 4] + 1",
    "for i in 1..L:\n        x = x -> gelu -> relu\n    return x": "2 L",
}  # fmt: skip
HEAD = "dim N, L, K, X\ndim J >= 0\n\nassume K <= X\n\nmodel M(x: [N]):\n    "


@pytest.mark.parametrize(("body", "depth"), CASES.items())
def test_chains(body: str, depth: str) -> None:
    """Each formula as a reader has it, and as the walk counts it."""
    comparison = of_text(HEAD + body + "\n")
    assert str(comparison.formula("depth")) == depth
    for sizes in (
        {"N": 2, "L": 1, "J": 0, "K": 1, "X": 2},
        {"N": 2, "L": 7, "J": 3, "K": 2, "X": 2},
    ):
        walk = comparison.run(sizes, 10**5)
        assert comparison.one("depth", sizes, walk) == "equal"


def test_what_is_assumed_tells_chains_apart() -> None:
    """Rounds that may be none: without them the chain would be longer only where J is above L."""
    rounds = "repeat J:\n        x = x -> gelu -> relu\n    "
    rounds += "repeat L - J:\n        x = x -> gelu -> relu -> gelu\n    "
    text = f"dim N, J, L\n\nassume J <= L\n\nmodel M(x: [N]):\n    {rounds}return x -> relu\n"
    assert str(of_text(text).formula("depth")) == "3 L - J + 1"
    deepseek = closedform.zoo("decoding")["DeepSeekV2"].measure("depth")
    assert str(deepseek) == "19 L - J + 3"


@pytest.mark.parametrize("many", examples(12, 30))
def test_random_programs(many: int) -> None:
    """Fails when a formula is wrong on a program that nobody wrote."""
    seen = on_random_programs("depth", many)
    assert "refused" not in seen
    assert seen["equal"] > 0.7 * seen.total(), seen


def test_a_chain_without_a_closed_form_is_refused() -> None:
    """Two values that change places go through the rounds in two ways."""
    rounds = "y = x\n    repeat L:\n        z = y -> gelu\n        y = x\n        x = z\n"
    text = f"{HEAD}{rounds}    return x + y\n"
    with pytest.raises(ClosedformError) as caught:
        _ = closedform.loads(text).measure("depth").expr
    assert str(caught.value) == (
        "<text>:8:5: error[depth]: the depth of this body has no closed form: what it carries goes "
        "through its rounds in several ways\n   8 |     repeat L:\n     |     ^^^^^^^^^\n"
        "     = help: ask for the depth of its body, or of the block in it, by itself"
    )


def test_it_is_told_in_no_steps() -> None:
    ran = call("derive", "gpt2", "--measure", "depth", "--steps")
    assert (ran.code, ran.out, ran.err) == (
        2,
        "",
        "error[measure]: `depth` is no sum over operations, and is not told step by step\n"
        "     = help: ask for the formula alone, without --steps\n",
    )
    assert "depth = 13 L + 4" in call("derive", "gpt2", "--measure", "depth", "--to", "text").out
