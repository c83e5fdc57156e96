"""SymPy's tensors are not loaded where nothing asks for one.

Each sum of SymPy asks whether a term of it is one of its tensors, and loads these and permutation
groups for that: a fifth of `import sympy`. As long as they are not loaded, nothing
is one, and a class without objects answers the same.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

NAME = "sympy.tensor.tensor"
ASKING = "sympy.core.add"


class NoTensor:
    """What nothing is."""


class _Tensors(ModuleType):
    """The module for as long as sums alone ask for it; anyone else gets that of SymPy."""

    def __getattr__(self, name: str) -> Any:
        asking = sys._getframe(1).f_globals.get("__name__")
        if name in ("TensExpr", "TensAdd") and asking == ASKING:
            return NoTensor
        if name.startswith("__"):
            raise AttributeError(name)  # the machinery of imports
        if sys.modules.get(NAME) is self:
            del sys.modules[NAME]
        return getattr(import_module(NAME), name)


def put_off_tensors() -> None:
    """Load SymPy's tensors when they are asked for by something else than a sum."""
    sys.modules.setdefault(NAME, _Tensors(NAME))
