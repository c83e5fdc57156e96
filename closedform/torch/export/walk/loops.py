"""Loops as lists of modules, and experts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from sympy import Expr, Integer

from closedform.grammar import tree
from closedform.grammar.expressions import show
from closedform.torch.export.classes import Line, Nest
from closedform.torch.export.expressions import refuse
from closedform.torch.export.python import identifier
from closedform.torch.export.values import Family, Recipe, Tensor, Value
from closedform.torch.export.walk.bodies import Bodies, settled


class Body(Bodies):
    """The statements of a block, of a model, or of a body that is a class of its own."""

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
        for name in inner.made.signature:
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
        for name in inner.made.signature:
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
