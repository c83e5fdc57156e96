"""Models side by side: every preset with its numbers, in each format that has such a table."""

from __future__ import annotations

import re
from pathlib import Path

from closedform import __version__
from closedform.projects import open_project
from closedform.render.formats import comparison_in, names_with, own_names
from closedform.render.report.compared.comparison import Compared, comparison
from helpers import Ran, call

CHOSEN = ("--preset", "ResNet-50", "--preset", "ViT-B/16")
MADE = f"Derived from zoo/vit.arch, zoo/resnet.arch by closedform {__version__}, convention macs."


def test_the_table_as_a_whole() -> None:
    said = f"""\
  model   preset     params                MACs
  ResNet  ResNet-50  25,557,032 (25.56 M)  4,089,184,256 (4.09 G)
  ViT     ViT-B/16   86,567,656 (86.57 M)  17,563,828,224 (17.56 G)

{MADE}
"""
    assert call("compare", "vit", "resnet", *CHOSEN, "--to", "text") == Ran(0, said, "")


def test_the_table_in_markdown() -> None:
    said = f"""\
| model | preset | params | MACs |
|---|---|---:|---:|
| ResNet | ResNet-50 | 25,557,032 (25.56 M) | 4,089,184,256 (4.09 G) |
| ViT | ViT-B/16 | 86,567,656 (86.57 M) | 17,563,828,224 (17.56 G) |

{MADE}
"""
    assert call("compare", "vit", "resnet", *CHOSEN) == Ran(0, said, "")


def test_every_format_has_every_preset() -> None:
    """Fails when a format leaves out a preset or a number."""
    projects = [open_project("vit"), open_project("vgg")]
    told = comparison(projects)
    titles = [node.title for project in projects for node in project.presets()]
    assert [row.preset for row in told.rows] == titles
    assert told.rows[0] == Compared("ViT", "ViT-Ti/16", (5717416, 1253683200))
    formats = names_with(lambda row: row.comparison, own_names())
    assert {"md", "text", "json", "fragment", "macros"} <= set(formats)
    for name in formats:
        if name == "json":  # which has no rounded numbers
            continue
        text = comparison_in(name)(told)
        assert not [title for title in titles if title not in text.replace("\\", "")]
        assert len(re.findall(r"7[.,]61\W+G", text)) == 1


def test_what_is_not_there() -> None:
    said = (
        "error[name]: none of the files has a preset 'ViT-B/1'\n"
        "     = help: did you mean `ViT-B/16`?\n"
    )
    assert call("compare", "vit", "--preset", "ViT-B/1") == Ran(2, "", said)
    said = (
        'error[name]: none of the files has a preset\n     = help: add one: preset "small": D=64\n'
    )
    assert call("compare", "attention") == Ran(2, "", said)
    lacks = "error[format]: the format `svg` lacks a table of models\n"
    ran = call("compare", "vit", "--to", "svg")
    assert (ran.code, ran.out, ran.err[: len(lacks)]) == (2, "", lacks)


def test_it_is_written_where_it_is_asked_for(tmp_path: Path) -> None:
    made = ("compare", "vit", "--width", "ieee", "-o", "related.fragment.tex")
    assert call(*made, folder=tmp_path) == Ran(0, "", "")
    text = (tmp_path / "related.fragment.tex").read_text("utf-8")
    assert text.startswith(
        "% \\usepackage{array,booktabs}\n% Derived from zoo/vit.arch by closedform "
    )


def test_a_path_of_a_machine_is_not_told(tmp_path: Path) -> None:
    """The file is named as it was given, but never from the root of a machine."""
    path = tmp_path / "own.arch"
    path.write_text("dim D\n\nmodel Own(x: [D]):\n    return x -> linear(D)\n", "utf-8")
    for named, shown in ((str(path), "own.arch"), ("./own.arch", "own.arch")):
        ran = call("derive", named, "--to", "text", folder=tmp_path)
        made = ran.out.splitlines()[-1]
        assert made == f"Derived from {shown} by closedform {__version__}, convention macs."
