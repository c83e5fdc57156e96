"""SQL as Spark has it: an expression over columns, in whole numbers of 64 bits.

What does not fit is an error of Spark in its ANSI mode; without that mode it would wrap without a
word, and the expression refuses it: a text beside a number is a number in ANSI mode alone.
"""

from __future__ import annotations

from closedform.derive.lower.nodes import Op
from closedform.render.code.expressions import ATOM, OR
from closedform.render.code.queries import Dialect, query
from closedform.render.code.source import Language, Source

SPARK = Dialect(
    "spark",
    bits=64,
    quote="`",
    whole="CAST({} AS BIGINT)",
    quotient="{} DIV {}",
    error="raise_error",
    rows={Op.ONE_IF: ("CAST({} AS BIGINT)", ATOM, (OR,))},
    first=("typeof(coalesce(1, '1')) = 'string'", "set spark.sql.ansi.enabled to true"),
)


def write(source: Source) -> str:
    return query(source, SPARK)


LANGUAGE = Language(write, knows_case=False, has_function=False)
