"""Products of powers, logarithms and exponentials of sizes, and which of them outgrow others.

The logarithm of such a product is a sum over the sizes, with three scales for each: x itself (from
2^x), log x (from x) and log log x (from log x). A product is in O of a sum when it is at most a
product of powers of its terms, with exponents that add up to 1, times powers of what is known to be
bounded, times something that stays bounded as every size grows by itself. Such exponents are the
solution of a linear program.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from fractions import Fraction
from functools import cache, cached_property
from itertools import product
from typing import NamedTuple, TypeAlias

import sympy
from sympy import Expr, Rational

from closedform.data import dataclass
from closedform.derive.assume.simplex import maximize
from closedform.derive.symbolic.atoms import Log

LOG, POWER, EXP = 0, 1, 2  # the scales of a size, from the slowest
PRECISION = 4096


class Atom(NamedTuple):
    """log x, x, or a prime to the x; or an expression that nothing is known of but its sign."""

    name: Expr
    scale: int = POWER
    prime: int = 0


@dataclass(frozen=True)
class Monomial:
    """A product of atoms with rational exponents, without its factor."""

    powers: frozenset[tuple[Atom, Fraction]] = frozenset()

    @staticmethod
    def of(powers: Mapping[Atom, Fraction]) -> Monomial:
        return Monomial(frozenset((atom, power) for atom, power in powers.items() if power))

    @cached_property
    def exponents(self) -> dict[Atom, Fraction]:
        return dict(self.powers)

    def __mul__(self, other: Monomial) -> Monomial:
        powers = dict(self.powers)
        for atom, power in other.powers:
            powers[atom] = powers.get(atom, Fraction(0)) + power
        return Monomial.of(powers)

    def __pow__(self, exponent: Fraction | int) -> Monomial:
        return Monomial.of({atom: power * exponent for atom, power in self.powers})

    def __truediv__(self, other: Monomial) -> Monomial:
        return self * other**-1

    @property
    def parts(self) -> tuple[Monomial, Monomial]:
        """What stands above the line, and what stands below it."""
        above = {atom: power for atom, power in self.powers if power > 0}
        below = {atom: -power for atom, power in self.powers if power < 0}
        return Monomial.of(above), Monomial.of(below)

    @property
    def expr(self) -> Expr:
        """The same as an expression."""
        return sympy.Mul(*(_expr(atom) ** Rational(power) for atom, power in self.powers))


ONE = Monomial()


def _expr(atom: Atom) -> Expr:
    if atom.scale == EXP:
        return sympy.Integer(atom.prime) ** atom.name
    return Log(atom.name, sympy.Integer(2)) if atom.scale == LOG else atom.name


def power(name: Expr, scale: int = POWER, prime: int = 0) -> Monomial:
    """An atom as a monomial."""
    return Monomial.of({Atom(name, scale, prime): Fraction(1)})


@cache
def log2(prime: int) -> tuple[Fraction, Fraction]:
    """Bounds of a logarithm to the base 2 that are closer than any exponents that will be met.

    >>> log2(2), [float(bound) for bound in log2(8)]
    ((Fraction(1, 1), Fraction(1, 1)), [3.0, 3.000244140625])
    """
    if prime == 2:
        return Fraction(1), Fraction(1)
    bits = (prime**PRECISION).bit_length()
    return Fraction(bits - 1, PRECISION), Fraction(bits, PRECISION)


def _at_least_one(atom: Atom) -> bool:
    """Whether an atom is at least 1 wherever it is: a size, or a power of what is at least 1."""
    name = atom.name
    if name.is_Symbol:
        return bool(name.is_integer and name.is_positive and atom.scale != LOG)
    return bool(name.is_Pow and (name.base - 1).is_nonnegative and name.exp.is_nonnegative)


@dataclass
class Cone:
    """How sizes grow: each of `growing` without bound, each product of `bounded` within one."""

    growing: frozenset[Expr]
    bounded: list[Monomial] = field(default_factory=list)
    _found: dict[object, bool] = field(default_factory=dict)

    def limit(self, *products: Monomial) -> None:
        """Let products of sizes be bounded."""
        self.bounded.extend(m for m in products if m.powers and m not in self.bounded)

    def contradictory(self) -> bool:
        """Whether the sizes cannot grow so at all."""
        return self.below(ONE, [ONE], strictly=True)

    def all_below(
        self, terms: Iterable[Monomial], bound: Sequence[Monomial], strictly: bool = False
    ) -> bool:
        return all(self.below(term, bound, strictly) for term in terms)

    def below(self, term: Monomial, bound: Sequence[Monomial], strictly: bool = False) -> bool:
        """Whether a term is in O of a sum of terms; in o of it, for `strictly`.

        >>> n, w = sympy.symbols("n w", positive=True, integer=True)
        >>> cone = Cone(frozenset({n, w}))
        >>> cone.limit(power(w) / power(n))
        >>> cone.below(power(w) * power(n), [power(n) ** 2]), cone.below(power(n), [power(w)])
        (True, False)
        """
        if not bound:
            return False
        if any(self._simply_below(term / other, strictly) for other in bound):
            return True
        asked = (term, tuple(bound), strictly, len(self.bounded))
        if asked not in self._found:
            self._found[asked] = self._below(term, bound, strictly)
        return self._found[asked]

    def _simply_below(self, ratio: Monomial, strictly: bool) -> bool:
        """Whether a quotient is seen to be bounded without a program: every size goes down."""
        fastest: dict[Expr, tuple[int, Fraction]] = {}
        for atom, exponent in ratio.powers:
            unsure = atom.name not in self.growing and not _at_least_one(atom)
            scale, _ = fastest.get(atom.name, (-1, exponent))
            if unsure or scale == EXP == atom.scale:
                return False
            if atom.scale > scale:
                fastest[atom.name] = (atom.scale, exponent)
        if any(exponent > 0 for _, exponent in fastest.values()):
            return False
        return not strictly or any(name in self.growing for name in fastest)

    def _below(self, term: Monomial, bound: Sequence[Monomial], strictly: bool) -> bool:
        involved = {atom for m in (term, *bound, *self.bounded) for atom, _ in m.powers}
        if strictly:
            involved |= {Atom(symbol) for symbol in self.growing}
        names: dict[Expr, list[Atom]] = {}
        for atom in sorted(involved, key=str):
            names.setdefault(atom.name, []).append(atom)
        return any(
            self._solvable(term, bound, names, choice, strictly) for choice in _choices(names)
        )

    def pruned(self, terms: Iterable[Monomial]) -> list[Monomial]:
        """The terms that are not in O of the others."""
        kept = sorted(set(terms), key=lambda term: str(sorted(term.powers, key=str)))
        for term in list(kept):
            others = [other for other in kept if other != term]
            if self.below(term, others):
                kept = others
        return kept

    def _solvable(
        self,
        term: Monomial,
        bound: Sequence[Monomial],
        names: Mapping[Expr, list[Atom]],
        choice: Mapping[Expr, int | None],
        strictly: bool,
    ) -> bool:
        """Whether exponents exist, where each size decreases at the scale that was chosen."""
        program = _Program(term, bound, self.bounded)
        decrease: Row = {}
        certain = False
        for name, atoms in names.items():
            unsure = [] if name in self.growing else [a for a in atoms if not _at_least_one(a)]
            for atom in unsure:
                program.zero(program.rest(atom))
            atoms = [atom for atom in atoms if atom not in unsure]
            for scale in sorted({atom.scale for atom in atoms}, reverse=True):
                row = program.growth([atom for atom in atoms if atom.scale == scale])
                if scale == choice[name]:
                    program.negative(row)
                    certain = certain or name in self.growing
                    break
                program.at_most_zero(row)
                if name in self.growing:
                    decrease = _added(decrease, row)
        if strictly and not certain:
            program.negative(decrease)
        return program.solved()


def _choices(names: Mapping[Expr, list[Atom]]) -> Iterator[dict[Expr, int | None]]:
    """At which scale each size decreases, whatever is below that scale; None for no such scale."""
    options: list[list[int | None]] = []
    for atoms in names.values():
        scales = sorted({atom.scale for atom in atoms})
        options.append([None, *scales[1:]])
    for chosen in product(*options):
        yield dict(zip(names, chosen, strict=True))


Variable: TypeAlias = tuple[str, object]
Row: TypeAlias = dict[Variable, Fraction]  # a sum of variables with factors
CONSTANT: Variable = ("constant", None)
DECREASE: Variable = ("decrease", None)


def _added(row: Row, other: Row, factor: Fraction = Fraction(1)) -> Row:
    return {
        variable: row.get(variable, Fraction(0)) + factor * other.get(variable, Fraction(0))
        for variable in [*row, *(v for v in other if v not in row)]
    }


class _Program:
    """The linear program: weights of the bound and of what is bounded, and how much decreases."""

    def __init__(
        self, term: Monomial, bound: Sequence[Monomial], bounded: Sequence[Monomial]
    ) -> None:
        self.term = term
        self.factors: dict[Variable, Monomial] = {
            ("weight", at): m for at, m in enumerate([*bound, *bounded])
        }
        self.rows: list[Row] = []  # each at most zero
        self.strict = False
        weights = {variable: Fraction(1) for variable in list(self.factors)[: len(bound)]}
        self.zero({**weights, CONSTANT: Fraction(-1)})
        self.at_most_zero({DECREASE: Fraction(1), CONSTANT: Fraction(-1)})

    def rest(self, atom: Atom) -> Row:
        """What is left of the exponent of an atom."""
        found = {
            variable: -factor.exponents[atom]
            for variable, factor in self.factors.items()
            if atom in factor.exponents
        }
        return {**found, CONSTANT: self.term.exponents.get(atom, Fraction(0))}

    def growth(self, atoms: Sequence[Atom]) -> Row:
        """What is left at one scale of a size: an exponent, or at most a sum of such times logs."""
        if len(atoms) == 1:
            return self.rest(atoms[0])
        total: Row = {}
        for atom in atoms:
            low, high = log2(atom.prime)
            above, below = ("above", atom), ("below", atom)  # the exponent is above - below
            self.zero(_added(self.rest(atom), {above: Fraction(-1), below: Fraction(1)}))
            total = _added(total, {above: high, below: -low})
        return total

    def zero(self, row: Row) -> None:
        self.at_most_zero(row)
        self.at_most_zero({variable: -factor for variable, factor in row.items()})

    def at_most_zero(self, row: Row) -> None:
        self.rows.append(row)

    def negative(self, row: Row) -> None:
        self.at_most_zero(_added(row, {DECREASE: Fraction(1)}))
        self.strict = True

    def solved(self) -> bool:
        """Whether there are such weights, and what must decrease does."""
        variables = list(dict.fromkeys(v for row in self.rows for v in row if v != CONSTANT))
        found = maximize(
            [int(variable == DECREASE) for variable in variables],
            [[row.get(variable, Fraction(0)) for variable in variables] for row in self.rows],
            [-row.get(CONSTANT, Fraction(0)) for row in self.rows],
        )
        return found is not None and (found[0] > 0 or not self.strict)
