"""JavaScript: a function of an object of sizes, in whole numbers of any length (BigInt)."""

from __future__ import annotations

import re

from closedform.derive.lower.nodes import Op
from closedform.render.code.expressions import (
    AND,
    ATOM,
    COMPARED,
    OR,
    POWER,
    PRODUCT,
    SIGN,
    SUM,
    Spelling,
    Writer,
)
from closedform.render.code.source import Language, Source, spelled

ROWS = {
    Op.ADD: ("{} + {}", SUM, (SUM, SUM)),
    Op.SUBTRACT: ("{} - {}", SUM, (SUM, PRODUCT)),
    Op.MULTIPLY: ("{} * {}", PRODUCT, (PRODUCT, SIGN)),
    Op.POWER: ("{} ** {}", POWER, (ATOM, ATOM)),
    Op.FLOORDIV: ("floorDivide({}, {})", ATOM, (OR, OR)),
    Op.MIN: ("min({}, {})", ATOM, (OR, OR)),
    Op.MAX: ("max({}, {})", ATOM, (OR, OR)),
    Op.GCD: ("gcd({}, {})", ATOM, (OR, OR)),
    Op.ROOT: ("root({})", ATOM, (OR,)),
    Op.LOG: ("log({}, {})", ATOM, (OR, OR)),
    Op.ONE_IF: ("({} ? 1n : 0n)", ATOM, (OR,)),
    Op.SUM: ("sum({0}, {1}, ({i}) => {2})", ATOM, (OR, OR, OR)),
    Op.EQUAL: ("{} === {}", COMPARED, (SUM, SUM)),
    Op.LESS: ("{} < {}", COMPARED, (SUM, SUM)),
    Op.AT_MOST: ("{} <= {}", COMPARED, (SUM, SUM)),
    Op.DIVIDES: ("{1} % {0} === 0n", COMPARED, (SIGN, PRODUCT)),
    Op.POWER_OF: ("{1} ** log({0}, {1}) === {0}", COMPARED, (ATOM, ATOM)),
    Op.AND: ("{} && {}", AND, (AND, AND)),
    Op.OR: ("{} || {}", OR, (OR, OR)),
    Op.NOT: ("!{}", SIGN, (ATOM,)),
}

WHOLE = """function whole(name, least, size) {
  if (typeof size !== "bigint" && !Number.isSafeInteger(size))
    throw new RangeError(`${name} is no whole number that is exact`);
  if (size < least) throw new RangeError(`${name} is less than ${least}`);
  return BigInt(size);
}
"""

HELPERS = {
    "floorDivide": """const floorDivide = (a, b) => (a - (((a % b) + b) % b)) / b;
""",
    "min": """const min = (a, b) => (a < b ? a : b);
""",
    "max": """const max = (a, b) => (a < b ? b : a);
""",
    "gcd": """const gcd = (a, b) => (b === 0n ? (a < 0n ? -a : a) : gcd(b, a % b));
""",
    "root": """function root(n) {
  let r = 1n << BigInt(Math.ceil(n.toString(2).length / 2));
  for (let next = (r + n / r) >> 1n; next < r; next = (r + n / r) >> 1n) r = next;
  return n === 0n ? 0n : r;
}
""",
    "log": """function log(n, base) {
  let exponent = 0n;
  for (; n >= base; n /= base) exponent += 1n;
  return exponent;
}
""",
    "sum": """function sum(first, last, body) {
  let total = 0n;
  for (let i = first; i <= last; i += 1n) total += body(i);
  return total;
}
""",
}

WORDS = frozenset(
    re.findall(
        r"\w+",
        """
arguments await break case catch class const continue debugger default delete do else enum eval
export extends false finally for function if implements import in instanceof interface let new
null package private protected public return static super switch this throw true try typeof var
void while with yield whole undefined BigInt Math Number RangeError async
""",
    )
)


def is_reserved(name: str) -> bool:
    return name in WORDS or name in HELPERS


def write(source: Source) -> str:
    names = {size.name: spelled(size.name, is_reserved) for size in source.sizes}
    writer = Writer(Spelling("javascript", ROWS, "{}n", ("false", "true")), names)
    given, lines = [], []
    for argument in source.arguments:
        own = spelled(argument.name, is_reserved)
        given.append(own if own == argument.name else f"{argument.name}: {own}")
        for at, size in enumerate(argument.sizes):
            name = names[size.name]
            taken = f"{own}[{at}]" if argument.is_list else own
            if size.default is not None:
                unset = f"{own} === undefined"
                taken = f"{unset} ? {writer.text(size.default)} : {taken}"
            start = "const " if argument.is_list else ""
            lines.append(f'{start}{name} = whole("{size.name}", {size.least}n, {taken});')
    needs = [need for need, _ in source.program.needs]
    for name, text in writer.assigned([*needs, source.value]):
        lines.append(f"const {name} = {text};")
    for need, why in source.program.needs:
        quoted = why.replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'if (!{writer.text(need, ATOM)}) throw new RangeError("{quoted}");')
    lines.append(f"return {writer.text(source.value)};")
    comment = "".join(f"// {line}\n" for line in source.says)
    inside = "".join(f"  {line}\n" for line in lines)
    function = f"{comment}function {source.name}({{ {', '.join(given)} }}) {{\n{inside}}}\n"
    helpers = [text for name, text in HELPERS.items() if f"{name}(" in function]
    return "\n".join([WHOLE, *helpers, function])


LANGUAGE = Language(write, is_reserved)
