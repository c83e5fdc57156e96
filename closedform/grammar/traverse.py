"""Walks over parts of a syntax tree."""

from __future__ import annotations

from collections.abc import Iterator

from closedform.grammar import tree


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
