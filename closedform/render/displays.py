"""Equations as MathML for a page, broken into lines where they are long: no browser does it."""

from __future__ import annotations

from closedform.derive import written as w
from closedform.render.inline import pieces
from closedform.render.mathml import element, escape_html, mathml, row, terms

LINE = 44.0  # ems in a line, for the broad column of a page


def equation(left: str, node: w.Written, line: float = LINE) -> str:
    """`left = formula` for a display, broken into aligned lines where it is long."""
    lines = _lines(node, line)
    name = f'<mi mathvariant="normal">{escape_html(left)}</mi>'
    plain = f"{left} = {w.plain(node)}"
    if len(lines) == 1:
        return element(row(name, "<mo>=</mo>", *lines[0]), plain, display=True)
    starts = [(name, "<mo>=</mo>"), *[("", '<mspace width="1em"></mspace>')] * (len(lines) - 1)]
    body = "".join(
        f"<mtr><mtd>{before}</mtd><mtd>{row(start, *run)}</mtd></mtr>"
        for (before, start), run in zip(starts, lines, strict=True)
    )
    table = f'<mtable displaystyle="true" columnalign="right left">{body}</mtable>'
    return element(table, plain, display=True)


def _lines(node: w.Written, line: float) -> list[list[str]]:
    """The terms of a formula, as many in a line as it has room for."""
    parts = node.terms if isinstance(node, w.Sum) else (node,)
    lines: list[list[str]] = [[]]
    used = 0.0
    for term, part in zip(terms(node), parts, strict=True):
        width = 2 + sum(piece.width for piece in pieces(part))
        if lines[-1] and used + width > line:
            lines.append([])
            used = 0.0
        lines[-1].append(term)
        used += width
    return lines


def definition(symbol: w.Written, formula: w.Written) -> str:
    """`symbol = formula` in a line of text."""
    content = row(mathml(symbol), "<mo>=</mo>", mathml(formula))
    return element(content, f"{w.plain(symbol)} = {w.plain(formula)}", display=False)
