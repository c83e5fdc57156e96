"""Places in a source text, diagnostics, and the one exception that closedform raises.

A diagnostic says what is wrong, where, and how to mend it:

>>> source = Source("vit.arch", "dim D\\nlet N = (I/P)^2\\n")
>>> error = Diagnostic("name", "`I` is not defined", Span(source, 15, 16), "add `dim I`")
>>> print(error)
vit.arch:2:10: error[name]: `I` is not defined
   2 | let N = (I/P)^2
     |          ^
     = help: add `dim I`
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import field
from difflib import get_close_matches
from functools import cached_property

from closedform.data import dataclass

EXCERPT_WIDTH = 120
TAB_WIDTH = 4
MAX_MESSAGE = 2_000  # characters
CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)

WARNING = "warning"  # the kind of what is right, and may not be meant


@dataclass(frozen=True)
class Source:
    """A text and the name under which it is reported; `asked` if it stands in no file, but in what
    is asked."""

    name: str
    text: str = field(repr=False)
    asked: bool = False

    @cached_property
    def line_starts(self) -> list[int]:
        """Offset of the first character of every line."""
        return [0, *(i + 1 for i, char in enumerate(self.text) if char == "\n")]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column, both counted from 1, of an offset."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """Text of a line without its end."""
        start = self.line_starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start : len(self.text) if end < 0 else end].rstrip("\r")


@dataclass(frozen=True)
class Span:
    """Characters `start` up to `end` of a source."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        return self.source.position(self.start)[1]

    @property
    def text(self) -> str:
        """What the source has there."""
        return self.source.text[self.start : self.end]

    def to(self, other: Span) -> Span:
        """The span from the start of this one to the end of another."""
        return Span(self.source, self.start, other.end)

    def __str__(self) -> str:
        return f"{self.source.name}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Diagnostic:
    """One thing that is wrong, or a warning: kind, message, place, and how to mend it."""

    kind: str
    message: str
    span: Span | None = None
    help: str | None = None
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        where = f"{visible(str(self.span))}: " if self.span else ""
        word = WARNING if self.kind == WARNING else f"error[{self.kind}]"
        lines = [f"{where}{word}: {_bearable(self.message)}"]
        gutter = "    "
        if self.span:
            number = self.span.line
            excerpt, pointer = _excerpt(self.span)
            gutter = " " * max(4, len(str(number)))
            lines.append(f"{number:>{len(gutter)}} | {excerpt}".rstrip())
            lines.append(f"{gutter} | {pointer}")
        lines.extend(f"{gutter} = note: {_bearable(note)}" for note in self.notes)
        if self.help:
            lines.append(f"{gutter} = help: {_bearable(self.help)}")
        return "\n".join(lines)


class ClosedformError(Exception):
    """What every wrong input raises; holds one diagnostic or more."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("\n".join(map(str, diagnostics)))
        self.diagnostics = diagnostics

    def __str__(self) -> str:
        return "\n".join(map(str, self.diagnostics))

    def _render_traceback_(self) -> list[str]:
        """What IPython shows of it: what is wrong, where, and how to mend it."""
        return str(self).splitlines()


class MissingError(ClosedformError, KeyError):
    """There is nothing of that name in the square brackets."""


class AttributeMissingError(ClosedformError, AttributeError):
    """There is nothing of that name behind the dot."""


class LimitError(ClosedformError):
    """A bound that protects against hostile or mistaken input was reached."""


class OutsideError(ClosedformError):
    """What another distribution adds is not what it has to be."""


class FileError(ClosedformError):
    """A file cannot be read or written."""


def fail(
    kind: str, message: str, span: Span | None = None, help: str | None = None, *notes: str
) -> ClosedformError:
    """The exception of a single diagnostic, to be raised by the caller."""
    return ClosedformError(Diagnostic(kind, message, span, help, notes))


def suggestion(name: str, known: Iterable[str]) -> str | None:
    """A help text that offers the nearest known name.

    >>> suggestion("lineer", ["linear", "gelu"])
    'did you mean `linear`?'
    """
    names = sorted(known)
    near = [other for other in names if other.lower() == name.lower()][:1]
    if not near:
        near = get_close_matches(name, names, n=1, cutoff=0.65)
    return f"did you mean `{near[0]}`?" if near else None


def visible(text: str) -> str:
    r"""A text with a sign in the place of each character that would control what shows it.

    These are control characters, and those that turn the direction of what follows.

    >>> visible("a\x1b[2J\u202eb\tc\n")
    'a\ufffd[2J\ufffdb\tc\n'
    """
    return text if text.isascii() and text.isprintable() else CONTROLS.sub("\ufffd", text)


def _bearable(text: str) -> str:
    """A text that a person can read: what is long is cut, and says how long it is.

    >>> _bearable("x" * 100_000)[-35:]
    'xxxxxxxxxx... (100,000 characters)'
    """
    text = visible(text)
    if len(text) <= MAX_MESSAGE:
        return text
    return f"{text[:MAX_MESSAGE]}... ({len(text):,} characters)"


def _width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _excerpt(span: Span) -> tuple[str, str]:
    """The line of a span, printable, and the carets below it."""
    line, column = span.source.position(span.start)
    text = span.source.line(line)
    start = column - 1
    end = min(len(text), start + span.end - span.start)
    first = max(0, start - EXCERPT_WIDTH // 2)
    shown = text[first : first + EXCERPT_WIDTH]
    prefix, suffix = "..." * (first > 0), "..." * (first + EXCERPT_WIDTH < len(text))
    cells = [_cell(char) for char in shown]
    before = len(prefix) + sum(map(_columns, cells[: start - first]))
    marked = sum(map(_columns, cells[start - first : end - first]))
    return prefix + "".join(cells) + suffix, " " * before + "^" * max(1, marked)


def _cell(char: str) -> str:
    if char == "\t":
        return " " * TAB_WIDTH
    return char if char.isprintable() else "\N{REPLACEMENT CHARACTER}"


def _columns(cell: str) -> int:
    return sum(map(_width, cell))
