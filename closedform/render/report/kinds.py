"""What operations of each kind cost, as plain data: formulas, numbers and shares."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

from closedform import formula as w
from closedform.data import dataclass
from closedform.derive.solve.closed import Closed
from closedform.reason.kinds import by_kind


@dataclass(frozen=True)
class KindRow:
    """What all operations of a kind cost; `value` is the number at the preset, `share` that of the
    whole. Of a measure that is no sum over operations there is one row, without a kind."""

    measure: str
    kind: str | None = None
    formula: w.Written | None = None
    value: int | Fraction | None = None
    share: str | None = None


def kind_rows(
    own: Closed,
    formed: Closed,
    form: str,
    stages: str,
    value: Callable[[Closed], int | Fraction | None],
) -> Iterator[KindRow]:
    """The rows of a measure, whose formulas are those of `formed`; `value` is the number of a
    formula at the preset, if there is one."""
    title = own.measure.heading
    if not own.measure.adds:
        yield KindRow(title)
        return
    told, whole = by_kind(formed), value(own)
    for kind, plain in by_kind(own).items():
        number = value(plain)
        share = None if number is None or whole is None else percent(number, whole)
        # By parts, the shortest: a kind is told once, and not again part by part.
        written = told[kind].written("shortest" if form == "parts" else form, stages)
        yield KindRow(title, kind, written, number, share)


def percent(part: int | Fraction, whole: int | Fraction) -> str:
    """A share of the whole, to a tenth of a percent.

    >>> percent(1, 3), percent(0, 0)
    ('33.3%', '0.0%')
    """
    tenths = round(1000 * Fraction(part) / whole) if whole else 0
    return f"{tenths // 10}.{tenths % 10}%"
