"""Sliders: the widgets are set, and what follows them is read, without a browser."""

from __future__ import annotations

import re
import sys
from fractions import Fraction
from typing import Any

import pytest

import closedform as cf
from closedform.errors import ClosedformError

pytest.importorskip("ipywidgets", reason="ipywidgets is not installed")

CROP = """
dim N, D
dim F = 4*D  "hidden width"
ratio c = 1/2

model M(x: [N, D]):
    return x -> linear(F) -> linear(floor(c*D))

preset "small": N=16, D=8
preset "large": N=64, D=32, F=96, c=1/4
"""

STAGES = """
dim N, D
dim L[2]

model M(x: [N, D]):
    for s in 1..2:
        repeat L[s]:
            x = x -> linear(D)
    return x
"""


def words(widget: Any) -> list[str]:
    """The texts that a widget shows, styles left out."""
    bare = re.sub(r"<style>.*?</style>", "", widget.value, flags=re.DOTALL)
    return [text.strip() for text in re.split(r"<[^>]*>", bare) if text.strip()]


def formulas(panel: Any) -> list[str]:
    return re.findall(r'alttext="([^"]*)"', panel.formulas.value.partition("<ul>")[0])


def test_numbers_and_shares_follow_the_sliders() -> None:
    """Fails when a slider changes nothing, or another number than the formulas have."""
    vit = cf.zoo("vit")
    panel = vit.explore("ViT-B/16")
    assert words(panel.numbers) == [
        "here", "params", "86,567,656", "macs", "17,563,828,224", "N", "196", "T", "197",
    ]  # fmt: skip
    panel.sizes["D"].value = 384
    panel.sizes["I"].value = 448
    at = {"I": 448, "P": 16, "D": 384, "H": 12, "L": 12}
    told = dict(zip(words(panel.numbers)[1::2], words(panel.numbers)[2::2], strict=True))
    assert told == {
        "params": f"{vit.params.at(**at):,}", "macs": f"{vit.macs.at(**at):,}",
        "N": "784", "T": "785",
    }  # fmt: skip
    mlp = vit.part("EncoderLayer.MLP").all("macs").at(**at)
    after = words(panel.shares)
    assert after[0] == "macs of the parts"
    place = after.index("EncoderLayer.MLP")
    assert after[place + 3 : place + 5] == [f"{mlp:,}", f"{mlp / vit.macs.at(**at):.1%}"]


def test_a_preset_moves_the_sliders() -> None:
    panel = cf.zoo("vit").explore()
    assert panel.preset.value == "ViT-Ti/16"
    panel.preset.value = "ViT-L/14"
    assert panel.given == {"I": 224, "P": 14, "D": 1024, "H": 16, "L": 24, "C": 1000}
    assert words(panel.numbers)[4] == "81,013,006,336"


def test_a_slider_steps_over_what_is_not_allowed() -> None:
    """Fails when the step of a width does not keep it a multiple of the heads."""
    width = cf.zoo("vit").explore("ViT-B/16").sizes["D"]
    assert (width.min, width.max, width.step, width.tooltip) == (12, 3072, 12, "embedding width")


def test_what_does_not_hold_is_said() -> None:
    panel = cf.zoo("vit").explore("ViT-B/16")
    panel.sizes["H"].value = 5
    assert words(panel.numbers) == [
        "error[assume]: the formula rests on `H | D`, which does not hold\n"
        "     = note: with D = 768, H = 5\n"
        "     = note: that is assumed at zoo/vit.arch:14:15"
    ]
    assert words(panel.shares) == []
    panel.sizes["H"].value = 6
    assert words(panel.numbers)[4] == "17,563,828,224"


def test_the_formula_keeps_the_symbols_that_are_chosen() -> None:
    panel = cf.zoo("vit").explore("ViT-B/16", measures=["macs"])
    assert formulas(panel) == ["MACs = 2 L T D (2 D + F + T) + 3 N P^2 D + D C"]
    panel.open.value = ("D", "L")
    assert formulas(panel) == ["MACs = 394 L D (2 D + F + 197) + 151528 D"]
    panel.sizes["C"].value = 10
    assert formulas(panel) == ["MACs = 394 L D (2 D + F + 197) + 150538 D"]


def test_a_size_that_only_some_presets_give_and_a_ratio() -> None:
    panel = cf.loads(CROP).explore("small", measures=["macs"])
    assert panel.given == {"N": 16, "D": 8, "F": 32, "c": Fraction(1, 2)}
    panel.preset.value = "large"
    assert panel.sizes["F"].value == 96
    assert words(panel.numbers)[2] == f"{64 * 32 * 96 + 64 * 96 * 8:,}"
    panel.sizes["c"].value = "3/4"
    assert words(panel.numbers)[2] == f"{64 * 32 * 96 + 64 * 96 * 24:,}"
    panel.sizes["c"].value = "x"
    told = "error[type]: `c` is a ratio such as 1/2, and this is &#x27;x&#x27;"
    assert words(panel.numbers) == [told]


def test_sizes_of_stages_have_a_slider_each() -> None:
    panel = cf.loads(STAGES).explore(N=16, D=8, L=[2, 3], measures=["macs"])
    assert panel.given == {"N": 16, "D": 8, "L_1": 2, "L_2": 3}
    panel.sizes["L_2"].value = 6
    assert words(panel.numbers)[2] == f"{16 * 8 * 8 * (2 + 6):,}"


def test_a_block_begins_at_given_sizes() -> None:
    mlp = cf.zoo("vit")["MLP"]
    assert repr(mlp.explore(d=768, hidden=3072)) == "<MLP: sliders for d, hidden>"
    with pytest.raises(ClosedformError) as error:
        mlp.explore(d=768)
    assert str(error.value) == (
        "error[unbound]: `hidden` has no value to begin with\n"
        "     = help: give them: .explore(hidden=...)"
    )


def test_a_size_that_follows_has_a_slider_where_it_is_given() -> None:
    given = {"D": 384, "H": 6, "L": 12}
    assert list(cf.zoo("vit").explore(**given).sizes) == ["I", "P", "D", "H", "L", "C"]
    panel = cf.zoo("vit").explore(**given, F=768)
    assert panel.sizes["F"].value == 768
    assert words(panel.numbers)[4] == f"{cf.zoo('vit').macs.at(**given, F=768):,}"


def test_an_abbreviation_has_a_slider_in_the_place_of_what_it_is_made_of() -> None:
    """Fails when N is refused, stands beside I, or is forgotten at another preset."""
    vit = cf.zoo("vit")
    panel = vit.explore("ViT-B/16", N=576)
    assert panel.given == {"P": 16, "D": 768, "H": 12, "L": 12, "C": 1000, "N": 576}
    assert f"{vit.macs.at('ViT-B/16', N=576):,}" in words(panel.numbers)
    panel.sizes["N"].value = 100
    assert f"{vit.macs.at('ViT-B/16', N=100):,}" in words(panel.numbers)
    panel.preset.value = "ViT-L/32"
    assert (panel.given["N"], panel.given["P"]) == (49, 32)
    assert f"{vit.macs.at('ViT-L/32'):,}" in words(panel.numbers)


def test_a_notebook_shows_the_box() -> None:
    shown = cf.zoo("vit")["MLP"].explore(d=768, hidden=3072)._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in shown


def test_without_ipywidgets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    with pytest.raises(ClosedformError) as error:
        cf.zoo("vit").explore()
    assert str(error.value) == (
        "error[extra]: sliders need ipywidgets\n     = help: pip install 'closedform[explore]'"
    )
