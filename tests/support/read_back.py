"""Formulas in every notation, and what they are worth when they are read again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from xml.etree import ElementTree

from lark.exceptions import LarkError

import latex_reader
import plain_reader
import typst_reader
from closedform import formula as w
from closedform.render.formulas.latex import broken, latex
from closedform.render.formulas.mathml import mathml
from closedform.render.formulas.svg_line import pieces
from closedform.render.formulas.typst import typst
from markup_readers import latex_of, plain_of
from plain_reader import Inexact, Values
from trees import VALUES, worth

Printer = Callable[[w.Written], str]
Reader = Callable[[str, Values], Fraction]

NARROW = 60.0  # points, in which few formulas have room

# How a formula is printed, and how that is read.
NOTATIONS: dict[str, tuple[Printer, Reader]] = {
    "text": (w.plain, plain_reader.read),
    "LaTeX": (latex, latex_reader.read),
    "LaTeX in lines": (lambda node: " \\\\\n".join(broken(node, NARROW)), latex_reader.read),
    "MathML": (
        lambda node: latex_of(ElementTree.fromstring(mathml(node))),
        latex_reader.read,
    ),
    "Typst": (typst, typst_reader.read),
    "SVG": (lambda node: plain_of(pieces(node)), plain_reader.read),
}


def misread(notation: str, trees: Iterable[w.Written]) -> str | None:
    """The first text that is not worth what its tree is worth, if there is one."""
    print_, read = NOTATIONS[notation]
    for tree in trees:
        expected = worth(tree)
        if expected is None:
            continue
        text = print_(tree)
        try:
            found = read(text, VALUES)
        except (LarkError, Inexact) as error:
            return f"{text} has no value: {error}"
        if found != expected:
            return f"{text} is {found}, not {expected}"
    return None
