"""Every measured row of the ground truth equals the zoo, to the unit.

tests/truth holds what is compared of it; truth_map_*.json say which preset of which file of the
zoo a row is.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from closedform.api import Part
from closedform.derive.project import Project
from closedform.projects import open_project, zoo_path
from helpers import TESTS

ROWS: list[dict[str, Any]] = json.loads((TESTS / "truth" / "models.json").read_text("utf-8"))
MAP: dict[str, list[str]] = {
    name: place
    for path in sorted((TESTS / "truth").glob("truth_map_*.json"))
    for name, place in json.loads(path.read_text("utf-8")).items()
}
FORMULAS = TESTS / "truth" / "formulas.jsonl"
SHARED = TESTS.parent.parent / "shared" / "truth"
FIELDS = ("name", "params", "buffers", "macs", "macs_hooks")

TRAINING = {  # these count a backward pass too, and wait for training costs
    "timm/vit_base_patch16_224:fwd+bwd",
    "timm/resnet50:fwd+bwd",
    "hf/gpt2@1024:fwd+bwd",
}
COMPARED = [row for row in ROWS if row["name"] not in TRAINING]

# Fastformer's scores q.w are products of a matrix with a vector, and PyTorch's counter never sees
# those: the zoo has two of them a layer, T*D each, that the row has not.
UNSEEN_SCORES = {
    "fastformer/QKr_vec-B/16-cls1-head1000": 12 * 2 * 577 * 768,
    "fastformer/QKr_vec-B/32-cls1-head1000": 12 * 2 * 145 * 768,
}

# Tables that an implementation keeps and that follow from its sizes. An architecture has none.
TABLES = {
    "timm/swin": "indices of the relative positions, and masks of the shifted windows",
    "hf/bert": "numbers of the positions, and types of the tokens",
    "hf/albert": "numbers of the positions, and types of the tokens",
    "hf/fnet": "numbers of the positions, and types of the tokens",
    "hf/llama": "frequencies of the rotary positions",
    "hf/mistral": "frequencies of the rotary positions",
    "hf/mixtral": "frequencies of the rotary positions",
}

_files: dict[str, Project] = {}


def place_of(name: str) -> tuple[Part, str]:
    """The model of the zoo, and the preset, that a row is; fails when the row is in no map."""
    assert name in MAP, f"{name} is in no truth_map_*.json"
    file, preset = MAP[name]
    if file not in _files:
        _files[file] = open_project(str(zoo_path(file)))
    project = _files[file]
    return Part(project, project.model_of(project.preset(preset))), preset


def has_tables(name: str) -> bool:
    return name.startswith(tuple(TABLES))


@cache
def found_in_zoo(name: str) -> dict[str, int]:
    """What the zoo says of a row."""
    model, preset = place_of(name)
    return {
        "params": model.params.at(preset),
        "buffers": model.measure("buffers").at(preset),
        "macs": model.macs.at(preset) - UNSEEN_SCORES.get(name, 0),
        "macs_hooks": model.measure("macs", "hooks").at(preset),
    }


def measured(row: dict[str, Any]) -> dict[str, int]:
    """What was measured on the implementation, without the tables that it keeps."""
    values = {key: row[key] for key in ("params", "buffers", "macs", "macs_hooks")}
    if has_tables(row["name"]):
        assert values["buffers"] > 0  # else the name need not be among TABLES
        values["buffers"] = 0
    return values


@pytest.mark.parametrize("row", COMPARED, ids=[row["name"] for row in COMPARED])
def test_row(row: dict[str, Any]) -> None:
    """Fails when a measure of the row is another in the zoo, or when the row is in no map."""
    assert found_in_zoo(row["name"]) == measured(row)


def test_training_rows_wait() -> None:
    """Fails when a row that is not compared is not there, or counts no backward pass."""
    waiting = {row["name"]: row for row in ROWS if row["name"] in TRAINING}
    assert set(waiting) == TRAINING
    assert all(name.endswith(":fwd+bwd") for name in TRAINING)
    assert [name for name in waiting if name in MAP] == []


def test_map_has_no_other_rows() -> None:
    """Fails when a row was renamed and its old name is still in a map."""
    assert set(MAP) == {row["name"] for row in COMPARED}


def test_copies_agree_with_the_source() -> None:
    """Fails when tests/truth differs from the ground truth, where that lies beside the repo."""
    if not SHARED.is_dir():
        return
    lines = (SHARED / "models.jsonl").read_text("utf-8").splitlines()
    rows = [{key: row.get(key) for key in FIELDS} for row in map(json.loads, lines)]
    assert rows == ROWS
    assert (SHARED / "formulas.jsonl").read_bytes() == FORMULAS.read_bytes()


def test_summary(record_property: Callable[[str, str], None]) -> None:
    """Fails when fewer rows agree than there are; conftest prints how many do."""
    assert len(ROWS) == 90
    assert len(COMPARED) == 87
    agreeing = [row for row in COMPARED if found_in_zoo(row["name"]) == measured(row)]
    rows = f"{len(agreeing)} of {len(COMPARED)} rows agree with the ground truth"
    record_property("summary", rows)
    assert len(agreeing) == len(COMPARED)
