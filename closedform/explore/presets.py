"""The presets of a file: titles, and a table of what they cost."""

from __future__ import annotations

from typing import Any

from closedform.derive.project import Project
from closedform.errors import fail, suggestion
from closedform.explore import show
from closedform.explore.table import frame


class Presets(tuple[str, ...]):
    """The titles of the presets of a file; `.frame()` is the table of what they cost.

    >>> from closedform.api import zoo
    >>> zoo("vit").presets[4]
    'ViT-B/16'
    """

    _project: Project

    def __new__(cls, project: Project) -> Presets:
        made = super().__new__(cls, [preset.title for preset in project.presets()])
        made._project = project
        return made

    def __getitem__(self, key: Any) -> Any:
        """A title by its place. Raises ClosedformError for a title: it says how to have numbers."""
        if not isinstance(key, str):
            return super().__getitem__(key)
        if key in self:
            advice = (
                f"`.macs.at({key!r})` is what it costs, `.presets.frame().loc[{key!r}]` all of it"
            )
            raise fail("name", "presets are a list of titles, each with a place", None, advice)
        near = suggestion(key, self) or f"there are {', '.join(map(repr, self))}"
        raise fail("name", f"there is no preset `{key}`", None, near)

    def __deepcopy__(self, memo: object) -> Presets:
        return self  # it never changes

    def __reduce__(self) -> tuple[object, ...]:
        return tuple, (tuple(self),)

    @property
    def _headings(self) -> list[str]:
        measured = (what.title for what in self._project.measures((), None))
        return ["preset", *measured, *self._sizes]

    @property
    def _sizes(self) -> list[str]:
        """The names of the sizes that are numbers at some preset."""
        return list(dict.fromkeys(name for sizes in map(self._at, self) for name in sizes))

    def _at(self, title: str) -> dict[str, object]:
        """The sizes at a preset, those that take their defaults too; a list has one a stage."""
        preset = self._project.preset(title)
        settled = self._project.bindings(preset)
        derivation = self._project.derivation(self._project.at_preset(preset))
        found: dict[str, object] = {}
        for name, family in derivation.symbols.items():
            values = [settled[symbol] for symbol in family if symbol in settled]
            if values and len(values) == len(family):
                listed = name in {of for of, _ in derivation.stage_symbols.values()}
                found[name] = ", ".join(map(str, values)) if listed else values[0]
        return found

    def _rows(self) -> list[tuple[object, ...]]:
        rows: list[tuple[object, ...]] = []
        names, measures = self._sizes, self._project.measures((), None)
        for title in self:
            preset, sizes = self._project.preset(title), self._at(title)
            values = (self._project.value(preset, what) for what in measures)
            rows.append((title, *values, *(sizes.get(name) for name in names)))
        return rows

    def frame(self) -> Any:
        """A pandas DataFrame: a row a preset, with its params, macs and sizes. Needs pandas."""
        return frame(self._headings, self._rows()).set_index("preset")

    def _repr_html_(self) -> str:
        return show.html_table(self._headings, self._rows())

    def _repr_markdown_(self) -> str:
        return show.markdown_table(self._headings, self._rows())
