"""What several test files use: the command line in-process, golden files, folders of programs."""

from __future__ import annotations

import contextlib
import io
import os
import re
import signal
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest

from closedform.cli import run
from closedform.derive.measures.lookup import measure
from closedform.derive.project import Project
from closedform.derive.resolve.modules import Entity
from closedform.render.formats import derivation_in, format_named
from closedform.render.report.derivation import derivation_view
from closedform.render.report.view import Wish, report

TESTS = Path(__file__).parent.parent
ROOT = TESTS.parent
PACKAGE = ROOT / "closedform"
BAD, GOOD, ZOO = TESTS / "bad", TESTS / "good", PACKAGE / "zoo"


def programs(folder: Path, least: int) -> list[Path]:
    """The .arch files of a folder; raises when there are fewer than `least`, so that a test that
    goes over them cannot run over nothing."""
    found = sorted(folder.glob("*.arch"))
    if len(found) < least:
        raise AssertionError(f"{folder} has {len(found)} .arch files, and {least} are expected")
    return found


@dataclass(frozen=True)
class Ran:
    """What a command gave: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


def call(*arguments: str, folder: Path | None = None) -> Ran:
    """Run the command line in this process, in a folder."""
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(folder or Path.cwd()),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = run(list(arguments))
    return Ran(code, out.getvalue(), err.getvalue())


def spawn(
    *arguments: str,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    given: bytes = b"",
) -> subprocess.CompletedProcess[bytes]:
    """Run the command line in a process of its own; output is bytes."""
    return subprocess.run(
        [sys.executable, "-m", "closedform", *arguments],
        input=given,
        capture_output=True,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        timeout=120,
        check=False,
    )


@dataclass(frozen=True)
class Golden:
    """Texts that are kept beside their sources."""

    update: bool

    def compare(self, path: Path, text: str) -> None:
        """Fail unless the file has exactly this text; with --update, write it."""
        if self.update:
            path.write_text(text, "utf-8", newline="\n")
        assert path.is_file(), f"{path} is missing: run pytest --update, and read what it wrote"
        assert text == path.read_text("utf-8")


class TooSlow(BaseException):
    """Raised inside what takes too long; nothing catches it on the way."""


@contextlib.contextmanager
def at_most(seconds: int, what: str) -> Iterator[None]:
    """Fail with `what` when the body takes more time of the processor; the main thread only."""

    def stop(*_: object) -> NoReturn:
        raise TooSlow(f"more than {seconds} s for:\n{what}")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


# Models of which a report or a derivation takes long.
LONG = {"densenet", "efficientnet", "mobilenet_v1", "mobilenet_v2", "pvt", "pvt2", "pvt2_linear"}
LONG |= {"decoding", "for_each", "resnet", "resnext", "swin"}


WHOLE = "CLOSEDFORM_WHOLE" in os.environ  # slow runs take every file, and not each third


def cases(
    found: Sequence[Path | str], quick: Collection[str] | None = None, share: int = 1
) -> list[Any]:
    """Parameters of a test with their ids; those that are not quick are left to slow runs.

    Where the quick ones are named, a slow run takes a third of the others. With a share of 3,
    one of three is quick.
    """
    params = []
    for at, given in enumerate(found):
        name = given if isinstance(given, str) else given.stem
        slow = name in LONG or at % share > 0 if quick is None else name not in quick
        if slow and quick is not None and at % 3 and not WHOLE:
            continue
        params.append(pytest.param(given, id=name, marks=[pytest.mark.slow] if slow else []))
    return params


def examples(few: int, many: int) -> list[Any]:
    """Numbers of random examples: few of them in every run, and many in slow ones."""
    return [few, pytest.param(many, marks=pytest.mark.slow)]


def names(paths: Sequence[Path]) -> list[str]:
    """Test ids of files."""
    return [path.stem for path in paths]


# Markdown ----------------------------------------------------------------------------------

MATH = {
    "md": re.compile(r"^```math\n(.*?)\n```$|\$`(.*?)`\$", re.S | re.M),
    "mkdocs": re.compile(r"^\\\[\n(.*?)\n\\\]$|\\\((.*?)\\\)", re.S | re.M),
    "notebook": re.compile(r"^\$\$\n(.*?)\n\$\$$|\$([^$]+)\$", re.S | re.M),
}


def formulas(text: str, flavour: str) -> list[str]:
    """Every formula of a Markdown text, in the order in which they stand there."""
    return [displayed or inline for displayed, inline in MATH[flavour].findall(text)]


def markdown_texts(
    project: Project, entity: Entity, lang: str = "en"
) -> Iterator[tuple[str, dict[str, str]]]:
    """The report and the derivations of a model or block in every flavour of Markdown."""
    told = report(project, entity, Wish(project.measures((), None), lang=lang))
    yield "report", {name: format_named(name).report(told) for name in MATH}
    for name in ("macs", "params"):
        view = derivation_view(project, entity, measure(name), lang=lang)
        yield f"derivation of {name}", {to: derivation_in(to)(view) for to in MATH}
