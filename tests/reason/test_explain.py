"""What a printed number counts: readings, their order, their values, and where there is none."""

from __future__ import annotations

import json
from fractions import Fraction
from math import prod
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from closedform.api import loads, zoo
from closedform.errors import ClosedformError
from closedform.projects import open_project
from closedform.reason.counted import NONE, Change, Subject
from closedform.reason.figures import figure_of
from helpers import Ran, call, cases

HOOKS = "multiply-accumulates of Linear and Conv layers only, as layer hooks see them"
MACS = "multiply-accumulates of every product and convolution, attention included"
FLOPS = (
    "two floating-point operations for each multiply-accumulate of every product and convolution"
)
FVCORE = (
    "multiply-accumulates, with 5 for each element of a layer norm, 2 of a batch norm and 1 of "
    "adaptive pooling, as fvcore counts"
)
EINSUM = "products of two tensors (einsum)"

ANSWERS = {
    "16.85G": f"""\
16.85G of ViT-B/16
  macs under hooks: 16848500736, rounded
    counts {HOOKS}
    the same as macs, without {EINSUM}
    chance that one of 32 readings with 1 deviation or fewer fits by accident: 1.9%
  1 more fits, with deviations that are not needed or too many to say much
""",
    "17.58G": f"""\
17.58G of ViT-B/16
  macs under fvcore: 17582740224, rounded
    counts {FVCORE}
    chance that one of 32 readings with 1 deviation or fewer fits by accident: 1.8%
  macs, with 21841 classes: 17579834112, rounded
    counts {MACS}
    chance that one of 32 readings with 1 deviation or fewer fits by accident: 1.8%
  macs, with 21843 classes: 17579835648, rounded
    counts {MACS}
    chance that one of 32 readings with 1 deviation or fewer fits by accident: 1.8%
  3 more fit, with deviations that are not needed or too many to say much
""",
    "35.1G": f"""\
35.1G of ViT-B/16
  flops: 35127656448, rounded
    counts {FLOPS}
    the same as flops under torch
    the same as macs, times 2
    chance that one of 32 readings with 1 deviation or fewer fits by accident: 9.1%
  4 more fit, with deviations that are not needed or too many to say much
""",
    "55.4G": f"""\
55.4G of ViT-B/16
  macs, at the preset 'ViT-B/16 at 384': 55484350464, cut off
    counts {MACS}
    the same as macs, with images of 384 x 384
    chance that one of 337 readings with 2 deviations or fewer fits by accident: 61%
  2 more fit, with deviations that are not needed or too many to say much
""",
    "17563828224": f"""\
17563828224 of ViT-B/16
  macs: 17563828224, exact
    counts {MACS}
    chance that the one reading with 0 deviations or fewer fits by accident: 0.0000000057%
""",
}


@pytest.mark.parametrize("number", ANSWERS)
def test_numbers_of_vit(number: str) -> None:
    assert f"{zoo('vit').explain(number, preset='ViT-B/16')}\n" == ANSWERS[number]


def test_no_reading() -> None:
    ran = call("explain", "vit", "--preset", "ViT-B/16", "23.4567G")
    assert (ran.code, ran.err) == (1, "")
    assert ran.out == (
        "23.4567G of ViT-B/16\n"
        "  no reading found; chance that one of 1892 readings with 3 deviations or fewer fits by "
        "accident: 0.81%\n"
    )


def test_what_is_no_measure_is_told() -> None:
    """Fails when a mistake in the name of a measure is taken for a preset alone."""
    ran = call("explain", "vit", "parms=86M")
    said = "error[name]: `parms` is no preset of `zoo/vit.arch`, nor what is explained\n"
    assert ran == Ran(2, "", f"{said}     = help: did you mean `params`?\n")


def test_a_row_of_two_files() -> None:
    """The figures of Fastformer in a Vision Transformer, at another resolution than is said."""
    row = ["ViT-B/16=49.3G", "ViT-B/32=12.6G"]
    row += ["fastformer:FViT-B/16=45.2G", "fastformer:FViT-B/32=11.6G"]
    ran = call("explain", "vit", *row)
    assert (ran.code, ran.err) == (0, "")
    assert (
        ran.out
        == f"""\
49.3G of ViT-B/16, 12.6G of ViT-B/32, 45.2G of FViT-B/16, 11.6G of FViT-B/32
  macs under hooks, with images of 384 x 384
    ViT-B/16: 49347803136, rounded
    ViT-B/32: 12656031744, cut off
    FViT-B/16: 45263861760, cut off
    FViT-B/32: 11629737984, rounded
    counts {HOOKS}
    the same as macs, without {EINSUM}, with images of 384 x 384
    chance that one of 1785 readings with 3 deviations or fewer fits by accident: 0.000055%
"""
    )


def test_a_row_that_no_reading_explains_is_explained_one_by_one() -> None:
    answer = zoo("vit").explain({"ViT-B/16": "16.85G", "ViT-B/32": "4.41G"})
    assert not answer
    assert [apart.found[0].reading.words for apart in answer.apart] == ["macs under hooks", "macs"]
    assert str(answer).splitlines()[1].startswith("  no reading of all at once; ")


def test_for_a_program() -> None:
    ran = call(
        "explain", "vit", "--preset", "ViT-B/16", "params=86.57M", "macs=17.56G", "--to", "json"
    )
    found = json.loads(ran.out)
    first = found["readings"][0]
    assert (ran.code, found["apart"]) == (0, [])
    assert found["numbers"] == [
        {"number": "86.57M", "preset": "ViT-B/16", "measure": "params"},
        {"number": "17.56G", "preset": "ViT-B/16", "measure": "macs"},
    ]
    assert first == {
        "reading": "macs",
        "says": MACS,
        "deviations": 0,
        "values": ["86567656", "17563828224"],
        "printed": ["rounded", "rounded"],
        "the_same_as": [],
        "tried": 1,
        "by_accident": str(Fraction(1, 8657 * 1756)),
    }


# One deviation after another ----------------------------------------------------------------

SMALL = """
dim D

model M(x: [3, D]):
    return x -> linear(D) -> relu -> linear(7, bias=false)

preset "one": D=11
preset "two": D=13
"""


@pytest.mark.parametrize(
    ("number", "reading", "value", "printed"),
    [
        ("594", "macs", 594, "exact"),
        ("1188", "flops", 1188, "exact"),
        ("1782", "macs, times 3", 1782, "exact"),
        ("3564", "flops, times 3", 3564, "exact"),
        ("780", "macs, at the preset 'two'", 780, "exact"),
        ("209", "params", 209, "exact"),
        ("198", "params, without biases", 198, "exact"),
        ("0.58k", "macs, in powers of 1024", 594, "rounded"),
        ("0.59k", "macs", 594, "rounded"),
    ],
)
def test_each_deviation(number: str, reading: str, value: int, printed: str) -> None:
    first = loads(SMALL).explain(number, preset="one").found[0]
    assert (first.reading.words, first.values, first.printed) == (reading, (value,), (printed,))


# Numbers as they are printed ----------------------------------------------------------------


@given(st.integers(1, 10**15), st.integers(0, 4), st.sampled_from(["", "k", "M", "G"]))
def test_a_number_prints_what_it_is_printed_as(value: int, decimals: int, prefix: str) -> None:
    """Fails when a rounded or a cut off number is not known again."""
    base = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}[prefix]
    scaled = Fraction(value * 10**decimals, base)
    for digits, how in ((round(scaled), "rounded"), (int(scaled), "cut off")):
        if digits == 0:
            continue
        whole, rest = divmod(digits, 10**decimals)
        text = f"{whole}.{rest:0{decimals}}{prefix}" if decimals else f"{whole}{prefix}"
        found = figure_of(text).prints(Fraction(value))
        assert found in {"exact", "rounded", how}
        assert (found == "exact") == (scaled == digits)


def test_halves_may_be_rounded_up_or_to_even() -> None:
    halves = [figure_of(text).prints(Fraction(5, 2)) for text in ("2", "3", "4")]
    assert halves == ["rounded", "rounded", None]


def test_the_only_preset_need_not_be_named(tmp_path: Path) -> None:
    """Fails when a preset has to be named though a file has one."""
    (tmp_path / "m.arch").write_text(SMALL.replace('preset "two": D=13\n', ""))
    named = call("explain", "m.arch", "--preset", "one", "594", folder=tmp_path)
    ran = call("explain", "m.arch", "594", folder=tmp_path)
    assert (ran.code, ran.out, ran.err) == (0, named.out, "")
    assert ran.out.startswith("594 of one\n")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (["16,85G"], "error[argument]: '16,85G' is not a number as it is printed\n"
         "     = help: write it as a text such as 16.85G, 86M or 17_563_828_224; the prefixes are "
         "k, K, M, B, G, T, P, E\n"),
        (["0.00G"], "error[argument]: '0.00G' is zero, which anything that is left out makes\n"),
        (["594"], "error[argument]: 594 is of no preset\n"),
        (["thre=594"], "error[name]: `thre` is no preset of `m.arch`, nor what is explained\n"),
    ],
)  # fmt: skip
def test_mistakes(asked: list[str], message: str, tmp_path: Path) -> None:
    (tmp_path / "m.arch").write_text(SMALL)
    ran = call("explain", "m.arch", *asked, folder=tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(message)


def test_a_float_is_no_printed_number() -> None:
    with pytest.raises(ClosedformError, match=r"16\.85 is not a number as it is printed"):
        zoo("vit").explain(16.85, preset="ViT-B/16")  # type: ignore[arg-type]


# What is counted apart ----------------------------------------------------------------------


GROUPED = ["vit", "pvt", "swin", "mobilenet_v1", "llama", "squeezenet"]


@pytest.mark.parametrize("name", cases(GROUPED))
def test_the_groups_add_up(name: str) -> None:
    """Fails when a part or a kind is counted twice, or not."""
    project = open_project(name)
    preset = project.presets()[0]
    subject = Subject(project, preset)
    for title in ("params", "macs", "flops under full", "macs under fvcore"):
        (what,) = project.measures([title], None)
        groups = subject.values(NONE, what)
        assert groups is not None
        assert sum(groups.values()) == project.value(preset, what)


def test_other_images_are_the_preset_at_their_size() -> None:
    project = open_project("vit")
    subject = Subject(project, project.preset("ViT-B/16"))
    what = project.measure("params")
    other = subject.values(Change(side=384), what)
    assert other is not None
    assert sum(other.values()) == project.value(project.preset("ViT-B/16 at 384"), what)
    assert Change(side=224) not in subject.changes
    assert subject.values(Change(side=299), what) is None  # 16 does not divide it


def test_how_likely_an_accident_is() -> None:
    answer = loads(SMALL).explain({"one": "0.59k", "two": "0.78k"})
    assert answer.by_accident(0) == prod([Fraction(1, 59), Fraction(1, 78)])
