"""What a notebook shows of a model: it is whole, and in the colours of the page around it."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

import html5lib

import closedform as cf
from closedform.explore import show
from pages import SVG, XHTML

OURS = ("#2f6fb3", "#d07c28", "#3b8f83", "#a8528a", "#7f8a33", "#6f63b5", "#98684a", "#8b949e")


def shown(model: cf.Part) -> Element:
    parser = html5lib.HTMLParser(strict=True)
    return parser.parseFragment(model._repr_html_())


def test_a_model_has_its_drawing_and_its_parts_folded() -> None:
    found = shown(cf.zoo("vit"))
    titles = [summary.text for summary in found.iter(f"{XHTML}summary")]
    blocks = ["Inside EncoderLayer", "Inside SelfAttention", "Inside MLP"]
    assert titles == ["Drawing", *blocks, "Parts"]
    svg, *opened = found.iter(f"{SVG}svg")
    assert len(opened) == len(blocks)
    about = (
        "Architecture of ViT. The parts of ViT from the input down, with the MACs of one of each, "
        "and bars of what all of it costs at ViT-Ti/16."
    )
    assert (svg.get("role"), svg.get("aria-label")) == ("img", about)
    names = {text.text for text in svg.iter(f"{SVG}text") if text.get("class") == "name"}
    assert {"EncoderLayer", "SelfAttention", "MLP"} <= names


def test_two_models_in_a_notebook_do_not_meet() -> None:
    """Fails when an id of one is that of another, or a rule reaches pictures of others."""
    found = shown(cf.zoo("vit"))
    assert not [element for element in found.iter() if element.get("id")]
    rules = "\n".join(style.text or "" for style in found.iter(f"{XHTML}style"))
    selectors = [s.strip() for part in re.findall(r"([^{}]+)\{", rules) for s in part.split(",")]
    assert selectors
    assert [s for s in selectors if not s.startswith(".closedform")] == []


def test_colours_are_those_of_the_page() -> None:
    """Fails when something asks the system whether it is dark, or has ink or paper of its own."""
    html = cf.zoo("vit")._repr_html_()
    assert "prefers-color-scheme" not in html
    assert "color-scheme" not in html
    assert "var(--" not in html
    assert set(re.findall(r"#[0-9a-f]{6}\b", html)) - {*OURS} == {"#ffffff"}
    assert html.count("#ffffff") == 1  # `.inside`, of a bar that a drawing has not


def test_a_formula_stands_there_once() -> None:
    """Fails when a cell has the lines of a phone too, which only the style of a page hides."""
    html = cf.zoo("pvt")._repr_html_()
    assert html.count('alttext="MACs = ') == html.count('alttext="params = ') == 1


def test_an_operation_has_no_drawing() -> None:
    file = cf.loads("dim N, D\n\nmodel M(x: [N, D]):\n    return x\n")
    assert list(shown(file).iter(f"{XHTML}summary")) == []
    assert "details" not in file._repr_markdown_()
    assert "tabular" not in file._repr_latex_()


def test_parts_in_markdown_and_latex() -> None:
    """Fails when a model has its parts in HTML alone, or a table is no Markdown in its fold."""
    block = cf.zoo("vit")["MLP"]
    assert block._repr_markdown_().endswith(
        "| linear | $1$ | $d\\, \\mathrm{hidden} + d$ | $d\\, \\mathrm{hidden}$ |\n\n</details>\n"
    )
    fold = "\n<details><summary>Parts</summary>\n\n| part | times | params of one | macs of one |\n"
    assert fold in block._repr_markdown_()
    assert "\\bottomrule" in block._repr_latex_()


def test_a_long_formula_is_broken_in_a_table() -> None:
    """Fails when the parts of a model have a column that is wider than a cell of a notebook."""
    macs = cf.zoo("pvt").macs
    assert "<mtable" in show.html_table(("macs",), [(macs,)])
    assert "<mtable" not in show.html_table(("macs",), [(cf.zoo("vit")["MLP"].macs,)])
