"""One row for each format: how it writes a report, and which names of files choose it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any
from unicodedata import east_asian_width

from closedform import formula as w
from closedform.errors import fail, suggestion
from closedform.render.formats.html_report import html_report
from closedform.render.formats.json_report import json_report
from closedform.render.formats.macros import macros
from closedform.render.formats.markdown import FLAVOURS, escape_markdown
from closedform.render.formats.templating import Node, escape_latex, has_cjk, template_writer
from closedform.render.formulas.aligned import stacked
from closedform.render.formulas.latex import equation, latex
from closedform.render.language import Language, language
from closedform.render.report.view import Report

FOOTNOTE = 0.85  # the width of \footnotesize over that of the text


@dataclass(frozen=True)
class Format:
    """A way to write a report; `suffixes` choose it by the name of a file."""

    name: str
    suffixes: tuple[str, ...]
    write: Callable[[Report], str]


def _display(name: str, node: Node) -> str:
    return equation(f"\\mathrm{{{name}}}", node.written)


def _definition(symbol: Node, node: Node) -> str:
    return f"{latex(symbol.written)} = {latex(node.written)}"


def _plain_definition(symbol: Node, node: Node) -> str:
    return f"{w.plain(symbol.written)} = {w.plain(node.written)}"


def _cell(node: Node, points: float) -> str:
    r"""A formula in a cell of a table in \footnotesize that is so many points wide."""
    return stacked(node.written, points / FOOTNOTE)


def number(value: int | None, lang: str = "en") -> str:
    """A number with its digits in groups; a template gives the language of the report."""
    return language(lang).tr("no value") if value is None else f"{value:,}"


def _latex_number(value: int | None, lang: str = "en") -> str:
    return number(value, lang).replace(",", r"\,")


def _symbol_rows(report: dict[str, Any]) -> list[list[str]]:
    words = language(report["lang"])
    return [
        [row["symbol"]["text"], row["meaning"], _default(row["default"], words)]
        for row in report["symbols"]
    ]


def _default(default: dict[str, Any] | None, words: Language) -> str:
    return words.tr("default {formula}", formula=default["text"]) if default else ""


def _part_rows(report: dict[str, Any]) -> list[list[str]]:
    words = language(report["lang"])
    titles = [words.tr("{measure} of one", measure=row["title"]) for row in report["formulas"]]
    head = [words.tr("line"), words.tr("part"), words.tr("times"), *titles]
    rows = [
        [
            str(row["line"]),
            "  " * row["depth"] + row["name"],
            _times(row["times"]["text"], row["copies"]["text"], words),
            *(cost["text"] for cost in row["costs"]),
        ]
        for row in report["parts"]
    ]
    return [head, *rows]


def _times(times: str, copies: str, words: Language) -> str:
    if times == copies:
        return times
    return words.tr("{times} (weights {copies})", times=times, copies=copies)


def _preset_rows(report: dict[str, Any]) -> list[list[str]]:
    lang = report["lang"]
    head = [language(lang).tr("preset"), *(row["title"] for row in report["formulas"])]
    rows = [
        [row["title"], *(number(value, lang) for value in row["values"])]
        for row in report["presets"]
    ]
    return [head, *rows]


def _latex_indent(depth: int) -> str:
    return r"\quad " * depth


def _markdown_indent(depth: int) -> str:
    return "&emsp;" * depth


def _columns(rows: list[list[str]]) -> str:
    """Rows of texts as columns, numbers to the right."""
    if not rows:
        return ""
    widths = [max(_columns_of(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines = ["  ".join(cell + " " * (width - _columns_of(cell))
                       for cell, width in zip(row, widths, strict=True))
             for row in rows]  # fmt: skip
    return "\n".join(f"  {line.rstrip()}" for line in lines)


def _columns_of(text: str) -> int:
    """How many columns of a terminal a text takes; a Chinese character takes two."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def latex_typed(text: str) -> str:
    """A name in the letters of a typewriter."""
    return f"\\texttt{{{escape_latex(text)}}}"


LATEX_TOOLS: dict[str, Callable[..., Any]] = {
    "display": _display,
    "cell": _cell,
    "definition": _definition,
    "number": _latex_number,
    "indent": _latex_indent,
    "typed": latex_typed,
    "has_cjk": has_cjk,
}
MARKDOWN_TOOLS: dict[str, dict[str, Callable[..., Any]]] = {
    name: {
        "display": _display,
        "definition": _definition,
        "number": number,
        "indent": _markdown_indent,
        **flavour.tools(),
    }
    for name, flavour in FLAVOURS.items()
}
TEXT_TOOLS: dict[str, Callable[..., Any]] = {
    "definition": _plain_definition,
    "number": number,
    "columns": _columns,
    "symbol_rows": _symbol_rows,
    "part_rows": _part_rows,
    "preset_rows": _preset_rows,
}

_document = template_writer("document.tex.j2", escape_latex, latex, LATEX_TOOLS)
_fragment = template_writer("fragment.tex.j2", escape_latex, latex, LATEX_TOOLS)
_markdown = {
    name: template_writer("report.md.j2", escape_markdown, latex, tools)
    for name, tools in MARKDOWN_TOOLS.items()
}
_plain_text = template_writer("report.txt.j2", str, w.plain, TEXT_TOOLS)

FORMATS = {
    row.name: row
    for row in (
        Format("md", (".md", ".markdown"), _markdown["md"]),
        Format("mkdocs", (), _markdown["mkdocs"]),
        Format("notebook", (), _markdown["notebook"]),
        Format("tex", (".tex",), _document),
        Format("fragment", (".inc", ".fragment.tex"), _fragment),
        Format("macros", (".macros.tex",), macros),
        Format("text", (".txt",), _plain_text),
        Format("html", (".html", ".htm"), html_report),
        Format("json", (".json",), json_report),
    )
}


def format_named(name: str) -> Format:
    if name not in FORMATS:
        raise fail(
            "format", f"there is no format `{name}`", None,
            suggestion(name, FORMATS) or "there are " + ", ".join(FORMATS),
        )  # fmt: skip
    return FORMATS[name]


def format_of_file(path: PurePath) -> Format:
    """The format that the name of a file chooses; the longest suffix wins."""
    found = [
        (len(suffix), row)
        for row in FORMATS.values()
        for suffix in row.suffixes
        if path.name.endswith(suffix)
    ]
    if not found:
        known = ", ".join(s for row in FORMATS.values() for s in row.suffixes)
        raise fail("format", f"`{path.name}` names no known format", None,
                   f"end the name in one of {known}, or give --to")  # fmt: skip
    return max(found, key=lambda item: item[0])[1]
