"""What is measured: parameters, work under a convention, or one kind of elementary count.

>>> measure("macs", "hooks").says
'multiply-accumulates of Linear and Conv layers only, as layer hooks see them'
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import sympy
from sympy import Expr, Integer

from closedform.derive.cost.totals import Total
from closedform.derive.cost.tree import Node, Operation, operations
from closedform.derive.resolve.builtin import QUANTITIES
from closedform.derive.resolve.library import known_counts
from closedform.errors import Span, fail, suggestion

# Quantities of the weights: what they are called, and the count that they add up.
OF_WEIGHTS = {
    "params": ("parameters", "params"),
    "trainable": ("trainable parameters", "params"),
    "buffers": ("elements of buffers", "buffers"),
}


ELEMENTARY = "elementary operations `{name}`"


@dataclass(frozen=True)
class Convention:
    """A weight for each elementary count, and the kinds of operation that are seen."""

    name: str
    says: str
    unit: str
    weights: tuple[tuple[str, int], ...]
    kinds: tuple[str, ...] | None = None

    def counts(self, operation: Operation) -> Expr:
        """What an operation counts."""
        if self.kinds is not None and operation.kind not in self.kinds:
            return Integer(0)
        return sympy.Add(*(w * operation.counts.get(n, Integer(0)) for n, w in self.weights))

    def omits(self, operation: Operation) -> tuple[str, ...]:
        """The elementary counts of an operation that the convention leaves out."""
        seen = self.kinds is None or operation.kind in self.kinds
        weighted = {name for name, weight in self.weights if weight}
        return tuple(
            name
            for name, count in operation.counts.items()
            if name not in QUANTITIES and count != 0 and not (seen and name in weighted)
        )


@dataclass(frozen=True)
class Measure:
    """A quantity of an architecture; `convention` is None for what needs none."""

    name: str
    says: str
    unit: str
    convention: Convention | None = None

    def total(self) -> Total:
        """A function from a cost tree to this quantity."""
        if self.convention is not None:
            return Total(self.convention.counts)
        count = OF_WEIGHTS[self.name][1] if self.name in OF_WEIGHTS else self.name
        weights = self.name if self.name in OF_WEIGHTS else None
        return Total(lambda operation: operation.counts.get(count, Integer(0)), weights)

    @property
    def title(self) -> str:
        """How it is written: `macs`, or `macs under hooks`."""
        if self.convention is None or self.convention.name == self.name:
            return self.name
        return f"{self.name} under {self.convention.name}"

    @property
    def label(self) -> str:
        """How a formula names it: `MACs`, or `params`."""
        return self.unit if self.convention else self.name

    @property
    def heading(self) -> str:
        """How a document names it: `MACs`, or `MACs under hooks`."""
        return self.title.replace(self.name, self.label, 1)


@cache
def conventions() -> dict[str, Convention]:
    """Every convention by its name."""
    text = files("closedform.derive").joinpath("conventions.toml").read_text("utf-8")
    return {
        name: Convention(
            name,
            row["says"],
            row["unit"],
            tuple(row["weights"].items()),
            tuple(row["kinds"]) if "kinds" in row else None,
        )
        for name, row in tomllib.loads(text).items()
    }


def measure(
    name: str, convention: str | None = None, span: Span | None = None, known: Iterable[str] = ()
) -> Measure:
    """The measure of a name, under the convention of the same name unless one is given.

    `known` are kinds of count that a file declares. Raises ClosedformError for a name that is not
    known, and for a convention that counts something else.
    """
    rows = conventions()
    if name in OF_WEIGHTS:
        if convention is not None:
            raise fail("measure", f"`{name}` needs no convention", span, f"write `{name}`")
        return Measure(name, OF_WEIGHTS[name][0], OF_WEIGHTS[name][0])
    units = {row.unit.lower() for row in rows.values()}
    if name in units:
        chosen = convention or name
        if chosen not in rows:
            raise fail(
                "measure",
                f"there is no convention `{chosen}`",
                span,
                suggestion(chosen, rows) or "there are " + ", ".join(sorted(rows)),
            )
        row = rows[chosen]
        if row.unit.lower() != name:
            raise fail(
                "measure",
                f"the convention `{chosen}` counts {row.unit}",
                span,
                f"write `{row.unit.lower()} under {chosen}`",
            )
        return Measure(name, row.says, row.unit, row)
    counts = known_counts() | set(known)
    if name in counts and convention is None:
        return Measure(name, ELEMENTARY.format(name=name), name)
    totals = [*OF_WEIGHTS, *sorted(units)]
    raise fail(
        "measure",
        f"`{name}` is not measured",
        span,
        suggestion(name, {*counts, *totals})
        or f"there are {', '.join(totals)}, and each count: "
        + ", ".join(sorted(counts - set(totals))),
    )


def omitted(root: Node, convention: Convention) -> list[tuple[Operation, tuple[str, ...], bool]]:
    """Operation, counts left out, and whether that is all it does, in the order of the source."""
    found: dict[str, tuple[Operation, tuple[str, ...], bool]] = {}
    for operation in operations(root):
        left_out = convention.omits(operation)
        if left_out:
            whole = convention.counts(operation) == 0
            found.setdefault(operation.name, (operation, left_out, whole))
    return list(found.values())
