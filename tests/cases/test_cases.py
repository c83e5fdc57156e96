"""Small files that went wrong once give what is right: `cases.toml` says what, row by row.

What `check -v` says of a file stands beside it, whole, where that is what went wrong.
"""

from __future__ import annotations

import tomllib

import pytest

from closedform import cli
from helpers import TESTS, Golden

FOLDER = TESTS / "cases"
CASES: dict[str, dict[str, str]] = tomllib.loads((FOLDER / "cases.toml").read_text("utf-8"))
CHECKED = [
    path.relative_to(FOLDER).with_suffix(".arch").as_posix()
    for path in sorted(FOLDER.rglob("*.txt"))
]


def test_every_file_has_a_row() -> None:
    assert sorted([*CASES, *CHECKED]) == sorted(
        path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.arch")
    )


SLOW = {"forms/googlenet.arch", "forms/slow8.arch", "forms/swinv2.arch"}


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.slow] if n in SLOW else []) for n in CASES]
)
def test_case(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(FOLDER)
    expected = CASES[name]
    if "error" in expected:
        assert cli.run(["check", name]) != 0
        assert capsys.readouterr().err.splitlines()[0] == f"{name}:{expected['error']}"
        return
    assert cli.run(["check", name]) == 0, capsys.readouterr().err
    capsys.readouterr()
    assert cli.run(["derive", name, "--to", "text", "--measure", ",".join(expected)]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert [line for line in printed if line.split(" = ")[0] in expected] == [
        f"{measure} = {value}" for measure, value in expected.items()
    ]


@pytest.mark.parametrize("name", CHECKED)
def test_what_is_said(
    name: str, golden: Golden, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(FOLDER)
    code = cli.run(["check", "-v", name])
    said = capsys.readouterr()
    golden.compare(FOLDER / name.replace(".arch", ".txt"), f"{said.out}{said.err}exit {code}\n")
