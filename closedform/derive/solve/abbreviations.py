"""Abbreviations in a formula: each `let` of the file stands where it replaces a size."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import sympy
from sympy import Expr, Integer, Symbol

from closedform.data import dataclass
from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.symbolic.atoms import put_in
from closedform.derive.symbolic.expansion import expand


@dataclass(frozen=True)
class InAbbreviations:
    """Puts each `let` of the file in the place of a size that it replaces altogether.

    A size that a model names is put in where the formula has it already. What `whole` gives, the
    formula of the model, decides for its parts too whether e, which is D/H, stands beside D.
    """

    derivation: Derivation
    whole: Callable[[], Expr]

    def __call__(self, expr: Expr) -> Expr:
        spelled = self.derivation.known.spelled
        for symbol in self.derivation.lets:
            if symbol in self.derivation.stage_symbols:
                continue  # it stands in what its stage costs
            if symbol in self._beside:
                expr = _by_quotients(expr, symbol, spelled[symbol])
            else:
                expr = bring_in(expr, symbol, spelled[symbol], set(spelled))
        for symbol, definition in spelled.items():
            if symbol not in self.derivation.stage_symbols and expr.has_free(symbol):
                expr = _in_one_size(expr, symbol, definition)
        for symbol, value in equalities(self.derivation).items():
            if symbol in self._of_claim:
                continue
            if expr.has(symbol):
                candidate = bring_in(expr, symbol, value, set(spelled))
                if _fewer(candidate, expr) and candidate.count_ops() < expr.count_ops():
                    expr = candidate
            expr = _by_product(expr, symbol, value)
        return expr

    @cached_property
    def _beside(self) -> frozenset[Symbol]:
        """The quotients of two sizes, D/H, that stand beside D in the formula of the model."""
        spelled = self.derivation.known.spelled
        quotients = [s for s in self.derivation.lets if _above_and_below(spelled[s])]
        if not quotients:
            return frozenset()
        whole = expand(self.whole())
        return frozenset(s for s in quotients if _is_beside(whole, s, spelled[s]))

    @property
    def _of_claim(self) -> set[Symbol]:
        """The sizes in the conditions of a claim, which writes its formula without these."""
        facts = self.derivation.known.facts
        return set().union(*(f.condition.free_symbols for f in facts if f.reason == "when"))


@dataclass(frozen=True)
class AtGivenNumbers:
    """Puts numbers in the place of sizes that have these under the conditions of a derivation."""

    derivation: Derivation

    def __call__(self, expr: Expr) -> Expr:
        known = self.derivation.known
        if all(fact.reason != "given" for fact in known.facts):
            return expr
        values = {symbol: known.base(symbol) for symbol in expr.free_symbols}
        return put_in(expr, {symbol: value for symbol, value in values.items() if value.is_number})


def equalities(derivation: Derivation) -> dict[Symbol, Expr]:
    """Sizes that are assumed to be equal to others: n, where n == side^2 is required."""
    known = derivation.known
    return {s: value for s, value in known.definitions.items() if s not in known.spelled}


def in_stages(derivation: Derivation, expr: Expr) -> Expr:
    """What one operation costs, with each product or quotient that a `let` names for its stage.

    It is put in where it takes a quotient away; and for a size of its stage where it has no others,
    which other stages may have as well. It is written out where that takes a quotient away, as in
    M^2/(X D) where M is X D, or a size, as in H e where H is D/e.
    """
    stages, spelled = derivation.stage_symbols, derivation.known.spelled
    named_stages = [symbol for symbol in derivation.lets if symbol in stages]
    for symbol in sorted(named_stages, key=lambda s: -stages[s][1]):  # its own before those before
        definition = spelled[symbol]
        if not (definition.is_Mul or definition.is_Pow):
            continue
        if definition.as_coeff_Mul()[1].is_Symbol:
            continue
        if all(s in stages and stages[s][1] == stages[symbol][1] for s in definition.free_symbols):
            expr = bring_in(expr, symbol, definition, set(spelled))
        terms = sympy.Add.make_args(expand(expr))
        named = [(term, expand(term / definition) * symbol) for term in terms]
        terms = [min(pair, key=_parts) for pair in named]
        expr = sympy.Add(*(_written_out(term, symbol, definition) for term in terms))
    return expr


def _parts(term: Expr) -> tuple[int, int]:
    """How many quotients a product has, and how many sizes: X D^2 is more than M D."""
    powers = term.as_powers_dict()
    sizes = sum(abs(int(n)) for base, n in powers.items() if n.is_Integer and not base.is_number)
    return _powers_below(term), sizes


def _written_out(term: Expr, symbol: Symbol, definition: Expr) -> Expr:
    """A term with what a symbol stands for, where the symbol meets what it is divided by.

    >>> from closedform.derive.symbolic.symbols import size_symbol
    >>> X, D, M, H, e = map(size_symbol, "XDMHe")
    >>> _written_out(9 * M**2 / (X * D), M, X * D), _written_out(H * D * e, H, D / e)
    (9*M, D**2)
    >>> _written_out(M * D, M, X * D)
    D*M
    """
    if not term.has_free(symbol):
        return term
    other = term / symbol * definition
    fewer = _powers_below(other) < _powers_below(term)
    above, below = sympy.fraction(definition)
    cancels = above.is_Symbol and below.is_Symbol and not other.has_free(below)
    return other if fewer or cancels else term


def _above_and_below(definition: Expr) -> tuple[Symbol, Symbol] | None:
    """D and H of D/H; None for what is no quotient of two sizes."""
    above, below = sympy.fraction(definition)
    return (above, below) if above.is_Symbol and below.is_Symbol else None


def _by_quotients(expr: Expr, symbol: Symbol, definition: Expr) -> Expr:
    """A formula with e for D/H in its quotients, and with D where it has no quotient.

    >>> from closedform.derive.symbolic.symbols import size_symbol
    >>> D, H, G, F, e = map(size_symbol, "DHGFe")
    >>> _by_quotients(D**2 * G / H + 2 * D**2 + 2 * D * F, e, D / H)
    2*D**2 + 2*D*F + D*G*e
    """
    _, below = sympy.fraction(definition)
    return sympy.Add(
        *(
            term / definition * symbol if _divides_by(term, below) else term
            for term in sympy.Add.make_args(expr)
        )
    )


def _is_beside(expr: Expr, symbol: Symbol, definition: Expr) -> bool:
    """Whether e, which is D/H, stands beside D: most terms have D itself, and not in a quotient.

    >>> from closedform.derive.symbolic.symbols import size_symbol
    >>> D, H, G, F, e = map(size_symbol, "DHGFe")
    >>> _is_beside(D**2 * G / H + 2 * D**2 + 2 * D * F, e, D / H)
    True
    >>> _is_beside(D**2 / H + D * F, e, D / H)
    False
    """
    above, below = sympy.fraction(definition)
    terms = sympy.Add.make_args(expr)
    plain = [term for term in terms if not _divides_by(term, below)]
    if len(plain) == len(terms) and not expr.has(symbol):
        return False
    if _powers_below(_by_quotients(expr, symbol, definition)):
        return False
    return bool(2 * sum(term.has(above) for term in plain) > len(terms))


def _divides_by(term: Expr, size: Symbol) -> bool:
    return bool(sympy.fraction(term)[1].has_free(size))


def bring_in(expr: Expr, symbol: Symbol, definition: Expr, kept: set[Symbol]) -> Expr:
    """Put an abbreviation in the place of a size, where that leaves no root and no new quotient."""
    for size in sorted((definition.free_symbols & expr.free_symbols) - kept, key=str):
        solution = _solved(definition, symbol, size)
        if solution is None:
            continue
        candidate = expand(expr.xreplace({size: solution}))
        better = _terms_with(candidate, symbol) > _terms_with(expr, symbol) or _fewer(
            candidate, expr
        )
        if better and _powers_below(candidate) <= _powers_below(expr):
            return candidate
    return expr


def _in_one_size(expr: Expr, symbol: Symbol, definition: Expr) -> Expr:
    """A formula in n and T, where n = T/4 - 1, in n alone; not where it would get longer."""
    (size,) = definition.free_symbols if len(definition.free_symbols) == 1 else (symbol,)
    if size == symbol or not expr.has(symbol) or not expr.has(size):
        return expr
    solution = _solved(definition, symbol, size)
    if solution is None or not solution.is_polynomial(symbol):
        return _by_powers(expr, symbol, definition, size)
    candidate = expand(expr.xreplace({size: solution}))
    return expr if _fewer(expr, candidate) else candidate


def _by_powers(expr: Expr, symbol: Symbol, definition: Expr, size: Symbol) -> Expr:
    """A formula in m and N, where N = m^2, in N alone, if it has even powers of m only."""
    number, power = definition.as_coeff_Mul()
    base, exponent = power.as_base_exp()
    if base != size or not (exponent.is_Integer and exponent > 1):
        return expr
    terms = []
    for term in sympy.Add.make_args(expr):
        times = term.as_powers_dict().get(size, Integer(0))
        rest = term / size**times
        if rest.has(size) or not (times / exponent).is_Integer or times < 0:
            return expr
        terms.append(rest * (symbol / number) ** (times / exponent))
    return sympy.Add(*terms)


def _by_product(expr: Expr, symbol: Symbol, value: Expr) -> Expr:
    """A formula with D for each H E, where D is that product of sizes.

    >>> from closedform.derive.symbolic.symbols import size_symbol
    >>> D, H, G, E = map(size_symbol, "DHGE")
    >>> _by_product(2 * D * E * H + D * G * E, D, H * E)
    2*D**2 + D*E*G
    """
    powers = value.as_powers_dict() if value.is_Mul else {}
    if not all(size.is_Symbol and power.is_Integer and power > 0 for size, power in powers.items()):
        return expr
    terms = []
    for term in sympy.Add.make_args(expr) if powers else ():
        found = term.as_powers_dict()
        times = min(sympy.floor(found.get(size, 0) / power) for size, power in powers.items())
        terms.append(expand(term / value**times * symbol**times) if times > 0 else term)
    return sympy.Add(*terms) if terms else expr


def _fewer(expr: Expr, other: Expr) -> bool:
    return len(sympy.Add.make_args(expr)) < len(sympy.Add.make_args(other))


def _solved(definition: Expr, symbol: Symbol, size: Symbol) -> Expr | None:
    """The size from `symbol = definition`, where it stands in a product or in a plain sum."""
    if definition.has(sympy.Piecewise):
        return None  # it holds in one case only
    constant, rest = definition.as_independent(size, as_Add=True)
    coefficient, power = rest.as_independent(size, as_Add=False)
    base, exponent = power.as_base_exp()
    if base != size or not exponent.is_Rational or coefficient.has(size):
        return None
    return sympy.powdenest(((symbol - constant) / coefficient) ** (1 / exponent), force=True)


def _terms_with(expr: Expr, symbol: Symbol) -> int:
    return sum(term.has(symbol) for term in sympy.Add.make_args(expr))


def _powers_below(expr: Expr) -> int:
    """How many powers of an expression are roots or quotients."""
    return sum(
        bool(power.exp.is_negative or (power.exp.is_Rational and not power.exp.is_Integer))
        for power in expr.atoms(sympy.Pow)
    )
