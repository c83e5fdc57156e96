"""A program over a grid, block by block, so that memory is bounded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, Any, TypeAlias

from sympy import Rational, Symbol

from closedform.derive.lower.intervals import fit_int64
from closedform.derive.solve.closed import Closed
from closedform.derive.solve.numbers import evaluate
from closedform.errors import ClosedformError, fail
from closedform.sweeps.columns import Axis, Column
from closedform.sweeps.machines import Machine, plan_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHUNK = 1 << 15  # rows at a time: the steps of so many stay in the cache of a processor

Progress: TypeAlias = Callable[[int, int], object]


@dataclass(frozen=True)
class Table:
    """What a sweep has found: the axes, and the values in the shape of the grid."""

    axes: tuple[Axis, ...]
    values: dict[str, NDArray[Any]]
    holds: NDArray[Any] | None

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(columns[0].shown.size for _, columns in self.axes)

    def columns(self) -> dict[str, NDArray[Any]]:
        """All columns of the table as flat arrays: sizes, values, and whether a row holds."""
        import numpy as np

        found = {}
        for at, (_, columns) in enumerate(self.axes):
            for col in columns:
                along = [1] * len(self.axes)
                along[at] = -1
                full = np.broadcast_to(col.shown.reshape(along), self.shape)
                found[col.name] = full.reshape(-1)
        found |= {name: values.reshape(-1) for name, values in self.values.items()}
        return found if self.holds is None else {**found, "holds": self.holds.reshape(-1)}


def tabulated(made: Machine, axes: tuple[Axis, ...], broken: str, progress: Progress) -> Table:
    """The values of a program over a grid, in blocks, so that memory is bounded."""
    import numpy as np

    columns = [(at, col) for at, (_, cols) in enumerate(axes) for col in cols]
    shape = tuple(cols[0].shown.size for _, cols in axes)
    total = int(np.prod(shape, dtype=object))
    ranges = {name: ends for _, col in columns for name, ends in col.ranges.items()}
    outputs = (*made.program.values, made.program.holds)
    small = [node for node in outputs if not total or fit_int64([node], ranges)]
    found = [np.empty(shape, bool if node is made.program.holds else
                      np.int64 if node in small else object) for node in outputs]  # fmt: skip
    plans = [
        (objects, plan_of(part), [at for at, node in enumerate(outputs) if node in part])
        for objects in (False, True)
        if (part := tuple(dict.fromkeys(n for n in outputs if (n in small) != objects)))
    ]
    done = 0
    for block in _blocks(shape) if total else ():
        for objects, plan, places in plans:
            values: dict[str, Any] = {}
            for at, col in columns:
                for name, numbers in col.inputs.items():
                    cut = numbers[block[at]]
                    if isinstance(block[at], int):
                        values[name] = int(cut)
                        continue
                    along = [1] * sum(isinstance(part, slice) for part in block)
                    along[at - len(block)] = -1
                    values[name] = (cut.astype(object) if objects else cut).reshape(along)
            results = dict(zip(plan.outputs, plan.run(values, objects), strict=True))
            for at in places:
                found[at][block] = results[outputs[at]]
        if broken == "raise" and not found[-1][block].all():
            raise _broken(made, axes, found[-1], block)
        done += found[-1][block].size
        progress(done, total)
    holds = found[-1] if broken == "mark" else None
    return Table(axes, dict(zip(made.titles, found, strict=False)), holds)


def one_by_one(
    table: Table, form: Closed, given: Sequence[Symbol], numbers: Mapping[Symbol, Fraction]
) -> NDArray[Any]:
    """The values of what has no program, row by row; 0 where a row does not hold."""
    import numpy as np

    columns = table.columns()
    found = np.zeros(table.shape, object)
    for at, place in enumerate(np.ndindex(table.shape)):
        if table.holds is None or table.holds[place]:
            here = {symbol: Fraction(columns[symbol.name][at]) for symbol in given}
            sizes = {symbol: Rational(number) for symbol, number in {**numbers, **here}.items()}
            found[place] = evaluate(form, sizes)
    small = all(abs(number) < 2**63 for number in found.flat)
    return found.astype(np.int64) if small else found


def stacked(name: str, labels: Sequence[str], tables: Sequence[Table]) -> Table:
    """Tables of one shape as one, along a new first axis."""
    import numpy as np

    shown = np.array(labels, object)
    values = {key: np.stack([table.values[key] for table in tables]) for key in tables[0].values}
    holds = [table.holds for table in tables if table.holds is not None]
    axis = name, (Column(name, shown, {}),)
    return Table((axis, *tables[0].axes), values, np.stack(holds) if holds else None)


def _blocks(shape: tuple[int, ...]) -> Iterator[tuple[int | slice, ...]]:
    """Parts of a grid: one place on the first axes, a stretch of the next, all of the last."""
    size, split = 1, len(shape)
    while split and size * shape[split - 1] <= CHUNK:
        split -= 1
        size *= shape[split]
    if not split:
        yield tuple(slice(None) for _ in shape)
        return
    step = max(1, CHUNK // size)
    for front in product(*map(range, shape[: split - 1])):
        for start in range(0, shape[split - 1], step):
            yield (*front, slice(start, start + step), *(slice(None) for _ in shape[split:]))


def _broken(
    made: Machine, axes: tuple[Axis, ...], holds: NDArray[Any], block: tuple[int | slice, ...]
) -> ClosedformError:
    """The error for the first row in a block that breaks an assumption."""
    import numpy as np

    inside = np.argwhere(~np.atleast_1d(holds[block]))[0].tolist()
    where = [part if isinstance(part, int) else (part.start or 0) + inside.pop(0) for part in block]
    values: dict[str, int] = {}
    told = []
    for (_, columns), place in zip(axes, where, strict=True):
        for col in columns:
            told.append(f"{col.name} = {col.shown[place]}")
            values |= {name: int(numbers[place]) for name, numbers in col.inputs.items()}
    row = int(np.ravel_multi_index(tuple(where), holds.shape))
    why = made.broken(values) or "a formula has no value"
    return fail(
        "assume",
        why,
        None,
        'broken="mark" goes on, and marks such rows in a column `holds`',
        f"in row {row}, with {', '.join(told)}",
    )
