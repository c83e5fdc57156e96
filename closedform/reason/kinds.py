"""What operations of each kind cost: the rows of one measure, which add up to the whole.

>>> from closedform.api import zoo
>>> for kind, form in by_kind(zoo("vit")["SelfAttention"].macs._closed).items():
...     print(kind, form.expr)
linear 4*d**2*n
einsum 2*d*n**2
"""

from __future__ import annotations

from dataclasses import replace

from sympy import Expr, Integer

from closedform.data import dataclass
from closedform.derive.cost.totals import Total
from closedform.derive.cost.tree import Operation
from closedform.derive.measures.rows import Measure, Together
from closedform.derive.solve.closed import Closed
from closedform.errors import fail


@dataclass(frozen=True)
class OfKind:
    """What an operation counts if it is of the kind."""

    measure: Measure
    kind: str

    def __call__(self, operation: Operation) -> Expr:
        return self.measure.of(operation) if operation.kind == self.kind else Integer(0)


def by_kind(form: Closed) -> dict[str, Closed]:
    """The closed form of each kind of operation that costs something, as they are met.

    Raises ClosedformError for a measure that is no sum over operations.
    """
    what = form.measure
    if not what.adds:
        message = f"`{what.title}` is no sum over operations, and a kind has no share of it"
        raise fail("measure", message, None, "ask for a measure that is one, such as `macs`")
    kinds: dict[str, None] = {}

    def meet(operation: Operation) -> Expr:
        kinds.setdefault(operation.kind)
        return Integer(0)

    for row in _rows(what):
        Total(meet, row.scaling)(form.derivation.root)
    found = {kind: replace(form, measure=_of_kind(what, kind)) for kind in kinds}
    return {kind: own for kind, own in found.items() if own.expr != 0}


def _rows(what: Measure) -> tuple[Measure, ...]:
    """The measures that are added up in one, each in its own way."""
    return what.whole.rows if isinstance(what.whole, Together) else (what,)


def _of_kind(what: Measure, kind: str) -> Measure:
    """The measure, of operations of one kind alone."""
    if isinstance(what.whole, Together):
        rows = tuple(_of_kind(row, kind) for row in what.whole.rows)
        return replace(what, whole=Together(rows))
    return replace(what, amount=OfKind(what, kind))
