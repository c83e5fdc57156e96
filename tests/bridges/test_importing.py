"""Files that are made of traces: their whole text, and what is said where none can be made."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from closedform.errors import ClosedformError, Source
from closedform.torch.counting import Counts, counts
from closedform.torch.fitting import formulas
from closedform.torch.importing import imported
from closedform.torch.trace import Trace, read_traces, written

TRACES = Path(__file__).parent / "traces"


def text_of(name: str) -> str:
    with gzip.open(TRACES / f"{name}.trace.json.gz", "rt") as file:
        return file.read()


def traces_of(name: str) -> tuple[Trace, ...]:
    return read_traces(Source(name, text_of(name)))


def changed(name: str, change: Any) -> str:
    """What is said of a trace that was changed."""
    data = json.loads(text_of(name))
    change(data, data["traces"][0])
    with pytest.raises(ClosedformError) as error:
        imported(read_traces(Source("x.json", json.dumps(data))))
    return str(error.value)


@pytest.mark.parametrize("name", ["vit", "hf_vit"])
def test_a_file_of_one_trace(name: str) -> None:
    """Fails when the text of an imported file changes; its numbers are compared by the import."""
    assert imported(traces_of(name)) == (TRACES / f"{name}.arch").read_text("utf-8")


SLOW = ["resnet", "gpt2", "llama"]
SLOW += [
    f"{name}_sizes" for name in ("vit", "gpt2", "llama", "resnet", "t5", "mixtral", "densenet")
]


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_a_file_of_other_traces(name: str) -> None:
    """Fails when the text of an imported file changes, or traces that are held out disagree."""
    assert imported(traces_of(name)) == (TRACES / f"{name}.arch").read_text("utf-8")


@pytest.mark.parametrize("name", ["vit", "resnet", "gpt2", "llama", "hf_vit", "vit_sizes"])
def test_a_trace_is_read_as_it_was_written(name: str) -> None:
    traces = traces_of(name)
    assert read_traces(Source(name, written(traces))) == traces


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("vit", Counts(27034, 468096)),
        ("hf_vit", Counts(27034, 468096)),
        ("resnet", Counts(902106, 14865408)),
        ("gpt2", Counts(92784, 1477632)),
        ("llama", Counts(62928, 998400)),
    ],
)
def test_the_counter(name: str, expected: Counts) -> None:
    """Fails when operations of a trace are counted otherwise, or tied weights twice."""
    assert counts(traces_of(name)[0]) == expected


def test_a_trace_that_is_held_out_has_to_agree() -> None:
    """Fails when a formula is taken although a further trace contradicts it."""
    traces = list(traces_of("vit_sizes"))
    wrong = dict(traces[-1].weights)
    name, weight = next((k, w) for k, w in wrong.items() if w.owner == "head.bias")
    wrong[name] = replace(weight, shape=(weight.shape[0] + 1,))
    traces[-1] = replace(traces[-1], weights=wrong)
    with pytest.raises(ClosedformError) as error:
        imported([*traces[:10], traces[-1]])
    assert "what was made of the trace does not hold" in str(error.value)


def test_a_formula_has_to_be_the_only_one() -> None:
    """Fails when one of several formulas is taken that agree with all traces."""
    assert [f.text for f in formulas((96, 144), {"D": (24, 36), "H": (3, 3)})] == ["4*D"]
    assert len(formulas((96, 144), {"D": (24, 36), "F": (48, 72)})) == 2


def test_a_quotient_is_rounded_down_where_enough_values_say_so() -> None:
    """Fails when two values, or one that is exact, make a quotient that is rounded."""
    assert [f.text for f in formulas((3, 5, 4), {"c": (7, 11, 8)})] == ["floor(c/2)"]
    assert [f.text for f in formulas((3, 5, 4), {"c": (6, 10, 8)})] == ["c/2"]
    assert formulas((3, 5, 3), {"c": (7, 11, 7)}, sums=False) == []
    assert formulas((3, 5, 4), {"c": (7, 11, 10)}, sums=False) == []


def test_a_square_of_a_sum() -> None:
    """Fails when a square is not seen, or two values that are squares are enough for one."""
    assert [f.text for f in formulas((49, 225, 529), {"W": (4, 8, 12)})] == ["(2*W - 1)^2"]
    assert formulas((49, 225, 225), {"W": (4, 8, 8)}) == []
    assert formulas((49, 225, 530), {"W": (4, 8, 12)}) == []


def test_sizes_that_several_formulas_give_are_asked_for() -> None:
    """Fails when it is not said which further trace would tell formulas apart."""
    traces = [t for t in traces_of("vit_sizes") if not t.held]
    with pytest.raises(ClosedformError) as error:
        imported([traces[0], traces[8]])
    assert str(error.value).startswith("error[symbols]: a size is ")
    assert "and nothing else settles it" in str(error.value)


def test_an_operation_without_a_place_is_refused() -> None:
    """Fails when an operation that is not known is left out, or counted as nothing."""

    def change(_: Any, trace: Any) -> None:
        row = next(o for o in trace["operations"] if o[1] == "aten.gelu")
        row[1] = "aten.lgamma"

    assert changed("vit", change) == (
        "error[operation]: `aten.lgamma` in `blocks.0.mlp.act` is not known\n"
        "     = help: declare it in a file that --ops names: "
        "op lgamma(x: [a0, a1]) -> y: [a0, a1]: "
        '"""...""", with its counts indented below'
    )


def test_an_operation_that_is_declared_is_used(tmp_path: Path) -> None:
    data = json.loads(text_of("vit"))
    for row in data["traces"][0]["operations"]:
        if row[1] == "aten.gelu":
            row[1] = "aten.lgamma"
    ops = tmp_path / "ops.arch"
    ops.write_text(
        'op lgamma(x: [...]) -> y: [...]:\n    """Its logarithm."""\n    log = size(x)\n'
    )
    made = imported(read_traces(Source("x.json", json.dumps(data))), ops=ops)
    assert "from ops import lgamma\n" in made
    assert "return x -> linear(hidden) -> lgamma -> linear(d)" in made


def test_a_width_that_is_off_by_one_is_found() -> None:
    """Fails when a shape of the file is not compared with the trace."""

    def change(_: Any, trace: Any) -> None:
        for row in trace["operations"]:
            if row[5][-1:] == ["norm"]:
                row[4] = [[1, 17, 25]]

    assert "`layernorm` gives the shape [17, 24]" in changed("vit", change)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d, t: d.clear(), "it has no `closedform_trace`"),
        (lambda d, t: d.update(closedform_trace=9), "its version is 9, and 1 is read"),
        (lambda d, t: d.update(traces=[]), "`traces` is no list of traces"),
        (lambda d, t: t.pop("weights"), "a trace has `factory`, `given`,"),
        (lambda d, t: t["outputs"].append("z"), "the result `z` is given by nothing"),
        (
            lambda d, t: t["operations"][0][2].append({"of": "import os"}),
            "`conv2d` takes `import os`, which nothing before it gives",
        ),
        (
            lambda d, t: t["operations"][0][5].append("nowhere"),
            "`conv2d` ran in `nowhere`, which is none of its modules",
        ),
        (lambda d, t: t["weights"][0].pop(), "a weight is [name, owner, shape, kind]"),
        (lambda d, t: t["inputs"][0].pop(), "an input is [name, shape, type]"),
        (lambda d, t: t["operations"][0].pop(), "an operation is [name, target,"),
        (lambda d, t: t["operations"][0].__setitem__(4, [[-1]]), "the shape of `conv2d` is [-1]"),
        (
            lambda d, t: t["inputs"][0].__setitem__(1, [4, 3, 32, 32]),
            "whose first axis is no batch of 1",
        ),
    ],
)
def test_nonsense_is_refused(change: Any, said: str) -> None:
    """Fails when a trace that was made by hand is taken as it is, or ends in a traceback."""
    message = changed("vit", change)
    assert message.startswith("error[trace]: ")
    assert said in message


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(ClosedformError) as error:
        read_traces(Source("x.json", "{"))
    assert str(error.value).startswith("error[trace]: `x.json` cannot be read as a trace: it is no")
