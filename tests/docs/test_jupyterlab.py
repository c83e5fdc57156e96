"""A live JupyterLab in a real browser runs the first notebook, light and dark, with sliders."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

import closedform as cf
from chromium import browser
from helpers import ROOT
from notebooks import read, share, shown, write

pytestmark = pytest.mark.slow

SHARE = share("jupyterlab")
pytest.importorskip("matplotlib.font_manager")  # its list of fonts is made here, once
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

NAME = "first-steps.ipynb"
SLIDERS = 'vit.explore("ViT-B/16")'

SIZES = """() => [...document.querySelectorAll(".jp-OutputArea .closedform math")].filter(
  (node) => !node.closest("details") && node.closest(".jp-Cell").offsetParent !== null
).map((node) => {
  const box = node.getBoundingClientRect();
  return [box.width, box.height];
})"""
INKS = """() => {
  const ink = (node) => getComputedStyle(node).color;
  const cells = [...document.querySelectorAll(".jp-OutputArea .closedform")];
  const page = ink(document.querySelector(".jp-RenderedHTMLCommon"));
  return { page, ours: [...new Set(cells.map(ink))] };
}"""
SLIDER_WIDTHS = """() => [...document.querySelectorAll(".widget-slider")].map(
  (node) => Math.min(node.getBoundingClientRect().width, node.closest(".widget-vbox").clientWidth)
)"""
IDLE = """() => {
  const kernel = window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel;
  return kernel?.status === "idle" && document.querySelector(".jp-Notebook .jp-Cell") !== null;
}"""
RUN = "() => { jupyterapp.commands.execute('notebook:run-all-cells'); }"  # not waited for
SAVE = "() => jupyterapp.commands.execute('docmanager:save')"
DARK = "() => jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})"


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """The address of a JupyterLab that has a folder."""
    own = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    home = {name: str(folder / "home" / name) for name in own}
    environment = {**os.environ, **home, "JUPYTER_PATH": str(SHARE),
                   "JUPYTERLAB_DIR": str(SHARE / "lab")}  # fmt: skip
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen(
            [
                sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
                "--ip=127.0.0.1", "--port=0", "--IdentityProvider.token=",
                "--LabApp.expose_app_in_browser=True", "--LabApp.news_url=None",
                f"--ServerApp.root_dir={folder}",
            ],
            env=environment, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        yield _address(folder, running)
    finally:
        running.terminate()
        running.wait(30)


def _address(folder: Path, running: Any) -> str:
    """Where the server says that it is, once it answers."""
    log = folder / "log"
    for _ in range(240):
        said = re.search(r"(http://127\.0\.0\.1:\d+)/lab", log.read_text())
        assert running.poll() is None, log.read_text()
        if said:
            with suppress(URLError), urlopen(f"{said[1]}/api/status", timeout=30):
                return said[1]
        time.sleep(0.25)
    raise AssertionError(log.read_text())


def test_the_first_notebook_in_a_live_jupyterlab(tmp_path: Path) -> None:
    from nbformat.v4 import new_code_cell

    committed = read(ROOT / "notebooks" / NAME)
    asked = read(ROOT / "notebooks" / NAME)
    asked.cells.insert(-1, new_code_cell(SLIDERS))  # the last cell is an error
    for cell in asked.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    path = tmp_path / NAME
    write(asked, path)
    with server(tmp_path) as address, playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=browser(), args=["--no-sandbox"])
        page = chromium.new_page(viewport={"width": 1200, "height": 1400})
        page.set_default_timeout(90_000)
        page.goto(f"{address}/lab/tree/{NAME}")
        page.wait_for_function(IDLE)
        page.evaluate(RUN)
        page.wait_for_selector(".widget-slider")
        page.wait_for_selector(
            "text=`lineer` is not defined >> nth=0", state="attached"
        )  # the last cell
        page.evaluate(SAVE)
        found = read(path)
        light = page.evaluate(INKS)
        sliders = page.evaluate(SLIDER_WIDTHS)
        page.locator(".widget-slider .noUi-handle").nth(2).press("ArrowRight")  # D, 12 wider
        wider = cf.zoo("vit").macs.at("ViT-B/16", D=780)
        page.wait_for_selector(f".widget-html >> text={wider:,} >> nth=0")
        page.screenshot(path=str(tmp_path / "sliders.png"))
        page.evaluate("() => document.querySelector('.jp-WindowedPanel-outer').scrollTo(0, 0)")
        page.wait_for_selector(".jp-OutputArea .closedform math")
        sizes = page.evaluate(SIZES)
        page.screenshot(path=str(tmp_path / "light.png"))
        page.evaluate(DARK)
        page.wait_for_selector("body[data-jp-theme-light='false']", state="attached")
        page.wait_for_timeout(1000)
        dark = page.evaluate(INKS)
        page.screenshot(path=str(tmp_path / "dark.png"))
        chromium.close()
    (added,) = [cell for cell in found.cells if cell.source == SLIDERS]
    found.cells.remove(added)
    assert shown(found) == shown(committed)
    assert "application/vnd.jupyter.widget-view+json" in added.outputs[0]["data"]
    assert len(sliders) == 6
    assert min(sliders) > 250  # not cut off by what is beside them
    assert sizes
    assert all(width > 4 and height > 4 for width, height in sizes)
    assert light["ours"] == [light["page"]]
    assert dark["ours"] == [dark["page"]] != light["ours"]
