"""LaTeX: each written node, long formulas, and a real TeX that sets the whole zoo."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import sympy

from closedform.api import load, loads
from closedform.choices import LANGUAGES
from closedform.derive.arrange import forms
from closedform.derive.project import Project
from closedform.derive.symbolic.symbols import size_symbol
from closedform.formula import (
    BigSum,
    Braced,
    Condition,
    Fraction,
    Function,
    Indicator,
    Number,
    Power,
    Product,
    Sum,
    Symbol,
    Written,
    plain,
)
from closedform.projects import derivation_of, open_project, report_of
from closedform.render.formats import format_named
from closedform.render.formats.macros import macro_name
from closedform.render.formulas.latex import broken, equation, latex, latex_name, overfull
from closedform.render.formulas.widths import width
from closedform.render.markup.lengths import points
from helpers import WHOLE, ZOO, Ran, call, cases, programs

FILES = cases(programs(ZOO, 20), {"vit", "recurrent", "vgg", "llama", "lora", "squeezenet"})
THIRD = cases(programs(ZOO, 20), ())
N, D, S = Symbol("N"), Symbol("D"), Symbol("D", "s-1")
PLUS = Sum((N, Product((Number(-2), D)), Fraction(Number(-1), Number(2))))

NODES: list[tuple[Written, str]] = [
    (Number(1234), "1234"),
    (Number(12345678), r"12\,345\,678"),
    (Symbol("d_model"), r"d_{\mathrm{model}}"),
    (Symbol("d_model", "s"), r"d_{\mathrm{model},s}"),
    (S, "D_{s-1}"),
    (Symbol("λ"), r"\lambda"),
    (Symbol("名"), r"\text{名}"),
    (PLUS, r"N - 2\, D - \frac{1}{2}"),
    (Product((Number(4), N, PLUS)), r"4\, N\, \left(N - 2\, D - \frac{1}{2}\right)"),
    (Product((Number(-1), N, D)), r"-N\, D"),
    (Product((N, Number(3), Power(Number(16), Number(2)))), r"N \cdot 3 \cdot 16^{2}"),
    (Product((N, Number(-3))), r"N\, \left(-3\right)"),
    (Fraction(PLUS, D), r"\frac{N - 2\, D - \frac{1}{2}}{D}"),
    (Power(N, Number(2)), "N^{2}"),
    (Power(Sum((N, D)), Number(2)), r"\left(N + D\right)^{2}"),
    (Power(Function("floor", (N,)), Number(2)), r"\left\lfloor N \right\rfloor^{2}"),
    (Function("ceil", (Fraction(N, D),)), r"\left\lceil \frac{N}{D} \right\rceil"),
    (Function("sqrt", (N,)), r"\sqrt{N}"),
    (Function("max", (N, D)), r"\max\left(N, D\right)"),
    (Function("gcd", (N, D)), r"\gcd\left(N, D\right)"),
    (Function("log", (N, Number(2))), r"\log_{2}\left(N\right)"),
    (Function("macs", (Symbol("MLP"),)), r"\mathrm{macs}(\mathrm{MLP})"),
    (Function("", (Product((N, D)),)), r"\left(N\, D\right)"),
    (Function("", (Fraction(N, D),)), r"\frac{N}{D}"),
    (Condition("|", (N, D)), r"N \mid D"),
    (Condition("not", (Condition("=", (N, D)),)), r"\lnot\left(N = D\right)"),
    (Condition("and", (Condition("<=", (N, D)), Condition("!=", (N, D)))),
     r"N \le D \land N \neq D"),
    (Indicator(Condition(">", (N, Number(1)))), r"\left[N > 1\right]"),
    (Braced(Sum((N, D)), "my_block"), r"\underbrace{N + D}_{\mathrm{my\_block}}"),
    (BigSum("s", Number(1), Number(4), Sum((N, S))), r"\sum_{s=1}^{4} \left(N + D_{s-1}\right)"),
]  # fmt: skip


@pytest.mark.parametrize(("node", "text"), NODES, ids=[text for _, text in NODES])
def test_each_node(node: Written, text: str) -> None:
    assert latex(node) == text


def test_an_unknown_node_is_refused() -> None:
    with pytest.raises(TypeError, match="no LaTeX for object"):
        latex(object())  # type: ignore[arg-type]


def test_names() -> None:
    assert latex_name("alpha_2_x") == r"\alpha_{2,x}"
    assert latex_name("__") == r"\_"


@pytest.mark.parametrize("to", ["md", "tex", "fragment", "macros"])
def test_a_measure_of_two_words_has_no_index(to: str) -> None:
    """Fails when weight_bytes is printed as `weight` with an index."""
    ran = call("derive", "vit", "--measure", "weight_bytes", "--dtype", "bf16", "--to", to)
    assert "\\mathrm{weight\\_bytes} = " in ran.out
    assert "mathrm{weight_" not in ran.out


def test_a_short_equation_is_one_line() -> None:
    assert equation("y", Sum((N, D))) == "y = N + D"


def test_a_long_sum_is_broken_at_its_signs() -> None:
    text = equation("y", Sum(tuple(Symbol(f"a_{i}") for i in range(60))))
    rows = text.split("\\\\\n")
    assert len(rows) > 2
    assert all(row.strip().startswith(r"&\quad {}+ a") for row in rows[1:])


@pytest.mark.parametrize("path", FILES)
def test_no_line_is_wider_than_its_room(path: Path) -> None:
    file = load(path)
    for name in file:
        for room in (430.0, 230.0):
            for row in broken(file[name].macs.written, room):
                assert width(row) <= room + 1, row


@pytest.mark.parametrize("name", ["", "max", "min"])
def test_a_broken_list_keeps_all_of_it(name: str) -> None:
    """Fails when a list that is wider than its column is cut."""
    names_ = [f"a{number}" for number in range(30)]
    node = Product((N, Function(name, tuple(map(Symbol, names_)))))
    for room in (80.0, 200.0):
        rows = broken(node, room)
        assert len(rows) > 2
        assert re.findall(r"a\d+", "".join(rows)) == names_


LONG = Sum(tuple(Symbol(f"a{number}") for number in range(30)))
BROKEN = {
    Function("floor", (Fraction(LONG, N),)): "y = \\bigl\\lfloor \\frac{1}{N}\\, \\bigl(",
    Function("ceil", (LONG,)): "y = \\bigl\\lceil ",
    Function("log", (LONG, Number(2))): "y = \\log_{2}\\bigl(",
    Function("gcd", (LONG, N)): "y = \\gcd\\bigl(",
    Power(LONG, Number(2)): "y = \\bigl(",
    Indicator(Condition("<", (LONG, N))): "y = \\bigl[",
    Condition("and", (Condition("<", (LONG, N)), Condition("<", (D, N)))): "y = ",
}


@pytest.mark.parametrize("node", BROKEN)
def test_what_stands_in_other_brackets_is_broken(node: Written) -> None:
    """Fails when a floor, a power or a condition is wider than its column, or cut."""
    for room in (150.0, 240.0):
        rows = equation("y", node, room)
        shown = rows.removeprefix("\\begin{aligned}\n").replace("y &=", "y =")
        assert shown.startswith(BROKEN[node])
        assert rows.count("\\\\") > 2
        assert set(re.findall(r"a\d+", rows.replace("{", "").replace("}", ""))) == {
            symbol.name for symbol in LONG.terms if isinstance(symbol, Symbol)
        }
        assert overfull("y", node, room) is None


def test_a_line_that_stays_wider_is_told(tmp_path: Path) -> None:
    """Fails when what cannot be broken is wider than the width that is asked for, and not told."""
    (tmp_path / "m.arch").write_text(
        "dim an_unusually_long_name_of_a_size\n\n"
        "model M(x: [an_unusually_long_name_of_a_size]):\n    return x -> linear(2)\n"
    )
    for command in (["derive", "m.arch"], ["compare", "m.arch:M", "m.arch:M"]):
        asked = ("--measure", "macs", "--to", "fragment")
        ran = call(*command, *asked, "--width", "40mm", folder=tmp_path)
        said = "warning: a line of MACs stays 202 pt wide, where --width leaves 114 pt\n"
        assert (ran.code, set(ran.err.splitlines(True))) == (0, {said})
        assert call(*command, *asked, "--width", "ieee", folder=tmp_path).err == ""


def test_macro_names_are_letters() -> None:
    for name in ("MobileNet_V2", "é名", "x1_2"):
        assert macro_name(name, "macs under hooks").isalpha()
        assert macro_name(name).isascii()
    assert macro_name("a_1") != macro_name("a_2")


# With a real TeX ---------------------------------------------------------------------------

OVERFULL = re.compile(r"Overfull \\hbox \(([0-9.]+)pt")


def compiled(text: str, folder: Path) -> tuple[str, str]:
    """Set a document without shell escape; gives the log and the text of its pages.

    The program is pdfLaTeX, unless the document names another one in its first line.
    """
    named = re.match(r"% !TeX program = (\w+)\n", text)
    program = named[1] if named else "pdflatex"
    assert shutil.which(program), f"{program} is missing: install what .ci/debian-packages lists"
    assert shutil.which("pdftotext"), "install poppler-utils"
    (folder / "a.tex").write_text(text, "utf-8")
    options = ["-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error"]
    command = [program, *options, "a.tex"]
    quick = "-no-pdf" if program == "xelatex" else "-draftmode"
    for extra in ([quick], []):  # the widths of a longtable settle in the second run
        asked = [*command, *extra]
        ran = subprocess.run(asked, capture_output=True, cwd=folder, check=False, timeout=120)
        log = (folder / "a.log").read_text("utf-8", "replace")
        assert ran.returncode == 0, [line for line in log.split("\n") if line.startswith("!")]
    command = ["pdftotext", "-layout", "a.pdf", "-"]
    pages = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=True)
    return log, pages.stdout


def joined(texts: Sequence[str]) -> str:
    """Documents of one class as one, to be set in one run; what a derivation has in its preamble
    beyond that of the first stands before it."""
    begin, end = "\\begin{document}\n", "\\end{document}\n"
    head, _ = texts[0].split(begin)
    bodies = []
    for text in texts:
        own, body = text.removesuffix(end).split(begin)
        further = [line for line in own.splitlines() if line not in head.splitlines()]
        bodies.append("\n".join(["{", *further, body, "\\par}"]))
    return head + begin + "\\clearpage\n".join(bodies) + end


def widest(log: str) -> float:
    return max(map(float, OVERFULL.findall(log)), default=0.0)


def documents(project: Project, lang: str) -> Iterator[str]:
    """Every report and derivation of a file, those of models with their first preset as well, and
    under the conventions whose names are longest."""
    for part in project.parts():
        presets = [node.title for node in project.presets(part)[:1]]
        for preset in (None, *presets):
            report = report_of(project, part.name, preset=preset, lang=lang)
            yield format_named("tex").report(report)
        for convention in ("hooks", "flops"):
            yield format_named("tex").report(
                report_of(project, part.name, convention=convention, lang=lang)
            )
        preset = presets[0] if presets else None
        for measure in ("macs", "params"):
            yield derivation_of(project, part.name, (measure,), None, preset, "tex", lang)


@pytest.mark.parametrize(
    ("lang", "program", "words"),
    [
        ("en", "pdfTeX", ("times", "Convention", "Together")),
        ("zh", "XeTeX", ("次数", "计数约定", "合计")),
    ],
    ids=LANGUAGES,
)
@pytest.mark.parametrize("path", THIRD)
def test_tex_sets_the_zoo(
    path: Path, lang: str, program: str, words: tuple[str, ...], tmp_path: Path
) -> None:
    """Every report and derivation of a file in one run, with fonts for all of its characters."""
    log, pages = compiled(joined([*documents(open_project(path.stem), lang)]), tmp_path)
    assert f"This is {program}" in log
    assert "Missing character" not in log
    assert widest(log) == 0
    for word in words:
        assert word in pages


@pytest.mark.slow
def test_macros_can_be_used_in_a_paper(tmp_path: Path) -> None:
    for name, options in (("vit", ["--preset", "ViT-B/16"]), ("steps", ["--steps"])):
        wide = ["--width", "345pt", "-o", f"{name}.macros.tex"]
        assert call("derive", "vit", *options, *wide, folder=tmp_path) == Ran(0, "", "")
    paper = (
        "\\documentclass{article}\\usepackage{amsmath,array,booktabs}\n"
        "\\input{vit.macros.tex}\\input{steps.macros.tex}\\begin{document}\n"
        "$\\VitMacs$ and \\[\\VitMacsEquation\\] is $\\VitMacsValue$ where $\\VitLetN$.\n"
        "So about $\\VitMacsRounded$. \\VitPresets \\[\\VitMacsOfBlockMlp\\] \\VitMacsDerivation\n"
        "\\end{document}\n"
    )
    log, pages = compiled(paper, tmp_path)
    assert OVERFULL.findall(log) == []
    assert "17 563 828 224" in pages
    assert "So about 17.56 G." in " ".join(pages.split())
    assert "Block EncoderLayer" in pages


@pytest.mark.slow
@pytest.mark.parametrize("steps", [False, True], ids=["report", "derivation"])
def test_names_in_chinese_are_set_in_english_reports(steps: bool, tmp_path: Path) -> None:
    """Fails when a character of a name has no font, which XeLaTeX only notes in its log."""
    text = 'dim 模型 "宽度"\n\nmodel 网络(x: [3, 模型]):\n    return x -> linear(模型)\n'
    file = loads(text)
    document = file.derivation(to="tex") if steps else file.report("tex")
    assert document.startswith("% !TeX program = xelatex\n\\documentclass[10pt,fleqn]{article}\n")
    log, pages = compiled(document, tmp_path)
    assert "Missing character" not in log
    assert "网络" in pages
    assert "模型" in pages
    assert "宽度" in pages


TEXTS = {
    "cyrillic": "ширина слоя",
    "greek": "πλάτος στρώματος",
    "japanese": "層の幅、オプション",
    "korean": "층의 너비",
}


@pytest.mark.slow
@pytest.mark.parametrize("script", TEXTS)
def test_meanings_in_other_scripts_are_set(script: str, tmp_path: Path) -> None:
    """Fails when a letter of a meaning or a docstring has no font."""
    text = TEXTS[script]
    file = loads(f'"""{text}"""\n\ndim D "{text}"\n\nmodel M(x: [D]):\n    return x -> linear(D)\n')
    log, pages = compiled(file.report("tex"), tmp_path)
    assert "Missing character" not in log
    assert pages.replace(" ", "").count(text.replace(" ", "")) == 2


@pytest.mark.slow
def test_letters_without_a_font_are_one_clear_error(tmp_path: Path) -> None:
    """Fails when a page lacks letters and TeX says nothing of it, or says many things."""
    file = loads('dim D "ა"\n\nmodel M(x: [D]):\n    return x -> linear(D)\n')
    document = file.report("tex")
    with pytest.raises(AssertionError, match="XeTeX is required to compile"):
        compiled(document.replace("xelatex", "pdflatex", 1), tmp_path)
    first, last = document.index("\\IfFontExistsTF"), document.index("\\tracinglostchars")
    advice = "Install one of CMU Serif, FreeSerif.otf, Noto Serif, DejaVu Serif."
    assert (
        f"\\PackageError{{closedform}}{{no font has the letters of this text}}{{{advice}}}"
        in (document[first:last])
    )
    with pytest.raises(AssertionError, match="! Missing character: There is no ა"):
        compiled(document[:first] + document[last:], tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("steps", [False, True], ids=["report", "derivation"])
def test_a_fragment_in_a_plain_article(steps: bool, tmp_path: Path) -> None:
    """Fails when a fragment needs more than its head says."""
    part = loads('block B(x: [n, d]):\n    """Says "so"."""\n    return x -> linear(d)\n')["B"]
    fragment = part.derivation(to="fragment") if steps else part.report("fragment")
    needs = fragment.split("\n")[1].removeprefix("% ")
    assert needs == "\\usepackage{amsmath,array,booktabs}"
    paper = f"\\documentclass{{article}}{needs}\n"
    compiled(f"{paper}\\begin{{document}}\n{fragment}\n\\end{{document}}\n", tmp_path)


# The head of a paper in each class.
PAPERS = {
    "ieee": "\\documentclass[conference]{IEEEtran}",
    "acm": "\\documentclass[sigconf,nonacm]{acmart}\\title{A}\\author{B}"
    "\\affiliation{\\institution{C}\\country{D}}",
    "lncs": "\\documentclass{llncs}",
    # Its style is in no TeX distribution: what it makes of the page, and what it loads.
    "neurips": "\\documentclass{article}\\usepackage{times,natbib}"
    "\\usepackage[letterpaper,textheight=9in,textwidth=5.5in,top=1in]{geometry}",
}


def parts_of_papers(project: Project, to: str) -> Iterator[str]:
    """Every report and derivation of a file, broken for the column of a class."""
    width = points(to)
    for part in project.parts():
        report = report_of(project, part.name, convention="hooks", width=width)
        yield format_named("fragment").report(report)
        yield derivation_of(project, part.name, ("macs",), None, None, "fragment", width=width)


# The narrowest column has a third of the files, the others a few.
PATHS = programs(ZOO, 20)
FITTING = [(path, "acm") for path in (PATHS if WHOLE else PATHS[1::3])]
FITTING += [
    (path, to) for to in ("ieee", "lncs", "neurips") for path in PATHS[:: 5 if WHOLE else 14]
]


@pytest.mark.slow
@pytest.mark.parametrize(("path", "to"), FITTING, ids=lambda it: getattr(it, "stem", it))
def test_fragments_fit_into_papers(path: Path, to: str, tmp_path: Path) -> None:
    """No line of a report or a derivation is wider than the column of the class."""
    head = PAPERS[to]
    bodies = "\\clearpage\n".join(parts_of_papers(open_project(path.stem), to))
    begin = "\\begin{document}\n" + ("\\maketitle\n" if to == "acm" else "")
    packages = "\\usepackage{amsmath,array,booktabs}\n"
    log, _ = compiled(f"{head}\n{packages}{begin}{bodies}\\end{{document}}\n", tmp_path)
    assert OVERFULL.findall(log) == []


@pytest.mark.parametrize(
    ("lang", "program"),
    [("en", "pdflatex"), pytest.param("zh", "xelatex", marks=pytest.mark.slow)],
    ids=LANGUAGES,
)
def test_names_of_the_hub_fit(
    lang: str, program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails when num_key_value_heads, or a path, has no room: in a document, and in a column."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    file = Path("models_of_the_hub/decoders_of_all_sizes/that_are_long/huggingface.arch")
    (tmp_path / file.parent).mkdir(parents=True)
    shutil.copy(Path(__file__).parent / file.name, tmp_path / file)
    monkeypatch.chdir(tmp_path)
    project = open_project(str(file))
    document = [
        format_named("tex").report(report_of(project, lang=lang)),
        derivation_of(project, None, ("macs",), None, None, "tex", lang),
    ]
    narrow = [*parts_of_papers(project, "ieee")] if lang == "en" else []
    begin, end = "\\begin{document}\n", "\\end{document}\n"
    head = document[0].split(begin)[0]
    bodies = [text.split(begin)[1].removesuffix(end) for text in document]
    column = "\\clearpage\\hsize=252pt\\textwidth=\\hsize\\linewidth=\\hsize\\columnwidth=\\hsize\n"
    body = "\\clearpage\n".join(bodies) + column + "".join(narrow)
    (tmp_path / "a.tex").write_text(head + begin + body + end, "utf-8")
    command = [program, "-no-shell-escape", "-interaction=nonstopmode", "a.tex"]
    ran = subprocess.run(command, capture_output=True, cwd=tmp_path, check=False, timeout=120)
    assert ran.returncode == 0
    assert OVERFULL.findall((tmp_path / "a.log").read_text("utf-8", "replace")) == []


HOSTILE = [r"\input{/etc/passwd}", "50% & #1_", r"\end{document}", "$x^2$ ~ {[*]}", "\\\\[9pt]"]


@pytest.mark.slow
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_come_out_as_text(text: str, tmp_path: Path) -> None:
    quoted = text.replace("\\", "\\\\")
    source = (
        f'"""{quoted}"""\n\ndim D "{quoted}"\ndim a_b_1 = 3 "x"\n\n'
        f'block B_1(x: [n, d]):\n    """{quoted}"""\n    return x -> linear(d)\n\n'
        "model M(x: [D, a_b_1]):\n    return x -> B_1\n\n"
        f'preset "{quoted}": D=2\n'
    )
    file = loads(source)
    for document in (file.report("tex"), file.derivation(preset=file.presets[0], to="tex")):
        _, pages = compiled(document, tmp_path)
        assert text in " ".join(pages.split())
        assert "root:" not in pages


def test_an_order_made_of_another_writes_anew() -> None:
    """Fails when a size is remembered under a name that it has no more."""
    n = size_symbol("n")
    order = forms.Order()
    assert plain(forms.write(sympy.floor(n / 2), order)) == "floor(n/2)"
    named = replace(order, special={n: Symbol("m", "s")})
    assert plain(forms.write(sympy.floor(n / 2), named)) == "floor(m_s/2)"
