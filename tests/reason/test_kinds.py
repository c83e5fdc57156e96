"""What operations of each kind cost: the rows add up to the whole."""

from __future__ import annotations

import json

import pytest

import closedform as cf
from closedform import ClosedformError
from helpers import call

SAID = """\
By kind of operation
  MACs of linear: 3 N D^2, 3,072 at small, 60.0% of all
  MACs of einsum: N^2 D, 2,048 at small, 40.0% of all
  depth is no sum over operations

"""


def test_the_section_as_a_whole() -> None:
    source = """\
dim N, D

model M(x: [N, D]):
    y = x -> linear(D) -> gelu -> linear(D)
    return einsum("n d, m d -> n m", x -> linear(D), y)

preset "small": N=16, D=8
"""
    told = cf.loads(source).report("text", measures=["macs", "depth"], preset="small", kinds=True)
    assert SAID in told


def test_the_option() -> None:
    told = call("derive", "vit", "--of", "SelfAttention", "--measure", "macs", "--kinds").out
    assert "- MACs of einsum: $`2\\, n^{2}\\, d`$\n" in told


@pytest.mark.parametrize("name", ["params", "loads", "writes", "kept", "training"])
@pytest.mark.parametrize("model", ["vit", pytest.param("mobilenet_v2", marks=pytest.mark.slow)])
def test_the_kinds_are_all(model: str, name: str) -> None:
    """Fails when operations of a kind are forgotten or counted twice."""
    part = cf.zoo(model)
    whole = part.measure(name)
    assert whole == sum((row.formula for row in part.kinds(name)), 0 * whole)


@pytest.mark.parametrize("name", ["state_bytes", "step_bytes"])
def test_what_is_added_up_of_others_has_kinds(name: str) -> None:
    block = cf.zoo("vit")["SelfAttention"]
    whole = block.measure(name, "adam_mixed", dtype="bf16")
    found = block.kinds(name, "adam_mixed", dtype="bf16")
    assert whole == sum((row.formula for row in found), 0 * whole)
    names = [row.name for row in found]
    kept = ["rearrange", "softmax"] if name == "step_bytes" else []
    assert sorted(names) == sorted(["linear", *kept])


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
    text = vit.report("text", "zh", measures=["macs"], kinds=True)
    assert "按运算种类\n  linear 的 MACs：4 n d^2\n  einsum 的 MACs：2 n^2 d\n" in text
    rows = json.loads(vit.report("json", measures=["macs", "depth"], kinds=True))["kinds"]
    told = [tuple(row[key] for key in ("measure", "kind", "text", "value")) for row in rows[:-1]]
    assert told == [("MACs", "linear", "4 n d^2", None), ("MACs", "einsum", "2 n^2 d", None)]
    assert rows[0]["latex"] == r"4\, n\, d^{2}"
    assert rows[-1] == {"measure": "depth", "kind": None, "value": None}
