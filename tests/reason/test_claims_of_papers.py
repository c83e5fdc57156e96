"""Claims that are asked: what is answered, and what explains those that do not hold."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closedform.api import Part, loads, zoo
from closedform.errors import ClosedformError
from helpers import call

BLOCKS = """\
block Attention(x: [n, d], heads):
    require heads | d
    q = x -> linear(d, bias=false)
    k = x -> linear(d, bias=false)
    v = x -> linear(d, bias=false)
    y = einsum("h n e, h m e -> h n m", q -> cut(heads), k -> cut(heads)) -> softmax
    y = einsum("h n m, h m e -> h n e", y, v -> cut(heads))
    return y -> rearrange("h n e -> n (h e)") -> layernorm -> linear(d)

block cut(x: [n, d], h):
    require h | d
    return x -> rearrange("n (h e) -> h n e", h=h)

block Reduced(x: [c, h, w], r):
    y = x -> conv2d(c, kernel=r, stride=r)
    return y -> rearrange("c h w -> h w c") -> linear(c)
"""
BELOW = "h w = n, C = d"


@pytest.fixture(scope="module")
def attention() -> Part:
    return zoo("vit")["SelfAttention"]


@pytest.fixture(scope="module")
def blocks() -> dict[str, Part]:
    file = loads(BLOCKS)
    return {name: file[name] for name in file}


def test_equal(attention: Part) -> None:
    found = attention.check(r"\Omega(\mathrm{MSA}) = 4hwC^2 + 2(hw)^2C", "macs", BELOW)
    assert (found.word, bool(found), found.assumptions) == ("proved", True, ("heads | d",))
    assert (found.derived, found.claimed) == ("2 n d (2 d + n)", "2 n d (2 d + n)")
    assert (found.difference, found.sizes, found.values, found.reasons) == ("0", {}, (), ())
    assert repr(found) == "proved, where heads | d"


def test_refuted(attention: Part) -> None:
    found = attention.check(r"4hwC^2 + 2(hw)^2C + hw", "macs", BELOW)
    assert (found.word, bool(found)) == ("refuted", False)
    assert (found.difference, found.sizes, found.values) == ("-n", {"d": 1, "n": 1}, (6, 7))
    assert repr(found) == (
        "refuted: macs of `SelfAttention` is 2 n d (2 d + n), and the claim says "
        "4 n d^2 + 2 n^2 d + n\n"
        "    derived minus claimed: -n\n"
        "    at d = 1, n = 1: 6 derived, 7 claimed"
    )


def test_several_sides(attention: Part) -> None:
    """Fails when only one side of an equation is looked at."""
    assert attention.check(r"4nd^2 + 2n^2d = 2nd(2d + n)", "macs")
    assert attention.check(r"4nd^2 + 2n^2d = 2nd(2d + 2n)", "macs").difference == "-2 n^2 d"
    assert attention.check(r"2nd(2d + 2n) = 4nd^2 + 2n^2d", "macs").difference == "-2 n^2 d"


@pytest.mark.parametrize(
    ("formula", "word"),
    [
        (r"T \le 4nd^2 + 3n^2d", "proved"),
        (r"T \le 4nd^2 + n^2d", "refuted"),
        (r"T \ge 4nd^2", "proved"),
        (r"T \ge 5nd^2", "refuted"),
        (r"T \sim 4nd^2 + 2n^2d + nd", "proved"),
        (r"T \sim 4nd^2", "refuted"),
        (r"\mathcal{O}(nd^2 + n^2d)", "proved"),
        (r"\Theta(nd(n + d))", "proved"),
        (r"T = O(n^2d)", "refuted"),
        (r"O((hw)^2 C + hwC^2)", "proved"),
    ],
)
def test_bounds_and_orders(attention: Part, formula: str, word: str) -> None:
    assert attention.check(formula, "macs", BELOW if "hw" in formula else "").word == word


def test_a_bound_says_so(attention: Part) -> None:
    found = attention.check(r"T \le 4nd^2 + n^2d", "macs")
    assert repr(found) == (
        "refuted: macs of `SelfAttention` is 2 n d (2 d + n), and the claim says "
        "<= n d (4 d + n)\n"
        "    derived minus claimed: n^2 d\n"
        "    at d = 1, n = 1: 6 derived, 5 claimed"
    )


# Explanations ----------------------------------------------------------------------------------

EXPLAINED = [
    ("Attention", "8nd^2 + 4n^2d", "macs", [
        "it holds for flops: two floating-point operations for each multiply-accumulate of every "
        "product and convolution",
        "it holds with a factor of 1/2: derived is 1/2 times claimed",
    ]),
    ("Attention", "4nd^2", "macs", [
        "it holds for macs under hooks: multiply-accumulates of Linear and Conv layers only, as "
        "layer hooks see them",
        "it holds without einsum (2 n^2 d)",
    ]),
    ("Attention", "12nd^2 + 6n^2d", "macs", [
        "it holds with a factor of 1/3: derived is 1/3 times claimed",
    ]),
    ("Attention", "4d^2 + d", "params", ["it holds without layernorm (2 d)"]),
    ("Attention", "3d^2 + 2d", "params", ["it holds without linear (line 8) (d^2 + d)"]),
    ("Attention", "3d^2", "params", [
        "it holds without layernorm (line 8) (2 d) and linear (line 8) (d^2 + d)",
    ]),
    ("Attention", "3nd^2 + n^2d", "macs", [
        "it holds without linear (line 3) (n d^2) and einsum (line 6) (n^2 d)",
    ]),
    ("Reduced", r"hwc^2 + \frac{hwc^2}{r^2}", "macs", ["it holds where r | h and r | w"]),
    ("Attention", "5nd^2", "macs", []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("block", "formula", "measure", "reasons"), EXPLAINED, ids=[f"{e[0]}-{e[1]}" for e in EXPLAINED]
)
def test_explained(
    blocks: dict[str, Part], block: str, formula: str, measure: str, reasons: list[str]
) -> None:
    found = blocks[block].check(formula, measure)
    assert (found.word, list(found.reasons)) == ("refuted", reasons)


def test_what_is_assumed(blocks: dict[str, Part]) -> None:
    formula = r"hwc^2 + \frac{hwc^2}{r^2}"
    assert blocks["Reduced"].check(formula, "macs", when="r | h, r | w")
    assert blocks["Reduced"].check("macs == h*w*c^2 + h*w*c^2/r^2", when="r | h, r | w")


# Random claims ---------------------------------------------------------------------------------

coefficients = st.integers(0, 4)


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(coefficients, coefficients, coefficients)
def test_a_counterexample_is_one(blocks: dict[str, Part], a: int, b: int, c: int) -> None:
    """Fails when a verdict is wrong, or the values of a refutation are not those at its sizes."""
    found = blocks["Attention"].check(rf"{a} n d^2 + {b} n^2 d + {c} n", "macs")
    assert bool(found) == ((a, b, c) == (4, 2, 0))
    if not found:
        n, d = found.sizes["n"], found.sizes["d"]
        assert found.values == (4 * n * d**2 + 2 * n**2 * d, a * n * d**2 + b * n**2 * d + c * n)
        assert found.values[0] != found.values[1]


# The map ---------------------------------------------------------------------------------------

WRONG = [
    ("4hwC^2 + 2h^2wC", BELOW, """\
<formula>:1:1: error[claim]: `h` or `w` stands alone here, and the map gives `h w` only
   1 | 4hwC^2 + 2h^2wC
     | ^^^^^^^^^^^^^^^
     = help: map each of them to a size of the file, `h = ...`"""),
    ("4nd^2 + Kn", "", """\
<formula>:1:9: error[name]: `K` is no size here
   1 | 4nd^2 + Kn
     |         ^
     = note: the sizes are n, d, heads
     = help: say in the map what it is: `K = ...`"""),
    ("4nD^2", "", """\
<formula>:1:3: error[name]: `D` is no size here
   1 | 4nD^2
     |   ^
     = note: the sizes are n, d, heads
     = help: say in the map what it is: `D = d`"""),
    ("4nq^2", "", """\
<formula>:1:3: error[name]: `q` is no size here
   1 | 4nq^2
     |   ^
     = note: the sizes are n, d, heads
     = help: say in the map what it is: `q = ...`"""),
    ("4nd^2", "n = d, h n = d", """\
<map>:1:10: error[claim]: `n` is mapped twice
   1 | n = d, h n = d
     |          ^
     = help: map it once; that two sizes are one is a condition, `--when 'h == w'`"""),
    ("4nd^2", "n = D", """\
<map>:1:5: error[name]: `D` is not defined
   1 | n = D
     |     ^
     = help: did you mean `d`?"""),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "where", "message"), WRONG, ids=[e[0] + e[1] for e in WRONG])
def test_errors(blocks: dict[str, Part], formula: str, where: str, message: str) -> None:
    with pytest.raises(ClosedformError) as caught:
        blocks["Attention"].check(formula, "macs", where)
    assert str(caught.value) == message


def test_products_that_are_mapped(blocks: dict[str, Part]) -> None:
    """Fails when powers of a product are not replaced, or one of three symbols is left."""
    attention = blocks["Attention"]
    assert attention.check("4 a b c d^2 + 2 a^2 b^2 c^2 d", "macs", "a b c = n")
    assert attention.check(r"4 \frac{a^2 b^2 d^2}{a b} + 2 (ab)^2 d", "macs", "a b = n")
    assert attention.check(r"\lfloor 4 a b d^2 + 2 (ab)^2 d \rfloor", "macs", "a b = n")
    with pytest.raises(ClosedformError, match="`a` or `b` or `c` stands alone"):
        attention.check("a b d", "macs", "a b c = n")


def test_fractions_are_exact(blocks: dict[str, Part]) -> None:
    found = blocks["Attention"].check(r"0.1 n d", "macs")
    assert found.values == (6, Fraction(1, 10))


def test_a_symbol_may_stand_for_a_measure() -> None:
    """Fails when 2 N n with N parameters is refused, or params are offered as a size."""
    text = "block L(x: [n, d], h):\n    return x -> linear(h, bias=false)\n"
    linear = loads(text)["L"]
    assert linear.check("2 N n", "flops", "N = params")
    assert linear.check("flops == 2*N*n", where="N = params")
    assert linear.check("3 N n", "flops", "N = params").difference == "-n d h"
    with pytest.raises(ClosedformError, match=r"`q` is no size here[^_]*are n, d, h\n"):
        linear.check("2 N q", "flops", "N = params")
    with pytest.raises(ClosedformError, match="`params` is a measure, and an order is of sizes"):
        linear.check("O(N n)", "flops", "N = params")


# On the command line ---------------------------------------------------------------------------


def test_command_line() -> None:
    asked = ["check", "vit", "--of", "SelfAttention"]
    latex = ["--latex", "4hwC^2 + 2(hw)^2C", "--map", BELOW]
    rests = "    heads | d: required (zoo/vit.arch:18:37)\n"
    ran = call(*asked, "--claim", "macs == 4*n*d^2 + 2*n^2*d")
    assert (ran.code, ran.out) == (0, f"proved: macs == 4*n*d^2 + 2*n^2*d\n{rests}")
    ran = call(*asked, *latex, "--measure", "macs")
    assert (ran.code, ran.out) == (0, f"proved: 4hwC^2 + 2(hw)^2C\n{rests}")
    ran = call(*asked, *latex, "--measure", "flops")
    assert (ran.code, ran.out) == (1, "")
    assert (
        ran.err
        == """\
<formula>:1:1: error[claim]: flops of `SelfAttention` is 4 n d (2 d + n), and the claim says \
2 n d (2 d + n)
   1 | 4hwC^2 + 2(hw)^2C
     | ^^^^^^^^^^^^^^^^^
     = note: derived minus claimed: 2 n d (2 d + n)
     = note: at d = 1, n = 1: 12 derived, 6 claimed
     = note: it holds for macs: multiply-accumulates of every product and convolution, attention \
included
     = note: it holds for macs under fvcore: multiply-accumulates, with 5 for each element of a \
layer norm, 2 of a batch norm and 1 of adaptive pooling, as fvcore counts
     = note: it holds with a factor of 2: derived is 2 times claimed
"""
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["vit", "--claim", "n", "--measure", "macs"], "--measure says what the formula"),
        (["vit", "pvt", "--claim", "n"], "is asked of one FILE"),
        (["--zoo", "--claim", "n"], "is asked of one FILE"),
        (["vit", "--claim", "n", "--latex", "n"], "is asked of one FILE"),
        (["vit", "--claim", "n", "-v"], "--verbose are for all claims of a file: leave them out"),
        (["vit", "--map", "h = n"], "--measure, --convention go with a claim"),
    ],
)
def test_wrong_use(arguments: list[str], message: str) -> None:
    ran = call("check", *arguments)
    assert ran.code == 2
    assert message in ran.err


def test_a_formula_that_begins_with_its_measure_needs_no_other(blocks: dict[str, Part]) -> None:
    found = blocks["Attention"].check(r"\mathrm{FLOPs}_{attn} = 8nd^2 + 4n^2d")
    assert (found.word, found.derived) == ("proved", "4 n d (2 d + n)")
    with pytest.raises(ClosedformError) as caught:
        blocks["Attention"].check(r"C_{attn} = \frac{1}{2} n")
    assert (
        str(caught.value)
        == """\
error[claim]: it is not said what this formula is of
     = help: name a measure, such as macs or params, or begin with it: `\\mathrm{MACs} = ...`"""
    )
    ran = call("check", "vit", "--of", "SelfAttention", "--latex", r"\text{MACs} = 4nd^2 + 2n^2d")
    assert (ran.code, ran.out) == (
        0,
        "proved: 4nd^2 + 2n^2d\n    heads | d: required (zoo/vit.arch:18:37)\n",
    )
    assert call("check", "vit", "--latex", "n").code == 1


def test_a_size_of_the_file_on_the_left_of_the_map_may_be_meant_as_a_condition() -> None:
    file = loads(
        "block M(x: [n, d], f):\n    return x -> linear(f, bias=false) -> linear(d, bias=false)\n"
    )
    found = file["M"].check("8NC^2", "macs", "N = n, C = d, f = 4 d")
    assert found.reasons == (
        "it holds where f == 4*d, which is a condition and no letter of the formula",
    )
    assert bool(file["M"].check("8NC^2", "macs", "N = n, C = d", when="f == 4*d"))
    found = file["M"].check("4NC^2", "macs", "N = n, C = d, f = 4 d")
    assert found.reasons == (
        "it holds with a factor of 2: derived is 2 times claimed, "
        "where f == 4*d, which is a condition and no letter of the formula",
    )
