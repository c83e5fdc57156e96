"""What one operation counts of a training step: its parts of the work, and what it keeps."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sympy import Add, Expr

from closedform.derive.cost.tree import Operation
from closedform.derive.measures.amounts import amount_of
from closedform.derive.resolve.conventions import Convention, Weights
from closedform.derive.training.step import where
from closedform.errors import fail

FORWARD, INPUT, WEIGHT = "forward", "input", "weight"
FLOAT = 4  # bytes of an element


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
        works = {FORWARD: operation.counts, INPUT: part.by_input, WEIGHT: part.by_weight}
        rule = self.convention.rule(operation.kind)
        found: list[Expr] = []
        for name in self.parts:
            if name != FORWARD and works[name] and not isinstance(rule, Weights):
                raise fail(
                    "convention",
                    f"`{self.convention.name}` has a formula for what `{operation.name}` counts, "
                    "which says nothing of a backward pass",
                    rule.span,
                    "name a convention that has weights for it, such as `flops` or `torch`",
                )
            if name == FORWARD or works[name]:
                found.append(amount_of(rule, replace(operation, counts=works[name])))
        return Add(*found)


def kept_bytes(operation: Operation) -> Expr:
    """The bytes that an operation keeps for the backward pass."""
    assert operation.trained is not None  # the tree is that of a training step
    return Add(
        *(where(one.holds, FLOAT * one.elements + one.bytes) for one in operation.trained.kept)
    )
