"""An expectation or a claim, and what became of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from closedform.data import dataclass
from closedform.derive.assume.store import Fact
from closedform.derive.assume.verdict import Verdict
from closedform.errors import Diagnostic
from closedform.grammar import tree
from closedform.grammar.expressions import show


class Sides(NamedTuple):
    """What was derived, what is claimed, and the difference of the two, as text."""

    derived: str
    claimed: str
    difference: str


@dataclass(frozen=True)
class Checked:
    """An expectation or a claim with its verdict.

    `facts` are what the formula and the proof rest on; the diagnostic says what is wrong with it,
    `notes` what there is to know of one that holds, `held` what a claim of an order holds fixed.
    """

    node: tree.Expectation | tree.ComparisonClaim | tree.OrderClaim
    verdict: Verdict
    sides: Callable[[], Sides]
    facts: tuple[Fact, ...] = ()
    diagnostic: Diagnostic | None = None
    notes: tuple[str, ...] = ()
    held: str = ""

    @property
    def text(self) -> str:
        """What is claimed, as it is written, on one line."""
        span = self.node.span
        return re.sub(r"\s+", " ", span.source.text[span.start : span.end]).strip()


def asked_when(claim: tree.Claim) -> Iterator[str]:
    """A note of the conditions of a claim that do not stand in it."""
    inside = (claim.span.source, range(claim.span.start, claim.span.end))
    beside = [
        show(condition)
        for condition in claim.conditions
        if condition.span.source is not inside[0] or condition.span.start not in inside[1]
    ]
    if beside:
        yield f"asked when {', '.join(beside)}"
