"""The einops notation: `"... n (h e) -> ... h n e"`.

>>> left, right = parse_pattern("n (h e) -> h n e")
>>> left.axes
(('n',), ('h', 'e'))
"""

from __future__ import annotations

import re

from closedform.data import dataclass
from closedform.errors import Span, fail

AXIS = re.compile(r"\s*(\.\.\.|->|,|\(|\)|[^\W\d]\w*|\d+)")

HELP = 'a pattern is written like "n (h e) -> h n e"'


@dataclass(frozen=True)
class Side:
    """One side of a pattern: groups of names, each group one axis of the tensor.

    `("...",)` stands for any axes, and the empty group for an axis of size one.
    """

    axes: tuple[tuple[str, ...], ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for axis in self.axes for name in axis)

    def __str__(self) -> str:
        return " ".join(
            axis[0] if len(axis) == 1 else f"({' '.join(axis)})" if axis else "1"
            for axis in self.axes
        )


def parse_pattern(text: str, span: Span | None = None) -> tuple[Side, Side]:
    """Both sides of `left -> right`."""
    *left, right = parse_einsum(text, span)
    if len(left) != 1:
        raise fail("pattern", "a pattern has one side before `->`", span, HELP)
    return left[0], right


def parse_einsum(text: str, span: Span | None = None) -> list[Side]:
    """The sides of `a, b -> c`, the result last."""
    tokens = _tokens(text, span)
    if tokens.count("->") != 1:
        raise fail("pattern", f"a pattern has one `->`: {text!r}", span, HELP)
    arrow = tokens.index("->")
    sides: list[list[str]] = [[]]
    for token in tokens[:arrow]:
        if token == ",":
            sides.append([])
        else:
            sides[-1].append(token)
    return [_side(side, span) for side in [*sides, tokens[arrow + 1 :]]]


def _tokens(text: str, span: Span | None) -> list[str]:
    tokens, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = AXIS.match(text, at)
        if not match:
            raise fail("pattern", f"{text[at:].strip()[0]!r} has no place in a pattern", span, HELP)
        tokens.append(match[1])
        at = match.end()
    return tokens


def _side(tokens: list[str], span: Span | None) -> Side:
    axes: list[tuple[str, ...]] = []
    group: list[str] | None = None
    for token in tokens:
        if token == "(":
            if group is not None:
                raise fail("pattern", "a group stands inside a group", span, HELP)
            group = []
        elif token == ")":
            if group is None:
                raise fail("pattern", "`)` closes nothing in the pattern", span, HELP)
            axes.append(tuple(group))
            group = None
        elif token in ("->", ","):
            raise fail("pattern", f"`{token}` is not expected in the pattern", span, HELP)
        elif token.isdigit() and token != "1":
            raise fail(
                "pattern", f"`{token}` is no name of an axis", span, "only 1 may stand there"
            )
        else:
            name: tuple[str, ...] = () if token == "1" else (token,)
            if group is None:
                axes.append(name)
            else:
                group.extend(name)
    if group is not None:
        raise fail("pattern", "`(` is never closed in the pattern", span, HELP)
    side = Side(tuple(axes))
    for repeated in side.names:
        if side.names.count(repeated) > 1:
            raise fail(
                "pattern",
                f"`{repeated}` stands twice on one side of the pattern",
                span,
                "give the axes different names",
            )
    return side
