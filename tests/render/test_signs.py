"""Signs of sizes: printed in every format, while names stay names."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pygments.token import Error

from closedform import load, loads
from closedform.integrations.pygments import ArchLexer
from helpers import GOOD, call

FILE = GOOD / "signs_of_sizes.arch"
NAMES = ("hidden_size", "num_attention_heads", "num_key_value_heads", "stage_widths")


FORMATS = ["text", "md", "mkdocs", "tex", "html", "macros", "fragment", "typst"]


@pytest.mark.parametrize("to", FORMATS)
def test_no_name_is_printed_but_where_the_file_is_quoted(to: str) -> None:
    for steps in ([], ["--steps"]):
        out = call("derive", FILE.name, "--to", to, *steps, folder=GOOD).out
        lines = out.replace("\\_", "_").splitlines()
        lines = [line for line in lines if "linear(" not in line]  # the file is quoted
        lines = [
            re.sub(r"hidden_size ?\\?= ?8.*", "", line) for line in lines
        ]  # so are its presets
        assert [line for line in lines if any(name in line for name in NAMES)] == []
        assert "H_{\\mathrm{kv}}" in out or "H_kv" in out or 'H_("kv")' in out or "<mi" in out


def test_json_keeps_the_names() -> None:
    report = json.loads(call("derive", FILE.name, "--to", "json", folder=GOOD).out)
    assert [(row["name"], row["sign"]) for row in report["symbols"]] == [
        ("hidden_size", "D"),
        ("num_attention_heads", "H"),
        ("num_key_value_heads", "H_kv"),
        ("head_dim", "d_h"),
        ("stage_widths", "W"),
        ("capacity_factor", "gamma"),
    ]
    assert [(row["name"], row["sign"], row["text"]) for row in report["where"]] == [
        ("group_size", "group", "H/H_kv"),
        ("stage_widths_0", "W_0", "group d_h"),
    ]
    assert report["parts"][0]["costs"]["params"] == "H_kv d_h (D + 1)"
    assert "num_key_value_heads" in report["formulas"]["params"]["expr"]
    assert "num_key_value_heads" not in report["formulas"]["params"]["text"]


def test_a_notebook_prints_signs() -> None:
    model = load(FILE)["M"]
    assert "H_kv" in str(model.params)
    assert r"H_{\mathrm{kv}}" in model.params.latex


def test_an_axis_of_a_block_may_have_the_name() -> None:
    text = "dim seq as n\n\nblock F(x: [n, d]):\n    return x -> linear(d)\n\n"
    file = loads(f"{text}model M(x: [seq, 8]):\n    return x -> F\n")
    assert str(file["M"].macs) == "64 n"
    assert str(file["F"].macs) == "n d^2"


def test_signs_may_be_names_of_each_other() -> None:
    file = loads("dim a as b\ndim b as a\n\nmodel M(x: [a]):\n    return x -> linear(b)\n")
    assert str(file["M"].params) == "b a + a"


def test_names_of_operations_have_no_signs(tmp_path: Path) -> None:
    """The size that `linear` calls `out` is not the dim of that name."""
    (tmp_path / "out.arch").write_text(
        "dim out as F\ndim n as D\n\nmodel M(x: [n]):\n    return x -> linear(4*out)\n"
    )
    told = call("derive", "out.arch", "--to", "text", "--steps", folder=tmp_path).out
    assert told.splitlines()[12:15] == [
        "    MACs(linear) = size(x) out    (definition of linear, line 3 of std/layers.arch)",
        "      = 4 F D    (size(x) = D, out of linear is 4 F)",
        "  together",
    ]


def test_colours_of_a_sign() -> None:
    tokens = list(ArchLexer().get_tokens('dim a[2] = 3 "b" as \\mathrm{H}_{kv}  # c\n'))
    assert [kind for kind, _ in tokens if kind is Error] == []
