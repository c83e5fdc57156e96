"""Measures are rows: those of the table count copies as they say, and others come from outside."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from sympy import Integer

from closedform.api import loads
from closedform.derive.cost.totals import WORK, Scaling
from closedform.derive.cost.tree import Operation
from closedform.derive.measures import lookup as measures
from closedform.derive.measures.lookup import measure
from closedform.derive.measures.rows import ROWS, Measure, count_of
from closedform.derive.resolve.builtin import TOTALS
from closedform.errors import ClosedformError
from closedform.formula import Number
from closedform.render.report.preset_costs import parts_of
from closedform.render.report.view import Wish, report
from helpers import ROOT, Golden, call, spawn

OUTSIDE = Path(__file__).parent / "outside"

# Sums over the operations of a model as it is.
PLAIN = {name: row for name, row in ROWS.items() if row.step is None and row.whole is None}

COPIES = """\
op all(x: [n]) -> y: [n]:
    params = 1
    buffers = 10
    cache = 100
    mac = 1000

model M(x: [4]):
    {}
    return x
"""


def copies(body: str) -> dict[str, int]:
    """Every measure of the table, and the work, of a body."""
    model = loads(COPIES.format(body.replace("\n", "\n    ")))
    return {name: model.measure(name).at() for name in (*PLAIN, "macs")}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("x = x -> all", (1, 1, 10, 1, 1, 100, 0, 4, 1, 4, 1000)),
        ('x = x -> all(kind="embed")', (1, 1, 10, 1, 0, 100, 0, 4, 1, 4, 1000)),
        ("repeat 3:\n    x = x -> all", (3, 3, 30, 3, 3, 300, 0, 12, 3, 12, 3000)),
        ("repeat 3 shared:\n    x = x -> all", (1, 1, 10, 1, 1, 300, 0, 12, 3, 12, 3000)),
        ("choose 2 of 5:\n    x = x -> all", (5, 5, 50, 2, 5, 200, 0, 8, 2, 8, 2000)),
        ("x = x -> all(tied=true)", (0, 0, 0, 0, 0, 100, 0, 4, 1, 4, 1000)),
        ("x = x -> all(frozen=true)", (1, 0, 10, 1, 1, 100, 0, 4, 1, 4, 1000)),
    ],
)
def test_copies_count_as_the_row_says(body: str, expected: tuple[int, ...]) -> None:
    assert tuple(copies(body).values()) == expected


# A row of its own ---------------------------------------------------------------------------

ACTIVE = Scaling(again=False, idle=False, dropped=frozenset({"tied"}))


def test_the_page_offers_what_is_installed_here() -> None:
    (offer,) = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.M | re.S)
    assert tomllib.loads(offer)["project"]["entry-points"]["closedform.measures"] == {
        "moved": "moved_bytes:moved"
    }
    assert "moved = moved_bytes:moved\n" in POINTS
    assert '`Scaling(again=False, idle=False, dropped=frozenset({"tied"}))`' in PAGE


def test_a_row_can_scale_in_a_way_of_its_own() -> None:
    """Parameters at work: once where they are shared, and those of the experts that are chosen."""
    row = Measure("at_work", "parameters at work", "parameters", count_of("params"), ACTIVE)
    body = "choose 2 of 5:\n    x = x -> all\nrepeat 3 shared:\n    x = x -> all"
    project = loads(COPIES.format(body.replace("\n", "\n    ")))._project
    assert project.closed(project.part(None), row).expr == 3


def test_the_parts_count_as_the_whole_does() -> None:
    """Fails when what the parts of a page cost is added up in another way than the total."""
    body = "choose 2 of 5:\n    x = x -> all\nrepeat 3 shared:\n    x = x -> all(frozen=true)"
    project = loads(COPIES.format(body.replace("\n", "\n    ")))._project
    rows = (*PLAIN.values(), measure("macs"))
    told = report(project, project.part(None), Wish(rows))
    amounts = [part.amounts for part in parts_of(told, {}) if part.amounts is not None]
    sums = [sum(column) for column in zip(*amounts, strict=True)]
    assert sums == [6, 5, 60, 3, 6, 500, 0, 20, 5, 20, 5000]
    assert [row.formula for row in told.formulas] == [Number(int(total)) for total in sums]


def test_what_is_no_amount_is_refused() -> None:
    """Fails when a row without an amount counts nothing instead of being a mistake."""
    row = Measure("none", "nothing", "things", None, WORK)  # type: ignore[arg-type]  # on purpose
    project = loads(COPIES.format("x = x -> all"))._project
    with pytest.raises(TypeError):
        _ = project.closed(project.part(None), row).expr


# From outside -------------------------------------------------------------------------------

PAGE = (ROOT / "docs" / "measures.md").read_text("utf-8")  # its example is what is installed here
(MODULE,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.M | re.S)
POINTS = """\
[closedform.measures]
moved = moved_bytes:moved
broken = moved_bytes:missing
named = moved_bytes:moved
failing = moved_bytes:failing
foreign = moved_bytes:foreign
inexact = moved_bytes:inexact
unknown = moved_bytes:unknown
misspelt = moved_bytes:misspelt
"""
WRONG = """

failing = Measure("failing", "", "", lambda operation: operation.nothing, WORK)
foreign = Measure("foreign", "", "", lambda operation: __import__("sympy").Symbol("q"), WORK)
inexact = Measure("inexact", "", "", lambda operation: 0.5, WORK)
unknown = Measure("unknown", "", "", lambda operation: __import__("sympy").pi, WORK)
misspelt = Measure("misspelt", "", "", _moved, WORK, "as {nobody} says")
"""


@pytest.fixture(scope="module")
def distribution(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder in which a distribution is installed that adds a measure."""
    folder = tmp_path_factory.mktemp("installed")
    (folder / "moved_bytes.py").write_text(MODULE + WRONG, "utf-8")
    about = folder / "moved-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: moved\nVersion: 1.0\n", "utf-8")
    (about / "entry_points.txt").write_text(POINTS, "utf-8")
    return str(folder)


@pytest.fixture
def outside(distribution: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The distribution in this process."""
    monkeypatch.syspath_prepend(distribution)
    yield
    sys.modules.pop("moved_bytes", None)


@pytest.mark.usefixtures("outside")
def test_a_row_from_outside() -> None:
    row = measure("moved")
    assert (row.name, row.unit, row.title, row.heading) == ("moved", "bytes", "moved", "moved")
    assert measure("moved") == row


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "broken",
            "error[measure]: the measure `broken` of moved cannot be loaded: "
            "AttributeError(\"module 'moved_bytes' has no attribute 'missing'\")",
        ),
        (
            "moveed",
            "error[measure]: `moveed` is not measured\n     = help: did you mean `moved`?",
        ),
        (
            "watts",
            "error[measure]: `watts` is not measured\n     = note: each count of an operation "
            "is measured too: add, cmp, div, erf, exp, log, mac, mul, sqrt, tanh, trig\n"
            "     = help: there are params, trainable, buffers, active, non_embedding, cache, "
            "masked, reads, loads, writes, depth, kept, peak, "
            "weight_bytes, gradient_bytes, cache_bytes, read_bytes, written_bytes, moved_bytes, "
            "backward, backward_input, backward_weight, recomputed, training, optimizer_bytes, "
            "updates, state_bytes, step_bytes, flops, macs, broken, failing, foreign, inexact, "
            "misspelt, moved, named, unknown",
        ),
    ],
)
@pytest.mark.usefixtures("outside")
def test_a_name_that_leads_to_no_row(name: str, message: str) -> None:
    with pytest.raises(ClosedformError) as caught:
        measure(name)
    assert str(caught.value) == message


@pytest.mark.usefixtures("outside")
def test_a_row_of_another_name() -> None:
    with pytest.raises(ClosedformError, match="`named` of moved is a row of another name, `moved`"):
        measure("named")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "failing",
            "the measure `failing` of moved failed: "
            "AttributeError(\"'Operation' object has no attribute 'nothing'\")",
        ),
        (
            "inexact",
            "the measure `inexact` of moved gives 0.5, and not an exact SymPy expression "
            "in the sizes of the operation",
        ),
        (
            "unknown",
            "the measure `unknown` of moved gives pi, and not an exact SymPy expression "
            "in the sizes of the operation",
        ),
        (
            "foreign",
            "the measure `foreign` of moved gives q, and not an exact SymPy expression "
            "in the sizes of the operation",
        ),
        (
            "misspelt",
            "the reason of the measure `misspelt` of moved cannot be filled in: KeyError('nobody')",
        ),
    ],
)
@pytest.mark.usefixtures("outside")
def test_a_row_that_is_wrong(name: str, message: str) -> None:
    """Fails when the mistake of another distribution is told as one of ours."""
    project = loads(COPIES.format("x = x -> all"))._project
    with pytest.raises(ClosedformError) as caught:
        _ = project.closed(project.part(None), measure(name)).expr
    assert str(caught.value) == f"error[measure]: {message}"


@pytest.mark.usefixtures("outside")
def test_a_row_from_outside_needs_no_convention() -> None:
    with pytest.raises(ClosedformError, match="`moved` needs no convention"):
        measure("moved", "hooks")


def test_what_is_ours_is_not_looked_for_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when starting up takes the time to look through every distribution."""

    def slow(**_: str) -> NoReturn:
        raise AssertionError("the entry points were read")

    monkeypatch.setattr(importlib.metadata, "entry_points", slow)
    for name in (*ROWS, "macs", "flops", "exp"):
        assert measure(name).name == name
    with pytest.raises(AssertionError, match="the entry points were read"):
        measure("moved")


def test_a_row_of_ours_stays_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when another distribution can change what `params` is."""
    monkeypatch.setattr(measures, "_from_outside", lambda: {"params": None, "macs": None})
    assert measure("params") is ROWS["params"]
    assert measure("macs").convention is not None


ASKED = ("--measure", "params,flops,moved", "--convention", "counter")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("report.text", (*ASKED, "--to", "text")),
        pytest.param("report.md", ASKED, marks=pytest.mark.slow),
        pytest.param(
            "report.json", (*ASKED, "--preset", "small", "--to", "json"), marks=pytest.mark.slow
        ),
        ("template", (*ASKED, "--to", "text", "--template", "costs.j2")),
        pytest.param(
            "steps", ("--measure", "moved", "--steps", "--to", "text"), marks=pytest.mark.slow
        ),
        ("steps_counter", (*ASKED[2:], "--steps", "--preset", "small", "--to", "text")),
    ],
)  # fmt: skip
def test_everything_runs_with_a_measure_and_a_convention_from_outside(
    name: str, arguments: tuple[str, ...], distribution: str, golden: Golden
) -> None:
    """In a process of its own, with the whole of what is printed beside it."""
    where = {"PYTHONPATH": distribution}
    ran = spawn("derive", "mixture.arch", *arguments, folder=OUTSIDE, environment=where)
    assert ran.stderr.decode() == ""
    assert ran.returncode == 0
    golden.compare(OUTSIDE / f"{name}.txt", ran.stdout.decode())


@pytest.mark.slow
def test_the_pages_of_a_project(tmp_path: Path, distribution: str, golden: Golden) -> None:
    asked = ("--measure", "flops,moved", "--convention", "counter", "--to", "md")
    command = ("docs", str(OUTSIDE / "mixture.arch"), "-o", str(tmp_path), *asked)
    where = {"PYTHONPATH": distribution}
    ran = spawn(*command, folder=tmp_path, environment=where)
    assert (ran.returncode, ran.stderr.decode()) == (0, "")
    pages = {path.name: path.read_text("utf-8") for path in sorted(tmp_path.iterdir())}
    assert list(pages) == ["closed-forms.md", "index.md", "mixture.derivation.md", "mixture.md"]
    text = "\n".join(f"===== {name}\n{page}" for name, page in pages.items())
    golden.compare(OUTSIDE / "pages.txt", text.replace(str(OUTSIDE) + "/", ""))
    assert spawn(*command, "--check", environment=where).returncode == 0
    stale = spawn(*command[:4], "--to", "md", "--check", environment=where)
    assert stale.returncode == 1


ASK = """\
import closedform as cf

mixture = cf.load("mixture.arch")
moved, counted = mixture.measure("moved"), mixture.measure("flops", "counter")
print(repr(moved), moved.unit, moved.at("small"))
print(repr(counted), counted.unit, counted.convention, counted.at("small", K=2))
print(moved._repr_markdown_())
print(mixture["Expert"].measure("moved"))
print(mixture["Expert"].derivation("flops", to="text", convention="counter"))
print(mixture.report("text", "zh", measures=["moved", "flops"], convention="counter"))
"""


def test_the_python_interface(distribution: str, golden: Golden) -> None:
    """What a notebook asks, in a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-c", ASK], cwd=OUTSIDE, capture_output=True, timeout=120, check=False,
        env={**os.environ, "PYTHONPATH": distribution, "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert ran.stderr.decode() == ""
    golden.compare(OUTSIDE / "ask.txt", ran.stdout.decode())


def test_the_names_of_the_table() -> None:
    """Fails when a convention may count in a unit that is the name of a row."""
    assert set(ROWS) == TOTALS


def test_without_the_distribution_there_is_no_such_measure() -> None:
    ran = call("derive", "mixture.arch", "--measure", "moved", folder=OUTSIDE)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error[measure]: `moved` is not measured\n")
    assert call("check", "mixture.arch", folder=OUTSIDE).code == 0


def test_a_row_says_what_it_counts() -> None:
    """Every row has words, a unit and a reason, and counts an operation without counts as 0."""
    empty = Operation("f", "f", {}, (), ())
    for row in (*PLAIN.values(), measure("macs"), measure("exp")):
        assert row.says
        assert row.unit
        assert row.reason
        assert row.of(empty) == Integer(0)
