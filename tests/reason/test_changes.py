"""What a change of a file does: to formulas, to numbers of presets, to what is assumed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import closedform as cf
from closedform import __version__
from helpers import Ran, call

OLD = """\
dim N, D, H
let T = N + 1

assume H | D

block Two(x: [n, d], hidden):
    return x -> linear(hidden) -> linear(d)

model M(x: [T, D]):
    return x -> Two(4*D) -> linear(D)

preset "small": N=2, D=4, H=2
preset "gone": N=3, D=4, H=2
"""
NEW = (
    OLD.replace("linear(hidden)", "linear(hidden, bias=false)")
    .replace("Two(4*D)", "Two(3*D)")
    .replace("H | D", "H | D, 2 | D")
    .replace("gone", "new")
)
MADE = f"Derived from old.arch, new.arch by closedform {__version__}, convention macs.\n"


@pytest.fixture
def both(tmp_path: Path) -> Path:
    (tmp_path / "old.arch").write_text(OLD)
    (tmp_path / "new.arch").write_text(NEW)
    return tmp_path


def test_the_text_as_a_whole(both: Path) -> None:
    said = """\
old.arch to new.arch: 3 of 4 formulas changed

M
  params  before      9 D^2 + 6 D
          after       7 D^2 + 2 D
          difference  -2 D^2 - 4 D
  MACs    before      9 T D^2
          after       7 T D^2
          difference  -2 T D^2

Two
  params  before      2 d hidden + d + hidden
          after       2 d hidden + d
          difference  -hidden

Presets
  preset  measure  before  after  difference
  small   params   168     120    -48 (-28.6%)
  small   MACs     432     336    -96 (-22.2%)
  new     params   -       120    preset added
  new     MACs     -       448    preset added
  gone    params   168     -      preset removed
  gone    MACs     576     -      preset removed

What is assumed
  M: 2 | D, from now on
"""
    assert call("diff", "old.arch", "new.arch", folder=both) == Ran(0, said, "")
    assert call("diff", "old.arch", "new.arch", "--exit-code", folder=both) == Ran(1, said, "")


def test_nothing_changed(both: Path) -> None:
    said = "old.arch to old.arch: 0 of 4 formulas changed\n"
    ran = call("diff", "old.arch", "old.arch", "--exit-code", folder=both)
    assert ran == Ran(0, said, "")


def test_markdown_and_chinese(both: Path) -> None:
    said = """\
**`old.arch` 到 `new.arch`：2 个公式中有 1 个改变**

| 部分 | 度量 | 之前 | 之后 | 差 |
|---|---|---|---|---|
| `M` | MACs | $`9\\, T\\, D^{2}`$ | $`7\\, T\\, D^{2}`$ | $`-2\\, T\\, D^{2}`$ |

| 预设 | 度量 | 之前 | 之后 | 差 |
|---|---|---:|---:|---:|
| small | MACs | 432 | 336 | -96 (-22.2%) |
| new | MACs | - | 448 | 新增预设 |
| gone | MACs | 576 | - | 删除预设 |

- `M`：现在要求 $`2 \\mid D`$
"""
    to = ("--measure", "macs", "--to", "md", "--lang", "zh")
    assert call("diff", "old.arch", "new.arch", *to, folder=both) == Ran(0, said, "")


def test_json_has_what_is_the_same_too(both: Path) -> None:
    ran = call("diff", "old.arch", "new.arch", "--measure", "macs", "--to", "json", folder=both)
    told = json.loads(ran.out)
    assert [(r["of"], r["measure"], r["changed"]) for r in told["formulas"]] == [
        ("M", "macs", True),
        ("Two", "macs", False),
    ]
    assert told["formulas"][0]["difference"] == {"text": "-2 T D^2", "latex": "-2\\, T\\, D^{2}"}
    assert told["presets"][0] == {
        "preset": "small", "measure": "macs", "changed": True, "old": "432", "new": "336",
        "preset_is": "same",
    }  # fmt: skip
    lacks = "error[format]: the format `svg` lacks a way to tell changes\n"
    ran = call("diff", "old.arch", "new.arch", "-o", "a.svg", folder=both)
    assert (ran.code, ran.err[: len(lacks)]) == (2, lacks)


def test_what_only_looks_different_is_the_same() -> None:
    """Fails when an abbreviation that is written out, or declared otherwise, is a change."""
    old = cf.loads(OLD)
    assert not cf.diff(old, cf.loads(OLD.replace("[T, D]", "[N + 1, D]")))
    assert not cf.diff(old, cf.loads(OLD.replace("let T = N + 1\n", "let T = 1 + N\nlet U = T\n")))


def test_a_name_that_stands_for_something_else_now() -> None:
    """Fails when formulas in abbreviations that differ are compared as they are written."""
    found = cf.diff(cf.loads(OLD), cf.loads(OLD.replace("T = N + 1", "T = N + 2")), ["macs"])
    (row,) = found.formulas
    assert (str(row.old), str(row.new), str(row.difference)) == ("9 T D^2", "9 T D^2", "9 D^2")


def test_models_that_come_and_go() -> None:
    """Fails when what is in one of the files alone is left out, or compared with another thing."""
    found = cf.diff(cf.loads(OLD), cf.loads(OLD.replace("M(x", "Mine(x")), ["macs"])
    told = [(row.of, str(row.old), str(row.new)) for row in found.formulas]
    assert told == [("Mine", "None", "9 T D^2"), ("M", "9 T D^2", "None")]


def test_what_a_formula_assumes_is_compared() -> None:
    heads = (
        'block B(x: [n, d], h):\n    return x -> rearrange("n (h e) -> h n e", h=h) -> linear(d)\n'
    )
    old, new = cf.loads(heads, name="a.arch"), cf.loads(heads.replace("h=h", "h=2"), name="b.arch")
    said = """\
a.arch to b.arch: 1 of 1 formulas changed

B
  params  before      d^2/h + d
          after       d^2/2 + d
          difference  d^2/2 - d^2/h

What is assumed
  B: h | d, no more
  B: 2 | d, from now on
"""
    assert cf.diff(old, new, ["params"]).to("text") == said
