"""What operations of each kind cost: the rows add up to the whole."""

from __future__ import annotations

import json

import pytest

import closedform as cf
from closedform import ClosedformError
from helpers import call

SAID = """\
By kind of operation
  MACs of conv: 3 N P^2 D, 115,605,504 at ViT-B/16, 0.7% of all
  MACs of linear: 2 L T D (2 D + F) + D C, 16,732,895,232 at ViT-B/16, 95.3% of all
  MACs of einsum: 2 L T^2 D, 715,327,488 at ViT-B/16, 4.1% of all
  depth is no sum over operations

What this rests on
"""


def test_the_section_as_a_whole() -> None:
    asked = ("--preset", "ViT-B/16", "--measure", "macs,depth", "--kinds", "--to", "text")
    assert SAID in call("derive", "vit", *asked).out


@pytest.mark.parametrize("name", ["params", "loads", "writes", "kept", "training"])
@pytest.mark.parametrize("model", ["vit", "mobilenet_v2"])
def test_the_kinds_are_all(model: str, name: str) -> None:
    """Fails when operations of a kind are forgotten or counted twice."""
    part = cf.zoo(model)
    whole = part.measure(name)
    assert whole == sum((row.formula for row in part.kinds(name)), 0 * whole)


def test_shared_chosen_fused_and_recomputed() -> None:
    source = """\
dim N, D, L, K, X
assume K <= X

block Mix(x: [n, d]):
    return x -> linear(2*d) -> gelu -> linear(d, kind="mine")

model M(x: [N, D]):
    x = x -> Mix(fused=true) -> Mix(recompute=true) -> Mix(tied=true)
    repeat L shared:
        x = x + Mix(x)
    choose K of X:
        x = Mix(x)
    return x
"""
    part = cf.loads(source)
    for name in ("params", "reads", "loads", "writes", "macs", "kept", "training", "recomputed"):
        whole = part.measure(name)
        found = part.kinds(name)
        assert whole == sum((row.formula for row in found), 0 * whole)
        assert "mine" in [row.name for row in found]
    assert part.kinds("reads")[0].name == "fused"


def test_no_sum_has_no_kinds() -> None:
    with pytest.raises(ClosedformError) as caught:
        cf.zoo("vit").kinds("depth")
    assert str(caught.value) == (
        "error[measure]: `depth` is no sum over operations, and a kind has no share of it\n"
        "     = help: ask for a measure that is one, such as `macs`"
    )


@pytest.mark.parametrize("to", ["md", "html", "tex", "typst"])
def test_every_format_tells_it(to: str) -> None:
    block = cf.zoo("vit")["SelfAttention"]
    plain, told = (block.report(to, measures=["macs"], kinds=kinds) for kinds in (False, True))
    assert "By kind of operation" in told
    assert told.count("MACs of ") - plain.count("MACs of ") == 2


def test_chinese_and_json() -> None:
    vit = cf.zoo("vit")["SelfAttention"]
    told = vit.report("text", "zh", measures=["macs"], kinds=True)
    assert "按运算种类\n  linear 的 MACs：4 n d^2\n  einsum 的 MACs：2 n^2 d\n" in told
    rows = json.loads(vit.report("json", measures=["macs", "depth"], kinds=True))["kinds"]
    told = [tuple(row[key] for key in ("measure", "kind", "text", "value")) for row in rows[:-1]]
    assert told == [("MACs", "linear", "4 n d^2", None), ("MACs", "einsum", "2 n^2 d", None)]
    assert rows[0]["latex"] == r"4\, n\, d^{2}"
    assert rows[-1] == {"measure": "depth", "kind": None, "value": None}
