"""C: a function of 64-bit numbers that tells where these are not enough (GCC and Clang)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from closedform.derive.lower.nodes import Node, Op, in_order
from closedform.render.code.expressions import LEAVES
from closedform.render.code.source import Language, Source, spelled

WORDS = frozenset(
    re.findall(
        r"\w+",
        """
auto break case char const continue default do double else enum extern float for goto if inline
int long register restrict return short signed sizeof static struct switch typedef union
unsigned void volatile while main bool true false result gcd root logarithm power is_power int64_t
""",
    )
)

CHECKED = {
    Op.ADD: "__builtin_add_overflow({}, {}, &{})",
    Op.SUBTRACT: "__builtin_sub_overflow({}, {}, &{})",
    Op.MULTIPLY: "__builtin_mul_overflow({}, {}, &{})",
    Op.POWER: "power({}, {}, &{})",
}
PLAIN = {
    Op.MIN: "{0} < {1} ? {0} : {1}",
    Op.MAX: "{0} < {1} ? {1} : {0}",
    Op.FLOORDIV: "{0} / {1}",
    Op.GCD: "gcd({}, {})",
    Op.ROOT: "root({})",
    Op.LOG: "logarithm({}, {})",
    Op.ONE_IF: "{}",
    Op.EQUAL: "{} == {}",
    Op.LESS: "{} < {}",
    Op.AT_MOST: "{} <= {}",
    Op.DIVIDES: "{1} % {0} == 0",
    Op.POWER_OF: "is_power({}, {})",
    Op.AND: "{} && {}",
    Op.OR: "{} || {}",
    Op.NOT: "!{}",
}

HELPERS = {
    "gcd": """static int64_t gcd(int64_t a, int64_t b) {
    while (b) { int64_t rest = a % b; a = b; b = rest; }
    return a < 0 ? -a : a;
}
""",
    "root": """static int64_t root(int64_t n) {
    int64_t low = 0, high = 3037000499;
    while (low < high) {
        int64_t middle = low + (high - low + 1) / 2;
        if (middle * middle <= n) low = middle; else high = middle - 1;
    }
    return low;
}
""",
    "logarithm": """static int64_t logarithm(int64_t n, int64_t base) {
    int64_t exponent = 0;
    for (; n >= base; n /= base) exponent += 1;
    return exponent;
}
""",
    "is_power": """static int is_power(int64_t n, int64_t base) {
    while (n % base == 0) n /= base;
    return n == 1;
}
""",
    "power": """static int power(int64_t base, int64_t exponent, int64_t *result) {
    *result = 1;
    for (;;) {
        if (exponent & 1 && __builtin_mul_overflow(*result, base, result)) return 1;
        exponent >>= 1;
        if (!exponent) return 0;
        if (__builtin_mul_overflow(base, base, &base)) return 1;
    }
}
""",
}


def is_reserved(name: str) -> bool:
    return name in WORDS or name.startswith("__") or name.endswith("_t")


class Statements:
    """Each step as a statement; a step whose numbers are too large leaves the function."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names
        self.known: dict[Node, str] = {}
        self.lines: list[str] = []

    def add(self, nodes: Iterable[Node], depth: int = 1) -> None:
        """The statements of steps that are not inside of a sum that is not begun."""
        begun = {str(node.value) for node in self.known if node.op is Op.INDEX}
        for node in in_order(nodes):
            if node not in self.known and node.indices <= begun:
                self._add(node, depth)

    def _add(self, node: Node, depth: int) -> None:
        tab = "    " * depth
        if node.op is Op.CONST:
            number = int(node.value or 0)
            self.known[node] = f"INT64_C({number})" if number >= 0 else f"(-INT64_C({-number}))"
            return
        if node.op in LEAVES:
            self.known[node] = self.names[str(node.value)]
            return
        name = f"t{len(self.known) + 1}"
        while name in self.names.values():
            name += "_"
        if node.op is Op.SUM:
            self._sum(node, name, depth)
        elif node.op in CHECKED:
            args, op = [self.known[arg] for arg in node.args], node.op
            if op is Op.POWER and node.args[1].number == 2:
                args, op = [args[0], args[0]], Op.MULTIPLY
            self.lines.append(f"{tab}int64_t {name};")
            self.lines.append(f"{tab}if ({CHECKED[op].format(*args, name)}) return 1;")
        else:
            text = PLAIN[node.op]
            if node.op is Op.FLOORDIV and (node.args[0].low is None or node.args[0].low < 0):
                text = "{0} / {1} - ({0} % {1} < 0)"  # `/` rounds towards 0
            text = text.format(*(self.known[arg] for arg in node.args))
            self.lines.append(f"{tab}int64_t {name} = {text};")
        self.known[node] = name

    def _sum(self, node: Node, name: str, depth: int) -> None:
        tab, (index, body) = "    " * depth, node.args
        first, last = (self.known[end] for end in index.args)
        own = spelled(str(index.value), lambda n: is_reserved(n) or n in self.names.values())
        self.lines.append(f"{tab}int64_t {name} = 0;")
        self.lines.append(f"{tab}for (int64_t {own} = {first}; {own} <= {last}; {own}++) {{")
        outer = dict(self.known)
        self.known[index] = own
        self.add([body], depth + 1)
        total = f"__builtin_add_overflow({name}, {self.known[body]}, &{name})"
        self.lines += [f"{tab}    if ({total}) return 1;", f"{tab}}}"]
        self.known = outer


def write(source: Source) -> str:
    names, parameters = {}, []
    for argument in source.arguments:
        own = spelled(argument.name, is_reserved)
        count = f"const int64_t {own}[{len(argument.sizes)}]"
        parameters.append(count if argument.is_list else f"int64_t {own}")
        for at, size in enumerate(argument.sizes):
            names[size.name] = f"{own}[{at}]" if argument.is_list else own
    steps = Statements(names)
    for size in source.sizes:
        steps.lines.append(f"    if ({names[size.name]} < {size.least}) return 2;")
    for need, why in source.program.needs:
        steps.add([need])
        steps.lines.append(
            f"    if (!{steps.known[need]}) return 2; /* {why.replace('*/', '* /')} */"
        )
    steps.add([source.value])
    steps.lines += [f"    *result = {steps.known[source.value]};", "    return 0;"]
    inside = "\n".join(steps.lines)
    helpers = [text for name, text in HELPERS.items() if f"{name}(" in inside]
    says = [
        *source.says,
        "returns 0; 1 where 64 bits are not enough, 2 where the sizes are not right",
    ]
    comment = "/* " + "\n   ".join(line.replace("*/", "* /") for line in says) + " */"
    head = f"int {source.name}({', '.join([*parameters, 'int64_t *result'])}) {{"
    return "\n".join(["#include <stdint.h>", "", *helpers, comment, head, inside, "}", ""])


LANGUAGE = Language(write, is_reserved)
