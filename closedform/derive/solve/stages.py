"""Stages as a sum: the terms of `for s in 1..4` that have one shape become one term in s.

A term of stage s may hold sizes of this stage (D_s), of the next, and of the one before it
(D_(s-1)), which the first stage takes from the tensors that enter the loop.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal, TypeAlias

import sympy
from sympy import Basic, Expr, Symbol

from closedform import formula as w
from closedform.data import dataclass
from closedform.derive.arrange.forms import FORMS, shortest
from closedform.derive.arrange.length import room_below
from closedform.derive.arrange.writing import Order, write
from closedform.derive.cost.tree import Stages
from closedform.derive.solve.loops import Loop
from closedform.derive.solve.places import Places, in_places, place_name, stage_values
from closedform.derive.symbolic.expansion import expand

Way: TypeAlias = Literal["shape", "whole", "kind"]


@dataclass(frozen=True)
class StageSum:
    """The sum of `term` over index = first..last; `start` gives the sizes before the first."""

    index: str
    first: int
    last: int
    term: Expr
    places: Mapping[Symbol, tuple[str, int]]
    start: tuple[tuple[str, Expr], ...]

    def counted_from(self, by: int) -> StageSum:
        """The same sum with another index: D_(s+2) for s = 1..3 is D_s for s = 3..5."""
        moved = {place: (family, offset - by) for place, (family, offset) in self.places.items()}
        return replace(self, first=self.first + by, last=self.last + by, places=moved)

    @property
    def ahead(self) -> int:
        """How many stages ahead of the index all sizes of a term are, up to the last of them."""
        if Symbol(self.index) in self.term.free_symbols:
            return 0
        offsets = [offset for _, offset in self.places.values()]
        return max(offsets) if min(offsets) > 0 else 0

    def at(self, value: int) -> Expr:
        """The term of one stage."""
        start = dict(self.start)
        values = stage_values(self.index, value, self.places, self.first, start)
        return self.term.xreplace(values)

    def times(self, factor: Expr) -> StageSum:
        """The sum with a factor in each of its terms."""
        return replace(self, term=expand(factor * self.term))

    def write(self, order: Order, form: str) -> w.Written:
        """The sum in one of the forms, with the order of its symbols taken from their stages."""
        by_family: dict[str, list[Symbol]] = {}
        for place, (family, _) in sorted(self.places.items(), key=lambda item: -item[1][1]):
            by_family.setdefault(family, []).append(place)
        symbols = (*order.loops, *order.front, *order.rest)
        families = ((symbol, symbol.name.rpartition("_")[0]) for symbol in symbols)
        instead = {symbol: by_family[f] for symbol, f in families if f in by_family}
        inner = in_places(order, self.index, self.places, instead)
        if form == "shortest":
            body = shortest(self.term, inner, room_below)
        else:
            body = FORMS[form](self.term, inner)
        return w.BigSum(self.index, w.Number(self.first), w.Number(self.last), body)


class StageForm:
    """Adds up the stages of a cost tree; what it found as sums stands in `sums`.

    Each sum has the terms of one shape, of whatever stages have such a term; in the way "whole" the
    sums of all stages have what some have more of, and in the way "kind" a sum has all that stages
    alike cost. `differs` says whether a loop has something that these ways write otherwise.
    """

    def __init__(
        self,
        stage_symbols: Mapping[Symbol, tuple[str, int]],
        multiples: Mapping[Symbol, Expr] | None = None,
        way: Way = "shape",
    ) -> None:
        self.stage_symbols = stage_symbols
        self.multiples = multiples or {}  # m_1 is I/4, m_2 is I/8
        self.way = way
        self.differs = way == "shape"
        self.sums: dict[Symbol, StageSum] = {}

    def __call__(self, node: Stages, parts: tuple[Expr, ...]) -> Expr:
        """The cost of a loop, with a symbol for each sum."""
        loop = Loop(node, self.stage_symbols, self.multiples, parts)
        runs, rest = loop.kinds() if self.way == "kind" else loop.runs(self.way == "whole")
        self.differs |= loop.uneven if self.way == "whole" else len(runs) + bool(rest) > 1
        total = list(rest)
        found: list[tuple[Expr, StageSum]] = []
        whole_first = sorted(runs.items(), key=lambda item: (item[0][0], -item[0][1]))
        for (first, last), templates in whole_first:
            term = sympy.Add(*templates)
            used = loop.places.used(term)
            if not used or (first == node.first and not loop.enters(used)):
                total.extend(loop.places.at(term, index) for index in range(first, last + 1))
                continue
            before = {f for f, offset in used.values() if offset == -1 and first == node.first}
            entering = tuple((f, loop.start[f]) for f in sorted(before))
            factor, term = loop.apart(expand(term))
            found.append((factor, StageSum(node.index, first, last, term, used, entering)))
        ahead = {each.ahead for _, each in found}  # the sums of one loop have one index
        by = ahead.pop() if len(ahead) == 1 else 0
        total += [factor * self._symbol(each.counted_from(by)) for factor, each in found]
        return sympy.Add(*total)

    def _symbol(self, found: StageSum) -> Symbol:
        """The symbol of a sum; the same one for a sum that each stage of another loop has."""
        for symbol, other in self.sums.items():
            if other == found:
                return symbol
        symbol = sympy.Dummy("sum", positive=True)
        self.sums[symbol] = found
        return symbol


@dataclass(frozen=True)
class StageRun:
    """Something that stages first..last have in one shape; `value` holds places."""

    first: int
    last: int
    value: Basic
    places: Mapping[Symbol, tuple[str, int]]

    def write(self, order: Order) -> w.Written:
        """The shape, with the index s in the place of a number."""
        names = {p: place_name(family, "s", by) for p, (family, by) in self.places.items()}
        return write(self.value, replace(order, special={**order.special, **names}))


def stage_runs(
    values: Mapping[int, Basic], stage_symbols: Mapping[Symbol, tuple[str, int]]
) -> list[StageRun]:
    """Values of stages in as few runs of one shape as they fall into.

    >>> from closedform.derive.symbolic.symbols import size_symbol
    >>> m = {i: size_symbol(f"m_{i}") for i in (1, 2, 3)}
    >>> known = {symbol: ("m", i) for i, symbol in m.items()}
    >>> [(run.first, run.last) for run in stage_runs({2: m[1] / 2, 3: m[2] / 2}, known)]
    [(2, 3)]
    """
    runs: list[StageRun] = []
    places = Places("s", stage_symbols)
    for index, value in sorted(values.items()):
        template = places.template(value, index)
        last = runs[-1] if runs else None
        if last and last.value == template and last.last == index - 1:
            runs[-1] = replace(last, last=index)
        else:
            used = {p: at for p, at in places.offsets.items() if p in template.free_symbols}
            runs.append(StageRun(index, index, template, used))
    return runs
