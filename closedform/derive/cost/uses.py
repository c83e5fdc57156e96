"""Where each part of a cost tree is used, and how often."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import sympy
from sympy import Expr, Integer

from closedform.data import dataclass
from closedform.derive.cost.totals import WORK, Scaling
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
from closedform.derive.symbolic.atoms import indicator
from closedform.derive.symbolic.sums import summed


@dataclass(frozen=True)
class Use:
    """An operation or a block at a place: its path of names from the model, `EncoderLayer.MLP`, in
    which a stage is `s=1`; its line; what is around it, and in which modes its weights are."""

    path: str
    site: Site
    around: tuple[Node | Expr, ...] = ()
    modes: frozenset[str] = frozenset()

    @property
    def node(self) -> Node:
        return self.site.node

    @property
    def line(self) -> int:
        return self.site.span.line

    @property
    def times(self) -> Expr:
        """How often it is at work."""
        return self.counted(WORK)

    def counted(self, scaling: Scaling) -> Expr:
        """How often a quantity counts it."""
        times: Expr = Integer(1)
        for node in reversed(self.around):
            if isinstance(node, Expr):
                times *= node
            elif isinstance(node, Steps):
                times = summed(times, node.index, node.first, node.last)
            else:
                times *= scaling.times(node)
        return times


def uses(root: Sequence) -> Iterator[Use]:
    """Every operation and block, at every place, in the order of the source."""
    for site in root.body:
        yield from _uses(Use("", site))


def _uses(at: Use) -> Iterator[Use]:
    match at.node:
        case Operation():
            yield _named(at, at.node.name)
        case Sequence():
            here = _named(at, at.node.name)
            yield here
            modes = {"fused"} if at.node.fused else set()
            yield from _inside(replace(here, modes=here.modes | modes), at.node.body)
        case Repeat() | Choose() | Steps():
            yield from _inside(replace(at, around=(*at.around, at.node)), at.node.body)
        case Stages():
            for index, body in enumerate(at.node.bodies, at.node.first):
                yield from _inside(_named(at, f"{at.node.index}={index}"), body)
        case Cases():
            for condition, body in (
                (at.node.condition, at.node.then),
                (sympy.Not(at.node.condition), at.node.otherwise),
            ):
                yield from _inside(replace(at, around=(*at.around, indicator(condition))), body)
        case Weights():
            yield from _inside(replace(at, modes=at.modes | {at.node.mode}), children(at.node))


def _named(at: Use, name: str) -> Use:
    return replace(at, path=f"{at.path}.{name}" if at.path else name)


def _inside(at: Use, body: tuple[Site, ...]) -> Iterator[Use]:
    for site in body:
        yield from _uses(replace(at, site=site))
