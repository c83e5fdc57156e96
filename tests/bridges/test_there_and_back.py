"""Files of the zoo as modules, these traced, and the traces imported: the numbers stay."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from closedform.derive.resolve.shipped import zoo_names
from closedform.errors import ClosedformError
from closedform.projects import open_project
from closedform.torch.importing import imported

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("einops")

from certified import written  # noqa: E402  # after what may skip it
from test_export import REFUSED  # noqa: E402
from test_verifying import said_of  # noqa: E402

from closedform.torch.tracing import Wanted, trace  # noqa: E402

SAMPLE = {"alexnet", "mobilenet_v1", "gpt2", "fnet", "fastformer"}

# Operations of PyTorch that no operation of the language is.
OPS = '''op fft_fft(x: [...]) -> y: [...]:
    """A Fourier transform of the last axis."""
    add = size(x)

op real(x: [...]) -> y: [...]:
    """The real parts of numbers."""
    add = 0
'''


def with_presets() -> list[str]:
    """The files of the zoo that can be exported, and have sizes to build a module with."""
    names = [name for name in zoo_names() if name not in REFUSED]
    return [name for name in names if open_project(name).module.presets()]


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=() if n in SAMPLE else pytest.mark.slow) for n in with_presets()],
)
def test_what_was_exported_is_imported_with_its_numbers(name: str, tmp_path: Path) -> None:
    """Fails when an operation that an export writes is refused, or counted otherwise."""
    project = open_project(name)
    preset = project.module.presets()[0]
    made = written(name)
    made.model = lambda: made.build(preset.title)  # type: ignore[attr-defined]
    with torch.device("meta"):
        example = made.model().example()
    wanted = tuple(Wanted(tuple(x.shape), str(x.dtype).removeprefix("torch.")) for x in example)
    ops = None
    if name == "fnet":
        ops = tmp_path / "ops.arch"
        ops.write_text(OPS, "utf-8")
    text = imported((trace(f"{made.__name__}:model", wanted, {}, {}),), ops=ops)
    params, macs = (project.value(preset, project.measure(n)) for n in ("params", "macs"))
    assert f'preset "traced":\n    expect params = {params}, macs = {macs}\n' in text


def test_a_mode_of_rounding_that_is_lost_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when a pool that gives a smaller map is taken for the one of the code."""
    monkeypatch.chdir(Path(__file__).parent)
    monkeypatch.syspath_prepend(Path(__file__).parent)
    sys.modules.pop("models", None)
    seen = trace("models:Pooled", (Wanted((1, 3, 16, 16)),), {}, {})
    text = imported((seen,))
    assert ", ceil_mode=true)" in text
    assert said_of(text.replace(", ceil_mode=true", ""), (seen,)).startswith(
        "error[verify]: `Bottleneck` (line 15 of the file, `layer1.0` of the code) differs: "
        "macs = 3332 in the file and 4352 in the code\n"
    )
    rows = [
        replace(o, arguments=tuple(False if a is True else a for a in o.arguments))
        if o.target == "aten.max_pool2d"
        else o
        for o in seen.operations
    ]
    with pytest.raises(ClosedformError) as error:
        imported((replace(seen, operations=tuple(rows)),))
    assert "what was made of the trace does not hold: " in str(error.value)
