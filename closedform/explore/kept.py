"""Objects that never change: a copy is the object, and it is not sent away."""

from __future__ import annotations

from typing import ClassVar, Self

from closedform.errors import fail


class Kept:
    """`_kind` says what it is, `_instead` what can be sent."""

    _kind: ClassVar[str]
    _instead: ClassVar[str] = "send what `.function` of a formula gives, or the text of `.export`"

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> str:
        raise fail("type", f"{self._kind} is not pickled", None, self._instead)
