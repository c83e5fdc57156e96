"""Modules of PyTorch as text: what is written and what is refused. No PyTorch is needed."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sympy import log

from closedform.cli import run
from closedform.derive.project import Project
from closedform.derive.resolve.loader import Loader
from closedform.derive.resolve.shipped import zoo_names
from closedform.errors import ClosedformError
from closedform.files import read_text
from closedform.grammar import format_file, parse
from closedform.projects import open_project
from closedform.torch.export.module import torch_module
from closedform.torch.export.sizes import Sizes
from helpers import ROOT, Golden

GOLDEN = ROOT / "tests" / "golden" / "export"

# Files of the zoo that say of an operation what it costs, and not what it does.
REFUSED = {
    "attention_linear": "random_features",
    "decoding": "kv_append",
    "recurrent": "moment",
}

TABLE = '''"""A stack of convolutions, as a table has it."""

dim I = 32  "image side, pixels"
dim C, K, S:
    16, 3, 1
    24, 5, 2

block Unit(x: [c, h, w], out, kernel, stride):
    x = x -> conv2d(out, kernel, stride, padding=(kernel - 1)/2, bias=false)
    return x -> batchnorm -> relu

model Stack(image: [3, I, I]):
    x = image
    for s in 1..2:
        x = x -> Unit(C[s], K[s], S[s])
    return x -> mean("c h w -> c") -> linear(10)

preset "small": I=16
'''

HOSTILE = '''"""A file whose "names" are Python's \\\\ and \\"\\"\\"."""

dim class        "a \\"width\\" \\\\"
dim print, torch

op lambda(x: [..., n], global) -> y: [..., global]:
    params = n*global
    mac = size(x)*global
    as linear(global, bias=false)

block nn(x: [self, F], forward):
    """Ends in a quote, "forward" """
    None = x -> lambda(forward)
    return None -> gelu -> lambda(F)

model range(x: [print, class]):
    repeat torch:
        x = x + (x -> nn(class + 1))
    return x

preset "a \\"preset\\" of \\\\n": class=8, print=4, torch=2
'''


def module(text: str, title: str = "text.arch") -> str:
    return torch_module(Project(Loader(read_text, None).text(text, title)))


@pytest.mark.parametrize("name", ["vit", "resnet"])
def test_the_module_of_a_file_of_the_zoo(name: str, golden: Golden) -> None:
    golden.compare(GOLDEN / f"{name}.txt", torch_module(open_project(name)))


def test_the_module_of_a_table(golden: Golden) -> None:
    golden.compare(GOLDEN / "table.txt", module(TABLE))


def test_names_and_texts_of_a_file_are_quoted(golden: Golden) -> None:
    text = module(HOSTILE)
    golden.compare(GOLDEN / "hostile.txt", text)
    tree = ast.parse(text)
    names = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    assert names == {"nn_", "range_", "range_Layer"}


@pytest.mark.slow
@pytest.mark.parametrize("name", zoo_names())
def test_the_zoo_is_written_or_refused_by_name(name: str) -> None:
    if name not in REFUSED:
        compile(torch_module(open_project(name)), name, "exec")
        return
    with pytest.raises(ClosedformError, match=f"`{REFUSED[name]}` does not say what it does"):
        torch_module(open_project(name))


def test_an_operation_that_does_not_say_what_it_does() -> None:
    with pytest.raises(ClosedformError) as caught:
        module("op f(x: [n]) -> y: [n]:\n    mac = n\n\nmodel M(x: [4]):\n    return x -> f\n")
    assert str(caught.value) == (
        "text.arch:5:17: error[export]: `f` does not say what it does\n"
        "   5 |     return x -> f\n"
        "     |                 ^\n"
        "     = help: add a line to `op f`: `as linear(out)`, or what it is made of"
    )


def test_as_is_kept_by_the_formatter() -> None:
    text = "op f(x: [..., n], out) -> y: [..., out]:\n    mac = n\n    as linear(out) -> relu\n"
    assert format_file(parse(text, "f.arch")) == text


def test_the_command_writes_a_file(tmp_path: Path) -> None:
    target = tmp_path / "vit.py"
    assert run(["export", "vit", "--of", "MLP", "--to", "torch", "-o", str(target)]) == 0
    assert target.read_text("utf-8") == torch_module(open_project("vit"), "MLP")


@pytest.mark.parametrize(
    "text",
    [
        'dim N  "sizes"\n\nmodel M(x: [N]):\n    return x -> linear(ceil(log(N, 2)))\n',
        "block B(x: [n], k = ceil(log(n, 2))):\n    return x -> linear(k)\n\n"
        "model M(x: [8]):\n    return x -> B\n",
    ],
)
def test_a_function_that_python_does_not_have_is_named(text: str) -> None:
    """Fails when a logarithm is told to be unknown to the language."""
    with pytest.raises(ClosedformError) as caught:
        module(text)
    assert "error[export]: `log` is not written in PyTorch\n" in str(caught.value)
    assert "     = help: make what it gives a size of its own, `dim`" in str(caught.value)


def test_a_size_that_cannot_be_spelled_is_told() -> None:
    """Fails when a size of another kind ends in a traceback."""
    with pytest.raises(ClosedformError, match=r"error\[export\]: `log\(2\)` is not written in"):
        Sizes().whole(log(2))


def test_a_module_is_the_same_text_at_each_run() -> None:
    """Fails when the sizes of a class stand as a set gives them."""
    made = {
        subprocess.run(
            [sys.executable, "-m", "closedform", "export", "pvt", "--to", "torch"],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert len(made) == 1
