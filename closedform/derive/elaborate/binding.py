"""Arguments of a call: which parameter takes which, and what their shapes bind."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Any

from sympy import Expr

from closedform.derive.elaborate.context import Context
from closedform.derive.elaborate.hints import remedy
from closedform.derive.elaborate.shapes import match, names_bound, not_equal
from closedform.derive.elaborate.values import Applied, Family, Scope, Tensor, Value, say_kind
from closedform.derive.resolve.modules import Entity
from closedform.derive.symbolic.wording import say
from closedform.errors import ClosedformError, Diagnostic, Span, fail, suggestion
from closedform.grammar import tree
from closedform.grammar.expressions import show

# Arguments that every call takes: whose weights it uses; which kind of operation a convention sees;
# and whether a block keeps what it makes inside to itself.
MODIFIERS = ("kind", "tied", "frozen", "fused", "recompute")
OF_ONE = {"kind": tree.Op, "fused": tree.Block}


def parameters_of(entity: Entity) -> tuple[tree.Parameter, ...]:
    declaration = entity.declaration
    assert isinstance(declaration, tree.Op | tree.Block)
    return declaration.parameters


def signature(entity: Entity) -> str:
    parts = [
        p.name.name + (f"={show(p.default)}" if p.default is not None else "")
        for p in parameters_of(entity)
    ]
    return f"{entity.name}({', '.join(parts)})"


def bind(
    context: Context, function: Applied, node: tree.Call, scope: Scope, piped: tuple[Tensor, ...]
) -> tuple[dict[str, Value], dict[str, Any]]:
    """Arguments by the name of their parameter; tensors fill the parameters that have a shape."""
    entity = function.entity
    parameters = {p.name.name: p for p in parameters_of(entity)}
    bound = {name: value for name, value in function.arguments if name in parameters}
    modifiers = {name: value for name, value in function.arguments if name not in parameters}
    positional: list[tuple[Value, Span]] = [(tensor, node.function.span) for tensor in piped]
    named: list[tuple[str, Value, Span]] = []
    for argument in node.arguments:
        value = context.value(argument.value, scope)
        if argument.name is None:
            positional.append((value, argument.span))
        else:
            named.append((argument.name, value, argument.span))
    for name, value, span in named:
        if name in parameters:
            if name in bound:
                raise fail("argument", f"`{name}` is given twice", span)
            bound[name] = value
        elif name in MODIFIERS and isinstance(entity.declaration, OF_ONE.get(name, object)):
            modifiers[name] = _modifier(name, value, span)
        else:
            raise fail(
                "argument",
                f"`{entity.name}` has no parameter `{name}`",
                span,
                suggestion(name, parameters) or f"it is written {signature(entity)}",
            )
    for value, span in positional:
        is_tensor = isinstance(value, Tensor)
        free = [n for n, p in parameters.items() if n not in bound and bool(p.shape) == is_tensor]
        if not free:
            raise _no_place(entity, value, span, bound)
        bound[free[0]] = value
    for name, value in bound.items():
        if parameters[name].shape is not None and not isinstance(value, Tensor):
            raise fail(
                "type",
                f"`{name}` of `{entity.name}` is a tensor, and this is {say_kind(value)}",
                node.span,
            )
    return bound, modifiers


def _no_place(entity: Entity, value: Value, span: Span, bound: dict[str, Value]) -> Exception:
    """The error for an argument that no parameter takes."""
    written = f"it is written {signature(entity)}"
    waiting = [p.name.name for p in parameters_of(entity) if p.name.name not in bound]
    if not isinstance(value, Tensor) and waiting:
        message = f"`{waiting[0]}` of `{entity.name}` is a tensor, and this is {say_kind(value)}"
        return fail("type", message, span, written)
    if isinstance(value, Tensor) and waiting:
        message = f"`{waiting[0]}` of `{entity.name}` is no tensor, and this is one"
        shape = f"a parameter that is a tensor has a shape: `{waiting[0]}: [...]`"
        is_block = isinstance(entity.declaration, tree.Block)
        return fail("type", message, span, shape if is_block else written)
    what = "tensor" if isinstance(value, Tensor) else "argument"
    return fail("argument", f"`{entity.name}` takes no further {what}", span, written)


def _modifier(name: str, value: Value, span: Span) -> Any:
    wanted = str if name == "kind" else bool
    if not isinstance(value, wanted):
        what = 'a text such as "functional"' if name == "kind" else "true or false"
        raise fail("argument", f"`{name}` takes {what}", span)
    return value


def as_list(context: Context, parameter: tree.Parameter, value: Value, scope: Scope) -> Value:
    """The value of a parameter `kernel[2]`: one size is repeated, a list has that length."""
    if parameter.length is None:
        return value
    length = context.names.length(context.size(parameter.length, scope), parameter.length)
    items = value.symbols if isinstance(value, Family) else value
    if not isinstance(items, tuple):
        return (value,) * length
    if len(items) != length:
        raise fail(
            "argument",
            f"`{parameter.name.name}` takes one size or {length}, and {len(items)} are given",
            parameter.span,
        )
    return items


def match_arguments(
    context: Context, entity: Entity, bound: dict[str, Value], scope: Scope, span: Span
) -> None:
    """Put the arguments into the scope of the callee, shapes first."""
    later = set(chain.from_iterable(map(_binds, parameters_of(entity))))
    for parameter in parameters_of(entity):
        name = parameter.name.name
        if parameter.shape is None:
            continue
        try:
            what = f"`{name}` of `{entity.name}`"
            shape, tensor = parameter.shape, bound[name]
            bound[name] = match(context, shape, tensor, scope, what, entity.name, later)
            scope.names[name] = bound[name]
        except ClosedformError as error:
            first = error.diagnostics[0]
            if first.kind == "name":
                raise  # the pattern is wrong, and not the call
            raise ClosedformError(
                Diagnostic(first.kind, first.message, span, first.help, first.notes)
            ) from None
    for parameter in parameters_of(entity):
        name = parameter.name.name
        if parameter.shape is not None:
            continue
        if name in bound:
            value = bound[name]
        else:
            assert parameter.default is not None
            value = context.value(parameter.default, scope)
        value = as_list(context, parameter, value, scope)
        _check_bound(context, entity, name, value, scope, span)
        scope.names[name] = context.known.fold(value) if isinstance(value, Expr) else value


def _binds(parameter: tree.Parameter) -> Iterable[str]:
    """The names that a parameter binds: those of its shape, or its own."""
    return names_bound(parameter.shape) if parameter.shape else [parameter.name.name]


def _check_bound(
    context: Context, entity: Entity, name: str, value: Value, scope: Scope, span: Span
) -> None:
    """A size that a shape has bound already must be the same when it is given as well."""
    before = scope.names.get(name)
    if not isinstance(before, Expr) or not isinstance(value, Expr):
        return
    if not context.known.equal(before, value):
        raise fail(
            "shape",
            f"`{name}` of `{entity.name}` is given as {say(value)}, "
            f"and its tensor has {say(before)}",
            span,
            remedy(context, [(before, value)]),
            *not_equal(context, value, before),
        )
