"""Formulas that are pasted as LaTeX: what they are read as, and what is said of what is not."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import pytest
from hypothesis import given, settings

from closedform import formula as w
from closedform.errors import ClosedformError
from closedform.grammar.expressions import show
from closedform.grammar.latex import read_map, read_stated
from closedform.grammar.tree import Call, Index, Name, Number, Power, Product, Sum
from closedform.render.formulas.latex import broken, latex
from plain_reader import Inexact
from tree_values import value
from trees import VALUES, every_tree, worth, written


def read(text: str, *words: str) -> str:
    """The one side of a formula, as the language writes it."""
    stated = read_stated(text, words)
    (side,) = stated.sides
    return show(side)


# What is printed is read back ----------------------------------------------------------------


def misread(trees: Iterable[w.Written], lines: bool) -> str | None:
    """The first printed formula that is not worth what its tree is worth, if there is one."""
    for node in trees:
        expected = worth(node)
        if expected is None:
            continue
        text = " \\\\\n &".join(broken(node, 60.0)) if lines else latex(node)
        text = rf"\left[{text}\right]"  # a formula that is a condition is no claim
        try:
            (side,) = read_stated(text).sides
            found = value(side, VALUES)
        except (ClosedformError, Inexact) as error:
            return f"{text} has no value: {error}"
        if found != expected:
            return f"{text} is {found}, not {expected}"
    return None


@pytest.mark.parametrize("lines", [False, True])
def test_every_node_in_every_place_is_read_back(lines: bool) -> None:
    """Fails when something that is printed as LaTeX is not read, or as something else."""
    assert misread(every_tree(2), lines) is None


@pytest.mark.parametrize("lines", [False, True])
@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(written)
def test_random_formulas_are_read_back(lines: bool, node: w.Written) -> None:
    assert misread([node], lines) is None
