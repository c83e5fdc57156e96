"""Where `return` and claims may stand in a block: a rule of the text alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from closedform.errors import fail
from closedform.grammar import tree
from closedform.grammar.traverse import parts_of

CLAIMS = (tree.ComparisonClaim, tree.OrderClaim)


def check_placement(block: tree.Block) -> None:
    """Raise ClosedformError unless a block ends in its only `return`, claims aside."""
    body = [s for s in block.body if not isinstance(s, CLAIMS)]
    for node in _inside(body):
        if isinstance(node, CLAIMS):
            raise fail(
                "claim",
                "a claim stands at the left of the body of its block",
                node.span,
                "move it out of the inner body",
            )
    returns = [s for s in body if isinstance(s, tree.Return)]
    inside = [node for node in _inside(body) if isinstance(node, tree.Return)]
    if inside and not returns:
        raise fail(
            "return",
            "`return` stands inside another body",
            inside[0].span,
            "assign to a name in each branch, and return it at the end of the block",
        )
    if not returns:
        raise fail(
            "return",
            f"`{block.name.name}` returns nothing",
            block.span,
            "end it with `return x`",
        )
    for node in [*inside, *returns]:
        if node is not body[-1]:
            raise fail(
                "return",
                "`return` is the last statement of a block",
                node.span,
                "assign to a name here and return it at the end",
            )


def _inside(body: Sequence[tree.Statement]) -> Iterator[tree.Node]:
    """What stands in the bodies inside a body."""
    for statement in body:
        yield from (part for part in parts_of(statement) if part is not statement)
