"""Pages of HTML as tests read them."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

import html5lib

XHTML = "{http://www.w3.org/1999/xhtml}"
MATHML = "{http://www.w3.org/1998/Math/MathML}"
SVG = "{http://www.w3.org/2000/svg}"


def read(page: str) -> ElementTree.Element:
    """The tree of a page, which must be a document of HTML 5 and of XML without an error."""
    parser = html5lib.HTMLParser(strict=True)
    parser.parse(page)
    assert parser.errors == []
    return ElementTree.fromstring(page[page.index("<html") :])


def assert_safe(root: ElementTree.Element, links: bool = False) -> None:
    """No script, no handler, nothing from elsewhere; links if they may be, and ids once."""
    ids = []
    for element in root.iter():
        tag = element.tag.rpartition("}")[2]
        assert tag not in {"script", "img", "link", "iframe", "object", "embed", "base", "image"}
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            linked = links and tag == "a" and name == "href" and ":" not in value
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
    yield element.text or ""
    for inner in element:
        yield from _shown(inner)
        yield inner.tail or ""
