"""Texts with names in them that a document sets as code.

>>> prose("as in `linear`")
('as in ', Code(text='linear'))
"""

from __future__ import annotations

import re
from typing import TypeAlias

from closedform.data import dataclass

BETWEEN_BACKTICKS = re.compile("`([^`\n]+)`")


@dataclass(frozen=True)
class Code:
    """A name as it is typed."""

    text: str


Prose: TypeAlias = tuple["str | Code", ...]


def prose(text: str) -> Prose:
    """A text of a file in its parts; what stands between backticks is code."""
    parts = enumerate(BETWEEN_BACKTICKS.split(text))
    return tuple(Code(part) if at % 2 else part for at, part in parts if part)
