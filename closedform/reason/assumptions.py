"""Where a formula holds that does not hold everywhere: what divides what, which case it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import sympy
from sympy import Expr, Symbol

from closedform.derive.assume.knowledge import Knowledge
from closedform.derive.assume.store import Fact
from closedform.derive.symbolic.atoms import Divides

MOST = 4  # conditions of which all sets are tried


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
    for many in range(1, len(conditions) + 1):
        for chosen in combinations(conditions, many):
            if all(condition.xreplace(apart) == sympy.true for condition in chosen):
                continue
            facts = tuple(Fact(condition, "assumed") for condition in chosen)
            if _possible(known, facts) and _with(known, facts).equal(derived, claimed):
                return facts
    return ()


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
