"""Every symbol that is printed is defined where it is printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

import closedform
from closedform.api import Architecture
from closedform.errors import ClosedformError
from closedform.projects import zoo_names
from defined import undefined
from helpers import GOOD, cases, examples, programs
from programs import Program
from programs import programs as random_programs

BESIDE = """\
dim I        "image side"
dim D[3]     "width"

assume 16 | I

model M(x: [3, I, I]):
    x = x -> conv2d(D[1], kernel=16, stride=16)
    x: [_, m, _]
    for s in 1..3:
        if s > 1:
            x = x -> conv2d(D[s], kernel=3, stride=2, padding=1)
            m = ceil(m/2)
        x = x + param([D[s], m, m])
    return x
"""
NESTED = """\
dim I
dim D
dim P[2]

model M(x: [3, I, I]):
    for s in 1..2:
        x = x -> conv2d(D, kernel=3, stride=2, padding=1)
        x: [_, m, _]
        for t in 1..2:
            x = x -> conv2d(D*P[t], kernel=3, stride=2, padding=1)
            x: [_, k, _]
            x = x -> conv2d(D, kernel=k, padding=\"same\")
    return x
"""


def undefined_in(architecture: Architecture, stages: str = "sum") -> dict[str, list[str]]:
    """The symbols that the reports of a file print and do not define, part by part."""
    found = {}
    for name in architecture:
        try:
            text = architecture[name].report("text", stages=stages)
        except ClosedformError:
            continue  # a block that holds only as it is used
        if names := undefined(text):
            found[name] = names
    return found


@pytest.mark.parametrize("name", cases(zoo_names(), ("vit", "resnet")))
def test_reports_of_the_zoo_define_what_they_print(name: str) -> None:
    for stages in ("sum", "each"):
        assert undefined_in(closedform.zoo(name), stages) == {}


@pytest.mark.parametrize("path", cases(programs(GOOD, 40), ("dim_list", "conditions_of_stages")))
def test_reports_of_good_files_define_what_they_print(path: Path) -> None:
    for stages in ("sum", "each"):
        assert undefined_in(closedform.load(path), stages) == {}


@pytest.mark.parametrize("text", [BESIDE, NESTED])
def test_sizes_of_stages_are_defined(text: str) -> None:
    """Fails where m_2 is told of by no line, since m is, or k_1_2 is told of as k_2."""
    for stages in ("sum", "each"):
        assert undefined_in(closedform.loads(text), stages) == {}


@pytest.mark.parametrize("many", examples(6, 20))
def test_random_programs_define_what_they_print(many: int) -> None:
    @settings(
        max_examples=many,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(random_programs())
    def check(drawn: tuple[Program, list[dict[str, Any]]]) -> None:
        source = drawn[0].source
        assert undefined_in(closedform.loads(source)) == {}, source

    check()


def test_a_symbol_that_nothing_defines_is_seen() -> None:
    report = closedform.loads(BESIDE).report("text")
    assert undefined(report) == []
    assert undefined(report.replace("  m_3 = ceil(m_2/2)\n", "")) == ["m_3"]
    assert undefined(report.replace("  m_2 = ceil(m/2)\n", "")) == ["m_2"]
    assert undefined(report.replace("  I    image side\n", "")) == ["I"]


LATEX = [
    "m_{2} = \\left\\lceil \\frac{m}{2} \\right\\rceil",
    "m_{3} = \\left\\lceil \\frac{m_{2}}{2} \\right\\rceil",
]


@pytest.mark.parametrize(
    ("to", "lines"),
    [
        ("text", ["  m_2 = ceil(m/2)\n", "  m_3 = ceil(m_2/2)\n"]),
        ("html", ['alttext="m_2 = ceil(m/2)"', 'alttext="m_3 = ceil(m_2/2)"']),
        *((to, LATEX) for to in ("md", "mkdocs", "notebook", "tex", "fragment")),
    ],
)
def test_every_format_defines_the_sizes_of_stages(to: str, lines: list[str]) -> None:
    architecture = closedform.loads(BESIDE)
    for text in (architecture.report(to), architecture.derivation(to=to)):
        assert [line for line in lines if line not in text] == []


def test_a_program_reads_the_sizes_of_stages() -> None:
    found = json.loads(closedform.loads(BESIDE).report("json"))
    assert found["definitions"] == {
        "m": "I/16", "m_2": "ceiling(m/2)", "m_3": "ceiling(m_2/2)",
    }  # fmt: skip


def test_a_notebook_defines_what_it_shows() -> None:
    architecture = closedform.loads(BESIDE)
    where = f"where $m = \\frac{{I}}{{16}}$, ${LATEX[0]}$, ${LATEX[1]}$"
    shown = architecture.macs
    for text in (shown._repr_markdown_(), shown._repr_latex_(), architecture._repr_markdown_()):
        assert f"\n{where}" in text
    bare = closedform.loads("dim D\n\nmodel M(x: [D]):\n    return x -> linear(D)\n")["M"].macs
    assert bare._repr_markdown_() == (
        "$$\n\\mathrm{MACs} = D^{2}\n$$\n\n"
        "Convention `macs`: multiply-accumulates of every product and convolution, attention "
        "included. Not counted: linear (add). "
    )
