"""What can be said of a statement: proved, refuted, or not decided.

Nothing is called false because it was not proved, and nothing true because no counterexample was
found: a proof names what it rests on, a refutation shows sizes, and the rest says what was tried.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TypeAlias

from sympy import Expr, Symbol

from closedform.data import dataclass
from closedform.derive.assume.store import Fact


@dataclass(frozen=True)
class Proved:
    """It holds wherever these facts do."""

    facts: frozenset[Fact] = frozenset()

    word = "proved"


@dataclass(frozen=True)
class Refuted:
    """It fails at these sizes, which satisfy all that is assumed, with both sides there."""

    sizes: Mapping[Symbol, Expr] = field(default_factory=dict)
    left: Expr | None = None
    right: Expr | None = None

    word = "refuted"


@dataclass(frozen=True)
class NotDecided:
    """Neither a proof nor a counterexample was found, by these means."""

    tried: tuple[str, ...] = ()

    word = "not decided"


Verdict: TypeAlias = Proved | Refuted | NotDecided
