"""Rows that are shown as a table, and become a DataFrame where one is asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, ClassVar, Generic, TypeVar

import sympy

from closedform.explore import show

Row = TypeVar("Row")


class Table(tuple[Row, ...], ABC, Generic[Row]):
    """A tuple of rows; `columns` are the headings, `cells` what a row has below them.

    `print` shows it as text, a notebook as a table.
    """

    columns: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def cells(self, row: Row) -> tuple[object, ...]:
        """What a row has in each column."""

    @property
    def headings(self) -> tuple[str, ...]:
        return self.columns

    def frame(self) -> Any:
        """A pandas DataFrame: numbers as they are, exact; formulas as text. Needs pandas."""
        return frame(self.headings, [self.cells(row) for row in self])

    def __repr__(self) -> str:
        return show.text_table(self.headings, map(self.cells, self))

    def _repr_html_(self) -> str:
        return show.html_table(self.headings, map(self.cells, self))

    def _repr_markdown_(self) -> str:
        return show.markdown_table(self.headings, map(self.cells, self))


def frame(headings: Sequence[str], rows: Sequence[tuple[object, ...]]) -> Any:
    """A DataFrame whose numbers are exact: int64 where all of a column are, else as they are."""
    import pandas

    columns = zip(*([_plain(cell) for cell in row] for row in rows), strict=True)
    table = pandas.DataFrame({at: series(column) for at, column in enumerate(columns)})
    names = list(headings)
    return table.set_axis(names, axis=1) if rows else pandas.DataFrame(columns=names)


def series(column: tuple[object, ...]) -> Any:
    """A column whose numbers are exact."""
    import pandas

    given = [cell for cell in column if cell is not None]
    whole = all(isinstance(cell, int) and -(2**63) <= cell < 2**63 for cell in given)
    kind = "object" if not whole or not given else "int64" if len(given) == len(column) else "Int64"
    return pandas.Series(column, dtype=kind)


def _plain(cell: object) -> object:
    if isinstance(cell, sympy.Integer):
        return int(cell)
    if isinstance(cell, sympy.Rational):
        return Fraction(cell.p, cell.q)
    return cell if cell is None or isinstance(cell, int | str | Fraction) else str(cell)
