"""Conditions as a file can state them: what a help advises can be pasted, and then it helps."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import sympy
from sympy import Symbol
from sympy.logic.boolalg import Boolean

from closedform.derive.assume.knowledge import Knowledge
from closedform.derive.assume.store import Fact
from closedform.derive.elaborate.context import Context
from closedform.derive.elaborate.declarations import each_stage
from closedform.derive.elaborate.values import Family, Scope, Value
from closedform.derive.resolve.library import in_library
from closedform.derive.resolve.modules import Entity, Module
from closedform.derive.symbolic.atoms import Divides
from closedform.derive.symbolic.wording import say
from closedform.errors import ClosedformError
from closedform.grammar import parse, tree

Helps = Callable[[Knowledge], bool]


def advice(context: Context, conditions: Sequence[Boolean], helps: Helps) -> str | None:
    """The help to state conditions, or one that says why no file can state them.

    `helps` tells whether what is known is enough for what failed.
    """
    block = next((e for e in context.calling[:1] if e in e.module.blocks()), None)
    if context.generic and block is None:
        return None  # a claim calls nothing
    for tried in _tried(context, conditions):
        for names in _spellings(context, tried, block):
            stated = ", ".join(say(c.xreplace(names)) for c in tried)
            found = _read_back(context, stated, block)
            if found and _enough(context.known, found, helps):
                return _told(context, stated, tried, block)
    return _unnamed(context, conditions)


def _tried(context: Context, conditions: Sequence[Boolean]) -> Iterator[list[Boolean]]:
    """Conditions as they are, without abbreviations, and what gives them in every step."""
    if any(c.has(sympy.Piecewise) for c in conditions):
        yield [part for c in conditions for part in _of_cases(c)]
    yield list(map(_of_bases, conditions))
    yield list(conditions)
    plain = [c.xreplace(context.known.definitions) for c in conditions]
    if plain != list(conditions):
        yield plain
    ranges = context.known.ranges
    if len(plain) != 1 or not plain[0].has_free(*ranges):
        return
    (condition,) = plain
    for at in (1, 0):  # in the last step, in the first
        yield [condition.xreplace({index: bounds[at] for index, bounds in ranges.items()})]
    if isinstance(condition, Divides):
        divisor, dividend = condition.args
        for symbol in sorted(dividend.free_symbols - ranges.keys(), key=str):
            yield [Divides(divisor, symbol)]


def _of_cases(condition: Boolean) -> list[Boolean]:
    """What a condition says where the cases in it are so, and where they are not."""
    atoms = sorted(condition.atoms(sympy.Piecewise), key=sympy.default_sort_key)
    asked = [atom.args[0][1] for atom in atoms]
    if not asked or any(c not in (asked[0], sympy.Not(asked[0])) for c in asked):
        return [condition]
    found = []
    for case in (asked[0], sympy.Not(asked[0])):
        values = {
            atom: sympy.Integer(int(of == case)) for atom, of in zip(atoms, asked, strict=True)
        }
        stated = condition.xreplace(values)
        if stated != sympy.true and not (isinstance(stated, Divides) and stated.args[0] == 1):
            found.append(sympy.Or(sympy.Not(case), stated))
    return found


def _of_bases(condition: Boolean) -> Boolean:
    """That P divides I, where P^2 divides I^2."""
    if isinstance(condition, Divides):
        bases, exponents = zip(*(side.as_base_exp() for side in condition.args), strict=True)
        if exponents[0] == exponents[1]:
            return Divides(*bases)
    return condition


def _read_back(context: Context, stated: str, block: Entity | None) -> list[Boolean] | None:
    """What a file says that states this; None where it is not in the language, or is false."""
    scope = Scope(context.module, names=dict(context.parameters) if block else _of_others(context))
    used = set(context.known.used)
    found: list[Boolean] = []
    try:
        (statement,) = parse(f"assume {stated}").declarations
        assert isinstance(statement, tree.Assume)
        for condition in statement.conditions:
            whole = [context.condition(condition, scope)] if block else None
            found += whole or each_stage(context, condition, scope)
    except ClosedformError:
        return None
    finally:
        context.known.used &= used
    if any(c is False or context.known.decide(c) is False for c in found):
        return None
    return [c for c in found if c is not True]


def _enough(known: Knowledge, facts: Sequence[Boolean], helps: Helps) -> bool:
    supposed = known.copied()
    for fact in facts:
        supposed.assume(Fact(fact))
    return helps(supposed)


# Names -------------------------------------------------------------------------------------


def _spellings(
    context: Context, conditions: Sequence[Boolean], block: Entity | None
) -> Iterator[Mapping[Symbol, Symbol]]:
    """How the sizes in conditions are written: a whole list where a loop goes over it, `D[1]`."""
    free = set().union(*(c.free_symbols for c in conditions))
    found = {symbol: _written(context, symbol, block) for symbol in free}
    if None in found.values():
        return
    lists = {s: written for s, written in found.items() if written and written[1] is not None}
    steps = [
        step
        for step in context.indices
        if all(
            at == step.at and (step.first, step.last) == (1, length)
            for _, at, length in lists.values()
        )
    ]
    if lists and steps and block is None:
        yield {symbol: Symbol(written[0]) for symbol, written in found.items() if written}
    yield {
        symbol: Symbol(name if at is None else f"{name}[{at}]")
        for symbol, (name, at, _) in ((s, w) for s, w in found.items() if w)
    }


def _written(
    context: Context, symbol: Symbol, block: Entity | None
) -> tuple[str, int | None, int] | None:
    """The name by which a file can speak of a size, and its place in a list of some length."""
    stem = symbol.name.rpartition("_")[0]
    for name in (symbol.name, stem):
        value = _value(context, name, block)
        items = value.symbols if isinstance(value, Family) else value
        if items == symbol:
            return name, None, 0
        if isinstance(items, tuple) and symbol in items:
            return name, items.index(symbol) + 1, len(items)
    return None


def _value(context: Context, name: str, block: Entity | None) -> Value | None:
    if block is not None and name in context.parameters:
        return context.parameters[name]
    entity = context.module.names.get(name)
    if entity is None and block is None:
        return _of_others(context).get(name)
    return context.names.find(name, Scope(context.module)) if entity else None


def _of_others(context: Context) -> dict[str, Value]:
    """The sizes of other files, which the file that is read first does not name."""
    names = context.names
    return {
        name: names.of(entity)
        for name, entity in names.owners.items()
        if name not in context.module.names
    }


# Words -------------------------------------------------------------------------------------


def _told(
    context: Context, stated: str, conditions: Sequence[Boolean], block: Entity | None
) -> str:
    if block is not None:
        return f"if that is so wherever `{block.name}` is used, state it there: `require {stated}`"
    taken: dict[str, list[str]] = {}
    for symbol in sorted(set().union(*(c.free_symbols for c in conditions)), key=str):
        written = _written(context, symbol, None)
        if written and written[0] not in context.module.names:
            origin = _dotted(context.module, context.names.owners[written[0]].module)
            names = taken.setdefault(origin, [])
            if written[0] not in names:
                names.append(written[0])
    if not taken:
        return f"state it: `assume {stated}`"
    lines = [f"`from {origin} import {', '.join(names)}`" for origin, names in taken.items()]
    return f"take the sizes from their file, and state it: {', '.join(lines)}, `assume {stated}`"


def _dotted(module: Module, other: Module) -> str:
    """A module as an import of another names it."""
    assert other.folder is not None
    name = Path(other.title).stem
    if in_library(other.folder):
        return f"{other.folder.name}.{name}"
    way = Path(os.path.relpath(other.folder, module.folder or Path())).parts
    ups = way.count("..")
    return "." * (ups + 1 if ups else 0) + ".".join([*way[ups:], name])


def _unnamed(context: Context, conditions: Sequence[Boolean]) -> str | None:
    """A help where a condition is on a size that the file has no name for."""
    free = set().union(*(c.xreplace(context.known.definitions).free_symbols for c in conditions))
    for entity in context.calling[:1]:
        declaration = entity.declaration
        assert isinstance(declaration, tree.Block)
        for parameter in declaration.parameters:
            axes = parameter.shape.axes if parameter.shape else ()
            for at, axis in enumerate(axes):
                unnamed = isinstance(axis, tree.Name) and axis.name == "_"
                if unnamed and any(s.name == f"{parameter.name.name}_{at}" for s in free):
                    size = f"{parameter.name.name}_{at}"
                    word = "dim" if declaration.keyword == "model" else "name"
                    return (
                        f"{size} is a `_` in the shape of `{parameter.name.name}`: "
                        f"write a {word} in its place, of which something can be stated"
                    )
    return None
