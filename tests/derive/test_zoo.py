"""The zoo: every expectation holds, and every file is one that a reader enjoys."""

from __future__ import annotations

from statistics import median

import pytest

from closedform.derive.check.check import check
from closedform.grammar import format_file, parse, tree
from closedform.projects import open_project, zoo_names, zoo_path
from helpers import ROOT, cases

LONGEST = 60  # lines, of the median file


@pytest.mark.parametrize("name", cases(zoo_names()))
def test_everything_holds(name: str) -> None:
    outcome = check(open_project(name))
    assert [str(diagnostic) for diagnostic in outcome.wrong] == []
    assert outcome.holding > 0


@pytest.mark.parametrize("name", zoo_names())
def test_files_are_canonical_and_say_what_they_are(name: str) -> None:
    text = zoo_path(name).read_text("utf-8")
    file = parse(text)
    assert format_file(file) == text
    assert file.doc
    for node in file.declarations:
        if isinstance(node, tree.Dim | tree.Let):
            assert node.meaning, f"{node.name.name} has no meaning"


def test_median_file_is_short() -> None:
    lengths = [len(zoo_path(name).read_text("utf-8").splitlines()) for name in zoo_names()]
    assert median(lengths) < LONGEST


def test_the_examples_run() -> None:
    """The five files that show what the language should feel like, where they are at hand."""
    folder = ROOT.parent / "shared" / "examples"
    for path in sorted(folder.glob("*.arch")):
        outcome = check(open_project(str(path)))
        assert [str(diagnostic) for diagnostic in outcome.wrong] == []
