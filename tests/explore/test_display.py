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
    told = re.findall(r"([^{}]+)\{", re.sub(r"@media [^{]*\{", "", rules))
    selectors = [s.strip() for part in told for s in part.split(",")]
    assert selectors
    assert [s for s in selectors if not s.startswith(".closedform")] == []


def test_symbols_have_their_defaults() -> None:
    """Fails when a form lacks what the text has."""
    macs = cf.zoo("vit").macs
    html = re.sub(r"<math.*?alttext=\"(.*?)\".*?</math>", r"\1", macs._repr_html_())
    assert "<li>I<span>image side, pixels; default 224</span></li>" in html
    assert "<li>F<span>hidden width of the MLP; default 4 D</span></li>" in html
    assert "<li>H<span>attention heads</span></li>" in html
    for form in (macs._repr_markdown_(), macs._repr_latex_()):
        assert (
            "$I$ (image side, pixels; default $224$), $P$ (patch side, pixels; default $16$), "
            "$D$ (embedding width), $H$ (attention heads), $L$ (encoder depth), $F$ (hidden width "
            "of the MLP; default $4\\, D$), $C$ (classes; default $1000$)."
        ) in form


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
    assert show.html_table(("macs",), [(macs,)]).count("<mtr>") == 2
    assert show.html_table(("macs", "params"), [(macs, macs)]).count("<mtr>") == 2 * 4
    assert "<mtable" not in show.html_table(("macs",), [(cf.zoo("vit")["MLP"].macs,)])


def test_a_comparison_and_changes_are_typeset_without_scripts() -> None:
    """Fails when a page without scripts shows the LaTeX of a comparison, or less than Markdown."""
    vit, pvt = cf.zoo("vit"), cf.zoo("pvt")
    blocks = {"names": ["n", "d"], "measures": ["macs"], "when": "r > 1, n == side^2, r | side"}
    cases = [
        cf.compare(vit["SelfAttention"], pvt["SRA"], **blocks),
        cf.compare(vit, pvt, names=["N", "D"], presets=["ViT-B/16", "PVT-Small"]),
        cf.diff(cf.loads("dim N\n\nmodel M(x: [N]):\n    return x -> linear(N)\n"),
                cf.loads("dim N\n\nassume 2 | N\n\nmodel M(x: [N]):\n    return x -> linear(2*N)\n"
                         "\npreset \"P\": N=4\n")),
    ]  # fmt: skip
    for shown in cases:
        fragment = html5lib.HTMLParser(strict=True).parseFragment(shown._repr_html_())
        markdown = shown._repr_markdown_()
        text = "".join(fragment.itertext())
        assert "$" not in text
        formulas = len(re.findall(r"\$\S[^$]*\$", markdown))
        assert len(list(fragment.iter("{http://www.w3.org/1998/Math/MathML}math"))) == formulas > 3
        tables = len(re.findall(r"^\|-", markdown, re.MULTILINE))
        assert len(list(fragment.iter(f"{XHTML}table"))) == tables > 0
        assert len(list(fragment.iter(f"{XHTML}li"))) == len(re.findall("^- ", markdown, re.M))


def test_a_formula_without_a_name_stands_in_a_display() -> None:
    """Fails when a ratio is as small as in a line of text, or a long one is not broken."""
    vit, pvt = cf.zoo("vit"), cf.zoo("pvt")
    ratio = vit.macs / vit.params
    assert '<math xmlns="http://www.w3.org/1998/Math/MathML" display="block" alttext="(2 L T D' in (
        ratio._repr_html_()
    )
    long = 3 * pvt.macs + pvt.params
    assert '<mtable displaystyle="true" columnalign="left">' in long._repr_html_()
    assert "$$\n\\begin{aligned}[t]&" in long._repr_markdown_()
    assert "\\[\n\\begin{aligned}[t]&" in long._repr_latex_()


def test_what_stands_below_a_formula_is_in_sentences() -> None:
    """Fails when `where` has no end, or begins within what is not expressed."""
    macs = cf.zoo("vit").macs.in_terms_of("N", "D", "L")
    closing = "$C$ (classes; default $1000$).\n\nNot expressed in N, D, L: P, F, C.\n"
    assert closing in macs._repr_latex_()
    assert closing in macs._repr_markdown_().replace("\n\n\n", "\n\n")


def test_rules_have_formulas_in_their_cells() -> None:
    """Fails when a table shows a formula as text, with `^` for its powers."""
    attention = cf.zoo("vit").part("EncoderLayer.SelfAttention").macs
    regions = attention.regions("T", "ViT-B/16")
    assert "| $1536\\, T^{2}$ | 1,536 |  |" in regions._repr_markdown_()
    rulings = cf.zoo("vit")["SelfAttention"].macs.rulings("n")
    assert "| $2\\, n^{2}\\, d$ | $2\\, d$ |  |" in rulings._repr_markdown_()
