"""`repeat`, `choose` and `for`: bodies that are carried out many times and derived once."""

from __future__ import annotations

import sympy
from sympy import Expr, Integer

from closedform.derive.cost import tree as costs
from closedform.derive.cost.tree import Site
from closedform.derive.elaborate.context import Context, Step
from closedform.derive.elaborate.hints import remedy
from closedform.derive.elaborate.layouts import carried
from closedform.derive.elaborate.statements.ends import run_steps
from closedform.derive.elaborate.statements.recurrences import MAX_STAGES, assigned
from closedform.derive.elaborate.values import Scope, Tensor, Value
from closedform.derive.symbolic.wording import say
from closedform.errors import Span, fail
from closedform.grammar import tree


def run_repeat(context: Context, node: tree.Repeat, scope: Scope) -> None:
    times = _times(context, node.count, scope, "a repeat")
    if node.shared and any(not s.is_positive for s in context.known.base(times).free_symbols):
        message = "the weights of a shared repeat count once, and this may be none"
        context.obligations.possible(sympy.Ge(times, 1), node.span, message)
    inner = scope.inner()
    body = context.run(node.body, inner)
    _keep(context, inner, scope, body, node.span, "a repeat")
    context.emit(node.span, costs.Repeat(times, node.shared, body))


def run_choose(context: Context, node: tree.Choose, scope: Scope) -> None:
    count = _times(context, node.count, scope, "a choice")
    of = _times(context, node.of, scope, "a choice")
    message = f"{say(count)} of {say(of)} cannot be chosen"
    context.obligations.possible(sympy.Le(count, of), node.span, message)
    inner = scope.inner()
    body = context.run(node.body, inner)
    _keep(context, inner, scope, body, node.span, "a choice")
    context.emit(node.span, costs.Choose(count, of, body))


def _times(context: Context, node: tree.Expression, scope: Scope, what: str) -> Expr:
    times = context.size(node, scope, f"the count of {what}")
    context.obligations.whole(times, node.span, f"the count of {what}")
    message = f"the count of {what} may not be negative, and this is {say(times)}"
    context.obligations.holds(sympy.Ge(times, 0), node.span, message)
    return times


def _keep(
    context: Context, inner: Scope, outer: Scope, body: tuple[Site, ...], span: Span, what: str
) -> None:
    """A repeated body must give back every tensor in the shape in which it took it."""
    for name, after in inner.names.items():
        before = outer.find(name)
        if before is None:
            continue
        if not _same(context, before, after):
            raise fail(
                "shape",
                f"`{name}` is {_say(before)} before the body and {_say(after)} after it",
                span,
                _remedy(context, before, after)
                or f"{what} must keep its shapes; where they change, use `for`",
            )
        if isinstance(before, Tensor) and before.layout != after.layout:
            outer.names[name] = carried(before, after, body, name, span)


def _same(context: Context, before: Value, after: Value) -> bool:
    if isinstance(before, Tensor) and isinstance(after, Tensor):
        return len(before.shape) == len(after.shape) and all(
            map(context.known.equal, before.shape, after.shape)
        )
    if isinstance(before, Expr) and isinstance(after, Expr):
        return context.known.equal(before, after)
    return bool(before == after)


def _remedy(context: Context, before: Value, after: Value) -> str | None:
    if isinstance(before, Tensor) and isinstance(after, Tensor):
        if len(before.shape) == len(after.shape):
            return remedy(context, zip(before.shape, after.shape, strict=True))
    elif isinstance(before, Expr) and isinstance(after, Expr):
        return remedy(context, [(before, after)])
    return None


def _say(value: Value) -> str:
    return str(value) if isinstance(value, Tensor) else say(value)


# Loops over stages -------------------------------------------------------------------------


def run_for(context: Context, node: tree.For, scope: Scope) -> None:
    """One body for each number; with a symbol as a bound, one body as a function of the index."""
    context.names.check_index(node.index, scope)
    _run_for(context, node, scope)
    context.names.check_index(node.index, scope)  # the body may use sizes of other files


def _run_for(context: Context, node: tree.For, scope: Scope) -> None:
    first = context.size(node.first, scope, "a bound")
    last = context.size(node.last, scope, "a bound")
    for bound, part in ((first, node.first), (last, node.last)):
        context.obligations.whole(bound, part.span, "a bound")
    if first.is_Integer and last.is_Integer and last < first - 1:
        raise fail(
            "range",
            f"this loop has no steps: {say(last)} is less than {say(first)}",
            node.span,
            "a loop counts upwards",
        )
    if first.is_Integer and last.is_Integer and last - first < MAX_STAGES:
        _run_stages(context, node, int(first), int(last), scope)
        return
    if not first.is_Integer:
        raise fail(
            "range",
            f"a loop begins at a number, and this is {say(first)}",
            node.first.span,
            "count from 1, and add the rest to the index where it is used",
        )
    run_steps(context, node, scope, first, last)


def _run_stages(context: Context, node: tree.For, first: int, last: int, scope: Scope) -> None:
    bodies, entries = [], []
    names = assigned(node.body)
    for index in range(first, last + 1):
        found = ((name, scope.find(name)) for name in names)
        entries.append(tuple((n, v.shape) for n, v in found if isinstance(v, Tensor)))
        inner = scope.inner()
        inner.names[node.index.name] = Integer(index)
        context.indices.append(Step(node.index.name, index, first, last))
        bodies.append(context.run(node.body, inner))
        context.indices.pop()
        del inner.names[node.index.name]
        for name, value in inner.names.items():
            if scope.find(name) is not None:
                scope.names[name] = value
    context.emit(node.span, costs.Stages(node.index.name, first, tuple(bodies), tuple(entries)))
