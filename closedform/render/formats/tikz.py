"""The drawing of an architecture as a TikZ picture, for a document in LaTeX.

It is as wide as the line: boxes from the input down, with their repeats and what one costs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from closedform.data import dataclass
from closedform.render.formulas.latex import latex
from closedform.render.language import Language, language
from closedform.render.markup.format import Format
from closedform.render.markup.latex_text import comment, escape_latex

if TYPE_CHECKING:
    from closedform.render.pictures.drawing import Item
    from closedform.render.report.parts import Loop
    from closedform.render.report.view import Report

ROW, THIN, GAP, INSET = 16, 12, 7, 5  # points: a box, one of what does no work, between, around
HEAD = r"""\begingroup\footnotesize
\def\closedformRow#1#2#3{\setbox0\hbox{#2\quad#3}%
  \ifdim\wd0>#1\resizebox{#1}{!}{\box0}\else\hbox to #1{#2\hfill#3}\fi}
\begin{tikzpicture}[x=1pt,y=1pt,rounded corners=2pt]
"""
FOOT = "\\end{tikzpicture}\n\\endgroup\n"


@dataclass(frozen=True)
class _Drawn:
    """Lines of TikZ, and the height at which they end."""

    lines: tuple[str, ...]
    bottom: float


class _Pen:
    """Draws from the top down; `inset` is how far from both ends of the line a box is."""

    def __init__(self, work: int, words: Language) -> None:
        self.work, self.words = work, words

    def column(self, items: Sequence[Item], inset: float, y: float) -> _Drawn:
        lines: list[str] = []
        for at, item in enumerate(items):
            if at:
                lines.append(rf"\draw[->] (.5\linewidth,{y}) -- (.5\linewidth,{y - GAP});")
                y -= GAP
            drawn = self._item(item, inset, y, ())
            lines += drawn.lines
            y = drawn.bottom
        return _Drawn(tuple(lines), y)

    def _item(self, item: Item, inset: float, y: float, badges: tuple[str, ...]) -> _Drawn:
        from closedform.render.pictures.drawing import Block, Group

        if isinstance(item, Group):
            badges = (*badges, _badge(item.loop, self.words))
            if len(item.items) == 1:
                return self._item(item.items[0], inset, y, badges)
            return self._box("", badges, item.items, inset, y, "densely dashed")
        if isinstance(item, Block):
            row = item.part.row
            cost = f"${latex(row.costs[self.work])}$" if row.kind != "stage" else ""
            name = row.name
            if row.kind == "steps":
                name = self.words.tr("for {steps}", steps=name)
            return self._box(escape_latex(name), (cost, *badges), item.items, inset, y, "thick")
        names = dict.fromkeys(escape_latex(part.row.name) for part in item.parts)
        return self._box(", ".join(names), badges, (), inset, y, "gray", THIN)

    def _box(
        self,
        name: str,
        told: Sequence[str],
        inside: Sequence[Item],
        inset: float,
        y: float,
        style: str,
        high: float = ROW,
    ) -> _Drawn:
        """A box with a name at its left, what is told of it at its right, and items in it."""
        drawn = self.column(inside, inset + INSET, y - high) if inside else _Drawn((), y - high)
        bottom = drawn.bottom - (INSET if inside else 0)
        words = r"\quad ".join(filter(None, told))
        room = rf"\dimexpr\linewidth-{2 * (inset + INSET)}pt\relax"
        lines = (
            rf"\draw[{style}] ({inset},{y}) rectangle ({{\linewidth-{inset}pt}},{bottom});",
            rf"\node[inner sep=0pt,anchor=west] at ({inset + INSET},{y - high / 2})"
            rf" {{\closedformRow{{{room}}}{{{name}}}{{{words}}}}};",
        )
        return _Drawn((*lines, *drawn.lines), bottom)


def _badge(loop: Loop, words: Language) -> str:
    """What a loop does with the parts in it, as in the other drawing."""
    times = f"${latex(loop.times)}$"
    if loop.kind == "if":
        return words.tr("if {condition}", condition=times)
    if loop.kind == "choose":
        return words.tr("{some} of {all}", some=times, all=f"${latex(loop.copies)}$")
    return rf"$\times\, {latex(loop.times)}$"


def _lines(report: Report) -> Iterator[str]:
    from closedform.render.pictures.page import drawn

    items, work = drawn(report)
    yield comment(f"{report.title}, {report.formulas[work].heading}; needs \\usepackage{{tikz}}")
    yield HEAD + "\n".join(_Pen(work, language(report.lang)).column(items, 1, 0).lines)
    yield FOOT


FORMAT = Format(report=lambda report: "\n".join(_lines(report)), suffixes=(".tikz",))
