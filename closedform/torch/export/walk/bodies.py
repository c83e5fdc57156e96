"""Bodies of loops and of choices: a class each, and the axes that change from round to round."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sympy import Expr

from closedform.grammar import tree
from closedform.grammar.traverse import names_in, parts_of
from closedform.torch.export.classes import Line
from closedform.torch.export.python import identifier
from closedform.torch.export.values import Tensor
from closedform.torch.export.walk.statements import Statements


class Bodies(Statements):
    """Makes the classes of bodies."""

    def carried(self, body: Sequence[tree.Statement]) -> list[str]:
        """The names that a body changes and that stood before it."""
        changed = [
            t.name
            for part in parts_of(tuple(body))
            if isinstance(part, tree.Assign)
            for t in part.targets
        ]
        return [n for n in dict.fromkeys(sorted(changed)) if n in self.scope]

    def given(self, inner: Bodies) -> list[str]:
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

    def outside(self, inner: Bodies, size: Expr, what: str) -> tuple[Expr, bool]:
        """A size of a body as its owner can compute it, or read it from the module."""
        size = settled(inner, size)
        own = {n for n in self.sizes.roots(size) if n in inner.own_sizes or n == "self"}
        spelled = {n: what if n == "self" else self.sizes.compose(f"{what}.{n}") for n in own}
        return self.sizes.put(size, spelled), bool(own)

    @property
    def own_sizes(self) -> frozenset[str]:
        """Sizes that only this class can tell."""
        return self.changing & self.made.locals

    def child(self, what: str) -> Bodies:
        """A class for a body, with the names of this one."""
        made = self.exporter.new_class(f"{self.made.name}{what.capitalize()}", "")
        made.order = list(self.made.order)
        scope = dict(self.scope)
        inner = type(self)(self.exporter, made, self.module, scope)
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
    ) -> tuple[Bodies, tuple[str, frozenset[str]] | None]:
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


def settled(body: Bodies, size: Expr) -> Expr:
    """A size without the names that one class has for others."""
    while True:
        new = size.xreplace(body.made.definitions)
        if new == size:
            return size
        size = new
