"""What a training step keeps in memory: states of optimizers, and devices that share them."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest

from closedform.api import Part, loads
from closedform.derive.measures.optimizers import optimizers
from closedform.errors import ClosedformError
from helpers import call

FILE = """
dtype bf16

dim N
dim D

model M(x: [N, D]):
    x = x -> linear(D, bias=false) -> linear(D, bias=false)
    x = x -> linear(D, bias=false, tied=true)
    return x -> linear(D, frozen=true)
"""


def model() -> Part:
    return loads(FILE)["M"]


def test_states_and_updates() -> None:
    """Two matrices are trained, a third is the second again, a fourth and its bias are frozen."""
    found = {
        key: [str(model().measure(name, key)) for name in ("optimizer_bytes", "updates")]
        for key in optimizers()
    }
    assert found == {
        "sgd": ["0", "4 D^2"],
        "momentum": ["4 D^2", "8 D^2"],
        "adam": ["8 D^2", "26 D^2"],
        "adam_mixed": ["24 D^2", "26 D^2"],
    }
    assert str(model().measure("gradient_bytes")) == "4 D^2"
    assert str(model().measure("state_bytes", "adam_mixed")) == "34 D^2 + 2 D"
    assert str(model().measure("optimizer_bytes", "adam", dtype="fp32")) == "16 D^2"


def test_a_step_is_the_sum() -> None:
    """Fails when something of a step is left out, also where layers share their weights."""
    shared = loads(
        "dtype fp16\n\ndim N, L\n\nmodel M(x: [N, 4]):\n    repeat L shared:\n"
        "        x = x -> linear(4) -> gelu\n    return x\n"
    )["M"]
    for part, sizes in ((model(), {"N": 3, "D": 5}), (shared, {"N": 3, "L": 7})):
        names = ("weight_bytes", "gradient_bytes", "kept")
        parts = [part.measure(name).at(**sizes) for name in names]
        parts.append(part.measure("optimizer_bytes", "adam").at(**sizes))
        assert part.measure("step_bytes", "adam").at(**sizes) == sum(parts)


def test_parts_of_a_step() -> None:
    """Fails when a frozen part has gradients, or a tied one weights."""
    told = model().report("text", measures=["state_bytes under adam_mixed"])
    rows = [line.split()[1:] for line in told.splitlines() if " linear " in line]
    assert rows == [
        ["linear", "2", "16", "D^2"],
        ["linear", "1", "2", "D^2", "+", "2", "D"],
    ]
    with pytest.raises(ClosedformError, match="is no sum over parts"):
        model().parts[0].all("state_bytes", "adam_mixed")


def test_devices() -> None:
    """Each stage of ZeRO divides one more, and no number of devices changes the sum."""
    at = {"N": 3, "D": 8}
    whole = model().memory("adam_mixed", **at)
    assert [row.value for row in whole] == [2 * (4 * 64 - 64 + 8), 4 * 64, 24 * 64, 2 * 2 * 3 * 8]
    found = []
    for zero in range(4):
        spread = model().memory("adam_mixed", tensor=2, pipeline=4, data=16, zero=zero, **at)
        found.append([row.divided for row in spread])
        sizes = [v.value / s.value for v, s in zip(whole, spread, strict=True)]
        assert sizes == [8 * 16 ** (zero >= stage) for stage in (3, 2, 1)] + [2]
    assert found[1] == [("2", "4"), ("2", "4"), ("2", "4", "16"), ("2",)]
    letters = model().memory("adam_mixed", data="d", zero=3, **at)
    assert [row.divided for row in letters] == [("d",), ("d",), ("d",), ()]
    assert [row.value for row in letters] == [None, None, None, Fraction(96)]
    with pytest.raises(ClosedformError, match="name a preset, and numbers of devices"):
        letters.fits("H100")


WRONG = {
    ("updates",): "`updates` needs an optimizer\n     = help: write `updates under sgd` or "
    "`updates under momentum` or `updates under adam` or `updates under adam_mixed`",
    ("updates", "adm"): "there is no optimizer `adm`\n     = help: did you mean `adam`?",
}


@pytest.mark.parametrize(("asked", "told"), WRONG.items())
def test_mistakes(asked: tuple[str, ...], told: str) -> None:
    with pytest.raises(ClosedformError) as raised:
        model().measure(*asked)
    assert str(raised.value) == f"error[measure]: {told}"


def test_devices_that_cannot_be() -> None:
    for wrong in ({"data": 0}, {"tensor": "2 t"}, {"zero": 4}):
        with pytest.raises(ClosedformError):
            model().memory("adam", **wrong)  # type: ignore[arg-type]


def test_the_command() -> None:
    """Fails when a line of what it prints changes."""
    ran = call(
        *("memory", "gpt2", "--optimizer", "adam_mixed", "--dtype", "bf16"),
        *("--preset", "GPT-2 at 128", "--data", "8", "--zero", "2", "--machine", "L4"),
    )
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == PRINTED


PRINTED = """\
what        of all                                divided by  bytes of each
parameters  2 D (12 L D + 13 L + S + V + 2)                   248.9 MB
gradients   2 D (12 L D + 13 L + S + V + 2)       8           31.11 MB
optimizer   12 D (12 L D + 13 L + S + V + 2)      8           186.7 MB
kept        2 L T (T H + 16 D + 4) + 4 T D + 4 T              42.87 MB
509.5 MB on each of 8 devices: parameters, gradients, optimizer, kept
fits on NVIDIA L4: 23.49 GB left
"""


def test_diff_in_a_type() -> None:
    """Fails when bytes cannot be compared where the files state no types."""
    ran = call("diff", "gpt2", "gpt2", "--measure", "weight_bytes", "--dtype", "bf16")
    assert (ran.code, ran.err) == (0, "")


def test_a_configuration_whose_keys_are_passed_over(tmp_path: Path) -> None:
    keys = {
        **{"model_type": "llama", "hidden_size": 64, "intermediate_size": 128, "vocab_size": 100},
        **{"num_attention_heads": 4, "num_hidden_layers": 2, "num_key_value_heads": 2},
        **{"max_position_embeddings": 32, "tie_word_embeddings": False, "mine": 3},
    }
    (tmp_path / "config.json").write_text(json.dumps(keys), "utf-8")
    asked = ("memory", str(tmp_path / "config.json"), "--optimizer", "adam", "--dtype", "bf16")
    assert "`mine` is not covered" in call(*asked).err
    ran = call(*asked, "--ignore", "mine")
    assert (ran.code, ran.err) == (0, "")
    assert "347.4 kB\nkept        2 L T (T H" in ran.out  # the number of tokens is open
    ran = call(*asked, "--ignore", "mine", "--set", "T=32")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith("\n863.0 kB: parameters, gradients, optimizer, kept\n")
