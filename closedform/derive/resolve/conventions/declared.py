"""Conventions as they are declared: weights for counts, and rules of their own for some kinds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from fractions import Fraction
from itertools import pairwise
from typing import TypeAlias

from closedform.data import dataclass
from closedform.derive.resolve.builtin import MASKED, QUANTITIES
from closedform.derive.resolve.modules import Entity, Module
from closedform.errors import ClosedformError, Span, fail, suggestion
from closedform.grammar import tree
from closedform.grammar.expressions import show
from closedform.grammar.traverse import parts_of


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
    while last not in known and (name := node_of(last).base) is not None:
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
        found = known.get(link) or _on(found, node_of(link), link.module)
        known[link] = found
    return known[entity]


def node_of(entity: Entity) -> tree.Convention:
    """The declaration of a convention."""
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
                name = text_of(kind)
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


def text_of(kind: tree.Name | tree.Text) -> str:
    """A kind of operation, as a name or a text."""
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


def names_of(formula: tree.Expression) -> list[tree.Name]:
    """The names in a formula, those of functions and of the indices of sums left out, in the order
    of the text."""
    parts = list(parts_of(formula))
    calls = [part for part in parts if isinstance(part, tree.Call)]
    other = {id(call.function) for call in calls}
    for call in calls:
        index = index_of(call) if call.function.name == "sum" else None
        if index is not None:
            inside = parts_of((index, call.arguments[-1].value))
            other |= {id(p) for p in inside if isinstance(p, tree.Name) and p.name == index.name}
    found = [p for p in parts if isinstance(p, tree.Name) and id(p) not in other]
    return sorted(found, key=lambda name: name.span.start)


def index_of(call: tree.Call) -> tree.Name | None:
    """The index of a sum over one."""
    values = [argument.value for argument in call.arguments if argument.name is None]
    index = values[0] if len(values) == len(call.arguments) == 4 else None
    return index if isinstance(index, tree.Name) else None
