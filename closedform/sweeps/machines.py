"""Programs of formulas that are ready to run, each made once."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache

from sympy import Expr, Symbol

from closedform.data import dataclass
from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.lower.nodes import Node
from closedform.derive.lower.program import Program, programmed
from closedform.derive.lower.run import Plan


@dataclass(frozen=True)
class Machine:
    """Expressions as a program that is ready to run, with the names of its values."""

    titles: tuple[str, ...]
    program: Program

    def broken(self, values: Mapping[str, int]) -> str | None:
        """What does not hold at some sizes."""
        for need, why in self.program.needs:
            if not plan_of((need,)).run(values)[0]:
                return why
        return None


@lru_cache(maxsize=256)
def plan_of(outputs: tuple[Node, ...]) -> Plan:
    """The plan of some outputs of a program."""
    return Plan(outputs)


@lru_cache(maxsize=64)
def machine(
    derivation: Derivation,
    exprs: tuple[tuple[str, Expr], ...],
    given: tuple[Symbol, ...],
    numbers: tuple[tuple[Symbol, Fraction], ...],
    chosen: frozenset[Symbol],
) -> Machine:
    """The program of some expressions, made once."""
    program = programmed(derivation, exprs, given, dict(numbers), chosen)
    return Machine(tuple(title for title, _ in exprs), program)
