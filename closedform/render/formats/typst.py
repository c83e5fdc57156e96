"""Typst, as a document of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from closedform.render.formulas.typst import quoted, typst
from closedform.render.language import number, spoken
from closedform.render.markup.format import Format
from closedform.render.markup.steps import shape, shapes
from closedform.render.markup.templating import Markup, Node

# What means something in the text of Typst; a point after a number begins a list, three are one.
SPECIAL = re.compile(r"[^\w\s,;:()%.!?]|_|(?<=[\d.])\.|\.(?=\.)")


def escape_typst(text: str) -> str:
    r"""Any text as text of a Typst document.

    >>> escape_typst("#read('x') 50% a_b")
    "\\#read(\\'x\\') 50% a\\_b"
    """
    return SPECIAL.sub(lambda found: f"\\{found[0]}" if found[0].isascii() else found[0], text)


def _display(name: str, node: Node) -> str:
    """`name = formula` on lines of its own, broken where the line ends."""
    return f"#formula[$display({quoted(name)} = {typst(node.written)})$]"


def _definition(symbol: Node, node: Node) -> str:
    return f"{typst(symbol.written)} = {typst(node.written)}"


def _typed(text: str) -> str:
    """A text as code, whatever is in it."""
    return f"#raw({quoted(' '.join(text.splitlines()))});"


def _indent(depth: int) -> str:
    return f"#h({depth}em)" if depth else ""


def _steps(steps: Iterable[dict[str, Any]]) -> str:
    """Lines of a derivation: the subject, what it equals, and why."""
    rows = []
    for step in steps:
        subject = f"${step['subject']['text']}$" if step["subject"] else ""
        why = "".join(
            escape_typst(part) if isinstance(part, str) else f"${part['text']}$"
            for part in step["reason"]
        )
        rows.append(f"  [{subject}], [$= display({step['right']['text']})$], [{why}],")
    return "\n".join(["#steps(", *rows, ")"])


TYPST = Markup(
    escape_typst,
    typst,
    {
        "display": _display,
        "definition": _definition,
        "number": number,
        "spoken": spoken,
        "typed": _typed,
        "indent": _indent,
        "inline": "${}$".format,
    },
)
FORMAT = Format(
    report=TYPST.file("report.typ.j2"),
    suffixes=(".typ",),
    derivation=TYPST.having({"steps": _steps, "shape": shape, "shapes": shapes}).file(
        "derivation.typ.j2"
    ),
    template=TYPST,
    comparison=TYPST.file("comparison.typ.j2"),
)
