"""Conditions under which a refuted equation would hold."""

from typing import NoReturn

import pytest
import sympy

from closedform.derive.assume.knowledge import Knowledge
from closedform.derive.symbolic.symbols import size_symbol
from closedform.reason.assumptions import holding_where

I = size_symbol("I")  # noqa: E741


def test_no_proof_is_tried_where_numbers_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when a proof is tried under conditions that hold at sizes which were seen to differ."""

    def asked(*_: object) -> NoReturn:
        raise AssertionError("a proof was tried")

    monkeypatch.setattr(Knowledge, "equal", asked)
    derived = sympy.floor(I / 2) + sympy.ceiling(I / 3) + 1
    assert holding_where(Knowledge(), derived, I, {I: sympy.Integer(5)}) == ()


def test_the_fewest_conditions_are_found() -> None:
    """Fails when conditions are told that are not needed, or none are found."""
    derived = sympy.floor(I / 2) + sympy.floor(I / 3)
    found = holding_where(Knowledge(), derived, I / 2 + sympy.floor(I / 3), {I: sympy.Integer(5)})
    assert list(map(str, found)) == ["2 | I"]
