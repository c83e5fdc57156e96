"""Adding up one quantity over a cost tree."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import sympy
from sympy import Expr, Integer

from closedform.data import dataclass
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
    children,
)
from closedform.derive.symbolic.atoms import Bracket, indicator, opened
from closedform.derive.symbolic.expansion import expand
from closedform.derive.symbolic.sums import summed

Pick: TypeAlias = Callable[[Operation], Expr]
StageSum: TypeAlias = Callable[[Stages, tuple[Expr, ...]], Expr]


@dataclass(frozen=True)
class Scaling:
    """How often a quantity counts where weights are shared, chosen, tied or frozen.

    `again` says whether each use of shared weights counts, or one copy alone; `idle` whether the
    copies that are not chosen count too; `dropped` are the modes of weights that do not count, and
    "fused" where a fused block counts by what it takes and gives alone.
    """

    again: bool
    idle: bool
    dropped: frozenset[str] = frozenset()

    def counts(self, mode: str) -> bool:
        """Whether weights that are tied or frozen count."""
        return mode not in self.dropped

    def times(self, node: Node) -> Expr:
        """How often the quantity of the body of a node counts."""
        match node:
            case Repeat():
                return node.times if self.again or not node.shared else Integer(1)
            case Choose():
                return node.of if self.idle else node.count
        return Integer(1)


# What grows with the weights, with those that are trained or at work, and with the uses of them.
WEIGHTS = Scaling(again=False, idle=True, dropped=frozenset({"tied"}))
TRAINED = Scaling(again=False, idle=True, dropped=frozenset({"tied", "frozen"}))
ACTIVE = Scaling(again=False, idle=False, dropped=frozenset({"tied"}))
WORK = Scaling(again=True, idle=False)
MOVEMENT = Scaling(again=True, idle=False, dropped=frozenset({"fused"}))


class Total:
    """Adds up one quantity over a cost tree.

    `pick` says what an operation counts; `stages` how the iterations of a `for` are added, plain
    addition unless another way is given; with `stated`, counts that are sums stay in brackets.
    `plainly` is the same with plain addition, which has what no `for` is in.
    """

    def __init__(
        self,
        pick: Pick,
        scaling: Scaling,
        stages: StageSum | None = None,
        stated: bool = False,
        plainly: Total | None = None,
    ) -> None:
        self.pick = pick
        self.scaling = scaling
        self.stages = stages
        self.stated = stated
        self.plainly = plainly
        self._has_stages: dict[int, bool] = {}
        self._seen: dict[int, Expr] = {}

    def __call__(self, node: Node) -> Expr:
        key = id(node)
        if key not in self._seen:
            if self.plainly is not None and not self._with_stages(node):
                self._seen[key] = self.plainly(node)
            else:
                self._seen[key] = self._of(node)
        return self._seen[key]

    def _with_stages(self, node: Node) -> bool:
        """Whether a node has a `for` in it, whose bodies are added in a way of its own."""
        if isinstance(node, Stages):
            return True
        key = id(node)
        if key not in self._has_stages:
            inside = any(self._with_stages(site.node) for site in children(node))
            self._has_stages[key] = inside
        return self._has_stages[key]

    def body(self, sites: tuple[Site, ...]) -> Expr:
        return sympy.Add(*(self(site.node) for site in sites))

    def _steps(self, node: Steps) -> Expr:
        """Steps by their index; L - 1 of one cost stay in brackets as the counts of repeats do."""
        body = self.body(node.body)
        if not self.stated:
            return summed(body, node.index, node.first, node.last)
        alike, others = expand(body).as_independent(node.index, as_Add=True)
        rest = summed(opened(others), node.index, node.first, node.last, stated=True)
        return Bracket(node.last - node.first + 1) * alike + rest

    def _of(self, node: Node) -> Expr:
        match node:
            case Operation():
                return self.pick(node)
            case Sequence(fused=Operation() as whole) if not self.scaling.counts("fused"):
                return self.pick(whole)
            case Sequence():
                return self.body(node.body)
            case Repeat() | Choose():
                times = self.scaling.times(node)
                return (Bracket(times) if self.stated else times) * self.body(node.body)
            case Stages():
                parts = tuple(map(self.body, node.bodies))
                return self.stages(node, parts) if self.stages else sympy.Add(*parts)
            case Steps():
                return self._steps(node)
            case Cases():
                holds = indicator(node.condition)
                return holds * self.body(node.then) + indicator(
                    sympy.Not(node.condition)
                ) * self.body(node.otherwise)
            case Weights():
                return self.body(node.body) if self.scaling.counts(node.mode) else Integer(0)
