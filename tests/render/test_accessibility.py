"""Pages as axe sees them in a browser: names, contrast, order of headings, use by keyboard."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

import pytest

import closedform as cf
from chromium import dumped
from closedform.choices import LANGUAGES
from closedform.projects import open_project
from closedform.render.site import site
from helpers import TESTS

pytestmark = pytest.mark.slow

AXE = TESTS / "axe" / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS = (400, 1280)
HOST = """<!DOCTYPE html><title>host</title><pre id="measured"></pre>{frames}<script>
addEventListener("load", async () => {{
  const found = [];
  for (const frame of document.querySelectorAll("iframe")) {{
    frame.contentWindow.eval({axe});
    const told = await frame.contentWindow.axe.run(frame.contentDocument);
    found.push({{
      passes: told.passes.length,
      violations: told.violations.map((rule) => [rule.id, ...rule.nodes.map((node) => node.html)]),
    }});
  }}
  document.getElementById("measured").textContent = JSON.stringify(found);
}});
</script>"""


def findings(page: str, folder: Path, dark: bool) -> list[dict[str, Any]]:
    """What axe finds in a page, at each width."""
    assert AXE.is_file(), f"npm install in {TESTS / 'axe'} is missing"
    frames = "".join(
        f'<iframe width="{width}" height="900" srcdoc="{html.escape(page)}"></iframe>'
        for width in WIDTHS
    )
    source = json.dumps(AXE.read_text("utf-8")).replace("</", "<\\/")
    found: list[dict[str, Any]] = dumped(HOST.format(frames=frames, axe=source), folder, dark)
    return found


def models(lang: str) -> dict[str, str]:
    names = ("convolutions", "pvt", "vit")
    return site({name: open_project(name) for name in names}, lang=lang, home="../")


PAGES = {
    "report": lambda lang: models(lang)["pvt.html"],
    "derivation": lambda lang: cf.zoo("pvt").derivation("macs", "PVT-Small", "html", lang),
    "index": lambda lang: models(lang)["index.html"],
    "closed forms": lambda lang: models(lang)["closed-forms.html"],
}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
def test_axe_has_no_findings(name: str, lang: str, dark: bool, tmp_path: Path) -> None:
    """Fails when somebody who uses no mouse, no eyes, or little light has less of a page."""
    told = findings(PAGES[name](lang), tmp_path, dark)
    assert len(told) == len(WIDTHS)
    for shown in told:
        assert shown["passes"] > 15
        assert shown["violations"] == []


def test_axe_is_asked(tmp_path: Path) -> None:
    """Fails when a picture without a text passes."""
    page = models("en")["index.html"].replace("<h1>", '<img src="data:,"/><h1>')
    rules = [
        [rule for rule, *_ in shown["violations"]] for shown in findings(page, tmp_path, False)
    ]
    assert rules == [["image-alt"], ["image-alt"]]
