"""One call in the language, and one operation as it is in each trace, of which it is made."""

from __future__ import annotations

from dataclasses import field

from closedform.data import dataclass
from closedform.errors import ClosedformError, fail
from closedform.torch.graph import Node, where
from closedform.torch.trace import Argument

Values = tuple[int, ...]
# A size of the architecture, one of channels, or a number such as a kernel.
SIZE, WIDTH, FIXED = "size", "width", "fixed"


@dataclass(frozen=True)
class Option:
    """An argument of a call: a size as it is in each trace, or a word."""

    key: str
    value: Values | str
    role: str = SIZE
    hint: str = ""


@dataclass(frozen=True)
class Step:
    """One call in the language."""

    name: str
    op: str
    takes: tuple[str, ...]
    options: tuple[Option, ...] = ()
    form: tuple[object, ...] = ()  # a pattern, a sign: what is the same wherever a block is used
    weights: tuple[str, ...] = ()
    shape: tuple[Values, ...] = ()
    module: str = ""
    counted: bool = True  # whether its result is a value that the trace has
    experts: Values = ()  # of how many matrices each row has one


@dataclass
class Known:
    """What a conversion needs to know: how operations are declared, what is fixed, and weights."""

    parameters: set[str]
    fixed: set[str]
    declared: frozenset[str]
    leaf: dict[str, str] = field(default_factory=dict)  # classes of modules
    turned: dict[str, str] = field(default_factory=dict)  # parameters, by names of their transposes

    def weight(self, name: str) -> str | None:
        """The parameter that a value is, as it is or transposed."""
        name = self.turned.get(name, name)
        return name if name in self.parameters else None


@dataclass(frozen=True)
class Rows:
    """One operation as it is in each trace."""

    nodes: tuple[Node, ...]
    name: str
    takes: tuple[str, ...]
    known: Known

    @property
    def node(self) -> Node:
        return self.nodes[0]

    @property
    def module(self) -> str:
        return self.node.stack[-1].partition("@")[0] if self.node.stack else ""

    def shape(self, result: int = 0) -> tuple[Values, ...]:
        return columns([n.shapes[result] for n in self.nodes])

    def operand(self, at: int) -> tuple[Values, ...]:
        return columns([n.operands[at] for n in self.nodes])

    def argument(self, at: int, name: str, default: Argument = None) -> tuple[Argument, ...]:
        """An argument by its place and name, in each trace."""
        return tuple(
            n.arguments[at] if at < len(n.arguments) else n.named.get(name, default)
            for n in self.nodes
        )

    def pair(self, at: int, name: str, default: int, count: int) -> tuple[Values, ...]:
        """An argument that is a number or a list of `count`, as one for each side."""
        found = []
        for value in self.argument(at, name, default):
            if value in (None, ()):
                value = default
            row = value if isinstance(value, tuple) else (value,)
            found.append(
                tuple(int(n) for n in (row * count if len(row) == 1 else row) if isinstance(n, int))
            )
        return columns(found)

    def refuse(self, why: str = "is not known") -> ClosedformError:
        """What is said of an operation that has no place in the language."""
        name = self.node.target.removeprefix("aten.").strip("_")
        sides = [", ".join(f"a{i}" for i in range(len(shape))) for shape in self.node.operands[:1]]
        back = ", ".join(f"a{i}" for i in range(len(self.node.shapes[0])))
        return fail(
            "operation",
            f"`{self.node.target}` in {where(self.node)} {why}",
            None,
            "declare it in a file that --ops names: "
            f"op {name}(x: [{sides[0] if sides else ''}]) -> y: [{back}]: "
            '"""...""", with its counts indented below',
        )

    def step(
        self, op: str, *options: Option, takes: tuple[str, ...] | None = None, **more: object
    ) -> Step:
        return Step(
            self.name,
            op,
            takes if takes is not None else self.takes[:1],
            options,
            shape=self.shape(),
            module=self.module,
            **more,  # type: ignore[arg-type]
        )


def columns(shapes: list[tuple[int, ...]]) -> tuple[Values, ...]:
    """The numbers of several lists, place by place."""
    return tuple(zip(*shapes, strict=True)) if shapes and shapes[0] else ()


def word(key: str, value: str) -> Option:
    return Option(key, value, FIXED)


def is_one(values: Values) -> bool:
    return all(v == 1 for v in values)


def side(key: str, values: tuple[Values, ...]) -> Option:
    """An argument of one number for each side, or one for all."""
    if len(set(values)) == 1:
        return Option(key, values[0], FIXED, key)
    return Option(key, "[" + ", ".join(str(v[0]) for v in values) + "]", FIXED)


USUAL = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}


def is_usual(option: Option) -> bool:
    """Whether an argument is as it is by default."""
    usual = USUAL.get(option.key)
    return option.role == FIXED and not isinstance(option.value, str) and {*option.value} == {usual}
