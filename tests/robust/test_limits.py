"""Input that would take all time, memory or stack ends at once, with a place and a help."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from closedform.console import watch
from closedform.derive.assume import extent
from closedform.derive.check import check
from closedform.derive.check.checked import Checked
from closedform.derive.check.claims import check_claim
from closedform.derive.project import Project
from closedform.derive.resolve.loader import Loader
from closedform.derive.resolve.modules import Entity
from closedform.derive.symbolic import bits
from closedform.errors import MAX_MESSAGE, ClosedformError, Diagnostic, LimitError
from closedform.files import read_text
from closedform.formula import plain
from closedform.grammar import tree
from helpers import Ran, at_most, call

pytestmark = pytest.mark.robust

HEAD = "dim N\ndim D\n"
MODEL = "model M(x: [N, D]):\n    return x -> "
NUMBERS = "".join(f"dim q{i}\n" for i in range(8))


def squares(first: str, count: int) -> str:
    return f"let a0 = {first}\n" + "".join(
        f"let a{i} = a{i - 1}*a{i - 1}\n" for i in range(1, count)
    )


def maxima(count: int) -> str:
    lines = (f"let a{i} = max(a{i - 1} + D, a{i - 1}*D - {i})\n" for i in range(1, count))
    return "let a0 = N\n" + "".join(lines)


def told(text: str, folder: Path, *options: str, command: str = "derive") -> Ran:
    (folder / "m.arch").write_text(text)
    return call(command, "m.arch", *options, folder=folder)


BOMBS = {  # a file, the exit code, and the first line of what is said
    "numbers": (
        HEAD + MODEL + "linear(10^2000*10^2000*D)",
        "m.arch:4:24: error[limit]: this has a number of about 4,000 digits",
    ),
    "abbreviations of numbers": (
        HEAD + squares("10^99", 30) + MODEL + "linear(a29)",
        "m.arch:8:10: error[limit]: this has a number of about 3,169 digits",
    ),
    "abbreviations of sizes": (
        HEAD + squares("N*D", 25) + MODEL + "linear(a24)",
        "m.arch:11:10: error[limit]: this is a product of 512 sizes",
    ),
    "maxima of maxima": (
        HEAD + maxima(30) + MODEL + "linear(a29)",
        "m.arch:10:10: error[limit]: this formula has 127 conditions and maxima when written out",
    ),
    "power": (HEAD + MODEL + "linear(2^(10^9))", "m.arch:4:24: error[limit]: this power is too"),
    "list": (
        "block B(x: [n, d], k[10^8]):\n    return x -> linear(k[1])\n" + HEAD + MODEL + "B(3)",
        "m.arch:1:22: error[range]: the length of a list is a number from 1 to 1024, not 100000000",
    ),
    "list of a size": (
        "block B(x: [n, d], k[N]):\n    return x -> linear(k[1])\n" + HEAD + MODEL + "B(3)",
        "m.arch:1:22: error[range]: the length of a list is a number from 1 to 1024, not N",
    ),
    "list of a fraction": (
        "block B(x: [n, d], k[1/2]):\n    return x -> linear(k[1])\n" + HEAD + MODEL + "B(3)",
        "m.arch:1:22: error[range]: the length of a list is a number from 1 to 1024, not 1/2",
    ),
    "fraction as an index": (
        "model M(x: [4, 8]):\n    return x[(1/3)]",
        "m.arch:2:14: error[divides]: an index must be whole, and this is 1/3",
    ),
    "brackets": (
        HEAD + MODEL + "linear(" + "(" * 99 + "D" + ")" * 99 + ")",
        "m.arch:4:73: error[limit]: brackets are nested deeper than 50",
    ),
    "logarithm": (
        HEAD + MODEL + "linear(log(0, 2))",
        "m.arch:4:17: error[divides]: `out` of `linear` must be whole, and this is log(0, 2)",
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_what_no_machine_bears_is_told_at_its_place(name: str, tmp_path: Path) -> None:
    """Fails when a limit is gone, and the file takes for ever, or is taken."""
    text, said = BOMBS[name]
    with at_most(5, name):
        result = told(text, tmp_path)
    assert result.err.startswith(said)
    assert result.out == ""
    limit = "error[limit]" in said
    assert result.code == (4 if limit else 1)
    assert not limit or "= help: " in result.err


def test_sizes_that_conditions_add_to_stay_short(tmp_path: Path) -> None:
    """Fails when a size doubles with each `if` that adds to it."""
    ifs = "".join(f"    if q{i} > 1:\n        c = c + q{i}\n" for i in range(8))
    text = f"{HEAD}{NUMBERS}model M(x: [N, D]):\n    c = D\n{ifs}    return x -> linear(c)\n"
    (tmp_path / "m.arch").write_text(text)
    module = Loader(read_text, tmp_path).file(tmp_path / "m.arch")
    (model,) = module.models()
    with at_most(10, "eight conditions"):
        project = Project(module)
        form = project.closed(model, project.measure("params"))
        assert len(plain(form.written())) < 500


@pytest.mark.parametrize("limit", ["MAX_BITS", "MAX_DEGREE", "MAX_PARTS", "MAX_CASES"])
def test_each_limit_is_asked(limit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when a limit of sizes is no longer looked at."""
    monkeypatch.setattr(extent, limit, 0)
    text = HEAD + MODEL + "linear(5*max(N, D)*N)"
    assert told(text, tmp_path).code == 4


PRESETS = {
    "a number at a preset": (
        "dim N\nmodel M(x: [N, 2]):\n    return x -> linear(2^N)\npreset 'p': N=20000\n",
        "m.arch:4:1: error[limit]: at the preset 'p': a number would have about ",
    ),
    "a power at a preset": (
        "dim N\nop f(x: [n]) -> y: [n]:\n    mac = 3^n\nmodel M(x: [N]):\n    return x -> f\n"
        "preset 'p': N=10^9\n",
        "m.arch:6:1: error[limit]: at the preset 'p': macs needs a power with the exponent "
        "1000000000 that is too long",
    ),
    "a logarithm at a preset": (
        "dim N\nop f(x: [n]) -> y: [n]:\n    mac = log(n - 1, 2)\nmodel M(x: [N]):\n"
        "    return x -> f\npreset 'p': N=1\n",
        "m.arch:6:1: error[fraction]: at the preset 'p': macs would hold a logarithm that is not",
    ),
}


@pytest.mark.parametrize("name", PRESETS)
def test_numbers_at_a_preset_are_bounded(name: str, tmp_path: Path) -> None:
    """Fails when a power is worked out at numbers that make it too long for any machine."""
    text, said = PRESETS[name]
    with at_most(5, name):
        result = told(text.replace("'", '"'), tmp_path, "--preset", "p")
    assert result.err.startswith(said)


def test_defaults_that_square_each_other_are_bounded(tmp_path: Path) -> None:
    """Fails when thirty defaults, each the square of the last, are worked out."""
    dims = "dim a0 = 9\n" + "".join(f"dim a{i} = a{i - 1}^2\n" for i in range(1, 28))
    text = f'{dims}model M(x: [a27]):\n    return x -> linear(a27)\npreset "p": a1=81\n'
    with at_most(5, "squares"):
        result = told(text, tmp_path, "--preset", "p")
    assert result.code == 4
    assert "error[limit]: at the preset 'p': a number would have about " in result.err


def test_bits_are_told_before_they_are_worked_out() -> None:
    """Fails when the limit of numbers at sizes is gone."""
    with pytest.raises(LimitError):
        bits.check_bits(bits.MAX_BITS + 1)
    bits.check_bits(bits.MAX_BITS)


def test_imports_are_not_followed_for_ever(tmp_path: Path) -> None:
    """Fails when a chain of 300 imports is a mistake of closedform."""
    for i in range(300):
        text = f"from f{i + 1} import B{i + 1}\n" if i < 299 else ""
        inner = f"B{i + 1}" if i < 299 else "linear(d)"
        text += f"block B{i}(x: [n, d]):\n    return x -> {inner}\n"
        (tmp_path / f"f{i}.arch").write_text(text)
    result = told("from f0 import B0\n" + HEAD + MODEL + "B0", tmp_path)
    assert result.code == 4
    assert ":1:1: error[limit]: files import files more than 50 deep\n" in result.err
    assert "= help: import what is needed from the file that defines it\n" in result.err


def test_what_is_nested_too_deeply_has_a_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails when the stack of Python is told as a mistake of closedform, or without a place."""

    def deep(self: Project, entity: object) -> None:
        preset = self.module.models()[0].declaration
        assert preset
        raise RecursionError

    monkeypatch.setattr(Project, "derivation", deep)
    result = told(HEAD + MODEL + "linear(D)", tmp_path)
    assert result.code == 4
    assert result.err.startswith("m.arch:3:1: error[limit]: this is nested too deeply\n")


SLOW = HEAD + (
    "model M(x: [N, D]):\n    for i in 1..255:\n        for j in 1..255:\n"
    "            for k in 1..255:\n                x = x -> linear(D)\n    return x\n"
)


def test_a_run_that_takes_too_long_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when nothing watches the time, or the end of the time has no place and no help."""
    monkeypatch.setenv(watch.VARIABLE, "0.4")
    result = told(SLOW, tmp_path)
    assert result.code == 4
    assert ": error[limit]: this takes longer than 0.4 s of processor time\n" in result.err
    assert result.err.startswith("m.arch:")
    assert "or give it longer: CLOSEDFORM_SECONDS=600 in the environment\n" in result.err


CLAIMS = """\
dim a, b
block B(x: [a, b]):
    return x
    claim params == 0
    claim params == 1
    claim macs == 0
"""
REFUTED = "m.arch:5:5: error[claim]: params of `B` is 0, and the claim says 1\n"
TOO_LONG = "error[limit]: this takes longer than 30 s of processor time\n"


@pytest.fixture
def at_the_last_claim(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Lets the third claim of a file end as it is told."""

    def end(error: BaseException) -> None:
        def checked(project: Project, entity: Entity, claim: tree.Claim) -> Checked:
            if claim.span.line == 6:
                raise error
            return check_claim(project, entity, claim)

        monkeypatch.setattr(check, "check_claim", checked)

    return end


Ending = Callable[[BaseException], None]


def test_verdicts_before_the_end_of_the_time_are_told(
    at_the_last_claim: Ending, tmp_path: Path
) -> None:
    """Fails when a claim that takes too long takes away the verdicts before it."""
    at_the_last_claim(watch.Ended("this takes longer than 30 s of processor time", watch.LONGER))
    result = told(CLAIMS, tmp_path, "-v", command="check")
    assert result.code == 4
    assert result.out == (
        "m.arch:4:5: proved: claim params == 0\nm.arch:5:5: refuted: claim params == 1\n"
    )
    assert result.err.startswith(REFUTED)
    assert TOO_LONG in result.err


def test_verdicts_before_the_end_of_the_time_are_rows(
    at_the_last_claim: Ending, tmp_path: Path
) -> None:
    """Fails when JSON has nothing of what was found before a claim that takes too long."""
    at_the_last_claim(watch.Ended("this takes longer than 30 s of processor time", watch.LONGER))
    result = told(CLAIMS, tmp_path, "--to", "json", command="check")
    assert result.code == 4
    rows = json.loads(result.out)
    assert [row["verdict"] for row in rows] == ["proved", "refuted", "error"]
    assert rows[-1]["notes"][0] == "this takes longer than 30 s of processor time"


@pytest.mark.parametrize(
    "error", [RecursionError(), LimitError(Diagnostic("limit", "this is too much"))]
)
def test_a_limit_of_one_claim_is_of_that_claim(
    error: BaseException, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Fails when what is too much for one claim keeps the next ones from their verdicts."""

    def checked(project: Project, entity: Entity, claim: tree.Claim) -> Checked:
        if claim.span.line == 5:
            raise error
        return check_claim(project, entity, claim)

    monkeypatch.setattr(check, "check_claim", checked)
    result = told(CLAIMS, tmp_path, "-v", command="check")
    assert result.code == 4
    assert result.out == (
        "m.arch:4:5: proved: claim params == 0\nm.arch:6:5: proved: claim macs == 0\n"
    )
    assert result.err.startswith("m.arch:5:5: error[limit]: this is ")


def test_a_run_that_takes_too_much_memory_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails when nothing watches the memory."""
    monkeypatch.setattr(watch, "MEMORY", -1)
    result = told(SLOW, tmp_path)
    assert result.code == 4
    assert ": error[limit]: this takes more than " in result.err


def test_the_memory_of_code_of_others_is_no_matter_of_a_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Fails when a run ends for what PyTorch takes while it traces, or has it taken off later."""
    most = iter([5, 5, 900, 900, 995, 1001])
    monkeypatch.setattr(watch, "_memory", lambda: next(most))
    monkeypatch.setattr(watch, "MEMORY", 100)
    run = watch.Watch(30)
    with run.others():
        run.look()
    run.look()
    run.look()
    with pytest.raises(watch.Ended) as error:
        run.look()
    assert next(most, None) is None
    assert str(error.value.args[0]).startswith("this takes more than ")


def test_long_messages_are_cut() -> None:
    """Fails when a message is as long as the formulas in it."""
    shown = str(Diagnostic("claim", "x" * 237_000, None, "y" * 5_000, ("z" * 3_000,)))
    message, note, help_ = shown.splitlines()
    assert message == f"error[claim]: {'x' * MAX_MESSAGE}... (237,000 characters)"
    assert note == f"     = note: {'z' * MAX_MESSAGE}... (3,000 characters)"
    assert help_ == f"     = help: {'y' * MAX_MESSAGE}... (5,000 characters)"


def test_an_unclosed_docstring_takes_little_memory() -> None:
    """Fails when a long text is matched with a note of each of its characters."""
    import tracemalloc

    from closedform.grammar import parse

    text = '"""' + "a\n" * 400_000
    tracemalloc.start()
    with pytest.raises(ClosedformError, match="a docstring is never closed"):
        parse(text)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 30 * len(text)


def test_the_page_tells_the_limits() -> None:
    """Fails when a limit is changed, and docs/reliability.md tells another."""
    from closedform import files
    from closedform.derive.elaborate import names
    from closedform.derive.resolve import loader
    from closedform.grammar import parser
    from helpers import ROOT

    page = (ROOT / "docs" / "reliability.md").read_text("utf-8")
    for told in (
        f"| a file | {files.MAX_BYTES:,} bytes, {parser.MAX_CHARACTERS:,} characters |",
        f"| brackets and blocks in each other | {parser.MAX_BRACKET_DEPTH} |",
        f"| files that import each other | {loader.MAX_IMPORTS} deep |",
        f"| a list | {names.MAX_FAMILY:,} elements |",
        f"| a number in a file | {extent.MAX_BITS:,} bits |",
        f"| a number in a formula or at a preset | {bits.MAX_BITS:,} bits, some 4,200 digits |",
        f"{extent.MAX_PARTS:,} parts, degree {extent.MAX_DEGREE}, {extent.MAX_CASES} conditions",
        f"{watch.SECONDS} s of processor time, {watch.MEMORY // 10**6} MB of memory",
        f"more than {MAX_MESSAGE:,} characters",
        f"{len(BOMBS)} kinds and {len(PRESETS) + 1} at presets are kept as tests",
    ):
        assert told in page
