"""Tensors of SymPy are loaded by who asks for them, and by nobody else."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
from closedform.console.tensors import NAME, put_off_tensors
put_off_tensors()
import sympy
x, y = sympy.symbols("x y")
print(2 * x + y + 1 - y, "sympy.combinatorics" in sys.modules)
from sympy.tensor.tensor import TensExpr, TensorHead, TensorIndexType, tensor_indices
kind = TensorIndexType("L")
i, j = tensor_indices("i j", kind)
p, q = TensorHead("p", [kind]), TensorHead("q", [kind])
print(type(p(i) + q(i)).__name__, isinstance(p(i), TensExpr), x + x)
"""


def test_who_asks_for_tensors_gets_them() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("2*x + 1 False\nTensAdd True 2*x\n", "")
