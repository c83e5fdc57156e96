"""Equations as MathML for a page, broken into lines where they are long: no browser does it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from closedform import formula as w
from closedform.render.formulas.mathml import element, escape_html, math, mathml, row, terms
from closedform.render.formulas.mathml_broken import broken
from closedform.render.formulas.svg_line import pieces

LINE = 44.0  # ems in a line, for the broad column of a page
CELL = 20.0  # in a column of a table that has others with formulas
ALONE = 40.0  # in one that has none
PHONE = 15.0  # of a display on a phone
EQUALS = 1.5
SIDE = 30.0  # the same with what is explained before it, and a reason after it
COMMA = '<mo separator="true">,</mo>'


def equation(left: str, node: w.Written, line: float = LINE) -> str:
    """`left = formula` for a display, broken into aligned lines where it is long."""
    sides = [side for side, _ in _sides(node, line)]
    name = f'<mi mathvariant="normal">{escape_html(left)}</mi>'
    plain = f"{left} = {w.plain(node)}"
    if len(sides) == 1:
        return element(row(name, sides[0]), plain, display=True)
    names = [name, *[""] * (len(sides) - 1)]
    body = "".join(
        f"<mtr><mtd>{before}</mtd><mtd>{side}</mtd></mtr>"
        for before, side in zip(names, sides, strict=True)
    )
    table = f'<mtable displaystyle="true" columnalign="right left">{body}</mtable>'
    return element(table, plain, display=True)


def alone(node: w.Written) -> str:
    """A formula without a name for a display, broken into lines where it is long."""
    lines = broken(node, LINE)
    content = mathml(node) if len(lines) == 1 else _stacked(lines)
    return element(content, w.plain(node), display=True)


def narrow(left: str, node: w.Written) -> str | None:
    """The same in the lines of a phone; None where it fits there as it is."""
    begun = sum(piece.width for piece in pieces(w.Symbol(left))) + EQUALS
    if begun + sum(piece.width for piece in pieces(node)) <= PHONE:
        return None
    name = f'<mi mathvariant="normal">{escape_html(left)}</mi><mo>=</mo>'
    lines = _stacked(broken(node, PHONE, name, begun))
    return element(lines, f"{left} = {w.plain(node)}", display=True)


def equals_narrow(node: w.Written) -> str | None:
    """`= formula` in the lines of a phone; None where it fits there as it is."""
    if EQUALS + sum(piece.width for piece in pieces(node)) <= PHONE:
        return None
    lines = _stacked(broken(node, PHONE, "<mo>=</mo>", EQUALS))
    return element(lines, f"= {w.plain(node)}", display=False)


def in_cell(node: w.Written, columns: int = 2) -> str:
    """A formula in a table with so many columns of formulas, in lines where it is long."""
    lines = broken(node, ALONE if columns == 1 else CELL)
    return math(node) if len(lines) == 1 else element(_stacked(lines), w.plain(node), display=False)


def _stacked(lines: Sequence[str]) -> str:
    body = "".join(f"<mtr><mtd>{row(line)}</mtd></mtr>" for line in lines)
    return f'<mtable displaystyle="true" columnalign="left">{body}</mtable>'


def equals(node: w.Written, line: float = SIDE) -> list[str]:
    """`= formula` in a line of text, or in lines where it is long."""
    return [element(side, plain, display=False) for side, plain in _sides(node, line)]


def _sides(node: w.Written, line: float) -> Iterator[tuple[str, str]]:
    """The right side of an equation in its lines, each with its text."""
    shown = iter(terms(node))
    for at, group in enumerate(_lines(node, line)):
        start = '<mspace width="1em"></mspace>' if at else "<mo>=</mo>"
        sign = "=" if at == 0 else "" if w.is_negative(group[0]) else "+"
        text = w.plain(w.Sum(group)) if len(group) > 1 else w.plain(group[0])
        yield row(start, *(next(shown) for _ in group)), f"{sign} {text}".lstrip()


def _lines(node: w.Written, line: float) -> list[tuple[w.Written, ...]]:
    """The terms of a formula, as many in a line as it has room for."""
    lines: list[tuple[w.Written, ...]] = [()]
    used = 0.0
    for term in node.terms if isinstance(node, w.Sum) else (node,):
        width = 2 + sum(piece.width for piece in pieces(term))
        if lines[-1] and used + width > line:
            lines.append(())
            used = 0.0
        lines[-1] += (term,)
        used += width
    return lines


def definition(symbol: w.Written, formula: w.Written) -> str:
    """`symbol = formula` in a line of text."""
    content = row(mathml(symbol), "<mo>=</mo>", mathml(formula))
    return element(content, f"{w.plain(symbol)} = {w.plain(formula)}", display=False)


Shape = Sequence[w.Written]


def shapes(outputs: Sequence[Shape], inputs: Sequence[Shape] = ()) -> str:
    """Shapes of tensors, `[n, d]`; with inputs, `[n, d] → [n, e]`."""
    content, plain = _shapes(outputs)
    if inputs:
        before, plain_before = _shapes(inputs)
        content, plain = row(before, "<mo>→</mo>", content), f"{plain_before} -> {plain}"
    return element(content, plain, display=False)


def _shapes(tensors: Sequence[Shape]) -> tuple[str, str]:
    found = [row("<mo>[</mo>", COMMA.join(map(mathml, sizes)), "<mo>]</mo>") for sizes in tensors]
    plain = ("[" + ", ".join(map(w.plain, sizes)) + "]" for sizes in tensors)
    return row(COMMA.join(found)), ", ".join(plain)
