"""A file checked: every model and block derived, every expectation and claim with its verdict."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import TypeAlias

from closedform.data import dataclass
from closedform.derive.assume.verdict import Proved
from closedform.derive.check.alike import alike
from closedform.derive.check.checked import Checked
from closedform.derive.check.claims import check_claim, claims_of
from closedform.derive.check.expectations import check_expectation
from closedform.derive.check.warnings import Done, warnings_of
from closedform.derive.cost.tree import operations
from closedform.derive.measures.rows import work
from closedform.derive.project import Project
from closedform.derive.resolve.configs import families
from closedform.derive.resolve.conventions import Convention
from closedform.derive.resolve.library import in_standard_library
from closedform.derive.resolve.modules import Entity
from closedform.errors import ClosedformError, Diagnostic
from closedform.grammar import tree
from closedform.grammar.expressions import show
from closedform.grammar.traverse import parts_of
from closedform.limits import placed

Found: TypeAlias = Checked | Diagnostic  # a verdict, or what keeps something from having one


@dataclass(frozen=True)
class Outcome:
    """What was found in a file: its expectations and claims, and what is wrong beside them.

    `warnings` tell what may not be meant, of names and of what is counted; nothing is wrong with
    that.
    """

    checked: tuple[Checked, ...]
    errors: tuple[Diagnostic, ...]
    lacking: tuple[Diagnostic, ...] = ()  # sizes that presets leave open
    warnings: tuple[Diagnostic, ...] = ()

    @property
    def wrong(self) -> list[Diagnostic]:
        """All that is wrong or not decided, each thing once."""
        found = [*self.errors, *(c.diagnostic for c in self.checked if c.diagnostic)]
        return _distinct(found)

    @property
    def holding(self) -> int:
        """How many expectations and claims are proved."""
        return sum(isinstance(c.verdict, Proved) for c in self.checked)


def check(project: Project, tell: Callable[[Found], object] = lambda found: None) -> Outcome:
    """The verdicts of a file; each is told as soon as it is found, and so is what has none.

    Every model and block is derived, so that a wrong shape is found where nothing is claimed. A
    block that claims nothing, and that models use, need not hold in sizes of its own.
    """
    wrong = list(_not_derived(project))
    if wrong:
        return Outcome((), tuple(wrong), warnings=tuple(alike(project.module.file)))
    checked: list[Checked] = []
    for found in _verdicts(project):
        if isinstance(found, Checked):
            checked.append(found)
        else:
            wrong.append(found)
        tell(found)
    lacking = [d for preset in project.presets() for d in _lacks(project, preset)]
    return Outcome(tuple(checked), tuple(wrong), tuple(lacking), tuple(_warnings(project)))


def outcome_of(found: Iterable[Found]) -> Outcome:
    """What was told of a file whose check came to no end."""
    those = list(found)
    checked = tuple(one for one in those if isinstance(one, Checked))
    return Outcome(checked, tuple(one for one in those if isinstance(one, Diagnostic)))


def _not_derived(project: Project) -> Iterator[Diagnostic]:
    """What is wrong with the models and blocks, whatever is claimed of them."""
    failed: dict[Entity, ClosedformError] = {}
    for entity in project.parts():
        try:
            if not takes_a_block(entity):
                project.derivation(entity)
        except ClosedformError as error:
            failed[entity] = error
    told = False
    for entity, reason in failed.items():
        notes = tuple(_alone(project, entity, failed))
        if notes and not claims_of(entity):
            continue
        first, *others = reason.diagnostics
        yield replace(first, notes=(*first.notes, *notes))
        yield from others
        told = True
    if not told:
        derived = [e for e in project.parts() if e not in failed and not takes_a_block(e)]
        for convention in project.conventions.values():
            if not in_standard_library(convention.span.source):  # one of a file is to fit the file
                yield from _check_convention(project, convention, derived)


def _warnings(project: Project) -> Iterator[Diagnostic]:
    """The warnings about names, and about models and blocks, all of whose parts are derived."""
    yield from alike(project.module.file)
    derived = []
    for entity in project.parts():
        with suppress(ClosedformError):  # a block that holds only where models use it
            derived += [] if takes_a_block(entity) else [project.derivation(entity)]
    yield from _warnings_where(project, Done.by(derived))


def warnings_in(project: Project, entity: Entity) -> Iterator[Diagnostic]:
    """The warnings about the names of a file, and about what a model or block of it does."""
    yield from alike(project.module.file)
    yield from _warnings_where(project, Done.by([project.derivation(entity)]))


def _warnings_where(project: Project, done: Done) -> Iterator[Diagnostic]:
    for entity in project.parts():
        assert isinstance(entity.declaration, tree.Block)
        yield from warnings_of(entity.declaration, done)


def _verdicts(project: Project) -> Iterator[Found]:
    """Each expectation and claim with its verdict, or what keeps it from having one."""
    titles: set[str] = set()
    for preset in project.presets():
        if preset.title in titles:
            yield Diagnostic("preset", f"there are two presets {preset.title!r}", preset.span)
        titles.add(preset.title)
        yield from _check_preset(project, preset)
    for family in families(project.module.file):
        try:
            project.check_family(family)
        except ClosedformError as error:
            yield from error.diagnostics
    own = [entity for entity in project.parts() if entity.module is project.module]
    for entity in own:
        for claim in claims_of(entity):
            try:
                with placed():  # what is too much for one claim is told of that one
                    found = check_claim(project, entity, claim)
                yield found
            except ClosedformError as error:
                yield from error.diagnostics


def _check_preset(project: Project, preset: tree.Preset) -> Iterator[Found]:
    try:
        project.check_at(preset)
    except ClosedformError as error:
        first, *rest = error.diagnostics
        lacking = (found.message for found in _lacks(project, preset))
        yield replace(first, notes=(*first.notes, *(m for m in lacking if m != first.message)))
        yield from rest
        return
    for line in preset.expects:
        for item in line.items:
            try:
                with placed():
                    found = check_expectation(project, preset, item)
                yield found
            except ClosedformError as error:
                first, *rest = error.diagnostics
                yield replace(first, span=first.span or item.span)
                yield from rest


def _lacks(project: Project, preset: tree.Preset) -> Iterator[Diagnostic]:
    """The sizes that a preset leaves open though formulas need them."""
    try:
        project.check_given(preset)
    except ClosedformError as error:
        for diagnostic in error.diagnostics:
            yield replace(diagnostic, span=diagnostic.span or preset.span)


def _check_convention(
    project: Project, convention: Convention, derived: Iterable[Entity]
) -> Iterator[Diagnostic]:
    """What is wrong with a convention where it meets the operations of the file."""
    row = work(convention)
    for entity in derived:
        for operation in operations(project.derivation(entity).root):
            try:
                row.of(operation)
            except ClosedformError as error:
                yield from error.diagnostics


def _alone(project: Project, entity: Entity, failed: Collection[Entity]) -> Iterator[str]:
    """A note for a block that fails by itself, and not where it is used."""
    models = [model for model in project.module.models() if entity in _used_by(model)]
    if not models or any(model in failed for model in models):
        return
    assert isinstance(entity.declaration, tree.Block)
    parameters = entity.declaration.parameters
    given = [f"{p.name.name}={show(p.default)}" for p in parameters if p.default is not None]
    by_default = f", with {', '.join(given)}" if given else ""
    yield (
        f"`{entity.name}` is derived here in its own sizes{by_default}; "
        "the models that use it are fine"
    )


def _used_by(entity: Entity) -> set[Entity]:
    """What a model or block uses as an operation, and what that uses."""
    found: set[Entity] = set()
    waiting = [entity]
    while waiting:
        user = waiting.pop()
        if isinstance(user.declaration, tree.Block):
            names = called_names(user.declaration.body)
            used = {user.module.names[name] for name in names if name in user.module.names}
            waiting.extend(used - found)
            found |= used
    return found


def takes_a_block(entity: Entity) -> bool:
    """Whether a block has a parameter that it uses as an operation."""
    declaration = entity.declaration
    assert isinstance(declaration, tree.Block)
    names = {p.name.name for p in declaration.parameters if p.shape is None and p.default is None}
    return bool(names & called_names(declaration.body))


def called_names(node: object) -> set[str]:
    """The names that a part of a syntax tree uses as operations."""
    found: set[str] = set()
    for part in parts_of(node):
        if isinstance(part, tree.Call):
            found.add(part.function.name)
        if isinstance(part, tree.Pipe):
            found.update(stage.name for stage in part.stages if isinstance(stage, tree.Name))
    return found


def _distinct(diagnostics: list[Diagnostic]) -> list[Diagnostic]:
    """The same mistake is met by every block that uses the place; it is told once."""
    found: dict[tuple[object, ...], Diagnostic] = {}
    for diagnostic in diagnostics:
        span = diagnostic.span
        key = (diagnostic.message, span and (span.source.name, span.start))
        found.setdefault(key, diagnostic)
    return list(found.values())
