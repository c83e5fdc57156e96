"""The tables of the parser: what the build ships is what the grammar says."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from types import ModuleType

import pytest

from closedform.grammar import lalr, parser, tree
from closedform.grammar.parser import Indentation, parse
from helpers import ZOO, programs

GRAMMAR = files("closedform.grammar").joinpath("arch.lark").read_text("utf-8")


@pytest.fixture
def ship(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Makes the parser anew in a test, and after it."""
    parser._grammar.cache_clear()
    yield monkeypatch
    monkeypatch.undo()
    parser._grammar.cache_clear()


def module_of(text: str) -> ModuleType:
    module = ModuleType("tables")
    exec(text, module.__dict__)
    return module


def trees() -> list[tree.File]:
    return [parse(path.read_text("utf-8"), path.name) for path in programs(ZOO, 20)]


def test_tables_parse_as_the_grammar_does(ship: pytest.MonkeyPatch) -> None:
    text = lalr.tables(GRAMMAR, Indentation())
    ship.setattr(lalr, "shipped", lambda: None)
    made = trees()
    parser._grammar.cache_clear()
    ship.setattr(lalr, "shipped", lambda: module_of(text))
    ship.setattr(lalr, "_made", None)  # nothing is made where tables fit
    assert trees() == made


def test_the_build_ships_tables() -> None:
    assert lalr.shipped() is not None, "install the package again: pip install -e '.[test]'"


def test_tables_of_another_grammar_are_not_taken(ship: pytest.MonkeyPatch) -> None:
    text = lalr.tables('start: "other"\none_claim: "a"\nsome_conditions: "b"', Indentation())
    ship.setattr(lalr, "shipped", lambda: module_of(text))
    assert parse("dim D").declarations != ()
