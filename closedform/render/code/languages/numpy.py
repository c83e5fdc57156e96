"""NumPy: a function of whole numbers and arrays, of 64 bits where these are seen to be enough."""

from __future__ import annotations

from closedform.derive.lower.majorant import majorant
from closedform.derive.lower.nodes import Op, in_order
from closedform.render.code.expressions import (
    AND,
    ATOM,
    COMPARED,
    OR,
    SIGN,
    SUM,
    Spelling,
    Writer,
)
from closedform.render.code.languages import python
from closedform.render.code.languages.python import (
    TOO_SMALL,
    as_tuple,
    by_least,
    is_reserved,
    refused,
    signature,
    unpacked,
)
from closedform.render.code.source import Language, Source, spelled

HOLDS = SIGN  # how tightly `&` needs a condition: more than a comparison is

ROWS = {
    **python.ROWS,
    Op.MIN: ("np.minimum({}, {})", ATOM, (OR, OR)),
    Op.MAX: ("np.maximum({}, {})", ATOM, (OR, OR)),
    Op.GCD: ("np.gcd({}, {})", ATOM, (OR, OR)),
    Op.ROOT: ("_each(math.isqrt, {})", ATOM, (OR,)),
    Op.LOG: ("_each(_log, {}, {})", ATOM, (OR, OR)),
    Op.ONE_IF: ("np.asarray({}).astype(kind)", ATOM, (OR,)),
    Op.SUM: (
        "sum(np.asarray(({0} <= {i}) & ({i} <= {1})).astype(kind) * {2} "
        "for {i} in range(int(np.min({0})), int(np.max({1})) + 1))",
        ATOM,
        (SUM, SUM, SIGN),
    ),
    Op.POWER_OF: ("{1} ** _each(_log, {0}, {1}) == {0}", COMPARED, (ATOM, ATOM)),
    Op.AND: ("{} & {}", AND, (HOLDS, HOLDS)),
    Op.OR: ("{} | {}", OR, (HOLDS, HOLDS)),
    Op.NOT: ("~np.asarray({})", ATOM, (OR,)),
}

EACH = """def _each(function, *arrays):
    return np.frompyfunc(function, len(arrays), 1)(*arrays)
"""

WHOLE = """def _whole(size):
    array = np.asarray(size)
    if array.dtype.kind not in "iu" and not all(type(n) is int for n in array.flat):
        raise TypeError("sizes are whole numbers")
    return array
"""


def write(source: Source) -> str:
    names = {size.name: spelled(size.name, is_reserved) for size in source.sizes}
    writer = Writer(Spelling("numpy", ROWS), names)
    exact = Writer(python.SPELLING, {name: f"_{text}" for name, text in names.items()}, "_t")
    wide = {name: f"_whole({text}).astype(object)" for name, text in names.items()}
    head, says, *inside = signature(source, Writer(python.SPELLING, wide))
    lines = [head, says, *inside, *unpacked(source, names)]
    sizes = as_tuple(names.values())
    lines.append(f"{sizes} = (_whole(size) for size in {sizes})")
    for least, group in by_least(source, names).items():
        asked = f"any(np.any(size < {least}) for size in {group})"
        lines += refused(asked, TOO_SMALL.format(least))
    roots = [source.value, *(need for need, _ in source.program.needs)]
    largest = majorant(roots)
    for size in source.sizes:
        name = names[size.name]
        if any(node.value == size.name for node in in_order([largest])):
            lines.append(f"_{name} = int(np.max({name}, initial=0))")
    lines += [f"{name} = {text}" for name, text in exact.assigned([largest])]
    lines.append(f"kind = np.int64 if {exact.text(largest, SUM)} < 2**63 else object")
    lines.append(f"{sizes} = (size.astype(kind) for size in {sizes})")
    lines += [f"{name} = {text}" for name, text in writer.assigned(roots)]
    for need, why in source.program.needs:
        lines += refused(f"not np.all({writer.text(need)})", why)
    lines.append(f"return {writer.text(source.value)}")
    text = lines[0] + "\n" + "".join(f"    {line}\n" for line in lines[1:])
    used = {node.op for node in in_order(roots)}
    helpers = [WHOLE]
    if used & {Op.LOG, Op.POWER_OF, Op.ROOT}:
        helpers += [EACH]
    if used & {Op.LOG, Op.POWER_OF}:
        helpers += [python.LOG]
    return "import math\n\nimport numpy as np\n\n\n" + "\n\n".join([*helpers, text])


LANGUAGE = Language(write, is_reserved)
