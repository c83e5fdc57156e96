"""The standard streams of a process, which may be closed, full, or without a reader."""

from __future__ import annotations

import os
import sys
from typing import TextIO

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
