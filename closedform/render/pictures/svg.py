"""Small pieces of SVG: texts, boxes, lines, and numbers as people write them on axes.

Colours and fonts come from the classes in the style of the page.
"""

from __future__ import annotations

from fractions import Fraction

from closedform.data import dataclass
from closedform.formula.numbers import Exact
from closedform.render.formulas.mathml import escape_html
from closedform.render.language import PREFIXES, digits

NAMESPACE = "http://www.w3.org/2000/svg"
MARGIN = 16  # around a picture in a file of its own
COLOURS = 7  # of parts, in the order of their cost; the rest share one more


@dataclass(frozen=True)
class Image:
    """A picture, with a title and a description for those who do not see it."""

    name: str
    title: str
    about: str
    width: float
    height: float
    content: list[str]

    def element(self) -> str:
        """The picture in a page, whose style it has."""
        return self._svg("", 0)

    def labelled(self) -> str:
        """The picture in a page that may hold others of the same name: it has no ids."""
        about = escape_html(f"{self.title}. {self.about}").replace('"', "&quot;")
        body = "".join(self.content)
        return (
            f'<svg xmlns="{NAMESPACE}" class="{self.name}" role="img" aria-label="{about}" '
            f'viewBox="0 0 {self.width:g} {self.height:g}" width="{self.width:g}">{body}</svg>'
        )

    def document(self, style: str) -> str:
        """The picture in a file of its own."""
        return self._svg(f"<style>{style}</style>", MARGIN) + "\n"

    def _svg(self, style: str, margin: int) -> str:
        width, height = self.width + 2 * margin, self.height + 2 * margin
        return (
            f'<svg xmlns="{NAMESPACE}" class="{self.name}" role="img" '
            f'aria-labelledby="{self.name}-title {self.name}-about" '
            f'viewBox="{-margin} {-margin} {width:g} {height:g}" '
            f'width="{width:g}" height="{height:g}">'
            f'<title id="{self.name}-title">{escape_html(self.title)}</title>'
            f'<desc id="{self.name}-about">{escape_html(self.about)}</desc>'
            f"{style}{''.join(self.content)}</svg>"
        )


def text(
    content: str, x: float, y: float, kind: str = "", anchor: str = "start", fit: float = 0
) -> str:
    """A text; one with a width to fit is pressed together or stretched to it."""
    of = f' class="{kind}"' if kind else ""
    at = f' text-anchor="{anchor}"' if anchor != "start" else ""
    place = f'x="{_short(x)}" y="{_short(y)}"'
    return fitted(f"<text{of}{at} {place}>{escape_html(content)}</text>", fit)


def fitted(element: str, width: float) -> str:
    """A text element pressed together or stretched to a width, if there is one."""
    size = f'<text textLength="{_short(width)}" lengthAdjust="spacingAndGlyphs"'
    return element.replace("<text", size, 1) if width else element


def box(x: float, y: float, width: float, height: float, kind: str, round_: float = 0) -> str:
    corner = f' rx="{round_:g}"' if round_ else ""
    return (
        f'<rect class="{kind}" x="{_short(x)}" y="{_short(y)}" '
        f'width="{_short(width)}" height="{_short(height)}"{corner}/>'
    )


def path(points: list[tuple[float, float]], kind: str) -> str:
    """A line through points."""
    way = " ".join(f"{_short(x)},{_short(y)}" for x, y in points)
    return f'<polyline class="{kind}" points="{way}"/>'


def curve(start: tuple[float, float], end: tuple[float, float], kind: str) -> str:
    """A line that leaves downwards and arrives downwards."""
    (x, y), (to, low) = start, end
    middle = (y + low) / 2
    places = ((x, y), (x, middle), (to, middle), (to, low))
    first, *others = (f"{_short(x)},{_short(y)}" for x, y in places)
    return f'<path class="{kind}" d="M{first} C{" ".join(others)}"/>'


def tip(x: float, y: float) -> str:
    """The tip of an arrow that points down."""
    return path([(x - 3.5, y - 5), (x, y - 0.5), (x + 3.5, y - 5)], "wire")


def dot(x: float, y: float, radius: float, kind: str) -> str:
    return f'<circle class="{kind}" cx="{_short(x)}" cy="{_short(y)}" r="{radius:g}"/>'


def triangle(x: float, y: float, kind: str) -> str:
    """A small one that points down, with its tip at a place."""
    points = " ".join(
        f"{_short(x + dx)},{_short(y + dy)}" for dx, dy in ((-4, -6), (4, -6), (0, 0))
    )
    return f'<polygon class="{kind}" points="{points}"/>'


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def identified(name: str) -> str:
    """A name that can stand in an id: letters and digits as they are, others by their number."""
    return "".join(c if c.isascii() and c.isalnum() else f"-{ord(c)}-" for c in name)


def number(value: Exact) -> str:
    """A number with its digits in groups, between which a line is not broken."""
    return digits(value).replace(",", "\N{NARROW NO-BREAK SPACE}")


def short_number(value: Fraction | int) -> str:
    """A number with three digits and a prefix.

    >>> short_number(17563828224), short_number(999_960), short_number(197), short_number(50_000)
    ('17.6 G', '1 M', '197', '50 k')
    """
    for at, (scale, prefix) in enumerate(PREFIXES):
        if value >= scale:
            shown = _three_digits(Fraction(value) / scale)
            if shown == "1000" and at:
                return f"1 {PREFIXES[at - 1][1]}"
            return f"{shown} {prefix}"
    shown = _three_digits(Fraction(value))
    return "1 k" if shown == "1000" else shown


def _three_digits(value: Fraction) -> str:
    digits = 2 if value < 10 else 1 if value < 100 else 0
    shown = f"{float(value):.{digits}f}"
    return shown.rstrip("0").rstrip(".") if digits else shown


def percent(part: Fraction, whole: Fraction) -> str:
    """A share of a total.

    >>> percent(Fraction(1), Fraction(8)), percent(Fraction(1), Fraction(9999))
    ('12.5 %', '< 0.1 %')
    """
    if part == 0 or whole == 0:
        return "0 %"
    share = float(100 * part / whole)
    return "< 0.1 %" if share < 0.1 else f"{share:.1f} %"


def colours(names: list[str]) -> dict[str, str]:
    """A class of colour for each part; after the first few, all have the last."""
    return {name: f"c{min(at, COLOURS) + 1}" for at, name in enumerate(names)}
