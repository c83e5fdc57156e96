"""What a file declares, before any of its models: assumptions, abbreviations, defaults."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from closedform.derive.assume.store import Fact
from closedform.derive.elaborate.context import Context
from closedform.derive.elaborate.names import check_size
from closedform.derive.elaborate.values import Scope
from closedform.derive.resolve.modules import Entity
from closedform.errors import fail
from closedform.grammar import tree
from closedform.grammar.traverse import at_stage, names_in


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
    families = context.names.families(condition, scope)
    if not families:
        return [context.condition(condition, scope)]
    lengths = {len(family.symbols) for family in families.values()}
    if len(lengths) > 1:
        raise fail("assume", "the lists here have different lengths", condition.span)
    stages = range(1, lengths.pop() + 1)
    return [context.condition(at_stage(condition, families, s), scope) for s in stages]


def define_lets(context: Context) -> None:
    """Let the abbreviations of the file stand for what they are made of."""
    for entity in context.module.names.values():
        if isinstance(entity.declaration, tree.Let):
            context.names.of(entity)


def find_defaults(context: Context, model: Entity) -> None:
    """Note the sizes that dims have where nothing else is given, those of imported models too."""
    for entity in dict.fromkeys([*context.module.names.values(), *_needed_by(model)]):
        declaration = entity.declaration
        if isinstance(declaration, tree.Dim) and declaration.default is not None:
            bound = context.names.bind(entity, declaration.default, entity.module)
            for symbol, value in bound.items():
                check_size(entity, symbol, value, declaration.default.span)
            context.obligations.defaults.update(bound)


def _needed_by(model: Entity) -> Iterator[Entity]:
    """Every declaration that a model needs, in its own file or in others."""
    seen, waiting = {model}, [model]
    while waiting:
        entity = waiting.pop()
        yield entity
        names = sorted(names_in(entity.declaration))
        found = [entity.module.names[name] for name in names if name in entity.module.names]
        waiting += [other for other in dict.fromkeys(found) if other not in seen]
        seen |= set(found)
