"""A derivation as one page of HTML, in the look of the page of a report."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from closedform import formula as w
from closedform.render.formats.html_report import TOOLS
from closedform.render.formats.templating import Node, template_writer
from closedform.render.formulas import displays, mathml


def _equals(node: Node) -> str:
    return "\n".join(displays.equals(node.written))


def _shapes(
    outputs: Iterable[Iterable[dict[str, Any]]], inputs: Iterable[Iterable[dict[str, Any]]] = ()
) -> str:
    """The shapes of tensors; with inputs, what an operation makes of them."""
    return displays.shapes(_written(outputs), _written(inputs))


def _written(shapes: Iterable[Iterable[dict[str, Any]]]) -> list[list[w.Written]]:
    return [[size["node"].written for size in shape] for shape in shapes]


_TOOLS: dict[str, Callable[..., Any]] = {**TOOLS, "equals": _equals, "shapes": _shapes}

html_derivation = template_writer("derivation.html.j2", mathml.escape_html, mathml.math, _TOOLS)
