"""The walk of a derivation with the numbers of a preset: one line for each block and stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from sympy import Expr

from closedform import formula as w
from closedform.data import dataclass
from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.symbolic.atoms import put_in
from closedform.derive.trace.declared import number
from closedform.derive.trace.frames import Frame
from closedform.derive.trace.lines import Step
from closedform.derive.trace.passages import Passage, Walk
from closedform.formula.joining import bracketed


def numbers(
    walk: Walk, derivation: Derivation, settled: Mapping[Expr, Expr]
) -> tuple[tuple[Step, ...], ...]:
    """The value of each passage whose sizes have numbers, each from those before it."""
    values = _Values(derivation, settled, dict(walk.sums), walk.of_the_whole)
    for passage in walk.of_the_whole:
        stages: tuple[int | None, ...] = passage.frame.stages if passage.frame.index else (None,)
        for stage in stages:
            values.tell(passage, stage)
    return tuple(values.steps)


@dataclass
class _Values:
    derivation: Derivation
    settled: Mapping[Expr, Expr]
    sums: Mapping[w.BigSum, Expr]
    passages: tuple[Passage, ...]

    def __post_init__(self) -> None:
        self.steps: list[tuple[Step, ...]] = []
        self.costs: dict[w.Written, int] = {}
        known = self.derivation.known
        self.sizes: dict[str, Expr] = {str(s): v for s, v in self.settled.items()}
        self.sizes.update({s.name: self.value(s) for s in known.spelled})

    def value(self, expr: Expr) -> Expr:
        return put_in(self.derivation.known.base(expr), self.settled).doit()

    def tell(self, passage: Passage, stage: int | None) -> None:
        """Add `subject = the numbers put in`, `= their value`; nothing for the step of a loop."""
        frame = passage.frame
        value = self.value(frame.at(passage.value, stage) if stage else passage.value)
        if not value.is_Integer:
            return
        subject = self.at(passage.subject, frame, stage)
        by_name = passage.steps[0].right
        formula = by_name if _has(by_name, passage.subject) else passage.steps[-1].right
        filled, total = self.filled(formula, frame, stage), w.Number(int(value))
        self.costs[subject] = int(value)
        steps = [Step(subject, filled, (), value, value)]
        if filled != total:
            steps.append(Step(None, total, (), value, value))
        self.steps.append(tuple(steps))

    def cost(self, node: w.Function, frame: Frame, stage: int | None) -> int | None:
        """The cost of a part by its name; a block may be told for other stages than this one."""
        name = self.at(node, frame, stage)
        if name not in self.costs:
            assert isinstance(name, w.Function)
            assert isinstance(name.arguments[0], w.Symbol)
            index = name.arguments[0].index
            for passage in self.passages:
                at = passage.frame.index
                if (
                    at
                    and index
                    and index.isdigit()
                    and self.at(passage.subject, passage.frame, int(index)) == name
                ):
                    self.tell(passage, int(index))
                    break
        return self.costs.get(name)

    def at(self, node: w.Written, frame: Frame, stage: int | None) -> w.Written:
        """The name of a cost at a stage."""
        assert isinstance(node, w.Function)
        (symbol,) = node.arguments
        assert isinstance(symbol, w.Symbol)
        if stage is None or symbol.index is None:
            return node
        parts = [str(stage) if p == frame.index else p for p in symbol.index.split(",")]
        return replace(node, arguments=(replace(symbol, index=",".join(parts)),))

    def filled(self, node: Any, frame: Frame, stage: int | None) -> Any:
        """A formula with numbers in the place of sizes and of costs that are known."""
        if isinstance(node, tuple):
            return tuple(self.filled(part, frame, stage) for part in node)
        match node:
            case w.Symbol():
                return self.size(node, frame, stage)
            case w.Function() if _is_cost(node) and self.cost(node, frame, stage) is not None:
                return w.Number(self.cost(node, frame, stage) or 0)
            case w.BigSum():
                return self.total(node, frame, stage)
            case w.Number() | str() | bool() | None:
                return node
        return replace(
            node, **{f.name: self.filled(getattr(node, f.name), frame, stage) for f in fields(node)}
        )

    def size(self, node: w.Symbol, frame: Frame, stage: int | None) -> w.Written:
        name = node.name if node.index is None else f"{node.name}_{node.index}"
        if stage is not None and node.index is not None:
            offset = node.index.removeprefix(frame.index)
            if node.index.startswith(frame.index) and (not offset or offset[0] in "+-"):
                at = stage + int(offset or 0)
                name = f"{node.name}_{at}"
                if at < frame.stages[0] and node.name in frame.start:
                    return number(self.value(frame.start[node.name]))
        return number(self.sizes[name])

    def total(self, node: w.BigSum, frame: Frame, stage: int | None) -> w.Written:
        """A sum over stages, term by term; one over the steps of a loop as one number."""
        if node in self.sums:
            value = self.sums[node]
            return w.Number(int(self.value(frame.at(value, stage) if stage else value)))
        first, last = node.first, node.last
        assert isinstance(first, w.Number)
        assert isinstance(last, w.Number)
        stages = range(first.value, last.value + 1)
        inner = replace(frame, index=node.index, stages=tuple(stages))
        terms = tuple(self.filled(node.body, inner, at) for at in stages)
        return bracketed(w.Sum(terms))


def _is_cost(node: w.Function) -> bool:
    return len(node.arguments) == 1 and isinstance(node.arguments[0], w.Symbol)


def _has(node: Any, subject: w.Written) -> bool:
    """Whether a formula mentions the cost of another part by its name."""
    if isinstance(node, tuple):
        return any(_has(part, subject) for part in node)
    if isinstance(node, str | int) or node is None:
        return False
    if isinstance(node, w.Function) and isinstance(subject, w.Function) and _is_cost(node):
        return node.name == subject.name
    return any(_has(part, subject) for part in vars(node).values())
