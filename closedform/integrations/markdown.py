r"""A fence for Python-Markdown, and so for MkDocs and its successors.

    ```closedform
    file: models/vit.arch
    preset: ViT-B/16
    show: formulas
    ```

The body names a file, or is an architecture itself; docs/integrations.md has the options.
Formulas come as `\( \)` and `\[ \]` in elements of the class `arithmatex`, for MathJax or KaTeX.
"""

from __future__ import annotations

import logging
import re
from html import escape
from pathlib import Path
from typing import Any

from markdown import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor

from closedform.errors import ClosedformError
from closedform.integrations.options import Place, answer, header
from closedform.integrations.outline import (
    Bullets,
    Display,
    Inline,
    Math,
    Outline,
    Paragraph,
    Picture,
    Piece,
    Strong,
    Table,
)
from closedform.render.report.prose import Code

FENCE = re.compile(r"(?P<marks>`{3,}(?!.*`)|~{3,})[ ]*(?P<language>\S*).*")
BEFORE_FENCED_CODE = 26  # Python-Markdown and SuperFences take fences at 25
LOG = logging.getLogger("mkdocs.closedform")  # below `mkdocs`, so that its --strict sees warnings


class ClosedformExtension(Extension):
    """Renders fences of the language `closedform` in place.

    `base` is the folder from which `file:` is taken, and which it cannot leave.
    """

    def __init__(self, **options: Any) -> None:
        self.config = {"base": [".", "The folder of the files that fences name."]}
        super().__init__(**options)

    def extendMarkdown(self, md: Markdown) -> None:
        base = Path(self.getConfig("base"))
        md.preprocessors.register(_Fences(md, base), "closedform", BEFORE_FENCED_CODE)


def makeExtension(**options: Any) -> ClosedformExtension:
    """What Python-Markdown calls when the extension is named by its module."""
    return ClosedformExtension(**options)


def superfence(
    source: str, language: str, css_class: str, options: Any, md: Markdown, **others: Any
) -> str:
    """The `format` of a custom fence of pymdownx.superfences, for fences inside lists and tabs.

    Files are taken from the base of this extension if it is loaded, else from the folder in
    which the program runs.
    """
    loaded = "closedform" in md.preprocessors
    fences = md.preprocessors["closedform"] if loaded else _Fences(md, Path())
    assert isinstance(fences, _Fences)
    return fences.html(source, "a fence")


class _Fences(Preprocessor):
    """Puts HTML in the place of fences, before other extensions see them."""

    def __init__(self, md: Markdown, base: Path) -> None:
        super().__init__(md)
        self.base = base

    def run(self, lines: list[str]) -> list[str]:
        out: list[str] = []
        at = 0
        while at < len(lines):
            end = _end_of_fence(lines, at)
            opener = FENCE.fullmatch(lines[at])
            if end and opener and opener["language"] == "closedform":
                html = self.html("\n".join(lines[at + 1 : end]), f"the fence of line {at + 1}")
                out += ["", self.md.htmlStash.store(html), ""]
            else:
                out += lines[at : (end or at) + 1]
            at = (end or at) + 1
        return out

    def html(self, body: str, what: str) -> str:
        """The HTML of the body of a fence; an error is shown in its place, and logged."""
        try:
            given, text = header(body)
            pieces = answer(given, text, Place(self.base, "<fence>", confined=True))
        except ClosedformError as error:
            LOG.warning("%s:\n%s", what, error)
            return f'<div class="closedform-error"><pre>{escape(str(error))}</pre></div>'
        return _html(pieces)


def _end_of_fence(lines: list[str], at: int) -> int | None:
    """The line that closes the fence that begins at a line, if one begins there and ends."""
    opener = FENCE.fullmatch(lines[at])
    if opener is None:
        return None
    marks = opener["marks"]
    for end in range(at + 1, len(lines)):
        closer = lines[end].rstrip()
        if len(closer) >= len(marks) and closer == marks[0] * len(closer):
            return end
    return None


def _html(pieces: Outline) -> str:
    body = "\n".join(map(_piece, pieces))
    return f'<div class="closedform">\n{body}\n</div>'


def _piece(piece: Piece) -> str:
    match piece:
        case Paragraph():
            return f"<p>{_inline(piece.inline)}</p>"
        case Display():
            return f'<div class="arithmatex">\\[\n{escape(piece.latex)}\n\\]</div>'
        case Bullets():
            items = "\n".join(f"<li>{_inline(item)}</li>" for item in piece.items)
            return f"<ul>\n{items}\n</ul>"
        case Table():
            return _table(piece)
        case Picture():
            image = (
                f'<div style="overflow-x: auto" tabindex="0"><img src="{piece.address}" '
                f'alt="{escape(piece.about)}" style="max-width: none"></div>'
            )
            if not piece.folded:
                return image
            summary = f"<summary>{escape(piece.folded)}</summary>"
            return f"<details>\n{summary}\n{image}\n</details>"


def _table(table: Table) -> str:
    texts = len(table.head) - table.numbers
    style = [""] * texts + [' style="text-align: right"'] * table.numbers
    head = "".join(f"<th{s}>{escape(t)}</th>" for s, t in zip(style, table.head, strict=True))
    rows = "\n".join(
        "<tr>"
        + "".join(f"<td{s}>{_inline(cell)}</td>" for s, cell in zip(style, row, strict=True))
        + "</tr>"
        for row in table.rows
    )
    return (
        f"<table>\n<caption>{escape(table.caption)}</caption>\n"
        f"<thead>\n<tr>{head}</tr>\n</thead>\n<tbody>\n{rows}\n</tbody>\n</table>"
    )


def _inline(parts: Inline) -> str:
    return "".join(map(_span, parts))


def _span(part: str | Math | Strong | Code) -> str:
    match part:
        case Math():
            return f'<span class="arithmatex">\\({escape(part.latex)}\\)</span>'
        case Strong():
            return f"<strong>{escape(part.text)}</strong>"
        case Code():
            return f"<code>{escape(part.text)}</code>"
        case str():
            return escape(part)
