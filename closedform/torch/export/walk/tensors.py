"""What names, numbers and tensors are in a class, and the functions of the language."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Protocol

from sympy import Expr, Integer

from closedform.data import dataclass
from closedform.derive.resolve.modules import Entity, Module
from closedform.grammar import tree
from closedform.torch.export.classes import Class
from closedform.torch.export.expressions import Reader, refuse
from closedform.torch.export.python import quoted, snake
from closedform.torch.export.shapes import (
    REST,
    Axes,
    broadcast,
    contracted,
    letters,
    rearranged,
    with_batch,
)
from closedform.torch.export.sizes import Sizes
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

    def named(self, label: str | None, otherwise: str) -> str:
        """The attribute of a layer: as a recipe or what is assigned is called, or by its kind."""
        wanted, self.wanted_layer = label or self.wanted_layer, None
        if wanted is not None:
            return self.made.attribute(snake(wanted))
        return self.made.attribute(otherwise, self.exporter.globals_of_files())

    wanted_layer: str | None = None

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


def _closed(text: str) -> bool:
    depth = 0
    for char in text:
        depth += char == "("
        depth -= char == ")"
        if depth < 0:
            return False
    return depth == 0
