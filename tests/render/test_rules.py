"""The section "What rules": leading terms, which is the largest where, elasticities."""

from __future__ import annotations

import json
import random

import pytest
from sympy import Expr

import closedform as cf
from helpers import call

ASKED = ("--measure", "macs", "--rules", "N,D", "--to", "text")
SAID = """\
What rules
  MACs: 4 L N D^2 + 2 L N^2 D, as N, D grow
    N < 2 D: 4 L N D^2 (SelfAttention)
    N > 2 D: 2 L N^2 D (SelfAttention)
    one percent more of N costs 1.04 percent more at ViT-B/16
    doubling N makes it 2.08 times as dear at ViT-B/16
    D < N/2: 2 L N^2 D (SelfAttention)
    D > N/2: 4 L N D^2 (SelfAttention)
    one percent more of D costs (2 L T (4 D + F + T) + 3 N P^2 + C)/(2 L T (2 D + F + T) \
+ 3 N P^2 + C) percent more, at ViT-B/16 1.32
    doubling D makes it 3.91 times as dear at ViT-B/16

What this rests on
"""
CHINESE = """\
主导项
  MACs：n、d 增大时为 4 n d^2 + 2 n^2 d
    n < 2 d：4 n d^2（linear）
    n > 2 d：2 n^2 d（einsum）
    n 增加百分之一，开销增加百分之 (2 d + 2 n)/(2 d + n)
    d < n/2：2 n^2 d（einsum）
    d > n/2：4 n d^2（linear）
    d 增加百分之一，开销增加百分之 (4 d + n)/(2 d + n)
"""


def test_the_section_as_a_whole() -> None:
    ran = call("derive", "vit", "--preset", "ViT-B/16", *ASKED)
    assert SAID in ran.out
    assert "  T = N + 1" in ran.out  # what the section names is explained


def test_in_chinese() -> None:
    block = cf.zoo("vit")["SelfAttention"]
    assert CHINESE in block.report("text", "zh", measures=["macs"], rules=["n", "d"])


def test_it_is_told_only_where_it_is_asked_for() -> None:
    assert "What rules" not in cf.zoo("vit").report("text")


@pytest.mark.parametrize("to", ["md", "html", "tex", "fragment", "typst", "mkdocs", "notebook"])
def test_every_format_tells_it(to: str) -> None:
    block = cf.zoo("vit")["SelfAttention"]
    told = block.report(to, measures=["macs"], rules=["n", "d"])
    assert "What rules" in told
    assert told.count("einsum)") == 2
    assert "percent more" in told


def test_json() -> None:
    told = cf.zoo("vit")["SelfAttention"].report("json", measures=["macs"], rules=["n", "d"])
    (row,) = json.loads(told)["rules"]
    size, _ = row["sizes"]
    assert row["leading"]["text"] == "4 n d^2 + 2 n^2 d"
    assert [region["where"]["text"] for region in size["regions"]] == ["n < 2 d", "n > 2 d"]
    assert size["elasticity"]["text"] == "(2 d + 2 n)/(2 d + n)"


def test_where_no_size_is_a_power() -> None:
    """Fails when what is not tried is left out without a word."""
    file = cf.loads(
        "op f(x: [n]) -> y: [n]:\n    mac = 2^n\n\nblock B(x: [n]):\n    return x -> f\n"
    )
    told = file["B"].report("text", measures=["macs"], rules=["n"])
    assert "  MACs: leading terms are not tried, since a size is no power there\n" in told


def test_a_size_that_is_not_there() -> None:
    ran = call("derive", "vit", "--rules", "Q")
    assert ran.err == (
        "error[name]: `Q` is no size of `ViT`\n     = help: there are C, D, F, H, I, L, N, P, T\n"
    )


def test_the_largest_term_is_the_one_that_is_told() -> None:
    """Fails when a boundary is on the wrong side, or another place: against random numbers."""
    rng = random.Random(7)
    for model, size in (("vit", "N"), ("vit", "D"), ("vit", "T"), ("gpt2", "T"), ("mixer", "D")):
        terms = cf.zoo(model).macs.rulings(size)
        names = {s.name for row in terms for s in row.term.expr.free_symbols}
        for _ in range(20):
            sizes = {name: rng.randint(1, 50) for name in names}
            values = [_value(row.term.expr, sizes) for row in terms]
            for row, value in zip(terms, values, strict=True):
                above = all(sizes[size] >= _value(f.expr, sizes) for f in row.above)
                below = all(sizes[size] <= _value(f.expr, sizes) for f in row.below)
                assert (above and below) == (value == max(values))


def _value(expr: Expr, sizes: dict[str, int]) -> Expr:
    return expr.subs({symbol: sizes[symbol.name] for symbol in expr.free_symbols})
