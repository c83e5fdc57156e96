"""Shapes of tensors without their batch: what patterns bind, and what einops gives."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import TypeAlias

from sympy import Expr, Integer

REST = "..."  # axes that are not known
Axes: TypeAlias = tuple[Expr | str, ...]


def divide(shape: Axes, before: int, behind: int) -> tuple[Axes, Axes, Axes]:
    """The first axes of a shape, those in the middle, and the last ones.

    >>> from sympy import Symbol
    >>> n, d = Symbol("n"), Symbol("d")
    >>> divide((REST, n, d), 0, 1)
    ((), ('...', n), (d,))
    """
    cut = len(shape) - behind
    return shape[:before], shape[before:cut], shape[cut:]


def fits(shape: Axes, before: int, behind: int, rest: bool) -> bool:
    """Whether a shape has as many axes, or more of them where there may be a rest."""
    known = len(shape) - (REST in shape)
    return known >= before + behind if rest else known == before + behind


Term: TypeAlias = str | tuple[str, ...]


def terms(side: str) -> list[Term]:
    """The axes of one side of a pattern.

    >>> terms("... n (h e) 1")
    ['...', 'n', ('h', 'e'), '1']
    """
    found: list[Term] = []
    for group, name in re.findall(r"\(([^)]*)\)|([^\s()]+)", side):
        found.append(name or tuple(group.split()))
    return found


def sides_of(pattern: str) -> tuple[list[Term], list[Term]]:
    """Both sides of a pattern."""
    left, _, right = pattern.partition("->")
    return terms(left), terms(right)


def rearranged(shape: Axes, pattern: str, given: Mapping[str, Expr]) -> Axes:
    """The shape that `rearrange`, `reduce` and the like give."""
    left, right = sides_of(pattern)
    sizes: dict[str, Expr] = dict(given)
    rest: Axes = ()
    where = left.index(REST) if REST in left else None
    if where is not None:
        behind = len(left) - where - 1
        head, rest, tail = divide(shape, where, behind)
        pairs = [*zip(left[:where], head, strict=True), *zip(left[where + 1 :], tail, strict=True)]
    else:
        known = tuple(axis for axis in shape if axis != REST)
        pairs = list(zip(left, known, strict=True))
    for term, axis in pairs:
        names = (term,) if isinstance(term, str) else term
        assert isinstance(axis, Expr)
        unknown = [n for n in names if not n.isdigit() and n not in sizes]
        others = prod((_size(n, sizes) for n in names if n not in unknown), start=Integer(1))
        for name in unknown[:1]:
            sizes[name] = axis / others
    made: list[Expr | str] = []
    for term in right:
        if term == REST:
            made.extend(rest)
        else:
            names = (term,) if isinstance(term, str) else term
            made.append(prod((_size(n, sizes) for n in names), start=Integer(1)))
    return tuple(made)


def _size(name: str, sizes: Mapping[str, Expr]) -> Expr:
    return Integer(int(name)) if name.isdigit() else sizes[name]


def contracted(shapes: Sequence[Axes], pattern: str) -> Axes:
    """The shape that an `einsum` gives."""
    left, _, right = pattern.partition("->")
    sizes: dict[str, Expr] = {}
    rest: Axes = ()
    for side, shape in zip(left.split(","), shapes, strict=True):
        names = side.split()
        where = names.index(REST) if REST in names else None
        if where is not None:
            head, middle, tail = divide(shape, where, len(names) - where - 1)
            rest = middle if len(middle) > len(rest) else rest
            sizes |= dict(zip(names[:where], head, strict=True))
            sizes |= dict(zip(names[where + 1 :], tail, strict=True))
        else:
            known = tuple(axis for axis in shape if axis != REST)
            sizes |= dict(zip(names, known, strict=True))
    made: list[Expr | str] = []
    for name in right.split():
        made.extend(rest if name == REST else (sizes[name],))
    return tuple(made)


def broadcast(left: Axes, right: Axes, known: Callable[[Expr], bool]) -> Axes:
    """The shape of a sum of two tensors, by the axes that are known better."""
    if REST in left or REST in right:
        return left if len(left) >= len(right) else right
    longer, shorter = (left, right) if len(left) >= len(right) else (right, left)
    head = longer[: len(longer) - len(shorter)]
    tail = longer[len(head) :]
    return head + tuple(
        b if a == 1 or not (b == 1 or known(a)) else a for a, b in zip(tail, shorter, strict=True)
    )


def letters(pattern: str, batched: Sequence[bool]) -> str:
    """An einsum as PyTorch reads it, with the batch first where a tensor has one.

    >>> letters("h n e, h m e -> h n m", [True, True])
    'b h n e, b h m e -> b h n m'
    >>> letters("head n, head -> n", [True, False])
    'b a n, a -> b n'
    """
    left, _, right = pattern.partition("->")
    names = [name for side in [*left.split(","), right] for name in side.split() if name != REST]
    alphabet = [c for c in "bzyxwvutsrqponmlkjihgfedca" if c not in names]
    letter = {n: n for n in names if len(n) == 1 and n.isascii() and n.isalpha()}
    batch = alphabet.pop(0)
    for name in names:
        if name not in letter:
            letter[name] = alphabet.pop()
    spelled = [" ".join(letter.get(n, n) for n in side.split()) for side in left.split(",")]
    parts = [
        f"{batch} {side}".strip() if with_batch and REST not in side else side
        for side, with_batch in zip(spelled, batched, strict=True)
    ]
    last = " ".join(letter.get(n, n) for n in right.split())
    if any(batched) and REST not in last:
        last = f"{batch} {last}".strip()
    return f"{', '.join(parts)} -> {last}"


def with_batch(pattern: str) -> str:
    """A pattern of einops with the batch before its axes, unless its dots take that in.

    >>> with_batch("d i j -> (i j) d"), with_batch("... n (h e) -> ... h n e")
    ('b d i j -> b (i j) d', '... n (h e) -> ... h n e')
    """
    if REST in pattern:
        return pattern
    used = set(re.findall(r"\w+", pattern))
    name = next(n for n in ("b", "batch", "batch_", "batch__") if n not in used)
    left, _, right = pattern.partition("->")
    return f"{name} {left.strip()} -> {name} {right.strip()}".strip()
