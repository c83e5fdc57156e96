"""Loops with a symbol as their bound: each size is found as a function of the index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sympy
from sympy import Expr, Symbol

from closedform.data import dataclass
from closedform.derive.cost import tree as costs
from closedform.derive.cost.tree import Site
from closedform.derive.elaborate.context import Context
from closedform.derive.elaborate.layouts import carried
from closedform.derive.elaborate.statements.carrying import assigned, begin, finish
from closedform.derive.elaborate.values import Scope, Tensor
from closedform.derive.symbolic.expansion import expand
from closedform.derive.symbolic.wording import say
from closedform.errors import fail
from closedform.grammar import tree

MAX_STAGES = 256  # of a loop over numbers


@dataclass(frozen=True)
class _Axis:
    """One axis of a tensor that a step takes and gives back, or a size that it carries on."""

    name: str
    at: int | None
    start: Expr


class Recurrence:
    """A loop with a symbolic bound: each size is found as a function of the index.

    The body is tried once with unknown sizes, to see how each of them changes in a step; then the
    recurrence is solved, and the body is derived for the sizes of step i.
    """

    def __init__(self, context: Context, node: tree.For, scope: Scope, index: Symbol) -> None:
        self.context, self.node, self.scope, self.index = context, node, scope, index

    def run(self, first: Expr, last: Expr, sizes: dict[_Axis, Expr]) -> None:
        """Carry out all steps as one body, with the sizes before each by the index."""
        index, known = self.index, self.context.known
        known.ranges[index] = (first, last)
        inner = self.scope.inner()
        inner.names[self.node.index.name] = index
        self._enter(inner, {axis: known.simplified(size) for axis, size in sizes.items()})
        carried = begin(self.context, self.node.body, self.scope, inner)
        body = self.context.run(self.node.body, inner)
        self._check(inner, sizes)
        self._carry(inner, body)
        del known.ranges[index]
        self.context.obligations.in_all_steps(index, first, last, self.node.span)
        outer = self.scope.inner()
        after = {a: known.simplified(s.xreplace({index: last + 1})) for a, s in sizes.items()}
        self._enter(outer, after)
        self.scope.names.update(outer.names)
        through = finish(self.context, carried, self.scope, inner)
        self.context.emit(self.node.span, costs.Steps(index, first, last, body, through))

    def need(self, count: Expr) -> None:
        """Demand that a number of steps is not negative."""
        message = "a loop may not have a negative number of steps"
        self.context.obligations.holds(sympy.Ge(count, 0), self.node.span, message)

    def step(self, index: Expr) -> None:
        """Carry out the body once, for one value of the index."""
        inner = self.scope.inner()
        inner.names[self.node.index.name] = index
        self.context.sites.extend(self.context.run(self.node.body, inner))
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
                shape[axis.at] = self.context.known.fold(size)
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

    def solved_or_refused(self, first: Expr, last: Expr) -> dict[_Axis, Expr]:
        """Each size as a function of the index, where the first step stands alone already."""
        sizes = self.solved(first, last)
        if sizes is None:
            raise self._no_formula("the sizes go on changing")
        return sizes

    def solved(self, first: Expr, last: Expr) -> dict[_Axis, Expr] | None:
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
        with self.context.trying():
            self.context.known.ranges[index] = (first, last)
            one = self.scope.inner()
            one.names[self.node.index.name] = index
            self.context.run(self.node.body, one)
            changed = {
                axis: size
                for axis, size in self._sizes(one, axes).items()
                if not self.context.known.equal(axis.start, size)
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
            self.context.run(self.node.body, inner)
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
            return before if self.context.known.equal(at_first, axis.start) else None
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
        known = self.context.known
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
