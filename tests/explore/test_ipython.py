"""The extension of IPython: a magic, completion between quotation marks, errors as excerpts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

CELL = "dim N, D\n\nmodel M(x: [N, D]):\n    return x -> linear(D)\n"
WRONG = CELL.replace("linear", "lineer")


@pytest.fixture(scope="module")
def shell() -> Iterator[Any]:
    found: Any = InteractiveShell.instance()
    found.run_cell("import closedform as cf\nvit = cf.zoo('vit')")
    found.run_line_magic("load_ext", "closedform")
    yield found
    InteractiveShell.clear_instance()


def completed(shell: Any, line: str) -> list[str]:
    with provisionalcompleter():
        return [found.text for found in shell.Completer.completions(line, len(line))]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('cf.zoo("de', ["decoding", "deit", "densenet"]),
        ('vit["M', ["MLP"]),
        ('vit.macs.at("ViT-B/16 a', ["ViT-B/16 at 384"]),
        ('vit["MLP"].params.in_terms_of("hi', ["hidden"]),
        ('vit.part("EncoderLayer.S', ["EncoderLayer.SelfAttention"]),
        ('vit.report(preset="ViT-S/3', ["ViT-S/32"]),
        ('vit.measure("tr', ["trainable"]),
        ('vit.measure("macs", "h', ["hooks"]),
        ('vit.measure(convention="h', ["hooks"]),
        ('vit.sweep(measures=["macs", "tr', ["trainable"]),
        ('vit.sweep(N=[196, 576], preset="ViT-S/3', ["ViT-S/32"]),
        ('vit.parts["c', ["conv2d"]),
        ('vit.parts.at("ViT-S/3', ["ViT-S/32"]),
        ('vit.kinds("macs").at("ViT-S/3', []),  # nothing is called for it
        ('vit.part("EncoderLayer").part("Self', ["SelfAttention"]),
        ('vit.part("EncoderLayer.MLP").macs.at("ViT-S/3', ["ViT-S/32"]),
        ('cf.zoo("pvt").macs.at("PVT-S', ["PVT-Small"]),
        ('vit.macs.in_terms_of(["N", "D', ["D"]),
        ('vit.macs.solve("D", "20G", "ViT-S/3', ["ViT-S/32"]),
        ('vit.macs.plot_map({"N": (16, 64), "D', ["D"]),
        ('vit.macs.export("sp', ["spark", "spreadsheet"]),
    ],
)
def test_completion(shell: Any, line: str, expected: list[str]) -> None:
    found = completed(shell, line)
    assert [text for text in found if "." not in text[len("EncoderLayer.") :]] == expected


def test_completion_calls_nothing(shell: Any) -> None:
    """Fails when pressing Tab runs what a property of another object does."""
    shell.run_cell("class Trap:\n    @property\n    def macs(self):\n        raise SystemExit\n")
    shell.run_cell("trap = Trap()\nmacs = vit.macs")
    assert "ViT-B/16" in completed(shell, 'macs.at("V')
    assert "ViT-B/16" not in completed(shell, 'other(1).macs.at("V')
    assert "ViT-B/16" not in completed(shell, 'trap.macs.at("V')


def test_a_cell_defines_a_model_and_shows_it(shell: Any) -> None:
    with capture_output() as shown:
        shell.run_cell(f"%%arch tiny\n{CELL}")
    assert shell.user_ns["tiny"].macs.at(N=2, D=3) == 18
    source, model = shown.outputs
    assert "<details><summary>source</summary>" in source.data["text/html"]
    assert "model</span>" in source.data["text/html"]
    assert "<math" in model.data["text/html"]
    assert "\\mathrm{MACs} = N\\, D^{2}" in model.data["text/latex"]


def test_a_cell_takes_the_options_of_derive(shell: Any) -> None:
    with capture_output() as shown:
        shell.run_cell(f"%%arch tiny --measure macs --to text\n{CELL}")
    assert "macs = N D^2" in shown.stdout.splitlines()
    with capture_output() as shown:
        shell.run_cell(f"%%arch tiny --steps --to text\n{CELL}")
    assert "M: MACs, step by step" in shown.stdout
    preset = 'preset "P": N=2, D=3\n'
    with capture_output() as shown:
        shell.run_cell(f"%%arch tiny --preset P --set D=5 --measure macs --to text\n{CELL}{preset}")
    assert "50" in shown.stdout.split()
    with capture_output() as shown:
        shell.run_cell(f"%%arch tiny --set D=5 --to text\n{CELL}")
    assert "--set changes sizes of a preset: name it with --preset" in shown.stdout
    with capture_output() as shown:
        shell.run_cell(f"%%arch tiny --nothing\n{CELL}")
    assert "error[argument]: No such option" in shown.stdout
    with capture_output() as shown:
        shell.run_cell(f"%%arch tiny --when 'N == 2\n{CELL}")
    assert shown.stdout + shown.stderr == (
        "error[argument]: a quotation mark is not closed in the line of `%%arch`\n"
    )


def test_a_cell_with_options_has_each_form(shell: Any) -> None:
    """Fails when a terminal shows the name of a class, or a notebook the text."""
    with capture_output() as shown:
        shell.run_cell(f"%%arch tiny --measure macs\n{CELL}")
    _, report = shown.outputs
    assert report.data["text/plain"].splitlines()[0] == "M"
    assert "macs = N D^2" in report.data["text/plain"].splitlines()
    assert "\\mathrm{MACs} = N\\, D^{2}" in report.data["text/markdown"]


def test_a_formula_in_a_list_is_its_line(shell: Any) -> None:
    """Fails when a list of formulas shows for each what its symbols mean."""
    with capture_output() as shown:
        shell.run_cell("{'a': [vit['MLP'].macs], 'b': (vit['MLP'].macs / 2,)}")
    assert shown.stdout.partition(" ")[2] == (
        "{'a': [macs of MLP: 2 d hidden], 'b': (d hidden,)}\n"
    )


def test_an_error_is_the_excerpt_alone(shell: Any) -> None:
    """Fails when a mistake in a file is shown with a traceback, or more than once."""
    with capture_output() as shown:
        shell.run_cell(f"%%arch tiny\n{WRONG}")
    assert shown.stdout + shown.stderr == (
        "tiny.arch:4:17: error[name]: `lineer` is not defined\n"
        "   4 |     return x -> lineer(D)\n"
        "     |                 ^^^^^^\n"
        "     = help: did you mean `linear`?\n"
    )
    with capture_output() as shown:
        shell.run_cell("vit.macs.at('ViT-B/17')")
    assert shown.stdout + shown.stderr == (
        "error[name]: `zoo/vit.arch` has no preset 'ViT-B/17'\n"
        "     = help: did you mean `ViT-B/16`?\n"
    )


def test_a_formula_in_a_terminal_says_what_its_symbols_mean(shell: Any) -> None:
    with capture_output() as shown:
        shell.run_cell("vit['SelfAttention'].macs")
    assert shown.stdout.split("\n", 1)[1].startswith(
        "macs = 2 n d (2 d + n)\n  n\n  d\n  heads\nIn the own sizes of SelfAttention.\n"
    )
