"""Signs of sizes: printed in every format, while names stay names."""

from __future__ import annotations

import json
import re

import pytest
from pygments.token import Error

from closedform import load, loads
from closedform.errors import ClosedformError
from closedform.integrations.pygments import ArchLexer
from helpers import GOOD, call

FILE = GOOD / "signs_of_sizes.arch"
NAMES = ("hidden_size", "num_attention_heads", "num_key_value_heads", "stage_widths")


@pytest.mark.parametrize("to", ["text", "md", "mkdocs", "tex", "html", "macros", "fragment"])
def test_no_name_is_printed_but_where_the_file_is_quoted(to: str) -> None:
    for steps in ([], ["--steps"]) if to != "macros" else ([],):
        out = call("derive", FILE.name, "--to", to, *steps, folder=GOOD).out
        lines = out.replace("\\_", "_").splitlines()
        lines = [line for line in lines if "linear(" not in line]  # the file is quoted
        lines = [re.sub("hidden_size ?= ?8.*", "", line) for line in lines]  # so are its presets
        assert [line for line in lines if any(name in line for name in NAMES)] == []
        assert "H_{\\mathrm{kv}}" in out or "H_kv" in out or "<mi" in out


def test_json_keeps_the_names() -> None:
    report = json.loads(call("derive", FILE.name, "--to", "json", folder=GOOD).out)
    assert [row["name"] for row in report["symbols"]][:3] == list(NAMES[:3])
    assert [(row["name"], row["text"]) for row in report["where"]] == [
        ("group_size", "H/H_kv"),
        ("stage_widths_0", "group d_h"),
    ]
    assert "num_key_value_heads" in report["formulas"]["params"]["expr"]
    assert "num_key_value_heads" not in report["formulas"]["params"]["text"]


def test_a_notebook_prints_signs() -> None:
    model = load(FILE)["M"]
    assert "H_kv" in str(model.params)
    assert r"H_{\mathrm{kv}}" in model.params.latex


def test_a_sign_can_be_a_name_of_another_file_only_once() -> None:
    with pytest.raises(ClosedformError, match="`a` and `b` are both printed `N`"):
        loads("dim a as N\ndim b as N\n\nmodel M(x: [a]):\n    return x\n")


def test_colours_of_a_sign() -> None:
    tokens = list(ArchLexer().get_tokens('dim a[2] = 3 "b" as \\mathrm{H}_{kv}  # c\n'))
    assert [kind for kind, _ in tokens if kind is Error] == []
