"""A table as pandas, polars, xarray or NumPy has it; a row that does not hold has no values."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from closedform.errors import fail, suggestion
from closedform.sweeps.tables import Table

if TYPE_CHECKING:
    from numpy.typing import NDArray


def written(table: Table, to: str) -> Any:
    """The table in one of the forms of `FORMS`."""
    if to not in FORMS:
        near = suggestion(to, FORMS) or f"there are {', '.join(FORMS)}"
        raise fail("argument", f"a sweep has no form {to!r}", None, near)
    try:
        return FORMS[to](table)
    except ImportError as error:
        raise fail(
            "argument",
            f"a sweep to {to!r} needs {error.name}",
            None,
            f"pip install {error.name}",
        ) from None


def _pandas(table: Table) -> Any:
    import pandas as pd

    found: dict[str, Any] = table.columns()
    gone = _gone(table)
    if gone is not None:
        for name in table.values:
            values = found[name]
            if values.dtype == object:
                values[gone] = None
            else:
                found[name] = pd.arrays.IntegerArray(values, gone)
    return pd.DataFrame(found, copy=False)


def _polars(table: Table) -> Any:
    import polars as pl

    found = table.columns()
    gone = _gone(table)
    series = []
    for name, values in found.items():
        if values.dtype == object:
            numbers = values.tolist()
            if gone is not None and name in table.values:
                numbers = [None if out else n for n, out in zip(numbers, gone, strict=True)]
            series.append(pl.Series(name, numbers, dtype=pl.Object))
            continue
        column = pl.Series(name, values)
        if gone is not None and name in table.values:
            column = column.set(pl.Series(gone), None)
        series.append(column)
    return pl.DataFrame(series)


def _numpy(table: Table) -> dict[str, NDArray[Any]]:
    import numpy as np

    found = table.columns()
    gone = _gone(table)
    if gone is None:
        return found
    return {
        name: np.ma.MaskedArray(values, gone) if name in table.values else values
        for name, values in found.items()
    }


def _xarray(table: Table) -> Any:
    """A data set over the axes; a list of sizes is an axis with a coordinate for each of them."""
    import xarray as xr

    coordinates: dict[str, Any] = {}
    for name, columns in table.axes:
        for col in columns:
            coordinates[col.name] = (name, col.shown)
    values = dict(table.values)
    if table.holds is not None and not table.holds.all():
        for name, array in values.items():
            known = array.astype(object)
            known[~table.holds] = None
            values[name] = known
    if table.holds is not None:
        values["holds"] = table.holds
    dims = [name for name, _ in table.axes]
    return xr.Dataset({name: (dims, array) for name, array in values.items()}, coordinates)


def _gone(table: Table) -> NDArray[Any] | None:
    """The rows without values, if there are any."""
    if table.holds is None or table.holds.all():
        return None
    return ~table.holds.reshape(-1)


FORMS: dict[str, Callable[[Table], Any]] = {
    "pandas": _pandas,
    "polars": _polars,
    "xarray": _xarray,
    "numpy": _numpy,
}
