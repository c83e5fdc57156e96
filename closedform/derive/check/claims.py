"""Claims: a formula that is proved equal to what was derived, refuted by sizes, or left open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import cache

import sympy
from sympy import Expr

from closedform import formula as w
from closedform.derive.arrange.forms import factored, shortest
from closedform.derive.assume.knowledge import Knowledge
from closedform.derive.assume.proofs.equality import equality
from closedform.derive.assume.store import Fact
from closedform.derive.assume.verdict import NotDecided, Proved, Refuted
from closedform.derive.check.checked import Checked, Sides
from closedform.derive.check.expectations import other_conventions
from closedform.derive.check.measured import with_measures
from closedform.derive.check.orders import check_order
from closedform.derive.check.paper import OWN, Paper
from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.elaborate.model import elaborate, reading
from closedform.derive.measures.rows import Measure
from closedform.derive.project import Project
from closedform.derive.resolve.modules import Entity
from closedform.derive.solve.closed import Closed, closed
from closedform.derive.symbolic.expansion import expand
from closedform.derive.symbolic.wording import say
from closedform.errors import ClosedformError, Diagnostic, fail
from closedform.grammar import tree


def claims_of(entity: Entity) -> list[tree.EqualClaim | tree.OrderClaim]:
    """The claims that a block or model makes about itself."""
    assert isinstance(entity.declaration, tree.Block)
    return [s for s in entity.declaration.body if isinstance(s, tree.EqualClaim | tree.OrderClaim)]


def check_claim(
    project: Project,
    entity: Entity,
    claim: tree.EqualClaim | tree.OrderClaim,
    paper: Paper = OWN,
) -> Checked:
    """The verdict of a claim, whose formula may be that of a paper.

    Raises ClosedformError where it has no meaning.
    """
    what = project.measure(claim.measure.name, claim.measure.convention, claim.measure.span)
    form = form_of(project, entity, claim, what)
    title = f"{what.title} of `{entity.name}`"
    if isinstance(claim, tree.OrderClaim):
        return check_order(form, claim, title, paper)
    claimed = claimed_in(project, entity, claim, form, paper)
    known = all_that_holds(form.derivation)
    verdict = equality(known, form.expr, paper.bounded(form.expr, claimed))

    @cache
    def sides() -> Sides:
        return Sides(
            w.plain(form.written(stages="each")),
            w.plain(shortest(claimed, form.order)),
            w.plain(factored(_shown(form, claimed), form.order)),
        )

    facts = form.facts
    if isinstance(verdict, Proved):
        facts = tuple(known.without_implied(dict.fromkeys((*facts, *verdict.facts))))
    if isinstance(verdict, Refuted):
        wrong = Diagnostic(
            "claim",
            f"{title} is {sides().derived}, and the claim says {paper.says}{sides().claimed}",
            claim.span,
            None,
            (
                f"derived minus claimed: {sides().difference}",
                *_at_sizes(verdict),
                *(
                    f"it holds for {other.title}: {other.says}"
                    for other in holds_under(project, entity, claim, what, paper)
                ),
            ),
        )
        return Checked(claim, verdict, sides, facts, wrong)
    if isinstance(verdict, NotDecided):
        open_ = Diagnostic(
            "undecided",
            f"it is not decided whether {title} is {paper.says}{sides().claimed}",
            claim.span,
            None,
            (
                f"derived: {sides().derived}",
                f"derived minus claimed: {sides().difference}",
                f"tried: {', '.join(verdict.tried)}",
            ),
        )
        return Checked(claim, verdict, sides, facts, open_)
    return Checked(claim, verdict, sides, facts)


def all_that_holds(derivation: Derivation) -> Knowledge:
    """What sizes of a formula satisfy: what is known, what it rests on, that no axis is empty."""
    known = derivation.known.copied()
    for fact in derivation.facts:
        if fact not in known.facts:
            known.assume(fact)
    for size, case in derivation.positive:
        known.assume(Fact(sympy.Or(sympy.Not(case), size >= 1), "possible"))
    return known


def _at_sizes(verdict: Refuted) -> Iterator[str]:
    """A note of the sizes at which both sides differ."""
    if verdict.sizes:
        sizes = ", ".join(f"{say(s)} = {say(value)}" for s, value in verdict.sizes.items())
        assert verdict.left is not None
        assert verdict.right is not None
        yield f"at {sizes}: {say(verdict.left)} derived, {say(verdict.right)} claimed"


def _shown(form: Closed, claimed: Expr) -> Expr:
    """The difference in abbreviations where it is then a difference at all."""
    difference = expand(form.expr - claimed)
    base = form.derivation.known.base(difference)
    return min((difference, base), key=lambda e: (e.count_ops(), str(e)))


def claimed_in(
    project: Project, entity: Entity, claim: tree.EqualClaim, form: Closed, paper: Paper = OWN
) -> Expr:
    """What a claim says, in the sizes of the form, which is derived under its conditions."""
    context, scope = reading(form.derivation), form.derivation.scope

    def value(what: Measure) -> Expr:
        return form_of(project, entity, claim, what).expr

    named = paper.scope(context, scope, claim.formula, form)
    inner = with_measures(project, context, named, claim.formula, value)
    return paper.size(context, inner, claim.formula)


def form_of(
    project: Project, entity: Entity, claim: tree.EqualClaim | tree.OrderClaim, what: Measure
) -> Closed:
    """The closed form under the conditions of a claim."""
    if not claim.conditions:
        return project.closed(entity, what)
    derivation = project.derivation(entity)
    facts = []
    for condition in claim.conditions:
        holds = project.reading(entity).condition(condition, derivation.scope)
        if holds is False:
            raise fail("claim", "this condition can never hold", condition.span)
        if holds is not True:
            facts.append(Fact(holds, "when", condition.span))
    return closed(elaborate(entity, facts), what)


def holds_under(
    project: Project, entity: Entity, claim: tree.EqualClaim, what: Measure, paper: Paper = OWN
) -> Iterator[Measure]:
    """The measures of other conventions under which a refused equation would hold."""
    if paper.relation != "==":
        return
    for other in other_conventions(project, what):
        form = form_of(project, entity, claim, other)
        claimed = claimed_in(project, entity, claim, form, paper)
        with suppress(ClosedformError):  # a convention that cannot count this block
            if form.derivation.known.copied().equal(form.expr, claimed):
                yield other
