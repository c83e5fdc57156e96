"""The claims of a block or model, each with what is derived under its conditions."""

from __future__ import annotations

from closedform.derive.assume.store import Fact
from closedform.derive.check.checked import Checked
from closedform.derive.check.comparisons import check_comparison
from closedform.derive.check.orders import check_order
from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.elaborate.model import elaborate
from closedform.derive.project import Project
from closedform.derive.resolve.modules import Entity
from closedform.derive.solve.closed import closed
from closedform.errors import fail
from closedform.grammar import tree


def claims_of(entity: Entity) -> list[tree.ComparisonClaim | tree.OrderClaim]:
    """The claims that a block or model makes about itself."""
    assert isinstance(entity.declaration, tree.Block)
    claims = tree.ComparisonClaim | tree.OrderClaim
    return [s for s in entity.declaration.body if isinstance(s, claims)]


def check_claim(
    project: Project, entity: Entity, claim: tree.ComparisonClaim | tree.OrderClaim
) -> Checked:
    """The verdict of a claim. Raises ClosedformError where it has no meaning."""
    if isinstance(claim, tree.ComparisonClaim):
        return check_comparison(project, _derivation(project, entity, claim), claim)
    what = project.measure(claim.measure.name, claim.measure.convention, claim.measure.span)
    form = closed(_derivation(project, entity, claim), what)
    return check_order(form, claim, f"{what.title} of `{entity.name}`")


def _derivation(
    project: Project, entity: Entity, claim: tree.ComparisonClaim | tree.OrderClaim
) -> Derivation:
    """What is derived under the conditions of a claim."""
    derivation = project.derivation(entity)
    facts = []
    for condition in claim.conditions:
        holds = project.reading(entity).condition(condition, derivation.scope)
        if holds is False:
            raise fail("claim", "this condition can never hold", condition.span)
        if holds is not True:
            facts.append(Fact(holds, "when", condition.span))
    return elaborate(entity, facts) if claim.conditions else derivation
