"""What random programs are made of: sizes, conditions and names, chosen one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import lcm
from typing import Any

from hypothesis import strategies as st


@dataclass
class Program:
    """A source, and how to choose its sizes: the numbers and names that divide each dim."""

    source: str
    dims: dict[str, list[str | int]]
    lists: dict[str, int]
    most: dict[str, str]
    none: tuple[str, ...] = ()  # sizes that may be 0

    def sizes(self, draw: Callable[..., Any]) -> dict[str, Any]:
        """Random sizes under which the assumptions hold."""
        values: dict[str, Any] = {}
        for name, divisors in self.dims.items():
            step = lcm(*(values[d] if isinstance(d, str) else d for d in divisors))
            values[name] = step * draw(st.integers(1, max(1, 8 // step)))
        for name, length in self.lists.items():
            values[name] = [draw(st.integers(1, 4)) for _ in range(length)]
        for name in self.none:
            values[name] = draw(st.integers(0, 3))
        for small, large in self.most.items():
            values[small] = min(values[small], values[large])
        return values


@dataclass
class Pen:
    """Makes the choices of one program, and holds what is written so far."""

    draw: Callable[..., Any]
    lines: list[str] = field(default_factory=list)
    indent: str = ""
    sizes: list[str] = field(default_factory=list)
    tensors: dict[str, list[str]] = field(default_factory=dict)
    blocks: dict[str, int] = field(default_factory=dict)
    stages: str | None = None
    lists: list[str] = field(default_factory=list)
    splits: list[tuple[str, str]] = field(default_factory=list)
    choices: list[tuple[str, str]] = field(default_factory=list)
    none: tuple[str, ...] = ()
    fresh: int = 0
    budget: int = 14

    # Choices -------------------------------------------------------------------------------

    def pick(self, options: Any) -> Any:
        return self.draw(st.sampled_from(list(options)))

    def upto(self, low: int, high: int) -> int:
        return int(self.draw(st.integers(low, high)))

    def chance(self, of: int) -> bool:
        return self.upto(1, of) == of

    def name(self, start: str) -> str:
        self.fresh += 1
        return f"{start}{self.fresh}"

    def put(self, line: str) -> None:
        self.lines.append(self.indent + line)

    def size(self, deep: int = 1) -> str:
        """A size that is nearly always positive and whole."""
        plain = [*self.sizes, *self.sizes, "1", "2", "3"]
        if self.stages:
            plain += [f"{name}[{self.stages}]" for name in self.lists] + [self.stages]
        else:
            plain += [f"{name}[1]" for name in self.lists]
        if not deep or self.chance(2):
            return str(self.pick(plain))
        a, b = self.size(deep - 1), self.size(deep - 1)
        forms = [
            "{a}*{b}",
            "{a} + {b}",
            "2*{a}",
            "floor({a}/2) + 1",
            "ceil({a}/{b})",
            "max({a}, {b})",
        ]
        forms += [
            "min({a}, {b})",
            "({a} if {c} else {b})",
            "({c}) + 1",
            "{a}^2",
            "floor(3/4*{a}) + 1",
        ]
        forms += [
            "{a} - {b} + {b}",
            "floor(({a} - 1)/{b}) + 1",
            "{a} + 2^(3 - 1)",
            "({a} - 1)*{b} + 1",
        ]
        return "(" + self.pick(forms).format(a=a, b=b, c=self.condition()) + ")"

    def condition(self) -> str:
        a, b = self.pick([self.size(0), *self.none]), self.size(0)
        simple = f"{a} {self.pick(['==', '!=', '<', '<=', '>', '>=', '|'])} {b}"
        if self.chance(5):
            return f"{simple} {self.pick(['and', 'or'])} not {self.size(0)} > {self.upto(1, 5)}"
        return simple

    def tensor(self, rank: int | None = None) -> str | None:
        found = [n for n, axes in self.tensors.items() if rank in (None, len(axes))]
        return str(self.pick(found)) if found else None

    def called(self, name: str, *arguments: str) -> str:
        """A call, now and then with a modifier."""
        given = list(arguments)
        if self.chance(8):
            given.append(self.pick(["tied=true", "frozen=true", 'kind="conv"', 'kind="other"']))
        return f"{name}({', '.join(given)})"

    @contextmanager
    def inside(self) -> Iterator[None]:
        """A body: what is named in it ends with it."""
        before = self.indent, list(self.sizes), dict(self.tensors), self.stages
        self.indent += "    "
        self.put(f"{self.name('t')} = 1")
        yield
        self.indent, self.sizes, self.tensors, self.stages = before


def listed(axes: list[str]) -> str:
    return f"[{', '.join(axes)}]"
