"""How much a convention leaves out: what it counts and what it leaves out make up the whole."""

from __future__ import annotations

import json

import pytest

import closedform as cf
from closedform.reason.uncounted import uncounted
from helpers import call, cases

SAID = """\
What hooks leaves out
  conv2d: N D elementary operations, 150,528 at ViT-B/16
  addition: 2 L T D + T D elementary operations, 3,782,400 at ViT-B/16
  layernorm: T (2 L + 1) (7 D + 3) elementary operations, 26,491,575 at ViT-B/16
  linear: L T (5 D + F) + C elementary operations, 16,340,968 at ViT-B/16
  einsum: 2 L T^2 D multiply-accumulates, 715,327,488 at ViT-B/16
  softmax: L T H (5 T - 2) elementary operations, 27,885,744 at ViT-B/16
  gelu: 5 L T F elementary operations, 36,311,040 at ViT-B/16

What this rests on
"""


def test_the_section_as_a_whole() -> None:
    asked = ("--preset", "ViT-B/16", "--convention", "hooks", "--uncounted", "--to", "text")
    assert SAID in call("derive", "vit", *asked).out


@pytest.mark.parametrize("model", cases(["vit", "resnet_basic", "gpt2", "mobilenet_v2", "swin"]))
def test_what_is_left_out_and_what_is_counted_are_all(model: str) -> None:
    """Fails when an omission is too large or too small, or one is forgotten."""
    macs, hooks, full = (
        cf.zoo(model).measure(name, convention)
        for name, convention in (("macs", "macs"), ("macs", "hooks"), ("flops", "full"))
    )
    known = macs._closed.derivation.known
    for form in (macs, hooks):
        convention = form._closed.measure.convention
        assert convention is not None
        left = uncounted(form._closed, convention)
        products, others = (
            sum(row.amount for row in left if row.products == wanted) for wanted in (True, False)
        )
        assert known.equal(form.expr + products, macs.expr)
        assert known.equal(2 * macs.expr + others, full.expr)


@pytest.mark.parametrize("to", ["md", "html", "tex", "typst"])
def test_every_format_tells_it(to: str) -> None:
    block = cf.zoo("vit")["SelfAttention"]
    plain, told = (
        block.report(to, measures=["macs"], convention="hooks", uncounted=left)
        for left in (False, True)
    )
    assert "What hooks leaves out" in told
    words = ("accumulates", 1), ("elementary operations", 2)
    assert [told.count(word) - plain.count(word) for word, _ in words] == [n for _, n in words]


def test_chinese_and_json() -> None:
    block = cf.zoo("vit")["SelfAttention"]
    told = block.report("text", "zh", measures=["macs"], uncounted=True)
    assert "macs 未计入的部分\n  linear：4 n d 次基本运算\n" in told
    rows = json.loads(block.report("json", measures=["macs"], uncounted=True))["uncounted"]
    assert rows[0] == {
        "operation": "linear",
        "of": "elementary operations",
        "text": "4 n d",
        "latex": r"4\, n\, d",
        "value": None,
    }


def test_nothing_is_left_out() -> None:
    told = cf.zoo("vit").report("text", measures=["flops"], convention="full", uncounted=True)
    assert "leaves out" not in told
