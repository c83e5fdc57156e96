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
