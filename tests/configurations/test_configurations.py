"""`config.json` of the transformers library: exact numbers of its classes, or a refusal by name.

`counted.jsonl` was written by transformers 5.23.0: each configuration as it saves it, the first of
each family with the defaults of its class, the parameters of the class, and the products that
PyTorch's counter sees for 7 tokens (5 for the decoder of T5) with attention written out. It sees
no grouped products, so models with experts have none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from closedform import load
from closedform.derive.project import Project
from closedform.errors import ClosedformError
from closedform.projects import open_project, report_of
from closedform.reason.explain import entries_of
from closedform.render.formats import format_named
from helpers import call

ROWS = [json.loads(line) for line in Path(__file__).with_name("counted.jsonl").open()]
LLAMA = next(row["config"] for row in ROWS if row["config"]["model_type"] == "llama")
FEW = 1


def family_of(row: dict[str, Any]) -> str:
    return str(row["config"]["model_type"])


def cases() -> Iterator[Any]:
    for family, rows in groupby(ROWS, family_of):
        for at, row in enumerate(rows):
            marks = [pytest.mark.slow] if at >= FEW else []
            yield pytest.param(row, id=f"{family}-{at}", marks=marks)


def project_of(folder: Path, config: object) -> Project:
    path = folder / "config.json"
    path.write_text(config if isinstance(config, str) else json.dumps(config))
    return open_project(str(path))


@pytest.mark.parametrize("row", list(cases()))
def test_the_numbers_are_those_of_the_class(row: dict[str, Any], tmp_path: Path) -> None:
    if row["config"].get("num_experts_per_tok", 1) is None:
        with pytest.raises(ClosedformError, match="has no `num_experts_per_tok`"):
            project_of(tmp_path, row["config"])
        return
    project = project_of(tmp_path, row["config"])
    assert project.configured is not None
    params, macs = project.measures(["params", "macs"], None)
    assert project.value(project.preset(project.configured), params) == row["params"]
    if "macs" in row:
        tokens = {"t5": {"T": 7, "U": 5}}.get(family_of(row), {"T": 7})
        images = family_of(row) in ("vit", "deit", "swin", "convnext")
        title = project.set_sizes(project.configured, {} if images else tokens)
        assert project.value(project.preset(title), macs) == row["macs"]


def test_a_report_leaves_open_what_a_configuration_does(tmp_path: Path) -> None:
    project = project_of(tmp_path, LLAMA)
    params, macs = report_of(project).formulas
    assert (params.value, macs.value) == (6738415616, None)
    assert "= 6,738,415,616 (6.74 G) at " in format_named("text").report(report_of(project))


def test_from_python(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(LLAMA))
    model = load(tmp_path / "config.json")
    (title,) = model.presets
    assert model.macs.at(title, T=2048) == 14630806093824


def message(folder: Path, config: object) -> str:
    with pytest.raises(ClosedformError) as caught:
        project_of(folder, config)
    return str(caught.value).replace(str(folder), "folder")


def test_a_key_that_is_not_covered(tmp_path: Path) -> None:
    """Fails when a key that may change the model is passed over."""
    assert message(tmp_path, {**LLAMA, "layer_sharing": 2}) == _UNCOVERED


def test_a_key_can_be_ignored_from_outside(tmp_path: Path) -> None:
    """Fails when what the error advises does not help, or hides what the family reads."""
    path = tmp_path / "config.json"
    path.write_text(json.dumps({**LLAMA, "layer_sharing": 2, "later": [1]}))
    with pytest.raises(ClosedformError) as caught:
        load(path)
    said = "ask with --ignore layer_sharing,later, or"
    assert [said in str(found.help) for found in caught.value.diagnostics] == [True, True]
    model = load(path, ignore=["layer_sharing", "later"])
    assert model.params.at(*model.presets) == 6738415616
    asked = ("--ignore", "layer_sharing,later", "--measure", "params", "--to", "text")
    ran = call("derive", "config.json", *asked, folder=tmp_path)
    assert (ran.code, "= 6,738,415,616 (6.74 G) at " in ran.out) == (0, True)
    for key, told in (
        ("later_", "`config.json` has no key `later_`\n     = help: did you mean `later`?"),
        ("hidden_size", '`hidden_size` is read by `config "llama"` (families/llama.arch:54:1)'),
    ):
        ran = call("derive", "config.json", "--ignore", key, folder=tmp_path)
        assert (ran.code, told in ran.err) == (2, True)
    ran = call("derive", "vit", "--ignore", "later")
    assert (ran.code, ran.err) == (2, _NO_CONFIGURATION)


def test_questions_take_the_preset_that_a_configuration_is(tmp_path: Path) -> None:
    """Fails when its sizes have to be named again, though it has one preset."""
    (tmp_path / "config.json").write_text(json.dumps(LLAMA))
    model = load(tmp_path / "config.json")
    (title,) = model.presets
    solved = repr(model.params.solve("D", "7G"))
    assert solved[:24] == "D = 4,255 costs 6,999,98"
    assert repr(model.params.solve("D", "7G", title)) == solved
    bounds = [repr(model.roofline("H100", "bf16", preset=p, T=1)) for p in (None, title)]
    assert bounds[0] == bounds[1]
    assert model["GatedMLP"].roofline("H100", "bf16", n=2, d=8, hidden=16).work == 1536
    project = open_project(str(tmp_path / "config.json"))
    (entry,) = entries_of(project, [(None, "6.74B")], None, open_project)
    assert entry.subject.preset.title == title


def test_a_value_that_is_not_covered(tmp_path: Path) -> None:
    found = message(tmp_path, '{"model_type": "llama", "hidden_act": "relu"}')
    assert found == _REFUSED


def test_a_list_of_another_number_of_stages(tmp_path: Path) -> None:
    """Fails when the error shows the family alone, and not the key that is too short."""
    keys = '{"model_type": "swin", "embed_dim": 8, "window_size": 7, "num_heads": [1, 2, 4]}'
    assert message(tmp_path, keys) == _STAGES


def test_a_key_that_is_not_there(tmp_path: Path) -> None:
    assert message(tmp_path, '{"model_type": "llama", "vocab_sizes": 9}').endswith(
        "add there: ignore vocab_sizes"
    )
    assert message(tmp_path, '{"model_type": "llama"}') == _MISSING


def test_a_family_that_nobody_knows(tmp_path: Path) -> None:
    found = message(tmp_path, '{"model_type": "llamma"}').splitlines()
    assert found[0] == "folder/config.json:1:2: error[config]: no file has the family 'llamma'"
    assert found[-1] == "     = help: did you mean `llama`?"


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("", "1:1: error[config]: this is no JSON: expecting value"),
        ("[]", "1:1: error[config]: this is no configuration"),
        ("{}", "1:1: error[config]: `folder/config.json` does not say its `model_type`"),
        ('{"model_type": 3}', "1:1: error[config]: `folder/config.json` does not say its"),
        ('{"a": 1e999999999}', "error[config]: `folder/config.json` has the value 1e999999999"),
        ('{"a": NaN}', "error[config]: `folder/config.json` has the value NaN"),
        ("[" * 100_000, "error[config]: `folder/config.json` cannot be read as JSON"),
        (
            '{"model_type": "llama", "hidden_size": {"a": 1}, "vocab_size": 1}',
            "1:25: error[config]: `hidden_size` is an object, and a number, text or list is read",
        ),
    ],
)
def test_what_is_no_configuration(text: str, first: str, tmp_path: Path) -> None:
    assert first in message(tmp_path, text).splitlines()[0]


def test_a_family_beside_the_file(tmp_path: Path) -> None:
    """Values may be chosen by texts and lists, and numbers may be worked with."""
    (tmp_path / "mine.arch").write_text(
        "dim D\ndim L\n\nmodel Mine(x: [D], bias=false):\n    repeat L:\n"
        "        x = x -> linear(D, bias=bias)\n    return x\n\n"
        'config "mine" of Mine:\n    D = 2*width if kind == "wide" else width\n'
        "    L = layers or 3, bias = (use_bias or true) if kind != [1, 2] else false\n"
        '    only kind == "wide" or kind == "small" or kind == [1, 2]\n'
    )
    for keys, params in [
        ({"width": 4, "kind": "wide"}, 3 * (8 * 8 + 8)),
        ({"width": 4, "kind": "small", "layers": 1, "use_bias": False}, 16),
        ({"width": 4, "kind": [1, 2], "layers": 2}, 32),
    ]:
        project = project_of(tmp_path, {"model_type": "mine", **keys})
        preset = project.preset(str(project.configured))
        assert project.value(preset, project.measures(["params"], None)[0]) == params


def params_of(folder: Path, config: object) -> object:
    project = project_of(folder, config)
    (params,) = project.measures(["params"], None)
    return project.value(project.preset(str(project.configured)), params)


def test_a_key_that_is_missing_is_not_one_that_is_null(tmp_path: Path) -> None:
    """Fails when both give heads of keys and values their default: 8 where the key is missing, and
    those of the queries where it is `null`."""
    config = next(row["config"] for row in ROWS if row["config"]["model_type"] == "mistral")
    given = {**config, "num_attention_heads": 32, "head_dim": 128}
    del given["num_key_value_heads"]
    eight = params_of(tmp_path, {**given, "num_key_value_heads": 8})
    all_ = params_of(tmp_path, {**given, "num_key_value_heads": 32})
    assert params_of(tmp_path, given) == eight
    assert params_of(tmp_path, {**given, "num_key_value_heads": None}) == all_ != eight


def test_a_flag_that_is_null(tmp_path: Path) -> None:
    """Fails when `null` is taken for what a flag is where it is missing: it is false."""
    config = next(row["config"] for row in ROWS if row["config"]["model_type"] == "falcon")
    text = json.dumps({**config, "multi_query": None})
    key = text.index('"multi_query"') + 1
    assert message(tmp_path, text).startswith(
        f"folder/config.json:1:{key}: error[config]: "
        "`multi_query` is null, and true or false is read\n"
    )
    assert message(tmp_path, text).endswith("\n     = help: say which of the two it is")


_NO_CONFIGURATION = """\
error[argument]: `vit` is no configuration, whose keys can be ignored
     = help: give a `config.json`
"""
_UNCOVERED = """\
folder/config.json:1:637: error[config]: `layer_sharing` is not covered by `config "llama"` \
(families/llama.arch:54:1)
   1 | ...version": "5.23.0", "use_cache": true, "vocab_size": 32000, "layer_sharing": 2}
     |                                                                ^^^^^^^^^^^^^^^
     = help: where it changes nothing that is counted, ask with --ignore layer_sharing, \
or add there: ignore layer_sharing"""
_REFUSED = """\
folder/config.json:1:25: error[config]: `llama` is counted only where hidden_act == "silu"
   1 | {"model_type": "llama", "hidden_act": "relu"}
     |                         ^^^^^^^^^^^^
     = note: said at families/llama.arch:60:10
     = help: no family covers this yet"""
_STAGES = """\
folder/config.json:1:58: error[config]: `swin` is counted only where `num_heads` has 4 elements
   1 | {"model_type": "swin", "embed_dim": 8, "window_size": 7, "num_heads": [1, 2, 4]}
     |                                                          ^^^^^^^^^^^
     = note: G is read from it at families/vision.arch:107:61
     = help: 3 are given, and no family covers this yet"""
_MISSING = """\
families/llama.arch:55:5: error[config]: `folder/config.json` has no `vocab_size`, \
from which V is read
  55 |     V = vocab_size, D = hidden_size, H = num_attention_heads, G = num_key_value_heads or H
     |     ^^^^^^^^^^^^^^
     = help: add it to the configuration: vocab_size"""
