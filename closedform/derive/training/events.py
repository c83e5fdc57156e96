"""What a forward pass does, one event after the other: what each takes and makes.

Loops are walked round by round until all further rounds are like the last; where that depends on a
size, the list of events is one of several cases.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, TypeAlias

import sympy
from sympy import Expr, Integer
from sympy.logic.boolalg import Boolean

from closedform.data import dataclass
from closedform.derive.cost.depth import does_nothing
from closedform.derive.cost.tree import (
    Cases,
    Choose,
    Node,
    Operation,
    Repeat,
    Site,
    Stages,
    Steps,
    Weights,
)
from closedform.derive.cost.tree import Sequence as Block
from closedform.derive.training.later import shapes_given
from closedform.derive.training.rules import viewed
from closedform.errors import fail
from closedform.grammar.tree import NOWHERE

MOST = 8  # rounds after which those of a loop must be alike
EVENTS = 20_000  # in one list

Memory: TypeAlias = frozenset[int]  # the storages that a value lies in
Values: TypeAlias = dict[int, Memory]
Choices: TypeAlias = Mapping[Any, Any]
NOTHING: Memory = frozenset()
NO_SIZES: Mapping[Expr, Expr] = MappingProxyType({})


class UnwrittenError(Exception):
    """What is not written out for all sizes."""


class Open(Exception):
    """Something on which the events depend: by its key, the choices with their conditions."""

    def __init__(self, key: Any, ways: Sequence[tuple[Any, Boolean]]) -> None:
        super().__init__()
        self.key, self.ways = key, ways


@dataclass(frozen=True)
class Least:
    """A count of which it is known that it is not less than a number."""

    number: int


class Events:
    """What is done, one after the other: what each event takes and makes."""

    def __init__(self, choices: Choices, sizes: Mapping[Expr, Expr] = NO_SIZES) -> None:
        self.choices = choices
        self.sizes: list[Expr] = []
        self.events: list[tuple[Memory, Memory]] = []
        self.given: Memory = NOTHING
        self.results: Memory = NOTHING
        self.index = {**sizes}  # of loops over numbers, and sizes that have one
        self.axes: dict[Expr, Expr] = {}  # of shapes, where the index is so
        self.rooms: dict[Sequence[Expr], Expr] = {}  # how large shapes are there
        self.within: frozenset[Expr] = frozenset()  # the indices of others

    def whole(self, node: Node) -> None:
        """Write down a block with its inputs, or another part without what stands around it."""
        if isinstance(node, Operation):
            takes = [self.new(shape) for shape in node.inputs]
            self.given = _together(takes)
            self.results = _together(self.operation(node, takes))
        elif isinstance(node, Block):
            values = {
                number: self.new(shape)
                for number, shape in zip(node.flow.takes, shapes_given(node), strict=True)
            }
            self.given = _together(values.values())
            self.body(node.body, values)
            self.results = _together(_memory(values, number) for number in node.flow.gives)
        else:
            self.body((Site(NOWHERE, node),), {})

    def new(self, shape: Sequence[Expr]) -> Memory:
        if shape not in self.rooms:
            self.rooms[shape] = sympy.Mul(*map(self.axis, shape))
        return self.room(self.rooms[shape])

    def axis(self, size: Expr) -> Expr:
        if size not in self.axes:
            self.axes[size] = size.xreplace(self.index)
        return self.axes[size]

    def room(self, size: Expr) -> Memory:
        """Memory of its own, of a size."""
        self.sizes.append(size)
        return frozenset({len(self.sizes) - 1})

    def add(self, takes: Memory, makes: Memory) -> None:
        self.events.append((takes, makes))
        if len(self.events) > EVENTS:
            raise fail("limit", f"a pass of more than {EVENTS:,} operations is not written down")

    # What is done --------------------------------------------------------------------------

    def body(self, sites: Iterable[Site], values: Values) -> None:
        for site in sites:
            self.site(site, values)

    def site(self, site: Site, values: Values) -> None:
        node = site.node
        takes = [_memory(values, number) for number in site.flow.takes]
        match node:
            case Operation():
                made = self.operation(node, takes)
                values.update(zip(site.flow.gives, made, strict=True))
            case Block(fused=Operation() as whole):
                made = self.operation(whole, takes)
                values.update(zip(site.flow.gives, made, strict=True))
            case Block():
                inner = dict(zip(node.flow.takes, takes, strict=True))
                self.body(node.body, inner)
                for number, given in zip(site.flow.gives, node.flow.gives, strict=True):
                    values[number] = _memory(inner, given)
            case Repeat() | Steps():
                self.loop(site, node, values)
            case Choose():
                self.choice(site, node, values)
            case Stages():
                for body in node.bodies:
                    self.body(body, values)
            case Cases():
                holds = self.decided(node.condition)
                self.body(node.then if holds else node.otherwise, values)
                for one in node.joined:
                    values[one.after] = _memory(values, one.then if holds else one.otherwise)
            case Weights():
                self.body(node.body, values)

    def operation(self, node: Operation, takes: Sequence[Memory]) -> list[Memory]:
        """What an operation gives."""
        taken = _together(takes)
        nothing, cached, place = _lies(node)
        if nothing:
            return [taken] * len(node.outputs)
        if cached:
            makes = [NOTHING] * len(node.outputs)
        elif place is not None:
            makes = [takes[place]] * len(node.outputs)
        else:
            makes = [self.new(shape) for shape in node.outputs]
        self.add(taken, _together(makes))
        return makes

    def moments(self) -> set[Expr]:
        """What is alive at the beginning, and during each event; of numbers only the largest."""
        last = {one: at for at, (takes, _) in enumerate(self.events) for one in takes}
        last.update(dict.fromkeys(self.results, len(self.events)))
        alive = {one for one in self.given if one in last}
        if all(size.is_Integer for size in self.sizes):
            return {Integer(self.most(alive, last))}
        found = {frozenset(Counter(self.sizes[one] for one in alive).items())}
        for at, (_, makes) in enumerate(self.events):
            alive |= makes
            found.add(frozenset(Counter(self.sizes[one] for one in alive).items()))
            alive = {one for one in alive if last.get(one, -1) > at}
        return {sympy.Add(*(size * times for size, times in each)) for each in found}

    def most(self, alive: set[int], last: Mapping[int, int]) -> int:
        """The most that is alive at once, where all sizes are numbers."""
        sizes = [int(size) for size in self.sizes]
        ends: dict[int, list[int]] = {}
        for one, at in last.items():
            ends.setdefault(at, []).append(one)
        now = most = sum(sizes[one] for one in alive)
        for at, (_, makes) in enumerate(self.events):
            new = makes - alive
            alive |= new
            now += sum(sizes[one] for one in new)
            most = max(most, now)
            gone = alive.intersection(ends.get(at, ()))
            gone.update(one for one in new if last.get(one, -1) <= at)
            alive -= gone
            now -= sum(sizes[one] for one in gone)
        return most

    # Cases and loops -----------------------------------------------------------------------

    def decided(self, condition: Boolean) -> bool:
        """Whether a condition holds in this case."""
        holds = condition.xreplace(self.index)
        if holds in (sympy.true, sympy.false):
            return bool(holds)
        for said, answer in ((holds, True), (sympy.Not(holds), False)):
            if said in self.choices:
                return bool(self.choices[said]) is answer
        if holds.free_symbols & self.within:
            raise UnwrittenError
        raise Open(holds, [(True, holds), (False, sympy.Not(holds))])

    def number(self, times: Expr) -> int | None:
        """A count, where it is a number in this case."""
        if times.is_Integer:
            return int(times)
        known = self.choices.get(times)
        return known if isinstance(known, int) else None

    def at_least(self, times: Expr, enough: int) -> None:
        """Go on where a count is not less than a number."""
        known = self.choices.get(times)
        least = known.number if isinstance(known, Least) else 1 if times.is_positive else 0
        if least < enough:
            ways: list[tuple[Any, Boolean]] = [
                (n, sympy.Eq(times, n)) for n in range(least, enough)
            ]
            raise Open(times, [*ways, (Least(enough), sympy.Ge(times, enough))])

    def loop(self, site: Site, node: Repeat | Steps, values: Values) -> None:
        """The rounds of a loop, as many as it takes until further ones change nothing.

        A round that begins like the one before it is like it, and so are all that follow. How long
        a tensor is alive depends on the rounds after it too, as far as it is handed on again
        there: by no more of them than there are values that are carried.
        """
        times = node.times if isinstance(node, Repeat) else node.last - node.first + 1
        times = times.xreplace(self.index)
        exact = self.number(times)
        first = None if isinstance(node, Repeat) else node.first.xreplace(self.index)
        counted = first is not None and first.is_Integer and times.is_Integer
        before = len(self.sizes)
        state = [_memory(values, one.before) for one in node.carried]
        told = self.told(state, before)
        alike: int | None = None  # the rounds before those that are alike
        done = 0
        while exact is None or done < exact:
            if alike is not None and done > alike + len(node.carried) and not counted:
                break
            if exact is None and alike is None and done > MOST:
                raise UnwrittenError
            values.update(zip((one.start for one in node.carried), state, strict=True))
            self.round(node, first + done if first is not None and counted else None, values)
            state = [_memory(values, one.end) for one in node.carried]
            done += 1
            was, told = told, self.told(state, before)
            if alike is None and told == was:
                alike = done - 1
        if exact is None:
            self.at_least(times, done)
        values.update(zip((one.after for one in node.carried), state, strict=True))

    def round(self, node: Repeat | Steps, at: Expr | None, values: Values) -> None:
        """Carry a body out, with its index where that has a number."""
        if isinstance(node, Repeat):
            self.body(node.body, values)
            return
        index, axes, rooms = self.index, self.axes, self.rooms
        within, before = self.within, len(self.sizes)
        if at is None:
            self.within = within | {node.index}
        else:
            self.index, self.axes, self.rooms = {**index, node.index: at}, {}, {}
        self.body(node.body, values)
        if any(node.index in size.free_symbols for size in self.sizes[before:]):
            raise UnwrittenError
        self.index, self.axes, self.rooms, self.within = index, axes, rooms, within

    def told(self, state: Sequence[Memory], before: int) -> Any:
        """What a round begins with, in which storages that the loop has made have no number."""
        new: dict[int, int] = {}
        for memory in state:
            for one in sorted(memory):
                if one >= before:
                    new.setdefault(one, len(new))
        names = {one: (at, self.sizes[one]) for one, at in new.items()}
        return [frozenset(names.get(one, one) for one in memory) for memory in state]

    def choice(self, site: Site, node: Choose, values: Values) -> None:
        """Copies that are carried out one after the other: each takes what stood before, and what
        all of them give stands afterwards. Of many the last two are told, and what the others
        have given."""
        count = node.count.xreplace(self.index)
        exact = self.number(count)
        if exact is None:
            self.at_least(count, 2)
        many = exact is None or exact > MOST
        befores = [_memory(values, one.before) for one in node.carried]
        gives: list[list[Memory]] = []
        for copy in range(2 if many else exact or 0):
            at, made = len(self.events), len(self.sizes)
            values.update(zip((one.start for one in node.carried), befores, strict=True))
            self.body(node.body, values)
            ends = [_memory(values, one.end) for one in node.carried]
            gives.append(ends)
            if many and copy == 0:
                stays = {one for one in _together(ends) if one >= made}
                others = {one: self.room((count - 2) * self.sizes[one]) for one in sorted(stays)}
                self.events.insert(at, (NOTHING, _together(others.values())))
                gives.append([_together(others.get(one, NOTHING) for one in end) for end in ends])
        for place, one in enumerate(node.carried):
            stands = [each[place] for each in gives] or [befores[place]]
            values[one.after] = _together(stands)


@lru_cache(maxsize=1000)
def _lies(node: Operation) -> tuple[bool, bool, int | None]:
    """Whether an operation only gives what it takes, whether it gives it out of a cache, and the
    place of the input in whose storage it does."""
    return does_nothing(node), node.counts.get("cache", Integer(0)) != 0, viewed(node)


def _memory(values: Mapping[int, Memory], number: int) -> Memory:
    """Where a value lies; nowhere if nothing computes it."""
    return values.get(number, NOTHING)


def _together(memories: Iterable[Memory]) -> Memory:
    return NOTHING.union(*memories)
