"""Steps are made here: equal ones once, those of numbers at once as numbers."""

from __future__ import annotations

from math import isqrt

from closedform.derive.lower.integers import INTEGERS
from closedform.derive.lower.intervals import MAX_BITS, Interval, interval
from closedform.derive.lower.nodes import Node, Op, Value
from closedform.errors import Diagnostic, LimitError


class Nodes:
    """Makes the steps of one program.

    >>> make = Nodes()
    >>> d = make.size("D", 1)
    >>> make.of(Op.MULTIPLY, d, make.const(2)) is make.of(Op.MULTIPLY, d, make.const(2))
    True
    >>> make.of(Op.LESS, make.const(0), d).value, make.of(Op.ADD, make.const(2), make.one).value
    (True, 3)
    """

    def __init__(self) -> None:
        self._made: dict[tuple[Op, tuple[Node, ...], object], Node] = {}
        self.zero, self.one = self.const(0), self.const(1)
        self.true, self.false = self.truth(True), self.truth(False)

    def const(self, number: int) -> Node:
        return self._node(Op.CONST, (), int(number), (number, number))

    def truth(self, holds: bool) -> Node:
        return self._node(Op.CONST, (), bool(holds), (int(holds), int(holds)))

    def size(self, name: str, least: int) -> Node:
        """A size that is given, and is at least so large."""
        return self._node(Op.SIZE, (), name, (least, None))

    def index(self, name: str, first: Node, last: Node) -> Node:
        """The index of a sum."""
        ends = [(node.low, node.high) for node in (first, last)]
        return self._node(Op.INDEX, (first, last), name, interval(Op.INDEX, ends))

    def sum(self, index: Node, body: Node) -> Node:
        """The sum of a body over an index."""
        ends: list[Interval] = [(node.low, node.high) for node in (index, body)]
        return self._node(Op.SUM, (index, body), None, interval(Op.SUM, ends))

    def of(self, op: Op, *args: Node) -> Node:
        """A step of another kind, or what it plainly is."""
        plain = self._plain(op, args)
        if plain is not None:
            return plain
        return self._node(op, args, None, interval(op, [(arg.low, arg.high) for arg in args]))

    def all(self, *conditions: Node) -> Node:
        """Whether all of some conditions hold."""
        found = self.true
        for condition in dict.fromkeys(conditions):
            found = self.of(Op.AND, found, condition)
        return found

    def none(self, condition: Node) -> Node:
        return self.of(Op.NOT, condition)

    def _node(self, op: Op, args: tuple[Node, ...], value: Value, ends: Interval) -> Node:
        key = op, args, (type(value), value)
        if key not in self._made:
            indices = frozenset[str]().union(*(arg.indices for arg in args))
            if op is Op.INDEX:
                indices |= {str(value)}
            if op is Op.SUM:
                indices -= {str(args[0].value)}
            self._made[key] = Node(op, args, value, *ends, indices, len(self._made))
        return self._made[key]

    def _plain(self, op: Op, args: tuple[Node, ...]) -> Node | None:
        """What a step is without being carried out."""
        if all(arg.op is Op.CONST for arg in args):
            return self._folded(op, args)
        if op in (Op.AND, Op.OR, Op.NOT):
            return self._plain_logic(op, args)
        if op.value >= Op.EQUAL.value:
            return self._plain_condition(op, args)
        if len(args) == 2:
            return self._plain_number(op, *args)
        return None

    def _folded(self, op: Op, args: tuple[Node, ...]) -> Node:
        numbers = [arg.value for arg in args]
        if op is Op.POWER and numbers[0] not in (0, 1):  # -1 is as harmless
            base, exponent = args[0].number or 0, args[1].number or 0
            if base.bit_length() * exponent > MAX_BITS:
                message = f"a power with the exponent {exponent} is too long"
                raise LimitError(Diagnostic("limit", message))
        found = INTEGERS[op](*numbers)
        return self.truth(found) if op.value >= Op.EQUAL.value else self.const(found)

    def _plain_logic(self, op: Op, args: tuple[Node, ...]) -> Node | None:
        if op is Op.NOT:
            (inner,) = args
            if inner.op is Op.NOT:
                return inner.args[0]
            turned = {Op.LESS: Op.AT_MOST, Op.AT_MOST: Op.LESS}.get(inner.op)
            return self.of(turned, *reversed(inner.args)) if turned else None
        neutral = self.true if op is Op.AND else self.false
        one, other = args
        if neutral in args or one is other:
            return other if one is neutral else one
        return self.none(neutral) if self.none(neutral) in args else None

    def _plain_condition(self, op: Op, args: tuple[Node, ...]) -> Node | None:
        a, b = args
        below = a.high is not None and b.low is not None and a.high < b.low
        above = b.high is not None and a.low is not None and b.high < a.low
        at_most = a.high is not None and b.low is not None and a.high <= b.low
        at_least = b.high is not None and a.low is not None and b.high <= a.low
        if op is Op.EQUAL:
            return self.true if a is b else self.false if below or above else None
        if op is Op.LESS:
            return self.true if below else self.false if at_least or a is b else None
        if op is Op.AT_MOST:
            if at_most or above or a is b:
                return self.truth(not above)
            return self._without_squares(a, b)
        if op is Op.DIVIDES:
            return self.true if a is self.one or _is_factor(a, b) else self._rooted(a, b)
        return None

    def _without_squares(self, a: Node, b: Node) -> Node | None:
        """1 <= x^2 and P^2 <= I^2 without squares, 1 <= I // P without a quotient."""
        if b.op is Op.FLOORDIV and a is self.one:
            return self.of(Op.AT_MOST, b.args[1], b.args[0])
        if b.op is not Op.POWER or b.args[1].number is None or not _is_natural(b.args[0]):
            return None
        if a is self.one:
            return self.of(Op.AT_MOST, a, b.args[0])
        if a.op is Op.POWER and a.args[1] is b.args[1] and _is_natural(a.args[0]):
            return self.of(Op.AT_MOST, a.args[0], b.args[0])
        return None

    def _rooted(self, divisor: Node, number: Node) -> Node | None:
        """Whether P^2 divides I^2, as whether P divides I."""
        if number.op is not Op.POWER or number.args[1].number != 2:
            return None
        if divisor.op is Op.POWER and divisor.args[1] is number.args[1]:
            return self.of(Op.DIVIDES, divisor.args[0], number.args[0])
        root = isqrt(divisor.number or 0)
        if root and root * root == divisor.number:
            return self.of(Op.DIVIDES, self.const(root), number.args[0])
        return None

    def _plain_number(self, op: Op, a: Node, b: Node) -> Node | None:
        zero, one = self.zero, self.one
        match op:
            case Op.ADD if zero in (a, b):
                return b if a is zero else a
            case Op.SUBTRACT if b is zero or a is b:
                return a if b is zero else zero
            case Op.MULTIPLY if zero in (a, b):
                return zero
            case Op.MULTIPLY if one in (a, b):
                return b if a is one else a
            case Op.POWER if b in (zero, one) or a is one:
                return a if b is one else one
            case Op.FLOORDIV if b is one:
                return a
            case Op.FLOORDIV if a is b:
                return one
            case Op.MIN | Op.MAX | Op.GCD if a is b and _is_natural(a):
                return a
            case Op.MIN | Op.MAX:
                for less, more in ((a, b), (b, a)):
                    if self._plain_condition(Op.AT_MOST, (less, more)) is self.true:
                        return less if op is Op.MIN else more
            case Op.GCD if one in (a, b):
                return one
        return None


def _is_natural(node: Node) -> bool:
    return node.low is not None and node.low >= 0


def _is_factor(factor: Node, product: Node) -> bool:
    """Whether a product plainly has a factor."""
    waiting = [product]
    while waiting:
        node = waiting.pop()
        if node is factor:
            return True
        if factor.number and node.number is not None and node.number % factor.number == 0:
            return True
        if node.op is Op.MULTIPLY:
            waiting += node.args
        if node.op is Op.POWER and (node.args[1].low or 0) >= 1:
            waiting.append(node.args[0])
    return False
