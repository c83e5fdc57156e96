"""Every file of tests/bad is refused, and the whole text that a user reads is kept beside it.

`pytest tests/test_bad.py --update` rewrites the texts; read the difference before it is kept.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers import BAD, Golden, call, names, programs

LEAST = 50
FILES = programs(BAD, LEAST)

EXIT_WRONG = 1
CODES = {"limit": 4, "undecided": 5}  # by the first word of a file's name


@pytest.mark.parametrize("path", FILES, ids=names(FILES))
def test_bad_file(path: Path, golden: Golden) -> None:
    """Fails when a wrong file passes, when its exit code is another, or a word or caret moves."""
    result = call("check", path.name, folder=BAD)
    assert result.out == ""
    assert "error[bug]" not in result.err
    golden.compare(path.with_suffix(".txt"), result.err)
    assert result.code == CODES.get(path.name.split("_")[0], EXIT_WRONG)


def test_every_text_has_its_file() -> None:
    """Fails when a text is left over from a file that was renamed."""
    assert {path.stem for path in BAD.glob("*.txt")} == set(names(FILES))


def test_texts_name_no_folder_of_this_machine() -> None:
    """Fails when a message shows a path that the user did not write."""
    told = {path.name for path in BAD.glob("*.txt") if str(BAD) in path.read_text("utf-8")}
    assert told == set()


def test_too_few_files_are_noticed(tmp_path: Path) -> None:
    """Fails when the test above would run over an empty folder."""
    with pytest.raises(AssertionError, match=r"has 0 \.arch files, and 50 are"):
        programs(tmp_path, LEAST)
