"""Plain text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from closedform import formula as w
from closedform.render.formulas.aligned import plain_lines
from closedform.render.language import Language, language, number, spoken
from closedform.render.markup.format import Format
from closedform.render.markup.steps import lines_of, shape, shapes
from closedform.render.markup.templating import Markup, Node
from closedform.render.markup.text_lines import fitted, table

if TYPE_CHECKING:
    from closedform.render.report.derivation import DerivationView
    from closedform.render.report.view import Report


def _definition(symbol: Node, node: Node) -> str:
    return f"{w.plain(symbol.written)} = {w.plain(node.written)}"


def _braces(braces: Iterable[tuple[str, dict[str, Any]]]) -> str:
    """The parts of a formula below it, where braces would name them."""
    return table([[f"  {name}", formula["text"]] for name, formula in braces])


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


def _comparison_rows(report: dict[str, Any]) -> list[list[str]]:
    words, lang = language(report["lang"]), report["lang"]
    head = [words.tr("model"), words.tr("preset"), *report["headings"]]
    rows = [
        [row["model"], row["preset"], *(spoken(value, lang) for value in row["values"])]
        for row in report["rows"]
    ]
    return [head, *rows]


def _formula_rows(report: dict[str, Any], of: str) -> list[list[str]]:
    """What changed of a model or block: before and after, each on a line of its own."""
    words = language(report["lang"])
    names = (("old", "before"), ("new", "after"), ("difference", "difference"))
    return [
        [row["heading"] if key == "old" else "", words.tr(name), form["text"] if form else "-"]
        for row in report["formulas"]
        if row["changed"] and row["of"] == of
        for key, name in names
        if (form := row[key]) or key != "difference"
    ]


def _value_rows(report: dict[str, Any]) -> list[list[str]]:
    words, lang = language(report["lang"]), report["lang"]
    head = [words.tr(name) for name in ("preset", "measure", "before", "after", "difference")]
    rows = [
        [
            row["preset"],
            row["heading"],
            number(row["old"], lang) if row["was_there"] else "-",
            number(row["new"], lang) if row["is_there"] else "-",
            row["more"],
        ]
        for row in report["values"]
        if row["changed"]
    ]
    return [head, *rows]


def _cost_rows(costs: dict[str, Any]) -> list[list[str]]:
    return [[row["model"], row["formula"]["text"]] for row in costs["rows"]]


def _part_costs(costs: dict[str, Any], lang: str) -> list[list[str]]:
    head = [language(lang).tr("part"), *(row["model"] for row in costs["rows"])]
    rows = [
        [row["name"], *(cost["text"] if cost else "" for cost in row["costs"])]
        for row in costs["parts"]
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
        "spoken": spoken,
        "columns": table,
        "inline": str,
        "symbol_rows": _symbol_rows,
        "part_rows": _part_rows,
        "preset_rows": _preset_rows,
    },
)
STEPS = TEXT.having({"steps": _steps, "shape": shape, "shapes": shapes})


def _report(report: Report) -> str:
    return _in_width(TEXT.file("report.txt.j2")(report), report)


def _derivation(view: DerivationView) -> str:
    return _in_width(STEPS.file("derivation.txt.j2")(view), view.report)


def _in_width(text: str, report: Report) -> str:
    return text if report.width is None else fitted(text, int(report.width))


FORMAT = Format(
    report=_report,
    suffixes=(".txt",),
    derivation=_derivation,
    template=TEXT,
    comparison=TEXT.having(
        {
            "comparison_rows": _comparison_rows,
            "cost_rows": _cost_rows,
            "part_costs": _part_costs,
        }
    ).file("comparison.txt.j2"),
    changes=TEXT.having({"formula_rows": _formula_rows, "value_rows": _value_rows}).file(
        "changes.txt.j2"
    ),
)
