"""Modules: a parsed file, the names that it defines and imports, and where those come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TypeAlias

from closedform.errors import Source, Span, fail, suggestion
from closedform.grammar import parse, tree

Reader: TypeAlias = Callable[[Path], str]
Named: TypeAlias = tree.Dim | tree.Let | tree.Count | tree.Op | tree.Block

LIBRARIES = ("std", "zoo")

# What the language itself does; no file may define these names.
FUNCTIONS_OF_SIZES = frozenset({"size", "floor", "ceil", "min", "max", "log", "sqrt"})
FUNCTIONS_OF_TENSORS = frozenset(
    {"einsum", "rearrange", "reduce", "concat", "split", "param", "zeros"}
)
BUILT_IN = FUNCTIONS_OF_SIZES | FUNCTIONS_OF_TENSORS


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

    Kinds of count have a table of their own: `tanh` is an operation and a count.
    """

    title: str
    file: tree.File
    folder: Path | None
    names: dict[str, Entity] = field(default_factory=dict)
    counts: dict[str, Entity] = field(default_factory=dict)
    imports: list[Module] = field(default_factory=list)

    def own(self, *kinds: type) -> list[Entity]:
        """Entities of the given kinds that this file declares itself."""
        return [
            entity
            for entity in (*self.names.values(), *self.counts.values())
            if entity.module is self and isinstance(entity.declaration, kinds)
        ]

    def blocks(self) -> list[Entity]:
        return [e for e in self.own(tree.Block) if _keyword(e) == "block"]

    def models(self) -> list[Entity]:
        return [e for e in self.own(tree.Block) if _keyword(e) == "model"]

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


def _keyword(entity: Entity) -> str:
    return entity.declaration.keyword if isinstance(entity.declaration, tree.Block) else ""


def parts_of(node: object) -> Iterator[tree.Node]:
    """A part of a syntax tree and all that is below it."""
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, tree.Node):
            yield part
            waiting.extend(vars(part).values())
        elif isinstance(part, tuple):
            waiting.extend(part)


def names_in(node: object) -> set[str]:
    """Every name that a part of a syntax tree mentions."""
    return {part.name for part in parts_of(node) if isinstance(part, tree.Name)}


class Loader:
    """Reads the modules of a project; every file once.

    `root` is the folder that imports may not leave. Without it only the library can be imported.
    """

    def __init__(self, read: Reader, root: Path | None) -> None:
        self.read = read
        self.root = root.resolve() if root else None
        self.shown = root  # as the user named it, for messages
        self.loaded: dict[Path, Module] = {}
        self.loading: list[Path] = []

    def text(self, text: str, title: str) -> Module:
        """The module of a text that is in no file."""
        return self._module(text, title, self.root)

    def file(self, path: Path) -> Module:
        """The module of a file."""
        whole = path.resolve()
        in_library = _in_library(whole.parent)
        self.loading.append(whole)
        module = self._module(
            self.read(path), self._shown(whole) if in_library else str(path), whole.parent
        )
        self.loading.pop()
        return module

    def _module(self, text: str, title: str, folder: Path | None) -> Module:
        module = Module(title, parse(text, title), folder)
        for declaration in module.file.declarations:
            if isinstance(declaration, tree.Import):
                self._import(module, declaration)
            elif not isinstance(declaration, tree.Assume | tree.Preset):
                _declare(module, declaration.name, Entity(declaration, module))
        _check_families(module)
        operations, counts = standard_library()
        module.names = {**operations, **module.names}
        module.counts = {**counts, **module.counts}
        return module

    def _import(self, module: Module, node: tree.Import) -> None:
        source = self._find(module, node)
        if source not in module.imports:
            module.imports.append(source)
        for name in node.names:
            entity = source.names.get(name.name) or source.counts.get(name.name)
            if entity is None:
                raise fail(
                    "import",
                    f"`{'.'.join(node.module)}` does not define `{name.name}`",
                    name.span,
                    suggestion(name.name, source.names) or _defines(source),
                )
            _declare(module, name, entity)

    def _find(self, module: Module, node: tree.Import) -> Module:
        written = "." * node.dots + ".".join(node.module)
        if not node.dots and node.module[0] in LIBRARIES and len(node.module) == 2:
            path = library_folder(node.module[0]) / f"{node.module[1]}.arch"
            if not path.is_file():
                known = [p.stem for p in library_folder(node.module[0]).glob("*.arch")]
                raise fail(
                    "import",
                    f"the library has no `{written}`",
                    node.span,
                    suggestion(node.module[1], known) or "it has " + ", ".join(sorted(known)),
                )
            return self._load(path, node.span, f"{node.module[0]}/{node.module[1]}.arch")
        if module.folder is None:
            raise fail(
                "import",
                f"`{written}` cannot be imported by a text that is in no folder",
                node.span,
                f"give the folder, or import from the library: {', '.join(LIBRARIES)}",
            )
        base = module.folder
        for _ in range(node.dots - 1):
            base = base.parent
        path = base.joinpath(*node.module[:-1], f"{node.module[-1]}.arch")
        inside = self.root if not _in_library(module.folder) else module.folder
        if inside and not path.resolve().is_relative_to(inside):
            raise fail(
                "import",
                f"`{written}` leaves the project folder",
                node.span,
                "import only files below the folder of the file that is read first",
            )
        if not path.is_file():
            name = node.module[-1]
            in_zoo = (library_folder("zoo") / f"{name}.arch").is_file()
            near = suggestion(name, (p.stem for p in base.glob("*.arch")))
            raise fail(
                "import",
                f"there is no file `{'/'.join(node.module)}.arch` beside this one",
                node.span,
                f"`from zoo.{name} import ...` takes the library's"
                if in_zoo
                else near or f"looked for {self._shown(path)}",
            )
        return self._load(path, node.span, self._shown(path.resolve()))

    def _shown(self, path: Path) -> str:
        """A path as the user would write it: beside the file that was read first."""
        for name in LIBRARIES:
            if path.parent == library_folder(name).resolve():
                return f"{name}/{path.name}"
        if self.root is None or self.shown is None:
            return str(path)
        return str(self.shown / path.relative_to(self.root))

    def _load(self, path: Path, span: Span, title: str) -> Module:
        path = path.resolve()
        if path in self.loading:
            names = [p.name for p in self.loading[self.loading.index(path) :]]
            raise fail(
                "import",
                "files import each other: " + " -> ".join([*names, path.name]),
                span,
                "move what both need into a third file",
            )
        if path not in self.loaded:
            self.loading.append(path)
            self.loaded[path] = self._module(self.read(path), title, path.parent)
            self.loading.pop()
        return self.loaded[path]


def _defines(module: Module) -> str:
    own = sorted(entity.name for entity in module.own(*Named.__args__))
    return "it defines " + ", ".join(own) if own else "it defines nothing"


def library_folder(name: str) -> Path:
    """The folder of the standard library (`std`) or of the models (`zoo`)."""
    package = {"std": "closedform.derive", "zoo": "closedform"}[name]
    return Path(str(files(package))).joinpath(name)


@cache
def standard_library() -> tuple[dict[str, Entity], dict[str, Entity]]:
    """The operations and the kinds of count of the standard library, which need no import."""
    operations: dict[str, Entity] = {}
    counts: dict[str, Entity] = {}
    for path in sorted(library_folder("std").glob("*.arch")):
        title = f"std/{path.name}"
        module = Module(title, parse(path.read_text("utf-8"), title), path.parent)
        module.names, module.counts = operations, counts
        for node in module.file.declarations:
            if isinstance(node, tree.Op):
                operations[node.name.name] = Entity(node, module)
            elif isinstance(node, tree.Count):
                counts[node.name.name] = Entity(node, module)
    return operations, counts


def in_standard_library(source: Source) -> bool:
    """Whether a text is a file of the standard library, and not one of a user with its name."""
    folder, _, name = source.name.partition("/")
    path = library_folder("std") / name
    return folder == "std" and path.is_file() and path.read_text("utf-8") == source.text


def _in_library(folder: Path) -> bool:
    return any(folder == library_folder(name).resolve() for name in LIBRARIES)


def _declare(module: Module, name: tree.Name, entity: Entity) -> None:
    table = module.counts if isinstance(entity.declaration, tree.Count) else module.names
    if table is module.names and (name.name in BUILT_IN or name.name in ("_", "kind")):
        raise fail(
            "name",
            f"`{name.name}` belongs to the language and cannot be defined",
            name.span,
            "choose another name",
        )
    before = table.get(name.name)
    if before is not None and before is not entity:
        line = before.declaration.name.span
        raise fail(
            "name",
            f"`{name.name}` is defined twice",
            name.span,
            "choose another name",
            f"first at {line}",
        )
    table[name.name] = entity


def _check_families(module: Module) -> None:
    """`D[4]` is printed D_1 to D_4, so no other size may have one of those names."""
    families = {e.name for e in module.names.values() if _is_family(e)}
    for entity in module.own(tree.Dim, tree.Let):
        stem, _, index = entity.name.rpartition("_")
        if index.isdigit() and stem in families:
            raise fail(
                "name",
                f"`{entity.name}` is also the name of an element of `{stem}`",
                entity.declaration.name.span,
                "choose another name",
            )


def _is_family(entity: Entity) -> bool:
    return isinstance(entity.declaration, tree.Dim) and entity.declaration.length is not None
