"""Formulas take part in arithmetic, and what they say is true at numbers."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest
import sympy

import closedform as cf
from closedform import ClosedformError, Formula
from helpers import cases

VIT = cf.zoo("vit")
MLP = VIT.part("EncoderLayer.MLP").macs
ATTENTION = VIT.part("EncoderLayer.SelfAttention").macs
PRESETS = [*VIT.presets]


def message(call: Callable[[], object]) -> str:
    with pytest.raises(ClosedformError) as caught:
        call()
    return str(caught.value)


# Arithmetic --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (MLP + ATTENTION, "2 T D (2 D + F + T)"),
        (MLP - ATTENTION, "2 T D (F - 2 D - T)"),
        (MLP / ATTENTION, "F/(2 D + T)"),
        (1 / MLP, "1/(2 T D F)"),
        (2 * MLP, "4 T D F"),
        (Fraction(1, 2) * MLP, "T D F"),
        (-MLP, "-2 T D F"),
        (1 - MLP, "1 - 2 T D F"),
        (MLP**2, "4 T^2 D^2 F^2"),
        (MLP / VIT.part("EncoderLayer.MLP").params, "2 T D F/(2 D F + D + F)"),
        (MLP * MLP.symbols["D"], "2 T D^2 F"),
    ],
)
def test_what_operators_make(made: Formula, text: str) -> None:
    assert str(made) == text
    assert repr(made) == text


@pytest.mark.parametrize("preset", PRESETS)
def test_operators_are_those_of_numbers(preset: str) -> None:
    """Fails when a formula that is made of others has another value than they have."""
    mlp, attention = MLP.at(preset), ATTENTION.at(preset)
    assert (MLP + 2 * ATTENTION).at(preset) == mlp + 2 * attention
    assert (MLP - ATTENTION).at(preset) == mlp - attention
    assert (MLP * ATTENTION).at(preset) == mlp * attention
    assert (MLP / ATTENTION).at(preset) == Fraction(mlp, attention)
    assert (MLP / ATTENTION).base.at(preset) == Fraction(mlp, attention)


def test_models_side_by_side() -> None:
    """Fails when formulas of two files cannot be set beside each other, each at a preset."""
    pvt = cf.zoo("pvt")
    apart = VIT.macs - pvt.macs
    value = VIT.macs.at("ViT-B/16") - pvt.macs.at("PVT-Small")
    assert apart.at("ViT-B/16", "PVT-Small") == value


def test_units() -> None:
    assert [f.unit for f in (MLP, MLP + MLP, 2 * MLP, MLP / ATTENTION, MLP / VIT.params)] == [
        "MACs", "MACs", "MACs", "", "MACs / parameters",
    ]  # fmt: skip


def test_equality_is_that_of_mathematics() -> None:
    assert VIT.flops == 2 * VIT.macs
    assert VIT.macs == VIT.macs.base
    assert hash(VIT.macs) == hash(VIT.macs.base)
    file = cf.loads("dim n, side\nassume n == side^2\nmodel M(x: [n, side]):\n    return x")
    n, side = sympy.symbols("n side")
    one, other = file.macs + n, file.macs + side**2
    assert one == other
    assert hash(one) == hash(other)
    assert {VIT.macs / VIT.macs, MLP - MLP, Fraction(1, 2)} == {1, 0, MLP / (2 * MLP)}
    assert MLP != ATTENTION
    assert VIT.macs != "a text"
    answer = MLP.equals(ATTENTION)
    assert (answer.word, bool(answer)) == ("refuted", False)
    assert repr(answer) == "refuted: at D = 1, F = 1, I = 1, P = 1 they are 4 and 16"
    assert repr(VIT.flops.equals(2 * VIT.macs)) == "proved"


def test_what_is_not_decided_is_no_answer() -> None:
    """Fails when a question without an answer is taken for yes or for no."""
    file = cf.loads(
        "dim N, K\n\nop a(x: [...]) -> y: [...]:\n    mac = floor(2^N/7)\n\n"
        "op b(x: [...]) -> y: [...]:\n    mac = floor(2^N/7) + floor((2^N + K)/(2^N + K + 1))\n\n"
        "model A(x: [N]):\n    return x -> a\n\nmodel B(x: [N]):\n    return x -> b\n"
    )
    answer = file["A"].macs.equals(file["B"].macs)
    if answer.word == "not decided":
        assert message(lambda: bool(answer)).startswith(
            "error[undecided]: it is not decided whether these formulas are equal"
        )


# Sizes -------------------------------------------------------------------------------------


def test_names_of_two_meanings_are_refused() -> None:
    one = cf.loads("dim I\nlet N = I^2\n\nmodel A(x: [N, I]):\n    return x -> linear(I)\n")
    two = cf.loads("dim N\n\nmodel B(x: [N, N]):\n    return x -> linear(N)\n")
    assert message(lambda: one.macs + two.macs) == (
        "error[sizes]: `N` is I^2 in <text>, and a size of its own in <text>\n"
        '     = help: give one of them another name, as with `.subs(N="N_2")`, or write it out '
        "with `.base`"
    )
    assert str(one.macs.base + two.macs) == "I^4 + N^3"
    assert str(one.macs + two.macs.subs(N="M")) == "M^3 + N^2"


def test_a_block_by_itself_is_not_mixed_with_its_model() -> None:
    block = VIT["SelfAttention"].macs
    assert message(lambda: block / VIT.macs) == (
        "error[sizes]: `SelfAttention` is in its own sizes, and `ViT` in those of the model\n"
        "     = help: take the block where the model uses it, as `.part(...)` of `ViT` gives it, "
        "or say what its sizes are with `.subs(...)`"
    )
    assert block.subs(n="T", d="D") == ATTENTION


def test_subs() -> None:
    assert str(MLP.subs(D=768)) == "1536 T F"
    assert str(MLP.subs({"D": 768}, F=3072)) == "4718592 T"
    assert str(MLP.subs(N=196)) == "394 D F"
    assert str(MLP.subs(F=4 * VIT.part("EncoderLayer.MLP").macs.symbols["D"])) == "8 T D^2"
    assert VIT.macs.subs(I=384).at("ViT-B/16") == VIT.macs.at("ViT-B/16 at 384")
    assert cf.zoo("pvt").params.subs(D=[64, 128, 320, 512]).at("PVT-Small") == cf.zoo(
        "pvt"
    ).params.at("PVT-Small")


def test_abbreviations_have_values_too() -> None:
    assert VIT.macs.at("ViT-B/16", N=576) == VIT.macs.at("ViT-B/16 at 384")
    assert MLP.at("ViT-B/16", T=197) == 2 * 197 * 768 * 3072
    file = cf.loads("dim I\nlet N = I^2\n\nmodel A(x: [N, I]):\n    return x -> linear(5)\n")
    assert message(lambda: file.macs.at(N=16)) == (
        "error[sizes]: `N` is I^2, and the formula needs `I` too\n     = help: give values to `I`"
    )


def test_an_abbreviation_is_a_size() -> None:
    """Fails when an abbreviation is a number that no size is, or not what its sizes make it."""
    no_size = "error[argument]: `N` is {}, and a size is a positive whole number"
    for number in (0, -5, Fraction(1, 2)):
        told = no_size.format(number)
        assert message(lambda n=number: VIT.macs.at("ViT-B/16", N=n)) == told  # type: ignore[misc]
        assert message(lambda n=number: VIT.macs.subs(N=n)) == told  # type: ignore[misc]
    assert message(lambda: VIT.macs.solve("D", "20G", "ViT-B/16", N=0)) == no_size.format(0)
    assert message(lambda: VIT.macs.subs(D=-3)) == no_size.format(-3).replace("`N`", "`D`")
    assert message(lambda: VIT.macs.at("ViT-B/16", N=196, T=5)) == (
        "error[assume]: `T` is given, and N + 1 is another number\n     = note: with N = 196"
    )
    assert message(lambda: VIT.macs.at("ViT-B/16", I=224, P=16, T=5)) == (
        "error[assume]: `T` is given, and N + 1 is another number\n"
        "     = note: with I = 224, P = 16"
    )
    assert VIT.macs.at("ViT-B/16", N=196, T=197) == VIT.macs.at("ViT-B/16")
    assert message(lambda: VIT.macs.at("ViT-B/16", I=224, N=576)) == (
        "error[assume]: `N` is given, and I^2/P^2 is another number\n"
        "     = note: with I = 224, P = 16"
    )
    assert VIT.macs.at("ViT-B/16", I=384, N=576) == VIT.macs.at("ViT-B/16 at 384")


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: VIT.macs.at("ViT-B/16", D=[1, 2]), "error[argument]: `D` has one element, and 2"),
        (lambda: VIT.macs.subs(D=[1, 2]), "error[argument]: `D` has one element, and 2 are given"),  # type: ignore[arg-type]
        (lambda: VIT.macs.subs({"D": 768}, D=3), "error[argument]: `D` is given twice"),
        (lambda: VIT.parts["Mlp"], "error[name]: there is no part `Mlp`\n     = help: there are "),
        (lambda: VIT.presets["q"], "error[name]: there is no preset `q`\n     = help: there are "),
        (lambda: VIT.explore(Q=3), "error[name]: `Q` is no size of `ViT`\n     = help: there are "),
        (lambda: VIT.explore("ViT-B/16", N=0), "error[argument]: `N` is 0, and a size is a posit"),
        (lambda: VIT.macs.at("ViT-B/17"), "error[name]: `zoo/vit.arch` has no preset 'ViT-B/17'"),
        (lambda: VIT.macs.at(16), "error[type]: a preset is named by its title, and this is 16"),  # type: ignore[arg-type]
        (lambda: VIT.macs.at(D=1.5), "error[type]: `D` takes exact numbers, and this is 1.5"),  # type: ignore[arg-type]
        (lambda: VIT.macs.at("ViT-B/16", X=1), "error[name]: `X` is no size of `ViT`"),
        (lambda: VIT.macs.subs(X=1), "error[name]: `X` is no size of `ViT`"),
        (lambda: VIT.macs.subs(D="4*D"), "error[type]: `D` takes a name, and '4*D' is none"),
        (lambda: VIT.macs.subs(D=7, H=2), "error[assume]: the formula rests on `H | D`"),
        (lambda: VIT.macs.in_terms_of("N", 3), "error[type]: a size is named by a text, and "),  # type: ignore[arg-type]
        (lambda: VIT.macs**-1, "error[type]: a formula has whole powers from 0 on, and this is -1"),
        (lambda: VIT.macs.equals("x"), "error[type]: a formula is compared with a formula or a "),  # type: ignore[arg-type]
        (lambda: (MLP / ATTENTION).terms(), "error[sizes]: a quotient is no sum of terms"),
        (lambda: VIT["Mlp"], "error[name]: `zoo/vit.arch` has no model or block `Mlp`"),
        (lambda: VIT.part("Mlp"), "error[name]: `ViT` has no part `Mlp`"),
        (lambda: VIT.part(3), "error[type]: a part is named by a text such as 'MLP', and this"),  # type: ignore[arg-type]
        (
            lambda: VIT.macs * 2.5,
            "error[type]: a formula is exact, and 2.5 is not\n     = help: write Fraction(5, 2)",
        ),  # type: ignore[operator]
        (
            lambda: 0.1 + VIT.macs,
            "error[type]: a formula is exact, and 0.1 is not\n     = help: write Fraction(1, 10)",
        ),  # type: ignore[operator]
        (lambda: VIT.macs / 0, "error[fraction]: a formula is divided by 0"),
        (lambda: 1 / (VIT.macs - VIT.macs), "error[fraction]: a formula is divided by 0"),
        (lambda: VIT.macs < VIT.params, "error[type]: which of two formulas is larger depends on"),
        (lambda: max(VIT.macs, VIT.params), "error[type]: which of two formulas is larger depend"),  # type: ignore[type-var]
        (lambda: VIT.macs.function(["N"], D=1), "error[type]: a size is named by a text, and this"),  # type: ignore[arg-type]
        (lambda: (VIT.macs + 1).at("ViT-B/17"), "error[name]: `zoo/vit.arch` has no preset"),
    ],
)
def test_what_is_asked_wrongly(call: Callable[[], object], text: str) -> None:
    """Fails when a mistake of the user is an error of Python's from inside."""
    assert message(call).startswith(text)


D = sympy.Symbol("D")
NO_FORMULAS = [sympy.I, sympy.oo, -sympy.oo, sympy.zoo, sympy.nan, sympy.pi, sympy.sin(D)]


@pytest.mark.parametrize("other", [sympy.Float(2), "D", True, None, 1j, *NO_FORMULAS])
def test_what_is_no_operand(other: object) -> None:
    """Fails when an operand of a wrong type is an error of Python's."""
    advice = 'a size is `.symbols["D"]` of a formula, a number an int or a Fraction'
    expected = f"error[type]: {other!r} is no formula and no exact number\n     = help: {advice}"
    assert message(lambda: MLP * other) == expected  # type: ignore[operator]
    assert message(lambda: other - MLP) == expected  # type: ignore[operator]


@pytest.mark.parametrize("other", [float("inf"), float("nan")])
def test_what_no_fraction_is_near(other: float) -> None:
    """Fails when a half is offered for infinity."""
    told = f"error[type]: a formula is exact, and {other} is not"
    assert message(lambda: MLP * other) == told  # type: ignore[operator]


def test_an_operand_of_another_package_has_its_turn() -> None:
    """Fails when arrays, which take numbers and formulas as elements, are refused."""

    class Foreign:
        def __radd__(self, other: object) -> object:
            return other

    assert MLP + Foreign() is MLP  # type: ignore[operator]
    with pytest.raises(TypeError):
        _ = MLP * Foreign()  # type: ignore[operator]


def test_numbers_of_numpy_are_numbers() -> None:
    """Fails when a size from a column of a DataFrame is refused."""
    numpy = pytest.importorskip("numpy", reason="NumPy is not installed")
    wide = numpy.int64(768)
    assert VIT.macs.at(D=wide, H=numpy.int32(12), L=12) == VIT.macs.at("ViT-B/16")
    assert type(VIT.macs.at(D=wide, H=12, L=12)) is int
    assert message(lambda: VIT.macs.at(D=numpy.float64(768), H=12, L=12)).startswith(
        "error[type]: `D` takes exact numbers"
    )


def test_presets_that_disagree_are_named() -> None:
    apart = VIT.macs - cf.zoo("deit").macs
    assert message(lambda: apart.at("ViT-L/16", "DeiT-B distilled")) == (
        "error[preset]: `D` is 1024 at one of these presets, and 768 at 'DeiT-B distilled'\n"
        "     = help: give it one value, `D=...`, or compute with the numbers of each formula, "
        '`.at("...")`'
    )


def test_blocks_side_by_side() -> None:
    """Fails when a size of the second block cannot be given, or is not said to be of it."""
    sra, attention = cf.zoo("pvt")["SRA"].macs, VIT["SelfAttention"].macs
    given = {"n": 16, "d": 2, "heads": 1}
    both = attention / sra
    value = Fraction(attention.at(**given), sra.at(**given, side=4, r=2))
    assert both.at(**given, side=4, r=2) == value
    assert (both * 3).subs(side=4).at(**given, r=2) == 3 * value
    assert "In the own sizes of SelfAttention and SRA." in both._repr_markdown_()
    assert "In the own sizes of SelfAttention. " in (2 * attention)._repr_markdown_()
    model = both.subs(n="N", d="D", heads="H", side="M", r="R")
    assert "own sizes" not in model._repr_markdown_()


def test_what_holds_by_itself_is_no_assumption() -> None:
    """Fails when a formula rests on `side | side^2`, which holds for all sizes."""
    sra = cf.zoo("pvt")["SRA"].macs
    side = sra.symbols["side"]
    assert sra.subs(r=8).assumptions == ("heads | d", "side | n")
    assert sra.subs(n=side**2, r=8).assumptions == ("heads | d",)
    assert sra.subs(n=side**2 + 1, r=8).assumptions == ("heads | d", "side | side^2 + 1")


# Terms -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", cases(["vit", "gpt2", "albert", "mobilenet_v2", "bert", "swin"]))
def test_terms_add_up(name: str) -> None:
    """Fails when a term is lost, has another coefficient, or is said to be from elsewhere."""
    model = cf.zoo(name)
    for form in (model.params, model.macs):
        terms = form.terms()
        base = form._closed.derivation.known.base
        whole = sum(term.expr for term in terms)
        assert sympy.expand(base(whole) - base(form.expr)) == 0
        for term in terms:
            assert sum(source.coefficient for source in term.sources) == term.coefficient


def test_terms_name_their_parts() -> None:
    told = [(str(t.expr), [str(source) for source in t.sources]) for t in VIT.macs.terms()]
    attention = "EncoderLayer.SelfAttention"
    assert told == [
        ("4*D**2*L*T", [f"{attention}.linear (line {line})" for line in (18, 19, 20, 23)]),
        ("2*D*F*L*T", ["EncoderLayer.MLP.linear (line 29)"] * 2),
        ("2*D*L*T**2", [f"{attention}.einsum (line {line})" for line in (21, 22)]),
        ("3*D*N*P**2", ["conv2d (line 36)"]),
        ("C*D", ["linear (line 40)"]),
    ]


def test_symbols_of_sympy_are_those_of_their_name() -> None:
    """Fails when a symbol that is positive, and no more, is another than that of the file."""
    d, f, t = (sympy.Symbol(name, positive=True) for name in "DFT")
    assert VIT.part("EncoderLayer.MLP").macs == 2 * d * f * t
    assert (VIT.macs / d).at("ViT-B/16") * 768 == VIT.macs.at("ViT-B/16")


def test_an_abbreviation_of_an_abbreviation_is_not_mixed() -> None:
    told = "error[assume]: `T` is given, and N + 1 is another number\n     = note: with N = 196"
    assert message(lambda: VIT.macs.at("ViT-B/16", T=577)) == told


def test_a_list_and_one_of_it_are_given_once() -> None:
    """Fails when the order of what is given decides."""
    pvt = cf.zoo("pvt").macs
    told = "error[argument]: `L_3` is given twice"
    assert message(lambda: pvt.at("PVT-Small", L=[2, 2, 2, 2], L_3=5)) == told
    assert message(lambda: pvt.at("PVT-Small", L_3=5, L=[2, 2, 2, 2])) == told


def test_the_sizes_of_a_block_and_of_a_model_are_not_mixed() -> None:
    block = VIT["MLP"].macs
    told = (
        "error[sizes]: `MLP` is in its own sizes, and `ViT` in those of the model\n"
        "     = help: take the block where the model uses it, as `.part(...)` of `ViT` gives it, "
        "or say what its sizes are with `.subs(...)`"
    )
    assert message(lambda: VIT.macs.overtakes(block, "D", "ViT-B/16")) == told
    assert message(lambda: VIT.macs.over("L", 1, block)) == told
    drawn = {"a": VIT.macs, "b": block}
    assert message(lambda: cf.plot_over(drawn, "D", (16, 64), "ViT-B/16")) == told


def test_a_sum_over_a_size_that_something_divides_is_refused() -> None:
    """Fails when an assumption is checked at the last number of a sum alone."""
    assert message(lambda: VIT.macs.over("I", 223, 2)) == (
        "error[assume]: `P | I` is assumed, and is not known at each number of `I`\n"
        "     = help: take the sum over a formula that does not rest on it"
    )


def test_exported_functions_take_sizes_as_they_are_named() -> None:
    code = VIT.macs.export("python", "N", "D", preset="ViT-B/16")
    assert "def macs(N, D):" in code
