"""The templates that the build compiles: they say what those do that are compiled at the start."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import jinja2
import pytest

from closedform.render.markup import shipped, templating
from helpers import call

OF_ONE = ("derive", "vit", "--preset", "ViT-B/16", "--claims", "--kinds", "--to")


@pytest.fixture
def ship(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Takes templates anew in a test, and after it."""
    templating._environment.cache_clear()
    yield monkeypatch
    monkeypatch.undo()
    templating._environment.cache_clear()


def test_the_build_ships_every_template() -> None:
    """Fails when templates are compiled at each start."""
    keys = {shipped.key(name, shipped.text_of(name)) for name in shipped.names()}
    assert keys == shipped.shipped().keys(), "install the package again: pip install -e '.[test]'"


@pytest.mark.parametrize("to", ["md", "tex", "text", "html", "typst"])
def test_they_say_what_the_texts_say(to: str, ship: pytest.MonkeyPatch) -> None:
    module = ModuleType("made")
    exec(shipped.module_of(), module.__dict__)
    ship.setattr(shipped, "shipped", dict)
    made = call(*OF_ONE, to)
    templating._environment.cache_clear()
    ship.setattr(shipped, "shipped", lambda: module.TEMPLATES)
    ship.setattr(jinja2.Environment, "compile", None)  # nothing is compiled where they fit
    assert made.code == 0
    assert call(*OF_ONE, to) == made


def test_a_template_that_has_changed_is_compiled(ship: pytest.MonkeyPatch) -> None:
    ship.setattr(shipped, "text_of", lambda name: "changed: << report.title >>\n")
    assert call("derive", "vit", "--to", "md").out == "changed: ViT\n"


def test_each_format_writes_the_values(ship: pytest.MonkeyPatch) -> None:
    """A constant is written by the format that fills in, and not by the build."""
    ship.setattr(shipped, "names", lambda: ["one.j2"])
    ship.setattr(shipped, "text_of", lambda name: "<< 'a&b' >>")
    module = ModuleType("made")
    exec(shipped.module_of(), module.__dict__)
    ship.setattr(shipped, "shipped", lambda: module.TEMPLATES)
    found = [
        shipped.environment(write).get_template("one.j2").render()
        for write in (str, lambda value: value.replace("&", "&amp;"))
    ]
    assert found == ["a&b", "a&amp;b"]
