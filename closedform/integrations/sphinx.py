"""A Sphinx directive that renders an architecture in place.

    .. closedform:: ../models/vit.arch
       :preset: ViT-B/16
       :show: formulas

Without a file, the content of the directive is the architecture; docs/integrations.md has the
options.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from closedform import __version__
from closedform.errors import ClosedformError
from closedform.files import read_text
from closedform.integrations.options import NAMES, Place, answer
from closedform.integrations.outline import (
    Bullets,
    Display,
    Inline,
    Math,
    Paragraph,
    Picture,
    Piece,
    Strong,
    Table,
)
from closedform.render.report.prose import Code

LOG = logging.getLogger(__name__)
INLINE = "<directive>"


class ClosedformDirective(SphinxDirective):
    """`.. closedform:: path.arch`, with the path as in `literalinclude`, or with content."""

    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec: ClassVar[dict[str, Any]] = dict.fromkeys(NAMES, directives.unchanged_required)

    def run(self) -> list[nodes.Node]:
        given = dict(self.options)
        folder = Path(self.env.doc2path(self.env.docname)).parent
        if self.arguments:
            given["file"] = self._path(self.arguments[0])
        place = Place(folder, INLINE, self._read)
        try:
            pieces = answer(given, "\n".join(self.content), place)
        except ClosedformError as error:
            LOG.warning("%s", error, location=self._location(error), type="closedform")
            return [nodes.literal_block(str(error), str(error), classes=["closedform-error"])]
        return [nodes.container("", *map(_node, pieces), classes=["closedform"])]

    def _path(self, argument: str) -> str:
        """A file as Sphinx finds it, or a model of the zoo as it is named."""
        path = Path(self.env.relfn2path(argument)[1])
        if not path.exists() and not path.suffix:
            return argument
        self.env.note_dependency(str(path))  # also of a file that is still to come
        return str(path)

    def _read(self, path: Path) -> str:
        self.env.note_dependency(str(path))
        return read_text(path)

    def _location(self, error: ClosedformError) -> str:
        """The line of the document: that of the error where it is in the content."""
        span = error.diagnostics[0].span
        if span is not None and span.source.name == INLINE and span.line <= len(self.content):
            source, offset = self.content.info(span.line - 1)
            return f"{source}:{(offset or 0) + 1}"
        source, line = self.get_source_info()
        return f"{source}:{line}"


def _node(piece: Piece) -> nodes.Node:
    match piece:
        case Paragraph():
            return nodes.paragraph("", "", *_inline(piece.inline))
        case Display():
            return nodes.math_block(piece.latex, piece.latex, number=None, label=None)
        case Bullets():
            items = (nodes.list_item("", nodes.paragraph("", "", *_inline(i))) for i in piece.items)
            return nodes.bullet_list("", *items)
        case Table():
            return _table(piece)
        case Picture():
            image = nodes.image(uri=piece.address, alt=piece.about)
            if not piece.folded:
                return image
            return nodes.container("", nodes.rubric("", piece.folded), image)


def _table(table: Table) -> nodes.table:
    columns = range(len(table.head))
    group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in columns), cols=len(columns))
    head = _row(tuple((text,) for text in table.head), table.numbers)
    group += nodes.thead("", head)
    group += nodes.tbody("", *(_row(row, table.numbers) for row in table.rows))
    return nodes.table("", nodes.title("", table.caption), group, classes=["colwidths-auto"])


def _row(cells: tuple[Inline, ...], numbers: int) -> nodes.row:
    row = nodes.row()
    for at, cell in enumerate(cells):
        classes = ["text-right"] if at >= len(cells) - numbers else []
        texts = [nodes.paragraph("", "", *_inline(cell))] if cell else []
        row += nodes.entry("", *texts, classes=classes)
    return row


def _inline(parts: Inline) -> list[nodes.Node]:
    return [_span(part) for part in parts]


def _span(part: str | Math | Strong | Code) -> nodes.Node:
    match part:
        case Math():
            return nodes.math(part.latex, part.latex)
        case Strong():
            return nodes.strong(part.text, part.text)
        case Code():
            return nodes.literal(part.text, part.text)
        case str():
            return nodes.Text(part)


def setup(app: Sphinx) -> dict[str, Any]:
    """What Sphinx calls when the extension is listed in conf.py."""
    app.add_directive("closedform", ClosedformDirective)
    return {"version": __version__, "parallel_read_safe": True, "parallel_write_safe": True}
