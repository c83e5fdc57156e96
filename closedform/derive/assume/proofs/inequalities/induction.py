"""Powers of a number that are ahead of a polynomial of their exponent: 2^n >= n^2 from n = 4 on."""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Expr, Symbol

from closedform.derive.assume.proofs.polynomials import nonnegative
from closedform.derive.symbolic.expansion import expand

MAX_START = 40  # up to which single values are tried


def follows_from_induction(condition: Any, start: int) -> bool:
    """Whether an inequality of one whole size holds from a value on, step by step.

    Of a b^n >= p(n) the next follows where b p(n) >= p(n + 1): what is before is tried.

    >>> n = sympy.Symbol("n", integer=True, positive=True)
    >>> [follows_from_induction(2**n >= n**2, start) for start in (1, 3, 4)]
    [False, False, True]
    >>> follows_from_induction(3 * 2**n > n**2 + n, 1), follows_from_induction(2**n <= n**2, 4)
    (True, False)
    """
    if not isinstance(condition, sympy.Lt | sympy.Le | sympy.Gt | sympy.Ge):
        return False
    excess = expand(condition.gts - condition.lts)
    sizes = excess.free_symbols
    if len(sizes) != 1:
        return False
    (size,) = sizes
    powers = [power for power in excess.atoms(sympy.Pow) if power.exp.has(size)]
    if len(powers) != 1 or powers[0].exp != size or not size.is_integer:
        return False
    power = powers[0]
    rest = expand(excess.coeff(power) * power - excess)
    if not (power.base.is_Integer and power.base > 1 and excess.coeff(power).is_positive):
        return False
    if rest.has(power) or not rest.is_polynomial(size):
        return False
    begin = next((n for n in range(start, MAX_START) if _keeps(rest, power.base, size, n)), None)
    return begin is not None and all(
        condition.xreplace({size: sympy.Integer(n)}) == sympy.true for n in range(start, begin + 1)
    )


def _keeps(rest: Expr, base: Expr, size: Symbol, begin: int) -> bool:
    """Whether b p(n) >= p(n + 1) for all n from a value on."""
    beyond = sympy.Dummy("t", integer=True, nonnegative=True)
    here, there = (rest.xreplace({size: begin + beyond + step}) for step in (0, 1))
    return nonnegative(expand(base * here - there))
