"""What a name can stand for while a model is elaborated."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import field
from typing import Any, TypeAlias

import sympy
from sympy import Expr, Integer
from sympy.logic.boolalg import Boolean

from closedform.data import dataclass
from closedform.derive.cost.tree import Shape
from closedform.derive.resolve.modules import Entity, Module
from closedform.derive.symbolic.atoms import indicator
from closedform.derive.symbolic.expansion import without_signs
from closedform.derive.symbolic.wording import say
from closedform.errors import Span, fail


@dataclass(frozen=True)
class Layout:
    """Where the channels of a tensor are: how many axes stand after them.

    Without `sides` nothing is known; with several, what made the tensor contradicts itself.
    `supposed` tells who took a tensor of which nothing was known for the map of an image.
    """

    sides: frozenset[int] = frozenset()
    supposed: str = ""


@dataclass(frozen=True)
class Tensor:
    """A tensor is known by its shape. What is known of its channels makes it no other tensor.

    `number` says which value it is in the body that is being carried out.
    """

    shape: Shape
    layout: Layout = field(default=Layout(), compare=False)
    number: int = field(default=0, compare=False)

    @property
    def size(self) -> Expr:
        return sympy.Mul(*self.shape)

    def __str__(self) -> str:
        return say_shape(self.shape)


@dataclass(frozen=True)
class Family:
    """A dim with one value for each stage."""

    name: str
    symbols: tuple[Expr, ...]


@dataclass(frozen=True)
class Applied:
    """An operation or a block, with the arguments given so far."""

    entity: Entity
    arguments: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class BuiltIn:
    """A function of the language itself."""

    name: str


Value: TypeAlias = Any  # Expr, Tensor, Family, Applied, BuiltIn, str, bool, Boolean or a tuple


def tensors_in(value: Value) -> list[Tensor]:
    """The tensors that a value is, or that it holds."""
    match value:
        case Tensor():
            return [value]
        case tuple():
            return [tensor for item in value for tensor in tensors_in(item)]
        case Applied():
            return [tensor for _, item in value.arguments for tensor in tensors_in(item)]
    return []


def read_once(tensors: Sequence[Tensor]) -> dict[str, Expr]:
    """What an operation reads of its operands where one of them is taken twice."""
    once = {tensor.number: tensor.size for tensor in tensors}
    return {} if len(once) == len(tensors) else {"reads": sympy.Add(*once.values())}


def with_tensors(value: Value, change: Callable[[Tensor], Tensor]) -> Value:
    """A value with other tensors in the place of those that it holds."""
    match value:
        case Tensor():
            return change(value)
        case tuple():
            return tuple(with_tensors(item, change) for item in value)
        case Applied():
            arguments = ((name, with_tensors(item, change)) for name, item in value.arguments)
            return Applied(value.entity, tuple(arguments))
    return value


def symbols_in(value: Expr | Family) -> tuple[Expr, ...]:
    """The symbol of a size, or those of its stages."""
    return value.symbols if isinstance(value, Family) else (value,)


def say_shape(shape: Shape) -> str:
    return "[" + ", ".join(map(say, shape)) + "]"


def say_kind(value: Value) -> str:
    """What a value is, as an error calls it."""
    match value:
        case Tensor():
            return f"a tensor {value}"
        case Family():
            return f"the list `{value.name}`"
        case Applied() | BuiltIn():
            return "an operation"
        case str():
            return "a text"
        case tuple():
            return "a list"
        case bool():
            return "true or false"
    if isinstance(value, Expr):
        return f"the size {say(value)}"
    return "a condition"


def as_size(value: Value, span: Span, what: str = "a size") -> Expr:
    """A value that must be a number; true is 1, and a condition is 1 where it holds.

    `[n > 1]`, as formulas have it, is such a condition too.
    """
    if isinstance(value, tuple) and len(value) == 1 and _is_condition(value[0]):
        value = value[0]
    if isinstance(value, bool):
        return Integer(int(value))
    if isinstance(value, Expr):  # asked first: SymPy's symbols are also booleans
        return value
    if isinstance(value, Boolean):
        return indicator(value)
    message = f"{what} is expected here, and this is {say_kind(value)}"
    raise fail("type", message, span, about_list(value))


def as_root(found: Expr, size: Expr, span: Span) -> Expr:
    """A power of a size that may be a root, which only what is at least 0 has."""
    if found.has(sympy.I):
        raise fail("type", f"a root of {say(size)} is no real number", span)
    return without_signs(found)


def about_list(value: Value) -> str | None:
    """A help where a list stands in the place of one size."""
    if not isinstance(value, Family):
        return None
    name, length = value.name, len(value.symbols)
    return (
        f"take one of its elements, `{name}[1]`, or each: `for s in 1..{length}:` with `{name}[s]`"
    )


def _is_condition(value: Value) -> bool:
    return isinstance(value, bool | Boolean) and not isinstance(value, Expr)


def as_tensor(value: Value, span: Span) -> Tensor:
    """A value that must be a tensor."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, Applied | BuiltIn):
        raise fail(
            "type",
            "a tensor is expected here, and this operation has not been given one",
            span,
            "pipe a tensor into it: x -> f(...)",
        )
    raise fail("type", f"a tensor is expected here, and this is {say_kind(value)}", span)


def as_condition(value: Value, span: Span) -> bool | Boolean:
    """A value that must be a condition: true, false, or one that is not known to be either."""
    if isinstance(value, Expr):
        if value.is_Number and not span.text.isdecimal():  # of a parameter, as of `bias=1`
            return bool(value)
    elif isinstance(value, bool | Boolean):
        return value
    compare = "compare with `==`, `!=`, `<`, `<=`, `>`, `>=` or `|`"
    what = f"the number {value}" if getattr(value, "is_Number", False) else say_kind(value)
    if isinstance(value, Expr) and not value.is_Number and "\n" not in span.text:
        compare = f"write `{span.text} == 1`, or {compare}"
    raise fail("type", f"a condition is expected here, and this is {what}", span, compare)


@dataclass(eq=False)
class Scope:
    """Names and their values: those of a body, then of what surrounds it, then of the module."""

    module: Module
    outer: Scope | None = None
    names: dict[str, Value] = field(default_factory=dict)

    def find(self, name: str) -> Value | None:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.outer
        return None

    def inner(self) -> Scope:
        """A scope for a body: what is assigned in it can be looked at before it is kept."""
        return Scope(self.module, self)

    def all_names(self) -> Iterator[str]:
        scope: Scope | None = self
        while scope is not None:
            yield from scope.names
            scope = scope.outer
