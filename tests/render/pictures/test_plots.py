"""Plots: the same bytes each time, exact crossings, and labels that say what is there."""

from __future__ import annotations

import io
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

import closedform as cf
from closedform.derive.solve.along import Along, X
from closedform.errors import ClosedformError
from closedform.render.language import language
from closedform.render.pictures.curves import Crossing, crossings, points_of
from closedform.render.pictures.figures import Picture
from closedform.render.pictures.plots import _crossing

LAYERS = """
block Attention(x: [n, d]):
    q = x -> linear(d)
    k = x -> linear(d)
    v = x -> linear(d)
    a = einsum("n e, m e -> n m", q, k)
    return einsum("n m, m e -> n e", a, v) -> linear(d)

block MLP(x: [n, d]):
    return x -> linear(4*d) -> linear(d)
"""


@pytest.fixture(scope="module")
def layers() -> dict[str, cf.Formula]:
    file = cf.loads(LAYERS)
    return {"attention": file["Attention"].macs, "MLP": file["MLP"].macs}


def texts(picture: Picture) -> list[str]:
    """Every text of a figure that is not empty, axes included."""
    picture.png()
    from matplotlib.text import Text

    found = picture.figure.findobj(Text)
    return [text.get_text() for text in found if text.get_text() and text.get_visible()]


def curve(form: cf.Formula, size: str, preset: str | None = None, **sizes: int) -> Along:
    return form._along(size, preset, sizes)


def test_known_crossing(layers: dict[str, cf.Formula]) -> None:
    """Attention costs 4 n d^2 + 2 n^2 d and the MLP 8 n d^2: equal at n = 2 d."""
    for d in (768, 1000, 7):
        attention, mlp = (curve(form, "n", d=d) for form in layers.values())
        expected = [Crossing(2 * d, 2 * d, Fraction(16 * d**3))]
        assert crossings(attention, mlp, [1, 100_000]) == expected
        assert crossings(mlp, attention, points_of(1, 4000)) == expected


def test_crossing_between_two_numbers() -> None:
    square = Along("n", X**2)
    line = Along("n", 10 * X + 1)
    assert crossings(square, line, [1, 10**6]) == [Crossing(10, 11, Fraction(111))]
    assert [c.label for c in crossings(square, line, [1, 10**6])] == ["10–11"]


def test_two_crossings_between_two_points_are_found() -> None:
    square = Along("n", X**2)
    line = Along("n", 1000 * X - 9999)
    assert [(c.before, c.x) for c in crossings(square, line, [1, 10**6])] == [(10, 11), (989, 990)]


def test_the_same_cost_crosses_nowhere() -> None:
    square = Along("n", X**2)
    assert crossings(square, square, [1, 10, 100]) == []


def test_vit_and_swin_are_compared_where_both_hold() -> None:
    vit = curve(cf.zoo("vit").macs, "I", "ViT-S/16")
    swin = curve(cf.zoo("swin").macs, "I", "Swin-T")
    found = crossings(vit, swin, points_of(200, 260))
    assert [crossing.label for crossing in found] == ["208–224", "224–240"]
    assert vit.at(225) is None
    for x in (208, 224, 240):
        assert vit.at(x) == cf.zoo("vit").macs.at("ViT-S/16", I=x)
        assert swin.at(x) == cf.zoo("swin").macs.at("Swin-T", I=x)


def test_an_abbreviation_as_the_size() -> None:
    vit = curve(cf.zoo("vit").macs, "N", "ViT-B/16")
    assert vit.at(196) == 17563828224


def test_labels_of_costs_over_a_size(layers: dict[str, cf.Formula]) -> None:
    picture = cf.plot_over(layers, "n", (64, 16384), d=768)
    said = texts(picture)
    for text in ("MACs over n", "n", "MACs", "attention", "MLP", "100", "1 k", "10 k", "1 G",
                 "10 G", "100 G", "attention and MLP cross at n = 1536"):  # fmt: skip
        assert text in said


@pytest.mark.parametrize("span", [(32, 512), (1, 48), (200, 230)])
def test_ticks_are_numbers_as_they_are_read(span: tuple[int, int]) -> None:
    """Fails when matplotlib labels the ticks between the decades in its own way."""
    said = texts(cf.plot_over({"ResNet-50": cf.zoo("resnet").macs}, "I", span, "ResNet-50"))
    assert not [text for text in said if "$" in text]


def test_designs_with_sizes_of_their_own() -> None:
    """Fails when a size that one design alone has is refused, or one that none has is not."""
    file = cf.zoo("attention")
    formulas = {"all": file["GlobalAttention"].macs, "near": file["SlidingAttention"].macs}
    picture = cf.plot_over(formulas, "n", (16, 4096), d=96, heads=3, window=49)
    assert "all and near cross at n = 49" in texts(picture)
    with pytest.raises(ClosedformError, match="`windows` is no size of `GlobalAttention`"):
        cf.plot_over(formulas, "n", (16, 4096), d=96, heads=3, window=49, windows=7)


def test_models_at_presets_of_their_own() -> None:
    models = {"ViT": cf.zoo("vit").macs, "Mixer": cf.zoo("mixer").macs}
    presets = {"ViT": "ViT-B/16", "Mixer": "Mixer-B/16"}
    said = texts(cf.plot_over(models, "I", (64, 1024), presets))
    assert {"ViT", "Mixer", "MACs over I"} <= set(said)


def test_labels_of_costs_by_part() -> None:
    said = texts(cf.zoo("vit").plot_parts("ViT-B/16"))
    for text in ("ViT: cost by part at ViT-B/16", "params\n86.6 M", "MACs\n17.6 G", "65.5 %",
                 "32.7 %", "63.5 %", "35.8 %", "MLP", "SelfAttention", "conv2d", "linear",
                 "other"):  # fmt: skip
        assert text in said


def test_the_same_bytes(layers: dict[str, cf.Formula], tmp_path: Path) -> None:
    for make in (
        lambda: cf.zoo("vit").plot_parts("ViT-B/16"),
        lambda: cf.plot_over(layers, "n", (64, 512), d=768),
    ):
        first, second = make(), make()
        assert first.svg() == first.svg() == second.svg()
        assert first.png() == first.png() == second.png()
        assert "<text" not in first.svg()  # paths, so that no font is needed
        assert "<dc:date>" not in first.svg()
        first.save(tmp_path / "a.svg")
        second.save(tmp_path / "a.png")
        assert (tmp_path / "a.svg").read_text("utf-8") == second.svg()
        assert (tmp_path / "a.png").read_bytes() == first.png()


def test_settings_of_the_user_change_nothing(layers: dict[str, cf.Formula]) -> None:
    import matplotlib

    plain = cf.plot_over(layers, "n", (64, 512), d=768)
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red", "lines.linewidth": 9}):
        assert cf.plot_over(layers, "n", (64, 512), d=768).svg() == plain.svg()


def test_names_with_signs_stay_names() -> None:
    file = cf.loads(LAYERS)
    picture = cf.plot_over({"50% & #1_ $x$ <b>": file["MLP"].macs}, "n", (64, 512), d=8)
    assert "50% & #1_ $x$ <b>" in texts(picture)


@pytest.mark.parametrize(
    ("size", "span", "sizes", "message"),
    [
        ("n", (64, 512), {}, "`d` has no value"),
        ("n", (0, 512), {"d": 8}, "a plot needs a range of positive numbers, not 0..512"),
        ("m", (64, 512), {"d": 8}, "`m` is no size of `Attention`"),
    ],
)
def test_what_cannot_be_drawn(
    layers: dict[str, cf.Formula], size: str, span: tuple[int, int], sizes: dict[str, int],
    message: str,
) -> None:  # fmt: skip
    with pytest.raises(ClosedformError) as error:
        cf.plot_over(layers, size, span, **sizes)  # type: ignore[arg-type]
    assert error.value.diagnostics[0].message == message


def test_nothing_cannot_be_drawn() -> None:
    with pytest.raises(ClosedformError, match="there is no formula to draw"):
        cf.plot_over({}, "n", (64, 512))


def test_formulas_are_drawn_by_their_names(layers: dict[str, cf.Formula]) -> None:
    with pytest.raises(ClosedformError, match="formulas are drawn by their names"):
        cf.plot_over(layers["MLP"], "n", (64, 512), d=8)  # type: ignore[arg-type]


def test_bars_need_a_preset() -> None:
    with pytest.raises(ClosedformError, match="has no preset, and bars need numbers"):
        cf.loads(LAYERS)["MLP"].plot_parts()


def test_pictures_are_svg_or_png(tmp_path: Path) -> None:
    picture = cf.zoo("vit").plot_parts("ViT-B/16")
    with pytest.raises(ClosedformError, match=r"a picture cannot be written as `\.gif`"):
        picture.save(tmp_path / "a.gif")


# Maps, sensitivity, and what is said for those who do not see ------------------------------


GRID = """
dim N  "tokens"
dim D  "width"
dim H = 4

assume H | D

model M(x: [N, D]):
    return x -> linear(D)

preset "one": N=10, D=100
"""


def test_a_map_has_the_exact_costs() -> None:
    """Fails when a cell has the cost of another, or sizes that do not hold are drawn."""
    picture = cf.loads(GRID).macs.plot_map({"N": (2, 9), "D": (90, 110)}, "one")
    axes, _ = picture.figure.axes
    (mesh,) = axes.collections[:1]
    widths = [92, 96, 100, 104, 108]
    assert mesh.get_array().tolist() == [[n * d * d for n in range(2, 10)] for d in widths]
    assert picture.about == (
        "MACs over N and D; N, tokens: from 2 to 9; D, width: from 92 to 108; from 16.9 k to 105 k."
    )
    (here,) = axes.lines
    assert (here.get_xdata()[0], here.get_ydata()[0]) == (10, 100)
    said = texts(picture)
    for text in ("MACs over N and D", "N, tokens", "D, width", "MACs", "20 k", "50 k", "100 k"):
        assert text in said


def test_a_map_takes_abbreviations_and_given_sizes() -> None:
    picture = cf.zoo("vit").macs.plot_map({"N": (16, 4096), "L": (1, 4)}, "ViT-B/16", D=384)
    mesh = picture.figure.axes[0].collections[0]
    numbers = mesh.get_array()[3]
    expected = (cf.zoo("vit").macs.at("ViT-B/16", N=n, L=4, D=384) for n in (16, 4096))
    assert (int(numbers[0]), int(numbers[-1])) == tuple(expected)


def test_sensitivity_is_the_elasticity() -> None:
    macs = cf.zoo("vit").macs
    said = texts(macs.plot_sensitivity("ViT-B/16"))
    assert "MACs of ViT at ViT-B/16" in said
    assert "percent of the cost for a percent of the size" in said
    for name, meaning in (("D", "embedding width"), ("L", "encoder depth")):
        assert f"{name}, {meaning}" in said
        assert f"{float(macs.elasticity(name).at('ViT-B/16')):.2f}" in said
    assert f"\N{MINUS SIGN}{-float(macs.elasticity('P').at('ViT-B/16')):.2f}" in said
    assert "< 0.01" in said  # the classes


def test_a_size_with_steps_has_no_bar() -> None:
    file = cf.loads("dim N, D\n\nmodel M(x: [N, D]):\n    return x -> linear(floor(N/2)*D)\n")
    assert file.macs.plot_sensitivity(N=8, D=4).about == (
        "MACs of M; percent of the cost for a percent of the size; D: 2.00; "
        "no such number, for the formula has steps there: N."
    )


def test_axes_say_their_meaning() -> None:
    said = texts(cf.plot_over({"ViT": cf.zoo("vit").macs}, "I", (32, 512), "ViT-B/16"))
    assert "I, image side, pixels" in said


def test_alternative_texts(layers: dict[str, cf.Formula]) -> None:
    picture = cf.plot_over({**layers, '"<a>"': layers["MLP"]}, "n", (64, 16384), d=768)
    about = (
        "MACs over n; n: from 64 to 16384; attention: 157 M at 64, 451 G at 16384; "
        'MLP: 302 M at 64, 77.3 G at 16384; "<a>": 302 M at 64, 77.3 G at 16384; '
        'attention and MLP cross at n = 1536; attention and "<a>" cross at n = 1536.'
    )
    assert picture.about == about
    assert repr(picture) == f"<picture: {about}>"
    escaped = about.replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    assert f'<svg role="img" aria-label="{escaped}" ' in picture.svg()
    assert picture._repr_html_().startswith(f'<img alt="{escaped}" style="max-width: 100%" src="')
    from PIL import Image

    with Image.open(io.BytesIO(picture.png())) as image:
        assert image.info["Description"] == about
    parts = cf.loads(GRID).plot_parts("one")
    assert parts.about == (
        "M: cost by part at one; params of linear: 100.0 %; MACs of linear: 100.0 %."
    )


@pytest.mark.parametrize(
    ("spans", "message"),
    [
        (
            {"N": (1, 9)},
            "a map is over two sizes, each with its first and its last number, not {'N': (1, 9)}",
        ),
        (
            {"N": 9, "D": (1, 3)},
            "a map is over two sizes, each with its first and its last number, "
            "not {'N': 9, 'D': (1, 3)}",
        ),
        ({"N": (1, 9), "D": (1, 3)}, "what is assumed holds for no `D` in 1..3"),
        ({"N": (1, 9), "E": (1, 3)}, "`E` is no size of `M`"),
        ({"N": (9, 1), "D": (1, 3)}, "a plot needs a range of positive numbers, not 9..1"),
    ],
)
def test_maps_that_cannot_be_drawn(spans: dict[str, tuple[int, int]], message: str) -> None:
    with pytest.raises(ClosedformError) as error:
        cf.loads(GRID).macs.plot_map(spans, "one")
    assert error.value.diagnostics[0].message == message


# In Chinese --------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.filterwarnings("error")  # matplotlib warns of characters that no font has
def test_plots_in_chinese(
    layers: dict[str, cf.Formula], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Needs a font with Chinese characters, such as fonts-wqy-microhei."""
    costs = {"注意力": layers["attention"], "前馈": layers["MLP"]}
    params = cf.loads(LAYERS)["MLP"].params
    for make, expected in (
        (lambda: cf.zoo("vit").plot_parts("ViT-B/16", lang="zh"),
         {"ViT：各组成部分的开销（预设 ViT-B/16）", "MACs\n17.6 G", "SelfAttention", "其他"}),
        (lambda: cf.plot_over(costs, "n", (64, 16384), lang="zh", d=768),
         {"MACs 随 n 的变化", "注意力 与 前馈 相交于 n = 1536", "注意力", "前馈", "10 G"}),
        (lambda: cf.plot_over({**costs, "参数": params}, "n", (64, 512), lang="zh", d=768),
         {"MACs、参数量 随 n 的变化", "MACs、参数量"}),
    ):  # fmt: skip
        first, second = make(), make()
        assert expected <= set(texts(first))
        assert first.svg() == first.svg() == second.svg()
        assert first.png() == first.png() == second.png()
    assert caplog.text == ""  # nor is a font taken for another


def test_many_crossings_in_chinese() -> None:
    found = [Crossing(x, x, Fraction(x)) for x in range(1, 8)]
    told = "甲 与 乙 相交于 n = 1、2、3、4、5 及另外 2 处"
    assert _crossing("甲", "乙", "n", found, language("zh")) == told
    told = "a and b cross at n = 1, 2, 3, 4, 5 and 2 more"
    assert _crossing("a", "b", "n", found, language("en")) == told


def test_chinese_plots_need_a_font(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("closedform.render.pictures.figures.CHINESE_FONTS", ("One", "Two", "Three"))
    with pytest.raises(ClosedformError) as error:
        cf.zoo("vit").plot_parts("ViT-B/16", lang="zh")
    (diagnostic,) = error.value.diagnostics
    assert diagnostic.message == "matplotlib has no font with Chinese characters"
    assert diagnostic.help == "install One or another of: Two, Three"
    assert cf.zoo("vit").plot_parts("ViT-B/16").svg()


@pytest.mark.filterwarnings("ignore:Glyph")  # DejaVu Serif stands for a Chinese font
def test_a_font_installed_after_matplotlib_made_its_list_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from matplotlib.font_manager import fontManager

    fonts = [font for font in fontManager.ttflist if font.name != "DejaVu Serif"]
    (serif, *_) = (font.fname for font in fontManager.ttflist if font.name == "DejaVu Serif")
    monkeypatch.setattr(fontManager, "ttflist", fonts)
    monkeypatch.setattr("matplotlib.font_manager.findSystemFonts", lambda: [__file__, serif])
    monkeypatch.setattr("closedform.render.pictures.figures.CHINESE_FONTS", ("One", "DejaVu Serif"))
    assert cf.zoo("vit").plot_parts("ViT-B/16", lang="zh").figure is not None


def test_matplotlib_is_imported_late() -> None:
    code = "import closedform.api, sys; assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_ratio_is_called_by_its_formula() -> None:
    """Fails when the title of a picture begins with nothing, or a map rounds what it shows."""
    vit = cf.zoo("vit")
    mlp, attention = (vit.part(f"EncoderLayer.{n}").macs for n in ("MLP", "SelfAttention"))
    spans = {"N": (16, 4096), "D": (192, 1536)}
    assert (mlp / attention).plot_map(spans, "ViT-B/16").about == (
        "F/(2 D + T) over N and D; N, patches: from 16 to 4096; D, embedding width: from 192 to "
        "1536; from 0.17 to 1.99."
    )
    both = cf.plot_over({"a": mlp / attention, "b": mlp / 2 / attention}, "N", (16, 64), "ViT-B/16")
    assert both.about.startswith("formula over N")
    with pytest.raises(ClosedformError) as caught:
        (mlp - attention).plot_map(spans, "ViT-B/16")
    assert str(caught.value) == (
        "error[argument]: a map is of what is not negative, and this is -3594624 at N = 406, "
        "D = 192\n     = help: draw the ratio of both in the place of a difference"
    )
