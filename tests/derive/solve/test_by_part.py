"""Formulas by part: which parts there are, what they cost, and how they are printed."""

from __future__ import annotations

import json

import closedform as cf
from closedform import formula as w
from helpers import call

SMALL = """\
dtype bf16

dim N, V, D

model M(tokens: [N]):
    return tokens -> embed(V, D) -> linear(D)
"""


def told(part: cf.Part, measure: str = "macs") -> dict[str, str]:
    """The parts of a formula by their names."""
    node = part.measure(measure).by_part().written
    terms = node.terms if isinstance(node, w.Sum) else (node,)
    return {t.name: w.plain(t.body) for t in terms if isinstance(t, w.Braced)}


def test_a_block_that_only_puts_others_together_is_opened() -> None:
    assert told(cf.zoo("vit")) == {
        "conv2d": "3 N P^2 D",
        "SelfAttention": "2 L T D (2 D + T)",
        "MLP": "2 L T D F",
        "linear": "D C",
    }


def test_what_is_no_sum_has_no_parts() -> None:
    """Fails when the largest of some moments, or the longest chain, is told as a sum."""
    gpt2 = cf.zoo("gpt2")
    for name, formula in (
        ("peak", "4 max(T^2 H + 4 T D, 9 T D, 2 T^2 H + T D, T D + V T)"),
        ("depth", "13 L + 4"),
    ):
        assert told(gpt2, name) == {}
        assert str(gpt2.measure(name).by_part()) == formula
    states = cf.loads(SMALL).measure("state_bytes", "adam").by_part().written
    assert w.plain(states) == "8 V D + (8 D^2 + 8 D)"


def test_many_operations_are_one_part() -> None:
    """Fails when operations that stand in no block are told one by one beside blocks."""
    assert told(cf.zoo("vit"), "params") == {
        "SelfAttention": "4 L D (D + 1)",
        "MLP": "L (2 D F + D + F)",
        "other": "4 L D + D (3 P^2 + C + T + 4) + C",
    }


def test_stages_of_one_part_are_one_sum() -> None:
    assert told(cf.zoo("swin"))["MLP"] == "8 sum_(s=1..4) L_s m_s^2 D_s^2"


def test_a_block_that_is_used_inside_another_counts_once() -> None:
    """Fails when a part is looked for inside another that is told as a whole."""
    file = cf.loads(
        "block Inner(x: [n, d]):\n    return x -> linear(d, bias=false)\n\n"
        "block Outer(x: [n, d]):\n    return x -> Inner -> linear(3*d, bias=false)\n\n"
        "dim D\n\nmodel M(x: [4, D]):\n    return x -> Inner -> Outer -> linear(5, bias=false)\n"
    )
    assert told(file) == {"Inner": "4 D^2", "Outer": "16 D^2", "linear": "60 D"}


def test_a_block_of_operations_alone_is_told_by_them() -> None:
    assert told(cf.zoo("vit")["MLP"]) == {"linear": "2 d hidden"}
    assert str(cf.loads("block Same(x: [n, d]):\n    return x")["Same"].macs.by_part()) == "0"


def test_other_is_translated_and_other_forms_of_it_are_named() -> None:
    ran = call("derive", "vit", "--measure", "params", "--form", "parts", "--lang", "zh")
    assert r"_{\text{其他}}" in ran.out
    text = call("derive", "vit", "--measure", "macs", "--form", "parts", "--to", "text").out
    assert text.split("\n\n")[1] == (
        "macs = 3 N P^2 D + 2 L T D (2 D + T) + 2 L T D F + D C\n"
        "    conv2d         3 N P^2 D\n"
        "    SelfAttention  2 L T D (2 D + T)\n"
        "    MLP            2 L T D F\n"
        "    linear         D C"
    )
    for form, expected in (("parts", told(cf.zoo("vit"))), ("shortest", {})):
        found = json.loads(call("derive", "vit", "--form", form, "--to", "json").out)
        assert found["formulas"]["macs"]["by_part"] == expected


def test_parts_are_in_the_chosen_symbols() -> None:
    formula = cf.zoo("vit").macs.in_terms_of("N", "D", "L").by_part()
    assert str(formula) == ("3 N P^2 D + 2 L D (N + 1) (2 D + N + 1) + 2 L D F (N + 1) + D C")
