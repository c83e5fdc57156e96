"""Tables of LaTeX: as wide as a line, each cell in its column, the lowest of several layouts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from closedform import formula as w
from closedform.api import loads, zoo
from closedform.choices import COLUMNS
from closedform.projects import open_project, report_of
from closedform.render.formats import format_named, own_names
from closedform.render.formulas.latex import latex
from closedform.render.markup import latex_rows
from closedform.render.markup.latex_tables import Cell, Table, Text, booktabs, fitting
from closedform.render.markup.lengths import points
from closedform.render.markup.templating import plain_data
from helpers import ZOO, Ran, call, cases, programs

FILES = cases(programs(ZOO, 20), {"vit", "vgg", "recurrent", "llama"})
N, D = w.Symbol("N"), w.Symbol("D")


def text(words: str) -> Cell:
    return Cell((Text(words, words),))


def formula(node: w.Written) -> Cell:
    return Cell((node,))


LONG = w.Sum(tuple(w.Symbol(f"a_{i}") for i in range(20)))
WORDS = Table([text("part"), text("of one")], [[[text("Layer"), formula(LONG)]]], (False, False))


@pytest.mark.parametrize("room", [455.0, 252.0, 120.0])
def test_columns_add_up_to_the_line(room: float) -> None:
    widths = WORDS.widths(room)
    assert widths is not None
    assert sum(widths) <= room * 0.98 + 1e-6
    assert all(
        cell.least(wide) <= wide
        for row in (WORDS.head, *WORDS.groups[0])
        for cell, wide in zip(row, widths, strict=True)
    )


def test_what_cannot_be_broken_does_not_fit() -> None:
    table = Table([text("a")], [[[text("m" * 60)]]], (False,))
    assert table.widths(100.0) is None
    assert table.widths(600.0) == pytest.approx([600.0])
    over = Table([text("a"), text("b")], [[[text("m" * 60)], [text("x"), text("y")]]], (False,) * 2)
    assert over.widths(100.0) is None


def test_the_lowest_is_taken() -> None:
    high = Table([text("part")], [[[text("x")], [text("x")]]], (False,))
    low = Table([text("part")], [[[text("x")]]], (False,))
    assert fitting([high, low], 200.0)[0] is low
    assert fitting([low, low], 200.0)[0] is low
    wide = Table([text("m" * 60)], [[[text("x")]]], (False,))
    assert fitting([wide, high], 200.0)[0] is high
    assert fitting([high, wide], 200.0)[0] is high


def test_a_table_as_a_whole() -> None:
    table = Table(
        [text("part"), text("MACs")],
        [[[text("Layer"), formula(w.Product((N, D)))]], [[text("over all of them")]]],
        (False, True),
    )
    left, right = r"\raggedright\arraybackslash", r"\raggedleft\arraybackslash"
    columns = rf"@{{}}>{{{left}}}p{{0.49\linewidth}}>{{{right}}}p{{0.49\linewidth}}@{{}}"
    told = booktabs([table], 252.0, whole=False)
    assert (
        told.replace(columns, "COLUMNS")
        == r"""\par\medskip
{\footnotesize\setlength{\parskip}{0pt}
\setlength{\tabcolsep}{0.01\linewidth}
\noindent
\begin{tabular}{COLUMNS}
\toprule
part & MACs \\
\midrule
Layer & $N\, D$ \\
\multicolumn{2}{@{}p{\linewidth}@{}}{over all of them} \\
\bottomrule
\end{tabular}\par}\medskip"""
    )


@pytest.mark.parametrize("whole", [True, False])
def test_a_long_table_is_broken_over_pages(whole: bool) -> None:
    """Fails when a long table cannot stand in two columns, or loses a row between its pieces."""
    rows = [[[text(f"x{at}")]] for at in range(40)]
    told = booktabs([Table([text("part")], rows, (False,))], 252.0, whole)
    assert re.findall(r"x\d+", told) == [f"x{at}" for at in range(40)]
    assert told.count("\\begin{longtable}") == (1 if whole else 0)
    assert told.count("\\begin{tabular}") == told.count("\\end{tabular}") == (0 if whole else 4)
    assert told.count("\\toprule") == told.count("\\bottomrule") == 1


@pytest.mark.parametrize("to", COLUMNS)
@pytest.mark.parametrize("path", FILES)
def test_tables_of_the_zoo_fit(path: Path, to: str) -> None:
    """Fails when a table of a model has a cell that is wider than its column."""
    project = open_project(path.stem)
    for part in project.parts():
        told = report_of(project, part.name, convention="hooks", width=points(to))
        fields = ("lang", "width", "file", "formulas", "symbols", "parts", "presets")
        data = {name: plain_data(getattr(told, name), latex) for name in fields}
        for tables in (latex_rows.part_layouts(data, False), latex_rows.preset_layouts(data)):
            assert any(table.widths(points(to)) for table in tables)


# The width of a line -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("width", "found"),
    [("88mm", 250.3), ("8.8cm", 250.3), ("5.5in", 397.4), ("200 pt", 200.0), ("lncs", 347.1)],
)
def test_widths(width: str, found: float) -> None:
    assert points(width) == found


@pytest.mark.parametrize(
    ("width", "said"),
    [
        (
            "88",
            "error[width]: `88` is no width of a line\n"
            "     = help: write a length such as 88mm, or the column of a class: ieee, acm, lncs, "
            "neurips\n",
        ),
        (
            "ieeee",
            "error[width]: `ieeee` is no width of a line\n     = help: did you mean `ieee`?\n",
        ),
        (
            "1mm",
            "error[width]: formulas cannot be broken into lines of `1mm`\n"
            "     = help: choose one from 100pt to 2000pt\n",
        ),
    ],
)
def test_what_is_no_width(width: str, said: str) -> None:
    assert call("derive", "vit", "--to", "tex", "--width", width) == Ran(2, "", said)


def test_formats_that_break_no_lines() -> None:
    said = (
        "error[format]: the format `md` lacks lines of a width\n"
        "     = help: choose one of fragment, macros, tex\n"
    )
    assert call("derive", "vit", "--width", "88mm") == Ran(2, "", said)


@pytest.mark.parametrize("steps", [[], ["--steps"]], ids=["report", "derivation"])
@pytest.mark.parametrize("to", ["tex", "fragment", "macros"])
def test_a_narrow_line_has_more_lines(to: str, steps: list[str]) -> None:
    """Fails when a format does not look at the width."""
    wide = call("derive", "vit", *steps, "--to", to)
    narrow = call("derive", "vit", *steps, "--to", to, "--width", "150pt")
    assert wide.code == narrow.code == 0
    assert narrow.out.count(r"&\quad") > wide.out.count(r"&\quad")


# Macros ------------------------------------------------------------------------------------

MLP = """\
block MLP(x: [n, d], hidden):
    return x -> linear(hidden) -> linear(d)
"""


def macros(text_: str) -> list[str]:
    return re.findall(r"^\\newcommand{\\(\w+)}", text_, re.M)


def test_macros_of_a_report() -> None:
    told = zoo("vit").report("macros", preset="ViT-B/16")
    assert macros(told) == [
        "VitParams", "VitParamsEquation", "VitParamsValue", "VitParamsRounded",
        "VitMacs", "VitMacsEquation", "VitMacsValue", "VitMacsRounded",
        "VitLetN", "VitLetT", "VitPresets",
    ]  # fmt: skip
    assert r"\newcommand{\VitMacsRounded}{17.56\,\mathrm{G}}" in told
    assert r"\newcommand{\VitParamsValue}{86\,567\,656}" in told


def test_macros_of_a_derivation() -> None:
    told = loads(MLP)["MLP"].derivation(to="macros")
    assert macros(told) == ["MlpMacsOfBlockMlp", "MlpMacsDerivation"]
    assert loads(MLP)["MLP"].derivation(to="macros", lang="zh").count("MlpMacsOfBlockMlp") == 1


def test_who_made_it_is_said_in_comments() -> None:
    """A fragment and macros say it where it is not set."""
    for to in ("fragment", "macros"):
        told = loads(MLP)["MLP"].report(to)
        made = [line for line in told.split("\n") if "Derived from" in line]
        assert [line[:2] for line in made] == ["% "]
    assert {"fragment", "macros"} < set(own_names())
    assert format_named("tex").width is points
