"""Plain text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from unicodedata import east_asian_width

from closedform import formula as w
from closedform.render.formulas.aligned import plain_lines
from closedform.render.language import Language, language, number
from closedform.render.markup.format import Format
from closedform.render.markup.steps import lines_of, shape, shapes
from closedform.render.markup.templating import Markup, Node


def _definition(symbol: Node, node: Node) -> str:
    return f"{w.plain(symbol.written)} = {w.plain(node.written)}"


def _columns(rows: list[list[str]]) -> str:
    """Rows of texts as columns."""
    if not rows:
        return ""
    widths = [max(_columns_of(row[at]) for row in rows) for at in range(len(rows[0]))]
    return "\n".join("  " + _line(row, widths).rstrip() for row in rows)


def _line(row: list[str], widths: list[int]) -> str:
    padded = (
        cell + " " * (width - _columns_of(cell)) for cell, width in zip(row, widths, strict=True)
    )
    return "  ".join(padded)


def _columns_of(text: str) -> int:
    """How many columns of a terminal a text takes; a Chinese character takes two."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def _braces(braces: Iterable[tuple[str, dict[str, Any]]]) -> str:
    """The parts of a formula below it, where braces would name them."""
    return _columns([[f"  {name}", formula["text"]] for name, formula in braces])


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
            row["place"],
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


def _steps(steps: Iterable[dict[str, Any]]) -> str:
    return plain_lines(lines_of(steps))


TEXT = Markup(
    str,
    w.plain,
    {
        "braces": _braces,
        "definition": _definition,
        "number": number,
        "columns": _columns,
        "symbol_rows": _symbol_rows,
        "part_rows": _part_rows,
        "preset_rows": _preset_rows,
    },
)
FORMAT = Format(
    report=TEXT.file("report.txt.j2"),
    suffixes=(".txt",),
    derivation=TEXT.having({"steps": _steps, "shape": shape, "shapes": shapes}).file(
        "derivation.txt.j2"
    ),
    template=TEXT,
)
