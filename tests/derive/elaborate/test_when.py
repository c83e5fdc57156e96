"""Derivations under conditions: what they change, that they are named, and what is refused."""

from __future__ import annotations

import json

import pytest

import closedform as cf
from closedform.errors import ClosedformError
from closedform.projects import open_project, report_of
from helpers import call

SRA = "r > 1, n == side^2, r | side"


def test_cases_fall_away_and_floors_are_whole() -> None:
    sra = cf.zoo("pvt")["SRA"]
    assert "floor" in str(sra.macs)
    assert str(sra.measure("macs", when=SRA)) == "n d (3 d + 2 (d + n)/r^2)"
    assert str(sra.measure("macs", when="r == 1")) == "2 n d (2 d + n)"
    assert str(sra.macs) == str(cf.zoo("pvt")["SRA"].macs)  # it is derived anew, and not changed


def test_conditions_are_named_in_the_report() -> None:
    """Fails when a condition that was not needed is left out, or one is told without its reason."""
    found = report_of(open_project("pvt"), "SRA", measures=("params",), when=SRA)
    assert [(row.text, row.reason, row.place) for row in found.assumptions] == [
        ("heads | d", "required by the block", "line 23"),
        ("n = side^2", "a condition of this derivation", ""),
        ("r > 1", "a condition of this derivation", ""),
        ("r | side", "a condition of this derivation", ""),
    ]
    assert json.loads(call("derive", "pvt", "--of", "SRA", "--when", SRA, "--to", "json").out)[
        "when"
    ] == ["r > 1", "n == side^2", "r | side"]
    assert "本次推导的条件" in call(
        "derive", "pvt", "--of", "SRA", "--when", SRA, "--lang", "zh", "--steps"
    ).out  # fmt: skip


def test_a_condition_on_a_list_is_on_each_of_its_elements() -> None:
    found = report_of(open_project("pvt"), measures=("macs",), when="E == 8")
    assert "E_s" not in {row.symbol.name for row in found.symbols}
    assert [row.text for row in found.assumptions if row.text.startswith("E")] == [
        "E_s = 8 for s = 1..4"
    ]


def test_numbers_are_put_in() -> None:
    vit = cf.zoo("vit").measure("macs", when="P == 16, I == 224")
    assert str(vit) == "394 L D (2 D + F + 197) + D C + 150528 D"
    assert vit.at("ViT-B/16") == cf.zoo("vit").macs.at("ViT-B/16")


@pytest.mark.parametrize("when", [SRA, "r == 2", "n > 7, n == 4*side", "side == 2*r, heads | d"])
def test_where_the_conditions_hold_the_value_is_the_same(when: str) -> None:
    sizes = {"n": 16, "d": 12, "side": 4, "heads": 3, "r": 2}
    sra = cf.zoo("pvt")["SRA"]
    for measure in ("macs", "params"):
        assert sra.measure(measure, when=when).at(**sizes) == sra.measure(measure).at(**sizes)


@pytest.mark.parametrize("when", ["P == 16, I == 224", "T == 2", "N > 500"])
def test_sizes_that_break_a_condition_are_refused(when: str) -> None:
    """Fails when a formula is evaluated where it was not derived for."""
    with pytest.raises(ClosedformError, match=r"the formula rests on `.*`, which does not"):
        cf.zoo("vit").measure("macs", when=when).at("ViT-B/32")
    table = report_of(open_project("vit"), measures=("macs",), when=when).presets
    assert {row.title: row.values for row in table}["ViT-B/32"] == (None,)


REFUSED = [
    ("r > 1, r < 1", "when:1:8: error[when]: this condition can never hold\n"
     "   1 | r > 1, r < 1\n     |        ^^^^^"),
    ("n > 4, r > 2, n < 3, r < 90", "when:1:15: error[when]: this condition can never hold\n"
     "   1 | n > 4, r > 2, n < 3, r < 90\n     |               ^^^^^\n"
     "     = note: `n > 4` is a condition of this derivation"),
    ("r == 0", "when:1:1: error[when]: this condition can never hold\n"
     "   1 | r == 0\n     | ^^^^^^"),
    ("n == sid^2", "when:1:1: error[name]: `sid` is no size here\n"
     "   1 | n == sid^2\n     | ^^^^^^^^^^\n     = help: did you mean `side`?"),
    ("q > 1", "when:1:1: error[name]: `q` is no size here\n"
     "   1 | q > 1\n     | ^^^^^\n"
     "     = help: there are C, D, E, H, I, L, P, R, d, heads, n, r, side"),
    ("16", "when:1:1: error[type]: a condition is expected here, and this is the number 16\n"
     "   1 | 16\n     | ^^\n"
     "     = help: compare with `==`, `!=`, `<`, `<=`, `>`, `>=` or `|`"),
    ("r", "when:1:1: error[type]: a condition is expected here, and this is the size r\n"
     "   1 | r\n     | ^\n     = help: write `r == 1`, "
     "or compare with `==`, `!=`, `<`, `<=`, `>`, `>=` or `|`"),
    ("r >", "when:1:4: error[syntax]: the end of the line is not expected here\n"
     "   1 | r >\n     |    ^\n     = help: expected an expression"),
    ("r > 1\nr | side", "when:1:6: error[syntax]: conditions stand on one line\n"
     "   1 | r > 1\n     |      ^\n     = help: write a comma between them"),
    ("", "when:1:1: error[syntax]: the end of the line is not expected here\n"
     "   1 |\n     | ^\n     = help: expected an expression"),
    ("(r > 1", "when:1:1: error[syntax]: `(` is never closed\n"
     "   1 | (r > 1\n     | ^\n     = help: add `)`"),
]  # fmt: skip


@pytest.mark.parametrize(("when", "told"), REFUSED, ids=[when for when, _ in REFUSED])
def test_what_is_no_condition_is_refused(when: str, told: str) -> None:
    ran = call("derive", "pvt", "--of", "SRA", "--when", when)
    assert (ran.code, ran.out, ran.err) == (2, "", f"{told}\n")
