"""How far a long sweep is, on a line that a terminal or a notebook shows while it runs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

LONG = 2.0  # seconds; what is done sooner shows nothing
WIDTH = 24


class Bar:
    """A function of the rows that are done and of all rows, which shows both as a bar.

    Where nobody looks, as in a file or a pipe, it shows nothing.

    >>> import io
    >>> times, out = iter([0.0, 1.0, 4.0, 5.0]), io.StringIO()
    >>> bar = Bar(out, lambda: next(times), shown=True)
    >>> for done in (10, 40, 80):
    ...     bar(done, 80)
    >>> [line.rstrip() for line in out.getvalue().split(chr(13))]
    ['', '50% [############............] 40 of 80 rows, 4 s left', '', '']
    """

    def __init__(
        self,
        out: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
        shown: bool | None = None,
    ):
        self._out, self._clock = out or sys.stderr, clock
        self._shown = _is_seen(self._out) if shown is None else shown
        self._begun, self._wide = clock(), 0

    def __call__(self, done: int, total: int) -> None:
        taken = self._clock() - self._begun
        if self._shown and taken >= LONG and done < total:
            filled = WIDTH * done // total
            bar = "#" * filled + "." * (WIDTH - filled)
            left = round(taken * (total - done) / done)
            self._show(
                f"{100 * done // total}% [{bar}] {done:,} of {total:,} rows, {left:,} s left"
            )
        elif self._wide:
            self._show("")
            self._out.write("\r")
            self._wide = 0

    def _show(self, text: str) -> None:
        self._out.write("\r" + text.ljust(self._wide))
        self._out.flush()
        self._wide = len(text)


def _is_seen(out: TextIO) -> bool:
    return out.isatty() or "ipykernel" in sys.modules
