"""Conventions, as `brute` reads them: weights, and formulas for operations of a kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from brute_modules import Module
from closedform.grammar import tree

OTHERS = None


@dataclass
class Convention:
    """Weights by the name of a count, or OTHERS; by kind such weights, or a formula."""

    unit: str
    weights: dict[str | None, Fraction]
    kinds: dict[str, Any]


def convention(name: str, known: Mapping[str, tuple[Module, tree.Convention]]) -> Convention:
    """A convention of a file, written on top of the one that it builds on."""
    module, node = known[name]
    found = Convention("", {}, {})
    if node.base:
        found = convention(node.base.name, {**known, **module.conventions})
    if node.unit:
        found.unit = node.unit.name
    for line in node.body:
        if isinstance(line, tree.Weigh):
            found.weights |= weights(line)
            continue
        for kind in line.kinds:
            rule: Any = line.rule
            if isinstance(rule, tuple):
                rule = {name: weight for part in rule for name, weight in weights(part).items()}
            found.kinds[kind.name if isinstance(kind, tree.Name) else kind.value] = rule
    return found


def weight(rule: Mapping[str | None, Fraction], count: str) -> Fraction:
    """The weight of a count; what a mask takes away of `mac` has one beside that of `mac`."""
    if count == "masked":
        mac = weight(rule, "mac")
        return rule.get(count, mac) - mac
    return rule.get(count, rule.get(OTHERS, Fraction(0)))


def weights(line: tree.Weigh) -> dict[str | None, Fraction]:
    names = [name.name for name in line.counts] or [OTHERS]
    return dict.fromkeys(names, number(line.weight))


def number(node: Any) -> Fraction:
    if isinstance(node, tree.Number):
        return node.value
    ((_, below),) = node.rest
    return Fraction(number(node.first) / number(below))
