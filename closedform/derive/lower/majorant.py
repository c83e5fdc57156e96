"""How large the steps of a program can be, as a program: for code that must know it by itself."""

from __future__ import annotations

from collections.abc import Iterable

from closedform.derive.lower.building import Nodes
from closedform.derive.lower.nodes import Node, Op, in_order


def majorant(nodes: Iterable[Node]) -> Node:
    """What no step that some steps need is greater than, nor its negative, as a step.

    It is made of the sizes by sums and products, so that its own steps are not greater than it.

    >>> make = Nodes()
    >>> n, p = make.size("n", 1), make.size("p", 1)
    >>> step = make.of(Op.SUBTRACT, make.of(Op.FLOORDIV, n, p), make.const(3))
    >>> [node.op.name for node in in_order([majorant([step])])]
    ['SIZE', 'SIZE', 'CONST', 'ADD', 'MAX']
    """
    make, found = Nodes(), dict[Node, Node]()
    for node in in_order(nodes):
        found[node] = _of(node, [found[arg] for arg in node.args], make)
    asked = {node for node in found if node.op.value >= Op.EQUAL.value or node.op is Op.FLOORDIV}
    ends = [*nodes, *(arg for node in asked for arg in node.args), *_hidden(found)]
    largest, covered = make.one, set[Node]()
    for node in sorted({found[end] for end in ends}, key=lambda node: -node.at):
        if node not in covered:  # what another one is made of is not greater
            largest = make.of(Op.MAX, largest, node)
            covered |= {*in_order([node])}
    return largest


def _hidden(nodes: Iterable[Node]) -> list[Node]:
    """Steps whose value can be smaller than what it is made of."""
    kinds = (Op.GCD, Op.LOG, Op.ROOT, Op.MIN, Op.INDEX, Op.SUM)
    exponents = [node.args[1] for node in nodes if node.op is Op.POWER]
    return [
        *(exponent for exponent in exponents if exponent.number is None),
        *(arg for node in nodes if node.op in kinds for arg in node.args),
    ]


def _of(node: Node, args: list[Node], make: Nodes) -> Node:
    """A bound of one step, at least 1, from those of its arguments."""
    match node.op:
        case Op.CONST:
            return make.const(max(abs(int(node.value or 0)), 1))
        case Op.SIZE:
            size = make.size(str(node.value), node.low or 0)
            return size if size.low else make.of(Op.MAX, size, make.one)
        case Op.ADD | Op.SUBTRACT:
            return make.of(Op.ADD, *args)
        case Op.MULTIPLY | Op.POWER:
            return make.of(node.op, *args)
        case Op.FLOORDIV:
            return args[0]  # the divisor is positive
        case Op.MIN | Op.MAX | Op.GCD | Op.INDEX | Op.LOG:
            return make.of(Op.MAX, *args)
        case Op.ROOT:
            return make.of(Op.MULTIPLY, make.const(4), args[0])  # a number beside it is tried
        case Op.SUM:
            index, body = args
            count = make.of(Op.ADD, make.of(Op.ADD, index, index), make.one)
            return make.of(Op.MULTIPLY, count, body)
    return make.one
