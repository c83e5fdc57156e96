"""What a file declares, before any of its models: assumptions, abbreviations, defaults."""

from __future__ import annotations

from typing import Any

from closedform.derive.assume.store import Fact
from closedform.derive.elaborate.context import Context
from closedform.derive.elaborate.names import check_size
from closedform.derive.elaborate.values import Family, Scope
from closedform.errors import fail
from closedform.grammar import tree
from closedform.grammar.expressions import show
from closedform.grammar.traverse import names_in, parts_of


def state_assumptions(context: Context) -> None:
    """Take as true what the file of a model assumes."""
    for condition in context.module.assumptions():
        for holds in each_stage(context, condition, Scope(context.module)):
            if holds is False:
                raise fail("assume", "this assumption can never hold", condition.span)
            if holds is not True:
                context.known.assume(Fact(holds, "assumed", condition.span))


def each_stage(context: Context, condition: tree.Expression, scope: Scope) -> list[Any]:
    """A condition on lists holds for every stage: `assume H | D`."""
    indexed = {show(n.base) for n in parts_of(condition) if isinstance(n, tree.Index)}
    families = {
        name: value
        for name in sorted(names_in(condition) - indexed)
        if isinstance(value := context.names.find(name, scope), Family)
    }
    if not families:
        return [context.condition(condition, scope)]
    lengths = {len(family.symbols) for family in families.values()}
    if len(lengths) > 1:
        raise fail("assume", "the lists here have different lengths", condition.span)
    found = []
    for at in range(lengths.pop()):
        inner = scope.inner()
        inner.names.update({name: f.symbols[at] for name, f in families.items()})
        found.append(context.condition(condition, inner))
    return found


def define_lets(context: Context) -> None:
    """Let the abbreviations of the file stand for what they are made of."""
    for entity in context.module.names.values():
        if isinstance(entity.declaration, tree.Let):
            context.names.of(entity)


def find_defaults(context: Context) -> None:
    """Note the sizes that dims have where nothing else is given."""
    for entity in context.module.names.values():
        declaration = entity.declaration
        if isinstance(declaration, tree.Dim) and declaration.default is not None:
            bound = context.names.bind(entity, declaration.default, entity.module)
            for symbol, value in bound.items():
                check_size(symbol, value, declaration.default.span)
            context.obligations.defaults.update(bound)
