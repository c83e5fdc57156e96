"""The notebooks run from top to bottom, and show what they are committed with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from helpers import ROOT, Golden
from notebooks import read, shown, write

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NAMES = ["attention", "budget", "context", "first-steps", "papers", "sweep"]
PATHS = [pytest.param(path, id=path.stem, marks=pytest.mark.slow) for path in NOTEBOOKS]


def run(path: Path) -> Any:
    """The notebook with the outputs that it has now."""
    from nbclient import NotebookClient

    notebook = read(path)
    folder = {"metadata": {"path": path.parent}}
    NotebookClient(notebook, timeout=120, resources=folder, record_timing=False).execute()
    return notebook


def test_there_are_notebooks() -> None:
    assert [path.stem for path in NOTEBOOKS] == NAMES


@pytest.mark.parametrize("path", PATHS)
def test_a_notebook_shows_what_it_says(path: Path, golden: Golden) -> None:
    """Fails when a cell does not run, or shows something else than is committed."""
    made = run(path)
    if golden.update:
        write(made, path)
    assert shown(made) == shown(read(path))
    assert any(shown(made))


def test_what_the_first_steps_say() -> None:
    outputs = [
        text for cell in shown(read(ROOT / "notebooks" / "first-steps.ipynb")) for text in cell
    ]
    assert "(17563828224, 55484350464, 55484350464)" in outputs
    assert outputs[-1].splitlines()[0] == "<text>:2:17: error[name]: `lineer` is not defined"
