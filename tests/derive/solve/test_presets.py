"""Presets at which formulas do not hold: named by every error, without a value in a report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import closedform as cf
from closedform.render.formats import own_names
from helpers import Ran, call

SHORTER = """\
dim N
dim D
dim W

model Shorter(x: [N, D]):
    return x[0:N - W] -> linear(D)

preset "too wide": N=4, W=9, D=1
preset "fits": N=9, W=4, D=1
"""

OPEN = """\
dim N
dim D

model M(x: [N, D]):
    return x -> linear(D)

preset "any length": D=8
    expect params = 72
"""


def derive(folder: Path, text: str, *options: str) -> Ran:
    (folder / "a.arch").write_text(text, "utf-8")
    return call("derive", "a.arch", *options, folder=folder)


def test_a_report_shows_that_a_preset_has_no_value(tmp_path: Path) -> None:
    """Fails when one preset keeps the formulas and the other presets from being shown."""
    ran = derive(tmp_path, SHORTER, "--to", "text")
    rows = [line.split() for line in ran.out.splitlines() if line.startswith(("  too", "  fits"))]
    assert rows == [["too", "wide", "no", "value", "no", "value"], ["fits", "2", "5"]]


@pytest.mark.parametrize("to", own_names())
def test_every_format_has_such_a_report(to: str, tmp_path: Path) -> None:
    """Fails when a format cannot show a preset without a value."""
    assert derive(tmp_path, SHORTER, "--to", to, "--lang", "zh").code == 0


def test_json_has_null_where_a_preset_has_no_value(tmp_path: Path) -> None:
    """Fails when a program that reads the report finds a number, or no row."""
    presets = json.loads(derive(tmp_path, SHORTER, "--to", "json").out)["presets"]
    assert [row["values"] for row in presets] == [
        {"params": None, "macs": None},
        {"params": "2", "macs": "5"},
    ]


def test_pictures_show_the_first_preset_at_which_formulas_hold(tmp_path: Path) -> None:
    """Fails when a page or a plot has numbers of a preset that has none."""
    page = derive(tmp_path, SHORTER, "--to", "html").out
    assert "at fits" in page
    assert "at too wide" not in page
    cf.loads(SHORTER).plot_parts()
    never = SHORTER.replace("W=4", "W=10")
    with pytest.raises(cf.ClosedformError, match="no preset at which its formulas hold"):
        cf.loads(never).plot_parts()


@pytest.mark.parametrize("options", [(), ("--steps",)])
def test_a_preset_that_is_asked_for_is_named(options: tuple[str, ...], tmp_path: Path) -> None:
    """Fails when the error does not say where the numbers come from."""
    ran = derive(tmp_path, SHORTER, "--preset", "too wide", *options)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("a.arch:8:1: error[assume]: at the preset 'too wide': the formula")


def test_a_value_in_python_names_its_preset() -> None:
    """Fails when `at` says less than the command line, or blames a preset that was changed."""
    macs = cf.loads(SHORTER).macs
    with pytest.raises(cf.ClosedformError, match="at the preset 'too wide'"):
        macs.at("too wide")
    with pytest.raises(cf.ClosedformError) as caught:
        macs.at("fits", W=10)
    assert "at the preset" not in str(caught.value)


def test_a_preset_may_leave_sizes_open(tmp_path: Path) -> None:
    """Fails when parameters cannot be checked, or shown, where the work has no number."""
    ran = derive(tmp_path, OPEN, "--to", "text")
    assert "any length  72      no value" in ran.out
    assert call("check", "a.arch", folder=tmp_path).code == 0


def test_the_size_that_was_given_is_named() -> None:
    """Fails when a wrong number is blamed on a size whose default is made of it."""
    with pytest.raises(cf.ClosedformError, match="`D` is 0, and a size is"):
        cf.zoo("vit").macs.at("ViT-B/16", D=0)
