"""A report as one page of HTML that needs nothing else: no script, no font, no other file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from closedform import formula as w
from closedform.render.formats.templating import Node, Raw, template_writer
from closedform.render.formulas import displays, mathml
from closedform.render.language import language
from closedform.render.pictures import charts, drawing, svg
from closedform.render.report.at_preset import (
    Part,
    amounts_of_rows,
    by_name,
    parts_of,
    preset_shown,
    sizes_at,
    sweeps,
)
from closedform.render.report.view import Report

MOST_SWEEPS = 4


def html_report(report: Report) -> str:
    """The report as an HTML document, which is well-formed XML as well."""
    page = _Page.of(report)
    tools = {**TOOLS, "page": lambda: page.data()}
    writer = template_writer("report.html.j2", mathml.escape_html, mathml.math, tools)
    return writer(report)


def _display(name: str, node: Node) -> str:
    return displays.equation(name, node.written)


def _definition(symbol: Node, node: Node) -> str:
    return displays.definition(symbol.written, node.written)


def _number(value: int | None, lang: str = "en") -> str:
    if value is None:
        return language(lang).tr("no value")
    return f"{value:,}".replace(",", "\u202f")


def _typed(text: str) -> str:
    return f"<code>{mathml.escape_html(text)}</code>"


TOOLS: dict[str, Callable[..., Any]] = {
    "display": _display,
    "definition": _definition,
    "number": _number,
    "typed": _typed,
}


@dataclass(frozen=True)
class _Page:
    """What a page shows besides the report: its pictures, and numbers at one preset."""

    report: Report
    sizes: dict[str, w.Written]
    parts: tuple[Part, ...]
    work: int

    @classmethod
    def of(cls, report: Report) -> _Page:
        preset = preset_shown(report)
        worked = [at for at, row in enumerate(report.formulas) if row.convention]
        sizes = sizes_at(report.basis, preset.given if preset else ())
        return cls(report, sizes, parts_of(report, sizes), (worked or [0])[0])

    def data(self) -> dict[str, Any]:
        """The pictures and numbers of the page, for the template."""
        report, costs = self.report, by_name(self.parts)
        words = language(report.lang)
        ranked = sorted(costs, key=lambda n: [-costs[n][self.work], *(-c for c in costs[n])])
        shades = svg.colours(ranked)
        preset = preset_shown(report)
        totals = tuple(
            sum((amounts[at] for amounts in costs.values()), Fraction(0))
            for at in range(len(report.formulas))
        )
        titles = [row.heading for row in report.formulas]
        shown = preset.title if preset else None
        architecture = drawing.drawing(report, self.parts, totals, self.work, shades, shown)
        found: dict[str, Any] = {
            "drawing": Raw(architecture) if report.every_part else "",
            "preset": shown,
            "shares": "",
            "costs": [],
            "sweeps": [],
            "at_preset": self._at_preset() if preset else [],
        }
        if preset and any(totals):
            found["shares"] = Raw(charts.stacked(costs, titles, shades, preset.title, words))
            found["costs"] = [
                (name, shades[name], [self._share(costs[name][at], totals[at]) for at in range(
                    len(totals))])
                for name in ranked
            ]  # fmt: skip
            unit = report.formulas[self.work].heading
            found["sweeps"] = [
                Raw(charts.over(sweep, unit, preset.title, shades, words))
                for sweep in sweeps(report, preset, self.work)[:MOST_SWEEPS]
            ]
        return found

    @staticmethod
    def _share(amount: Fraction, total: Fraction) -> tuple[str, str]:
        return _whole(amount), svg.percent(amount, total)

    def _at_preset(self) -> list[str]:
        """What all of each part costs, in the order of the rows of the parts."""
        return [
            "" if amounts is None else _whole(amounts[self.work])
            for amounts in amounts_of_rows(self.report, self.sizes)
        ]


def _whole(amount: Fraction) -> str:
    return _number(int(amount)) if amount.denominator == 1 else svg.short_number(amount)
