"""A file as a module of Python: its classes, its presets, and what they need."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import field

from sympy import Expr, Integer, Rational

from closedform.data import dataclass
from closedform.derive.project import Project
from closedform.derive.resolve.modules import Entity, Module, is_model
from closedform.grammar import tree
from closedform.grammar.traverse import at_stage, names_in, parts_of
from closedform.torch.export.classes import Class, Default, Line, written
from closedform.torch.export.expressions import Reader, refuse
from closedform.torch.export.python import INDENT, docstring, identifier, unused, wrapped
from closedform.torch.export.shapes import REST
from closedform.torch.export.sizes import Root, Sizes
from closedform.torch.export.values import Family, Tensor, Value
from closedform.torch.export.walk.bodies import settled
from closedform.torch.export.walk.loops import Body
from closedform.torch.export.walk.statements import check


@dataclass
class Block:
    """A block that is made: its class, the axes of its inputs, and what it gives."""

    made: Class
    axes: dict[str, list[tree.Expression | tree.Rest]]
    results: list[Tensor]
    quotients: frozenset[str]  # parameters that are rounded, and need not be whole
    computed: dict[str, Expr]
    exported: tuple[str, ...] = ()


@dataclass
class Exporter:
    project: Project
    sizes: Sizes = field(default_factory=Sizes)
    classes: list[Class] = field(default_factory=list)
    blocks: dict[Entity, Block] = field(default_factory=dict)
    functions: dict[Entity, tuple[str, list[str]]] = field(default_factory=dict)
    helpers: set[str] = field(default_factory=set)
    globals: dict[str, Entity] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    models: dict[str, Class] = field(default_factory=dict)
    trials: int = 0
    asked: set[tuple[str, str]] = field(default_factory=set)
    told: set[tuple[str, str]] = field(default_factory=set)

    # Names ---------------------------------------------------------------------------------

    def new_class(self, name: str, doc: str) -> Class:
        wanted = identifier(name)
        if wanted in self.globals_of_files():
            wanted += "Block"
        made = Class(unused(wanted, self.names), doc, self.sizes)
        self.names.add(made.name)
        made.trial = self.trials
        self.classes.append(made)
        return made

    def export(self, made: Class, names: Iterable[str]) -> None:
        """Sizes that a module tells, those of them that somebody asks for."""
        for name in names:
            self.told.add((made.name, name))
            if (made.name, name) in self.asked:
                made.stored[name] = None

    def used(self) -> set[tuple[str, str]]:
        """The sizes of modules for which others ask."""
        lines = [(line, made.name) for made in self.classes for line in made.lines()]
        return {
            (name, size)
            for name, size in self.told
            if any(
                re.search(rf"\w\.{size}\b", line) and not line.strip().startswith(f"self.{size} = ")
                for line, _ in lines
            )
        }

    def drop(self, made: Class) -> None:
        self.classes.remove(made)
        self.names.remove(made.name)

    @contextmanager
    def trying(self) -> Iterator[None]:
        """Classes of bodies that are made here are dropped; blocks and functions stay."""
        self.trials += 1
        yield
        self.trials -= 1
        for made in [c for c in self.classes if c.trial > self.trials]:
            self.drop(made)

    def globals_of_files(self) -> set[str]:
        """Names of Python that sizes and tensors have."""
        if not hasattr(self, "_values"):
            found: set[str] = set()
            modules: list[Module] = [self.project.module]
            for module in modules:
                modules += [m for m in module.imports if m not in modules]
                for part in parts_of(module.file.declarations):
                    match part:
                        case tree.Parameter(name=name) | tree.Dim(name=name) | tree.Let(name=name):
                            found.add(name.name)
                        case tree.Assign(targets=targets):
                            found |= {t.name for t in targets}
                        case tree.Shape(axes=axes):
                            found |= names_in(axes)
            self._values = {identifier(name) for name in found}
        return self._values

    # Sizes ---------------------------------------------------------------------------------

    def size_of(self, entity: Entity, made: Class | None) -> Value:
        """What a size of a file is in a class that uses it."""
        name = identifier(entity.name)
        before = self.globals.setdefault(name, entity)
        if before is not entity:
            raise refuse(
                f"`{entity.name}` is another size in another file",
                entity.declaration,
                "give one of them another name",
            )
        declaration = entity.declaration
        assert isinstance(declaration, tree.Dim | tree.Let)
        if made is not None and name not in made.order:
            made.order.append(name)
        if declaration.length is not None:
            self.sizes.name(name)
            return Family(name)
        if isinstance(declaration, tree.Let) and entity.name in rounded(entity.module):
            return self.reader(entity.module).size(declaration.value)
        whole = isinstance(declaration, tree.Let) or declaration.keyword == "dim"
        return self.sizes.name(name, whole)

    def reader(self, module: Module) -> Reader:
        return OfFile(self, module)

    def python_of(self, entity: Entity) -> tuple[str, frozenset[str], bool]:
        """The value of a `let`, or the default of a size, as Python; whether it needs no other."""
        declaration = entity.declaration
        assert isinstance(declaration, tree.Dim | tree.Let)
        node = declaration.value if isinstance(declaration, tree.Let) else declaration.default
        assert node is not None
        reader = OfFile(self, entity.module)
        ratio = isinstance(declaration, tree.Dim) and declaration.keyword == "ratio"
        if declaration.length is None:
            size = reader.size(node)
            text = self.sizes.quotient(size) if ratio else self.sizes.whole(size)
            return text, self.sizes.roots(size), isinstance(size, Rational)
        count = int(reader.size(declaration.length))
        if isinstance(node, tree.ListOf):
            items = [reader.size(item) for item in node.items]
            if len(items) == 1:
                items *= count
        else:
            lists = {
                n
                for n, e in entity.module.names.items()
                if getattr(e.declaration, "length", None) is not None
            }
            items = [reader.size(at_stage(node, lists, s)) for s in range(1, count + 1)]
        texts = [self.sizes.quotient(i) if ratio else self.sizes.whole(i) for i in items]
        roots = frozenset[str]().union(*(self.sizes.roots(i) for i in items))
        end = "," if count == 1 else ""
        return f"({', '.join(texts)}{end})", roots, not roots

    # Blocks --------------------------------------------------------------------------------

    def block(self, entity: Entity) -> Block:
        if entity not in self.blocks:
            trials, self.trials = self.trials, 0
            self.blocks[entity] = self._made(entity)
            self.trials = trials
        return self.blocks[entity]

    def _made(self, entity: Entity) -> Block:
        declaration = entity.declaration
        assert isinstance(declaration, tree.Block)
        made = self.new_class(entity.name, declaration.doc or "")
        scope: dict[str, Value] = {}
        body = Body(self, made, entity.module, scope)
        body.exact, body.once = rounded_in(declaration), assigned_once(declaration)
        axes: dict[str, list[tree.Expression | tree.Rest]] = {}
        computed: dict[str, Expr] = {}
        for parameter in declaration.parameters:
            if parameter.shape is None:
                continue
            name = parameter.name.name
            named: list[tree.Expression | tree.Rest] = []
            for i, axis in enumerate(parameter.shape.axes):
                if axis == tree.Name("_"):
                    axis = tree.Name(f"{name}_{i + 1}", span=axis.span)
                named.append(axis)
                if isinstance(axis, tree.Name) and axis.name not in scope:
                    if axis.name in entity.module.names and isinstance(
                        entity.module.names[axis.name].declaration, tree.Dim | tree.Let
                    ):
                        continue
                    own = identifier(axis.name)
                    if own not in made.order:
                        made.order.append(own)
                    scope[axis.name] = self.sizes.name(own)
            axes[name] = named
            made.inputs.append(identifier(name))
            made.variables.add(identifier(name))
        for parameter in declaration.parameters:
            name, own = parameter.name.name, identifier(parameter.name.name)
            if parameter.shape is not None:
                continue
            if own not in made.order:
                made.order.append(own)
            if parameter.length is not None:
                self.sizes.name(own)
                scope[name] = Family(own)
            else:
                scope[name] = self.sizes.name(own, name not in body.exact)
            if parameter.default is not None:
                value = body.value(parameter.default)
                if isinstance(value, bool | str | Rational) and parameter.length is None:
                    made.defaults[own] = Default(body.python(value))
                elif parameter.length is not None and isinstance(value, Expr | tuple):
                    items = (
                        value
                        if isinstance(value, tuple)
                        else (value,) * int(body.size(parameter.length))
                    )
                    text = f"({', '.join(body.python(v) for v in items)})"
                    roots = body.roots_of(items)
                    made.defaults[own] = Default(
                        None if roots else text, text if roots else None, roots
                    )
                else:
                    made.defaults[own] = Default(None, body.python(value), body.roots_of(value))
                if isinstance(value, Expr):
                    computed[own] = value
                elif isinstance(value, bool):
                    computed[own] = Integer(int(value))
        for parameter in declaration.parameters:
            if parameter.shape is not None:
                name = parameter.name.name
                shape = tuple(
                    REST if isinstance(a, tree.Rest) else body.size(a) for a in axes[name]
                )
                scope[name] = Tensor(identifier(name), shape, True, parameter.shape.sides)
        body.run(declaration.body)
        results: list[Tensor] = []
        for value in body.results:
            if not isinstance(value, Tensor):
                raise refuse(
                    f"`{entity.name}` gives a size and takes tensors",
                    declaration,
                    "give the size by a block of its own",
                )
            shape = tuple(a if isinstance(a, str) else settled(body, a) for a in value.shape)
            results.append(Tensor("", shape, True, value.sides))
        exported = []
        for tensor in results:
            for size in tensor.shape:
                for root in self.sizes.roots(size):
                    if root in body.own_sizes and root not in exported:
                        exported.append(root)
        self.export(made, exported)
        made.finish()
        if is_model(entity):
            self.complete(made, entity, axes, body)
        return Block(made, axes, results, body.exact, computed, tuple(exported))

    def complete(
        self,
        made: Class,
        entity: Entity,
        axes: dict[str, list[tree.Expression | tree.Rest]],
        body: Body,
    ) -> None:
        """The sizes of a model: its `let`s, its defaults, and an example of its inputs."""
        tokens = {identifier(n) for n in read_as_numbers(self, entity)}
        for name, own in axes.items():
            shape = ", ".join(
                [
                    "batch",
                    *(
                        self.sizes.whole(body.size(a), made.spell)
                        for a in own
                        if not isinstance(a, tree.Rest)
                    ),
                ]
            )
            kind = ", dtype=torch.long" if identifier(name) in tokens else ""
            made.example.append(f"torch.zeros({shape}{kind})")
        made.finish()
        lets: list[Line] = []
        while True:
            waiting = [
                n
                for n in made.signature
                if n in self.globals and isinstance(self.globals[n].declaration, tree.Let)
            ]
            if not waiting:
                break
            for name in waiting:
                text, roots, _ = self.python_of(self.globals[name])
                lets.insert(0, Line(f"{name} = {text}", roots, name))
                made.order += [r for r in sorted(roots) if r not in made.order]
            made.init = [*lets[: len(waiting)], *made.init]
            lets = []
            made.finish()
        settled_names: set[str] = set()
        while set(made.signature) - settled_names:
            for name in list(made.signature):
                settled_names.add(name)
                entity_of = self.globals.get(name)
                if entity_of is None or not isinstance(entity_of.declaration, tree.Dim):
                    continue
                made.meanings[name] = entity_of.declaration.meaning or ""
                if entity_of.declaration.default is not None:
                    text, roots, literal = self.python_of(entity_of)
                    made.defaults[name] = Default(
                        text if literal else None, None if literal else text, roots
                    )
            made.finish()
        order = [identifier(n) for n in entity.module.names]
        made.order = [*(n for n in order if n in made.signature), *made.order]
        made.order = list(dict.fromkeys(made.order))
        made.finish()
        self.checks(made, entity)
        self.models[entity.name] = made

    def checks(self, made: Class, entity: Entity) -> None:
        """What a file assumes of the sizes of a model."""
        reader = OfFile(self, entity.module)
        lines: list[Line] = []
        for condition in entity.module.assumptions():
            names = names_in(condition)
            if not {identifier(n) for n in names} <= set(made.signature):
                continue
            if any(
                getattr(entity.module.names[n].declaration, "length", None) is not None
                for n in names
            ):
                continue
            line = check(reader, condition, made.name)
            lines += [line] if line else []
        made.init = [*lines, *made.init]

    def function(self, entity: Entity) -> str:
        """A block of sizes alone, as a function."""
        if entity not in self.functions:
            declaration = entity.declaration
            assert isinstance(declaration, tree.Block)
            name = unused(identifier(entity.name), {*self.names, *self.globals_of_files()})
            self.names.add(name)
            scope: dict[str, Value] = {
                p.name.name: self.sizes.name(identifier(p.name.name), False)
                for p in declaration.parameters
            }
            made = Class(name, "", self.sizes)
            body = Body(self, made, entity.module, scope)
            body.exact = rounded_in(declaration)
            takes = []
            for parameter in declaration.parameters:
                own = identifier(parameter.name.name)
                default = (
                    ""
                    if parameter.default is None
                    else f"={body.python(body.value(parameter.default))}"
                )
                takes.append(own + default)
                made.order.append(own)
            body.run(declaration.body)
            made.finish()
            value = body.results[0]
            assert isinstance(value, Expr)
            lines = [f"def {name}({', '.join(takes)}):"]
            if declaration.doc:
                lines += docstring(declaration.doc, INDENT)
            made.stored = dict.fromkeys(self.sizes.roots(value))
            made.finish()
            lines += written(made.init, INDENT)
            lines += wrapped(f"return {self.sizes.whole(value)}", INDENT)
            self.functions[entity] = (name, lines)
        return self.functions[entity][0]


class OfFile(Reader):
    """Reads expressions that stand outside of blocks."""

    def __init__(self, exporter: Exporter, module: Module) -> None:
        super().__init__(exporter.sizes, {})
        self.exporter = exporter
        self.module = module

    def name(self, node: tree.Name) -> Value:
        entity = self.module.names.get(node.name)
        if entity is None or not isinstance(entity.declaration, tree.Dim | tree.Let):
            raise refuse(f"`{node.name}` is no size", node, "see `closedform check`")
        return self.exporter.size_of(entity, None)

    def call(self, node: tree.Call) -> Value:
        entity = self.module.names.get(node.function.name)
        if entity is None or not isinstance(entity.declaration, tree.Block):
            return super().call(node)
        parts: list[str | Root | Expr] = [f"{self.exporter.function(entity)}("]
        for argument in node.arguments:
            parts += [*self._parts(self.value(argument.value)), ", "]
        return self.sizes.compose(*parts[:-1], ")")


def rounded_in(node: object) -> frozenset[str]:
    """The names that stand in what is rounded."""
    found: set[str] = set()
    for part in parts_of(node):
        if isinstance(part, tree.Call) and part.function.name in ("floor", "ceil"):
            found |= names_in(tuple(a.value for a in part.arguments))
    return frozenset(found)


def assigned_once(node: tree.Block) -> frozenset[str]:
    """The names that one statement of a block alone gives a value."""
    names = [
        t.name
        for part in parts_of(node.body)
        if isinstance(part, tree.Assign)
        for t in part.targets
    ]
    taken = {p.name.name for p in node.parameters}
    return frozenset(n for n in names if names.count(n) == 1 and n not in taken)


def rounded(module: Module) -> frozenset[str]:
    return rounded_in(module.file.declarations)


def read_as_numbers(exporter: Exporter, entity: Entity) -> set[str]:
    """The inputs of a model that are numbers of tokens: those that a table is read with."""
    declaration = entity.declaration
    assert isinstance(declaration, tree.Block)
    found = set()
    for part in parts_of(declaration.body):
        if isinstance(part, tree.Pipe) and isinstance(part.source, tree.Name) and part.stages:
            first = part.stages[0]
            name = first.function.name if isinstance(first, tree.Call) else first.name
            if name == "embed":
                found.add(part.source.name)
    return found
