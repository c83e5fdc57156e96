"""What the modules that are written for the zoo have and do, counted by PyTorch itself."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from closedform.derive.resolve.shipped import zoo_names
from closedform.errors import ClosedformError
from closedform.projects import open_project
from closedform.torch.export.module import torch_module
from helpers import ROOT


def written(name: str) -> ModuleType:
    """The module of a file of the zoo, loaded."""
    made = ModuleType(f"exported_{name}")
    sys.modules[made.__name__] = made
    exec(compile(torch_module(open_project(name)), made.__name__, "exec"), made.__dict__)
    return made


def counted(model: Any) -> tuple[int, int]:
    """The parameters of a module on the meta device, and the FLOPs that PyTorch's counter sees."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    with torch.device("meta"), torch.no_grad(), FlopCounterMode(display=False) as counter:
        model.eval()(*model.example())
    return sum(p.numel() for p in model.parameters()), counter.get_total_flops()


def numbers(name: str) -> Iterator[tuple[str, int, int, int, int]]:
    """For each preset: its title; parameters and FLOPs by the formulas, and by PyTorch."""
    import torch

    project = open_project(name)
    if not project.module.presets():
        return
    made = written(name)
    for preset in project.module.presets():
        params, macs = (project.value(preset, project.measure(n)) for n in ("params", "macs"))
        flops = 2 * macs
        with torch.device("meta"):
            model = made.build(preset.title)
        yield (preset.title, params, flops, *counted(model))


def exported() -> list[str]:
    """The files of the zoo that can be written."""
    found = []
    for name in zoo_names():
        try:
            torch_module(open_project(name))
        except ClosedformError:
            continue
        found.append(name)
    return found


PAGE = """# The zoo, certified

For each preset of the zoo that `closedform export` can write: parameters and multiply-accumulates
of its closed forms; those of the module that is written, as PyTorch counts them on the meta device;
and a public implementation of which the same was counted, where there is one. Multiply-accumulates
are half of what `FlopCounterMode` says, for one input. The page is made by `pytest -m torch
--update tests/bridges`, which fails where a number differs.

Not written: {refused}.

"""


def public() -> dict[tuple[int, int], dict[str, Any]]:
    """What was counted of public implementations, by their parameters and FLOPs."""
    rows = json.loads((ROOT / "tests" / "truth" / "models.json").read_text("utf-8"))
    return {(row["params"], row["flops_torch"]): row for row in reversed(rows)}


def table(names: list[str]) -> str:
    """The page: a row for each preset."""
    known = public()
    heads = ("model", "preset", "params", "module", "MACs", "module", "public", "params", "MACs")
    lines = [f"| {' | '.join(heads)} |", "|---|---|--:|--:|--:|--:|---|--:|--:|"]
    for name in names:
        for title, *counts in numbers(name):
            params, flops, its_params, its_flops = counts
            row = known.get((params, flops))
            cells = [params, its_params, flops // 2, its_flops // 2]
            shown = [name, title, *(f"{cell:,}" for cell in cells)]
            shown += (
                ["", "", ""]
                if row is None
                else [row["name"], f"{row['params']:,}", f"{row['flops_torch'] // 2:,}"]
            )
            lines.append(f"| {' | '.join(shown)} |")
    refused = ", ".join(f"`{name}`" for name in zoo_names() if name not in names)
    return PAGE.format(refused=refused) + "\n".join(lines) + "\n"
