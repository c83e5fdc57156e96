"""The parts of a model: where each stands, how often it is used, and what one of it costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import sympy
from sympy import Expr, Integer

from closedform.derive import cost, forms
from closedform.derive import written as w
from closedform.derive.cost import Site
from closedform.derive.result import Closed
from closedform.derive.sizes import say
from closedform.render.language import Language

MAX_DEPTH = 4


@dataclass(frozen=True)
class Loop:
    """A `repeat`, `choose` or `if` around a part, by its line; `same` is one part used again.

    `times` is how often it is at work, `copies` how often its weights count; an `if` is 0 or 1.
    """

    kind: str
    line: int
    times: w.Written
    copies: w.Written


@dataclass(frozen=True)
class PartRow:
    """A part of the model: where it stands, how often, and what one of it costs.

    `kind` is "operation", "block", "stage" or "steps"; `loops` are those between this part and the
    one that it belongs to. `copies` is how often its weights count: less than `times` where they
    are shared, more where only some of them are at work.
    """

    depth: int
    kind: str
    line: int
    name: str
    loops: tuple[Loop, ...]
    times: w.Written
    copies: w.Written
    costs: tuple[w.Written, ...]


@dataclass(frozen=True)
class _Uses:
    """How often a part is at work, how often its weights count, and which weights do not."""

    times: Expr
    copies: Expr
    dropped: frozenset[str]
    loops: tuple[tuple[str, int, Expr, Expr], ...] = ()

    def inside(self, kind: str, line: int, times: Expr, copies: Expr) -> _Uses:
        """The uses of what stands in a loop."""
        here = () if times == copies == 1 else ((kind, line, times, copies),)
        loops = (*self.loops, *here)
        return replace(self, times=self.times * times, copies=self.copies * copies, loops=loops)

    @property
    def of_parts(self) -> _Uses:
        """The uses of the parts of a part."""
        return replace(self, loops=())


ONCE = _Uses(Integer(1), Integer(1), frozenset())


class Parts:
    """The rows of the parts of a model."""

    def __init__(self, formed: Sequence[Closed], words: Language) -> None:
        self.formed, self.words = formed, words
        self.order = formed[0].order

    def of(self, root: cost.Sequence) -> Iterator[PartRow]:
        """The rows of a whole model or block."""
        return self.rows(root.body, ONCE, 0)

    def rows(self, sites: Sequence[Site], uses: _Uses, depth: int) -> Iterator[PartRow]:
        for site, count in _counted(sites):
            again = uses.inside("same", site.span.line, Integer(count), Integer(count))
            yield from self._site(site, again, depth)

    def _site(self, site: Site, uses: _Uses, depth: int) -> Iterator[PartRow]:
        node, line = site.node, site.span.line
        match node:
            case cost.Operation() | cost.Sequence():
                amounts = self._amounts((site,), uses)
                if all(amount == 0 for amount in amounts):
                    return
                if isinstance(node, cost.Sequence):
                    kind, name = "block", node.name
                else:
                    kind, name = "operation", operation_name(node, self.words)
                yield self._row(kind, site, name, uses, amounts, depth)
                if isinstance(node, cost.Sequence) and depth < MAX_DEPTH:
                    inner = [s for s in node.body if not isinstance(s.node, cost.Operation)]
                    yield from self.rows(inner, uses.of_parts, depth + 1)
            case cost.Repeat():
                copies = Integer(1) if node.shared else node.times
                uses = uses.inside("repeat", line, node.times, copies)
                yield from self.rows(node.body, uses, depth)
            case cost.Choose():
                uses = uses.inside("choose", line, node.count, node.of)
                yield from self.rows(node.body, uses, depth)
            case cost.Stages():
                for index, body in enumerate(node.bodies, node.first):
                    name = f"{node.index} = {index}"
                    amounts = self._amounts(body, uses)
                    yield self._row("stage", site, name, uses, amounts, depth)
                    yield from self.rows(body, uses.of_parts, depth + 1)
            case cost.Steps():
                name = f"{node.index} = {say(node.first)}..{say(node.last)}"
                yield self._row("steps", site, name, uses, self._amounts((site,), uses), depth)
                yield from self.rows(node.body, uses.of_parts, depth + 1)
            case cost.Cases():
                for condition, body in (
                    (node.condition, node.then),
                    (sympy.Not(node.condition), node.otherwise),
                ):
                    holds = cost.indicator(condition)
                    yield from self.rows(body, uses.inside("if", line, holds, holds), depth)
            case cost.Weights():
                dropped = uses.dropped | cost.DROPPED[node.mode]
                yield from self.rows(node.body, replace(uses, dropped=dropped), depth)

    def _amounts(self, sites: Sequence[Site], uses: _Uses) -> list[Expr]:
        return [
            Integer(0)
            if form.measure.name in uses.dropped
            else sympy.Add(*(form.of(site.node) for site in sites))
            for form in self.formed
        ]

    def _row(
        self, kind: str, site: Site, name: str, uses: _Uses, amounts: Sequence[Expr], depth: int
    ) -> PartRow:
        return PartRow(
            depth,
            kind,
            site.span.line,
            name,
            tuple(
                Loop(kind, line, forms.write(times, self.order), forms.write(copies, self.order))
                for kind, line, times, copies in uses.loops
            ),
            forms.write(uses.times, self.order),
            forms.write(uses.copies, self.order),
            tuple(forms.shortest(amount, self.order) for amount in amounts),
        )


def operation_name(node: cost.Operation, words: Language) -> str:
    """The name of an operation: that of its declaration, or ours for a sign such as `+`."""
    return words.tr(node.name) if node.is_sign else node.name


def _counted(sites: Sequence[Site]) -> list[tuple[Site, int]]:
    """Sites with the same node on the same line together, and how many they are."""
    found: dict[tuple[int, int], tuple[Site, int]] = {}
    for site in sites:
        key = (id(site.node), site.span.line)
        first, count = found.get(key, (site, 0))
        found[key] = (first, count + 1)
    return list(found.values())
