"""One page of HTML that needs nothing else: no script, no font, no other file.

It is well-formed XML as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any

from closedform import formula as w
from closedform.formula.numbers import Exact
from closedform.render.formulas import mathml, mathml_lines
from closedform.render.language import language, spoken
from closedform.render.markup.format import Format, Site
from closedform.render.markup.templating import Markup, Node, Raw
from closedform.render.pictures import svg

if TYPE_CHECKING:
    from closedform.render.report.view import Report


def _display(name: str, node: Node) -> str:
    return mathml_lines.equation(name, node.written)


def _alone(node: Node) -> str:
    return mathml_lines.alone(node.written)


def _in_cell(node: Node, columns: int = 2) -> str:
    return mathml_lines.in_cell(node.written, columns)


def _display_in_page(name: str, node: Node) -> str:
    """An equation, and where it is long the same in the lines of a phone: a page shows one."""
    return _both(_display(name, node), mathml_lines.narrow(name, node.written))


def _both(broad: str, narrow: str | None) -> str:
    """A formula for a page, and for a phone where it is another there."""
    if narrow is None:
        return broad
    return f'<span class="broad">{broad}</span><span class="narrow">{narrow}</span>'


def _definition(symbol: Node, node: Node) -> str:
    return mathml_lines.definition(symbol.written, node.written)


def _number(value: Exact | None, lang: str = "en") -> str:
    return language(lang).tr("no value") if value is None else svg.number(value)


def _share(value: Exact, largest: Exact) -> str:
    """How much of its column the bar of a value fills."""
    return f"{float(100 * Fraction(value) / largest):.1f}%"


def _typed(text: str) -> str:
    return f"<code>{mathml.escape_html(text)}</code>"


def _equals(node: Node) -> str:
    broad = "\n".join(mathml_lines.equals(node.written))
    return _both(broad, mathml_lines.equals_narrow(node.written))


def _shapes(
    outputs: Iterable[Iterable[dict[str, Any]]], inputs: Iterable[Iterable[dict[str, Any]]] = ()
) -> str:
    """The shapes of tensors; with inputs, what an operation makes of them."""
    return mathml_lines.shapes(_written(outputs), _written(inputs))


def _written(shapes: Iterable[Iterable[dict[str, Any]]]) -> list[list[w.Written]]:
    return [[size["node"].written for size in shape] for shape in shapes]


HTML = Markup(
    mathml.escape_html,
    mathml.math,
    {
        "display": _display,
        "alone": _alone,
        "in_cell": _in_cell,
        "definition": _definition,
        "number": _number,
        "spoken": partial(spoken, written=_number),
        "typed": _typed,
        "inline": str,
    },
)


IN_PAGE = HTML.having({"display": _display_in_page})


def _report(report: Report) -> str:
    """A report with its pictures, which are drawn when a page is written."""
    from closedform.render.pictures.page import page_of

    page = page_of(report)
    drawn = {
        "drawing": Raw(page.drawing),
        "blocks": tuple((name, Raw(picture)) for name, picture in page.blocks),
        "shares": Raw(page.shares),
        "sweeps": tuple(map(Raw, page.sweeps)),
    }
    told = {"preset": page.preset, "costs": page.costs, "at_preset": page.at_preset}
    return IN_PAGE.having({"page": lambda: {**told, **drawn}}).file("report.html.j2")(report)


FORMAT = Format(
    report=_report,
    suffixes=(".html", ".htm"),
    derivation=IN_PAGE.having({"equals": _equals, "shapes": _shapes}).file("derivation.html.j2"),
    template=HTML,
    site=Site(
        suffix=".html",
        index=HTML.having({"share": _share}).file("index.html.j2"),
        closed_forms=IN_PAGE.file("closed_forms.html.j2"),
        comment=("<!-- ", " -->"),
        link=('href="', '"'),
    ),
)
