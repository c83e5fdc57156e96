"""Plots: the cost of each part, costs over a size with their crossings, a cost over two sizes, and
what a cost answers to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import combinations
from typing import Any

from closedform.data import dataclass
from closedform.derive.solve.along import Along
from closedform.errors import fail
from closedform.render.language import Language, language
from closedform.render.pictures.curves import Crossing, crossings
from closedform.render.pictures.figures import COLOURS, INK, SOFT, Picture, figure_in
from closedform.render.pictures.svg import percent, short_number
from closedform.render.report.preset_costs import by_name, parts_of, preset_shown, sizes_at
from closedform.render.report.view import Report

BAR: dict[str, Any] = {"height": 0.62, "edgecolor": "white"}
IN_BAR: dict[str, Any] = {"color": "white", "ha": "center", "va": "center", "fontsize": 9}
IN_CORNER: dict[str, Any] = {
    "ha": "right",
    "va": "bottom",
    "fontsize": 9,
    "bbox": {"facecolor": "white", "edgecolor": "none", "pad": 3},
}

DASHES = ("-", "--", ":")  # of lines, after all colours were used
COLOUR_MAP = "cividis"  # in its order on paper without colours, and for those who see few
MOST = 5  # crossings of two costs that are told
SEEN = Fraction(1, 500)  # of a bar
MIN_SHARE = Fraction(6, 100)  # of a bar, below which a label has no room


# Cost by part ------------------------------------------------------------------------------


def parts_picture(report: Report) -> Picture:
    """One bar a measure, with the share of each part at the preset of the report."""
    preset = preset_shown(report)
    if preset is None:
        which = " at which its formulas hold" if report.presets else ""
        raise fail("preset", f"`{report.title}` has no preset{which}, and bars need numbers")
    costs = by_name(parts_of(report, sizes_at(report.basis, preset.given)))
    words = language(report.lang)
    titles = [row.heading for row in report.formulas]
    totals = [sum((row[at] for row in costs.values()), Fraction(0)) for at in range(len(titles))]
    shares = {
        name: [a / total if total else Fraction(0) for a, total in zip(row, totals, strict=True)]
        for name, row in costs.items()
    }
    other = words.tr("other")
    shares = _with_other(shares, other)
    with figure_in(8, 1.5 + 0.75 * len(titles), report.lang) as figure:
        axes = figure.add_subplot()
        for at in range(len(totals)):
            left = Fraction(0)
            for index, (name, row) in enumerate(shares.items()):
                share = row[at]
                colour = COLOURS[-1 if name == other else index]
                label = name if at == 0 else None
                axes.barh(at, float(share), left=float(left), color=colour, label=label, **BAR)
                if share >= MIN_SHARE:
                    middle = float(left + share / 2)
                    axes.text(middle, at, percent(share, Fraction(1)), **IN_BAR)
                left += share
        axes.set_yticks(
            range(len(titles)),
            [f"{t}\n{short_number(n)}" for t, n in zip(titles, totals, strict=True)],
        )
        about = {"name": report.title, "preset": preset.title}
        title = words.tr("{name}: cost by part at {preset}", **about)
        axes.set(xlim=(0, 1), xticks=[], title=title)
        axes.invert_yaxis()
        axes.grid(visible=False)
        axes.spines[["left", "bottom"]].set_visible(False)
        axes.tick_params(length=0)
        figure.legend(loc="outside lower left", ncols=4, fontsize=9)
    told = [
        words.tr("{measure} of {part}: {share}", measure=measure, part=name,
                 share=percent(row[at], Fraction(1)))
        for at, measure in enumerate(titles)
        for name, row in shares.items()
    ]  # fmt: skip
    return Picture(figure, words.tr("{sentence}.", sentence=words.tr("; ").join([title, *told])))


def _with_other(shares: dict[str, list[Fraction]], other: str) -> dict[str, list[Fraction]]:
    """The largest shares first, and the sum of those that would not be seen as `other`."""
    ranked = sorted(shares, key=lambda name: [-share for share in reversed(shares[name])])
    shown = [name for name in ranked if max(shares[name]) >= SEEN][: len(COLOURS) - 1]
    rest = [shares[name] for name in ranked if name not in shown]
    found = {name: shares[name] for name in shown}
    if rest:
        found[other] = [sum(column, Fraction(0)) for column in zip(*rest, strict=True)]
    return found


# Costs over sizes --------------------------------------------------------------------------


@dataclass(frozen=True)
class Axis:
    """A size along which a plot goes: what the file says of it, the numbers that are drawn, and the
    one at which the other plots are, if there is one."""

    symbol: str
    meaning: str
    points: Sequence[int]
    here: int | None = None

    def label(self, words: Language) -> str:
        """What stands at the axis: `I, image side, pixels`."""
        if not self.meaning:
            return self.symbol
        return words.tr("{size}, {meaning}", size=self.symbol, meaning=self.meaning)


WIDE = 1000  # an axis of fewer decades has ticks at 2 and 5 as well


def curves_picture(curves: Mapping[str, Along], over: Axis, unit: str, lang: str) -> Picture:
    """Costs over a size, both logarithmic; where two of them pass each other is marked."""
    words, points = language(lang), over.points
    told = []
    with figure_in(8, 5, lang) as figure:
        axes = figure.add_subplot(xscale="log", yscale="log")
        for index, (name, curve) in enumerate(curves.items()):
            drawn = [(x, y) for x in points if (y := curve.at(x)) is not None and y > 0]
            if not drawn:
                raise fail("argument", f"`{name}` has no value at {points[0]}..{points[-1]}")
            xs, ys = [x for x, _ in drawn], [float(y) for _, y in drawn]
            colour = COLOURS[index % len(COLOURS)]
            axes.plot(xs, ys, color=colour, linestyle=DASHES[index // len(COLOURS) % len(DASHES)],
                      linewidth=2, label=name)  # fmt: skip
            ends = words.tr(", ").join(
                words.tr("{number} at {value}", number=short_number(y), value=x)
                for x, y in (drawn[0], drawn[-1])
            )
            told.append(words.tr("{name}: {told}", name=name, told=ends))
        said = []
        for one, other in combinations(curves, 2):
            found = crossings(curves[one], curves[other], points)
            for crossing in found:
                axes.plot(crossing.x, float(crossing.value), "o", color=INK, markersize=5)
            if found:
                said.append(_crossing(one, other, over.symbol, found, words))
        axes.text(0.985, 0.02, "\n".join(said), transform=axes.transAxes, **IN_CORNER)
        title = words.tr("{measure} over {size}", measure=unit, size=over.symbol)
        axes.set(xlabel=over.label(words), ylabel=unit, title=title)
        _numbered(axes.xaxis, axes.yaxis)
        axes.legend()
    return Picture(figure, _told(title, (over,), [*told, *said], words))


def map_picture(
    x: Axis, y: Axis, costs: Sequence[Sequence[int | Fraction | None]], unit: str, lang: str
) -> Picture:
    """A cost over two sizes, all logarithmic, as colours with lines of the same cost.

    `costs` has a row for each number of `y`; what does not hold stays white.
    """
    words = language(lang)
    known = [cost for row in costs for cost in row if cost]
    if not known:
        raise fail("argument", f"there is no cost over these `{x.symbol}` and `{y.symbol}`")
    with figure_in(8, 5.4, lang) as figure:
        from matplotlib.colors import LogNorm

        values = [[float(cost or "nan") for cost in row] for row in costs]
        axes = figure.add_subplot(xscale="log", yscale="log")
        low, high = float(min(known)), float(max(known))
        scale = LogNorm(low, max(high, 2 * low))
        mesh = axes.pcolormesh(
            x.points, y.points, values, norm=scale, cmap=COLOUR_MAP, shading="nearest",
            rasterized=True,
        )  # fmt: skip
        levels = [float(level) for level in _levels(Fraction(min(known)), Fraction(max(known)))]
        if levels and len(x.points) > 1 and len(y.points) > 1:
            inks = ["white" if level**2 < low * high else INK for level in levels]
            lines = axes.contour(x.points, y.points, values, levels, colors=inks, linewidths=0.8)
            axes.clabel(lines, fmt=lambda value: short_number(Fraction(value)), fontsize=8)
        if x.here is not None and y.here is not None:
            axes.plot(x.here, y.here, "o", color="white", markeredgecolor=INK, markersize=7)
        both = words.tr("{one} and {other}", one=x.symbol, other=y.symbol)
        title = words.tr("{measure} over {size}", measure=unit, size=both)
        axes.set(xlabel=x.label(words), ylabel=y.label(words), title=title)
        axes.grid(visible=False)
        bar = figure.colorbar(mesh, ax=axes, label=unit)
        bar.ax.grid(visible=False)
        _numbered(axes.xaxis, axes.yaxis, bar.ax.yaxis)
    ends = words.tr("from {first} to {last}", first=short_number(min(known)),
                    last=short_number(max(known)))  # fmt: skip
    return Picture(figure, _told(title, (x, y), [ends], words))


def _levels(low: Fraction, high: Fraction) -> list[Fraction]:
    """The numbers 1, 2 and 5 of the decades between two costs; of many decades the 1 alone."""
    digits = (1, 2, 5) if high < WIDE * low else (1,)
    decades = range(len(str(int(low))) - 1, len(str(int(high))) + 1)
    found = [Fraction(digit * 10**decade) for decade in decades for digit in digits]
    return [level for level in found if low < level < high]


def _numbered(*sides: Any) -> None:
    """Ticks at round numbers, as people write them."""
    from matplotlib.ticker import LogLocator, NullFormatter

    for side in sides:
        low, high = side.get_view_interval()
        side.set_major_locator(LogLocator(subs=(1, 2, 5) if high < WIDE * low else (1,)))
        side.set_major_formatter(lambda value, _: short_number(Fraction(value)))
        side.set_minor_formatter(NullFormatter())


def _crossing(one: str, other: str, symbol: str, found: Sequence[Crossing], words: Language) -> str:
    """Where two costs cross, in words."""
    places = words.tr(", ").join(crossing.label for crossing in found[:MOST])
    if len(found) > MOST:
        places = words.tr("{places} and {count} more", places=places, count=len(found) - MOST)
    values = {"one": one, "other": other, "size": symbol, "places": places}
    return words.tr("{one} and {other} cross at {size} = {places}", **values)


def _told(title: str, over: Sequence[Axis], said: Sequence[str], words: Language) -> str:
    """What a picture shows, for those who do not see it."""
    spans = (
        words.tr(
            "{name}: {told}",
            name=axis.label(words),
            told=words.tr("from {first} to {last}", first=axis.points[0], last=axis.points[-1]),
        )
        for axis in over
    )
    return words.tr("{sentence}.", sentence=words.tr("; ").join([title, *spans, *said]))


# What a cost answers to --------------------------------------------------------------------


def sensitivity_picture(
    found: Mapping[str, Fraction], steps: Sequence[str], title: str, lang: str
) -> Picture:
    """By how many percent a cost grows where a size grows by one percent, a bar a size.

    `steps` are sizes in which the formula has steps, so that there is no such number.
    """
    words = language(lang)
    ranked = sorted(found, key=lambda name: -abs(found[name]))
    with figure_in(8, 1.5 + 0.36 * len(ranked), lang) as figure:
        axes = figure.add_subplot()
        for at, name in enumerate(ranked):
            value = found[name]
            colour = COLOURS[0] if value >= 0 else COLOURS[1]
            axes.barh(at, float(value), color=colour, **BAR)
            beside: dict[str, Any] = {
                "ha": "left" if value >= 0 else "right",
                "va": "center",
                "fontsize": 9,
            }
            gap = (4 if value >= 0 else -4, 0)
            axes.annotate(_two_digits(value), (float(value), at), gap,
                          textcoords="offset points", **beside)  # fmt: skip
        axes.axvline(0, color=SOFT, linewidth=0.8)
        axes.set_yticks(range(len(ranked)), ranked)
        below = [words.tr("percent of the cost for a percent of the size")]
        if steps:
            names = words.tr(", ").join(steps)
            below.append(words.tr("no such number, for the formula has steps there: {names}",
                                  names=names))  # fmt: skip
        axes.set(xlabel="\n".join(below), title=title)
        axes.margins(x=0.12)
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.tick_params(length=0)
    said = [words.tr("{name}: {told}", name=n, told=_two_digits(found[n])) for n in ranked]
    told = words.tr("; ").join([title, below[0], *said, *below[1:]])
    return Picture(figure, words.tr("{sentence}.", sentence=told))


def _two_digits(value: Fraction) -> str:
    """A number with two digits after the point; one that is not 0 is not told as 0."""
    shown = f"{float(value):.2f}".replace("-", "\N{MINUS SIGN}")
    if value == 0 or shown.strip("\N{MINUS SIGN}") != "0.00":
        return shown
    return "< 0.01" if value > 0 else "> \N{MINUS SIGN}0.01"
