"""Walks over parts of a syntax tree."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import TypeVar

from closedform.grammar import tree

Part = TypeVar("Part")


def parts_of(node: object) -> Iterator[tree.Node]:
    """A part of a syntax tree and all that is below it."""
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, tree.Node):
            yield part
            waiting.extend(vars(part).values())
        elif isinstance(part, tuple):
            waiting.extend(part)


def names_in(node: object) -> set[str]:
    """Every name that a part of a syntax tree mentions."""
    return {part.name for part in parts_of(node) if isinstance(part, tree.Name)}


def whole_names_in(node: object) -> set[str]:
    """The names that a part of a syntax tree mentions other than to take an element."""
    parts = list(parts_of(node))
    indexed = {id(part.base) for part in parts if isinstance(part, tree.Index)}
    return {p.name for p in parts if isinstance(p, tree.Name) and id(p) not in indexed}


def with_value(node: Part, name: str, value: tree.Expression) -> Part:
    """A part of a syntax tree with an expression in the place of a name that is read as a size.

    >>> from closedform.grammar.expressions import show
    >>> from closedform.grammar.parser import parse
    >>> show(with_value(parse("let R = w*f(w)").declarations[0].value, "w", tree.Name("v")))
    'v*f(v)'
    """
    if isinstance(node, tuple):
        return tuple(with_value(part, name, value) for part in node)  # type: ignore[return-value]  # as many, of the same types
    if isinstance(node, tree.Name) and node.name == name:
        return replace(value, span=node.span)  # type: ignore[return-value]  # an expression for an expression
    if not isinstance(node, tree.Node):
        return node
    kept = USED_AS_NAMES.get(type(node), ())
    changed = {n: with_value(v, name, value) for n, v in vars(node).items() if n not in kept}
    return replace(node, **changed)


# What is applied, bound or counted up is a name, and has no value of its own.
USED_AS_NAMES: dict[type, tuple[str, ...]] = {
    tree.Call: ("function",),
    tree.Assign: ("targets",),
    tree.Ascribe: ("tensor",),
    tree.For: ("index",),
    tree.ForEach: ("element",),
}


def at_stage(node: Part, lists: Collection[str], stage: int) -> Part:
    """A part of a syntax tree in which the names of lists stand for their element at a stage.

    >>> from closedform.grammar.expressions import show
    >>> from closedform.grammar.parser import parse
    >>> show(at_stage(parse("let R[3] = A/A[1]").declarations[0].value, {"A"}, 2))
    'A[2]/A[1]'
    """
    if isinstance(node, tuple):
        return tuple(at_stage(part, lists, stage) for part in node)  # type: ignore[return-value]  # as many, of the same types
    if isinstance(node, tree.Name) and node.name in lists:
        number = tree.Number(Fraction(stage), span=node.span)
        return tree.Index(node, (number,), span=node.span)  # type: ignore[return-value]  # an expression for an expression
    if not isinstance(node, tree.Node):
        return node
    kept = "base" if isinstance(node, tree.Index) else None
    changed = {n: at_stage(v, lists, stage) for n, v in vars(node).items() if n != kept}
    return replace(node, **changed)
