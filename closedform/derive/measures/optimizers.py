"""Optimizers as data: which states a parameter has, and what its update takes.

>>> from closedform.derive.resolve.dtypes import widths_of
>>> optimizer("adam_mixed").bytes(widths_of("bf16"))
Fraction(12, 1)
"""

from __future__ import annotations

import tomllib
from fractions import Fraction
from functools import cache
from importlib.resources import files

from closedform.data import dataclass
from closedform.derive.resolve.dtypes import BITS, Widths
from closedform.errors import Span, fail, suggestion


@dataclass(frozen=True)
class Optimizer:
    """The states of a parameter, each by its type, and the elementary operations of an update.

    A state may be in the type of the weights, which is "weights".
    """

    key: str
    name: str
    states: tuple[str, ...]
    updates: tuple[tuple[str, int], ...]

    def types(self, widths: Widths) -> tuple[str, ...]:
        """The type of each state, where elements have types."""
        return tuple(widths.type(s) if s == "weights" else s for s in self.states)

    def bytes(self, widths: Widths) -> Fraction:
        """The bytes of the states of one parameter."""
        return sum((Fraction(BITS[kind], 8) for kind in self.types(widths)), Fraction(0))

    @property
    def work(self) -> int:
        """The elementary operations of one update of one parameter."""
        return sum(times for _, times in self.updates)


@cache
def optimizers() -> dict[str, Optimizer]:
    """The optimizers that there are, by their names."""
    text = files("closedform.derive.measures").joinpath("optimizers.toml").read_text("utf-8")
    return {
        key: Optimizer(key, row["name"], tuple(row["states"]), tuple(row["updates"].items()))
        for key, row in tomllib.loads(text).items()
    }


def optimizer(name: str, span: Span | None = None) -> Optimizer:
    """An optimizer by its name. Raises ClosedformError where there is none."""
    known = optimizers()
    if name not in known:
        near = suggestion(name, known) or "there are " + ", ".join(known)
        raise fail("measure", f"there is no optimizer `{name}`", span, near)
    return known[name]
