"""Sums as products of sums, by SymPy; whether that is worth trying is found out first."""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd, lcm

import sympy
from sympy import Expr

from closedform import formula as w
from closedform.derive.arrange.writing import Order, factors_of, quotient, write
from closedform.derive.symbolic import products as sharing
from closedform.derive.symbolic.expansion import expand

MAX_SPLIT_TERMS = 20  # of a bracket that is split into factors
MIN_FACTOR = 500  # the value of a factor of several terms, at the primes of `may_split`


def in_factors(expr: Expr, order: Order) -> w.Written:
    """A product of what cannot be split further."""
    atoms = _non_polynomial(expr)
    polynomial, ratios = _with_ratios(expr.xreplace(atoms))
    back = {dummy: atom for atom, dummy in atoms.items() if dummy.is_Symbol}
    back.update({ratio: value.xreplace(back) for ratio, value in ratios.items()})
    above, below = sympy.fraction(sympy.together(polynomial))
    if expand(above) == 0:  # what cancels only over one divisor, and has no factors
        return w.Number(0)
    number, factors = _factor_list(above)
    divisor, divisors = _factor_list(below)
    factors += [(base, -power) for base, power in divisors]
    plain = [(base, power) for base, power in factors if not base.is_Add]
    head = write(number / divisor * sympy.Mul(*(b**p for b, p in plain)).xreplace(back), order)
    top, bottom = [head], []
    if isinstance(head, w.Fraction):
        top, bottom = [head.numerator], [head.denominator]
    sums = [(base.xreplace(back), power) for base, power in factors if base.is_Add]
    for base, power in sorted(sums, key=lambda part: (len(part[0].args), order.rank(part[0]))):
        node = write(base, order)
        exponent = w.Number(abs(int(power)))
        (top if power > 0 else bottom).append(node if abs(power) == 1 else w.Power(node, exponent))
    return quotient(_flat(top), _flat(bottom))


def _factor_list(expr: Expr) -> tuple[Expr, list[tuple[Expr, int]]]:
    """What SymPy's `factor_list` gives, also where a bracket comes down to a number."""
    parts = (expand(part) if part.is_Add else part for part in sympy.Mul.make_args(expr))
    product = sympy.Mul(*parts)
    return (product, []) if product.is_Rational else sympy.factor_list(product)


def _with_ratios(expr: Expr) -> tuple[Expr, dict[Expr, Expr]]:
    """An expression in which I and P stand as I/P only, with a symbol for that."""
    ratios: dict[Expr, Expr] = {}
    powers = [sharing.powers(term) for term in sympy.Add.make_args(expr)]
    for below in sorted({b for power in powers for b, n in power.items() if n < 0}, key=str):
        for above in sorted({b for power in powers if below in power for b in power}, key=str):
            if all(power.get(above, 0) == -power.get(below, 0) for power in powers):
                ratio = sympy.Dummy(positive=True)
                ratios[ratio] = above / below
                expr = expand(expr.xreplace({above: ratio * below}))
                break
    return expr, ratios


def _flat(factors: list[w.Written]) -> list[w.Written]:
    """Products among factors taken apart, and ones left out."""
    parts = [part for factor in factors for part in factors_of(factor)]
    return [part for part in parts if part != w.Number(1)]


def _non_polynomial(expr: Expr) -> dict[Expr, Expr]:
    """A symbol for every part that is not built from symbols by +, * and whole powers."""
    atoms: dict[Expr, Expr] = {}
    waiting = [expr]
    while waiting:
        part = waiting.pop()
        if part.is_Add or part.is_Mul or (part.is_Pow and part.exp.is_Integer):
            waiting.extend(part.args)
        elif part.is_Pow and part.exp.could_extract_minus_sign():
            atoms[part] = 1 / atoms.setdefault(1 / part, sympy.Dummy(positive=True))
        elif not (part.is_Symbol or part.is_Number):
            atoms.setdefault(part, sympy.Dummy(positive=True))
    return atoms


def split(terms: Sequence[Expr], order: Order) -> w.Written | None:
    """A sum without common factors as a product of sums, where that is found soon."""
    if not 2 < len(terms) <= MAX_SPLIT_TERMS or not may_split(terms):
        return None
    found = in_factors(sympy.Add(*terms), order)
    above = found.numerator if isinstance(found, w.Fraction) else found
    sums = [factor for factor in factors_of(above) if isinstance(factor, w.Sum)]
    several = len(sums) > 1 or any(isinstance(part, w.Power) for part in factors_of(above))
    return found if several and not w.is_negative(found) and not _wide(found) else None


def may_split(terms: Sequence[Expr]) -> bool:
    """Whether a sum without common factors may be a product of sums; a quick answer.

    Where x has no power above one, one factor has it, and the others divide both what stands with x
    and what stands without it. So they would divide the values of these at large numbers.

    >>> a, b, c = sympy.symbols("a b c")
    >>> may_split((a * b, a * c, b, c)), may_split((a * b, a * c, b, 2 * c))
    (True, False)
    """
    powers = [sharing.powers(term) for term in terms]
    numbers = [term.as_coeff_Mul()[0] for term in terms]
    scale = lcm(*(int(number.q) for number in numbers))
    bases = list(dict.fromkeys(base for power in powers for base in power))
    least = {base: min(power.get(base, 0) for power in powers) for base in bases}
    values = {base: int(sympy.nextprime(1000 * 37**at)) for at, base in enumerate(bases)}
    for base in bases:
        with_base = without = 0
        for number, power in zip(numbers, powers, strict=True):
            value = int(number * scale)
            for other in bases:
                if other != base:
                    value *= values[other] ** (power.get(other, 0) - least[other])
            step = power.get(base, 0) - least[base]
            if step > 1:
                break
            with_base, without = with_base + value * step, without + value * (1 - step)
        else:
            if gcd(with_base, without) < MIN_FACTOR * scale:
                return False
    return True


def _wide(node: w.Written) -> bool:
    """Whether a large number stands below it."""
    below = factors_of(node.denominator) if isinstance(node, w.Fraction) else ()
    return any(isinstance(n, w.Number) and n.value > sharing.MAX_DENOMINATOR for n in below)
