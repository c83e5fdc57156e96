"""Which symbols of a printed report are defined in it: in the symbol table, in a where line, or as
the index of a sum, of a row of the table of parts, or of a line that says `for s = 1..4`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lark import Token, Tree

from plain_reader import parsed

GAP = re.compile(r"\s{2,}")
RANGE = re.compile(r"(\w+) = (\d+)(?:\.\.(\d+))?")
HEADINGS = ("where", "Symbols", "Parts", "Presets", "What this rests on")
Ranges = dict[str, list[int]]


def undefined(report: str) -> list[str]:
    """The symbols of a report in plain text that nothing in it defines."""
    parts = _sections(report)
    known = _Known(parts)
    found: list[str] = []
    for text, ranges in _formulas(parts):
        found += [name for name in _names(text, ranges) if not known.has(name)]
    return list(dict.fromkeys(found))


def _sections(report: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {"": []}
    heading = ""
    for line in report.splitlines():
        if line in HEADINGS:
            heading = line
        found.setdefault(heading, []).append(line)
    return found


class _Known:
    """What a report defines: names, and lists with all their elements from the first on."""

    def __init__(self, parts: dict[str, list[str]]) -> None:
        self.names: set[str] = set()
        self.lists: set[str] = set()
        for line in parts.get("Symbols", [])[1:]:
            if line.strip():
                name = GAP.split(line.strip())[0]
                (self.lists if name.endswith("_s") else self.names).add(name.removesuffix("_s"))
        for line in parts.get("where", [])[1:]:
            name, _, rest = line.strip().partition(" = ")
            within = re.search(r"[( ]for s = (\d+)\.\.(\d+)\)", rest)
            if within and name.endswith("_s"):
                stem = name.removesuffix("s")
                first, last = map(int, within.groups())
                self.names |= {f"{stem}{at}" for at in range(first, last + 1)}
            elif name:
                self.names.add(name)

    def has(self, name: str) -> bool:
        stem, _, index = name.rpartition("_")
        return name in self.names or (stem in self.lists and index.isdigit() and int(index) > 0)


def _formulas(parts: dict[str, list[str]]) -> Iterator[tuple[str, Ranges]]:
    """Every formula that is printed, with the indices that stand beside it."""
    for line in parts[""]:
        if re.match(r"[\w ]+ = ", line):
            yield line.split(" = ", 1)[1].split("   ")[0], {}
    for line in parts.get("where", [])[1:]:
        formula, *rest = GAP.split(line.strip().partition(" = ")[2])
        if formula:
            yield formula, _ranges(" ".join(rest))
    for line in parts.get("Symbols", [])[1:]:
        default = line.partition("default ")[2]
        if default and not default.startswith("("):
            yield default, {}
    yield from _cells(parts.get("Parts", [])[2:])
    for line in parts.get("What this rests on", [])[1:]:
        condition, colon, reason = line.strip().partition(": ")
        if colon and not condition.startswith(("convention ", "not counted")):
            yield condition.split(" for ")[0], _ranges(reason)


def _cells(lines: list[str]) -> Iterator[tuple[str, Ranges]]:
    """The formulas of the table of parts, each with the stages and steps that it is in."""
    around: list[tuple[int, Ranges]] = []
    for line in filter(None, lines):
        name = re.match(r"\s*(?:\S+:)?\d+\s+(?=\S)", line)
        assert name, line
        depth = name.end()
        around = [(at, ranges) for at, ranges in around if at < depth]
        cells = GAP.split(line[depth:].strip())
        steps = re.match(r"(\w+) = (.+?)\.\.(.+)$", cells[0])
        here = _ranges(cells[0]) or ({steps[1]: []} if steps else {})
        outside = {k: v for _, ranges in around for k, v in ranges.items()}
        inside = {**outside, **({} if steps and not steps[3].isdigit() else here)}
        around.append((depth, here))
        for cell in cells[1:]:
            times, _, weights = cell.partition(" (weights ")
            yield times, inside
            if weights:
                yield weights.removesuffix(")"), inside


def _ranges(text: str) -> Ranges:
    return {
        name: list(range(int(first), int(last or first) + 1))
        for name, first, last in RANGE.findall(text)
    }


def _names(text: str, ranges: Ranges) -> Iterator[str]:
    """The names in a formula, those of each stage one by one; indices themselves are left out."""
    yield from _of(parsed(text), ranges)


def _of(tree: Tree[Token] | Token | None, ranges: Ranges) -> Iterator[str]:
    if not isinstance(tree, Tree):
        return
    if tree.data == "bigsum":
        index, first, last, body = tree.children
        yield from _of(first, ranges)  # type: ignore[arg-type]
        yield from _of(last, ranges)  # type: ignore[arg-type]
        bounds = [_number(first), _number(last)]
        known = None not in bounds
        values = list(range(bounds[0], bounds[1] + 1)) if known else []  # type: ignore[arg-type,operator]
        yield from _of(body, {**ranges, str(index): values})  # type: ignore[arg-type]
        return
    for child in tree.children:
        if isinstance(child, Token) and child.type in ("NAME", "NAME_OF_BASE"):
            yield from _spelled(str(child), ranges)
        else:
            yield from _of(child, ranges)


def _number(tree: object) -> int | None:
    numbers = isinstance(tree, Tree) and tree.data == "number"
    return int(tree.children[0]) if numbers else None  # type: ignore[union-attr]


def _spelled(name: str, ranges: Ranges) -> Iterator[str]:
    """A name for each value of the index that it has; nothing for an index itself."""
    if name in ranges:
        return
    stem, _, index = name.rpartition("_")
    place = re.fullmatch(r"\(?(\w+?)([+-]\d+)?\)?", index)
    if stem and place and place[1] in ranges:
        for value in ranges[place[1]]:
            yield from _spelled(f"{stem}_{value + int(place[2] or 0)}", ranges)
    else:
        yield name
