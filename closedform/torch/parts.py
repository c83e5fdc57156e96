"""The parts of a model with what each costs: as a trace calls them, and as a file has them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import field
from fractions import Fraction
from math import prod

from sympy import Expr, Symbol

from closedform.data import dataclass
from closedform.derive.cost.tree import (
    Cases,
    Choose,
    Node,
    Operation,
    Repeat,
    Sequence,
    Site,
    Stages,
    Steps,
    Weights,
    nodes,
)
from closedform.derive.project import Project
from closedform.derive.symbolic.exact import NoNumberError, exact, holds
from closedform.errors import fail
from closedform.formula.numbers import Exact
from closedform.grammar import tree
from closedform.torch.counting import Counts, inside, work
from closedform.torch.trace import Operation as Call
from closedform.torch.trace import Trace, refs

MOST_STEPS = 2_000  # of a `for` of which each step is looked at


@dataclass
class Layers:
    """Layers with weights: how many there are of each cost, and one of each, in words."""

    uses: Counter[Counts] = field(default_factory=Counter)
    words: dict[Counts, str] = field(default_factory=dict)

    def add(self, costs: Counts, words: str, times: int = 1) -> None:
        if times > 0:
            self.uses[costs] += times
            self.words.setdefault(costs, words)


@dataclass
class Part(Layers):
    """All uses of a part, and the layers with weights in one of each cost."""

    inner: dict[Counts, Layers] = field(default_factory=dict)


# In a trace --------------------------------------------------------------------------------

Stack = tuple[str, ...]


class Called:
    """The parts of a trace. A module that is called again costs no parameters again."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.ends: dict[Stack, tuple[int, int]] = {}  # after which operation, and how deep it is
        self.macs: Counter[Stack] = Counter()
        self.weights: dict[Stack, dict[str, None]] = {}
        self.layers: dict[Stack, str] = {}
        outer = {o.stack[:depth] for o in trace.operations for depth in range(len(o.stack))}
        macs = {operation.name: count for operation, count in work(trace)}
        seen: set[str] = set()
        for at, operation in enumerate(trace.operations):
            names = self._parameters(operation)
            stack = operation.stack
            for depth in range(1, len(stack) + 1):
                self.ends[stack[:depth]] = (at, -depth)
            if names and stack in outer:  # what a module does itself is a layer of its own
                owners = ", ".join(f"`{trace.weights[n].owner}`" for n in names)
                stack = (*stack, operation.name)
                self.layers[stack] = owners
            elif names:
                self.layers[stack] = f"`{_path(stack)}` ({self.kind(stack)})"
            for depth in range(len(stack) + 1):
                taken = names if stack[:depth] in self.ends else [n for n in names if n not in seen]
                self.macs[stack[:depth]] += macs.get(operation.name, 0)
                self.weights.setdefault(stack[:depth], {}).update(dict.fromkeys(taken))
            seen.update(names)

    def _parameters(self, operation: Call) -> list[str]:
        found = refs((operation.arguments, *operation.named.values()))
        weights = self.trace.weights
        return [n for n in found if n in weights and weights[n].kind == "parameter"]

    def kind(self, stack: Stack) -> str:
        """The name of the class of what is called."""
        return self.trace.modules[_path(stack)].rpartition(".")[2]

    def cost(self, stack: Stack) -> Counts:
        called = stack in self.ends
        if any("@" in path for path in stack):
            return Counts(0, self.macs[stack])
        path = _path(stack) if called else _path(stack[:-1])
        owned = [self.trace.weights[name] for name in self.weights[stack]]
        return Counts(sum(prod(w.shape) for w in owned if inside(w.owner, path)), self.macs[stack])

    def parts(self) -> dict[str, Part]:
        """The parts by the names of their classes, inner ones first."""
        found: dict[str, Part] = {}
        for stack in sorted(self.ends, key=self.ends.__getitem__):
            part, costs = found.setdefault(self.kind(stack), Part()), self.cost(stack)
            part.add(costs, f"`{_path(stack)}`")
            if costs not in part.inner:
                part.inner[costs] = self.inner(stack)
        return found

    def inner(self, stack: Stack = ()) -> Layers:
        """The layers with weights of a part."""
        found = Layers()
        for layer, words in self.layers.items():
            if layer[: len(stack)] == stack:
                found.add(self.cost(layer), words)
        return found

    def names(self) -> dict[str, set[str]]:
        """By the names of the classes, what their modules have inside."""
        found: dict[str, set[str]] = {}
        for stack in self.ends:
            inner = found.setdefault(self.kind(stack), set())
            inner |= {
                path.rpartition(".")[2]
                for path in self.trace.modules
                if path.rpartition(".")[0] == _path(stack)
            }
        return found


def _path(stack: Stack) -> str:
    return stack[-1].partition("@")[0] if stack else ""


def class_of(block: str, classes: Mapping[str, set[str]]) -> str | None:
    """The class that has the name of a block, also as an import writes it: with what is inside,
    and a number, where one class makes several blocks.

    >>> classes = {"Bottleneck": {"conv1", "downsample"}, "BasicBlock": set()}
    >>> class_of("BottleneckDownsample", classes), class_of("basic_block2", classes)
    ('Bottleneck', 'BasicBlock')
    >>> class_of("BottleneckTransformer", classes)
    """
    name = _plain(block)
    for kind in sorted(classes, key=len, reverse=True):
        inner = "|".join(re.escape(_plain(n)) for n in sorted(classes[kind]) if _plain(n))
        if re.fullmatch(rf"{re.escape(_plain(kind))}(?:{inner})*\d*", name):
            return kind
    return None


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


# In a file ---------------------------------------------------------------------------------


class Written:
    """The blocks of a model at a preset, in the order in which they are met.

    Blocks in a `choose` are left out: which of them are at work is not said.
    """

    def __init__(self, project: Project, preset: tree.Preset) -> None:
        entity = project.at_preset(preset)
        measures = (project.measure(name) for name in ("params", "macs"))
        self.forms = [project.closed(entity, measure) for measure in measures]
        self.root = self.forms[0].derivation.root
        sizes = project.bindings(preset)
        self.sizes = {s: Fraction(int(v.p), int(v.q)) for s, v in sizes.items()}
        self.total = Counts(*(_whole(project.at(preset, form)) for form in self.forms))
        self.parts: dict[str, Part] = {}
        self.loose: set[str] = set()
        self._walk(self.root.body, self.sizes, 1, 1, None)
        for name in self.loose:
            self.parts.pop(name, None)

    def inner(self) -> Layers:
        """The layers with weights of the model."""
        return self._inner(self.root, self.sizes)

    def _inner(self, node: Sequence, sizes: Mapping[Symbol, Fraction]) -> Layers:
        found = Layers()
        self._walk(node.body, sizes, 1, 1, found)
        return found

    def _walk(
        self,
        sites: tuple[Site, ...],
        sizes: Mapping[Symbol, Fraction],
        times: int,
        fresh: int,
        into: Layers | None,
    ) -> None:
        """Note what is used so many times, `fresh` of them with weights of its own: the layers
        into what is given, else the blocks."""
        for site in sites:
            node = site.node
            match node:
                case Operation() if into is not None:
                    costs = self._cost(node, sizes)
                    if costs.params:
                        words = f"`{node.name}` in line {site.span.line}"
                        into.add(costs, words, fresh)
                        into.add(Counts(0, costs.macs), words, times - fresh)
                case Sequence():
                    if into is None and times:
                        self._note(node, site, sizes, times, fresh)
                    self._walk(node.body, sizes, times, fresh, into)
                case Repeat():
                    many = self._number(node.times, sizes)
                    own = min(many, 1) if node.shared else many
                    self._walk(node.body, sizes, times * many, fresh * own, into)
                case Weights():
                    own = 0 if node.mode == "tied" else fresh
                    self._walk(node.body, sizes, times, own, into)
                case Stages():
                    for body in node.bodies:
                        self._walk(body, sizes, times, fresh, into)
                case Steps():
                    first, last = (self._number(n, sizes) for n in (node.first, node.last))
                    if last - first > MOST_STEPS:
                        raise fail("limit", f"a `for` has more than {MOST_STEPS} steps", site.span)
                    for at in range(first, last + 1):
                        inner = {**sizes, node.index: Fraction(at)}
                        self._walk(node.body, inner, times, fresh, into)
                case Cases():
                    body = node.then if holds(node.condition, sizes) else node.otherwise
                    self._walk(body, sizes, times, fresh, into)
                case Choose():
                    if into is None:
                        self.loose |= _blocks(node)

    def _note(
        self, node: Sequence, site: Site, sizes: Mapping[Symbol, Fraction], times: int, fresh: int
    ) -> None:
        part, costs = self.parts.setdefault(node.name, Part()), self._cost(node, sizes)
        words = f"line {site.span.line}"
        part.add(costs, words, fresh)
        part.add(Counts(0, costs.macs), words, times - fresh)
        if costs not in part.inner:
            part.inner[costs] = self._inner(node, sizes)

    def _cost(self, node: Node, sizes: Mapping[Symbol, Fraction]) -> Counts:
        return Counts(*(self._number(form.of(node), sizes) for form in self.forms))

    def _number(self, expr: Expr, sizes: Mapping[Symbol, Fraction]) -> int:
        try:
            return _whole(exact(self.forms[0].derivation.known.base(expr), sizes))
        except NoNumberError as error:
            raise fail("fraction", f"a part would hold {error}, and is not whole") from None


def _whole(value: Exact) -> int:
    """A count of a trace is whole; that of a file need not be, where it weighs with fractions."""
    if value.denominator != 1:
        raise fail("fraction", f"a trace counts what is whole, and this is {value}")
    return int(value)


def _blocks(node: Node) -> set[str]:
    return {inner.name for inner in nodes(node) if isinstance(inner, Sequence)}
