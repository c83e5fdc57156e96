"""Every formula that is printed as LaTeX is read back, and proved to be what was derived."""

from __future__ import annotations

import pytest

from closedform.api import zoo
from closedform.derive.check.printed import unrolled
from closedform.errors import ClosedformError
from closedform.grammar.expressions import show
from closedform.grammar.latex import read_stated

FAST = ["vit", "densenet", "moe", "llama"]


def check_all(name: str) -> int:
    """How many formulas of a model and its blocks are read back."""
    file, read = zoo(name), 0
    for part in file:
        for measure in ("params", "macs"):
            try:
                formula = file[part].measure(measure).latex
            except ClosedformError:  # a block that takes a block has no formula of its own
                continue
            assert file[part].check(formula, measure), f"{part}: {formula}"
            read += 1
    return read


@pytest.mark.parametrize("name", [name for name in FAST if name in zoo()])
def test_formulas_are_read_back(name: str) -> None:
    assert check_all(name) > 3


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in zoo() if name not in FAST])
def test_every_formula_of_the_zoo_is_read_back(name: str) -> None:
    assert check_all(name) > 0


SUMS = {
    r"\sum_{s=1}^{3} L_s D_{s-1}": "L_1*D_0 + L_2*D_1 + L_3*D_2",
    r"\sum_{s=1}^{2} \sum_{t=s}^{2} s D_{t+1}": "(1*D_2 + 1*D_3) + 2*D_3",
    r"\sum_{s=1}^{n} D_s": "sum(s, 1, n, D[s])",
    r"\sum_{s=1}^{5000} s": "sum(s, 1, 5000, s)",
    r"n + \sum_{s=2}^{2} s^2": "n + 2^2",
}


@pytest.mark.parametrize(("text", "expected"), SUMS.items(), ids=list(SUMS))
def test_sums_are_written_out(text: str, expected: str) -> None:
    """Fails when a sum over a list is not written out, or an element has another name."""
    assert show(unrolled(read_stated(text).sides[0])) == expected


@pytest.mark.parametrize("model", ["vit", "gpt2", "resnet", "swin"])
def test_the_sum_of_parts_is_read_back(model: str) -> None:
    """Fails when the braces that name parts are not read, or change what is claimed."""
    file = zoo(model)
    printed = file.macs.by_part().latex
    assert "underbrace" in printed
    assert file.check(printed, "macs").word == "proved"


@pytest.mark.parametrize(
    ("pasted", "read"),
    [
        (r"4hwC^2 + \underbrace{2(hw)^2C}_{\text{scores of heads}}", "4*h*w*C^2 + 2*(h*w)^2*C"),
        (r"\overbrace{\frac{a}{b}}^{x y} c", "a/b*c"),
        (r"\underbrace{2\underbrace{n}_a}_{\mathrm{all}} b", "2*n*b"),
        (r"\underbrace{2n}", "2*n"),
    ],
)
def test_braces_with_names(pasted: str, read: str) -> None:
    assert show(read_stated(pasted, []).sides[0]) == read


def test_a_brace_over_nothing() -> None:
    with pytest.raises(ClosedformError, match=r"`.underbrace` is not expected here"):
        read_stated(r"\underbrace 2n", [])
