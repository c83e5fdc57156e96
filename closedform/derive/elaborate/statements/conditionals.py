"""`if`: decided where it can be, kept as two cases where it cannot."""

from __future__ import annotations

import sympy
from sympy import Expr
from sympy.logic.boolalg import Boolean

from closedform.derive.assume.knowledge import Knowledge
from closedform.derive.assume.store import Fact
from closedform.derive.cost import tree as costs
from closedform.derive.cost.flow import Joined
from closedform.derive.cost.tree import Site
from closedform.derive.elaborate.context import Context
from closedform.derive.elaborate.layouts import of_cases
from closedform.derive.elaborate.values import Scope, Tensor, Value, say_kind, tensors_in
from closedform.derive.symbolic.atoms import indicator
from closedform.derive.symbolic.expansion import expand
from closedform.errors import ClosedformError, Span, fail
from closedform.grammar import tree

# A branch that fails for one of these reasons has no shape under its condition.
IMPOSSIBLE = frozenset({"shape", "divides", "range"})


def run_if(context: Context, node: tree.If, scope: Scope) -> None:
    """Carry out an `if`: one branch, or both with what they leave behind joined."""
    _run(context, node, list(node.branches), scope)


def _run(
    context: Context,
    node: tree.If,
    branches: list[tuple[tree.Expression, tuple[tree.Statement, ...]]],
    scope: Scope,
) -> None:
    if not branches:
        inner = scope.inner()
        context.sites.extend(context.run(node.otherwise, inner))
        scope.names.update(inner.names)
        return
    (test, body), *rest = branches
    condition = context.condition(test, scope)
    if condition is False:
        _run(context, node, rest, scope)
    elif condition is True:
        context.sites.extend(context.run(body, scope))
    else:
        _run_both(context, node, condition, body, rest, scope)


def _run_both(
    context: Context,
    node: tree.If,
    condition: Boolean,
    body: tuple[tree.Statement, ...],
    rest: list[tuple[tree.Expression, tuple[tree.Statement, ...]]],
    scope: Scope,
) -> None:
    context.cases[condition] = node.span
    then, otherwise = scope.inner(), scope.inner()
    done: list[tuple[Site, ...] | ClosedformError] = []
    for holds, inner in ((condition, then), (sympy.Not(condition), otherwise)):
        try:
            with context.collecting() as sites, context.supposing(holds):
                if inner is then:
                    context.sites.extend(context.run(body, inner))
                else:
                    _run(context, node, rest, inner)
            done.append(tuple(sites))
        except ClosedformError as error:
            if error.diagnostics[0].kind not in IMPOSSIBLE:
                raise
            done.append(error)
    first, second = done
    if isinstance(first, ClosedformError) and isinstance(second, ClosedformError):
        raise first
    if isinstance(first, ClosedformError) or isinstance(second, ClosedformError):
        failed = isinstance(first, ClosedformError)
        possible = sympy.Not(condition) if failed else condition
        context.obligations.take(possible, "possible", node.span)
        possible_sites = second if failed else first
        assert not isinstance(possible_sites, ClosedformError)
        context.sites.extend(possible_sites)
        scope.names.update((otherwise if failed else then).names)
        return
    joined = join(context, condition, then, otherwise, scope, node.span)
    context.emit(node.span, costs.Cases(condition, first, second, joined))


def join(
    context: Context,
    condition: Boolean,
    then: Scope,
    otherwise: Scope,
    scope: Scope,
    span: Span,
) -> tuple[Joined, ...]:
    """Give each name that both branches know the value that it has in either case."""
    found: list[Joined] = []
    for name in sorted({*then.names, *otherwise.names}):
        first, second = then.find(name), otherwise.find(name)
        if first is None or second is None:
            continue  # local to one branch
        value = _joined(context.known, condition, first, second, name, span)
        pairs = list(zip(tensors_in(first), tensors_in(second), strict=True))
        if any(one.number != other.number for one, other in pairs):
            value = context.new(value)
            found += [
                Joined(one.number, other.number, after.number, after.shape)
                for (one, other), after in zip(pairs, tensors_in(value), strict=True)
            ]
        scope.names[name] = value
    return tuple(found)


def _joined(
    known: Knowledge, condition: Boolean, first: Value, second: Value, name: str, span: Span
) -> Value:
    if isinstance(first, Tensor) and isinstance(second, Tensor):
        if len(first.shape) == len(second.shape):
            return Tensor(
                tuple(
                    _joined_size(known, condition, a, b)
                    for a, b in zip(first.shape, second.shape, strict=True)
                ),
                of_cases(first, second, span, "the other branch"),
                first.number,
            )
    elif first == second:
        return first
    elif isinstance(first, Expr) and isinstance(second, Expr):
        return _joined_size(known, condition, first, second)
    raise fail(
        "shape",
        f"`{name}` is {say_kind(first)} in one branch and {say_kind(second)} in the other",
        span,
        "both branches must leave the same number of axes",
    )


def _joined_size(known: Knowledge, condition: Boolean, first: Expr, second: Expr) -> Expr:
    """One formula for both cases where there is one, else a sum of indicators."""
    if first == second:
        return first
    otherwise = sympy.Not(condition)
    for general, special, holds in ((first, second, otherwise), (second, first, condition)):
        supposed = known.copied()
        supposed.assume(Fact(holds, "case"))
        if supposed.equal(general, special):
            known.used |= {fact for fact in supposed.used if fact.reason != "case"}
            return general
    if first.has(sympy.Piecewise) and second.has(sympy.Piecewise):
        more = expand(first - second)
        if not more.has(sympy.Piecewise):  # else a size doubles with each `if` that adds to it
            return second + indicator(condition) * more
    return indicator(condition) * first + indicator(otherwise) * second
