"""Pages of HTML as tests read them."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from xml.etree import ElementTree

import html5lib

XHTML = "{http://www.w3.org/1999/xhtml}"
MATHML = "{http://www.w3.org/1998/Math/MathML}"
SVG = "{http://www.w3.org/2000/svg}"
FIND = files("closedform.render.markup").joinpath("templates", "find.js.j2")


def read(page: str) -> ElementTree.Element:
    """The tree of a page, which must be a document of HTML 5 and of XML without an error."""
    parser = html5lib.HTMLParser(strict=True)
    parser.parse(page)
    assert parser.errors == []
    return ElementTree.fromstring(page[page.index("<html") :])


def assert_safe(root: ElementTree.Element, links: bool = False) -> None:
    """No script, no handler, nothing from elsewhere, and ids once.

    In a page of a site there may be links, a form that leads to another page, and the script that
    finds models in the index.
    """
    ids = []
    for element in root.iter():
        tag = element.tag.rpartition("}")[2]
        if links and tag == "script":
            assert not element.attrib
            assert (element.text or "").strip() == FIND.read_text("utf-8").strip()
            continue
        assert tag not in {"script", "img", "link", "iframe", "object", "embed", "base", "image"}
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            linked = links and (tag, name) in {("a", "href"), ("form", "action")}
            linked = linked and ":" not in value
            assert linked or name.rpartition("}")[2] not in {
                *("href", "src", "srcset", "action", "data"),
            }
            assert "url(" not in value
            if name == "id":
                ids.append(value)
    assert len(ids) == len(set(ids))
    style = root.findtext(f".//{XHTML}style")
    assert style is not None
    assert "@import" not in style
    assert "url(" not in style


def shown(element: ElementTree.Element) -> str:
    """What a reader sees of an element: a formula is its text."""
    return "".join(_shown(element)).strip()


def _shown(element: ElementTree.Element) -> Iterator[str]:
    if element.tag == f"{MATHML}math":
        yield element.get("alttext", "")
        return
    if element.get("class") == "narrow":  # what a phone shows in the place of the same
        return
    yield element.text or ""
    for inner in element:
        yield from _shown(inner)
        yield inner.tail or ""
