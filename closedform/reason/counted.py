"""What a model counts at a preset, apart by kinds of operation and by parts, with sizes changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from fractions import Fraction
from functools import cached_property
from typing import TypeAlias

from sympy import Expr, Integer, Symbol

from closedform import formula as w
from closedform.data import dataclass
from closedform.derive.arrange.writing import Order, write
from closedform.derive.cost.totals import Total
from closedform.derive.cost.tree import Operation, Sequence, Site, operations
from closedform.derive.elaborate.binding import parameters_of
from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.measures.rows import Measure
from closedform.derive.project import Project
from closedform.derive.resolve.modules import Entity
from closedform.derive.solve.numbers import check_facts, check_stated, settle
from closedform.errors import ClosedformError
from closedform.formula.numbers import NoNumberError, Numbers
from closedform.grammar import tree
from closedform.grammar.traverse import names_in

NORM = re.compile(r"\w*norm(\dd)?")
RESOLUTIONS = (224, 256, 288, 299, 384, 448, 512)
CLASSES = (1000, 21841, 21843)
KINDS = {
    "einsum": "products of two tensors (einsum)",
    "param": "tokens and positions (param)",
    "embed": "embeddings",
}

Group: TypeAlias = tuple[str, str, bool]  # the part, the kind, and whether it is a bias


def kind_of(operation: Operation) -> str:
    """The kind of an operation in words, all norms together.

    >>> kind_of(Operation("batchnorm2d", "batchnorm2d", {}, (), ()))
    'norms'
    """
    return "norms" if NORM.fullmatch(operation.kind) else KINDS.get(operation.kind, operation.kind)


@dataclass(frozen=True)
class Change:
    """What of a preset is another: the preset itself, the side of the images, or the classes."""

    preset: str | None = None
    side: int | None = None
    classes: int | None = None

    @property
    def words(self) -> str:
        if self.preset is not None:
            return f"at the preset {self.preset!r}"
        if self.side is not None:
            return f"with images of {self.side} x {self.side}"
        return f"with {self.classes} classes"


NONE = Change()


@dataclass(eq=False)
class Subject:
    """A preset of a model, and what it counts."""

    project: Project
    preset: tree.Preset
    _groups: dict[tuple[Entity, Measure], dict[Group, w.Written]] = field(default_factory=dict)
    _sizes: dict[Change, tuple[Entity, Mapping[str, w.Written]] | None] = field(
        default_factory=dict
    )
    _values: dict[tuple[Change, Measure], dict[Group, Fraction] | None] = field(
        default_factory=dict
    )

    @property
    def model(self) -> Entity:
        return self.project.at_preset(self.preset)

    @cached_property
    def changes(self) -> list[Change]:
        """What may be another: a preset of the same model, the side of the images, the classes."""
        others = [p.title for p in self.project.presets(self.project.model_of(self.preset))]
        values = self._given(self.preset)
        sides = {int(v) for s, v in values.items() if s in self._sides and v in RESOLUTIONS}
        classes = {int(v) for s, v in values.items() if v in CLASSES and s not in self._sides}
        return [
            *(Change(preset=title) for title in others if title != self.preset.title),
            *(Change(side=side) for side in RESOLUTIONS if sides and sides != {side}),
            *(Change(classes=n) for n in CLASSES if classes and n not in classes),
        ]

    def values(self, change: Change, what: Measure) -> dict[Group, Fraction] | None:
        """What each group counts; None where the model does not exist so, or is not counted."""
        if (change, what) not in self._values:
            self._values[change, what] = self._found(change, what)
        return self._values[change, what]

    def _found(self, change: Change, what: Measure) -> dict[Group, Fraction] | None:
        if change not in self._sizes:
            self._sizes[change] = self._sizes_at(change)
        at = self._sizes[change]
        if at is None:
            return None
        model, sizes = at
        numbers = Numbers(sizes)
        try:
            groups = self._groups_of(model, what)
            return {group: numbers.of(formula) for group, formula in groups.items()}
        except (ClosedformError, NoNumberError):  # a convention that cannot count this model
            return None

    def _sizes_at(self, change: Change) -> tuple[Entity, Mapping[str, w.Written]] | None:
        """The model and its sizes with a change; None where it does not exist so."""
        preset = self.project.preset(change.preset) if change.preset else self.preset
        model = self.project.at_preset(preset)
        derivation = self.project.derivation(model)
        values = self.project.values(preset)
        for symbol, value in self._given(preset).items():
            if change.side and symbol in self._sides and value in RESOLUTIONS:
                values[symbol] = Integer(change.side)
            elif change.classes and value in CLASSES and symbol not in self._sides:
                values[symbol] = Integer(change.classes)
        try:
            settled = settle(derivation, values)
            check_stated(derivation, settled)
            check_facts(derivation, settled)
        except ClosedformError:
            if change == NONE:
                raise
            return None
        return model, {s.name: write(v, Order()) for s, v in settled.items() if s.is_Symbol}

    def _given(self, preset: tree.Preset) -> dict[Symbol, Expr]:
        """The sizes that a preset gives, and the defaults that are numbers."""
        derivation = self.project.derivation(self.project.at_preset(preset))
        defaults = {s: v for s, v in derivation.defaults.items() if v.is_Integer}
        return defaults | self.project.values(preset)

    @cached_property
    def _sides(self) -> set[Symbol]:
        """The sizes that are a side of a tensor which the model is given, of three axes or more."""
        derivation = self.project.derivation(self.model)
        shapes = [p.shape for p in parameters_of(self.model) if p.shape is not None]
        names = {
            n for s in shapes if len(s.axes) > 2 for axis in s.axes[-2:] for n in names_in(axis)
        }
        return {symbol for name in names for symbol in derivation.symbols.get(name, ())}

    def _groups_of(self, model: Entity, what: Measure) -> dict[Group, w.Written]:
        if (model, what) not in self._groups:
            derivation = self.project.derivation(model)
            found = {g: write(e, Order()) for g, e in _apart(derivation, what).items()}
            self._groups[model, what] = found
        return self._groups[model, what]


def _apart(derivation: Derivation, what: Measure) -> dict[Group, Expr]:
    """A measure of a model, apart by the parts of its body and by kinds."""
    found: dict[Group, Expr] = {}
    for site in derivation.root.body:
        kinds = dict.fromkeys(kind_of(node) for node in operations(site.node))
        for kind in kinds:
            for bias in (False, True):
                total = Total(_Pick(what, kind, bias), what.scaling)
                count = derivation.known.base(total(site.node))
                if count != 0:
                    group = _part(site), kind, bias
                    found[group] = found.get(group, Integer(0)) + count
    return found


@dataclass(frozen=True)
class _Pick:
    """What operations of a kind count: their biases, or all but these."""

    what: Measure
    kind: str
    bias: bool

    def __call__(self, operation: Operation) -> Expr:
        if kind_of(operation) != self.kind:
            return Integer(0)
        biases = self._biases(operation)
        return biases if self.bias else self.what.of(operation) - biases

    def _biases(self, operation: Operation) -> Expr:
        """The biases among the parameters of a layer that can be told to have none."""
        names = operation.names
        if self.what.name not in ("params", "trainable") or not {"bias", "out"} <= names.keys():
            return Integer(0)
        return names["out"] if names["bias"] in (True, 1) else Integer(0)


def _part(site: Site) -> str:
    """The name of a part of the body: an operation or a block, and its line; else none."""
    if isinstance(site.node, Operation | Sequence):
        return f"{site.node.name} of line {site.span.line}"
    return ""


def parts_of(groups: Mapping[Group, Fraction]) -> Iterator[str]:
    """The names of what can be left out of a count, the kinds first."""
    yield from dict.fromkeys(kind for _, kind, _ in groups)
    yield from dict.fromkeys(part for part, _, _ in groups if part)
    yield from dict.fromkeys("biases" for *_, bias in groups if bias)


def is_in(group: Group, left_out: str) -> bool:
    """Whether a group is of what is left out."""
    part, kind, bias = group
    return left_out in (part, kind) or (bias and left_out == "biases")
