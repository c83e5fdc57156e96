"""The parts of a model: where each stands, how often it is used, and what one of it costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from operator import mul
from typing import TypeAlias

import sympy
from sympy import Expr, Integer

from closedform import formula as w
from closedform.data import dataclass
from closedform.derive.arrange import forms
from closedform.derive.cost import tree as cost
from closedform.derive.cost.tree import Node, Site
from closedform.derive.elaborate.values import Tensor
from closedform.derive.solve.closed import Closed
from closedform.derive.symbolic.atoms import indicator
from closedform.derive.trace.flows import Flow, Skip, flow_of, skips
from closedform.derive.trace.frames import Frame, StageRuns
from closedform.render.language import Language

MAX_DEPTH = 4

_Amount: TypeAlias = tuple[Expr, Expr]


@dataclass(frozen=True)
class Around:
    """The connection that leads around a part, by its place; `on` where the part stands on it."""

    skip: int | None = None
    on: bool = False


@dataclass(frozen=True)
class Loop:
    """A `repeat`, `choose` or `if` around a part, by its line; `same` is one part used again.

    `times` is how often it is at work, `copies` how often its weights count; an `if` is 0 or 1.
    `around` is the connection that leads around it.
    """

    kind: str
    line: int
    times: w.Written
    copies: w.Written
    around: Around = Around()


@dataclass(frozen=True)
class PartRow:
    """A part of the model: where it stands, how often, and what one of it costs.

    `place` is its line, `zoo/vit.arch:32` where that is one of another `file` than the model's.
    `kind` is "operation", "block", "stage" or "steps"; `loops` are those between this part and the
    one that it belongs to. `copies` is how often its weights count: less than `times` where they
    are shared, more where only some of them are at work. `counted` is how often each of its `costs`
    counts. `stages` are the loops, each by its index with the first and the last value, of which
    the row is one stage of several alike. `inputs` are the shapes of what it is given, where
    they are known, `around` the connection that leads around it inside the innermost of its loops.
    """

    depth: int
    kind: str
    line: int
    file: str
    place: str
    name: str
    loops: tuple[Loop, ...]
    times: w.Written
    copies: w.Written
    costs: tuple[w.Written, ...]
    counted: tuple[w.Written, ...]
    stages: tuple[tuple[str, int, int], ...] = ()
    inputs: tuple[tuple[w.Written, ...], ...] = ()
    around: Around = Around()


@dataclass(frozen=True)
class _Uses:
    """How often a part is at work, how often its weights count, and in which modes these are.

    `counted` is how often each measure counts it.
    """

    times: Expr
    copies: Expr
    counted: tuple[Expr, ...]
    modes: frozenset[str] = frozenset()
    loops: tuple[tuple[str, int, Expr, Expr, Around], ...] = ()

    def inside(
        self,
        kind: str,
        line: int,
        times: Expr,
        copies: Expr,
        counted: Sequence[Expr],
        around: Around = Around(),  # noqa: B008 (it cannot be changed)
    ) -> _Uses:
        """The uses of what stands in a loop."""
        here = () if times == copies == 1 else ((kind, line, times, copies, around),)
        return replace(
            self,
            times=self.times * times,
            copies=self.copies * copies,
            counted=tuple(map(mul, self.counted, counted)),
            loops=(*self.loops, *here),
        )

    @property
    def of_parts(self) -> _Uses:
        """The uses of the parts of a part."""
        return replace(self, loops=())


@dataclass(frozen=True)
class _Place:
    """Where a row stands: in which frame it is told, and for which stages alike."""

    frame: Frame
    stages: tuple[tuple[str, int, int], ...] = ()
    skips: tuple[Skip, ...] = ()

    def around(self, site: Site) -> Around:
        """The outermost connection that leads around a site."""
        for skip in self.skips:
            for ranges, on in ((skip.around, False), (skip.on, True)):
                if any(start <= site.span.start < end for start, end in ranges):
                    return Around(skip.place, on)
        return Around()

    def inside(self, around: Around) -> _Place:
        """The place of what stands in a loop around which a connection leads."""
        return replace(self, skips=tuple(s for s in self.skips if s.place != around.skip))


class Parts:
    """The rows of the parts of a model; with `alike`, stages of one shape are told once.

    `starts` are then the sizes before the first stage, which rows may mention: D_0 = 3.
    """

    def __init__(self, formed: Sequence[Closed], words: Language, alike: bool = False) -> None:
        self.formed, self.words = formed, words
        self.alike = alike
        self.derivation = formed[0].derivation
        # What is measured of a forward pass is the same in the tree of a training step.
        steps = (form.derivation for form in formed if form.measure.step is not None)
        self.root = next(steps, self.derivation).root
        self.starts: dict[str, Expr] = {}
        self._blocks: dict[str, tuple[cost.Sequence, Frame]] = {}  # the first of each name

    def flows(self) -> Iterator[Flow]:
        """What flows through each block of the rows that were made."""
        for node, frame in self._blocks.values():
            named = partial(operation_name, words=self.words)
            flow = flow_of(node, partial(self._shape, frame=frame), named)
            if flow is not None and any(step.takes for step in flow.steps):
                yield flow

    def of(self, root: cost.Sequence) -> Iterator[PartRow]:
        """The rows of a whole model or block."""
        one = Integer(1)
        once = _Uses(one, one, (one,) * len(self.formed))
        frame = Frame(order=self.formed[0].order)
        return self.rows(root.body, once, 0, _Place(frame, skips=_skips_of(root)))

    def rows(
        self, sites: Sequence[Site], uses: _Uses, depth: int, place: _Place
    ) -> Iterator[PartRow]:
        for site, count in _counted(sites):
            around = place.around(site)
            again = self._alike(uses, "same", site.span.line, Integer(count), around)
            yield from self._site(site, again, depth, place)

    def _alike(self, uses: _Uses, kind: str, line: int, times: Expr, around: Around) -> _Uses:
        """The uses of a part that works as often as its weights count."""
        return uses.inside(kind, line, times, times, [times] * len(self.formed), around)

    def _scaled(self, node: Node) -> list[Expr]:
        """How often each measure counts the body of a node."""
        return [form.measure.scaling.times(node) for form in self.formed]

    def _site(self, site: Site, uses: _Uses, depth: int, place: _Place) -> Iterator[PartRow]:
        node, line, around = site.node, site.span.line, place.around(site)
        match node:
            case cost.Operation() | cost.Sequence():
                amounts = self._amounts((site,), uses)
                if all(amount == 0 for _, amount in amounts):
                    return
                if isinstance(node, cost.Sequence):
                    kind, name = "block", node.name
                else:
                    kind, name = "operation", operation_name(node, self.words)
                yield self._row(kind, site, name, uses, amounts, depth, place)
                if isinstance(node, cost.Sequence) and depth < MAX_DEPTH:
                    in_block = replace(place, skips=_skips_of(node))
                    yield from self.rows(_told_apart(node), uses.of_parts, depth + 1, in_block)
            case cost.Repeat():
                copies = Integer(1) if node.shared else node.times
                scaled = self._scaled(node)
                uses = uses.inside("repeat", line, node.times, copies, scaled, around)
                yield from self.rows(node.body, uses, depth, place.inside(around))
            case cost.Choose():
                scaled = self._scaled(node)
                uses = uses.inside("choose", line, node.count, node.of, scaled, around)
                yield from self.rows(node.body, uses, depth, place.inside(around))
            case cost.Stages():
                for name, told, stage in self._stages(node, place):
                    amounts = self._amounts(stage, uses)
                    if all(amount == 0 for _, amount in amounts):
                        continue
                    yield self._row("stage", site, name, uses, amounts, depth, told)
                    yield from self.rows(stage, uses.of_parts, depth + 1, told.inside(around))
            case cost.Steps():
                first, last = (self._shape((end,), place.frame) for end in (node.first, node.last))
                name = f"{node.index} = {w.plain(*first)}..{w.plain(*last)}"
                amounts = self._amounts((site,), uses)
                if all(amount == 0 for _, amount in amounts):
                    return
                yield self._row("steps", site, name, uses, amounts, depth, place)
                yield from self.rows(node.body, uses.of_parts, depth + 1, place.inside(around))
            case cost.Cases():
                for condition, body in (
                    (node.condition, node.then),
                    (sympy.Not(node.condition), node.otherwise),
                ):
                    holds = indicator(condition)
                    inside = self._alike(uses, "if", line, holds, around)
                    yield from self.rows(body, inside, depth, place.inside(around))
            case cost.Weights():
                inside = replace(uses, modes=uses.modes | {node.mode})
                yield from self.rows(node.body, inside, depth, place)

    def _stages(
        self, node: cost.Stages, place: _Place
    ) -> Iterator[tuple[str, _Place, Sequence[Site]]]:
        """The stages of a loop, or its runs of stages alike: name, place and body of each."""
        if not self.alike:
            for index, body in enumerate(node.bodies, node.first):
                yield f"{node.index} = {index}", place, body
            return
        known = self.derivation.known
        runs = StageRuns(node, self.derivation.stage_symbols, self._value, known.normal)
        for frame, body in runs.frames(place.frame):
            first, last = frame.stages[0], frame.stages[-1]
            if first == last:
                yield f"{node.index} = {first}", place, body
            else:
                stages = (*place.stages, (node.index, first, last))
                yield f"{node.index} = {first}..{last}", _Place(frame, stages, place.skips), body

    def _inputs(self, site: Site, place: _Place) -> tuple[tuple[w.Written, ...], ...]:
        """The shapes of what a part is given; of stages alike, what they have in common."""
        node, frame = site.node, place.frame
        given: tuple[cost.Shape, ...] = ()
        if isinstance(node, cost.Operation):
            given = node.inputs
        elif isinstance(node, cost.Sequence):
            given = tuple(value.shape for value in node.given.values() if isinstance(value, Tensor))
            first = next((n for n in cost.operations(node) if self._value(n) != 0), None)
            if place.stages and (first is None or first.inputs != given):
                given = ()  # stages are alike in what costs
        return tuple(self._shape(shape, frame) for shape in given)

    def _shape(self, shape: cost.Shape, frame: Frame) -> tuple[w.Written, ...]:
        rewritten = self.formed[0].rewritten
        return tuple(forms.write(frame.shown(rewritten(size)), frame.order) for size in shape)

    def _value(self, node: Node) -> Expr:
        """All measures of a node as one expression: each by a symbol of its own."""
        found = zip(self.formed, sympy.numbered_symbols("of_"), strict=False)
        return sympy.Add(*(form.of(node) * symbol for form, symbol in found))

    def _amounts(self, sites: Sequence[Site], uses: _Uses) -> list[_Amount]:
        """What sites cost under each measure, with the brackets of the file, and without."""
        return [self._amount(form, sites, uses.modes) for form in self.formed]

    def _amount(self, form: Closed, sites: Sequence[Site], modes: frozenset[str]) -> _Amount:
        zero = Integer(0)
        if form.measure.whole is not None:  # which knows itself what modes are to it
            for mode in sorted(modes.intersection(cost.MODES)):
                sites = [replace(site, node=cost.Weights(mode, (site,))) for site in sites]
            amount = sympy.Add(*(form.of(site.node) for site in sites))
            return amount, amount
        if not all(map(form.measure.scaling.counts, modes)):
            return zero, zero
        return (
            sympy.Add(*(form.stated(site.node) for site in sites)),
            sympy.Add(*(form.of(site.node) for site in sites)),
        )

    def _row(
        self,
        kind: str,
        site: Site,
        name: str,
        uses: _Uses,
        amounts: Sequence[_Amount],
        depth: int,
        place: _Place,
    ) -> PartRow:
        frame, order = place.frame, place.frame.order

        def written(expr: Expr) -> w.Written:
            return forms.write(frame.shown(expr), order)

        self.starts.update(frame.starts)
        if isinstance(site.node, cost.Sequence) and kind == "block":
            self._blocks.setdefault(name, (site.node, frame))
        line, file = site.span.line, site.span.source.name
        here = file == self.derivation.entity.module.title
        return PartRow(
            depth,
            kind,
            line,
            file,
            str(line) if here else f"{file}:{line}",
            name,
            tuple(
                Loop(kind, line, written(times), written(copies), around)
                for kind, line, times, copies, around in uses.loops
            ),
            written(uses.times),
            written(uses.copies),
            tuple(
                forms.shorter(frame.shown(stated), frame.shown(amount), order)
                for stated, amount in amounts
            ),
            tuple(map(written, uses.counted)),
            place.stages,
            self._inputs(site, place),
            place.around(site),
        )


def _skips_of(node: cost.Sequence) -> tuple[Skip, ...]:
    return tuple(skips(node.declaration.body))


def _told_apart(block: cost.Sequence) -> Sequence[Site]:
    """The parts of a block that have rows: its blocks and loops, or all where a loop has some.

    A block of operations alone speaks for itself; one whose operations are not all at work as
    often as it is itself does not, and rows for some of them would not add up.
    """
    inside = [site for site in block.body if not isinstance(site.node, cost.Operation)]
    loops = [s for s in inside if not isinstance(s.node, cost.Sequence | cost.Stages | cost.Steps)]
    return block.body if any(map(_has_operation, loops)) else inside


def _has_operation(site: Site) -> bool:
    """Whether an operation stands in a loop or a case, itself in no block."""
    if isinstance(site.node, cost.Sequence | cost.Stages | cost.Steps):
        return False
    return isinstance(site.node, cost.Operation) or any(
        map(_has_operation, cost.children(site.node))
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
