"""What operations of each kind cost, as a table of formulas."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from closedform.data import dataclass
from closedform.derive.measures.rows import Measure
from closedform.derive.project import Project
from closedform.derive.resolve.modules import Entity
from closedform.derive.solve.made import Made
from closedform.explore.formula import Formula
from closedform.explore.parts import share
from closedform.explore.table import Table
from closedform.reason.kinds import by_kind


@dataclass(frozen=True)
class Kind:
    """A kind of operation, and what all operations of the kind cost."""

    name: str
    formula: Formula


@dataclass(frozen=True)
class KindShare:
    """What the operations of a kind cost at a preset, and their share of the whole."""

    name: str
    all: int | Fraction
    share: Fraction


class KindShares(Table[KindShare]):
    """The kinds of operation at a preset."""

    columns = ("kind", "all", "share")

    def cells(self, row: KindShare) -> tuple[object, ...]:
        return row.name, row.all, row.share


class Kinds(Table[Kind]):
    """The kinds of operation that cost something by one measure; they add up to the whole.

    >>> from closedform.api import zoo
    >>> zoo("vit")["SelfAttention"].kinds()
    kind    formula
    linear  4 n d^2
    einsum  2 n^2 d
    """

    columns = ("kind", "formula")

    def cells(self, row: Kind) -> tuple[object, ...]:
        return row.name, row.formula

    def at(self, preset: str | None = None, **sizes: int | Fraction | Sequence[int]) -> KindShares:
        """What each kind costs at a preset or at given sizes, and its share of the whole."""
        amounts = [row.formula.at(preset, **sizes) for row in self]
        whole = self._whole.at(preset, **sizes) if self else 0
        pairs = zip(self, amounts, strict=True)
        return KindShares(KindShare(row.name, one, share(one, whole)) for row, one in pairs)

    @property
    def _whole(self) -> Formula:
        """What all kinds cost: numbers that go together in each may not do so in all of them."""
        one = self[0].formula
        project, entity = one._project, one._entity
        return Formula(project, entity, project.closed(entity, one._closed.measure))


def kinds(project: Project, entity: Entity, what: Measure) -> Kinds:
    """The kinds of operation of a model or block that cost something."""
    found = []
    for name, form in by_kind(project.closed(entity, what)).items():
        made = Made(what, form.derivation, value=form.expr, arranged=form.order)
        whose = f"{entity.name}, {name}"
        found.append(Kind(name, Formula(project, entity, made, name=whose)))
    return Kinds(found)
