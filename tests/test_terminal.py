"""Reports on a terminal: plain text as wide as it is, in colours, and nothing that controls it."""

from __future__ import annotations

import contextlib
import io
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closedform import cli
from closedform.projects import derivation_of, open_project, report_of
from closedform.render.formats import format_named
from closedform.render.markup.text_lines import columns_of, fitted, table
from helpers import ZOO, call, cases, programs

FILES = cases(programs(ZOO, 20), {"vit", "recurrent"})


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def sixty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERM", "xterm-256color")


def shown(*arguments: str) -> str:
    """What a terminal is given by a command that succeeds."""
    terminal = Terminal()
    with contextlib.redirect_stdout(terminal):
        assert cli.run(list(arguments)) == 0
    return terminal.getvalue()


def bare(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_the_report_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain text for its width; the same without colours."""
    monkeypatch.delenv("NO_COLOR")
    told = shown("derive", "vit", "--preset", "ViT-B/16")
    view = report_of(open_project("vit"), preset="ViT-B/16", width=60)
    text = format_named("text").report(view)
    assert bare(told) == text
    lines = told.splitlines()
    assert lines[0] == "\x1b[1mViT\x1b[0m"
    assert any(line.startswith("\x1b[1;32mparams\x1b[0m = ") for line in lines)
    assert "\x1b[33m    = 17,563,828,224 (17.56 G) at ViT-B/16\x1b[0m" in lines
    assert "\x1b[1;36mSymbols\x1b[0m" in lines


def test_no_colours() -> None:
    """NO_COLOR is set for every test."""
    text = derivation_of(open_project("vit"), to="text", width=60)
    assert shown("derive", "vit", "--steps") == text


@pytest.mark.parametrize("options", [["--to", "md"], ["--to", "text"], ["--to", "json"]])
def test_what_is_asked_for_is_shown(options: list[str]) -> None:
    assert shown("derive", "vit", *options) == call("derive", "vit", *options).out


def test_files_and_pipes_have_markdown(tmp_path: Path) -> None:
    assert call("derive", "vit").out.startswith("# ViT\n")
    call("derive", "vit", "-o", "vit.md", folder=tmp_path)
    assert (tmp_path / "vit.md").read_text("utf-8").startswith("# ViT\n")


HOSTILE = "\x1b[2J\x1b]0;title\x07 \u202e \x9b31m \x00 \x7f [bold]x[/bold]"


@pytest.mark.parametrize("colours", [False, True])
@pytest.mark.parametrize("options", [[], ["--to", "md"], ["--steps"], ["--lang", "zh"]])
def test_a_text_of_a_file_does_not_control_the_terminal(
    options: list[str],
    colours: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Fails when a docstring, a meaning or a title is obeyed, or is read as markup."""
    if colours:
        monkeypatch.delenv("NO_COLOR")
    path = tmp_path / "own.arch"
    path.write_text(
        f'"""{HOSTILE}"""\n\ndim D  "{HOSTILE}"\n\nmodel M(x: [3, D]):\n'
        f'    """{HOSTILE}"""\n    return x -> linear(D)\n\npreset "{HOSTILE}": D=2\n',
        "utf-8",
    )
    text = bare(shown("derive", str(path), *options))
    assert not [char for char in text if char != "\n" and not char.isprintable()]
    assert "title" in text
    assert "bold" in text


def test_an_error_does_not_control_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    (tmp_path / "own.arch").write_text(
        'model M(x: [3, 3]):\n    return x\n\npreset "a\x1b[2J": D=2\n', "utf-8"
    )
    assert cli.run(["check", str(tmp_path / "own.arch")]) == 1
    assert "preset" in terminal.getvalue()
    assert "\x1b" not in terminal.getvalue()


# Lines -------------------------------------------------------------------------------------


def longest_word(text: str) -> int:
    return max(map(columns_of, re.split(r"\s", text)))


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("path", FILES)
def test_a_report_fits(path: Path, width: int, lang: str) -> None:
    """Fails when a line is wider than the terminal, or when breaking loses a sign."""
    project = open_project(path.stem)
    for part in project.parts():
        told = report_of(project, part.name, lang=lang, width=width)
        text = format_named("text").report(told)
        assert [line for line in text.splitlines() if columns_of(line) > width] == []
        steps = [
            derivation_of(project, part.name, ("macs",), None, None, "text", lang, wide)
            for wide in (width, None)
        ]
        assert [line for line in steps[0].splitlines() if columns_of(line) > width] == []
        assert steps[0].split() == steps[1].split() or lang == "zh"
        assert "".join(steps[0].split()) == "".join(steps[1].split())


SIGNS = st.text(alphabet="ab +-()^_[]=,模型、：", max_size=80)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(SIGNS, st.integers(12, 40))
def test_any_text_is_broken_without_loss(text: str, width: int) -> None:
    lines = fitted(text, width).split("\n")
    assert "".join("".join(lines).split()) == "".join(text.split())
    widest = max(map(columns_of, lines))
    assert widest <= max(width, longest_word(text) + 4 + len(text) - len(text.lstrip()))


def test_where_lines_are_broken() -> None:
    """At a sign outside an exponent; a reason stands on a line of its own where it must."""
    assert fitted("macs = 2 L T D (2 D + F + T) + 3^(s - 1) N", 36) == (
        "macs = 2 L T D (2 D + F + T)\n    + 3^(s - 1) N"
    )
    assert fitted("    MACs(linear) = size(x) out    (size(x) = n d, out = hidden)", 50) == (
        "    MACs(linear) = size(x) out\n        (size(x) = n d, out = hidden)"
    )
    assert fitted("short", 40) == "short"
    assert fitted("  入：batchnorm、relu、linear", 20) == "  入：batchnorm、\n      relu、linear"


def test_a_table_in_a_width() -> None:
    rows = [["part", "macs"], ["Layer", "a + b + c + d + e"], ["x", "0"]]
    assert table(rows) == "  part   macs\n  Layer  a + b + c + d + e\n  x      0"
    assert table(rows, 18) == ("  part   macs\n  Layer  a + b + c\n         + d + e\n  x      0")
    assert table([], 18) == ""
