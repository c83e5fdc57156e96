"""Reports in Chinese: the catalogue is whole and current, and nothing fixed stays in English."""

from __future__ import annotations

import contextlib
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from closedform import __version__
from closedform.api import load, loads, zoo
from closedform.choices import LANGUAGES
from closedform.derive.measures.rows import ROWS, elementary, training
from closedform.derive.measures.rows import STEPS as PARTS_OF_A_STEP
from closedform.derive.project import Project
from closedform.derive.resolve.conventions import conventions_of
from closedform.derive.resolve.library import standard_library
from closedform.errors import ClosedformError
from closedform.grammar import parse, tree
from closedform.integrations.outline import outline
from closedform.projects import derivation_of, open_project, report_of
from closedform.render.formats import format_named, names_with, own_names, site_in
from closedform.render.formulas.aligned import reason_rows
from closedform.render.language import language
from closedform.render.report.view import REASONS
from closedform.render.site import site
from helpers import PACKAGE, ZOO, Ran, call, cases, programs

FOLDER = PACKAGE / "render" / "locale" / "zh" / "LC_MESSAGES"
STD = PACKAGE / "derive" / "std"
FILES = programs(ZOO, 20)
MODELS = cases(FILES, {"recurrent"})


class Strict(gettext.NullTranslations):
    """What stands behind a catalogue: every text that reaches it is missing there."""

    def gettext(self, message: str) -> str:
        raise AssertionError(f"the catalogue has no {message!r}")


@pytest.fixture
def strict() -> Iterator[None]:
    """Chinese with an error for every text that is not translated."""
    translations = language("zh").translations
    assert translations._fallback is None  # type: ignore[attr-defined]
    translations.add_fallback(Strict())
    yield
    translations._fallback = None  # type: ignore[attr-defined]


def texts(catalogue: Catalog) -> dict[str, str]:
    return {str(m.id): str(m.string) for m in catalogue if m.id}


def source() -> Catalog:
    with (FOLDER / "closedform.po").open("rb") as file:
        return read_po(file, locale="zh")


# The catalogue -----------------------------------------------------------------------------


def test_the_catalogue_is_compiled() -> None:
    """Fails when the .mo is not what the .po compiles to; the head of the .po says how."""
    with (FOLDER / "closedform.mo").open("rb") as file:
        assert texts(read_mo(file)) == texts(source())


def test_translations_have_the_places_of_their_texts() -> None:
    for text, translation in texts(source()).items():
        assert translation, text
        places = [set(re.findall(r"{(\w+)}", t)) for t in (text, translation)]
        assert places[0] == places[1], text


def test_every_translation_is_used() -> None:
    """Fails when the catalogue has a text that no module, template, convention or operation has."""
    kinds = ("*.py", "*.j2", "std/*.arch")
    files = [path for kind in kinds for path in PACKAGE.rglob(kind)]
    written = re.sub(r'"\s*\n\s*"', "", "\n".join(path.read_text("utf-8") for path in files))
    forms = ('"{}"', "'{}'", '"""{}\n')  # of a docstring the first line
    used = [t for t in texts(source()) if any(form.format(t) in written for form in forms)]
    assert [t for t in texts(source()) if t not in used] == []


@pytest.mark.usefixtures("strict")
def test_what_is_chosen_by_a_name_is_translated() -> None:
    """Reasons, conventions and measures, which no single model shows all of."""
    words = language("zh")
    rows = [*ROWS.values(), elementary("mac")]
    said = [*REASONS.values(), *(row.says for row in conventions_of(standard_library()).values())]
    rows += [
        training(name, conventions_of(standard_library())["flops"]) for name in PARTS_OF_A_STEP
    ]
    for text in [*said, *(text for row in rows for text in (row.says, row.reason))]:
        assert words.tr(text, name="", line="", file="", dtype="") != text
    for row in ROWS.values():
        assert words.tr(row.unit) != row.unit


@pytest.mark.usefixtures("strict")
def test_the_standard_library_is_translated() -> None:
    """Fails when an operation or block has a docstring, of which a line is told, in English."""
    words, told = language("zh"), 0
    for path in programs(STD, 5):
        for node in parse(path.read_text("utf-8"), path.name).declarations:
            if isinstance(node, tree.Op | tree.Block) and node.doc:
                text = node.doc.split("\n")[0] if isinstance(node, tree.Op) else node.doc
                assert words.tr(text) != text
                told += 1
    assert told >= 40


def test_a_language_that_is_not_there() -> None:
    with pytest.raises(ClosedformError, match=r"there is no language `de`"):
        language("de")
    assert set(LANGUAGES) == {"en", *(p.name for p in (PACKAGE / "render/locale").iterdir())}


# Every model -------------------------------------------------------------------------------


def everything(project: Project, part: str | None, preset: str | None) -> Iterator[str]:
    """Everything that is told about a model or block in Chinese."""
    report = report_of(project, part, preset=preset, lang="zh")
    for name in own_names():
        yield format_named(name).report(report)
    yield repr(outline(report))
    for measure in ("params", "macs"):
        for name in names_with(lambda row: row.derivation, own_names()):
            yield derivation_of(project, part, (measure,), None, preset, name, "zh")


# What a template or a module says in English, in two words or more.
PHRASES = [
    phrase.strip()
    for text in texts(source())
    for phrase in re.split(r"{\w+}", text)
    if re.search(r"[A-Za-z]{2,} [A-Za-z]{2,}", phrase)
]


@pytest.mark.parametrize("path", MODELS)
@pytest.mark.usefixtures("strict")
def test_nothing_fixed_is_english(path: Path) -> None:
    """Fails when a text of the catalogue is printed as it is, or one that it has not."""
    project = open_project(path.stem)
    named = project.module.names.values()  # those of files that are imported too
    written = "".join({entity.declaration.span.source.text for entity in named})
    phrases = [phrase for phrase in PHRASES if phrase not in written]
    models = project.module.models()
    parts = [(m.name, p.title) for m in models for p in project.presets(m)[:1]]
    parts += [(entity.name, None) for entity in project.parts()]
    for part, preset in parts:
        for text in everything(project, part, preset):
            assert [phrase for phrase in phrases if phrase in text] == []


OWN = '''\
dim a = 4 "甲"
dim b "乙"
dim t = 3 "丙"

let c = a*b "丁"

assume a | b

block Q(x: [n, d]):
    """戊"""
    x = x*x + x/2
    return x -> linear(d) -> softmax -> layernorm

model W(x: [a, b]):
    repeat 2 shared:
        x = x -> Q
    if t > 1:
        x = x -> linear(c)
    for i in 1..t:
        x = x -> Q
    return x

preset "己": b=8
'''
KNOWN = {  # names of the file, of operations, counts, measures and programs
    *("linear", "softmax", "layernorm", "macs"),
    *("params", "MACs", "text", "closedform", "std", "arch", "layers", "Linear", "Conv"),
    *("hooks", "size", "out", "step", "sum"),
}


def test_no_english_word_is_left() -> None:
    """A model without a word of English gives reports without one, but for names."""
    project = loads(OWN)._project
    for preset in (None, "己"):
        report = report_of(project, "W", preset=preset, lang="zh")
        pages = [format_named(name).report(report) for name in ("md", "text")]
        page = re.sub(r"<style>.*?</style>", "", format_named("html").report(report), flags=re.S)
        pages.append(re.sub(r"<[^>]*>", " ", page))
        for to in ("md", "text"):
            steps = derivation_of(project, "W", (), None, preset, to, "zh")
            pages.append(re.sub(r"(?m)^(`| +\|).*$", "", steps))
        known = KNOWN | standard_library().counts.keys()
        for text in pages:
            bare = re.sub(r"\\[A-Za-z]+|begin\{aligned\}|\{aligned\}|&\w+;|```math", " ", text)
            assert set(re.findall(r"[A-Za-z]{3,}", bare)) - known == set()


# What is said ------------------------------------------------------------------------------

MLP = '''\
block MLP(x: [n, d], hidden):
    """前馈网络。"""
    return x -> linear(hidden) -> gelu -> linear(d)
'''

REPORT = f"""\
MLP
===
前馈网络。

params = 2 d hidden + d + hidden
macs = 2 n d hidden

记号
  n
  d
  hidden

组成部分
  行  部分    次数  单个的 params      单个的 macs
  3   linear  1     d hidden + hidden  n d hidden
  3   linear  1     d hidden + d       n d hidden

假设与计数约定
  不需要任何假设
  计数约定 macs：所有矩阵乘法与卷积的乘加运算次数（MACs），包括注意力
  不计入：linear（add）、gelu

由 closedform {__version__} 根据 <text> 推导，计数约定为 macs。
"""

STEPS = f"""\
MLP：MACs 的逐步推导
前馈网络。

以下根据 <text> 推导：所有矩阵乘法与卷积的乘加运算次数（MACs），包括注意力。

记号
  n
  d
  hidden

模块 MLP（第 1 行）
  前馈网络。
  已知 x [n, d]
  linear（第 3 行） [n, d] -> [n, hidden]
  | return x -> linear(hidden) -> gelu -> linear(d)
    MACs(linear) = size(x) out    (linear 的定义，std/layers.arch 第 3 行)
      = n d hidden    (size(x) = n d，out = hidden)
  linear（第 3 行） [n, hidden] -> [n, d]
  | return x -> linear(hidden) -> gelu -> linear(d)
    MACs(linear) = n d hidden    (size(x) = n hidden，out = d)
  以下运算不增加计数：gelu（第 3 行）
  合计
    MACs(MLP) = n d hidden + n d hidden    (各运算之和)
      = 2 n d hidden    (化简)

假设与计数约定
  不需要任何假设
  计数约定 macs：所有矩阵乘法与卷积的乘加运算次数（MACs），包括注意力
  不计入：linear（add）、gelu

由 closedform {__version__} 根据 <text> 推导，计数约定为 macs。
"""


def test_a_report_as_a_whole() -> None:
    assert loads(MLP)["MLP"].report("text", lang="zh") == REPORT


def test_a_derivation_as_a_whole() -> None:
    assert loads(MLP)["MLP"].derivation(to="text", lang="zh") == STEPS


# The ways to ask for it --------------------------------------------------------------------


def test_the_command_line(tmp_path: Path) -> None:
    part = zoo("vit")["MLP"]
    asked = ("derive", "vit", "--of", "MLP", "--lang", "zh")
    assert call(*asked) == Ran(0, part.report(lang="zh"), "")
    assert call(*asked, "--steps") == Ran(0, part.derivation(lang="zh"), "")
    assert "闭式" in part.report(lang="zh")
    assert "逐步推导" in part.derivation(lang="zh")
    asked = ("docs", str(ZOO / "vit.arch"), "-o", str(tmp_path), "--to", "md", "--lang", "zh")
    assert call(*asked).code == 0
    assert (tmp_path / "index.md").read_text("utf-8").startswith(site_in("md").mark + "\n# 模型\n")
    assert call(*asked, "--check") == Ran(0, "", "")
    assert call(*asked[:-2], "--check").code == 1
    assert call("derive", "vit", "--lang", "de").code == 2


@pytest.mark.usefixtures("strict")
def test_a_site() -> None:
    projects = {name: open_project(name) for name in ("vit", "attention")}
    pages = site(projects, "md", "zh")
    index = pages["index.md"]
    assert "| 模型 | 预设 | params | MACs |" in index
    assert "## 全部模型" in index
    assert "## 模块" in index
    assert "[闭式表达式](closed-forms.md)" in index
    assert "([MACs 的推导](vit.derivation.md))" in index
    assert "[全部模型](index.md) · [下一个：OneHead](attention-OneHead.md) ·" in pages["vit.md"]
    assert "[上一个：ViT](vit.md)" in pages["attention-OneHead.md"]
    assert "MACs 的逐步推导" in pages["vit.derivation.md"]
    for page in site(projects, "html", "zh").values():
        assert '<html lang="zh"' in page


def test_pages_say_their_language() -> None:
    block = loads(MLP)["MLP"]
    assert '<html lang="zh"' in block.report("html", lang="zh")
    assert '<html lang="en"' in block.report("html")
    assert r"\documentclass[10pt,fleqn]{ctexart}" in block.report("tex", lang="zh")
    assert r"\documentclass[10pt,fleqn]{ctexart}" in block.derivation(to="tex", lang="zh")
    assert "ctexart" not in block.report("tex")


def test_texts_of_the_user_stay_as_they_are() -> None:
    text = '"""where"""\n\ndim D "symbol"\n\nblock B(x: [n, d]):\n    """Parts"""\n    '
    text += "return x -> linear(d)\n\nmodel M(x: [2, D]):\n    return x -> B\n"
    report = report_of(loads(text)._project, lang="zh")
    assert report.about == "where"
    assert report.symbols[0].meaning == "symbol"


def test_commas_between_reasons() -> None:
    steps = zoo("vit").derivation(to="text", lang="zh")
    assert "(size(y) = I^2 D/P^2，c = 3，groups = 1，kernel_1 = P，kernel_2 = P)\n" in steps
    assert "(化简，N = I^2/P^2)\n" in steps
    assert "(simplified, N = I^2/P^2)\n" in zoo("vit").derivation(to="text")
    assert reason_rows(["化简", "，", "代入"], 1) == [r"\text{化简}\text{，}", r"\text{代入}"]


LINEAR = "Affine map of the last axis."
OWN_LIBRARY = f'''
from std.attention import Join

op linear(x: [..., n], out) -> y: [..., out]:
    """{LINEAR}"""
    mac = size(x)*out

block Head(x: [..., h, n, e]):
    """A cyclic shift."""
    return x -> Join(e) -> linear(e)
'''


def test_docstrings_of_the_library_are_translated_and_those_of_a_user_are_not(
    tmp_path: Path,
) -> None:
    library = load(STD / "attention.arch")["Join"]
    assert "\n拼接各头，再作输出映射。\n" in library.report(lang="zh")
    assert "\nThe heads side by side, and the output map.\n" in library.report()
    (tmp_path / "std").mkdir()
    path = tmp_path / "std" / "layers.arch"  # the name of a file of the library, shortened
    path.write_text(OWN_LIBRARY, "utf-8")
    with contextlib.chdir(tmp_path):
        own = load("std/layers.arch")["Head"]
    assert own.derivation(lang="zh").count(f"：{LINEAR}\n") == 1
    assert own.derivation(lang="zh").count("：最后一轴上的仿射变换。\n") == 1
    assert own.derivation(lang="zh").count("\n拼接各头，再作输出映射。\n") == 1
    assert "\nA cyclic shift.\n" in own.report(lang="zh")
