"""`repeat`, `choose` and `for`: bodies that are carried out many times and derived once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import sympy
from sympy import Expr, Integer, Symbol

from closedform.derive.cost import tree as costs
from closedform.derive.cost.tree import Site
from closedform.derive.elaborate.layouts import carried
from closedform.derive.elaborate.values import Scope, Tensor, Value
from closedform.derive.symbolic.expansion import expand
from closedform.derive.symbolic.symbols import size_symbol
from closedform.derive.symbolic.wording import say
from closedform.errors import Span, fail
from closedform.grammar import tree
from closedform.grammar.traverse import parts_of

if TYPE_CHECKING:
    from closedform.derive.elaborate.model import Elaborator

MAX_STAGES = 256


def run_repeat(elab: Elaborator, node: tree.Repeat, scope: Scope) -> None:
    times = _times(elab, node.count, scope, "a repeat")
    inner = scope.inner()
    body = elab.run(node.body, inner)
    _keep(elab, inner, scope, body, node.span, "a repeat")
    elab.emit(node.span, costs.Repeat(times, node.shared, body))


def run_choose(elab: Elaborator, node: tree.Choose, scope: Scope) -> None:
    count = _times(elab, node.count, scope, "a choice")
    of = _times(elab, node.of, scope, "a choice")
    message = f"{say(count)} of {say(of)} cannot be chosen"
    elab.demands.possible(sympy.Le(count, of), node.span, message)
    inner = scope.inner()
    body = elab.run(node.body, inner)
    _keep(elab, inner, scope, body, node.span, "a choice")
    elab.emit(node.span, costs.Choose(count, of, body))


def _times(elab: Elaborator, node: tree.Expression, scope: Scope, what: str) -> Expr:
    times = elab.evaluator.size(node, scope, f"the count of {what}")
    elab.demands.whole(times, node.span, f"the count of {what}")
    message = f"the count of {what} may not be negative, and this is {say(times)}"
    elab.demands.holds(sympy.Ge(times, 0), node.span, message)
    return times


def _keep(
    elab: Elaborator, inner: Scope, outer: Scope, body: tuple[Site, ...], span: Span, what: str
) -> None:
    """A repeated body must give back every tensor in the shape in which it took it."""
    for name, after in inner.names.items():
        before = outer.find(name)
        if before is None:
            continue
        if not _same(elab, before, after):
            raise fail(
                "shape",
                f"`{name}` is {_say(before)} before the body and {_say(after)} after it",
                span,
                f"{what} must keep its shapes; where they change, use `for`",
            )
        if isinstance(before, Tensor) and before.layout != after.layout:
            outer.names[name] = carried(before, after, body, name, span)


def _same(elab: Elaborator, before: Value, after: Value) -> bool:
    if isinstance(before, Tensor) and isinstance(after, Tensor):
        return len(before.shape) == len(after.shape) and all(
            map(elab.known.equal, before.shape, after.shape)
        )
    if isinstance(before, Expr) and isinstance(after, Expr):
        return elab.known.equal(before, after)
    return bool(before == after)


def _say(value: Value) -> str:
    return str(value) if isinstance(value, Tensor) else say(value)


# Loops over stages -------------------------------------------------------------------------


def run_for(elab: Elaborator, node: tree.For, scope: Scope) -> None:
    """One body for each number; with a symbol as a bound, one body as a function of the index."""
    first = elab.evaluator.size(node.first, scope, "a bound")
    last = elab.evaluator.size(node.last, scope, "a bound")
    for bound, part in ((first, node.first), (last, node.last)):
        elab.demands.whole(bound, part.span, "a bound")
    if first.is_Integer and last.is_Integer and last < first - 1:
        raise fail(
            "range",
            f"this loop has no steps: {say(last)} is less than {say(first)}",
            node.span,
            "a loop counts upwards",
        )
    if first.is_Integer and last.is_Integer and last - first < MAX_STAGES:
        _run_stages(elab, node, int(first), int(last), scope)
        return
    if not first.is_Integer:
        raise fail(
            "range",
            f"a loop begins at a number, and this is {say(first)}",
            node.first.span,
            "count from 1, and add the rest to the index where it is used",
        )
    _Steps(elab, node, scope).run(first, last)


def _run_stages(elab: Elaborator, node: tree.For, first: int, last: int, scope: Scope) -> None:
    bodies, entries = [], []
    carried = assigned(node.body)
    for index in range(first, last + 1):
        found = ((name, scope.find(name)) for name in carried)
        entries.append(tuple((n, v.shape) for n, v in found if isinstance(v, Tensor)))
        inner = scope.inner()
        inner.names[node.index.name] = Integer(index)
        elab.indices.append((node.index.name, index))
        bodies.append(elab.run(node.body, inner))
        elab.indices.pop()
        del inner.names[node.index.name]
        for name, value in inner.names.items():
            if scope.find(name) is not None:
                scope.names[name] = value
    elab.emit(node.span, costs.Stages(node.index.name, first, tuple(bodies), tuple(entries)))


def assigned(body: Sequence[tree.Statement]) -> list[str]:
    """The names that a body assigns, in bodies inside it too."""
    assigns = (part for part in parts_of(tuple(body)) if isinstance(part, tree.Assign))
    return sorted({target.name for assign in assigns for target in assign.targets})


@dataclass(frozen=True)
class _Axis:
    """One axis of a tensor that a step takes and gives back, or a size that it carries on."""

    name: str
    at: int | None
    start: Expr


class _Steps:
    """A loop with a symbolic bound: each size is found as a function of the index.

    The body is tried once with unknown sizes, to see how each of them changes in a step; then the
    recurrence is solved, and the body is derived for the sizes of step i.
    """

    def __init__(self, elab: Elaborator, node: tree.For, scope: Scope) -> None:
        self.elab, self.node, self.scope = elab, node, scope
        self.index = size_symbol(node.index.name)
        if self.index in elab.known.ranges:
            raise fail("name", f"the loop around this one has the index `{self.index}` too",
                       node.index.span, "choose another name")  # fmt: skip

    def run(self, first: Expr, last: Expr) -> None:
        sizes = self._solve(first, last)
        if sizes is None:  # the first step takes other sizes than all later ones
            inner = self._step(first)
            self._keep(inner)
            self._need(last - first)
            first += 1
            sizes = self._solve(first, last)
            if sizes is None:
                raise self._no_formula("the sizes go on changing")
        else:
            self._need(last - first + 1)
        index, known = self.index, self.elab.known
        known.ranges[index] = (first, last)
        inner = self.scope.inner()
        inner.names[self.node.index.name] = index
        self._enter(inner, {axis: known.simplified(size) for axis, size in sizes.items()})
        body = self.elab.run(self.node.body, inner)
        self._check(inner, sizes)
        self._carry(inner, body)
        del known.ranges[index]
        self.elab.emit(self.node.span, costs.Steps(index, first, last, body))
        outer = self.scope.inner()
        after = {a: known.simplified(s.xreplace({index: last + 1})) for a, s in sizes.items()}
        self._enter(outer, after)
        self.scope.names.update(outer.names)

    def _need(self, count: Expr) -> None:
        message = "a loop may not have a negative number of steps"
        self.elab.demands.holds(sympy.Ge(count, 0), self.node.span, message)

    def _step(self, index: Expr) -> Scope:
        """Carry out the body once, for one value of the index."""
        inner = self.scope.inner()
        inner.names[self.node.index.name] = index
        self.elab.sites.extend(self.elab.run(self.node.body, inner))
        return inner

    def _keep(self, inner: Scope) -> None:
        for name in assigned(self.node.body):
            if name in inner.names and self.scope.find(name) is not None:
                self.scope.names[name] = inner.names[name]

    def _axes(self) -> list[_Axis]:
        """Every size that the body may change."""
        axes: list[_Axis] = []
        for name in assigned(self.node.body):
            value = self.scope.find(name)
            if isinstance(value, Tensor):
                axes.extend(_Axis(name, at, size) for at, size in enumerate(value.shape))
            elif isinstance(value, Expr):
                axes.append(_Axis(name, None, value))
        return axes

    def _enter(self, scope: Scope, sizes: dict[_Axis, Expr]) -> None:
        """Give the carried names the given sizes."""
        for axis, size in sizes.items():
            if axis.at is None:
                scope.names[axis.name] = size
            else:
                tensor = scope.find(axis.name)
                assert isinstance(tensor, Tensor)
                shape = list(tensor.shape)
                shape[axis.at] = self.elab.known.fold(size)
                scope.names[axis.name] = replace(tensor, shape=tuple(shape))

    def _sizes(self, scope: Scope, axes: Sequence[_Axis]) -> dict[_Axis, Expr]:
        found: dict[_Axis, Expr] = {}
        for axis in axes:
            value = scope.find(axis.name)
            before = self.scope.find(axis.name)
            rank = len(before.shape) if isinstance(before, Tensor) else 0
            if axis.at is None and isinstance(value, Expr):
                found[axis] = value
            elif isinstance(value, Tensor) and axis.at is not None and len(value.shape) == rank:
                found[axis] = value.shape[axis.at]
            else:
                raise self._no_formula(f"`{axis.name}` changes its number of axes")
        return found

    def _solve(self, first: Expr, last: Expr) -> dict[_Axis, Expr] | None:
        """Each size as a function of the index; None when the first step must stand alone."""
        axes = self._axes()
        unknown, after = self._trial(axes, first, last)
        solved: dict[_Axis, Expr] = {}
        for axis in axes:
            if axis not in unknown:
                solved[axis] = axis.start
                continue
            size = self._recurrence(axis, unknown, after[axis], first)
            if size is None:
                return None
            solved[axis] = size
        return solved

    def _trial(
        self, axes: Sequence[_Axis], first: Expr, last: Expr
    ) -> tuple[dict[_Axis, Symbol], dict[_Axis, Expr]]:
        """Unknown sizes for the axes that a step changes, and what one step makes of them."""
        index = self.index
        with self.elab.trying():
            self.elab.known.ranges[index] = (first, last)
            one = self.scope.inner()
            one.names[self.node.index.name] = index
            self.elab.run(self.node.body, one)
            changed = {
                axis: size
                for axis, size in self._sizes(one, axes).items()
                if not self.elab.known.equal(axis.start, size)
            }
            dummies: dict[tuple[Expr, Expr], Symbol] = {}
            unknown = {
                axis: dummies.setdefault(
                    (axis.start, size), sympy.Dummy(axis.name, integer=True, positive=True)
                )
                for axis, size in changed.items()
            }
            inner = self.scope.inner()
            inner.names[self.node.index.name] = index
            self._enter(inner, dict(unknown))
            self.elab.run(self.node.body, inner)
            return unknown, self._sizes(inner, axes)

    def _recurrence(
        self, axis: _Axis, unknown: dict[_Axis, Symbol], after: Expr, first: Expr
    ) -> Expr | None:
        """The closed form of a size before step i."""
        size, index = unknown[axis], self.index
        after = expand(after)
        if after == size:
            return axis.start
        steps = index - first
        if not after.has(*unknown.values()):
            before = after.xreplace({index: index - 1})
            at_first = before.xreplace({index: first})
            return before if self.elab.known.equal(at_first, axis.start) else None
        others = [other for other in unknown.values() if other != size]
        gain = expand(after - size)
        if not gain.has(size, *others):
            if not gain.has(index):
                return axis.start + gain * steps
            t = sympy.Dummy("t", integer=True)
            return axis.start + sympy.summation(gain.xreplace({index: t}), (t, first, index - 1))
        factor = sympy.cancel(after / size)
        if not factor.has(size, index, *others):
            return axis.start * factor**steps
        if isinstance(after, sympy.floor | sympy.ceiling):
            factor = sympy.cancel(after.args[0] / size)
            if factor.is_Rational and factor.p == 1:
                whole = axis.start * factor**steps
                return after.func(whole)
        raise self._no_formula(f"in a step {say(size)} becomes {say(after)}")

    def _check(self, inner: Scope, sizes: dict[_Axis, Expr]) -> None:
        """The step from i must give the sizes of step i + 1: the induction behind the formula."""
        after = self._sizes(inner, list(sizes))
        known = self.elab.known
        for axis, size in sizes.items():
            expected = known.simplified(size.xreplace({self.index: self.index + 1}))
            if not known.equal(expected, after[axis]):
                raise self._no_formula(
                    f"a step gives {say(after[axis])} where {say(expected)} is expected"
                )

    def _carry(self, inner: Scope, body: tuple[Site, ...]) -> None:
        """Keep what the steps leave known of the channels of a tensor."""
        for name in assigned(self.node.body):
            before, after = self.scope.find(name), inner.find(name)
            if isinstance(before, Tensor) and isinstance(after, Tensor):
                kept = carried(before, after, body, name, self.node.span)
                self.scope.names[name] = kept

    def _no_formula(self, reason: str) -> Exception:
        return fail(
            "range",
            "the sizes in this loop have no formula in its index",
            self.node.span,
            "a size may stay, grow by a term, or be multiplied by a factor in each step; "
            f"in a loop of numbers with at most {MAX_STAGES} steps it may do anything",
            reason,
        )
