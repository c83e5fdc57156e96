"""A block or a body as a class: each statement gives lines of `__init__` and of `forward`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Protocol

from sympy import Expr, Integer

from closedform.data import dataclass
from closedform.derive.resolve.modules import Entity, Module
from closedform.errors import suggestion
from closedform.grammar import tree
from closedform.grammar.expressions import show
from closedform.grammar.traverse import names_in
from closedform.torch.export.calls import bind, match, numbers, parameters_of, result_shape
from closedform.torch.export.classes import Class
from closedform.torch.export.expressions import Reader, refuse, unknown
from closedform.torch.export.operations import (
    ANY_MAP,
    EXTRAS,
    HELPERS,
    LAST,
    OPERATIONS,
    SHORT,
    Layer,
    OnMap,
)
from closedform.torch.export.python import identifier, quoted, snake
from closedform.torch.export.shapes import (
    REST,
    Axes,
    broadcast,
    contracted,
    letters,
    rearranged,
    with_batch,
)
from closedform.torch.export.sizes import Root, Sizes
from closedform.torch.export.values import (
    ATOM,
    PRODUCT,
    SUM,
    Family,
    Recipe,
    Several,
    Tensor,
    Value,
)


class BlockMade(Protocol):
    """A block that is made: its class, the axes of its inputs, and what it gives."""

    made: Class
    axes: dict[str, list[tree.Expression | tree.Rest]]
    results: list[Tensor]
    quotients: frozenset[str]
    computed: dict[str, Expr]
    exported: tuple[str, ...]


class Maker(Protocol):
    """What makes the classes of a file, and keeps them."""

    sizes: Sizes
    helpers: set[str]

    def size_of(self, entity: Entity, made: Class | None) -> Value: ...
    def block(self, entity: Entity) -> BlockMade: ...
    def function(self, entity: Entity) -> str: ...
    def new_class(self, name: str, doc: str) -> Class: ...
    def drop(self, made: Class) -> None: ...
    def globals_of_files(self) -> set[str]: ...
    def export(self, made: Class, names: Iterable[str]) -> None: ...
    def trying(self) -> AbstractContextManager[None]: ...


LONG = 58  # of an expression that goes on: a line of its own


@dataclass
class Site:
    """A layer that a class has: whose weights a `tied` call takes."""

    entity: str
    python: str
    attribute: str
    weight: Axes | None = None


class Walker(Reader):
    """Walks the statements of one class."""

    def __init__(
        self, exporter: Maker, made: Class, module: Module, scope: dict[str, Value]
    ) -> None:
        super().__init__(exporter.sizes, scope)
        self.exporter = exporter
        self.made = made
        self.module = module
        self.sites: list[Site] = []
        self.wanted: str | None = None  # the name that is assigned to
        self.results: list[Value] = []
        self.running: dict[Expr, str] = {}  # axes that a loop changes, and their names so far

    # Names ---------------------------------------------------------------------------------

    def name(self, node: tree.Name) -> Value:
        if node.name in self.scope:
            return self.scope[node.name]
        entity = self.module.names.get(node.name)
        if entity is None:
            raise refuse(f"`{node.name}` is not defined", node, "see `closedform check`")
        if isinstance(entity.declaration, tree.Dim | tree.Let):
            return self.exporter.size_of(entity, self.made)
        if isinstance(entity.declaration, tree.Op | tree.Block):
            return Recipe(tree.Call(node, (), span=node.span), entity, node.name)
        raise refuse(f"`{node.name}` has no place here", node, "see `closedform check`")

    def forward(self, size: Expr) -> str:
        """A size in `forward`."""
        return self.sizes.whole(size, self.made.spell)

    # Tensors -------------------------------------------------------------------------------

    def arithmetic(self, values: list[tuple[str, Value]], node: tree.Node) -> Value:
        if len(values) == 1:
            ((_, only),) = values
            assert isinstance(only, Tensor)
            return replace(only, code=f"-{only.at(ATOM)}", level=PRODUCT)
        total = values[0][1]
        for operator, value in values[1:]:
            total = self._two(total, operator, value, node)
        return total

    def _two(self, left: Value, operator: str, right: Value, node: tree.Node) -> Value:
        level = SUM if operator in "+-" else PRODUCT
        shapes = [v for v in (left, right) if isinstance(v, Tensor)]
        if not shapes:
            return self._combined([("+", left), (operator, right)], node)
        sides = shapes[0].sides
        shape = shapes[0].shape
        batched = shapes[0].batched
        if len(shapes) == 2:
            left, right = self._aligned(shapes[0], shapes[1])
            shape = broadcast(left.shape, right.shape, self.known)
            batched = left.batched or right.batched
            sides = left.sides if left.sides is not None else right.sides
        texts = []
        for value, strict in ((left, False), (right, operator in "-/")):
            if isinstance(value, Tensor):
                texts.append(value.at(level + 1 if strict else level))
            else:
                number = self._number(value, node)
                text = (
                    self.sizes.whole(number, self.made.spell)
                    if number.is_integer
                    else (self.sizes.quotient(number, self.made.spell))
                )
                texts.append(text if number.is_Atom else f"({text})")
        return Tensor(f"{texts[0]} {operator} {texts[1]}", shape, batched, sides, level)

    changing: frozenset[str] = frozenset()  # sizes of `__init__` that have several values

    def known(self, axis: Expr) -> bool:
        """Whether a size is the same in all cases."""
        return not self.sizes.roots(axis) & {*self.changing, "self"}

    def _aligned(self, left: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
        """Two tensors of which the one with fewer axes has others behind its batch."""
        if REST in left.shape or REST in right.shape:
            return left, right
        missing = len(left.shape) - len(right.shape)
        if missing > 0 and right.batched:
            right = self._stretched(right, missing)
        if missing < 0 and left.batched:
            left = self._stretched(left, -missing)
        return left, right

    def _stretched(self, tensor: Tensor, missing: int) -> Tensor:
        nones = ", ".join(["None"] * missing)
        shape = (Integer(1),) * missing + tensor.shape
        return Tensor(f"{tensor.at(ATOM)}[:, {nones}]", shape, True, tensor.sides)

    def tensor_index(self, tensor: Tensor, node: tree.Index) -> Value:
        items, shape, known = [], [], list(tensor.shape)
        dotted = False
        for item in node.items:
            if isinstance(item, tree.Rest):
                dotted = True
                items.append("...")
                behind = len(node.items) - len(items)
                cut = len(known) - behind
                shape += known[:cut]
                known = known[cut:]
            elif isinstance(item, tree.Slice):
                axis = known.pop(0)
                assert isinstance(axis, Expr)
                start = self.size(item.start) if item.start else Integer(0)
                stop = self.size(item.stop) if item.stop else axis
                texts = [self.forward(self.size(e)) if e else "" for e in (item.start, item.stop)]
                simple = all(not t or t.isidentifier() or t.isdigit() for t in texts)
                items.append((":" if simple else " : ").join(texts).strip())
                shape.append(stop - start)
            else:
                known.pop(0)
                items.append(self.forward(self.size(item)))
        if tensor.batched and not (dotted and items[0] == "..."):
            items.insert(0, ":")
        return Tensor(f"{tensor.at(ATOM)}[{', '.join(items)}]", (*shape, *known), tensor.batched)

    def pipe(self, node: tree.Pipe) -> Value:
        value = self.value(node.source)
        for i, stage in enumerate(node.stages):
            if isinstance(value, Tensor) and i and len(value.code) > LONG:
                name = self.wanted or "y"
                if self.wanted is None or self.wanted in names_in(node):
                    name = self.made.variable("y")
                self.made.variables.add(name)
                self.made.say(f"{name} = {value.code}")
                value = replace(value, code=name, level=ATOM)
            call = stage if isinstance(stage, tree.Call) else tree.Call(stage, (), span=stage.span)
            if isinstance(value, Several) or not isinstance(value, Tensor):
                raise refuse("only one tensor goes on in a pipe", stage, "name the results first")
            value = self.apply(call, [value])
        return value

    def call(self, node: tree.Call) -> Value:
        return self.apply(node, [])

    def apply(self, node: tree.Call, piped: list[Tensor]) -> Value:
        """What a call gives, with the tensors that come before its arguments."""
        name = node.function.name
        special = getattr(self, f"_{name}", None) if name in LANGUAGE else None
        if special is not None:
            return special(node, piped)
        known = self.scope.get(name)
        if isinstance(known, Recipe):
            arguments = (*known.call.arguments, *node.arguments)
            node = tree.Call(known.call.function, arguments, span=node.span)
            entity: Entity | None = known.entity
        elif known is not None:
            raise refuse(f"`{name}` is handed in", node, "write its name in the place of it")
        else:
            entity = self.module.names.get(name)
        if entity is None:
            near = suggestion(name, self.module.names)
            raise unknown(node, "`{name}` is not defined", near or "see `closedform check`")
        given, modifiers = bind(self, entity, node, piped)
        first = [p for p in parameters_of(entity) if p.shape is not None][:1]
        if first and first[0].name.name not in given:
            return Recipe(node, entity, self.wanted or name)
        label = known.name if isinstance(known, Recipe) else None
        if isinstance(entity.declaration, tree.Block):
            return self._block(node, entity, given, modifiers, label)
        return self._operation(node, entity, given, modifiers, label)

    # Operations ----------------------------------------------------------------------------

    def _operation(
        self,
        node: tree.Call,
        entity: Entity,
        given: dict[str, Value],
        modifiers: dict[str, Value],
        label: str | None,
    ) -> Value:
        declaration = entity.declaration
        assert isinstance(declaration, tree.Op)
        scope: dict[str, Value] = {}
        rests: list[Axes] = []
        sides: int | None = None
        tensors: list[Tensor] = []
        for parameter in declaration.parameters:
            name = parameter.name.name
            value = given.get(name)
            if parameter.shape is not None:
                if not isinstance(value, Tensor):
                    raise refuse(f"`{entity.name}` takes a tensor `{name}`", node, "give it")
                found, rest, kept = match(self, parameter.shape, value, node)
                sides = kept if not tensors else sides
                tensors.append(value)
                scope |= found
                rests.append(rest)
                scope[name] = value
            else:
                if value is None:
                    if parameter.default is None:
                        raise refuse(f"`{entity.name}` needs `{name}`", node, "give it")
                    value = Reader(self.sizes, scope).value(parameter.default)
                scope[name] = numbers(parameter, value)
        if not tensors:
            raise refuse(f"`{entity.name}` takes no tensor", node, "it has no place in a module")
        outputs = [
            result_shape(self.sizes, o, scope, rests, sides, tensors[0])
            for o in declaration.outputs
        ]
        shape, new_sides = outputs[0]
        does = next((line for line in declaration.body if isinstance(line, tree.As)), None)
        if does is not None:
            return self._done_as(node, entity, does, scope, modifiers, tensors[0], shape)
        row = OPERATIONS.get(entity.name) if entity.module.title.startswith("std/") else None
        if row is None:
            raise refuse(
                f"`{entity.name}` does not say what it does",
                node,
                f"add a line to `op {entity.name}`: `as linear(out)`, or what it is made of",
            )
        x = tensors[0]
        result = Tensor("", shape, x.batched, new_sides)
        if isinstance(row, str):
            return replace(result, code=self._filled(row, x, scope, shape, sides))
        if isinstance(row, OnMap):
            count = sides if row.sides == ANY_MAP else row.sides
            assert count is not None
            if count == 0:
                return replace(result, code=x.code, level=x.level)
            code, tail = self._as_map(x, count)
            return replace(
                result,
                code=self._filled(row.torch, replace(x, code=code), scope, shape, count) + tail,
            )
        attribute = self._layer(node, entity.name, row, scope, given, modifiers, sides, label)
        if isinstance(attribute, tuple):  # somebody else's weight
            return replace(result, code=f"functional.linear({x.code}, {attribute[0]})")
        if row.sides is LAST:
            return replace(result, code=f"self.{attribute}({x.code})")
        count = sides if row.sides == ANY_MAP else row.sides
        assert count is not None
        code, tail = self._as_map(x, count)
        return replace(result, code=f"self.{attribute}({code}){tail}")

    def _as_map(self, x: Tensor, sides: int) -> tuple[str, str]:
        """A tensor as a batch of maps, and what undoes that."""
        if REST not in x.shape and len(x.shape) == sides + 1 and x.batched:
            return x.code, ""
        behind = sides + 2
        if x.level < ATOM or not x.code.isidentifier():
            name = self.made.variable("y")
            self.made.say(f"{name} = {x.code}")
            x = replace(x, code=name, level=ATOM)
        return f"{x.code}.flatten(0, -{behind})", f".unflatten(0, {x.code}.shape[:-{behind - 1}])"

    def _filled(
        self, text: str, x: Tensor, scope: dict[str, Value], shape: Axes, sides: int | None
    ) -> str:
        """An expression of a row."""
        words: dict[str, str] = {"x": x.at(ATOM) if text.startswith("{x}") else x.code}
        for name, value in scope.items():
            if "{" + name + "}" in text and name != "x":
                words[name] = self.python(value, self.made.spell)
        if "{pattern}" in text:
            pattern = scope["pattern"]
            assert isinstance(pattern, str)
            words["pattern"] = quoted(with_batch(pattern) if x.batched else pattern)
        if "{sides}" in text and sides:
            words["sides"] = (
                f"({', '.join(str(-i) for i in range(sides, 0, -1))}{',' if sides == 1 else ''})"
            )
        if "{y}" in text and sides:
            ends = [self.forward(axis) for axis in shape[-sides:] if isinstance(axis, Expr)]
            words["y"] = f"({', '.join(ends)},)" if sides == 1 else f"({', '.join(ends)})"
        return text.format(**words)

    def python(self, value: Value, spell: Callable[[str], str] = str) -> str:
        """A value as Python."""
        match value:
            case bool():
                return str(value)
            case str():
                return quoted(value)
            case Expr():
                text = self.sizes.whole(value, spell)
                bare = text[1:-1]
                return (
                    bare if text.startswith("(") and text.endswith(")") and _closed(bare) else text
                )
            case Family(name=name):
                return spell(name)
            case tuple():
                items = [self.python(item, spell) for item in value]
                if len(set(items)) == 1 and len(items) > 1:
                    return items[0]
                return f"({', '.join(items)})"
        raise TypeError(value)

    def roots_of(self, value: Value) -> frozenset[str]:
        if isinstance(value, Family):
            return frozenset({value.name})
        if isinstance(value, tuple):
            return frozenset().union(*map(self.roots_of, value))
        return self.sizes.roots(value)

    def _layer(
        self,
        node: tree.Call,
        name: str,
        row: Layer,
        scope: dict[str, Value],
        given: dict[str, Value],
        modifiers: dict[str, Value],
        sides: int | None,
        label: str | None,
    ) -> str | tuple[str]:
        """The attribute that holds a layer, made here; or the weight of another in its place."""
        torch = row.torch.format(k=max(sides or 0, 1))
        takes, roots = [], frozenset[str]()
        for size in filter(None, row.sizes.split(", ")):
            takes.append(self.python(scope[size]))
            roots |= self.roots_of(scope[size])
        for option in filter(None, row.options.split(", ")):
            own, _, theirs = option.partition(": ")
            if own in given:
                takes.append(f"{theirs or own}={self.python(scope[own])}")
                roots |= self.roots_of(scope[own])
        python = f"{torch}({', '.join(takes)})"
        weight: Axes | None = None
        if name == "linear":
            weight = (scope["out"], scope["n"])
        if name == "embed":
            weight = (scope["vocabulary"], scope["out"])
        if modifiers.get("tied") is True:
            return self._tied(node, name, python, weight, given)
        if modifiers.get("frozen") is True:
            python += ".requires_grad_(False)"
        attribute = self.named(label, SHORT.get(name, name))
        self.made.add(f"self.{attribute} = {python}", roots)
        self.sites.append(Site(name, python, attribute, weight))
        return attribute

    def named(self, label: str | None, otherwise: str) -> str:
        """The attribute of a layer: as a recipe or what is assigned is called, or by its kind."""
        wanted, self.wanted_layer = label or self.wanted_layer, None
        if wanted is not None:
            return self.made.attribute(snake(wanted))
        return self.made.attribute(otherwise, self.exporter.globals_of_files())

    wanted_layer: str | None = None

    def _tied(
        self, node: tree.Call, name: str, python: str, weight: Axes | None, given: dict[str, Value]
    ) -> str | tuple[str]:
        """Whose weights they are: the same layer, or one table of the same shape."""
        same = [s for s in self.sites if s.entity == name and s.python == python]
        if len(same) == 1:
            return same[0].attribute
        tables = [s for s in self.sites if weight is not None and s.weight == weight]
        if name == "linear" and given.get("bias") is False and len(tables) == 1:
            kept = tables[0].attribute
            return (f"self.{kept}" if tables[0].entity == "param" else f"self.{kept}.weight",)
        raise refuse(
            f"whose weights the tied `{name}` has cannot be told",
            node,
            "name the one that has them, and use that: `f = linear(d)`, `x -> f(tied=true)`",
        )

    def _done_as(
        self,
        node: tree.Call,
        entity: Entity,
        does: tree.As,
        scope: dict[str, Value],
        modifiers: dict[str, Value],
        first: Tensor,
        shape: Axes,
    ) -> Value:
        """An operation by what it says that it does."""
        inner = Walker(self.exporter, self.made, entity.module, dict(scope))
        inner.sites, inner.wanted, inner.wanted_layer = self.sites, None, self.wanted_layer
        if self.wanted_layer is None:
            inner.wanted_layer = entity.name if names_in(does.value) & LAYERS else None
        extra = tuple(
            tree.Argument(n, tree.Boolean(v), span=node.span)
            for n, v in modifiers.items()
            if isinstance(v, bool) and n in ("tied", "frozen")
        )
        value = does.value
        extra_call = value if isinstance(value, tree.Call) else None
        named = extra_call.function.name if extra_call else getattr(value, "name", "")
        if named in EXTRAS:
            return self._extra(named, extra_call, inner, entity, first, shape)
        tensors = {p.name.name for p in parameters_of(entity) if p.shape is not None}
        if not names_in(value) & tensors:
            value = _behind(
                tree.Name(next(iter(n for n in scope if n in tensors)), span=value.span),
                value,
                extra,
            )
        found = inner.value(value)
        self.wanted_layer = None
        if not isinstance(found, Tensor):
            raise refuse(f"`as` of `{entity.name}` gives no tensor", value, "it gives the result")
        if len(shape) != len(found.shape):
            raise refuse(
                f"`as` of `{entity.name}` gives a tensor of {len(found.shape)} axes",
                value,
                f"the result of the operation has {len(shape)}",
            )
        found = replace(found, shape=shape)
        return found

    def _extra(
        self,
        name: str,
        call: tree.Call | None,
        inner: Walker,
        entity: Entity,
        first: Tensor,
        shape: Axes,
    ) -> Value:
        """What no operation of the library does, by a row of its own."""
        text = EXTRAS[name]
        arguments = (
            [inner.python(inner.value(a.value), self.made.spell) for a in call.arguments]
            if call
            else []
        )
        if text.count("{") != 1 + len(arguments):
            raise refuse(
                f"`{name}` takes {text.count('{') - 1} sizes", entity.declaration, "give them"
            )
        if name in HELPERS:
            self.exporter.helpers.add(name)
        code = text.format(*arguments, x=first.at(ATOM) if text.startswith("{x}") else first.code)
        return Tensor(code, shape, first.batched)

    # Functions of the language -------------------------------------------------------------

    def _texts(self, node: tree.Call, piped: list[Tensor]) -> tuple[list[Value], dict[str, Value]]:
        plain = [*piped, *(self.value(a.value) for a in node.arguments if a.name is None)]
        return plain, {a.name: self.value(a.value) for a in node.arguments if a.name}

    def _rearrange(self, node: tree.Call, piped: list[Tensor]) -> Value:
        (x, pattern), given = self._texts(node, piped)
        assert isinstance(x, Tensor)
        assert isinstance(pattern, str)
        sizes = {n: self._number(v, node) for n, v in given.items()}
        shape = rearranged(x.shape, pattern, sizes)
        takes = [x.code, quoted(with_batch(pattern) if x.batched else pattern)]
        takes += [f"{n}={self.forward(size)}" for n, size in sizes.items()]
        return Tensor(f"rearrange({', '.join(takes)})", shape, x.batched)

    def _einsum(self, node: tree.Call, piped: list[Tensor]) -> Value:
        values, _ = self._texts(node, piped)
        pattern = next(v for v in values if isinstance(v, str))
        tensors = [v for v in values if isinstance(v, Tensor)]
        spelled = letters(pattern, [t.batched for t in tensors])
        shape = contracted([t.shape for t in tensors], pattern)
        code = f"torch.einsum({quoted(spelled)}, {', '.join(t.code for t in tensors)})"
        return Tensor(code, shape, any(t.batched for t in tensors))

    def _axis(self, axis: Value, batched: bool) -> int:
        assert isinstance(axis, Integer)
        return int(axis) + 1 if batched and axis >= 0 else int(axis)

    def _concat(self, node: tree.Call, piped: list[Tensor]) -> Value:
        values, given = self._texts(node, piped)
        tensors = [v for v in values if isinstance(v, Tensor)]
        axis = given.get("axis", next((v for v in values if isinstance(v, Expr)), Integer(0)))
        batched = any(t.batched for t in tensors)
        of = next((t for t in tensors if t.batched), None)
        codes = []
        for tensor in tensors:
            if of is not None and not tensor.batched:
                minus = ", ".join(["-1"] * len(tensor.shape))
                codes.append(f"{tensor.at(ATOM)}.expand(len({of.code}), {minus})")
            else:
                codes.append(tensor.code)
        where = int(axis)
        shape = list(max(tensors, key=lambda tensor: len(tensor.shape)).shape)
        if REST not in shape or where < 0:
            shape[where] = sum((t.shape[where] for t in tensors), start=Integer(0))
        code = f"torch.cat([{', '.join(codes)}], dim={self._axis(axis, batched)})"
        return Tensor(code, tuple(shape), batched, tensors[0].sides)

    def _split(self, node: tree.Call, piped: list[Tensor]) -> Value:
        values, given = self._texts(node, piped)
        x, parts = values[:2]
        assert isinstance(x, Tensor)
        axis = given.get("axis", values[2] if len(values) > 2 else Integer(0))
        assert isinstance(axis, Integer)
        where = int(axis)
        dim = self._axis(axis, x.batched)
        size = x.shape[where]
        if isinstance(parts, tuple):
            texts = [self.forward(self._number(p, node)) for p in parts]
            code = f"{x.at(ATOM)}.split([{', '.join(texts)}], dim={dim})"
            each = [self._number(p, node) for p in parts]
        else:
            count = self._number(parts, node)
            assert isinstance(size, Expr)
            code = f"{x.at(ATOM)}.chunk({self.forward(count)}, dim={dim})"
            each = [size / count] * int(count)
        shapes = []
        for one in each:
            shape = list(x.shape)
            shape[where] = one
            shapes.append(Tensor("", tuple(shape), x.batched))
        return Several(code, tuple(shapes))

    def _param(self, node: tree.Call, piped: list[Tensor]) -> Value:
        values, given = self._texts(node, piped)
        shape = values[0]
        assert isinstance(shape, tuple)
        axes = tuple(self._number(v, node) for v in shape)
        text = ", ".join(self.sizes.whole(axis) for axis in axes)
        if given.get("tied") is True:
            tables = [s for s in self.sites if s.weight == axes]
            if len(tables) != 1:
                raise refuse(
                    "whose weights the tied `param` has cannot be told",
                    node,
                    "give the one that has them a name, and use that",
                )
            kept = tables[0].attribute
            code = f"self.{kept}" if tables[0].entity == "param" else f"self.{kept}.weight"
            return Tensor(code, axes, False)
        frozen = ", requires_grad=False" if given.get("frozen") is True else ""
        attribute = self.named(None, "weight")
        roots = frozenset().union(*(self.sizes.roots(a) for a in axes))
        self.made.add(f"self.{attribute} = nn.Parameter(torch.randn({text}) * 0.02{frozen})", roots)
        self.sites.append(Site("param", text, attribute, axes))
        return Tensor(f"self.{attribute}", axes, False)

    def _zeros(self, node: tree.Call, piped: list[Tensor]) -> Value:
        values, _ = self._texts(node, piped)
        shape = values[0]
        assert isinstance(shape, tuple)
        axes = tuple(self._number(v, node) for v in shape)
        text = ", ".join(self.sizes.whole(axis) for axis in axes)
        attribute = self.named(None, "zeros")
        roots = frozenset().union(*(self.sizes.roots(a) for a in axes))
        self.made.add(
            f'self.register_buffer("{attribute}", torch.zeros({text}), persistent=False)', roots
        )
        return Tensor(f"self.{attribute}", axes, False)

    # Blocks --------------------------------------------------------------------------------

    def _block(
        self,
        node: tree.Call,
        entity: Entity,
        given: dict[str, Value],
        modifiers: dict[str, Value],
        label: str | None,
    ) -> Value:
        declaration = entity.declaration
        assert isinstance(declaration, tree.Block)
        if not any(p.shape is not None for p in declaration.parameters):
            return self._function(node, entity, given)
        made = self.exporter.block(entity)
        values: dict[str, Expr | str] = {}
        texts: dict[str, str] = {}
        roots: set[str] = set()
        rest: Axes = ()
        codes = []
        explicit = set()
        for parameter in declaration.parameters:
            name = parameter.name.name
            value = given.get(name)
            if parameter.shape is not None:
                if not isinstance(value, Tensor):
                    raise refuse(f"`{entity.name}` takes a tensor `{name}`", node, "give it")
                names = made.axes[name]
                tensor = (
                    value
                    if value.batched
                    else replace(value, code=f"{value.at(ATOM)}[None]", level=ATOM)
                )
                codes.append(tensor.code)
                pattern = tree.Shape(tuple(names), parameter.shape.sides)
                found, part, _ = match(self, pattern, value, node)
                rest = part or rest
                for own, size in found.items():
                    values.setdefault(identifier(own), size)
                    if size in self.running and own.isidentifier() and not own.startswith("x_"):
                        self.running[size] = self.running[size] or own
            elif value is not None:
                own = identifier(name)
                explicit.add(own)
                if isinstance(value, Recipe):
                    raise refuse(
                        f"`{entity.name}` takes a block in `{name}`",
                        node,
                        "write the block in it by its name",
                    )
                exact = own in made.quotients and isinstance(value, Expr)
                texts[own] = self.sizes.quotient(value) if exact else self.python(value)
                roots |= self.roots_of(value)
                if isinstance(value, Family):
                    values[own] = value.name
                elif isinstance(value, Expr):
                    values[own] = value
                elif isinstance(value, bool):
                    values[own] = Integer(int(value))
        takes = []
        for name in made.made.signature:
            if name in texts:
                takes.append(f"{name}={texts[name]}")
            elif name in values:
                takes.append(f"{name}={self.python(values[name])}")
                roots |= self.roots_of(values[name])
            elif name not in made.made.defaults:
                takes.append(f"{name}={name}")
                roots.add(name)
                self.made.order.append(name) if name not in self.made.order else None
        for name, default in made.computed.items():
            if name not in values:
                values[name] = self.sizes.put(default, values)
        python = f"{made.made.name}({', '.join(takes)})"
        attribute: str | tuple[str]
        if modifiers.get("tied") is True:
            attribute = self._tied(node, entity.name, python, None, given)
        else:
            frozen = ".requires_grad_(False)" if modifiers.get("frozen") is True else ""
            attribute = self.named(label, snake(made.made.name))
            self.made.add(f"self.{attribute} = {python}{frozen}", roots)
            self.sites.append(Site(entity.name, python, str(attribute)))
        inner: dict[str, Expr | str] = dict(values)
        for name in made.exported:
            inner[name] = self.sizes.compose(Root("self"), f".{attribute}.{name}")
        results = []
        for tensor in made.results:
            shape: list[Expr | str] = []
            for axis in tensor.shape:
                shape.extend(rest if axis == REST else (self.sizes.put(axis, inner),))
            results.append(replace(tensor, shape=tuple(shape)))
        code = f"self.{attribute}({', '.join(codes)})"
        if len(results) == 1:
            return replace(results[0], code=code, level=ATOM, batched=True)
        return Several(code, tuple(replace(t, batched=True) for t in results))

    def _function(self, node: tree.Call, entity: Entity, given: dict[str, Value]) -> Value:
        name = self.exporter.function(entity)
        parts: list[str | Root | Expr] = [f"{name}("]
        for parameter in parameters_of(entity):
            value = given.get(parameter.name.name)
            if value is not None:
                parts += [*self._parts(value), ", "]
        return self.sizes.compose(*parts[:-1], ")")


LANGUAGE = ("rearrange", "einsum", "concat", "split", "param", "zeros")
LAYERS = {name for name, row in OPERATIONS.items() if isinstance(row, Layer)}


def _behind(
    x: tree.Name, value: tree.Expression, extra: tuple[tree.Argument, ...]
) -> tree.Expression:
    """`linear(out)` as `x -> linear(out)`."""
    stages: tuple[tree.Name | tree.Call, ...]
    match value:
        case tree.Pipe(source=tree.Name() | tree.Call() as first, stages=stages):
            stages = (first, *stages)
        case tree.Name() | tree.Call():
            stages = (value,)
        case _:
            raise refuse(f"`{show(value)}` takes no tensor", value, "name the tensor in it")
    if extra and len(stages) == 1:
        only = stages[0]
        call = only if isinstance(only, tree.Call) else tree.Call(only, (), span=only.span)
        stages = (tree.Call(call.function, (*call.arguments, *extra), span=call.span),)
    return tree.Pipe(x, stages, span=value.span)


def _closed(text: str) -> bool:
    depth = 0
    for char in text:
        depth += char == "("
        depth -= char == ")"
        if depth < 0:
            return False
    return depth == 0
