"""Programs carried out on whole numbers of Python and on arrays of NumPy, exactly.

An array is of 64 bits, where it is proved that no step leaves them, or of Python integers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from closedform.data import dataclass
from closedform.derive.lower.integers import INTEGERS
from closedform.derive.lower.nodes import Node, Op, in_order
from closedform.errors import Diagnostic, LimitError
from closedform.formula.numbers import MAX_SUMMANDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

BROADCAST = {Op.ADD: "add", Op.SUBTRACT: "subtract", Op.MULTIPLY: "multiply",
             Op.FLOORDIV: "floor_divide", Op.MIN: "minimum", Op.MAX: "maximum", Op.GCD: "gcd",
             Op.EQUAL: "equal", Op.LESS: "less", Op.AT_MOST: "less_equal",
             Op.AND: "logical_and", Op.OR: "logical_or", Op.NOT: "logical_not"}  # fmt: skip
OVER = frozenset((Op.ADD, Op.SUBTRACT, Op.MULTIPLY, Op.FLOORDIV, Op.MIN, Op.MAX, Op.AND, Op.OR))
LEAVES = frozenset((Op.CONST, Op.SIZE, Op.INDEX))


@dataclass(frozen=True)
class Step:
    """A step, what it takes, which of this it may write over, and what is not needed after it."""

    node: Node
    takes: tuple[Node, ...]
    free: tuple[int, ...]
    done: tuple[Node, ...]


class Plan:
    """The steps of some outputs in their order; a value is dropped when it was used last.

    >>> from closedform.derive.lower.building import Nodes
    >>> make = Nodes()
    >>> d = make.size("D", 1)
    >>> Plan([make.of(Op.MULTIPLY, d, make.of(Op.ADD, d, make.one))]).run({"D": 10**20})
    [10000000000000000000100000000000000000000]
    """

    def __init__(self, outputs: Sequence[Node], *indices: str) -> None:
        self.outputs = tuple(outputs)
        self.steps = [
            node
            for node in in_order(outputs)
            if node.indices <= set(indices)
            and node.indices >= set(indices[-1:])
            and node.op is not Op.INDEX
        ]
        self._inner = {
            node: Plan(node.args[1:], *indices, str(node.args[0].value))
            for node in self.steps
            if node.op is Op.SUM
        }
        used = [arg for node in self.steps for arg in self._needed(node)]
        self.takes = {*used, *outputs} - set(self.steps)
        last = {arg: node for node in self.steps for arg in self._needed(node)}
        kept = {*self.takes, *outputs}
        self._rows = []
        for node in self.steps:
            takes = self._needed(node)
            done = [arg for arg in dict.fromkeys(takes) if last[arg] is node and arg not in kept]
            over = done if node.op in OVER else []
            free = [at for at, arg in enumerate(takes) if arg in over and arg.op not in LEAVES]
            self._rows.append(Step(node, takes, tuple(free), tuple(done)))
        self._plain = [(row.node, row.takes, INTEGERS.get(row.node.op)) for row in self._rows]

    def _needed(self, node: Node) -> tuple[Node, ...]:
        """The steps whose values a step takes; a sum takes what its body has from around it."""
        if node.op is not Op.SUM:
            return node.args
        index = node.args[0]
        return (*index.args, *(arg for arg in self._inner[node].takes if arg is not index))

    def run(self, values: Mapping[str, Any], objects: bool = False) -> list[Any]:
        """The outputs for sizes that are whole numbers or arrays; `objects` of Python integers."""
        if self._inner or not all(type(value) is int for value in values.values()):
            return self._run({}, values, objects)
        known: dict[Node, Any] = {}
        for node, takes, function in self._plain:
            if function is not None:
                known[node] = function(*[known[arg] for arg in takes])
            else:
                known[node] = node.value if node.op is Op.CONST else values[str(node.value)]
        return [known[node] for node in self.outputs]

    def _run(self, known: dict[Node, Any], values: Mapping[str, Any], objects: bool) -> list[Any]:
        for step in self._rows:
            node = step.node
            if node.op in INTEGERS:
                args = [known[arg] for arg in step.takes]
                if all(type(arg) is int or type(arg) is bool for arg in args):
                    known[node] = INTEGERS[node.op](*args)
                else:
                    known[node] = _on_arrays(node.op, args, step.free, objects)
            elif node.op is Op.SIZE:
                known[node] = values[str(node.value)]
            elif node.op is Op.CONST:
                known[node] = node.value
            else:
                known[node] = self._sum(node, known, values, objects)
            for arg in step.done:
                del known[arg]
        return [known[node] for node in self.outputs]

    def _sum(
        self, node: Node, known: Mapping[Node, Any], values: Mapping[str, Any], objects: bool
    ) -> Any:
        """A sum term by term; where its ends are arrays, what lies beyond them counts 0."""
        index, inner = node.args[0], self._inner[node]
        first, last = (known[end] for end in index.args)
        ends = range(int(_least(first)), int(_greatest(last)) + 1)
        if len(ends) > MAX_SUMMANDS:
            message = f"a sum of {len(ends)} terms, which has no closed form, is too long"
            raise LimitError(Diagnostic("limit", message))
        total: Any = 0
        for i in ends:
            taken = {arg: known[arg] for arg in inner.takes if arg is not index}
            (value,) = inner._run({**taken, index: i}, values, objects)
            inside = (first <= i) & (i <= last)
            total = total + value * (inside if isinstance(inside, bool) else inside.astype(int))
        return total


def _on_arrays(op: Op, args: Sequence[Any], free: Sequence[int], objects: bool) -> Any:
    """A step of which something is an array; the result takes the place of one that is free."""
    import numpy as np

    if op not in BROADCAST:
        return _arrays(op, objects)(*args)
    for at in free:
        place = args[at]
        if getattr(place, "shape", None) and all(_fits_in(arg, place) for arg in args):
            return getattr(np, BROADCAST[op])(*args, out=place)
    return getattr(np, BROADCAST[op])(*args)


def _fits_in(arg: Any, place: Any) -> bool:
    """Whether the result of a step with such an argument can take the place of an array."""
    if isinstance(arg, bool):
        return bool(place.dtype == bool)
    return isinstance(arg, int) or bool(arg.shape == place.shape and arg.dtype == place.dtype)


def _least(value: Any) -> int:
    return value if isinstance(value, int) else value.min(initial=0)


def _greatest(value: Any) -> int:
    return value if isinstance(value, int) else value.max(initial=0)


# What NumPy has no function for ------------------------------------------------------------


def _arrays(op: Op, objects: bool) -> Callable[..., Any]:
    if op in ROWS and (not objects or op in (Op.ONE_IF, Op.POWER, Op.DIVIDES)):
        row = ROWS[op]
        return (lambda held: row(held).astype(object)) if objects and op is Op.ONE_IF else row
    import numpy as np

    function = np.frompyfunc(INTEGERS[op], 2 if op is not Op.ROOT else 1, 1)
    return (lambda *args: function(*args).astype(bool)) if op is Op.POWER_OF else function


def _power(base: Any, exponent: Any) -> Any:
    """A power; one with a number as exponent by squares, which NumPy does slower."""
    if not isinstance(exponent, int):
        import numpy as np

        return np.power(base, exponent)
    found, square = None, base
    while True:
        if exponent & 1:
            found = square if found is None else found * square
        exponent >>= 1
        if not exponent:
            return found
        square = square * square


def _divides(divisor: Any, number: Any) -> Any:
    if isinstance(divisor, int):  # NumPy is fast where it divides by one number
        return number // divisor * divisor == number
    return number % divisor == 0


def _root(number: NDArray[Any]) -> Any:
    """A root of floating point is near the whole one, and is put right."""
    import numpy as np

    root = np.sqrt(number.astype(np.float64)).astype(np.int64)
    root -= root * root > number
    root += (root + 1) * (root + 1) <= number
    return root


def _logarithm(number: Any, base: Any) -> Any:
    import numpy as np

    rest, base = np.broadcast_arrays(np.asarray(number), np.asarray(base))
    exponent = np.zeros(rest.shape, np.int64)
    while (more := rest >= base).any():
        rest, exponent = np.where(more, rest // base, rest), exponent + more
    return exponent


def _power_of(number: Any, base: Any) -> Any:
    import numpy as np

    return np.power(base, _logarithm(number, base)) == number


ROWS: dict[Op, Callable[..., Any]] = {
    Op.POWER: _power,
    Op.DIVIDES: _divides,
    Op.ROOT: _root,
    Op.LOG: _logarithm,
    Op.POWER_OF: _power_of,
    Op.ONE_IF: lambda held: held.astype("int64"),
}
