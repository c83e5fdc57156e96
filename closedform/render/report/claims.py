"""Claims about a model and the blocks in it: each as it stands in the file, with its verdict."""

from __future__ import annotations

from collections.abc import Iterator

from closedform import formula as w
from closedform.data import dataclass
from closedform.derive.assume.verdict import Proved
from closedform.derive.check.claims import check_claim, claims_of
from closedform.derive.cost.tree import Sequence, nodes
from closedform.derive.measures.lookup import is_measured
from closedform.derive.measures.rows import Measure
from closedform.derive.project import Project
from closedform.derive.resolve.modules import Entity
from closedform.grammar import tree
from closedform.grammar.expressions import show
from closedform.grammar.stated import stated
from closedform.render.language import Language
from closedform.render.report.signs import signed


@dataclass(frozen=True)
class ClaimRow:
    """A claim: `of` is the block that makes it, `relation` is "=", "<=" or
    alike, or "in" for an order of growth; `label` is empty where the left side is no measure alone.

    `growing` are the sizes that grow in an order, `conditions` those of its `when`, `source` the
    text that says where it was published, `text` the claim as the file has it.
    """

    of: str
    line: int
    measure: str
    heading: str
    label: str
    relation: str
    statement: w.Written
    formula: w.Written
    growing: tuple[w.Written, ...]
    conditions: tuple[w.Written, ...]
    source: str
    verdict: str
    proved: bool
    text: str


def claim_rows(project: Project, entity: Entity, words: Language) -> Iterator[ClaimRow]:
    """The claims of a model or block, and of the blocks of the file that are in it.

    Raises ClosedformError for one that has no meaning.
    """
    root = project.derivation(entity).root
    used = {id(n.declaration) for n in nodes(root) if isinstance(n, Sequence)}
    # A claim has its own conditions, and no others.
    whole = Project(project.module, widths=project.widths)
    inside = [part for part in whole.parts() if id(part.declaration) in used and part != entity]
    for part in (entity, *inside):
        for claim in claims_of(part):
            yield _row(whole, part, claim, words)


def _row(
    project: Project,
    entity: Entity,
    claim: tree.ComparisonClaim | tree.OrderClaim,
    words: Language,
) -> ClaimRow:
    checked = check_claim(project, entity, claim)
    what = _measure(project, claim)
    growing: tuple[tree.Grown, ...] = ()
    if isinstance(claim, tree.ComparisonClaim):
        relation = "=" if claim.operator == "==" else claim.operator
        formula, about = stated(claim.right), stated(claim.left)
        title, growing = show(claim.left), claim.growing
    else:
        relation, growing = "in", claim.growing
        formula = w.Function(claim.order, (stated(claim.bound),))
        title, about = claim.measure.name, w.Symbol(claim.measure.name)
    if what is not None:
        title, about = what.title, w.Symbol(what.label, sign=what.label)
    row = ClaimRow(
        of=entity.name,
        line=claim.span.line,
        measure=title,
        heading=what.heading if what else title,
        label=what.label if what else "",
        relation=relation,
        statement=w.Condition(relation, (about, formula)),
        formula=formula,
        growing=tuple(map(stated, growing)),
        conditions=tuple(map(stated, claim.conditions)),
        source=claim.source or "",
        verdict=words.tr(checked.verdict.word),
        proved=isinstance(checked.verdict, Proved),
        text=checked.text,
    )
    return signed(row, project.derivation(entity).signs)


def _measure(project: Project, claim: tree.ComparisonClaim | tree.OrderClaim) -> Measure | None:
    """The measure that a claim is about, where one alone is on its left side."""
    left = claim.left if isinstance(claim, tree.ComparisonClaim) else claim.measure
    if isinstance(left, tree.Measured | tree.Measure):
        return project.measure(left.name, left.convention)
    if isinstance(left, tree.Name) and is_measured(left.name, project.module):
        return project.measure(left.name)
    return None
