"""Every file of tests/good is right, and its report is kept beside it.

The claims and expectations in the files are worked out by hand; the golden texts hold the rest.
A first line `#: --measure params,buffers` adds options to the command.
`pytest tests/test_good.py --update` rewrites the texts; read the difference before it is kept.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers import GOOD, Golden, call, cases, names, programs

FILES = programs(GOOD, 40)
OPTIONS = "#: "


def options_of(path: Path) -> list[str]:
    first = path.read_text("utf-8").split("\n", 1)[0]
    return first.removeprefix(OPTIONS).split() if first.startswith(OPTIONS) else []


@pytest.mark.parametrize("path", cases(FILES, share=4))
def test_good_file_holds(path: Path) -> None:
    """Fails when a right file is refused, or a claim worked out by hand does not hold."""
    result = call("check", path.name, folder=GOOD)
    assert result.err == ""
    assert result.code == 0


@pytest.mark.parametrize("path", cases(FILES, share=2))
def test_good_file_report(path: Path, golden: Golden) -> None:
    """Fails when a formula, a table or an assumption of the report changes."""
    result = call("derive", path.name, "--to", "text", *options_of(path), folder=GOOD)
    assert all(": warning: " in line for line in result.err.splitlines())
    assert result.code == 0
    golden.compare(path.with_suffix(".txt"), result.out)


def test_every_text_has_its_file() -> None:
    """Fails when a text is left over from a file that was renamed."""
    assert {path.stem for path in GOOD.glob("*.txt")} == set(names(FILES))
