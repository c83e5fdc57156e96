"""What a change of a file does, as plain data: formulas, numbers of presets, what is assumed."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Context, Decimal
from fractions import Fraction

from closedform import formula as w
from closedform.data import dataclass
from closedform.derive.arrange import forms
from closedform.derive.solve.closed import Closed
from closedform.formula.numbers import Exact
from closedform.reason.changes import Changes, FormulaChange, ValueChange
from closedform.render.language import Language, digits, language
from closedform.render.report.closing import made_with
from closedform.render.report.signs import signed


@dataclass(frozen=True)
class FormulaRow:
    """A closed form before and after, and what it became more; None where there is none."""

    of: str
    title: str
    heading: str
    old: w.Written | None
    new: w.Written | None
    difference: w.Written | None
    changed: bool


@dataclass(frozen=True)
class ValueRow:
    """A number of a preset before and after, and by how much it grew, with a sign; or that the
    preset came or went, as `was_there`, `is_there` say."""

    preset: str
    title: str
    heading: str
    old: Exact | None
    new: Exact | None
    more: str
    changed: bool
    was_there: bool
    is_there: bool


@dataclass(frozen=True)
class FactRow:
    """What a model or block assumes now, or assumes no more."""

    of: str
    condition: w.Written
    new: bool


@dataclass(frozen=True)
class ChangesView:
    """What is told of a change; `headline` says how many formulas changed."""

    old: str
    new: str
    headline: str
    formulas: tuple[FormulaRow, ...]
    values: tuple[ValueRow, ...]
    facts: tuple[FactRow, ...]
    made: str
    lang: str


def changes_view(changes: Changes, lang: str = "en") -> ChangesView:
    """The view of the changes of a file."""
    words = language(lang)
    rows = tuple(map(_formula, changes.formulas))
    number = sum(row.changed for row in rows)
    files = [project.module.title for project in (changes.old, changes.new)]
    conventions = (f.measure.convention for f in changes.formulas if f.measure.convention)
    return ChangesView(
        files[0],
        files[1],
        words.tr("{changed} of {all} formulas changed", changed=number, all=len(rows)),
        rows,
        tuple(_value(row, words) for row in changes.values),
        tuple(
            FactRow(row.of, forms.write(fact.condition, forms.Order()), new)
            for row in changes.assumptions
            for facts, new in ((row.gone, False), (row.new, True))
            for fact in facts
        ),
        made_with(files, list(dict.fromkeys(c.name for c in conventions)), words),
        lang,
    )


def _formula(row: FormulaChange) -> FormulaRow:
    forms_ = [form for form in (row.old, row.new) if form is not None]
    signs = {name: sign for form in forms_ for name, sign in form.derivation.signs.items()}
    old, new, apart = (_written(form, signs) for form in (row.old, row.new, row.difference))
    what = row.measure
    return FormulaRow(row.of, what.title, what.heading, old, new, apart, row.changed)


def _written(form: Closed | None, signs: Mapping[str, str]) -> w.Written | None:
    return None if form is None else signed(form.written(), signs)


def _value(row: ValueChange, words: Language) -> ValueRow:
    names = row.preset, row.measure.title, row.measure.heading
    told = _more(row.old, row.new)
    if not row.was_there or not row.is_there:
        told = words.tr("preset added") if row.is_there else words.tr("preset removed")
    changed = row.old != row.new or row.was_there != row.is_there
    return ValueRow(*names, row.old, row.new, told, changed, row.was_there, row.is_there)


def _more(old: Exact | None, new: Exact | None) -> str:
    """By how much a number grew, and what part of it that is.

    >>> _more(200, 201), _more(3, 2), _more(None, 2)
    ('+1 (+0.5%)', '-1 (-33.3%)', '')
    >>> _more(17563828224, 17563828200)
    '-24 (-0.00000014%)'
    """
    if old is None or new is None:
        return ""
    more = ("+" if new >= old else "") + digits(new - old)
    if not old:
        return more
    share = 1000 * abs(Fraction(new - old)) / old
    tenths = round(share)
    told = f"{tenths // 10}.{tenths % 10}" if tenths or not share else _small(share / 10)
    return f"{more} ({more[0]}{told}%)"


def _small(value: Fraction) -> str:
    """A number near 0, to two digits."""
    return f"{Context(prec=2).divide(Decimal(value.numerator), Decimal(value.denominator)):f}"
