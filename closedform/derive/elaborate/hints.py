"""What to state so that two sizes are equal: a divisibility, or in a block an equation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import sympy
from sympy import Expr, Integer
from sympy.logic.boolalg import Boolean

from closedform.derive.assume.knowledge import Knowledge
from closedform.derive.assume.store import Fact
from closedform.derive.elaborate.advice import advice
from closedform.derive.elaborate.context import Context
from closedform.derive.symbolic.atoms import Divides, indicator
from closedform.derive.symbolic.wording import say

MAX_TRIED = 12  # divisibilities, for one pair of sizes


def remedy(context: Context, pairs: Iterable[tuple[Expr, Expr]]) -> str | None:
    """A help that makes the sizes of each pair equal, where one is found simply."""
    blocks = [e for e in context.calling[:1] if e in e.module.blocks()]
    pairs = list(pairs)
    known, found = context.known.copied(), []
    for left, right in pairs:
        if _equal(known, left, right):
            continue
        tried = [
            *_cases(left, right),
            *_divisibilities(known, left, right),
            *(_equations(left, right) if blocks else ()),
        ]
        condition = next((c for c in tried if _proves(known, c, left, right)), None)
        if condition is None or condition.atoms(sympy.Dummy):
            return None
        known.assume(Fact(condition))
        found.append(condition)
    if not found:
        return None
    return advice(context, found, lambda known: all(known.equal(*pair) for pair in pairs))


def to_state(context: Context, condition: Boolean) -> str | None:
    """A help to state a condition that is demanded."""
    return advice(context, [condition], lambda known: known.decide(condition) is True)


def _equal(known: Knowledge, left: Expr, right: Expr) -> bool:
    return known.copied().equal(left, right)


def _proves(known: Knowledge, condition: Boolean, left: Expr, right: Expr) -> bool:
    supposed = known.copied()
    supposed.assume(Fact(condition))
    return _equal(supposed, left, right)


def differing(context: Context, pairs: Iterable[tuple[Expr, Expr]]) -> list[str]:
    """Notes of the cases of an `if` in which sizes differ that are to be equal."""
    notes = []
    for left, right in pairs:
        for condition in _cases(left, right):
            supposed = context.known.copied()
            supposed.assume(Fact(condition, "case"))
            sides = [_in_case(side, condition) for side in (left, right)]
            asked = next((c for c in (condition, sympy.Not(condition)) if c in context.cases), None)
            if asked is not None and not supposed.equal(*sides):
                first, second = map(say, sides)
                place = context.cases[asked]
                notes.append(
                    f"where {say(condition)}, of the `if` at {place}, they are {first} and {second}"
                )
    return notes


def _in_case(size: Expr, condition: Boolean) -> Expr:
    """A size in one case of a condition."""
    other = sympy.Not(condition)
    return size.xreplace({indicator(condition): Integer(1), indicator(other): Integer(0)})


def _cases(left: Expr, right: Expr) -> list[Boolean]:
    """The conditions of the cases of two sizes, and their opposites."""
    found = {atom.args[0][1] for size in (left, right) for atom in size.atoms(sympy.Piecewise)}
    both = {*found, *map(sympy.Not, found)}
    return sorted(both, key=sympy.default_sort_key)


def _divisibilities(known: Knowledge, left: Expr, right: Expr) -> Iterator[Boolean]:
    """A size divided by what stands below it in a floor, the weakest first."""
    difference = known.base(left) - known.base(right)
    divisors: dict[Expr, set[Expr]] = {}
    for atom in difference.atoms(sympy.floor, sympy.ceiling):
        top, bottom = sympy.fraction(sympy.together(atom.args[0]))
        if bottom.has(sympy.Piecewise):
            continue  # a stride that is another in the first step
        for symbol in top.free_symbols:
            divisors.setdefault(symbol, set()).add(bottom)
    for symbol, found in sorted(divisors.items(), key=str):
        tried = {*found, sympy.lcm_list(list(found)), sympy.Mul(*found)}
        ordered = sorted(tried, key=lambda d: (d.count_ops(), sympy.default_sort_key(d)))
        yield from islice((Divides(divisor, symbol) for divisor in ordered), MAX_TRIED)


def _equations(left: Expr, right: Expr) -> list[Boolean]:
    sides = [(right, left), (left, right)]
    return [sympy.Eq(a, b, evaluate=False) for a, b in sides if a.is_Symbol and not b.has(a)]
