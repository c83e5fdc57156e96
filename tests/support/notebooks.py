"""Notebooks of the repository, and what their outputs say.

What reads and makes notebooks takes seconds to import: a run that needs none goes without it.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest


def share(package: str) -> Path:
    """The files that came with a package of Jupyter; skips the tests of a file without it."""
    found = find_spec(package)
    if found is None or found.origin is None:
        pytest.skip(f"{package} is not installed", allow_module_level=True)
    return Path(found.origin).parents[4] / "share" / "jupyter"


def read(path: Path) -> Any:
    """A notebook as nbformat has it."""
    import nbformat

    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


def write(notebook: Any, path: Path) -> None:
    import nbformat

    nbformat.write(notebook, path)  # type: ignore[no-untyped-call]


def shown(notebook: Any) -> list[list[str]]:
    """The plain text of each output of each cell; a picture is told by its kind."""
    return [
        [
            output.get("text") or "\n".join(output.get("traceback", ())) or told(output["data"])
            for output in cell.get("outputs", [])
        ]
        for cell in notebook.cells
    ]


def told(data: Any) -> str:
    return "a picture" if "image/png" in data or "image/svg+xml" in data else data["text/plain"]
