"""Files, their imports and their names, as `brute` reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import closedform
from brute_values import Tensor
from closedform.grammar import parse, tree

LIBRARY = Path(closedform.__file__).parent
STANDARD = LIBRARY / "derive" / "std"


class Module:
    """A file: its own declarations by name, and those that it imports."""

    cache: dict[Path, Module] = {}  # noqa: RUF012  # files of the library do not change

    def __init__(self, text: str, folder: Path, root: Path | None = None) -> None:
        self.root = root or folder
        self.file = parse(text)
        self.names: dict[str, tuple[Module, Any]] = {}
        self.counts: dict[str, tuple[Module, Any]] = {}
        self.conventions: dict[str, tuple[Module, tree.Convention]] = {}
        for node in self.file.declarations:
            if isinstance(node, tree.Import):
                other = self.find(node.module)
                for name in node.names:
                    if name.name in other.counts:
                        self.counts[name.name] = other.counts[name.name]
                    if name.name in other.conventions:
                        self.conventions[name.name] = other.conventions[name.name]
                    if name.name in other.names:
                        self.names[name.name] = other.names[name.name]
            elif isinstance(node, tree.Convention):
                self.conventions[node.name.name] = (self, node)
            elif isinstance(node, tree.Count):
                self.counts[node.name.name] = (self, node)
            elif isinstance(node, tree.Dims | tree.Table):
                self.names |= {dim.name.name: (self, dim) for dim in node.dims}
            elif not isinstance(node, tree.Assume | tree.Preset):
                self.names[node.name.name] = (self, node)

    def find(self, parts: tuple[str, ...]) -> Module:
        folder = {"zoo": LIBRARY / "zoo", "std": STANDARD}.get(parts[0])
        path = (folder or self.root).joinpath(*parts[1 if folder else 0 :]).with_suffix(".arch")
        if path not in Module.cache or folder is None:
            Module.cache[path] = Module(path.read_text("utf-8"), path.parent, folder or self.root)
        return Module.cache[path]

    def models(self) -> list[str]:
        own = [d for d in self.file.declarations if isinstance(d, tree.Block)]
        return [d.name.name for d in own if d.keyword == "model"]

    def dims(self) -> dict[str, tree.Dim]:
        return {name: d for name, (_, d) in self.names.items() if isinstance(d, tree.Dim)}

    def presets(self, model: str) -> dict[str, dict[str, tree.Expression]]:
        """The bindings of every preset that is meant for a model."""
        return {
            d.title: {b.name.name: b.value for b in d.bindings}
            for d in self.file.declarations
            if isinstance(d, tree.Preset) and (d.of is None or d.of.name == model)
        }


def names_of(node: Any) -> set[str]:
    """The names in an expression that stand for a size, or for a list at every stage."""
    if isinstance(node, tree.Name):
        return {node.name}
    if isinstance(node, tree.Call):
        return {name for argument in node.arguments for name in names_of(argument.value)}
    if isinstance(node, tree.Index):
        return set()
    parts = (
        node
        if isinstance(node, tuple)
        else vars(node).values()
        if isinstance(node, tree.Node)
        else ()
    )
    return {name for part in parts for name in names_of(part)}


@dataclass(frozen=True)
class Function:
    """A block or an operation, with the arguments that it was handed already."""

    module: Module
    node: tree.Op | tree.Block
    given: tuple[Any, ...] = ()
    named: Mapping[str, Any] = field(default_factory=dict)


def standard() -> tuple[dict[str, Function], set[str], dict[str, tuple[Module, tree.Convention]]]:
    """The operations, the counts and the conventions of the standard library."""
    functions, counts, conventions = {}, set(), {}
    for path in sorted(STANDARD.glob("*.arch")):
        module = Module.cache.setdefault(path, Module(path.read_text("utf-8"), STANDARD))
        counts |= set(module.counts)
        conventions |= module.conventions
        for name, (_, node) in module.names.items():
            if isinstance(node, tree.Op):
                functions[name] = Function(module, node)
    return functions, counts, conventions


class Scope:
    """Names of a body; the names of the bodies around it can be read and assigned."""

    def __init__(self, module: Module, outer: Scope | None = None) -> None:
        self.module, self.outer, self.names = module, outer, dict[str, Any]()
        self.rest: tuple[int, ...] | None = None  # what `...` stands for, and after a `;`
        self.sides: tuple[int, ...] | None = None

    def owner(self, name: str) -> Scope | None:
        if name in self.names:
            return self
        return self.outer.owner(name) if self.outer else None

    def bind(self, name: str, value: Any) -> None:
        (self.owner(name) or self).names[name] = value

    def tensors(self) -> dict[str, Any]:
        held = self.outer.tensors() if self.outer else {}
        return held | {n: v for n, v in self.names.items() if isinstance(v, Tensor)}
