"""Where a formula holds that does not hold everywhere: what divides what, which case it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import combinations, islice
from typing import Any

import sympy
from sympy import Expr, Symbol

from closedform.derive.assume.knowledge import Knowledge
from closedform.derive.assume.proofs.counterexample import difference_at
from closedform.derive.assume.proofs.search import Search
from closedform.derive.assume.store import Fact
from closedform.derive.symbolic.atoms import Divides
from closedform.derive.symbolic.exact import NoNumberError, holds

MOST = 4  # conditions of which all sets are tried
TRIED = 100  # sizes at which formulas are compared first


def holding_where(
    known: Knowledge, derived: Expr, claimed: Expr, apart: Mapping[Symbol, Expr]
) -> tuple[Fact, ...]:
    """The fewest conditions of the formulas with which they are proved equal; empty without any.

    At the sizes `apart` they are not equal, so that conditions which all hold there are not enough.
    """
    both = sympy.Tuple(known.base(derived), known.base(claimed))
    conditions = list(dict.fromkeys(_conditions(both)))
    if len(conditions) > MOST:
        conditions = [c for c in conditions if isinstance(c, Divides)][:MOST]
    too_few = [{c for c in conditions if c.xreplace(apart) == sympy.true}]
    too_few += _not_enough(known, both, conditions)
    for many in range(1, len(conditions) + 1):
        for chosen in combinations(conditions, many):
            if any(held.issuperset(chosen) for held in too_few):
                continue
            facts = tuple(Fact(condition, "assumed") for condition in chosen)
            if _with(known, facts).equal(derived, claimed) and _possible(known, facts):
                return facts
    return ()


def _not_enough(known: Knowledge, both: Expr, conditions: Sequence[Any]) -> list[set[Any]]:
    """Conditions that hold together at sizes at which two formulas are not equal."""
    found = []
    for values in islice(Search(known, both.free_symbols).samples, TRIED):
        if difference_at(both[0], both[1], values):
            with suppress(NoNumberError):
                found.append({c for c in conditions if holds(c, values)})
    return found


def _with(known: Knowledge, facts: tuple[Fact, ...]) -> Knowledge:
    more = known.copied()
    for fact in facts:
        more.assume(fact)
    return more


def _possible(known: Knowledge, facts: tuple[Fact, ...]) -> bool:
    """Whether nothing that is known forbids the conditions."""
    return known.decide(sympy.And(*(fact.condition for fact in facts))) is not False


def _conditions(both: Expr) -> Iterator[Any]:
    """What divides what in the floors of formulas, and the conditions of their cases."""
    for rounded in sorted(both.atoms(sympy.floor, sympy.ceiling), key=str):
        above, below = sympy.fraction(sympy.together(rounded.args[0]))
        if below != 1:
            yield Divides(below, above)
    for piecewise in sorted(both.atoms(sympy.Piecewise), key=str):
        condition = piecewise.args[0][1]
        yield condition
        yield sympy.Not(condition)
