"""The roof of a machine with the parts of a model below it, and bounds beside measured times."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from closedform.render.language import language
from closedform.render.pictures.figures import COLOURS, INK, SOFT, Picture, figure_in
from closedform.render.pictures.svg import short_number

Point = tuple[str, Fraction, Fraction, Fraction]  # its name, FLOP, bytes, seconds
LEAST = Fraction(1, 400)  # of all the time, below which a part is not drawn
NAMED = Fraction(1, 50)  # and below which it has no name
MARKERS = "os^D"
ROOM = 4  # how far the axes go beyond the parts and the ridge


def roof_picture(
    points: Sequence[Point], peak: Fraction, bandwidth: Fraction, title: str, lang: str
) -> Picture:
    """Parts at their intensity and at what they reach; larger where they need more of the time."""
    words = language(lang)
    whole = sum((seconds for *_, seconds in points), Fraction(0))
    seen = [p for p in points if p[1] and p[2] and p[3] >= whole * LEAST]
    ridge = peak / bandwidth
    intensities = [work / moved for _, work, moved, _ in seen] or [ridge]
    low, high = min(*intensities, ridge) / ROOM, max(*intensities, ridge) * ROOM
    with figure_in(8, 5, lang) as figure:
        axes = figure.add_subplot(xscale="log", yscale="log")
        roof = [(x, min(peak, bandwidth * x)) for x in (low, ridge, high)]
        line = [tuple(map(float, place)) for place in roof]
        axes.plot(*zip(*line, strict=True), color=INK, linewidth=2)
        axes.axvline(float(ridge), color=SOFT, linewidth=1, linestyle=":")
        for at, (name, work, moved, seconds) in enumerate(seen):
            x, share = float(work / moved), float(seconds / whole)
            y = float(work / seconds)
            colour = COLOURS[at % len(COLOURS)]
            size = 30 + 900 * share
            label = f"{name}, {100 * share:.0f}%" if seconds >= whole * NAMED else None
            axes.scatter([x], [y], s=size, color=colour, alpha=0.75, label=label, zorder=3)
        about = {"ridge": f"{float(ridge):.0f}"}
        axes.set(
            xlabel=words.tr("FLOP for each byte; from {ridge} on bound by work", **about),
            ylabel=words.tr("FLOP in a second"),
            title=title,
        )
        axes.yaxis.set_major_formatter(lambda value, _: short_number(Fraction(value)))
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.legend(loc="lower right", markerscale=0.5, title=words.tr("share of the least time"))
    told = [words.tr("FLOP for each byte; from {ridge} on bound by work", **about)]
    told += [
        words.tr("{name}: {told}", name=name, told=f"{float(100 * seconds / whole):.0f}%")
        for name, _, _, seconds in seen
    ]
    return Picture(figure, words.tr("{sentence}.", sentence=words.tr("; ").join([title, *told])))


def measured_picture(rows: Sequence[tuple[str, Fraction, Fraction]], title: str) -> Picture:
    """Measured times over their bounds, by kind, with the line on which both are equal."""
    kinds = list(dict.fromkeys(kind for kind, *_ in rows))
    options: dict[str, Any] = {"s": 36, "alpha": 0.8, "zorder": 3}
    with figure_in(8, 5.5, "en") as figure:
        axes = figure.add_subplot(xscale="log", yscale="log")
        for at, kind in enumerate(kinds):
            found = [(float(bound), float(ms)) for k, bound, ms in rows if k == kind]
            colour = COLOURS[at % len(COLOURS)]
            marker = MARKERS[at // len(COLOURS)]
            bounds, times = zip(*found, strict=True)
            axes.scatter(bounds, times, c=colour, marker=marker, label=kind, **options)
        least = float(min(bound for _, bound, _ in rows))
        most = float(max(ms for *_, ms in rows))
        axes.plot([least, most], [least, most], color=INK, linewidth=1.5)
        axes.plot([least, most], [1.5 * least, 1.5 * most], color=SOFT, linewidth=1, linestyle=":")
        axes.set(xlabel="least time by the roofline, ms", ylabel="measured, ms", title=title)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.legend(loc="upper left")
    return Picture(figure, f"{title}: measured times over their bounds; {', '.join(kinds)}.")
