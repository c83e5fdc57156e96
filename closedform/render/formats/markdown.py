r"""Markdown in its flavours: texts are the same in all of them, formulas have marks of their own.

>>> FLAVOURS["mkdocs"].inline("x_{s}")
'\\(x_{s}\\)'
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Flavour:
    """What stands before and after a formula: in a line, and on lines of its own."""

    in_line: tuple[str, str]
    displayed: tuple[str, str]

    def inline(self, formula: str) -> str:
        """A formula in a line of text."""
        return formula.join(self.in_line)

    def block(self, formula: str) -> str:
        """A formula on lines of its own."""
        return formula.join(self.displayed)

    def tools(self) -> dict[str, Callable[..., Any]]:
        """What a template of Markdown needs to be of this flavour."""
        return {"typed": code, "linked": linked, "inline": self.inline, "block": self.block}


FLAVOURS = {
    "md": Flavour(("$`", "`$"), ("```math\n", "\n```")),  # GitHub, GitLab
    "mkdocs": Flavour((r"\(", r"\)"), ("\\[\n", "\n\\]")),  # pymdownx.arithmatex
    "notebook": Flavour(("$", "$"), ("$$\n", "\n$$")),  # cells of Jupyter
}

SPECIAL = re.compile(r"[\\`*_{}\[\]|$#~<>&]")
# A backslash before the others is not safe: not every Markdown knows it before a bar or a tilde,
# and before a bracket it begins a formula. Some look for formulas in the text that is shown: an
# element of its own keeps them from a dollar or a backslash.
AS_HTML = {**{char: html.escape(char) for char in "<>&"}, **{c: f"&#{ord(c)};" for c in "|~[]"},
           "$": "<span>&#36;</span>", "\\": "<span>&#92;</span>"}  # fmt: skip


def escape_markdown(text: str) -> str:
    r"""Any text as text of a Markdown document, in every flavour.

    >>> escape_markdown("a_b <script> & |")
    'a\\_b &lt;script&gt; &amp; &#124;'
    """
    return SPECIAL.sub(lambda found: AS_HTML.get(found[0], "\\" + found[0]), text)


def code(text: str) -> str:
    """Any text as code in a line, whatever is in it."""
    text = " ".join(text.splitlines())  # an empty line would end the code
    ticks = "`"
    while ticks in text:
        ticks += "`"
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{space}{text}{space}{ticks}"


def linked(text: str, address: str) -> str:
    """A link; the address has no character that is special in one."""
    return f"[{escape_markdown(text)}]({address})"
