"""Random expressions as plain tuples, evaluated by plain Python, and laws that keep their values.

An expression is whole wherever its sizes are positive and whole: ("+", a, b), ("floor", a, k) for
floor(a/k), ("if", c, a, b), ("sum", "i", a, body) for a sum over i in 1..a.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

Node = Any  # an int, a name, or a tuple of an operator and its operands

RELATIONS: dict[str, Callable[[int, int], bool]] = {
    "==": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
    "|": lambda a, b: b % a == 0,
}  # fmt: skip
OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
SWAPPED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


# Values ------------------------------------------------------------------------------------


def value(node: Node, sizes: Mapping[str, int]) -> int:
    """The value of an expression, or 1 and 0 for a condition."""
    if isinstance(node, int):
        return node
    if isinstance(node, str):
        return sizes[node]
    operator, *parts = node
    if operator == "if":
        return value(parts[1] if value(parts[0], sizes) else parts[2], sizes)
    if operator == "sum":
        index, last, body = parts
        return sum(value(body, {**sizes, index: i}) for i in range(1, value(last, sizes) + 1))
    a, b = (
        (value(part, sizes) for part in parts) if len(parts) == 2 else (value(parts[0], sizes), 0)
    )
    if operator in RELATIONS:
        return int(RELATIONS[operator](a, b))
    return {
        "+": lambda: a + b,
        "-": lambda: a - b,
        "*": lambda: a * b,
        "floor": lambda: a // b,
        "ceil": lambda: -(-a // b),
        "min": lambda: min(a, b),
        "max": lambda: max(a, b),
        "and": lambda: int(bool(a and b)),
        "or": lambda: int(bool(a or b)),
        "not": lambda: int(not a),
    }[operator]()


# Text --------------------------------------------------------------------------------------


def text(node: Node) -> str:
    """An expression in the language."""
    if isinstance(node, int | str):
        return str(node)
    operator, *parts = node
    if operator == "sum":
        index, last, body = parts
        return f"sum({index}, 1, {text(last)}, {text(body)})"
    inner = [text(part) for part in parts]
    match operator:
        case "if":
            return f"({inner[1]} if {inner[0]} else {inner[2]})"
        case "floor" | "ceil":
            return f"{operator}({inner[0]}/({inner[1]}))"
        case "min" | "max":
            return f"{operator}({inner[0]}, {inner[1]})"
        case "not":
            return f"not ({inner[0]})"
    return f"({inner[0]} {operator} {inner[1]})"


# Random expressions ------------------------------------------------------------------------


class Maker:
    """Makes expressions in some sizes."""

    def __init__(self, draw: random.Random, names: list[str]) -> None:
        self.draw, self.names = draw, names

    def leaf(self) -> Node:
        return self.draw.choice([*self.names, *self.names, 1, 2, 3])

    def size(self, deep: int) -> Node:
        """A size; it may be zero or negative where there is a difference in it."""
        if deep == 0:
            return self.leaf()
        a, b = self.size(deep - 1), self.size(deep - 1)
        match self.draw.randrange(9):
            case 0 | 1:
                return ("+", a, b)
            case 2:
                return ("*", a, b)
            case 3:
                return ("-", a, b)
            case 4:
                return (self.draw.choice(["floor", "ceil"]), a, self.divisor())
            case 5 | 6:
                return (self.draw.choice(["min", "max"]), a, b)
        return ("if", self.condition(deep - 1), a, b)

    def divisor(self) -> Node:
        return self.draw.choice([2, 2, 3, 4, *self.names])

    def condition(self, deep: int = 0) -> Node:
        if deep and self.draw.random() < 0.2:
            both = self.condition(), self.condition()
            return self.draw.choice([("and", *both), ("or", *both), ("not", both[0])])
        operator = self.draw.choice(["==", "!=", "<", "<=", ">", ">=", "|"])
        left = self.divisor() if operator == "|" else self.leaf()
        return (operator, left, self.size(self.draw.choice([0, 0, 1])))

    # Laws ----------------------------------------------------------------------------------

    def rewritten(self, node: Node, times: int) -> Node:
        """An expression with the same value everywhere, by laws applied at random places."""
        for _ in range(times):
            places = [path for path, part in _places(node) if not isinstance(part, int)]
            node = _changed(node, self.draw.choice(places or [()]), self.law)
        return node

    def perturbed(self, node: Node) -> Node:
        """An expression that is nearly the same, and in most cases not equal."""
        places = [path for path, _ in _places(node)]
        return _changed(node, self.draw.choice(places), self.mistake)

    def law(self, node: Node) -> Node:
        """The same size, or the same condition, written otherwise."""
        if is_condition(node):
            return self.law_of_condition(node)
        other, asked = self.leaf(), self.condition()
        general = [("-", ("+", node, other), other), ("if", asked, node, node)]
        general += [("+", ("*", node, ("if", asked, 1, 0)), ("if", asked, 0, node))]
        match node:
            case ("+" | "*" | "min" | "max" as operator, a, b):
                general += [(operator, b, a)] * 2
        match node:
            case ("min", a, b):
                general += [("-", ("+", a, b), ("max", a, b)), ("if", ("<", a, b), a, b)]
                general += [("-", 0, ("max", ("-", 0, a), ("-", 0, b)))]
            case ("max", a, b):
                general += [("-", ("+", a, b), ("min", a, b)), ("if", (">=", a, b), a, b)]
                general += [("+", a, ("max", 0, ("-", b, a)))]
            case ("floor", a, k):
                general += [("-", 0, ("ceil", ("-", 0, a), k)), ("-", ("floor", ("+", a, k), k), 1)]
                general += [("-", ("ceil", ("+", a, 1), k), 1)]
                general += [("-", ("ceil", a, k), ("if", ("|", k, a), 0, 1))]
            case ("ceil", a, k):
                general += [("-", 0, ("floor", ("-", 0, a), k)), ("+", ("ceil", ("-", a, k), k), 1)]
                general += [("floor", ("-", ("+", a, k), 1), k)]
                general += [("+", ("floor", a, k), ("if", ("|", k, a), 0, 1))]
            case ("if", c, a, b):
                general += [("if", ("not", c), b, a)]
                general += [("+", ("*", ("if", c, 1, 0), ("-", a, b)), b)]
            case ("*", ("+", a, b), c):
                general += [("+", ("*", a, c), ("*", b, c))]
        return self.draw.choice(general)

    def law_of_condition(self, node: Node) -> Node:
        general = [("not", ("not", node)), ("and", node, node), ("or", node, node)]
        match node:
            case ("|", _, _):
                pass
            case ("<=", a, b):
                general += [("<", a, ("+", b, 1)), ("not", (">", a, b))]
                general += [("or", ("<", a, b), ("==", a, b))]
            case ("==", a, b):
                general += [("and", ("<=", a, b), (">=", a, b))]
            case ("and", a, b):
                general += [("not", ("or", ("not", a), ("not", b)))]
        if node[0] in OPPOSITE:
            operator, a, b = node
            general += [("not", (OPPOSITE[operator], a, b)), (SWAPPED[operator], b, a)]
        return self.draw.choice(general)

    def mistake(self, node: Node) -> Node:
        """Another size, or another condition."""
        if is_condition(node):
            operator, *parts = node
            if operator in OPPOSITE:
                return (self.draw.choice([o for o in OPPOSITE if o != operator]), *parts)
            return ("not", node)
        match node:
            case ("min", a, b):
                return ("max", a, b)
            case ("max", a, b):
                return ("min", a, b)
            case ("floor", a, k):
                return ("ceil", a, k)
            case ("ceil", a, k):
                return ("floor", a, k)
            case ("if", c, a, b):
                return ("if", c, b, a)
        return self.draw.choice([("+", node, 1), ("+", node, self.leaf()), ("*", node, 2)])


def is_condition(node: Node) -> bool:
    return isinstance(node, tuple) and node[0] in {*RELATIONS, "and", "or", "not"}


def _places(node: Node, path: tuple[int, ...] = ()) -> list[tuple[tuple[int, ...], Node]]:
    """Every part of an expression with the way to it; divisors and indices stay as they are."""
    found = [(path, node)]
    if isinstance(node, tuple):
        kept = {"floor": {2}, "ceil": {2}, "|": {1}, "sum": {1}}.get(node[0], set())
        for at, part in enumerate(node):
            if at and at not in kept:
                found += _places(part, (*path, at))
    return found


def _changed(node: Node, path: tuple[int, ...], change: Callable[[Node], Node]) -> Node:
    if not path:
        return change(node)
    at, *rest = path
    return (*node[:at], _changed(node[at], tuple(rest), change), *node[at + 1 :])
