"""What a page shows besides its report: pictures, and numbers at one preset."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from closedform.render.language import language
from closedform.render.pictures import charts, drawing, svg
from closedform.render.report.preset_costs import (
    amounts_of_rows,
    by_name,
    parts_of,
    preset_shown,
    sizes_at,
    sweeps,
)
from closedform.render.report.view import Report

MOST_SWEEPS = 4


@dataclass(frozen=True)
class CostRow:
    """What the parts of one name cost, with the class of their colour: an amount and a share of
    the whole for each measure."""

    name: str
    shade: str
    shares: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Page:
    """Pictures as elements of SVG, and numbers at the preset that is shown, if any is.

    `at_preset` is what all of each part costs, in the order of the rows of the parts. Without
    costs there are no shares and no plots.
    """

    preset: str | None
    drawing: str
    shares: str = ""
    costs: tuple[CostRow, ...] = ()
    sweeps: tuple[str, ...] = ()
    at_preset: tuple[str, ...] = ()


def page_of(report: Report) -> Page:
    """The page of a report, with numbers at the first preset at which its formulas hold."""
    preset = preset_shown(report)
    sizes = sizes_at(report.basis, preset.given if preset else ())
    parts = parts_of(report, sizes)
    costs = by_name(parts)
    worked = [at for at, row in enumerate(report.formulas) if row.convention]
    work = (worked or [0])[0]
    ranked = sorted(costs, key=lambda n: [-costs[n][work], *(-c for c in costs[n])])
    shades = svg.colours(ranked)
    totals = tuple(
        sum((amounts[at] for amounts in costs.values()), Fraction(0))
        for at in range(len(report.formulas))
    )
    titled = preset.title if preset else None
    architecture = drawing.drawing(report, parts, totals, work, shades, titled)
    page = Page(titled, architecture if report.parts else "")
    if preset is None:
        return page
    rows = amounts_of_rows(report, sizes)
    page = replace(page, at_preset=tuple("" if row is None else _whole(row[work]) for row in rows))
    if not any(totals):
        return page
    words = language(report.lang)
    headings = [row.heading for row in report.formulas]
    shown = sweeps(report, preset, work)[:MOST_SWEEPS]
    return replace(
        page,
        shares=charts.stacked(costs, headings, shades, preset.title, words),
        costs=tuple(_cost_row(n, shades[n], costs[n], totals) for n in ranked if any(costs[n])),
        sweeps=tuple(
            charts.over(sweep, headings[work], preset.title, shades, words) for sweep in shown
        ),
    )


def _cost_row(
    name: str, shade: str, amounts: tuple[Fraction, ...], totals: tuple[Fraction, ...]
) -> CostRow:
    both = zip(amounts, totals, strict=True)
    shares = tuple((_whole(amount), svg.percent(amount, total)) for amount, total in both)
    return CostRow(name, shade, shares)


def _whole(amount: Fraction) -> str:
    """An amount in full, or short where it is no integer."""
    return svg.number(int(amount)) if amount.denominator == 1 else svg.short_number(amount)
