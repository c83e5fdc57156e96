"""What one operation counts of a training step: its parts of the work, and what it keeps."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from sympy import Add, Expr, Integer

from closedform.data import dataclass
from closedform.derive.cost.tree import Operation
from closedform.derive.measures.amounts import amount_of, exact
from closedform.derive.resolve.conventions import Convention, Weights
from closedform.derive.training.later import where
from closedform.errors import fail

FORWARD, INPUT, WEIGHT, AGAIN = "forward", "input", "weight", "again"


@dataclass(frozen=True)
class Step:
    """The work of some parts of a training step under a convention, `under` which it is named."""

    parts: tuple[str, ...]
    convention: Convention | None
    under: str | None

    def __call__(self, operation: Operation) -> Expr:
        """What an operation counts in these parts."""
        part = operation.trained
        assert part is not None  # the tree is that of a training step
        assert self.convention is not None  # what is kept has none
        works = {INPUT: part.by_input, WEIGHT: part.by_weight}
        forward = {FORWARD: Integer(1), AGAIN: part.again}
        rule = self.convention.rule(operation.kind)
        found: list[Expr] = []
        for name in self.parts:
            if name in forward:
                found.append(forward[name] * amount_of(rule, operation))
                continue
            if works[name] and not isinstance(rule, Weights):
                raise fail(
                    "convention",
                    f"`{self.convention.name}` has a formula for what `{operation.name}` counts, "
                    "which says nothing of a backward pass",
                    rule.span,
                    "name a convention that has weights for it, such as `flops` or `torch`",
                )
            if works[name]:
                found.append(amount_of(rule, replace(operation, counts=works[name])))
        return Add(*found)


@dataclass(frozen=True)
class KeptBytes:
    """The bytes that an operation keeps for the backward pass, with the bytes of an element."""

    width: Fraction

    def __call__(self, operation: Operation) -> Expr:
        assert operation.trained is not None  # the tree is that of a training step
        each = exact(self.width)
        kept = operation.trained.kept
        return Add(*(where(one.holds, each * one.elements + one.bytes) for one in kept))
