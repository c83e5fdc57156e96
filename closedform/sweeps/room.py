"""How much memory a grid takes, before it is made."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sized
from math import prod
from typing import Any

from closedform.errors import Diagnostic, LimitError

BYTES = 8  # of a number in a column


def check_room(sizes: Mapping[str, Any], presets: int, measures: int) -> None:
    """Refuse a grid whose table is larger than the memory of the machine.

    Raises LimitError; where the memory is not known, the table may fail to be made.
    """
    lengths = {name: _length(values) for name, values in sizes.items()}
    rows = prod(lengths.values()) * presets
    needed = rows * (len(sizes) + measures) * BYTES
    memory = _memory()
    if memory is None or needed <= memory:
        return
    longest = max(lengths, key=lambda name: lengths[name])
    told = (
        f"a table of {rows:,} configurations takes {needed // 10**9:,} GB, and this machine has "
        f"{memory // 10**9:,} GB"
    )
    help = f"sweep it in parts, each with some of the numbers of `{longest}`, or rows of Dask"
    raise LimitError(Diagnostic("limit", told, None, help))


def _length(values: object) -> int:
    """The numbers that a size goes through; what has no length is counted as it is read."""
    if isinstance(values, range):  # of a long one `len` fails
        return max(0, -((values.start - values.stop) // values.step))
    if isinstance(values, str | bytes | bytearray) or not isinstance(values, Iterable):
        return 1
    if getattr(values, "ndim", 1) == 0 or not isinstance(values, Sized):
        return 1
    return len(values)


def _memory() -> int | None:
    """The bytes of memory of this machine; None where the system does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
