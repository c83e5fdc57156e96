"""The roofline: no operation is faster than its work at the peak of a machine, nor than its bytes.

Operations run one after another, each by itself, and nothing that one writes is still on the chip
when the next reads it, but inside a fused block. The sum of the bounds is what such a run needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import sympy
from sympy import Expr

from closedform.data import dataclass
from closedform.derive.cost.totals import WORK, Total
from closedform.derive.cost.tree import (
    Cases,
    Choose,
    Node,
    Operation,
    Repeat,
    Sequence,
    Site,
    Stages,
    Steps,
    Weights,
)
from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.measures.rows import Measure
from closedform.derive.symbolic.atoms import put_in
from closedform.errors import fail
from closedform.reason.machines.rows import Machine

MAX_STEPS = 100_000  # of a loop whose steps are bounded one by one

Numbers = Mapping[Expr, Expr]


@dataclass(frozen=True)
class Bound:
    """What runs of one part do, and the least time that they need together."""

    name: str
    times: Fraction
    work: Fraction
    bytes: Fraction
    seconds: Fraction
    at_work: bool  # whether the work alone needs this time

    @property
    def intensity(self) -> Fraction | None:
        """FLOPs for each byte."""
        return self.work / self.bytes if self.bytes else None


@dataclass
class Bounds:
    """Adds up the bounds of all operations of a cost tree, by the paths of their names."""

    derivation: Derivation
    work: Measure
    bytes: Measure
    peak: Fraction
    bandwidth: Fraction

    def __post_init__(self) -> None:
        self._work = Total(self.work.of, WORK)
        self._rows: dict[tuple[str, bool], Bound] = {}

    def of(self, sizes: Numbers) -> tuple[Bound, ...]:
        """The bounds at sizes, in the order of the source."""
        self._body(self.derivation.root.body, "", Fraction(1), dict(sizes))
        return tuple(self._rows.values())

    def _body(self, sites: tuple[Site, ...], path: str, times: Fraction, sizes: Numbers) -> None:
        for site in sites:
            self._node(site.node, path, times, sizes)

    def _node(self, node: Node, path: str, times: Fraction, sizes: Numbers) -> None:
        match node:
            case Operation():
                work, moved = self.work.of(node), self.bytes.of(node)
                self._add(_in(path, node.name), times, work, moved, sizes)
            case Sequence(fused=Operation() as whole):
                work, moved = self._work(node), self.bytes.of(whole)
                self._add(_in(path, node.name), times, work, moved, sizes)
            case Sequence():
                self._body(node.body, _in(path, node.name), times, sizes)
            case Repeat() | Choose():
                again = self._number(WORK.times(node), sizes)
                if again:
                    self._body(node.body, path, times * again, sizes)
            case Stages():
                for body in node.bodies:
                    self._body(body, path, times, sizes)
            case Steps():
                first, last = (int(self._number(b, sizes)) for b in (node.first, node.last))
                if last - first > MAX_STEPS:
                    raise fail("limit", f"a loop of {last - first + 1} steps is too long to bound")
                for at in range(first, last + 1):
                    self._body(node.body, path, times, {**sizes, node.index: sympy.Integer(at)})
            case Cases():
                holds = put_in(self.derivation.known.base(node.condition), sizes)
                self._body(node.then if holds == sympy.true else node.otherwise, path, times, sizes)
            case Weights():
                self._body(node.body, path, times, sizes)

    def _add(self, path: str, times: Fraction, work: Expr, moved: Expr, sizes: Numbers) -> None:
        flops, bytes_ = self._number(work, sizes), self._number(moved, sizes)
        compute, memory = flops / self.peak, bytes_ / self.bandwidth
        if not flops and not bytes_:
            return
        at_work = compute >= memory
        found = Bound(
            path, times, times * flops, times * bytes_, times * max(compute, memory), at_work
        )
        before = self._rows.get((path, at_work))
        self._rows[path, at_work] = found if before is None else _both(before, found)

    def _number(self, expr: Expr, sizes: Numbers) -> Fraction:
        value = put_in(self.derivation.known.base(expr), sizes).doit()
        if not value.is_Rational:
            missing = ", ".join(f"`{s}`" for s in sorted(value.free_symbols, key=str))
            raise fail("unbound", f"{missing or value} has no value", None, "give it, or a preset")
        return Fraction(int(value.p), int(value.q))


def _in(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _both(one: Bound, other: Bound) -> Bound:
    return Bound(
        one.name,
        one.times + other.times,
        one.work + other.work,
        one.bytes + other.bytes,
        one.seconds + other.seconds,
        one.at_work,
    )


def roofline(
    derivation: Derivation,
    work: Measure,
    moved: Measure,
    machine: Machine,
    dtype: str,
    sizes: Numbers,
) -> tuple[Bound, ...]:
    """The bounds of the operations of a model on a machine, at sizes."""
    peak, bandwidth = machine.peak(dtype), Fraction(machine.bandwidth)
    return Bounds(derivation, work, moved, peak, bandwidth).of(sizes)
