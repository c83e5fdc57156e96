"""The cost tree of a training step: each operation with its part in the backward pass.

The tree is walked forwards, to see which values have a gradient and how they lie in memory, and
then backwards, to see which values are used and which are kept by what comes later. A block that is
used twice under the same circumstances stays one node. Of a loop the rounds at either end stand
alone where they differ from the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from functools import lru_cache, partial
from typing import Any, TypeAlias

import sympy
from sympy import Expr, Integer
from sympy.logic.boolalg import Boolean

from closedform.derive.assume.knowledge import Knowledge
from closedform.derive.cost import tree as cost
from closedform.derive.cost.flow import Carried, Contracted, Regrouped, Selected
from closedform.derive.cost.tree import Kept, Operation, Shape, Site, Trained
from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.elaborate.layouts import alike
from closedform.derive.elaborate.values import tensors_in
from closedform.derive.resolve.backward import ROWS, WEIGHT
from closedform.derive.symbolic.atoms import indicator
from closedform.derive.training import memory
from closedform.derive.training.memory import Strides
from closedform.derive.training.rules import MATRICES, Rule, rule_of, shapes_of
from closedform.errors import fail
from closedform.grammar import tree
from closedform.late import dataclass

MOST = 8  # rounds of a loop that may differ from the rest


@dataclass(frozen=True)
class Value:
    """A value in the forward pass: whether it has a gradient, whose storage it has, and how it lies
    there. The number of a storage that is never kept for it is negative: weights, fixed tensors.
    `whole` are the elements of the storage, where these are not those of the value."""

    needs: Boolean
    storage: int
    strides: Strides
    shape: Shape
    whole: Expr | None = None

    @property
    def size(self) -> Expr:
        """The elements of the storage."""
        return sympy.Mul(*self.shape) if self.whole is None else self.whole


@dataclass
class Later:
    """What comes after a place: which values lead to the result, and which storages are kept."""

    used: dict[int, Boolean] = field(default_factory=dict)
    kept: dict[int, Boolean] = field(default_factory=dict)

    def use(self, value: int, holds: Boolean) -> None:
        self.used[value] = sympy.Or(self.used.get(value, sympy.false), holds)

    def keep(self, storage: int, holds: Boolean) -> None:
        if storage > 0 and holds != sympy.false:
            self.kept[storage] = sympy.Or(self.kept.get(storage, sympy.false), holds)

    def also(self, other: Later, where: Boolean = sympy.true) -> None:
        """Add what comes after a body that is carried out where a condition holds."""
        for value, holds in other.used.items():
            self.use(value, sympy.And(where, holds))
        for storage, holds in other.kept.items():
            self.keep(storage, sympy.And(where, holds))

    def of(self, value: int, storage: int) -> Fate:
        """What becomes of a value and of its storage, which are made here."""
        return self.used.pop(value, sympy.false), self.kept.pop(storage, sympy.false)


Fate: TypeAlias = tuple[Boolean, Boolean]  # whether it leads to the result, whether it is kept
Values: TypeAlias = dict[int, Value]
Backward: TypeAlias = Callable[[Later], tuple[Site, ...]]


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


@dataclass(frozen=True)
class _Round:
    """A round of a loop: how to go back through it, what it begins with and ends with."""

    back: Backward
    starts: tuple[Value, ...]
    ends: tuple[Value, ...]


class _Step:
    """One walk there and back, which remembers what it has seen."""

    def __init__(self, known: Knowledge) -> None:
        self.known = known
        self.frozen = False
        self.blocks: dict[Any, _Block] = {}
        self.made: dict[Any, tuple[cost.Node, tuple[Fate, ...]]] = {}
        self.operations: dict[Any, Operation] = {}
        self.rules: dict[int, Rule] = {}
        self.again: dict[Any, tuple[cost.Node, cost.Node]] = {}

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
        takes = [_value(values, number, ()) for number in part.flow.takes]
        gives = [(number, values[number]) for number in part.flow.gives]

        def back(later: Later) -> tuple[Site, ...]:
            used = (sympy.And(later.used.get(n, sympy.false), value.needs) for n, value in gives)
            again = sympy.Or(*used)
            stays = [later.kept.pop(n, sympy.false) for n, v in gives if v.storage == n]
            sizes = [v.size for n, v in gives if v.storage == n]
            inner = Later({n: later.used.pop(n, sympy.false) for n, _ in gives})
            body = self.repeated(inside(inner), where(again, Integer(1)))
            later.also(Later(inner.used))
            for value in takes:
                later.keep(value.storage, again)
            pairs = zip(sizes, stays, strict=True)
            kept = tuple(Kept(n, Integer(0), holds) for n, holds in pairs if holds != sympy.false)
            results = Operation(cost.RECOMPUTED, cost.RECOMPUTED, {}, (), ())
            held = Site(site.span, self.with_part(results, Trained({}, {}, kept)))
            return (replace(site, node=replace(node, body=(*body, held))),)

        return back

    def repeated(self, body: tuple[Site, ...], again: Expr) -> tuple[Site, ...]:
        """A body that keeps nothing, and is carried out again."""
        return tuple(replace(site, node=self.repeated_node(site.node, again)) for site in body)

    def repeated_node(self, node: cost.Node, again: Expr) -> cost.Node:
        key = (id(node), again)
        if key not in self.again:
            self.again[key] = (node, self._repeated(node, again))
        return self.again[key][1]

    def _repeated(self, node: cost.Node, again: Expr) -> cost.Node:
        match node:
            case Operation():
                assert node.trained is not None  # the body was walked
                part = replace(node.trained, kept=(), again=node.trained.again + again)
                return replace(node, trained=part)
            case cost.Stages():
                bodies = tuple(self.repeated(body, again) for body in node.bodies)
                return replace(node, bodies=bodies)
            case cost.Cases():
                then, otherwise = (self.repeated(b, again) for b in (node.then, node.otherwise))
                return replace(node, then=then, otherwise=otherwise)
        return replace(node, body=self.repeated(node.body, again))

    # Operations ----------------------------------------------------------------------------

    def operation(self, site: Site, node: Operation, values: Values) -> Backward:
        rule = self.rules.setdefault(id(node), rule_of(node))
        shapes = shapes_of(node)
        takes = [
            _value(values, number, shape)
            for number, shape in zip(site.flow.takes, shapes, strict=False)
        ]
        gives = site.flow.gives
        weighs = node.counts.get("params", Integer(0)) != 0 and not self.frozen
        needs: dict[Any, Boolean] = {
            at: value.needs for at, value in enumerate(takes) if rule.passes(at)
        }
        needs[WEIGHT] = sympy.true if weighs else sympy.false
        any_ = sympy.Or(*needs.values())
        for number, value in zip(gives, _laid(node, rule, takes, gives), strict=True):
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
                if _is_copied(node, keep.form, keep.place, value):
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
            _value(values, number, shape)
            for number, shape in zip(site.flow.takes, shapes, strict=True)
        ]
        key = (id(node), self.frozen, tuple((v.needs, v.strides) for v in takes))
        if key not in self.blocks:
            inner = {
                number: replace(value, storage=number)
                for number, value in zip(node.flow.takes, takes, strict=True)
            }
            inside = self.body(node.body, inner)
            results = tuple(map(partial(_value, inner), node.flow.gives, node.results))
            self.blocks[key] = _Block(inside, results)
        block = self.blocks[key]
        given = dict(zip(node.flow.takes, takes, strict=True))
        storages = {number: value.storage for number, value in given.items()}
        for number, value in zip(site.flow.gives, block.results, strict=True):
            whole = given[value.storage].size if value.storage in given else value.whole
            storage = value.storage
            if storage > 0:
                storage = storages.setdefault(storage, number)
            values[number] = replace(value, storage=storage, whole=whole)
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
            ends.append([_value(inner, n, s) for n, s in zip(last, shapes, strict=True)])
        for joined, first, second in zip(node.joined, *ends, strict=True):
            needs = first.needs
            if needs != second.needs:
                each = zip(conditions, (first, second), strict=True)
                needs = sympy.Or(*(sympy.And(holds, end.needs) for holds, end in each))
            values[joined.after] = Value(needs, joined.after, first.strides, joined.shape)

        def back(later: Later) -> tuple[Site, ...]:
            fates = [later.of(joined.after, joined.after) for joined in node.joined]
            bodies = []
            for at, holds in enumerate(conditions):
                inner = _after(numbers[at], ends[at], fates)
                bodies.append(backs[at](inner))
                later.also(inner, holds)
            done = replace(node, then=bodies[0], otherwise=bodies[1])
            return (replace(site, node=done),)

        return back

    def choice(self, site: Site, node: cost.Choose, values: Values) -> Backward:
        """Each copy takes what stood before; what it gives stands afterwards."""
        there = self.there(node.count, 1)
        for carried in node.carried:
            values[carried.start] = _value(values, carried.before, carried.shapes[0])
        inside = self.body(node.body, values)
        ends = [_value(values, c.end, c.shapes[2]) for c in node.carried]
        for carried, end in zip(node.carried, ends, strict=True):
            values[carried.after] = replace(end, storage=carried.after)

        def back(later: Later) -> tuple[Site, ...]:
            fates = [later.of(carried.after, carried.after) for carried in node.carried]
            inner = _after([carried.end for carried in node.carried], ends, fates)
            body = inside(inner)
            for carried in node.carried:
                inner.use(carried.before, inner.used.pop(carried.start, sympy.false))
            later.also(inner, there)
            return (replace(site, node=replace(node, body=body)),)

        return back

    def there(self, count: Expr, least: int) -> Boolean:
        """Whether a body is carried out so many times."""
        holds = sympy.Ge(count, least)
        answer = self.known.decide(holds)
        return holds if answer is None else sympy.true if answer else sympy.false

    def loop(self, site: Site, node: _Loop, values: Values) -> Backward:
        rounds = self.rounds(site, node, values)
        befores = [_value(values, c.before, c.shapes[0]) for c in node.carried]
        times = node.times if isinstance(node, cost.Repeat) else node.last - node.first + 1
        for at, carried in enumerate(node.carried):
            needs = befores[at].needs
            for number, round_ in enumerate(rounds, 1):
                after = round_.ends[at].needs
                if after != needs:
                    holds = self.there(times, number)
                    needs = (
                        after
                        if holds == sympy.true
                        else sympy.Or(sympy.And(holds, after), sympy.And(sympy.Not(holds), needs))
                    )
            order = memory.order_of(carried.shapes[2], rounds[-1].ends[at].strides)
            shape = carried.shapes[3]
            strides = memory.contiguous(shape) if order is None else memory.in_order(shape, order)
            values[carried.after] = Value(needs, carried.after, strides, shape)

        def back(later: Later) -> tuple[Site, ...]:
            fates = tuple(later.of(c.after, c.after) for c in node.carried)
            sites, begun, outer = _Loops(self, site, node, rounds, times).back(fates)
            later.also(outer)
            for carried, before, (leads, stays) in zip(node.carried, befores, begun, strict=True):
                later.use(carried.before, leads)
                later.keep(before.storage, stays)
            return sites

        return back

    def rounds(self, site: Site, node: _Loop, values: Values) -> list[_Round]:
        """The first rounds of a loop; all that follow are like the last of them."""
        found: list[_Round] = []
        carried = node.carried
        state = _state([_value(values, c.before, c.shapes[0]) for c in carried], carried, 0)
        seen: list[Any] = []
        while state not in seen:
            if len(seen) == MOST:
                raise _changing(site)
            seen.append(state)
            inner = dict(values)
            starts = []
            for one, (needs, order, strides) in zip(carried, state, strict=True):
                shape = one.shapes[1]
                lies = strides if order is None else memory.in_order(shape, order)
                inner[one.start] = Value(needs, one.start, lies, shape)
                starts.append(inner[one.start])
            inside = self.body(node.body, inner)
            ends = [_value(inner, c.end, c.shapes[2]) for c in carried]
            found.append(_Round(inside, tuple(starts), tuple(ends)))
            state = _state(ends, carried, 2)
        if state != seen[-1]:
            raise _changing(site)
        return found


_Loop: TypeAlias = cost.Repeat | cost.Steps
_Gone: TypeAlias = tuple[tuple[Site, ...], tuple[Fate, ...], Later]


class _Loops:
    """The way back through a loop: its last rounds first, until one is like the one after it."""

    def __init__(
        self, step: _Step, site: Site, node: _Loop, rounds: Sequence[_Round], times: Expr
    ) -> None:
        self.step, self.site, self.node, self.rounds = step, site, node, rounds
        self.times = times

    def round(self, at: int, fates: Sequence[Fate]) -> _Gone:
        """Go back through a round, whose results have a fate: its body, what it began with, and
        what of the values around the loop it uses."""
        found = self.rounds[min(at, len(self.rounds) - 1)]
        later = _after([c.end for c in self.node.carried], found.ends, fates)
        body = found.back(later)
        return body, tuple(later.of(c.start, c.start) for c in self.node.carried), later

    def back(self, fates: tuple[Fate, ...]) -> _Gone:
        if self.times.is_Integer and self.times <= MOST:
            return self.few(int(self.times), fates)
        return self.many(fates)

    def few(self, times: int, fates: tuple[Fate, ...]) -> _Gone:
        """A loop with so many rounds."""
        outer, bodies = Later(), []
        for at in reversed(range(times)):
            body, fates, around = self.round(at, fates)
            outer.also(around)
            bodies.append(body)
        runs: list[list[tuple[Site, ...]]] = []
        for body in reversed(bodies):
            if runs and alike(runs[-1][0], body):
                runs[-1].append(body)
            else:
                runs.append([body])
        pieces, at = [], 0
        for run in runs:
            pieces.append((run[0], at, Integer(len(run))))
            at += len(run)
        return self.placed([(body, Integer(a), n) for body, a, n in pieces]), fates, outer

    def many(self, fates: tuple[Fate, ...]) -> _Gone:
        outer = Later()
        last: list[tuple[Site, ...]] = []
        state = fates
        while True:
            body, begun, around = self.round(len(self.rounds), state)
            outer.also(around)
            last.append(body)
            if begun == state:
                break
            if len(last) > MOST:
                raise _changing(self.site)
            state = begun
        middle, ends = last[-1], last[-2::-1]
        first: list[tuple[Site, ...]] = []
        for at in reversed(range(len(self.rounds) - 1)):
            body, state, around = self.round(at, state)
            outer.also(around)
            first.insert(0, body)
        while first and alike(first[-1], middle):
            first.pop()
        while ends and alike(ends[0], middle):
            ends.pop(0)
        least = len(first) + len(ends)
        rest = self.times - least
        pieces = [(body, Integer(at), Integer(1)) for at, body in enumerate(first)]
        pieces.append((middle, Integer(len(first)), rest))
        pieces += [(body, self.times - len(ends) + at, Integer(1)) for at, body in enumerate(ends)]
        sites = self.placed(pieces)
        enough = self.step.there(self.times, max(least, 1))
        if enough == sympy.true or (
            least == 0 and state == fates and not outer.used and not outer.kept
        ):
            return sites, state, outer
        return self.fewer(max(least, 1) - 1, (sites, state, outer), enough, fates)

    def fewer(self, most: int, gone: _Gone, enough: Boolean, fates: tuple[Fate, ...]) -> _Gone:
        """A case for each smaller number of rounds that is possible."""
        cases = [(enough, gone)]
        for times in range(most, -1, -1):
            holds = sympy.Eq(self.times, times)
            if self.step.known.decide(holds) is not False:
                cases.append((holds, self.few(times, fates)))
        outer = Later()
        sites: tuple[Site, ...] = ()
        for holds, (body, _, around) in reversed(cases):
            outer.also(around, holds)
            found = cost.Cases(holds, body, sites)
            sites = (replace(self.site, node=found),)
        begun = [
            tuple(
                sympy.Or(*(sympy.And(holds, state[at][which]) for holds, (_, state, _) in cases))
                for which in (0, 1)
            )
            for at in range(len(fates))
        ]
        same = all(state == gone[1] for _, (_, state, _) in cases)
        return sites, gone[1] if same else tuple(begun), outer

    def placed(self, pieces: Sequence[tuple[tuple[Site, ...], Expr, Expr]]) -> tuple[Site, ...]:
        """Bodies, each with the number of rounds before it, and with its own."""
        found: list[Site] = []
        for body, before, times in pieces:
            if times == 0:
                continue
            if isinstance(self.node, cost.Repeat):
                done: cost.Node = replace(self.node, body=body, times=times)
                if self.node.shared and found:  # the weights are those of the first rounds
                    done = cost.Weights("tied", (replace(self.site, node=done),))
            else:
                first = self.node.first + before
                done = replace(self.node, body=body, first=first, last=first + times - 1)
            found.append(replace(self.site, node=done))
        return tuple(found)


def _after(numbers: Sequence[int], ends: Sequence[Value], fates: Sequence[Fate]) -> Later:
    """What comes after a body whose results have a fate."""
    later = Later()
    for number, end, (leads, stays) in zip(numbers, ends, fates, strict=True):
        later.use(number, leads)
        later.keep(end.storage, stays)
    return later


def _state(values: Sequence[Value], carried: Sequence[Carried], place: int) -> Any:
    """What a round makes of values that matters to the next one, in no sizes if that can be."""
    found = []
    for value, one in zip(values, carried, strict=True):
        order = memory.order_of(one.shapes[place], value.strides)
        found.append((value.needs, order, value.strides if order is None else None))
    return found


def _changing(site: Site) -> Exception:
    return fail(
        "training",
        "what a training step does in this loop goes on changing from round to round",
        site.span,
        "a loop over numbers, `for i in 1..4:`, may do anything in each of them",
    )


def _value(values: Mapping[int, Value], number: int, shape: Shape) -> Value:
    """A value, or a tensor that nothing computes."""
    if number < 0:
        return Value(sympy.false, number, memory.contiguous(shape), shape)
    return values[number]


def where(holds: Boolean, amount: Expr) -> Expr:
    """An amount, where a condition holds."""
    return (
        amount
        if holds == sympy.true
        else indicator(holds) * amount
        if holds != sympy.false
        else Integer(0)
    )


def shapes_given(node: cost.Sequence) -> list[Shape]:
    """The shapes of the tensors that a block is given, in the order of its parameters."""
    names = (parameter.name.name for parameter in node.declaration.parameters)
    given = tuple(node.given[name] for name in names if name in node.given)
    return [tensor.shape for tensor in tensors_in(given)]


def _laid(node: Operation, rule: Rule, takes: Sequence[Value], gives: Sequence[int]) -> list[Value]:
    """The results, each with its storage and how it lies in it; as yet without gradients."""
    does = node.does
    found = []
    for number, shape in zip(gives, node.outputs, strict=True):
        value = Value(sympy.false, number, memory.contiguous(shape), shape)
        if rule.view is not None:
            base = takes[rule.view]
            seen = _seen(node, base, shape)
            if seen is not None:
                value = Value(sympy.false, base.storage, seen, shape, base.size)
        elif WEIGHT in rule.gradients and not takes:
            value = replace(value, storage=-number)
        elif isinstance(does, Contracted) and "mac" in node.counts:
            value = replace(value, strides=memory.of_product(does))
        elif _by_elements(node):
            alike_ = (value for value in takes if value.shape == shape)
            first = next(alike_, None)
            if first is not None:
                value = replace(value, strides=memory.like(shape, first.strides))
        found.append(value)
    return found


def _seen(node: Operation, base: Value, shape: Shape) -> Strides | None:
    """How a view lies in the storage of what it views; None if that has to be copied."""
    match node.does:
        case Regrouped():
            return memory.regrouped(base.strides, node.does)
        case Selected():
            return tuple(base.strides[axis] for axis in node.does.kept)
    return base.strides[len(base.strides) - len(shape) :]


def _by_elements(node: Operation) -> bool:
    """Whether an operation works element by element, and keeps the order in which they lie."""
    if node.declaration is None:
        return node.kind == "elementwise"
    shapes = [p.shape for p in node.declaration.parameters if p.shape is not None]
    results = [output.shape for output in node.declaration.outputs]
    return [*shapes, *results] == [ANY] * 2


ANY = tree.Shape((tree.Rest(),))


def _is_copied(node: Operation, form: str, place: int, value: Value) -> bool:
    """Whether a tensor is kept as a copy, since it does not lie as it is needed."""
    if form == ROWS:
        rank = len(value.shape) - 1
        return rank > 1 and memory.joined(value.shape[:rank], value.strides[:rank]) is None
    if form == MATRICES:
        assert isinstance(node.does, Contracted)
        axes = (node.does.left, node.does.right)[place]
        return not memory.as_matrices(value.strides, axes, node.does)
    return False
