"""Conventions: those of the standard library, what they leave out, and those of a file."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from sympy import Symbol, floor

from closedform.api import Architecture, Part, load, loads, zoo
from closedform.derive.check.check import check
from closedform.derive.measures.lookup import measure
from closedform.derive.resolve.conventions import (
    Formula,
    Weights,
    check_conventions,
    convention_of,
    conventions_of,
)
from closedform.derive.resolve.library import standard_library
from closedform.errors import ClosedformError
from helpers import GOOD, call

MODEL = """
dim N
dim D

model M(x: [N, D]):
    return x -> layernorm -> linear(D) -> softmax
"""


def declared(text: str) -> Architecture:
    return loads(text + MODEL)


def omissions(model: Part, measure: str, convention: str) -> str:
    """What a report says that a convention leaves out."""
    told = model.report("text", measures=[measure], convention=convention)
    found = [line for line in told.splitlines() if line.startswith("  not counted: ")]
    return found[0].removeprefix("  not counted: ") if found else ""


# The standard library -----------------------------------------------------------------------


def test_the_conventions_that_need_no_import() -> None:
    """Fails when a weight, a unit or a kind of one of them changes."""
    found = conventions_of(standard_library())
    one, two = Weights((("mac", Fraction(1)),)), Weights((("mac", Fraction(2)),))
    assert {name: (row.unit, row.usual, row.kinds) for name, row in found.items()} == {
        "macs": ("MACs", one, ()),
        "flops": ("FLOPs", two, ()),
        "causal": ("MACs", Weights((*one.named, ("masked", Fraction(0)))), ()),
        "hooks": ("MACs", Weights(()), (("linear", one), ("conv", one))),
        "torch": ("FLOPs", two, ()),
        "fvcore": ("MACs", one, found["fvcore"].kinds),
        "thop": ("MACs", Weights(()), found["thop"].kinds),
        "ptflops": ("MACs", Weights(()), found["ptflops"].kinds),
        "full": ("FLOPs", Weights(two.named, Fraction(1)), ()),
    }


NORMS = """
model M(x: [4, 6, 10, 10]):
    y = x -> batchnorm2d -> batchnorm2d(affine=false) -> groupnorm(2)
    z = y -> instancenorm -> instancenorm2d(affine=true) -> rmsnorm -> layernorm(affine=false)
    return z -> conv2d(6, kernel=3, padding=1) -> adaptive_avgpool2d(2)
"""


def test_what_counters_of_others_count() -> None:
    """Fails when an element of a norm, of a map that is pooled, or a product counts otherwise."""
    elements, products, pooled = 4 * 6 * 100, 4 * 6 * 100 * 6 * 9, 4 * 6 * 4
    model = loads(NORMS)
    assert {
        name: model.measure(unit, name).at()
        for unit, name in (("flops", "torch"), ("macs", "fvcore"), ("macs", "thop"))
    } == {
        "torch": 2 * products,
        "fvcore": products + (2 + 1 + 5 + 4 + 5 + 4 + 1) * elements,
        "thop": products + (4 + 2 + 4 + 2 + 1) * elements + pooled,
    }


def test_thop_at_a_published_number() -> None:
    assert zoo("resnet").measure("macs", "thop").at("ResNet-50") == 4133742592


MODULES = """
model M(x: [6, 10, 10]):
    y = x -> batchnorm2d -> batchnorm2d(affine=false) -> groupnorm(2) -> instancenorm2d(affine=true)
    z = y -> relu -> gelu -> silu -> conv2d(6, kernel=3, padding=1) -> relu6 -> maxpool2d(kernel=2)
    z = z -> upsample2d(2) -> layernorm -> rmsnorm -> conv_transpose2d(2, kernel=2, stride=2)
    return z -> adaptive_avgpool2d(2) -> linear(3) -> linear(5, bias=false) -> softmax
"""


def test_what_ptflops_counts_of_modules() -> None:
    """Fails when a module counts otherwise than in its version 0.7.5, `count_functional` false."""
    norms = (2 + 1 + 2 + 2) * 600
    first = (1 + 1) * 600 + 600 * (6 * 9 + 1) + 600 + 600  # the SiLU is not seen
    second = 600 + 600 + (600 * 2 * 4 + 2 * 400) + 2 * 400  # nor is the RMSNorm
    last = 8 * 3 + 3 * 4 + 3 * 4 * 5
    model = loads(MODULES)
    assert model.measure("macs", "ptflops").at() == norms + first + second + last


@pytest.mark.parametrize(
    ("name", "preset", "counted"),
    [
        ("resnet", "ResNet-50", 4121925096),
        ("resnet_basic", "ResNet-18", 1822177768),
        ("resnext", "ResNeXt-50 32x4d", 4273080296),
        ("squeezenet", "SqueezeNet 1.0", 830046392),
    ],
)
def test_ptflops_on_models_of_torchvision(name: str, preset: str, counted: int) -> None:
    """What version 0.7.5 counts of the modules of torchvision 0.29.1."""
    assert zoo(name).measure("macs", "ptflops").at(preset) == counted


def test_causal_counts_what_the_mask_leaves() -> None:
    """Fails when a mark in the zoo is lost, or a model without a mask counts otherwise."""
    models = [("gpt2", "GPT2"), ("llama", "Llama"), ("llama", "Mixtral"), ("lora", "LoRA")]
    assert [str(zoo(file)[name].measure("masked")) for file, name in models] == [
        "L T D (T - 1)",
        "L S H E (S - 1)",
        "L S H E (S - 1)",
        "L S D (S - 1)",
    ]
    assert str(zoo("scaling").measure("masked")) == "L S A (S - 1)"
    assert zoo("vit").measure("macs", "causal").at("ViT-B/16") == 17563828224


def test_causal_leaves_out_what_is_masked() -> None:
    """Fails when what the mask takes away is not told among what a convention leaves out."""
    block = zoo("gpt2")["CausalAttention"]
    assert omissions(block, "macs", "causal") == "project (add), einsum (masked), softmax"


def test_a_training_step_leaves_masked_products_out_too() -> None:
    """Fails when a gradient counts products that the mask takes away."""
    block = zoo("gpt2")["CausalAttention"]
    forward, backward = (block.measure(name, "causal") for name in ("macs", "backward"))
    assert str(forward) == "n d (4 d + n + 1)"
    assert str(backward) == "2 n d (4 d + n + 1)"


@pytest.mark.slow
def test_full_leaves_out_nothing() -> None:
    for name in ("vit", "swin", "mobilenet_v2", "recurrent", "llama"):
        for part in map(zoo(name).__getitem__, zoo(name)):
            assert omissions(part, "flops", "full") == ""


def test_they_are_what_a_file_may_declare() -> None:
    """Fails when one of them has a kind or a name that there is not."""
    for entity in standard_library().conventions.values():
        check_conventions(entity.module)


def test_titles() -> None:
    rows = [measure("macs"), measure("macs", "hooks"), measure("flops", "flops")]
    assert [(row.title, row.label, row.heading) for row in rows] == [
        ("macs", "MACs", "MACs"),
        ("macs under hooks", "MACs", "MACs under hooks"),
        ("flops", "FLOPs", "FLOPs"),
    ]


def test_hooks_see_what_an_operation_is() -> None:
    attention = zoo("vit")["SelfAttention"]
    assert str(attention.measure("macs", "hooks")) == "4 n d^2"


# What is said by one that builds on another -------------------------------------------------

BUILT = """
convention one in FLOPs  "one":
    mac: 1
    exp: 3
    others: 2
    kind softmax: 7*size(x)

convention two on one  "two":
    mac: 5
    add: 0
    kind layernorm:
        div: 1
"""


def test_a_line_goes_before_the_line_of_the_base() -> None:
    entities = declared(BUILT)._project.module.conventions
    one, two = (convention_of(entities[name]) for name in ("one", "two"))
    assert one.usual == Weights((("mac", Fraction(1)), ("exp", Fraction(3))), Fraction(2))
    assert two.usual == Weights(
        (("mac", Fraction(5)), ("exp", Fraction(3)), ("add", Fraction(0))), Fraction(2)
    )
    assert (two.name, two.says, two.unit) == ("two", "two", "FLOPs")
    assert two.rule("layernorm") == Weights((("div", Fraction(1)),))
    assert two.rule("softmax") == one.rule("softmax")
    rule = two.rule("softmax")
    assert isinstance(rule, Formula)
    assert (rule.convention, rule.kind, rule.counts) == ("one", "softmax", frozenset())
    assert two.rule("linear") == two.usual


def test_a_derivation_names_the_place_of_the_formula() -> None:
    """Fails when a formula that is taken over is told as one of the convention above it."""
    steps = declared(BUILT).derivation("flops", to="text", convention="two")
    told = """\
    FLOPs(softmax) = 7 size(x)    (formula of softmax in the convention one, line 6 of <text>)
      = 7 N D    (size(x) = N D)
"""
    assert told in steps


def test_a_name_of_the_library_can_be_declared_anew() -> None:
    own = declared('convention macs in MACs  "all of it":\n    others: 1\n')
    assert str(own.macs) == "N D^2 + 13 N D + N"
    assert "convention macs: all of it" in own.report("text")
    with pytest.raises(ClosedformError, match="`macs` is built on itself"):
        declared('convention macs on macs  "all of it":\n    others: 1\n')


def test_a_convention_comes_with_what_it_builds_on(tmp_path: Path) -> None:
    """Fails when the base must be imported too, or that of the file that imports is taken."""
    (tmp_path / "own.arch").write_text(BUILT)
    text = 'from own import two\n\nconvention one in MACs  "another":\n    mac: 100\n' + MODEL
    (tmp_path / "model.arch").write_text(text)
    model = load(tmp_path / "model.arch")
    assert str(model.measure("macs", "one")) == "100 N D^2"
    assert str(model.measure("flops", "two")) == "N (5 D^2 + 8 D + 2)"
    (tmp_path / "model.arch").write_text(text.replace("import two", "import three"))
    with pytest.raises(ClosedformError, match="does not define `three`"):
        load(tmp_path / "model.arch")


def test_a_name_brings_all_that_it_stands_for(tmp_path: Path) -> None:
    """Fails when a convention is passed over for the operation or count of its name."""
    (tmp_path / "own.arch").write_text(
        'count own "a count"\n\nop own(x: [n]) -> y: [n]:\n    own = size(x)\n\n'
        'convention own in MACs  "mine":\n    own: 2\n'
    )
    text = "from own import own\n\ndim N\n\nmodel M(x: [N]):\n    return x -> own\n"
    (tmp_path / "model.arch").write_text(text)
    model = load(tmp_path / "model.arch")
    assert (str(model.measure("own")), str(model.measure("macs", "own"))) == ("N", "2 N")


# Formulas -----------------------------------------------------------------------------------


def test_a_formula_rests_on_no_assumption() -> None:
    """Fails when a floor is taken away by an assumption that the report does not name."""
    text = """
dim N

assume 2 | N

convention half in MACs  "half of the elements":
    kind relu: floor(size(x)/2)

model M(x: [N]):
    return x -> relu
"""
    form = loads(text).measure("macs", "half")
    assert form.expr == floor(Symbol("N", integer=True, positive=True) / 2)
    assert form.assumptions == ()
    assert form.at(N=6) == 3


def test_what_an_operation_binds_comes_before_the_counts() -> None:
    text = """
op scaled(x: [n], exp) -> y: [n]:
    mul = exp*size(x)

convention own in MACs  "the parameter, and the count":
    kind scaled: exp + mul

model M(x: [4]):
    return x -> scaled(3)
"""
    assert loads(text).measure("macs", "own").at() == 3 + 12


def test_every_name_of_an_operation_has_its_value() -> None:
    text = """
op mixed(x: [..., n], kernel[2]=3, flag=true) -> y: [..., n], z: [n]:
    half = n/2
    require 2 | n
    mul = half*size(x)

convention own in MACs  "names":
    kind mixed: size(x) + 10*size(z) + 100*n + 1000*kernel[2] + 10000*half + 100000*flag + add

model M(x: [2, 6]):
    y, z = x -> mixed(kernel=[4, 5])
    return y, z
"""
    assert loads(text).measure("macs", "own").at() == 12 + 60 + 600 + 5000 + 30000 + 100000


SUMS = """dim D

convention chip in FLOPs  "sums, conditions and texts":
    kind tower: sum(i, 1, n, i*mac) + sum_(j=1..2) K[j]
    kind part: size(x)*[n > 3] + (1 if mode == "slow" else 5)

op tower(x: [n], K[2]=[1, 2]) -> y: [n]:
    mac = n

op part(x: [n], mode="slow") -> y: [n]:
    mac = n if mode == "fast" else 2*n

model M(x: [D]):
    x = x -> tower
    return x -> part -> part(mode="fast")

    claim flops under chip == D^2*(D + 1)/2 + 3 + 2*D*[D > 3] + 6
"""


def test_a_formula_may_have_sums_and_conditions() -> None:
    """Fails when what the language has for sizes cannot stand in the formula of a kind."""
    outcome = check(loads(SUMS)._project)
    assert (outcome.holding, outcome.wrong) == (1, [])
    steps = loads(SUMS).derivation("flops", to="text", convention="chip")
    assert "FLOPs(tower) = (sum_(i=1..n) i mac) + (sum_(j=1..2) K_j)" in steps
    assert "= (sum_(i=1..D) i D) + 1 + 2    (n = D)" in steps
    assert "= D [D > 3] + 5    (size(x) = D, n = D)" in steps


def test_an_error_in_a_formula_names_the_operation() -> None:
    text = """
convention own in MACs  "own":
    kind layernorm: size(x)/(affine - 1)
"""
    model = declared(text)
    with pytest.raises(ClosedformError) as caught:
        _ = model.measure("macs", "own").expr
    assert str(caught.value) == (
        "<text>:3:29: error[type]: this divides by zero\n"
        "   3 |     kind layernorm: size(x)/(affine - 1)\n"
        "     |                             ^^^^^^^^^^^^\n"
        "     = note: counting `layernorm` under `own`"
    )
    assert str(model.macs) == "N D^2"


# What is left out ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("mac: 1", "layernorm, linear (add), softmax"),
        ("others: 1", ""),
        ("add: 1", "layernorm (mul, div, sqrt), linear (mac), softmax (exp, div, cmp)"),
        ("others: 1\n    mac, cmp: 0", "linear (mac), softmax (cmp)"),
        ("kind layernorm: 5*size(x)", "linear, softmax"),
        ("kind layernorm, linear: 5*size(x)\n    kind softmax: 0", "softmax"),
        ("kind layernorm: add + 2*mul\n    others: 1", "layernorm (div, sqrt)"),
        (
            "kind softmax: exp\n    kind linear:\n        others: 1",
            "layernorm, softmax (add, div, cmp)",
        ),
    ],
)
def test_what_a_convention_leaves_out(body: str, expected: str) -> None:
    model = declared(f'convention own in FLOPs  "own":\n    {body}\n')
    assert omissions(model, "flops", "own") == expected


def test_operations_of_one_name_that_are_counted_in_different_ways() -> None:
    text = """
dim D

model M(x: [4, D]):
    y = x -> linear(D, bias=false) -> linear(D)
    z = y -> linear(D, kind="functional") -> linear(D, kind="conv")
    return einsum("n d, m d -> n m", x, z), einsum("n d, n d -> n d", x, z), -z
"""
    model = loads(text)
    assert omissions(model, "macs", "hooks") == (
        "linear (add), linear as functional, linear as conv (add), einsum, product"
    )
    assert omissions(model, "macs", "macs") == "linear (add), einsum (mul), product"


# Asking for one -----------------------------------------------------------------------------

CHIP = 'convention chip in pJ  "energy":\n    mac: 4.5\n'


def test_a_unit_of_its_own() -> None:
    model = declared(CHIP)
    form = model.measure("pj", "chip")
    assert repr(form) == "pj under chip of M: 9 N D^2/2"
    assert (form.unit, form.convention) == ("pJ", "chip")
    assert form.at(N=2, D=2) == 36
    assert form.at(N=1, D=1) == Fraction(9, 2)
    assert "\npj under chip = 9 N D^2/2\n" in model.report("text", convention="chip")
    assert "\nparams = " in model.report("text", convention="chip")


THIRDS = """
dim N, D

convention thirds in FLOPs  "thirds of multiply-accumulates, halves of additions":
    mac: 1/3
    add: 1/2

model M(x: [N, D]):
    return x -> linear(1)

preset "half": N=3333, D=3
preset "third": N=100, D=4
    expect flops under thirds = 550/3
    expect flops under thirds ~ 183
"""


def test_a_number_that_is_not_whole_is_exact_in_every_format() -> None:
    """Fails when a fraction is rounded, or has no value, or is written in another way."""
    model = loads(THIRDS)
    assert [c.verdict.word for c in check(model._project).checked] == ["proved", "proved"]
    form = model.measure("flops", "thirds")
    assert (form.at("half"), form.at("third")) == (Fraction(9999, 2), Fraction(550, 3))
    assert form.at(N=2, D=3) == 3
    written = {
        "text": ("4,999.5 (5.00 k)", "550/3"),
        "md": ("4,999.5 (5.00 k)", "550/3"),
        "typst": ("4,999.5 (5.00 k)", "550/3"),
        "tex": (r"4\,999.5~(5.00~k)", "550/3"),
        "html": ("4\N{NARROW NO-BREAK SPACE}999.5 (5.00 k)", "550/3"),
        "json": ('"9999/2"', '"550/3"'),
        "macros": (r"\newcommand{\MFlopsUnderThirdsValue}{4\,999.5}", "550/3"),
    }
    for name, found in written.items():
        shown = "".join(
            model.report(name, measures=["flops"], convention="thirds", preset=preset)
            for preset in ("half", "third")
        )
        assert all(text in shown for text in found), name
        assert "no value" not in shown


@pytest.mark.parametrize("measures", [(), ("params",), ("macs",)])
def test_a_convention_that_there_is_not(measures: tuple[str, ...]) -> None:
    """Fails when a misspelt convention is passed over where no measure needs one."""
    with pytest.raises(ClosedformError) as caught:
        declared(CHIP).report(measures=measures, convention="chips")
    assert str(caught.value) == (
        "error[measure]: there is no convention `chips`\n     = help: did you mean `chip`?"
    )


def test_the_notes_of_check_know_the_conventions_of_the_file(tmp_path: Path) -> None:
    text = (
        'dim D\n\nconvention own in FLOPs  "additions too":\n    mac: 2\n    add: 1\n\n'
        'convention odd in FLOPs  "is never one of D":\n    kind linear: 2*c\n\n'
        "op other(x: [c]) -> y: [c]:\n"
        '    """Not used."""\n    kind = "linear"\n\n'
        "model M(x: [4, D]):\n    return x -> linear(D)\n\n    claim flops == 8*D^2 + 4*D\n"
    )
    (tmp_path / "m.arch").write_text(text)
    ran = call("check", "m.arch", folder=tmp_path)
    assert ran.code == 1
    assert ran.err.startswith("m.arch:8:20: error[convention]: `linear` has no `c`\n")
    (tmp_path / "m.arch").write_text(text.replace("2*c", "2*n"))
    ran = call("check", "m.arch", folder=tmp_path)
    assert ran.err.endswith("     = note: it holds for flops under own: additions too\n")


def test_a_claim_under_the_convention_of_a_file() -> None:
    ran = call("check", "convention_formula.arch", folder=GOOD)
    assert (ran.code, ran.out) == (0, "convention_formula.arch: 2 expectations and claims hold\n")


# Several, side by side ----------------------------------------------------------------------


@pytest.mark.parametrize("measures", [(), ("params", "macs")])
def test_several_conventions_each_in_its_unit(measures: tuple[str, ...]) -> None:
    told = declared(CHIP).report("text", measures=measures, convention="macs, full,chip")
    formulas = [line for line in told.splitlines() if " = " in line][:4]
    assert formulas == [
        "params = D^2 + 3 D",
        "macs = N D^2",
        "flops under full = 2 N D^2 + 13 N D + N",
        "pj under chip = 9 N D^2/2",
    ]


def test_one_of_several_that_there_is_not() -> None:
    with pytest.raises(ClosedformError, match="there is no convention `chips`"):
        declared(CHIP).report(convention="macs,chips")


def test_a_derivation_is_under_one_convention() -> None:
    ran = call("derive", "vit", "--steps", "--convention", "macs,hooks")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "error[measure]: a derivation is under one convention, and this is macs,hooks\n"
    )
