"""The claims of a block or model, each with what is derived under its conditions."""

from __future__ import annotations

from dataclasses import replace

from closedform.derive.assume.knowledge import contradicted
from closedform.derive.assume.store import Fact
from closedform.derive.check.checked import Checked
from closedform.derive.check.comparisons import check_comparison
from closedform.derive.check.orders import check_limit, check_order
from closedform.derive.check.paper import OWN, Paper
from closedform.derive.elaborate.declarations import each_stage
from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.elaborate.model import reading
from closedform.derive.project import Project
from closedform.derive.resolve.modules import Entity
from closedform.errors import fail
from closedform.grammar import tree


def claims_of(entity: Entity) -> list[tree.ComparisonClaim | tree.OrderClaim]:
    """The claims that a block or model makes about itself."""
    assert isinstance(entity.declaration, tree.Block)
    claims = tree.ComparisonClaim | tree.OrderClaim
    return [s for s in entity.declaration.body if isinstance(s, claims)]


def check_claim(project: Project, entity: Entity, claim: tree.Claim, paper: Paper = OWN) -> Checked:
    """The verdict of a claim, whose formula may be that of a paper.

    Raises ClosedformError where it has no meaning.
    """
    supposed = _conditions(project, entity, claim)
    derivation = project.supposing(entity, supposed)
    if isinstance(claim, tree.OrderClaim):
        checked = check_order(project, derivation, claim, paper)
    elif claim.operator == "~":
        checked = check_limit(project, derivation, claim, paper)
    else:
        checked = check_comparison(project, derivation, claim, paper)
    own = {fact: fact for fact in supposed}  # another claim may have stated the same elsewhere
    return replace(checked, facts=tuple(own.get(fact, fact) for fact in checked.facts))


def derivation_under(project: Project, entity: Entity, claim: tree.Claim) -> Derivation:
    """What is derived under the conditions of a claim."""
    return project.supposing(entity, _conditions(project, entity, claim))


def _conditions(project: Project, entity: Entity, claim: tree.Claim) -> tuple[Fact, ...]:
    """The conditions of a claim, as far as they are not known."""
    derivation = project.derivation(entity)
    facts: list[Fact] = []
    context = reading(derivation)  # of its own: what a condition divides by is not known elsewhere
    for condition in claim.conditions:
        for holds in each_stage(context, condition, derivation.scope):
            if holds is False:
                raise fail("claim", "this condition can never hold", condition.span)
            if holds is not True:
                others = contradicted(context.known, facts, holds)
                if others:
                    message = "this condition can never hold with the others"
                    notes = [f"`{fact}` is {fact.why}" for fact in others]
                    raise fail("claim", message, condition.span, None, *notes)
                facts.append(Fact(holds, "when", condition.span))
    return tuple(facts)
