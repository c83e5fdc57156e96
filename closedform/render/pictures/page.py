"""What a page shows besides its report: pictures, and numbers at one preset."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import partial

from closedform import formula as w
from closedform.data import dataclass
from closedform.render.language import language
from closedform.render.pictures import charts, drawing, svg
from closedform.render.pictures.flows import flow_drawing
from closedform.render.report.preset_costs import (
    Part,
    amounts_of_rows,
    by_name,
    parts_of,
    preset_shown,
    sizes_at,
    sweeps,
)
from closedform.render.report.view import PresetRow, Report


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

    Of the drawing and of the shares there are two, of which the style shows that for the width of
    the page.
    `at_preset` is what all of each part costs, in the order of the rows of the parts. Without
    costs there are no shares and no plots. `blocks` are the names of blocks, each with a picture
    of its inside.
    """

    preset: str | None
    drawing: str
    blocks: tuple[tuple[str, str], ...] = ()
    shares: str = ""
    costs: tuple[CostRow, ...] = ()
    sweeps: tuple[str, ...] = ()
    at_preset: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Costs:
    """What the parts of a report cost at the preset that is shown, and the colours of them."""

    preset: PresetRow | None
    sizes: dict[str, w.Written]
    parts: tuple[Part, ...]
    by_name: dict[str, tuple[Fraction, ...]]
    work: int  # the measure by which parts are ranked
    shades: dict[str, str]

    @property
    def titled(self) -> str | None:
        return self.preset.title if self.preset else None


def _costs(report: Report) -> _Costs:
    preset = preset_shown(report)
    sizes = sizes_at(report.basis, preset.given if preset else ())
    parts = parts_of(report, sizes)
    costs = by_name(parts)
    worked = [at for at, row in enumerate(report.formulas) if row.convention]
    work = (worked or [0])[0]
    ranked = sorted(costs, key=lambda n: [-costs[n][work], *(-c for c in costs[n])])
    return _Costs(preset, sizes, parts, costs, work, svg.colours(ranked))


def drawn(report: Report) -> tuple[tuple[drawing.Item, ...], int]:
    """The items of the drawing of a report, and the measure that is told of each."""
    costs = _costs(report)
    return drawing.items_of(costs.parts, costs.work), costs.work


def architecture(report: Report) -> svg.Image:
    """The drawing of a report."""
    costs = _costs(report)
    return _architecture(report, costs)


def inside(report: Report) -> tuple[tuple[str, svg.Image], ...]:
    """The names of blocks, each with a picture of what flows through it."""
    words = language(report.lang)
    return tuple((flow.name, flow_drawing(flow, words)) for flow in report.flows)


def _architecture(report: Report, costs: _Costs, narrow: bool = False) -> svg.Image:
    return drawing.drawing(report, costs.parts, costs.work, costs.shades, costs.titled, narrow)


def plots(report: Report) -> tuple[svg.Image, ...]:
    """The share of each part, and the cost over each size; none without a preset or a cost."""
    costs = _costs(report)
    if costs.preset is None or not any(_totals(costs, report)):
        return ()
    shares = _shares(report, costs, costs.preset)
    return (shares, *_sweeps(report, costs, costs.preset))


def page_of(report: Report) -> Page:
    """The page of a report, with numbers at the first preset at which its formulas hold."""
    costs = _costs(report)
    preset = costs.preset
    drawn = _both(partial(_architecture, report, costs)) if report.parts else ""
    blocks = tuple((name, image.element()) for name, image in inside(report))
    page = Page(costs.titled, drawn, blocks)
    if preset is None:
        return page
    work, shades, totals = costs.work, costs.shades, _totals(costs, report)
    rows = amounts_of_rows(report, costs.sizes)
    page = replace(page, at_preset=tuple("" if row is None else _whole(row[work]) for row in rows))
    if not any(totals):
        return page
    told = costs.by_name
    return replace(
        page,
        shares=_both(partial(_shares, report, costs, preset)),
        costs=tuple(
            _cost_row(name, shades[name], told[name], totals) for name in shades if any(told[name])
        ),
        sweeps=tuple(plot.element() for plot in _sweeps(report, costs, preset)),
    )


def _both(draw: Callable[[bool], svg.Image]) -> str:
    """A picture for a wide page and one for a narrow one."""
    return f"{draw(False).element()}\n{draw(True).element()}"


def _totals(costs: _Costs, report: Report) -> tuple[Fraction, ...]:
    return tuple(
        sum((amounts[at] for amounts in costs.by_name.values()), Fraction(0))
        for at in range(len(report.formulas))
    )


def _shares(report: Report, costs: _Costs, preset: PresetRow, narrow: bool = False) -> svg.Image:
    headings = [row.heading for row in report.formulas]
    words = language(report.lang)
    return charts.stacked(costs.by_name, headings, costs.shades, preset.title, words, narrow)


def _sweeps(report: Report, costs: _Costs, preset: PresetRow) -> tuple[svg.Image, ...]:
    heading, words = report.formulas[costs.work].heading, language(report.lang)
    return tuple(
        charts.over(sweep, heading, preset.title, costs.shades, words)
        for sweep in sweeps(report, preset, costs.work)
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
