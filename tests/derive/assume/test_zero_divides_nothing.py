"""0 divides nothing: what proofs know of a divisor that may be 0."""

import sympy

from closedform.derive.assume.proofs.cases import vanishes
from closedform.derive.assume.proofs.situation import Fuel, Situation
from closedform.derive.symbolic.atoms import Divides, indicator

J = sympy.Symbol("J", integer=True, nonnegative=True)
n = sympy.Symbol("n", integer=True, positive=True)


def test_an_indicator_is_0_where_its_divisor_is() -> None:
    """Fails when [J | J] is 1 whatever J is."""
    assert not vanishes(indicator(Divides(J, 2 * J)) - 1, Situation(Fuel()))
    assert vanishes(indicator(Divides(J, 2 * J)) - indicator(J >= 1), Situation(Fuel()))


def test_what_divides_is_at_least_1() -> None:
    """Fails when a size that may be 0 may be so where it divides another."""
    assert not Situation(Fuel()).at_least(J - 1)
    assert Situation(Fuel()).supposing(Divides(J, n)).at_least(J - 1)
