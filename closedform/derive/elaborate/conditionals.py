"""`if`: decided where it can be, kept as two cases where it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import sympy
from sympy import Expr
from sympy.logic.boolalg import Boolean

from closedform.derive.assume.knowledge import Fact, Knowledge
from closedform.derive.cost import tree as costs
from closedform.derive.cost.tree import Site
from closedform.derive.elaborate.layouts import joined
from closedform.derive.elaborate.values import Scope, Tensor, Value, say_kind
from closedform.derive.symbolic.atoms import indicator
from closedform.errors import ClosedformError, fail
from closedform.grammar import tree

if TYPE_CHECKING:
    from closedform.derive.elaborate.model import Elaborator

# A branch that fails for one of these reasons has no shape under its condition.
IMPOSSIBLE = frozenset({"shape", "divides", "range"})


def run_if(elab: Elaborator, node: tree.If, scope: Scope) -> None:
    """Carry out an `if`: one branch, or both with what they leave behind joined."""
    _run(elab, node, list(node.branches), scope)


def _run(
    elab: Elaborator,
    node: tree.If,
    branches: list[tuple[tree.Expression, tuple[tree.Statement, ...]]],
    scope: Scope,
) -> None:
    if not branches:
        inner = scope.inner()
        elab.sites.extend(elab.run(node.otherwise, inner))
        scope.names.update(inner.names)
        return
    (test, body), *rest = branches
    condition = elab.evaluator.condition(test, scope)
    if condition is False:
        _run(elab, node, rest, scope)
    elif condition is True:
        elab.sites.extend(elab.run(body, scope))
    else:
        _run_both(elab, node, condition, body, rest, scope)


def _run_both(
    elab: Elaborator,
    node: tree.If,
    condition: Boolean,
    body: tuple[tree.Statement, ...],
    rest: list[tuple[tree.Expression, tuple[tree.Statement, ...]]],
    scope: Scope,
) -> None:
    then, otherwise = scope.inner(), scope.inner()
    done: list[tuple[Site, ...] | ClosedformError] = []
    for holds, inner in ((condition, then), (sympy.Not(condition), otherwise)):
        outer, elab.sites = elab.sites, []
        try:
            with supposing(elab, holds):
                if inner is then:
                    elab.sites.extend(elab.run(body, inner))
                else:
                    _run(elab, node, rest, inner)
            done.append(tuple(elab.sites))
        except ClosedformError as error:
            if error.diagnostics[0].kind not in IMPOSSIBLE:
                raise
            done.append(error)
        finally:
            elab.sites = outer
    first, second = done
    if isinstance(first, ClosedformError) and isinstance(second, ClosedformError):
        raise first
    if isinstance(first, ClosedformError) or isinstance(second, ClosedformError):
        failed = isinstance(first, ClosedformError)
        possible = sympy.Not(condition) if failed else condition
        elab.demands.take(possible, "possible", node.span)
        sites = second if failed else first
        assert not isinstance(sites, ClosedformError)
        elab.sites.extend(sites)
        scope.names.update((otherwise if failed else then).names)
        return
    elab.emit(node.span, costs.Cases(condition, first, second))
    _join(elab.known, condition, then, otherwise, scope, node)


@contextmanager
def supposing(elab: Elaborator, condition: Boolean) -> Iterator[None]:
    """Take a condition as true for a while."""
    fact = Fact(condition, "case")
    facts, definitions, context = list(elab.known.facts), elab.known.definitions, elab.context
    case = elab.demands.case
    elab.known.assume(fact)
    elab.context = (*context, fact)
    elab.demands.case = sympy.And(case, condition)
    try:
        yield
    finally:
        elab.known.facts, elab.known.definitions = facts, definitions
        elab.context, elab.demands.case = context, case


def _join(
    known: Knowledge,
    condition: Boolean,
    then: Scope,
    otherwise: Scope,
    scope: Scope,
    node: tree.If,
) -> None:
    """Give each name that both branches know the value that it has in either case."""
    for name in sorted({*then.names, *otherwise.names}):
        first, second = then.find(name), otherwise.find(name)
        if first is None or second is None:
            continue  # local to one branch
        scope.names[name] = _joined(known, condition, first, second, name, node)


def _joined(
    known: Knowledge, condition: Boolean, first: Value, second: Value, name: str, node: tree.If
) -> Value:
    if isinstance(first, Tensor) and isinstance(second, Tensor):
        if len(first.shape) == len(second.shape):
            return Tensor(
                tuple(
                    _joined_size(known, condition, a, b)
                    for a, b in zip(first.shape, second.shape, strict=True)
                ),
                joined((first.layout, second.layout), node.span, "the other branch"),
            )
    elif first == second:
        return first
    elif isinstance(first, Expr) and isinstance(second, Expr):
        return _joined_size(known, condition, first, second)
    raise fail(
        "shape",
        f"`{name}` is {say_kind(first)} in one branch and {say_kind(second)} in the other",
        node.span,
        "both branches must leave the same number of axes",
    )


def _joined_size(known: Knowledge, condition: Boolean, first: Expr, second: Expr) -> Expr:
    """One formula for both cases where there is one, else a sum of indicators."""
    if known.equal(first, second):
        return first
    otherwise = sympy.Not(condition)
    for general, special, holds in ((first, second, otherwise), (second, first, condition)):
        value = _forced(holds)
        if value and known.equal(
            known.refloored(known.base(general).xreplace(value)),
            known.refloored(known.base(special).xreplace(value)),
        ):
            return general
    return indicator(condition) * first + indicator(otherwise) * second


def _forced(condition: Boolean) -> dict[Expr, Expr]:
    """The values that a condition leaves to sizes: not (r > 1) means r = 1."""
    if isinstance(condition, sympy.And):
        return {size: value for part in condition.args for size, value in _forced(part).items()}
    if isinstance(condition, sympy.Not) and isinstance(condition.args[0], sympy.Or):
        return _forced(sympy.And(*map(sympy.Not, condition.args[0].args)))
    if isinstance(condition, sympy.Eq):
        left, right = condition.args
        return {left: right} if left.is_Symbol else {right: left} if right.is_Symbol else {}
    if isinstance(condition, sympy.Le | sympy.Lt) and condition.lhs.is_Symbol:
        bound = condition.rhs - int(isinstance(condition, sympy.Lt))
        return {condition.lhs: bound} if bound == 1 else {}
    return {}
