"""What rules a cost, as plain data: leading terms, where each is the largest, elasticities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Context, Decimal
from fractions import Fraction
from functools import cached_property

import sympy
from sympy import Expr, Symbol

from closedform import formula as w
from closedform.data import dataclass
from closedform.derive.arrange import forms
from closedform.derive.measures.rows import Measure
from closedform.derive.project import Project
from closedform.derive.resolve.modules import Entity
from closedform.derive.solve.along import along
from closedform.derive.solve.closed import Closed
from closedform.derive.solve.express import express
from closedform.derive.solve.given import size_table
from closedform.derive.solve.made import Made, nameless
from closedform.derive.solve.numbers import settle
from closedform.errors import ClosedformError, fail, suggestion
from closedform.grammar import tree
from closedform.reason import rules
from closedform.reason.omissions import by_part
from closedform.render.language import Language

LONG = 72  # letters of a formula that is told


@dataclass(frozen=True)
class RegionRow:
    """A leading term, the parts that have it, and where it is the largest of these."""

    term: w.Written
    parts: str
    condition: w.Written


@dataclass(frozen=True)
class SizeRow:
    """What a size does to a cost: which leading term rules where; by how many percent the cost
    grows where it grows by one, as a formula where that is short, and as a number at the preset;
    how many times dearer it is where the size is doubled. What is None is not told."""

    size: w.Written
    regions: tuple[RegionRow, ...]
    elasticity: w.Written | None
    percent: str | None
    doubled: str | None


@dataclass(frozen=True)
class RulesRow:
    """What rules one measure as sizes grow; `leading` is None where it is not tried, since sizes
    stand where they are no powers."""

    heading: str
    names: str
    leading: w.Written | None
    sizes: tuple[SizeRow, ...]

    @cached_property
    def lines(self) -> tuple[RuleLine, ...]:
        """What is said, line by line."""
        return tuple(_lines(self))


@dataclass(frozen=True)
class RuleLine:
    """One thing that is said of a row, of a size or of a region, and how deep it is set in."""

    kind: str
    depth: int
    row: RulesRow
    size: SizeRow | None = None
    region: RegionRow | None = None


def _lines(row: RulesRow) -> Iterator[RuleLine]:
    yield RuleLine("untold" if row.leading is None else "leading", 1, row)
    for size in row.sizes:
        for region in size.regions:
            yield RuleLine("region", 2, row, size, region)
        if size.elasticity is not None:
            yield RuleLine("elasticity" if size.percent is None else "both", 2, row, size)
        elif size.percent is not None:
            yield RuleLine("percent", 2, row, size)
        if size.doubled is not None:
            yield RuleLine("doubled", 2, row, size)


def rules_rows(
    project: Project,
    entity: Entity,
    measures: Sequence[Measure],
    names: Sequence[str],
    preset: tree.Preset | None,
    words: Language,
) -> Iterator[RulesRow]:
    """What rules each measure as the named sizes grow. Raises ClosedformError for others."""
    for what in measures if names else ():
        form = project.closed(entity, what)
        symbols = [_symbol(form, name) for name in names]
        values = project.values(preset) if preset is not None else None
        top = _leading(form, names, symbols)
        yield RulesRow(
            what.heading,
            words.tr(", ").join(names),
            None if top is None else forms.FORMS["expanded"](top, form.order),
            tuple(
                _size(form, name, symbol, values, _regions(form, names, symbols, top, symbol))
                for name, symbol in zip(names, symbols, strict=True)
                if symbol in form.base.free_symbols | form.expr.free_symbols
                or symbol in express(form, names).expr.free_symbols
            ),
        )


def _symbol(form: Closed, name: str) -> Symbol:
    derivation = form.derivation
    table = {**{s.name: (s,) for s in derivation.known.spelled}, **size_table(derivation)}
    if name not in table:
        near = suggestion(name, table) or f"there are {', '.join(sorted(table))}"
        raise fail("name", f"`{name}` is no size of `{derivation.entity.name}`", None, near)
    if len(table[name]) > 1:
        near = f"choose one of them, such as `{table[name][0]}`"
        raise fail("argument", f"`{name}` has a value for each stage", None, near)
    return table[name][0]


def _leading(form: Closed, names: Sequence[str], symbols: Sequence[Symbol]) -> Expr | None:
    """The sum of the leading terms."""
    try:
        found = rules.leading(express(form, names).expr, symbols)
    except ClosedformError:
        return None
    return sympy.Add(*(term.coefficient * term.monomial for term in found))


def _regions(
    form: Closed,
    names: Sequence[str],
    symbols: Sequence[Symbol],
    top: Expr | None,
    symbol: Symbol,
) -> tuple[RegionRow, ...]:
    """Where each of several leading terms is the largest of these, if that can be told shortly."""
    if top is None or symbol not in top.free_symbols or not top.is_Add:
        return ()
    try:
        found = rules.rulings(top, symbol)
        conditions = [_condition(form, symbol, row) for row in found]
        if any(condition is None or len(w.plain(condition)) > LONG for condition in conditions):
            return ()
        parts = by_part(express(form, names))
        led = {part: rules.leading(expr, symbols) for part, expr in parts.items()}
    except ClosedformError:
        return ()
    rows = []
    for row, condition in zip(found, conditions, strict=True):
        monomials = {
            term.as_independent(*symbols, as_Add=False)[1]
            for term in sympy.Add.make_args(sympy.expand(row.term))
        }
        whose = [part for part, terms in led.items() if monomials & {t.monomial for t in terms}]
        assert condition is not None  # or none would be told
        rows.append(RegionRow(forms.shortest(row.term, form.order), ", ".join(whose), condition))
    return tuple(rows)


def _size(
    form: Closed,
    name: str,
    symbol: Symbol,
    values: Mapping[Symbol, Expr] | None,
    regions: tuple[RegionRow, ...],
) -> SizeRow:
    ratio = _elasticity(form, name, symbol)
    formula = percent = None
    if ratio is not None:
        told = Made(nameless(""), form.derivation, value=ratio, arranged=form.order).written()
        formula = told if len(w.plain(told)) <= LONG else None
    if ratio is not None and values is not None:
        settled = settle(form.derivation, values)
        number = form.derivation.known.base(ratio).xreplace(settled).doit()
        percent = _digits(Fraction(int(number.p), int(number.q))) if number.is_Rational else None
    doubled = None if values is None else _doubled(form, name, symbol, values)
    return SizeRow(w.Symbol(name), regions, formula, percent, doubled)


def _elasticity(form: Closed, name: str, symbol: Symbol) -> Expr | None:
    if len(sympy.Add.make_args(form.expr)) > rules.TERMS:
        return None
    expr = rules.in_size(form, name, symbol)
    try:
        return rules.relative(expr, symbol)
    except ClosedformError:  # the formula has steps in the size
        return None


def _condition(form: Closed, symbol: Symbol, row: rules.Ruling) -> w.Written | None:
    size = w.Symbol(symbol.name)
    found = [
        w.Condition(sign, (size, forms.write(place, form.order)))
        for sign, places in ((">", row.above), ("<", row.below))
        for place in places
    ]
    if not found:
        return None
    return found[0] if len(found) == 1 else w.Condition("and", tuple(found))


def _doubled(form: Closed, name: str, symbol: Symbol, values: Mapping[Symbol, Expr]) -> str | None:
    """How many times dearer it is with twice the size; None where there is no such model."""
    settled = settle(form.derivation, values)
    here = form.derivation.known.base(symbol).xreplace(settled)
    if not here.is_Integer:
        return None
    others = {s: v for s, v in values.items() if s != symbol}
    try:
        return _digits(rules.ratio(along(form, name, others), int(here), 2))
    except ClosedformError:
        return None


def _digits(value: Fraction) -> str:
    """A number to three digits.

    >>> _digits(Fraction(4, 3)), _digits(Fraction(2))
    ('1.33', '2')
    """
    near = Context(prec=3).divide(Decimal(value.numerator), Decimal(value.denominator))
    return format(near, "f")
