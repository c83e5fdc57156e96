"""Concatenations of which each has one value more, as a DenseNet has them, as one after the other.

`cat(x, y)`, `cat(x, y, z)` is `cat(x, y)`, `cat(that, z)`: it costs the same, and layers that take
the one after the other are equal neighbours but for what grows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from closedform.torch.graph import Node
from closedform.torch.trace import Ref

CAT = "aten.cat"


def in_series(nodes: Sequence[Node]) -> list[Node]:
    """The nodes, with each concatenation that begins as an earlier one does taking that.

    A module that begins with one of such a series is given what it makes.
    """
    found: dict[tuple[object, tuple[str, ...]], str] = {}
    shapes = {node.name: node.shapes[0] for node in nodes}
    before: dict[str, str] = {}  # the concatenation that another one takes
    made: list[Node] = []
    for node in nodes:
        if node.target == CAT:
            names = tuple(node.refs)
            axis = node.arguments[1] if len(node.arguments) > 1 else node.named.get("dim", 0)
            for count in range(len(names) - 1, 1, -1):
                one = found.get((axis, names[:count]))
                if one is not None:
                    before[node.name] = one
                    operands = (shapes[one], *node.operands[count:])
                    taken = (Ref(one), *map(Ref, names[count:]))
                    arguments = (taken, *node.arguments[1:])
                    node = replace(node, arguments=arguments, operands=operands)
                    break
            found.setdefault((axis, names), node.name)
        made.append(node)
    inside = {*before, *before.values()}
    for at, node in enumerate(made):
        if node.name in inside and node.stack:
            own = {other.name for other in made if other.stack[: len(node.stack)] == node.stack}
            first = at == 0 or made[at - 1].stack[: len(node.stack)] != node.stack
            if first and not own & {*node.refs} and len(own) > 1:
                made[at] = replace(node, stack=node.stack[:-1])
    return made
