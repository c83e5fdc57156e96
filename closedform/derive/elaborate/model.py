"""A whole model, or a block in sizes of its own: syntax tree to cost tree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

from sympy import Expr, Symbol

from closedform.derive.assume.knowledge import Knowledge
from closedform.derive.assume.store import Fact
from closedform.derive.cost.tree import sizes_in
from closedform.derive.elaborate import calls, hints, layouts
from closedform.derive.elaborate.binding import as_list
from closedform.derive.elaborate.builtins import functions, sums
from closedform.derive.elaborate.context import Context
from closedform.derive.elaborate.declarations import (
    define_lets,
    find_defaults,
    signs_of,
    state_assumptions,
    state_conditions,
)
from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.elaborate.expressions import Expressions
from closedform.derive.elaborate.shapes import REST
from closedform.derive.elaborate.statements.assignments import run_ascribe, run_assign, run_require
from closedform.derive.elaborate.statements.conditionals import run_if
from closedform.derive.elaborate.statements.loops import (
    run_choose,
    run_for,
    run_for_each,
    run_repeat,
)
from closedform.derive.elaborate.values import (
    Applied,
    BuiltIn,
    Scope,
    Tensor,
    Value,
    symbols_in,
)
from closedform.derive.resolve.modules import Entity, Module
from closedform.derive.symbolic.symbols import ratio_symbol, size_symbol
from closedform.errors import Diagnostic, LimitError, fail
from closedform.grammar import tree
from closedform.grammar.traverse import names_in

STATEMENTS: dict[type[tree.Node], Callable[[Context, Any, Scope], None]] = {
    tree.Assign: run_assign,
    tree.Ascribe: run_ascribe,
    tree.Require: run_require,
    tree.Repeat: run_repeat,
    tree.For: run_for,
    tree.ForEach: run_for_each,
    tree.Choose: run_choose,
    tree.If: run_if,
}


class Elaborator:
    """The interpreter of a context: hands expressions, calls and statements to who knows them."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.expressions = Expressions(context)

    def value(self, node: tree.Expression, scope: Scope) -> Value:
        """The value of an expression."""
        return self.expressions.value(node, scope)

    def call(self, node: tree.Call, scope: Scope, piped: tuple[Tensor, ...]) -> Value:
        """What an operation, a block or a function of the language gives."""
        function = self.context.names.resolve(node.function, scope)
        if isinstance(function, BuiltIn):
            return functions.call(self.context, function.name, node, scope, piped)
        if not piped and sums.is_sum(function, node):
            return sums.sum_over(self.context, node, scope)
        if isinstance(function, Applied):
            return calls.call(self.context, function, node, scope, piped)
        raise fail(
            "type",
            f"`{node.function.name}` is not an operation",
            node.function.span,
            "an operation is declared with `op`, a block with `block`",
        )

    def statement(self, node: tree.Statement, scope: Scope) -> None:
        """Carry out a statement."""
        STATEMENTS[type(node)](self.context, node, scope)


def new_context(module: Module, generic: bool, known: Knowledge | None = None) -> Context:
    """A context with its interpreter."""
    context = Context(module, generic, known)
    context.interpreter = Elaborator(context)
    context.obligations.advise = partial(hints.to_state, context)
    return context


def reading(derivation: Derivation) -> Context:
    """A context to read further expressions in: those of presets, expectations and claims."""
    context = new_context(derivation.entity.module, derivation.generic, derivation.known.copied())
    context.names.take(derivation.names)
    context.obligations.positive.update(derivation.positive)
    return context


def elaborate(
    entity: Entity,
    suppose: Sequence[Fact] = (),
    conditions: Sequence[tree.Expression] = (),
    given: Mapping[str, Value | None] = MappingProxyType({}),
) -> Derivation:
    """Elaborate a model, or a block in sizes of its own.

    `suppose` are facts taken as true beside the assumptions of the file, `conditions` are on sizes
    of the model or block, and become assumptions of the derivation. `given` is for a block: what
    its parameters, and the names and `...` in their shapes, stand for in the place of their
    defaults and of sizes of their own; None for a parameter that is a size whatever its default.
    """
    declaration = entity.declaration
    assert isinstance(declaration, tree.Block)
    context = new_context(entity.module, generic=declaration.keyword == "block")
    if not context.generic:
        state_assumptions(context)
        state_conditions(context, conditions, Scope(entity.module))
    for fact in suppose:
        context.known.assume(fact)
    if not context.generic:
        define_lets(context)
        find_defaults(context, entity)
    try:
        return _elaborated(context, entity, declaration, conditions, given)
    except RecursionError:
        raise LimitError(
            Diagnostic(
                "limit",
                f"`{entity.name}` uses blocks inside blocks too deeply",
                declaration.span,
                "let one block use the others one after the other",
            )
        ) from None


def _elaborated(
    context: Context,
    entity: Entity,
    declaration: tree.Block,
    conditions: Sequence[tree.Expression],
    given: Mapping[str, Value | None],
) -> Derivation:
    scope = Scope(entity.module)
    with context.known.recording() as used:
        for parameter in declaration.parameters:
            scope.names[parameter.name.name] = _input(context, parameter, scope, declaration, given)
        if context.generic:
            context.parameters = dict(scope.names)
            state_conditions(context, conditions, scope)
        root, outputs = calls.run_block(context, entity, scope, dict(scope.names))
    for symbol in sizes_in(root):
        used |= context.names.let_facts.get(symbol, frozenset())
    used |= {fact for fact in context.known.facts if fact.reason == "given"}
    facts = context.known.without_implied(fact for fact in used if fact.reason != "case")
    declared = _declared(context)
    return Derivation(
        entity=entity,
        generic=context.generic,
        root=root,
        outputs=outputs,
        known=context.known,
        facts=tuple(facts),
        scope=scope,
        symbols=_symbols(context, declared),
        declared=declared,
        names=context.names,
        signs=signs_of(context, declared, root),
        defaults=context.obligations.defaults,
        positive=tuple(context.obligations.positive.items()),
    )


def _declared(context: Context) -> dict[str, Entity]:
    """What the file names, and then the sizes of other files, as these declare them."""
    owners, found = context.names.owners, dict(context.module.names)
    for module in dict.fromkeys(owner.module for owner in owners.values()):
        found |= {name: e for name, e in module.names.items() if owners.get(name) is e}
    return found


def _symbols(context: Context, declared: dict[str, Entity]) -> dict[str, tuple[Symbol, ...]]:
    """The symbols of every dim that the derivation can mention."""
    found: dict[str, tuple[Symbol, ...]] = {}
    for name, entity in declared.items():
        if isinstance(entity.declaration, tree.Dim):
            value = context.names.dim(entity.declaration, entity.module)
            found[name] = symbols_in(value)
    return found


def _input(
    context: Context,
    parameter: tree.Parameter,
    scope: Scope,
    owner: tree.Block,
    given: Mapping[str, Value | None],
) -> Value:
    name = parameter.name.name
    if parameter.shape is not None:
        axes: list[Expr] = []
        layouts.check_pattern(parameter.shape)
        for axis in parameter.shape.axes:
            if isinstance(axis, tree.Rest):
                rest = given.get(REST[0]) or ()
                scope.names.update({REST[0]: rest, REST[1]: ()})
                for size in rest:
                    context.names.give(size.name, axis.span)
                axes.extend(rest)
                continue
            if isinstance(axis, tree.Name) and axis.name == "_":
                unnamed = f"{name}_{len(axes)}"
                context.names.give(unnamed, axis.span)
                axes.append(size_symbol(unnamed))
                continue
            for free in sorted(names_in(axis)):
                if context.names.find(free, scope) is None:
                    if not context.generic:
                        raise fail(
                            "name",
                            f"the input of a model has the size `{free}`, which is not defined",
                            axis.span,
                            f"declare it: `dim {free}`",
                        )
                    if free not in given:
                        context.names.give(free, axis.span)
                    scope.names[free] = given.get(free, size_symbol(free))
            axes.append(context.size(axis, scope))
        tensor = Tensor(context.obligations.axes(axes, parameter.span, f"`{name}`"))
        return layouts.stated(parameter.shape, tensor)
    value = given.get(name)
    if value is not None:
        return value
    if parameter.default is not None and name not in given:
        value = context.value(parameter.default, scope)
        return as_list(context, parameter, value, scope)
    if not context.generic:
        raise fail(
            "argument",
            f"the model `{owner.name.name}` has the parameter `{name}`, which is no tensor",
            parameter.span,
            f"declare it outside: `dim {name}`",
        )
    context.names.give(name, parameter.name.span)
    symbol = ratio_symbol(name) if parameter.ratio else size_symbol(name)
    return as_list(context, parameter, symbol, scope)
