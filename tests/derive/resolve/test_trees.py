"""Trees of the standard library that the build ships are what its files are parsed to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from closedform.derive.resolve import trees
from closedform.grammar import parse, tree
from helpers import GOOD, PACKAGE, names, programs

LIBRARY = programs(PACKAGE / "derive" / "std", 4)


def places(part: object) -> Iterator[tuple[str, Any]]:
    """The kind and the place of every node."""
    if isinstance(part, tree.Node):
        yield type(part).__name__, part.span
        for field in fields(part):
            yield from places(getattr(part, field.name))
    elif isinstance(part, tuple):
        for each in part:
            yield from places(each)


def made(text: str, title: str, monkeypatch: pytest.MonkeyPatch) -> tree.File:
    """The tree of a text as the build would ship it; nothing is parsed."""
    module = ModuleType("made")
    exec(trees.module_of({"name": text}), module.__dict__)
    with monkeypatch.context() as patched:
        patched.setattr(trees, "shipped", lambda: module)
        patched.setattr(trees, "parse", None)
        return trees.parsed(text, title)


@pytest.mark.parametrize("path", LIBRARY, ids=names(LIBRARY))
def test_the_build_ships_the_library(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when the package has to be installed again, for its files or its grammar changed."""
    text, title = path.read_text("utf-8"), f"std/{path.name}"
    parsed = parse(text, title)
    with monkeypatch.context() as patched:
        patched.setattr(trees, "parse", None)
        shipped = trees.parsed(text, title)
    assert shipped == parsed
    assert list(places(shipped)) == list(places(parsed))


def test_every_tree_can_be_shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when a kind of node loses a field or its place."""
    for path in programs(GOOD, 40)[::4]:
        text, title = path.read_text("utf-8"), f"std/{path.name}"
        shipped, parsed = made(text, title, monkeypatch), parse(text, title)
        assert shipped == parsed
        assert list(places(shipped)) == list(places(parsed))


def test_another_text_is_parsed() -> None:
    """Fails when a file of std that was changed is taken as it was before, or one of a user is."""
    text = LIBRARY[0].read_text("utf-8") + "\n\nlet x = 1\n"
    assert trees.parsed(text, f"std/{LIBRARY[0].name}") == parse(text)
    wrong = "dim D D\n"
    with pytest.raises(Exception, match=r"error\[syntax\]"):
        trees.parsed(wrong, "std/wrong.arch")


def test_what_cannot_be_written_is_no_tree() -> None:
    assert trees.written((Fraction(1, 3), True, None, "a")) == "(Fraction(1, 3), True, None, 'a', )"
    with pytest.raises(TypeError, match=r"a tree with 0\.5 cannot be written"):
        trees.written(0.5)
