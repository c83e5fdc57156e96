"""What becomes of a run that meets the limits of the machine: one error, with its place.

>>> with placed():
...     raise RecursionError
Traceback (most recent call last):
...
closedform.errors.LimitError: error[limit]: this is nested too deeply
     = help: give an inner part a name of its own
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import TracebackType

from closedform.errors import Diagnostic, LimitError, Span

SMALLER = "declare a part of it as a size of its own, with `dim`, or leave a part out"
TOO_LONG = "limit (4300 digits) for integer string conversion"  # how Python says so
WORDS = {  # what is said of an error of Python, and its help
    RecursionError: ("this is nested too deeply", "give an inner part a name of its own"),
    ValueError: ("this has a number that is too long to be written", SMALLER),
    MemoryError: ("this needs more memory than there is", SMALLER),
}


@contextmanager
def placed() -> Iterator[None]:
    """Let what Python cannot do any more be a LimitError, placed at what was worked on."""
    try:
        yield
    except LimitError as error:
        first, *others = error.diagnostics
        if first.span is not None:
            raise
        told = replace(first, span=place_of(error), help=first.help or SMALLER)
        raise LimitError(told, *others) from None
    except (RecursionError, MemoryError, ValueError) as error:
        if isinstance(error, ValueError) and TOO_LONG not in str(error):
            raise
        message, help_ = WORDS[type(error)]
        raise LimitError(Diagnostic("limit", message, place_of(error), help_)) from None


def place_of(error: BaseException) -> Span | None:
    """The part of a file that was worked on when an error came about, where one was."""
    found, trace = None, error.__traceback__
    while trace is not None:
        found, trace = _place_in(trace) or found, trace.tb_next
    return found


def _place_in(trace: TracebackType) -> Span | None:
    """The last syntax tree among the variables of a function, unless it is of the library."""
    spans = (getattr(value, "span", None) for value in trace.tb_frame.f_locals.values())
    found = [s for s in spans if isinstance(s, Span) and not s.source.name.startswith("std/")]
    return found[-1] if found else None
