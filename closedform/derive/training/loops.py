"""The way back through a loop of a training step, whose rounds at either end may stand alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import sympy
from sympy import Expr, Integer
from sympy.logic.boolalg import Boolean

from closedform.data import dataclass
from closedform.derive.assume.knowledge import Knowledge
from closedform.derive.cost import tree as cost
from closedform.derive.cost.flow import Carried
from closedform.derive.cost.tree import Site
from closedform.derive.elaborate.layouts import alike
from closedform.derive.training import memory
from closedform.derive.training.later import Backward, Fate, Later, Value, after, where
from closedform.errors import fail

MOST = 8  # rounds of a loop that may differ from the rest

Loop: TypeAlias = cost.Repeat | cost.Steps
_Gone: TypeAlias = tuple[tuple[Site, ...], tuple[Fate, ...], Later]


@dataclass(frozen=True)
class Round:
    """A round of a loop: how to go back through it, what it begins with and ends with."""

    back: Backward
    starts: tuple[Value, ...]
    ends: tuple[Value, ...]


class Loops:
    """The way back through a loop: its last rounds first, until one is like the one after it."""

    def __init__(
        self, known: Knowledge, site: Site, node: Loop, rounds: Sequence[Round], times: Expr
    ) -> None:
        self.known, self.site, self.node, self.rounds = known, site, node, rounds
        self.times = times

    def round(self, at: int, fates: Sequence[Fate]) -> _Gone:
        """Go back through a round, whose results have a fate: its body, what it began with, and
        what of the values around the loop it uses."""
        found = self.rounds[min(at, len(self.rounds) - 1)]
        later = after([c.end for c in self.node.carried], found.ends, fates)
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
                raise changing(self.site)
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
        enough = there(self.known, self.times, max(least, 1))
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
            if self.known.decide(holds) is not False:
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


def there(known: Knowledge, count: Expr, least: int) -> Boolean:
    """Whether a body is carried out so many times."""
    holds = sympy.Ge(count, least)
    answer = known.decide(holds)
    return holds if answer is None else sympy.true if answer else sympy.false


def state_of(values: Sequence[Value], carried: Sequence[Carried], place: int) -> Any:
    """What a round makes of values that matters to the next one, in no sizes if that can be."""
    found = []
    for value, one in zip(values, carried, strict=True):
        order = memory.order_of(one.shapes[place], value.strides)
        found.append((value.needs, order, value.strides if order is None else None))
    return found


def changing(site: Site) -> Exception:
    return fail(
        "training",
        "what a training step does in this loop goes on changing from round to round",
        site.span,
        "a loop over numbers, `for i in 1..4:`, may do anything in each of them",
    )


def whole_after(
    known: Knowledge, node: Loop, times: Expr, before: Value, last: Round, at: int
) -> Expr | None:
    """The elements of the storage of a value after a loop, where it is a view of another value that
    the last round makes; of what stood before where there is no round."""
    end, starts = last.ends[at], {start.storage for start in last.starts}
    if end.whole is None or end.storage in starts:
        return None
    index = {node.index: node.last} if isinstance(node, cost.Steps) else {}
    runs = there(known, times, 1)
    return where(runs, end.whole.xreplace(index)) + where(sympy.Not(runs), before.size)
