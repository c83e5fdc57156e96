"""What a file may say in its conventions, as far as that is known without an operation.

The rest is checked when a rule meets an operation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from closedform.derive.resolve.builtin import KINDS, OF_SIZES, QUANTITIES, TOTALS
from closedform.derive.resolve.conventions.declared import (
    Convention,
    conventions_of,
    index_of,
    names_of,
    node_of,
    text_of,
)
from closedform.derive.resolve.modules import Entity, Module
from closedform.errors import fail, suggestion
from closedform.grammar import tree
from closedform.grammar.traverse import names_in, parts_of

SAYABLE = (
    *(tree.Number, tree.Boolean, tree.Name, tree.Index, tree.Call, tree.Argument),
    *(tree.Negative, tree.Power, tree.Product, tree.Sum, tree.Choice),
    *(tree.Comparison, tree.Not, tree.AllOf, tree.AnyOf),
)


def check_conventions(module: Module) -> None:
    """Raise ClosedformError for whatever is wrong in the conventions that a file declares."""
    known = conventions_of(module)
    for entity in module.own(tree.Convention):
        _check_measured(entity, known, module)
    _check_taken(known, module)
    lines = [line for entity in module.own(tree.Convention) for line in node_of(entity).body]
    of_kinds = [line for line in lines if isinstance(line, tree.OfKind)]
    if not of_kinds:
        return  # few files have some, and what is stated takes time to look through
    stated = _Stated(module)
    for line in of_kinds:
        for kind in line.kinds:
            stated.check_kind(kind)
            if not isinstance(line.rule, tuple):
                stated.check_formula(line.rule, text_of(kind))


def _check_measured(entity: Entity, known: Mapping[str, Convention], module: Module) -> None:
    """Refuse a convention that cannot be asked for: its measure has the name of its unit."""
    node, name, unit = node_of(entity), entity.name, known[entity.name].unit
    measure = unit.lower()
    if measure in TOTALS or measure in module.counts:
        raise fail(
            "convention",
            f"`{name}` counts {unit}, and `{measure}` is another measure",
            node.unit.span if node.unit else node.span,
            "choose another unit",
        )
    if name != measure and any(name == other.unit.lower() for other in known.values()):
        raise fail(
            "convention",
            f"`{name}` counts {unit}, and `{name}` is the measure of another unit",
            node.name.span,
            "choose another name",
        )


def _check_taken(known: Mapping[str, Convention], module: Module) -> None:
    """Refuse a count with the name of the measure of a convention that is taken from elsewhere."""
    for name, row in known.items():
        count = module.counts.get(row.unit.lower())
        if module.conventions[name].module is module or count is None:
            continue
        imports = (d for d in module.file.declarations if isinstance(d, tree.Import))
        names = [n for d in imports for n in d.names if n.name in (count.name, name)]
        own = count.module is module
        raise fail(
            "convention",
            f"`{count.name}` is a count here, and the measure of the convention `{name}`",
            count.declaration.name.span if own else names[-1].span,
            "choose another name for the count" if own else "import one of them",
        )


class _Stated:
    """The kinds of operation in a file and those that it imports, with the operations of each."""

    def __init__(self, module: Module) -> None:
        self.counts = {*module.counts, *QUANTITIES}
        self.operations: dict[str, list[tree.Op]] = {kind: [] for kind in KINDS}
        self.by_name: dict[str, str] = {}
        self.given: set[str] = set()  # by calls: of which operations is not known
        for found in _reachable(module):
            for entity in found.names.values():
                if isinstance(entity.declaration, tree.Op):
                    for kind in _kinds_of(entity.declaration):
                        self.operations.setdefault(kind, []).append(entity.declaration)
                        self.by_name[entity.name] = kind
            for part in parts_of(found.file.declarations):
                if isinstance(part, tree.Argument) and part.name == "kind":
                    self.given |= _texts(part.value)

    def check_kind(self, kind: tree.Name | tree.Text) -> None:
        name, known = text_of(kind), {*self.operations, *self.given}
        if name in known:
            return
        own = self.by_name.get(name)
        raise fail(
            "convention",
            f"no operation is of the kind `{name}`",
            kind.span,
            f"`{name}` is of the kind `{own}`: write `kind {own}`"
            if own
            else suggestion(name, known)
            or 'the kind of an operation is its name, or what it states: `kind = "..."`',
        )

    def check_formula(self, formula: tree.Expression, kind: str) -> None:
        parts = list(parts_of(formula))
        compared = [(p.left, p.right) for p in parts if isinstance(p, tree.Comparison)]
        texts = {id(side) for sides in compared for side in sides if isinstance(side, tree.Text)}
        for part in parts:
            if id(part) not in texts:
                _check_part(part)
        if kind in self.given:
            return
        operations = self.operations[kind]
        names = set().union(*map(_names_of, operations))
        for name in names_of(formula):
            if name.name in names or name.name in self.counts:
                continue
            raise fail(
                "convention",
                f"no operation of the kind `{kind}` has `{name.name}`"
                if operations
                else f"`{kind}` belongs to the language, and only its counts have names",
                name.span,
                suggestion(name.name, {*names, *self.counts})
                or "a formula is made of what the declaration names: its tensors in size(), "
                "its parameters, the sizes in its shapes, its counts",
            )


def _check_part(part: tree.Node) -> None:
    """Refuse what is no size in the formula of a kind."""
    if isinstance(part, tree.Call) and part.function.name not in (*OF_SIZES, "sum"):
        known = suggestion(part.function.name, OF_SIZES)
        raise fail(
            "convention",
            f"`{part.function.name}` is no function of sizes",
            part.function.span,
            known or "there are " + ", ".join(sorted([*OF_SIZES, "sum"])),
        )
    if isinstance(part, tree.Call) and part.function.name == "sum" and index_of(part) is None:
        raise fail(
            "convention",
            "this is no sum over an index",
            part.span,
            "a sum over an index is written `sum(i, 1, n, i*mac)`",
        )
    indicator = isinstance(part, tree.ListOf) and len(part.items) == 1
    if not isinstance(part, SAYABLE) and not indicator:
        raise fail(
            "convention",
            "the formula of a kind is made of sizes",
            part.span,
            "it may have numbers, sizes and counts with + - * / ^, functions of sizes such as "
            "size(x), sums such as sum(i, 1, n, i), and conditions such as [n > 1] or "
            "`a if n > 1 else b`",
        )


def _names_of(operation: tree.Op) -> set[str]:
    """The names that a declaration binds."""
    stated = [line.targets for line in operation.body if isinstance(line, tree.Assign)]
    shapes = [(p.name, p.shape) for p in operation.parameters]
    outputs = [output.name for output in operation.outputs]
    return names_in((tuple(shapes), tuple(outputs), tuple(stated))) - {"_", "kind"}


def _kinds_of(operation: tree.Op) -> set[str]:
    """The kinds that an operation states, or its name."""
    lines = [line for line in operation.body if isinstance(line, tree.Assign)]
    stated = [_texts(line.value) for line in lines if line.targets[0].name == "kind"]
    return set().union(*stated) or {operation.name.name}


def _texts(node: tree.Expression) -> set[str]:
    return {part.value for part in parts_of(node) if isinstance(part, tree.Text)}


def _reachable(module: Module) -> Iterator[Module]:
    """A file and all files from which it, or one of these, imports."""
    seen: dict[int, Module] = {}
    waiting = [module]
    while waiting:
        found = waiting.pop()
        if id(found) not in seen:
            seen[id(found)] = found
            waiting.extend(found.imports)
    yield from seen.values()
