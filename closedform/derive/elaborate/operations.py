"""Operations: the signs between tensors, and what is written in the language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import sympy
from sympy import Expr
from sympy.logic.boolalg import Boolean

from closedform.derive.cost import tree as costs
from closedform.derive.cost.flow import Inverse
from closedform.derive.elaborate import layouts
from closedform.derive.elaborate.binding import parameters_of
from closedform.derive.elaborate.context import Context
from closedform.derive.elaborate.shapes import REST, broadcast
from closedform.derive.elaborate.values import (
    Applied,
    Scope,
    Tensor,
    Value,
    about_list,
    as_size,
    read_once,
    say_kind,
)
from closedform.derive.resolve.backward import check_backward
from closedform.derive.resolve.builtin import QUANTITIES
from closedform.derive.resolve.modules import Entity
from closedform.derive.symbolic.wording import say
from closedform.errors import Span, fail, suggestion
from closedform.grammar import tree
from closedform.grammar.expressions import quote, show
from closedform.grammar.habits import about_text
from closedform.grammar.traverse import names_in, parts_of

SIGNS = {"add": "addition", "mul": "product", "div": "quotient"}


def elementwise(
    context: Context, name: str, left: Value, right: Value, spans: tuple[Span, Span]
) -> Tensor:
    """Two tensors, or a tensor and a number, element by element with broadcasting."""
    shapes = tuple(value.shape for value in (left, right) if isinstance(value, Tensor))
    for value, place in zip((left, right), spans, strict=True):
        if isinstance(value, Applied):
            raise fail(
                "type",
                f"this `{value.entity.name}` has not been given a tensor",
                place,
                f"pipe one into it: x -> {value.entity.name}(...)",
            )
        if not isinstance(value, Tensor):
            as_size(value, place, "a tensor or a size")
    span = spans[0].to(spans[1])
    shape = broadcast(context, shapes[0], shapes[-1], span)
    counts = {name: sympy.Mul(*shape)}
    tensors = [value for value in (left, right) if isinstance(value, Tensor)]
    layout = layouts.of_elements(tensors, len(shape), span, f"this {SIGNS[name]}")
    result: Tensor = context.new(Tensor(shape, layout))
    counts |= read_once(tensors)
    does = Inverse() if name == "div" and not isinstance(left, Tensor) else None
    node = costs.Operation(SIGNS[name], "elementwise", counts, shapes, (shape,), does=does)
    context.emit(span, node, tensors, (result,))
    return result


def run_op(
    context: Context,
    entity: Entity,
    scope: Scope,
    given: Mapping[str, Value],
    kind: str | None,
    span: Span,
) -> tuple[costs.Operation, tuple[Value, ...]]:
    """The counts and the outputs of an operation whose arguments are given, and in the scope."""
    declaration = entity.declaration
    assert isinstance(declaration, tree.Op)
    record: dict[int, Value] = {}
    context.record = record
    try:
        kind, counts, outputs = _carried_out(context, entity, scope, kind, span)
    finally:
        context.record = None
    inputs = tuple(value.shape for value in given.values() if isinstance(value, Tensor))
    shapes = tuple(tensor.shape for tensor in outputs)
    node = costs.Operation(
        entity.name,
        kind or entity.name,
        counts,
        inputs,
        shapes,
        declaration,
        _told(declaration, scope),
        record,
    )
    return node, outputs


def _told(declaration: tree.Op, scope: Scope) -> dict[str, Value]:
    """The names of an operation, which says nothing of channels where its shapes do not."""
    names = dict(scope.names)
    parts: tuple[tree.Parameter | tree.Output, ...] = declaration.parameters + declaration.outputs
    for part in parts:
        name = part.name.name
        if isinstance(names[name], Tensor) and getattr(part.shape, "sides", None) is None:
            names[name] = Tensor(names[name].shape)
    return names


def _carried_out(
    context: Context, entity: Entity, scope: Scope, kind: str | None, span: Span
) -> tuple[str | None, dict[str, Expr], tuple[Tensor, ...]]:
    """The kind, the counts and the outputs of an operation, from the statements of its body."""
    declaration = entity.declaration
    assert isinstance(declaration, tree.Op)
    _check_sizes(context, entity, scope, span)
    for statement in declaration.body:
        if isinstance(statement, tree.Require):
            for condition in statement.conditions:
                _require(context, entity, condition, scope, span)
    outputs = tuple(_output(context, entity, output, scope, span) for output in declaration.outputs)
    for output, tensor in zip(declaration.outputs, outputs, strict=True):
        scope.names[output.name.name] = tensor
    counts: dict[str, Expr] = {}
    for statement in declaration.body:
        if not isinstance(statement, tree.Assign):
            continue
        found = _count(context, statement, scope)
        name = statement.targets[0].name
        if isinstance(found, str):
            kind = kind or found
        elif found is not None:
            if name in counts:
                raise fail("count", f"`{name}` is stated twice", statement.span, "write one sum")
            counts[name] = found
    _check_locals(declaration, counts, entity.module.counts)
    check_backward(declaration, entity.module.counts)
    return kind, counts, outputs


def _require(
    context: Context, entity: Entity, condition: tree.Expression, scope: Scope, span: Span
) -> None:
    """Demand what an operation requires of its sizes."""
    holds = context.condition(condition, scope)
    if holds is True:
        return
    values = {name: scope.find(name) for name in sorted(names_in(condition))}
    given = ", ".join(f"{n} = {say(v)}" for n, v in values.items() if isinstance(v, Expr))
    message = f"`{entity.name}` requires {show(condition)}" + (f", with {given}" if given else "")
    for value in values.values():
        if holds is False and isinstance(value, Tensor) and value.layout.supposed:
            help = layouts.advice(len(value.shape))
            raise fail("shape", message, span, help, value.layout.supposed)
    context.obligations.holds(holds, span, message)


def _check_sizes(context: Context, entity: Entity, scope: Scope, span: Span) -> None:
    """The sizes handed to an operation must be whole numbers or true and false.

    A parameter that is compared with texts may be one of them: `padding == "same"`.
    """
    declaration = entity.declaration
    assert isinstance(declaration, tree.Op)
    patterns = names_in(
        tuple(o.shape for o in declaration.outputs if isinstance(o.shape, tree.Call))
    )
    for parameter in parameters_of(entity):
        if parameter.shape is not None or parameter.name.name in patterns:
            continue
        value = scope.names[parameter.name.name]
        several = isinstance(value, tuple) and parameter.length is not None
        for item in value if several else (value,):
            what = f"`{parameter.name.name}` of `{entity.name}`"
            kinds = [] if isinstance(parameter.default, tree.Text) else ["a size"]
            if isinstance(item, Expr) and kinds:
                if not parameter.ratio:
                    context.obligations.whole(item, span, what)
                continue
            texts = texts_of(declaration, parameter)
            if item not in texts and not (isinstance(item, bool | Boolean) and kinds):
                expected = " or ".join([*kinds, *map(quote, texts)])
                message = f"{what} is {expected}, and this is {say_kind(item)}"
                help = about_list(item)
                if isinstance(item, str):
                    help = about_text(parameter.name.name, item) or suggestion(item, texts)
                raise fail("type", message, span, help)


def texts_of(declaration: tree.Op, parameter: tree.Parameter) -> list[str]:
    """The texts that a parameter may be: its default, and those that it is compared with."""
    default = parameter.default
    found = {default.value: None} if isinstance(default, tree.Text) else {}
    for node in parts_of(declaration):
        if isinstance(node, tree.Comparison) and isinstance(node.right, tree.Text):
            left = node.left.base if isinstance(node.left, tree.Index) else node.left
            if left == parameter.name:
                found[node.right.value] = None
    return sorted(found)


def _output(
    context: Context, entity: Entity, output: tree.Output, scope: Scope, span: Span
) -> Tensor:
    if isinstance(output.shape, tree.Call):
        value = context.tensor(output.shape, scope)
        return value
    sizes: list[Expr] = []
    layouts.check_pattern(output.shape)
    for axes, rest in zip(layouts.parts(output.shape), REST, strict=True):
        for axis in axes:
            if isinstance(axis, tree.Rest):
                sizes.extend(scope.find(rest) or ())
            else:
                sizes.append(context.size(axis, scope))
    owner = scope.module.names.get(output.name.name)
    what = f"`{output.name.name}`" if owner else "the result"
    result = Tensor(context.obligations.axes(sizes, span, what))
    taken = [
        (parameter.shape, scope.names[parameter.name.name])
        for parameter in parameters_of(entity)
        if parameter.shape is not None
    ]
    layout = layouts.of_result(taken, output.shape, span, f"`{entity.name}`")
    return replace(result, layout=layout)


def _count(context: Context, statement: tree.Assign, scope: Scope) -> Expr | str | None:
    """A count, the kind of the operation, or None for a local name."""
    name = statement.targets[0].name
    if name == "kind":
        kind = context.value(statement.value, scope)
        if not isinstance(kind, str):
            raise fail("type", '`kind` is a text such as "conv"', statement.span)
        return kind
    value = context.size(statement.value, scope, "a count")
    if name in QUANTITIES or name in scope.module.counts:
        return value
    scope.names[name] = value
    return None


def _check_locals(
    declaration: tree.Op, counts: dict[str, Expr], counts_known: Iterable[str]
) -> None:
    """A name that is neither a count nor used later is most likely a count misspelt."""
    for at, statement in enumerate(declaration.body):
        if not isinstance(statement, tree.Assign):
            continue
        name = statement.targets[0].name
        later = set().union(*(names_in(s) for s in declaration.body[at + 1 :]))
        if name in counts or name == "kind" or name in later:
            continue
        raise fail(
            "count",
            f"`{name}` is no kind of count",
            statement.targets[0].span,
            suggestion(name, {*counts_known, *QUANTITIES})
            or f'declare it outside the operation: `count {name} "meaning"`',
        )
