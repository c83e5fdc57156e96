"""MathML as the LaTeX, and the pieces of a drawing as the plain text, that say the same."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from xml.etree import ElementTree

from closedform.render.formulas.svg_line import Piece

SIGNS = {
    "\u2062": r"\, ", "×": r"\cdot ", "−": "-", "+": "+", "\u2061": "", ",": ",", "=": "=",
    "(": r"\left(", ")": r"\right)", "[": r"\left[", "]": r"\right]", "<": "<", ">": ">",
    "⌊": r"\left\lfloor ", "⌋": r"\right\rfloor ", "⌈": r"\left\lceil ", "⌉": r"\right\rceil ",
    "≠": r"\neq ", "≤": r"\le ", "≥": r"\ge ", "∣": r"\mid ", "∧": r"\land ", "∨": r"\lor ",
    "¬": r"\lnot ", "⏟": "⏟",
}  # fmt: skip


def latex_of(element: ElementTree.Element) -> str:
    """LaTeX that says what an element says. Raises KeyError for what no formula has."""
    parts = [latex_of(part) for part in element]
    text = element.text or ""
    match element.tag, parts:
        case "mrow", _:
            return "".join(parts)
        case "mn", []:
            return f"{int(text):,}".replace(",", r"\,")
        case "mtext", []:
            return f"\\mathrm{{{text}}}"
        case "mi", []:
            named = text in ("gcd", "max", "min", "log")
            return f"\\{text}" if named else text if len(text) == 1 else f"\\mathrm{{{text}}}"
        case "mo", []:
            return "\\sum" if text == "∑" else SIGNS[text]
        case "munder", [braced, "⏟"]:
            return braced
        case "munder", [braced, name]:
            return f"\\underbrace{{{braced}}}_{{{name}}}"
        case "mfrac", [above, below]:
            return f"\\frac{{{above}}}{{{below}}}"
        case "msqrt", [inside]:
            return f"\\sqrt{{{inside}}}"
        case "msub", [base, below]:
            return f"{base}_{{{below}}}"
        case "msup", [base, above]:
            return f"{base}^{{{above}}}"
        case (("msubsup" | "munderover"), [base, below, above]):
            return f"{base}_{{{below}}}^{{{above}}}"
    raise KeyError(element.tag)


WORDS = {
    "\u2009": " ", "×": "*", "−": "-", "≠": "!=", "≤": "<=", "≥": ">=", "∣": "|", "∧": "and",
    "∨": "or", "¬": "not ", "√": "sqrt", "⌊": "floor(", "⌋": ")", "⌈": "ceil(", "⌉": ")",
}  # fmt: skip


def plain_of(pieces: Sequence[Piece]) -> str:
    """Plain text that says what the pieces of a drawing say."""
    text = ""
    for level, run in groupby(pieces, key=lambda piece: piece.level):
        found = "".join(piece.text for piece in run)
        for sign, word in WORDS.items():
            found = found.replace(sign, word)
        if level < 0 and text.endswith("⏟"):
            text = text.removesuffix("⏟")
        elif level > 0:
            text += f"^({found})"
        elif level < 0 and text.endswith("∑"):
            text = f"{text.removesuffix('∑')}sum_({found.replace('…', '..')})"
        elif level < 0 and text.endswith("log"):
            text += f"_({found})"
        elif level < 0:
            for index in found.split(","):
                text += f"_{index}" if index.replace("_", "").isalnum() else f"_({index})"
        else:
            text += found
    return text
