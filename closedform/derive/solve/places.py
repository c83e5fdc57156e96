"""Places: symbols that stand for a size of a stage s, of the next, and of the one before it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sympy import Expr, Integer, Symbol

from closedform import formula as w
from closedform.derive.arrange.writing import Order
from closedform.derive.cost.tree import Stages
from closedform.derive.symbolic.symbols import like

Offsets = Mapping[Symbol, tuple[str, int]]  # the family of a place, and how far from stage s it is


class Places:
    """The places of one loop; `offsets` tells the family of each, and its distance from s.

    Sizes further from s than `reach` have none, nor have those of the families in `fixed`, which
    each stage takes as they are.
    """

    def __init__(
        self,
        index: str,
        stage_symbols: Mapping[Symbol, tuple[str, int]],
        reach: int = 1,
        fixed: Collection[str] = (),
    ) -> None:
        self.index = index
        self.stage_symbols = stage_symbols
        members = {f: symbol for symbol, (f, _) in stage_symbols.items() if f not in fixed}
        self.of = {
            (family, offset): like(member, f"{family}[{index}{offset:+}]")
            for family, member in members.items()
            for offset in range(-reach, reach + 1)
        }
        self.offsets = {place: at for at, place in self.of.items()}
        self.done: dict[tuple[Expr, int], Expr] = {}  # indicators are slow to make again

    def around(self, index: int) -> dict[Symbol, Symbol]:
        """The place of each size of a stage and of its neighbours."""
        return {
            symbol: self.of[family, at - index]
            for symbol, (family, at) in self.stage_symbols.items()
            if (family, at - index) in self.of
        }

    def template(self, expr: Any, index: int) -> Any:
        """What is said of a stage, with places for the sizes of it and of its neighbours."""
        return expr.xreplace(self.around(index))

    def at(self, template: Expr, index: int) -> Expr:
        """A template as a term of one stage."""
        if (template, index) not in self.done:
            values = stage_values(self.index, index, self.used(template), index, {})
            self.done[template, index] = template.xreplace(values)
        return self.done[template, index]

    def used(self, template: Expr) -> dict[Symbol, tuple[str, int]]:
        """The places that a template has."""
        return {p: self.offsets[p] for p in template.free_symbols & self.offsets.keys()}


def stage_values(
    index: str, stage: int, offsets: Offsets, first: int, start: Mapping[str, Expr]
) -> dict[Expr, Expr]:
    """What the index and the places stand for in one stage.

    Before the first stage that is what enters it, where `start` has it.
    """
    found: dict[Expr, Expr] = {Symbol(index): Integer(stage)}
    for place, (family, offset) in offsets.items():
        before = stage + offset < first and family in start
        found[place] = start[family] if before else like(place, f"{family}_{stage + offset}")
    return found


def place_name(family: str, index: str, offset: int) -> w.Symbol:
    """How a place is written: D_s, D_(s-1)."""
    return w.Symbol(family, index if offset == 0 else f"{index}{offset:+}")


def entering(node: Stages, stage_symbols: Mapping[Symbol, tuple[str, int]]) -> dict[str, Expr]:
    """The sizes of the tensors that enter the first stage, by what the second calls them.

    A list that has an element before the first stage has a size of its own by that name: W_1 is
    what the file says, and nothing else, where the stages begin with W_2.
    """
    if len(node.entries) < 2:
        return {}
    first, second = dict(node.entries[0]), dict(node.entries[1])
    declared = set(stage_symbols.values())
    found: dict[str, Expr] = {}
    for name, shape in second.items():
        if len(first.get(name, ())) == len(shape):
            for size, before in zip(shape, first[name], strict=True):
                family, at = stage_symbols.get(size, ("", 0))
                named = (family, node.first - 1) in declared
                if at == node.first and (
                    not named or stage_symbols.get(before) == (family, at - 1)
                ):
                    found[family] = before
    return found


def in_places(
    order: Order,
    index: str,
    offsets: Offsets,
    instead: Mapping[Symbol, Sequence[Symbol]],
) -> Order:
    """An order of symbols for what is said of stage s.

    `instead` are the places that a symbol makes room for.
    """

    def put(symbols: tuple[Symbol, ...]) -> tuple[Symbol, ...]:
        return tuple(dict.fromkeys(p for s in symbols for p in instead.get(s, (s,))))

    names = {place: place_name(family, index, by) for place, (family, by) in offsets.items()}
    return Order(put(order.loops), put(order.front), put(order.rest), {**order.special, **names})
