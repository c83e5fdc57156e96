"""The arguments of a call of a function of the language, taken one by one."""

from __future__ import annotations

from sympy import Expr, Integer

from closedform.derive.elaborate.context import Context
from closedform.derive.elaborate.values import Scope, Tensor, Value, as_size, say_kind
from closedform.derive.resolve.builtin import USAGE
from closedform.derive.symbolic.wording import say
from closedform.errors import Span, fail
from closedform.grammar import tree


class Arguments:
    """The arguments of a call of a built-in function, taken one by one."""

    def __init__(
        self, context: Context, node: tree.Call, scope: Scope, piped: tuple[Tensor, ...]
    ) -> None:
        self.context, self.node, self.scope = context, node, scope
        self.name = node.function.name
        self.span = node.span
        values = [(context.value(a.value, scope), a) for a in node.arguments]
        self.positional: list[tuple[Value, Span]] = [(t, node.function.span) for t in piped]
        self.positional += [(value, a.span) for value, a in values if a.name is None]
        self.named = {a.name: (value, a.span) for value, a in values if a.name is not None}

    def next(self, what: str) -> tuple[Value, Span]:
        if not self.positional:
            raise fail(
                "argument", f"`{self.name}` needs {what}", self.span, f"write {USAGE[self.name]}"
            )
        return self.positional.pop(0)

    def tensor(self) -> Tensor:
        value, span = self.next("a tensor")
        if not isinstance(value, Tensor):
            raise fail(
                "type",
                f"`{self.name}` needs a tensor, and this is {say_kind(value)}",
                span,
                f"write {USAGE[self.name]}",
            )
        return value

    def tensors(self) -> list[Tensor]:
        return [self.tensor() for _ in range(len(self.positional))]

    def text(self) -> tuple[str, Span]:
        value, span = self.next("a pattern")
        if not isinstance(value, str):
            raise fail(
                "type",
                f"`{self.name}` needs a pattern in quotes, and this is {say_kind(value)}",
                span,
                f"write {USAGE[self.name]}",
            )
        return value, span

    def size(self, what: str = "a size") -> Expr:
        value, span = self.next(what)
        return as_size(value, span)

    def axis(self, rank: int) -> int:
        """The axis named by `axis=`, counted from 0, or from the end when negative."""
        value, span = self.named.pop("axis", (Integer(0), self.span))
        axis = as_size(value, span, "an axis")
        if not (axis.is_Integer and -rank <= axis < rank):
            raise fail("range", f"a tensor of {rank} axes has no axis {say(axis)}", span)
        return int(axis) % rank

    def flag(self, name: str) -> bool:
        """An argument that is true or false, false unless it is given."""
        value, span = self.named.pop(name, (False, self.span))
        if not isinstance(value, bool):
            raise fail("argument", f"`{name}` takes true or false", span)
        return value

    def kind(self) -> str:
        """The kind of operation that conventions see."""
        value, span = self.named.pop("kind", (self.name, self.span))
        if not isinstance(value, str):
            raise fail("argument", '`kind` takes a text such as "functional"', span)
        return value

    def sizes(self) -> dict[str, Expr]:
        """The sizes given by name."""
        named, self.named = self.named, {}
        return {n: as_size(v, span) for n, (v, span) in named.items()}

    def done(self) -> None:
        for _, span in self.positional:
            raise fail(
                "argument",
                f"`{self.name}` takes no further argument",
                span,
                f"write {USAGE[self.name]}",
            )
        for name, (_, span) in self.named.items():
            raise fail(
                "argument",
                f"`{self.name}` has no parameter `{name}`",
                span,
                f"write {USAGE[self.name]}",
            )
