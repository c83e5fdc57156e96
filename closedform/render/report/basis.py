"""What the formulas of a report need to become numbers: sizes, abbreviations and conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy
from sympy import Expr, Symbol
from sympy.logic.boolalg import Boolean

from closedform import formula as w
from closedform.data import dataclass
from closedform.derive.arrange import forms
from closedform.derive.solve.closed import Closed

Sizes = tuple[tuple[str, w.Written], ...]


@dataclass(frozen=True)
class Basis:
    """Each symbol by itself, stage by stage, where a report tells those of all stages once.

    `defaults` are sizes that a preset may give otherwise, `definitions` what is never given, and
    `conditions` hold wherever the formulas do.
    """

    defaults: Sizes
    definitions: Sizes
    conditions: tuple[w.Written, ...]


def basis(formed: Sequence[Closed], starts: Mapping[str, Expr]) -> Basis:
    """The basis of closed forms of one model or block; `starts` are sizes before the stages."""
    derivation, order = formed[0].derivation, formed[0].order
    spelled = {symbol.name: value for symbol, value in derivation.known.spelled.items()}
    return Basis(
        _sizes({s.name: value for s, value in derivation.defaults.items()}, order),
        _sizes({**starts, **spelled}, order),
        (
            *(forms.write(fact.condition, order) for fact in derivation.facts),
            *(_positive(size, case, order) for size, case in derivation.positive),
        ),
    )


def _positive(size: Expr, case: Boolean, order: forms.Order) -> w.Written:
    """A size is at least one, in the case in which it is needed."""
    positive = w.Condition(">=", (forms.write(size, order), w.Number(1)))
    if case == sympy.true:
        return positive
    return w.Condition("or", (forms.write(sympy.Not(case), order), positive))


def sizes_of(values: dict[Symbol, Expr], order: forms.Order) -> Sizes:
    """Sizes as a preset gives them."""
    return _sizes({symbol.name: value for symbol, value in values.items()}, order)


def _sizes(values: dict[str, Expr], order: forms.Order) -> Sizes:
    return tuple((name, forms.write(value, order)) for name, value in values.items())
