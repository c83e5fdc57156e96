"""Statements: what is assigned, loops as lists of modules, and cases on sizes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from sympy import Expr, Integer

from closedform.grammar import tree
from closedform.grammar.expressions import show
from closedform.grammar.traverse import names_in, parts_of
from closedform.torch.export.calls import match
from closedform.torch.export.classes import Line, Nest
from closedform.torch.export.expressions import Reader, refuse
from closedform.torch.export.python import INDENT, identifier, quoted
from closedform.torch.export.values import Family, Recipe, Several, Tensor, Value
from closedform.torch.export.walk import LAYERS, Walker


class Body(Walker):
    """The statements of a block, of a model, or of a body that is a class of its own."""

    router: tuple[str, Tensor] | None = None

    def run(self, statements: Sequence[tree.Statement]) -> None:
        for statement in statements:
            self.wanted = self.wanted_layer = None
            match statement:
                case tree.Assign():
                    self.assign(statement)
                case tree.Ascribe():
                    self.ascribe(statement)
                case tree.Require(conditions=conditions):
                    for condition in conditions:
                        self.require(condition)
                case tree.Return(values=values):
                    self.give(values)
                case tree.If():
                    self.cases(statement)
                case tree.Repeat():
                    self.repeat(statement)
                case tree.For():
                    self.loop(statement)
                case tree.ForEach():
                    self.each(statement)
                case tree.Choose():
                    self.choose(statement)

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

    # Loops ---------------------------------------------------------------------------------

    def carried(self, body: Sequence[tree.Statement]) -> list[str]:
        """The names that a body changes and that stood before it."""
        changed = [
            t.name
            for part in parts_of(tuple(body))
            if isinstance(part, tree.Assign)
            for t in part.targets
        ]
        return [n for n in dict.fromkeys(sorted(changed)) if n in self.scope]

    def repeat(self, node: tree.Repeat) -> None:
        count = self.size(node.count)
        if node.shared:
            with self.in_forward(f"for _ in range({self.forward(count)}):"):
                self.run(node.body)
            return
        self.bodies(
            node.body,
            f"for _ in range({self.sizes.whole(count)}):",
            self.sizes.roots(count),
            "layer",
            None,
        )

    @contextmanager
    def in_forward(self, header: str) -> Iterator[None]:
        self.made.say(header)
        self.made.depth += 1
        yield
        self.made.depth -= 1

    def loop(self, node: tree.For) -> None:
        first, last = self.size(node.first), self.size(node.last)
        index = identifier(node.index.name)
        header = f"for {index} in range({self.sizes.whole(first)}, {self.sizes.whole(last + 1)}):"
        what = "stage" if isinstance(last, Integer) else "step"
        roots = self.sizes.roots(first) | self.sizes.roots(last)
        self.bodies(node.body, header, roots, what, (node.index.name, self.sizes.name(index)), last)

    def each(self, node: tree.ForEach) -> None:
        values = self.value(node.values)
        element = identifier(node.element.name)
        if not isinstance(values, Family | tuple):
            raise refuse("a loop goes over a list", node, "name a list")
        text = (
            values.name
            if isinstance(values, Family)
            else f"({', '.join(self.python(v) for v in values)},)"
        )
        header = f"for {element} in {text}:"
        self.bodies(
            node.body,
            header,
            self.roots_of(values),
            "stage",
            (node.element.name, self.sizes.name(element)),
        )

    def bodies(
        self,
        statements: Sequence[tree.Statement],
        header: str,
        roots: Iterable[str],
        what: str,
        index: tuple[str, Expr] | None,
        last: Expr | None = None,
    ) -> None:
        """A list of modules, one for each round, and a loop over them in `forward`."""
        names = self.carried(statements)
        for name in names:
            if isinstance(self.scope[name], tuple | Family | Recipe):
                raise refuse(
                    f"`{name}` is no tensor or size that a loop can change",
                    statements[0],
                    "use another name",
                )
        start = {name: self.scope[name] for name in names}
        running = self.trial(statements, names, index) if index is not None else {}
        for name, places in running.items():
            value = self.scope[name]
            if isinstance(value, Tensor):
                shape = list(value.shape)
                for place, wanted in places.items():
                    before = shape[place]
                    assert isinstance(before, Expr)
                    shape[place] = self.opened(wanted or f"{identifier(name)}_{place + 1}", before)
                self.scope[name] = Tensor(value.code, tuple(shape), value.batched, value.sides)
            else:
                self.scope[name] = self.opened(
                    places[-1] or identifier(name), self._number(value, statements[0])
                )
        inner, single = self.inner(statements, names, index, what, running)
        tensors = [n for n in names if isinstance(start[n], Tensor)]
        attribute = self.made.attribute(f"{what}s")
        taken = {n: n for n in inner.made.signature}
        text, needs = single or (
            f"{inner.made.name}({', '.join(f'{n}={n}' for n in taken)})",
            frozenset(taken),
        )
        for name in needs:
            if name not in self.made.order:
                self.made.order.append(name)
        updates: list[tuple[str, Expr]] = []
        exported = False
        for name, places in running.items():
            old, new = self.scope[name], inner.scope[name]
            pairs = (
                [(old.shape[p], new.shape[p]) for p in places]
                if isinstance(old, Tensor) and isinstance(new, Tensor)
                else [(old, new)]
            )
            for before, after in pairs:
                assert isinstance(before, Expr)
                assert isinstance(after, Expr)
                shown, given = self.outside(inner, after, what)
                exported = exported or given
                updates.append((str(before), shown))
        index_names = {header.split()[1]} if index else set()
        if not updates and not exported:
            line = f"self.{attribute} = nn.ModuleList({text} {header.removesuffix(':')})"
            self.made.add(line, (set(needs) - index_names) | set(roots))
        else:
            self.made.add(f"self.{attribute} = nn.ModuleList()")
            nest = Nest(header, frozenset(roots))
            self.made.body.append(nest)
            if exported:
                nest.body.append(Line(f"{what} = {text}", frozenset(needs)))
                nest.body.append(Line(f"self.{attribute}.append({what})", frozenset()))
            else:
                nest.body.append(Line(f"self.{attribute}.append({text})", frozenset(needs)))
            for name, size in in_order(updates, self.sizes):
                nest.body.append(
                    Line(f"{name} = {self.sizes.whole(size)}", self.sizes.roots(size), name)
                )
        targets = ", ".join(self.scope[n].code for n in tensors)  # type: ignore[union-attr]
        call = f"{what}({', '.join(self.given(inner))})"
        with self.in_forward(f"for {what} in self.{attribute}:"):
            self.made.say(f"{targets} = {call}" if targets else call)
        ends = self.last_round(statements, names, index, last) if inner.parting else {}
        for name in names:
            after = inner.scope[name]
            if name in inner.parting:
                self.scope[name] = ends[name]
                continue
            if name in running:
                continue
            if isinstance(after, Tensor):
                before, now = start[name], self.scope[name]
                assert isinstance(before, Tensor)
                assert isinstance(now, Tensor)
                self.scope[name] = Tensor(before.code, now.shape, True, after.sides)

    def last_round(
        self,
        statements: Sequence[tree.Statement],
        names: Sequence[str],
        index: tuple[str, Expr] | None,
        last: Expr | None,
    ) -> dict[str, Value]:
        """What a loop gives, where that has other axes than what it takes."""
        if index is None or not isinstance(last, Integer):
            raise refuse(
                "a loop gives back other axes than it takes",
                statements[0],
                "use another name for them",
            )
        with self.exporter.trying():
            inner = self.child("last")
            inner.scope[index[0]] = last
            inner.run(statements)
            return {
                n: Tensor(
                    v.code,
                    tuple(settled(inner, a) if isinstance(a, Expr) else a for a in v.shape),
                    True,
                    v.sides,
                )
                for n in names
                if isinstance(v := inner.scope[n], Tensor)
            }

    def given(self, inner: Body) -> list[str]:
        """The tensors that a body takes, here."""
        codes = []
        for name in inner.takes:
            value = self.scope[name]
            assert isinstance(value, Tensor)
            codes.append(value.code if value.batched else f"{value.code}[None]")
        return codes

    takes: tuple[str, ...] = ()

    def opened(self, wanted: str, before: Expr) -> Expr:
        """A size that changes from round to round, with its first value."""
        name = self.made.local(wanted)
        symbol = self.sizes.name(name)
        self.made.set(name, before)
        self.changing |= {name}
        return symbol

    def outside(self, inner: Body, size: Expr, what: str) -> tuple[Expr, bool]:
        """A size of a body as its owner can compute it, or read it from the module."""
        size = settled(inner, size)
        own = {n for n in self.sizes.roots(size) if n in inner.own_sizes or n == "self"}
        spelled = {n: what if n == "self" else self.sizes.compose(f"{what}.{n}") for n in own}
        return self.sizes.put(size, spelled), bool(own)

    @property
    def own_sizes(self) -> frozenset[str]:
        """Sizes that only this class can tell."""
        return self.changing & self.made.locals

    def child(self, what: str) -> Body:
        """A class for a body, with the names of this one."""
        made = self.exporter.new_class(f"{self.made.name}{what.capitalize()}", "")
        made.order = list(self.made.order)
        scope = dict(self.scope)
        inner = Body(self.exporter, made, self.module, scope)
        inner.parting = set()
        inner.axes = {n: len(v.shape) for n, v in scope.items() if isinstance(v, Tensor)}
        inner.running = self.running
        inner.exact, inner.once = self.exact, self.once
        for name, value in scope.items():
            if isinstance(value, Tensor):
                scope[name] = Tensor(identifier(name), value.shape, True, value.sides)
        return inner

    def inner(
        self,
        statements: Sequence[tree.Statement],
        names: Sequence[str],
        index: tuple[str, Expr] | None,
        what: str,
        running: Iterable[str] = (),
    ) -> tuple[Body, tuple[str, frozenset[str]] | None]:
        """The class of a body; where it is one module alone, the Python of that instead."""
        inner = self.child(what)
        inner.made.locals |= self.made.locals
        if index is not None:
            inner.scope[index[0]] = index[1]
        read = names_in(tuple(statements))
        tensors = [n for n in self.scope if isinstance(self.scope[n], Tensor) and n in read]
        carried = [n for n in names if isinstance(self.scope[n], Tensor)]
        inner.takes = (*carried, *(n for n in tensors if n not in carried))
        inner.made.inputs = [identifier(n) for n in inner.takes]
        inner.made.variables |= set(inner.made.inputs)
        inherited = set(inner.made.locals)
        inner.changing = frozenset()
        inner.run(statements)
        inner.made.locals -= inherited
        for name in running:
            after = inner.scope[name]
            for axis in after.shape if isinstance(after, Tensor) else (after,):
                if isinstance(axis, Expr):
                    self.exporter.export(
                        inner.made, self.sizes.roots(settled(inner, axis)) & inner.own_sizes
                    )
        results = [identifier(n) for n in carried]
        if (
            len(results) == 1
            and inner.made.forward
            and inner.made.forward[-1][1].startswith(f"{results[0]} = ")
            and inner.made.forward[-1][0] == 0
        ):
            _depth, last = inner.made.forward.pop()
            inner.made.say(f"return {last.removeprefix(f'{results[0]} = ')}")
        elif results:
            inner.made.say(f"return {', '.join(results)}")
        inner.made.finish()
        lines = inner.made.init
        if (
            len(lines) == 1
            and isinstance(lines[0], Line)
            and len(inner.made.forward) == 1
            and len(inner.takes) == 1
            and inner.made.forward[0][1]
            == f"return {lines[0].text.partition(' = ')[0]}({inner.made.inputs[0]})"
        ):
            self.exporter.drop(inner.made)
            return inner, (lines[0].text.partition(" = ")[2], lines[0].roots)
        return inner, None

    def trial(
        self,
        statements: Sequence[tree.Statement],
        names: Sequence[str],
        index: tuple[str, Expr] | None,
    ) -> dict[str, dict[int, str]]:
        """The axes of each tensor that a body changes, with the names that it has for them."""
        with self.exporter.trying():
            return self._tried(statements, names, index)

    def _tried(
        self,
        statements: Sequence[tree.Statement],
        names: Sequence[str],
        index: tuple[str, Expr] | None,
    ) -> dict[str, dict[int, str]]:
        inner = self.child("trial")
        if index is not None:
            inner.scope[index[0]] = index[1]
        symbols: dict[str, dict[int, Expr]] = {}
        for name in names:
            value = inner.scope[name]
            if isinstance(value, Tensor):
                shape = list(value.shape)
                symbols[name] = {}
                for i, axis in enumerate(shape):
                    if isinstance(axis, Expr):
                        shape[i] = symbols[name][i] = self.sizes.name(f"{name}?{i}")
                        inner.running = {**inner.running, shape[i]: ""}
                inner.scope[name] = Tensor(value.code, tuple(shape), value.batched, value.sides)
            else:
                symbols[name] = {-1: self.sizes.name(f"{name}?")}
                inner.scope[name] = symbols[name][-1]
        inner.run(statements)
        found: dict[str, dict[int, str]] = {}
        for name, places in symbols.items():
            after = inner.scope[name]
            for place, symbol in places.items():
                new = after.shape[place] if isinstance(after, Tensor) else after
                if isinstance(new, Expr) and settled(inner, new) != symbol:
                    found.setdefault(name, {})[place] = (
                        identifier(inner.running.get(symbol, ""))
                        if inner.running.get(symbol)
                        else ""
                    )
        return found

    # Experts -------------------------------------------------------------------------------

    def choose(self, node: tree.Choose) -> None:
        count, of = self.size(node.count), self.size(node.of)
        header = f"for _ in range({self.sizes.whole(of)})"
        names = self.carried(node.body)
        before = dict(self.scope)
        inner, single = self.inner(node.body, names, None, "expert")
        text, needs = single or (
            f"{inner.made.name}({', '.join(f'{n}={n}' for n in inner.made.signature)})",
            frozenset(inner.made.signature),
        )
        for name in needs:
            if name not in self.made.order:
                self.made.order.append(name)
        attribute = self.made.attribute("experts")
        self.made.add(
            f"self.{attribute} = nn.ModuleList({text} {header})", needs | self.sizes.roots(of)
        )
        if count == 0:
            self.made.say(f"# self.{attribute}: weights that do not run")
            return
        tensors = [n for n in names if isinstance(before[n], Tensor)]
        x = before[tensors[0]] if len(tensors) == 1 else None
        gates = [
            v
            for n, v in self.scope.items()
            if isinstance(v, Tensor) and isinstance(x, Tensor) and v.shape == (*x.shape[:-1], of)
        ]
        if not isinstance(x, Tensor) or not gates or inner.takes != (tensors[0],):
            raise refuse(
                "which of the experts a token takes is not said",
                node,
                f"put a router before it: `_gate = x -> linear({show(node.of)}) -> softmax`",
            )
        self.exporter.helpers.add("mixture")
        after = inner.scope[tensors[0]]
        assert isinstance(after, Tensor)
        code = f"mixture({gates[-1].code}, {self.forward(count)}, self.{attribute}, {x.code})"
        self.made.say(f"{x.code} = {code}")
        self.scope[tensors[0]] = Tensor(x.code, after.shape, True, after.sides)


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


def settled(body: Body, size: Expr) -> Expr:
    """A size without the names that one class has for others."""
    while True:
        new = size.xreplace(body.made.definitions)
        if new == size:
            return size
        size = new


def in_order(updates: list[tuple[str, Expr]], sizes: object) -> list[tuple[str, Expr]]:
    """Updates of sizes, each before what it needs is changed."""
    waiting, made = list(updates), []
    while waiting:
        for name, size in waiting:
            others = [u for u in waiting if u[0] != name]
            if not any(name in sizes.roots(other) for _, other in others):  # type: ignore[attr-defined]
                made.append((name, size))
                waiting.remove((name, size))
                break
        else:
            return [*made, *waiting]
    return made
