"""`repeat`, `choose` and `for`: bodies that are carried out many times and derived once."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import sympy
from sympy import Expr, Integer

from closedform.derive.cost import tree as costs
from closedform.derive.cost.tree import Site
from closedform.derive.elaborate.context import Context, Step
from closedform.derive.elaborate.hints import remedy
from closedform.derive.elaborate.layouts import carried
from closedform.derive.elaborate.statements.carrying import assigned, begin, finish
from closedform.derive.elaborate.statements.ends import run_steps
from closedform.derive.elaborate.statements.recurrences import MAX_STAGES
from closedform.derive.elaborate.values import Family, Scope, Tensor, Value, say_kind
from closedform.derive.symbolic.wording import say
from closedform.errors import Span, fail
from closedform.grammar import tree
from closedform.grammar.expressions import show
from closedform.grammar.traverse import parts_of, with_value

INDICES = ["s", "t", "u", "v", *(f"s{n}" for n in range(1, 100))]  # of loops over lists


def run_repeat(context: Context, node: tree.Repeat, scope: Scope) -> None:
    times = _times(context, node.count, scope, "a repeat")
    if node.shared:
        message = "the weights of a shared repeat count once, and this is no step"
        indices = times.free_symbols & context.known.ranges.keys()
        if indices and context.known.decide(sympy.Ge(times, 1)) is not True:
            where = ", ".join(sorted(map(str, indices)))
            help_ = f"begin the loop over {where} where {say(times)} is at least 1"
            raise fail("divides", f"{message} for some {where}", node.span, help_)
        context.obligations.possible(sympy.Ge(times, 1), node.span, message, "shared")
    inner = scope.inner()
    carried = begin(context, node.body, scope, inner)
    body = context.run(node.body, inner)
    _keep(context, inner, scope, body, node.span, "a repeat")
    through = finish(context, carried, scope, inner)
    context.emit(node.span, costs.Repeat(times, node.shared, body, through))


def run_choose(context: Context, node: tree.Choose, scope: Scope) -> None:
    count = _times(context, node.count, scope, "a choice")
    of = _times(context, node.of, scope, "a choice")
    message = f"{say(count)} of {say(of)} cannot be chosen"
    context.obligations.possible(sympy.Le(count, of), node.span, message, "chosen")
    inner = scope.inner()
    carried = begin(context, node.body, scope, inner)
    body = context.run(node.body, inner)
    _keep(context, inner, scope, body, node.span, "a choice")
    through = finish(context, carried, scope, inner)
    context.emit(node.span, costs.Choose(count, of, body, through))


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


def run_for_each(context: Context, node: tree.ForEach, scope: Scope) -> None:
    """A loop over the elements of a list: one over their numbers, with an index of its own."""
    values = context.value(node.values, scope)
    items = values.symbols if isinstance(values, Family) else values
    name = node.element.name
    if not isinstance(items, tuple):
        raise fail(
            "type",
            f"a loop goes over a list, and this is {say_kind(values)}",
            node.values.span,
            f"count with an index: `for {name} in 1..{show(node.values)}:`",
        )
    context.names.check_index(node.element, scope)
    again = [*_named_again(node.body, name), *([node.element] if scope.find(name) else [])]
    if again:
        message = f"`{name}` is an element of the list here, and nothing else"
        raise fail("name", message, again[0].span, "choose another name")
    index = tree.Name(_free_index(context, scope), span=node.element.span)
    element = tree.Index(node.values, (index,), span=node.span)
    first, last = (tree.Number(Fraction(n), span=node.values.span) for n in (1, len(items)))
    body = with_value(node.body, name, element)
    run_for(context, tree.For(index, first, last, body, span=node.span), scope)


def _named_again(body: tuple[tree.Statement, ...], name: str) -> Iterator[tree.Name]:
    """Where a name is given to something else in a body."""
    for part in parts_of(body):
        match part:
            case tree.Assign():
                yield from (target for target in part.targets if target.name == name)
            case tree.For(index=other) | tree.ForEach(element=other) if other.name == name:
                yield other


def _free_index(context: Context, scope: Scope) -> str:
    """A name for an index that nothing else has."""
    taken = {*context.names.owners, *map(str, context.known.ranges)}
    taken |= {step.name for step in context.indices}
    return next(n for n in INDICES if n not in taken and context.names.find(n, scope) is None)


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
