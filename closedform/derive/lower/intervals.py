"""How large a step can be: interval arithmetic in whole numbers, None for no bound."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import product
from math import isqrt
from typing import TypeAlias

from closedform.derive.lower.integers import logarithm
from closedform.derive.lower.nodes import Node, Op, in_order

Interval: TypeAlias = tuple[int | None, int | None]

MAX_BITS = 100_000  # of a bound; what is larger has none
INT64 = 2**63 - 1


def bounds(nodes: Iterable[Node], ranges: Mapping[str, tuple[int, int]]) -> dict[Node, Interval]:
    """Bounds of every step for sizes in given ranges."""
    found: dict[Node, Interval] = {}
    for node in in_order(nodes):
        if node.op is Op.SIZE:
            found[node] = ranges[str(node.value)]
        else:
            found[node] = interval(node.op, [found[arg] for arg in node.args], node.value)
    return found


def fit_int64(nodes: Iterable[Node], ranges: Mapping[str, tuple[int, int]]) -> bool:
    """Whether no step can leave 64 bits for sizes in given ranges.

    The root of a number is tried with a number beside it, whose square must fit as well.
    """
    found = bounds(nodes, ranges)
    for node, (low, high) in found.items():
        if low is None or high is None or low < -INT64 or high > INT64:
            return False
        if node.op is Op.ROOT and (found[node.args[0]][1] or 0) > INT64 // 4:
            return False
    return True


def interval(op: Op, of: list[Interval], value: object = None) -> Interval:
    """Bounds of a step from those of its arguments."""
    if op is Op.CONST:
        return int(value), int(value)  # type: ignore[call-overload]
    if op.value >= Op.EQUAL.value:
        return 0, 1
    return tuple(map(_bounded, ROWS[op](*of)))  # type: ignore[return-value]


def _bounded(end: int | None) -> int | None:
    return end if end is None or end.bit_length() <= MAX_BITS else None


def _add(a: Interval, b: Interval) -> Interval:
    return _plus(a[0], b[0]), _plus(a[1], b[1])


def _plus(a: int | None, b: int | None) -> int | None:
    return None if a is None or b is None else a + b


def _negative(a: Interval) -> Interval:
    low, high = a
    return (None if high is None else -high), (None if low is None else -low)


def _multiply(a: Interval, b: Interval) -> Interval:
    if None not in (*a, *b):
        ends = [x * y for x, y in product(a, b)]  # type: ignore[operator]
        return min(ends), max(ends)
    if a == (0, 0) or b == (0, 0):
        return 0, 0
    if _at_least(a, 0) and _at_least(b, 0):
        return a[0] * b[0], None  # type: ignore[operator]
    if _at_least(a, 0) and _at_least(_negative(b), 0):
        return _negative(_multiply(a, _negative(b)))
    if _at_least(_negative(a), 0):
        return _negative(_multiply(_negative(a), b))
    return None, None


def _at_least(a: Interval, number: int) -> bool:
    return a[0] is not None and a[0] >= number


def _power(base: Interval, exponent: Interval) -> Interval:
    least, most = exponent
    least = max(least or 0, 0)
    if most is not None and _negative(base)[1] is not None and base[1] is not None:
        size = max(abs(base[0]), abs(base[1]), 1)  # type: ignore[arg-type]
        high = None if size.bit_length() * most > MAX_BITS else size**most
    else:
        high = None
    if _at_least(base, 1):
        low = base[0] or 1
        return (low**least if low.bit_length() * least <= MAX_BITS else 1), high
    if _at_least(base, 0) or (least == most and least % 2 == 0):
        return 0, high
    return None if high is None else -high, high


def _floordiv(a: Interval, b: Interval) -> Interval:
    """The divisor is positive, so that what is far away comes near."""
    least = max(b[0] or 1, 1)
    most = b[1] if b[1] is None else max(b[1], 1)

    def end(number: int, outward: int | None) -> int:
        return number // outward if outward else (0 if number >= 0 else -1)

    low = None if a[0] is None else end(a[0], most if a[0] >= 0 else least)
    high = None if a[1] is None else end(a[1], least if a[1] >= 0 else most)
    return low, high


def _min(a: Interval, b: Interval) -> Interval:
    low = None if a[0] is None or b[0] is None else min(a[0], b[0])
    known = [end for end in (a[1], b[1]) if end is not None]
    return low, min(known, default=None)


def _max(a: Interval, b: Interval) -> Interval:
    return _negative(_min(_negative(a), _negative(b)))


def _gcd(a: Interval, b: Interval) -> Interval:
    sizes = _min(_size(a), _size(b)) if _at_least(a, 1) and _at_least(b, 1) else (0, None)
    high = sizes[1] if sizes[1] is not None else _max(_size(a), _size(b))[1]
    return int(_at_least(a, 1) or _at_least(b, 1)), high


def _size(a: Interval) -> Interval:
    return 0, _max(a, _negative(a))[1]


def _root(a: Interval) -> Interval:
    return isqrt(max(a[0] or 0, 0)), None if a[1] is None else isqrt(max(a[1], 0))


def _log(a: Interval, base: Interval) -> Interval:
    low = 0 if base[1] is None else logarithm(max(a[0] or 1, 1), max(base[1], 2))
    return low, None if a[1] is None else logarithm(max(a[1], 1), max(base[0] or 2, 2))


def _index(first: Interval, last: Interval) -> Interval:
    low, high = first[0], last[1]
    return low, high if high is None or low is None else max(low, high)


def _sum(index: Interval, body: Interval) -> Interval:
    count = None if None in index else index[1] - index[0] + 1  # type: ignore[operator]
    low, high = _multiply((0, count), body)
    return (None if low is None else min(low, 0)), (None if high is None else max(high, 0))


ROWS: dict[Op, Callable[..., Interval]] = {
    Op.INDEX: _index,
    Op.ADD: _add,
    Op.SUBTRACT: lambda a, b: _add(a, _negative(b)),
    Op.MULTIPLY: _multiply,
    Op.POWER: _power,
    Op.FLOORDIV: _floordiv,
    Op.MIN: _min,
    Op.MAX: _max,
    Op.GCD: _gcd,
    Op.ROOT: _root,
    Op.LOG: _log,
    Op.ONE_IF: lambda _: (0, 1),
    Op.SUM: _sum,
}
