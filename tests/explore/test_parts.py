"""Parts of a model in the sizes of the model, and tables of them."""

from __future__ import annotations

from fractions import Fraction

import pandas
import pytest
import sympy

import closedform as cf

VIT = cf.zoo("vit")


def test_what_the_issue_of_vit_asks() -> None:
    mlp, attention = (VIT.part(f"EncoderLayer.{n}").macs for n in ("MLP", "SelfAttention"))
    assert mlp.at("ViT-B/16") == 2 * 197 * 768 * 3072
    assert attention.at("ViT-B/16") == 4 * 197 * 768**2 + 2 * 197**2 * 768


@pytest.mark.parametrize("name", ["vit", "resnet", "pvt", "llama", "albert", "mobilenet_v2"])
def test_outer_parts_add_up_to_the_model(name: str) -> None:
    """Fails when a part is missing or counted more than once, or as often as it is not used."""
    model = cf.zoo(name)
    for measure in ("params", "macs"):
        whole = model.measure(measure)
        outer = [p for p in model.parts if all("=" in n for n in p.name.split(".")[:-1])]
        found = sum(part.all(measure).expr for part in outer)
        base = whole._closed.derivation.known.base
        assert sympy.expand(base(found) - base(whole.expr)) == 0


def test_parts_at_a_preset() -> None:
    shares = VIT.parts.at("ViT-B/16")
    rows = {row.name: row for row in shares}
    assert rows["EncoderLayer"].times == 12
    assert rows["EncoderLayer"].all == 12 * rows["EncoderLayer"].one
    assert rows["EncoderLayer"].share == sympy.Rational(91605, 92216)
    assert shares.largest.name == "EncoderLayer"
    assert repr(shares).splitlines()[:2] == [
        "part                        times  one            all             share",
        "conv2d                      1      115,605,504    115,605,504     0.7%",
    ]


def test_one_path_of_several_parts_needs_a_line() -> None:
    file = cf.loads(
        "block F(x: [d], o):\n    return x -> linear(o)\n\n"
        "model M(x: [7]):\n    x = x -> F(3)\n    return x -> F(5)\n"
    )
    with pytest.raises(cf.ClosedformError) as caught:
        file.part("F")
    assert str(caught.value) == (
        "error[name]: `M` has several parts `F` that differ, on lines 5, 6\n"
        "     = help: say which: `.part('F', line=5)`"
    )
    assert file.part("F", line=6).macs.at() == 15


def test_stages_have_names() -> None:
    resnet = cf.zoo("resnet")
    first, others = (resnet.part("s=2.Bottleneck", line=line) for line in (30, 33))
    assert (str(first.times), str(others.times)) == ("1", "L_2 - 1")
    assert str(others.macs) == "68 m_2^2 W^2"


# Tables ------------------------------------------------------------------------------------


def test_presets_as_a_frame() -> None:
    frame = VIT.presets.frame()
    assert list(frame.columns) == ["params", "macs", "I", "P", "D", "H", "L", "F", "C"]
    assert frame.loc["ViT-B/16"].to_list() == [
        86567656, 17563828224, 224, 16, 768, 12, 12, 3072, 1000,
    ]  # fmt: skip
    assert {str(kind) for kind in frame.dtypes} == {"int64"}


def test_numbers_of_a_frame_stay_exact() -> None:
    """Fails when a number that int64 cannot hold becomes a float."""
    file = cf.loads(
        'dim N\n\nmodel M(x: [N, N]):\n    return x -> linear(N)\n\npreset "a": N=10^9\n'
        '\npreset "b": N=10^3\n'
    )
    frame = file.presets.frame()
    assert frame["macs"].to_list() == [10**27, 10**9]
    assert isinstance(frame["macs"]["a"], int)
    assert frame["params"].dtype == "int64"


def test_tables_of_parts_and_terms_as_frames() -> None:
    frame = VIT.parts.frame()
    assert isinstance(frame, pandas.DataFrame)
    assert frame.iloc[3].to_list() == [
        "EncoderLayer", "L", "D (4 D + 2 F + 9) + F", "2 T D (2 D + F + T)", None, 0,
    ]  # fmt: skip
    rows = VIT.parts.at("ViT-B/16").frame()
    for table in (frame, rows):
        around = dict(
            zip(table["part"], zip(table["parent"], table["depth"], strict=True), strict=True)
        )
        assert around["EncoderLayer.MLP"] == ("EncoderLayer", 1)
        assert around["EncoderLayer"] == (None, 0)
    assert rows["share"].iloc[5] == Fraction(11154751488, 17563828224)
    assert list(VIT.macs.terms().frame()["coefficient"]) == [4, 2, 2, 3, 1]
