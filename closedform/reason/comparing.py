"""Costs of several models in the symbols that they share: who is dearer, and where."""

from __future__ import annotations

from collections.abc import Sequence

import sympy
from sympy import Expr, Symbol

from closedform.data import dataclass
from closedform.derive.assume.knowledge import Knowledge
from closedform.derive.check.comparisons import all_that_holds
from closedform.derive.solve.closed import Closed
from closedform.derive.solve.express import express, with_defaults
from closedform.derive.solve.given import size_names
from closedform.derive.solve.made import Made, joined, joined_order, nameless, quotient, written_out
from closedform.derive.symbolic.atoms import put_in
from closedform.derive.symbolic.expansion import expand
from closedform.errors import fail, suggestion
from closedform.reason.omissions import by_part
from closedform.reason.turns import Turn, turn

MOST = 60  # terms of two costs of which a difference and a quotient are formed


@dataclass(frozen=True)
class Side:
    """A closed form in shared symbols, and what each of its parts costs, by names."""

    form: Closed
    parts: tuple[tuple[str, Made], ...]


@dataclass(frozen=True)
class AsGrows:
    """What becomes of two costs as one size grows: the limit of their ratio, `oo` without end, and
    where their difference changes its sign; None where that is not tried."""

    size: Symbol
    limit: Expr | None
    turn: Turn | None


@dataclass(frozen=True)
class Pair:
    """How the costs of two models differ; `same` says that they never do."""

    difference: Made
    ratio: Made
    same: bool
    growing: tuple[AsGrows, ...]


def sides(forms: Sequence[Closed], names: Sequence[str], defaults: bool = False) -> list[Side]:
    """Closed forms of one measure in the named symbols, as far as they go; with the defaults of
    their files for others, where that is asked for.

    Raises ClosedformError for a name that none of them knows.
    """
    known = [size_names(form.derivation) for form in forms]
    everything = sorted({name for table in known for name in table})
    for name in names:
        if name not in everything:
            near = suggestion(name, everything) or f"there are {', '.join(everything)}"
            raise fail("name", f"none of the models has a size `{name}`", None, near)
    return [
        _side(form, [name for name in names if name in table], defaults)
        for form, table in zip(forms, known, strict=True)
    ]


def _side(form: Closed, names: Sequence[str], defaults: bool) -> Side:
    form = with_defaults(form, names) if defaults else form
    form = express(form, names) if names else form
    found = (
        (name, Made(form.measure, form.derivation, value=expr, arranged=form.order))
        for name, expr in by_part(form).items()
    )
    return Side(form, tuple(found))


def pair(first: Closed, second: Closed, names: Sequence[str]) -> Pair | None:
    """How two costs in shared symbols differ, as each of the named sizes grows; None where
    that is not tried: stages have sizes of their own, or there are too many terms.

    Raises ClosedformError where the sizes of a model meet those of a block by itself.
    """
    both = first, second
    if any(form.expr.free_symbols & form.derivation.stage_symbols.keys() for form in both):
        return None
    one, other = (_without_abbreviations(form, names) for form in both)
    if len(sympy.Add.make_args(one)) + len(sympy.Add.make_args(other)) > MOST:
        return None
    derivation = joined([written_out(form).derivation for form in both])
    order = joined_order([first.order, second.order])
    symbols = {symbol.name: symbol for symbol in one.free_symbols}
    other = other.xreplace({s: symbols[s.name] for s in other.free_symbols if s.name in symbols})
    if other == 0:
        raise fail("reason", f"one of the models has no {first.measure.title}")
    apart, ratio = expand(one - other), quotient(one, other)
    known = all_that_holds(derivation)
    sizes = sorted(one.free_symbols | other.free_symbols, key=lambda s: s.name)
    growing = [s for name in names for s in sizes if s.name == name]
    return Pair(
        Made(nameless(first.measure.unit), derivation, value=apart, arranged=order),
        Made(nameless(""), derivation, value=ratio, arranged=order),
        apart == 0,
        tuple(AsGrows(s, limit(ratio, s, known), turn(apart, s, known)) for s in growing),
    )


def _without_abbreviations(form: Closed, names: Sequence[str]) -> Expr:
    """A formula whose only abbreviations are those that are named."""
    expr = form.expr
    spelled = {s: v for s, v in form.derivation.known.spelled.items() if s.name not in names}
    while here := {s: spelled[s] for s in expr.free_symbols if s in spelled}:
        expr = put_in(expr, here)
    return expand(expr)


def limit(ratio: Expr, symbol: Symbol, known: Knowledge) -> Expr | None:
    """What a quotient of polynomials comes to as a size grows; None where that is not tried.

    >>> N, D = sympy.symbols("N D", positive=True)
    >>> limit((4*N*D + 2*N**2)/(3*N**2 + D), N, Knowledge()), limit(N/D, N, Knowledge())
    (2/3, oo)
    """
    above, below = (_top(part, symbol) for part in sympy.fraction(sympy.together(ratio)))
    if above is None or below is None:
        return None
    (high, top), (low, bottom) = above, below
    if high < low:
        return sympy.Integer(0)
    if high == low:
        return sympy.cancel(top / bottom)
    return sympy.oo if known.decide(top * bottom > 0) else None


def _top(expr: Expr, symbol: Symbol) -> tuple[int, Expr] | None:
    """The degree of a polynomial and its first coefficient; floors are as large as what they are
    of, where that grows."""
    rounded = {
        atom: atom.args[0]
        for atom in expr.atoms(sympy.floor, sympy.ceiling)
        if symbol in atom.free_symbols
    }
    if any(not arg.is_polynomial(symbol) for arg in rounded.values()):
        return None
    expr = sympy.expand(expr.xreplace(rounded))
    if not expr.is_polynomial(symbol):
        return None
    poly = sympy.Poly(expr, symbol)
    return poly.degree(), poly.LC()
