"""Steps as text: each language has a row for each step that it knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import TypeAlias

from closedform.data import dataclass
from closedform.derive.lower.nodes import Node, Op, in_order
from closedform.errors import fail

# How tightly a text holds together.
OR, AND, NOT, COMPARED, SUM, PRODUCT, SIGN, POWER, ATOM = range(9)

# A text with places for the arguments, how tightly it holds, and how tightly they must.
Row: TypeAlias = tuple[str, int, tuple[int, ...]]

LEAVES = (Op.CONST, Op.SIZE, Op.INDEX)


@dataclass(frozen=True)
class Spelling:
    """The rows of a language; `number` and `truths` are how constants are written."""

    language: str
    rows: Mapping[Op, Row]
    number: str = "{}"
    truths: tuple[str, str] = ("False", "True")


@dataclass
class Writer:
    """Writes steps; those that have a name are written by it."""

    spelling: Spelling
    names: dict[str, str]
    prefix: str = "t"
    known: dict[Node, str] = field(default_factory=dict)

    def text(self, node: Node, least: int = OR) -> str:
        """A step, in brackets where it does not hold together tightly enough."""
        found, held = self._of(node)
        return found if held >= least else f"({found})"

    def _of(self, node: Node) -> tuple[str, int]:
        if node in self.known:
            return self.known[node], ATOM
        if node.op in (Op.SIZE, Op.INDEX):
            return self.names.get(str(node.value), str(node.value)), ATOM
        if node.op is Op.CONST:
            if isinstance(node.value, bool):
                return self.spelling.truths[node.value], ATOM
            return self.spelling.number.format(node.value), SIGN if int(
                node.value or 0
            ) < 0 else ATOM
        if node.op not in self.spelling.rows:
            what = WORDS.get(node.op, node.op.name.lower())
            raise fail(
                "argument",
                f"`{self.spelling.language}` has no exact {what}",
                None,
                "export the formula as python",
            )
        form, held, needs = self.spelling.rows[node.op]
        if node.op is Op.SUM:
            index, body = node.args
            args = (index.args[0], index.args[1], body)
            texts = [self.text(arg, need) for arg, need in zip(args, needs, strict=True)]
            return form.format(*texts, i=self._of(index)[0]), held
        texts = [self.text(arg, need) for arg, need in zip(node.args, needs, strict=True)]
        return form.format(*texts), held

    def assigned(self, nodes: Iterable[Node]) -> list[tuple[str, str]]:
        """Names and texts of the steps that some steps need more than once."""
        found = []
        for node in shared(nodes):
            text = self.text(node)
            name = f"{self.prefix}{len(self.known) + 1}"
            while name in self.names.values():
                name = f"{name}_"
            found.append((name, text))
            self.known[node] = name
        return found


def shared(nodes: Iterable[Node]) -> list[Node]:
    """The steps that are needed more than once, outside of sums."""
    wanted = list(nodes)
    order = in_order(wanted)
    uses = Counter(arg for node in order for arg in node.args)
    uses.update(wanted)
    return [n for n in order if uses[n] > 1 and n.op not in LEAVES and not n.indices]


WORDS = {
    Op.POWER: "power with a size as exponent",
    Op.ROOT: "whole root",
    Op.LOG: "whole logarithm",
    Op.POWER_OF: "whole logarithm",
    Op.SUM: "sum over an index",
    Op.GCD: "common divisor",
}
