"""What the outputs of a notebook say."""

from __future__ import annotations

from typing import Any


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
