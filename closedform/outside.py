"""What other distributions add by entry points; a mistake of theirs is told as theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from closedform.data import dataclass
from closedform.errors import ClosedformError, Diagnostic, OutsideError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

Row = TypeVar("Row")


def whose_is(what: str, point: EntryPoint) -> str:
    """How an entry point is named: what it adds, and the distribution."""
    return f"the {what} `{point.name}` of {point.dist.name if point.dist else point.value}"


def wrong(what: str, message: str) -> OutsideError:
    """The mistake of another distribution, to be raised by the caller."""
    return OutsideError(Diagnostic(what, message))


def loaded(what: str, point: EntryPoint, row: type[Row]) -> Row:
    """The row to which an entry point leads. Raises OutsideError where it leads to none."""
    try:
        found = point.load()
    except Exception as error:  # the module of another distribution may raise anything
        raise wrong(what, f"{whose_is(what, point)} cannot be loaded: {error!r}") from error
    if not isinstance(found, row):
        raise wrong(what, f"{whose_is(what, point)} is {found!r}, and not a {row.__name__}")
    return found


@dataclass(frozen=True)
class Guarded:
    """A function of a row: what it raises, or gives in the place of a `result`, is said of it."""

    what: str
    whose: str
    function: Callable[..., Any]
    is_right: Callable[..., bool]  # asked about what it gives, and what it was given
    result: str

    def __call__(self, *arguments: Any) -> Any:
        try:
            found = self.function(*arguments)
        except ClosedformError:
            raise
        except Exception as error:  # as above
            raise wrong(self.what, f"{self.whose} failed: {error!r}") from error
        if not self.is_right(found, *arguments):
            raise wrong(self.what, f"{self.whose} gives {found!r}, and not {self.result}")
        return found
