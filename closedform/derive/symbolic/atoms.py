"""What SymPy lacks: divisibility as a condition, common divisors, exact logarithms, indicators.

The functions of the language, as SymPy has them, are here too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

import sympy
from sympy import Expr, Integer
from sympy.logic.boolalg import Boolean, BooleanFunction

from closedform.derive.symbolic.products import common_powers, monomial, powers
from closedform.formula.logarithms import logarithm

MAX_TERMS = 100  # of a sum that is written out


class Divides(BooleanFunction):  # type: ignore[misc]  # SymPy has no types
    """`Divides(a, b)`: a divides b, which 0 never does.

    >>> n = sympy.Symbol("n", integer=True, nonnegative=True)
    >>> Divides(2, 6), Divides(0, 0), Divides(0, n), Divides(1, n), Divides(n, n)
    (True, False, False, True, n | n)
    """

    @classmethod
    def eval(cls, divisor: Expr, dividend: Expr) -> Any:
        if divisor == 0:
            return sympy.false
        if divisor.is_Integer and dividend.is_Integer:
            return sympy.true if dividend % divisor == 0 else sympy.false
        if divisor.is_Rational and dividend.is_Rational:
            return sympy.false
        if divisor == 1 and dividend.is_integer:
            return sympy.true
        return None

    def _sympystr(self, printer: Any) -> str:
        return f"{printer.doprint(self.args[0])} | {printer.doprint(self.args[1])}"


class Gcd(sympy.Function):  # type: ignore[misc]  # SymPy has no types
    """`Gcd(a, b)`: the greatest common divisor of two sizes; SymPy's is that of polynomials.

    >>> n = sympy.Symbol("n", integer=True, positive=True)
    >>> Gcd(12, 18), Gcd(n, 1), Gcd(n, n), Gcd(n, 6).subs(n, 4)
    (6, 1, n, 2)
    """

    is_integer = True
    is_nonnegative = True

    @classmethod
    def eval(cls, one: Expr, other: Expr) -> Any:
        if one.is_Integer and other.is_Integer:
            return sympy.igcd(one, other)
        if one == other or other == 1:
            return other
        if one == 1:
            return one
        first, second = sorted((one, other), key=sympy.default_sort_key)
        return cls(first, second) if (first, second) != (one, other) else None

    def _eval_is_positive(self) -> bool | None:
        return True if any(size.is_positive for size in self.args) else None


class Bracket(sympy.Function):  # type: ignore[misc]  # SymPy has no types
    """`Bracket(a - b)`: a sum that stays in its brackets when products are multiplied out.

    >>> a, b = sympy.symbols("a b", integer=True, positive=True)
    >>> Bracket(2 * a - 2 * b), Bracket(a * b), (a * Bracket(a - b)).expand()
    (2*Bracket(a - b), a*b, a*Bracket(a - b))
    >>> Bracket(a / b + 1), Bracket(a / 2 + b / 2 + 1)
    (Bracket(a/b + 1), Bracket(a + b + 2)/2)
    >>> Bracket(a * b - a**2 / 2 + a / 2)
    a*Bracket(-a + 2*b + 1)/2
    """

    is_commutative = True

    @classmethod
    def eval(cls, inside: Expr) -> Any:
        if not inside.is_Add:
            return inside
        number, rest = inside.primitive()
        if number != 1:
            return number * cls(rest)
        factors = [powers(term) for term in inside.args]
        shared = monomial(common_powers(factors))
        if shared != 1 and all(n > 0 for found in factors for n in found.values()):
            return shared * cls(sympy.expand(inside / shared))
        if sum(bool(sympy.fraction(term)[1].free_symbols) for term in inside.args) > 1:
            above, below = sympy.fraction(sympy.together(inside))
            return cls(sympy.expand(above)) / below
        return None

    def _eval_is_integer(self) -> bool | None:
        return bool(self.args[0].is_integer) or None

    def _eval_is_positive(self) -> bool | None:
        return bool(self.args[0].is_positive) or None


def with_brackets(expr: Expr) -> Expr:
    """An expression in which sums that are factors stay in their brackets.

    >>> a, b = sympy.symbols("a b", integer=True, positive=True)
    >>> with_brackets(a * (a - b) ** 2 + a * (2 * a + 1) + b)
    a*Bracket(a - b)**2 + a*Bracket(2*a + 1) + b
    """
    if expr.is_Add:
        return sympy.Add(*map(with_brackets, expr.args))
    if expr.is_Mul:
        return sympy.Mul(*(_kept(factor) for factor in expr.args))
    return _kept(expr) if expr.is_Pow else expr


def _kept(factor: Expr) -> Expr:
    if factor.is_Add:
        return Bracket(factor)
    if factor.is_Pow and factor.base.is_Add and factor.exp.is_Integer:
        return Bracket(factor.base) ** factor.exp
    return factor


def opened(expr: Expr, *brackets: Bracket) -> Expr:
    """An expression without some of its brackets, or without all; it is not multiplied out."""
    those = brackets or expr.atoms(Bracket)
    return expr.xreplace({bracket: bracket.args[0] for bracket in those})


class Log(sympy.Function):  # type: ignore[misc]  # SymPy has no types
    """`Log(x, b)`: the logarithm of x to the base b, exact where it is rational.

    >>> s = sympy.Symbol("s", integer=True, positive=True)
    >>> Log(8, 4), Log(2**s, 2), Log(5, 2) > 2, sympy.floor(Log(5, 2))
    (3/2, s, True, 2)
    """

    @classmethod
    def eval(cls, value: Expr, base: Expr) -> Any:
        if value == 1:
            return sympy.Integer(0)
        if base.is_Rational and base > 1:
            if value.is_Rational:
                exponent = logarithm(*(Fraction(int(n.p), int(n.q)) for n in (value, base)))
                return None if exponent is None else sympy.Rational(exponent)
            if value.is_Pow and value.base == base:
                return value.exp
        return None

    def _eval_evalf(self, precision: int) -> Any:
        # only for comparisons, which SymPy makes with as many digits as it takes
        value, base = self.args
        return (sympy.log(value) / sympy.log(base))._eval_evalf(precision)

    def _eval_is_real(self) -> bool | None:
        value, base = self.args
        return True if value.is_positive and (base - 1).is_positive else None

    def _eval_is_nonnegative(self) -> bool | None:
        value, base = self.args
        return True if (value - 1).is_nonnegative and (base - 1).is_positive else None


class BigSum(sympy.Sum):  # type: ignore[misc]  # SymPy has no types
    """`BigSum(body, (i, first, last))`: a sum whose body stays as it is.

    SymPy's own puts the factors beside an indicator into its Piecewise.

    >>> i, n = sympy.symbols("i n", integer=True, positive=True)
    >>> BigSum(i * indicator(i > 2), (i, 1, n)).args[0]
    i*Piecewise((1, i > 2), (0, True))
    """

    def __new__(cls, body: Expr, *limits: Any) -> Expr:
        found = Expr.__new__(cls, sympy.sympify(body), *(sympy.Tuple(*over) for over in limits))
        found.is_commutative = True
        return found

    def doit(self, **hints: Any) -> Expr:
        """The terms where their number is known and not large; else a sum still."""
        body, (index, first, last) = (part.doit(**hints) for part in self.args)
        if first.is_Integer and last.is_Integer and last - first < MAX_TERMS:
            terms = (put_in(body, {index: Integer(i)}) for i in range(int(first), int(last) + 1))
            return sympy.Add(*(term.doit(**hints) for term in terms))
        return BigSum(body, (index, first, last))


def indicator(condition: Boolean) -> Expr:
    """One where a condition holds, zero where it does not."""
    return sympy.Piecewise((Integer(1), _told_apart(condition)), (Integer(0), True))


def unfolded(piecewise: Expr) -> Expr:
    """Values by cases as a sum of indicators with factors; SymPy folds i [i > 1] in a sum.

    >>> i = sympy.Symbol("i", integer=True)
    >>> unfolded(sympy.Piecewise((i, i > 1), (0, True))) == i * indicator(i > 1)
    True
    """
    if [value for value, _ in piecewise.args] == [1, 0]:
        return piecewise
    rest, parts = sympy.true, []
    for value, holds in piecewise.args:
        case = sympy.And(rest, holds)
        parts.append(value * (1 if case == sympy.true else indicator(case)))
        rest = sympy.And(rest, sympy.Not(holds))
    return sympy.Add(*parts)


def _told_apart(condition: Boolean) -> Boolean:
    """A condition without indicators in it, for which SymPy would ask in sets of real numbers."""
    inner = sorted(condition.atoms(sympy.Piecewise), key=sympy.default_sort_key)
    if not inner:
        return condition
    asked, rest, cases = inner[0], sympy.true, []
    excluded: dict[Boolean, Boolean] = {}
    for value, holds in asked.args:
        case = condition.xreplace({asked: value})
        case = case.xreplace({**excluded, sympy.Not(holds): sympy.false, holds: sympy.true})
        cases.append(sympy.And(rest, holds, _told_apart(case)))
        rest = sympy.And(rest, sympy.Not(holds))
        excluded |= {holds: sympy.false, sympy.Not(holds): sympy.true}
    return sympy.Or(*cases)


def cases_of(value: Any, case: Boolean = sympy.true) -> Iterator[tuple[Boolean, Any]]:
    """The cases of a value that is made of conditions, and what it is in each."""
    asked = sorted(value.atoms(sympy.Piecewise), key=sympy.default_sort_key)
    if not asked:
        yield case, value
        return
    condition = asked[0].args[0].cond
    for holds, other in ((condition, sympy.Not(condition)), (sympy.Not(condition), condition)):
        part = value.xreplace({holds: sympy.true, other: sympy.false})
        yield from cases_of(part, sympy.And(case, holds))


def put_in(expr: Any, values: Mapping[Any, Expr]) -> Any:
    """An expression or a condition with values in the place of symbols.

    Conditions first: where one does not hold, what it multiplies needs no value. A value may be
    made of indicators; what is asked about it is then told apart.

    >>> a, b = sympy.symbols("a b", integer=True, positive=True)
    >>> put_in(b / (a - 1) * indicator(a > 1), {a: Integer(1)})
    0
    """
    if isinstance(expr, Expr) and expr.has(sympy.Piecewise):
        asked = [p for p in expr.atoms(sympy.Piecewise) if p.has_free(*values)]
        cases = {
            p: [(put_in(value, values), _told_apart(c.xreplace(values))) for value, c in p.args]
            for p in asked
        }
        expr = expr.xreplace({p: sympy.Piecewise(*those) for p, those in cases.items()})
    return expr.xreplace(values)


FUNCTIONS: dict[str, Callable[..., Expr]] = {
    "floor": sympy.floor,
    "ceil": sympy.ceiling,
    "min": sympy.Min,
    "max": sympy.Max,
    "gcd": Gcd,
    "log": Log,
    "sqrt": sympy.sqrt,
}
