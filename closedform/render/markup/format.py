"""The row of a format: what it can write, and how.

A row imports neither SymPy nor Jinja2, since `--help` reads it; its functions may when they are
called.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from closedform.data import dataclass
from closedform.render.markup.templating import Markup

if TYPE_CHECKING:
    from closedform.render.report.compared.changes import ChangesView
    from closedform.render.report.compared.comparison import Comparison
    from closedform.render.report.derivation import DerivationView
    from closedform.render.report.overview import Overview
    from closedform.render.report.view import Report

MADE = "made by closedform docs: change the .arch files and run it again"


@dataclass(frozen=True)
class Site:
    """How the pages of a project are written besides those of its models.

    `comment` is what stands before and after a remark that no reader sees, `link` what stands
    before and after the address in a link: an index is read again to find the pages of models
    that are gone.
    """

    suffix: str
    index: Callable[[Overview], str]
    closed_forms: Callable[[Overview], str]
    comment: tuple[str, str]
    link: tuple[str, str]

    @property
    def mark(self) -> str:
        """The first line of every page."""
        return MADE.join(self.comment) + "\n"

    def addresses(self, page: str) -> list[str]:
        """The pages that a page of the site links to, in the order in which they stand there."""
        return self._address.findall(page)

    @cached_property
    def _address(self) -> re.Pattern[str]:
        before, after = map(re.escape, self.link)
        return re.compile(rf'{before}([^()\[\]\s"]+{re.escape(self.suffix)}){after}')


@dataclass(frozen=True)
class Format:
    """A way to write a report; `suffixes` choose it by the name of a file.

    What is None the format does not have: a way to write derivations, to fill in a template of
    the user, to write the pages of a project, to read how wide its lines shall be, to set models
    side by side, to tell what a change of a file does.
    """

    report: Callable[[Report], str]
    suffixes: tuple[str, ...] = ()
    derivation: Callable[[DerivationView], str] | None = None
    template: Markup | None = None
    site: Site | None = None
    width: Callable[[str], float] | None = None
    comparison: Callable[[Comparison], str] | None = None
    changes: Callable[[ChangesView], str] | None = None
