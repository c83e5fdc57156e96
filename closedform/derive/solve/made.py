"""Formulas that are made of others: sums and quotients, some sizes replaced, parts of a model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import field, replace
from functools import cached_property

import sympy
from sympy import Expr, Symbol

from closedform import formula as w
from closedform.data import dataclass
from closedform.derive.arrange import forms
from closedform.derive.arrange.length import room
from closedform.derive.arrange.writing import Order
from closedform.derive.assume.knowledge import Knowledge
from closedform.derive.assume.proofs.polynomials import fraction_of
from closedform.derive.assume.store import Fact
from closedform.derive.cost.totals import WORK
from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.elaborate.values import Scope
from closedform.derive.measures.rows import Measure
from closedform.derive.resolve.conventions import Weights
from closedform.derive.solve.closed import Closed, symbols_of
from closedform.derive.solve.given import check_given, refuse_own_sizes
from closedform.derive.symbolic.atoms import Divides, put_in
from closedform.derive.symbolic.expansion import expand
from closedform.derive.symbolic.sums import summed
from closedform.derive.symbolic.wording import say
from closedform.errors import fail
from closedform.grammar import tree

NAMELESS = "this formula"  # the name of what is made of several measures


def nameless(unit: str) -> Measure:
    """The measure of a formula that is none of a file."""
    return Measure(NAMELESS, "", unit, Weights(()), WORK)


@dataclass(frozen=True)
class Made(Closed):
    """A closed form that no cost tree adds up to.

    >>> from closedform.api import zoo
    >>> mlp = zoo("vit").part("EncoderLayer.MLP").macs
    >>> print(mlp / 2)
    T D F
    """

    value: Expr = field(kw_only=True)
    arranged: Order = field(kw_only=True)

    @cached_property
    def expr(self) -> Expr:
        """The exact expression, expanded unless it is a quotient."""
        return self.rewritten(self.value)

    @cached_property
    def order(self) -> Order:
        return self.arranged

    def rewritten(self, expr: Expr) -> Expr:
        for rewrite in self.rewrites:
            above, below = fraction_of(expr)
            expr = quotient(rewrite(above), rewrite(below))
        return expr

    def written(
        self, form: str = "shortest", stages: str = "sum", say: Callable[[str], str] = str
    ) -> w.Written:
        """The formula as a person writes it; its stages stand each by itself."""
        if form == "parts":
            advice = "ask for the parts of those that it is made of"
            raise fail("parts", "a formula that is made of others has no parts", None, advice)
        above, below = fraction_of(self.expr)
        arrange = forms.FORMS[form]
        whole = arrange(self.expr, self.order)
        if not below.free_symbols:
            return whole
        over = w.Fraction(arrange(above, self.order), arrange(below, self.order))
        return over if below.is_Add else min(whole, over, key=room)

    def starts(self, form: str = "shortest") -> dict[str, Expr]:
        return {}


def quotient(above: Expr, below: Expr) -> Expr:
    """One expression through another, without what both share."""
    if below.free_symbols:
        above, below = fraction_of(sympy.cancel(above / below))
    return above / below if below.is_Add else expand(above / below)


# Sizes of several files --------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Joined(Derivation):
    """The sizes of several derivations, for formulas that are made of theirs."""

    families: Mapping[Symbol, tuple[str, int]]
    blocks: tuple[str, ...]

    @property
    def stage_symbols(self) -> dict[Symbol, tuple[str, int]]:
        return dict(self.families)

    @property
    def owners(self) -> tuple[str, ...]:
        return self.blocks if self.generic else ()


def joined(derivations: Sequence[Derivation]) -> Derivation:
    """What several derivations know of their sizes, which must be the same where names are.

    Raises ClosedformError where one name stands for two things, and where the sizes of a model
    meet those of a block by itself.
    """
    first, *others = dict.fromkeys(derivations)
    if not others:
        return first
    for other in others:
        _refuse_two_meanings(first, other)
        first = _joined(first, other)
    return first


def _joined(one: Derivation, other: Derivation) -> Derivation:
    known = one.known.copied()
    for symbol, value in other.known.spelled.items():
        if symbol not in known.spelled:
            known.define(symbol, value)
    for fact in other.known.facts:
        if fact not in known.facts:
            known.assume(fact)
    facts = tuple(dict.fromkeys((*one.facts, *other.facts)))
    return Joined(
        entity=one.entity,
        generic=one.generic,
        root=one.root,
        outputs=(),
        known=known,
        facts=facts,
        scope=_both_scopes(one, other) if one.generic else one.scope,
        symbols={**other.symbols, **one.symbols},
        declared={**other.declared, **one.declared},
        names=one.names,
        signs={**other.signs, **one.signs},
        defaults={**other.defaults, **one.defaults},
        positive=tuple(dict.fromkeys((*one.positive, *other.positive))),
        blocks=tuple(dict.fromkeys((*one.owners, *other.owners))),
        families={**other.stage_symbols, **one.stage_symbols},
    )


def _both_scopes(one: Derivation, other: Derivation) -> Scope:
    """The sizes of two blocks that are by themselves."""
    dims = {symbol for of in (one, other) for family in of.symbols.values() for symbol in family}
    own = (s for of in (other, one) for s in symbols_of(of) if s not in dims)
    return replace(one.scope, names={s.name: s for s in own})


def joined_order(orders: Sequence[Order]) -> Order:
    """An order of the symbols of several formulas."""
    return Order(
        _once(symbol for order in orders for symbol in order.loops),
        _once(symbol for order in orders for symbol in order.front),
        _once(symbol for order in orders for symbol in order.rest),
        stages={symbol: at for order in orders for symbol, at in order.stages.items()},
    )


def _once(symbols: Iterable[Symbol]) -> tuple[Symbol, ...]:
    return tuple(dict.fromkeys(symbols))


def _refuse_two_meanings(one: Derivation, other: Derivation) -> None:
    refuse_own_sizes(one, other)
    for left, right in ((one, other), (other, one)):
        for symbol, value in left.known.spelled.items():
            meant = _meaning(right, symbol)
            if meant is not None and right.known.base(symbol) != left.known.base(value):
                raise fail(
                    "sizes",
                    f"`{symbol}` is {say(value)} in {_file(left)}, and {meant} in {_file(right)}",
                    None,
                    f'give one of them another name, as with `.subs({symbol}="{symbol}_2")`, or '
                    "write it out with `.base`",
                )


def _meaning(derivation: Derivation, symbol: Symbol) -> str | None:
    """What a name stands for, in words; None where it stands for nothing."""
    if symbol in derivation.known.spelled:
        return say(derivation.known.spelled[symbol])
    declared = derivation.declared.get(symbol.name)
    if declared is not None and isinstance(declared.declaration, tree.Dim):
        return "a size of its own"
    return None


def _file(derivation: Derivation) -> str:
    return derivation.entity.module.title


def written_out(form: Closed) -> Made:
    """A formula without abbreviations."""
    old, known = form.derivation.known, Knowledge()
    for fact in old.facts:
        condition = fact.condition.xreplace(old.definitions)
        known.assume(Fact(condition, fact.reason, fact.span))
    derivation = replace(form.derivation, known=known)
    return Made(form.measure, derivation, value=form.base, arranged=form.order)


# Other values for sizes --------------------------------------------------------------------


def substituted(form: Closed, values: Mapping[Symbol, Expr]) -> Made:
    """A formula with sizes, or abbreviations, replaced by others or by numbers.

    An abbreviation that is made of a size that goes is written out. Raises ClosedformError where
    what is assumed can then not hold.
    """
    known = form.derivation.known
    check_given(form.derivation, {s: v for s, v in values.items() if v.is_Rational})
    gone = frozenset(values)
    expr = put_in(_without(form.expr, known, gone), values)
    left = known.base(expr).free_symbols
    for symbol in gone & known.spelled.keys():
        made_of = known.base(symbol).free_symbols
        if made_of and made_of <= left:
            sizes = " and ".join(f"`{s}`" for s in sorted(made_of, key=str))
            raise fail(
                "sizes",
                f"`{symbol}` is {say(known.spelled[symbol])}, and the formula needs {sizes} too",
                None,
                f"give values to {sizes}",
            )
    derivation = _with_values(form.derivation, values, left)
    above, below = fraction_of(expr)
    names = tuple(dict.fromkeys(s for v in values.values() for s in _in_order(v)))
    arranged = replace(form.order, rest=(*form.order.rest, *names))
    return Made(form.measure, derivation, value=quotient(above, below), arranged=arranged)


def over(form: Closed, size: Symbol, first: Expr, count: Expr) -> Made:
    """The sum of a formula over a size that takes `count` numbers from `first` on."""
    gone = frozenset({size})
    _same_at_each(form, size)
    last = first + count - 1
    made = substituted(form, {size: last})
    expr = summed(_without(form.expr, form.derivation.known, gone), size, first, last)
    names = (*_in_order(first), *_in_order(count))
    return replace(made, value=expr, arranged=replace(made.order, rest=(*form.order.rest, *names)))


def _same_at_each(form: Closed, size: Symbol) -> None:
    """Refuse a sum over a size that something must divide, or that a default is made of: the one is
    not known to hold at each number, and the other is not the same at each."""
    known = form.derivation.known
    for fact in form.facts:
        divides = isinstance(fact.condition, Divides)
        if divides and size in set().union(*map(_sizes_of(known), fact.condition.args)):
            raise fail(
                "assume",
                f"`{fact}` is assumed, and is not known at each number of `{size}`",
                None,
                "take the sum over a formula that does not rest on it",
            )
    for symbol, default in form.derivation.defaults.items():
        if symbol != size and symbol in form.sizes and size in _sizes_of(known)(default):
            raise fail(
                "sizes",
                f"`{symbol}` is {say(default)} by default, another number at each `{size}`",
                None,
                f"give it first, `.subs({symbol}=...)`",
            )


def _sizes_of(known: Knowledge) -> Callable[[Expr], Set[Symbol]]:
    return lambda expr: known.base(expr).free_symbols


def _in_order(value: Expr) -> list[Symbol]:
    return sorted(value.free_symbols, key=str)


def _without(expr: Expr, known: Knowledge, gone: frozenset[Symbol]) -> Expr:
    """An expression without the abbreviations that are made of sizes that go."""
    made = {s for s in known.spelled if s not in gone and _needs(s, known, gone)}
    while here := expr.free_symbols & made:
        expr = put_in(expr, {s: known.spelled[s] for s in here})
    return expr


def _needs(symbol: Symbol, known: Knowledge, gone: frozenset[Symbol]) -> bool:
    """Whether an abbreviation is made of one of these, itself or by another abbreviation."""
    if symbol in gone:
        return True
    inside = known.spelled[symbol].free_symbols if symbol in known.spelled else frozenset()
    return any(_needs(part, known, gone) for part in inside)


def _with_values(
    derivation: Derivation, values: Mapping[Symbol, Expr], left: Set[Symbol]
) -> Derivation:
    """What is known of the sizes that are `left`, and of those that come."""
    old, gone = derivation.known, frozenset(values)
    known = Knowledge()
    for symbol, value in old.spelled.items():
        if symbol not in gone and not _needs(symbol, old, gone):
            known.define(symbol, value)
    for fact in _facts_at(old.facts, old, values):
        known.assume(fact)
    defaults = {
        symbol: put_in(_without(value, old, gone), values)
        for symbol, value in derivation.defaults.items()
        if symbol not in gone
    }
    dims = {symbol for family in derivation.symbols.values() for symbol in family}
    own = {s.name: s for s in symbols_of(derivation) if s not in gone | dims}
    new = {s.name: (s,) for value in values.values() for s in _in_order(value)}
    names = {symbol.name for symbol in gone}
    return replace(
        derivation,
        generic=derivation.generic and bool(left & {*own.values()}),
        scope=replace(derivation.scope, names=own) if derivation.generic else derivation.scope,
        symbols={**{n: f for n, f in derivation.symbols.items() if not gone & {*f}}, **new},
        declared={n: e for n, e in derivation.declared.items() if n not in names},
        known=known,
        facts=tuple(_facts_at(derivation.facts, old, values)),
        defaults=defaults,
        positive=tuple(
            (put_in(_without(size, old, gone), values), put_in(case, values))
            for size, case in derivation.positive
        ),
    )


def _facts_at(
    facts: Sequence[Fact], known: Knowledge, values: Mapping[Symbol, Expr]
) -> Iterator[Fact]:
    """The facts that still say something. Raises ClosedformError for one that cannot hold."""
    made = {s: v for s, v in values.items() if s not in known.spelled}
    for fact in facts:
        condition = fact.condition.xreplace(made)
        if condition != fact.condition and Knowledge().decide(condition):
            continue  # it holds by itself
        if condition in (False, sympy.false):
            raise fail(
                "assume",
                f"the formula rests on `{say(fact.condition)}`, which does not hold",
                None,
                None,
                "with " + ", ".join(f"{s} = {say(v)}" for s, v in made.items()),
            )
        if condition not in (True, sympy.true):
            yield Fact(condition, fact.reason, fact.span)
