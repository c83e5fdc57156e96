"""Stages that are alike: told once, in the sizes D_s and D_(s-1), and not for each s again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field, replace
from typing import Any

import sympy
from sympy import Expr, Symbol

from closedform.data import dataclass
from closedform.derive.arrange.writing import Order
from closedform.derive.cost import tree as cost
from closedform.derive.cost.tree import Node, Shape, Site, Stages
from closedform.derive.solve.loops import reading
from closedform.derive.solve.places import Places, entering, in_places, stage_values

Convert = Callable[[Any], Any]
Value = Callable[[Node], Expr]


@dataclass(frozen=True, eq=False)
class Frame:
    """Where a part is told: for several stages at once, for one of them, or for the step i.

    `here` puts the place of a stage in the place of each size of the stage that is told; `form`
    does so too where a single stage is told by itself, to see what it shares with others. The
    blocks of that stage are told in its `general` frame, for other stages may use them too.
    """

    label: str | None = None
    index: str = ""
    stages: tuple[int, ...] = ()
    here: Mapping[Symbol, Symbol] = field(default_factory=dict)
    form: Mapping[Symbol, Symbol] = field(default_factory=dict)
    places: Mapping[Symbol, tuple[str, int]] = field(default_factory=dict)
    start: Mapping[str, Expr] = field(default_factory=dict)
    order: Order = field(default_factory=Order)
    general: Frame | None = None

    def shown(self, expr: Any) -> Any:
        """An expression in the sizes of this frame."""
        return expr.xreplace(self.here) if self.here else expr

    @property
    def starts(self) -> dict[str, Expr]:
        """The sizes before the first stage, by their names: D_0 = 3."""
        if (self.label or "").rpartition(",")[2] != self.index:
            return {}  # a stage by itself, in a frame whose sizes are told there
        return {f"{family}_{self.stages[0] - 1}": size for family, size in self.start.items()}

    def at(self, expr: Any, stage: int) -> Any:
        """What is told, for one of its stages."""
        first = self.stages[0] if self.stages else stage
        return expr.xreplace(stage_values(self.index, stage, self.places, first, self.start))


def sites_key(sites: tuple[Site, ...], value: Value, convert: Convert) -> tuple[Any, ...]:
    """What a body counts, operation by operation, to be compared with another."""
    return tuple(_keys(sites, value, convert))


def _keys(sites: tuple[Site, ...], value: Value, convert: Convert) -> Iterator[tuple[Any, ...]]:
    for site in sites:
        key = node_key(site.node, value, convert)
        if key is not None:
            yield key


def node_key(node: Node, value: Value, convert: Convert) -> tuple[Any, ...] | None:
    """What a part counts; None where that is nothing."""
    if value(node) == 0:
        return None

    def body(sites: tuple[Site, ...]) -> tuple[Any, ...]:
        return sites_key(sites, value, convert)

    def shapes(found: tuple[Shape, ...]) -> tuple[Any, ...]:
        return tuple(tuple(map(convert, shape)) for shape in found)

    match node:
        case cost.Operation():
            amount = convert(value(node))
            return node.name, amount, shapes(node.inputs), shapes(node.outputs)
        case cost.Sequence():
            return node.name, convert(value(node)), body(node.body)
        case cost.Repeat():
            return "repeat", convert(node.times), node.shared, body(node.body)
        case cost.Choose():
            return "choose", convert(node.count), convert(node.of), body(node.body)
        case cost.Stages():
            return "for", node.index, node.first, tuple(map(body, node.bodies))
        case cost.Steps():
            bounds = convert(node.first), convert(node.last)
            return "for", node.index, *bounds, body(node.body)
        case cost.Cases():
            return "if", convert(node.condition), body(node.then), body(node.otherwise)
        case cost.Weights():
            return node.mode, body(node.body)


class StageRuns:
    """The runs of stages of one loop that are told together."""

    def __init__(
        self,
        node: Stages,
        stage_symbols: Mapping[Symbol, tuple[str, int]],
        value: Value,
        normal: Convert,
    ) -> None:
        self.node, self.stage_symbols = node, stage_symbols
        self.value, self.normal = value, normal
        self.places = Places(node.index, stage_symbols)

    def frames(self, outer: Frame) -> list[tuple[Frame, tuple[Site, ...]]]:
        """A frame for each run of stages alike, and the body that it tells.

        Lists that are read at an offset, or whole in each stage, are seen where that joins more.
        """
        first = self.node.first
        runs = self._runs(outer)
        if len(runs) > 1:
            near, self.places = self.places, self._far()
            far = self._runs(outer)
            runs, self.places = (far, self.places) if len(far) < len(runs) else (runs, near)
        return [
            (self._frame(run, start, outer), self.node.bodies[run[-1] - first])
            for run, start in runs
        ]

    def _far(self) -> Places:
        """The places of sizes further from a stage, but of no list that stays as it is."""
        bodies = enumerate(self.node.bodies, self.node.first)
        parts = {
            index: sympy.Add(*(self.normal(self.value(site.node)) for site in body))
            for index, body in bodies
        }
        return Places(self.node.index, self.stage_symbols, *reading(parts, self.stage_symbols))

    def _runs(self, outer: Frame) -> list[tuple[list[int], Mapping[str, Expr]]]:
        """Stages alike, and what enters the first of them where that is told as another's is."""
        first = self.node.first
        found: list[tuple[list[int], Mapping[str, Expr]]] = []
        indices = range(first, first + len(self.node.bodies))
        bare = {i: self._bare_key(i) for i in indices}  # told apart by it, they need no other
        keys: dict[int, tuple[Any, ...]] = {}

        def alike(index: int, other: int) -> bool:
            if bare[index] != bare[other]:
                return False
            for i in (index, other):
                if i not in keys:
                    keys[i] = self._key(i, {})
            return keys[index] == keys[other]

        for index in indices:
            if found and alike(index, found[-1][0][-1]):
                found[-1][0].append(index)
                continue
            start = self._start(outer) if found and index == first + 1 else {}
            if start and bare[index] == bare[first] and self._key(index, start) == keys[first]:
                found[-1] = ([first, index], start)
            else:
                found.append(([index], {}))
        return found

    def _bare_key(self, index: int) -> tuple[Any, ...]:
        """What the parts of a stage are, and not how much they count."""
        return sites_key(self.node.bodies[index - self.node.first], self.value, lambda _: None)

    def _key(self, index: int, start: Mapping[str, Expr]) -> tuple[Any, ...]:
        places: dict[Symbol, Expr] = dict(self.places.around(index))
        for symbol, (family, at) in self.stage_symbols.items():
            if at == index - 1 and family in start:
                places[symbol] = start[family]
        body = self.node.bodies[index - self.node.first]

        def convert(expr: Any) -> Any:
            found = self.normal(expr).xreplace(places)
            return sympy.expand(found) if isinstance(found, Expr) else found

        return sites_key(body, self.value, convert)

    def _start(self, outer: Frame) -> dict[str, Expr]:
        """The sizes that enter the first stage, as they are told outside."""
        found = entering(self.node, self.stage_symbols)
        return {family: outer.shown(before) for family, before in found.items()}

    def _frame(self, run: list[int], start: Mapping[str, Expr], outer: Frame) -> Frame:
        form = self.places.around(run[-1])
        inner = replace(outer, form={**outer.form, **form}, general=None)
        offsets = {place: self.places.offsets[place] for place in form.values()}
        instead = {symbol: (place,) for symbol, place in form.items()}
        general = replace(
            inner,
            label=_joined(outer.label, self.node.index),
            index=self.node.index,
            stages=tuple(run),
            here={**outer.here, **form},
            places={**outer.places, **offsets},
            start=start,
            order=in_places(outer.order, self.node.index, offsets, instead),
        )
        if len(run) > 1:
            return general
        label = _joined(outer.label, str(run[0]))
        return replace(inner, label=label, stages=tuple(run), general=general)


def _joined(outer: str | None, label: str) -> str:
    return label if outer is None else f"{outer},{label}"


def in_step(outer: Frame, index: Symbol) -> Frame:
    """The frame of a body that is a function of the index of its loop."""
    general = in_step(outer.general, index) if outer.general else None
    return replace(outer, label=_joined(outer.label, index.name), general=general)
