"""Lines of plain text that are broken for a width, where a reader would break them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from unicodedata import east_asian_width

from closedform.render.markup.columns import allotted

MORE = 4  # what a line that goes on is indented by
GAP = 2  # between two columns, and before the first
SIGN = re.compile(r"[+-] ")
CLOSING = "，。：；、）》」"


def columns_of(text: str) -> int:
    """How many columns of a terminal a text takes; a Chinese character takes two."""
    return sum(2 if wide(char) else 1 for char in text)


def wide(char: str) -> bool:
    """Whether a character takes two columns, as Chinese ones do."""
    return east_asian_width(char) in "WF"


def fitted(text: str, width: int) -> str:
    """A text none of whose lines is wider, as far as they can be broken.

    >>> print(fitted("macs = 2 L T D (2 D + F + T) + 3 N P^2 D + D C", 30))
    macs = 2 L T D (2 D + F + T)
        + 3 N P^2 D + D C
    """
    return "\n".join(piece for line in text.split("\n") for piece in broken_line(line, width, MORE))


def broken_line(line: str, width: int, more: int) -> list[str]:
    """A line in pieces; all but the first are indented by so much more."""
    indent = " " * (len(line) - len(line.lstrip()) + more)
    found: list[str] = []
    while columns_of(line) > width:
        at = _best(line, width, len(indent) if found else len(indent) - more)
        if at is None:
            break
        found.append(line[:at].rstrip())
        line = indent + line[at:].lstrip()
    return [*found, line]


def _best(line: str, width: int, start: int) -> int | None:
    """Where a line is broken: before a reason, a sign outside exponents, or a word."""
    places = list(_places(line, start))
    inside = [(rank, at) for rank, at in places if columns_of(line[:at].rstrip()) <= width]
    best: dict[int, int] = {}
    for rank, at in inside:
        best[rank] = at
    for rank in sorted(best):
        if rank != 1 or best[rank] >= start + (width - start) // 3:
            return best[rank]
    return best.get(1, places[0][1] if places else None)


def _places(line: str, start: int) -> Iterator[tuple[int, int]]:
    """Where a line may be broken, and how badly that looks."""
    raised: list[bool] = []  # for each bracket around, whether it holds an exponent or an index
    for at, char in enumerate(line):
        before = line[at - 1] if at else ""
        if char in "([":
            if at > start and line[:at].endswith("    "):
                yield 0, at
            raised.append(before in ("^", "_") and bool(before))
        elif char in ")]" and raised:
            raised.pop()
        if at <= start or char == " ":
            continue
        if before == " " and not any(raised):
            yield (1 if SIGN.match(line, at) else 2), at
        elif char not in CLOSING and (wide(char) or before in CLOSING):
            yield 2, at


# Tables ------------------------------------------------------------------------------------


def table(rows: Sequence[Sequence[str]], width: int | None = None) -> str:
    """Rows of texts as columns; with a width, cells are broken where they would be wider."""
    if not rows:
        return ""
    natural = [max(map(columns_of, column)) for column in zip(*rows, strict=True)]
    widths = [float(wide) for wide in natural]
    if width is not None and sum(natural) + GAP * len(natural) > width:
        words = [max(map(_longest_word, column)) for column in zip(*rows, strict=True)]
        free = width - GAP * len(natural)
        widths = allotted(natural, free, lambda at, _: words[at]) or widths
    lines = []
    for row in rows:
        cells = [broken_line(cell, int(wide), 0) for cell, wide in zip(row, widths, strict=True)]
        for parts in zip_longest(*cells, fillvalue=""):
            lines.append(" " * GAP + _line(parts, widths).rstrip())
    return "\n".join(lines)


def _line(row: Sequence[str], widths: Sequence[float]) -> str:
    padded = (c + " " * (int(wide) - columns_of(c)) for c, wide in zip(row, widths, strict=True))
    return (" " * GAP).join(padded)


def _longest_word(text: str) -> int:
    """The widest part of a cell that is never broken, with the space before it."""
    indent = len(text) - len(text.lstrip())
    return max((columns_of(word) for word in _unbroken(text)), default=0) + indent


def _unbroken(text: str) -> Iterator[str]:
    places = [at for _, at in _places(text, -1)]
    for first, last in zip([0, *places], [*places, len(text)], strict=True):
        yield text[first:last].strip()
