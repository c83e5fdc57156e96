"""Expressions as polynomials in sizes and in atoms such as floor(n/p), and the signs of these."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import lru_cache
from math import prod

import sympy
from sympy import Expr, Integer, Symbol

from closedform.derive.assume.proofs.linear import CONSTANT, Row, infeasible
from closedform.derive.symbolic.atoms import Gcd
from closedform.derive.symbolic.expansion import expand, terms_of

MAX_TERMS = 400
MAX_SPREAD = 1000  # terms of a sum once it is shifted
MAX_PRODUCTS = 24  # of a fact and a size, for one question
MAX_BITS = 40  # of a number that is taken apart into primes


def fraction_of(expr: Expr) -> tuple[Expr, Expr]:
    """Numerator and denominator, both written out."""
    numerator, denominator = sympy.fraction(sympy.together(expr))
    return expand(numerator), expand(denominator)


def in_primes(expr: Expr) -> Expr:
    """An expression in which powers of numbers that are one are written alike.

    >>> r = sympy.Symbol("r", integer=True, positive=True)
    >>> in_primes(4**r - 2 ** (2 * r)), in_primes(24**r - 2 ** (3 * r) * 3**r + r)
    (0, r)
    """
    if not any(_is_of_number(power) for power in expr.atoms(sympy.Pow)):
        return expr
    atoms = Atoms()
    plain = expand(atoms.polynomial(expr))
    return plain.xreplace({symbol: atom for atom, symbol in atoms.symbols.items()})


def _is_of_number(power: Expr) -> bool:
    """Whether it is a power of a number, whose exponent is none."""
    base, exponent = power.args
    small = base.is_Rational and max(abs(base.p), base.q).bit_length() <= MAX_BITS
    return bool(small and base > 0 and not exponent.is_number)


def sign_factors(expr: Expr) -> tuple[Expr, list[Expr]]:
    """The factors of a sum that may be below 0, and those whose squares stand beside them.

    >>> a, b = sympy.symbols("a b", integer=True, positive=True)
    >>> sign_factors(sympy.expand(a * (b - 1) * (a + b))), sign_factors(a**2 - 2 * a * b + b**2)
    ((b - 1, []), (1, [a - b]))
    """
    atoms = Atoms()
    top, bottom = fraction_of(expr)
    plain = atoms.polynomial(top)
    back = {symbol: atom for atom, symbol in atoms.symbols.items()}
    if not positive(bottom) or not plain.is_polynomial() or terms_of(plain) > MAX_TERMS:
        return expr, []
    number, factors = sympy.factor_list(plain)
    left = [factor for factor, times in factors if times % 2 and not positive(factor)]
    even = [factor for factor, times in factors if times % 2 == 0 and not positive(factor)]
    squares = [factor.xreplace(back) for factor in even]
    return expand(sympy.Mul(number, *left).xreplace(back)), squares


class Atoms:
    """Symbols for what is no polynomial: a floor, a power 2^s, a root, a sum without a form."""

    def __init__(self) -> None:
        self.symbols: dict[Expr, Symbol] = {}

    def polynomial(self, expr: Expr) -> Expr:
        """An expression with a symbol for each atom in it."""
        if expr.is_Symbol or expr.is_Rational:
            return expr
        if expr.is_Add or expr.is_Mul:
            return expr.func(*map(self.polynomial, expr.args))
        if expr.is_Pow:
            return self._power(expr)
        return self._symbol(expr)

    def bounds(self) -> list[Expr]:
        """What is at least 0 by the meaning of the atoms."""
        found: list[Expr] = []
        for atom, symbol in list(self.symbols.items()):
            if isinstance(atom, sympy.floor):
                top, bottom = fraction_of(atom.args[0])
                if bottom.is_positive and top.is_integer and bottom.is_integer:
                    top, bottom = self.polynomial(top), self.polynomial(bottom)
                    rest = expand(top - bottom * symbol)
                    found += [rest, expand(bottom - 1 - rest)]
            elif isinstance(atom, Gcd):  # no larger than either of its sizes
                sizes = [size for size in atom.args if size.is_positive]
                found += [expand(self.polynomial(size) - symbol) for size in sizes]
            elif atom.is_Pow and _is_of_number(atom):  # 3^r is at least 1 + 2 r
                base, exponent = atom.args
                if exponent.is_integer and exponent.is_nonnegative:
                    least = 1 + (base - 1) * self.polynomial(exponent)
                    found.append(expand(symbol - least))
        return found

    def _power(self, expr: Expr) -> Expr:
        base, exponent = expr.args
        if _is_of_number(expr):
            return self._primes(base, exponent)
        if exponent.is_Integer:
            return self.polynomial(base) ** exponent
        if exponent.is_Rational:  # n^(3/2) is n sqrt(n)
            whole, part = divmod(exponent, 1)
            return self.polynomial(base) ** whole * self._symbol(base**part)
        return self._symbol(expr)

    def _primes(self, base: Expr, exponent: Expr) -> Expr:
        """A power of a number by those of its primes: 12^(r + 1) is 12 (2^r)^2 3^r."""
        found: Expr = Integer(1)
        for prime, times in sympy.factorrat(base).items():
            for term in sympy.Add.make_args(expand(times * exponent)):
                number, rest = term.as_coeff_Mul()
                if rest == 1:
                    found *= self.polynomial(Integer(prime) ** number)
                else:
                    found *= self._symbol(Integer(prime) ** (rest / number.q)) ** number.p
        return found

    def _symbol(self, atom: Expr) -> Symbol:
        return self.symbols.setdefault(atom, _symbol_of(atom))


@lru_cache(maxsize=4096)
def _symbol_of(atom: Expr) -> Symbol:
    """One symbol for an atom in every question, so that what was multiplied out stays known."""
    positive = atom.is_positive
    return sympy.Dummy(
        "a",
        integer=atom.is_integer,
        positive=positive or None,
        nonnegative=(positive or atom.is_nonnegative or _counts(atom)) or None,
    )


def _counts(atom: Expr) -> bool:
    """Whether an atom is a floor or a ceiling of what is at least 0."""
    return isinstance(atom, sympy.floor | sympy.ceiling) and bool(atom.args[0].is_nonnegative)


def least(symbol: Symbol) -> Integer | None:
    """The least value of a symbol by its kind; None when it has none."""
    if symbol.is_positive and symbol.is_integer:
        return Integer(1)
    return Integer(0) if symbol.is_nonnegative else None


def shifted(expr: Expr) -> Expr:
    """An expression in what each size has beyond its least, which is at least 0."""
    values = {s: _beyond(s) + 1 for s in expr.free_symbols if least(s) == 1}
    if not values or spread(expr) > MAX_SPREAD:
        return expr
    return expand(expr.xreplace(values))


def spread(expr: Expr) -> int:
    """At most how many terms a sum has once it is shifted: 2 for n, 6 for n w^2.

    >>> n, w = sympy.symbols("n w", integer=True, positive=True)
    >>> spread(n * w**2 + 2 * n + 1)
    9
    """
    terms = (term.as_powers_dict() for term in sympy.Add.make_args(expr))
    return sum(prod(1 + _times_shifted(*power) for power in powers.items()) for powers in terms)


def _times_shifted(base: Expr, exponent: Expr) -> int:
    return int(exponent) if base.is_Symbol and least(base) == 1 and exponent.is_Integer else 0


@lru_cache(maxsize=4096)
def _beyond(symbol: Symbol) -> Symbol:
    return sympy.Dummy(symbol.name, integer=True, nonnegative=True)


def nonnegative(expr: Expr) -> bool:
    """Whether every size gives a polynomial a value of at least 0, as its terms show."""
    plain = Atoms().polynomial(expand(expr))
    return _none_below(plain) or _none_below(shifted(plain))


def positive(expr: Expr) -> bool:
    """Whether every size gives a polynomial a value above 0, as its terms show.

    >>> n, w = sympy.symbols("n w", integer=True, positive=True)
    >>> positive(n * w - w + 1), positive(n - w)
    (True, False)
    """
    plain = Atoms().polynomial(expand(expr))
    return any(
        any(term.is_positive for term in sympy.Add.make_args(form)) and _none_below(form)
        for form in (plain, shifted(plain))
    )


def _none_below(expr: Expr) -> bool:
    return all(map(_not_below, sympy.Add.make_args(expr)))


def _not_below(term: Expr) -> bool:
    number, rest = term.as_coeff_Mul()
    return bool(number >= 0 and (rest == 1 or rest.is_nonnegative))


def refuted(question: Sequence[Expr], facts: Iterable[Expr]) -> bool:
    """Whether it is proved that not all of some polynomials are at least 0.

    `facts` are at least 0; those that share no size with the question are left aside. A fact may
    be multiplied by a size.

    >>> n, w, d = sympy.symbols("n w d", integer=True, positive=True)
    >>> refuted([d * w - d * n - 1], [n - w]), refuted([w - n - 1], [])
    (True, False)
    """
    atoms = Atoms()
    asked = [atoms.polynomial(expr) for expr in question]
    known = [e for e in map(atoms.polynomial, facts) if e.is_polynomial()]
    if not all(expr.is_polynomial() for expr in asked):
        return False  # a size below the bar, inside an atom that was put in
    known = _related(asked, [*known, *atoms.bounds()])
    if any(terms_of(expr) > MAX_TERMS for expr in (*asked, *known)):
        return False
    asked, known = [shifted(e) for e in asked], [shifted(e) for e in known]
    symbols = sorted(set().union(*(e.free_symbols for e in (*asked, *known))), key=_order)
    rows = [_row(expr, symbols) for expr in (*asked, *known)]
    rows += _products(rows[: len(asked)], rows[len(asked) :], symbols)
    keys = {key for row in rows for key in row if key != CONSTANT}
    signed = [not symbol.is_nonnegative for symbol in symbols]
    unsigned = {k for k in keys if any(n % 2 for n, s in zip(k, signed, strict=True) if s)}
    whole = all(symbol.is_integer for symbol in symbols)
    return infeasible(rows, unsigned, whole)


def _order(symbol: Symbol) -> tuple[str, int]:
    return symbol.name, getattr(symbol, "dummy_index", 0)


def _related(asked: Sequence[Expr], known: Sequence[Expr]) -> list[Expr]:
    """The facts that share sizes with a question, or with each other."""
    symbols = set().union(*(expr.free_symbols for expr in asked))
    found: list[Expr] = []
    left = list(known)
    while True:
        near = [expr for expr in left if expr.free_symbols & symbols]
        if not near:
            return found
        found += near
        left = [expr for expr in left if not expr.free_symbols & symbols]
        symbols = symbols.union(*(expr.free_symbols for expr in near))


def _row(expr: Expr, symbols: Sequence[Symbol]) -> Row:
    if not symbols:
        return {CONSTANT: Fraction(int(expr.p), int(expr.q))}
    at = {symbol: i for i, symbol in enumerate(symbols)}
    row: Row = {}
    for term in sympy.Add.make_args(expand(expr)):
        number, rest = term.as_coeff_Mul()
        powers = [0] * len(symbols)
        for factor in sympy.Mul.make_args(rest):
            base, exponent = factor.as_base_exp()
            if base != 1:
                powers[at[base]] += int(exponent)
        key = tuple(powers) if any(powers) else CONSTANT
        row[key] = row.get(key, Fraction(0)) + Fraction(int(number.p), int(number.q))
    return row


def _products(asked: list[Row], known: list[Row], symbols: Sequence[Symbol]) -> list[Row]:
    """What is at least 0 multiplied by a size, where only products come of it that others have:
    facts, for those that are asked for, and what is asked, for those of facts."""
    found: list[Row] = []
    for those, others in ((known, asked), (asked, known)):
        wanted = {key for row in others for key in row if sum(key) > 1}
        for at, symbol in enumerate(symbols):
            if not symbol.is_nonnegative or not any(key[at] for key in wanted):
                continue
            for row in those:
                raised = {_times(key, at, len(symbols)): value for key, value in row.items()}
                if {key for key in raised if sum(key) > 1} <= wanted and len(found) < MAX_PRODUCTS:
                    found.append(raised)
    return found


def _times(key: tuple[int, ...], at: int, length: int) -> tuple[int, ...]:
    key = key or (0,) * length
    return tuple(n + (i == at) for i, n in enumerate(key))
