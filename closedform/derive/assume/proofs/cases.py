"""Proofs by cases: what vanishes in each of a bounded number of cases vanishes."""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Expr, Integer

from closedform.derive.assume.proofs.equations import follows
from closedform.derive.assume.proofs.guarded import (
    NONE,
    AtLeast,
    Form,
    Guard,
    TooManyCasesError,
    guards_of,
)
from closedform.derive.assume.proofs.polynomials import fraction_of, in_primes
from closedform.derive.assume.proofs.situation import OutOfFuelError, Situation
from closedform.derive.assume.proofs.sums import SumLaws
from closedform.derive.symbolic.atoms import Divides
from closedform.derive.symbolic.expansion import expand
from closedform.errors import LimitError

MAX_DEPTH = 12
MAX_REMAINDERS = 12
STEPS_OF_A_CASE = 4


def vanishes(expr: Expr, situation: Situation) -> bool:
    """Whether it is proved that an expression is 0; False when that is not known.

    >>> from closedform.derive.assume.proofs.situation import Fuel, Situation
    >>> n, w = sympy.symbols("n w", integer=True, positive=True)
    >>> at_least = sympy.Piecewise((1, n >= w), (0, True))
    >>> vanishes(sympy.Max(n, w) - w - (n - w) * at_least, Situation(Fuel()))
    True
    >>> vanishes(sympy.floor(n / 2) + sympy.floor((n + 1) / 2) - n, Situation(Fuel()))
    True
    """
    try:
        return _vanishes(expr, situation, MAX_DEPTH)
    except (OutOfFuelError, TooManyCasesError, LimitError):
        return False


def _vanishes(expr: Expr, situation: Situation, depth: int) -> bool:
    situation = _settled(situation)
    if situation.impossible:
        return True
    situation.fuel.spend(STEPS_OF_A_CASE)
    laws = SumLaws(situation)
    form = laws.form(situation.put(expr))
    if all(_is_zero(value, situation) for value in form.values()):
        return True
    if depth == 0:
        return False
    branches = _branches(form, laws)
    if branches is None:
        return False
    return all(_vanishes(expr, branch, depth - 1) for branch in branches)


def _is_zero(value: Expr, situation: Situation) -> bool:
    """Whether a value without guards is 0: as a polynomial, by equalities, or between bounds."""
    top = fraction_of(value)[0]
    if in_primes(top) == 0:
        return True
    if situation.zero and follows(top, situation.zero):
        return True
    within = situation.at_least
    return bool(situation.facts and top.is_integer) and within(top) and within(expand(-top))


def _settled(situation: Situation) -> Situation:
    """A situation in which open conditions that have come down to one guard are facts."""
    for _ in range(MAX_DEPTH):
        if situation.impossible or not situation.open:
            break
        laws = SumLaws(situation)
        forms = {c: laws.condition(situation.put(c)) for c in situation.open}
        if {} in forms.values():
            return situation.supposing(sympy.false)
        single = {c: guards_of(form) for c, form in forms.items() if len(guards_of(form)) < 2}
        if not single:
            break
        more = []
        for condition, guards in single.items():
            more += [_case(guard, bool(forms[condition].get(NONE) is None)) for guard in guards]
        left = [condition for condition in situation.open if condition not in single]
        situation = situation.without_open().supposing(*left, *more)
    return situation


def _case(guard: Guard, holds: bool) -> object:
    """The condition that a guard holds, or does not."""
    if holds:
        return guard.condition
    if isinstance(guard, AtLeast):
        if guard.expr.is_integer:
            return sympy.Le(guard.expr, guard.bound - 1)
        return sympy.Lt(guard.expr, guard.bound)
    return sympy.Not(guard.condition)


def _branches(form: Form, laws: SumLaws) -> list[Situation] | None:
    """Cases of which one holds; None when there is nothing to tell apart."""
    situation = laws.situation
    for guards in (guards_of(form), guards_of(*_open(laws))):
        if guards:
            return _told_apart(guards[0], situation)
    for atom in _floors(form):
        branches = _by_remainder(atom, situation)
        if branches is not None:
            return branches
    return None


def _open(laws: SumLaws) -> Iterator[Form]:
    for condition in laws.situation.open:
        yield laws.condition(laws.situation.put(condition))


def _told_apart(guard: Guard, situation: Situation) -> list[Situation]:
    if isinstance(guard.condition, Divides):
        bottom, top = guard.condition.args
        branches = _remainders(bottom, top, situation)
        if branches is not None:
            return branches
    return [situation.supposing(_case(guard, holds)) for holds in (True, False)]


def _floors(form: Form) -> list[Expr]:
    """The floors of a form that hold no other, in a fixed order."""
    found = {
        atom
        for value in form.values()
        for atom in value.atoms(sympy.floor)
        if atom.free_symbols <= value.free_symbols  # else it has the index of a sum
    }
    return sorted(found, key=sympy.default_sort_key)


def _by_remainder(atom: Expr, situation: Situation) -> list[Situation] | None:
    """The cases of what is left over in a floor: n = 2 q, or n = 2 q + 1."""
    top, bottom = fraction_of(atom.args[0])
    if not (top.is_integer and bottom.is_integer):
        return None
    branches = _remainders(bottom, top, situation)
    if branches is not None or bottom.is_number:
        return branches
    for size in sorted(top.free_symbols - bottom.free_symbols, key=str):
        rest = expand(top - size)
        if rest.has(size):
            continue
        over = situation.fuel.quotient(nonnegative=True)
        less = sympy.Le(over, bottom - 1)
        return [situation.supposing(less, Divides(bottom, expand(top - over)))]
    return None


def _remainders(bottom: Expr, top: Expr, situation: Situation) -> list[Situation] | None:
    """The cases of a remainder by a small number."""
    if not bottom.is_Integer or bottom > MAX_REMAINDERS:
        return None
    symbols = sorted((s for s in top.free_symbols if s.is_integer), key=str)
    if not symbols:
        return None
    size = symbols[0]
    return [
        situation.supposing(Divides(bottom, size - Integer(rest))) for rest in range(int(bottom))
    ]
