"""The standard streams of a process, which may be closed, full, or without a reader, and the
signals that end it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

STOPPING = ("SIGTERM", "SIGHUP")

# The way in which a stream is used, and the one in which its stand-in is open.
STREAMS = {"stdin": ("r", os.O_WRONLY), "stdout": ("w", os.O_RDONLY), "stderr": ("w", os.O_RDONLY)}


def replace_closed() -> None:
    """Put a stream whose use raises OSError in the place of each that was closed from the start.

    Python has None there, which `print` takes for standard output.
    """
    for name, (mode, other) in STREAMS.items():
        if getattr(sys, name) is None:
            handle = os.open(os.devnull, other)
            setattr(sys, name, os.fdopen(handle, mode, encoding="utf-8", closefd=False))


def drop(stream: TextIO) -> None:
    """Let go what a stream still holds, which Python would write when the process ends.

    Where that cannot be written, Python would complain in its own words and change the exit code.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


class Stopped(BaseException):
    """A signal asked the process to end."""


def stop_cleanly() -> None:
    """Let the signals that end a process end it as an interrupt does, with what is begun undone."""
    for name in STOPPING:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _stop)


def _stop(number: int, _: Any) -> None:
    raise Stopped(number)


def end_by(number: int) -> None:
    """End the process as the signal does by itself, which tells who started it."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let signals that end the process wait until what is inside is done."""
    waiting: list[int] = []
    before = {}
    for name in ("SIGINT", *STOPPING):
        with suppress(AttributeError, ValueError):  # no such signal, or not the main thread
            number = getattr(signal, name)
            before[number] = signal.signal(number, lambda number, _: waiting.append(number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if waiting:
            signal.raise_signal(waiting[0])
