"""What a change of a file does, as a notebook shows it."""

from __future__ import annotations

from closedform.checked import all_checked
from closedform.data import dataclass
from closedform.derive.project import Project
from closedform.derive.solve.closed import Closed
from closedform.explore import show
from closedform.explore.formula import Formula
from closedform.explore.table import Table
from closedform.reason import changes as reason
from closedform.render.formats import changes_in
from closedform.render.report.compared.changes import changes_view


@dataclass(frozen=True)
class FormulaChange:
    """A closed form before and after; None where there was or is none. `difference` is what it
    became more."""

    of: str
    measure: str
    old: Formula | None
    new: Formula | None
    difference: Formula | None


class FormulaChanges(Table[FormulaChange]):
    """The formulas that changed."""

    columns = ("part", "measure", "before", "after", "difference")

    def cells(self, row: FormulaChange) -> tuple[object, ...]:
        return row.of, row.measure, row.old, row.new, row.difference


@all_checked
class Changes:
    """What a change of a file does to its formulas and presets; as a condition, whether a formula
    changed."""

    def __init__(self, found: reason.Changes):
        self._found = found

    def __bool__(self) -> bool:
        return self._found.changed

    @property
    def formulas(self) -> FormulaChanges:
        """The formulas that changed."""
        return FormulaChanges(
            FormulaChange(
                row.of,
                row.measure.title,
                _formula(self._found.old, row.old),
                _formula(self._found.new, row.new),
                _formula(self._found.new, row.difference),
            )
            for row in self._found.formulas
            if row.changed
        )

    def to(self, to: str = "text", lang: str = "en") -> str:
        """The changes as text, in a format that tells changes: "text", "md" or "json"."""
        return changes_in(to)(changes_view(self._found, lang))

    def __repr__(self) -> str:
        return self.to().rstrip()

    def _repr_html_(self) -> str:
        return show.html_filled("changes.html.j2", changes_view(self._found))

    def _repr_markdown_(self) -> str:
        return self.to("notebook")


def _formula(project: Project, form: Closed | None) -> Formula | None:
    return None if form is None else Formula(project, form.derivation.entity, form)
