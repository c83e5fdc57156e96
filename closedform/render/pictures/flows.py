"""What flows through a block as a drawing: its steps in rows, those side by side that may be.

Steps that follow each other alone are one box. A line that passes a row, as that of what is added
later does, has a place of its own in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import field
from itertools import combinations, permutations, product
from math import factorial, prod

from closedform import formula as w
from closedform.data import dataclass
from closedform.derive.trace.flows import Flow, Step
from closedform.render.formulas.svg_line import Piece, factor_pieces, svg_text
from closedform.render.language import Language
from closedform.render.pictures import svg

LETTER, EM = 7.6, 15.0  # of a name, and of a shape
LINE, PAD, APART, PASS = 19, 10, 18, 10  # PASS is the width of a line that passes
BETWEEN = 40  # two rows
LEAST, MOST = 260, 500  # of the width of a drawing
ALONE = {"input", "loop"}  # kinds of steps that have a box of their own
ORDERS = 600  # so many are tried for the one whose lines cross least
ABOUT = "The steps of {name}, from what it is given down to what it returns."


@dataclass(eq=False)
class _Box:
    """Steps that follow each other; without steps, a line that passes a row."""

    steps: list[Step] = field(default_factory=list)
    takes: list[_Box] = field(default_factory=list)
    row: int = 0
    x: float = 0.0  # its middle
    top: float = 0.0
    width: float = PASS

    @property
    def is_input(self) -> bool:
        return bool(self.steps) and self.steps[0].kind == "input"


def flow_drawing(flow: Flow, words: Language) -> svg.Image:
    """The drawing of the inside of a block."""
    boxes, ends = _boxes(flow)
    rows = _rows(boxes)
    wanted = [sum(map(_width, row)) + APART * (len(row) - 1) for row in rows]
    width = min(max(LEAST, *wanted), MOST)
    for row, wide in zip(rows, wanted, strict=True):
        _place(row, width, min(1.0, (width - APART * (len(row) - 1)) / wide))
    content: list[str] = []
    y = 1.0
    for row in rows:
        for box in row:
            box.top = y
        y += max(map(_height, row)) + BETWEEN
        content.extend(text for box in row if box.steps for text in _drawn(box))
    bottoms = {
        id(box): box.top + (_height(box) if box.steps else _high(rows[box.row])) for box in boxes
    }
    wires = [
        svg.curve((taken.x, bottoms[id(taken)]), (box.x, box.top), "wire")
        for row in rows
        for box in row
        for taken in box.takes
    ]
    wires += [
        svg.path([(box.x, box.top), (box.x, bottoms[id(box)])], "wire")
        for box in boxes
        if not box.steps
    ]
    tips = [svg.tip(box.x, box.top) for box in boxes if box.takes and box.steps]
    end = y - BETWEEN + 16
    for box in ends:
        wires.append(svg.path([(box.x, bottoms[id(box)]), (box.x, end)], "wire"))
        tips.append(svg.tip(box.x, end))
    title = words.tr("Inside {name}", name=flow.name)
    about = words.tr(ABOUT, name=flow.name)
    name = f"flow-{svg.identified(flow.name)}"
    return svg.Image(name, title, about, width, end + 3, [*wires, *tips, *content])


def _boxes(flow: Flow) -> tuple[list[_Box], list[_Box]]:
    """The boxes of a flow, and those that make what the block returns."""
    used = Counter(at for step in flow.steps for at in step.takes)
    used.update(flow.returns)
    of: dict[int, _Box] = {}
    boxes: list[_Box] = []
    for at, step in enumerate(flow.steps):
        before = [of[taken] for taken in step.takes]
        alone = len(before) == 1 and used[step.takes[0]] == 1
        if alone and ALONE.isdisjoint((step.kind, before[0].steps[0].kind)):
            of[at] = before[0]
            before[0].steps.append(step)
        else:
            of[at] = _Box([step], list(dict.fromkeys(before)))
            boxes.append(of[at])
    return boxes, list(dict.fromkeys(of[at] for at in flow.returns))


def _rows(boxes: list[_Box]) -> list[list[_Box]]:
    """Each box below all that it takes, with lines that pass the rows between."""
    for box in boxes:
        box.row = max((taken.row + 1 for taken in box.takes), default=0)
    for box in reversed(boxes):  # what takes nothing, such as a parameter, stands near its use
        users = [other.row for other in boxes if box in other.takes]
        if not box.takes and not box.is_input and users:
            box.row = max(min(users) - 1, 0)
    passing: dict[tuple[int, int], _Box] = {}
    for box in list(boxes):
        for at, taken in enumerate(box.takes):
            for row in range(taken.row + 1, box.row):
                line = passing.get((id(taken), row))
                if line is None:
                    above = passing.get((id(taken), row - 1), taken)
                    line = passing[id(taken), row] = _Box([], [above], row)
                    boxes.append(line)
                box.takes[at] = line
    rows: list[list[_Box]] = [[] for _ in range(max(box.row for box in boxes) + 1)]
    for box in boxes:
        rows[box.row].append(box)
    if prod(factorial(len(row)) for row in rows) > ORDERS:
        return rows
    orders = product(*map(permutations, rows))
    return list(map(list, min(orders, key=lambda order: _tangle(list(order)))))


def _tangle(rows: Sequence[Sequence[_Box]]) -> tuple[int, float]:
    """How often lines cross, and how far they lead sideways."""
    place = {id(box): (at + 0.5) / len(row) for row in rows for at, box in enumerate(row)}
    crossings, sideways = 0, 0.0
    for row in rows:
        lines = [(place[id(taken)], place[id(box)]) for box in row for taken in box.takes]
        sideways += sum(abs(start - end) for start, end in lines)
        crossings += sum((a - c) * (b - d) < 0 for (a, b), (c, d) in combinations(lines, 2))
    return crossings, round(sideways, 6)


def _place(row: list[_Box], width: float, scale: float) -> None:
    for box in row:
        box.width = _width(box) * scale if box.steps else PASS
    taken = sum(box.width for box in row) + APART * (len(row) - 1)
    x = (width - taken) / 2
    for box in row:
        box.x = x + box.width / 2
        x += box.width + APART


def _width(box: _Box) -> float:
    """The width that a box would have with room for all."""
    if not box.steps:
        return PASS
    return (
        max(max(map(_text_width, _names(step))) + _shape_width(step) for step in box.steps)
        + 2 * PAD
    )


def _names(step: Step) -> tuple[str, ...]:
    return step.name, *step.inside


def _text_width(text: str) -> float:
    return sum(1.7 if ord(char) > 0x2E7F else 1 for char in text) * LETTER


def _shape(step: Step) -> list[Piece]:
    times = Piece(" × ")
    sizes = step.gives or ()
    return [piece for size in sizes for piece in (times, *factor_pieces(size))][1:]


def _shape_width(step: Step) -> float:
    shown = _shape(step)
    return sum(piece.width for piece in shown) * EM + APART if shown else 0.0


def _lines(box: _Box) -> list[tuple[Step, bool, bool]]:
    """Each step, whether its shape is told, and whether on a line of its own."""
    found = []
    before: tuple[w.Written, ...] | None = None
    for step in box.steps:
        told = bool(step.gives) and step.gives != before
        before = step.gives
        wide = _text_width(step.name) + _shape_width(step) + 2 * PAD > box.width + 1
        found.append((step, told, told and wide))
    return found


def _height(box: _Box) -> float:
    lines = sum(len(_names(step)) + apart for step, _, apart in _lines(box))
    return lines * LINE + 11 if lines else 0


def _high(row: Sequence[_Box]) -> float:
    return max(map(_height, row))


def _drawn(box: _Box) -> list[str]:
    left = box.x - box.width / 2
    kind = {"input": "small", "loop": "loop"}.get(box.steps[0].kind, "block")
    found = [svg.box(left, box.top, box.width, _height(box), kind, 6)]
    y = box.top + LINE
    room = box.width - 2 * PAD
    for step, told, apart in _lines(box):
        name = _text_width(step.name)
        style = {"block": "name", "loop": "name"}.get(step.kind, "step")
        found.append(_named(step.name, left + PAD, y, style, room))
        for inner in step.inside:
            y += LINE
            found.append(_named(inner, left + PAD, y, "step", room))
        if told:
            y += LINE if apart else 0
            line = svg_text(_shape(step), left + box.width - PAD, y, "shape", "end")
            free = room if apart else room - name
            found.append(svg.fitted(line, free if _shape_width(step) - APART > free else 0))
        y += LINE
    return found


def _named(name: str, x: float, y: float, style: str, room: float) -> str:
    return svg.text(name, x, y, style, fit=room if _text_width(name) > room else 0)
