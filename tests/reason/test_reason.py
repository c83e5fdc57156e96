"""Answers of formulas, against numbers that are tried one by one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from itertools import pairwise

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

import closedform as cf
from closedform import ClosedformError, Formula
from closedform.derive.solve.along import Along, X
from closedform.derive.symbolic.atoms import Divides
from closedform.reason import inverse
from closedform.reason.crossings import order_of
from closedform.reason.inverse import largest, least
from closedform.reason.rules import regions
from helpers import Ran, call

VIT = cf.zoo("vit")
MLP = VIT.part("EncoderLayer.MLP").macs
ATTENTION = VIT.part("EncoderLayer.SelfAttention").macs
FILE = cf.zoo("attention")


def message(call: Callable[[], object]) -> str:
    with pytest.raises(ClosedformError) as caught:
        call()
    return str(caught.value)


# Crossings ---------------------------------------------------------------------------------

SIZES = {"d": 64, "heads": 2, "window": 7, "r": 4, "k": 32, "stride": 4, "side": 8, "e": 64}


@pytest.mark.parametrize("other", ["SlidingAttention", "Linformer"])
def test_thresholds_of_attention(other: str) -> None:
    """Fails when a threshold is not that of a search, or is not proved."""
    one, two = FILE["GlobalAttention"].macs, FILE[other].macs
    found = one.overtakes(two, "n", **{key: SIZES[key] for key in ASKED[other]})
    signs = {}
    for n in range(1, 600):
        with suppress(ClosedformError):
            costs = [
                form.at(
                    n=n, **{key: SIZES[key] for key in ASKED[other] if key in form._sizes.table}
                )
                for form in (one, two)
            ]
            signs[n] = (costs[0] > costs[1]) - (costs[0] < costs[1])
    assert found.proved
    assert all(sign == found.order.larger for n, sign in signs.items() if n >= found.start)
    before = [sign for n, sign in signs.items() if n < found.start]
    assert not before or before[-1] != found.order.larger


ASKED = {
    "SlidingAttention": ("d", "heads", "window"),
    "Linformer": ("d", "heads", "k"),
}


@pytest.mark.parametrize(
    ("other", "more"), [("WindowedAttention", {"side": 7}), ("SpatialReductionAttention", {"r": 4})]
)
def test_maps_against_tokens(other: str, more: dict[str, int]) -> None:
    """Global attention over h w tokens against attention over a map of h by w."""
    two = FILE[other].macs
    h, w = (two.symbols[name] for name in "hw")
    one = FILE["GlobalAttention"].macs.subs(n=h * w)
    found = one.overtakes(two, "h", w=28, d=64, heads=2, **more)
    signs = {}
    for side in range(1, 150):
        with suppress(ClosedformError):
            costs = (
                one.at(h=side, w=28, d=64, heads=2),
                two.at(h=side, w=28, d=64, heads=2, **more),
            )
            signs[side] = (costs[0] > costs[1]) - (costs[0] < costs[1])
    assert found.proved
    assert signs
    assert all(sign == found.order.larger for side, sign in signs.items() if side >= found.start)
    assert all(sign != found.order.larger for side, sign in signs.items() if side < found.start)


def test_attention_against_the_mlp() -> None:
    found = ATTENTION.overtakes(MLP, "T", "ViT-B/16")
    assert repr(found) == "larger from T = 1537 on, for all larger ones"
    assert repr(MLP.overtakes(ATTENTION, "T", "ViT-B/16")) == (
        "smaller from T = 1537 on, for all larger ones"
    )
    assert [str(root) for root in ATTENTION.crossing(MLP, "T")] == ["F - 2 D"]
    assert (
        repr(MLP.overtakes(MLP, "T", "ViT-B/16")) == "the same from T = 1 on, for all larger ones"
    )


def test_models_against_each_other() -> None:
    """PVT against ViT, Fastformer against ViT: at the same image, from the search too."""
    fast = cf.zoo("fastformer").macs
    found = VIT.macs.overtakes(fast, "I", D=768, H=12, L=12, P=16, C=1000)
    values = {"D": 768, "H": 12, "L": 12, "P": 16, "C": 1000}

    def at(form: Formula, image: int) -> int | Fraction:
        return form.at(I=image, **values)

    sides = range(16, 1024, 16)
    larger = [side for side in sides if at(VIT.macs, side) > at(fast, side)]
    assert found.proved
    assert larger == [side for side in sides if side >= found.start]


@st.composite
def costs(draw: st.DrawFn) -> sympy.Expr:
    """A sum of powers, floors, ceilings of X."""
    terms = []
    for _ in range(draw(st.integers(1, 4))):
        divisor, power = draw(st.integers(1, 5)), draw(st.integers(1, 3))
        part = draw(st.sampled_from([X, sympy.floor(X / divisor), sympy.ceiling(X / divisor)]))
        terms.append(draw(st.integers(1, 40)) * part**power)
    return sympy.Add(*terms, draw(st.integers(0, 500)))


@settings(max_examples=15, deadline=None)
@given(costs(), costs())
def test_thresholds_of_any_costs(one: sympy.Expr, other: sympy.Expr) -> None:
    """Fails when a proved threshold is not that of a search."""
    first, second = Along("x", one), Along("x", other)
    found = order_of(first, second)
    if found.proved and found.start < 150:
        signs = [(first.at(x) > second.at(x)) - (first.at(x) < second.at(x)) for x in range(1, 200)]
        assert all(sign == found.larger for sign in signs[found.start - 1 :])
        assert found.start == 1 or signs[found.start - 2] != found.larger


@settings(max_examples=40, deadline=None)
@given(costs(), st.integers(0, 10**6))
def test_budgets_of_any_costs(cost: sympy.Expr, budget: int) -> None:
    """Fails when a larger number is within the budget, or the one that is found is not."""
    along = Along("x", cost)
    if along.at(1) > budget:
        assert "within the budget" in message(lambda: largest(along, Fraction(budget)))
        return
    found = largest(along, Fraction(budget))
    assert found.cost == along.at(found.number) <= budget
    assert found.next is not None
    assert budget < found.next[1]
    assert all(along.at(found.number + more) > budget for more in range(1, 200))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 10**6), st.integers(0, 4)), min_size=1, max_size=4))
def test_regions_of_any_terms(terms: list[tuple[int, int]]) -> None:
    """Fails when another term is larger than the one that is said to be the largest."""
    cost = Along("x", sympy.expand(sympy.Add(*(c * X**p for c, p in terms))))
    amounts: dict[int, int] = {}
    for coefficient, power in terms:
        amounts[power] = amounts.get(power, 0) + coefficient
    found = regions(cost)
    assert found[0].start == 1
    assert found[-1].end is None
    for region, after in pairwise(found):
        assert region.end == after.start - 1
    for region in found:
        for x in {region.start, region.end or region.start + 10**6}:
            here = amounts[int(region.power)] * x ** int(region.power)
            assert here == max(c * x**p for p, c in amounts.items())


# Terms -------------------------------------------------------------------------------------


def test_leading_terms() -> None:
    found = [(str(t.coefficient), str(t.monomial)) for t in VIT.macs.leading("N", "D")]
    assert found == [("4 L", "D**2*N"), ("2 L", "D*N**2")]
    assert [str(t.monomial) for t in cf.zoo("resnet").macs.leading("W")] == ["W**2"]
    assert message(lambda: VIT.macs.leading()).startswith("error[argument]: name the sizes that")
    assert message(lambda: VIT.macs.leading("Q")).startswith("error[name]: `Q` is no size of `ViT`")


def test_how_fast_it_grows() -> None:
    assert str(ATTENTION.elasticity("T")) == "(2 D + 2 T)/(2 D + T)"
    before, after = (ATTENTION.at("ViT-B/16", T=t) for t in (197, 394))
    assert ATTENTION.growth("T", "ViT-B/16") == Fraction(after, before)
    resnet = cf.zoo("resnet").macs
    assert message(lambda: resnet.elasticity("I")).startswith(
        "error[reason]: the formula has steps in `I`, so it has no elasticity there"
    )
    before, after = (resnet.at("ResNet-50", I=side) for side in (224, 448))
    assert resnet.growth("I", "ResNet-50") == Fraction(after, before)


# Budgets -----------------------------------------------------------------------------------


def test_the_widest_model_within_a_budget() -> None:
    """Fails when heads do not divide the width, or a wider model is within the budget."""
    found = VIT.macs.solve("D", "20G", "ViT-B/16")
    allowed = {d: VIT.macs.at("ViT-B/16", D=d, F=4 * d) for d in range(12, 1200, 12)}
    assert found.number == max(d for d, cost in allowed.items() if cost <= 20 * 10**9)
    assert found.cost == allowed[found.number]
    assert repr(found).startswith("D = 816 costs ")


def test_the_last_number_that_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when a larger number is looked for, or promised, where none is allowed."""
    monkeypatch.setattr(inverse, "STEPS", 1000)
    patches = cf.zoo("convnext")["ConvNeXt"].params
    found = patches.solve("P_1", "50M", "ConvNeXt-T")
    numbers = [p for p in range(1, 57) if 224 % (8 * p) == 0]
    assert numbers[-1] == 28
    assert repr(found).startswith("P_1 = 28 costs 28,810,312, and no larger P_1 is allowed; ")
    assert found.found.next is None
    few = Along("x", X, (sympy.Eq(X % 7, 0) & (X < 20),))
    assert (largest(few, Fraction(100)).number, largest(few, Fraction(13)).next) == (14, (14, 14))
    some = largest(Along("x", X, (sympy.Ne(X, 5) & sympy.Or(X < 20, X < 6),)), Fraction(30))
    assert (some.number, some.next, some.tried) == (19, None, 1_019)
    far = Along("x", X, (X < 10**12,))
    assert (largest(far, Fraction(30)).number, least(far).number) == (30, 1)


def test_a_cost_that_falls_is_least_at_the_last_number() -> None:
    """Fails when a minimum is refused though only some numbers are allowed."""
    assert least(Along("x", 1000 / X, (Divides(X, sympy.Integer(36)),))).number == 36
    with pytest.raises(ClosedformError, match="it is not proved that the cost grows"):
        least(Along("x", 1000 / X, (X < 10**12,)))


def test_along_a_family() -> None:
    """The depth goes with the width: L = D/64."""
    symbol = VIT.macs.symbols["D"]
    found = VIT.macs.solve("D", "20G", "ViT-B/16", family={"L": symbol / 64})
    allowed = {d: VIT.macs.at("ViT-B/16", D=d, F=4 * d, L=d // 64) for d in range(192, 1600, 192)}
    assert found.number == max(d for d, cost in allowed.items() if cost <= 20 * 10**9)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: VIT.macs.solve("D", 2.5), "error[type]: a budget is exact, and this is 2.5"),  # type: ignore[arg-type]
        (lambda: VIT.macs.solve("D", "much"), "error[argument]: 'much' is no amount"),
        (lambda: VIT.macs.solve("D", "1k", "ViT-B/16"), "error[solve]: no `D` that is allowed is "),
        (lambda: VIT.macs.solve("Q", "1G", "ViT-B/16"), "error[name]: `Q` is no size of `ViT`"),
        (lambda: MLP.solve("C", "1G", "ViT-B/16"), "error[solve]: it is not proved that the cost "),
    ],
)
def test_budgets_that_are_no_question(call: Callable[[], object], text: str) -> None:
    assert message(call).startswith(text)


def test_where_a_cost_is_least() -> None:
    file = cf.loads(
        "dim N, k\nassume k | N\n\nop f(x: [N]) -> y: [N]:\n    mac = N*k + N^2/k\n\n"
        "model M(x: [N]):\n    return x -> f\n"
    )
    assert repr(file.macs.minimize("k", N=64)) == "k = 8 costs least, 1,024; exactly, k = sqrt(N)"
    divisors = [k for k in range(1, 61) if 60 % k == 0]
    assert file.macs.minimize("k", N=60).number == min(divisors, key=lambda k: 60 * k + 3600 // k)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 50), st.integers(1, 5000))
def test_the_least_of_any_cost(slope: int, height: int) -> None:
    cost = Along("x", slope * X + sympy.ceiling(height / X))
    found = least(cost)
    assert found.cost == min(cost.at(x) for x in range(1, 400))


# On the command line ----------------------------------------------------------------------


def test_the_command_solve() -> None:
    asked = ("solve", "vit", "--for", "D", "--preset", "ViT-B/16")
    ran = call("solve", "vit", "--for", "D", "--budget", "macs=20G", "--preset", "ViT-B/16")
    assert ran == Ran(
        0,
        "D = 816 costs 19,772,685,312, and D = 828 would cost 20,345,324,544; "
        "a budget B is met at D = (sqrt(1773 B + 18324495424) - 135368)/7092\n",
        "",
    )
    ran = call(
        "solve", "vit", "--of", "MLP", "--for", "d", "--budget", "params=1M", "--set", "hidden=64"
    )
    assert ran.out.startswith("d = 7,751 costs 999,943, and d = 7,752 would cost 1,000,072")
    assert call(*asked, "--budget", "20G") == Ran(
        2,
        "",
        "Usage: closedform solve [OPTIONS] FILE\nTry 'closedform solve --help' for help.\n\n"
        "Error: --budget takes NAME=NUMBER, and this is '20G'\n",
    )
    assert call(*asked, "--budget", "macs=much").err.startswith(
        "error[argument]: 'much' is no amount"
    )


def test_long_costs_are_tried_at_fewer_numbers() -> None:
    """Fails when a cost with many floors is put in 2,000 numbers, which takes ten seconds."""
    long = sympy.Add(*(k * sympy.floor((X + k) / (k + 1)) ** 2 for k in range(1, 40)))
    found = order_of(Along("I", X * sympy.floor(sympy.sqrt(X))), Along("I", long))
    assert (found.larger, found.proved) == (-1, False)
    assert 100 < (found.checked or 0) < 500


def test_abbreviations_are_given_as_sizes_are() -> None:
    """Fails when a `let` cannot be given to questions, though `.at` takes it."""
    macs = cf.zoo("vit").macs
    wide, narrow = (macs.at("ViT-B/16", D=width, N=576) for width in (1536, 768))
    assert macs.growth("D", "ViT-B/16", N=576) == Fraction(wide, narrow)
    sizes = {"L": 12, "D": 768, "H": 12, "P": 16}
    assert macs.growth("T", T=197, **sizes) == macs.growth("T", "ViT-B/16")
    found = macs.solve("D", "20G", "ViT-B/16", N=576)
    assert macs.at("ViT-B/16", D=found.number, N=576) == found.cost <= 20 * 10**9
    with pytest.raises(ClosedformError, match="`Q` is no size of `ViT`"):
        macs.growth("D", "ViT-B/16", Q=576)


def test_an_abbreviation_that_is_0_at_a_preset() -> None:
    """Fails when an abbreviation, which may be 0, has to be a size at the numbers of a preset."""
    mistral = cf.zoo("decoding")["Mistral"].macs
    preset = "Mistral-7B, a token after 32k"
    once, twice = mistral.at(preset), mistral.at(preset, D=2 * 4096)
    assert mistral.growth("D", preset=preset) == Fraction(twice) / Fraction(once)
