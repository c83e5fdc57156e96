"""Plots with matplotlib: the cost of each part, and costs over a size with their crossings.

The same input gives the same bytes: fixed fonts, no dates, no random ids. The font comes with
matplotlib; characters that it lacks, the Chinese ones, are from a font that is installed.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from closedform.derive.solve.along import Along
from closedform.errors import fail
from closedform.render.language import Language, language
from closedform.render.pictures.curves import Crossing, crossings
from closedform.render.pictures.svg import percent, short_number
from closedform.render.report.preset_costs import by_name, parts_of, preset_shown, sizes_at
from closedform.render.report.view import Report

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = ("#2f6fb3", "#d07c28", "#3b8f83", "#a8528a", "#7f8a33", "#6f63b5", "#98684a", "#8b949e")
INK, SOFT, RULE = "#1d2329", "#5b6570", "#dfe3e8"

STYLE: dict[Any, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 10,
    "svg.fonttype": "path",
    "svg.hashsalt": "closedform",
    "text.color": INK,
    "text.parse_math": False,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.titlesize": 11,
    "grid.color": RULE,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "figure.dpi": 100,
    "savefig.dpi": 160,
    "figure.facecolor": "white",
}
BAR: dict[str, Any] = {"height": 0.62, "edgecolor": "white"}
IN_BAR: dict[str, Any] = {"color": "white", "ha": "center", "va": "center", "fontsize": 9}
IN_CORNER: dict[str, Any] = {
    "ha": "right",
    "va": "bottom",
    "fontsize": 9,
    "bbox": {"facecolor": "white", "edgecolor": "none", "pad": 3},
}

CHINESE_FONTS = (  # matplotlib sees the first one of a collection only: that of Noto is Japanese
    *("Noto Sans CJK SC", "Noto Sans CJK JP", "Source Han Sans SC", "Source Han Sans CN"),
    *("Microsoft YaHei", "SimHei", "PingFang SC", "PingFang HK", "Hiragino Sans GB", "Heiti TC"),
    *("WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Droid Sans Fallback", "AR PL SungtiL GB"),
)

MOST = 5  # crossings of two costs that are told
SEEN = Fraction(1, 500)  # of a bar
MIN_SHARE = Fraction(6, 100)  # of a bar, below which a label has no room


@dataclass(frozen=True)
class Picture:
    """A figure; a notebook shows it, and `save` writes SVG or PNG by the suffix of the name."""

    figure: Figure

    def svg(self) -> str:
        """The picture as an SVG document, text as paths."""
        return self._bytes("svg", {"Date": None, "Creator": None}).decode("utf-8")

    def png(self) -> bytes:
        """The picture as a PNG file."""
        return self._bytes("png", {"Software": None})

    def save(self, path: str | Path) -> None:
        """Write the picture. Raises ClosedformError for a suffix other than .svg and .png."""
        path = Path(path)
        match path.suffix:
            case ".svg":
                path.write_text(self.svg(), "utf-8", newline="\n")
            case ".png":
                path.write_bytes(self.png())
            case suffix:
                message = f"a picture cannot be written as `{suffix}`"
                raise fail("format", message, None, "end the name in .svg or .png")

    def _repr_svg_(self) -> str:
        return self.svg()

    def _bytes(self, kind: str, metadata: dict[str, Any]) -> bytes:
        from matplotlib import rc_context

        target = io.BytesIO()
        with rc_context(STYLE):
            self.figure.savefig(target, format=kind, metadata=metadata)
        return target.getvalue()


@contextmanager
def figure_in(width: float, height: float, lang: str) -> Iterator[Figure]:
    """A figure in our style that belongs to no window, with fonts for a language."""
    try:
        from matplotlib import rc_context, rcdefaults
        from matplotlib.figure import Figure
    except ImportError:
        advice = "pip install 'closedform[plot]'"
        raise fail("extra", "plots need matplotlib", None, advice) from None
    with rc_context():
        rcdefaults()
        with rc_context(_style(lang)):
            figure = Figure(figsize=(width, height), layout="constrained")
            yield figure
            figure.draw_without_rendering()
            figure.set_layout_engine("none")  # or each writing would move things a little


def _style(lang: str) -> dict[Any, Any]:
    """Our style with fonts for a language; no more than one weight of a Chinese one is expected."""
    if lang != "zh":
        return STYLE
    chinese = _first_of(CHINESE_FONTS)
    if chinese is None:
        message = "matplotlib has no font with Chinese characters"
        advice = f"install {CHINESE_FONTS[0]} or another of: {', '.join(CHINESE_FONTS[1:])}"
        raise fail("font", message, None, advice)
    fonts = [*STYLE["font.family"], chinese]
    return {**STYLE, "font.family": fonts, "axes.titleweight": "normal"}


def _first_of(names: Sequence[str]) -> str | None:
    """The first font that matplotlib has, or that was installed after it made its list."""
    from matplotlib.font_manager import findSystemFonts, fontManager

    def first() -> str | None:
        installed = {font.name for font in fontManager.ttflist}
        return next((name for name in names if name in installed), None)

    if (found := first()) is not None:
        return found
    listed = {font.fname for font in fontManager.ttflist}
    for path in findSystemFonts():
        if path not in listed:
            with suppress(OSError, RuntimeError):  # a file that matplotlib cannot read
                fontManager.addfont(path)
    return first()


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
    return Picture(figure)


def _with_other(shares: dict[str, list[Fraction]], other: str) -> dict[str, list[Fraction]]:
    """The largest shares first, and the sum of those that would not be seen as `other`."""
    ranked = sorted(shares, key=lambda name: [-share for share in reversed(shares[name])])
    shown = [name for name in ranked if max(shares[name]) >= SEEN][: len(COLOURS) - 1]
    rest = [shares[name] for name in ranked if name not in shown]
    found = {name: shares[name] for name in shown}
    if rest:
        found[other] = [sum(column, Fraction(0)) for column in zip(*rest, strict=True)]
    return found


# Costs over a size -------------------------------------------------------------------------

WIDE = 1000  # an axis of fewer decades has ticks at 2 and 5 as well


def curves_picture(
    curves: Mapping[str, Along], symbol: str, unit: str, points: Sequence[int], lang: str
) -> Picture:
    """Costs over a size, both logarithmic; where two of them pass each other is marked."""
    words = language(lang)
    with figure_in(8, 5, lang) as figure:
        from matplotlib.ticker import LogLocator, NullFormatter

        axes = figure.add_subplot(xscale="log", yscale="log")
        for index, (name, curve) in enumerate(curves.items()):
            drawn = [(x, float(y)) for x in points if (y := curve.at(x)) is not None and y > 0]
            if not drawn:
                raise fail("argument", f"`{name}` has no value at {points[0]}..{points[-1]}")
            colour = COLOURS[index % len(COLOURS)]
            axes.plot(*zip(*drawn, strict=True), color=colour, linewidth=2, label=name)
        said = []
        for one, other in combinations(curves, 2):
            found = crossings(curves[one], curves[other], points)
            for crossing in found:
                axes.plot(crossing.x, float(crossing.value), "o", color=INK, markersize=5)
            if found:
                said.append(_crossing(one, other, symbol, found, words))
        axes.text(0.985, 0.02, "\n".join(said), transform=axes.transAxes, **IN_CORNER)
        title = words.tr("{measure} over {size}", measure=unit, size=symbol)
        axes.set(xlabel=symbol, ylabel=unit, title=title)
        for axis in (axes.xaxis, axes.yaxis):
            low, high = axis.get_view_interval()
            axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < WIDE * low else (1,)))
            axis.set_major_formatter(lambda value, _: short_number(Fraction(value)))
            axis.set_minor_formatter(NullFormatter())
        axes.legend()
    return Picture(figure)


def _crossing(one: str, other: str, symbol: str, found: Sequence[Crossing], words: Language) -> str:
    """Where two costs cross, in words."""
    places = words.tr(", ").join(crossing.label for crossing in found[:MOST])
    if len(found) > MOST:
        places = words.tr("{places} and {count} more", places=places, count=len(found) - MOST)
    values = {"one": one, "other": other, "size": symbol, "places": places}
    return words.tr("{one} and {other} cross at {size} = {places}", **values)
