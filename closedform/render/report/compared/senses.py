"""What a name stands for in each of several models: where that differs, and what is held fixed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from sympy import Symbol

from closedform import formula as w
from closedform.data import dataclass
from closedform.derive.arrange import forms
from closedform.derive.solve.closed import Closed
from closedform.derive.solve.express import staying
from closedform.derive.trace.lines import nodes_of
from closedform.render.report.names import meaning


@dataclass(frozen=True)
class Fixed:
    """A size that is not expressed in the chosen ones; `default` is told where it would follow
    them."""

    symbol: w.Symbol
    default: w.Written | None


@dataclass(frozen=True)
class Sense:
    """What a name stands for in a model: its meaning, and its default or what it abbreviates."""

    model: str
    meaning: str
    default: w.Written | None
    definition: w.Written | None


@dataclass(frozen=True)
class Clash:
    """A name that is taken for one symbol, though models do not mean the same by it."""

    symbol: w.Symbol
    senses: tuple[Sense, ...]


def fixed(found: Sequence[Closed], names: Sequence[str]) -> tuple[Fixed, ...]:
    """The sizes that could not be expressed in the chosen ones, in the order of the models."""
    rows: dict[str, Fixed] = {}
    for form in found:
        defaults = {symbol.name: value for symbol, value in form.derivation.defaults.items()}
        for name in staying(form):
            default, known = defaults.get(name), form.derivation.known
            follows = default is not None and {
                symbol.name for symbol in known.base(default).free_symbols | default.free_symbols
            } & {*names}
            row = Fixed(w.Symbol(name), forms.write(default, form.order) if follows else None)
            if name not in rows or rows[name].default is None:
                rows[name] = row
    return tuple(rows.values())


def clashes(
    titles: Sequence[str], found: Sequence[Closed], defaults: bool = False
) -> tuple[Clash, ...]:
    """The names in several formulas that are not the same in all of them: by what the files say of
    them, by what they abbreviate, or by formulas that they have as defaults; by numbers too, where
    `defaults` are put in."""
    senses: dict[str, list[Sense]] = {}
    for title, form in zip(titles, found, strict=True):
        for name, symbol in _names(form):
            senses.setdefault(name, []).append(_sense(title, form, symbol))
    return tuple(
        Clash(w.Symbol(name), tuple(rows))
        for name, rows in senses.items()
        if any(_differ(one, other, defaults) for one, other in combinations(rows, 2))
    )


def _names(form: Closed) -> Iterator[tuple[str, Symbol]]:
    """The names in a formula and in what they abbreviate, families once."""
    stages, here = form.derivation.stage_symbols, form.expr.free_symbols | form.base.free_symbols
    found = sorted(here, key=lambda s: s.name)
    yield from {stages.get(s, (s.name, 0))[0]: s for s in found}.items()


def _sense(title: str, form: Closed, symbol: Symbol) -> Sense:
    known, staged = form.derivation.known, symbol in form.derivation.stage_symbols
    default = None if staged else form.derivation.defaults.get(symbol)
    spelled = None if staged else known.spelled.get(symbol)
    written = [None if v is None else forms.write(v, form.order) for v in (default, spelled)]
    return Sense(title, meaning(form.derivation, symbol), *written)


def _differ(one: Sense, other: Sense, defaults: bool) -> bool:
    if one.meaning and other.meaning and one.meaning != other.meaning:
        return True
    if _text(one.definition) != _text(other.definition):
        return True
    both = one.default, other.default
    if None in both or _text(one.default) == _text(other.default):
        return False
    return defaults or any(isinstance(node, w.Symbol) for node in nodes_of(both))


def _text(written: w.Written | None) -> str | None:
    return None if written is None else w.plain(written)
