r"""LaTeX to `\input` in a document."""

from __future__ import annotations

from closedform.render.markup.format import Format
from closedform.render.markup.latex import LATEX, STEPS

FORMAT = Format(
    report=LATEX.file("fragment.tex.j2"),
    suffixes=(".inc", ".fragment.tex"),
    derivation=LATEX.having(STEPS).file("derivation.tex.j2"),
    template=LATEX,
)
