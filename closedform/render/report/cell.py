"""What a notebook shows of formulas: they, and all that is needed to read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from sympy import Expr

from closedform import formula as w
from closedform.data import dataclass
from closedform.derive.measures.lookup import omitted
from closedform.derive.solve.closed import Closed
from closedform.derive.solve.express import staying
from closedform.derive.solve.made import NAMELESS, Made
from closedform.derive.trace.lines import nodes_of
from closedform.formula.numbers import Exact
from closedform.render.language import language
from closedform.render.report.closing import (
    AssumptionRow,
    Closing,
    Remark,
    closing,
    made_with,
    notes,
)
from closedform.render.report.names import Definition, Names, SymbolRow
from closedform.render.report.signs import signed
from closedform.render.report.view import assumption_rows, convention_said, omission_row, said


@dataclass(frozen=True)
class CellFormula:
    """`label = formula`, or a formula without a name; `says` is what is counted."""

    label: str | None
    title: str
    says: str
    formula: w.Written
    stays: tuple[str, ...]
    value: Exact | None = None


@dataclass(frozen=True)
class Cell:
    """Formulas in the same sizes, with what their symbols mean and what they rest on.

    `sizes` says whose sizes they are, where that is a block by itself. Like a report it has a
    title, and parts and presets, which a model alone has.
    """

    title: str
    formulas: tuple[CellFormula, ...]
    chosen: tuple[str, ...]
    symbols: tuple[SymbolRow, ...]
    where: tuple[Definition, ...]
    notes: tuple[Remark, ...]
    assumptions: tuple[AssumptionRow, ...]
    closing: Closing
    sizes: str | None
    about: str = ""
    lang: str = "en"
    parts: tuple[()] = ()
    presets: tuple[()] = field(default=())


def cell(formed: Sequence[Closed], written: Sequence[w.Written], title: str) -> Cell:
    """The cell of formulas of one derivation, as they are written."""
    words = language("en")
    first = formed[0]
    derivation = first.derivation
    formulas = tuple(
        CellFormula(
            None if form.measure.name == NAMELESS else form.measure.label,
            form.measure.title,
            said(form.measure, words),
            node,
            staying(form),
        )
        for form, node in zip(formed, written, strict=True)
    )
    starts: dict[str, Expr] = {}
    for form, node in zip(formed, written, strict=True):
        braced = any(isinstance(part, w.Braced) for part in nodes_of(node))
        starts.update(form.starts("parts" if braced else "shortest"))
    names = Names(derivation, (formulas,), starts, first.order, words)
    assumptions = tuple(assumption_rows(derivation, first.order, words))
    convention = next((f.measure.convention for f in formed if f.measure.convention), None)
    rows = (
        []
        if convention is None or isinstance(first, Made)
        else omitted(derivation.root, convention)
    )
    told = Cell(
        title=title,
        formulas=formulas,
        chosen=first.chosen,
        symbols=tuple(row for row in names.symbols() if row.meaning or derivation.generic),
        where=names.where(),
        notes=tuple(notes(nodes_of((formulas,)), words)),
        assumptions=assumptions,
        closing=closing(
            bool(assumptions),
            bool(derivation.positive),
            (convention.name, convention_said(convention, words)) if convention else None,
            [omission_row(row, words) for row in rows],
            made_with(
                [derivation.entity.module.title], [convention.name] if convention else [], words
            ),
            words,
        ),
        sizes=" and ".join(derivation.owners) or None,
    )
    return signed(told, derivation.signs)
