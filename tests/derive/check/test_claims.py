"""Every published formula is claimed where it is exact, and refused where it is wrong.

claims_table.py says of each row of tests/truth/formulas.jsonl where it stands. A right one is a
claim of the zoo or of a file of tests/claims; one that is wrong, or leaves terms out, is a file
that is refused, with the whole text of the refusal beside it.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from claims_table import CLAIMED, LATER, NUMBERS, NUMBERS_LATER, OUTGROWN, REFUSED, At
from closedform.api import Part
from closedform.derive.assume.verdict import Proved
from closedform.derive.check.check import check
from closedform.derive.check.claims import check_claim, claims_of
from closedform.derive.project import Project
from closedform.derive.resolve.loader import Loader
from closedform.files import read_text
from closedform.grammar import tree
from helpers import TESTS, ZOO, Golden, call, cases

CLAIMS = TESTS / "claims"
LINES = (TESTS / "truth" / "formulas.jsonl").read_text("utf-8").splitlines()
ROWS: dict[str, dict[str, Any]] = {row["id"]: row for row in map(json.loads, LINES)}
HOLDING = [p for p in sorted(CLAIMS.glob("*.arch")) if not re.match(r"[TX]\d?-", p.stem)]
BARE = {**REFUSED, **OUTGROWN}


@cache
def project_of(file: str) -> Project:
    """The project of `zoo/vit` or `claims/layers`."""
    folder, name = file.split("/")
    root = {"zoo": ZOO, "claims": CLAIMS}[folder]
    return Project(Loader(read_text, root).file(root / f"{name}.arch"))


def text_of(claim: tree.ComparisonClaim | tree.OrderClaim) -> str:
    """What a claim says, without its source and its conditions, on one line."""
    text = claim.span.source.text[claim.span.start :]
    text = re.sub(r"\s+", " ", text.split("\n\n")[0]).removeprefix("claim ")
    return re.split(r' "| when | claim |\)\n', text)[0].strip()


def id_of(name: str) -> str:
    """The id of the formula that a refused file is about."""
    return max((key for key in ROWS if name == key or name.startswith(f"{key}-")), key=len)


# The table -----------------------------------------------------------------------------------


def test_every_formula_is_in_the_table() -> None:
    """Fails when a row is not claimed nor left to later, or a place of the table is of no row."""
    assert len(ROWS) == 62
    assert set(CLAIMED) | set(LATER) == set(ROWS)
    assert set(CLAIMED) & set(LATER) == set()
    assert {id_of(name) for name in BARE} <= set(CLAIMED)


def test_every_file_is_in_the_table() -> None:
    """Fails when a refused file is not in the table, or no claim of a file is used."""
    stems = {path.stem for path in CLAIMS.glob("*.arch")} - {path.stem for path in HOLDING}
    assert stems == set(BARE)
    assert {path.stem for path in CLAIMS.glob("*.txt")} == set(BARE)
    places = [place.file for row in NUMBERS.values() for n in row.values() for place in n_places(n)]
    used = {*(file for claims in CLAIMED.values() for file, _, _ in claims), *places}
    assert {f"claims/{path.stem}" for path in HOLDING} <= used


def test_wrong_formulas_are_refused() -> None:
    """Fails when a row is wrong or approximate, and no file says how it is refused."""
    refused = {id_of(name) for name in BARE}
    wrong = {key for key, row in ROWS.items() if row["verified"] == "wrong"}
    assert wrong - set(LATER) <= refused
    tables = {"T3-pvt2", "T3-resnet", "T3-vit-table1", "T3-chinchilla"}  # figures, no formula
    approximate = {key for key, row in ROWS.items() if row["verified"] == "approx"}
    assert approximate - set(LATER) - tables <= refused


def test_what_is_left_to_later_counts_no_forward_pass() -> None:
    """Fails when a formula of a forward pass is left out."""
    for key, reason in LATER.items():
        assert reason.split(":")[0].split(";")[0].split(" ")[0] in {
            "training", "bytes", "time", "no",
        }, key  # fmt: skip


# Claims that hold ----------------------------------------------------------------------------


@pytest.mark.parametrize("path", cases(HOLDING, share=6))
def test_file_holds(path: Path) -> None:
    """Fails when an expectation or claim of a file is refused, or the file is not canonical."""
    ran = call("check", path.name, folder=CLAIMS)
    assert (ran.code, ran.err) == (0, "")
    assert re.fullmatch(rf"{path.name}: [1-9]\d* expectations and claims hold\n", ran.out)
    assert call("fmt", "--check", path.name, folder=CLAIMS).code == 0


@pytest.mark.parametrize("key", [key for key, places in CLAIMED.items() if places])
def test_claim_stands_and_holds(key: str) -> None:
    """Fails when a claim of the table is not in its file, or does not hold."""
    for file, part, claim in CLAIMED[key]:
        project = project_of(file)
        entity = project.part(part)
        standing: dict[str, list[tree.ComparisonClaim | tree.OrderClaim]] = {}
        for node in claims_of(entity):
            standing.setdefault(text_of(node), []).append(node)
        assert claim in standing, f"{file}, {part}"
        for node in standing[claim]:
            assert isinstance(check_claim(project, entity, node).verdict, Proved)


# Claims that are refused ---------------------------------------------------------------------


@pytest.mark.parametrize("name", cases([*BARE], share=2))
def test_refused(name: str, golden: Golden) -> None:
    """Fails when a wrong claim passes, or a word of its refusal changes."""
    path = CLAIMS / f"{name}.arch"
    ran = call("check", path.name, folder=CLAIMS)
    assert ran.out == ""
    golden.compare(path.with_suffix(".txt"), ran.err)
    assert ran.code == 1
    assert ran.err.count("error[") == ran.err.count("error[claim]") == 1
    if name in OUTGROWN:
        assert f"= note: these terms grow faster: {OUTGROWN[name]}\n" in ran.err


@pytest.mark.parametrize("name", cases([*REFUSED], share=3))
def test_difference(name: str) -> None:
    """Fails when a refused claim, with the difference worked out by hand, does not hold."""
    text = (CLAIMS / f"{name}.arch").read_text("utf-8")
    line = next(line for line in text.splitlines() if line.startswith("    claim "))
    claim, when, condition = line.partition(" when ")
    mended = f"{claim} + ({REFUSED[name]}){when}{condition}"
    doubled = f"{claim} + 2*({REFUSED[name]}){when}{condition}"
    both = text.replace(line, f"{mended}\n{doubled}")
    outcome = check(Project(Loader(read_text, CLAIMS).text(both, f"{name}.arch")))
    assert len(outcome.checked) == 2
    (wrong,) = outcome.wrong
    assert wrong.span is not None
    assert wrong.span.line == both.splitlines().index(doubled) + 1


# Numbers -------------------------------------------------------------------------------------


def n_places(numbers: dict[str, list[At]]) -> list[At]:
    return [place for places in numbers.values() for place in places]


def value(place: At) -> int:
    """The value that the closed form has at a place."""
    project = project_of(place.file)
    if place.preset is not None:
        entity = project.model_of(project.preset(place.preset))
        assert place.part in (None, entity.name)
    else:
        entity = project.part(place.part)
    name, _, convention = place.what.partition(" under ")
    formula = Part(project, entity).measure(name, convention or None)
    return formula.at(place.preset, **dict(place.sizes)) + place.beyond


def printed_numbers(key: str) -> list[tuple[str, str, str, Any]]:
    """Each number of a row: config, kind, and the number or numbers."""
    row = ROWS[key]
    return [
        (key, line["config"], kind, line[kind])
        for line in row.get("numbers", [])
        for kind in ("params", "flops")
        if line.get(kind) is not None
    ]


ALL_NUMBERS = [line for key in CLAIMED for line in printed_numbers(key)]
COMPARED = [line for line in ALL_NUMBERS if line[:3] not in NUMBERS_LATER]


@pytest.mark.parametrize("at", cases([" ".join(line[:3]) for line in COMPARED], share=24))
def test_number(at: str) -> None:
    """Fails when a printed number is not the value of the closed form."""
    key, config, kind, number = next(line for line in COMPARED if " ".join(line[:3]) == at)
    places = NUMBERS[key][config][kind]
    numbers = number if isinstance(number, list) else [number]
    assert [round(value(place), place.digits) for place in places] == numbers


def test_no_number_is_left_out() -> None:
    """Fails when a number of the table is of no row, or is left out without being there."""
    found = {line[:3] for line in ALL_NUMBERS}
    assert set(NUMBERS_LATER) <= found
    table = {(k, c, kind) for k, rows in NUMBERS.items() for c, n in rows.items() for kind in n}
    assert table == {line[:3] for line in COMPARED}


def test_swiglu_widths() -> None:
    """Fails when one of the four published widths of Llama is another."""
    config = ROWS["T1-swiglu-83"]["numbers"][0]["config"]
    inputs, outputs = (re.findall(r"\d+", side) for side in config.split("->"))
    part = Part(project_of("claims/sizes"), project_of("claims/sizes").part("SwiGLUHidden"))
    assert [part.measure("row").at(n=1, d=int(d)) for d in inputs] == list(map(int, outputs))
    assert len(inputs) == 4


def test_cache_numbers() -> None:
    """Fails when a printed number of bytes is not that of the closed form."""
    one, many = (line["flops"] for line in ROWS["T1-kv-cache"]["numbers"])
    part = Part(project_of("claims/memory"), project_of("claims/memory").part("Decoded"))
    assert part.measure("cache_bytes").at(B=1, S=1, L=32, D=4096, H=32) == one
    assert part.measure("cache_bytes").at(B=16, S=512 + 32, L=48, D=6144, H=48) == many


def test_kaplan_number() -> None:
    """Fails when the figure of InternLM2 is not 2N, N rounded, and half of the scores."""
    number = ROWS["T4-kaplan-C"]["numbers"][0]["flops"]
    project = project_of("zoo/scaling")
    decoder = Part(project, project.part("Decoder"))
    sizes = {"S": 1024, "D": 6144, "H": 48, "L": 48}
    scores = decoder.flops.at(**sizes) // 1024 - 2 * decoder.params.at(**sizes)
    assert number == 2 * 20 * 10**9 + scores // 2


def test_cache_in_bytes() -> None:
    """Fails when the cache of a token, two bytes for an element, is another than printed."""
    llama = project_of("zoo/llama")
    cache_ = Part(llama, llama.part("Llama")).measure("cache")
    numbers = {n["config"]: n["flops"] for n in ROWS["T1-kv-cache"]["numbers"]}
    assert 2 * cache_.at("Llama-2-7B", S=1) == numbers["LLaMA-7B per token"]
    assert 2 * cache_.at("Llama-3-8B", S=1) == 131072  # X-kv-llama3-8b, its notes
