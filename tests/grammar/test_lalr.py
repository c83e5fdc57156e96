"""The tables of the parsers: what the build ships is what the grammar says."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import pytest

from closedform.grammar import lalr, latex, parser, tree
from closedform.grammar.lalr import ARCH, LATEX
from closedform.grammar.latex_tokens import Tokens
from closedform.grammar.parser import Indentation, parse
from helpers import ZOO, programs

PASTED = r"\Omega(\mathrm{MSA}) = 4hwC^2 + \frac{2}{3}\underbrace{(hw)^2C}_{\text{scores}}"


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
    text = lalr.tables(ARCH, Indentation())
    ship.setattr(lalr, "shipped", lambda grammar: None)
    made = trees()
    parser._grammar.cache_clear()
    ship.setattr(lalr, "shipped", lambda grammar: module_of(text))
    ship.setattr(lalr, "_made", None)  # nothing is made where tables fit
    assert trees() == made


def test_tables_read_latex_as_its_grammar_does(monkeypatch: pytest.MonkeyPatch) -> None:
    text = lalr.tables(LATEX, Tokens.current())
    found = []
    for module in (None, module_of(text)):
        latex._grammar.cache_clear()
        monkeypatch.setattr(lalr, "shipped", lambda grammar, module=module: module)
        found.append(latex.read_stated(PASTED, []))
        monkeypatch.setattr(lalr, "_made", None)  # nothing is made where tables fit
    latex._grammar.cache_clear()
    assert found[0] == found[1]


@pytest.mark.parametrize("grammar", [ARCH, LATEX], ids=lambda grammar: grammar.file)
def test_the_build_ships_tables(grammar: lalr.Grammar) -> None:
    """Fails when tables are made at the first use, which takes seconds."""
    found = lalr.shipped(grammar)
    advice = "install the package again: pip install -e '.[test]'"
    assert found is not None, advice
    assert lalr.digest(grammar.text) == found.GRAMMAR, advice


def test_tables_of_another_grammar_are_not_taken(ship: pytest.MonkeyPatch) -> None:
    other = 'start: "other"\none_claim: "a"\nsome_conditions: "b"'
    text = lalr.tables(ARCH, Indentation(), other)
    ship.setattr(lalr, "shipped", lambda grammar: module_of(text))
    assert parse("dim D").declarations != ()
