"""Pages in a real browser: Chromium of Debian shows them without a scroll bar, light and dark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import closedform as cf
from chromium import found_in, pictured
from closedform.choices import LANGUAGES
from closedform.projects import open_project
from closedform.render.site import site
from helpers import call

pytestmark = pytest.mark.slow

WIDTHS = (360, 1100)

# What is measured in a page; of pictures and formulas those that are shown.
MEASURED = """
  const page = frame.contentDocument, root = page.documentElement;
  const size = (node) => {
    const box = node.getBoundingClientRect();
    return [box.width, box.height];
  };
  const other = frame.clientWidth < 640 ? ".broad" : ".narrow";
  const all = (tag) => [...page.querySelectorAll(tag)].filter((node) => !node.closest(other));
  for (const block of page.querySelectorAll("details")) block.open = true;
  const style = frame.contentWindow.getComputedStyle(page.body);
  return {
    dark: frame.contentWindow.matchMedia("(prefers-color-scheme: dark)").matches,
    paper: style.backgroundColor,
    ink: style.color,
    over: root.scrollWidth - root.clientWidth,
    math: all("math").map(size),
    instead: page.querySelectorAll(`${other} math`).length,
    fractions: all("mfrac").map(size),
    bars: [...page.querySelectorAll(".display, .steps > .right")].filter(
      (node) => node.scrollWidth > node.clientWidth && !node.textContent.includes("⌊")
    ).length,
    pictures: [...page.querySelectorAll("svg")].map(size),
    beside: [...page.querySelectorAll(".why:not(:empty)")].map((why) =>
      why.getBoundingClientRect().top < why.previousElementSibling.getBoundingClientRect().bottom
    ),
    outside: [...page.querySelectorAll("svg text")].filter((text) => {
      const inner = text.getBoundingClientRect();
      const outer = text.ownerSVGElement.getBoundingClientRect();
      return inner.left < outer.left - 1 || inner.right > outer.right + 1;
    }).map((text) => text.textContent),
  };
"""


def pages_of(lang: str) -> Iterator[tuple[str, str]]:
    names = ("densenet", "pvt", "swin", "vit")
    pages = site({name: open_project(name) for name in names}, lang=lang)
    for path in ("index.html", "closed-forms.html", "pvt.html", "vit.html"):
        yield path, pages[path]
    yield "derivation", cf.zoo("pvt").derivation("macs", "PVT-Small", "html", lang)


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return {f"{name} {lang}": text for lang in LANGUAGES for name, text in pages_of(lang)}


@pytest.mark.parametrize(
    ("width", "dark"), [*zip(WIDTHS, (False, True), strict=True)], ids=["phone", "desk"]
)
def test_pages_in_a_browser(pages: dict[str, str], width: int, dark: bool, tmp_path: Path) -> None:
    for name, shown in found_in(pages, MEASURED, tmp_path, dark, width).items():
        assert_shown(pages[name], shown, width, dark)


def assert_shown(page: str, shown: dict[str, Any], width: int, dark: bool) -> None:
    assert shown["over"] == 0  # no bar below the page
    assert len(shown["math"]) + shown["instead"] == page.count("<math ")
    assert (
        shown["bars"] == 0 or width > 500
    )  # a phone has every formula in its lines, but for what is rounded
    assert all(width > 4 and height > 4 for width, height in shown["math"])
    assert all(height > 14 for _, height in shown["fractions"])  # MathML is laid out
    assert len(shown["pictures"]) == page.count("<svg ")
    seen = [size for size in shown["pictures"] if size != [0, 0]]
    assert len(shown["pictures"]) - len(seen) == page.count('-narrow" role="img"')
    assert all(wide > 200 and height > 80 for wide, height in seen)
    assert shown["outside"] == []
    assert len(shown["beside"]) == len(re.findall('class="why">[^<]|class="why"><math', page))
    assert set(shown["beside"]) <= {width > 500}  # a reason is below its step on a phone
    assert shown["dark"] is dark
    light = ("rgb(255, 255, 255)", "rgb(29, 35, 41)")
    assert (shown["paper"], shown["ink"]) == (
        ("rgb(20, 24, 29)", "rgb(227, 231, 235)") if dark else light
    )


@pytest.mark.parametrize("family", ["DejaVu Sans Mono", "DejaVu Serif"])
def test_no_bar_with_other_fonts(pages: dict[str, str], family: str, tmp_path: Path) -> None:
    """Fails when a page has no bar only with the letters of one machine."""
    style = (
        f"<style>body, code {{ font-family: '{family}' !important; }} math {{ font-size: 1.5em; }}"
    )
    wide = {
        name: page.replace("</head>", f"{style}</style></head>") for name, page in pages.items()
    }
    over = "const r = frame.contentDocument.documentElement; return r.scrollWidth - r.clientWidth;"
    assert set(found_in(wide, over, tmp_path, width=WIDTHS[0]).values()) == {0}


def test_braces_are_as_wide_as_their_formulas(tmp_path: Path) -> None:
    """Fails when a browser leaves out the end of a brace; that of the last has the last term."""
    from PIL import Image

    ran = call("derive", "vit", "--form", "parts", "--measure", "params", "--to", "html")
    assert (ran.code, ran.err) == (0, "")
    with Image.open(pictured(ran.out, tmp_path, (1280, 340))) as image:
        grey = image.convert("L")
    rows = [
        [x for x in range(grey.width) if grey.getpixel((x, y)) < 90] for y in range(grey.height)
    ]
    braces = max(range(len(rows)), key=lambda y: len(rows[y]))
    terms = max(max(row, default=0) for row in rows[braces - 20 : braces - 5])
    assert abs(rows[braces][-1] - terms) < 9
