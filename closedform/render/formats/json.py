"""JSON, for programs; docs/json.md describes the layout, which `schema` names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from closedform import __version__
from closedform import formula as w
from closedform.render.formulas.latex import latex
from closedform.render.markup.format import Format

if TYPE_CHECKING:
    from closedform.render.report.compared.changes import ChangesView
    from closedform.render.report.compared.comparison import Comparison
    from closedform.render.report.rules import RulesRow
    from closedform.render.report.view import Report

SCHEMA = "closedform/1"


def _report(report: Report) -> str:
    titles = [row.title for row in report.formulas]
    document: dict[str, object] = {
        "schema": SCHEMA,
        "version": __version__,
        "file": report.file,
        "name": report.title,
        "kind": report.keyword,
        "about": report.about,
        "in": list(report.chosen),
        "when": list(report.when),
        "preset": report.preset,
        "convention": report.convention,
        "counts": report.convention_says,
        "not_counted": [
            {"operation": row.operation, "counts": list(row.counts) or "all"}
            for row in report.omissions
        ],
        "axes_not_empty": report.nonempty,
        "assumptions": [
            {
                "text": row.text,
                "latex": latex(row.condition),
                "reason": row.reason,
                "place": row.place,
            }
            for row in report.assumptions
        ],
        "symbols": [
            {
                "name": row.symbol.name,
                "sign": row.symbol.sign or row.symbol.name,
                "meaning": row.meaning,
                "default": w.plain(row.default) if row.default else None,
            }
            for row in report.symbols
        ],
        "where": [
            {
                "name": w.plain(w.Symbol(row.symbol.name, row.symbol.index)),
                "sign": w.plain(row.symbol),
                "text": w.plain(row.formula),
                "latex": latex(row.formula),
                "meaning": row.meaning,
            }
            for row in report.where
        ],
        "definitions": dict(report.definitions),
        "formulas": {
            row.title: {
                "expr": row.expr,
                "latex": latex(row.formula),
                "text": w.plain(row.formula),
                "by_part": {name: w.plain(formula) for name, formula in row.braces},
                "unit": row.unit,
                "convention": row.convention,
                "stays": list(row.stays),
                "value": None if row.value is None else str(row.value),
            }
            for row in report.formulas
        },
        "parts": [
            {
                "depth": row.depth,
                "line": row.line,
                "file": row.file,
                "name": row.name,
                "times": w.plain(row.times),
                "copies_of_weights": w.plain(row.copies),
                "costs": dict(zip(titles, map(w.plain, row.costs), strict=True)),
            }
            for row in report.every_part
        ],
        "claims": [
            {
                "of": row.of,
                "line": row.line,
                "measure": row.measure,
                "text": row.text,
                "latex": latex(row.statement),
                "when": [w.plain(condition) for condition in row.conditions],
                "source": row.source,
                "verdict": row.verdict,
            }
            for row in report.claims
        ],
        "presets": [
            {
                "title": row.title,
                "sizes": dict(row.sizes),
                "values": {
                    title: None if value is None else str(value)
                    for title, value in zip(titles, row.values, strict=True)
                },
            }
            for row in report.presets
        ],
    }
    if report.uncounted:
        document["uncounted"] = [
            {
                "operation": row.operation,
                "of": "multiply-accumulates" if row.products else "elementary operations",
                **_told(row.amount),
                "value": None if row.value is None else str(row.value),
            }
            for row in report.uncounted
        ]
    if report.kinds:
        document["kinds"] = [
            {
                "measure": row.measure,
                "kind": row.kind,
                **({} if row.formula is None else _told(row.formula)),
                "value": None if row.value is None else str(row.value),
            }
            for row in report.kinds
        ]
    if report.rules:
        document["rules"] = [_rules(row) for row in report.rules]
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _rules(row: RulesRow) -> dict[str, object]:
    return {
        "measure": row.heading,
        "leading": row.leading and _told(row.leading),
        "sizes": [
            {
                "size": w.plain(size.size),
                "regions": [
                    {
                        "term": _told(region.term),
                        "parts": region.parts,
                        "where": _told(region.condition),
                    }
                    for region in size.regions
                ],
                "elasticity": size.elasticity and _told(size.elasticity),
                "at_preset": size.percent,
                "doubled": size.doubled,
            }
            for size in row.sizes
        ],
    }


def _comparison(told: Comparison) -> str:
    document = {
        "schema": SCHEMA,
        "version": __version__,
        "formulas": [
            {
                "measure": what.heading,
                "models": [
                    {"model": row.model, **_told(row.formula), "stays": list(row.stays)}
                    for row in what.rows
                ],
                "fixed": [
                    {"size": w.plain(row.symbol), "default": row.default and _told(row.default)}
                    for row in what.fixed
                ],
                "clashes": [
                    {
                        "size": w.plain(row.symbol),
                        "senses": [
                            {
                                "model": sense.model,
                                "meaning": sense.meaning,
                                "default": sense.default and _told(sense.default),
                                "definition": sense.definition and _told(sense.definition),
                            }
                            for sense in row.senses
                        ],
                    }
                    for row in what.clashes
                ],
                "parts": [
                    {"part": row.name, "costs": [cost and _told(cost) for cost in row.costs]}
                    for row in what.parts
                ],
                "against": [
                    {
                        "first": pair.first,
                        "second": pair.second,
                        "tried": pair.tried,
                        "difference": pair.difference and _told(pair.difference),
                        "ratio": pair.ratio and _told(pair.ratio),
                        "growing": [
                            {
                                "size": w.plain(row.size),
                                "limit": row.limit and _told(row.limit),
                                "endless": row.endless,
                                "larger": row.larger,
                                "where": row.above and _told(row.above),
                                "else": row.above and row.smaller,
                            }
                            for row in pair.growing
                        ],
                    }
                    for pair in what.against
                ],
            }
            for what in told.formulas
        ],
        "presets": [
            {
                "model": row.model,
                "preset": row.preset,
                "values": {
                    heading: None if value is None else str(value)
                    for heading, value in zip(told.headings, row.values, strict=True)
                },
            }
            for row in told.rows
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _told(formula: w.Written) -> dict[str, str]:
    return {"text": w.plain(formula), "latex": latex(formula)}


def _changes(view: ChangesView) -> str:
    document = {
        "schema": SCHEMA,
        "version": __version__,
        "old": view.old,
        "new": view.new,
        "formulas": [
            {
                "of": row.of,
                "measure": row.title,
                "changed": row.changed,
                "old": row.old and _told(row.old),
                "new": row.new and _told(row.new),
                "difference": row.difference and _told(row.difference),
            }
            for row in view.formulas
        ],
        "presets": [
            {
                "preset": row.preset,
                "measure": row.title,
                "changed": row.changed,
                "old": None if row.old is None else str(row.old),
                "new": None if row.new is None else str(row.new),
                "preset_is": "same"
                if row.was_there and row.is_there
                else "added"
                if row.is_there
                else "removed",
            }
            for row in view.values
        ],
        "assumptions": [
            {"of": row.of, "text": w.plain(row.condition), "new": row.new} for row in view.facts
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


FORMAT = Format(report=_report, suffixes=(".json",), comparison=_comparison, changes=_changes)
