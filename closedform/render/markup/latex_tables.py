r"""Tables of LaTeX that are as wide as a line: their columns add up to \linewidth.

Widths are parts of the line, so that a table fits wherever it stands; its formulas are broken for
the line that it was made for. A table is set in \footnotesize.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from math import ceil

from closedform import formula as w
from closedform.data import dataclass
from closedform.render.formulas.aligned import stacked
from closedform.render.formulas.latex import broken, latex
from closedform.render.formulas.widths import width
from closedform.render.markup.columns import allotted

FOOTNOTE = 0.88  # the width of \footnotesize over that of the text of which `width` tells
GAP = 0.02  # between two columns, as a part of the line
FEW = 25  # lines of a table that stays on one page
STRETCH = 12  # lines of a piece of a longer one
SIGNS = re.compile(r"[^\w .,:;()/]|_")  # as wide as a letter, and no LaTeX
MAY_BREAK = "\u200b"  # in a text as it reads
TALL = 1.5  # a line with a fraction, over another


@dataclass(frozen=True)
class Text:
    """A text that is LaTeX already, and how it reads, of which its width is reckoned."""

    latex: str
    plain: str


@dataclass(frozen=True)
class Cell:
    """What stands in a cell: texts and formulas, one below the other; rooms are in points."""

    parts: tuple[Text | w.Written, ...] = ()

    @property
    def wide(self) -> float:
        """How wide it is where nothing in it is broken."""
        return FOOTNOTE * max(map(_wide, self.parts), default=0.0)

    def least(self, room: float) -> float:
        """How wide it is where all is broken for a room."""
        return FOOTNOTE * max((_least(part, room / FOOTNOTE) for part in self.parts), default=0.0)

    def lines(self, room: float) -> float:
        """How many lines it then has."""
        return sum(_lines(part, room / FOOTNOTE) for part in self.parts)

    def set(self, room: float) -> str:
        """Its LaTeX, broken for a room."""
        return r" \newline ".join(_set(part, room / FOOTNOTE) for part in self.parts)


Row = Sequence[Cell]


def _wide(part: Text | w.Written) -> float:
    return _words(part.plain)[0] if isinstance(part, Text) else width(latex(part))


def _least(part: Text | w.Written, room: float) -> float:
    return _words(part.plain)[1] if isinstance(part, Text) else max(map(width, _rows(part, room)))


def _lines(part: Text | w.Written, room: float) -> float:
    if isinstance(part, Text):
        return max(1, ceil(_wide(part) / room - 0.01))
    return sum(TALL if "frac" in row or "sum" in row else 1.0 for row in _rows(part, room))


def _set(part: Text | w.Written, room: float) -> str:
    return part.latex if isinstance(part, Text) else f"${stacked(part, room)}$"


@cache
def _words(plain: str) -> tuple[float, float]:
    """The widths of a text and of its widest word."""
    pieces = [SIGNS.sub("n", word) for word in plain.replace(MAY_BREAK, " ").split()]
    words = [width(f"\\text{{{word}}}") for word in pieces]
    text = SIGNS.sub("n", plain.replace(MAY_BREAK, ""))
    return width(f"\\text{{{text}}}"), max(words, default=0.0)


@cache
def _rows(node: w.Written, room: float) -> tuple[str, ...]:
    return tuple(broken(node, room))


# Widths ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Table:
    """A table: groups of rows that stay together, and which columns are set to the right.

    A row of one cell goes over all columns.

    >>> narrow = Table((Cell((Text("a", "a"),)),), (), (False,))
    >>> narrow.widths(200.0)
    [200.0]
    """

    head: Row
    groups: Sequence[Sequence[Row]]
    right: Sequence[bool]

    def widths(self, room: float) -> list[float] | None:
        """The widths of its columns in a line; None where it cannot be broken so far."""
        rows = [row for rows in self.groups for row in rows]
        count = len(self.head)
        columns = [*zip(self.head, *(row for row in rows if len(row) == count), strict=True)]
        if any(row[0].least(room) > room for row in rows if len(row) < count):
            return None
        free = room * (1 - GAP * (len(columns) - 1))
        natural = [max(cell.wide for cell in column) for column in columns]
        if sum(natural) <= free:
            return [wide * free / sum(natural) for wide in natural]

        def least(at: int, wide: float) -> float:
            widths: list[float] = [cell.least(wide) for cell in columns[at]]
            return max(widths)

        return allotted(natural, free, least)

    def height(self, widths: Sequence[float]) -> float:
        """How many lines it takes."""
        return sum(_height(row, widths) for rows in self.groups for row in rows)


def _height(row: Row, widths: Sequence[float]) -> float:
    return max(cell.lines(wide) for cell, wide in zip(row, _over(row, widths), strict=True))


def _over(row: Row, widths: Sequence[float]) -> Sequence[float]:
    """The widths of the cells of a row."""
    return widths if len(row) == len(widths) else [sum(widths)]


def fitting(tables: Sequence[Table], room: float) -> tuple[Table, list[float]]:
    """The lowest of tables that say the same; the last where none can be broken for the line."""
    found = [(table, wide) for table in tables if (wide := table.widths(room)) is not None]
    if found:
        return min(found, key=lambda one: one[0].height(one[1]))
    last = tables[-1]
    return last, [room * (1 / len(last.head) - GAP)] * len(last.head)


# LaTeX -------------------------------------------------------------------------------------


def booktabs(tables: Sequence[Table], room: float, whole: bool) -> str:
    """The lowest of tables that say the same, for a line that is so many points wide.

    A long one is broken over pages: in a document that is whole by longtable, which repeats its
    head; otherwise into pieces that join, since longtable cannot stand in two columns.
    """
    table, widths = fitting(tables, room)
    spec = "@{}" + "".join(map(_column, (wide / room for wide in widths), table.right)) + "@{}"
    head = ["\\toprule", _line(table.head, widths), "\\midrule"]
    long = table.height(widths) > FEW
    body: list[str] = []
    filled = 0.0
    for rows in table.groups:
        high = sum(_height(row, widths) for row in rows)
        if long and not whole and filled and filled + high > STRETCH:
            body += [
                "\\end{tabular}\\par\\nointerlineskip\\noindent",
                f"\\begin{{tabular}}{{{spec}}}",
            ]
            filled = 0.0
        filled += high
        body += [_line(row, widths) for row in rows]
    margins = ["\\setlength{\\LTleft}{0pt}", "\\setlength{\\LTright}{0pt}"]
    name, before, again = (
        ("longtable", margins, ["\\endhead"]) if long and whole else ("tabular", ["\\noindent"], [])
    )
    lines = [
        "\\par\\medskip",
        "{\\footnotesize\\setlength{\\parskip}{0pt}",
        f"\\setlength{{\\tabcolsep}}{{{_part(GAP / 2)}\\linewidth}}",
        *before,
        f"\\begin{{{name}}}{{{spec}}}",
        *head,
        *again,
        *body,
        "\\bottomrule",
        f"\\end{{{name}}}\\par}}\\medskip",
    ]
    return "\n".join(lines)


def _column(part: float, right: bool) -> str:
    ragged = "left" if right else "right"
    return f">{{\\ragged{ragged}\\arraybackslash}}p{{{_part(part)}\\linewidth}}"


def _part(part: float) -> str:
    """A part of a line, rounded down."""
    return f"{int(part * 10_000) / 10_000:g}"


def _line(row: Row, widths: Sequence[float]) -> str:
    cells = [cell.set(wide) for cell, wide in zip(row, _over(row, widths), strict=True)]
    if len(row) < len(widths):
        cells = [f"\\multicolumn{{{len(widths)}}}{{@{{}}p{{\\linewidth}}@{{}}}}{{{cells[0]}}}"]
    space = "\\addlinespace[2pt]" if _height(row, widths) > 1 else ""
    return f"{' & '.join(cells)} \\\\{space}"
