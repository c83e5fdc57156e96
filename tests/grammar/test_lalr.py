"""The tables of the parsers: what the build ships is what the grammar says, and the reader of the
language does with them what Lark does."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import Any

import pytest
from lark import Lark, Tree, UnexpectedCharacters, UnexpectedToken

from closedform.errors import ClosedformError, Source
from closedform.grammar import lalr, latex, parser, reader, tree
from closedform.grammar.builder import current_source
from closedform.grammar.lalr import ARCH, LATEX
from closedform.grammar.latex_tokens import Tokens
from closedform.grammar.parser import Indentation, parse
from helpers import PACKAGE, ZOO, programs

PASTED = r"\Omega(\mathrm{MSA}) = 4hwC^2 + \frac{2}{3}\underbrace{(hw)^2C}_{\text{scores}}"
BROKEN = 150


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
    text = lalr.arch_tables(reader.grammar())
    ship.setattr(reader, "shipped", lambda: None)
    made = trees()
    parser._grammar.cache_clear()
    ship.setattr(reader, "shipped", lambda: module_of(text))
    ship.setattr(lalr, "machine", None)  # nothing is made where tables fit
    assert trees() == made


def test_tables_read_latex_as_its_grammar_does(monkeypatch: pytest.MonkeyPatch) -> None:
    text = lalr.tables(LATEX, Tokens.current())
    found = []
    for module in (None, module_of(text)):
        latex._grammar.cache_clear()
        monkeypatch.setattr(lalr, "shipped", lambda grammar, module=module: module)
        found.append(latex.read_stated(PASTED, []))
        monkeypatch.setattr(lalr, "made", None)  # nothing is made where tables fit
    latex._grammar.cache_clear()
    assert found[0] == found[1]


ADVICE = "install the package again: pip install -e '.[test]'"


def test_the_build_ships_tables() -> None:
    """Fails when tables are made at the first use, which takes seconds."""
    found, of_latex = reader.shipped(), lalr.shipped(LATEX)
    assert found is not None, ADVICE
    assert of_latex is not None, ADVICE
    assert reader.digest(reader.grammar()) == found.GRAMMAR, ADVICE
    assert lalr.digest(LATEX.text) == of_latex.GRAMMAR, ADVICE


def test_tables_of_another_grammar_are_not_taken(ship: pytest.MonkeyPatch) -> None:
    other = 'start: "other"\none_claim: "a"'
    text = lalr.arch_tables(other)
    ship.setattr(reader, "shipped", lambda: module_of(text))
    assert parse("dim D").declarations != ()


@cache
def ours() -> reader.Reader:
    return reader.Reader(lalr.machine(reader.grammar()), Generic(), Indentation())


@cache
def larks() -> Lark:
    return lalr.made(ARCH, ARCH.text, Indentation())


class Generic:
    """A builder that gives each rule by its name."""

    def __getattr__(self, name: str) -> Any:
        return lambda parts: (name, parts)


def by_us(text: str) -> Any:
    """What the reader makes of a text, in plain data, or where it stops and what it expects."""
    token = current_source.set(Source("m", text))
    try:
        found = ours().read(text + "\n", "start")
    except reader.UnexpectedToken as error:
        return error.token.type, error.token.start_pos, error.expected
    except reader.UnexpectedCharacter as error:
        return error.place
    except ClosedformError as error:
        return str(error)
    finally:
        current_source.reset(token)
    return plain(found)


def by_lark(text: str) -> Any:
    """The same of Lark."""
    token = current_source.set(Source("m", text))
    try:
        found = larks().parse(text + "\n", start="start")
    except UnexpectedToken as error:
        return error.token.type, error.token.start_pos, error.accepts or error.expected
    except UnexpectedCharacters as error:
        return error.pos_in_stream
    except ClosedformError as error:
        return str(error)
    finally:
        current_source.reset(token)
    return plain(found)


def plain(part: Any) -> Any:
    if isinstance(part, Tree | tuple):
        name, parts = (part.data, part.children) if isinstance(part, Tree) else part
        return str(name), [plain(each) for each in parts]
    return part.type, str(part), part.start_pos, part.end_pos


def mended(text: str, chance: random.Random) -> str:
    """A text with a few pieces taken out, doubled, or put elsewhere."""
    pieces = re.findall(r"\w+|\s+|.", text)
    for _ in range(chance.randint(1, 3)):
        at, to = chance.randrange(len(pieces)), chance.randrange(len(pieces))
        pieces[at] = chance.choice(["", 2 * pieces[at], pieces[to], "?", "("])
    return "".join(pieces)


def test_texts_are_read_as_lark_reads_them() -> None:
    for path in sorted([*ZOO.glob("*.arch"), *PACKAGE.glob("derive/std/*.arch")]):
        text = path.read_text("utf-8")
        assert by_us(text) == by_lark(text)


def test_broken_texts_stop_where_lark_stops() -> None:
    chance = random.Random(1)
    short = [path.read_text("utf-8") for path in sorted(ZOO.glob("*.arch"))]
    texts = [mended(chance.choice(short)[:1500], chance) for _ in range(BROKEN)]
    found = [by_us(text) for text in texts]
    assert found == [by_lark(text) for text in texts]
    stopped = [each for each in found if not isinstance(each, tuple) or each[0] != "start"]
    assert {type(each) for each in stopped} == {int, str, tuple}  # each way to stop was met
