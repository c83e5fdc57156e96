"""The documentation as a site, built by MkDocs as a reader would build it."""

from __future__ import annotations

import logging
from importlib import import_module
from pathlib import Path
from posixpath import dirname, join, normpath
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element

import html5lib
import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.structure.files import Files

from axe import asked, violations
from chromium import found_in
from closedform.projects import zoo_names
from helpers import ROOT, TESTS, WHOLE, Ran, call
from pages import assert_safe, read

pytestmark = pytest.mark.slow

KATEX = TESTS / "katex" / "node_modules" / "katex"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the site."""
    assert KATEX.is_dir(), f"npm install in {TESTS / 'katex'} is missing"
    folder = tmp_path_factory.mktemp("site")
    build(load_config(str(ROOT / "mkdocs.yml"), strict=True, site_dir=str(folder)))
    return folder


@pytest.fixture(scope="module")
def pages(built: Path) -> dict[str, Element]:
    """Every page by its path, as a browser reads it."""
    return {
        path.relative_to(built).as_posix(): html5lib.parse(
            path.read_text("utf-8"), namespaceHTMLElements=False
        )
        for path in built.rglob("*.html")
    }


def addresses(page: Element) -> list[str]:
    """What a page links to or loads."""
    return [
        element.attrib[name]
        for element in page.iter()
        for name in ("href", "src")
        if name in element.attrib
    ]


def test_missing_katex_ends_a_strict_build(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Fails when a site is built whose formulas stay raw. With --strict a warning is an error."""
    monkeypatch.syspath_prepend(ROOT / "docs")
    hooks = import_module("mkdocs_hooks")
    monkeypatch.setattr(hooks, "gallery", dict)
    config = load_config(str(ROOT / "mkdocs.yml"))
    config.plugins._current_plugin = None  # as while MkDocs runs a hook
    hooks.on_files(Files([]), config)
    assert caplog.record_tuples == []
    monkeypatch.setattr(hooks, "KATEX", ROOT / "nowhere")
    hooks.on_files(Files([]), config)
    message = "KaTeX is missing and formulas would stay raw: run `npm install` in tests/katex"
    assert caplog.record_tuples == [("mkdocs.hooks", logging.WARNING, message)]


def test_gallery_is_not_stale() -> None:
    """docs/zoo is what `closedform docs --zoo --to md -o docs/zoo` writes now; the zoo is derived
    once for this and for the site."""
    folder = str(ROOT / "docs" / "zoo")
    assert call("docs", "--zoo", "--to", "md", "-o", folder, "--check") == Ran(0, "", "")


def test_every_page_is_there(pages: dict[str, Element]) -> None:
    written = {f"{path.stem}.html" for path in (ROOT / "docs").glob("*.md")}
    gallery = {f"zoo/{path.stem}.html" for path in (ROOT / "docs" / "zoo").glob("*.md")}
    others = {"index.html", "CHANGELOG.html", "404.html", "search.html"}
    assert pages.keys() - others == written | gallery
    assert len(gallery) > 2 * len(zoo_names())


def test_every_link_leads_somewhere(built: Path, pages: dict[str, Element]) -> None:
    """Fails when a page, a part of a page, a style sheet, a script or a picture is missing."""
    ids = {path: {element.get("id") for element in page.iter()} for path, page in pages.items()}
    checked = 0
    for path, page in pages.items():
        if path == "404.html":  # its links are from the root of a server
            continue
        for address in addresses(page):
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            aim = normpath(join(dirname(path), unquote(parts.path))) if parts.path else path
            assert (built / aim).is_file(), (path, address)
            if aim in ids and parts.fragment:
                assert unquote(parts.fragment) in ids[aim], (path, address)
            checked += 1
    assert checked > 700


def test_nothing_is_loaded_from_elsewhere(pages: dict[str, Element]) -> None:
    for path, page in pages.items():
        for element in page.iter():
            if element.tag in ("script", "link", "img"):
                address = element.get("src") or element.get("href") or ""
                assert not urlsplit(address).netloc, (path, address)


def test_the_gallery_has_its_formulas(built: Path) -> None:
    """Fails when a page of the gallery lacks formulas, or is not what `closedform docs` makes."""
    for path in (built / "zoo").glob("*.html"):
        text = path.read_text("utf-8")
        assert_safe(read(text), links=True)
        assert ("<math " in text) is (path.name != "index.html")


def test_no_page_of_the_gallery_scrolls_sideways(built: Path, tmp_path: Path) -> None:
    """Fails when something on a page is wider than a phone, and does not scroll inside itself."""
    shown = {path.name: path.read_text("utf-8") for path in (built / "zoo").glob("*.html")}
    over = "const r = frame.contentDocument.documentElement; return r.scrollWidth - r.clientWidth;"
    assert len(shown) > 100
    assert set(found_in(shown, over, tmp_path, width=400).values()) == {0}


def test_axe_has_no_findings_in_the_gallery(built: Path, tmp_path: Path) -> None:
    """Reports of models; derivations are asked for elsewhere."""
    found = sorted((built / "zoo").glob("*.html"))
    reports = [path for path in found if not path.name.endswith(".derivation.html")]
    shown = {path.name: path.read_text("utf-8") for path in reports[:: 1 if WHOLE else 3]}
    assert violations(found_in(shown, asked(), tmp_path, width=400)) == {}


def test_fences_have_their_formulas(built: Path, pages: dict[str, Element]) -> None:
    page = pages["integrations.html"]
    found = ["".join(e.itertext()).strip() for e in page.iter() if e.get("class") == "arithmatex"]
    assert [text[:20] for text in found[:2]] == [
        "\\[\n\\mathrm{params} =",
        "\\[\n\\mathrm{MACs} = 2",
    ]
    scripts = [element.get("src") for element in page.iter("script")]
    assert {"katex/katex.min.js", "formulas.js"} <= set(scripts)
    assert (built / "katex" / "fonts" / "KaTeX_Main-Regular.woff2").is_file()


def test_code_is_coloured(pages: dict[str, Element]) -> None:
    """Fails when the lexer of .arch is not found."""
    for path in ("index.html", "language.html", "tutorial.html"):
        words = [
            e for e in pages[path].iter("span") if e.text == "dim" and e.get("class", "")[:1] == "k"
        ]
        assert words, path


def test_bars_in_tables_are_bars(pages: dict[str, Element]) -> None:
    code = ["".join(element.itertext()) for element in pages["language.html"].iter("code")]
    assert "a | b" in code
    assert not [text for text in code if r"\|" in text]
