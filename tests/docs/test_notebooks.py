"""The notebooks run from top to bottom, and show what they say."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from helpers import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def run(path: Path) -> list[str]:
    """The plain text of every output, in order."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": path.parent}}).execute()
    return [
        output.get("text") or output["data"]["text/plain"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
    ]


def test_there_are_notebooks() -> None:
    assert [path.name for path in NOTEBOOKS] == ["first-steps.ipynb"]


def test_first_steps() -> None:
    outputs = run(NOTEBOOKS[0])
    assert outputs[0] == "macs of ViT: 2 L T D (2 D + F + T) + 3 N P^2 D + D C"
    assert "(17563828224, 55484350464)" in outputs
    assert "[2*d]" in outputs
    assert outputs[-1].splitlines()[0] == ("<text>:2:17: error[name]: `lineer` is not defined")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_committed_without_outputs(path: Path) -> None:
    """Outputs would go stale, and they hide a change in a diff."""
    notebook = nbformat.read(path, as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells)
