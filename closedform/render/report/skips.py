"""Connections that skip parts: where a file adds to a tensor what it made of the same tensor.

>>> from closedform.grammar import parse
>>> (block,) = parse("block B(x: [n, d]):\\n    return x + (x -> linear(d))\\n").declarations
>>> (skip,) = skips(block.body)
>>> [block.span.source.text[slice(*part)] for part in skip.around]
['(x -> linear(d))']
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from closedform.grammar import tree
from closedform.grammar.traverse import names_in, parts_of

_Range = tuple[int, int]


@dataclass(frozen=True)
class Skip:
    """A connection: where the source has what it leads around, and what is made on it."""

    around: tuple[_Range, ...]
    on: tuple[_Range, ...]

    @property
    def place(self) -> int:
        """Where it begins in the source, by which it is known."""
        return self.around[0][0]


def skips(body: Iterable[tree.Statement]) -> list[Skip]:
    """The connections of a body and of the loops in it, those outside before those inside."""
    return sorted(_skips(tuple(body)), key=lambda skip: skip.place)


def _skips(body: tuple[tree.Statement, ...]) -> Iterator[Skip]:
    for at, statement in enumerate(body):
        inner = [v for v in vars(statement).values() if _is_body(v)]
        for statements in inner:
            yield from _skips(statements)
        if not inner:
            for part in parts_of(statement):
                if isinstance(part, tree.Sum) and [sign for sign, _ in part.rest] == ["+"]:
                    yield from _of_sum(part, body[:at])


def _is_body(value: object) -> bool:
    return isinstance(value, tuple) and any(isinstance(v, tree.Assign | tree.Return) for v in value)


def _of_sum(node: tree.Sum, before: tuple[tree.Statement, ...]) -> Iterator[Skip]:
    """The connection of a sum of two, if one of them is a name and the other was made of it."""
    first, second = node.first, node.rest[0][1]
    for name, other in ((first, second), (second, first)):
        if not isinstance(name, tree.Name):
            continue
        if name.name in names_in(other):
            if not isinstance(other, tree.Name):
                yield Skip((_range(other),), ())
                return
            continue
        for made in sorted(names_in(other)):
            found = _made_of(made, name.name, before)
            if found is not None:
                inside = () if isinstance(other, tree.Name) else (_range(other),)
                yield Skip((*found.around, *inside), found.on)
                return


def _made_of(made: str, of: str, before: tuple[tree.Statement, ...]) -> Skip | None:
    """The statements that make one tensor of another, which later ones change on its way."""
    starts = [at for at, s in enumerate(before) if _assigns(s, made) and of in _used(s, made)]
    if not starts:
        return None
    after = before[starts[-1] :]
    around = tuple(_range(s) for s in after if _assigns(s, made))
    on = tuple(_range(s) for s in after if _assigns(s, of))
    if any(made in _used(s, of) for s in after if _assigns(s, of)):
        return None
    return Skip(around, on)


def _assigns(statement: tree.Statement, name: str) -> bool:
    assigns = (part for part in parts_of(statement) if isinstance(part, tree.Assign))
    return any(name in {target.name for target in part.targets} for part in assigns)


def _used(statement: tree.Statement, name: str) -> set[str]:
    """The names of which a statement makes a name."""
    assigns = (part for part in parts_of(statement) if isinstance(part, tree.Assign))
    several = (p for p in assigns if name in {target.name for target in p.targets})
    return {used for part in several for used in names_in(part.value)}


def _range(node: tree.Node) -> _Range:
    """Where a part stands, with all that is below it."""
    return node.span.start, max(part.span.end for part in parts_of(node))
