"""The flavours of Markdown, each as the tools that read it show it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

import html5lib
import pytest
from markdown import Markdown

import closedform as cf
from closedform.projects import open_project
from closedform.render.markup.markdown import code, escape_markdown
from helpers import MATH, ZOO, call, cases, formulas, markdown_texts, programs

FILES = cases(programs(ZOO, 20), {"vit", "recurrent"})
HOSTILE = (
    r"50% & #1_ $x$ </script><img onerror=...> \input{/etc/passwd} \(y\) a|b ~~c~~ `d` *e* [f](g)"
)
SOURCE = f'''"""About {HOSTILE}

[z]
"""

dim D  "{HOSTILE.replace(chr(92), chr(92) * 2)}"

model M(x: [4, D]):
    return x -> linear(D)

preset "{HOSTILE.replace(chr(92), chr(92) * 2)}": D=8
'''


def tree(page: str) -> Element:
    """A page as a browser reads it."""
    return html5lib.parse(page, namespaceHTMLElements=False)


def mkdocs(text: str) -> Element:
    """What Python-Markdown makes of a text, with what docs/integrations.md asks for."""
    reader = Markdown(
        extensions=["tables", "pymdownx.arithmatex"],
        extension_configs={"pymdownx.arithmatex": {"generic": True}},
    )
    return tree(reader.convert(text))


def notebook(text: str) -> Element:
    """What nbconvert makes of a cell; its import takes seconds."""
    from nbconvert.filters.markdown_mistune import markdown2html_mistune

    return tree(markdown2html_mistune(text))


def typeset_by_mkdocs(page: Element) -> list[str]:
    """The elements that MathJax or KaTeX are told to typeset, without their delimiters."""
    found = ["".join(e.itertext()) for e in page.iter() if e.get("class") == "arithmatex"]
    for text in found:
        assert text[:2] + text[-2:] in (r"\(\)", r"\[\]")
    return [text[2:-2].strip("\n") for text in found]


def texts_of(element: Element) -> Iterator[str]:
    """The runs of text in which MathJax looks for formulas: none goes over an element."""
    if element.tag not in ("code", "pre", "script"):
        yield element.text or ""
        for inner in element:
            yield from texts_of(inner)
            yield inner.tail or ""


def typeset_by_a_notebook(page: Element) -> list[str]:
    return [formula for text in texts_of(page) for formula in formulas(text, "notebook")]


@pytest.mark.parametrize("path", FILES)
def test_every_formula_arrives_whole(path: Path) -> None:
    """Fails when a flavour lacks a formula, or its reader breaks one or finds one too many."""
    project = open_project(str(path))
    for entity in project.parts():
        for what, texts in markdown_texts(project, entity):
            known = formulas(texts["md"], "md")
            assert known
            assert typeset_by_mkdocs(mkdocs(texts["mkdocs"])) == known, (entity.name, what)
            assert typeset_by_a_notebook(notebook(texts["notebook"])) == known, (entity.name, what)


@pytest.mark.parametrize("flavour", MATH)
def test_a_flavour_has_no_marks_of_another(flavour: str) -> None:
    """Fails when a template writes the marks of a formula by itself."""
    for text in (cf.zoo("vit").report(flavour), cf.zoo("vit").derivation(to=flavour)):
        bare = MATH[flavour].sub("", text)
        assert bare != text
        assert not [mark for mark in ("$", r"\(", r"\[", "```") if mark in bare]


def test_readers_make_tables() -> None:
    text = cf.zoo("vit").report("mkdocs")
    tables = [line for line in text.split("\n") if line.startswith("|---")]
    assert len(tables) == 3
    assert len(mkdocs(text).findall(".//table")) == 3
    assert len(notebook(cf.zoo("vit").report("notebook")).findall(".//table")) == 3


@pytest.mark.parametrize("reader", [mkdocs, notebook], ids=["mkdocs", "notebook"])
def test_hostile_texts_are_texts(reader: object, tmp_path: Path) -> None:
    """Fails when a text becomes an element, a formula or a cell, or when it is not shown whole."""
    (tmp_path / "a.arch").write_text(SOURCE)
    name = "mkdocs" if reader is mkdocs else "notebook"
    for options, times in (((), 3), (("--steps",), 2)):
        result = call("derive", "a.arch", "--to", name, *options, folder=tmp_path)
        assert result.code == 0
        page = reader(result.out)  # type: ignore[operator]
        assert {e.tag for e in page.iter()} <= {
            *("html", "head", "body", "h1", "h2", "p", "strong", "code", "ul", "li", "span", "div"),
            *("table", "thead", "tbody", "tr", "th", "td"),
            *(("a",) if reader is notebook else ()),  # the marks of headings
        }
        shown_text = "".join(page.itertext()).replace("`d`", "d")  # a docstring shows it as code
        assert shown_text.count(HOSTILE.replace("`d`", "d")) == times
        shown = typeset_by_mkdocs(page) if reader is mkdocs else typeset_by_a_notebook(page)
        assert not {"x", "y", "z"} & set(shown)
        assert all(len(row) == 3 for row in page.findall(".//table/tbody/tr")[:1])


def test_escape() -> None:
    assert escape_markdown(r"a_b $x$ \(y\) a|b ~ <i> & [t]") == (
        r"a\_b <span>&#36;</span>x<span>&#36;</span> <span>&#92;</span>(y<span>&#92;</span>) "
        "a&#124;b &#126; &lt;i&gt; &amp; &#91;t&#93;"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a_b", "`a_b`"),
        ("a`b", "``a`b``"),
        ("`a", "`` `a ``"),
        ("a\n\n<img>", "`a  <img>`"),
    ],
)
def test_code(text: str, expected: str) -> None:
    assert code(text) == expected
    (shown,) = mkdocs(code(text)).iter("code")
    assert "".join(shown.itertext()).strip() == " ".join(text.splitlines())
