"""A training step is what PyTorch runs: every measured row, its work and its bytes.

`measured.arch` has what the zoo does not, or writes in another way.
"""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import closedform
from closedform.derive.cost.uses import uses
from closedform.derive.project import Project
from closedform.derive.training.step import training_step
from closedform.projects import open_project, zoo_path
from helpers import LONG, TESTS

HERE = Path(__file__).parent / "measured.arch"
SHARED = TESTS.parent.parent / "shared" / "truth" / "training.jsonl"
COPY = TESTS / "truth" / "training.jsonl"
ROWS: dict[str, dict[str, Any]] = {
    row["name"]: row for row in map(json.loads, COPY.read_text("utf-8").splitlines())
}
TOKENS = {"b": 2, "t": 10, "d": 64}
MAPS = {"b": 2, "h": 12, "w": 12}
# Where each row is: a part of `measured.arch` or of the zoo, and a preset or the sizes.
PLACES: dict[str, tuple[str, str, str | dict[str, int]]] = {
    "linear": ("", "Linear", {"b": 2, "t": 10, "n": 48, "out": 80}),
    "linear, input without gradient": ("", "LinearAlone", {}),
    "mlp: linear gelu linear": ("", "Perceptron", {**TOKENS, "hidden": 256}),
    "layernorm": ("", "LayerNorm", TOKENS),
    "attention, products written out": ("", "Attention", {**TOKENS, "heads": 4}),
    "encoder layer, pre-norm": ("", "Layer", {**TOKENS, "heads": 4, "hidden": 256}),
    "encoder layer, pre-norm, dropout 0.1": (
        "",
        "DroppedLayer",
        {**TOKENS, "heads": 4, "hidden": 256},
    ),
    "conv bn relu": ("", "ConvBNReLU", {}),
    "depthwise conv": ("", "Depthwise", {**MAPS, "c": 16}),
    "maxpool": ("", "Pool", {**MAPS, "c": 16}),
    "timm/vit_tiny_patch16_224": ("", "ViT", "ViT-Ti/16"),
    "timm/resnet18": ("resnet_basic", "ResNetBasic", "ResNet-18"),
    "timm/pvt_v2_b0": ("pvt2", "PVT2", "PVTv2-B0"),
    "timm/mixer_s16_224": ("mixer", "Mixer", "Mixer-S/16"),
    "timm/mobilenetv2_100": ("mobilenet_v2", "MobileNetV2", "MobileNetV2"),
    "timm/vgg11": ("vgg", "VGG", "VGG-11"),
    "timm/resnext50_32x4d": ("resnext", "ResNeXt", "ResNeXt-50 32x4d"),
    "hf/gpt2@128": ("", "GPT2", "GPT-2 at 128"),
    "hf/llama-tiny@128 (D 256, F 688, H 8, G 4, L 4, V 1000)": ("", "Llama", "Llama, tiny"),
}
NAMES = [
    pytest.param(name, marks=[pytest.mark.slow] if PLACES[name][0] in LONG else [])
    for name in ROWS
]  # fmt: skip
SMALL = [name for name in ROWS if "/" not in name]
# PyTorch's counter forgets the groups of a convolution in its backward pass, and counts each
# gradient as if all channels met. What is true stands here beside what the row says.
GROUPED = {
    "depthwise conv": 248832,
    "timm/pvt_v2_b0": 3366890496,
    "timm/mobilenetv2_100": 1782969600,
    "timm/resnext50_32x4d": 25146851328,
}
# timm averages the map of 1 x 1 before the last layer, which is a copy; the paper does not.
POOLED = {"timm/vgg11": 4 * 4096}
# Measured by the other file of truth.
OTHERS = {
    ("", "ViT", "ViT-B/16"): 105151758336,
    ("resnet", "ResNet", "ResNet-50"): 24299077632,
    ("", "GPT2", "GPT-2 at 1024"): 874944921600,
}


@cache
def project(file: str) -> Project:
    return open_project(str(zoo_path(file) if file else HERE))


@cache
def part(file: str, name: str) -> closedform.Part:
    architecture = closedform.zoo(file) if file else closedform.load(str(HERE))
    return architecture[name]


def value(place: tuple[str, str, str | dict[str, int]], *measure: str) -> Any:
    file, name, sizes = place
    formula = part(file, name).measure(*measure)
    return formula.at(sizes) if isinstance(sizes, str) else formula.at(**sizes)


def test_every_row_is_compared() -> None:
    assert set(PLACES) == set(ROWS)
    if SHARED.exists():
        assert COPY.read_text("utf-8") == SHARED.read_text("utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_work_is_what_the_counter_saw(name: str) -> None:
    row, place = ROWS[name], PLACES[name]
    assert value(place, "params") == row["params"]
    assert value(place, "flops", "torch") == row["flops_torch_forward"]
    both = value(place, "training", "torch")
    assert both == GROUPED.get(name, row["flops_torch_forward_backward"])
    assert (both != row["flops_torch_forward_backward"]) is (name in GROUPED)
    parts = [value(place, f"backward{by}", "torch") for by in ("", "_input", "_weight")]
    assert parts[0] == parts[1] + parts[2] == both - row["flops_torch_forward"]


@pytest.mark.parametrize("name", NAMES)
def test_kept_bytes_are_those_of_the_storages(name: str) -> None:
    assert value(PLACES[name], "kept") + POOLED.get(name, 0) == ROWS[name]["kept_bytes"]


@pytest.mark.parametrize("name", SMALL)
def test_kept_tensors_are_those_of_autograd(name: str) -> None:
    """Each tensor that is kept, by its bytes."""
    file, model, sizes = PLACES[name]
    assert isinstance(sizes, dict)
    opened = project(file)
    entity = next(entity for entity in opened.parts() if entity.name == model)
    derivation = opened.derivation(entity)
    found: Counter[int] = Counter()
    for use in uses(training_step(derivation)):
        for kept in getattr(use.node, "trained", None).kept if hasattr(use.node, "trained") else ():
            amount = 4 * kept.elements + kept.bytes
            numbers = {s: sizes[s.name] for s in derivation.known.base(amount).free_symbols}
            found[int(derivation.known.base(amount).subs(numbers))] += 1
    expected: Counter[int] = Counter()
    for times, _, _, size, what in ROWS[name]["kept"]:
        if what != "input":
            expected[size] += times
    assert found == expected


@pytest.mark.parametrize("place", OTHERS, ids=lambda place: place[2])
def test_the_counter_saw_the_same_of_models(place: tuple[str, str, str]) -> None:
    assert value(place, "training", "torch") == OTHERS[place]
