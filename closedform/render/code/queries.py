"""Expressions of SQL over columns, as two databases have them: a row that breaks an assumption is
an error, and so is a number that is too long."""

from __future__ import annotations

from collections.abc import Mapping

from closedform.data import dataclass
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
    Row,
    Spelling,
    Writer,
)
from closedform.render.code.source import Source

ROWS: Mapping[Op, Row] = {
    Op.ADD: ("{} + {}", SUM, (SUM, SUM)),
    Op.SUBTRACT: ("{} - {}", SUM, (SUM, PRODUCT)),
    Op.MULTIPLY: ("{} * {}", PRODUCT, (PRODUCT, SIGN)),
    Op.MIN: ("least({}, {})", ATOM, (OR, OR)),
    Op.MAX: ("greatest({}, {})", ATOM, (OR, OR)),
    Op.EQUAL: ("{} = {}", COMPARED, (SUM, SUM)),
    Op.LESS: ("{} < {}", COMPARED, (SUM, SUM)),
    Op.AT_MOST: ("{} <= {}", COMPARED, (SUM, SUM)),
    Op.DIVIDES: ("{1} % {0} = 0", COMPARED, (SIGN, PRODUCT)),
    Op.AND: ("{} AND {}", AND, (AND, AND)),
    Op.OR: ("{} OR {}", OR, (OR, OR)),
    Op.NOT: ("NOT {}", NOT, (NOT,)),
}


@dataclass(frozen=True)
class Dialect:
    """A database: the type of its whole numbers and their bits, how a name is quoted, a number
    made whole and a quotient rounded towards 0, its word for an error, and what else it has;
    `first` is a condition that must not hold, and what is said if it does."""

    name: str
    bits: int
    quote: str
    whole: str
    quotient: str
    error: str
    rows: Mapping[Op, Row]
    first: tuple[str, str] | None = None

    def text(self, words: str) -> str:
        """The error that says some words."""
        return f"{self.error}('{words.replace(chr(39), chr(39) * 2)}')"

    def column(self, name: str) -> str:
        return f"{self.quote}{name.replace(self.quote, self.quote * 2)}{self.quote}"


@dataclass
class Columns(Writer):
    """Steps as an expression over columns."""

    bits: int = 0

    def _of(self, node: Node) -> tuple[str, int]:
        if node.op is Op.CONST and not isinstance(node.value, bool):
            if abs(int(node.value or 0)) >= 2 ** (self.bits - 1):
                raise fail(
                    "argument", f"`{self.spelling.language}` has no whole number {node.value}"
                )
            return str(node.value), ATOM if int(node.value or 0) >= 0 else SIGN
        if node.op is Op.POWER and node.args[1].number is not None:
            factor = self.text(node.args[0], SIGN)
            return " * ".join([factor] * node.args[1].number), PRODUCT
        if node.op is Op.FLOORDIV and (node.args[0].low is None or node.args[0].low < 0):
            # a quotient is rounded towards 0
            over, under = (self.text(arg, ATOM) for arg in node.args)
            quotient = self.spelling.rows[Op.FLOORDIV][0]
            below = f"({over} - ({over} % {under} + {under}) % {under})"
            return quotient.format(below, under), PRODUCT
        return super()._of(node)


def query(source: Source, dialect: Dialect) -> str:
    """The expression of a formula; NULL gives NULL."""
    columns = {size.name: dialect.column(size.name) for size in source.sizes}
    whole = {name: dialect.whole.format(column) for name, column in columns.items()}
    divided = {Op.FLOORDIV: (dialect.quotient, PRODUCT, (PRODUCT, SIGN))}
    spelling = Spelling(dialect.name, {**ROWS, **divided, **dialect.rows}, truths=TRUTHS)
    writer = Columns(spelling, whole, bits=dialect.bits)
    lines = [f"-- {line}" for line in source.says]
    lines.append("CASE")
    if dialect.first is not None:
        condition, why = dialect.first
        lines.append(f"  WHEN {condition} THEN {dialect.text(why)}")
    for size in source.sizes:
        column = columns[size.name]
        wrong = f"{column} <> {whole[size.name]} OR {column} < {size.least}"
        why = f"`{size.name}` is not whole, or less than {size.least}"
        lines.append(f"  WHEN {wrong} THEN {dialect.text(why)}")
    for need, why in source.program.needs:
        lines.append(f"  WHEN NOT {writer.text(need, NOT)} THEN {dialect.text(why)}")
    lines += [f"  ELSE {writer.text(source.value)}", "END"]
    return "\n".join(lines) + "\n"


TRUTHS = ("FALSE", "TRUE")
