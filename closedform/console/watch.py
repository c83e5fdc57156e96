"""A watch over a run, which ends it before it takes the time or the memory of the machine."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from closedform.errors import Diagnostic, LimitError
from closedform.limits import SMALLER, place_of

SECONDS = 30  # of processor time for a command, and as much again for each file
MEMORY = 500_000_000  # bytes that a run may take beside what it began with
TICK = 0.2  # seconds of processor time from one look to the next
VARIABLE = "CLOSEDFORM_SECONDS"
LONGER = f"or give it longer: {VARIABLE}=600 in the environment"


class Ended(BaseException):
    """A run was ended; no `except Exception` on its way catches that."""


class Watch:
    """The time that is left, which every file that is opened adds to."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.left = seconds
        self.start = _memory()
        self.aside = False

    @contextmanager
    def others(self) -> Iterator[None]:
        """Leave out of account the memory that code of others takes inside, as PyTorch does."""
        before, self.aside = _memory(), True
        try:
            yield
        finally:
            self.start += _memory() - before
            self.aside = False

    def more(self) -> None:
        """Allow as much again, for one more file."""
        self.left += self.seconds

    def look(self, *_: Any) -> None:
        """End the run where it has taken too much."""
        self.left -= TICK
        if self.left < 0:
            raise Ended(f"this takes longer than {self.seconds:g} s of processor time", LONGER)
        if not self.aside and _memory() - self.start > MEMORY:
            raise Ended(f"this takes more than {MEMORY // 1_000_000} MB of memory", "")


@contextmanager
def watched() -> Iterator[Watch]:
    """Watch what is done inside, where the system can; raises LimitError with its place."""
    watch = Watch(_seconds())
    if not _is_free():
        yield watch
        return
    signal.signal(signal.SIGPROF, watch.look)
    signal.setitimer(signal.ITIMER_PROF, TICK, TICK)
    try:
        yield watch
    except Ended as error:
        raise limit_of(error) from None
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, signal.SIG_DFL)


def _is_free() -> bool:
    """Whether the system has the timer, and nobody else, such as a profiler, uses it."""
    if threading.current_thread() is not threading.main_thread():
        return False
    return hasattr(signal, "setitimer") and signal.getsignal(signal.SIGPROF) is signal.SIG_DFL


def limit_of(error: Ended) -> LimitError:
    """What ended a run as an error with its place; what is told after that is watched no more."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, 0)
    message, longer = error.args
    help_ = ", ".join(part for part in (SMALLER, longer) if part)
    return LimitError(Diagnostic("limit", message, place_of(error), help_))


def _seconds() -> float:
    try:
        return float(os.environ.get(VARIABLE, SECONDS))
    except ValueError:
        return SECONDS


def _memory() -> int:
    """The most bytes of memory that this process has had."""
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
