"""Loops with a symbolic bound whose first or last steps differ: those stand alone.

`stride=(2 if i == 1 else 1)` in `for i in 1..L` is the first step and then L - 1 steps alike. Where
it is not known that there is such a step, it is a case of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sympy
from sympy import Expr, Symbol
from sympy.logic.boolalg import Boolean

from closedform.derive.assume.knowledge import Knowledge
from closedform.derive.assume.store import Fact
from closedform.derive.cost import tree as costs
from closedform.derive.elaborate.context import Context
from closedform.derive.elaborate.statements.conditionals import join
from closedform.derive.elaborate.statements.recurrences import Recurrence
from closedform.derive.elaborate.values import Scope
from closedform.derive.symbolic.relations import plain_relation
from closedform.derive.symbolic.symbols import index_symbol
from closedform.errors import ClosedformError
from closedform.grammar import tree
from closedform.grammar.traverse import names_in

MAX_ALONE = 8  # steps at one end that are told apart by conditions


def run_steps(context: Context, node: tree.For, scope: Scope, first: Expr, last: Expr) -> None:
    """Carry out a loop as its first steps, what is alike between, and its last steps."""
    context.names.give(node.index.name, node.index.span)
    loop = Recurrence(context, node, scope, index_symbol(node.index.name, first))
    loop.need(last - first + 1)
    _run(loop, first, last)


def _run(loop: Recurrence, first: Expr, last: Expr) -> None:
    known = loop.context.known
    index, conditions = loop.index, _undecided(loop, first, last)
    heads = _alone(known, conditions, index, lambda step: first + step)
    tails = _alone(known, conditions, index, lambda step: last - step)
    if heads and _may_stand(known, heads, first, last):
        _with_a_step(loop, first, last, lambda part: _from_first(part, first, last))
    elif tails and _may_stand(known, tails, first, last):
        between = [c for c in conditions if _steps_apart(known, c, index, lambda s: last - s) == 1]
        _with_a_step(loop, first, last, lambda part: _to_last(part, first, last, between))
    else:
        _alike(loop, first, last)


def _from_first(loop: Recurrence, first: Expr, last: Expr) -> None:
    loop.step(first)
    _run(loop, first + 1, last)


def _to_last(loop: Recurrence, first: Expr, last: Expr, between: Sequence[Boolean]) -> None:
    """The steps before the last, in which what tells it apart is decided, and the last."""
    context, before = loop.context, last - 1 - _any_number()
    facts, supposed = list(context.known.facts), context.supposed
    for condition in between:
        holds = context.known.decide(condition.xreplace({loop.index: before}))
        fact = Fact(condition if holds else sympy.Not(condition), "case")
        context.known.assume(fact)
        context.supposed = (*context.supposed, fact)
    _run(loop, first, last - 1)
    context.known.facts, context.supposed = facts, supposed
    loop.step(last)


def _alike(loop: Recurrence, first: Expr, last: Expr) -> None:
    """Steps that no condition tells apart; the first may still take other sizes than the rest."""
    sizes = loop.solved(first, last)
    if sizes is not None:
        loop.run(first, last, sizes)
        return

    def rest(part: Recurrence) -> None:
        part.step(first)
        part.run(first + 1, last, part.solved_or_refused(first + 1, last))

    _with_a_step(loop, first, last, rest)


def _with_a_step(
    loop: Recurrence, first: Expr, last: Expr, run: Callable[[Recurrence], None]
) -> None:
    """Carry out a loop that has a step; a case of its own where it may have none."""
    context, scope = loop.context, loop.scope
    there = plain_relation(sympy.Gt(last, first - 1))  # as `i < L` is in the first step
    if context.known.decide(there) is True:
        run(loop)
        return
    then, otherwise = scope.inner(), scope.inner()
    with context.collecting() as sites, context.supposing(there):
        run(Recurrence(context, loop.node, then, loop.index))
    joined = join(context, there, then, otherwise, scope, loop.node.span)
    context.emit(loop.node.span, costs.Cases(there, tuple(sites), (), joined))


# Which steps stand alone -------------------------------------------------------------------


def _undecided(loop: Recurrence, first: Expr, last: Expr) -> list[Boolean]:
    """The conditions on the index that are met in a step and hold in some steps only.

    One that tells steps at an end apart is answered as in the steps between, which are what is
    left when those stand alone: else a size would have its cases, and each `if` would double them.
    """
    context, node, index = loop.context, loop.node, loop.index
    if node.index.name not in set().union(*map(names_in, node.body)):
        return []
    found: dict[Boolean, None] = {}
    outer = context.met

    def met(condition: Boolean) -> bool | None:
        if not condition.has(index):
            return outer(condition)
        found.setdefault(condition)
        return _between(context.known, condition, index, first, last)

    calling, indices = list(context.calling), list(context.indices)
    context.met = met
    try:
        with context.trying():
            context.known.ranges[index] = (first, last)
            inner = loop.scope.inner()
            inner.names[node.index.name] = index
            context.run(node.body, inner)
    except ClosedformError:
        pass  # what was met so far may be why; if it is not, the step that is kept fails too
    finally:
        context.met = outer
        context.calling, context.indices = calling, indices
    return list(found)


def _between(
    known: Knowledge, condition: Boolean, index: Symbol, first: Expr, last: Expr
) -> bool | None:
    """What a condition is in the steps between those at an end that it tells apart, if it does."""
    ends: tuple[Callable[[Expr], Expr], ...] = (lambda s: first + s, lambda s: last - s)
    for at in ends:
        steps = _steps_apart(known, condition, index, at)
        if steps is not None and _may_stand(known, steps, first, last):
            return known.decide(condition.xreplace({index: at(steps + _any_number())}))
    return None


def _alone(
    known: Knowledge,
    conditions: Sequence[Boolean],
    index: Symbol,
    at: Callable[[Expr], Expr],
) -> int:
    """How many steps at an end the conditions tell apart from all that follow."""
    found = (_steps_apart(known, condition, index, at) for condition in conditions)
    return max((steps for steps in found if steps is not None), default=0)


def _steps_apart(
    known: Knowledge, condition: Boolean, index: Symbol, at: Callable[[Expr], Expr]
) -> int | None:
    """After how many steps from an end a condition is decided for all steps to come."""

    def decided(step: Expr) -> bool:
        return known.decide(condition.xreplace({index: at(step)})) is not None

    for steps in range(1, MAX_ALONE + 1):
        if not decided(sympy.Integer(steps - 1)):
            return None
        if decided(steps + _any_number()):
            return steps
    return None


def _any_number() -> Symbol:
    return sympy.Dummy("t", integer=True, nonnegative=True)


def _may_stand(known: Knowledge, steps: int, first: Expr, last: Expr) -> bool:
    """Whether so many steps are there; of a single one, whether it is there may be a case."""
    return steps == 1 or known.decide(sympy.Ge(last, first + steps - 1)) is True
