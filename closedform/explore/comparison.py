"""Models side by side, as a notebook shows them."""

from __future__ import annotations

from collections.abc import Sequence

from closedform.checked import all_checked
from closedform.errors import fail
from closedform.explore import show
from closedform.explore.model import Part
from closedform.projects import under_each
from closedform.render.formats import comparison_in
from closedform.render.report.compared.comparison import Comparison as View
from closedform.render.report.compared.comparison import comparison


@all_checked
class Comparison:
    """Costs of models in shared sizes: formulas, by parts and at presets, and which is larger
    where."""

    def __init__(
        self,
        models: Sequence[Part],
        names: Sequence[str] = (),
        measures: Sequence[str] = (),
        convention: str | None = None,
        presets: Sequence[str] = (),
        when: str | None = None,
        defaults: bool = False,
    ):
        if len(models) < 2:
            raise fail("argument", "a comparison is of two models or more")
        parts = [model._entity for model in models]
        projects = [model._project for model in models]
        projects = under_each(projects, parts, when) if when is not None else projects
        self._asked = projects, presets, measures, convention
        self._parts, self._names, self._defaults = parts, tuple(names), defaults
        self._told = self._view()  # what is asked wrongly fails here, once

    def to(self, to: str = "text", lang: str = "en") -> str:
        """The comparison as text, in a format that has tables of models: "text", "md", "json"."""
        told = self._told if lang == self._told.lang else self._view(lang)
        return comparison_in(to)(told)

    def _view(self, lang: str = "en") -> View:
        shared = self._parts, self._names, self._defaults
        return comparison(*self._asked, lang, None, *shared)

    def __repr__(self) -> str:
        return self.to().rstrip()

    def _repr_html_(self) -> str:
        return show.html_filled("comparison.html.j2", self._told)

    def _repr_markdown_(self) -> str:
        return self.to("notebook")
