"""Small models in many ways of building: work and bytes of a training step are those of PyTorch."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

import closedform

# What PyTorch 2.13 did on a CPU: params, those that are trained, forward work and that of a whole
# step by its counter, and the bytes of the storages that autograd kept, but for weights and inputs.
ROWS = {
    "CNN": (3898, 3898, 664192, 1771392, 63744),
    "CNNpool": (11914, 11914, 622592, 1646592, 61440),
    "UNet": (14418, 14418, 1724416, 5062656, 60416),
    "UNetUp": (3146, 3146, 1150976, 3342336, 51200),
    "LSTM": (951, 951, 34848, 88416, 6912),
    "Tied": (2992, 2992, 39872, 119616, 5488),
    "FrozenBackbone": (899, 483, 8400, 13680, 1280),
    "FrozenMiddle": (499, 195, 4320, 9120, 1320),
    "LoRA": (2688, 512, 35328, 69504, 3264),
    "Grouped": (904, 904, 119808, 589824, 27840),
    "NoAffine": (340, 340, 9600, 21120, 3000),
    "CrossAttention": (1016, 1016, 29824, 89472, 6752),
    "SE": (309, 309, 31328, 62880, 7184),
    "GLU": (356, 356, 3200, 7040, 1280),
    "LeakyIn": (120, 120, 2816, 7680, 1088),
    "GQA": (768, 768, 9280, 22720, 1360),
    "LinearAttention": (1088, 1088, 17920, 43008, 3200),
    "LayerScale": (1315, 1315, 22592, 65856, 5408),
    "Albert": (1442, 1442, 45248, 135744, 8904),
    "Checkpointed": (3458, 3458, 32000, 110400, 1280),
    "Merging": (680, 680, 28672, 73728, 4224),
    "Pools": (356, 356, 56448, 114048, 13472),
    "Audio": (300, 300, 14336, 32768, 4160),
    "FrozenEmbedding": (387, 227, 2464, 5600, 1176),
    "Gated": (430, 430, 4992, 11904, 1968),
    "NormBy": (162, 162, 864, 1824, 288),
    "ClassToken": (779, 779, 11360, 27936, 2720),
    "Siamese": (289, 289, 3120, 7824, 672),
    "WindowAttention": (1712, 1712, 208896, 614400, 28672),
}
# Where PyTorch's number is another, by how much, and why.
FLOATS = 3 * 2 * 16 * 8 * 8  # the mask of dropout on a CPU is of floats
MORE_KEPT = {
    "CNN": FLOATS,
    "CNNpool": FLOATS - 4 * 2 * 8 * 16 * 16,  # and its leaky_relu was in place
    "LSTM": 2 * 4 * 4 * 12,  # the zeros of the first state
}
MORE_WORK = {
    "Grouped": (4 - 1) * 2 * 2 * 36 * 16 * 16 * 9 // 4,  # its counter forgets groups
    "Checkpointed": -3 * 2 * 5 * 32 * 16,  # it does not repeat what is last in a block
}


@cache
def variants() -> closedform.Architecture:
    return closedform.load(str(Path(__file__).with_name("variants.arch")))


@pytest.mark.parametrize("name", ROWS)
def test_a_training_step_is_that_of_pytorch(name: str) -> None:
    """Fails when a gradient or a tensor is counted that PyTorch has not, or the other way round."""
    model = variants()[name]
    measures = ("params",), ("trainable",), ("flops", "torch"), ("training", "torch"), ("kept",)
    params, trainable, forward, both, kept = (model.measure(*named).at() for named in measures)
    both += MORE_WORK.get(name, 0)
    kept += MORE_KEPT.get(name, 0)
    assert (params, trainable, forward, both, kept) == ROWS[name]


def test_every_model_is_compared() -> None:
    assert set(ROWS) == {entity.name for entity in variants()._project.models()}
