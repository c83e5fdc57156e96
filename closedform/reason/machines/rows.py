"""Machines as data: what they can do in a second, and what they hold.

>>> h100 = machine("H100")
>>> h100.peak("bf16") / h100.bandwidth
Fraction(19790, 67)
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from closedform.data import dataclass
from closedform.errors import fail, suggestion
from closedform.files import read_text

LINES = {  # what a row has, as an error shows it
    "name": 'name = "NVIDIA H100 SXM, 80 GB"',
    "source": 'source = "datasheet, 2023"',
    "memory": "memory = 80_000_000_000",
    "bandwidth": "bandwidth = 3_350_000_000_000",
    "peak": "peak = { bf16 = 989_500_000_000_000 }",
}


@dataclass(frozen=True)
class Machine:
    """FLOP/s by the type of elements, bytes/s of its memory, and how many bytes it holds."""

    key: str
    name: str
    source: str
    memory: int
    bandwidth: int
    peaks: tuple[tuple[str, int], ...]

    def peak(self, dtype: str) -> Fraction:
        """FLOP/s in a type. Raises ClosedformError for one of which no figure is known."""
        peaks = dict(self.peaks)
        if dtype not in peaks:
            known = ", ".join(peaks)
            message = f"no peak of {self.name} in {dtype} is known"
            raise fail("machine", message, None, f"there are those in {known}")
        return Fraction(peaks[dtype])


def machine(name: str) -> Machine:
    """A machine by its name, or that of a file of one's own: `mine.toml:name`."""
    path, sign, key = name.rpartition(":")
    rows = _rows(read_text(Path(path))) if sign else _own()
    if key not in rows:
        near = suggestion(key, rows) or "there are " + ", ".join(rows)
        raise fail("machine", f"there is no machine `{key}`", None, near)
    return rows[key]


def names() -> tuple[str, ...]:
    """The machines that the package knows."""
    return tuple(_own())


@cache
def _own() -> dict[str, Machine]:
    return _rows(files("closedform.reason.machines").joinpath("machines.toml").read_text("utf-8"))


def _rows(text: str) -> dict[str, Machine]:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise fail("machine", f"the file of machines is no TOML: {error}") from None
    return {key: _machine(key, row) for key, row in table.items()}


def _machine(key: str, row: Any) -> Machine:
    missing = [f for f in LINES if not isinstance(row, Mapping) or f not in row]
    if missing:
        line = f"add a line `{LINES[missing[0]]}`"
        raise fail("machine", f"`{key}` has no `{missing[0]}`", None, line)
    peaks: dict[str, Any] = row["peak"] if isinstance(row["peak"], dict) else {"": ""}
    numbers = [row["memory"], row["bandwidth"], *peaks.values()]
    if not all(type(number) is int and number > 0 for number in numbers):
        message = f"the figures of `{key}` are positive whole numbers"
        raise fail("machine", message, None, "bytes, bytes/s, and FLOP/s by type in `peak`")
    return Machine(
        key, row["name"], row["source"], row["memory"], row["bandwidth"], tuple(peaks.items())
    )
