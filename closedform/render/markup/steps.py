"""Steps of a derivation, and shapes, as the templates of derivations are handed them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from closedform.render.formulas.aligned import Line


def lines_of(steps: Iterable[dict[str, Any]]) -> list[Line]:
    """Steps as the lines of a display: the subject, what it equals, and why."""
    return [
        (
            step["subject"]["node"].written if step["subject"] else None,
            step["right"]["node"].written,
            [p if isinstance(p, str) else p["node"].written for p in step["reason"]],
        )
        for step in steps
    ]


def shape(sizes: Iterable[dict[str, Any]]) -> str:
    """The shape of a tensor, `[n, d]`."""
    return "[" + ", ".join(size["text"] for size in sizes) + "]"


def shapes(tensors: Iterable[Iterable[dict[str, Any]]]) -> str:
    """The shapes of tensors, with commas."""
    return ", ".join(map(shape, tensors))
