"""What is compared with a logarithm, as a comparison of powers: log(n, 2) > 3 is n > 8."""

from __future__ import annotations

from functools import cache
from math import lcm
from typing import Any

import sympy
from sympy import Expr, Integer
from sympy.core.relational import Relational

from closedform.derive.symbolic.atoms import Log
from closedform.derive.symbolic.expansion import expand


@cache
def over_powers(condition: Any) -> Any:
    """A comparison without the logarithms to one base that it compares; any other as it is.

    >>> from closedform.derive.symbolic.symbols import size_symbol
    >>> n, s = size_symbol("n"), size_symbol("s")
    >>> over_powers(2 * Log(n, 2) < 5), over_powers(sympy.Eq(Log(n, 2) - s, 1)), over_powers(n > 2)
    (n <= 5, Eq(n, 2**(s + 1)), n > 2)
    """
    if not isinstance(condition, Relational) or not condition.has(Log):
        return condition
    exponents: dict[Expr, Expr] = {}
    rest, bases = Integer(0), set()
    for term in sympy.Add.make_args(expand(condition.lhs - condition.rhs)):
        number, atom = term.as_coeff_Mul()
        if isinstance(atom, Log):
            exponents[atom.args[0]] = exponents.get(atom.args[0], Integer(0)) + number
            bases.add(atom.args[1])
        elif term.has(Log):
            return condition
        else:
            rest += term
    base = bases.pop() if len(bases) == 1 else Integer(1)
    if not (base.is_Integer and base > 1 and all(value.is_positive for value in exponents)):
        return condition
    scale = lcm(*(int(exponent.q) for exponent in exponents.values()), *_below(rest))
    above = [(value, scale * exponent) for value, exponent in exponents.items()]
    left = sympy.Mul(*(value**exponent for value, exponent in above if exponent > 0))
    right = sympy.Mul(*(value**-exponent for value, exponent in above if exponent < 0))
    more, less = _sides(-scale * rest)
    return _rooted(condition.func(left * base**less, right * base**more))


@cache
def unrounded(condition: Any, of: type[Expr] = Log) -> Any:
    """A comparison of one rounded logarithm, or of another value, with what is whole, without the
    rounding.

    >>> from closedform.derive.symbolic.symbols import size_symbol
    >>> n, s = size_symbol("n"), size_symbol("s")
    >>> unrounded(sympy.floor(Log(n, 3)) - s >= 1), unrounded(sympy.ceiling(Log(n, 3)) > s)
    (Log(n, 3) >= s + 1, Log(n, 3) > s)
    >>> condition = sympy.Ge(sympy.floor(n / s), 2)
    >>> unrounded(condition), unrounded(condition, Expr)
    (floor(n/s) >= 2, n/s >= 2)
    """
    if not isinstance(condition, sympy.Ge | sympy.Gt | sympy.Le | sympy.Lt):
        return condition
    difference = condition.gts - condition.lts  # which is at least 0, or more
    found = [a for a in difference.atoms(sympy.floor, sympy.ceiling) if isinstance(a.args[0], of)]
    if len(found) != 1:
        return condition
    (atom,) = found
    coefficient = expand(difference).coeff(atom)
    rest = expand(difference - coefficient * atom)
    if abs(coefficient) != 1 or rest.has(atom) or not rest.is_integer:
        return condition
    if isinstance(condition, sympy.Gt | sympy.Lt):
        rest -= 1
    inside = atom.args[0]
    if isinstance(atom, sympy.floor):
        return sympy.Ge(inside, -rest) if coefficient == 1 else sympy.Lt(inside, rest + 1)
    return sympy.Gt(inside, -rest - 1) if coefficient == 1 else sympy.Le(inside, rest)


def _rooted(condition: Any) -> Any:
    """n^2 >= 32 as n > 5: a power of a size against a number."""
    if not isinstance(condition, Relational):
        return condition
    power, number = condition.args
    base, exponent = power.as_base_exp()
    if not (number.is_Integer and base.is_integer and exponent.is_Integer and exponent > 1):
        return condition
    root, exact = sympy.integer_nthroot(number, exponent)
    if exact:
        return condition.func(base, root)
    inexact = {sympy.Ge: sympy.Gt, sympy.Lt: sympy.Le}
    if isinstance(condition, sympy.Eq | sympy.Ne):
        return sympy.false if isinstance(condition, sympy.Eq) else sympy.true
    return inexact.get(condition.func, condition.func)(base, root)


def _below(rest: Expr) -> list[int]:
    """The denominators of the numbers in a sum."""
    return [int(term.as_coeff_Mul()[0].q) for term in sympy.Add.make_args(rest)]


def _sides(rest: Expr) -> tuple[Expr, Expr]:
    """What is added in a sum, and what is subtracted."""
    terms = sympy.Add.make_args(rest)
    less = [term for term in terms if term.could_extract_minus_sign()]
    return sympy.Add(*(t for t in terms if t not in less)), -sympy.Add(*less)
