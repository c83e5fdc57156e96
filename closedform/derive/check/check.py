"""Expectations and claims: checked, never assumed."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from decimal import Decimal

import sympy
from sympy import Expr

from closedform import formula as w
from closedform.derive.arrange.forms import factored, shortest
from closedform.derive.assume.store import Fact
from closedform.derive.check.orders import check_order, defaults_that_grow
from closedform.derive.cost.measures import Measure, conventions, measure
from closedform.derive.elaborate.values import Scope
from closedform.derive.project import Project, derive
from closedform.derive.resolve.modules import Entity
from closedform.derive.solve.closed import Closed, closed
from closedform.derive.symbolic.expansion import expand
from closedform.errors import ClosedformError, Diagnostic, fail
from closedform.grammar import tree
from closedform.grammar.expressions import show
from closedform.grammar.traverse import parts_of

PREFIXES = {"k": 3, "K": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}


def check(project: Project) -> tuple[int, list[Diagnostic]]:
    """How many expectations and claims a file has, and what is wrong with it.

    Every model and block is derived, so that a wrong shape is found where nothing is claimed. A
    block that claims nothing, and that models use, need not hold in sizes of its own.
    """
    wrong: list[Diagnostic] = []
    number = 0
    titles: set[str] = set()
    failed: dict[Entity, ClosedformError] = {}
    for entity in project.parts():
        try:
            if not takes_a_block(entity):
                project.derivation(entity)
        except ClosedformError as error:
            failed[entity] = error
    for entity, reason in failed.items():
        notes = tuple(_alone(project, entity, failed))
        if notes and not claims_of(entity):
            continue
        first, *others = reason.diagnostics
        wrong.append(replace(first, notes=(*first.notes, *notes)))
        wrong.extend(others)
    if wrong:
        return number, _distinct(wrong)
    for preset in project.module.presets():
        if preset.title in titles:
            wrong.append(
                Diagnostic("preset", f"there are two presets {preset.title!r}", preset.span)
            )
        titles.add(preset.title)
        number += sum(len(line.items) for line in preset.expects)
        wrong.extend(_check_preset(project, preset))
    for entity in project.parts():
        for claim in claims_of(entity):
            number += 1
            try:
                check_claim(project, entity, claim)
            except ClosedformError as error:
                wrong.extend(error.diagnostics)
    return number, _distinct(wrong)


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


# Expectations ------------------------------------------------------------------------------


def _check_preset(project: Project, preset: tree.Preset) -> Iterator[Diagnostic]:
    try:
        project.check_at(preset)
    except ClosedformError as error:
        yield from error.diagnostics
        return
    for line in preset.expects:
        for item in line.items:
            try:
                _check_expectation(project, preset, item)
            except ClosedformError as error:
                first, *rest = error.diagnostics
                yield replace(first, span=first.span or item.span)
                yield from rest


def _check_expectation(project: Project, preset: tree.Preset, item: tree.Expectation) -> None:
    what = project.measure(item.measure)
    value = project.value(preset, what)
    if isinstance(item.value, tree.Quantity):
        if not agrees(value, item.value.text):
            raise fail(
                "expect",
                f"{what.title} of {preset.title!r} is {value}, "
                f"which is not printed as {item.value.text}",
                item.span,
                f"it rounds to {printed(value, item.value.text)}",
            )
        return
    elaborator = project.derivation(project.model_of(preset)).evaluator
    expected = elaborator.size(item.value, Scope(project.module))
    expected = expected.xreplace(project.bindings(preset)).doit()
    if expected != value:
        raise fail(
            "expect",
            f"{what.title} of {preset.title!r} is {value}, and {expected} is expected",
            item.span,
            None,
            f"derived minus expected: {value - expected}",
            *_other_conventions(project, preset, what, expected),
        )


def _other_conventions(
    project: Project, preset: tree.Preset, what: Measure, expected: Expr
) -> Iterator[str]:
    """Conventions under which the figure would be right."""
    if what.convention is None:
        return
    for name, row in conventions().items():
        if name != what.convention.name:
            other = measure(row.unit.lower(), name)
            if project.value(preset, other) == expected:
                yield f"that is {other.title}: {row.says}"


def _digits(text: str) -> tuple[Decimal, int, int]:
    """The number before the prefix, its decimals, and the power of ten of the prefix."""
    text = text.replace("_", "")
    power = PREFIXES.get(text[-1], 0)
    number = text if text[-1].isdigit() else text[:-1]
    decimals = len(number.partition(".")[2])
    return Decimal(number), decimals, power


def agrees(value: int, text: str) -> bool:
    """Whether a value is printed as a figure such as `45.2G`, rounded or cut off.

    >>> agrees(45263861760, "45.2G"), agrees(45263861760, "45.3G"), agrees(45263861760, "45.4G")
    (True, True, False)
    """
    number, decimals, power = _digits(text)
    unit = sympy.Integer(10) ** power / sympy.Integer(10) ** decimals
    figure = sympy.Integer(int(number.scaleb(decimals)))
    ratio = sympy.Integer(value) / unit
    return figure in (sympy.floor(ratio), sympy.floor(ratio + sympy.Rational(1, 2)))


def printed(value: int, like: str) -> str:
    """A value rounded to the digits and the prefix of another figure."""
    _, decimals, power = _digits(like)
    prefix = like[-1] if not like[-1].isdigit() else ""
    if value < 10**power:
        fitting = [p for p in PREFIXES if 10 ** PREFIXES[p] <= value]
        prefix = fitting[-1] if fitting else ""
        power = PREFIXES.get(prefix, 0)
    scaled = Decimal(value).scaleb(-power)
    return f"{scaled:.{decimals}f}{prefix}"


# Claims ------------------------------------------------------------------------------------


def claims_of(entity: Entity) -> list[tree.EqualClaim | tree.OrderClaim]:
    """The claims that a block or model makes about itself."""
    assert isinstance(entity.declaration, tree.Block)
    return [s for s in entity.declaration.body if isinstance(s, tree.EqualClaim | tree.OrderClaim)]


def notes(project: Project) -> Iterator[str]:
    """What there is to say of claims that hold: sizes held fixed whose defaults grow."""
    for entity in project.parts():
        for claim in claims_of(entity):
            if isinstance(claim, tree.OrderClaim):
                form = _claimed_form(project, entity, claim, project.measure(claim.measure))
                for note in defaults_that_grow(form, claim):
                    yield f"{claim.span}: note: {note}"


def check_claim(project: Project, entity: Entity, claim: tree.EqualClaim | tree.OrderClaim) -> None:
    """Raise ClosedformError, with both sides and their difference, when a claim does not hold."""
    what = project.measure(claim.measure)
    form = _claimed_form(project, entity, claim, what)
    known, scope = form.derivation.known, form.derivation.scope
    evaluator = form.derivation.evaluator
    title = f"{what.title} of `{entity.name}`"
    if isinstance(claim, tree.OrderClaim):
        check_order(form, claim, title)
        return
    claimed = evaluator.size(claim.formula, scope)
    difference = expand(known.base(form.expr) - known.base(claimed))
    if difference == 0 or expand(known.refloored(difference)) == 0:
        return
    order = form.order
    raise fail(
        "claim",
        f"{title} is {w.plain(form.written(stages='each'))}, and the claim says "
        f"{w.plain(shortest(claimed, order))}",
        claim.span,
        None,
        f"derived minus claimed: {w.plain(factored(_shown(form, claimed), order))}",
        *_claims_hold_under(project, entity, claim, what),
    )


def _shown(form: Closed, claimed: Expr) -> Expr:
    """The difference in abbreviations where it is then a difference at all."""
    difference = expand(form.expr - claimed)
    base = form.derivation.known.base(difference)
    return min((difference, base), key=lambda e: (e.count_ops(), str(e)))


def _claimed_form(
    project: Project, entity: Entity, claim: tree.EqualClaim | tree.OrderClaim, what: Measure
) -> Closed:
    """The closed form under the conditions of a claim."""
    if not claim.conditions:
        return project.closed(entity, what)
    derivation = project.derivation(entity)
    facts = []
    for condition in claim.conditions:
        holds = derivation.evaluator.condition(condition, derivation.scope)
        if holds is False:
            raise fail("claim", "this condition can never hold", condition.span)
        if holds is not True:
            facts.append(Fact(holds, "when", condition.span))
    return closed(derive(entity, facts), what)


def _claims_hold_under(
    project: Project,
    entity: Entity,
    claim: tree.EqualClaim,
    what: Measure,
) -> Iterator[str]:
    """Conventions under which a refused claim would hold."""
    if what.convention is None:
        return
    for name, row in conventions().items():
        other = measure(row.unit.lower(), name)
        if name == what.convention.name:
            continue
        form = _claimed_form(project, entity, claim, other)
        known = form.derivation.known
        claimed = form.derivation.evaluator.size(claim.formula, form.derivation.scope)
        if expand(known.base(form.expr) - known.base(claimed)) == 0:
            yield f"it holds for {other.title}: {row.says}"
