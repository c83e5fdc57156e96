"""The drawing of an architecture as a file of its own, light and dark.

Programs that show SVG know no variables of CSS: the colours of both schemes are written out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from closedform.render.formulas import mathml
from closedform.render.markup.format import Format
from closedform.render.markup.templating import Markup

if TYPE_CHECKING:
    from closedform.render.report.view import Report

CSS = Markup(mathml.escape_html, mathml.math, {})
COLOUR = re.compile(r"--(\w+): (#\w+);")


def style(report: Report) -> str:
    """The style of a picture that stands in no page."""
    light, dark = CSS.file("colours.css.j2")(report).split("@media")
    rules = CSS.file("alone.css.j2")(report)
    in_light = _coloured(rules, dict(COLOUR.findall(light)))
    in_dark = _coloured(rules, dict(COLOUR.findall(dark)))
    return f"{in_light}@media (prefers-color-scheme: dark) {{\n{in_dark}}}\n"


def _coloured(rules: str, colours: dict[str, str]) -> str:
    return re.sub(r"var\(--(\w+)\)", lambda use: colours[use[1]], rules)


def _report(report: Report) -> str:
    from closedform.render.pictures.page import architecture

    return architecture(report).document(style(report))


FORMAT = Format(report=_report, suffixes=(".svg",))
