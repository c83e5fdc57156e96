"""Many values at once: measures over a grid of sizes or over given rows, and as a function.

Everything is exact: 64 bits where bounds of every step prove that they are enough, else Python
integers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sympy import Expr, Symbol

from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.lower.intervals import fit_int64
from closedform.derive.project import Project
from closedform.derive.resolve.modules import Entity
from closedform.derive.solve.closed import Closed
from closedform.errors import ClosedformError, fail
from closedform.render.code import language_named
from closedform.render.code.source import source
from closedform.sweeps.columns import (
    Axis,
    axis,
    column,
    exact_number,
    fixed_numbers,
    names_of,
    symbols_named,
)
from closedform.sweeps.frames import written
from closedform.sweeps.machines import Machine, machine, plan_of
from closedform.sweeps.tables import Progress, Table, stacked, tabulated

BROKEN = ("raise", "mark")


def preset_numbers(project: Project, preset: str | None) -> dict[Symbol, Fraction]:
    """The numbers that a preset gives."""
    if preset is None:
        return {}
    values = project.values(project.preset(preset))
    return {symbol: Fraction(int(v.p), int(v.q)) for symbol, v in values.items()}


def swept(
    project: Project,
    entity: Entity,
    *,
    measures: Sequence[str],
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
        return _table(project, entity, measures, preset, rows, broken, progress, sizes)

    if hasattr(rows, "map_partitions"):  # of Dask
        return rows.map_partitions(lambda part: written(table(preset, part, None), "pandas"))
    if preset is None or isinstance(preset, str):
        return written(table(preset, rows, progress), to)
    titles = list(preset)
    if not titles:
        raise fail("argument", "there is no preset to sweep over", None, "name one")
    return written(stacked("preset", titles, [table(t, rows, progress) for t in titles]), to)


def _table(
    project: Project,
    entity: Entity,
    measures: Sequence[str],
    preset: str | None,
    rows: Any,
    broken: str,
    progress: Progress | None,
    sizes: Mapping[str, Any],
) -> Table:
    exprs, derivation = _asked(project, entity, measures, preset)
    if rows is not None:
        given, axes = _rows(derivation, rows)
        fixed = fixed_numbers(derivation, sizes)
    else:
        axes = tuple(axis(derivation, name, values) for name, values in sizes.items())
        given, fixed = _grid(derivation, sizes), {}
    twice = [s.name for at, s in enumerate(given) if s in given[:at] or s in fixed]
    if twice:
        raise fail("argument", f"`{twice[0]}` is given twice")
    numbers = {**preset_numbers(project, preset), **fixed}
    made = machine(
        derivation,
        exprs,
        given,
        tuple((s, n) for s, n in numbers.items() if s not in given),
        frozenset((*given, *fixed)),
    )
    return tabulated(made, axes, broken, progress)


def _grid(derivation: Derivation, sizes: Mapping[str, Any]) -> tuple[Symbol, ...]:
    return tuple(symbol for name in sizes for symbol in symbols_named(derivation, name))


def _asked(
    project: Project, entity: Entity, measures: Sequence[str], preset: str | None
) -> tuple[tuple[tuple[str, Expr], ...], Derivation]:
    """What is computed: measures, and abbreviations of the file, by their names."""
    node = project.preset(preset) if preset is not None else None
    derivation = project.derivation(entity)
    lets = {symbol.name: symbol for symbol in derivation.known.spelled}
    found: list[tuple[str, Expr]] = []
    for name in measures:
        if name in lets:
            found.append((name, lets[name]))
            continue
        (what,) = project.measures([name], None)
        form = project.closed(entity, what)
        form = project.form_at(node, form) if node is not None else form
        derivation = form.derivation
        found.append((name, form.expr))
    return tuple(found), derivation


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


# Functions ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Function:
    """A formula as a function of some sizes: exact, for numbers and for arrays of NumPy.

    Arrays are of 64 bits where it is proved for the numbers that are given that these are enough,
    else of Python integers.
    """

    title: str
    names: tuple[str, ...]
    symbols: tuple[Symbol, ...]
    made: Machine

    def __call__(self, *args: Any, **named: Any) -> Any:
        values = self._bound(args, named)
        if any(hasattr(value, "__dask_graph__") for value in values):
            return self._on_dask(values)
        if all(not hasattr(v, "__len__") and not isinstance(v, range) for v in values):
            return self._number(values)
        return self._array(values)

    def _bound(self, args: Sequence[Any], named: Mapping[str, Any]) -> list[Any]:
        given = dict(zip(self.names, args, strict=False))
        wrong = [name for name in named if name not in self.names or name in given]
        missing = [name for name in self.names if name not in given and name not in named]
        if len(args) > len(self.names) or wrong or missing:
            raise fail(
                "argument",
                f"{self.title} is here a function of {', '.join(self.names) or 'nothing'}, "
                f"and is given {len(args) + len(named)} sizes"
                + (f", `{wrong[0]}` among them" if wrong else ""),
            )
        given |= named
        return [given[name] for name in self.names]

    def _number(self, values: Sequence[Any]) -> int:
        inputs = {}
        for name, symbol, value in zip(self.names, self.symbols, values, strict=True):
            if type(value) is int and symbol.is_integer and value > 0:
                inputs[name] = value
                continue
            number = exact_number(name, symbol, value)
            if symbol.is_integer:
                inputs[name] = int(number)
            else:
                inputs[f"{name}_num"], inputs[f"{name}_den"] = number.as_integer_ratio()
        program = self.made.program
        value, holds = plan_of((program.values[0], program.holds)).run(inputs)
        if not holds:
            raise self._broken(inputs)
        return int(value)

    def _array(self, values: Sequence[Any]) -> Any:
        import numpy as np

        arrays = [np.asarray(value) for value in values]
        shape = np.broadcast_shapes(*(array.shape for array in arrays))
        columns = [
            column(symbol, array.ravel()) for symbol, array in zip(self.symbols, arrays, strict=True)
        ]
        ranges = {name: ends for col in columns for name, ends in col.ranges.items()}
        program = self.made.program
        outputs = (program.values[0], program.holds)
        objects = bool(np.prod(shape)) and not fit_int64(outputs, ranges)
        inputs = {}
        for col, array in zip(columns, arrays, strict=True):
            for name, numbers in col.inputs.items():
                full = numbers.astype(object) if objects else numbers
                inputs[name] = full.reshape(array.shape or (1,))
        value, holds = plan_of(outputs).run(inputs, objects)
        if not np.all(holds):
            place = np.argwhere(~np.broadcast_to(holds, shape or (1,)))[0]
            raise self._broken(
                {
                    name: int(np.broadcast_to(numbers, shape or (1,))[tuple(place)])
                    for name, numbers in inputs.items()
                }
            )
        full = np.broadcast_to(np.asarray(value, object if objects else np.int64), shape)
        return full if full.flags.writeable else full.copy()

    def _on_dask(self, values: Sequence[Any]) -> Any:
        """Block by block; a block that 64 bits may not hold is an error."""
        import dask.array as da

        def block(*parts: Any) -> Any:
            found = self._array(parts)
            if found.dtype == object:
                raise fail("limit", f"{self.title} may be too large for 64 bits in a block")
            return found

        return da.map_blocks(block, *values, dtype="int64")

    def _broken(self, inputs: Mapping[str, int]) -> ClosedformError:
        told = ", ".join(f"{name} = {number}" for name, number in inputs.items())
        why = self.made.broken(inputs) or f"{self.title} has no value"
        return fail("assume", why, None, None, *([f"with {told}"] if told else []))

    def __repr__(self) -> str:
        return f"<{self.title} as a function of {', '.join(self.names)}>"


def function(
    project: Project,
    form: Closed,
    names: Sequence[str],
    preset: str | None,
    sizes: Mapping[str, Any],
) -> Function:
    """A closed form as a function of the named sizes; see `Formula.function`."""
    form = project.form_at(project.preset(preset), form) if preset is not None else form
    derivation = form.derivation
    symbols = tuple(_one(derivation, name) for name in names)
    fixed = fixed_numbers(derivation, sizes)
    numbers = {**preset_numbers(project, preset), **fixed}
    made = machine(
        derivation,
        ((form.measure.title, form.expr),),
        symbols,
        tuple((s, n) for s, n in numbers.items() if s not in symbols),
        frozenset((*symbols, *fixed)),
    )
    return Function(form.measure.title, tuple(names), symbols, made)


def exported(
    project: Project,
    form: Closed,
    to: str,
    names: Sequence[str],
    name: str | None,
    preset: str | None,
    sizes: Mapping[str, Any],
) -> str:
    """A closed form as code; see `Formula.export`."""
    language = language_named(to)
    form = project.form_at(project.preset(preset), form) if preset is not None else form
    given = [symbol for own in names for symbol in symbols_named(form.derivation, own)]
    numbers = {**preset_numbers(project, preset), **fixed_numbers(form.derivation, sizes)}
    put_in = {symbol: number for symbol, number in numbers.items() if symbol not in given}
    return language.write(source(form, name or form.measure.name, given, put_in))


def _one(derivation: Derivation, name: str) -> Symbol:
    symbols = symbols_named(derivation, name)
    if len(symbols) > 1:
        raise fail(
            "argument",
            f"`{name}` is a list of {len(symbols)} sizes",
            None,
            "name some of them: " + ", ".join(s.name for s in symbols),
        )
    return symbols[0]


__all__ = ["BROKEN", "Function", "Progress", "exported", "function", "names_of", "swept"]
