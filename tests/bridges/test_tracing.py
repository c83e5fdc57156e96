"""Traces of modules, where PyTorch is installed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from closedform.errors import ClosedformError

pytestmark = pytest.mark.torch
pytest.importorskip("torch", reason="PyTorch is not installed")

from test_importing import traces_of  # noqa: E402
from test_verifying import SIZES, project_of  # noqa: E402

from closedform.torch.tracing import Wanted, trace  # noqa: E402
from closedform.torch.verifying import at_presets, verify  # noqa: E402

IMAGE = (Wanted((1, 3, 32, 32)),)
TOKENS = (Wanted((1, 16), "int64"),)


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parent)
    monkeypatch.syspath_prepend(Path(__file__).parent)
    sys.modules.pop("models", None)


def test_a_trace_is_the_one_that_is_kept() -> None:
    """Fails when another thing is noted of a module than the files have."""
    assert trace("models:ViT", IMAGE, {}, {}) == traces_of("vit")[0]


@pytest.mark.parametrize("name", ["gpt2", "llama", "hf_vit"])
def test_traces_of_transformers(name: str) -> None:
    pytest.importorskip("transformers", reason="transformers is not installed")
    wanted = IMAGE if name == "hf_vit" else TOKENS
    made = trace(f"models:{name}", wanted, {}, {})
    assert made.weights == traces_of(name)[0].weights


@pytest.mark.parametrize(
    ("factory", "given", "said"),
    [
        ("models", {}, "error[factory]: `models` names no factory"),
        ("models:None_", {}, "error[factory]: `models:None_` cannot be imported: AttributeError"),
        ("nothing_here:f", {}, "error[factory]: `nothing_here:f` cannot be imported"),
        ("models:ViT", {"heads": 0}, "error[factory]: `models:ViT(heads=0)` fails: ZeroDivision"),
        ("models:ViT", {"hats": 3}, "error[factory]: `hats` is no parameter of `models:ViT`"),
        ("models:ViT", {"heads": 5}, "error[trace]: `models:ViT` fails on an input of 1 x 3 x"),
        ("models:Undecided", {}, "error[trace]: `models:Undecided` cannot be traced"),
    ],
)
def test_what_cannot_be_traced_is_said(factory: str, given: dict[str, int], said: str) -> None:
    """Fails when a factory that fails ends in a traceback."""
    with pytest.raises(ClosedformError) as error:
        trace(factory, IMAGE, given, {})
    assert str(error.value).startswith(said)


def test_a_file_agrees_with_a_factory() -> None:
    """Fails when the sizes of the file do not reach the factory and its input."""
    project = project_of("vit_sizes")
    wanted = (Wanted((1, 3, "size", "size")),)
    points = at_presets(
        project,
        project.part(None),
        lambda given: trace("models:ViT", wanted, given, {}),
        SIZES,
        ["traced"],
    )
    found = verify(project, points)
    assert len(found.rows) == 4
    assert found.parts == ("Block", "Attention", "MLP")
