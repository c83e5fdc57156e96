"""Connections that skip parts are found where, and only where, a sum adds what was made of it."""

from __future__ import annotations

import pytest

from closedform.derive.trace.flows import skips
from closedform.grammar import parse
from closedform.grammar.tree import Block


def found(body: str) -> list[tuple[list[str], list[str]]]:
    """What each connection of a block leads around, and what stands on it."""
    source = f"block B(x: [n, d]):\n{body}"
    (block,) = parse(source, "skips").declarations
    assert isinstance(block, Block)
    return [
        ([source[a:b].strip() for a, b in skip.around], [source[a:b].strip() for a, b in skip.on])
        for skip in skips(block.body)
    ]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            "    x = x + (x -> layernorm -> linear(d))\n    return (x -> linear(d)) + x\n",
            [(["(x -> layernorm -> linear(d))"], []), (["(x -> linear(d))"], [])],
        ),
        (
            "    y = x -> linear(4*d)\n    y = y -> linear(d)\n"
            "    if n > d:\n        x = x -> linear(d)\n    return x + y -> relu\n",
            [
                (
                    ["y = x -> linear(4*d)", "y = y -> linear(d)"],
                    ["if n > d:\n        x = x -> linear(d)"],
                )
            ],
        ),
        (
            "    repeat d:\n        y = x -> linear(d)\n        x = x + (y -> linear(d))\n"
            "    return x\n",
            [(["y = x -> linear(d)", "(y -> linear(d))"], [])],
        ),
        (  # the loop as a whole
            "    y = x\n    repeat d:\n        y = y -> linear(d)\n    return x + y\n",
            [(["y = x", "repeat d:\n        y = y -> linear(d)"], [])],
        ),
        ("    y = x -> linear(d)\n    z = param([n, d])\n    return y + z\n", []),
        ("    return x + param([n, d])\n", []),
        ("    return x - (x -> linear(d))\n", []),
        ("    y = x -> linear(d)\n    return x + y + x\n", []),
        (  # what is added was made of what it is added to: no connection is one of the two
            "    y = x -> linear(d)\n    x = y -> linear(d)\n    return x + y\n",
            [(["x = y -> linear(d)"], [])],
        ),
    ],
)
def test_connections(body: str, expected: list[tuple[list[str], list[str]]]) -> None:
    assert found(body) == expected
