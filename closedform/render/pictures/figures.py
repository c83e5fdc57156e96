"""Figures of matplotlib in one style: the same input gives the same bytes.

Fonts are fixed, and there are no dates and no random ids. The font comes with matplotlib;
characters that it lacks, the Chinese ones, are from a font that is installed.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from closedform.data import dataclass
from closedform.errors import fail

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

CHINESE_FONTS = (  # matplotlib sees the first one of a collection only: that of Noto is Japanese
    *("Noto Sans CJK SC", "Noto Sans CJK JP", "Source Han Sans SC", "Source Han Sans CN"),
    *("Microsoft YaHei", "SimHei", "PingFang SC", "PingFang HK", "Hiragino Sans GB", "Heiti TC"),
    *("WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Droid Sans Fallback", "AR PL SungtiL GB"),
)


@dataclass(frozen=True)
class Picture:
    """A figure, and in `about` what it shows, for those who do not see it.

    A notebook shows it, and `save` writes SVG or PNG by the suffix of the name.
    """

    figure: Figure
    about: str

    def svg(self) -> str:
        """The picture as an SVG document, text as paths."""
        document = self._bytes("svg", {"Date": None, "Creator": None}).decode("utf-8")
        named = f'<svg role="img" aria-label="{escape(self.about, quote=True)}"'
        return document.replace("<svg", named, 1)

    def png(self) -> bytes:
        """The picture as a PNG file."""
        return self._bytes("png", {"Software": None, "Description": self.about})

    def save(self, path: str | Path) -> None:
        """Write the picture. Raises ClosedformError for a suffix other than .svg and .png."""
        if not isinstance(path, str | Path):
            raise fail("type", f"a picture is saved under a path, and this is {path!r}")
        path = Path(path)
        match path.suffix:
            case ".svg":
                path.write_text(self.svg(), "utf-8", newline="\n")
            case ".png":
                path.write_bytes(self.png())
            case suffix:
                message = f"a picture cannot be written as `{suffix}`"
                raise fail("format", message, None, "end the name in .svg or .png")

    def __repr__(self) -> str:
        return f"<picture: {self.about}>"

    def _repr_html_(self) -> str:
        """As an image with its alternative text; its paper is white on a dark page too."""
        data = base64.b64encode(self.svg().encode("utf-8")).decode("ascii")
        about = escape(self.about, quote=True)
        return f'<img alt="{about}" style="max-width: 100%" src="data:image/svg+xml;base64,{data}">'

    def _repr_png_(self) -> bytes:
        return self.png()  # for what is printed: LaTeX takes no SVG

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
