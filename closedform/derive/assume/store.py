"""The store of what is taken as true: abbreviations, assumptions, and which of these were used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import field
from typing import Any, Self

import sympy
from sympy import Expr, Symbol
from sympy.logic.boolalg import Boolean

from closedform.data import dataclass
from closedform.derive.symbolic.atoms import Divides, put_in
from closedform.derive.symbolic.expansion import expand
from closedform.derive.symbolic.relations import being, implies
from closedform.derive.symbolic.wording import say
from closedform.errors import Span

ROUNDED = (sympy.floor, sympy.ceiling, sympy.Max, sympy.Min)


@dataclass(frozen=True)
class Fact:
    """A condition taken as true, and why: stated, required by an operation, or a default."""

    condition: Boolean
    reason: str = "assumed"
    span: Span | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return say(self.condition)

    @property
    def why(self) -> str:
        """What made it a fact, as an error says it."""
        return {
            "assumed": "assumed",
            "required": "required",
            "default": "needed, and true of the defaults,",
            "possible": "needed, for the other case has no shape,",
            "chosen": "needed, for no more are chosen than there are,",
            "axis": "needed, for no axis is empty,",
            "shared": "needed, for weights that are shared count once,",
            "divisor": "needed, for else something is divided by 0,",
            "when": "a condition of the claim",
            "given": "a condition of this derivation",
        }[self.reason]


class Store:
    """Abbreviations and facts; a proof that needs a fact adds it to those that were used."""

    def __init__(self) -> None:
        self.definitions: dict[Symbol, Expr] = {}
        self.spelled: dict[Symbol, Expr] = {}
        self.names: dict[Expr, Symbol] = {}
        self.facts: list[Fact] = []
        self.equalities: dict[Symbol, Fact] = {}  # what is assumed to be equal to something else
        self.used: set[Fact] = set()
        self.ranges: dict[Symbol, tuple[Expr, Expr]] = {}  # of the indices of loops
        # What was worked out by these definitions, and with these abbreviations.
        self._bases: tuple[dict[Symbol, Expr], dict[Expr, Expr]] = (self.definitions, {})
        self._renamed: dict[Expr, Expr] = {}

    # Abbreviations -------------------------------------------------------------------------

    def define(self, symbol: Symbol, value: Expr) -> None:
        """Let a symbol stand for a value."""
        base = self.base(value)
        self.definitions[symbol] = base
        self._forget()
        self.spelled[symbol] = value
        if not base.is_Symbol and not base.is_Number:
            self.names[base] = symbol

    def _forget(self) -> None:
        """Work out anew what rests on definitions."""
        self._bases, self._renamed = (self.definitions, {}), {}

    def base(self, expr: Expr) -> Expr:
        """An expression without abbreviations."""
        if not self.definitions:
            return expr
        if self._bases[0] is not self.definitions:
            self._forget()
        found = self._bases[1]
        if expr not in found:
            free = expr.has_free(*self.definitions)
            found[expr] = expand(put_in(expr, self.definitions)) if free else expr
        return found[expr]

    def fold(self, expr: Expr) -> Expr:
        """The abbreviation of an expression when it has one, else the expression.

        What comes to a size of the file is that size: H e, where H abbreviates D/e, is D.
        """
        if expr.is_Symbol or expr.is_Number:
            return expr
        base = expand(self.base(expr))
        return base if base.is_Symbol or base.is_Number else self.names.get(base, expr)

    def normal(self, expr: Any) -> Any:
        """An expression in one form, to be compared with others."""
        return expand(self.renamed(expr)) if isinstance(expr, Expr) else expr

    def copied(self) -> Self:
        """All that is known now, to come back to with `restore`."""
        copy = type(self)()
        copy.restore(self)
        return copy

    def restore(self, other: Store) -> None:
        """Know what the other knows, and no more."""
        self.definitions, self.spelled = dict(other.definitions), dict(other.spelled)
        self._forget()
        self.names, self.facts = dict(other.names), list(other.facts)
        self.equalities = dict(other.equalities)
        self.ranges, used = dict(other.ranges), set(other.used)
        self.used.clear()  # not another set: `recording` has given this one away
        self.used |= used

    def renamed(self, expr: Expr) -> Expr:
        """An expression with abbreviations wherever what they stand for can be seen."""
        if expr not in self._renamed:
            self._renamed[expr] = self._with_names(expr)
        return self._renamed[expr]

    def _with_names(self, expr: Expr) -> Expr:
        named = {value: symbol for symbol, value in self.spelled.items() if not value.is_Atom}
        expr = expr.xreplace(named)
        if not expr.has(*ROUNDED):
            return expr
        for symbol, value in self.spelled.items():
            rounded = value.atoms(*ROUNDED)
            for atom in sorted(rounded & expr.atoms(*ROUNDED), key=str) if rounded else ():
                factor, rest = value.coeff(atom), value - value.coeff(atom) * atom
                if factor.is_Number and factor != 0 and rest.is_Number:
                    expr = expr.xreplace({atom: (symbol - rest) / factor})
        return expr

    # Assumptions ---------------------------------------------------------------------------

    def assume(self, fact: Fact) -> None:
        """Add a fact to what is known; what holds anyway says nothing.

        >>> from closedform.derive.symbolic.symbols import size_symbol
        >>> store, n = Store(), size_symbol("n")
        >>> store.assume(Fact(n > 3))
        >>> store.assume(Fact(n >= 1))
        >>> [str(fact) for fact in store.facts]
        ['n > 3']
        """
        condition = fact.condition
        if isinstance(condition, sympy.And):
            for part in condition.args:
                self.assume(Fact(part, fact.reason, fact.span))
            return
        if condition == sympy.true:
            return
        self.facts.append(fact)
        if isinstance(condition, sympy.Eq):
            left, right = condition.args
            if self._is_size(right) and not self._is_size(left):
                left, right = right, left
            if self._is_size(left) and not self.base(right).has(left):
                told = {
                    symbol: expand(value.xreplace({left: right}))
                    for symbol, value in self.definitions.items()
                }
                self.definitions = told
                told[left] = self.base(right)
                self._forget()
                self.equalities[left] = fact
                self.used.add(fact)

    def _is_size(self, expr: Expr) -> bool:
        """Whether a value is a size that can be told by others; an abbreviation is told already."""
        return bool(expr.is_Symbol) and expr not in self.spelled

    def written_out(self) -> Iterator[tuple[Fact, Boolean]]:
        """Each fact with what it says in sizes that no other fact tells.

        Where one tells a size by others, it says that this is one: of `r == p - q` that p - q is
        at least 1, and of `r == p/q` that q divides p.
        """
        for fact in self.facts:
            yield fact, fact.condition.xreplace(self.definitions)
        for size, fact in self.equalities.items():
            for condition in being(size, self.definitions[size]):
                yield fact, condition

    def without_equalities(self) -> Self:
        """All that is known but for the equalities that define a size."""
        copy = type(self)()
        copy.ranges = dict(self.ranges)
        for symbol, value in self.spelled.items():
            copy.define(symbol, value)
        for fact in self.facts:
            if fact not in self.equalities.values():
                copy.assume(fact)
        return copy

    def without_facts(self) -> Self:
        """The abbreviations and the ranges of indices alone."""
        copy = type(self)()
        copy.ranges = dict(self.ranges)
        for symbol, value in self.spelled.items():
            copy.define(symbol, value)
        return copy

    @contextmanager
    def recording(self) -> Iterator[set[Fact]]:
        """Collect the facts used inside; they count as used outside as well."""
        outer, self.used = self.used, set()
        try:
            yield self.used
        finally:
            outer |= self.used
            self.used = outer

    def without_implied(self, facts: Iterable[Fact]) -> list[Fact]:
        """Facts less those that follow from another of them; what is stated goes last."""
        kept = sorted((fact for fact in facts if fact.condition != sympy.true), key=str)
        written_out = {fact: self._written_out(fact.condition) for fact in kept}
        for fact in sorted(kept, key=lambda fact: fact.reason == "assumed"):
            others = [other for other in kept if other is not fact]
            if any(implies(written_out[other], written_out[fact]) for other in others):
                kept = others
        return kept

    def _written_out(self, condition: Boolean) -> Boolean:
        """A divisibility without abbreviations, where it is still one."""
        base = condition.xreplace(self.definitions)
        return base if isinstance(base, Divides) else condition

    def divisions(self) -> Iterator[tuple[Expr, Expr, Fact]]:
        """Divisor, dividend and fact of every divisibility that is assumed.

        A size that is assumed to be a quotient is whole: where E == D/H, H divides D.
        """
        for fact in self.facts:
            if isinstance(fact.condition, Divides):
                divisor, dividend = fact.condition.args
                yield self.base(divisor), self.base(dividend), fact
        for size, fact in self.equalities.items():
            dividend, divisor = sympy.fraction(sympy.together(self.definitions[size]))
            if size.is_integer and divisor != 1:
                yield divisor, dividend, fact
