r"""LaTeX to `\input` in a document."""

from __future__ import annotations

from closedform.render.markup.format import Format
from closedform.render.markup.latex import LATEX, LATEX_STEPS
from closedform.render.markup.latex_rows import comparison_table
from closedform.render.markup.lengths import points

FORMAT = Format(
    report=LATEX.file("fragment.tex.j2"),
    suffixes=(".inc", ".fragment.tex"),
    derivation=LATEX.having(LATEX_STEPS).file("derivation_fragment.tex.j2"),
    template=LATEX,
    width=points,
    comparison=LATEX.having({"comparison_table": comparison_table}).file("comparison.tex.j2"),
)
