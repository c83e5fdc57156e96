"""The cost tree of a training step: each operation with its part in the backward pass.

The tree is walked forwards, to see which values have a gradient and how they lie in memory, and
then backwards, to see which values are used and which are kept by what comes later. A block that is
used twice under the same circumstances stays one node. Of a loop the rounds at either end stand
alone where they differ from the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

import sympy
from sympy import Expr, Integer
from sympy.logic.boolalg import Boolean

from closedform.data import dataclass
from closedform.derive.assume.knowledge import Knowledge
from closedform.derive.cost import tree as cost
from closedform.derive.cost.tree import Kept, Operation, Site, Trained
from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.resolve.backward import WEIGHT
from closedform.derive.training import memory
from closedform.derive.training.laid import is_copied, laid
from closedform.derive.training.later import (
    Backward,
    Fate,
    Later,
    Value,
    Values,
    after,
    apart,
    either,
    shapes_given,
    standing_in,
    value_of,
    where,
)
from closedform.derive.training.loops import (
    MOST,
    Loop,
    Loops,
    Round,
    changing,
    state_of,
    there,
    whole_after,
)
from closedform.derive.training.recomputing import Again
from closedform.derive.training.rules import Rule, rule_of, shapes_of


@lru_cache(maxsize=8)
def training_step(derivation: Derivation) -> cost.Sequence:
    """The tree of a derivation in which every operation says what it does in a training step.

    The inputs of a block have gradients, those of a model have none.
    """
    needs = sympy.true if derivation.generic else sympy.false
    return _Step(derivation.known).whole(derivation.root, needs)


@dataclass(frozen=True)
class _Block:
    """A block in the forward pass: how to go back through it, and its results."""

    back: Backward
    results: tuple[Value, ...]


class _Step:
    """One walk there and back, which remembers what it has seen."""

    def __init__(self, known: Knowledge) -> None:
        self.known = known
        self.frozen = False
        self.blocks: dict[Any, _Block] = {}
        self.made: dict[Any, tuple[cost.Node, tuple[Fate, ...]]] = {}
        self.operations: dict[Any, Operation] = {}
        self.rules: dict[int, Rule] = {}
        self.again = Again()

    def whole(self, root: cost.Sequence, needs: Boolean) -> cost.Sequence:
        shapes = iter(shapes_given(root))
        values = {
            number: Value(needs, number, memory.contiguous(shape), shape)
            for number, shape in zip(root.flow.takes, shapes, strict=True)
        }
        back = self.body(root.body, values)
        later = Later()
        for number in root.flow.gives:
            later.use(number, sympy.true)
        return replace(root, body=back(later))

    # Bodies --------------------------------------------------------------------------------

    def body(self, sites: Iterable[Site], values: Values) -> Backward:
        """Walk a body forwards; gives how to walk it backwards."""
        backs = [self.forward(site, values) for site in sites]

        def back(later: Later) -> tuple[Site, ...]:
            parts = [one(later) for one in reversed(backs)]
            return tuple(site for part in reversed(parts) for site in part)

        return back

    def forward(self, site: Site, values: Values) -> Backward:
        node = site.node
        match node:
            case Operation():
                return self.operation(site, node, values)
            case cost.Sequence():
                return self.block(site, node, values)
            case cost.Repeat() | cost.Steps():
                return self.loop(site, node, values)
            case cost.Stages():
                bodies = [self.body(body, values) for body in node.bodies]
                return self.stages(site, node, bodies)
            case cost.Choose():
                return self.choice(site, node, values)
            case cost.Cases():
                return self.cases(site, node, values)
            case cost.Weights():
                return self.weights(site, node, values)

    def stages(self, site: Site, node: cost.Stages, bodies: Sequence[Backward]) -> Backward:
        def back(later: Later) -> tuple[Site, ...]:
            done = tuple(reversed([one(later) for one in reversed(bodies)]))
            return (replace(site, node=replace(node, bodies=done)),)

        return back

    def weights(self, site: Site, node: cost.Weights, values: Values) -> Backward:
        outer, self.frozen = self.frozen, self.frozen or node.mode == "frozen"
        inside = self.body(node.body, values)
        self.frozen = outer
        if node.mode == cost.RECOMPUTED:
            return self.recomputed(site, node, inside, values)
        return lambda later: (replace(site, node=replace(node, body=inside(later))),)

    def recomputed(
        self, site: Site, node: cost.Weights, inside: Backward, values: Values
    ) -> Backward:
        """A part that keeps what it takes, and is carried out again in the backward pass."""
        (part,) = node.body
        while isinstance(part.node, cost.Weights):
            (part,) = part.node.body
        takes = [value_of(values, number, ()) for number in part.flow.takes]
        gives = [(number, values[number]) for number in part.flow.gives]

        def back(later: Later) -> tuple[Site, ...]:
            used = (sympy.And(later.used.get(n, sympy.false), value.needs) for n, value in gives)
            again = sympy.Or(*used)
            stays = [later.kept.pop(n, sympy.false) for n, v in gives if v.storage == n]
            sizes = [
                where(apart(v, {taken.storage for taken in takes}), v.size)
                for n, v in gives
                if v.storage == n
            ]
            inner = Later({n: later.used.pop(n, sympy.false) for n, _ in gives})
            body = self.again.body(inside(inner), where(again, Integer(1)))
            later.also(Later(inner.used))
            for value in takes:
                later.keep(value.storage, again)
            pairs = zip(sizes, stays, strict=True)
            kept = tuple(Kept(n, Integer(0), holds) for n, holds in pairs if holds != sympy.false)
            results = Operation(cost.RECOMPUTED, cost.RECOMPUTED, {}, (), ())
            held = Site(site.span, self.with_part(results, Trained({}, {}, kept)))
            return (replace(site, node=replace(node, body=(*body, held))),)

        return back

    # Operations ----------------------------------------------------------------------------

    def operation(self, site: Site, node: Operation, values: Values) -> Backward:
        rule = self.rules.setdefault(id(node), rule_of(node))
        shapes = shapes_of(node)
        takes = [
            value_of(values, number, shape)
            for number, shape in zip(site.flow.takes, shapes, strict=False)
        ]
        gives = site.flow.gives
        weighs = node.counts.get("params", Integer(0)) != 0 and not self.frozen
        needs: dict[Any, Boolean] = {
            at: value.needs for at, value in enumerate(takes) if rule.passes(at)
        }
        needs[WEIGHT] = sympy.true if weighs else sympy.false
        any_ = sympy.Or(*needs.values())
        for number, value in zip(gives, laid(node, rule, takes, gives), strict=True):
            values[number] = replace(value, needs=any_)
        results = [values[number] for number in gives]

        def back(later: Later) -> tuple[Site, ...]:
            used = sympy.Or(*(later.used.get(number, sympy.false) for number in gives))
            kept: list[Kept] = []
            for keep in rule.keeps:
                of = keep.needed or needs.keys()
                holds = sympy.And(
                    used, sympy.Or(*(needs[n] for n in of if n in needs)), keep.condition
                )
                if holds == sympy.false:
                    continue
                if keep.place is None:
                    kept.append(Kept(keep.elements, keep.bytes, holds))
                    continue
                value = (*takes, *results)[keep.place]
                if is_copied(node, keep.form, keep.place, value):
                    kept.append(Kept(sympy.Mul(*value.shape), Integer(0), holds))
                else:
                    later.keep(value.storage, holds)
            for number, value in zip(gives, results, strict=True):
                _, stays = later.of(number, number)
                if stays != sympy.false:
                    kept.append(Kept(sympy.Mul(*value.shape), Integer(0), stays))
            work: dict[bool, dict[str, Expr]] = {True: {}, False: {}}
            for of, needed in needs.items():
                holds = sympy.And(used, needed)
                if holds == sympy.false:
                    continue
                if of != WEIGHT:
                    later.use(site.flow.takes[of], holds)
                counts = work[of == WEIGHT]
                for name, amount in rule.gradient(of).items():
                    counts[name] = counts.get(name, Integer(0)) + where(holds, amount)
            return (
                replace(
                    site, node=self.with_part(node, Trained(work[False], work[True], tuple(kept)))
                ),
            )

        return back

    def with_part(self, node: Operation, part: Trained) -> Operation:
        counts = (tuple(sorted(c.items())) for c in (part.by_input, part.by_weight))
        key = (id(node), *counts, part.kept)
        return self.operations.setdefault(key, replace(node, trained=part))

    # Blocks --------------------------------------------------------------------------------

    def block(self, site: Site, node: cost.Sequence, values: Values) -> Backward:
        shapes = shapes_given(node)
        takes = [
            value_of(values, number, shape)
            for number, shape in zip(site.flow.takes, shapes, strict=True)
        ]
        key = (id(node), self.frozen, tuple((v.needs, v.strides) for v in takes))
        if key not in self.blocks:
            inner = {
                number: replace(value, storage=number)
                for number, value in zip(node.flow.takes, takes, strict=True)
            }
            inside = self.body(node.body, inner)
            results = tuple(map(partial(value_of, inner), node.flow.gives, node.results))
            self.blocks[key] = _Block(inside, results)
        block = self.blocks[key]
        given = dict(zip(node.flow.takes, takes, strict=True))
        storages = {number: value.storage for number, value in given.items()}
        for number, value in zip(site.flow.gives, block.results, strict=True):
            whole = given[value.storage].size if value.storage in given else value.whole
            storage = value.storage
            if storage > 0:
                storage = storages.setdefault(storage, number)
            instead = tuple(
                (holds, storages[other]) for holds, other in value.instead if other in given
            )
            values[number] = replace(value, storage=storage, whole=whole, instead=instead)
        mine = {inner: outer for inner, outer in storages.items() if inner not in node.flow.takes}

        def back(later: Later) -> tuple[Site, ...]:
            used = tuple(later.used.pop(number, sympy.false) for number in site.flow.gives)
            kept = tuple(later.kept.pop(outer, sympy.false) for outer in mine.values())
            whole = (*key, used, kept)
            if whole not in self.made:
                inside = Later()
                for number, holds in zip(node.flow.gives, used, strict=True):
                    inside.use(number, holds)
                for inner, holds in zip(mine, kept, strict=True):
                    inside.keep(inner, holds)
                done = replace(node, body=block.back(inside))
                fates = tuple(inside.of(number, number) for number in node.flow.takes)
                self.made[whole] = (done, fates)
            node_, begun = self.made[whole]
            for number, value, (leads, stays) in zip(site.flow.takes, takes, begun, strict=True):
                later.use(number, leads)
                later.keep(value.storage, stays)
            return (replace(site, node=node_),)

        return back

    # Cases and loops -----------------------------------------------------------------------

    def cases(self, site: Site, node: cost.Cases, values: Values) -> Backward:
        conditions = node.condition, sympy.Not(node.condition)
        numbers = [[j.then for j in node.joined], [j.otherwise for j in node.joined]]
        backs, ends = [], []
        for body, last in zip((node.then, node.otherwise), numbers, strict=True):
            inner = dict(values)
            backs.append(self.body(body, inner))
            shapes = (joined.shape for joined in node.joined)
            ends.append([value_of(inner, n, s) for n, s in zip(last, shapes, strict=True)])
        for joined, first, second in zip(node.joined, *ends, strict=True):
            values[joined.after] = either(node.condition, first, second, joined)

        def back(later: Later) -> tuple[Site, ...]:
            fates = [later.of(joined.after, joined.after) for joined in node.joined]
            bodies = []
            for at, holds in enumerate(conditions):
                inner = after(numbers[at], ends[at], fates)
                bodies.append(backs[at](inner))
                later.also(inner, holds)
            done = replace(node, then=bodies[0], otherwise=bodies[1])
            return (replace(site, node=done),)

        return back

    def choice(self, site: Site, node: cost.Choose, values: Values) -> Backward:
        """Each copy takes what stood before; what it gives stands afterwards."""
        runs = there(self.known, node.count, 1)
        for carried in node.carried:
            values[carried.start] = value_of(values, carried.before, carried.shapes[0])
        inside = self.body(node.body, values)
        ends = [value_of(values, c.end, c.shapes[2]) for c in node.carried]
        for carried, end in zip(node.carried, ends, strict=True):
            values[carried.after] = replace(end, storage=carried.after)

        def back(later: Later) -> tuple[Site, ...]:
            fates = [later.of(carried.after, carried.after) for carried in node.carried]
            inner = after([carried.end for carried in node.carried], ends, fates)
            body = inside(inner)
            for carried in node.carried:
                inner.use(carried.before, inner.used.pop(carried.start, sympy.false))
            later.also(inner, runs)
            return (replace(site, node=replace(node, body=body)),)

        return back

    def loop(self, site: Site, node: Loop, values: Values) -> Backward:
        rounds = self.rounds(site, node, values)
        befores = [value_of(values, c.before, c.shapes[0]) for c in node.carried]
        times = node.times if isinstance(node, cost.Repeat) else node.last - node.first + 1
        for at, carried in enumerate(node.carried):
            needs = befores[at].needs
            for number, round_ in enumerate(rounds, 1):
                after = round_.ends[at].needs
                if after != needs:
                    holds = there(self.known, times, number)
                    needs = (
                        after
                        if holds == sympy.true
                        else sympy.Or(sympy.And(holds, after), sympy.And(sympy.Not(holds), needs))
                    )
            order = memory.order_of(carried.shapes[2], rounds[-1].ends[at].strides)
            shape = carried.shapes[3]
            strides = memory.contiguous(shape) if order is None else memory.in_order(shape, order)
            whole = whole_after(self.known, node, times, befores[at], rounds[-1], at)
            instead = standing_in(sympy.Not(there(self.known, times, 1)), befores[at])
            values[carried.after] = Value(needs, carried.after, strides, shape, whole, instead)

        def back(later: Later) -> tuple[Site, ...]:
            fates = tuple(later.of(c.after, c.after) for c in node.carried)
            sites, begun, outer = Loops(self.known, site, node, rounds, times).back(fates)
            later.also(outer)
            for carried, before, (leads, stays) in zip(node.carried, befores, begun, strict=True):
                later.use(carried.before, leads)
                later.keep(before.storage, stays)
            return sites

        return back

    def rounds(self, site: Site, node: Loop, values: Values) -> list[Round]:
        """The first rounds of a loop; all that follow are like the last of them."""
        found: list[Round] = []
        carried = node.carried
        state = state_of([value_of(values, c.before, c.shapes[0]) for c in carried], carried, 0)
        seen: list[Any] = []
        while state not in seen:
            if len(seen) == MOST:
                raise changing(site)
            seen.append(state)
            inner = dict(values)
            starts = []
            for one, (needs, order, strides) in zip(carried, state, strict=True):
                shape = one.shapes[1]
                lies = strides if order is None else memory.in_order(shape, order)
                inner[one.start] = Value(needs, one.start, lies, shape)
                starts.append(inner[one.start])
            inside = self.body(node.body, inner)
            ends = [value_of(inner, c.end, c.shapes[2]) for c in carried]
            found.append(Round(inside, tuple(starts), tuple(ends)))
            state = state_of(ends, carried, 2)
        if state != seen[-1]:
            raise changing(site)
        return found
