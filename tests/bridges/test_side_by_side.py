"""The page that sets files made of traces beside those of the zoo."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from closedform.api import load, zoo
from helpers import ROOT, ZOO, Golden

TRACES = Path(__file__).parent / "traces"

PAGE = """# Imported, and written by hand

Three modules as `closedform import` writes them from traces at several sizes, beside the models of
the zoo, which people wrote. The numbers are those of traces that were held out: they were not used
to find the formulas of the file. The page is made by `pytest --update tests/bridges`, which fails
where the two files differ.
"""
NUMBERS = "| preset | params, imported | params, zoo | MACs, imported | MACs, zoo |"


def _vit(s: dict[str, int]) -> dict[str, object]:
    same = {name: s[name] for name in ("I", "P", "D", "L", "H", "C")}
    return {**same, "F": s["R"] * s["D"]}


def _gpt2(s: dict[str, int]) -> dict[str, object]:
    return {**{name: s[name] for name in ("T", "D", "L", "H", "V")}, "S": s["P"]}


def _resnet(s: dict[str, int]) -> dict[str, object]:
    stages = [s[name] for name in ("A", "B", "C", "D")]
    return {"I": 64, "W": s["W"], "L": stages, "C": s["Classes"]}


# Title of the section by the name in the zoo, and its sizes by those of the import.
PAIRS: dict[str, tuple[str, Callable[[dict[str, int]], dict[str, object]]]] = {
    "vit": ("ViT", _vit),
    "gpt2": ("GPT-2", _gpt2),
    "resnet": ("ResNet", _resnet),
}


def compared(name: str) -> list[tuple[str, int, int, int, int]]:
    """What both files count at the presets that were held out."""
    imported, ours = load(TRACES / f"{name}_sizes.arch"), zoo(name)
    rows = []
    for preset, row in imported.presets.frame().iterrows():
        if preset.startswith("held out"):
            at = PAIRS[name][1]({size: int(row[size]) for size in row.index if size[0].isupper()})
            counts = [(one.at(preset), other.at(**at)) for one, other in (
                (imported.params, ours.params), (imported.macs, ours.macs))]  # fmt: skip
            rows.append((preset, *counts[0], *counts[1]))
    return rows


def shown(path: Path) -> str:
    return f"```arch\n{path.read_text('utf-8').strip()}\n```"


def section(name: str) -> str:
    rows = [
        f"| {preset} | {' | '.join(f'{n:,}' for n in numbers)} |"
        for preset, *numbers in compared(name)
    ]
    pair = "\n\n".join(
        shown(path) for path in (TRACES / f"{name}_sizes.arch", ZOO / f"{name}.arch")
    )
    table = "\n".join([NUMBERS, "|---|--:|--:|--:|--:|", *rows])
    return (
        f'\n## {PAIRS[name][0]}\n\n{table}\n\n<div class="pair" markdown="1">\n\n{pair}\n\n</div>\n'
    )


@pytest.mark.parametrize("name", PAIRS)
def test_an_import_counts_as_the_zoo_does(name: str) -> None:
    rows = compared(name)
    assert [row[0] for row in rows] == [f"held out {n}" for n in range(1, 6)]
    for preset, params, its_params, macs, its_macs in rows:
        assert (params, macs) == (its_params, its_macs), preset


def test_the_page(golden: Golden) -> None:
    """Fails when a file of the page is not the one of now."""
    golden.compare(ROOT / "docs" / "imported.md", PAGE + "".join(map(section, PAIRS)))
