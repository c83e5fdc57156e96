"""What a name of a file is while a module is made of it."""

from __future__ import annotations

from typing import TypeAlias

from sympy import Expr

from closedform.data import dataclass
from closedform.derive.resolve.modules import Entity
from closedform.grammar import tree
from closedform.torch.export.shapes import Axes

SUM, PRODUCT, ATOM = range(3)


@dataclass(frozen=True)
class Tensor:
    """An expression of `forward`, and the shape of what it gives."""

    code: str
    shape: Axes
    batched: bool = True
    sides: int | None = None  # the last axes, where they are known to be the sides of a map
    level: int = ATOM

    def at(self, level: int) -> str:
        return self.code if self.level >= level else f"({self.code})"


@dataclass(frozen=True)
class Several:
    """The results of one call."""

    code: str
    tensors: tuple[Tensor, ...]


@dataclass(frozen=True)
class Family:
    """A list of sizes that Python has under one name."""

    name: str


@dataclass(frozen=True)
class Recipe:
    """An operation or a block with arguments, without its tensor: `f = linear(D)`."""

    call: tree.Call
    entity: Entity
    name: str  # of what it is assigned to


Value: TypeAlias = Expr | bool | str | Tensor | Several | Family | Recipe | tuple["Value", ...]
