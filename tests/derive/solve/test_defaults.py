"""Defaults put into formulas: what a preset gives stays, and numbers at presets stay true."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from closedform.api import zoo
from closedform.derive.trace.lines import nodes_of
from closedform.formula import Symbol
from closedform.projects import open_project, report_of
from helpers import Ran, call

WIDTHS = """\
dim D[3] = [2, 4, 8]
dim I

model M(x: [3, I]):
    x = x -> linear(D[1])
    for s in 1..3:
        x = x -> linear(D[s])
    return x
"""
SIDES = """\
dim I = 224
dim D = 8

model M(x: [3, I]):
    return x -> linear(D)

preset "a": I=10
preset "b": I=224, D=8
"""


def derived(text: str, folder: Path, *options: str) -> list[str]:
    """The lines of a report before its table of parts."""
    (folder / "m.arch").write_text(text)
    result = call("derive", "m.arch", "--to", "text", *options, folder=folder)
    assert (result.code, result.err) == (0, "")
    return result.out.split("\n\nParts")[0].splitlines()[3:]


def test_defaults_go_into_sums_over_stages(tmp_path: Path) -> None:
    """Fails when a sum keeps symbols whose defaults the rest of the formula has."""
    assert derived(WIDTHS, tmp_path, "--defaults") == [
        "params = 2 I + 60",
        "macs = 6 I + 132",
        "",
        "Symbols",
        "  I",
    ]


def test_the_numbers_of_presets_are_those_of_the_presets(tmp_path: Path) -> None:
    """Fails when a default takes the place of what a preset gives."""
    (tmp_path / "m.arch").write_text(SIDES)
    result = call("derive", "m.arch", "--defaults", "--to", "json", folder=tmp_path)
    assert [row["values"] for row in json.loads(result.out)["presets"]] == [
        {"params": "88", "macs": "240"},
        {"params": "1800", "macs": "5376"},
    ]


@pytest.mark.parametrize(
    ("preset", "given"), [("ViT-B/32 at 384", ["I", "P"]), ("ViT-H/14", ["P"]), ("ViT-B/16", [])]
)
def test_a_preset_comes_before_defaults(preset: str, given: list[str]) -> None:
    """Fails when a formula with defaults is not true of the preset that it is shown with."""
    shown = report_of(open_project("vit"), preset=preset, defaults=True)
    vit = zoo("vit")
    values = [vit.params.at(preset), vit.macs.at(preset)]
    assert [row.value for row in shown.formulas] == values
    nodes = [node for row in shown.formulas for node in nodes_of(row.formula)]
    printed = {node.name for node in nodes if isinstance(node, Symbol)}
    assert printed & {"I", "P", "N", "C"} == set(given)


def test_the_pictures_show_a_preset_that_the_formulas_are_true_of(tmp_path: Path) -> None:
    """Fails when a page shows the parts of one preset under the title of another."""
    (tmp_path / "m.arch").write_text(SIDES)
    page = call("derive", "m.arch", "--defaults", "--to", "html", folder=tmp_path).out
    assert "at b<" in page
    assert "at a<" not in page


@pytest.mark.slow
def test_sums_in_chosen_symbols_say_what_their_sizes_are() -> None:
    """Fails when a sum over stages holds an abbreviation that no line defines."""
    shown = report_of(open_project("pvt"), names=("I",))
    assert [f"{row.symbol.name}_{row.symbol.index}" for row in shown.where] == [
        "D_0", "m_1", "m_s", "n_s", "n_4",
    ]  # fmt: skip


def test_what_a_derivation_does_not_take_is_refused() -> None:
    """Fails when an option of a report is passed over without a word."""
    usage = (
        "Usage: closedform derive [OPTIONS] FILE\nTry 'closedform derive --help' for help.\n\n"
        "Error: --steps goes with --of, --measure, --convention, --dtype, --preset, --set, "
        "--ignore, --when, --to, --width, --lang\n"
    )
    for options in (("--in", "D"), ("--defaults",), ("--form", "expanded"), ("--stages", "each")):
        assert call("derive", "vit", "--steps", *options) == Ran(2, "", usage)
    assert call("derive", "vit", "--steps", "--measure", "params,macs") == Ran(
        2, "", "error[measure]: a derivation is of one measure, and 2 are named: params, macs\n"
    )


def test_a_derivation_tells_what_a_model_is_given(tmp_path: Path) -> None:
    """Fails when the shape of an input is that which its name has at the end."""
    text = "dim D\n\nmodel M(x: [3, D]):\n    x = x -> linear(7)\n    return x\n"
    (tmp_path / "m.arch").write_text(text)
    steps = call("derive", "m.arch", "--steps", "--to", "text", folder=tmp_path).out
    assert "\n  given x [3, D]\n" in steps


BROKEN = {
    "dim I = 7\ndim C = 1\n\nassume 2 | I\n\nmodel M(x: [C, I, I]):\n"
    "    return x -> conv2d(C, kernel=2, stride=2, bias=false)\n": (
        "error[assume]: the file assumes `2 | I`, which does not hold\n"
        "     = note: with I = 7\n     = note: that is assumed at m.arch:4:8\n"
    ),
    "dim D = 7\ndim F = D/2\n\nmodel M(x: [D]):\n    return x -> linear(F)\n": (
        "error[unbound]: `F` is 7/2, and a size is a positive whole number\n"
        "     = note: its default is D/2\n     = note: with D = 7\n"
    ),
    "dim D[2] = [8, 9]\n\nassume 2 | D\n\nmodel M(x: [D[1]]):\n    return x -> linear(D[2])\n": (
        "error[assume]: the file assumes `2 | D_2`, which does not hold\n"
        "     = note: with D_2 = 9\n     = note: that is assumed at m.arch:3:8\n"
    ),
    "dim D = 8\ndim K = 9\n\nmodel M(x: [1, D]):\n    return x -> conv1d(4, kernel=K)\n": (
        "error[shape]: an axis of size D - K + 1 would be 0\n     = note: with D = 8, K = 9\n"
    ),
}


@pytest.mark.parametrize("text", BROKEN)
def test_defaults_that_break_what_is_assumed_are_refused(text: str, tmp_path: Path) -> None:
    """Fails when a number is printed for sizes for which the formula does not hold."""
    (tmp_path / "m.arch").write_text(text)
    refused = call("derive", "m.arch", "--defaults", folder=tmp_path)
    assert refused == Ran(1, "", BROKEN[text])


ONE_MEASURE = (
    "dim I\ndim P\ndim D\n\nassume P | I\n\nlet m = {}\n\n"
    "model E(image: [3, I, I]):\n    return image -> conv2d(D, kernel=P, {}=P)\n"
)


def test_what_a_measure_does_not_have_is_named(tmp_path: Path) -> None:
    """Fails when a report fails for a symbol that one of its formulas cannot be written in."""

    def told(size: str, option: str) -> list[str]:
        (tmp_path / "e.arch").write_text(ONE_MEASURE.format(size, option))
        asked = ("--in", "m,D", "--to", "text")
        ran = call("derive", "e.arch", *asked, folder=tmp_path)
        assert (ran.code, ran.err) == (0, "")
        return ran.out.split("\n\n")[1].splitlines()

    assert told("I/P", "stride") == [
        "params = 3 P^2 D + D",
        "    not expressed in m, D: P",
        "macs = 3 m^2 P^2 D",
        "    not expressed in m, D: P",
    ]
    assert told("I + P*I^2", "padding") == [
        "params = 3 P^2 D + D",
        "    not expressed in m, D: P",
        "macs = 3 P^2 D (I + P + 1)^2",
        "    not expressed in m, D: I, P",
    ]


@pytest.mark.slow
def test_families_that_stay_are_named_once() -> None:
    stays = {row.title: row.stays for row in report_of(open_project("pvt"), names=("I",)).formulas}
    assert stays == dict.fromkeys(("params", "macs"), ("P", "D", "R", "E", "L", "C"))
    (row,) = report_of(open_project("pvt"), measures=("macs",), names=("I", "P_1", "m")).formulas
    assert row.stays == ("P_2", "P_3", "P_4", "D", "R", "E", "L", "C")
