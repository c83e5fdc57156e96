"""Derivations as pages: well formed, whole by themselves, each step beside its reason."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

import closedform as cf
from closedform import formula as w
from closedform.derive.measures.lookup import measure
from closedform.projects import open_project
from closedform.render.formats import derivation_in
from closedform.render.formulas.mathml_lines import equals, shapes
from closedform.render.report.derivation import DerivationView, derivation_view
from helpers import ZOO, call, cases, programs
from pages import XHTML, assert_safe, read, shown

FILES = cases(programs(ZOO, 20), {"vit", "recurrent"})
MLP = """\
block MLP(x: [n, d], hidden):
    \"\"\"Two maps.\"\"\"
    return x -> linear(hidden) -> gelu -> linear(d)
"""
PAGE = f"""\
MLP: MACs, step by step
Two maps.
Derived from <text>: multiply-accumulates of every product and convolution, attention included.
Block MLP (line 1)
Two maps.
Given x of shape [n, d].
linear (line 3): Affine map of the last axis.
[n, d] -> [n, hidden]
return x -> linear(hidden) -> gelu -> linear(d)
  MACs(linear) | = size(x) out | definition of linear, line 3 of std/layers.arch
   | = n d hidden | size(x) = n d, out = hidden
linear (line 3)
[n, hidden] -> [n, d]
return x -> linear(hidden) -> gelu -> linear(d)
  MACs(linear) | = n d hidden | size(x) = n hidden, out = d
Nothing is added by gelu (line 3).
Together:
  MACs(MLP) | = n d hidden + n d hidden | the sum of its operations
   | = 2 n d hidden | simplified
What this rests on
No assumption was needed.
Convention macs: multiply-accumulates of every product and convolution, attention included. \
Not counted: linear (add), gelu.
Derived from <text> by closedform {cf.__version__}, convention macs.
"""


def view(name: str = "vit", preset: str | None = None) -> DerivationView:
    project = open_project(name)
    return derivation_view(project, project.part(None), measure("macs"), preset)


def text_of(root: ElementTree.Element) -> str:
    """A page line by line; the steps of a derivation as rows."""
    lines = []
    main = root.find(f".//{XHTML}main")
    assert main is not None
    for element in main.iter():
        tag, kind = element.tag.rpartition("}")[2], element.get("class")
        if kind == "steps":
            cells = [shown(cell) for cell in element]
            rows = [cells[at : at + 3] for at in range(0, len(cells), 3)]
            lines += ["  " + " | ".join(row) for row in rows]
        elif tag in ("h1", "h2", "p", "pre", "footer") or kind == "signature":
            lines.append(" ".join(shown(element).split()))
        elif kind == "part" and element[0].tag.endswith("h3"):
            lines.append(shown(element).split("\n")[0])
    return "\n".join(lines) + "\n"


def test_a_derivation_as_a_whole() -> None:
    root = read(cf.loads(MLP)["MLP"].derivation(to="html"))
    assert text_of(root) == PAGE


@pytest.mark.parametrize("path", FILES)
def test_pages_of_the_zoo(path: Path) -> None:
    """Fails when a page is not well formed, loads something, or lacks a step of the derivation."""
    project = open_project(str(path))
    for entity in project.parts():
        for name in ("macs", "params"):
            told = derivation_view(project, entity, measure(name))
            root = read(derivation_in("html")(told))
            assert_safe(root)
            assert root.get("lang") == "en"
            heading = measure(name).heading
            assert root.findtext(f".//{XHTML}h1") == f"{entity.name}: {heading}, step by step"
            shown_steps = len(root.findall(f".//{XHTML}div[@class='right']"))
            assert shown_steps == sum(
                len(passage.steps)
                + len(passage.uses)
                + sum(len(part.steps) for part in passage.parts)
                for passage in told.passages
            )


def test_the_numbers_of_a_preset() -> None:
    root = read(derivation_in("html")(view(preset="ViT-B/16")))
    assert "Numbers: ViT-B/16\n" in text_of(root)
    assert "= 17563828224 |" in text_of(root)


def test_pages_in_chinese() -> None:
    root = read(cf.zoo("pvt").derivation("macs", "PVT-Small", "html", "zh"))
    assert root.get("lang") == "zh"
    for word in ("逐步推导", "化简", "合计", "记号", "假设与计数约定"):
        assert word in text_of(root)


def test_the_command_line_writes_pages(tmp_path: Path) -> None:
    assert call("derive", "vit", "--steps", "-o", "vit.html", folder=tmp_path).code == 0
    page = (tmp_path / "vit.html").read_text("utf-8")
    assert page == cf.zoo("vit").derivation(to="html")


def test_a_page_has_the_look_of_a_report() -> None:
    """Fails when the style of one page is not that of the other."""
    pages = [read(cf.zoo("vit").report("html")), read(cf.zoo("vit").derivation(to="html"))]
    one, other = [page.findtext(f".//{XHTML}style") for page in pages]
    assert one == other


@pytest.mark.parametrize(
    "text",
    [
        "</script><img onerror=...>",
        "50% & #1_ $x$",
        "\\input{/etc/passwd}",
        "{{ 7*7 }} << report >> <% raw %>",
        "</style><svg onload=1>",
    ],
)
def test_hostile_texts_stay_texts(text: str) -> None:
    told = view()
    passages = tuple(
        replace(
            passage, title=text, place=text, says=text,
            arguments=tuple(replace(row, name=text) for row in passage.arguments),
            parts=tuple(replace(p, name=text, says=text, source=text) for p in passage.parts),
            steps=tuple(replace(step, reason=(text,)) for step in passage.steps),
        )
        for passage in told.passages
    )  # fmt: skip
    report = replace(told.report, title=text, about=text, file=text)
    page = derivation_in("html")(replace(told, report=report, passages=passages, measure=text))
    root = read(page)
    assert_safe(root)
    assert root.findtext(f".//{XHTML}h1") == f"{text}: {text}, step by step"
    for code in root.iter(f"{XHTML}pre"):
        assert shown(code) == text
    assert len(root.findall(f".//{XHTML}pre")) == sum(len(p.parts) for p in told.passages)


# Formulas ----------------------------------------------------------------------------------

N, D = w.Symbol("n"), w.Symbol("d")


def texts(lines: list[str]) -> list[str | None]:
    return [ElementTree.fromstring(line).get("alttext") for line in lines]


def test_long_sides_are_broken() -> None:
    term = w.Product(tuple(w.Symbol(name) for name in "abcdefgh"))
    minus = w.Product((w.Number(-1), *term.factors))
    assert texts(equals(w.Sum((term, term, term, term, minus, term)), 20)) == [
        "= a b c d e f g h + a b c d e f g h",
        "+ a b c d e f g h + a b c d e f g h",
        "-a b c d e f g h + a b c d e f g h",
    ]
    assert texts(equals(N)) == ["= n"]


def test_shapes() -> None:
    assert texts([shapes([(N, D)])]) == ["[n, d]"]
    assert texts([shapes([(N,), (D,)], [(N, D)])]) == ["[n, d] -> [n], [d]"]
