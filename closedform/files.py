"""Reading and writing files, with errors that a user can act on."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from closedform.errors import Diagnostic, FileError

MAX_BYTES = 16_000_000
LOOKS, LOOK = 30, 0.1  # how often to look for who writes into a pipe, and the seconds between
TEMPORARY = ".closedform-"  # how the name of what is not written yet begins
OPEN = ("/proc/", "/dev/fd")  # where the names of open descriptors are


def read_text(path: Path) -> str:
    """The text of a UTF-8 file. Raises FileError."""
    try:
        if path.is_dir():
            raise _error(f"`{path}` is a folder")
        with open(path, "rb", opener=_opener) as file:
            data = _first_of_pipe(path, file.fileno())
            data += file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _error(f"`{path}` cannot be read: {error.strerror or error}") from None
    return _text(data, f"`{path}`")


def _opener(path: str, flags: int) -> int:
    """Open without waiting: to open a pipe waits for whoever writes into it."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _first_of_pipe(path: Path, handle: int) -> bytes:
    """What a pipe holds first, once somebody writes into it; from then on reading waits for more.

    Raises FileError where nobody does.
    """
    first = b""
    if stat.S_ISFIFO(os.fstat(handle).st_mode):
        for left in reversed(range(LOOKS)):
            try:
                first = os.read(handle, MAX_BYTES + 1)
            except BlockingIOError:  # somebody has it open, and has not written yet
                break
            if first:
                break
            if not left:
                raise _error(f"`{path}` is a pipe into which nobody writes")
            time.sleep(LOOK)
    if hasattr(os, "set_blocking"):
        os.set_blocking(handle, True)
    return first


def read_input() -> str:
    """The text of standard input, which is UTF-8 wherever closedform runs. Raises FileError."""
    try:
        data = sys.stdin.buffer.read(MAX_BYTES + 1)
    except OSError as error:
        raise _error(f"the input cannot be read: {error.strerror or error}") from None
    return _text(data, "the input")


def _text(data: bytes, what: str) -> str:
    if len(data) > MAX_BYTES:
        raise _error(f"{what} is larger than {MAX_BYTES:,} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _error(f"{what} is not UTF-8 text: byte {error.start} is wrong") from None


def write_text(path: Path, text: str) -> None:
    """Replace a file as a whole, or leave it as it was. Raises FileError.

    A link stays a link to what is replaced; what is no regular file, or is named by a descriptor
    that is open, is written into.
    """
    try:
        if _is_written_into(path):
            with path.open("w", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
        else:
            _replace(Path(os.path.realpath(path)), text)
    except BrokenPipeError:
        raise  # the reader has gone, as with standard output
    except OSError as error:
        raise _error(f"`{path}` cannot be written: {error.strerror or error}") from None


def check_replaced(path: Path) -> None:
    """Raise FileError for what has been read and cannot be replaced as a whole."""
    if _is_written_into(path):
        message = f"`{path}` is no regular file, and cannot be replaced by another text"
        raise _error(message, "`closedform fmt -` reads the input and prints the result")


def _is_written_into(path: Path) -> bool:
    try:
        regular = stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return False
    return not regular or any(os.path.realpath(p.parent).startswith(OPEN) for p in _links(path))


def _links(path: Path) -> Iterator[Path]:
    """A path, and what it is a link to, step by step."""
    yield path
    while path.is_symlink():
        path = path.parent / path.readlink()
        yield path


def _replace(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=TEMPORARY)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        _keep_mode(path, Path(name))
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _keep_mode(old: Path, new: Path) -> None:
    """Give a new file the permissions of the one it replaces, or those of any new file."""
    if old.exists():
        new.chmod(old.stat().st_mode & 0o777)
    else:
        mask = os.umask(0)
        os.umask(mask)
        new.chmod(0o666 & ~mask)


def _error(message: str, help: str | None = None) -> FileError:
    return FileError(Diagnostic("file", message, None, help))
