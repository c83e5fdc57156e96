"""Pages in a real browser: Chromium of Debian shows them without a scroll bar, light and dark."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import pytest

import closedform as cf
from chromium import dumped
from closedform.choices import LANGUAGES
from closedform.projects import open_project
from closedform.render.site import site

pytestmark = pytest.mark.slow

WIDTHS = (360, 1100)

# A page that holds the page under test in frames and says what it measures there.
HOST = """<!DOCTYPE html><title>host</title><pre id="measured"></pre>{frames}<script>
addEventListener("load", () => {{
  const measured = [...document.querySelectorAll("iframe")].map((frame) => {{
    const page = frame.contentDocument, root = page.documentElement;
    const size = (node) => {{
      const box = node.getBoundingClientRect();
      return [box.width, box.height];
    }};
    const style = frame.contentWindow.getComputedStyle(page.body);
    return {{
      dark: frame.contentWindow.matchMedia("(prefers-color-scheme: dark)").matches,
      paper: style.backgroundColor,
      ink: style.color,
      over: root.scrollWidth - root.clientWidth,
      math: [...page.querySelectorAll("math")].map(size),
      fractions: [...page.querySelectorAll("mfrac")].map(size),
      pictures: [...page.querySelectorAll("svg")].map(size),
      beside: [...page.querySelectorAll(".why:not(:empty)")].map((why) =>
        why.getBoundingClientRect().top < why.previousElementSibling.getBoundingClientRect().bottom
      ),
      outside: [...page.querySelectorAll("svg text")].filter((text) => {{
        const inner = text.getBoundingClientRect();
        const outer = text.ownerSVGElement.getBoundingClientRect();
        return inner.left < outer.left - 1 || inner.right > outer.right + 1;
      }}).map((text) => text.textContent),
    }};
  }});
  document.getElementById("measured").textContent = JSON.stringify(measured);
}});
</script>"""


def measure(page: str, folder: Path, dark: bool) -> list[dict[str, Any]]:
    """What a browser finds in a page, at each width."""
    frames = "".join(
        f'<iframe width="{width}" height="900" srcdoc="{html.escape(page)}"></iframe>'
        for width in WIDTHS
    )
    measured: list[dict[str, Any]] = dumped(HOST.format(frames=frames), folder, dark)
    assert len(measured) == len(WIDTHS)
    return measured


PAGES = {
    "vit": lambda lang: cf.zoo("vit").report("html", lang),
    "pvt": lambda lang: cf.zoo("pvt").report("html", lang),
    "derivation": lambda lang: cf.zoo("pvt").derivation("macs", "PVT-Small", "html", lang),
    "index": lambda lang: models(lang)["index.html"],
    "closed forms": lambda lang: models(lang)["closed-forms.html"],
}


def models(lang: str) -> dict[str, str]:
    return site({name: open_project(name) for name in ("densenet", "pvt", "swin")}, lang=lang)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
def test_pages_in_a_browser(name: str, lang: str, dark: bool, tmp_path: Path) -> None:
    page = PAGES[name](lang)
    for width, shown in zip(WIDTHS, measure(page, tmp_path, dark), strict=True):
        assert shown["over"] == 0  # no bar below the page
        assert len(shown["math"]) == page.count("<math ")
        assert all(width > 4 and height > 4 for width, height in shown["math"])
        assert all(height > 14 for _, height in shown["fractions"])  # MathML is laid out
        assert len(shown["pictures"]) == page.count("<svg ")
        assert all(width > 300 and height > 80 for width, height in shown["pictures"])
        assert shown["outside"] == []
        assert len(shown["beside"]) == len(re.findall('class="why">[^<]|class="why"><math', page))
        assert set(shown["beside"]) <= {width > 500}  # a reason is below its step on a phone
        assert shown["dark"] is dark
        light = ("rgb(255, 255, 255)", "rgb(29, 35, 41)")
        assert (shown["paper"], shown["ink"]) == (
            ("rgb(20, 24, 29)", "rgb(227, 231, 235)") if dark else light
        )
