"""The bridges to Pygments, Python-Markdown, MkDocs and Sphinx, each with the real tool."""

from __future__ import annotations

import json
import logging
import re
import shutil
import subprocess
import sys
from base64 import b64decode
from dataclasses import replace
from html import unescape
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import html5lib
import pytest
from markdown import Markdown, markdown
from pygments import highlight
from pygments.formatters import NullFormatter
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.token import STANDARD_TYPES, Error, Keyword, Name, Number, String

from closedform.errors import ClosedformError
from closedform.integrations.options import Place, answer, header
from closedform.integrations.outline import Picture
from closedform.integrations.pygments import ArchLexer
from closedform.integrations.sphinx import _node
from helpers import ROOT, TESTS, ZOO, Golden, call, programs

HERE = TESTS / "integrations"
MODEL = HERE / "mkdocs_project" / "models" / "mixer.arch"
HOSTILE = (r"\input{/etc/passwd}", "</script><img src=x onerror=alert(1)>", "50% & #1_", "[x]*$y$")
HOSTILE_ARCH = f'''"""About {HOSTILE[0]} {HOSTILE[1]} {HOSTILE[2]} {HOSTILE[3]}"""

dim D  "{HOSTILE[1]}"
dim H  "{HOSTILE[0].replace(chr(92), chr(92) * 2)}"
dim K  "{HOSTILE[2]}"
dim J  "{HOSTILE[3]}"

model M(x: [D, H, K, J]):
    return x -> linear(D)

''' + "".join(
    f'preset "{title.replace(chr(92), chr(92) * 2)}": D=1, H=1, K=1, J=1\n' for title in HOSTILE
)


def fence(body: str) -> str:
    return f"```closedform\n{body}\n```\n"


def page(text: str, base: Path = TESTS) -> str:
    """A page as Python-Markdown renders it, with other extensions that know fences and tables."""
    return markdown(
        text,
        extensions=["closedform", "fenced_code", "tables"],
        extension_configs={"closedform": {"base": str(base)}},
    )


def texts_of(element: Element) -> str:
    """What a browser shows of an element. Fails for elements and attributes that run code."""
    for inner in element.iter():
        name = inner.tag.rpartition("}")[2]  # that of SVG is in a namespace
        assert name not in ("script", "img", "iframe", "svg", "object")
        assert not [name for name in inner.attrib if name.startswith("on")]
    return "".join(element.itertext())


def parsed(html: str) -> Element:
    """A page or a part of one, as a browser reads it."""
    return html5lib.parse(html, namespaceHTMLElements=False)


def with_class(page: Element, name: str) -> list[Element]:
    return [element for element in page.iter() if name in element.get("class", "").split()]


def assert_stands_after(page: Element, texts: list[str]) -> None:
    """Fails unless our elements are as many as the texts, and each stands after its own."""
    before = {after: first for parent in page.iter() for first, after in pairwise(parent)}
    ours = with_class(page, "closedform")
    assert [texts_of(before[element]).strip() for element in ours] == texts


def assert_coloured(page: Element) -> None:
    """Fails unless the lexer gives the keyword `dim` of a listing its colour."""
    (keyword,) = with_class(page, STANDARD_TYPES[Keyword.Declaration])
    assert keyword.text == "dim"


# Pygments ----------------------------------------------------------------------------------


def arch_texts() -> list[pytest.param]:
    found = [pytest.param(p.read_text("utf-8"), id=p.stem) for p in programs(ZOO, 30)]
    text = (ROOT / "docs" / "language.md").read_text("utf-8")
    snippets = re.findall(r"^```arch\n(.*?)^```$", text, re.M | re.S)
    return found + [pytest.param(s, id=f"language-{n}") for n, s in enumerate(snippets)]


@pytest.mark.parametrize("text", arch_texts())
def test_lexer_knows_every_token(text: str) -> None:
    """Fails when a token is unknown, or when the tokens are not the text."""
    tokens = list(ArchLexer(stripnl=False, ensurenl=False).get_tokens(text))
    assert [value for kind, value in tokens if kind in Error] == []
    assert "".join(value for _, value in tokens) == text


def test_lexer_is_found_by_name_and_by_file() -> None:
    """Fails when the entry point is missing, which colours every page of documentation."""
    assert isinstance(get_lexer_by_name("arch"), ArchLexer)
    assert isinstance(get_lexer_for_filename("vit.arch"), ArchLexer)
    assert highlight("dim D\n", ArchLexer(), NullFormatter()) == "dim D\n"


def test_lexer_knows_a_convention() -> None:
    text = 'convention mine in MACs on macs  "a":\n    others: 1\n    kind conv, "k": mac + kind\n'
    found = [(k, v) for k, v in ArchLexer().get_tokens(text) if v in (
        "convention", "mine", "in", "MACs", "on", "macs", "others", "kind", "conv")]  # fmt: skip
    assert found == [
        (Keyword.Declaration, "convention"), (Name.Class, "mine"), (Keyword, "in"), (Name, "MACs"),
        (Keyword, "on"), (Name.Class, "macs"), (Keyword, "others"), (Keyword, "kind"),
        (Name, "conv"), (Name, "kind"),
    ]  # fmt: skip


def test_lexer_tells_tokens_apart() -> None:
    """Fails when a declared name, a call, a text or a quantity is coloured as something else."""
    line = 'block B(x: [n]):\n    return x -> linear(4) -> gelu  # "no text"\n'
    tokens = [(k, v) for k, v in ArchLexer().get_tokens(line) if v.strip()]
    assert (Keyword.Declaration, "block") in tokens
    assert (Name.Class, "B") in tokens
    assert (Name.Function, "linear") in tokens
    assert (Name.Function, "gelu") in tokens
    assert not any(kind in String for kind, _ in tokens)
    assert (Name.Builtin, "Theta") in ArchLexer().get_tokens("claim macs in Theta(n)")
    assert (Name, "Theta") in ArchLexer().get_tokens("dim Theta")
    assert (Number.Float, "45.2G") in ArchLexer().get_tokens("expect macs ~ 45.2G")
    assert (String.Escape, r"\"") in ArchLexer().get_tokens(r'dim D "a \" b"')


def test_lexer_marks_what_is_not_the_language() -> None:
    """Fails when everything is let pass."""
    wrong = [
        v for kind, v in ArchLexer().get_tokens('let N = a ? "open\nlet M = 1\n') if kind in Error
    ]
    assert "?" in wrong


# Options -----------------------------------------------------------------------------------


def refused(given: dict[str, str], text: str = "") -> str:
    with pytest.raises(ClosedformError) as caught:
        answer(given, text, Place(MODEL.parent, "<text>", confined=True))
    return str(caught.value)


def test_header_ends_where_the_architecture_begins() -> None:
    """Fails when an option is lost, or when the lines of the architecture move."""
    given, text = header("of: M\nin:  N, D\n\ndim N\n")
    assert given == {"of": "M", "in": "N, D"}
    assert text == "\n\n\ndim N\n"
    assert header("dim N\nof: M\n") == ({}, "dim N\nof: M\n")
    assert header('"""x: y"""\n') == ({}, '"""x: y"""\n')


@pytest.mark.parametrize(
    ("given", "text", "message"),
    [
        ({"file": "mixer.arch", "presets": "x"}, "", "there is no option `presets`"),
        ({"file": "mixer.arch", "show": "all"}, "", "`show` cannot be `all`"),
        ({"file": "mixer.arch", "show": "parts, plot"}, "", "`show` cannot be `plot`"),
        ({"file": "mixer.arch", "form": "short"}, "", "`form` cannot be `short`"),
        ({"file": "mixer.arch", "stages": "all"}, "", "`stages` cannot be `all`"),
        ({"file": "mixer.arch"}, "dim D", "there is a `file` and a text too"),
        ({}, " \n", "there is nothing to derive"),
        ({"file": "no.arch"}, "", "error[file]: `"),
        ({"file": "../mkdocs.yml"}, "", "`../mkdocs.yml` is outside the folder"),
        ({"file": "/etc/passwd"}, "", "`/etc/passwd` is outside the folder"),
        ({"file": "mixer.arch", "of": "Nix"}, "", "has no model or block `Nix`"),
        ({"file": "mixer.arch", "of": "Gate", "preset": "small"}, "", "is not one of `Gate`"),
        ({"file": "mixer.arch", "in": "Q"}, "", "`Q`"),
        ({"file": "mixer.arch", "measure": "sweets"}, "", "`sweets` is not measured"),
        ({"file": "mixer.arch", "convention": "mine"}, "", "there is no convention `mine`"),
    ],
)
def test_wrong_options_are_refused(given: dict[str, str], text: str, message: str) -> None:
    """Fails when a mistake in an option is passed over."""
    assert message in refused(given, text)


def test_options_are_those_of_the_command_line() -> None:
    """Fails when an option of a fence gives another formula than `closedform derive`."""
    given = {"file": "pvt", "of": "SRA", "in": "n, d", "measure": "macs", "convention": "hooks"}
    shown = page(fence("\n".join(f"{k}: {v}" for k, v in {**given, "form": "expanded"}.items())))
    printed = call("derive", "pvt", "--of", "SRA", "--in", "n,d", "--measure", "macs",
                   "--convention", "hooks", "--form", "expanded").out  # fmt: skip
    formula = re.search(r"```math\n(.*?)\n```", printed, re.S)
    assert formula
    assert formula[1] in unescape(shown)


# Python-Markdown ---------------------------------------------------------------------------


def test_fence_of_formulas() -> None:
    """Fails when the fence is not replaced in place by formulas that MathJax and KaTeX find."""
    body = "file: models/mixer.arch\nshow: formulas\nmeasure: macs\npreset: small"
    assert page(f"before\n\n{fence(body)}\nafter\n", MODEL.parent.parent) == (
        "<p>before</p>\n"
        '<div class="closedform">\n'
        '<div class="arithmatex">\\[\n'
        "\\mathrm{MACs} = L\\, N\\, D^{2}\n"
        "\\]</div>\n"
        "<p>At small: <strong>411,041,792 (411.04 M)</strong></p>\n"
        "</div>\n"
        "<p>after</p>"
    )


def test_fence_of_pictures_and_parts() -> None:
    """Fails when a picture is missing, out of order, without words, or no whole document."""
    shown = html5lib.parse(
        page(fence("file: vit\nshow: drawing, parts, plots")), namespaceHTMLElements=False
    )
    told = [element for element in shown.iter() if element.tag in ("img", "table")]
    assert [element.tag for element in told] == ["img", "table", *["img"] * 5]
    for picture in told[:1] + told[2:]:
        kind, _, data = picture.get("src", "").partition(",")
        assert kind == "data:image/svg+xml;base64"
        root = ElementTree.fromstring(b64decode(data))
        title = root.findtext("{http://www.w3.org/2000/svg}title")
        assert title
        assert picture.get("alt", "").startswith(f"{title}. ")


def test_fence_of_blocks() -> None:
    """Fails when a block does not open, or is a picture without words."""
    shown = html5lib.parse(page(fence("file: vit\nshow: blocks")), namespaceHTMLElements=False)
    names = [summary.text for summary in shown.iter("summary")]
    assert names == ["Inside EncoderLayer", "Inside SelfAttention", "Inside MLP"]
    pictures = [block.find(".//img") for block in shown.iter("details")]
    assert all(picture is not None and picture.get("alt") for picture in pictures)


def test_a_directive_has_blocks_below_their_names() -> None:
    piece = Picture("<svg/>", "what it shows", "Inside MLP")
    assert [child.tagname for child in _node(piece).children] == ["rubric", "image"]
    assert _node(replace(piece, folded="")).tagname == "image"


@pytest.mark.parametrize("marks", ["````", "~~~"])
def test_fence_in_a_fence_is_a_text(marks: str) -> None:
    """Fails when a page that shows how a fence is written renders it."""
    shown = page(f"{marks}md\n{fence('file: vit')}{marks}\n")
    assert "arithmatex" not in shown
    assert "```closedform\nfile: vit\n```" in unescape(shown)


def test_other_fences_stay() -> None:
    """Fails when a fence of another language, or one that never ends, is touched."""
    plain = Markdown(extensions=["fenced_code", "tables"])
    for text in ("```python\nx = 1\n```\n", "```closedform\nfile: vit\n", "a ``` b ``` c\n"):
        assert page(text) == plain.convert(text)


def test_error_in_a_fence_is_shown_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Fails when an error stops the page, is not logged, or names the wrong line."""
    with caplog.at_level(logging.WARNING):
        shown = page(
            "# Page\n\n" + fence("show: formulas\n\nmodel M(x: [4]):\n    return x -> liner(2)")
        )
    assert '<div class="closedform-error"><pre>&lt;fence&gt;:4:17: error[name]: ' in shown
    (record,) = caplog.records
    assert record.name == "mkdocs.closedform"
    assert record.getMessage().startswith("the fence of line 3:\n<fence>:4:17: error[name]: ")


def test_hostile_texts_are_texts_in_a_fence() -> None:
    """Fails when a title, a meaning or a docstring becomes markup."""
    shown = texts_of(parsed(page(fence(HOSTILE_ARCH))))
    for text in HOSTILE:
        assert shown.count(text) >= 2, text


def test_hostile_error_is_a_text() -> None:
    """Fails when the excerpt of an error becomes markup."""
    shown = texts_of(parsed(page(fence(f'dim D "{HOSTILE[1]}" D'))))
    assert HOSTILE[1] in shown


# MkDocs ------------------------------------------------------------------------------------


def mkdocs(project: Path, out: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", str(out)],
        cwd=project, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.fixture
def mkdocs_project(tmp_path: Path) -> Path:
    return shutil.copytree(HERE / "mkdocs_project", tmp_path / "mkdocs_project")


def test_mkdocs_builds(mkdocs_project: Path, tmp_path: Path, golden: Golden) -> None:
    """Fails when the fences give something else than tests/mkdocs_project/expected.html, stand
    elsewhere in their page, or change what is not theirs."""
    built = mkdocs(mkdocs_project, tmp_path / "site")
    assert built.returncode == 0, built.stderr
    assert "WARNING" not in built.stderr
    shown = parsed((tmp_path / "site" / "index.html").read_text("utf-8"))
    assert_stands_after(shown, ["A file, whole:", "the gate", "An architecture in the page:"])
    written = "```closedform\nfile: models/mixer.arch\n```\n"
    assert written in ["".join(code.itertext()) for code in shown.iter("code")]
    assert_coloured(shown)
    assert with_class(shown, "arithmatex")[-1].text == r"\(N D\)"
    ours = with_class(shown, "closedform")
    for text in HOSTILE[:3]:
        assert text in texts_of(ours[0])
    golden.compare(HERE / "mkdocs_project" / "expected.html", "".join(map(html_of, ours)))


def html_of(element: Element) -> str:
    element.tail = "\n"
    return ElementTree.tostring(element, "unicode", method="html")


@pytest.mark.slow
def test_strict_mkdocs_stops_at_an_error(mkdocs_project: Path, tmp_path: Path) -> None:
    """Fails when a page with a broken fence is published."""
    model = mkdocs_project / "models" / "mixer.arch"
    model.write_text(model.read_text("utf-8").replace("gelu", "gellu"))
    built = mkdocs(mkdocs_project, tmp_path / "site")
    assert built.returncode == 1
    assert "mixer.arch:10:" in built.stderr
    assert "error[name]: " in built.stderr
    assert "Traceback" not in built.stderr


# Sphinx ------------------------------------------------------------------------------------


def sphinx(project: Path, out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", *options, "-d", str(out / ".doctrees"),
         str(project), str(out)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.fixture
def sphinx_project(mkdocs_project: Path, tmp_path: Path) -> Path:
    """The project, beside the one whose models it shows."""
    return shutil.copytree(HERE / "sphinx_project", tmp_path / "sphinx_project")


def sphinx_page(out: Path) -> Element:
    return parsed((out / "index.html").read_text("utf-8"))


def sphinx_text(out: Path) -> str:
    """What the directives of the page show."""
    return "".join(map(texts_of, with_class(sphinx_page(out), "closedform")))


def sphinx_nodes(out: Path) -> list[Element]:
    """The nodes of the directives, as the builder `xml` writes them, without attributes that
    others add and without indentation."""
    text = re.sub(r">\n\s*<", "><", (out / "index.xml").read_text("utf-8"))
    nodes = [e for e in ElementTree.fromstring(text).iter() if e.get("classes") == "closedform"]
    for node in (inner for outer in nodes for inner in outer.iter()):
        node.attrib = {key: value for key, value in node.items() if key == "classes"}
    return nodes


BLOCKS = "paragraph|math_block|table|title|tgroup|thead|tbody|row|entry|bullet_list|list_item"


def lines_of(node: Element) -> str:
    """A node with each block on a line, and each cell of a table."""
    node.tail = "\n"
    text = ElementTree.tostring(node, "unicode")
    return re.sub(rf"(<(?!entry\b)[^<>]*>)(?=<(?:{BLOCKS})\b)", r"\1\n", text)


@pytest.mark.slow
def test_sphinx_builds(sphinx_project: Path, tmp_path: Path, golden: Golden) -> None:
    """Fails when the directives give other nodes than tests/sphinx_project/expected.xml, or when
    the page does not show all of them where they stand."""
    for builder in ("html", "xml"):
        built = sphinx(sphinx_project, tmp_path / builder, "-W", "-b", builder)
        assert (built.returncode, built.stderr) == (0, "")
    shown = sphinx_page(tmp_path / "html")
    first, second = "A file, whole:", "Only formulas:"
    third, fourth = "An architecture in the document:", "A model of the zoo:"
    assert_stands_after(shown, [first, second, third, fourth])
    assert_coloured(shown)
    nodes = sphinx_nodes(tmp_path / "xml")
    for node, element in zip(nodes, with_class(shown, "closedform"), strict=True):
        at, whole = 0, texts_of(element)
        for text in node.itertext():
            at = whole.index(text, at) + len(text)
    for text in HOSTILE[:3]:
        assert text in texts_of(with_class(shown, "closedform")[0])
    golden.compare(HERE / "sphinx_project" / "expected.xml", "".join(map(lines_of, nodes)))


@pytest.mark.slow
def test_sphinx_builds_again_when_a_model_changes(sphinx_project: Path, tmp_path: Path) -> None:
    """Fails when the page does not depend on its models."""
    sphinx(sphinx_project, tmp_path / "html")
    before = sphinx_text(tmp_path / "html")
    model = tmp_path / "mkdocs_project" / "models" / "mixer.arch"
    model.write_text(model.read_text("utf-8").replace("linear(d/2)", "linear(d)"))
    sphinx(sphinx_project, tmp_path / "html")
    after = sphinx_text(tmp_path / "html")
    assert "2\\, L\\, N\\, D^{2}" in after
    assert "2\\, L\\, N\\, D^{2}" not in before


@pytest.mark.slow
def test_error_is_a_sphinx_warning_with_its_place(sphinx_project: Path, tmp_path: Path) -> None:
    """Fails when an error stops the build, or when its line is not that of the document."""
    (sphinx_project / "index.rst").write_text(
        "Costs\n=====\n\n"
        ".. closedform:: no.arch\n\n"
        ".. closedform::\n   :show: formulas\n\n"
        "   model M(x: [4]):\n       return x -> liner(2)\n\n"
        ".. closedform:: pvt\n   :of: Nix\n\n"
        f'.. closedform::\n\n   dim D "{HOSTILE[1]}" D\n\n'
        "After.\n"
    )
    built = sphinx(sphinx_project, tmp_path / "html")
    assert built.returncode == 0
    places = re.findall(r"index\.rst:(\d+): WARNING: (.*)", built.stderr)
    assert [line for line, _ in places] == ["4", "10", "12", "17"]
    assert "error[file]: " in places[0][1]
    assert places[1][1].startswith("<directive>:2:17: error[name]: ")
    assert "has no model or block `Nix`" in places[2][1]
    shown = sphinx_page(tmp_path / "html")
    errors = [texts_of(element) for element in with_class(shown, "closedform-error")]
    assert len(errors) == 4
    assert HOSTILE[1] in errors[3]
    assert "After." in [paragraph.text for paragraph in shown.iter("p")]
    assert sphinx(sphinx_project, tmp_path / "strict", "-W").returncode == 1


@pytest.mark.slow
def test_hostile_texts_are_texts_in_sphinx(sphinx_project: Path, tmp_path: Path) -> None:
    """Fails when a title, a meaning or a docstring becomes markup, in HTML or in LaTeX."""
    (sphinx_project / "hostile.arch").write_text(HOSTILE_ARCH)
    (sphinx_project / "index.rst").write_text("Costs\n=====\n\n.. closedform:: hostile.arch\n")
    assert sphinx(sphinx_project, tmp_path / "html", "-W").returncode == 0
    body = sphinx_text(tmp_path / "html")
    for text in HOSTILE:
        assert body.count(text) >= 2, text
    assert sphinx(sphinx_project, tmp_path / "tex", "-b", "latex").returncode == 0
    assert r"\input{/etc" not in (tmp_path / "tex" / "costs.tex").read_text("utf-8")


# Every format ------------------------------------------------------------------------------


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    path = tmp_path / "hostile.arch"
    path.write_text(HOSTILE_ARCH)
    return path


def derived(path: Path, to: str) -> str:
    result = call("derive", str(path), "--to", to)
    assert (result.code, result.err) == (0, "")
    return result.out


def test_hostile_texts_in_plain_text(hostile: Path) -> None:
    """Fails when a text is changed where nothing is markup."""
    for text in HOSTILE:
        assert derived(hostile, "text").count(text) >= 3


def test_hostile_texts_in_json(hostile: Path) -> None:
    """Fails when a text does not come back from JSON as it went in."""
    report = json.loads(derived(hostile, "json"))
    assert [row["title"] for row in report["presets"]] == list(HOSTILE)
    assert {row["meaning"] for row in report["symbols"]} <= set(HOSTILE)


@pytest.mark.parametrize("to", ["tex", "fragment"])
def test_hostile_texts_in_latex(hostile: Path, to: str) -> None:
    """Fails when a text becomes a command, a comment, a column, or an argument of a row's end."""
    text = derived(hostile, to)
    assert r"\input{/etc" not in text
    assert r"\textbackslash{}input\{/etc/passwd\}" in text
    assert r"50\% \& \#1\_" in text
    assert r"{[}x{]}{*}\$y\$" in text


def test_hostile_texts_in_markdown(hostile: Path) -> None:
    """Fails when a text becomes markup for Python-Markdown, which knows fewer escapes."""
    text = derived(hostile, "md")
    shown = texts_of(parsed(markdown(text, extensions=["tables", "fenced_code"])))
    for one in HOSTILE:
        assert shown.count(one) >= 3, one
