"""What a file declares: assumptions, abbreviations, defaults, and the signs of its sizes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sympy import Basic, Symbol

from closedform.derive.assume.knowledge import contradicted
from closedform.derive.assume.store import Fact
from closedform.derive.cost.tree import Node, Stages, Steps, nodes
from closedform.derive.elaborate.context import Context
from closedform.derive.elaborate.names import check_size, table_of
from closedform.derive.elaborate.values import Family, Scope, Tensor
from closedform.derive.resolve.modules import Entity
from closedform.errors import fail, suggestion
from closedform.formula.signs import printed_name
from closedform.grammar import tree
from closedform.grammar.traverse import at_stage, names_in

PLACE = "s"  # the index of the elements of a list, where no loop names it


def state_assumptions(context: Context) -> None:
    """Take as true what the file of a model assumes."""
    for condition in context.module.assumptions():
        scope = Scope(context.module)
        for at, holds in enumerate(each_stage(context, condition, scope)):
            if holds is False:
                notes = _against(context, condition, scope, at)
                raise fail("assume", "this assumption can never hold", condition.span, None, *notes)
            if holds is not True:
                context.known.assume(Fact(holds, "assumed", condition.span))


def state_conditions(context: Context, conditions: Sequence[tree.Expression], scope: Scope) -> None:
    """Take as true what a model or block is derived under."""
    for condition in conditions:
        _check_names(context, condition, scope)
        for at, holds in enumerate(each_stage(context, condition, scope)):
            if holds is False:
                notes = _against(context, condition, scope, at)
                raise fail("when", "this condition can never hold", condition.span, None, *notes)
            if holds is not True:
                context.known.assume(Fact(holds, "given"))


def _against(context: Context, condition: tree.Expression, scope: Scope, at: int) -> Iterator[str]:
    """Notes of as few facts as leave no sizes for a condition, at a stage; the context is spent."""
    known = context.known.copied()
    context.known.restore(known.without_facts())
    stated = each_stage(context, condition, scope)[at]
    if stated is not False:
        for fact in contradicted(context.known, known.facts, stated):
            yield f"`{fact}` is {fact.why}"


def _check_names(context: Context, condition: tree.Expression, scope: Scope) -> None:
    """A condition is on sizes that there are before anything is carried out."""
    for name in sorted(names_in(condition)):
        if context.names.find(name, scope) is None:
            sizes = [key for key, value in scope.names.items() if not isinstance(value, Tensor)]
            declared = context.module.names.items()
            kinds = tree.Dim | tree.Let
            sizes += [key for key, entity in declared if isinstance(entity.declaration, kinds)]
            near = suggestion(name, sizes) or f"there are {', '.join(sorted(set(sizes)))}"
            raise fail("name", f"`{name}` is no size here", condition.span, near)


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
            default = declaration.default
            cells = default.items if isinstance(default, tree.ListOf) and table_of(entity) else ()
            places = [cell.span for cell in cells] or [default.span] * len(bound)
            for (symbol, value), span in zip(bound.items(), places, strict=True):
                check_size(entity, symbol, value, span)
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


# Signs -------------------------------------------------------------------------------------


def signs_of(context: Context, declared: Mapping[str, Entity], root: Node) -> dict[str, str]:
    """What the symbols of sizes are printed as, where their declarations give a sign."""
    found = {name: sign for name, entity in declared.items() if (sign := _sign(entity))}
    if found:
        found = _told_apart(found, context, declared, root)
    for name, sign in tuple(found.items()):
        value = context.names.of(declared[name])
        if isinstance(value, Family):
            for at, symbol in enumerate(value.symbols, start=1):
                found[symbol.name] = f"{sign}_{at}"
    return found


def _sign(entity: Entity) -> str | None:
    declaration = entity.declaration
    sign = declaration.sign if isinstance(declaration, tree.Dim | tree.Let) else None
    return printed_name(sign) if sign else None


def _told_apart(
    signs: Mapping[str, str], context: Context, declared: Mapping[str, Entity], root: Node
) -> dict[str, str]:
    """The signs that are used; refuses one that anything else in the formulas is printed as."""
    families = {s.name: family for s, (family, _) in context.names.stage_symbols.items()}
    used = {families.get(name, name) for name in _names_in(context, root)}
    if not context.generic:  # the report of a model has the sizes of its file
        sizes = (e for e in declared.values() if isinstance(e.declaration, tree.Dim | tree.Let))
        used |= {entity.name for entity in sizes}
    indices = {*_indices(root), PLACE}
    lists = used & {*families.values()}
    names = used | (indices if lists else indices - {PLACE})
    printed = {name: signs.get(name, name) for name in sorted(names)}
    found = {name: sign for name, sign in signs.items() if name in used}
    for name in sorted(found, key=lambda name: declared[name].module is not context.module):
        for other, shown in printed.items():
            index = "" if other in used else "the index "
            alike = None
            if shown == found[name]:
                alike = f"`{name}` and {index}`{other}` are both printed `{shown}`"
            elif other in lists and _is_element(found[name], shown, indices):
                alike = f"`{name}` is printed `{found[name]}`, as an element of `{other}` is"
            elif name in lists and _is_element(shown, found[name], indices):
                alike = f"`{other}` is printed `{shown}`, as an element of `{name}` is"
            if alike and other != name:
                place = [declared[other].declaration.name.span] if other in declared else []
                raise fail(
                    "sign",
                    alike,
                    declared[name].declaration.name.span,
                    "end its declaration with another sign: `as ...`",
                    *(f"the other is at {span}" for span in place),
                )
    return found


def _is_element(shown: str, of: str, indices: Collection[str]) -> bool:
    """Whether a name looks like an element of a list: `C_1` of C, or `C_s`."""
    stem, _, index = shown.rpartition("_")
    return stem == of and (index.isdigit() or index in indices)


def _indices(root: Node) -> Iterator[str]:
    for node in nodes(root):
        if isinstance(node, Stages):
            yield node.index
        if isinstance(node, Steps):
            yield node.index.name


def _names_in(context: Context, root: Node) -> Iterator[str]:
    """The names in a cost tree, in abbreviations and facts, with the indices of sums."""
    waiting: list[Any] = [*context.known.spelled.values()]
    waiting += [fact.condition for fact in context.known.facts]
    waiting += [part for node in nodes(root) for part in vars(node).values()]
    while waiting:
        part = waiting.pop()
        if isinstance(part, tuple | Mapping):
            waiting.extend(part.values() if isinstance(part, Mapping) else part)
        elif isinstance(part, Basic):
            yield from (symbol.name for symbol in part.atoms(Symbol))
