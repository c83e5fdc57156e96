"""Modules: a parsed file, the names that it defines and imports, and where those come from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from pathlib import Path
from typing import Any, TypeAlias

from closedform.data import dataclass
from closedform.grammar import tree
from closedform.grammar.traverse import names_in

Named: TypeAlias = tree.Dim | tree.Let | tree.Count | tree.Convention | tree.Op | tree.Block


@dataclass(frozen=True, eq=False)
class Entity:
    """A declaration that has a name, and the module in which it stands."""

    declaration: Named
    module: Module

    @property
    def name(self) -> str:
        return self.declaration.name.name


@dataclass(eq=False)
class Module:
    """One file: its tree, and every name that can be used in it.

    Kinds of count and conventions have tables of their own: `tanh` is an operation and a count.
    """

    title: str
    file: tree.File = field(repr=False)  # what is long, and leads to all the other files
    folder: Path | None
    names: dict[str, Entity] = field(default_factory=dict, repr=False)
    counts: dict[str, Entity] = field(default_factory=dict, repr=False)
    conventions: dict[str, Entity] = field(default_factory=dict, repr=False)
    imports: list[Module] = field(default_factory=list, repr=False)
    built: dict[str, Any] = field(
        default_factory=dict, repr=False
    )  # conventions that were asked for

    @property
    def tables(self) -> tuple[dict[str, Entity], ...]:
        """Every table of names."""
        return self.names, self.counts, self.conventions

    def table_of(self, declaration: Named) -> dict[str, Entity]:
        """The table that a declaration belongs to."""
        match declaration:
            case tree.Count():
                return self.counts
            case tree.Convention():
                return self.conventions
        return self.names

    def own(self, *kinds: type) -> list[Entity]:
        """Entities of the given kinds that this file declares itself."""
        return [
            entity
            for table in self.tables
            for entity in table.values()
            if entity.module is self and isinstance(entity.declaration, kinds)
        ]

    def blocks(self) -> list[Entity]:
        return [e for e in self.own(tree.Block) if not is_model(e)]

    def models(self) -> list[Entity]:
        return [e for e in self.own(tree.Block) if is_model(e)]

    def presets(self) -> list[tree.Preset]:
        return [d for d in self.file.declarations if isinstance(d, tree.Preset)]

    def assumptions(self) -> Iterator[tree.Expression]:
        """Conditions stated here, or where all the names in them are imported from."""
        for module in [*self.imports, self]:
            for node in module.file.declarations:
                if isinstance(node, tree.Assume):
                    yield from (
                        condition
                        for condition in node.conditions
                        if all(
                            self.names.get(name) is module.names.get(name)
                            for name in names_in(condition)
                        )
                    )


def is_model(entity: Entity) -> bool:
    """Whether a declaration is a model."""
    return isinstance(entity.declaration, tree.Block) and entity.declaration.keyword == "model"
