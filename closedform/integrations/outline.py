"""A report as a short list of simple parts, for tools that build documents from parts."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from closedform import formula as w
from closedform.data import dataclass
from closedform.render.formats.svg import style
from closedform.render.formulas.latex import equation, latex, word
from closedform.render.language import Language, language, number, spoken
from closedform.render.report.closing import Remark
from closedform.render.report.names import Definition, SymbolRow
from closedform.render.report.parts import PartRow
from closedform.render.report.prose import Code, prose
from closedform.render.report.view import FormulaRow, Report

if TYPE_CHECKING:
    from closedform.render.pictures.svg import Image


@dataclass(frozen=True)
class Math:
    """LaTeX in the line."""

    latex: str


@dataclass(frozen=True)
class Strong:
    text: str


Inline: TypeAlias = tuple["str | Math | Strong | Code", ...]


@dataclass(frozen=True)
class Paragraph:
    inline: Inline


@dataclass(frozen=True)
class Display:
    """LaTeX on lines of its own."""

    latex: str


@dataclass(frozen=True)
class Bullets:
    items: tuple[Inline, ...]


@dataclass(frozen=True)
class Table:
    """Rows below a head of texts, all of one length; the last `numbers` columns are numbers."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Inline, ...], ...]
    numbers: int = 0


@dataclass(frozen=True)
class Picture:
    """A document of SVG, and what it shows in words; with `folded`, what is below that heading."""

    svg: str
    about: str
    folded: str = ""

    @property
    def address(self) -> str:
        """The picture as an address that holds all of it, so that its style is its own."""
        return "data:image/svg+xml;base64," + b64encode(self.svg.encode()).decode()


Piece: TypeAlias = Paragraph | Display | Bullets | Table | Picture
Outline: TypeAlias = tuple[Piece, ...]


SHOWN = ("report", "formulas", "drawing", "blocks", "plots", "parts")


def outline(report: Report, show: Sequence[str] = SHOWN[:1]) -> Outline:
    """What is shown of a report, in that order: some of SHOWN."""
    makers: dict[str, Callable[[Report], Sequence[Piece]]] = {
        "report": partial(_told, only_formulas=False),
        "formulas": partial(_told, only_formulas=True),
        "drawing": _drawing,
        "blocks": _blocks,
        "plots": _plots,
        "parts": _parts,
    }
    return tuple(piece for name in show for piece in makers[name](report))


def _drawing(report: Report) -> list[Piece]:
    from closedform.render.pictures.page import architecture

    return [_picture(architecture(report), report)]


def _blocks(report: Report) -> list[Piece]:
    """What flows through each block, to be opened."""
    from closedform.render.pictures.page import inside

    words = language(report.lang)
    return [
        replace(_picture(image, report), folded=words.tr("Inside {name}", name=name))
        for name, image in inside(report)
    ]


def _plots(report: Report) -> list[Piece]:
    from closedform.render.pictures.page import plots

    return [_picture(plot, report) for plot in plots(report)]


def _picture(image: Image, report: Report) -> Picture:
    return Picture(image.document(style(report)), f"{image.title}. {image.about}")


def _parts(report: Report) -> list[Piece]:
    """The table of parts."""
    words = language(report.lang)
    ones = (words.tr("{measure} of one", measure=row.heading) for row in report.formulas)
    head = (words.tr("line"), words.tr("part"), words.tr("times"), *ones)
    rows = tuple(_part(row, words) for row in report.parts)
    return [Table(words.tr("Parts"), head, rows)] if rows else []


def _told(report: Report, only_formulas: bool) -> Outline:
    """The parts of a report in their order; `only_formulas` leaves out what is around them."""
    words = language(report.lang)
    titles = tuple(row.heading for row in report.formulas)
    pieces: list[Piece] = []
    if not only_formulas:
        pieces.append(Paragraph((Strong(report.title),)))
        pieces += [Paragraph(prose(text)) for text in _paragraphs(report.about)]
    for row in report.formulas:
        if not only_formulas:
            pieces.append(Paragraph((Strong(row.heading), words.tr(": {says}", says=row.says))))
        pieces += _formula(row, report, words)
    if report.where:
        pieces.append(Paragraph((words.tr("where"),)))
        pieces.append(Bullets(tuple(_definition(row, words) for row in report.where)))
    pieces += [Paragraph(note.sentence) for note in report.notes]
    if only_formulas:
        return tuple(pieces)
    if report.symbols:
        titled = (words.tr("symbol"), words.tr("meaning"), words.tr("default"))
        pieces.append(Table(words.tr("Symbols"), titled, tuple(map(_symbol, report.symbols))))
    pieces += _parts(report)
    if report.presets:
        rows = tuple(
            (
                (row.title,),
                (", ".join(f"{name} = {value}" for name, value in row.sizes),),
                *((number(value, report.lang),) for value in row.values),
            )
            for row in report.presets
        )
        head = (words.tr("preset"), words.tr("sizes"), *titles)
        pieces.append(Table(words.tr("Presets"), head, rows, len(titles)))
    return (*pieces, *_closing(report, words))


def _formula(row: FormulaRow, report: Report, words: Language) -> list[Piece]:
    pieces: list[Piece] = [Display(equation(word(row.label), row.formula))]
    if row.value is not None:
        value = Strong(spoken(row.value, report.lang))
        pieces.append(Paragraph((words.tr("At {preset}: ", preset=report.preset), value)))
    if row.stays:
        chosen, stays = ", ".join(report.chosen), ", ".join(row.stays)
        said = words.tr("Not expressed in {chosen}: {stays}.", chosen=chosen, stays=stays)
        pieces.append(Paragraph((said,)))
    return pieces


def _closing(report: Report, words: Language) -> list[Piece]:
    """What the formulas rest on: the assumptions, and what the convention counts."""
    told = report.closing
    pieces: list[Piece] = []
    if told.nothing:
        pieces.append(Paragraph((_plain(told.nothing),)))
    else:
        pieces.append(Paragraph((Strong(words.tr("Assumptions")),)))
        items: tuple[Inline, ...] = tuple(
            (_math(row.condition), words.tr(": {reason}", reason=row.because))
            for row in report.assumptions
        )
        axes: tuple[Inline, ...] = ((_plain(told.axes),),) if told.axes else ()
        pieces.append(Bullets((*items, *axes)))
    counted = [_plain(remark) for remark in (told.convention, told.omitted) if remark]
    counted += [told.whole] if told.whole else []
    if counted:
        pieces.append(Paragraph((" ".join(counted),)))
    pieces.append(Paragraph((told.made,)))
    return pieces


def _plain(remark: Remark) -> str:
    """A sentence with its names as they are."""
    return "".join(part.text if isinstance(part, Code) else part for part in remark.sentence)


def _paragraphs(text: str) -> list[str]:
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", text) if part.strip()]


def _definition(row: Definition, words: Language) -> Inline:
    formula = Math(f"{latex(row.symbol)} = {latex(row.formula)}")
    if not row.meaning:
        return (formula,)
    meaning = words.pieces(": {meaning}", {"meaning": prose(row.meaning)})
    return (
        formula,
        *(p for piece in meaning for p in ((piece,) if isinstance(piece, str) else piece)),
    )


def _symbol(row: SymbolRow) -> tuple[Inline, ...]:
    meaning = prose(row.meaning)
    default: Inline = (_math(row.default),) if row.default else ()
    return (_math(row.symbol),), meaning, default


def _part(row: PartRow, words: Language) -> tuple[Inline, ...]:
    times: Inline = (_math(row.times),)
    if row.copies != row.times:
        copies = words.pieces(" (weights {copies})", {"copies": _math(row.copies)})
        times = (*times, *copies)
    name = "\N{EM SPACE}" * row.depth + row.name
    costs = ((_math(cost),) for cost in row.costs)
    return (row.place,), (name,), times, *costs


def _math(node: w.Written) -> Math:
    return Math(latex(node))
