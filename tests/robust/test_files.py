"""Nothing is lost: files, and folders of pages, are what they were or what they shall be."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any

import pytest

from closedform import documents, files
from closedform.errors import FileError
from closedform.files import TEMPORARY, read_text, write_text
from helpers import call

pytestmark = pytest.mark.robust

MODEL = "dim D\n\nmodel M(x: [4, D]):\n    return x -> linear(D)\n"
on_unix = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are of Unix")


@on_unix
def test_a_pipe_without_a_writer_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when a pipe as the input blocks for ever."""
    monkeypatch.setattr(files, "LOOKS", 2)
    os.mkfifo(tmp_path / "p")
    with pytest.raises(FileError, match="is a pipe into which nobody writes"):
        read_text(tmp_path / "p")


@on_unix
def test_a_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    """Fails when a pipe is read before all is written, or without what came first."""
    pipe = tmp_path / "p"
    os.mkfifo(pipe)
    text = MODEL * 20_000

    def write() -> None:
        with pipe.open("w") as stream:
            stream.write(text[:5])
            stream.flush()
            stream.write(text[5:])

    writer = threading.Thread(target=write)
    writer.start()
    assert read_text(pipe) == text
    writer.join()


def test_a_long_name_is_written(tmp_path: Path) -> None:
    """Fails when the name of what is not written yet is longer than the name itself."""
    path = tmp_path / ("n" * 252 + ".md")
    write_text(path, "text")
    assert path.read_text() == "text"
    assert os.listdir(tmp_path) == [path.name]


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    """Fails when a file whose name is not UTF-8 is a crash of `docs`, and says not which."""
    (tmp_path / "models").mkdir()
    try:
        (tmp_path / "models" / os.fsdecode(b"\xff.arch")).write_text(MODEL)
    except OSError:
        pytest.skip("the file system takes no such name")
    result = call("docs", "models", "-o", "site", folder=tmp_path)
    assert result.code == 3
    assert result.err == (
        "error[file]: the name of `models/\ufffd.arch` is not UTF-8 text\n"
        "     = help: rename the file\n"
    )


# Folders of pages --------------------------------------------------------------------------

FULL = OSError(errno.ENOSPC, "No space left on device", "x")


def pages(folder: Path) -> dict[Path, str]:
    return {folder / name: f"new {name}" for name in ("index.md", "a.md", "b/c.md")}


def old_site(folder: Path) -> dict[str, str]:
    for name in ("index.md", "a.md", "gone.md"):
        (folder / name).write_text(f"old {name}")
    return contents(folder)


def contents(folder: Path) -> dict[str, str]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text() for path in found}


def test_pages_are_put_in_place(tmp_path: Path) -> None:
    """Fails when a page is not written, an old one stays, or rubbish does."""
    old_site(tmp_path)
    documents.put_in_place(tmp_path, pages(tmp_path), [tmp_path / "gone.md"])
    assert contents(tmp_path) == {n: f"new {n}" for n in ("index.md", "a.md", "b/c.md")}


@pytest.mark.parametrize("at", range(5))
@pytest.mark.parametrize("where", ["write_text", "os.replace", "shutil.copy2"])
def test_a_fault_leaves_the_old_pages(
    where: str, at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails when a full disk leaves some pages new and some old, or what was not finished."""
    before = old_site(tmp_path)
    module, _, name = where.rpartition(".")
    owner: Any = getattr(documents, module) if module else documents
    real, calls = getattr(owner, name), iter(range(1000))

    def failing(*arguments: Any, **named: Any) -> Any:
        if next(calls) == at:
            raise FULL if module else FileError()
        return real(*arguments, **named)

    monkeypatch.setattr(owner, name, failing)
    try:
        documents.put_in_place(tmp_path, pages(tmp_path), [tmp_path / "gone.md"])
    except FileError:
        assert contents(tmp_path) == before
    else:
        assert next(calls) <= at  # there was no such step
    assert not list(tmp_path.glob(f"{TEMPORARY}*"))


@pytest.mark.skipif(os.name != "posix", reason="signals are of Unix")
def test_signals_wait_for_the_moves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when Ctrl-C between two moves leaves some pages new and some old."""
    from closedform.console.streams import uninterrupted

    old_site(tmp_path)
    real = documents._move

    def moved(*arguments: Any) -> None:
        signal.raise_signal(signal.SIGINT)
        real(*arguments)

    monkeypatch.setattr(documents, "_move", moved)
    gone = [tmp_path / "gone.md"]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background
    try:
        with pytest.raises(KeyboardInterrupt):
            documents.put_in_place(tmp_path, pages(tmp_path), gone, uninterrupted)
    finally:
        signal.signal(signal.SIGINT, before)
    assert contents(tmp_path) == {n: f"new {n}" for n in ("index.md", "a.md", "b/c.md")}


def test_what_a_killed_run_left_is_found(tmp_path: Path) -> None:
    """Fails when `docs --check` is content after a run was killed, or the next leaves its rest."""
    (tmp_path / "m.arch").write_text(MODEL)
    docs = ("docs", "m.arch", "-o", "site", "--to", "md")
    call(*docs, folder=tmp_path)
    rest = tmp_path / "site" / f"{TEMPORARY}killed"
    rest.mkdir()
    (rest / "new-0").write_text("half")
    result = call(*docs, "--check", folder=tmp_path)
    assert (result.code, result.out) == (1, f"site{os.sep}{rest.name} is stale\n")
    call(*docs, folder=tmp_path)
    assert not rest.exists()
    assert call(*docs, "--check", folder=tmp_path).code == 0


@pytest.mark.skipif(os.name != "posix", reason="signals are of Unix")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_signal_leaves_the_old_file(name: str, tmp_path: Path) -> None:
    """Fails when a process that is asked to end leaves half a file, or says it ended well."""
    (tmp_path / "m.arch").write_text("dim   D\n")
    script = f"""
        import os, signal
        from closedform import cli, files
        if signal.{name} is signal.SIGINT:  # which is ignored in the background
            signal.signal(signal.SIGINT, signal.default_int_handler)
        if signal.{name} is getattr(signal, "SIGHUP", None):  # and this one behind nohup
            signal.signal(signal.SIGHUP, signal.SIG_DFL)
        def stopped(*_):
            signal.raise_signal(signal.{name})
        files._keep_mode = stopped
        cli.main(["fmt", "m.arch"])
    """
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], cwd=tmp_path, capture_output=True
    )
    assert ran.stderr.strip() == b""
    assert ran.returncode == (130 if name == "SIGINT" else -getattr(signal, name))
    assert contents(tmp_path) == {"m.arch": "dim   D\n"}
