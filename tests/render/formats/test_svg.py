"""The drawing as a file of its own: whole by itself, in the colours of its page."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

import closedform as cf
from closedform.choices import LANGUAGES
from closedform.projects import open_project, report_of
from closedform.render.formats.svg import style
from helpers import call
from pages import SVG


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", ["vit", "pvt"])
def test_a_drawing_is_that_of_the_page(name: str, lang: str) -> None:
    """Fails when a drawing alone has other shapes or words than the one in the page."""
    alone = cf.zoo(name).report("svg", lang)
    root = ElementTree.fromstring(alone)
    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title")
    content = re.sub(r"<style>.*?</style>", "", alone, flags=re.S).split("</desc>")[1].strip()
    assert content in cf.zoo(name).report("html", lang)


def test_it_needs_nothing_else() -> None:
    """Fails when a drawing refers to something outside, or to a colour that it does not state."""
    text = cf.zoo("vit").report("svg")
    for word in ("var(", "url(", "@import", "href", "<script"):
        assert word not in text
    assert text.count("http") == 1  # of the namespace


def test_both_schemes_are_there() -> None:
    """Fails when the dark colours are not those of the pages, or stand outside their scheme."""
    told = style(report_of(open_project("vit")))
    light, dark = told.split("@media (prefers-color-scheme: dark) {\n", 1)
    assert "svg text { fill: #1d2329; }" in light
    assert "svg text { fill: #e3e7eb; }" in dark
    assert told.count("{") == told.count("}")


def test_a_suffix_chooses_it(tmp_path: Path) -> None:
    assert call("derive", "vit", "-o", "vit.svg", folder=tmp_path).code == 0
    assert (tmp_path / "vit.svg").read_text("utf-8") == cf.zoo("vit").report("svg")


def test_what_has_no_parts_says_so() -> None:
    root = ElementTree.fromstring(
        cf.loads("block B(x: [n]):\n    return x -> relu\n").report("svg")
    )
    assert ["".join(text.itertext()) for text in root.iter(f"{SVG}text")] == [
        "part, and the MACs of one",
        "No part of it costs anything.",
    ]


def test_names_that_are_long_keep_their_room() -> None:
    """Fails when a name, a badge or a shape is wider than the box or column that it stands in."""
    long = "num_key_value_heads_of_the_attention_of_a_layer_of_the_decoder"
    file = cf.loads(
        f"dim {long} = 8\n\nblock {'Long' * 30}(x: [n, d]):\n    return x -> linear(d)\n\n"
        f"model M(x: [{long}, {long}]):\n    repeat {long}:\n"
        f"        x = x -> {'Long' * 30}\n    return x\n\n"
        f'preset "{"p" * 60}": {long}=4\n'
    )
    texts = list(ElementTree.fromstring(file.report("svg")).iter(f"{SVG}text"))
    kinds = {text.get("class") for text in texts if text.get("textLength")}
    assert kinds == {"name", "note", "shape"}
    assert all(float(text.get("textLength", 0)) < 600 for text in texts)
    shapes = ["".join(t.itertext()) for t in texts if t.get("class") == "shape"]
    assert len(shapes) == 2  # a shape with no room in a line has two
