"""LaTeX: formulas in displays, tables and derivations, and the functions of its templates."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from closedform.render.formulas.aligned import aligned, stacked
from closedform.render.formulas.latex import equation, latex, word
from closedform.render.formulas.widths import ROOM
from closedform.render.markup import latex_rows
from closedform.render.markup.latex_tables import FOOTNOTE
from closedform.render.markup.latex_text import (
    comment,
    escape_latex,
    number_latex,
    scripts,
    spoken_latex,
    typed,
)
from closedform.render.markup.steps import lines_of, shape, shapes
from closedform.render.markup.templating import Markup, Node, Tools


def display(name: str, node: Node) -> str:
    """`name = formula`, broken into lines where it is long."""
    return equation(word(name), node.written)


def alone(node: Node) -> str:
    """A formula without a name, broken into lines where it is long."""
    return stacked(node.written, ROOM)


def definition(symbol: Node, node: Node) -> str:
    """`symbol = formula`."""
    return f"{latex(symbol.written)} = {latex(node.written)}"


def _display(name: str, node: Node, points: float | None = None) -> str:
    """`name = formula`, broken for a line that is so many points wide."""
    return equation(word(name), node.written, points or ROOM)


def _cell(node: Node, points: float) -> str:
    r"""A formula in a cell of a table in \footnotesize that is so many points wide."""
    return stacked(node.written, points / FOOTNOTE)


def _breaking(shapes: str) -> str:
    return shapes.replace(", ", r", \allowbreak ")


def _indent(depth: int) -> str:
    return r"\quad " * depth


def _steps(steps: Iterable[dict[str, Any]], points: float | None = None) -> str:
    return aligned(lines_of(steps), points or ROOM)


def _small_steps(steps: Iterable[dict[str, Any]], points: float | None = None) -> str:
    """The steps of a document of our own, which is set in 9 pt, as `ROOM` is not."""
    return aligned(lines_of(steps), points or ROOM * 1.2)


LATEX = Markup(
    escape_latex,
    latex,
    {
        "display": _display,
        "alone": alone,
        "cell": _cell,
        "definition": definition,
        "number": number_latex,
        "spoken": spoken_latex,
        "indent": _indent,
        "inline": "${}$".format,
        "typed": typed,
        "comment": comment,
        "scripts": scripts,
        "symbols_table": latex_rows.symbols_table,
        "parts_table": latex_rows.parts_table,
        "presets_table": latex_rows.presets_table,
    },
)
# The functions of a derivation, in every language of documents that takes formulas in LaTeX.
STEPS: Tools = {"steps": _steps, "shape": shape, "shapes": shapes}
# In LaTeX a line may break inside a shape.
LATEX_STEPS: Tools = {
    **STEPS,
    "shape": lambda sizes: _breaking(shape(sizes)),
    "shapes": lambda tensors: _breaking(shapes(tensors)),
}
DOCUMENT_STEPS: Tools = {**LATEX_STEPS, "steps": _small_steps}
