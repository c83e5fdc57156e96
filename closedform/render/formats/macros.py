r"""Formulas, tables and derivations as LaTeX macros, to `\input` in a paper: `\VitMacs`.

A name is made of letters alone, so digits are spelled and other letters written out.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from itertools import chain, count
from typing import TYPE_CHECKING

from closedform.formula.numbers import Exact
from closedform.render.formulas.aligned import aligned
from closedform.render.formulas.latex import equation, latex, word
from closedform.render.formulas.widths import ROOM
from closedform.render.language import language, rounded
from closedform.render.markup.format import Format
from closedform.render.markup.latex import LATEX, LATEX_STEPS
from closedform.render.markup.latex_rows import comparison_table, presets_table
from closedform.render.markup.latex_text import comment, number_latex
from closedform.render.markup.lengths import points
from closedform.render.markup.templating import plain_data

if TYPE_CHECKING:
    from closedform.render.report.compared.comparison import Comparison
    from closedform.render.report.derivation import DerivationView
    from closedform.render.report.view import Report

DIGITS = ("Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")


def macro_name(*parts: str) -> str:
    r"""The name of a macro, without its backslash.

    >>> macro_name("ViT", "macs"), macro_name("MobileNet_V2", "params")
    ('VitMacs', 'MobilenetVTwoParams')
    >>> macro_name("é", "macs under hooks")
    'LatinSmallLetterEWithAcuteMacsUnderHooks'
    """
    return "".join(_word(word) for part in parts for word in part.replace("_", " ").split())


def _word(word: str) -> str:
    text = ""
    for char in word:
        if char.isascii() and char.isalpha():
            text += char.lower() if text else char.upper()
        elif char.isascii() and char.isdigit():
            text += DIGITS[int(char)]
        elif char.isalnum():
            text += _word_of_name(char)
    return text


def _word_of_name(char: str) -> str:
    return "".join(map(_word, unicodedata.name(char, f"U{ord(char):X}").replace("-", " ").split()))


def _report(report: Report) -> str:
    r"""`\newcommand` for every formula, its equation, its number at a preset, its abbreviations,
    and for the formulas of claims that are proved."""
    room = report.width or ROOM
    found: dict[str, str] = {}
    for row in report.formulas:
        name = macro_name(report.title, row.title)
        left = word(row.label)
        found[name] = latex(row.formula)
        found[f"{name}Equation"] = equation(left, row.formula, room)
        if row.value is not None:
            found[f"{name}Value"] = number_latex(row.value)
            found[f"{name}Rounded"] = _rounded(row.value)
    for claim in (row for row in report.claims if row.proved):
        name = _free(macro_name(claim.of, "claim", claim.measure), found)
        found[name] = latex(claim.formula)
        if claim.growing:
            found[f"{name}As"] = ",\\ ".join(map(latex, claim.growing))
        if claim.conditions:
            found[f"{name}When"] = ",\\ ".join(map(latex, claim.conditions))
    for definition in report.where:
        symbol = definition.symbol
        index = [symbol.index] if symbol.index is not None else []
        name = macro_name(report.title, "let", symbol.name, *index)
        found[name] = f"{latex(symbol)} = {latex(definition.formula)}"
    tables = {}
    if report.presets:
        fields = ("lang", "width", "formulas", "symbols", "presets")
        told = {name: plain_data(getattr(report, name), latex) for name in fields}
        tables[macro_name(report.title, "presets")] = presets_table(told)
    return _written(found, tables, report.closing.made, report.lang)


def _free(name: str, found: Mapping[str, str]) -> str:
    """A name that no other macro has: the second claim of a measure is `...Two`."""
    numbered = (name + macro_name(str(at)) for at in count(2))
    return next(free for free in chain([name], numbered) if free not in found)


def _rounded(value: Exact) -> str:
    amount, _, prefix = rounded(value).partition(" ")
    return f"{amount}\\,\\mathrm{{{prefix}}}" if prefix else amount


def _derivation(view: DerivationView) -> str:
    r"""`\newcommand` for what each block adds up to, and for the derivation as a whole."""
    report = view.report
    room = report.width or ROOM
    measure = report.formulas[0].title
    found: dict[str, str] = {}
    for passage in view.passages:
        name = macro_name(report.title, measure, "of", passage.name)
        lines = [(step.subject, step.right, step.reason) for step in passage.steps]
        found[name] = aligned(lines, room)
    whole = LATEX.having(LATEX_STEPS).file("derivation_part.tex.j2")
    name = macro_name(report.title, measure, "derivation")
    return _written(found, {name: whole(view).strip()}, report.closing.made, report.lang)


def _comparison(told: Comparison) -> str:
    r"""`\RelatedModels`, a table of models side by side; formulas, differences and ratios too."""
    found: dict[str, str] = {}
    for what in told.formulas:
        for row in what.rows:
            found[_free(macro_name(row.model, what.label), found)] = latex(row.formula)
        for pair in what.against:
            if pair.difference is not None and pair.ratio is not None:
                name = macro_name(pair.first, "against", pair.second, what.label)
                found[f"{name}Difference"] = latex(pair.difference)
                found[f"{name}Ratio"] = latex(pair.ratio)
    table = {"RelatedModels": comparison_table(plain_data(told, latex))} if told.rows else {}
    return _written(found, table, told.made, told.lang)


def _written(found: Mapping[str, str], tables: Mapping[str, str], made: str, lang: str) -> str:
    """Macros for formulas, and those for what stands by itself, each below what it needs."""
    words = language(lang)
    lines = [comment(made)]
    if found:
        lines.append(comment(words.tr("in math mode; needs amsmath")))
        lines += map(_command, found, found.values())
    if tables:
        lines.append(comment(words.tr("in text; needs amsmath, array and booktabs")))
        lines += map(_command, tables, tables.values())
    return "\n".join(lines) + "\n"


def _command(name: str, text: str) -> str:
    return f"\\newcommand{{\\{name}}}{{{text}}}"


FORMAT = Format(
    report=_report,
    suffixes=(".macros.tex",),
    derivation=_derivation,
    width=points,
    comparison=_comparison,
)
