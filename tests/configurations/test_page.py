"""docs/configurations.md is as it says."""

from __future__ import annotations

import re
from pathlib import Path

from closedform.derive.resolve.configs import families
from closedform.derive.resolve.folders import library_folder
from closedform.grammar import parse
from closedform.projects import open_project, report_of
from closedform.render.formats import format_named
from helpers import ROOT

PAGE = (ROOT / "docs" / "configurations.md").read_text("utf-8")


def block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def test_the_report_is_the_one_that_is_printed(tmp_path: Path) -> None:
    folder = tmp_path / "Llama-3-8B"
    folder.mkdir()
    (folder / "config.json").write_text(block("json"))
    project = open_project(str(folder / "config.json"))
    preset = project.set_sizes(str(project.configured), {"T": 8192})
    report = format_named("text").report(report_of(project, preset=preset))
    _, *lines = block("text").splitlines()
    assert "\n".join(lines) in report


def test_the_table_has_every_family() -> None:
    there = [
        node.family
        for path in library_folder("families").glob("*.arch")
        for node in families(parse(path.read_text("utf-8")))
    ]
    table = [line.split("|")[2] for line in PAGE.splitlines() if line.startswith("| ")][1:]
    assert sorted(re.findall(r"`(\w+)`", "".join(table))) == sorted(there)


def test_a_family_of_your_own(tmp_path: Path) -> None:
    (tmp_path / "stack.arch").write_text(block("arch"))
    path = tmp_path / "config.json"
    path.write_text('{"model_type": "stack", "width": 8, "layers": 2, "use_bias": false}')
    project = open_project(str(path))
    params = project.measures(["params"], None)[0]
    assert project.value(project.preset(str(project.configured)), params) == 2 * 2 * 8 * 32
