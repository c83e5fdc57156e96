"""Texts in a LaTeX document: set as they are, set as code, and not set at all."""

from __future__ import annotations

import re
from typing import Any

from closedform.errors import visible
from closedform.formula.numbers import Exact
from closedform.render.language import number, spoken
from closedform.render.report.prose import Code, prose

LATEX_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"{\ttfamily\char34}",  # the one straight quote that every font encoding has
    "[": "{[}",  # after the \\ of a row, [ and * would be its arguments
    "]": "{]}",
    "*": "{*}",
}
GREEK_NAMES = (
    "alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau "
    "upsilon varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
)
GREEK = dict(zip("αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ", GREEK_NAMES.split(), strict=True))
# A Greek letter for itself, as in a formula; words want a font that has the script.
LONE_GREEK = re.compile(f"(?<![\u0370-\u03ff])[{''.join(GREEK)}](?![\u0370-\u03ff])")
LATEX_SPECIAL["\ufffd"] = "{?}"  # what stood there is no character of a text
SHORT = 24  # letters of a typewriter, half of a narrow column
SCRIPTS = {
    "cjk": re.compile(
        "[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]"
    ),
    "japanese": re.compile("[\u3040-\u30ff]"),
    "korean": re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]"),
    "other": re.compile("[\u0370-\u10ff\u1200-\u1dff\u1f00-\u1fff]"),  # from Greek on
}


def escape_latex(text: str) -> str:
    r"""Any text as text of a LaTeX document.

    >>> escape_latex("β_1\x1b")
    '\\ensuremath{\\beta}\\_1{?}'
    """
    if text.isascii():
        return "".join(LATEX_SPECIAL.get(char, char) for char in text)
    lone = {found.start() for found in LONE_GREEK.finditer(text)}
    return "".join(
        f"\\ensuremath{{\\{GREEK[char]}}}" if at in lone else LATEX_SPECIAL.get(char, char)
        for at, char in enumerate(visible(text))
    )


def typed(text: str) -> str:
    r"""A name in the letters of a typewriter; a long one, such as a path, may break in it.

    >>> print(typed("zoo/vit.arch"), typed("models/transformers/vit.arch"))
    \texttt{zoo/vit.arch} \texttt{models/\allowbreak{}transformers/\allowbreak{}vit.arch}
    """
    if len(text) <= SHORT:
        return f"\\texttt{{{escape_latex(text)}}}"
    broken = re.sub(r"/|\\_", r"\g<0>\\allowbreak{}", escape_latex(text))
    return f"\\texttt{{{broken}}}"


def prose_latex(text: str) -> str:
    """A text of a file, what stands between backticks as code."""
    parts = prose(text)
    return "".join(typed(p.text) if isinstance(p, Code) else escape_latex(p) for p in parts)


def number_latex(value: Exact | None, lang: str = "en") -> str:
    """A number with its digits in groups."""
    return number(value, lang).replace(",", r"\,")


def spoken_latex(value: Exact | None, lang: str = "en") -> str:
    """A number, and how people say it, on one line."""
    return spoken(value, lang).replace(" ", "~").replace(",", r"\,")


def comment(text: str) -> str:
    """A text that is not set, on a line of its own whatever is in it."""
    return "% " + " ".join(text.split())


def scripts(data: Any) -> set[str]:
    """The scripts in the texts of the data of a template that need fonts of their own."""
    if isinstance(data, dict | tuple):
        return set().union(*map(scripts, data.values() if isinstance(data, dict) else data))
    found = SCRIPTS.items() if isinstance(data, str) and not data.isascii() else ()
    return {name for name, chars in found if chars.search(LONE_GREEK.sub("", data))}
