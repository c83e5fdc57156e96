"""Charts of a page as plain SVG: the cost of each part, and a cost over each size."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import groupby
from math import ceil, floor, log, log10

from closedform.render.language import Language
from closedform.render.pictures import svg
from closedform.render.report.preset_costs import Sweep

WIDTH, NARROW = 960, 400
BAR, ROW = 34, 78  # the height of a bar, and of a bar with its texts
PLOT_WIDTH, PLOT_HEIGHT = 464, 330
LEFT, RIGHT, TOP, BOTTOM = 56, 132, 42, 44  # the room around a plot
LETTER = 7.3  # the width of a letter of a label, about
APART = 15  # how far labels of lines keep from each other
MARKS = 14  # a line of fewer points shows them


def stacked(
    costs: dict[str, tuple[Fraction, ...]],
    titles: list[str],
    colours: dict[str, str],
    preset: str,
    words: Language,
    narrow: bool = False,
) -> svg.Image:
    """One bar a measure, with the share of each part in it."""
    whole = NARROW if narrow else WIDTH
    content: list[str] = []
    about: list[str] = []
    for at, title in enumerate(titles):
        y = at * ROW + 22.0
        total = sum((amounts[at] for amounts in costs.values()), Fraction(0))
        content.append(svg.text(title, 0, y - 8, "head"))
        content.append(svg.text(svg.short_number(total), whole, y - 8, "number", "end"))
        if total == 0:
            continue
        x = 0.0
        for name in colours:
            width = float(costs[name][at] / total) * whole
            share = svg.percent(costs[name][at], total)
            if width > 0:
                content.append(svg.box(x, y, max(width - 1, 0.5), BAR, f"bar {colours[name]}"))
                about.append(
                    words.tr("{measure} of {part}: {share}", measure=title, part=name, share=share)
                )
            label = f"{name} {share}"
            if len(label) * LETTER + 12 < width:
                content.append(svg.text(label, x + 8, y + 22, "inside"))
            x += width
    height = len(titles) * ROW - 12
    title = words.tr("Share of each part at {preset}", preset=preset)
    told = words.tr("{sentence}.", sentence=words.tr("; ").join(about))
    name = "shares-narrow" if narrow else "shares"
    return svg.Image(name, title, told, whole, height, content)


def over(
    sweep: Sweep, unit: str, preset: str, colours: dict[str, str], words: Language
) -> svg.Image:
    """A cost over a size, both in logarithms: the total, and the parts that matter."""
    chart = _LogLog(sweep)
    content = [
        svg.text(words.tr("{measure} over {size}", measure=unit, size=sweep.symbol), 0, 13, "head"),
        svg.text(sweep.meaning, 0, 29, "note"),
        *chart.grid(),
    ]
    x = chart.x(sweep.value)
    content.append(svg.path([(x, TOP), (x, PLOT_HEIGHT - BOTTOM)], "here"))
    labels: list[tuple[float, str, str]] = []
    leaving = False
    for name, amounts in sweep.lines:
        runs = chart.runs(amounts)
        for points in runs:
            content.append(svg.path(points, f"line {colours[name]}"))
            for end_x, end_y in (points[0], points[-1]):
                if end_y >= chart.bottom:
                    leaving = True
                    content.append(svg.triangle(end_x, end_y + 6, f"bar {colours[name]}"))
        if runs and amounts[-1] >= chart.low:
            labels.append((runs[-1][-1][1], name, f"label {colours[name]}"))
    points = [(chart.x(at), chart.y(c)) for at, c in zip(sweep.xs, sweep.totals, strict=True)]
    content.append(svg.path(points, "line total"))
    if len(points) < MARKS:
        content.extend(svg.dot(x, y, 2.5, "point") for x, y in points)
    content.append(svg.dot(x, chart.y(sweep.totals[sweep.xs.index(sweep.value)]), 4, "mark"))
    labels.append((points[-1][1], words.tr("total"), "label total"))
    if leaving:
        told = words.tr("▾ goes on below")
        content.append(svg.text(told, PLOT_WIDTH - RIGHT, 29, "note", "end"))
    content.extend(_labels(labels))
    title = words.tr(
        "{measure} over {size} from {first} to {last}, as {preset} besides",
        measure=unit,
        size=sweep.symbol,
        first=sweep.xs[0],
        last=sweep.xs[-1],
        preset=preset,
    )
    first_and_last = slice(None, None, len(sweep.xs) - 1)
    shown = zip(sweep.xs[first_and_last], sweep.totals[first_and_last], strict=True)
    ends = words.tr(", ").join(
        words.tr("{number} at {value}", number=svg.short_number(cost), value=at)
        for at, cost in shown
    )
    return svg.Image(
        f"over-{svg.identified(sweep.symbol)}",
        title,
        words.tr("{sentence}.", sentence=ends),
        PLOT_WIDTH,
        PLOT_HEIGHT,
        content,
    )


class _LogLog:
    """Places on a plot with two logarithmic axes; `low` is the least cost that is shown."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep
        high, least = max(sweep.totals), min(sweep.totals)
        self.low = float(least) / 30
        self.high = float(high) * 1.25
        self.first, self.last = sweep.xs[0], sweep.xs[-1]

    @property
    def bottom(self) -> float:
        return float(PLOT_HEIGHT - BOTTOM)

    def runs(self, amounts: Sequence[Fraction]) -> list[list[tuple[float, float]]]:
        """The parts of a line that are on the plot; one that leaves it ends at its lower edge."""
        pairs = list(zip(self.sweep.xs, amounts, strict=True))
        found: list[list[tuple[float, float]]] = []
        for shown, run in groupby(range(len(pairs)), key=lambda at: amounts[at] >= self.low):
            places = list(run)
            if not shown:
                continue
            points = [(self.x(pairs[at][0]), self.y(pairs[at][1])) for at in places]
            if places[0] > 0:
                points.insert(0, self._edge(pairs[places[0] - 1], pairs[places[0]]))
            if places[-1] < len(pairs) - 1:
                points.append(self._edge(pairs[places[-1] + 1], pairs[places[-1]]))
            if len(points) > 1:
                found.append(points)
        return found

    def _edge(
        self, below: tuple[int, Fraction], shown: tuple[int, Fraction]
    ) -> tuple[float, float]:
        """Where a line between a point below the plot and one on it meets the lower edge."""
        x, to = self.x(below[0]), self.x(shown[0])
        if below[1] > 0:
            share = log(self.low / float(below[1])) / log(float(shown[1]) / float(below[1]))
            x += share * (to - x)
        return x, self.bottom

    def x(self, value: float) -> float:
        share = log(value / self.first) / log(self.last / self.first)
        return LEFT + share * (PLOT_WIDTH - LEFT - RIGHT)

    def y(self, value: float | Fraction) -> float:
        share = log(float(value) / self.low) / log(self.high / self.low)
        return PLOT_HEIGHT - BOTTOM - share * (PLOT_HEIGHT - TOP - BOTTOM)

    def grid(self) -> list[str]:
        found: list[str] = []
        right, bottom = PLOT_WIDTH - RIGHT, PLOT_HEIGHT - BOTTOM
        for exponent in range(ceil(log10(self.low)), floor(log10(self.high)) + 1):
            y = self.y(10.0**exponent)
            found.append(svg.path([(LEFT, y), (right, y)], "grid"))
            label = svg.short_number(Fraction(10) ** exponent)
            found.append(svg.text(label, LEFT - 8, y + 4, "tick", "end"))
        for value in self._ticks():
            x = self.x(value)
            found.append(svg.path([(x, TOP), (x, bottom)], "grid"))
            kind = "tick strong" if value == self.sweep.value else "tick"
            label = svg.short_number(value) if value >= 100_000 else str(value)
            found.append(svg.text(label, x, bottom + 17, kind, "middle"))
        middle = (LEFT + right) / 2
        found.append(svg.text(self.sweep.symbol, middle, PLOT_HEIGHT - 6, "axis", "middle"))
        return found

    def _ticks(self) -> list[int]:
        """The value itself, its doubles and its halves."""
        value = self.sweep.value
        ticks = {value * 2**k for k in range(4)}
        ticks |= {value // 2**k for k in range(4) if value % 2**k == 0}
        return sorted(tick for tick in ticks if self.first <= tick <= self.last)


def _labels(labels: list[tuple[float, str, str]]) -> list[str]:
    """Names at the right ends of lines, moved apart where they would meet."""
    x = PLOT_WIDTH - RIGHT + 6
    highest = -float("inf")
    places: list[float] = []
    labels.sort()
    for y, _, _ in labels:
        highest = max(y, highest + APART)
        places.append(highest)
    room = float(PLOT_HEIGHT - BOTTOM)
    for at in reversed(range(len(places))):
        places[at] = min(places[at], room)
        room = places[at] - APART
    return [
        svg.text(_shortened(name), x, y + 4, kind)
        for (_, name, kind), y in zip(labels, places, strict=True)
    ]


def _shortened(name: str) -> str:
    most = int((RIGHT - 6) / LETTER)
    return name if len(name) <= most else name[: most - 1] + "…"
