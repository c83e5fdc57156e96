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


# The colours of a picture in a page that is not ours: made of those of its text.
AROUND = {
    "ink": "currentColor",
    "paper": "transparent",
    "tint": "color-mix(in srgb, currentColor 4%, transparent)",
    "rule": "color-mix(in srgb, currentColor 20%, transparent)",
    "open": "color-mix(in srgb, currentColor 25%, transparent)",
    "wire": "color-mix(in srgb, currentColor 45%, transparent)",
    "soft": "color-mix(in srgb, currentColor 70%, transparent)",
}


def style_within(report: Report, place: str) -> str:
    """The style of pictures inside what `place` selects, in the colours of the text there."""
    light, _ = CSS.file("colours.css.j2")(report).split("@media")
    rules, _ = CSS.file("pictures.css.j2")(report).split("@media")
    rules = re.sub(r"\.swatch[^}]*\}", "", rules)
    inside = re.sub(r"\bsvg (?=[a-z.])", f"{place} svg ", rules)
    badge = f"{place} svg rect.badge {{ fill: var(--rule); }}"
    count = f"{place} svg text.count {{ fill: var(--ink); }}"
    return _coloured(f"{inside}{badge}\n{count}\n", {**dict(COLOUR.findall(light)), **AROUND})


def _coloured(rules: str, colours: dict[str, str]) -> str:
    return re.sub(r"var\(--(\w+)\)", lambda use: colours[use[1]], rules)


def _report(report: Report) -> str:
    from closedform.render.pictures.page import architecture

    return architecture(report).document(style(report))


FORMAT = Format(report=_report, suffixes=(".svg",))
