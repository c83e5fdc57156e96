"""The command line: exit codes, files, streams, and what a user sees when something goes wrong."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import click
import pytest

from closedform import cli
from closedform.derive.resolve.folders import library_folder, library_names
from closedform.derive.resolve.shipped import library_file, std_text
from closedform.grammar import parse, tree
from closedform.render.formats import own_names
from helpers import BAD, ZOO, Ran, call, cases, programs, spawn

MODEL = "dim D\n\nmodel M(x: [4, D]):\n    return x -> linear(D)\n"

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has /dev/full")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "m.arch"
    path.write_text(MODEL)
    return path


def is_error(result: Ran, code: int, kind: str) -> None:
    """One error of that kind, no output, no traceback."""
    assert result.code == code
    assert f"error[{kind}]: " in result.err
    assert "Traceback" not in result.err
    assert result.out == ""


# Exit codes --------------------------------------------------------------------------------


def test_right_file_exits_0(model: Path) -> None:
    """Fails when a right file is refused."""
    assert call("check", "m.arch", folder=model.parent) == Ran(
        0, "m.arch: 0 expectations and claims hold\n", ""
    )


def test_wrong_file_exits_1(model: Path) -> None:
    """Fails when a wrong file passes."""
    model.write_text(MODEL.replace("linear", "lineer"))
    is_error(call("check", str(model)), 1, "name")
    is_error(call("derive", str(model)), 1, "name")


def test_failed_claim_exits_1(model: Path) -> None:
    """Fails when a claim that does not hold is let pass."""
    model.write_text(MODEL + "\n    claim macs == D\n")
    is_error(call("check", str(model)), 1, "claim")


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["derive"],
        ["derive", "vit", "--nonsense"],
        ["derive", "vit", "--to", "docx"],
        ["derive", "vit", "--form", "pretty"],
        ["check"],
        ["fmt"],
        ["zoo", "nonsense"],
    ],
    ids=" ".join,
)
def test_usage_exits_2(arguments: list[str]) -> None:
    """Fails when a mistyped command is taken for a wrong file, or is answered with a traceback."""
    result = call(*arguments)
    assert result.code == 2
    assert "Usage: closedform" in result.err
    assert "Error: " in result.err


TWO = """dim D
dim H

model M(x: [4, D]):
    return x -> linear(D) -> linear(H)

preset "a": D=3, H=4
"""


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (["derive", "--measure", "macz"], "measure"),
        (["derive", "--measure", "macs", "--convention", "hoks"], "measure"),
        (["derive", "--measure", "macs", "--convention", "flops"], "measure"),
        (["derive", "--steps", "--measure", "params,macs"], "measure"),
        (["derive", "--preset", "Q"], "name"),
        (["derive", "--of", "Q"], "name"),
        (["derive", "--in", "Q"], "name"),
        (["derive", "--when", "D >>"], "syntax"),
        (["derive", "--when", "Q > 1"], "name"),
        (["derive", "--when", "D > 1, D < 1"], "when"),
        (["derive", "--width", "ieee", "--to", "md"], "format"),
        (["derive", "--width", "wide", "--to", "tex"], "width"),
        (["derive", "-o", "out.docx"], "format"),
        (["check", "--claim", "macs =="], "syntax"),
        (["check", "--claim", "macs == Q"], "name"),
        (["check", "--claim", "macz == D"], "measure"),
        (["check", "--claim", "macs == D", "--when", "D |"], "syntax"),
        (["check", "--claim", "macs == D", "--of", "Z"], "name"),
        (["check", "--latex", "4 Q(", "--measure", "macs"], "syntax"),
        (["check", "--latex", "4 D", "--measure", "macz"], "measure"),
        (["check", "--latex", "4 Q", "--measure", "macs", "--map", "Q = R"], "name"),
        (["solve", "--for", "Q", "--budget", "macs=20G"], "name"),
        (["solve", "--for", "D", "--budget", "macs=20X"], "argument"),
        (["solve", "--for", "D", "--budget", "macs=20G"], "argument"),
        (["explain", "12.Q"], "argument"),
        (["explain", "12.1", "--preset", "Z"], "name"),
        (["compare", "--preset", "Z"], "name"),
        (["docs", "-o", "site", "--convention", "q"], "measure"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)
def test_what_is_not_there_exits_2(arguments: list[str], kind: str, model: Path) -> None:
    """Fails when a wrong name or a text that cannot be read is taken for a wrong file."""
    model.write_text(TWO)
    command, *options = arguments
    is_error(call(command, "m.arch", *options, folder=model.parent), 2, kind)


def test_a_file_that_lacks_what_it_names_exits_1(model: Path) -> None:
    """Fails when a wrong name in a file is taken for a wrong use of the command."""
    for line in ("claim macz == D", "claim macs under hoks == D", "claim macs == D when Q > 1"):
        model.write_text(f"{MODEL}\n    {line}\n")
        assert call("check", str(model)).code == 1
    model.write_text(f'{MODEL}\npreset "a" of Q: D=4\n')
    assert call("derive", str(model), "--preset", "a").code == 1


def test_what_is_not_there_has_a_help(model: Path) -> None:
    """Fails when a help lists nothing, or says what to write where nothing is written."""
    result = call("derive", str(model), "--preset", "Q")
    assert result.err.endswith("has no preset 'Q'\n     = help: add one: preset \"small\": D=64\n")
    result = call("derive", str(model), "--measure", "macs", "--convention", "flops")
    assert result.err == (
        "error[measure]: the convention `flops` counts FLOPs\n"
        "     = help: ask for `flops` under it\n"
    )


def test_nothing_found_exits_1(model: Path) -> None:
    """Fails when a question that has no answer is taken for one that cannot be asked."""
    model.write_text(TWO)
    asked = ["solve", str(model), "--for", "D", "--set", "H=3"]
    is_error(call(*asked, "--budget", "macs=1"), 1, "solve")
    assert call(*asked, "--budget", "macs=1M").code == 0
    is_error(call(*asked[:-1], "H=0", "--budget", "macs=1M"), 2, "argument")


def test_the_convention_of_a_claim_stands_in_it(model: Path) -> None:
    """Fails when --convention is not used, and the claim is checked under another one."""
    ran = call("check", str(model), "--claim", "macs == 4*D^2", "--convention", "hooks")
    assert (ran.code, ran.out, ran.err.splitlines()[-1]) == (
        2, "", "Error: --convention goes with --latex: a claim says it, as in 'macs under hooks "
        "== D^2'",
    )  # fmt: skip


def test_missing_file_exits_3(tmp_path: Path) -> None:
    """Fails when a file that is not there is reported as anything else."""
    result = call("check", "nowhere.arch", folder=tmp_path)
    is_error(result, 3, "file")
    assert "`nowhere.arch` cannot be read: No such file or directory" in result.err
    is_error(call("derive", "nowhere.arch", folder=tmp_path), 3, "file")
    is_error(call("fmt", "nowhere.arch", folder=tmp_path), 3, "file")


def test_limit_exits_4(model: Path) -> None:
    """Fails when a program that is too large is called wrong."""
    model.write_text(MODEL.replace("linear(D)", "linear(" + "(" * 60 + "D" + ")" * 60 + ")"))
    is_error(call("check", str(model)), 4, "limit")
    is_error(call("derive", str(model)), 4, "limit")
    is_error(call("fmt", str(model)), 4, "limit")


def test_limit_while_deriving_exits_4(model: Path) -> None:
    """Fails when a limit that is met after parsing is told as a mistake in the file."""
    model.write_text(MODEL.replace("linear(D)", "linear(9^(9^9))"))
    is_error(call("check", str(model)), 4, "limit")
    is_error(call("derive", str(model)), 4, "limit")


def test_bug_exits_70(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when a mistake of ours is shown as a traceback, or does not say how to report it."""

    def broken(*_: object) -> NoReturn:
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr("closedform.projects.open_project", broken)
    result = call("check", str(model))
    is_error(result, 70, "bug")
    assert "ZeroDivisionError: on purpose" in result.err
    assert "Please report it" in result.err


def test_bug_shows_its_traceback_when_asked(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when the variable that the message names does nothing."""

    def broken(*_: object) -> NoReturn:
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr("closedform.projects.open_project", broken)
    monkeypatch.setenv("CLOSEDFORM_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError, match="on purpose"):
        call("check", str(model))


@pytest.mark.parametrize("stop", [KeyboardInterrupt, click.exceptions.Abort])
def test_interrupt_exits_130(
    stop: type[BaseException], model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails when Ctrl-C is answered with a traceback or another code."""

    def stopped(*_: object) -> NoReturn:
        raise stop

    monkeypatch.setattr("closedform.projects.open_project", stopped)
    result = call("check", str(model))
    assert result.code == 130
    assert "Traceback" not in result.err


def test_worst_file_decides_the_code(model: Path) -> None:
    """Fails when a wrong file hides behind a right one, or ends the run before the others."""
    wrong = model.with_name("wrong.arch")
    wrong.write_text("dim D D\n")
    result = call("check", "wrong.arch", "nowhere.arch", "m.arch", folder=model.parent)
    assert result.code == 3
    assert result.err.count("error[") == 2
    assert "m.arch: 0 expectations and claims hold" in result.out


def test_process_exits_with_the_code(model: Path) -> None:
    """Fails when the installed command loses the exit code."""
    model.write_text("dim D D\n")
    process = spawn("check", "m.arch", folder=model.parent)
    assert process.returncode == 1
    assert process.stdout == b""
    assert process.stderr.startswith(b"m.arch:1:7: error[syntax]: ")


# Start-up ----------------------------------------------------------------------------------

HEAVY = ("sympy", "lark", "jinja2", "rich", "mpmath")


def imported_by(code: str) -> set[str]:
    """The heavy packages that a piece of Python imports in a fresh process."""
    ask = f"{code}\nimport sys\nprint(*(n for n in {HEAVY} if n in sys.modules), file=sys.stderr)"
    process = subprocess.run(
        [sys.executable, "-c", ask], capture_output=True, text=True, check=True, timeout=120
    )
    return set(process.stderr.split())


@pytest.mark.parametrize("arguments", [["--help"], ["derive", "--help"], ["--version"]])
def test_help_is_light(arguments: list[str]) -> None:
    """Fails when a module at the top of the command line imports SymPy."""
    assert imported_by(f"from closedform.cli import run; run({arguments!r})") == set()


LIGHT = (["zoo", "show", "vit"], ["fmt", "--check", "m.arch"])
LISTS = (["zoo", "list"], ["std", "list"], ["new", "new.arch"])


def test_what_derives_nothing_is_light(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when a command that only reads files imports SymPy, and so takes a second, or Lark."""
    monkeypatch.chdir(model.parent)
    code = f"from closedform.cli import run\nfor words in {LIGHT!r}: assert run(words) == 0"
    assert imported_by(code) == set()


def test_what_lists_and_begins_files_parses_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails when a list parses what the build has read, or imports a parser for another reason.

    It fails too when the package has to be installed again, for a file of the zoo has changed.
    """
    monkeypatch.chdir(tmp_path)
    code = f"from closedform.cli import run\nfor words in {LISTS!r}: assert run(words) == 0"
    assert imported_by(code) == set()


def test_heavy_imports_are_seen() -> None:
    """Fails when the test above could not fail."""
    assert "sympy" in imported_by("from closedform.cli import run; run(['derive', 'vit'])")


def test_help_names_every_command() -> None:
    """Fails when a command is left out of the help, or has none."""
    result = call("--help")
    assert result.code == 0
    for name, command in cli.commands.commands.items():
        assert name in result.out
        assert command.help
        assert call(name, "-h").code == 0


# Writing -----------------------------------------------------------------------------------


def test_suffix_chooses_the_format(model: Path) -> None:
    """Fails when the suffix of the output is not looked at."""
    target = model.with_suffix(".json")
    assert call("derive", str(model), "-o", str(target)) == Ran(0, "", "")
    assert json.loads(target.read_text("utf-8"))
    target = model.with_suffix(".tex")
    call("derive", str(model), "-o", str(target))
    assert "\\documentclass" in target.read_text("utf-8")


def test_to_goes_before_the_suffix(model: Path) -> None:
    """Fails when --to is overruled by the suffix."""
    target = model.with_suffix(".md")
    call("derive", str(model), "--to", "json", "-o", str(target))
    assert json.loads(target.read_text("utf-8"))


@pytest.mark.parametrize("name", ["out.docx", "out", "out.arch"])
def test_unknown_suffix(name: str, model: Path) -> None:
    """Fails when a suffix without a format is answered with some format or a traceback."""
    target = model.with_name(name)
    result = call("derive", str(model), "-o", str(target))
    assert result.code in (1, 2)
    assert "Traceback" not in result.err
    assert ".tex" in result.err
    assert not target.exists()


def test_unknown_suffix_is_told_before_the_work(tmp_path: Path) -> None:
    """Fails when a user waits for a derivation that cannot be written."""
    result = call("derive", "nowhere.arch", "-o", "out.docx", folder=tmp_path)
    assert "nowhere" not in result.err


def test_old_file_survives_a_failed_write(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when the old report is lost, or a half-written one is left behind."""
    target = model.with_name("out.md")
    target.write_text("the old report")

    def full(*_: object) -> NoReturn:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    result = call("derive", str(model), "-o", str(target))
    is_error(result, 3, "file")
    assert "No space left on device" in result.err
    assert target.read_text() == "the old report"
    assert sorted(path.name for path in model.parent.iterdir()) == ["m.arch", "out.md"]


def test_interrupted_write_leaves_nothing(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when Ctrl-C while writing leaves a temporary file."""
    target = model.with_name("out.md")
    target.write_text("the old report")

    def stopped(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", stopped)
    assert call("derive", str(model), "-o", str(target)).code == 130
    assert target.read_text() == "the old report"
    assert sorted(path.name for path in model.parent.iterdir()) == ["m.arch", "out.md"]


def test_output_keeps_the_mode_of_the_old_file(model: Path) -> None:
    """Fails when a file that others could read is replaced by one that they cannot."""
    target = model.with_name("out.md")
    target.write_text("old")
    target.chmod(0o640)
    call("derive", str(model), "-o", str(target))
    assert target.stat().st_mode & 0o777 == 0o640


def test_links_stay_links(model: Path) -> None:
    """Fails when a report, a form or a new file takes the place of a link to it."""
    (model.parent / "far").mkdir()
    far = model.parent / "far" / "out.md"
    link = model.with_name("link.md")
    chain = model.with_name("chain.md")
    link.symlink_to("far/out.md")
    chain.symlink_to("link.md")
    report = call("derive", str(model)).out
    assert call("derive", str(model), "-o", str(chain)) == Ran(0, "", "")  # to a file to come
    assert far.read_text("utf-8") == report
    far.write_text("old")
    far.chmod(0o640)
    assert call("derive", str(model), "-o", str(link)) == Ran(0, "", "")
    assert (far.read_text("utf-8"), far.stat().st_mode & 0o777) == (report, 0o640)
    linked = model.with_name("linked.arch")
    linked.symlink_to("m.arch")
    model.write_text(MODEL.replace("dim D", "dim   D"))
    formatted = call("fmt", "linked.arch", folder=model.parent)
    assert formatted == Ran(0, "linked.arch formatted\n", "")
    assert model.read_text() == MODEL
    begun = model.with_name("begun.arch")
    begun.symlink_to("far/begun.arch")
    assert call("new", str(begun)).code == 0
    assert far.with_name("begun.arch").is_file()
    assert all(path.is_symlink() for path in (link, chain, linked, begun))
    assert sorted(path.name for path in far.parent.iterdir()) == ["begun.arch", "out.md"]


def test_link_to_itself(model: Path) -> None:
    """Fails when a link that leads nowhere is replaced, or gives a traceback."""
    link = model.with_name("out.md")
    link.symlink_to("out.md")
    result = call("derive", str(model), "-o", "out.md", folder=model.parent)
    assert result == Ran(
        3, "", "error[file]: `out.md` cannot be written: Too many levels of symbolic links\n"
    )
    assert link.is_symlink()


def test_output_into_what_is_no_file(model: Path) -> None:
    """Fails when a pipe with a name is replaced by a file, which its reader never sees."""
    pipe = model.with_name("pipe")
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE, text=True) as reader:
        assert call("derive", str(model), "--to", "md", "-o", str(pipe)) == Ran(0, "", "")
        read, _ = reader.communicate(timeout=60)
    assert read == call("derive", str(model)).out
    assert pipe.is_fifo()


@pytest.mark.slow
def test_output_into_a_descriptor(model: Path) -> None:
    """Fails when `/dev/stdout` is replaced, or the file behind it is, which the shell has open."""
    report = call("derive", str(model)).out.encode()
    command = ("derive", "m.arch", "--to", "md", "-o")
    assert spawn(*command, "/dev/fd/1", folder=model.parent).stdout == report
    link = model.with_name("link")
    link.symlink_to("/dev/fd/1")
    assert spawn(*command, "link", folder=model.parent).stdout == report
    assert link.is_symlink()
    target = model.with_name("out.md")
    run = [sys.executable, "-m", "closedform", *command, "link"]
    with target.open("wb") as opened:
        inode = target.stat().st_ino
        subprocess.run(run, stdout=opened, cwd=model.parent, check=True, timeout=120)
    assert (target.read_bytes(), target.stat().st_ino) == (report, inode)


@on_linux
def test_output_into_a_full_device(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when a device that takes nothing is replaced, or what is lost is not told."""
    monkeypatch.delattr(os, "replace")
    result = call("derive", str(model), "--to", "md", "-o", "/dev/full")
    message = "`/dev/full` cannot be written: No space left on device"
    assert result == Ran(3, "", f"error[file]: {message}\n")


def test_output_into_a_missing_folder(model: Path) -> None:
    """Fails when a folder that is not there gives a traceback."""
    is_error(call("derive", str(model), "-o", str(model.parent / "no" / "out.md")), 3, "file")


def test_output_is_a_folder(model: Path) -> None:
    """Fails when a folder as output gives a traceback, or is replaced."""
    folder = model.with_name("out.md")
    folder.mkdir()
    is_error(call("derive", str(model), "-o", str(folder)), 3, "file")
    assert folder.is_dir()


def test_output_has_one_kind_of_line_end(model: Path) -> None:
    """Fails when a file is written with the line ends of the machine."""
    target = model.with_name("out.md")
    call("derive", str(model), "-o", str(target))
    data = target.read_bytes()
    assert b"\r" not in data
    assert data.endswith(b"\n")
    assert not data.startswith(b"\xef\xbb\xbf")


def test_every_format_has_a_suffix_or_a_name(model: Path) -> None:
    """Fails when a format that --to offers cannot be written."""
    for name in own_names():
        result = call("derive", str(model), "--to", name)
        assert (result.code, result.err) == (0, "")
        assert any(square in result.out for square in ("D^2", "D^{2}", "D^(2)", ">D</tspan>"))


# Streams -----------------------------------------------------------------------------------


def environment(unbuffered: bool) -> dict[str, str]:
    """The environment of the tests, with or without the variable that changes how Python prints."""
    others = {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"}
    return {**others, "PYTHONUNBUFFERED": "1"} if unbuffered else others


def through_shell(command: str, folder: Path, unbuffered: bool) -> Ran:
    """Run a line of bash; `$CF` is the command line."""
    cf = f'"{sys.executable}" -m closedform'
    process = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command.replace('$CF', cf)}"],
        capture_output=True, cwd=folder, env=environment(unbuffered), timeout=120, check=False,
    )  # fmt: skip
    return Ran(process.returncode, process.stdout.decode(), process.stderr.decode())


both_ways = pytest.mark.parametrize("unbuffered", [False, True], ids=["buffered", "unbuffered"])
quick_way = pytest.mark.parametrize(
    "unbuffered",
    [False, pytest.param(True, marks=pytest.mark.slow)],
    ids=["buffered", "unbuffered"],
)
WRONG = (("fmt wrong.arch", 1), ("nonsense", 2))
QUICK = ("fmt - < m.arch", "--help")
PRINTING = [
    pytest.param(command, unbuffered, marks=marks, id=f"{command}-{way}")
    for command in (
        *("derive vit", "zoo show vit", "zoo list", "std list", "check vit", *QUICK),
        *("--version", "derive --help"),
    )
    for unbuffered, way in ((False, "buffered"), (True, "unbuffered"))
    for marks in [pytest.mark.slow if command not in (*QUICK, "derive vit") or unbuffered else ()]
]


def unwritten(why: str) -> Ran:
    return Ran(3, "", f"error[file]: the output cannot be written: {why}\n")


@pytest.fixture
def models(model: Path) -> Path:
    """A folder with a right file and a wrong one."""
    model.with_name("wrong.arch").write_text("dim D D\n")
    return model.parent


@pytest.mark.parametrize(("command", "unbuffered"), PRINTING)
def test_closed_pipe_is_quiet(command: str, unbuffered: bool, models: Path) -> None:
    """Fails when a reader that has gone is answered with a traceback or a complaint."""
    assert through_shell(f"$CF {command} | true", models, unbuffered) == Ran(0, "", "")


@quick_way
def test_pipe_that_closes_while_it_is_read(unbuffered: bool, models: Path) -> None:
    """Fails when `closedform ... | head -1` ends with a traceback or a complaint."""
    result = through_shell("$CF derive vit | head -1", models, unbuffered)
    assert result == Ran(0, "# ViT\n", "")


@on_linux
@pytest.mark.parametrize(("command", "unbuffered"), PRINTING)
def test_full_device(command: str, unbuffered: bool, models: Path) -> None:
    """Fails when output that cannot be written is taken for success, or Python complains too."""
    result = through_shell(f"$CF {command} > /dev/full", models, unbuffered)
    assert result == unwritten("No space left on device")


@quick_way
@pytest.mark.parametrize("command", ["derive m.arch", *QUICK])
def test_closed_stdout(command: str, unbuffered: bool, models: Path) -> None:
    """Fails when a closed standard output gives a traceback, or is taken for success."""
    result = through_shell(f"$CF {command} >&-", models, unbuffered)
    assert result == unwritten("Bad file descriptor")


@quick_way
def test_closed_stdout_that_is_not_needed(unbuffered: bool, models: Path) -> None:
    """Fails when a report cannot be written to a file because nothing could be printed."""
    assert through_shell("$CF derive m.arch -o a.md >&-", models, unbuffered) == Ran(0, "", "")
    through_shell("$CF derive m.arch -o b.md", models, unbuffered)
    assert (models / "a.md").read_bytes() == (models / "b.md").read_bytes()


@quick_way
@pytest.mark.parametrize("errors", [pytest.param("/dev/full", marks=on_linux), "&-", "&1 | true"])
@pytest.mark.parametrize(("command", "code"), WRONG)
def test_error_that_cannot_be_told(
    command: str, code: int, errors: str, unbuffered: bool, models: Path
) -> None:
    """Fails when the exit code is lost with the message, or the message is taken for output."""
    assert through_shell(f"$CF {command} 2>{errors}", models, unbuffered) == Ran(code, "", "")


@quick_way
@pytest.mark.parametrize(
    "errors", [pytest.param("/dev/full", marks=[on_linux, pytest.mark.slow]), "&-"]
)
def test_standard_error_that_is_not_needed(errors: str, unbuffered: bool, models: Path) -> None:
    """Fails when a report is lost because no error could have been told."""
    right = through_shell("$CF derive m.arch", models, unbuffered)
    assert right.code == 0
    assert through_shell(f"$CF derive m.arch 2>{errors}", models, unbuffered) == right


@on_linux
@both_ways
def test_nothing_can_be_written(unbuffered: bool, models: Path) -> None:
    """Fails when the exit code does not tell of an output that is lost with its error."""
    result = through_shell("$CF zoo show vit > /dev/full 2>&1", models, unbuffered)
    assert result == Ran(3, "", "")
    assert through_shell("$CF zoo show vit <&- >&- 2>&-", models, unbuffered) == Ran(3, "", "")


@both_ways
def test_closed_input(unbuffered: bool, models: Path) -> None:
    """Fails when an input that cannot be read gives a traceback, or is taken for an empty one."""
    assert through_shell("$CF fmt - <&-", models, unbuffered) == Ran(
        3, "", "error[file]: the input cannot be read: Bad file descriptor\n"
    )


def ended(end: str, output: str, folder: Path) -> Ran:
    """What comes of a command that holds printed text and then ends in some way."""
    (folder / "ended.py").write_text(
        "import sys, click\n"
        "from closedform import cli, files\n"
        "from closedform.errors import fail\n"
        "def held(file):\n"
        "    sys.stdout.write('held')\n"
        f"    raise {end}\n"
        "files.read_text = held\n"
        "cli.main(['std', 'show', 'linear'])\n"
    )
    return through_shell(f'"{sys.executable}" ended.py {output}', folder, unbuffered=False)


@on_linux
@pytest.mark.parametrize(
    ("end", "code", "errors"),
    [
        ("click.exceptions.Exit(0)", 0, ""),
        ("fail('name', 'wrong')", 2, "error[name]: wrong\n"),
        ("click.ClickException('wrong')", 2, "Error: wrong\n"),
    ],
)
def test_every_end_writes_what_is_held(end: str, code: int, errors: str, models: Path) -> None:
    """Fails when printed text is lost, or Python is left to complain that it cannot be written."""
    assert ended(end, "| cat", models) == Ran(code, "held", errors)
    unwritten_too = errors + unwritten("No space left on device").err
    assert ended(end, "> /dev/full", models) == Ran(3, "", unwritten_too)
    assert ended(end, "| true", models) == Ran(code, "", errors)


@on_linux
@pytest.mark.parametrize("end", ["KeyboardInterrupt", "click.exceptions.Abort"])
def test_interrupt_drops_what_is_held(end: str, models: Path) -> None:
    """Fails when Ctrl-C waits for a reader, or Python tries to write at its own end."""
    result = ended(end, "> /dev/full", models)
    assert (result.code, result.out, result.err.strip()) == (130, "", "")


@pytest.mark.parametrize(
    "encoding",
    [
        "ascii",
        pytest.param("cp1252", marks=pytest.mark.slow),
        pytest.param("latin-1", marks=pytest.mark.slow),
    ],
)
def test_narrow_encoding(encoding: str, tmp_path: Path) -> None:
    """Fails when a terminal without Unicode gives a traceback instead of the report."""
    text = MODEL.replace("dim D", 'dim D "Größe Σ 幅"')
    (tmp_path / "m.arch").write_text(text, "utf-8")
    narrow = {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    process = spawn("derive", "m.arch", folder=tmp_path, environment=narrow)
    assert process.returncode == 0
    assert process.stderr == b""
    assert b"D^2" in process.stdout or b"D^{2}" in process.stdout
    wrong = text.replace("linear", "Größe")
    (tmp_path / "m.arch").write_text(wrong, "utf-8")
    process = spawn("check", "m.arch", folder=tmp_path, environment=narrow)
    assert process.returncode == 1
    assert b"error[name]" in process.stderr


def test_no_escape_codes_into_a_pipe(tmp_path: Path) -> None:
    """Fails when colours go into a file or a pipe."""
    (tmp_path / "m.arch").write_text("dim D D\n")
    process = spawn("check", "m.arch", folder=tmp_path, environment={"TERM": "xterm-256color"})
    assert b"\x1b" not in process.stdout + process.stderr


# Files -------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["check", "derive", "fmt"])
def test_folder_as_file(command: str, tmp_path: Path) -> None:
    """Fails when a folder is read as a file, or gives a traceback."""
    (tmp_path / "f.arch").mkdir()
    result = call(command, "f.arch", folder=tmp_path)
    is_error(result, 3, "file")
    assert "`f.arch` is a folder" in result.err


@pytest.mark.parametrize("command", ["check", "derive", "fmt"])
def test_not_utf_8(command: str, tmp_path: Path) -> None:
    """Fails when bytes that are no text give a traceback, or no place is named."""
    (tmp_path / "m.arch").write_bytes(b"dim D  # Gr\xf6\xdfe\n")
    result = call(command, "m.arch", folder=tmp_path)
    is_error(result, 3, "file")
    assert "`m.arch` is not UTF-8 text: byte 11 is wrong" in result.err


def test_byte_order_mark(model: Path) -> None:
    """Fails when the mark that some editors put first is taken for a character."""
    model.write_bytes(b"\xef\xbb\xbf" + MODEL.encode())
    assert call("check", str(model)).code == 0


def test_windows_line_ends(model: Path) -> None:
    """Fails when CRLF changes the report, the place of an error, or what fmt writes."""
    plain = call("derive", "m.arch", "--to", "text", folder=model.parent)
    model.write_bytes(MODEL.replace("\n", "\r\n").encode())
    assert call("derive", "m.arch", "--to", "text", folder=model.parent) == plain
    assert call("fmt", str(model)).code == 0
    assert model.read_bytes() == MODEL.encode()
    wrong = MODEL.replace("linear(D)", "linear(E)")
    model.write_bytes(wrong.encode())
    expected = call("check", "m.arch", folder=model.parent).err
    model.write_bytes(wrong.replace("\n", "\r\n").encode())
    assert call("check", "m.arch", folder=model.parent).err == expected


def test_empty_file(tmp_path: Path) -> None:
    """Fails when an empty file gives a traceback, or a report of nothing."""
    (tmp_path / "e.arch").write_text("")
    assert call("check", "e.arch", folder=tmp_path) == Ran(
        0, "e.arch: 0 expectations and claims hold\n", ""
    )
    result = call("derive", "e.arch", folder=tmp_path)
    is_error(result, 2, "name")
    assert "`e.arch` has no model" in result.err


def test_file_goes_before_the_zoo(tmp_path: Path) -> None:
    """Fails when a file of the user is passed over for a model of the zoo of the same name."""
    (tmp_path / "vit").write_text(MODEL)
    result = call("derive", "vit", "--to", "text", folder=tmp_path)
    assert "params = D^2 + D\n" in result.out


def test_too_large_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when a huge file is read whole."""
    monkeypatch.setattr("closedform.files.MAX_BYTES", 10)
    (tmp_path / "m.arch").write_text(MODEL)
    result = call("check", "m.arch", folder=tmp_path)
    assert result.code in (3, 4)
    assert "is larger than 10 bytes" in result.err


# Names that the user gives -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "kind", "says"),
    [
        (["--of", "Vit"], "name", "did you mean `ViT`?"),
        (["--in", "Q"], "name", "`Q` is no size of `ViT`"),
        (["--preset", "ViT-B/61"], "name", "did you mean `ViT-B/16`?"),
        (["--measure", "parms"], "measure", "did you mean `params`?"),
        (["--convention", "hook"], "measure", "did you mean `hooks`?"),
    ],
)
def test_wrong_names(arguments: list[str], kind: str, says: str) -> None:
    """Fails when a misspelt name is not answered with the nearest one."""
    result = call("derive", "vit", *arguments)
    is_error(result, 2, kind)
    assert says in result.err


def test_measure_under_a_convention(model: Path) -> None:
    """Fails when what a help of --measure advises is not read."""
    model.write_text('convention chip in pJ  "energy":\n    mac: 3\n\n' + MODEL)
    asked = ("derive", "m.arch", "--to", "text", "--measure")
    assert call(*asked, "pj", folder=model.parent) == Ran(
        2, "", "error[measure]: `pj` needs a convention\n     = help: write `pj under chip`\n"
    )
    told = call(*asked, "pj under chip,params, macs  under hooks", folder=model.parent)
    assert (told.code, told.err) == (0, "")
    assert re.findall("^.* = .*$", told.out, re.M) == [
        "pj under chip = 12 D^2", "params = D^2 + D", "macs under hooks = 4 D^2"
    ]  # fmt: skip
    both = (*asked, "macs under hooks,flops", "--convention", "flops")
    found = re.findall("^.* = .*$", call(*both, folder=model.parent).out, re.M)
    assert found == ["macs under hooks = 4 D^2", "flops = 8 D^2"]
    steps = call(*asked, "pj under chip", "--steps", folder=model.parent).out
    assert steps.startswith("M: pJ under chip, step by step\n")
    assert call(*asked, "pj under", folder=model.parent).err.startswith(
        "error[measure]: `pj under` is not measured\n"
    )
    assert call(*asked, "params under chip", folder=model.parent) == Ran(
        2, "", "error[measure]: `params` needs no convention\n     = help: write `params`\n"
    )


def test_zoo_show_suggests() -> None:
    """Fails when a misspelt model of the zoo is not answered with the nearest one."""
    result = call("zoo", "show", "vitt")
    is_error(result, 2, "name")
    assert "did you mean `vit`?" in result.err
    assert "= help: `closedform zoo list` shows what there is" in call("zoo", "show", "qqq").err


def test_zoo_is_listed_and_shown() -> None:
    """Fails when a model of the zoo is left out of the list."""
    result = call("zoo", "list")
    assert result.code == 0
    for path in programs(ZOO, 5):
        assert path.stem in result.out
    assert call("zoo", "show", "vit").out.startswith('"""Vision Transformer')


IMPORTING = [
    path
    for path in programs(ZOO, 5)
    if re.search(r"^from (?!std\.|zoo\.|families\.)", path.read_text("utf-8"), re.M)
]


@pytest.mark.parametrize("path", cases(IMPORTING, {"albert", "bert", "fnet", "mixer", "vgg_bn"}))
def test_a_model_that_is_shown_checks_anywhere(path: Path, tmp_path: Path) -> None:
    """Fails when a model that imports another cannot be put into a folder of its own."""
    shown = call("zoo", "show", path.stem)
    (tmp_path / path.name).write_text(shown.out, "utf-8")
    there = call("check", path.name, folder=tmp_path)
    assert (there.code, there.err) == (0, "")
    assert there.out == call("check", path.name, folder=ZOO).out.replace("zoo/", "")


def test_other_models_are_shown_as_they_are() -> None:
    """Fails when the test above has nothing to try, or a model is shown that is not the zoo's."""
    assert {"swin", "pvt2"} <= {path.stem for path in IMPORTING}
    for path in programs(ZOO, 5):
        assert call("zoo", "show", path.stem).out.replace("from zoo.", "from ") == (
            path.read_text("utf-8").replace("from zoo.", "from ")
        )


def test_std_is_listed_and_shown() -> None:
    """Fails when a file of the standard library, or something in it, is left out."""
    listed = call("std", "list")
    assert (listed.code, listed.err) == (0, "")
    files = programs(library_folder("std"), 5)
    assert [line.split()[0] for line in listed.out.splitlines()[::2]] == [p.stem for p in files]
    of_file = dict(zip(files, listed.out.splitlines()[1::2], strict=True))
    for path, line in of_file.items():
        text = path.read_text("utf-8")
        found = re.findall(r"^(?:op|block|convention) (\w+)", text, re.M)
        assert line.strip().split(", ") == found
        assert call("std", "show", path.stem) == Ran(0, text, "")
        assert call("std", "show", f"std.{path.stem}") == Ran(0, text, "")


def test_std_show_of_each_declaration() -> None:
    """Fails when one operation, block or convention is not shown whole and alone."""
    for file in library_names("std"):
        declared = library_file("std", file).declarations
        named = [d for d in declared if isinstance(d, tree.Op | tree.Block | tree.Convention)]
        assert named, file
        for node in named:
            shown = parse(std_text(node.name.name), file).declarations
            assert shown == (node,)


@pytest.mark.parametrize(
    ("name", "help"),
    [
        ("atention", "did you mean `attention`?"),
        ("qqq", "`closedform std list` shows what there is"),
    ],
)
def test_std_show_of_unknown_name(name: str, help: str) -> None:
    """Fails when a name that the library does not have is not answered with what there is."""
    message = f"error[name]: the standard library has no `{name}`\n     = help: {help}\n"
    assert call("std", "show", name) == Ran(2, "", message)


# Options -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "once", "several"),
    [
        ("--measure", ["params,macs"], ["params", "macs"]),
        ("--measure", [" params , macs,exp"], ["params,macs", "exp"]),
        ("--in", ["N,D,L"], ["N", "D,L"]),
    ],
)
def test_lists_are_given_at_once_or_again(option: str, once: list[str], several: list[str]) -> None:
    """Fails when an option that takes several keeps the last that is given."""
    given = [
        call("derive", "vit", "--to", "text", *(part for name in way for part in (option, name)))
        for way in (once, several)
    ]
    assert given[0].code == 0
    assert given[0] == given[1]
    assert "macs = " in given[0].out


@pytest.mark.parametrize("option", ["--measure", "--in"])
def test_help_says_that_an_option_takes_several(option: str) -> None:
    """Fails when the help does not say how several are given."""
    text = " ".join(call("derive", "--help").out.split())
    assert f"{option} " in text
    assert text.count("Several with commas, or with the option again.") == 2


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["derive", "vit", "--preset", "ViT-B/16", "--preset", "ViT-B/32"], "--preset"),
        (["derive", "vit", "--to", "text", "--to=md"], "--to"),
        (["derive", "vit", "--convention", "macs", "--convention", "hooks"], "--convention"),
        (["derive", "vit", "--of", "ViT", "--of", "ViT"], "--of"),
        (["derive", "vit", "-o", "a.md", "--output", "b.md"], "--output"),
        (["derive", "vit", "--steps", "--steps"], "--steps"),
        (["docs", "--zoo", "-o", "a", "-o", "b"], "--output"),
        (["check", "--zoo", "--zoo"], "--zoo"),
        (["check", "vit", "-v", "--verbose"], "--verbose"),
        (["fmt", "--check", "--check", "a.arch"], "--check"),
    ],
)
def test_what_is_given_once_is_not_given_twice(
    arguments: list[str], option: str, tmp_path: Path
) -> None:
    """Fails when the last of two is taken without a word."""
    result = call(*arguments, folder=tmp_path)
    name = arguments[0]
    usage, _, said = result.err.partition("\n\n")
    assert (result.code, result.out, said) == (2, "", f"Error: {option} is given twice\n")
    assert usage.endswith(f"Try 'closedform {name} --help' for help.")
    assert list(tmp_path.iterdir()) == []


# Formatting --------------------------------------------------------------------------------


def test_fmt_writes_and_says_so(model: Path) -> None:
    """Fails when fmt changes nothing, or writes a file that is canonical already."""
    model.write_text(MODEL.replace("dim D", "dim   D"))
    assert call("fmt", "m.arch", folder=model.parent) == Ran(0, "m.arch formatted\n", "")
    assert model.read_text() == MODEL
    assert call("fmt", "m.arch", folder=model.parent) == Ran(0, "", "")


def test_fmt_of_a_descriptor(model: Path) -> None:
    """Fails when fmt replaces what it can only read, or loses the result."""
    given = b"dim   D\n"
    process = spawn("fmt", "/dev/fd/0", given=given)
    message = "`/dev/fd/0` is no regular file, and cannot be replaced by another text"
    help = "`closedform fmt -` reads the input and prints the result"
    told = f"error[file]: {message}\n     = help: {help}\n"
    assert (process.returncode, process.stdout, process.stderr.decode()) == (3, b"", told)
    assert spawn("fmt", "-", given=given).stdout == b"dim D\n"


def test_fmt_check_changes_nothing(model: Path) -> None:
    """Fails when --check writes, or passes a file that is not canonical."""
    model.write_text(MODEL.replace("dim D", "dim   D"))
    result = call("fmt", "--check", "m.arch", folder=model.parent)
    assert result == Ran(1, "m.arch is not in canonical form\n", "")
    assert model.read_text() != MODEL


def test_fmt_reads_stdin(tmp_path: Path) -> None:
    """Fails when `-` is taken for a file, or the input is not read as UTF-8."""
    process = spawn("fmt", "-", folder=tmp_path, given='dim   D "Größe"\r\n'.encode())
    assert process.returncode == 0
    assert process.stdout.decode() == 'dim D  "Größe"\n'
    process = spawn(
        "fmt", "-", given='dim D "Größe"'.encode(), environment={"PYTHONIOENCODING": "ascii"}
    )
    assert process.stdout.decode() == 'dim D  "Größe"\n'
    process = spawn("fmt", "-", folder=tmp_path, given=b"dim D  # Gr\xf6\xdfe\n")
    assert (process.returncode, process.stderr) == (
        3, b"error[file]: the input is not UTF-8 text: byte 11 is wrong\n"
    )  # fmt: skip
    process = spawn("fmt", "-", folder=tmp_path, given=b"dim D D\n")
    assert process.returncode == 1
    assert process.stderr.startswith(b"<stdin>:1:7: error[syntax]: ")


def test_fmt_leaves_a_wrong_file_alone(tmp_path: Path) -> None:
    """Fails when fmt writes a file that it could not read."""
    for path in sorted(BAD.glob("syntax_*.arch"))[:5]:
        copy = tmp_path / path.name
        copy.write_bytes(path.read_bytes())
        assert call("fmt", str(copy)).code == 1
        assert copy.read_bytes() == path.read_bytes()


def test_fmt_goes_on_after_a_wrong_file(model: Path) -> None:
    """Fails when one wrong file keeps the others from being formatted."""
    model.write_text(MODEL.replace("dim D", "dim   D"))
    (model.parent / "a.arch").write_text("dim D D\n")
    result = call("fmt", "a.arch", "m.arch", folder=model.parent)
    assert result.code == 1
    assert model.read_text() == MODEL


# Colours -----------------------------------------------------------------------------------


def test_markup_in_user_text_is_not_read(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when `[bold]` in a file changes how an error is shown on a terminal."""
    import io

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    shown = Terminal()
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "xterm-256color")
    model.write_text('dim D "[bold]" [/bold]\n')
    monkeypatch.setattr(sys, "stderr", shown)
    assert cli.run(["check", str(model)]) == 1
    assert '"[bold]" [/bold]' in shown.getvalue()
    assert "\x1b[" in shown.getvalue()


def test_a_misspelt_model_of_the_zoo(tmp_path: Path) -> None:
    """Fails when a name that is nearly one of the zoo is only looked for as a file."""
    ran = call("derive", "vitt", folder=tmp_path)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        "error[file]: there is no file `vitt`, nor in the zoo\n     = help: did you mean `vit`?\n"
    )


def test_no_size_to_choose(tmp_path: Path) -> None:
    """Fails when the help of `--in` is a list of nothing."""
    (tmp_path / "a.arch").write_text("model M(x: [4, 8]):\n    return x -> linear(2)\n", "utf-8")
    ran = call("derive", "a.arch", "--in", "N", folder=tmp_path)
    assert ran.code == 2
    assert ran.err.endswith("= help: its sizes are numbers, so there is none to choose\n")


def test_sizes_of_a_preset_are_set(tmp_path: Path) -> None:
    """Fails when the sizes of `--set` are not those at which a formula is told."""
    model = tmp_path / "m.arch"
    model.write_text(f'{MODEL}\npreset "a": D=4\n')
    told = ("derive", str(model), "--measure", "params", "--to", "text", "--set", "D=5")
    assert "\n    = 30 at a, D = 5\n" in call(*told, "--preset", "a").out
    ran = call(*told)
    assert ran.code == 2
    assert ran.err.endswith("Error: --set changes sizes of a preset: name it with --preset\n")
    ran = call(*told, "--preset", "a", "--set", "D=five")
    assert ran.code == 2
    assert ran.err.endswith("Error: --set D takes a whole number, and this is 'five'\n")


def test_check_of_the_zoo_adds_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when the sum of the whole zoo is not told, which CI shows."""
    monkeypatch.setattr("closedform.derive.resolve.shipped.zoo_names", lambda: ["albert", "mixer"])
    printed = call("check", "--zoo").out.splitlines()
    lines = [line for line in printed if ": note: " not in line]
    counts = [int(line.split(": ")[1].split()[0]) for line in lines[:2]]
    assert lines[2:] == [f"{sum(counts)} expectations and claims hold"]
