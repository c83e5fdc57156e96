"""SQL as DuckDB has it: an expression over columns, in whole numbers of 128 bits.

A product that is longer is an error of DuckDB; a row that breaks an assumption is one as well.
"""

from __future__ import annotations

from closedform.derive.lower.nodes import Op
from closedform.render.code.expressions import ATOM, OR
from closedform.render.code.queries import Dialect, query
from closedform.render.code.source import Language, Source

DUCKDB = Dialect(
    "sql",
    bits=128,
    quote='"',
    whole="{}::HUGEINT",
    quotient="{} // {}",
    error="error",
    rows={
        Op.GCD: ("gcd({}, {})", ATOM, (OR, OR)),
        Op.ONE_IF: ("CAST({} AS HUGEINT)", ATOM, (OR,)),
    },
)


def write(source: Source) -> str:
    return query(source, DUCKDB)


LANGUAGE = Language(write, knows_case=False, has_function=False)
