"""LaTeX, as a document of its own."""

from __future__ import annotations

from closedform.render.markup.format import Format
from closedform.render.markup.latex import DOCUMENT_STEPS, LATEX
from closedform.render.markup.lengths import points

FORMAT = Format(
    report=LATEX.file("document.tex.j2"),
    suffixes=(".tex",),
    derivation=LATEX.having(DOCUMENT_STEPS).file("derivation_document.tex.j2"),
    template=LATEX,
    width=points,
)
