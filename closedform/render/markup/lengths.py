"""How wide a line is: a length, or the column of a class that journals and conferences use.

>>> points("88mm"), points("ieee")
(250.3, 252.0)
"""

from __future__ import annotations

import re

from closedform.choices import COLUMNS
from closedform.errors import fail, suggestion

POINTS = {"pt": 1.0, "mm": 72.27 / 25.4, "cm": 72.27 / 2.54, "in": 72.27}  # points of TeX
LEAST, MOST = 100.0, 2000.0
LENGTH = re.compile(r"(\d{1,6}(?:\.\d{1,6})?) *(pt|mm|cm|in)")


def points(text: str) -> float:
    """The width of a line in points, rounded down. Raises ClosedformError where it is none."""
    length = LENGTH.fullmatch(text.strip())
    wide = float(length[1]) * POINTS[length[2]] if length else COLUMNS.get(text)
    if wide is None:
        near = suggestion(text, COLUMNS) or (
            "write a length such as 88mm, or the column of a class: " + ", ".join(COLUMNS)
        )
        raise fail("width", f"`{text}` is no width of a line", None, near)
    if not LEAST <= wide <= MOST:
        few = f"choose one from {LEAST:g}pt to {MOST:g}pt"
        raise fail("width", f"formulas cannot be broken into lines of `{text}`", None, few)
    return int(wide * 10) / 10
