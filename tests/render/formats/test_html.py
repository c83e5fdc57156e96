"""Pages: well formed, whole by themselves, and with every name as text."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import closedform as cf
from closedform import formula as w
from closedform.derive.trace.flows import Flow, Step
from closedform.formula.numbers import NoNumberError, Numbers, amount
from closedform.projects import open_project, zoo_names
from closedform.render.formats import format_named
from closedform.render.formulas.mathml import escape_html, math, mathml
from closedform.render.formulas.mathml_lines import equation
from closedform.render.formulas.svg_line import pieces
from closedform.render.pictures.drawing import BAR
from closedform.render.report.closing import Remark
from closedform.render.report.preset_costs import amounts_of_rows, by_name, parts_of, sizes_at
from closedform.render.report.prose import Code
from closedform.render.report.view import Report, Wish, report
from helpers import call, cases
from pages import MATHML, SVG, XHTML, assert_safe, read

MODELS = cases(zoo_names(), {"vit", "recurrent", "pvt", "vgg", "attention"})


def reports(name: str, models_only: bool = False) -> list[Report]:
    project = open_project(name)
    parts = project.module.models() if models_only else project.parts()
    wish = Wish(project.measures((), None))
    return [report(project, entity, wish) for entity in parts]


@pytest.mark.parametrize("name", MODELS)
def test_pages_of_the_zoo(name: str) -> None:
    for shown in reports(name):
        page = format_named("html").report(shown)
        root = read(page)
        assert_safe(root)
        assert root.get("lang") == "en"
        assert root.findtext(f".//{XHTML}h1") == shown.title
        for picture in root.iter(f"{SVG}svg"):
            assert picture.findtext(f"{SVG}title")
            assert picture.findtext(f"{SVG}desc")
        for table in root.iter(f"{XHTML}table"):
            assert table.findall(f".//{XHTML}th[@scope='col']")
        shown_formulas = {node.get("alttext") for node in root.iter(f"{MATHML}math")}
        for row in shown.formulas:
            name_ = row.unit if row.convention else row.measure
            assert f"{name_} = {w.plain(row.formula)}" in shown_formulas


@pytest.mark.parametrize("name", MODELS)
def test_parts_add_up_to_the_values_of_the_presets(name: str) -> None:
    """The numbers of the pictures are those of the closed forms, which the core finds its way."""
    for shown in reports(name, models_only=True):
        for preset in shown.presets:
            sizes = sizes_at(shown.basis, preset.given)
            parts = parts_of(shown, sizes)
            own = by_name(parts)
            for at, value in enumerate(preset.values):
                if value is None:
                    continue
                assert amount(shown.formulas[at].formula, sizes) == value
                assert sum(p.amounts[at] for p in parts if p.amounts) == value
                assert sum(amounts[at] for amounts in own.values()) == value


@pytest.mark.parametrize("name", MODELS)
def test_stages_alike_cost_what_each_of_them_costs(name: str) -> None:
    """Fails when a row that tells several stages at once says another thing than these."""
    for shown in reports(name, models_only=True):
        each = replace(shown, parts=shown.every_part)
        for preset in shown.presets[:2]:
            sizes = sizes_at(shown.basis, preset.given)
            assert amounts_by_place(shown, sizes) == amounts_by_place(each, sizes)


def amounts_by_place(
    shown: Report, sizes: dict[str, w.Written]
) -> dict[tuple[int, int, str], list[Fraction]]:
    """What the rows of parts cost that have one depth, line and name."""
    found: dict[tuple[int, int, str], list[Fraction]] = {}
    for row, amounts in zip(shown.parts, amounts_of_rows(shown, sizes), strict=True):
        key = row.depth, row.line, row.name.split(" = ")[0]
        for at, amount_ in enumerate(amounts or ()):
            found.setdefault(key, [Fraction(0)] * len(shown.formulas))[at] += amount_
    return found


def test_stages_alike_are_told_once() -> None:
    """Fails when PVT's first three stages have rows of their own in a report, or one row in the
    pictures and in the JSON report, which show each stage."""
    (shown,) = reports("pvt", models_only=True)
    stages = [row for row in shown.parts if row.kind == "stage"]
    assert [(row.name, row.stages) for row in stages] == [
        ("s = 1..3", (("s", 1, 3),)),
        ("s = 4", ()),
    ]
    assert [row.name for row in shown.every_part if row.kind == "stage"] == [
        "s = 1", "s = 2", "s = 3", "s = 4",
    ]  # fmt: skip
    project = open_project("pvt")
    wish = Wish(project.measures((), None), stages="each")
    apart = report(project, project.part(None), wish)
    assert apart.parts == apart.every_part


def test_a_page_is_the_same_each_time() -> None:
    assert cf.zoo("vit").report("html") == cf.zoo("vit").report("html")


def test_the_command_line_writes_pages(tmp_path: Path) -> None:
    assert call("derive", "vit", "-o", "vit.html", folder=tmp_path).code == 0
    assert (tmp_path / "vit.html").read_text("utf-8").startswith("<!DOCTYPE html>\n")


def test_drawing_of_vit() -> None:
    root = read(cf.zoo("vit").report("html", preset="ViT-B/16"))
    drawing = root.find(f".//{SVG}svg[@class='drawing']")
    assert drawing is not None
    texts = ["".join(text.itertext()) for text in drawing.iter(f"{SVG}text")]
    assert texts == [
        "part, and the MACs of one",
        "MACs", "at ViT-B/16", "params", "at ViT-B/16",
        "3 × I × I", "conv2d", "3\u2009N\u2009P2\u2009D", "116 M", "591 k",
        "param", "0", "152 k",
        "T × D",
        "× L = 12", "EncoderLayer", "2\u2009T\u2009D\u2009(2\u2009D\u2009+\u2009F\u2009+\u2009T)",
        "17.4 G", "85.1 M",
        "SelfAttention", "2\u2009T\u2009D\u2009(2\u2009D\u2009+\u2009T)", "6.29 G", "28.3 M",
        "MLP", "2\u2009T\u2009D\u2009F", "11.2 G", "56.7 M",
        "layernorm", "0", "1.54 k",
        "D", "linear", "D\u2009C", "768 k", "769 k",
    ]  # fmt: skip


def bars(name: str) -> list[list[float]]:
    """The widths of the bars of a drawing, a list for each column."""
    drawing = read(cf.zoo(name).report("html")).find(f".//{SVG}svg[@class='drawing']")
    assert drawing is not None
    boxes = [b for b in drawing.iter(f"{SVG}rect") if str(b.get("class")).startswith("bar ")]
    columns = sorted({float(box.get("x", 0)) for box in boxes})
    return [[float(b.get("width", 0)) for b in boxes if float(b.get("x", 0)) == x] for x in columns]


@pytest.mark.parametrize("name", ["vit", "pvt"])
def test_the_longest_bar_fills_its_column(name: str) -> None:
    assert [max(column) for column in bars(name)] == [BAR, BAR]


def test_a_connection_is_drawn_around_what_it_skips() -> None:
    """Fails when one of the four of PVT's two drawings of a stage is missing, or has no plus."""
    drawing = read(cf.zoo("pvt").report("html")).find(f".//{SVG}svg[@class='drawing']")
    assert drawing is not None
    assert len([dot for dot in drawing.iter(f"{SVG}circle") if dot.get("class") == "plus"]) == 4
    shapes = [t for t in drawing.iter(f"{SVG}text") if t.get("class") == "shape"]
    assert ["".join(text.itertext()) for text in shapes] == [
        "Ds−1 × ms−1 × ms−1", "ms2 × Ds", "ns × Ds", "D3 × m3 × m3", "m42 × D4", "n4 × D4", "D4",
    ]  # fmt: skip
    badges = [t for t in drawing.iter(f"{SVG}text") if t.get("class") == "count"]
    assert ["".join(text.itertext()) for text in badges] == ["× Ls = 2", "× L4 = 2"]


def test_a_line_that_leaves_a_plot_says_so() -> None:
    """Fails when a line ends inside a plot, or at its lower edge without a mark and a word."""
    root = read(cf.zoo("vit").report("html"))
    plots = [svg for svg in root.iter(f"{SVG}svg") if str(svg.get("class")).startswith("over-")]
    left = []
    for plot in plots:
        lines = [p for p in plot.iter(f"{SVG}polyline") if str(p.get("class")).startswith("line")]
        ends = [line.get("points", "").split() for line in lines]
        xs = {pair.split(",")[0] for points in ends for pair in (points[0], points[-1])}
        marks = list(plot.iter(f"{SVG}polygon"))
        told = [t.text for t in plot.iter(f"{SVG}text") if "▾" in (t.text or "")]
        assert len(xs) == 2 + len(marks)  # both sides of the plot, and a place for each mark
        assert told == ["▾ goes on below"] * bool(marks)
        left.append(len(marks))
    assert left == [1, 0, 0, 0]


# Hostile texts -----------------------------------------------------------------------------

HOSTILE = [
    "</script><img onerror=...>",
    "50% & #1_",
    "\\\\input{/etc/passwd}",
    "]]> <!-- & --> <![CDATA[",
    "{{ 7*7 }} << report >> <% raw %>",
    "&amp;lt; &#60;b&#62;",
    "</style><svg onload=1>",
    "a\u0000b\u000bc\ufffe",
    "‮evil‬ 名字",
]
NOT_SHOWN = re.compile("[\u0000-\u0008\u000b\u000c\u000e-\u001f\u202a-\u202e\ufffe\uffff]")


def steps(flow: Flow, name: str) -> tuple[Step, ...]:
    return tuple(replace(step, name=name) for step in flow.steps)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_stay_texts(text: str) -> None:
    shown = reports("vit", models_only=True)[0]
    rows = [replace(row, name=text) for row in shown.parts]
    symbols = [replace(row, meaning=text) for row in shown.symbols]
    presets = [replace(row, title=text, sizes=((text, text),)) for row in shown.presets]
    where = [replace(row, meaning=text, symbol=w.Symbol(text)) for row in shown.where]
    flows = [
        replace(flow, name=f"{text}{at}", steps=steps(flow, text))
        for at, flow in enumerate(shown.flows)
    ]
    remark = Remark((text, Code(text)), text)
    closing = replace(shown.closing, title=text, axes=remark, convention=remark, omitted=remark)
    page = format_named("html").report(
        replace(
            shown, title=text, about=text, file=text, parts=tuple(rows), symbols=tuple(symbols),
            presets=tuple(presets), where=tuple(where), closing=closing,
            rows_apart=lambda: iter(rows), flows_told=lambda: iter(flows),
        )
    )  # fmt: skip
    root = read(page)
    assert_safe(root)
    said = NOT_SHOWN.sub("\ufffd", text)
    assert root.findtext(f".//{XHTML}h1") == said
    table = root.find(f".//{XHTML}table[@class='parts']/{XHTML}tbody")
    assert table is not None
    assert [head.text for head in table.iter(f"{XHTML}th")] == [said] * len(rows)
    names = ["".join(t.itertext()) for t in root.iter(f"{SVG}text") if t.get("class") == "name"]
    assert set(names) == {said}


def test_hostile_names_of_a_file() -> None:
    source = (
        '"""</script><img onerror=...> 50% & #1_"""\n\n'
        'dim 名 = 4 "<b>bold</b> & more"\n\n'
        "model M(x: [名]):\n    return x -> linear(名)\n\n"
        'preset "</title><script>alert(1)</script>": 名=8\n'
    )
    page = cf.loads(source).report("html")
    root = read(page)
    assert_safe(root)
    assert "</script>" not in page
    assert [p.text for p in root.findall(f".//{XHTML}div[@class='about']/{XHTML}p")] == [
        "</script><img onerror=...> 50% & #1_"
    ]


def test_escape() -> None:
    assert escape_html("\ud800 & \x07 \"'") == "� &amp; � &quot;&#x27;"


# MathML ------------------------------------------------------------------------------------

N, D, D_S = w.Symbol("n"), w.Symbol("d_model"), w.Symbol("D", "s")
MINUS, TIMES = "<mo>−</mo>", '<mo lspace="0" rspace="0.17em">\u2062</mo>'
OPEN, CLOSE = '<mo stretchy="false">(</mo>', '<mo stretchy="false">)</mo>'
COMMA = '<mo separator="true">,</mo>'


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (w.Number(12), "<mn>12</mn>"),
        (w.Number(-3), f"<mrow>{MINUS}<mn>3</mn></mrow>"),
        (N, "<mi>n</mi>"),
        (D, "<msub><mi>d</mi><mi>model</mi></msub>"),
        (D_S, "<msub><mi>D</mi><mi>s</mi></msub>"),
        (w.Symbol("alpha"), "<mi>α</mi>"),
        (w.Symbol("lambda"), "<mi>λ</mi>"),
        (w.Symbol("a<b"), "<mi>a&lt;b</mi>"),
        (w.Symbol("D", "s-1"),
         f"<msub><mi>D</mi><mrow><mi>s</mi>{MINUS}<mn>1</mn></mrow></msub>"),
        (w.Symbol("d_k", "2"),
         f"<msub><mi>d</mi><mrow><mi>k</mi>{COMMA}<mn>2</mn></mrow></msub>"),
        (w.Sum((N, w.Number(-1), w.Number(2))),
         f"<mrow><mi>n</mi>{MINUS}<mn>1</mn><mo>+</mo><mn>2</mn></mrow>"),
        (w.Product((w.Number(2), N)), f"<mrow><mn>2</mn>{TIMES}<mi>n</mi></mrow>"),
        (w.Product((w.Number(-1), N)), f"<mrow>{MINUS}<mi>n</mi></mrow>"),
        (w.Product((N, w.Sum((N, w.Number(1))))),
         f"<mrow><mi>n</mi>{TIMES}<mrow>{OPEN}<mrow><mi>n</mi><mo>+</mo><mn>1</mn></mrow>{CLOSE}"
         "</mrow></mrow>"),
        (w.Product((w.Number(3), w.Power(w.Number(2), N))),
         "<mrow><mn>3</mn><mo>×</mo><msup><mn>2</mn><mi>n</mi></msup></mrow>"),
        (w.Fraction(N, w.Number(2)), "<mfrac><mi>n</mi><mn>2</mn></mfrac>"),
        (w.Fraction(w.Number(-1), N),
         f"<mrow>{MINUS}<mfrac><mn>1</mn><mi>n</mi></mfrac></mrow>"),
        (w.Power(N, w.Number(2)), "<msup><mi>n</mi><mn>2</mn></msup>"),
        (w.Power(D_S, w.Number(2)), "<msubsup><mi>D</mi><mi>s</mi><mn>2</mn></msubsup>"),
        (w.Power(w.Product((N, N)), w.Number(2)),
         f"<msup><mrow>{OPEN}<mrow><mi>n</mi>{TIMES}<mi>n</mi></mrow>{CLOSE}</mrow><mn>2</mn>"
         "</msup>"),
        (w.Function("floor", (w.Fraction(N, w.Number(2)),)),
         "<mrow><mo>⌊</mo><mrow><mfrac><mi>n</mi><mn>2</mn></mfrac></mrow><mo>⌋</mo></mrow>"),
        (w.Function("ceil", (N,)),
         '<mrow><mo stretchy="false">⌈</mo><mrow><mi>n</mi></mrow>'
         '<mo stretchy="false">⌉</mo></mrow>'),
        (w.Function("sqrt", (N,)), "<msqrt><mrow><mi>n</mi></mrow></msqrt>"),
        (w.Function("max", (N, w.Number(1))),
         f"<mrow><mi>max</mi><mo>\u2061</mo><mrow>{OPEN}<mrow><mi>n</mi>{COMMA}<mn>1</mn></mrow>"
         f"{CLOSE}</mrow></mrow>"),
        (w.Function("", (N, w.Number(1))),
         f"<mrow>{OPEN}<mrow><mi>n</mi>{COMMA}<mn>1</mn></mrow>{CLOSE}</mrow>"),
        (w.Condition("|", (N, D_S)),
         "<mrow><mi>n</mi><mo>∣</mo><msub><mi>D</mi><mi>s</mi></msub></mrow>"),
        (w.Condition("<", (N, w.Number(2))), "<mrow><mi>n</mi><mo>&lt;</mo><mn>2</mn></mrow>"),
        (w.Condition("not", (w.Condition(">", (N, w.Number(2))),)),
         f"<mrow><mo>¬</mo><mrow>{OPEN}<mrow><mi>n</mi><mo>&gt;</mo><mn>2</mn></mrow>{CLOSE}"
         "</mrow></mrow>"),
        (w.Indicator(w.Condition(">=", (N, w.Number(2)))),
         '<mrow><mo stretchy="false">[</mo><mrow><mi>n</mi><mo>≥</mo><mn>2</mn></mrow>'
         '<mo stretchy="false">]</mo></mrow>'),
        (w.Braced(N, "<MLP>"),
         '<munder><munder><mi>n</mi><mo stretchy="true">⏟</mo></munder>'
         "<mtext>&lt;MLP&gt;</mtext></munder>"),
        (w.BigSum("s", w.Number(1), w.Number(4), D_S),
         "<mrow><munderover><mo>∑</mo><mrow><mi>s</mi><mo>=</mo><mn>1</mn></mrow><mn>4</mn>"
         "</munderover><msub><mi>D</mi><mi>s</mi></msub></mrow>"),
    ],
)  # fmt: skip
def test_mathml(node: w.Written, expected: str) -> None:
    assert mathml(node) == expected


def test_every_node_is_written() -> None:
    with pytest.raises(TypeError, match="no MathML for str"):
        mathml("n")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="no pieces for str"):
        pieces("n")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="no number for str"):
        Numbers({}).of("n")  # type: ignore[arg-type]


def test_long_equations_are_broken() -> None:
    term = w.Product(tuple(w.Symbol(name) for name in "abcdefgh"))
    broken = ElementTree.fromstring(equation("MACs", w.Sum((term,) * 12)))
    rows = broken.findall(f"{MATHML}mtable/{MATHML}mtr")
    assert [len(row.findall(f".//{MATHML}mi[.='a']")) for row in rows] == [5, 5, 2]
    assert ElementTree.fromstring(equation("MACs", term)).find(f"{MATHML}mtable") is None


def combined(inner: st.SearchStrategy[w.Written]) -> st.SearchStrategy[w.Written]:
    many = st.lists(inner, min_size=1, max_size=3).map(tuple)
    two = st.tuples(inner, inner)
    condition = st.builds(w.Condition, st.sampled_from(["=", "<", "|", "and", "or"]), two)
    return st.one_of(
        st.builds(w.Sum, many),
        st.builds(w.Product, many),
        st.builds(w.Fraction, inner, inner),
        st.builds(w.Power, inner, inner),
        st.builds(w.Function, st.sampled_from(["floor", "ceil", "min", "sqrt", ""]), many),
        st.builds(lambda value, base: w.Function("log", (value, base)), inner, inner),
        condition,
        st.builds(w.Condition, st.just("not"), st.tuples(inner)),
        st.builds(w.Indicator, condition),
        st.builds(w.Braced, inner, st.text(max_size=8)),
        st.builds(w.BigSum, st.text(min_size=1, max_size=2), inner, inner, inner),
    )


written: st.SearchStrategy[w.Written] = st.recursive(
    st.builds(w.Number, st.integers())
    | st.builds(w.Symbol, st.text(max_size=8), st.none() | st.text(min_size=1, max_size=4)),
    combined,
    max_leaves=12,
)


@settings(max_examples=40)
@given(written)
def test_random_formulas_are_well_formed(node: w.Written) -> None:
    page = f"<!DOCTYPE html>\n<html><head><title>x</title></head><body>{math(node)}</body></html>"
    root = ElementTree.fromstring(page.removeprefix("<!DOCTYPE html>"))
    html5lib.HTMLParser(strict=True).parse(page)
    assert {element.tag for element in root.iter()} <= {
        "html", "head", "title", "body",
        *(MATHML + tag for tag in (
            "math", "mrow", "mi", "mn", "mo", "msub", "msup", "msubsup", "mfrac", "msqrt",
            "munderover", "munder", "mtext")),
    }  # fmt: skip
    two, three = ("msub", "msup", "mfrac", "munder"), ("msubsup", "munderover")
    for tag, children in {**dict.fromkeys(two, 2), **dict.fromkeys(three, 3)}.items():
        assert all(len(element) == children for element in root.iter(MATHML + tag))
    assert "".join(piece.text for piece in pieces(node))


# Numbers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("node", "value"),
    [
        (w.Sum((N, w.Number(-1))), 4),
        (w.Fraction(N, w.Number(2)), Fraction(5, 2)),
        (w.Power(N, w.Number(-1)), Fraction(1, 5)),
        (w.Function("floor", (w.Fraction(N, w.Number(2)),)), 2),
        (w.Function("ceil", (w.Fraction(N, w.Number(2)),)), 3),
        (w.Function("min", (N, w.Number(2))), 2),
        (w.Function("max", (N, w.Number(2))), 5),
        (w.Function("sqrt", (w.Number(49),)), 7),
        (w.Indicator(w.Condition("|", (N, w.Number(10)))), 1),
        (w.Indicator(w.Condition("not", (w.Condition("<", (N, w.Number(10))),))), 0),
        (w.BigSum("s", w.Number(1), w.Number(2), w.Product((D_S, w.Symbol("D", "s-1")))), 23),
    ],
)
def test_amounts(node: w.Written, value: int | Fraction) -> None:
    sizes = {"n": w.Number(5), "D_0": w.Number(1), "D_1": w.Number(3),
             "D_2": w.Sum((N, w.Fraction(N, w.Number(3))))}  # fmt: skip
    assert amount(node, sizes) == value


@pytest.mark.parametrize(
    "node",
    [
        w.Symbol("m"),
        w.Symbol("loop"),
        w.Fraction(N, w.Number(0)),
        w.Function("sqrt", (w.Number(2),)),
        w.Function("log", (N, w.Number(2))),
        w.Power(w.Number(2), w.Number(10**9)),
        w.BigSum("s", w.Number(1), w.Number(10**9), N),
    ],
)
def test_what_has_no_exact_number(node: w.Written) -> None:
    with pytest.raises(NoNumberError):
        amount(node, {"n": w.Number(5), "loop": w.Symbol("loop")})
