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
from helpers import LONG, TESTS

ROWS: list[dict[str, Any]] = json.loads((TESTS / "truth" / "models.json").read_text("utf-8"))
MAP: dict[str, list[str]] = {
    name: place
    for path in sorted((TESTS / "truth").glob("truth_map_*.json"))
    for name, place in json.loads(path.read_text("utf-8")).items()
}
FORMULAS = TESTS / "truth" / "formulas.jsonl"
SHARED = TESTS.parent.parent / "shared" / "truth"
COUNTED = ("params", "buffers", "macs", "macs_hooks", "flops_torch", "macs_fvcore")
FIELDS = ("name", *COUNTED)

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

# Where fvcore met another graph than the zoo describes: by what, and by how much it counted more.
POOLED = "adaptive pooling to the size that the map has at this resolution, which changes nothing"
RESIZED = "the tables of positions are resized to the map, 4 for each element, though they fit"
UNSEEN = "the pooler, which the first output does not need, is not in the graph"
OTHER_GRAPHS: dict[str, tuple[str, int]] = {
    "timm/vgg16": (POOLED, 4096),
    "timm/vgg16_bn": (POOLED, 4096),
    "torchvision/alexnet": (POOLED, 256 * 6 * 6),
    "torchvision/vgg11": (POOLED, 512 * 7 * 7),
    "torchvision/vgg13": (POOLED, 512 * 7 * 7),
    "torchvision/vgg16": (POOLED, 512 * 7 * 7),
    "torchvision/vgg19": (POOLED, 512 * 7 * 7),
    **{
        f"hf/pvt_v1_{size}@224": (
            RESIZED,
            4 * (56**2 * 64 + 28**2 * 128 + 14**2 * 320 + 7**2 * 512),
        )
        for size in ("tiny", "small", "medium", "large")
    },
    "hf/bert-base-uncased(BertModel)@128": (UNSEEN, -(768**2)),
    "hf/bert-base-uncased(BertModel)@512": (UNSEEN, -(768**2)),
    "hf/bert-large-uncased(BertModel)@128": (UNSEEN, -(1024**2)),
    "hf/bert-large-uncased(BertModel)@512": (UNSEEN, -(1024**2)),
    "hf/albert-base-v2(AlbertModel)@128": (UNSEEN, -(768**2)),
    "hf/fnet-base@512": (UNSEEN, -(768**2)),
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


def is_long(name: str) -> bool:
    """Whether the model of a row is one whose derivation takes long."""
    return MAP[name][0] in LONG if name in MAP else False


def has_tables(name: str) -> bool:
    return name.startswith(tuple(TABLES))


@cache
def found_in_zoo(name: str) -> dict[str, int]:
    """What the zoo says of a row."""
    model, preset = place_of(name)
    unseen = UNSEEN_SCORES.get(name, 0)
    return {
        "params": model.params.at(preset),
        "buffers": model.measure("buffers").at(preset),
        "macs": model.macs.at(preset) - unseen,
        "macs_hooks": model.measure("macs", "hooks").at(preset),
        "flops_torch": model.measure("flops", "torch").at(preset) - 2 * unseen,
        "macs_fvcore": model.measure("macs", "fvcore").at(preset) - unseen,
    }


def measured(row: dict[str, Any]) -> dict[str, int]:
    """What was measured on the implementation, without the tables that it keeps."""
    values = {key: row[key] for key in COUNTED}
    values["macs_fvcore"] -= OTHER_GRAPHS.get(row["name"], ("", 0))[1]
    if has_tables(row["name"]):
        assert values["buffers"] > 0  # else the name need not be among TABLES
        values["buffers"] = 0
    return values


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(row, id=row["name"], marks=[pytest.mark.slow] if is_long(row["name"]) else [])
        for row in COMPARED
    ],
)
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
    assert (len(ROWS), len(COMPARED)) == (90, 87)


def test_copies_agree_with_the_source() -> None:
    """Fails when tests/truth differs from the ground truth, where that lies beside the repo."""
    if not SHARED.is_dir():
        return
    lines = (SHARED / "models.jsonl").read_text("utf-8").splitlines()
    rows = [{key: row.get(key) for key in FIELDS} for row in map(json.loads, lines)]
    assert rows == ROWS
    assert (SHARED / "formulas.jsonl").read_bytes() == FORMULAS.read_bytes()


def test_fvcore_met_another_graph_in_rows_that_there_are() -> None:
    """Fails when a row is listed that is not compared, or for a reason that changes nothing."""
    assert set(OTHER_GRAPHS) <= {row["name"] for row in COMPARED}
    assert all(reason and more for reason, more in OTHER_GRAPHS.values())
    assert len(COMPARED) - len(OTHER_GRAPHS) == 70


@pytest.mark.slow
def test_summary(record_property: Callable[[str, str], None]) -> None:
    """Fails when fewer rows agree than there are; conftest prints how many do."""
    agreeing = [row for row in COMPARED if found_in_zoo(row["name"]) == measured(row)]
    rows = f"{len(agreeing)} of {len(COMPARED)} rows agree with the ground truth"
    record_property("summary", rows)
    assert len(agreeing) == len(COMPARED)
