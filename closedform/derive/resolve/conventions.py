"""Conventions as they are declared: weights for counts, and rules of their own for some kinds.

What can be said without an operation is checked here: `check_conventions` when a file is read, the
rest when a rule meets an operation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace
from fractions import Fraction
from itertools import pairwise
from typing import TypeAlias

from closedform.data import dataclass
from closedform.derive.resolve.builtin import KINDS, MASKED, OF_SIZES, QUANTITIES, TOTALS
from closedform.derive.resolve.modules import Entity, Module
from closedform.errors import ClosedformError, Span, fail, suggestion
from closedform.grammar import tree
from closedform.grammar.expressions import show
from closedform.grammar.traverse import names_in, parts_of

SAYABLE = (
    *(tree.Number, tree.Boolean, tree.Name, tree.Index, tree.Call, tree.Argument),
    *(tree.Negative, tree.Power, tree.Product, tree.Sum, tree.Choice),
    *(tree.Comparison, tree.Not, tree.AllOf, tree.AnyOf),
)


@dataclass(frozen=True)
class Weights:
    """A weight for each count that is named, and one for all other elementary counts.

    Masked products are a part of `mac`: their weight is what they have beside that of `mac`.
    """

    named: tuple[tuple[str, Fraction], ...]
    others: Fraction = Fraction(0)

    def of(self, count: str) -> Fraction:
        """The weight of a count.

        >>> weights = Weights((("mac", Fraction(2)),), Fraction(1))
        >>> [str(weights.of(count)) for count in ("mac", "add", "params")]
        ['2', '1', '0']
        >>> str(Weights((("mac", Fraction(2)), ("masked", Fraction(0)))).of("masked"))
        '-2'
        """
        if count == MASKED:
            return dict(self.named).get(MASKED, self.of("mac")) - self.of("mac")
        usual = Fraction(0) if count in QUANTITIES else self.others
        return dict(self.named).get(count, usual)

    def of_each(self, counts: Iterable[str]) -> list[tuple[str, Fraction]]:
        """The counts that have a weight, with it: those that are named first."""
        known = list(counts)
        named = [name for name, _ in self.named if name in known]
        found = [*named, *(name for name in known if name not in named)]
        return [(name, self.of(name)) for name in found if self.of(name)]


@dataclass(frozen=True)
class Formula:
    """What an operation of a kind counts, over the names of its declaration and its counts.

    `counts` are the counts that it names; one that an operation does not state is 0 there.
    """

    expression: tree.Expression
    counts: frozenset[str]
    kind: str
    convention: str

    @property
    def span(self) -> Span:
        return self.expression.span


Rule: TypeAlias = Weights | Formula


@dataclass(frozen=True)
class Convention:
    """How the work of an operation is counted: by the rule of its kind, else by the usual one."""

    name: str
    says: str
    unit: str
    usual: Weights
    kinds: tuple[tuple[str, Rule], ...]
    span: Span = field(compare=False)

    @property
    def counted(self) -> tuple[object, ...]:
        """How it counts: two conventions that count alike have the same."""
        return self.unit, self.usual, self.kinds

    def without(self, count: str) -> Convention:
        """The same where an elementary count that has a weight of its own is always 0."""
        left = tuple((name, weight) for name, weight in self.usual.named if name != count)
        return replace(self, usual=replace(self.usual, named=left))

    def rule(self, kind: str) -> Rule:
        """What operations of a kind count."""
        return dict(self.kinds).get(kind, self.usual)


def convention_of(entity: Entity) -> Convention:
    """The convention of a declaration, with what it takes from those that it builds on."""
    return _built(entity, {})


def conventions_of(module: Module) -> dict[str, Convention]:
    """The conventions that can be used in a file, by their names."""
    if not module.built:
        known: dict[Entity, Convention] = {}
        module.built = {name: _built(entity, known) for name, entity in module.conventions.items()}
    return module.built


def _built(entity: Entity, known: dict[Entity, Convention]) -> Convention:
    """The convention of a declaration, and in `known` those that it builds on."""
    chain = {entity: None}
    last = entity
    while last not in known and (name := _node(last).base) is not None:
        base = _base(name, last.module)
        if base in chain:
            names = [e.name for e in (*chain, base)]
            around = pairwise(names[names.index(base.name) :])
            raise fail(
                "convention",
                f"`{base.name}` is built on itself",
                name.span,
                "build it on another, or on none",
                ", and ".join(f"{one} is on {other}" for one, other in around),
            )
        chain[base] = None
        last = base
    found: Convention | None = None
    for link in reversed(chain):
        found = known.get(link) or _on(found, _node(link), link.module)
        known[link] = found
    return known[entity]


def _node(entity: Entity) -> tree.Convention:
    assert isinstance(entity.declaration, tree.Convention)
    return entity.declaration


def _on(base: Convention | None, node: tree.Convention, module: Module) -> Convention:
    """What a declaration says, on top of another convention."""
    name, unit = node.name.name, node.unit.name if node.unit else None
    if base is not None and node.unit is not None and unit != base.unit:
        raise fail(
            "convention",
            f"`{name}` counts {unit}, and `{base.name}`, which it builds on, counts {base.unit}",
            node.unit.span,
            f"leave `in {unit}` out",
        )
    unit = base.unit if base else unit
    if unit is None:
        raise fail(
            "convention",
            f"`{name}` does not say what it counts",
            node.name.span,
            f"write `convention {name} in MACs`, or `on` another convention",
        )
    lines = [line for line in node.body if isinstance(line, tree.Weigh)]
    usual = _weights(lines, module, base.usual if base else Weights(()))
    kinds = {**dict(base.kinds if base else ()), **_kinds(node, module)}
    return Convention(name, node.says, unit, usual, tuple(kinds.items()), node.span)


def _base(name: tree.Name, module: Module) -> Entity:
    known = module.conventions
    if name.name not in known:
        raise fail(
            "convention",
            f"there is no convention `{name.name}`",
            name.span,
            suggestion(name.name, known) or "there are " + ", ".join(sorted(known)),
        )
    return known[name.name]


def _weights(lines: Iterable[tree.Weigh], module: Module, base: Weights) -> Weights:
    """The weights that some lines state, before those that they build on."""
    found: dict[str, Fraction] = {}
    others: Fraction | None = None
    for line in lines:
        weight = _number(line.weight)
        if not line.counts:
            if others is not None:
                raise _twice("others", line.span)
            others = weight
        for name in line.counts:
            if name.name in found:
                raise _twice(name.name, name.span)
            _check_count(name, module)
            found[name.name] = weight
    named = {**dict(base.named), **found}
    return Weights(tuple(named.items()), base.others if others is None else others)


def _kinds(node: tree.Convention, module: Module) -> Mapping[str, Rule]:
    """The rules that a convention states for kinds of operation."""
    found: dict[str, Rule] = {}
    for line in node.body:
        if isinstance(line, tree.OfKind):
            for kind in line.kinds:
                name = _text(kind)
                if name in found:
                    raise _twice(f"kind {name}", kind.span)
                if isinstance(line.rule, tuple):
                    found[name] = _weights(line.rule, module, Weights(()))
                else:
                    found[name] = _formula(line.rule, name, node, module)
    return found


def _formula(
    expression: tree.Expression, kind: str, node: tree.Convention, module: Module
) -> Formula:
    named = {name.name for name in names_of(expression)}
    counts = frozenset(named & {*module.counts, *QUANTITIES})
    return Formula(expression, counts, kind, node.name.name)


def _text(kind: tree.Name | tree.Text) -> str:
    return kind.name if isinstance(kind, tree.Name) else kind.value


def _twice(what: str, span: Span) -> ClosedformError:
    return fail("convention", f"`{what}` is stated twice", span, "keep one of them")


def _number(node: tree.Expression) -> Fraction:
    """The number of a weight: whole, decimal, or one over another."""
    match node:
        case tree.Number():
            return node.value
        case tree.Product(tree.Number(value=above), (("/", tree.Number(value=below)),)) if below:
            return above / below
    if isinstance(node, tree.Negative):
        what, help_ = "a weight is not negative", "what is not counted has the weight 0"
    else:
        what = "a weight is a number"
        help_ = "a formula stands behind a kind of operation: `kind layernorm: 5*size(x)`"
    raise fail("convention", f"{what}, and this is {show(node)}", node.span, help_)


def _check_count(name: tree.Name, module: Module) -> None:
    if name.name in QUANTITIES - {MASKED}:
        raise fail(
            "convention",
            f"`{name.name}` is no work, and a convention counts work",
            name.span,
            f"ask for it by itself: `{name.name}` is a measure",
        )
    if name.name not in (MASKED, *module.counts):
        raise fail(
            "convention",
            f"`{name.name}` is no kind of count",
            name.span,
            suggestion(name.name, {*module.counts, MASKED, "others"})
            or f'declare it: `count {name.name} "meaning"`',
        )


# Kinds of operation, and the names that their formulas may use ------------------------------


def check_conventions(module: Module) -> None:
    """Raise ClosedformError for whatever is wrong in the conventions that a file declares."""
    known = conventions_of(module)
    for entity in module.own(tree.Convention):
        _check_measured(entity, known, module)
    _check_taken(known, module)
    lines = [line for entity in module.own(tree.Convention) for line in _node(entity).body]
    of_kinds = [line for line in lines if isinstance(line, tree.OfKind)]
    if not of_kinds:
        return  # few files have some, and what is stated takes time to look through
    stated = _Stated(module)
    for line in of_kinds:
        for kind in line.kinds:
            stated.check_kind(kind)
            if not isinstance(line.rule, tuple):
                stated.check_formula(line.rule, _text(kind))


def _check_measured(entity: Entity, known: Mapping[str, Convention], module: Module) -> None:
    """Refuse a convention that cannot be asked for: its measure has the name of its unit."""
    node, name, unit = _node(entity), entity.name, known[entity.name].unit
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
        name, known = _text(kind), {*self.operations, *self.given}
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
    if isinstance(part, tree.Call) and part.function.name == "sum" and _index(part) is None:
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


def _index(call: tree.Call) -> tree.Name | None:
    """The index of a sum over one."""
    values = [argument.value for argument in call.arguments if argument.name is None]
    index = values[0] if len(values) == len(call.arguments) == 4 else None
    return index if isinstance(index, tree.Name) else None


def names_of(formula: tree.Expression) -> list[tree.Name]:
    """The names in a formula, those of functions and of the indices of sums left out, in the order
    of the text."""
    parts = list(parts_of(formula))
    calls = [part for part in parts if isinstance(part, tree.Call)]
    other = {id(call.function) for call in calls}
    for call in calls:
        index = _index(call) if call.function.name == "sum" else None
        if index is not None:
            inside = parts_of((index, call.arguments[-1].value))
            other |= {id(p) for p in inside if isinstance(p, tree.Name) and p.name == index.name}
    found = [p for p in parts if isinstance(p, tree.Name) and id(p) not in other]
    return sorted(found, key=lambda name: name.span.start)


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
