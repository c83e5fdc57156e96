"""Functions of the language itself, by name; those of sizes are here, those of tensors beside."""

from __future__ import annotations

from collections.abc import Callable

import sympy
from sympy import Expr, Integer

from closedform.derive.cost.tree import Shape
from closedform.derive.elaborate.builtins import tensors
from closedform.derive.elaborate.builtins.arguments import Arguments
from closedform.derive.elaborate.context import Context
from closedform.derive.elaborate.layouts import advice, map_of, reason
from closedform.derive.elaborate.values import Scope, Tensor, Value, as_root
from closedform.derive.symbolic.atoms import Divides, Gcd, Log
from closedform.errors import fail
from closedform.grammar import tree


def call(
    context: Context, name: str, node: tree.Call, scope: Scope, piped: tuple[Tensor, ...]
) -> Value:
    """The value of a call of a function of the language."""
    arguments = Arguments(context, node, scope, piped)
    value = FUNCTIONS[name](arguments)
    arguments.done()
    return value


# Sizes -------------------------------------------------------------------------------------


def _floor(arguments: Arguments) -> Expr:
    return arguments.context.known.floor(arguments.size())


def _ceil(arguments: Arguments) -> Expr:
    return arguments.context.known.ceil(arguments.size())


def _extreme(function: Callable[..., Expr]) -> Callable[[Arguments], Expr]:
    def extreme(arguments: Arguments) -> Expr:
        sizes = [arguments.size() for _ in range(max(2, len(arguments.positional)))]
        return function(*sizes)

    return extreme


def _gcd(arguments: Arguments) -> Expr:
    """One of the two where it is known to divide the other."""
    context, sizes = arguments.context, (arguments.size(), arguments.size())
    for size in sizes:
        context.obligations.whole(size, arguments.span, "what `gcd` takes")
    for divisor, dividend in (sizes, sizes[::-1]):
        if context.known.decide(Divides(divisor, dividend)):
            return divisor
    return Gcd(*sizes)


def _log(arguments: Arguments) -> Expr:
    value = arguments.size()
    base = arguments.size("a base")
    return Log(value, base)


def _sqrt(arguments: Arguments) -> Expr:
    size = arguments.size()
    return as_root(sympy.sqrt(size), size, arguments.span)


def _size(arguments: Arguments) -> Expr:
    return arguments.tensor().size


def _sides(arguments: Arguments) -> Expr:
    """How many axes stand after the channels of a tensor."""
    return Integer(len(_map(arguments)))


def _area(arguments: Arguments) -> Expr:
    """How many places each channel of a tensor has."""
    return sympy.Mul(*_map(arguments))


def _map(arguments: Arguments) -> Shape:
    tensor = arguments.tensor()
    sizes = map_of(tensor)
    if sizes is None:
        raise fail(
            "shape",
            f"`{arguments.name}` needs to know which axis of {tensor} has its channels",
            arguments.span,
            advice(len(tensor.shape)),
            reason(tensor),
        )
    return sizes


FUNCTIONS: dict[str, Callable[[Arguments], Value]] = {
    "floor": _floor,
    "ceil": _ceil,
    "min": _extreme(sympy.Min),
    "max": _extreme(sympy.Max),
    "gcd": _gcd,
    "log": _log,
    "sqrt": _sqrt,
    "size": _size,
    "sides": _sides,
    "area": _area,
    "param": tensors.param,
    "zeros": tensors.zeros,
    "concat": tensors.concat,
    "split": tensors.split,
    "rearrange": tensors.rearrange,
    "reduce": tensors.reduced,
    "einsum": tensors.einsum,
}
