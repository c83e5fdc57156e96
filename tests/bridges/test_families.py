"""Random configurations of every family: the parameters that transformers counts on the meta
device, or a refusal that names a key."""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random

import pytest

from closedform.derive.resolve.configs import families
from closedform.derive.resolve.folders import library_folder
from closedform.errors import ClosedformError
from closedform.grammar import parse
from closedform.projects import open_project

pytestmark = pytest.mark.torch
pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

from families import CLASSES, Keys, counted, plain, wild  # noqa: E402  # after what may skip it

COUNT = 36
FEW = 2


def few_and_all() -> list[object]:
    return [FEW, pytest.param(COUNT, marks=pytest.mark.slow)]


def params_of(folder: Path, keys: Keys) -> int:
    path = folder / "config.json"
    path.write_text(json.dumps(keys))
    project = open_project(str(path))
    (params,) = project.measures(["params"], None)
    value = project.value(project.preset(str(project.configured)), params)
    assert isinstance(value, int)
    return value


def expected(keys: Keys, params: int) -> int:
    """What is counted of a T5 whose head is not tied: its checkpoints have the head, though the
    class of this version ties it always."""
    if keys["model_type"] == "t5" and keys.get("tie_word_embeddings") is False:
        return params + int(keys["vocab_size"]) * int(keys["d_model"])
    return params


def test_every_family_is_tried() -> None:
    there = {
        node.family
        for path in library_folder("families").glob("*.arch")
        for node in families(parse(path.read_text("utf-8")))
    }
    assert there == CLASSES.keys()


@pytest.mark.parametrize("count", few_and_all())
@pytest.mark.parametrize("family", CLASSES)
def test_what_transformers_saves_is_exact(family: str, count: int, tmp_path: Path) -> None:
    """Fails when a size, a flag or a tie of a saved configuration is read otherwise."""
    covered = 0
    for seed in range(count):
        keys = plain(family, Random(f"{family} {seed}"))
        if keys.get("decoder_sparse_step", 1) != 1:
            with pytest.raises(ClosedformError, match="only where decoder_sparse_step == 1"):
                params_of(tmp_path, keys)
            continue
        assert (keys, params_of(tmp_path, keys)) == (keys, counted(keys))
        covered += 1
    assert covered > count // 2 or count == FEW


@pytest.mark.parametrize("count", few_and_all())
@pytest.mark.parametrize("family", CLASSES)
def test_what_people_have_is_exact_or_refused(family: str, count: int, tmp_path: Path) -> None:
    """Fails when a key that is missing, `null` or seldom is taken for another than it is there,
    or when what is refused does not name the key."""
    exact = 0
    for seed in range(count):
        keys, params = wild(family, Random(f"{family} {seed}"))
        try:
            found = params_of(tmp_path, keys)
        except ClosedformError as error:
            said = error.diagnostics[0].message
            assert names_a_key(said, keys), (said, keys)
            continue
        assert (keys, found) == (keys, expected(keys, params))
        exact += 1
    assert exact > count // 6 or count == FEW


def names_a_key(said: str, keys: Keys) -> bool:
    """Whether a refusal names what it is about: a key, or sizes that do not go together."""
    there = {key for key, value in keys.items() if value is not None}
    if missing := re.search(r"has no `(\w+)`, from which \w+ is read$", said):
        return missing[1] not in there
    if only := re.search(r"is counted only where (.*)$", said):
        return bool({*re.findall(r"\w+", only[1])} & {*keys})
    if key := re.match(r"`(\w+)` is (not covered by|null, and true or false is read)", said):
        return key[1] in keys
    return said.endswith("the formula rests on `G | H`, which does not hold")
