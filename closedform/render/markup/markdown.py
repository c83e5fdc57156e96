r"""Markdown in its flavours: texts are the same in all of them, formulas have marks of their own.

>>> Flavour((r"\(", r"\)"), ("\\[\n", "\n\\]")).inline("x_{s}")
'\\(x_{s}\\)'
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

from closedform.data import dataclass
from closedform.render.formulas.latex import latex
from closedform.render.language import number, spoken
from closedform.render.markup.format import Format, Site
from closedform.render.markup.latex import STEPS, alone, definition, display
from closedform.render.markup.templating import Markup


@dataclass(frozen=True)
class Flavour:
    """What stands before and after a formula: in a line, and on lines of its own."""

    in_line: tuple[str, str]
    displayed: tuple[str, str]

    def inline(self, formula: str | Mapping[str, str]) -> str:
        """A formula in a line of text: its LaTeX, or the group that a template has for it."""
        return _latex_of(formula).join(self.in_line)

    def block(self, formula: str | Mapping[str, str]) -> str:
        """A formula on lines of its own."""
        return _latex_of(formula).join(self.displayed)


def _latex_of(formula: str | Mapping[str, str]) -> str:
    return formula if isinstance(formula, str) else formula["text"]


def markdown(flavour: Flavour, suffixes: tuple[str, ...] = (), pages: bool = False) -> Format:
    """The row of a flavour; with `pages`, the documents of a project can be in it."""
    markup = Markup(
        escape_markdown,
        latex,
        {
            "display": display,
            "alone": alone,
            "definition": definition,
            "number": number,
            "spoken": spoken,
            "indent": _indent,
            "typed": code,
            "linked": linked,
            "inline": flavour.inline,
            "block": flavour.block,
        },
    )
    site = Site(
        suffix=".md",
        index=markup.file("index.md.j2"),
        closed_forms=markup.file("closed_forms.md.j2"),
        comment=("<!-- ", " -->"),
        link=("](", ")"),
    )
    return Format(
        report=markup.file("report.md.j2"),
        suffixes=suffixes,
        derivation=markup.having(STEPS).file("derivation.md.j2"),
        template=markup,
        site=site if pages else None,
        comparison=markup.file("comparison.md.j2"),
        changes=markup.file("changes.md.j2"),
    )


# A backslash before these is not safe: not every Markdown knows it before a bar or a tilde, and
# before a bracket it begins a formula. Some look for formulas in the text that is shown: an
# element of its own keeps them from a dollar or a backslash.
AS_HTML = {
    **{char: html.escape(char) for char in "<>&"},
    **{char: f"&#{ord(char)};" for char in "|~[]"},
    **{char: f"<span>&#{ord(char)};</span>" for char in "$\\@:."},
}
SPECIAL = re.compile(
    r"[\\`*_{}\[\]|$#~<>&]"
    r"|@(?=\w)|:(?=//|[\w+-]+:)|(?<=www)\.",  # names of users, addresses, pictures
    re.IGNORECASE,
)
# What makes a block of the line that begins with it, in some Markdown, beside the signs above; and
# of a line that stands below another.
BLOCK = re.compile(r"[-+](?=[-+\s])|\d+[.)](?=\s)|[!?:/]{3}")
BELOW = re.compile(rf"{BLOCK.pattern}|=+(?=\s*$)|-$|[:%](?=\s)")


def escape_markdown(text: str) -> str:
    r"""Any text as text of a Markdown document, in every flavour.

    >>> escape_markdown("a_b <script> & |")
    'a\\_b &lt;script&gt; &amp; &#124;'
    >>> escape_markdown("To do:\n    - ask @me")
    'To do:\n&#45; ask <span>&#64;</span>me'
    """
    first, *others = text.split("\n")
    return "\n".join([_line(first, BLOCK), *(_line(line.lstrip(), BELOW) for line in others)])


def _line(line: str, blocks: re.Pattern[str]) -> str:
    """One line, which white space before it would make code."""
    block = blocks.match(line)
    start = block.end() if block else 0
    begins = "".join(f"&#{ord(char)};" for char in line[:start])
    return begins + SPECIAL.sub(lambda f: AS_HTML.get(f[0], "\\" + f[0]), line[start:])


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


def _indent(depth: int) -> str:
    return "&emsp;" * depth
