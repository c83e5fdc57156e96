"""A formula as the sum of what its parts cost: attention, MLP and embedding, each by its name.

The parts are the blocks that a model uses. One that only puts others together is opened, and what
is in it counts by its own name, as often as it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import field, replace
from functools import cached_property
from typing import TypeAlias

from sympy import Expr

from closedform import formula as w
from closedform.data import dataclass
from closedform.derive.arrange.writing import Order
from closedform.derive.cost import tree as cost
from closedform.derive.cost.tree import Node, Site
from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.measures.rows import Measure
from closedform.derive.solve.candidates import Candidates, total

MOST = 5  # parts, up to which operations that stand in no block have names of their own
OTHER = "other"

_Part: TypeAlias = cost.Operation | cost.Sequence


@dataclass(frozen=True)
class ByPart:
    """The parts of one formula; `rewritten` brings what they cost into the chosen symbols."""

    measure: Measure
    derivation: Derivation
    rewritten: Callable[[Expr], Expr]

    def written(self, stages: str, order: Order, say: Callable[[str], str]) -> w.Written:
        """The sum of the parts, each under a brace with its name; `say` translates ours."""
        terms = tuple(
            w.Braced(part.written("shortest", stages, order), say(name) if ours else name)
            for (name, ours), part in self._parts.items()
        )
        return w.Sum(terms) if len(terms) > 1 else terms[0] if terms else w.Number(0)

    @property
    def starts(self) -> dict[str, Expr]:
        """Sizes before the first stage that a sum over stages mentions: D_0 = 3."""
        return {name: value for part in self._parts.values() for name, value in part.starts.items()}

    @cached_property
    def _parts(self) -> dict[tuple[str, bool], Candidates]:
        """What each part costs, by its name, and whether that is a name of ours."""
        told = self._told(self.derivation.root.body)
        found: dict[tuple[str, bool], set[int]] = {}
        for node in told:
            ours = isinstance(node, cost.Operation) and node.is_sign
            found.setdefault((node.name, ours), set()).add(id(node))
        loose = {id(node) for node in told if not _is_block(node)}
        alone = [key for key, ids in found.items() if ids <= loose]
        if len(found) > MOST and 1 < len(alone) < len(found):
            found[OTHER, True] = set().union(*map(found.pop, alone))
        every = frozenset(map(id, told))
        return {key: self._candidates(_Pruned(ids, every)) for key, ids in found.items()}

    def _told(self, sites: Iterable[Site]) -> list[_Part]:
        """The blocks and operations that are told by their names, and cost anything, each once."""
        found: dict[int, _Part] = {}
        for site in sites:
            found.update((id(part), part) for part in self._of(site.node))
        return list(found.values())

    def _of(self, node: Node) -> list[_Part]:
        if id(node) not in self._seen:
            self._seen[id(node)] = self._parts_of(node)
        return self._seen[id(node)]

    def _parts_of(self, node: Node) -> list[_Part]:
        if self._total(node) == 0:
            return []
        if isinstance(node, cost.Operation):
            return [node]
        inside = self._told(cost.children(node))
        if not isinstance(node, cost.Sequence):
            return inside
        blocks = {part.name for part in inside if _is_block(part)}
        return inside if len(blocks) > 1 or (blocks and len(inside) == 1) else [node]

    @cached_property
    def _seen(self) -> dict[int, list[_Part]]:
        return {}

    @cached_property
    def _total(self) -> Callable[[Node], Expr]:
        return total(self.measure, self.derivation)

    def _candidates(self, pruned: _Pruned) -> Candidates:
        """The formula of the model with nothing in it but some of its parts."""
        root = pruned.inside(self.derivation.root)
        assert isinstance(root, cost.Sequence)
        derivation = replace(self.derivation, root=root)
        expr = self.rewritten(total(self.measure, derivation)(root))
        return Candidates(self.measure, derivation, self.rewritten, expr)


def _is_block(node: Node) -> bool:
    return isinstance(node, cost.Sequence)


@dataclass(frozen=True)
class _Pruned:
    """A cost tree with nothing in it but those of its parts that are kept."""

    kept: Collection[int]
    every: Collection[int]
    _seen: dict[int, Node] = field(default_factory=dict)

    def body(self, sites: Iterable[Site]) -> tuple[Site, ...]:
        found = []
        for site in sites:
            if id(site.node) in self.kept:
                found.append(site)
            elif id(site.node) not in self.every and not isinstance(site.node, cost.Operation):
                found.append(Site(site.span, self.inside(site.node)))
        return tuple(found)

    def inside(self, node: Node) -> Node:
        """A node of others, with what is kept of them; one that is used twice stays one."""
        if id(node) not in self._seen:
            self._seen[id(node)] = self._inside(node)
        return self._seen[id(node)]

    def _inside(self, node: Node) -> Node:
        match node:
            case cost.Operation():
                return node
            case cost.Stages():
                return replace(node, bodies=tuple(map(self.body, node.bodies)))
            case cost.Cases():
                then, otherwise = self.body(node.then), self.body(node.otherwise)
                return replace(node, then=then, otherwise=otherwise)
        return replace(node, body=self.body(node.body))
