"""Names of timm: each is a preset of the zoo whose numbers are those of timm's model."""

from __future__ import annotations

import json
import tomllib

import pytest

from closedform.derive.resolve.shipped import library_file
from closedform.errors import ClosedformError
from closedform.grammar import tree
from closedform.projects import open_project, report_of
from helpers import PACKAGE, ROOT

NAMES = tomllib.loads((PACKAGE / "families" / "timm.toml").read_text("utf-8"))
COUNTED = {
    row["name"].removeprefix("timm/"): row
    for row in json.loads((ROOT / "tests" / "truth" / "models.json").read_text("utf-8"))
}


def test_every_preset_expects_what_was_counted_of_timm() -> None:
    for name, (file, title) in NAMES.items():
        (preset,) = (
            d
            for d in library_file("zoo", file).declarations
            if isinstance(d, tree.Preset) and d.title == title
        )
        expected = {
            item.measure.name: item.value.value
            for expect in preset.expects
            for item in expect.items
            if item.operator == "=" and item.measure.convention is None
            if isinstance(item.value, tree.Number)
        }
        row = COUNTED[name]
        assert (name, expected) == (name, {"params": row["params"], "macs": row["macs"]})


def test_a_name_of_timm_is_a_preset() -> None:
    project = open_project("timm:resnet50")
    assert (project.module.title, project.configured) == ("zoo/resnet.arch", "ResNet-50")
    assert project.part(None).name == "ResNet"
    assert report_of(project, measures=["params"]).formulas[0].value == 25557032


def test_a_name_that_the_zoo_does_not_have() -> None:
    with pytest.raises(ClosedformError) as caught:
        open_project("timm:resnet51")
    assert str(caught.value) == (
        "error[name]: no model of the zoo is that of timm's `resnet51`\n"
        "     = help: did you mean `resnet50`?"
    )
