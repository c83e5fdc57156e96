"""Objects that never change: a copy is the object, and it is not sent away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from closedform.errors import AttributeMissingError, ClosedformError, fail, suggestion


class Kept:
    """`_kind` says what it is, `_instead` what can be sent."""

    _kind: ClassVar[str]
    _instead: ClassVar[str] = "send what `.function` of a formula gives, or the text of `.export`"

    if not TYPE_CHECKING:  # for which there is nothing but what is declared

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(name)
            if hasattr(type(self), name):
                return object.__getattribute__(self, name)  # whose own error it was
            public = [known for known in dir(self) if not known.startswith("_")]
            try:
                help = self._elsewhere(name) or suggestion(name, public)
            except ClosedformError:  # of a file that is wrong
                help = None
            message = f"{self._kind} has no `{name}`"
            raise AttributeMissingError(*fail("name", message, None, help).diagnostics)

    def _elsewhere(self, name: str) -> str | None:
        """Where there is what is sought here."""
        return None

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> str:
        raise fail("type", f"{self._kind} is not pickled", None, self._instead)
