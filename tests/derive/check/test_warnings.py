"""Warnings of `check`: what is counted and nobody uses, and weights that look shared."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent

import pytest

from closedform import load, loads
from closedform.derive.check.check import check
from helpers import call

DEAD = """\
dim D

model M(x: [D]):
    y = x -> linear(D)
    x = x -> linear(D, bias=false)
    return x
"""


def warnings(text: str) -> list[str]:
    outcome = check(loads(dedent(text))._project)
    assert outcome.wrong == []
    return [f"{w.span.line}: {w.message}" for w in outcome.warnings if w.span]


def test_a_warning_as_it_is_printed(tmp_path: Path) -> None:
    (tmp_path / "dead.arch").write_text(DEAD)
    result = call("check", "dead.arch", folder=tmp_path)
    assert (result.code, result.err) == (0, "")
    assert result.out == (
        "dead.arch: 0 expectations and claims hold\n"
        "dead.arch:4:5: warning: `y` is counted here, and nobody uses it\n"
        "   4 |     y = x -> linear(D)\n"
        "     |     ^^^^^^^^^^^^^^^^^^\n"
        "     = help: use it further down, or take it out; where its cost is meant, name it `_y`, "
        "and where its weights alone are, put it into `choose 0 of 1:`\n"
    )


def test_a_derivation_tells_it_beside_its_report(tmp_path: Path) -> None:
    """A line each on stderr: the report is as without it."""
    (tmp_path / "dead.arch").write_text(DEAD)
    result = call("derive", "dead.arch", "--to", "text", folder=tmp_path)
    assert result.err == "dead.arch:4:5: warning: `y` is counted here, and nobody uses it\n"
    assert result.out.startswith("M\n=\n\nparams = 2 D^2 + D\n")
    assert call("derive", "dead.arch", "--when", "D > 4", folder=tmp_path).err == ""


def test_a_warning_for_a_program(tmp_path: Path) -> None:
    (tmp_path / "dead.arch").write_text(DEAD)
    result = call("check", "dead.arch", "--to", "json", folder=tmp_path)
    (row,) = json.loads(result.out)
    assert result.code == 0
    assert (row["file"], row["line"], row["verdict"]) == ("dead.arch", 4, "warning")
    assert (row["text"], row["notes"]) == (
        "y = x -> linear(D)",
        [
            "`y` is counted here, and nobody uses it",
            "use it further down, or take it out; where its cost is meant, name it `_y`, "
            "and where its weights alone are, put it into `choose 0 of 1:`",
        ],
    )


BODIES = {
    "y = x -> gelu; z = y -> gelu": [4, 4],  # what only a dead result reads
    "y = x -> gelu; y: [_]": [],
    "_y = x -> gelu": [],
    "y = param([3, D])": [],  # a table that is not read costs no work
    'y = x -> rearrange("(a b) -> a b", a=1)': [],
    "k = floor(D/2)": [],
    "x = x -> gelu": [],
    "a, b = split(x -> linear(2*D), 2, axis=0); x = a": [],
    "a, b = split(x -> linear(2*D), 2, axis=0)": [4],
    "x = x -> gelu; x = zeros([D])": [4],
    "if D > 3:\n        x = x -> gelu\n    x = zeros([D])": [5],
    "y = x\n    repeat 3:\n        x = x + y\n        y = y -> gelu": [],
    "y = x\n    repeat 3:\n        y = y -> gelu": [6],
    "choose 0 of 1:\n        y = x -> linear(3)": [],
    "y = x -> linear(8) -> softmax\n    choose 1 of 8:\n        x = x -> gelu": [],  # a router
    "choose 1 of 8:\n        y = x -> gelu": [5],
    "f = linear(D); x = x -> f -> f": [4],
    "f = linear(D); x = x -> f -> f(tied=true)": [],
    "f = gelu(); x = x -> f -> f": [],
    "f = linear(D)\n    repeat 3:\n        x = x -> f": [6],
    "f = linear(D)\n    repeat 3 shared:\n        x = x -> f": [],
    "repeat 3:\n        f = linear(D)\n        x = x -> f": [],
}


@pytest.mark.parametrize("body", BODIES)
def test_lines_that_are_warned_of(body: str) -> None:
    text = f"dim D\n\nmodel M(x: [D]):\n    {body}\n    return x\n"
    assert [int(w.split(":")[0]) for w in warnings(text)] == BODIES[body]


def test_two_sets_of_weights(tmp_path: Path) -> None:
    (tmp_path / "two.arch").write_text(
        "dim D\n\nmodel M(x: [D]):\n    f = linear(D)\n    x = x -> f\n    return x -> f\n"
    )
    assert call("check", "two.arch", folder=tmp_path).out == (
        "two.arch: 0 expectations and claims hold\n"
        "two.arch:6:17: warning: `f` has other weights here than where it is used before\n"
        "   6 |     return x -> f\n"
        "     |                 ^\n"
        "     = note: it is used before on line 5\n"
        "     = help: the same weights are written `f(tied=true)`, "
        "other weights `linear(D)` in each place\n"
    )


@pytest.mark.parametrize("name", ["vit", "llama", "swin", "albert"])
def test_models_of_the_zoo_have_none(name: str) -> None:
    path = Path(__file__).parents[3] / "closedform" / "zoo" / f"{name}.arch"
    assert check(load(path)._project).warnings == ()
