"""Reads the modules of a project: files, imports, and the names that each can use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from closedform.derive.resolve.builtin import USAGE
from closedform.derive.resolve.conventions import check_conventions
from closedform.derive.resolve.dtypes import widths_in
from closedform.derive.resolve.folders import LIBRARIES, library_folder
from closedform.derive.resolve.library import in_library, standard_library
from closedform.derive.resolve.modules import Entity, Module, Named
from closedform.derive.resolve.placement import check_placement
from closedform.derive.resolve.trees import parsed
from closedform.errors import Diagnostic, LimitError, Span, fail, suggestion
from closedform.grammar import tree

MAX_IMPORTS = 50  # files that wait for each other

Reader: TypeAlias = Callable[[Path], str]

# Names that a declaration may not have, for the language gives them a meaning where it is used.
RESERVED: defaultdict[type, frozenset[str]] = defaultdict(
    lambda: frozenset({*USAGE, "_", "kind"}),
    {tree.Count: frozenset({"kind", "others"}), tree.Convention: frozenset()},
)


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
        of_library = in_library(whole.parent)
        self.loading.append(whole)
        module = self._module(
            self.read(path), self._shown(whole) if of_library else str(path), whole.parent
        )
        self.loading.pop()
        return module

    def _module(self, text: str, title: str, folder: Path | None) -> Module:
        module = Module(title, parsed(text, title), folder)
        for declaration in module.file.declarations:
            if isinstance(declaration, tree.Block):
                check_placement(declaration)
            if isinstance(declaration, tree.Import):
                self._import(module, declaration)
            elif isinstance(declaration, tree.Dims | tree.Table):
                for dim in declaration.dims:
                    _declare(module, dim.name, Entity(dim, module))
            elif not isinstance(declaration, tree.Assume | tree.Preset | tree.Config | tree.Dtype):
                _declare(module, declaration.name, Entity(declaration, module))
        _check_families(module)
        for table, standard in zip(module.tables, standard_library().tables, strict=True):
            own = dict(table)
            table.clear()
            table.update({**standard, **own})
        check_conventions(module)
        widths_in(module)  # fails where it states no types
        return module

    def _import(self, module: Module, node: tree.Import) -> None:
        source = self._find(module, node)
        if source not in module.imports:
            module.imports.append(source)
        for name in node.names:
            found = _of_name(source, name.name)
            if not found:
                known = set().union(*source.tables)
                raise fail(
                    "import",
                    f"`{'.'.join(node.module)}` does not define `{name.name}`",
                    name.span,
                    suggestion(name.name, known) or _defines(source),
                )
            for entity in found:
                _declare(module, name, entity)

    def _find(self, module: Module, node: tree.Import) -> Module:
        written = "." * node.dots + ".".join(node.module)
        if not node.dots and node.module[0] in LIBRARIES and len(node.module) == 2:
            path = library_folder(node.module[0]) / f"{node.module[1]}.arch"
            if not path.is_file():
                known = [p.stem for p in library_folder(node.module[0]).glob("*.arch")]
                near = suggestion(node.module[1], known)
                raise fail(
                    "import",
                    f"the library has no `{written}`",
                    node.span,
                    near.replace("`", f"`{node.module[0]}.", 1)
                    if near
                    else "it has " + ", ".join(sorted(known)),
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
        inside = self.root if not in_library(module.folder) else module.folder
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
            if len(self.loading) >= MAX_IMPORTS:
                message = f"files import files more than {MAX_IMPORTS} deep"
                help_ = "import what is needed from the file that defines it"
                raise LimitError(Diagnostic("limit", message, span, help_))
            self.loading.append(path)
            self.loaded[path] = self._module(self.read(path), title, path.parent)
            self.loading.pop()
        return self.loaded[path]


def _of_name(module: Module, name: str) -> list[Entity]:
    """What a name stands for in a file; what needs no import only where it is nothing else."""
    found = [table[name] for table in module.tables if name in table]
    standard = [table.get(name) for table in standard_library().tables]
    return [entity for entity in found if entity not in standard] or found


def _defines(module: Module) -> str:
    own = sorted(entity.name for entity in module.own(*Named.__args__))
    return "it defines " + ", ".join(own) if own else "it defines nothing"


def _declare(module: Module, name: tree.Name, entity: Entity) -> None:
    table = module.table_of(entity.declaration)
    if name.name in RESERVED[type(entity.declaration)]:
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
    """`D[4]` is printed D_1 to D_4, and D_0 before them: no other size may be printed so."""
    families = {e.name for e in module.names.values() if _is_family(e)}
    for entity in module.own(tree.Dim, tree.Let):
        stem, _, index = entity.name.rpartition("_")
        if index.isdigit() and stem in families:
            raise fail(
                "name",
                f"`{entity.name}` is printed as an element of the list `{stem}` is",
                entity.declaration.name.span,
                "choose another name",
            )


def _is_family(entity: Entity) -> bool:
    declaration = entity.declaration
    return isinstance(declaration, tree.Dim | tree.Let) and declaration.length is not None
