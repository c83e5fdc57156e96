"""Costs side by side: who is dearer, where, and what the ratio comes to."""

from __future__ import annotations

import json
import random
from fractions import Fraction
from pathlib import Path

import pytest
import sympy

import closedform as cf
from closedform import __version__
from closedform.derive.assume.knowledge import Knowledge
from closedform.derive.assume.store import Fact
from closedform.derive.solve.along import Along, X
from closedform.explore.formula import Overtaking
from closedform.projects import parts_named
from closedform.reason import crossings, rules
from closedform.reason.comparing import limit
from closedform.reason.turns import Turn, turn
from closedform.render.formats import comparison_in, names_with, own_names
from closedform.render.report.compared.comparison import comparison
from helpers import Ran, call

n, d, r, k = sympy.symbols("n d r k", integer=True, positive=True)
REDUCED = "r > 1, n == side^2, r | side"

# Where one sign turns into the other: alone a place, always, or several places.
TURNS = (
    (2 * n * d - r, Turn(1, r / (2 * d))),
    (n**3 - d, Turn(1, sympy.cbrt(d))),
    (n**2 + d * n - r, Turn(1, sympy.sqrt(d**2 + 4 * r) / 2 - d / 2)),
    (k - n * r - d * n**2, Turn(-1, sympy.sqrt(r**2 + 4 * d * k) / (2 * d) - r / (2 * d))),
    ((n - d) / (n + 1), Turn(1, d)),
    (n * d + 2 * n**2 + d - 2, Turn(1, None)),
    (d - k + n, Turn(1, k - d)),
    (n**2 - n * d + r, None),
    (sympy.floor(n / 2) - d, None),
    (n * (k - d), None),
)


@pytest.mark.parametrize(("expr", "found"), TURNS)
def test_where_a_sign_turns(expr: sympy.Expr, found: Turn | None) -> None:
    assert turn(expr, n, Knowledge()) == found


@pytest.mark.parametrize(("expr", "found"), [row for row in TURNS if row[1]])
def test_it_turns_there_alone(expr: sympy.Expr, found: Turn) -> None:
    """Fails when a sign at random sizes is another one than is told."""
    rng = random.Random(12)
    for _ in range(200):
        sizes = {size: sympy.Integer(rng.randint(1, 60)) for size in (n, d, r, k)}
        value, at = expr.xreplace(sizes), None if found.at is None else found.at.xreplace(sizes)
        if at is None or (sizes[n] > at) == True:  # noqa: E712 # a relation of SymPy
            assert sympy.sign(value) == found.sign
        elif (sizes[n] < at) == True:  # noqa: E712
            assert sympy.sign(value) == -found.sign
        else:
            assert value == 0


def test_what_is_known_decides_a_sign() -> None:
    """Fails when a reduction of keys and values is not proved to be cheaper."""
    apart = 4 * n * d**2 + 2 * n**2 * d - (3 * n * d**2 + 2 * n * d * (d + n) / r**2)
    known = Knowledge()
    assert turn(apart, n, known) is None
    known.assume(Fact(r > 1, "given"))
    assert turn(apart, n, known) == Turn(1, None)


def test_what_is_too_long_to_cancel_stays() -> None:
    """Fails when common factors of a sum with many terms are looked for, which takes minutes."""
    others = sympy.symbols(f"a:{rules.TERMS + 1}", positive=True)
    few, many = d * n * (k + n), d * n * (sum(others) + n)
    assert rules.relative(few, n) == (k + 2 * n) / (k + n)
    assert rules.relative(many, n) == sympy.Mul(
        *(part**power for part, power in zip(rules.elasticity(many, n), (1, -1), strict=True))
    )


def test_limits_of_ratios() -> None:
    assert limit((4 * n * d + 2 * n**2) / (3 * n**2 + d), n, Knowledge()) == Fraction(2, 3)
    assert limit(sympy.floor(n / 2) * d / (n + d), n, Knowledge()) == d / 2
    assert limit(d / n, n, Knowledge()) == 0
    assert limit(n**2 / (n + d), n, Knowledge()) == sympy.oo
    assert limit(n**2 / (d - 7), n, Knowledge()) is None
    assert limit(n / sympy.floor(d / n), n, Knowledge()) is None


SAID = f"""\
MACs
  SelfAttention  2 n d (2 d + n)
  SRA            n d (3 d + 2 (d + n)/r^2)
  Not expressed in n, d, and held fixed: r.

Parts
  part    SelfAttention  SRA
  linear  4 n d^2        2 n d^2 (1/r^2 + 1)
  einsum  2 n^2 d        2 n d side^2/r^2
  conv2d                 n d^2

SelfAttention against SRA
  difference: n d (d + 2 n - 2 d/r^2 - 2 n/r^2)
  ratio: 2 r^2 (2 d + n)/(3 d r^2 + 2 d + 2 n)
  as n grows, the ratio comes to r^2; SelfAttention always costs more
  as d grows, the ratio comes to 4 r^2/(3 r^2 + 2); SelfAttention always costs more

Derived from zoo/vit.arch, zoo/pvt.arch by closedform {__version__}, convention macs.
"""


def test_the_text_as_a_whole() -> None:
    asked = ("--in", "n,d", "--when", REDUCED, "--measure", "macs", "--to", "text")
    assert call("compare", "vit:SelfAttention", "pvt:SRA", *asked) == Ran(0, SAID, "")
    models = cf.zoo("vit")["SelfAttention"], cf.zoo("pvt")["SRA"]
    told = cf.compare(*models, names=["n", "d"], measures=["macs"], when=REDUCED)
    assert f"{told!r}\n" == SAID


WIDE = """dim D "width"
dim F = 4*D "hidden width"

model Wide(x: [D]):
    return x -> linear(F) -> linear(D)
"""
LONG = """dim D "width"
dim F = 2*D "frames"

model Long(x: [F, D]):
    return x -> linear(F + 1)
"""
CLASH = f"""\
MACs
  Wide  2 D F
  Long  D F^2 + D F
  Not expressed in D, and held fixed: F (4 D by default).
  F is taken for one size, and is not the same in the files: hidden width, 4 D by default (Wide); \
frames, 2 D by default (Long).

Wide against Long
  difference: D F - D F^2
  ratio: 2/(F + 1)
  as D grows, the ratio comes to 2/(F + 1); where they cross is not told

Derived from wide.arch, long.arch by closedform {__version__}, convention macs.
"""


def test_one_letter_for_two_things_is_told() -> None:
    """Fails when sizes of one name are taken for one, or held fixed, without a word."""
    models = cf.loads(WIDE, name="wide.arch"), cf.loads(LONG, name="long.arch")
    told = cf.compare(*models, names=["D"], measures=["macs"])
    assert f"{told!r}\n" == CLASH
    assert "taken for one" not in repr(cf.compare(models[0], models[0], names=["D"]))
    ((what,), whole) = (json.loads(told.to("json"))[key] for key in ("formulas", "presets"))
    assert (what["fixed"][0]["size"], what["fixed"][0]["default"]["text"]) == ("F", "4 D")
    assert [sense["meaning"] for sense in what["clashes"][0]["senses"]] == [
        "hidden width",
        "frames",
    ]
    assert whole == []
    for to in ("md", "fragment", "typst", "notebook"):
        text = told.to(to)
        assert ("held fixed" in text, "(Wide); frames" in text) == (True, True)
    said = told.to("text", "zh")
    assert "  未能用 D 表示，视为不变：F（默认为 4 D）。\n" in said
    assert "hidden width，默认为 4 D（Wide）；frames，默认为 2 D（Long）。\n" in said


def test_defaults_are_put_in_where_that_is_asked_for(tmp_path: Path) -> None:
    for name, text in (("wide", WIDE), ("long", LONG)):
        (tmp_path / f"{name}.arch").write_text(text, "utf-8")
    asked = ("--in", "D", "--defaults", "--measure", "macs", "--to", "text")
    ran = call("compare", "wide.arch", "long.arch", *asked, folder=tmp_path)
    assert ran.out.startswith("MACs\n  Wide  8 D^2\n  Long  4 D^3 + 2 D^2\n  F is taken")
    assert "held fixed" not in ran.out


def test_thresholds_at_numbers() -> None:
    """Fails when the number at which one overtakes the other can be asked in Python alone."""
    blocks = ("attention:GlobalAttention", "attention:SlidingAttention")
    asked = ("--threshold", "n", "--set", "d=64,window=16,heads=4", "--measure", "macs")
    said = "MACs: GlobalAttention against SlidingAttention: larger from n = 17 on, for all larger"
    ran = call("compare", *blocks, *asked)
    assert (ran.code, ran.out, ran.err) == (0, f"{said} ones\n", "")
    for wrong, told in (
        (("vit", "--threshold", "N"), "--threshold is of two FILES or more"),
        (("vit", "pvt", "--threshold", "N", "--in", "N"), "--threshold is of two FILES or more"),
        (("vit", "pvt", "--set", "N=1"), "--set goes with --threshold"),
    ):
        ran = call("compare", *wrong)
        assert (ran.code, told in ran.err) == (2, True)


def test_an_abbreviation_of_two_formulas_is_told() -> None:
    text = "dim D\nlet E = {}*D\n\nmodel M{}(x: [D]):\n    return x -> linear(E)\n"
    models = [cf.loads(text.format(factor, factor)) for factor in (2, 3)]
    told = cf.compare(*models, measures=["macs"]).to("text")
    assert (
        "  E is taken for one size, and is not the same in the files: 2 D (M2); 3 D (M3).\n" in told
    )


def test_parts_in_latex_name_their_model() -> None:
    """Fails when the cost of a part that one model lacks is told of the other."""
    told = cf.compare(
        cf.zoo("attention")["GlobalAttention"], cf.zoo("attention")["SlidingAttention"]
    )
    assert "2\\, n\\, d\\, \\mathrm{window}$ in SlidingAttention." in told.to("fragment")


def test_every_format_tells_it() -> None:
    """Fails when a format leaves out a formula or what wins where."""
    projects, parts = parts_named(["vit:MLP", "vit:SelfAttention"])
    told = comparison(projects, (), ("macs",), entities=parts, names=["hidden"])
    for name in names_with(lambda row: row.comparison, own_names()):
        text = comparison_in(name)(told)
        assert text.lower().count("mlp") >= 3
        assert "selfattention" in text.lower()
        assert "hidden" in text


def test_macros() -> None:
    """Fails when a comparison without presets has an empty table, or lacks a formula."""
    projects, parts = parts_named(["vit:MLP", "vit:SelfAttention"])
    told = comparison(projects, (), ("macs",), entities=parts, names=["hidden"])
    lines = comparison_in("macros")(told).splitlines()
    assert [line.partition("}")[0] for line in lines if not line.startswith("%")] == [
        "\\newcommand{\\MlpMacs",
        "\\newcommand{\\SelfattentionMacs",
        "\\newcommand{\\MlpAgainstSelfattentionMacsDifference",
        "\\newcommand{\\MlpAgainstSelfattentionMacsRatio",
    ]


def test_json() -> None:
    asked = ("--in", "hidden", "--measure", "macs", "--to", "json")
    ran = call("compare", "vit:MLP", "vit:SelfAttention", *asked)
    (what,) = json.loads(ran.out)["formulas"]
    (pair,) = what["against"]
    assert pair["difference"]["text"] == "2 d (hidden - 2 d n - n^2)"
    (row,) = pair["growing"]
    assert (row["endless"], row["larger"], row["else"]) == (True, "MLP", "SelfAttention")
    assert row["where"]["text"] == "hidden > 2 d n + n^2"


def test_what_is_not_tried_says_so() -> None:
    """Fails when stages with sizes of their own are compared without end, or passed over."""
    asked = ("--in", "N", "--measure", "macs", "--to", "text", "--preset", "PVT-Tiny")
    ran = call("compare", "vit", "pvt", *asked)
    assert (
        "ViT against PVT\n  No difference is formed: stages have sizes of their own, or there are "
        "too many terms.\n"
    ) in ran.out


def test_what_is_not_there() -> None:
    said = (
        "error[name]: none of the models has a size `M`\n"
        "     = help: there are C, D, F, H, I, L, N, P, T\n"
    )
    assert call("compare", "vit", "vit", "--in", "M") == Ran(2, "", said)
    ran = call("compare", "vit:MLP", "vit:SelfAttention", "--when", "z > 1")
    assert ran.err.startswith("when:1:1: error[name]: none of the models has all sizes of `z > 1`")
    ran = call("compare", "vit:Mlp", "vit")
    assert ran.err.startswith("error[name]: `zoo/vit.arch` has no model or block `Mlp`")


def test_models_that_cost_the_same() -> None:
    told = cf.compare(*[cf.zoo("vit")["MLP"]] * 2, measures=["macs"]).to("text")
    assert "  They cost the same.\n" in told


def test_a_threshold_of_which_smaller_numbers_were_not_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Fails when a number that bounds give is told as the least one."""
    steps, line = Along("n", sympy.floor(X / 2) * X), Along("n", 10 * X)
    assert crossings.order_of(steps, line) == crossings.Order("n", 1, 22, before=True)
    monkeypatch.setattr(crossings, "MOST_TRIED", 1)
    found = crossings.order_of(steps, line)
    assert found == crossings.Order("n", 1, 23, before=False, untried=True)
    said = "larger from n = 23 on, for all larger ones; smaller ones were not tried"
    assert repr(Overtaking(found)) == said
