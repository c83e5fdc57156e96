"""The tutorial is true: its files are saved, its commands are run, and they print what it shows."""

from __future__ import annotations

import doctest
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest

from closedform import cli
from closedform.api import loads
from closedform.derive.check.check import check
from closedform.grammar import format_file, parse
from helpers import ROOT

PAGE = ROOT / "docs" / "tutorial.md"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
SAVE = re.compile(r"^Save as `([\w.]+)`:\n\n\Z", re.M)


@dataclass(frozen=True)
class Fence:
    """A fenced text of the page; `file` is the name that it is to be saved as, if any, and `before`
    what stands between the previous fence and this one."""

    language: str
    text: str
    file: str | None
    before: str


def fences() -> list[Fence]:
    page = PAGE.read_text("utf-8")
    found: list[Fence] = []
    end = 0
    for match in FENCE.finditer(page):
        before = page[end : match.start()]
        save = SAVE.search(before)
        found.append(Fence(match[1], match[2], save[1] if save else None, before))
        end = match.end()
    return found


FENCES = fences()
ARCH = [pytest.param(fence, id=str(fence.file)) for fence in FENCES if fence.language == "arch"]


def shown(position: int) -> str:
    """What the page shows below the command at this position; nothing where it shows nothing."""
    after = FENCES[position + 1] if position + 1 < len(FENCES) else None
    return after.text if after and after.language == "text" and after.before == "\n\n" else ""


COMMANDS = [
    pytest.param(position, id=fence.text.strip())
    for position, fence in enumerate(FENCES)
    if fence.language == "sh"
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with every file that the page asks its reader to save."""
    for fence in FENCES:
        if fence.file:
            (tmp_path / fence.file).write_text(fence.text, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_page_is_read() -> None:
    assert len(ARCH) >= 7
    assert len(COMMANDS) >= 15
    assert {fence.language for fence in FENCES} == {"arch", "sh", "text", "python"}


def test_no_output_is_overlooked() -> None:
    """A text is either a file to be saved or what the command right before it prints."""
    for position, fence in enumerate(FENCES):
        if fence.language == "text" and not fence.file:
            assert FENCES[position - 1].language == "sh", fence.text
            assert fence.before == "\n\n", fence.text


def test_no_file_is_saved_twice() -> None:
    names = [fence.file for fence in FENCES if fence.file]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("fence", ARCH)
def test_a_snippet_is_whole_right_and_canonical(fence: Fence) -> None:
    assert fence.file
    outcome = check(loads(fence.text)._project)
    assert [str(diagnostic) for diagnostic in outcome.wrong] == []
    assert outcome.holding == len(re.findall(r"^ +claim |expect |, macs ", fence.text, re.M))
    assert format_file(parse(fence.text)) == fence.text


@pytest.mark.parametrize("position", COMMANDS)
def test_a_command_prints_what_is_shown(
    position: int, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`| head -n` is done here, so that the commands run without a shell."""
    (line,) = FENCES[position].text.splitlines()
    command, _, head = line.partition(" | head -")
    program, *arguments = shlex.split(command)
    assert program == "closedform"
    code = cli.run(arguments)
    captured = capsys.readouterr()
    assert code == (1 if "wrong.arch" in arguments else 0), captured.err
    lines = (captured.out + captured.err).splitlines(keepends=True)
    assert "".join(lines[: int(head)] if head else lines) == shown(position)


def test_the_document_is_written(folder: Path) -> None:
    assert cli.run(["derive", "image.arch", "-o", "image.tex"]) == 0
    assert (folder / "image.tex").read_text("utf-8").rstrip().endswith(r"\end{document}")


def test_python_shows_what_it_gives(folder: Path) -> None:
    """The Python snippets are one session."""
    session = "\n".join(fence.text for fence in FENCES if fence.language == "python")
    assert session.count(">>>") >= 8
    test = doctest.DocTestParser().get_doctest(session, {}, "tutorial", str(PAGE), 0)
    report: list[str] = []
    failed, _ = doctest.DocTestRunner().run(test, out=report.append)
    assert not failed, "".join(report)
