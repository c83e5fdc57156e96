"""Modules that are written for the zoo, run by PyTorch: the formulas are what it counts."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="the environment with PyTorch runs these")
pytest.importorskip("einops")

from certified import exported, table, written  # noqa: E402  # after what may skip them

from helpers import ROOT, Golden  # noqa: E402

pytestmark = pytest.mark.torch

# Sizes at which the model of a first preset is small.
SMALL = {
    "vit": {"I": 32, "D": 24, "L": 2},
    "bert": {"V": 50, "D": 128, "T": 12, "L": 2},
    "gpt2": {"V": 50, "D": 128, "T": 12, "L": 2},
    "llama": {"V": 50, "D": 256, "S": 12, "L": 2},
    "swin": {"I": 64, "L": (1, 1, 1, 1)},
    "resnet": {"I": 64, "L": (1, 2, 1, 1)},
    "pvt": {"I": 64},
    "densenet": {"I": 64, "L": (1, 2, 1, 1)},
    "fnet": {"V": 50, "D": 16, "T": 12, "L": 2},
}


def test_parameters_and_work_are_those_of_the_formulas(golden: Golden) -> None:
    page = table(exported())
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) == 11 and cells[3][:1].isdigit():
            assert cells[3] == cells[4], line
            assert cells[5] == cells[6], line
    golden.compare(ROOT / "docs" / "certified.md", page)


@pytest.mark.parametrize("name", SMALL)
def test_a_small_one_runs_on_the_cpu(name: str) -> None:
    made = written(name)
    torch.manual_seed(0)
    model = made.build(next(iter(made.PRESETS)), **SMALL[name]).eval()
    with torch.no_grad():
        result = model(*model.example(2))
    assert torch.isfinite(result.real if result.is_complex() else result).all()
    assert len(result) == 2


def test_experts_run_on_the_cpu() -> None:
    made = written("llama")
    torch.manual_seed(0)
    model = made.build("Mixtral-8x7B", V=50, D=256, F=64, S=12, L=2, G=2, X=4, K=2).eval()
    with torch.no_grad():
        result = model(*model.example(2))
    assert result.shape == (2, 12, 50)
    assert torch.isfinite(result).all()
