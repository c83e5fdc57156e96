"""What expressions of the syntax tree are worth, with the values that names have elsewhere."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from closedform.grammar import tree
from plain_reader import Values, canonical, divided, function, holds, power


def value(node: Any, values: Values) -> Fraction:
    """The value of an expression of sizes; a condition is 1 or 0."""

    def of(part: Any) -> Fraction:
        return value(part, values)

    match node:
        case tree.Number():
            return node.value
        case tree.Name():
            return values.spelled(canonical(node.name))
        case tree.Index(base=tree.Name() as base, items=(at,)):
            return values.sizes[f"{base.name}_{of(at)}"]
        case tree.Negative():
            return -of(node.operand)
        case tree.Power():
            return power(of(node.base), of(node.exponent))
        case tree.Product():
            found = of(node.first)
            for sign, part in node.rest:
                found = found * of(part) if sign == "*" else divided(found, of(part))
            return found
        case tree.Sum():
            added = (of(part) if sign == "+" else -of(part) for sign, part in node.rest)
            return sum(added, of(node.first))
        case tree.Comparison():
            sign = {"==": "=", "|": r"\mid"}.get(node.operator, node.operator)
            return Fraction(holds(sign, of(node.left), of(node.right)))
        case tree.Not():
            return Fraction(of(node.operand) == 0)
        case tree.AllOf():
            return Fraction(all(of(part) for part in node.operands))
        case tree.AnyOf():
            return Fraction(any(of(part) for part in node.operands))
        case tree.Call():
            return _called(node, values)
    raise TypeError(f"no value for {type(node).__name__}")


def _called(node: tree.Call, values: Values) -> Fraction:
    name, parts = node.function.name, [argument.value for argument in node.arguments]
    if name == "sum":
        index, first, last, body = parts
        assert isinstance(index, tree.Name)
        start, end = value(first, values), value(last, values)
        steps = range(int(start), int(end) + 1)
        return sum((value(body, values.inside(index.name, at)) for at in steps), Fraction(0))
    found = [value(part, values) for part in parts]
    return values.log(*found) if name == "log" else function(name, found, values)
