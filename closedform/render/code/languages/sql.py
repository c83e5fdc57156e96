"""SQL as DuckDB has it: an expression over columns, in whole numbers of 128 bits.

A product that is longer is an error of DuckDB; a row that breaks an assumption is one as well.
"""

from __future__ import annotations

from closedform.derive.lower.nodes import Node, Op
from closedform.errors import fail
from closedform.render.code.expressions import (
    AND,
    ATOM,
    COMPARED,
    NOT,
    OR,
    PRODUCT,
    SIGN,
    SUM,
    Spelling,
    Writer,
)
from closedform.render.code.source import Language, Source

ROWS = {
    Op.ADD: ("{} + {}", SUM, (SUM, SUM)),
    Op.SUBTRACT: ("{} - {}", SUM, (SUM, PRODUCT)),
    Op.MULTIPLY: ("{} * {}", PRODUCT, (PRODUCT, SIGN)),
    Op.FLOORDIV: ("{} // {}", PRODUCT, (PRODUCT, SIGN)),
    Op.MIN: ("least({}, {})", ATOM, (OR, OR)),
    Op.MAX: ("greatest({}, {})", ATOM, (OR, OR)),
    Op.GCD: ("gcd({}, {})", ATOM, (OR, OR)),
    Op.ONE_IF: ("CAST({} AS HUGEINT)", ATOM, (OR,)),
    Op.EQUAL: ("{} = {}", COMPARED, (SUM, SUM)),
    Op.LESS: ("{} < {}", COMPARED, (SUM, SUM)),
    Op.AT_MOST: ("{} <= {}", COMPARED, (SUM, SUM)),
    Op.DIVIDES: ("{1} % {0} = 0", COMPARED, (SIGN, PRODUCT)),
    Op.AND: ("{} AND {}", AND, (AND, AND)),
    Op.OR: ("{} OR {}", OR, (OR, OR)),
    Op.NOT: ("NOT {}", NOT, (NOT,)),
}


class Columns(Writer):
    """Steps as an expression over columns."""

    def _of(self, node: Node) -> tuple[str, int]:
        if node.op is Op.CONST and not isinstance(node.value, bool):
            if abs(int(node.value or 0)) >= 2**127:
                raise fail("argument", f"`sql` has no whole number {node.value}")
            return str(node.value), ATOM if int(node.value or 0) >= 0 else SIGN
        if node.op is Op.POWER and node.args[1].number is not None:
            factor = self.text(node.args[0], SIGN)
            return " * ".join([factor] * node.args[1].number), PRODUCT
        if node.op is Op.FLOORDIV and (node.args[0].low is None or node.args[0].low < 0):
            over, under = (self.text(arg, ATOM) for arg in node.args)  # `//` rounds towards 0
            return f"({over} - ({over} % {under} + {under}) % {under}) // {under}", PRODUCT
        return super()._of(node)


def write(source: Source) -> str:
    columns = {size.name: '"' + size.name.replace('"', '""') + '"' for size in source.sizes}
    writer = Columns(
        Spelling("sql", ROWS, truths=("FALSE", "TRUE")),
        {name: f"{column}::HUGEINT" for name, column in columns.items()},
    )
    lines = [f"-- {line}" for line in source.says]
    lines.append("CASE")
    for size in source.sizes:
        column, whole = columns[size.name], f"{columns[size.name]}::HUGEINT"
        why = f"`{size.name}` is not whole, or less than {size.least}"
        lines.append(
            f"  WHEN {column} <> {whole} OR {column} < {size.least} THEN error({_text(why)})"
        )
    for need, why in source.program.needs:
        lines.append(f"  WHEN NOT {writer.text(need, NOT)} THEN error({_text(why)})")
    lines += [f"  ELSE {writer.text(source.value)}", "END"]
    return "\n".join(lines) + "\n"


def _text(words: str) -> str:
    return "'" + words.replace("'", "''") + "'"


LANGUAGE = Language(write)
