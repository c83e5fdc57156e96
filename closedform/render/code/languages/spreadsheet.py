"""A spreadsheet: a formula over named cells.

Its numbers are of floating point and exact up to 2^53; where a step may be larger the formula is
#N/A, as where an assumption does not hold.
"""

from __future__ import annotations

import re

from closedform.derive.lower.majorant import majorant
from closedform.derive.lower.nodes import Node, Op
from closedform.errors import fail
from closedform.render.code.expressions import (
    ATOM,
    COMPARED,
    OR,
    PRODUCT,
    SIGN,
    SUM,
    Spelling,
    Writer,
)
from closedform.render.code.source import Language, Source, spelled

MAX_LENGTH = 8192  # of a formula in Excel
EXACT = 2**53

ROWS = {
    Op.ADD: ("{}+{}", SUM, (SUM, SUM)),
    Op.SUBTRACT: ("{}-{}", SUM, (SUM, PRODUCT)),
    Op.MULTIPLY: ("{}*{}", PRODUCT, (PRODUCT, SIGN)),
    Op.FLOORDIV: ("({0}-MOD({0},{1}))/{1}", PRODUCT, (ATOM, ATOM)),
    Op.MIN: ("MIN({},{})", ATOM, (OR, OR)),
    Op.MAX: ("MAX({},{})", ATOM, (OR, OR)),
    Op.GCD: ("GCD({},{})", ATOM, (OR, OR)),
    Op.ONE_IF: ("IF({},1,0)", ATOM, (OR,)),
    Op.EQUAL: ("{}={}", COMPARED, (SUM, SUM)),
    Op.LESS: ("{}<{}", COMPARED, (SUM, SUM)),
    Op.AT_MOST: ("{}<={}", COMPARED, (SUM, SUM)),
    Op.DIVIDES: ("MOD({1},{0})=0", COMPARED, (OR, OR)),
    Op.AND: ("AND({},{})", ATOM, (OR, OR)),
    Op.OR: ("OR({},{})", ATOM, (OR, OR)),
    Op.NOT: ("NOT({})", ATOM, (OR,)),
}


class Cells(Writer):
    def _of(self, node: Node) -> tuple[str, int]:
        if node.op is Op.POWER and node.args[1].number is not None:
            factor = self.text(node.args[0], SIGN)
            return "*".join([factor] * node.args[1].number), PRODUCT
        return super()._of(node)


def is_reserved(name: str) -> bool:
    """Whether a name is that of a row, a column, a cell or a value in a spreadsheet."""
    return bool(re.fullmatch(r"[RrCc]|[A-Za-z]{1,3}[0-9]+|[Rr][0-9]*[Cc][0-9]*|TRUE|FALSE", name))


def write(source: Source) -> str:
    names = {size.name: spelled(size.name, is_reserved) for size in source.sizes}
    writer = Cells(Spelling("spreadsheet", ROWS, truths=("FALSE", "TRUE")), names)
    roots = [source.value, *(need for need, _ in source.program.needs)]
    sound = [f"{names[s.name]}>={s.least}" for s in source.sizes]
    sound += [f"MOD({names[s.name]},1)=0" for s in source.sizes]
    small = f"{writer.text(majorant(roots), SUM)}<{EXACT}"
    held = [writer.text(need) for need, _ in source.program.needs]
    value = writer.text(source.value)
    inner = f"IF(AND({','.join(held)}),{value},NA())" if held else value
    text = f"=IF(AND({','.join(sound)}),IF({small},{inner},NA()),NA())\n"
    if len(text) > MAX_LENGTH:
        raise fail(
            "argument",
            f"the formula would be {len(text)} characters long, and a cell takes {MAX_LENGTH}",
            None,
            "give numbers for some of its sizes",
        )
    return text


LANGUAGE = Language(write, is_reserved, knows_case=False, has_function=False)
