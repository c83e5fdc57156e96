"""A report as a short list of simple parts, for tools that build documents from parts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

from closedform.derive import written as w
from closedform.render.formats import MARKDOWN_TOOLS
from closedform.render.latex import equation, latex
from closedform.render.parts import PartRow
from closedform.render.view import Definition, FormulaRow, Report, SymbolRow

number = MARKDOWN_TOOLS["number"]


@dataclass(frozen=True)
class Math:
    """LaTeX in the line."""

    latex: str


@dataclass(frozen=True)
class Strong:
    text: str


Inline: TypeAlias = tuple["str | Math | Strong", ...]


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


Piece: TypeAlias = Paragraph | Display | Bullets | Table
Outline: TypeAlias = tuple[Piece, ...]


def outline(report: Report, only_formulas: bool = False) -> Outline:
    """The parts of a report in their order; `only_formulas` leaves out what is around them."""
    titles = tuple(row.title for row in report.formulas)
    pieces: list[Piece] = []
    if not only_formulas:
        pieces.append(Paragraph((Strong(report.title),)))
        pieces += [Paragraph((text,)) for text in _paragraphs(report.about)]
    for row in report.formulas:
        if not only_formulas:
            pieces.append(Paragraph((Strong(row.title), f": {row.says}")))
        pieces += _formula(row, report)
    if report.where:
        pieces.append(Paragraph(("where",)))
        pieces.append(Bullets(tuple(map(_definition, report.where))))
    if only_formulas:
        return tuple(pieces)
    if report.symbols:
        titled = ("symbol", "meaning", "default")
        pieces.append(Table("Symbols", titled, tuple(map(_symbol, report.symbols))))
    if report.parts:
        head = ("line", "part", "times", *(f"{title} of one" for title in titles))
        pieces.append(Table("Parts", head, tuple(map(_part, report.parts))))
    if report.presets:
        rows = tuple(
            (
                (row.title,),
                (", ".join(f"{name} = {value}" for name, value in row.sizes),),
                *((number(value),) for value in row.values),
            )
            for row in report.presets
        )
        pieces.append(Table("Presets", ("preset", "sizes", *titles), rows, len(titles)))
    return (*pieces, *_basis(report))


def _formula(row: FormulaRow, report: Report) -> list[Piece]:
    name = row.unit if row.convention else row.measure
    pieces: list[Piece] = [Display(equation(f"\\mathrm{{{name}}}", row.formula))]
    if row.value is not None:
        pieces.append(Paragraph((f"At {report.preset}: ", Strong(number(row.value)))))
    if row.stays:
        stays = f"Not expressed in {', '.join(report.chosen)}: {', '.join(row.stays)}."
        pieces.append(Paragraph((stays,)))
    return pieces


def _basis(report: Report) -> list[Piece]:
    """What the formulas rest on: the assumptions, and what the convention counts."""
    pieces: list[Piece] = []
    if report.assumptions:
        pieces.append(Paragraph((Strong("Assumptions"),)))
        items = tuple(
            (_math(row.condition), f": {row.reason}{f' ({row.place})' if row.place else ''}")
            for row in report.assumptions
        )
        pieces.append(Bullets(items))
    else:
        pieces.append(Paragraph(("No assumption was needed.",)))
    if report.convention:
        left_out = ", ".join(
            row.operation + (f" ({', '.join(row.counts)})" if row.counts else "")
            for row in report.omissions
        )
        counted = f"Convention {report.convention}: {report.convention_says}. "
        omitted = f"Not counted: {left_out}." if left_out else "Nothing is left out."
        pieces.append(Paragraph((counted + omitted,)))
    return pieces


def _paragraphs(text: str) -> list[str]:
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", text) if part.strip()]


def _definition(row: Definition) -> Inline:
    formula = Math(f"{latex(row.symbol)} = {latex(row.formula)}")
    return (formula, f": {row.meaning}") if row.meaning else (formula,)


def _symbol(row: SymbolRow) -> tuple[Inline, ...]:
    meaning: Inline = (row.meaning,) if row.meaning else ()
    default: Inline = (_math(row.default),) if row.default else ()
    return (_math(row.symbol),), meaning, default


def _part(row: PartRow) -> tuple[Inline, ...]:
    times: Inline = (_math(row.times),)
    if row.copies != row.times:
        times = (*times, " (weights ", _math(row.copies), ")")
    name = "\N{EM SPACE}" * row.depth + row.name
    costs = ((_math(cost),) for cost in row.costs)
    return (str(row.line),), (name,), times, *costs


def _math(node: w.Written) -> Math:
    return Math(latex(node))
