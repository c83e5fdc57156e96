"""How a notebook and a terminal show formulas and tables."""

from __future__ import annotations

import html as xml
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

import sympy
from sympy import Expr, Symbol

from closedform import formula as w
from closedform.derive.arrange.writing import Order, write
from closedform.derive.solve.closed import Closed
from closedform.errors import ClosedformError
from closedform.render.formats import format_named
from closedform.render.formats.svg import style_within
from closedform.render.formulas.latex import latex as in_latex
from closedform.render.formulas.mathml_lines import in_cell
from closedform.render.markup.latex_rows import table_of
from closedform.render.markup.markdown import escape_markdown
from closedform.render.pictures.page import architecture, inside
from closedform.render.report.cell import cell
from closedform.render.report.names import with_needed
from closedform.render.report.view import Report

Shown: TypeAlias = tuple[Closed, w.Written]  # a formula, and how it is written


def abbreviations(form: Closed) -> list[Symbol]:
    """The abbreviations in a formula, and those that they are made of."""
    return with_needed(form.derivation, form.expr.free_symbols)


# Formulas ----------------------------------------------------------------------------------


def html(formulas: Sequence[Shown], title: str = "") -> str:
    """Formulas with what their symbols mean, in the colours of the page around them."""
    return _filled("html", "html", formulas, title)


def markdown(formulas: Sequence[Shown], title: str = "") -> str:
    """The same in the Markdown of notebooks."""
    return _filled("notebook", "md", formulas, title)


def latex(formulas: Sequence[Shown], title: str = "") -> str:
    """The same in LaTeX, for a notebook that is printed."""
    return _filled("tex", "tex", formulas, title)


def text(formulas: Sequence[Shown], title: str = "") -> str:
    """The same for a terminal."""
    return _filled("text", "txt", formulas, title).rstrip("\n")


def _filled(to: str, suffix: str, formulas: Sequence[Shown], title: str) -> str:
    markup = format_named(to).template
    assert markup is not None
    told = cell([form for form, _ in formulas], [written for _, written in formulas], title)
    return markup.file(f"cell.{suffix}.j2")(told)


def html_filled(template: str, view: object) -> str:
    """What is told of several files, as HTML for a notebook."""
    markup = format_named("html").template
    assert markup is not None
    return markup.file(template)(view)


def html_drawing(told: Report) -> str:
    """The drawing of a model with its blocks to be opened, in the colours of the page around it."""
    blocks = "".join(folded(f"Inside {name}", picture.labelled()) for name, picture in inside(told))
    style = f"<style>{style_within(told, '.closedform.drawn')}</style>"
    drawn = architecture(told).labelled()
    font = "overflow-x: auto; font: 14px system-ui, sans-serif"
    return f'{style}<div class="closedform drawn" style="{font}">{drawn}{blocks}</div>'


def folded(title: str, content: str) -> str:
    """What a notebook shows when it is asked to."""
    return f"<details><summary>{xml.escape(title)}</summary>{content}</details>"


def html_error(error: ClosedformError) -> str:
    """What is wrong with a file, where its formulas would be shown."""
    return f"<pre>{xml.escape(str(error))}</pre>"


# Tables ------------------------------------------------------------------------------------


Rows = Iterable[tuple[object, ...]]
WIDEST = 40  # a column of longer texts leaves room for the others


def text_table(headings: Sequence[str], rows: Rows) -> str:
    """A table for a terminal."""
    lines = [list(headings), *([_text(cell) for cell in row] for row in rows)]
    return "\n".join(line.rstrip() for line in _aligned(lines))


def _aligned(lines: list[list[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))


def html_table(headings: Sequence[str], rows: Rows) -> str:
    """A table for a notebook."""
    rows = list(rows)
    sides = [_side(cell) for cell in rows[0]] if rows else ["left"] * len(headings)
    head = "".join(
        f'<th scope="col" style="text-align: {side}">{xml.escape(heading)}</th>'
        for side, heading in zip(sides, headings, strict=True)
    )
    told = [[_written(cell) is not None for cell in row] for row in rows]
    columns = sum(map(any, zip(*told, strict=True)))
    lines = ("".join(_html_cell(cell, columns) for cell in row) for row in rows)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    scroll = '<div class="closedform" style="overflow-x: auto">'
    return f"{scroll}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def _html_cell(cell: object, columns: int) -> str:
    written = _written(cell)
    shown = xml.escape(_text(cell)) if written is None else in_cell(written, columns)
    return f'<td style="text-align: {_side(cell)}">{shown}</td>'


def _side(cell: object) -> str:
    """Where a cell begins: texts and formulas at the left, numbers at the right."""
    return "left" if isinstance(cell, str) or _written(cell) is not None else "right"


def markdown_table(headings: Sequence[str], rows: Rows) -> str:
    """A table in Markdown; where it is printed, a column is as wide as its dashes say."""
    rows = list(rows)
    sides = [_side(cell) for cell in rows[0]] if rows else ["left"] * len(headings)
    columns = zip(headings, *([_text(cell) for cell in row] for row in rows), strict=True)
    rules = ("-" * min(max(3, *map(len, column)), WIDEST) for column in columns)
    below = [
        f"{rule}:" if side == "right" else rule for rule, side in zip(rules, sides, strict=True)
    ]
    lines = [headings, below, *(map(_markdown_cell, row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _markdown_cell(cell: object) -> str:
    written = _written(cell)
    return escape_markdown(_text(cell)) if written is None else f"${in_latex(written)}$"


def latex_table(headings: Sequence[str], rows: Rows) -> str:
    """A table in LaTeX as wide as a line, for a notebook that is printed."""

    def told(cell: object) -> str | w.Written:
        written = _written(cell)
        return _text(cell) if written is None else written

    return table_of(headings, [[told(cell) for cell in row] for row in rows])


def _written(cell: Any) -> w.Written | None:
    """The formula in a cell; None for texts and numbers."""
    if isinstance(cell, Expr) and not cell.is_Rational:
        return write(cell, Order())
    return None if isinstance(cell, Expr) else getattr(cell, "written", None)


def _text(cell: object) -> str:
    """A cell as text: numbers with their digits in groups, shares as percent."""
    if cell is None:
        return ""
    if isinstance(cell, int | sympy.Integer):
        return f"{int(cell):,}"
    if isinstance(cell, Fraction):
        return f"{cell.numerator / cell.denominator:.1%}" if cell < 1 else str(cell)
    return str(cell)
