"""LaTeX: texts as text of a document, and formulas in displays, cells and derivations."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from closedform.render.formulas.aligned import aligned, stacked
from closedform.render.formulas.latex import equation, latex
from closedform.render.language import number
from closedform.render.markup.steps import lines_of, shape, shapes
from closedform.render.markup.templating import Markup, Node, Tools

FOOTNOTE = 0.85  # the width of \footnotesize over that of the text
LATEX_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"{\ttfamily\char34}",  # the one straight quote that every font encoding has
    "[": "{[}",  # after the \\ of a row, [ and * would be its arguments
    "]": "{]}",
    "*": "{*}",
}
SCRIPTS = {
    "cjk": re.compile(
        "[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]"
    ),
    "japanese": re.compile("[\u3040-\u30ff]"),
    "korean": re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]"),
    "other": re.compile("[\u0370-\u10ff\u1200-\u1dff\u1f00-\u1fff]"),  # from Greek on
}


def escape_latex(text: str) -> str:
    """Any text as text of a LaTeX document."""
    return "".join(LATEX_SPECIAL.get(char, char) for char in text)


def display(name: str, node: Node) -> str:
    """`name = formula`, broken into lines where it is long."""
    return equation(f"\\mathrm{{{name}}}", node.written)


def definition(symbol: Node, node: Node) -> str:
    """`symbol = formula`."""
    return f"{latex(symbol.written)} = {latex(node.written)}"


def scripts(data: Any) -> set[str]:
    """The scripts in the texts of the data of a template that need fonts of their own."""
    if isinstance(data, dict | tuple):
        return set().union(*map(scripts, data.values() if isinstance(data, dict) else data))
    found = SCRIPTS.items() if isinstance(data, str) and not data.isascii() else ()
    return {name for name, chars in found if chars.search(data)}


def _cell(node: Node, points: float) -> str:
    r"""A formula in a cell of a table in \footnotesize that is so many points wide."""
    return stacked(node.written, points / FOOTNOTE)


def _number(value: int | None, lang: str = "en") -> str:
    return number(value, lang).replace(",", r"\,")


def _indent(depth: int) -> str:
    return r"\quad " * depth


def _typed(text: str) -> str:
    """A name in the letters of a typewriter."""
    return f"\\texttt{{{escape_latex(text)}}}"


def _steps(steps: Iterable[dict[str, Any]]) -> str:
    return aligned(lines_of(steps))


LATEX = Markup(
    escape_latex,
    latex,
    {
        "display": display,
        "cell": _cell,
        "definition": definition,
        "number": _number,
        "indent": _indent,
        "typed": _typed,
        "scripts": scripts,
    },
)
# The functions of a derivation, in every language of documents that takes formulas in LaTeX.
STEPS: Tools = {"steps": _steps, "shape": shape, "shapes": shapes}
