"""Published formulas, pasted as LaTeX, get the verdict that is recorded of them."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from typing import Any

import pytest

from closedform.derive.project import Project
from closedform.derive.resolve.loader import Loader
from closedform.files import read_text
from closedform.reason.claims import ask
from helpers import TESTS, ZOO
from latex_claims import NOT_READ, READ, Pasted

LINES = (TESTS / "truth" / "formulas.jsonl").read_text("utf-8").splitlines()
ROWS: dict[str, dict[str, Any]] = {row["id"]: row for row in map(json.loads, LINES)}
WITH_LATEX = {key: row["formula_latex"] for key, row in ROWS.items() if row.get("formula_latex")}
ALL = [(key, pasted) for key, several in READ.items() for pasted in several]


@cache
def project_of(file: str) -> Project:
    """The project of `zoo/vit` or `claims/layers`."""
    folder, name = file.split("/")
    root = {"zoo": ZOO, "claims": TESTS / "claims"}[folder]
    return Project(Loader(read_text, root).file(root / f"{name}.arch"))


def test_every_row_with_latex_is_read_or_left_out_for_a_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Fails when a row is in neither table, or a formula is not in its row. Prints the tally."""
    assert READ.keys() | NOT_READ.keys() == WITH_LATEX.keys()
    assert READ.keys() & NOT_READ.keys() == set()
    for key, pasted in ALL:
        assert pasted.latex in WITH_LATEX[key]
    words = Counter(pasted.word for _, pasted in ALL)
    with capsys.disabled():
        print(f"\n{len(READ)} of {len(WITH_LATEX)} rows are read, as {len(ALL)} claims:", end=" ")
        print(", ".join(f"{count} {word}" for word, count in sorted(words.items())))
        for key, reason in NOT_READ.items():
            print(f"  not read: {key} ({reason})")


def test_exact_rows_hold_and_others_are_refuted() -> None:
    """Fails when a row that is recorded as exact has no claim that holds, or a wrong one has."""
    for key, several in READ.items():
        words = {pasted.word for pasted in several}
        if ROWS[key]["verified"] == "exact":
            assert "proved" in words, key
        if ROWS[key]["verified"] == "wrong":
            assert words == {"refuted"}, key


@pytest.mark.parametrize(
    ("key", "pasted"), ALL, ids=[f"{key}-{pasted.file}-{pasted.part}" for key, pasted in ALL]
)
def test_formula_gets_its_verdict(key: str, pasted: Pasted) -> None:
    project = project_of(pasted.file)
    entity = project.part(pasted.part)
    found = ask(project, entity, pasted.latex, pasted.measure, where=pasted.where, when=pasted.when)
    assert found.word == pasted.word, found.checked.diagnostic
    assert pasted.told in str(found.checked.diagnostic)
