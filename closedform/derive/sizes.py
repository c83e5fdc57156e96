"""The symbols of sizes, divisibility as a condition, and how errors name them."""

from __future__ import annotations

from functools import cache
from math import comb, prod
from typing import Any

import sympy
from sympy import Expr, Symbol
from sympy.logic.boolalg import BooleanFunction
from sympy.printing.str import StrPrinter

from closedform.errors import Diagnostic, LimitError


def size_symbol(name: str) -> Symbol:
    """The symbol of a size: a positive integer."""
    return Symbol(name, integer=True, positive=True)


def ratio_symbol(name: str) -> Symbol:
    """The symbol of a positive rational number."""
    return Symbol(name, rational=True, positive=True)


MAX_TERMS = 50_000


def expand(expr: Expr) -> Expr:
    """An expression as a sum of products. Raises LimitError where that would never end.

    >>> a, b = size_symbol("a"), size_symbol("b")
    >>> expand((a + b) ** 2)
    a**2 + 2*a*b + b**2
    """
    if terms_of(expr) > MAX_TERMS:
        raise LimitError(
            Diagnostic("limit", f"a formula would have more than {MAX_TERMS:,} terms written out")
        )
    return sympy.expand(expr)


def terms_of(expr: Expr) -> int:
    """At most how many terms an expression has once it is expanded."""
    if expr.is_Add:
        return sum(map(terms_of, expr.args))
    if expr.is_Mul:
        return prod(map(terms_of, expr.args))
    if expr.is_Pow and expr.exp.is_Integer and expr.exp > 1:
        terms = terms_of(expr.base)
        return 1 if terms == 1 else comb(terms + int(expr.exp) - 1, int(expr.exp))
    return 1


class Divides(BooleanFunction):  # type: ignore[misc]  # SymPy has no types
    """`Divides(a, b)`: a divides b."""

    @classmethod
    def eval(cls, divisor: Expr, dividend: Expr) -> Any:
        if divisor.is_Integer and dividend.is_Integer and divisor != 0:
            return sympy.true if dividend % divisor == 0 else sympy.false
        if divisor.is_Rational and dividend.is_Rational:
            return sympy.false
        return None

    def _sympystr(self, printer: Any) -> str:
        return f"{printer.doprint(self.args[0])} | {printer.doprint(self.args[1])}"


class Log(sympy.Function):  # type: ignore[misc]  # SymPy has no types
    """`Log(x, b)`: the logarithm of x to the base b, exact where x is a power of b."""

    @classmethod
    def eval(cls, value: Expr, base: Expr) -> Any:
        if value == 1:
            return sympy.Integer(0)
        if value.is_Integer and base.is_Integer and base > 1:
            exponent, rest = 0, value
            while rest % base == 0:
                rest, exponent = rest // base, exponent + 1
            return sympy.Integer(exponent) if rest == 1 else None
        return None

    def _eval_is_nonnegative(self) -> bool | None:
        value, base = self.args
        return True if (value - 1).is_nonnegative and (base - 1).is_positive else None


@cache
def plain_relation(condition: Any) -> Any:
    """An inequality with whole coefficients and what is subtracted on the other side.

    Two that differ only in how they are written become the same; other conditions stay.

    >>> n, w = size_symbol("n"), size_symbol("w")
    >>> say(plain_relation(n - w >= 0)), say(plain_relation(0 < n / 2 - 3))
    ('w <= n', 'n > 6')
    """
    if not isinstance(condition, sympy.Lt | sympy.Le | sympy.Gt | sympy.Ge):
        return condition
    strict = isinstance(condition, sympy.Lt | sympy.Gt)
    constant, rest = expand(condition.gts - condition.lts).as_coeff_Add()
    content = rest.as_content_primitive()[0] if rest != 0 else 1
    terms = sympy.Add.make_args(rest / content + constant / content)
    more = sympy.Add(*(term for term in terms if not term.could_extract_minus_sign()))
    less = -sympy.Add(*(term for term in terms if term.could_extract_minus_sign()))
    if less.is_number:
        return sympy.Gt(more, less) if strict else sympy.Ge(more, less)
    return sympy.Lt(less, more) if strict else sympy.Le(less, more)


def implies(strong: Any, weak: Any) -> bool:
    """Whether one condition simply follows from another: 32 | n gives 8 | n, n > 6 gives n > 2.

    >>> n = size_symbol("n")
    >>> implies(Divides(32 * n, n**2), Divides(8, n)), implies(n > 6, n >= 2), implies(n > 2, n > 6)
    (True, True, False)
    """
    if isinstance(strong, Divides) and isinstance(weak, Divides):
        (divisor, dividend), (other, multiple) = strong.args, weak.args
        return bool(expand(multiple * divisor / (other * dividend)).is_integer)
    strong, weak = plain_relation(strong), plain_relation(weak)
    inequalities = sympy.Lt | sympy.Le | sympy.Gt | sympy.Ge
    if not (isinstance(strong, inequalities) and isinstance(weak, inequalities)):
        return bool(strong == weak)
    further = expand(weak.gts - weak.lts - strong.gts + strong.lts)
    stricter = isinstance(weak, sympy.Lt | sympy.Gt) and isinstance(strong, sympy.Le | sympy.Ge)
    return bool(further.is_positive if stricter else further.is_nonnegative)


def say(value: Any) -> str:
    """A size or a condition as it is written in the language."""
    return str(_Saying().doprint(value))


class _Saying(StrPrinter):  # type: ignore[misc]  # SymPy has no types
    """SymPy's text, in the words of the language."""

    def _print_Pow(self, expr: Expr, rational: bool = False) -> str:
        return str(super()._print_Pow(expr, rational)).replace("**", "^")

    def _print_ceiling(self, expr: Expr) -> str:
        return f"ceil({self.doprint(expr.args[0])})"

    def _print_Piecewise(self, expr: Expr) -> str:
        return f"[{self.doprint(expr.args[0][1])}]"

    def _print_Dummy(self, expr: Expr) -> str:
        return str(expr.name)

    def _print_Relational(self, expr: Any) -> str:
        left, right = map(self.doprint, expr.args)
        return f"{left} {expr.rel_op} {right}"

    def _print_And(self, expr: Any) -> str:
        return " and ".join(self.doprint(part) for part in sorted(expr.args, key=str))

    def _print_Or(self, expr: Any) -> str:
        return " or ".join(self.doprint(part) for part in sorted(expr.args, key=str))

    def _print_Not(self, expr: Any) -> str:
        return f"not ({self.doprint(expr.args[0])})"
