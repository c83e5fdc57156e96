"""Adding up one quantity over a cost tree."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import sympy
from sympy import Expr, Integer

from closedform.derive.cost.tree import (
    Cases,
    Choose,
    Node,
    Operation,
    Repeat,
    Sequence,
    Site,
    Stages,
    Steps,
    Weights,
)
from closedform.derive.symbolic.atoms import indicator
from closedform.derive.symbolic.sums import summed

# Counts that are not work: they grow with the weights, not with the uses of them.
WEIGHTS = frozenset({"params", "trainable", "buffers"})

# The quantities that tied and frozen weights do not count in.
DROPPED = {"tied": WEIGHTS, "frozen": frozenset({"trainable"})}

Pick: TypeAlias = Callable[[Operation], Expr]
StageSum: TypeAlias = Callable[[Stages, tuple[Expr, ...]], Expr]


class Total:
    """Adds up one quantity over a cost tree.

    `pick` says what an operation counts; `weights` whether that is a property of the weights
    (a shared repeat has them once) or of the work; `stages` how the iterations of a `for` are
    added, plain addition unless another way is given.
    """

    def __init__(
        self, pick: Pick, weights: str | None = None, stages: StageSum | None = None
    ) -> None:
        self.pick = pick
        self.weights = weights
        self.stages = stages
        self._seen: dict[int, Expr] = {}

    def __call__(self, node: Node) -> Expr:
        key = id(node)
        if key not in self._seen:
            self._seen[key] = self._of(node)
        return self._seen[key]

    def body(self, sites: tuple[Site, ...]) -> Expr:
        return sympy.Add(*(self(site.node) for site in sites))

    def _of(self, node: Node) -> Expr:
        match node:
            case Operation():
                return self.pick(node)
            case Sequence():
                return self.body(node.body)
            case Repeat():
                return self.times(node) * self.body(node.body)
            case Choose():
                return self.times(node) * self.body(node.body)
            case Stages():
                parts = tuple(map(self.body, node.bodies))
                return self.stages(node, parts) if self.stages else sympy.Add(*parts)
            case Steps():
                return summed(self.body(node.body), node.index, node.first, node.last)
            case Cases():
                holds = indicator(node.condition)
                return holds * self.body(node.then) + indicator(
                    sympy.Not(node.condition)
                ) * self.body(node.otherwise)
            case Weights():
                dropped = self.weights in DROPPED[node.mode]
                return Integer(0) if dropped else self.body(node.body)

    def times(self, node: Node) -> Expr:
        """How often the quantity of a part counts."""
        match node:
            case Repeat():
                return Integer(1) if self.weights and node.shared else node.times
            case Choose():
                return node.of if self.weights else node.count
        return Integer(1)
