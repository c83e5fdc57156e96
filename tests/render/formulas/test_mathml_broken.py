"""Formulas broken for a phone: nothing is lost, and no line that can be broken is too wide."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings

from closedform import formula as w
from closedform.projects import open_project, report_of
from closedform.render.formulas.mathml import mathml
from closedform.render.formulas.mathml_broken import broken
from closedform.render.formulas.mathml_lines import equals_narrow, narrow
from helpers import cases
from trees import written

A, B, C, D = (w.Symbol(name) for name in "abcd")


def text(*contents: str) -> str:
    """The signs of elements; what joins factors is not looked at."""
    (root,) = [ElementTree.fromstring(f"<mrow>{''.join(contents)}</mrow>")]
    return re.sub("[\u2062⋅]", "", "".join(root.itertext()))


def lines(node: w.Written, line: float) -> list[str]:
    return [text(row) for row in broken(node, line)]


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(written)
def test_nothing_is_lost(node: w.Written) -> None:
    for line in (4.0, 15.0):
        assert text(*broken(node, line)) == text(mathml(node))


def test_where_a_line_ends() -> None:
    """Fails when a line is broken in a product before its bracket is, or goes on behind one."""
    inner = w.Sum((w.Product((w.Number(2), A, B)), w.Product((w.Number(-1), C)), D))
    node = w.Sum((w.Product((A, B, inner)), w.BigSum("s", w.Number(1), A, inner), C))
    assert lines(node, 99.0) == ["ab(2ab−c+d)+∑s=1a(2ab−c+d)+c"]
    assert lines(node, 9.0) == ["ab(2ab−c+d)", "+∑s=1a(2ab", "−c+d)", "+c"]
    assert lines(node, 8.0) == ["ab(2ab−c", "+d)", "+∑s=1a(2ab", "−c+d)", "+c"]
    factors = w.Product(tuple(w.Symbol(name * 3) for name in "abc"))
    assert [row.count("⋅") for row in broken(factors, 3.0)] == [0, 1, 1]


@pytest.mark.parametrize("name", cases(["pvt", "densenet", "vit"]))
def test_formulas_of_the_zoo_have_narrow_lines(name: str) -> None:
    for row in report_of(open_project(name)).formulas:
        found = narrow("MACs", row.formula)
        assert found is not None
        assert found.count("<mtr>") > 1
        assert found.count('alttext="MACs = ') == 1


def test_what_fits_is_not_written_twice() -> None:
    assert narrow("MACs", w.Sum((A, B))) is None
    assert equals_narrow(w.Sum((A, B))) is None
    assert (equals_narrow(w.Sum((A, B) * 5)) or "").count("<mtr>") == 2
