"""A file with its models, blocks and presets, each derived once and only when asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field, replace
from fractions import Fraction
from pathlib import PurePath

from sympy import Expr, Symbol

from closedform.data import dataclass
from closedform.derive.assume.store import Fact
from closedform.derive.elaborate.binding import parameters_of
from closedform.derive.elaborate.context import Context
from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.elaborate.model import elaborate, reading
from closedform.derive.elaborate.names import check_size
from closedform.derive.measures.lookup import SHOWN, measure
from closedform.derive.measures.rows import Measure
from closedform.derive.resolve.configs import Configuration, families, preset_of
from closedform.derive.resolve.conventions import Convention, conventions_of
from closedform.derive.resolve.dtypes import Widths, widths_in, widths_of
from closedform.derive.resolve.modules import Entity, Module, is_model
from closedform.derive.solve.closed import Closed, closed
from closedform.derive.solve.numbers import check_bound, check_facts, check_stated, evaluate, settle
from closedform.errors import ClosedformError, Span, fail, suggestion
from closedform.formula.numbers import Exact
from closedform.grammar import parse_conditions, tree
from closedform.grammar.expressions import show

ADD_ONE = 'add one: preset "small": D=64'


@dataclass(eq=False)
class Project:
    """One module and what has been derived of it."""

    module: Module
    of: Entity | None = None  # what is derived under the conditions
    conditions: tuple[tree.Expression, ...] = ()
    configured: str | None = None  # the preset that a configuration is
    asked: tuple[tree.Preset, ...] | None = None  # presets in the place of those of the file
    widths: Widths | None = None  # the types that are asked for, in the place of those of the file
    _derivations: dict[Entity, Derivation] = field(default_factory=dict)
    _readings: dict[Entity, Context] = field(default_factory=dict)
    _supposed: dict[tuple[Entity, tuple[Fact, ...]], Derivation] = field(default_factory=dict)
    _closed: dict[tuple[int, Measure], tuple[Derivation, Closed]] = field(default_factory=dict)
    _at_presets: dict[tree.Preset, Entity] = field(default_factory=dict)

    # Models and blocks ---------------------------------------------------------------------

    def parts(self) -> list[Entity]:
        """The models and then the blocks of the file."""
        return [*self.models(), *self.module.blocks()]

    def models(self) -> list[Entity]:
        """The models of the file, and those that it imports for a preset."""
        own, of = self.module.models(), {p.of.name for p in self.presets() if p.of}
        named = [entity for name in sorted(of) if (entity := self.module.names.get(name))]
        return [*own, *(e for e in named if is_model(e) and e not in own)]

    def part(self, name: str | None, span: Span | None = None) -> Entity:
        """A model or block by its name; without one, the only one, or that named as the file."""
        parts = {entity.name: entity for entity in self.parts()}
        if name is not None:
            if name not in parts:
                raise fail(
                    "name",
                    f"`{self.module.title}` has no model or block `{name}`",
                    span,
                    suggestion(name, parts)
                    or (f"it has {', '.join(parts)}" if parts else "declare one, or import it"),
                )
            return parts[name]
        if self.configured is not None and self.preset(self.configured).of is not None:
            return self.model_of(self.preset(self.configured))
        models = self.models()
        stem = PurePath(self.module.title).stem.lower()
        named = [entity for entity in models if entity.name.lower() == stem]
        if len(models) == 1 or named:
            return (named or models)[0]
        if len(self.parts()) == 1 and span is None:
            return self.parts()[0]
        names = ", ".join(entity.name for entity in models or self.parts())
        if not models:
            help_ = f"choose one of its blocks: {names}" if names else "declare a `model`"
            if span:
                help_ = "a preset is of a `model`: declare one"
            raise fail("name", f"`{self.module.title}` has no model", span, help_)
        raise fail(
            "name",
            f"`{self.module.title}` has {len(models)} models",
            span,
            f'write `preset "..." of {models[0].name}`' if span else f"choose one: {names}",
            f"they are {names}",
        )

    def under(self, entity: Entity, when: str | None) -> Project:
        """The same file, with a model or block derived under conditions: `r > 1, r | side`."""
        if when is None:
            return self
        return self.under_all(entity, parse_conditions(when, "when"))

    def under_all(self, entity: Entity, conditions: tuple[tree.Expression, ...]) -> Project:
        """The same file, with a model or block derived under conditions that are read already."""
        return Project(self.module, entity, conditions, self.configured, self.asked, self.widths)

    def typed(self, dtype: str | None) -> Project:
        """The same file, with elements in the types that are asked for: `bf16, weights = int4`."""
        return self if dtype is None else replace(self, widths=widths_of(dtype))

    def derivation(self, entity: Entity) -> Derivation:
        if entity not in self._derivations:
            self._derivations[entity] = elaborate(entity, conditions=self._conditions_of(entity))
        return self._derivations[entity]

    def supposing(self, entity: Entity, facts: tuple[Fact, ...]) -> Derivation:
        """The derivation of a model or block where facts hold, the same for the same facts."""
        if not facts:
            return self.derivation(entity)
        if (entity, facts) not in self._supposed:
            self._supposed[entity, facts] = elaborate(entity, facts)
        return self._supposed[entity, facts]

    def _conditions_of(self, entity: Entity) -> tuple[tree.Expression, ...]:
        """The conditions on a model or block, with what a preset gives to its parameters too."""
        if self.of is None or (entity.module, entity.name) != (self.of.module, self.of.name):
            return ()
        return self.conditions

    def reading(self, entity: Entity) -> Context:
        """A context for expressions about a model or block: of presets, expectations, claims."""
        if entity not in self._readings:
            self._readings[entity] = reading(self.derivation(entity))
        return self._readings[entity]

    def closed(self, entity: Entity, what: Measure) -> Closed:
        """The closed form of a measure of a model or block."""
        return self.closed_of(self.derivation(entity), what)

    def closed_of(self, derivation: Derivation, what: Measure) -> Closed:
        """The closed form of a measure in a derivation of this file, made once."""
        key = (id(derivation), what)  # which is no other's as long as it is kept here
        if key not in self._closed:
            self._closed[key] = derivation, closed(derivation, what)
        return self._closed[key][1]

    @property
    def conventions(self) -> dict[str, Convention]:
        """The conventions that can be used in the file."""
        return conventions_of(self.module)

    def measure(
        self, name: str, convention: str | None = None, span: Span | None = None
    ) -> Measure:
        """The measure of a name, with the conventions and counts of the file."""
        return measure(name, convention, span, self.module, self.widths or widths_in(self.module))

    def measures(self, names: Sequence[str], convention: str | None) -> tuple[Measure, ...]:
        """Measures by their names; the convention is of those that need one and name none, or
        several with commas are, one after the other.

        A name may be `macs under hooks`. Without names they are parameters and work, in the unit of
        the convention.
        """
        known = self.conventions
        units = {row.unit.lower() for row in known.values()}
        if convention is not None and "," in convention:
            each = [self._in_unit(names, one.strip()) for one in convention.split(",")]
            return tuple(dict.fromkeys(what for row in each for what in row))
        if convention is not None and convention not in known:
            self.measure(SHOWN[-1], convention)  # fails, and says what there is
        if not names:
            unit = known[convention].unit.lower() if convention else SHOWN[-1]
            names = (*SHOWN[:-1], unit)
        asked = [(name, convention if name in units else None) for name in names]
        for at, words in enumerate(map(str.split, names)):
            if len(words) == 3 and words[1] == "under":
                asked[at] = words[0], words[2]
        return tuple(self.measure(name, of) for name, of in asked)

    def _in_unit(self, names: Sequence[str], convention: str) -> tuple[Measure, ...]:
        """The same measures under one of several conventions, work in the unit of that one."""
        known = self.conventions
        units = {row.unit.lower() for row in known.values()}
        if convention in known:
            unit = known[convention].unit.lower()
            names = [unit if name in units else name for name in names]
        return self.measures(names, convention)

    # Presets -------------------------------------------------------------------------------

    def presets(self, entity: Entity | None = None) -> list[tree.Preset]:
        """The presets of the file, or those of one model."""
        found = self.module.presets() if self.asked is None else [*self.asked]
        return [p for p in found if entity is None or self.model_of(p) is entity]

    def preset(self, title: str) -> tree.Preset:
        for node in self.presets():
            if node.title == title:
                return node
        titles = [node.title for node in self.presets()]
        raise fail(
            "name",
            f"`{self.module.title}` has no preset {title!r}",
            None,
            suggestion(title, titles)
            or ("it has " + ", ".join(map(repr, titles)) if titles else ADD_ONE),
        )

    def model_of(self, preset: tree.Preset) -> Entity:
        """The model that a preset is of."""
        if preset.of is None:
            return self.part(None, preset.span)
        return self.part(preset.of.name, preset.of.span)

    def at_preset(self, preset: tree.Preset) -> Entity:
        """The model that a preset is of, its parameters as the preset gives them."""
        if preset not in self._at_presets:
            entity = self.model_of(preset)
            block, given = entity.declaration, self._arguments(preset)
            assert isinstance(block, tree.Block)
            parameters = tuple(
                replace(p, default=given.get(p.name.name, p.default)) for p in block.parameters
            )
            told = Entity(replace(block, parameters=parameters), entity.module)
            self._at_presets[preset] = told if given else entity
        return self._at_presets[preset]

    def _arguments(self, preset: tree.Preset) -> dict[str, tree.Expression]:
        """What a preset gives to parameters of its model."""
        parameters = {p.name.name: p for p in parameters_of(self.model_of(preset))}
        found: dict[str, tree.Expression] = {}
        for binding in preset.bindings:
            name = binding.name.name
            if name not in parameters:
                continue
            shape = parameters[name].shape
            if shape is not None:
                message = f"`{name}` is a tensor, and a preset gives sizes"
                raise fail("preset", message, binding.span, f"its shape is {show(shape)}")
            if name in found:
                raise fail("preset", f"`{name}` is given twice", binding.span)
            found[name] = binding.value
        return found

    def values(self, preset: tree.Preset) -> dict[Symbol, Expr]:
        """The sizes that a preset gives."""
        model = self.at_preset(preset)
        with _named(preset):
            names = self.reading(model).names
        parameters = {p.name.name for p in parameters_of(model)}
        found: dict[Symbol, Expr] = {}
        for binding in preset.bindings:
            if binding.name.name in parameters:
                continue
            entity = self._dim(binding, model)
            bound = names.bind(entity, binding.value, self.module)
            if found.keys() & bound.keys():
                raise fail("preset", f"`{binding.name.name}` is given twice", binding.span)
            for symbol, value in bound.items():
                check_size(entity, symbol, value, binding.span)
            found.update(bound)
        return found

    def _dim(self, binding: tree.Binding, model: Entity) -> Entity:
        """The dim of the file, or of that of an imported model, to which a preset gives a value."""
        known = {**self.derivation(model).declared, **self.module.names}
        dims = {n: e for n, e in known.items() if isinstance(e.declaration, tree.Dim)}
        name = binding.name.name
        if name in dims:
            return dims[name]
        parameters = [p.name.name for p in parameters_of(model) if p.shape is None]
        given = f", and to {', '.join(parameters)} of `{model.name}`" if parameters else ""
        raise fail(
            "preset",
            f"`{name}` is no dim of this file",
            binding.span,
            suggestion(name, [*dims, *parameters]) or f"a preset gives values to dims{given}",
        )

    def configure(self, configuration: Configuration, ignored: Sequence[str] = ()) -> None:
        """Take a configuration for the one preset of the file, by the `config` of its family;
        `ignored` are keys that it does not cover, and that change nothing that is counted."""
        file = self.module.file
        node = next(n for n in families(file) if n.family == configuration.family)
        names = self.module.names
        dims = {n: e.declaration for n, e in names.items() if isinstance(e.declaration, tree.Dim)}
        sizes = {
            name: int(dim.length.value) if isinstance(dim.length, tree.Number) else None
            for name, dim in dims.items()
        }
        made = preset_of(node, configuration, sizes, ignored)
        self.asked, self.configured = (made,), made.title

    def preset_or_configured(self, entity: Entity, title: str | None) -> str | None:
        """The preset that is named; without one, a configuration that is of this model."""
        if title is not None or self.configured is None:
            return title
        return self.configured if self.model_of(self.preset(self.configured)) is entity else None

    def check_family(self, node: tree.Config) -> None:
        """Refuse a family that gives a value to what its model does not have."""
        model = self.part(node.of.name if node.of else None, node.span)
        parameters = {p.name.name for p in parameters_of(model) if p.shape is None}
        for line in node.lines:
            for binding in line.bindings if isinstance(line, tree.Given) else ():
                if binding.name.name not in parameters:
                    self._dim(binding, model)

    def set_sizes(self, title: str, sizes: Mapping[str, int]) -> str:
        """Add a preset that gives other numbers for some sizes of one; the result is its title."""
        old = self.preset(title)
        kept = (b for b in old.bindings if b.name.name not in sizes)
        given = (
            tree.Binding(tree.Name(name, span=old.span), tree.Number(Fraction(n)), span=old.span)
            for name, n in sizes.items()
        )
        said = ", ".join(f"{name} = {n}" for name, n in sizes.items())
        made = replace(old, title=f"{title}, {said}", bindings=(*kept, *given), expects=())
        self.asked = (*self.presets(), made)
        return made.title

    def value(self, preset: tree.Preset, what: Measure) -> Exact:
        """The exact value of a measure at a preset."""
        return self.at(preset, self.closed(self.model_of(preset), what))

    def at(self, preset: tree.Preset, form: Closed) -> Exact:
        """The exact value of a closed form at a preset, which an error names."""
        values = self.values(preset)
        with _named(preset):
            return evaluate(self.form_at(preset, form), values)

    def form_at(self, preset: tree.Preset, form: Closed) -> Closed:
        """A closed form of a model as it is with what a preset gives to its parameters."""
        model = self.at_preset(preset)
        return form if model is form.derivation.entity else self.closed(model, form.measure)

    def bindings(self, preset: tree.Preset) -> dict[Symbol, Expr]:
        """Every size at a preset, defaults included, as numbers."""
        values = self.values(preset)
        derivation = self.derivation(self.at_preset(preset))
        with _named(preset):
            settled = settle(derivation, values)
        return {s: v for s, v in settled.items() if isinstance(s, Symbol)}

    def check_given(self, preset: tree.Preset) -> None:
        """Raise ClosedformError where a preset lacks a size that a formula needs."""
        model, settled = self.at_preset(preset), self.bindings(preset)
        with _named(preset):
            for what in self.measures((), None):
                check_bound(self.closed(model, what), settled)

    def check_at(self, preset: tree.Preset) -> None:
        """Raise ClosedformError where what the file assumes or its formulas need does not hold."""
        settled = self.bindings(preset)
        derivation = self.derivation(self.at_preset(preset))
        with _named(preset):
            check_stated(derivation, settled)
            check_facts(derivation, settled)


@contextmanager
def _named(preset: tree.Preset) -> Iterator[None]:
    """Let an error say at which preset it was met, and where that stands."""
    try:
        yield
    except ClosedformError as error:
        first, *others = error.diagnostics
        message = f"at the preset {preset.title!r}: {first.message}"
        placed = replace(first, message=message, span=first.span or preset.span)
        raise type(error)(placed, *others) from None
