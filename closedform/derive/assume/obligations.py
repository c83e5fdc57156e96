"""What must hold: proved, required of a block, true of the defaults, or else refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import sympy
from sympy import Expr, Symbol
from sympy.logic.boolalg import Boolean

from closedform.derive.assume.knowledge import Knowledge
from closedform.derive.assume.store import Fact
from closedform.derive.symbolic.atoms import Divides, cases_of, put_in
from closedform.derive.symbolic.expansion import expand
from closedform.derive.symbolic.relations import plain_relation
from closedform.derive.symbolic.wording import say
from closedform.errors import Span, fail


class Obligations:
    """Obligations of one elaboration.

    A block in sizes of its own (`generic`) may require what it needs; a model must have it proved
    from its assumptions, or be defined for its defaults. `positive` collects sizes that are only
    known to be positive once they are numbers. `advise` gives the help to state a condition, in the
    words of the file.
    """

    advise: Callable[[Boolean], str | None]

    def __init__(self, known: Knowledge, generic: bool) -> None:
        self.known = known
        self.generic = generic
        self.defaults: dict[Symbol, Expr] = {}
        self.case: Boolean = sympy.true  # what is supposed where something is demanded
        self.positive: dict[Expr, Boolean] = {}  # and the cases in which a size is needed

    def whole(self, value: Expr, span: Span, what: str) -> None:
        """Demand that a value is an integer."""
        if self.known.integer(value):
            return
        said = f"{what} must be whole, and {say(value)} is not proved to be"
        numerator, denominator = sympy.fraction(sympy.together(self.known.base(value)))
        if value.is_Number or (denominator == 1 and not value.is_rational):
            message = f"{what} must be whole, and this is {say(value)}"
            raise fail("divides", message, span, _about_roots(value))
        if denominator.has(sympy.Piecewise) or numerator.has(sympy.Piecewise):
            for case, part in cases_of(self.known.base(value)):
                if not part.is_integer:
                    bottom, top = sympy.fraction(sympy.together(part))[::-1]
                    self.holds(sympy.Or(sympy.Not(case), Divides(bottom, top)), span, said)
            return
        top, bottom = sympy.fraction(sympy.together(value))
        condition = Divides(bottom, top)
        if condition in (sympy.true, sympy.false) or bottom == 1:
            condition = Divides(denominator, numerator)
        self.holds(condition, span, said)

    def holds(self, condition: Any, span: Span, message: str) -> None:
        """Demand a condition."""
        answer = self.known.decide(condition)
        if answer is True:
            return
        if answer is False:
            known = condition in (False, sympy.false)
            notes = [] if known else [f"{say(condition)} is false"]
            raise fail("divides", message, span, None, *notes)
        if not self.generic and not self._true_of_defaults(condition):
            help_ = self.advise(condition)
            raise fail("divides", message, span, help_, self.known.doubt(condition))
        self.take(condition, "required" if self.generic else "default", span)

    def take(self, condition: Boolean, reason: str, span: Span) -> None:
        """Rest on a condition from here on; inside a case, only for that case."""
        inside = self.case != sympy.true
        self.known.assume(Fact(condition, "case" if inside else reason, span))
        self.known.used.add(Fact(sympy.Or(sympy.Not(self.case), condition), reason, span))

    def possible(self, condition: Any, span: Span, message: str, reason: str = "possible") -> None:
        """Demand a condition without which there is no such tensor or value, for a reason; it need
        not be proved."""
        condition = plain_relation(condition)
        answer = self.known.decide(condition)
        if answer is False:
            raise fail("range", message, span)
        if answer is None:
            self.take(condition, reason, span)

    def not_empty(self, size: Expr) -> bool:
        """Whether a size is taken to be positive here, since an axis has it."""
        case = self.positive.get(size, sympy.false)
        return bool(sympy.Or(sympy.Not(self.case), case) == sympy.true)

    def _true_of_defaults(self, condition: Boolean) -> bool:
        base = condition.xreplace(self.known.definitions)
        if not base.free_symbols <= self.defaults.keys():
            return False
        return with_values(base, self.defaults) in (True, sympy.true)

    def axes(self, shape: Iterable[Expr], span: Span, what: str) -> tuple[Expr, ...]:
        """The sizes of a new tensor: whole, and not known to be empty."""
        axes = []
        for size in shape:
            axis = self.known.fold(size)
            self.whole(axis, span, f"an axis of {what}")
            lower, upper = self.known.bounds(self.known.base(axis))
            if upper is not None and upper <= 0:
                raise fail("shape", f"an axis of {what} has the size {say(axis)}", span)
            if lower is None or lower <= 0:
                for size in _factors(self.known.base(axis)):
                    self._is_positive(size, self.case)
            axes.append(axis)
        return tuple(axes)

    def in_all_steps(self, index: Symbol, first: Expr, last: Expr, span: Span) -> None:
        """What is positive by the index of a loop is so in its first and in its last step."""
        some = self.known.decide(sympy.Ge(last, first)) or sympy.Ge(last, first)
        for size, case in [pair for pair in self.positive.items() if pair[0].has_free(index)]:
            for word, step in (("first", first), ("last", last)):
                there = {index: self.known.base(step)}
                needed = sympy.And(some, case.xreplace(there))
                axis = expand(size.xreplace(there))
                lower, upper = self.known.bounds(axis)
                if upper is not None and upper <= 0 and needed == sympy.true:
                    message = f"an axis of size {say(size)} would be {say(axis)} in the {word} step"
                    raise fail("shape", message, span)
                if lower is None or lower <= 0:
                    for factor in _factors(axis) or [axis]:
                        self._is_positive(factor, needed)

    def _is_positive(self, size: Expr, case: Boolean) -> None:
        self.positive[size] = sympy.Or(self.positive.get(size, sympy.false), case)


def _about_roots(value: Expr) -> str | None:
    """A help for a root, which no condition of the language makes whole."""
    for power in sorted(value.atoms(sympy.Pow), key=str):
        if power.exp == sympy.Rational(1, 2):
            return f"take {say(power)} as a size `side`, and write side^2 for {say(power.base)}"
    return None


def _factors(axis: Expr) -> list[Expr]:
    """What must be positive for an axis to be: its factors, or a negative product as a whole.

    A ratio is positive, and need not be whole: A D is, where 1 | A D.
    """
    number, rest = axis.as_coeff_Mul()
    if number.is_negative:
        return [axis]
    bases = [factor.as_base_exp()[0] for factor in sympy.Mul.make_args(rest)]
    ratios = {base for base in bases if base.is_Symbol and base.is_positive and not base.is_integer}
    return [base for base in bases if not base.is_Number and base not in ratios]


def with_values(expr: Any, values: dict[Symbol, Expr]) -> Any:
    """An expression or a condition with symbols replaced by values that may hold others."""
    for _ in range(len(values) + 1):
        replaced = put_in(expr, values)
        if replaced == expr:
            break
        expr = replaced
    return expr
