"""The tables of a report in LaTeX: its symbols, its parts, its presets.

In a document that is whole they are broken over pages, and name the lines of the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from closedform import formula as w
from closedform.formula.numbers import Exact
from closedform.render.formulas.latex import latex
from closedform.render.formulas.widths import TEXT
from closedform.render.language import Language, language, number, rounded
from closedform.render.markup.latex_tables import MAY_BREAK, Cell, Row, Table, Text, booktabs
from closedform.render.markup.latex_text import escape_latex, prose_latex

Data = Mapping[str, Any]

Shown = Callable[[Exact | None, str], str]

LONG = re.compile(r"\S{13,}")  # a word that a narrow column may have no room for
SEAM = re.compile(r"(?<=[/_:=-])(?=\w)|(?<=\.)(?=[^\W\d])|(?<=[a-z])(?=[A-Z])")
QUAD = "nn"  # as wide as the indent of a part inside another


def symbols_table(report: Data, whole: bool = False) -> str:
    """The table of the symbols of a report, for the width of its lines."""
    words = language(report["lang"])
    head = _heads(words.tr("symbol"), words.tr("meaning"), words.tr("default"))
    rows = [
        (_formula(row["symbol"]), _prose(row["meaning"]), _formula(row["default"]))
        for row in report["symbols"]
    ]
    return _set(report, [Table(head, [[row] for row in rows], (False,) * 3)], whole)


def parts_table(report: Data, whole: bool = False) -> str:
    """The table of the parts: a column for each measure, a row for each, or rows below the part."""
    return _set(report, part_layouts(report, whole), whole)


def part_layouts(report: Data, lines: bool) -> list[Table]:
    """The parts in several tables that say the same."""
    words = language(report["lang"])
    return [make(report, lines, words) for make in (_beside, _below, _under)]


def presets_table(report: Data, whole: bool = False) -> str:
    """The table of the presets: a column for each size, or one for all."""
    return _set(report, preset_layouts(report), whole)


def preset_layouts(report: Data) -> list[Table]:
    """The presets in several tables that say the same, if less exactly where there is no room."""
    words = language(report["lang"])
    return [make(report, words, how) for make in (_by_size, _together) for how in WRITTEN]


def comparison_table(report: Data) -> str:
    """The table of models side by side, in rounded numbers."""
    words = language(report["lang"])
    head = _heads(words.tr("model"), words.tr("preset"), *report["headings"])
    rows = [
        [_text(row["model"]), _text(row["preset"]), *_values(row, report, _rounded)]
        for row in report["rows"]
    ]
    right = (False, False, *(True for _ in report["headings"]))
    return _set(report, [Table(head, [[row] for row in rows], right)], False)


def table_of(headings: Sequence[str], rows: Iterable[Sequence[str | w.Written]]) -> str:
    """A table of texts and formulas, each row by itself."""
    cells = [[_text(c) if isinstance(c, str) else Cell((c,)) for c in row] for row in rows]
    table = Table(_heads(*headings), [[row] for row in cells], (False,) * len(headings))
    return booktabs([table], TEXT, whole=True)


def _set(report: Data, tables: list[Table], whole: bool) -> str:
    return booktabs(tables, report["width"] or TEXT, whole)


# Cells -------------------------------------------------------------------------------------


def _as_text(text: str) -> Text:
    r"""A text in which a long word may be broken after its signs, and between words in one.

    >>> _as_text("a num_key_value_heads").latex
    'a num\\_\\allowbreak{}key\\_\\allowbreak{}value\\_\\allowbreak{}heads'
    """
    plain = LONG.sub(lambda word: SEAM.sub(MAY_BREAK, word[0]), text)
    return Text("\\allowbreak{}".join(map(escape_latex, plain.split(MAY_BREAK))), plain)


def _indented(text: str, depth: int) -> Text:
    indent, told = f"\\hspace*{{{depth}em}}" if depth else "", _as_text(text)
    return Text(indent + told.latex, QUAD * depth + told.plain)


def _cell(part: Text | w.Written) -> Cell:
    return Cell((part,))


def _text(text: str) -> Cell:
    return _cell(_as_text(text))


def _prose(text: str) -> Cell:
    return Cell((Text(prose_latex(text), text),))


def _formula(data: Data | None) -> Cell:
    return Cell((data["node"].written,) if data else ())


def _number(value: Exact | None, lang: str, written: Shown) -> Text:
    plain = written(value, lang)
    return Text(plain.replace(",", r"\,").replace(" ", "~"), plain.replace(" ", ","))


def _rounded(value: Exact | None, lang: str) -> str:
    return number(value, lang) if value is None else rounded(value)


WRITTEN = (number, _rounded)


def _heads(*texts: str) -> Row:
    return [_text(text) for text in texts]


# Parts -------------------------------------------------------------------------------------


def _beside(report: Data, lines: bool, words: Language) -> Table:
    """A row for each part, with its costs side by side."""
    titles = [words.tr("{measure} of one", measure=row["heading"]) for row in report["formulas"]]
    head = _heads(*_left_heads(lines, words), *titles)
    rows = [
        [*_left(row, report, lines, words), *map(_formula, row["costs"])] for row in report["parts"]
    ]
    return Table(head, [[row] for row in rows], _sides(head, lines))


def _below(report: Data, lines: bool, words: Language) -> Table:
    """A row for each cost of a part."""
    head = _heads(*_left_heads(lines, words), words.tr("measure"), words.tr("of one"))
    titles = [row["heading"] for row in report["formulas"]]
    groups = []
    for row in report["parts"]:
        left = [_left(row, report, lines, words)]
        left += [[Cell()] * len(left[0])] * (len(titles) - 1)
        groups.append(
            [
                [*beside, _text(title), _formula(cost)]
                for beside, title, cost in zip(left, titles, row["costs"], strict=True)
            ]
        )
    return Table(head, groups, _sides(head, lines))


def _under(report: Data, lines: bool, words: Language) -> Table:
    """The costs of a part below its name, each in all the room that there is."""
    titles = [row["heading"] for row in report["formulas"]]
    groups = []
    for row in report["parts"]:
        costs = zip(titles, row["costs"], strict=True)
        rows = [
            [_cell(_indented(title, row["depth"] + 1)), _formula(cost)] for title, cost in costs
        ]
        groups.append([[_cell(_told(row, report, lines, words))], *rows])
    return Table(_heads(words.tr("part"), words.tr("of one")), groups, (False, False))


def _told(row: Data, report: Data, lines: bool, words: Language) -> Text:
    """A part in a line: its name, where it stands, and how often it is there."""
    name = _indented(row["name"], row["depth"])
    found = [name]
    if lines:
        place = words.tr("line {line}", line=row["line"])
        if row["file"] != report["file"]:
            place = words.tr("line {line} of {file}", line=row["line"], file=row["file"])
        found.append(_as_text(words.tr(" ({lines})", lines=place)))
    times, copies = (row[key]["node"].written for key in ("times", "copies"))
    if times != w.Number(1):
        found.append(Text(f", $\\times\\, {latex(times)}$", f", x {w.plain(times)}"))
    if copies != times:
        weights = words.tr("weights")
        found.append(_as_text(f", {weights} "))
        found.append(Text(f"$\\times\\, {latex(copies)}$", f"x {w.plain(copies)}"))
    return Text("".join(part.latex for part in found), "".join(part.plain for part in found))


def _left_heads(lines: bool, words: Language) -> list[str]:
    return [*([words.tr("line")] if lines else []), words.tr("part"), words.tr("times")]


def _sides(head: Row, lines: bool) -> tuple[bool, ...]:
    return (lines, *(False,) * (len(head) - 1))


def _left(row: Data, report: Data, lines: bool, words: Language) -> list[Cell]:
    """What stands before the costs of a part: its line, its name, and how often it is there."""
    name = _indented(row["name"], row["depth"])
    file = [] if row["file"] == report["file"] else [_as_text(row["file"])]
    times: list[Text | w.Written] = [row["times"]["node"].written]
    if row["copies"]["text"] != row["times"]["text"]:
        weights = words.tr("weights")
        times += [_as_text(weights), row["copies"]["node"].written]
    line = [_text(str(row["line"]))] if lines else []
    return [*line, Cell((name, *(file if lines else []))), Cell(tuple(times))]


# Presets -----------------------------------------------------------------------------------


def _by_size(report: Data, words: Language, written: Shown) -> Table:
    """A column for each size that a preset gives; where it gives none stands the default."""
    names = list(dict.fromkeys(name for row in report["presets"] for name, _ in row["sizes"]))
    known = {row["symbol"]["node"].written.name: row for row in report["symbols"]}
    names.sort(key=lambda name: [*known, name].index(name))
    heads = [_formula(known[n]["symbol"]) if n in known else _text(n) for n in names]
    head = [*_heads(words.tr("preset")), *heads, *_measures(report)]
    rows = []
    for row in report["presets"]:
        given = dict(row["sizes"])
        sizes = [
            _text(given[name]) if name in given else _formula(known.get(name, {}).get("default"))
            for name in names
        ]
        rows.append([_text(row["title"]), *sizes, *_values(row, report, written)])
    count = len(_measures(report))
    numbers = [_whole(row[at] for row in rows) for at in range(1, len(names) + 1)]
    return Table(head, [[row] for row in rows], (False, *numbers, *(True,) * count))


def _together(report: Data, words: Language, written: Shown) -> Table:
    """All sizes of a preset in one column."""
    head = [*_heads(words.tr("preset"), words.tr("sizes")), *_measures(report)]
    rows = [
        [
            _text(row["title"]),
            _cell(_sizes(row["sizes"])),
            *_values(row, report, written),
        ]
        for row in report["presets"]
    ]
    count = len(_measures(report))
    return Table(head, [[row] for row in rows], (False, False, *(True,) * count))


def _sizes(sizes: Iterable[tuple[str, str]]) -> Text:
    """Sizes with their names, which stay on one line with them."""
    told = [(_as_text(name), _as_text(value)) for name, value in sizes]
    shown = ", ".join(f"{name.latex}~=~{value.latex}" for name, value in told)
    return Text(shown, ", ".join(f"{name.plain}_=_{value.plain}" for name, value in told))


def _measures(report: Data) -> Row:
    return _heads(*(row["heading"] for row in report["formulas"]))


def _values(row: Data, report: Data, written: Shown) -> list[Cell]:
    return [_cell(_number(value, report["lang"], written)) for value in row["values"]]


def _whole(cells: Iterable[Cell]) -> bool:
    """Whether all of a column are numbers, which are set to the right."""
    parts = [part for cell in cells for part in cell.parts]
    return all(
        isinstance(p, w.Number) or (isinstance(p, Text) and p.plain.isdigit()) for p in parts
    )
