"""What a help tells to state mends the file: each is followed until nothing is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from helpers import BAD, call

ASSUME = re.compile(r"state it: `(assume .+?)`")
REQUIRE = re.compile(r"if that is so wherever `(\w+)` is used, state it there: `(require .+?)`")


def told(pattern: re.Pattern[str]) -> list[str]:
    return sorted(p.stem for p in BAD.glob("[ds]*_*.txt") if pattern.search(p.read_text("utf-8")))


def followed(text: str, complaint: str) -> str:
    """A file with what the help of each error tells to state."""
    for block, statement in REQUIRE.findall(complaint):
        head = re.compile(rf"^(block {block}\(.*:\n)", re.M)
        text = head.sub(rf"\g<1>    {statement}\n", text, count=1)
    for statement in dict.fromkeys(ASSUME.findall(complaint)):
        text = f"{text.rstrip()}\n\n{statement}\n"
    return text


@pytest.mark.parametrize("name", sorted({*told(ASSUME), *told(REQUIRE)}))
def test_a_help_mends_the_file(name: str, tmp_path: Path) -> None:
    """Fails when a user who does what the help says meets the same error again."""
    file = tmp_path / "a.arch"
    file.write_text((BAD / f"{name}.arch").read_text("utf-8"), "utf-8")
    first = call("check", "a.arch", folder=tmp_path).err
    file.write_text(followed(file.read_text("utf-8"), first), "utf-8")
    second = call("check", "a.arch", folder=tmp_path).err
    assert not ASSUME.search(second)
    assert not REQUIRE.search(second)


def test_both_kinds_of_help_are_tried() -> None:
    """Fails when the test above would run over no file."""
    assert len(told(ASSUME)) >= 2
    assert len(told(REQUIRE)) >= 5
