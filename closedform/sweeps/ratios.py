"""Quotients of formulas in tables: numerators and denominators side by side, then as fractions."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from sympy import Expr

from closedform.derive.assume.proofs.polynomials import fraction_of
from closedform.derive.solve.closed import Closed
from closedform.derive.solve.made import Made
from closedform.errors import fail
from closedform.sweeps.tables import Table

if TYPE_CHECKING:
    from numpy.typing import NDArray


def quotient_of(form: Closed | Expr) -> tuple[Expr, Expr] | None:
    """The numerator and the denominator of a formula that need not be whole; None for others."""
    if not isinstance(form, Made):
        return None
    above, below = fraction_of(form.expr)
    return None if below == 1 else (above, below)


def divided(above: NDArray[Any], below: NDArray[Any]) -> NDArray[Any]:
    """The quotients: whole numbers where all of them are, else fractions; 0 where the denominator
    is 0."""
    import numpy as np

    sound = below != 0
    below = np.where(sound, below, 1)
    above = np.where(sound, above, 0)
    if not np.any(above % below):
        found = above // below
    else:
        found = np.frompyfunc(_fraction, 2, 1)(above, below)
    return np.asarray(found)


def without_zeros(table: Table, name: str, below: NDArray[Any]) -> Table:
    """The table in which no row holds whose denominator is 0. Raises ClosedformError where rows
    that do not hold are not marked."""
    import numpy as np

    zeros = below == 0
    if table.holds is not None:
        return replace(table, holds=table.holds & ~zeros)
    if np.any(zeros):
        row = int(np.argmax(zeros.reshape(-1)))
        told = ", ".join(
            f"{size} = {numbers[row]}"
            for size, numbers in replace(table, values={}).columns().items()
        )
        advice = 'broken="mark" goes on, and marks such rows in a column `holds`'
        raise fail(
            "fraction", f"`{name}` is divided by 0", None, advice, f"in row {row}, with {told}"
        )
    return table


def _fraction(above: Any, below: Any) -> Fraction:
    return Fraction(int(above), int(below))
