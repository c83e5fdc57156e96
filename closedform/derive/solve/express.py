"""Formulas in chosen symbols: abbreviations written out, brought in, or put at their defaults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sympy import Expr, Symbol

from closedform.data import dataclass
from closedform.derive.assume import obligations
from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.solve.abbreviations import bring_in, equalities
from closedform.derive.solve.closed import Closed, symbols_of
from closedform.derive.solve.numbers import check_facts, check_stated, settle
from closedform.derive.symbolic.atoms import put_in
from closedform.derive.symbolic.expansion import expand
from closedform.derive.symbolic.sums import resummed
from closedform.errors import fail, suggestion


def express(form: Closed, names: Sequence[str]) -> Closed:
    """The same formula in the named symbols, as far as they go.

    An abbreviation that is made of chosen symbols is written out; a size that a chosen
    abbreviation replaces is solved for. What remains besides is told by `staying`: another
    measure may have none of it. Raises ClosedformError for an unknown name.
    """
    wanted = _wanted(form.derivation, names)
    rewrite = InTermsOf(form.derivation, frozenset(wanted))
    return replace(form, rewrites=(*form.rewrites, rewrite), chosen=tuple(names))


def with_defaults(form: Closed, keep: Sequence[str] = ()) -> Closed:
    """The formula with the defaults of the file put in, but for the names to keep.

    Raises ClosedformError where the defaults break what is assumed, or are no sizes.
    """
    derivation, kept = form.derivation, frozenset(_wanted(form.derivation, keep))
    defaults = {s: value for s, value in derivation.defaults.items() if s not in kept}
    numbers = settle(replace(derivation, defaults=defaults), {})
    check_stated(derivation, numbers)
    check_facts(derivation, numbers)
    return replace(form, rewrites=(*form.rewrites, AtDefaults(form.derivation, kept)))


def staying(form: Closed) -> tuple[str, ...]:
    """The symbols of a formula that could not be expressed in the chosen ones, families once."""
    if not form.chosen:
        return ()
    wanted, stages = _wanted(form.derivation, form.chosen), form.derivation.stage_symbols
    left = form.expr.free_symbols - wanted
    whole = {family for family, _ in stages.values()} - {stages[s][0] for s in wanted & {*stages}}
    known = [*form.derivation.known.spelled, *symbols_of(form.derivation)]
    told = {s: stages[s][0] for s in stages if stages[s][0] in whole}
    return tuple(dict.fromkeys(told.get(s, s.name) for s in known if s in left))


@dataclass(frozen=True)
class InTermsOf:
    """Writes an expression in chosen symbols."""

    derivation: Derivation
    wanted: frozenset[Symbol]

    def __call__(self, expr: Expr) -> Expr:
        spelled = self.derivation.known.spelled
        wanted = set(self.wanted)
        for symbol in reversed(list(spelled)):
            if symbol not in wanted:
                written = _written_out(spelled[symbol], wanted, spelled)
                if written.free_symbols & wanted or not written.free_symbols:
                    expr = _refloored(self.derivation, put_in(expr, {symbol: written}))
        for symbol, definition in spelled.items():
            if symbol in wanted:
                expr = bring_in(expand(expr), symbol, definition, wanted | spelled.keys())
        return self._by_equalities(expr)

    def _by_equalities(self, expr: Expr) -> Expr:
        """Sizes that are equal to others, as is assumed, in the place of these or by them."""
        for symbol, value in equalities(self.derivation).items():
            if symbol in self.wanted:
                expr = bring_in(expand(expr), symbol, value, set(self.wanted))
            elif value.free_symbols <= self.wanted:
                expr = put_in(expr, {symbol: value})
        return expr


@dataclass(frozen=True)
class AtDefaults:
    """Puts the defaults of the file into an expression, but for some symbols."""

    derivation: Derivation
    kept: frozenset[Symbol]

    def __call__(self, expr: Expr) -> Expr:
        spelled = self.derivation.known.spelled
        for symbol in reversed(list(spelled)):
            if symbol not in self.kept:
                expr = put_in(expr, {symbol: spelled[symbol]})
        defaults = self.derivation.defaults
        values = {symbol: v for symbol, v in defaults.items() if symbol not in self.kept}
        there = resummed(obligations.with_values(expr, values).doit())
        return _refloored(self.derivation, there)


def _refloored(derivation: Derivation, expr: Expr) -> Expr:
    """Floors inside floors joined, where that needs no assumption beyond those of the formula."""
    with derivation.known.recording() as used:
        joined = derivation.known.refloored(expr)
    return joined if used <= set(derivation.facts) else expr


def _wanted(derivation: Derivation, names: Iterable[str]) -> set[Symbol]:
    table: dict[str, tuple[Symbol, ...]] = {s.name: (s,) for s in derivation.known.spelled}
    table.update({s.name: (s,) for s in symbols_of(derivation)})
    for symbol, (family, _) in derivation.stage_symbols.items():
        table[family] = (*table.get(family, ()), symbol)
    found: set[Symbol] = set()
    for name in names:
        if name not in table:
            raise fail(
                "name",
                f"`{name}` is no size of `{derivation.entity.name}`",
                None,
                suggestion(name, table) or _choice(table),
            )
        found.update(table[name])
    return found


def _choice(table: Iterable[str]) -> str:
    names = ", ".join(sorted(table))
    return f"there are {names}" if names else "its sizes are numbers, so there is none to choose"


def _written_out(expr: Expr, wanted: set[Symbol], spelled: Mapping[Symbol, Expr]) -> Expr:
    return put_in(
        expr,
        {
            s: _written_out(spelled[s], wanted, spelled)
            for s in expr.free_symbols
            if s not in wanted and s in spelled
        },
    )
