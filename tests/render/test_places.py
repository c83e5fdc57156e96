"""Lines of other files are told with the file, in every format."""

from __future__ import annotations

import json

import pytest

import closedform

TEXT = """\
from zoo.vit import EncoderLayer

dim N
dim D

model M(x: [N, D]):
    return x -> EncoderLayer(1, 4*D)
"""
PLACES = [("7", "EncoderLayer"), ("zoo/vit.arch:32", "SelfAttention"), ("zoo/vit.arch:33", "MLP")]


def test_the_table_of_parts_names_other_files() -> None:
    model = closedform.loads(TEXT)
    lines = model.report("text").split("\nParts\n")[1].splitlines()[1:4]
    assert [tuple(line.split()[:2]) for line in lines] == PLACES
    rows = [line for line in model.report("md").splitlines() if "| $`1`$ |" in line]
    cells = [[cell.strip(" \u2003&emsp;") for cell in row.split("|")[1:3]] for row in rows]
    assert [tuple(cell) for cell in cells] == PLACES
    found = json.loads(model.report("json"))["parts"]
    assert [(row["line"], row["file"], row["name"]) for row in found] == [
        (7, found[0]["file"], "EncoderLayer"),
        (32, "zoo/vit.arch", "SelfAttention"),
        (33, "zoo/vit.arch", "MLP"),
    ]
    assert found[0]["file"] != "zoo/vit.arch"
    html = model.report("html")
    assert [f'<td class="line">{place}</td>' in html for place, _ in PLACES] == [True] * 3
    tex = model.report("tex")
    assert "32 & \\hspace*{1em}Self\\allowbreak{}Attention \\newline zoo/vit.arch & $1$" in tex
    assert "7 & EncoderLayer & $1$" in tex


@pytest.mark.parametrize("to", ["text", "md", "tex", "html"])
def test_derivations_name_other_files(to: str) -> None:
    told = closedform.loads(TEXT).derivation(to=to)
    for place in (
        "line 16 of zoo/vit.arch",
        "lines 18, 19, 20, 23 of zoo/vit.arch",
        "line 29 of zoo/vit.arch",
    ):
        assert f"({place})" in told
    assert "(line 6)" in told
    assert "(line 29)" not in told


LOOP = """\
from zoo.fnet import FNet, T

model Outer(tokens: [T]):
    return tokens -> FNet
"""


def test_a_loop_of_another_file_is_told_with_it() -> None:
    told = closedform.loads(LOOP).derivation(to="text")
    assert "(L layers alike, line 40 of zoo/fnet.arch)" in told
    assert "line 40)" not in told
    chinese = closedform.loads(LOOP).derivation(to="text", lang="zh")
    assert "zoo/fnet.arch 第 38 行" in chinese
