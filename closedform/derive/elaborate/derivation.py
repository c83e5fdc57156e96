"""What the elaboration of a model or block has found."""

from __future__ import annotations

from sympy import Expr, Symbol
from sympy.logic.boolalg import Boolean

from closedform.data import dataclass
from closedform.derive.assume.knowledge import Knowledge
from closedform.derive.assume.store import Fact
from closedform.derive.cost import tree as costs
from closedform.derive.elaborate.names import Names
from closedform.derive.elaborate.values import Scope, Value, symbols_in
from closedform.derive.resolve.modules import Entity


@dataclass(frozen=True, eq=False)
class Derivation:
    """What the elaboration of a model, or of a block in its own sizes, has found.

    `symbols` has the sizes of every dim by its name, `declared` the dims and abbreviations
    themselves, of imported models too; `names` is what names stood for; `signs` are the names that
    symbols are printed with where they are given another; `positive` are sizes that must be checked
    once they are numbers, each with the case in which it is needed.
    """

    entity: Entity
    generic: bool
    root: costs.Sequence
    outputs: tuple[Value, ...]
    known: Knowledge
    facts: tuple[Fact, ...]
    scope: Scope
    symbols: dict[str, tuple[Symbol, ...]]
    declared: dict[str, Entity]
    names: Names
    signs: dict[str, str]
    defaults: dict[Symbol, Expr]
    positive: tuple[tuple[Expr, Boolean], ...]

    @property
    def stage_symbols(self) -> dict[Symbol, tuple[str, int]]:
        """The family and the stage of the symbols that belong to one."""
        return self.names.stage_symbols

    @property
    def owners(self) -> tuple[str, ...]:
        """The blocks by themselves whose sizes these are."""
        return (self.entity.name,) if self.generic else ()

    @property
    def lets(self) -> tuple[Symbol, ...]:
        """The abbreviations of files that were met."""
        return tuple(s for value in self.names.lets.values() for s in symbols_in(value))
