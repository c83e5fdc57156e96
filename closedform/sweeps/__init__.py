"""Many values at once: measures over a grid of sizes or over given rows, and as a function.

Everything is exact: 64 bits where bounds of every step prove that they are enough, else Python
integers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sympy import Expr, Symbol

from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.project import Project
from closedform.derive.resolve.modules import Entity
from closedform.derive.solve.closed import Closed
from closedform.derive.solve.given import (
    fixed_numbers,
    given_twice,
    plain_numbers,
    refuse_twice,
    symbols_named,
)
from closedform.derive.symbolic.unwritten import Alive
from closedform.errors import fail
from closedform.sweeps.columns import Axis, axis, column
from closedform.sweeps.frames import written
from closedform.sweeps.machines import machine
from closedform.sweeps.progress import Bar
from closedform.sweeps.ratios import divided, quotient_of, without_zeros
from closedform.sweeps.room import check_room
from closedform.sweeps.tables import Progress, Table, one_by_one, stacked, tabulated

BROKEN = ("raise", "mark")


def swept(
    project: Project,
    entity: Entity,
    *,
    measures: Sequence[str] | Mapping[str, Closed],
    preset: str | Iterable[str] | None,
    rows: Any,
    to: str,
    broken: str,
    progress: Progress | None,
    sizes: Mapping[str, Any],
) -> Any:
    """The values of measures over a grid of sizes, or over rows; see `Part.sweep`."""
    if broken not in BROKEN:
        raise fail("argument", f"`broken` is {broken!r}", None, f"it is one of {BROKEN}")

    def table(preset: str | None, rows: Any, progress: Progress | None) -> Table:
        told = Bar() if progress is None else progress
        return _table(project, entity, measures, preset, rows, broken, told, sizes)

    def framed(preset: str | None, rows: Any) -> Any:
        found = written(table(preset, rows, progress), to)
        if to == "pandas" and hasattr(rows, "columns") and hasattr(rows, "index"):
            found.index = rows.index
        return found

    titles = None if preset is None or isinstance(preset, str) else list(preset)
    one = preset if isinstance(preset, str) else None
    if titles == []:
        raise fail("argument", "there is no preset to sweep over", None, "name one")
    if rows is None:
        check_room(sizes, len(titles or [preset]), len(measures))
    if hasattr(rows, "map_partitions"):  # of Dask
        if to != "pandas" or titles is not None:
            raise fail("argument", "a frame of Dask is swept to pandas, at one preset or none")
        return rows.map_partitions(lambda frame: framed(one, frame), meta=framed(one, rows._meta))
    if titles is None:
        return framed(one, rows)
    return written(stacked("preset", titles, [table(t, rows, progress) for t in titles]), to)


def _table(
    project: Project,
    entity: Entity,
    measures: Sequence[str] | Mapping[str, Closed],
    preset: str | None,
    rows: Any,
    broken: str,
    progress: Progress,
    sizes: Mapping[str, Any],
) -> Table:
    asked, derivation = _asked(project, entity, measures, preset)
    exprs = {name: one.expr if isinstance(one, Closed) else one for name, one in asked.items()}
    alone = {name: one for name, one in asked.items() if exprs[name].has(Alive)}
    quotients = {name: quotient_of(one) for name, one in asked.items() if name not in alone}
    if rows is not None:
        given, axes = _rows(derivation, rows)
        fixed = fixed_numbers(derivation, sizes)
    else:
        axes = tuple(axis(derivation, name, values) for name, values in sizes.items())
        given, fixed = _grid(derivation, sizes), {}
    columns = {s.name for s in given} | {name for name, *_ in axes}
    for name in asked:
        if name in columns or (name == "holds" and broken == "mark"):
            message = f"`{name}` is a column of its own here, and a formula too"
            raise fail("argument", message, None, "give the formula another name")
    refuse_twice(given)
    if both := [s.name for s in given if s in fixed]:
        raise given_twice(both[0])
    values = {} if preset is None else project.values(project.preset(preset))
    numbers = {**plain_numbers(values), **fixed}
    made = machine(
        derivation,
        (
            *((name, exprs[name]) for name, pair in quotients.items() if pair is None),
            *((name, pair[0]) for name, pair in quotients.items() if pair is not None),
            *((_below(name), pair[1]) for name, pair in quotients.items() if pair is not None),
        ),
        given,
        tuple((s, n) for s, n in numbers.items() if s not in given),
        frozenset((*given, *fixed)),
    )
    table = tabulated(made, axes, broken, progress)
    found = dict(table.values)
    for name, pair in quotients.items():
        if pair is not None:
            table = without_zeros(table, name, found[_below(name)])
            found[name] = divided(found[name], found[_below(name)])
    found |= {name: one_by_one(table, form, given, numbers) for name, form in alone.items()}
    return replace(table, values={name: found[name] for name in exprs})


def _below(name: str) -> str:
    """What the denominator of a formula is called in a program."""
    return f"the denominator of {name}"


def _grid(derivation: Derivation, sizes: Mapping[str, Any]) -> tuple[Symbol, ...]:
    return tuple(symbol for name in sizes for symbol in symbols_named(derivation, name))


def _asked(
    project: Project,
    entity: Entity,
    measures: Sequence[str] | Mapping[str, Closed],
    preset: str | None,
) -> tuple[dict[str, Closed | Expr], Derivation]:
    """What is computed: measures, and abbreviations of the file, by their names."""
    node = project.preset(preset) if preset is not None else None
    derivation = project.derivation(project.at_preset(node) if node is not None else entity)
    lets = {symbol.name: symbol for symbol in derivation.known.spelled}
    found: dict[str, Closed | Expr] = {}
    for name in measures:
        form = measures[name] if isinstance(measures, Mapping) else None
        if form is None and name in lets:
            found[name] = lets[name]
            continue
        if form is None:
            (what,) = project.measures([name], None)
            form = project.closed(entity, what)
            form = project.form_at(node, form) if node is not None else form
        if form.derivation is not derivation:
            raise fail(
                "sizes",
                f"`{name}` is not in the sizes of `{derivation.entity.name}`",
                None,
                'take a part where the model uses it, `.part("...")`; for a formula of several '
                "models, or with sizes put in, take arrays of its `.function(...)`",
            )
        found[name] = form
    return found, derivation


def _rows(derivation: Derivation, rows: Any) -> tuple[tuple[Symbol, ...], tuple[Axis, ...]]:
    """Rows that are given as a frame, or as lists of one length by their names."""
    if not hasattr(rows, "keys") and not hasattr(rows, "columns"):
        raise fail(
            "type",
            f"`rows` is {type(rows).__name__}",
            None,
            "give a DataFrame, or a dict of lists of one length",
        )
    names = list(rows.keys() if hasattr(rows, "keys") else rows.columns)
    if twice := [name for at, name in enumerate(names) if name in names[:at]]:
        advice = "keep one, as of a frame `frame.loc[:, ~frame.columns.duplicated()]` does"
        raise fail("argument", f"the rows have several columns `{twice[0]}`", None, advice)
    columns, given = [], []
    for name in names:
        symbols = symbols_named(derivation, str(name))
        if len(symbols) > 1:
            raise fail(
                "argument",
                f"`{name}` is a list of {len(symbols)} sizes",
                None,
                "give a column for each: " + ", ".join(s.name for s in symbols),
            )
        columns.append(column(symbols[0], rows[name]))
        given.append(symbols[0])
    lengths = {col.name: col.shown.size for col in columns}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"`{name}` has {length}" for name, length in lengths.items())
        raise fail("argument", f"the rows are not of one length: {told}")
    if not columns:
        raise fail("argument", "the rows have no columns", None, "name sizes")
    return tuple(given), (("row", tuple(columns)),)
