"""Statements: what is assigned and given back, and cases on sizes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from sympy import Expr, Integer

from closedform.grammar import tree
from closedform.grammar.expressions import show
from closedform.grammar.traverse import parts_of
from closedform.torch.export.calls import match
from closedform.torch.export.classes import Line, Nest
from closedform.torch.export.expressions import Reader, refuse
from closedform.torch.export.python import INDENT, identifier, quoted
from closedform.torch.export.values import Several, Tensor, Value
from closedform.torch.export.walk.blocks import Blocks
from closedform.torch.export.walk.layers import LAYERS


class Statements(Blocks):
    """The statements of one body that need no body of their own."""

    def run(self, statements: Sequence[tree.Statement]) -> None:
        """Walk statements, one after the other."""
        raise NotImplementedError

    # One value -----------------------------------------------------------------------------

    def assign(self, node: tree.Assign) -> None:
        names = [t.name for t in node.targets]
        self.wanted = identifier(names[0]) if len(names) == 1 else None
        if self.wanted is not None and self.is_named(node):
            self.wanted_layer = self.wanted
        value = self.value(node.value)
        if isinstance(value, Several):
            targets = [identifier(n) for n in names]
            self.made.variables.update(targets)
            self.made.say(f"{', '.join(targets)} = {value.code}")
            for name, target, tensor in zip(names, targets, value.tensors, strict=True):
                self.scope[name] = Tensor(target, tensor.shape, tensor.batched, tensor.sides)
            return
        name = names[0]
        if isinstance(value, Tensor):
            self.hold(name, value)
        elif isinstance(value, Expr) and not isinstance(value, Integer):
            self.scope[name] = self.local(identifier(name), value, name in self.exact)
        else:
            self.scope[name] = value

    once: frozenset[str] = frozenset()  # names that are assigned in one place

    def is_named(self, node: tree.Assign) -> bool:
        """Whether the one layer of a statement has the name that is assigned."""
        layers = [
            part.name
            for part in parts_of(node.value)
            if isinstance(part, tree.Name) and (part.name in LAYERS or self.is_block(part.name))
        ]
        return node.targets[0].name in self.once and len(layers) == 1

    def is_block(self, name: str) -> bool:
        entity = self.module.names.get(name)
        return (
            name not in self.scope
            and entity is not None
            and isinstance(entity.declaration, tree.Block)
        )

    exact: frozenset[str] = frozenset()  # names that are rounded, and need not be whole

    def local(self, wanted: str, value: Expr, as_it_is: bool = False) -> Expr:
        """A size with a name of its own in `__init__`."""
        if as_it_is:
            return value
        name = self.made.local(wanted)
        symbol = self.sizes.name(name)
        self.made.set(name, value)
        self.made.definitions[symbol] = value
        return symbol

    def hold(self, name: str, tensor: Tensor) -> None:
        """Give a tensor its name in `forward`."""
        target = identifier(name)
        self.made.variables.add(target)
        if tensor.code != target:
            self.made.say(f"{target} = {tensor.code}")
        self.scope[name] = Tensor(target, tensor.shape, tensor.batched, tensor.sides)

    def ascribe(self, node: tree.Ascribe) -> None:
        tensor = self.name(node.tensor)
        if not isinstance(tensor, Tensor):
            return
        found, _, sides = match(self, node.shape, tensor, node)
        shape = tensor.shape
        for name, size in found.items():
            known = self.scope.get(name) or self.module.names.get(name)
            if known is not None:
                continue
            if size in self.running:
                self.running[size] = self.running[size] or name
            if size.is_Symbol and str(size).isidentifier():
                self.scope[name] = size
                continue
            symbol = self.local(identifier(name), size)
            self.scope[name] = symbol
            shape = tuple(
                symbol if axis == size and isinstance(axis, Expr) and not axis.is_Atom else axis
                for axis in shape
            )
        self.scope[node.tensor.name] = Tensor(
            tensor.code, shape, tensor.batched, sides, tensor.level
        )

    def require(self, condition: tree.Expression) -> None:
        line = check(self, condition, self.made.name)
        if line is not None:
            self.made.body.append(replace(line, check=True))

    def give(self, nodes: Sequence[tree.Expression]) -> None:
        codes = []
        for node in nodes:
            value = self.value(node)
            parts = value.tensors if isinstance(value, Several) else (value,)
            self.results += parts
            if isinstance(value, Several | Tensor):
                codes.append(value.code)
        if codes:
            self.made.say(f"return {', '.join(codes)}")

    # Cases ---------------------------------------------------------------------------------

    @contextmanager
    def nest(self, header: str, roots: Iterable[str], forward: str | None) -> Iterator[None]:
        """Statements below a header, in `__init__` and in `forward`."""
        outer = self.made.body
        nested = Nest(header, frozenset(roots))
        outer.append(nested)
        self.made.body = nested.body
        if forward is not None:
            self.made.say(forward)
            self.made.depth += 1
        start = len(self.made.forward)
        yield
        if forward is not None:
            if len(self.made.forward) == start:
                self.made.say("pass")
            self.made.depth -= 1
        self.made.body = outer

    def cases(self, node: tree.If) -> None:
        word = "if"
        before = dict(self.scope)
        ends: list[tuple[dict[str, Value], list[Line | Nest]]] = []
        closed = False
        for condition, body in node.branches:
            found = self.condition(condition)
            if found is False:
                continue
            if found is True:
                if word == "if":
                    self.run(body)
                    return
                ends.append(self.branch("else:", (), "else:", body, before))
                closed = True
                break
            symbol = self.sizes.compose(*found)
            header = f"{word} {self.sizes.whole(symbol)}:"
            forward = f"{word} {self.sizes.whole(symbol, self.made.spell)}:"
            ends.append(self.branch(header, self.sizes.roots(symbol), forward, body, before))
            word = "elif"
        if not ends:
            self.run(node.otherwise)
            return
        if not closed and node.otherwise:
            ends.append(self.branch("else:", (), "else:", node.otherwise, before))
            closed = True
        self.merge(node, before, ends, closed)

    axes: Mapping[str, int] = {}  # of the tensors that a loop carries on
    parting: set[str]  # those of them that have others behind the last round

    def branch(
        self,
        header: str,
        roots: Iterable[str],
        forward: str,
        body: Sequence[tree.Statement],
        before: dict[str, Value],
    ) -> tuple[dict[str, Value], list[Line | Nest]]:
        self.scope = dict(before)
        outer = self.made.body
        with self.nest(header, roots, forward):
            inner = self.made.body
            self.run(body)
        assert self.made.body is outer
        return self.scope, inner

    def merge(
        self,
        node: tree.If,
        before: dict[str, Value],
        ends: list[tuple[dict[str, Value], list[Line | Nest]]],
        closed: bool,
    ) -> None:
        """What a name is behind the cases; an axis that differs is a size of its own."""
        if not closed:
            nested: list[Line | Nest] = []
            self.made.body.append(Nest("else:", frozenset(), nested))
            ends = [*ends, (before, nested)]
        self.scope = dict(before)
        for name in before:
            values = [scope[name] for scope, _ in ends]
            first = values[0]
            if all(value == first for value in values):
                self.scope[name] = first
            elif isinstance(first, Tensor):
                tensors = [v for v in values if isinstance(v, Tensor)]
                if len({len(t.shape) for t in tensors}) > 1 and name in self.axes:
                    # what the next round takes; what the last one gives is looked at by itself
                    self.parting.add(name)
                    self.scope[name] = next(t for t in tensors if len(t.shape) == self.axes[name])
                    continue
                if len({len(t.shape) for t in tensors}) > 1:
                    raise refuse(
                        f"`{name}` has other axes in each case", node, "use a name for each"
                    )
                shape = []
                for i, axes in enumerate(zip(*(t.shape for t in tensors), strict=True)):
                    shape.append(
                        axes[0]
                        if len(set(axes)) == 1
                        else self.either(f"{identifier(name)}_{i + 1}", axes, ends)
                    )
                batched = any(t.batched for t in tensors)
                sides = first.sides if len({t.sides for t in tensors}) == 1 else None
                self.scope[name] = Tensor(first.code, tuple(shape), batched, sides)
            else:
                sizes = [self._number(v, node) for v in values]
                self.scope[name] = self.either(identifier(name), sizes, ends)

    def either(
        self,
        wanted: str,
        sizes: Sequence[Expr | str],
        ends: list[tuple[dict[str, Value], list[Line | Nest]]],
    ) -> Expr:
        name = self.made.local(wanted)
        symbol = self.sizes.name(name)
        for size, (_, body) in zip(sizes, ends, strict=True):
            assert isinstance(size, Expr)
            body.append(Line(f"{name} = {self.sizes.whole(size)}", self.sizes.roots(size), name))
        self.changing |= {name}
        return symbol


NOT = {
    " == 0": " != 0",
    " == ": " != ",
    " != ": " == ",
    " <= ": " > ",
    " >= ": " < ",
    " < ": " >= ",
    " > ": " <= ",
}


def check(reader: Reader, condition: tree.Expression, name: str) -> Line | None:
    """An error where a condition on sizes does not hold; none where it always does."""
    found = reader.condition(condition)
    if isinstance(found, bool):
        return None
    if isinstance(condition, tree.Comparison):
        signs = [i for i, part in enumerate(found) if isinstance(part, str) and part in NOT]
        parts = [NOT[p] if i in signs and isinstance(p, str) else p for i, p in enumerate(found)]
    else:
        parts = ["not (", *found, ")"]
    symbol = reader.sizes.compose(*parts)
    message = quoted(f"{name} needs {show(condition)}")
    text = f"if {reader.sizes.whole(symbol)}:\n{INDENT}raise ValueError({message})"
    return Line(text, reader.sizes.roots(symbol))
