"""Python: a function of whole numbers."""

from __future__ import annotations

import keyword
from collections.abc import Iterable

from closedform.derive.lower.nodes import Op, in_order
from closedform.render.code.expressions import (
    AND,
    ATOM,
    COMPARED,
    NOT,
    OR,
    POWER,
    PRODUCT,
    SIGN,
    SUM,
    Spelling,
    Writer,
)
from closedform.render.code.source import Argument, Language, Source, spelled

ROWS = {
    Op.ADD: ("{} + {}", SUM, (SUM, SUM)),
    Op.SUBTRACT: ("{} - {}", SUM, (SUM, PRODUCT)),
    Op.MULTIPLY: ("{} * {}", PRODUCT, (PRODUCT, SIGN)),
    Op.POWER: ("{} ** {}", POWER, (ATOM, POWER)),
    Op.FLOORDIV: ("{} // {}", PRODUCT, (PRODUCT, SIGN)),
    Op.MIN: ("min({}, {})", ATOM, (OR, OR)),
    Op.MAX: ("max({}, {})", ATOM, (OR, OR)),
    Op.GCD: ("math.gcd({}, {})", ATOM, (OR, OR)),
    Op.ROOT: ("math.isqrt({})", ATOM, (OR,)),
    Op.LOG: ("_log({}, {})", ATOM, (OR, OR)),
    Op.ONE_IF: ("int({})", ATOM, (OR,)),
    Op.SUM: ("sum({2} for {i} in range({0}, {1} + 1))", ATOM, (OR, SUM, OR)),
    Op.EQUAL: ("{} == {}", COMPARED, (SUM, SUM)),
    Op.LESS: ("{} < {}", COMPARED, (SUM, SUM)),
    Op.AT_MOST: ("{} <= {}", COMPARED, (SUM, SUM)),
    Op.DIVIDES: ("{1} % {0} == 0", COMPARED, (SIGN, PRODUCT)),
    Op.POWER_OF: ("{1} ** _log({0}, {1}) == {0}", COMPARED, (ATOM, ATOM)),
    Op.AND: ("{} and {}", AND, (AND, AND)),
    Op.OR: ("{} or {}", OR, (OR, OR)),
    Op.NOT: ("not {}", NOT, (NOT,)),
}
SPELLING = Spelling("python", ROWS)

LOG = """def _log(number, base):
    exponent = 0
    while number >= base:
        number, exponent = number // base, exponent + 1
    return exponent
"""

TOO_SMALL = "a size is less than {}"
OWN = {
    *("math", "operator", "np", "min", "max", "sum", "int", "range", "map", "all", "any", "object"),
    *("kind", "type", "tuple", "ValueError", "TypeError", "_log", "_each", "_whole"),
    *("each", "whole"),  # the largest of which would be `_each` and `_whole`
}


def is_reserved(name: str) -> bool:
    return keyword.iskeyword(name) or keyword.issoftkeyword(name) or name in OWN


def write(source: Source) -> str:
    names = {size.name: spelled(size.name, is_reserved) for size in source.sizes}
    writer = Writer(SPELLING, names)
    lines = [*signature(source, writer), *unpacked(source, names)]
    for size in source.sizes:
        lines.append(f"{names[size.name]} = operator.index({names[size.name]})")
    for least, sizes in by_least(source, names).items():
        lines += refused(f"min({sizes}) < {least}", TOO_SMALL.format(least))
    lines += body(source, writer)
    text = lines[0] + "\n" + "".join(f"    {line}\n" for line in lines[1:])
    needs = in_order([source.value, source.program.holds])
    log = LOG + "\n\n" if any(node.op in (Op.LOG, Op.POWER_OF) for node in needs) else ""
    return f"import math\nimport operator\n\n\n{log}{text}"


def signature(source: Source, writer: Writer) -> list[str]:
    """The head of a function with its docstring; defaults made of sizes are put in inside."""
    parts, inside = [], []
    for argument in sorted(source.arguments, key=lambda a: a.is_optional):
        name = spelled(argument.name, is_reserved)
        if not argument.is_optional:
            parts.append(name)
            continue
        value = _default(argument, writer)
        if all(s.default is not None and s.default.number is not None for s in argument.sizes):
            parts.append(f"{name}={value}")
        else:
            parts.append(f"{name}=None")
            inside += [f"if {name} is None:", f"    {name} = {value}"]
    says = "\n\n    ".join(source.says)
    more = "\n    " if len(source.says) > 1 else ""
    head = f"def {source.name}({', '.join(parts)}):"
    return [head, f'"""{says}.{more}"""', *inside]


def _default(argument: Argument, writer: Writer) -> str:
    values = [writer.text(size.default) for size in argument.sizes if size.default is not None]
    return f"({', '.join(values)})" if argument.is_list or len(values) > 1 else values[0]


def unpacked(source: Source, names: dict[str, str]) -> list[str]:
    """The elements of lists and ratios by names of their own."""
    return [
        f"{', '.join(names[size.name] for size in argument.sizes)} = "
        + spelled(argument.name, is_reserved)
        for argument in source.arguments
        if argument.is_list
    ]


def body(source: Source, writer: Writer) -> list[str]:
    """The steps, what must hold, and the value."""
    needs = [need for need, _ in source.program.needs]
    lines = [f"{name} = {text}" for name, text in writer.assigned([*needs, source.value])]
    for need, why in source.program.needs:
        lines += refused(f"not {writer.text(need, NOT)}", why)
    return [*lines, f"return {writer.text(source.value)}"]


def refused(condition: str, why: str) -> list[str]:
    return [f"if {condition}:", f"    raise ValueError({why!r})"]


def by_least(source: Source, names: dict[str, str]) -> dict[int, str]:
    """The sizes that must be at least so large, as a tuple."""
    found: dict[int, list[str]] = {}
    for size in source.sizes:
        found.setdefault(size.least, []).append(names[size.name])
    return {least: as_tuple(group) for least, group in found.items()}


def as_tuple(names: Iterable[str]) -> str:
    text = ", ".join(names)
    return f"({text})" if ", " in text else f"({text},)"


LANGUAGE = Language(write, is_reserved)
