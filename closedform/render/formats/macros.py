r"""Single formulas as LaTeX macros, to `\input` in a paper: `\VitMacs`, `\VitMacsEquation`.

A name is made of letters alone, so digits are spelled and other letters written out.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from itertools import chain, count
from typing import TYPE_CHECKING

from closedform.render.formulas.latex import equation, latex
from closedform.render.language import language
from closedform.render.markup.format import Format

if TYPE_CHECKING:
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
    found: dict[str, str] = {}
    for row in report.formulas:
        name = macro_name(report.title, row.title)
        left = f"\\mathrm{{{row.label}}}"
        found[name] = latex(row.formula)
        found[f"{name}Equation"] = equation(left, row.formula)
        if row.value is not None:
            found[f"{name}Value"] = f"{row.value:,}".replace(",", r"\,")
    for claim in (row for row in report.claims if row.proved):
        name = _free(macro_name(claim.of, "claim", claim.measure), found)
        found[name] = latex(claim.formula)
        if claim.conditions:
            found[f"{name}When"] = ",\\ ".join(map(latex, claim.conditions))
    for definition in report.where:
        symbol = definition.symbol
        index = [symbol.index] if symbol.index is not None else []
        name = macro_name(report.title, "let", symbol.name, *index)
        found[name] = f"{latex(symbol)} = {latex(definition.formula)}"
    lines = [f"\\newcommand{{\\{name}}}{{{text}}}" for name, text in found.items()]
    needs = language(report.lang).tr("in math mode; needs amsmath")
    return "\n".join([f"% {needs}", *lines]) + "\n"


def _free(name: str, found: Mapping[str, str]) -> str:
    """A name that no other macro has: the second claim of a measure is `...Two`."""
    numbered = (name + macro_name(str(at)) for at in count(2))
    return next(free for free in chain([name], numbered) if free not in found)


FORMAT = Format(report=_report, suffixes=(".macros.tex",))
