"""Files that are compared with code: what agrees, and which part is named where one differs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from test_importing import TRACES, text_of, traces_of

from closedform.cli import run
from closedform.derive.project import Project
from closedform.errors import ClosedformError
from closedform.torch.checking import opened
from closedform.torch.counting import Counts
from closedform.torch.trace import Trace
from closedform.torch.verifying import Agreed, at_presets, at_traces, verify

SIZES = {
    "I": "size", "P": "patch", "D": "dim", "L": "depth", "H": "heads", "R": "ratio", "C": "classes"
}  # fmt: skip


def project_of(name: str, old: str = "", new: str = "") -> Project:
    """The file of a trace, with one change."""
    text = (TRACES / f"{name}.arch").read_text("utf-8")
    assert old in text
    return opened(text.replace(old, new, 1) if old else text, Path())


def compared(name: str, old: str = "", new: str = "") -> Agreed:
    project = project_of(name, old, new)
    return verify(project, at_traces(project, project.part(None), traces_of(name)[:1], {}))


def said(name: str, old: str, new: str) -> str:
    """What is said of a file with one change."""
    with pytest.raises(ClosedformError) as error:
        compared(name, old, new)
    return str(error.value)


def said_of(text: str, traces: tuple[Trace, ...]) -> str:
    """What is said of a text that does not agree with traces."""
    project = opened(text, Path())
    with pytest.raises(ClosedformError) as error:
        verify(project, at_traces(project, project.part(None), traces, {}))
    return str(error.value)


@pytest.mark.parametrize(
    ("name", "costs", "parts"),
    [
        ("vit", Counts(27034, 468096), ("Block", "Attention", "MLP")),
        ("gpt2", Counts(92784, 1477632), ("GPT2Block", "GPT2Attention", "GPT2MLP")),
    ],
)
def test_a_file_agrees_with_its_trace(name: str, costs: Counts, parts: tuple[str, ...]) -> None:
    """Fails when a part is not compared, or costs in the file what it does not in the code."""
    assert compared(name) == Agreed((("the preset 'traced'", costs),), parts)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("resnet", ("Bottleneck",)),
        ("llama", ("LlamaDecoderLayer", "LlamaAttention", "LlamaMLP")),
    ],
)
def test_other_files_agree(name: str, parts: tuple[str, ...]) -> None:
    """Fails when two blocks that are made of one class are not taken together."""
    assert compared(name).parts == parts


def test_sizes_of_traces_are_those_of_the_file() -> None:
    """Fails when a size of the file is not the one that its meaning names."""
    project = project_of("vit_sizes")
    traces = traces_of("vit_sizes")
    points = at_traces(project, project.part(None), (traces[0], traces[-1]), {})
    assert verify(project, points).rows == (
        ("I=32, P=8, D=24, L=2, H=3, R=4, C=10", Counts(19810, 336720)),
        ("I=32, P=8, D=24, L=1, H=3, R=3, C=14", Counts(11510, 185856)),
    )


def test_a_layer_that_is_dropped_is_found() -> None:
    assert said("vit", "repeat 3", "repeat 2") == (
        "error[verify]: `Block` is used 2 times in `model.arch`, and 3 times in `models:ViT`\n"
        "     = note: at the preset 'traced'\n"
        "     = note: in all: params = 19810 in the file and 27034 in the code; "
        "macs = 336720 in the file and 468096 in the code"
    )


def test_a_part_that_is_dropped_is_found() -> None:
    """Fails when the part is not named of which something is missing."""
    assert said("vit", "return x + (x -> layernorm -> MLP(hidden))", "return x") == (
        "error[verify]: `Block` (line 20 of the file, `blocks.0` of the code) differs: "
        "params = 2448 in the file and 7224 in the code; "
        "macs = 53040 in the file and 131376 in the code\n"
        "     = note: at the preset 'traced'\n"
        "     = note: `blocks.0.norm1` (LayerNorm) of the code (params = 48, macs = 0) "
        "has no match in the file\n"
        "     = note: `blocks.0.mlp.fc1` (Linear) of the code (params = 2400, macs = 39168) "
        "has no match in the file"
    )


def test_a_width_that_is_off_by_one_is_found() -> None:
    assert said("vit", "Block(72, 3, 96)", "Block(72, 3, 97)") == (
        "error[verify]: `MLP` (line 14 of the file, `blocks.0.mlp` of the code) differs: "
        "params = 4777 in the file and 4728 in the code; "
        "macs = 79152 in the file and 78336 in the code\n"
        "     = note: at the preset 'traced'\n"
        "     = note: `linear` in line 10 of the file (params = 2425, macs = 39576) "
        "has no match in the code\n"
        "     = note: `linear` in line 10 of the file (params = 2352, macs = 39576) "
        "has no match in the code\n"
        "     = note: `blocks.0.mlp.fc1` (Linear) of the code (params = 2400, macs = 39168) "
        "has no match in the file\n"
        "     = note: `blocks.0.mlp.fc2` (Linear) of the code (params = 2328, macs = 39168) "
        "has no match in the file"
    )


def test_a_bias_that_is_missing_is_found() -> None:
    assert said("vit", "linear(hidden) -> gelu", "linear(hidden, bias=false) -> gelu") == (
        "error[verify]: `MLP` (line 14 of the file, `blocks.0.mlp` of the code) differs: "
        "params = 4632 in the file and 4728 in the code\n"
        "     = note: at the preset 'traced'\n"
        "     = note: `linear` in line 10 of the file (params = 2304, macs = 39168) "
        "has no match in the code\n"
        "     = note: `blocks.0.mlp.fc1` (Linear) of the code (params = 2400, macs = 39168) "
        "has no match in the file"
    )


def test_a_weight_that_is_untied_is_found() -> None:
    assert said("gpt2", ", tied=true", "") == (
        "error[verify]: `GPT2LMHeadModel` differs: "
        "params = 97584 in the file and 92784 in the code\n"
        "     = note: at the preset 'traced'\n"
        "     = note: `linear` in line 26 of the file (params = 4800, macs = 76800) "
        "has no match in the code\n"
        "     = note: `lm_head` (Linear) of the code (params = 0, macs = 76800) "
        "has no match in the file"
    )


def test_what_a_module_owns_itself_is_found() -> None:
    """Fails when a weight that belongs to no layer is not told."""
    assert said("vit", "param([1, 24])", "zeros([1, 24])") == (
        "error[verify]: `ViT` differs: params = 27010 in the file and 27034 in the code\n"
        "     = note: at the preset 'traced'\n"
        "     = note: `cls_token` of the code (params = 24, macs = 0) has no match in the file"
    )


def test_presets_and_random_sizes() -> None:
    """Fails when random sizes break what the file assumes, or are other ones at the next run."""
    project = project_of("vit_sizes")
    known = traces_of("vit_sizes")[0]
    seen: list[Mapping[str, int]] = []

    def trace(given: Mapping[str, int]) -> Trace:
        seen.append(given)
        return known

    points = list(at_presets(project, project.part(None), trace, SIZES, ["traced"]))
    first = list(seen)
    again = list(at_presets(project, project.part(None), trace, SIZES, ["traced"]))
    assert seen == [*first, *first]
    assert points == again
    assert first[0] == known.given
    assert len(first) == 4
    for given in first:
        assert given["size"] % given["patch"] == given["dim"] % given["heads"] == 0
    assert points[1].title.startswith("the random sizes I=")


def test_sizes_that_the_code_refuses_are_passed_over() -> None:
    """Fails when sizes that do not go together in the code end the comparison."""
    project = project_of("vit_sizes")
    known = traces_of("vit_sizes")[0]
    count = 0

    def trace(given: Mapping[str, int]) -> Trace:
        nonlocal count
        count += 1
        if count > 1:
            raise ClosedformError()
        return known

    points = list(at_presets(project, project.part(None), trace, SIZES, ["traced"]))
    assert [point.title for point in points] == ["the preset 'traced'"]
    assert count == 11


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            {"D": "width"},
            "error[name]: `models:ViT` was traced without a size `width`\n"
            "     = help: the sizes that were given there: "
            "size, patch, dim, depth, heads, ratio, classes",
        ),
        (
            {"DD": "dim"},
            "error[name]: `DD` is no size of `model.arch`\n     = help: did you mean `D`?",
        ),
    ],
)
def test_names_that_are_not_there(names: dict[str, str], message: str) -> None:
    project = project_of("vit_sizes")
    with pytest.raises(ClosedformError) as error:
        at_traces(project, project.part(None), traces_of("vit_sizes")[:1], names)
    assert str(error.value) == message


def test_sizes_that_the_code_was_not_told_are_said() -> None:
    """Fails when a difference is not explained by a size that only the file has."""
    project = project_of("vit_sizes", "C=10", "C=11")
    names = {name: code for name, code in SIZES.items() if name != "C"}
    points = at_traces(project, project.part(None), traces_of("vit_sizes")[:1], names)
    with pytest.raises(ClosedformError) as error:
        verify(project, points)
    assert "the code was not told C: name what they are there by --map" in str(error.value)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Fails when a command that finds a difference ends with 0, or prints another thing."""
    trace, file = tmp_path / "vit.trace.json", tmp_path / "vit.arch"
    trace.write_text(text_of("vit"), "utf-8")
    text = (TRACES / "vit.arch").read_text("utf-8")
    file.write_text(text, "utf-8")
    arguments = ["verify", str(file), "--against", str(trace)]
    assert run(arguments) == 0
    assert capsys.readouterr().out == (
        "at the preset 'traced': params = 27034, macs = 468096\n"
        f"{file} agrees with {trace}, and so do Block, Attention, MLP\n"
    )
    file.write_text(text.replace("repeat 3", "repeat 2"), "utf-8")
    assert run(arguments) == 1
    assert capsys.readouterr().err.startswith("error[verify]: `Block` is used 2 times in ")
    assert run([*arguments, "--with", "dim=24"]) == 2
    assert run(["verify", str(file), "--against", "models:ViT"]) == 2
