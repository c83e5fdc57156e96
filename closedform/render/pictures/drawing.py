"""The architecture as a drawing: boxes with their repeats, what one costs, and what all cost.

On an arrow stands the shape of what flows there, where it is another than before. A line at the
left leads around the parts that a connection skips, to the plus where both are added.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import groupby

from closedform import formula as w
from closedform.data import dataclass
from closedform.render.formulas.svg_line import Piece, broken, factor_pieces, pieces, svg_text
from closedform.render.language import Language, language
from closedform.render.pictures import svg
from closedform.render.report.parts import Around, Loop
from closedform.render.report.preset_costs import Part
from closedform.render.report.view import Report

WIDTH, NARROW = 960, 400  # of a page, and of a phone, where bars stand in their boxes
COLUMN = 172  # of the bars of one measure
BAR, HEAD = 96, 148  # the longest bar, and the room of what stands above it
NAME, EM, SMALL = 8.6, 15.5, 13.0  # a letter of a name; an em of formulas and of badges
LINE, PAD, GAP, INSET = 20, 9, 16, 14
LABELLED, LOW = 24, 16  # the height of an arrow with a shape beside it, and of more lines of that
AROUND, PLUS = 26, 8  # the room at the left for a connection; the radius of a plus


@dataclass(frozen=True)
class Group:
    """Parts inside one loop; `uses` is how often it is at work at the preset, in each stage."""

    loop: Loop
    uses: tuple[Fraction, ...] | None
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Block:
    part: Part
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Small:
    """Operations in a row that do no work, such as a layer norm: one thin box."""

    parts: tuple[Part, ...]


Item = Group | Block | Small


def around(item: Item) -> Around:
    """The connection that leads around an item."""
    match item:
        case Group():
            return item.loop.around
        case Block():
            return item.part.row.around
        case Small():
            return item.parts[0].row.around


def given(item: Item) -> tuple[tuple[w.Written, ...], ...]:
    """The shapes of what an item is given, or what is drawn first in it; none if not known."""
    match item:
        case Group():
            return given(item.items[0])
        case Block(part, items):
            begins = part.row.kind in ("stage", "steps") and items
            return given(items[0]) if begins else part.row.inputs
        case Small():
            return item.parts[0].row.inputs


def items_of(parts: Sequence[Part], work: int, level: int = 0) -> tuple[Item, ...]:
    """The parts as they are drawn: those of one loop together."""
    found: list[Item] = []
    for loop, run in groupby(parts, key=lambda part: _loop(part, level)):
        inside = list(run)
        if loop is None:
            found.extend(_boxes(inside, work))
        else:
            found.append(Group(loop, inside[0].uses[level], items_of(inside, work, level + 1)))
    return tuple(found)


def _loop(part: Part, level: int) -> Loop | None:
    return part.row.loops[level] if level < len(part.row.loops) else None


def _boxes(parts: list[Part], work: int) -> list[Item]:
    found: list[Item] = []
    for (small, _), run in groupby(parts, key=lambda p: (_is_small(p, work), p.row.around)):
        inside = list(run)
        if small:
            found.append(Small(tuple(inside)))
        else:
            found.extend(Block(part, items_of(_figure_in(part), work)) for part in inside)
    return found


def _is_small(part: Part, work: int) -> bool:
    return part.row.kind == "operation" and part.row.costs[work] == w.Number(0)


def _figure_in(part: Part) -> list[Part]:
    """The parts of a part that are drawn: all those of a stage, the blocks of a block."""
    inside_loop = part.row.kind in ("stage", "steps")
    return [p for p in part.parts if inside_loop or p.row.kind != "operation"]


# The picture -------------------------------------------------------------------------------


ABOUT = "The parts of {name} from the input down, with the {measure}."
ABOUT_WITH_BARS = (
    "The parts of {name} from the input down, with the {measure} of one of each, "
    "and bars of what all of it costs at {preset}."
)


def drawing(
    report: Report,
    parts: tuple[Part, ...],
    work: int,
    colours: dict[str, str],
    preset: str | None,
    narrow: bool = False,
) -> svg.Image:
    """The drawing of a report; without a preset there are no bars."""
    measures = tuple(dict.fromkeys((work, 0))) if preset else ()
    if narrow:
        measures = measures[:1]
    words = language(report.lang)
    items = items_of(parts, work)
    longest = [max((_whole(part, at) for part in parts), default=Fraction(0)) for at in measures]
    pen = _Pen(work, dict(zip(measures, longest, strict=True)), colours, words, narrow)
    pen.heads([row.heading for row in report.formulas], preset)
    if items:
        bottom = pen.column(items, 1, pen.left - 2, pen.input(items[0], 44.0))
    else:
        bottom = 66.0
        pen.content.append(svg.text(words.tr("No part of it costs anything."), 1, 60, "note"))
    measure = report.formulas[work].heading
    about = words.tr(
        ABOUT_WITH_BARS if preset else ABOUT, name=report.title, measure=measure, preset=preset
    )
    title = words.tr("Architecture of {name}", name=report.title)
    kind = "drawing-narrow" if narrow else "drawing"
    return svg.Image(kind, title, about, pen.width, bottom + 4, pen.content)


def _whole(part: Part, measure: int) -> Fraction:
    return part.amounts[measure] if part.amounts else Fraction(0)


class _Pen:
    """Draws from the top down; every method gives the height at which it ended."""

    def __init__(
        self,
        work: int,
        longest: dict[int, Fraction],
        colours: dict[str, str],
        words: Language,
        narrow: bool,
    ) -> None:
        self.words, self.narrow = words, narrow
        self.width = NARROW if narrow else WIDTH
        self.work, self.measures, self.longest = work, tuple(longest), longest
        self.colours = colours
        self.left = self.width - (0 if narrow else COLUMN * len(longest))
        self.content: list[str] = []
        self.shape: tuple[tuple[w.Written, ...], ...] = ()  # on the last arrow that has one

    def heads(self, titles: list[str], preset: str | None) -> None:
        head = self.words.tr("part, and the {measure} of one", measure=titles[self.work])
        self.content.append(svg.text(head, 1, 13, "head"))
        if self.narrow and preset:
            self.content.append(
                svg.text(self.words.tr("at {preset}", preset=preset), 1, 30, "note")
            )
            return
        for at, measure in enumerate(self.measures):
            x = self.left + COLUMN * at + 18
            told = self.words.tr("at {preset}", preset=preset)
            for text, y, kind in ((titles[measure], 13, "head"), (told, 30, "note")):
                fit = HEAD if len(text) * NAME * 0.9 > HEAD else 0
                self.content.append(svg.text(text, x, y, kind, fit=fit))

    def input(self, item: Item, y: float) -> float:
        """The arrow into the first item, if it is known what that is given."""
        middle = 1 + (self.left - 2) / 2
        return self._arrow(middle, y, item) if given(item) else y

    def column(self, items: Sequence[Item], x: float, width: float, y: float) -> float:
        """Items from the top down, those that a connection skips together."""
        runs = [
            (skip, list(run)) for skip, run in groupby(items, key=lambda item: around(item).skip)
        ]
        if any(skip is not None for skip, _ in runs):
            x, width = x + AROUND, width - AROUND
        for at, (skip, run) in enumerate(runs):
            if at:
                y = self._arrow(x + width / 2, y, run[0])
            if skip is None:
                y = self._row(run, x, width, y)
            else:
                y = self._skipped(run, x, width, y, begins=at == 0)
        return y

    def _row(self, items: Sequence[Item], x: float, width: float, y: float) -> float:
        for at, item in enumerate(items):
            if at:
                y = self._arrow(x + width / 2, y, item)
            y = self._item(item, x, width, y, ())
        return y

    def _skipped(
        self, items: Sequence[Item], x: float, width: float, y: float, begins: bool
    ) -> float:
        """Items and the connection around them; those that stand on it are drawn at the left."""
        middle, left = x + width / 2, x - AROUND / 2
        skipped = [item for item in items if not around(item).on]
        on = [item for item in items if around(item).on]
        fork = y - GAP + 5
        if begins:  # nothing is above from which an arrow comes
            fork = y + 1
            y = self._arrow(middle, y, items[0])
        self._wire((middle, fork), (left, fork))
        low = self._row(skipped, x, width, y)
        if on:  # what is skipped goes on at their right
            right, end = x + width - AROUND, low
            self._wire((left, fork), (left, end + GAP))
            low = self._row(on, left - 1, width - 2 * AROUND, end + GAP)
            fork, plus = low, low + GAP + PLUS
            self._wire((right, end), (right, plus), (middle + PLUS, plus))
        else:
            plus = low + GAP + PLUS
            self._down(middle, low, low + GAP)
        self._wire((left, fork), (left, plus), (middle - PLUS, plus))
        self.content.append(svg.dot(middle, plus, PLUS, "plus"))
        self._wire((middle - 4, plus), (middle + 4, plus))
        self._wire((middle, plus - 4), (middle, plus + 4))
        return plus + PLUS

    def _item(
        self, item: Item, x: float, width: float, y: float, badges: tuple[list[Piece], ...]
    ) -> float:
        match item:
            case Group():
                label = badge(item.loop, item.uses, self.words)
                if len(item.items) == 1:
                    return self._item(item.items[0], x, width, y, (*badges, label))
                return self._group(item, x, width, y, (*badges, label))
            case Block():
                return self._block(item, x, width, y, badges)
            case Small():
                return self._small(item, x, width, y, badges)

    def _group(
        self, item: Group, x: float, width: float, y: float, badges: tuple[list[Piece], ...]
    ) -> float:
        at = len(self.content)
        bottom = self.column(item.items, x + INSET, width - 2 * INSET, y + 16) + 12
        self.content.insert(at, svg.box(x, y, width, bottom - y, "loop", 8))
        self._badges(badges, x + width - INSET, y + 5)
        return bottom

    def _block(
        self, item: Block, x: float, width: float, y: float, badges: tuple[list[Piece], ...]
    ) -> float:
        row, at = item.part.row, len(self.content)
        taken = self._badges(badges, x + width - PAD, y + 21)
        shown = row.name
        if row.kind == "steps":
            shown = self.words.tr("for {steps}", steps=row.name)
        name = len(shown) * NAME
        most = width - 2 * PAD - taken - 12
        fit = most if name > most else 0
        self.content.append(svg.text(shown, x + PAD + 3, y + 21, "name", fit=fit))
        cost = pieces(row.costs[self.work]) if row.kind != "stage" else []
        room = width - 2 * PAD - name - taken - 30
        start, line = x + PAD + name + 21, y + 21
        if cost and sum(piece.width for piece in cost) * EM > room:
            start, line = x + PAD + 3, y + 21 + LINE + 2
            room = width - 2 * PAD - 6
        lines = broken(cost, room / EM) if cost else []
        for number, run in enumerate(lines):
            indent = 16 if number else 0
            here = line + number * LINE
            self.content.append(_fitted(run, start + indent, here, room - indent, EM, "formula"))
        below = max(y + 21, line + (len(lines) - 1) * LINE)
        if self.narrow:
            below += LINE if self.measures else 0
            self._bars((item.part,), below, bool(item.items), row.name, x + PAD + 3)
        else:
            self._bars((item.part,), y + 21, bool(item.items), row.name)
        bottom = below + 13
        if item.items:
            bottom = self.column(item.items, x + INSET, width - 2 * INSET, bottom) + 12
        kind = {"stage": "stage", "steps": "loop"}.get(row.kind, "block")
        self.content.insert(at, svg.box(x, y, width, bottom - y, kind, 6))
        return bottom

    def _small(
        self, item: Small, x: float, width: float, y: float, badges: tuple[list[Piece], ...]
    ) -> float:
        names = " · ".join(dict.fromkeys(part.row.name for part in item.parts))
        self.content.append(svg.box(x, y, width, 24, "small", 6))
        most = width - 2 * PAD - 6 - sum(_badge_width(label) for label in badges)
        fit = most if len(names) * NAME * 0.8 > most else 0
        self.content.append(svg.text(names, x + PAD + 3, y + 16, "note", fit=fit))
        self._badges(badges, x + width - PAD, y + 16)
        if not self.narrow:
            self._bars(item.parts, y + 16, False, item.parts[0].row.name)
        return y + 24

    def _badges(self, badges: tuple[list[Piece], ...], right: float, y: float) -> float:
        """Labels of loops, the innermost first from the right; gives the room that they take."""
        taken = 0.0
        for label in badges:
            width = _badge_width(label)
            taken += width + 6
            x = right - taken + 6
            self.content.append(svg.box(x, y - 14, width, 19, "badge", 9.5))
            self.content.append(svg_text(label, x + width / 2, y - 0.5, "count", "middle"))
        return taken

    def _bars(
        self, parts: Sequence[Part], y: float, open_: bool, name: str, inside: float | None = None
    ) -> None:
        """What the parts cost at the preset; the bar of a part with parts of its own is grey.

        Bars stand in their columns, or inside the box of the part where there are none.
        """
        for at, measure in enumerate(self.measures):
            x = self.left + COLUMN * at + 18 if inside is None else inside
            amounts = [part.amounts[measure] for part in parts if part.amounts is not None]
            if len(amounts) < len(parts):
                continue
            longest, here = self.longest[measure], sum(amounts, Fraction(0))
            long = min(float(here / longest), 1) * BAR if longest else 0.0
            if long > 0:
                kind = "open" if open_ else self.colours.get(name, "open")
                self.content.append(svg.box(x, y - 12, max(long, 1), 15, f"bar {kind}", 2))
            label = svg.short_number(here) if here else "0"
            self.content.append(svg.text(label, x + long + 7, y, "number" if here else "note"))

    def _arrow(self, x: float, y: float, item: Item) -> float:
        """An arrow into an item, with the shape of what it is given if that is a new one."""
        shape, high = given(item), float(GAP)
        if shape and shape != self.shape:
            self.shape, high = shape, LABELLED
            told = [piece for one in shape for piece in (Piece(", ", cut=True), *_shape(one))][1:]
            room = self.left - x - 2 * INSET
            lines = broken(told, room / SMALL)
            for at, line in enumerate(lines):
                middle = y + LABELLED / 2 + 3 + at * LOW
                self.content.append(_fitted(line, x + 10, middle, room, SMALL, "shape"))
            high += LOW * (len(lines) - 1)
            if isinstance(item, Group) and len(item.items) > 1:
                high += LOW / 2  # its badges stand on the edge
        self._down(x, y, y + high)
        return y + high

    def _down(self, x: float, y: float, to: float) -> None:
        """A line down, with a tip."""
        tip = to - 2
        self._wire((x, y + 1), (x, tip))
        self._wire((x - 3.5, tip - 4.5), (x, tip), (x + 3.5, tip - 4.5))

    def _wire(self, *points: tuple[float, float]) -> None:
        self.content.append(svg.path(list(points), "wire"))


def _badge_width(label: list[Piece]) -> float:
    return sum(piece.width for piece in label) * SMALL + 18


def _fitted(line: list[Piece], x: float, y: float, room: float, em: float, kind: str) -> str:
    """A line of pieces, pressed together where it has no room."""
    wide = sum(piece.width for piece in line) * em > room
    return svg.fitted(svg_text(line, x, y, kind), room if wide else 0)


def _shape(sizes: tuple[w.Written, ...]) -> list[Piece]:
    """A shape as people write it: `N × D`."""
    times = Piece(" × ", cut=True)
    shown = [piece for size in sizes for piece in (times, *factor_pieces(size))][1:]
    return shown or [Piece("1")]


def badge(loop: Loop, uses: tuple[Fraction, ...] | None, words: Language) -> list[Piece]:
    """What a loop does with the parts in it: `× L = 12`, `if R > 1`, `K of X`."""
    if loop.kind == "if":
        condition = loop.times.condition if isinstance(loop.times, w.Indicator) else loop.times
        return _told(words, "if {condition}", condition=pieces(condition))
    if loop.kind == "choose":
        chosen, all_ = pieces(loop.times), pieces(loop.copies)
        return _told(words, "{some} of {all}", some=chosen, all=all_)
    shown = [Piece("× "), *factor_pieces(loop.times)]
    if uses is not None and not isinstance(loop.times, w.Number):
        once = uses[:1] if len(set(uses)) == 1 else uses
        shown.append(Piece(f" = {words.tr(', ').join(map(svg.short_number, once))}"))
    if loop.kind == "repeat" and loop.copies != loop.times:
        shown.append(Piece(words.tr(", weights shared")))
    return shown


def _told(words: Language, text: str, **values: list[Piece]) -> list[Piece]:
    parts = words.pieces(text, values)
    return [piece for p in parts for piece in ([Piece(p)] if isinstance(p, str) else p)]
