"""Functions of the language itself, by name; those of sizes are here, those of tensors beside."""

from __future__ import annotations

from collections.abc import Callable

import sympy
from sympy import Expr

from closedform.derive.elaborate.builtins import tensors
from closedform.derive.elaborate.builtins.arguments import Arguments
from closedform.derive.elaborate.context import Context
from closedform.derive.elaborate.values import Scope, Tensor, Value
from closedform.derive.symbolic.atoms import Log
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


def _log(arguments: Arguments) -> Expr:
    value = arguments.size()
    base = arguments.size("a base")
    return Log(value, base)


def _sqrt(arguments: Arguments) -> Expr:
    return sympy.sqrt(arguments.size())


def _size(arguments: Arguments) -> Expr:
    return arguments.tensor().size


FUNCTIONS: dict[str, Callable[[Arguments], Value]] = {
    "floor": _floor,
    "ceil": _ceil,
    "min": _extreme(sympy.Min),
    "max": _extreme(sympy.Max),
    "log": _log,
    "sqrt": _sqrt,
    "size": _size,
    "param": tensors.param,
    "zeros": tensors.zeros,
    "concat": tensors.concat,
    "split": tensors.split,
    "rearrange": tensors.rearrange,
    "reduce": tensors.reduced,
    "einsum": tensors.einsum,
}
