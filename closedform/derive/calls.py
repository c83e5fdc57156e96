"""Calls of operations and blocks: arguments are bound, the body is derived once for each sizes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sympy import Expr

from closedform.derive import built_in
from closedform.derive import cost as costs
from closedform.derive.matching import match
from closedform.derive.modules import Entity, names_in, parts_of
from closedform.derive.sizes import say
from closedform.derive.values import Applied, Family, Scope, Tensor, Value, say_kind
from closedform.errors import ClosedformError, Diagnostic, Span, fail, suggestion
from closedform.grammar import tree
from closedform.grammar.expressions import show

if TYPE_CHECKING:
    from closedform.derive.elaborate import Elaborator

# Arguments that every call takes: which kind of operation a convention sees, and whose weights
# it uses.
MODIFIERS = ("kind", "tied", "frozen")

MAX_NOTES = 5


def call(
    elab: Elaborator, function: Applied, node: tree.Call, scope: Scope, piped: tuple[Tensor, ...]
) -> Value:
    """Give a tensor, several, or the same callee with some arguments filled in."""
    entity = function.entity
    bound, modifiers = _bind(elab, function, node, scope, piped)
    missing = [p for p in _parameters(entity) if p.name.name not in bound and p.default is None]
    if any(p.shape is not None for p in missing):
        return Applied(entity, tuple(bound.items()) + tuple(modifiers.items()))
    if missing:
        raise fail(
            "argument",
            f"`{entity.name}` needs `{missing[0].name.name}`",
            node.span,
            f"it is written {_signature(entity)}",
        )
    return apply(elab, entity, bound, modifiers, node.span)


def apply(
    elab: Elaborator, entity: Entity, bound: dict[str, Value], modifiers: dict[str, Any], span: Span
) -> Value:
    """Derive a callee for given arguments, or take what was derived for the same before."""
    key = (entity, tuple(sorted(bound.items(), key=lambda item: item[0])),
           modifiers.get("kind"), elab.context)  # fmt: skip
    if key not in elab.cache:
        if entity in elab.calling:
            raise fail(
                "name",
                f"`{entity.name}` uses itself",
                span,
                "a block cannot be part of itself; `repeat` it where it is used",
            )
        node: costs.Node
        with elab.known.recording() as used:
            if isinstance(entity.declaration, tree.Op):
                node, outputs = _run_op(elab, entity, bound, modifiers.get("kind"), span)
            else:
                scope = Scope(entity.module)
                try:
                    _match_arguments(elab, entity, bound, scope, span)
                    node, outputs = run_block(elab, entity, scope, _arguments(bound))
                except ClosedformError as error:
                    raise _noted(error, entity, span) from None
        elab.cache[key] = (node, outputs, frozenset(used))
    node, outputs, facts = elab.cache[key]
    elab.known.used |= facts
    for mode in ("tied", "frozen"):
        if modifiers.get(mode):
            node = costs.Weights(mode, (costs.Site(span, node),))
    elab.emit(span, node)
    return outputs[0] if len(outputs) == 1 else outputs


def _noted(error: ClosedformError, entity: Entity, span: Span) -> ClosedformError:
    """The same error with a word of where the callee was used.

    An error inside an operation of the library is placed where the operation is used, for its
    file is not the user's.
    """
    first, *others = error.diagnostics
    title = entity.module.title
    if first.span and title.startswith("std/") and first.span.source.name == title:
        note = f"in `{entity.name}`, at {first.span}"
        placed = Diagnostic(first.kind, first.message, span, first.help, (*first.notes, note))
        return type(error)(placed, *others)
    if len(first.notes) >= MAX_NOTES:
        return error
    note = f"in `{entity.name}`, used at {span}"
    noted = Diagnostic(first.kind, first.message, first.span, first.help, (*first.notes, note))
    return type(error)(noted, *others)


# Arguments ---------------------------------------------------------------------------------


def _parameters(entity: Entity) -> tuple[tree.Parameter, ...]:
    declaration = entity.declaration
    assert isinstance(declaration, tree.Op | tree.Block)
    return declaration.parameters


def _signature(entity: Entity) -> str:
    parts = [
        p.name.name + (f"={show(p.default)}" if p.default is not None else "")
        for p in _parameters(entity)
    ]
    return f"{entity.name}({', '.join(parts)})"


def _bind(
    elab: Elaborator, function: Applied, node: tree.Call, scope: Scope, piped: tuple[Tensor, ...]
) -> tuple[dict[str, Value], dict[str, Any]]:
    """Arguments by the name of their parameter; tensors fill the parameters that have a shape."""
    entity = function.entity
    parameters = {p.name.name: p for p in _parameters(entity)}
    bound = {name: value for name, value in function.arguments if name in parameters}
    modifiers = {name: value for name, value in function.arguments if name not in parameters}
    positional: list[tuple[Value, Span]] = [(tensor, node.function.span) for tensor in piped]
    named: list[tuple[str, Value, Span]] = []
    for argument in node.arguments:
        value = elab.evaluator.value(argument.value, scope)
        if argument.name is None:
            positional.append((value, argument.span))
        else:
            named.append((argument.name, value, argument.span))
    for name, value, span in named:
        if name in parameters:
            if name in bound:
                raise fail("argument", f"`{name}` is given twice", span)
            bound[name] = value
        elif name in MODIFIERS:
            modifiers[name] = _modifier(name, value, span)
        else:
            raise fail(
                "argument",
                f"`{entity.name}` has no parameter `{name}`",
                span,
                suggestion(name, parameters) or f"it is written {_signature(entity)}",
            )
    for value, span in positional:
        is_tensor = isinstance(value, Tensor)
        free = [n for n, p in parameters.items() if n not in bound and bool(p.shape) == is_tensor]
        if not free:
            what = "a tensor" if is_tensor else "an argument"
            raise fail(
                "argument",
                f"`{entity.name}` takes no further {what.split()[1]}",
                span,
                f"it is written {_signature(entity)}",
            )
        bound[free[0]] = value
    for name, value in bound.items():
        if parameters[name].shape is not None and not isinstance(value, Tensor):
            raise fail(
                "type",
                f"`{name}` of `{entity.name}` is a tensor, and this is {say_kind(value)}",
                node.span,
            )
    return bound, modifiers


def _modifier(name: str, value: Value, span: Span) -> Any:
    wanted = str if name == "kind" else bool
    if not isinstance(value, wanted):
        what = 'a text such as "functional"' if name == "kind" else "true or false"
        raise fail("argument", f"`{name}` takes {what}", span)
    return value


def as_list(elab: Elaborator, parameter: tree.Parameter, value: Value, scope: Scope) -> Value:
    """The value of a parameter `kernel[2]`: one size is repeated, a list has that length."""
    if parameter.length is None:
        return value
    length = int(elab.evaluator.size(parameter.length, scope))
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


def _arguments(bound: dict[str, Value]) -> tuple[tuple[str, str], ...]:
    """The arguments as a report names them."""
    return tuple(
        (name, str(value) if isinstance(value, Tensor) else say(value))
        for name, value in bound.items()
        if isinstance(value, Tensor | Expr)
    )


def _match_arguments(
    elab: Elaborator, entity: Entity, bound: dict[str, Value], scope: Scope, span: Span
) -> None:
    """Put the arguments into the scope of the callee, shapes first."""
    for parameter in _parameters(entity):
        name = parameter.name.name
        if parameter.shape is None:
            continue
        scope.names[name] = bound[name]
        try:
            match(elab, parameter.shape, bound[name], scope, f"`{name}` of `{entity.name}`")
        except ClosedformError as error:
            first = error.diagnostics[0]
            raise ClosedformError(
                Diagnostic(first.kind, first.message, span, first.help, first.notes)
            ) from None
    for parameter in _parameters(entity):
        name = parameter.name.name
        if parameter.shape is not None:
            continue
        if name in bound:
            value = bound[name]
        else:
            assert parameter.default is not None
            value = elab.evaluator.value(parameter.default, scope)
        value = as_list(elab, parameter, value, scope)
        _check_bound(elab, entity, name, value, scope, span)
        scope.names[name] = value


def _check_bound(
    elab: Elaborator, entity: Entity, name: str, value: Value, scope: Scope, span: Span
) -> None:
    """A size that a shape has bound already must be the same when it is given as well."""
    before = scope.names.get(name)
    if not isinstance(before, Expr) or not isinstance(value, Expr):
        return
    if not elab.known.equal(before, value):
        raise fail(
            "shape",
            f"`{name}` of `{entity.name}` is given as {say(value)}, "
            f"and its tensor has {say(before)}",
            span,
            f"{say(value)} is not proved equal to {say(before)}",
        )


# Bodies ------------------------------------------------------------------------------------


def run_block(
    elab: Elaborator, entity: Entity, scope: Scope, arguments: tuple[tuple[str, str], ...]
) -> tuple[costs.Sequence, tuple[Value, ...]]:
    """Derive the body of a block or model whose parameters are in the scope."""
    declaration = entity.declaration
    assert isinstance(declaration, tree.Block)
    claims = (tree.EqualClaim, tree.OrderClaim)
    body = [s for s in declaration.body if not isinstance(s, claims)]
    if not any(isinstance(statement, tree.Return) for statement in body):
        inside = [n for s in body for n in parts_of(s) if isinstance(n, tree.Return)]
        if inside:
            raise fail(
                "return",
                "`return` stands inside another body",
                inside[0].span,
                "assign to a name in each branch, and return it at the end of the block",
            )
        raise fail(
            "return",
            f"`{entity.name}` returns nothing",
            declaration.span,
            "end it with `return x`",
        )
    for statement in body[:-1]:
        if isinstance(statement, tree.Return):
            raise fail(
                "return",
                "`return` is the last statement of a block",
                statement.span,
                "assign to a name here and return it at the end",
            )
    if not isinstance(body[-1], tree.Return):
        raise fail(
            "return",
            "nothing follows a `return`",
            body[-1].span,
            "move this before it, or remove it",
        )
    last = body[-1]
    outer, elab.sites = elab.sites, []
    elab.calling.append(entity)
    try:
        sites = elab.run(body[:-1], scope)
        outputs = tuple(elab.evaluator.value(value, scope) for value in last.values)
        node = costs.Sequence(entity.name, arguments, sites + tuple(elab.sites), declaration)
    finally:
        elab.calling.pop()
        elab.sites = outer
    return node, outputs


def _run_op(
    elab: Elaborator, entity: Entity, bound: dict[str, Value], kind: str | None, span: Span
) -> tuple[costs.Operation, tuple[Value, ...]]:
    """The counts and the outputs of an operation written in the language."""
    declaration = entity.declaration
    assert isinstance(declaration, tree.Op)
    scope = Scope(entity.module)
    counting = [s for s in declaration.body if not isinstance(s, tree.Require)]
    try:
        _match_arguments(elab, entity, bound, scope, span)
        _check_sizes(elab, entity, scope, span)
        for statement in declaration.body:
            if isinstance(statement, tree.Require):
                for condition in statement.conditions:
                    _require(elab, entity, condition, scope, span)
        outputs = tuple(_output(elab, output, scope, span) for output in declaration.outputs)
        for output, tensor in zip(declaration.outputs, outputs, strict=True):
            scope.names[output.name.name] = tensor
        counts: dict[str, Expr] = {}
        for statement in counting:
            found = _count(elab, statement, scope)
            if isinstance(found, str):
                kind = kind or found
            elif found is not None:
                if statement.targets[0].name in counts:
                    raise fail(
                        "count",
                        f"`{statement.targets[0].name}` is stated twice",
                        statement.span,
                        "write one sum",
                    )
                counts[statement.targets[0].name] = found
    except ClosedformError as error:
        raise _noted(error, entity, span) from None
    _check_locals(declaration, counts, entity.module.counts)
    inputs = tuple(v.shape for v in bound.values() if isinstance(v, Tensor))
    node = costs.Operation(
        entity.name, kind or entity.name, counts, inputs,
        tuple(tensor.shape for tensor in outputs), declaration,
    )  # fmt: skip
    return node, outputs


def _require(
    elab: Elaborator, entity: Entity, condition: tree.Expression, scope: Scope, span: Span
) -> None:
    """Demand what an operation requires of its sizes."""
    holds = elab.evaluator.condition(condition, scope)
    if holds is True:
        return
    values = {name: scope.find(name) for name in sorted(names_in(condition))}
    given = ", ".join(f"{n} = {say(v)}" for n, v in values.items() if isinstance(v, Expr))
    message = f"`{entity.name}` requires {show(condition)}" + (f", with {given}" if given else "")
    elab.demands.holds(holds, span, message)


def _check_sizes(elab: Elaborator, entity: Entity, scope: Scope, span: Span) -> None:
    """The sizes handed to an operation must be whole numbers or true and false."""
    for parameter in _parameters(entity):
        if parameter.shape is not None:
            continue
        value = scope.names[parameter.name.name]
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, Expr):
                elab.demands.whole(item, span, f"`{parameter.name.name}` of `{entity.name}`")
            elif isinstance(item, Tensor | Applied):
                raise fail(
                    "type",
                    f"`{parameter.name.name}` of `{entity.name}` is a size, "
                    f"and this is {say_kind(item)}",
                    span,
                )


def _output(elab: Elaborator, output: tree.Output, scope: Scope, span: Span) -> Tensor:
    if isinstance(output.shape, tree.Call):
        value = elab.evaluator.tensor(output.shape, scope)
        return value
    sizes: list[Expr] = []
    for axis in output.shape.axes:
        if isinstance(axis, tree.Rest):
            sizes.extend(scope.find("...") or ())
        else:
            sizes.append(elab.evaluator.size(axis, scope))
    owner = scope.module.names.get(output.name.name)
    what = f"`{output.name.name}`" if owner else "the result"
    return Tensor(elab.demands.axes(sizes, span, what))


def _count(elab: Elaborator, statement: tree.Assign, scope: Scope) -> Expr | str | None:
    """A count, the kind of the operation, or None for a local name."""
    name = statement.targets[0].name
    if name == "kind":
        kind = elab.evaluator.value(statement.value, scope)
        if not isinstance(kind, str):
            raise fail("type", '`kind` is a text such as "conv"', statement.span)
        return kind
    value = elab.evaluator.size(statement.value, scope, "a count")
    if name in built_in.QUANTITIES or name in scope.module.counts:
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
            suggestion(name, {*counts_known, *built_in.QUANTITIES})
            or f'declare it outside the operation: `count {name} "meaning"`',
        )
