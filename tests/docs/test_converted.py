"""The notebooks as nbconvert makes pages and a printed document of them: one conversion of all."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from chromium import found_in
from helpers import ROOT
from notebooks import read, share

pytestmark = pytest.mark.slow

SHARE = share("nbconvert")

# What is found on a page in the frame that shows it.
MEASURED = """
  const page = frame.contentDocument, root = page.documentElement;
  const size = (node) => [node.getBoundingClientRect().width, node.getBoundingClientRect().height];
  const all = (selector) => [...page.querySelectorAll(selector)];
  const ink = (node) => getComputedStyle(node).color;
  const body = page.querySelector(".jp-RenderedHTMLCommon");
  return {
    over: root.scrollWidth - root.clientWidth,
    math: all("math").filter((node) => !node.closest("details")).map(size),
    pictures: all("img").map((image) => [image.naturalWidth > 0, image.alt.length > 20]),
    drawings: all("details svg").length,
    paper: getComputedStyle(page.body).backgroundColor,
    ink: ink(body),
    inks: [...new Set(all(".jp-OutputArea .closedform").map(ink))],
    dollars: all(".jp-OutputArea .closedform").filter((n) => n.textContent.includes("$")).length,
    clipped: all(".jp-OutputArea-output").filter((node) =>
      node.scrollWidth > node.clientWidth + 1 && getComputedStyle(node).overflowX === "hidden"
    ).length,
  };
"""


@pytest.fixture(autouse=True)
def templates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that came with nbconvert, wherever it is."""
    monkeypatch.setenv("JUPYTER_PATH", str(SHARE))


@pytest.fixture(scope="module")
def notebook() -> Any:
    """All notebooks as one, with the outputs that they are committed with."""
    from nbformat import from_dict

    cells = []
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for at, cell in enumerate(read(path).cells):
            cells.append({**cell, "id": f"{path.stem}-{at}"})
    language = {"language_info": {"name": "python"}}
    return from_dict({"cells": cells, "metadata": language, "nbformat": 4, "nbformat_minor": 5})


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_page_in_a_browser(theme: str, notebook: Any, tmp_path: Path) -> None:
    """The system is the other way round: fails when a formula has the colours of the system."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(theme=theme)
    page, _ = exporter.from_notebook_node(notebook)
    page = re.sub(r"<script\b.*?</script>", "", page, flags=re.DOTALL)  # MathJax, from elsewhere
    pages = {"notebooks": page}
    (found,) = found_in(pages, MEASURED, tmp_path, theme == "light", 1000).values()
    assert found["over"] == 0
    assert len(found["math"]) > 40
    assert all(width > 4 and height > 4 for width, height in found["math"])
    assert len(found["pictures"]) == 5
    assert all(drawn and told for drawn, told in found["pictures"])
    assert found["drawings"] == 5  # of two, one has blocks that open
    assert found["inks"] == [found["ink"]]
    assert found["dollars"] == found["clipped"] == 0
    light, dark = "rgba(0, 0, 0, 0.87)", "rgb(255, 255, 255)"
    assert found["ink"] == (light if theme == "light" else dark)


@pytest.mark.skipif(shutil.which("pandoc") is None, reason="pandoc is not installed")
def test_a_printed_document(notebook: Any, tmp_path: Path) -> None:
    """Fails when a formula is not typeset, or a word or a picture stands off the page."""
    from nbconvert import LatexExporter

    exporter = LatexExporter()
    text, made = exporter.from_notebook_node(notebook)
    (tmp_path / "all.tex").write_text(text, "utf-8")
    for name, data in made["outputs"].items():
        (tmp_path / name).write_bytes(data)
    assert len(made["outputs"]) == 5
    done = subprocess.run(
        ["xelatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"],
        cwd=tmp_path, capture_output=True, timeout=300, check=False,
    )  # fmt: skip
    log = (tmp_path / "all.log").read_text("utf-8", errors="replace")
    assert done.returncode == 0, log[-3000:]
    assert "Missing character" not in log
    boxes = subprocess.run(
        ["pdftotext", "-bbox", "all.pdf", "-"],
        cwd=tmp_path, capture_output=True, timeout=60, check=True, encoding="utf-8",
    ).stdout  # fmt: skip
    assert off_the_page(boxes) == []
    assert re.search(r"Overfull \\hbox \((?!\d\.)\d+", log) is None, log
    words = re.findall(r">([^<]*)</word>", boxes)
    code = "check(r"  # where a formula of a paper is asked, and not printed
    raw = [word for word in words if "\\mathrm" in word and code not in word]
    assert not [*raw, *(word for word in words if word == "<IPython.core")]
    assert words.count("MACs") > 5


def off_the_page(boxes: str) -> list[str]:
    """The words that leave the page or its margins of 1 cm."""
    found = []
    for page in re.split(r"<page ", boxes)[1:]:
        width = float(re.search(r'width="([\d.]+)"', page)[1])  # type: ignore[index]
        for left, right, word in re.findall(r'xMin="(-?[\d.]+)".*?xMax="([\d.]+)".*?>(.*?)<', page):
            if float(left) < 28 or float(right) > width - 28:
                found.append(word)
    return found
