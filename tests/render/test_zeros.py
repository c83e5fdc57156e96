"""Tables have no rows of zeros: of parts, of stages, of costs at a preset."""

from __future__ import annotations

from pathlib import Path

import pytest

from closedform import formula as w
from closedform.projects import open_project, report_of
from closedform.render.pictures.page import page_of
from helpers import ZOO, cases, programs

STAGE = (
    "dim D\ndim I = 8\n\nmodel M(x: [4, I, I]):\n    for s in 1..2:\n        if s == 1:\n"
    "            x = x -> relu\n        else:\n            x = x -> conv2d(D, kernel=1)\n"
    "    return x -> relu\n"
)


def test_a_stage_that_costs_nothing_has_no_row(tmp_path: Path) -> None:
    (tmp_path / "m.arch").write_text(STAGE)
    found = report_of(open_project(str(tmp_path / "m.arch")), measures=("macs",))
    assert [(row.line, row.name) for row in found.parts] == [(5, "s = 2"), (9, "conv2d")]


@pytest.mark.parametrize("path", cases(programs(ZOO, 20), {"vit", "pvt", "vgg", "llama"}))
def test_no_table_has_a_row_of_zeros(path: Path) -> None:
    project = open_project(str(path))
    for model in project.models():
        found = report_of(project, model.name, measures=("macs",))
        assert all(any(cost != w.Number(0) for cost in row.costs) for row in found.parts)
        for row in page_of(found).costs:
            assert any(amount != "0" for amount, _ in row.shares), row.name
