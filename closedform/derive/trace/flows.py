"""What flows where in a block: its steps, which takes what another has made, and what is skipped.

A file says so with names and arrows, and the cost tree knows which of them are operations. What
neither says, as which branch of an `if` was taken, is not guessed: such a block has no flow. A
connection skips parts where a file adds to a tensor what it made of the same tensor:

>>> from closedform.grammar import parse
>>> (block,) = parse("block B(x: [n, d]):\\n    return x + (x -> linear(d))\\n").declarations
>>> (skip,) = skips(block.body)
>>> [block.span.source.text[slice(*part)] for part in skip.around]
['(x -> linear(d))']
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from closedform import formula as w
from closedform.data import dataclass
from closedform.derive.cost import tree as cost
from closedform.derive.cost.tree import Node, Shape, Site
from closedform.derive.elaborate.values import Tensor
from closedform.grammar import tree
from closedform.grammar.traverse import names_in, parts_of

Written = tuple[w.Written, ...]


@dataclass(frozen=True)
class Step:
    """An input, an operation, a block, or a loop with what is done in it.

    `takes` are the places of the steps whose tensors it takes, `gives` is the shape that it
    makes, where one is known; `inside` are the names of what is done in a loop.
    """

    kind: str
    name: str
    takes: tuple[int, ...] = ()
    gives: Written | None = None
    inside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Flow:
    """The steps of a block in the order of the file; `returns` are the places of the last."""

    name: str
    steps: tuple[Step, ...]
    returns: tuple[int, ...]


LOOPS = (cost.Repeat, cost.Stages, cost.Steps, cost.Choose, cost.Cases)
BODIES = (tree.Repeat, tree.For, tree.ForEach, tree.Choose)


def flow_of(
    block: cost.Sequence,
    written: Callable[[Shape], Written],
    named: Callable[[cost.Operation], str],
) -> Flow | None:
    """The flow of a block, if the file tells all of it."""
    reader = _Reader(block, written, named)
    try:
        reader.run(block.declaration.body)
    except _Unclear:
        return None
    return Flow(block.name, tuple(reader.steps), tuple(dict.fromkeys(reader.returns)))


class _Unclear(Exception):
    """What a block does is not told by its text alone."""


class _Reader:
    """Reads a body; what an expression stands for is the places of the steps that made it."""

    def __init__(
        self,
        block: cost.Sequence,
        written: Callable[[Shape], Written],
        named: Callable[[cost.Operation], str],
    ) -> None:
        self.written, self.named = written, named
        self.sites = {(site.span.start, site.span.end): site for site in reversed(block.body)}
        self.steps: list[Step] = []
        self.returns: list[int] = []
        self.names: dict[str, tuple[int, ...]] = {}
        for name, value in block.given.items():
            if isinstance(value, Tensor):
                self.names[name] = self._add("input", name, (), written(value.shape))

    def _add(
        self,
        kind: str,
        name: str,
        takes: Iterable[int],
        gives: Written | None = None,
        inside: tuple[str, ...] = (),
    ) -> tuple[int, ...]:
        self.steps.append(Step(kind, name, tuple(dict.fromkeys(takes)), gives, inside))
        return (len(self.steps) - 1,)

    def run(self, body: Iterable[tree.Statement]) -> None:
        for statement in body:
            match statement:
                case tree.Assign():
                    self._assign(statement)
                case tree.Return():
                    self.returns += [at for value in statement.values for at in self.value(value)]
                case tree.If() | tree.Repeat() | tree.For() | tree.ForEach() | tree.Choose():
                    self._inside(statement)

    def _assign(self, statement: tree.Assign) -> None:
        value, targets = statement.value, statement.targets
        if isinstance(value, tree.ListOf) and len(value.items) == len(targets) > 1:
            each = [self.value(item) for item in value.items]
        else:
            each = [self.value(value)] * len(targets)
        self.names.update(zip((target.name for target in targets), each, strict=True))

    def _inside(self, statement: tree.Statement) -> None:
        """A loop is one step; of an `if` that was decided, the branch that has operations."""
        inside = self._sites_in(statement)
        loops = [site for site in inside if isinstance(site.node, LOOPS)]
        if len(loops) == len(inside) == 1:
            self._loop(statement, loops[0])
        elif isinstance(statement, BODIES):
            raise _Unclear
        elif isinstance(statement, tree.If):
            bodies = [*(body for _, body in statement.branches), statement.otherwise]
            taken = [body for body in bodies if any(self._sites_in(part) for part in body)]
            if len(taken) != 1:
                raise _Unclear
            self.run(taken[0])

    def _loop(self, statement: tree.Statement, site: Site) -> None:
        used = [name for name in self.names if name in names_in(statement)]
        takes = [at for name in used for at in self.names[name]]
        step = self._around(site, takes)
        assigns = (part for part in parts_of(statement) if isinstance(part, tree.Assign))
        for part in assigns:
            self.names.update((target.name, step) for target in part.targets)

    def _sites_in(self, node: tree.Node) -> list[Site]:
        start, end = _range(node)
        return [site for at, site in self.sites.items() if start <= at[0] and at[1] <= end]

    def value(self, node: tree.Node) -> tuple[int, ...]:
        """The places of the steps that made the tensors of an expression."""
        match node:
            case tree.Name():
                return self.names.get(node.name, ())
            case tree.Pipe():
                taken = self.value(node.source)
                for stage in node.stages:
                    taken = self._applied(stage, taken)
                return taken
            case tree.Call():
                return self._applied(node, ())
            case tree.Choice() if self._site(node) is None and self._sites_in(node):
                raise _Unclear
        return self._made(node, [at for part in _below(node) for at in self.value(part)])

    def _applied(self, node: tree.Name | tree.Call, before: tuple[int, ...]) -> tuple[int, ...]:
        arguments = node.arguments if isinstance(node, tree.Call) else ()
        takes = [at for argument in arguments for at in self.value(argument.value)]
        return self._made(node, [*before, *takes])

    def _made(self, node: tree.Node, takes: list[int]) -> tuple[int, ...]:
        """The step of a part of the text that is one, else what it takes."""
        site = self._site(node)
        if site is None:
            return tuple(takes)
        done = _bare(site.node)
        if isinstance(done, cost.Sequence):
            return self._add("block", done.name, takes)
        if not isinstance(done, cost.Operation):
            return self._around(site, takes)
        gives = self.written(done.outputs[0]) if len(done.outputs) == 1 else None
        return self._add("operation", self.named(done), takes, gives)

    def _around(self, site: Site, takes: list[int]) -> tuple[int, ...]:
        """The step of a loop or a case: as the file writes it, with what is done in it."""
        head = " ".join(site.span.source.text[site.span.start : site.span.end].split()).rstrip(":")
        return self._add("loop", head, takes, inside=tuple(dict.fromkeys(self._names(site.node))))

    def _names(self, node: Node) -> Iterator[str]:
        done = _bare(node)
        if isinstance(done, cost.Operation):
            yield self.named(done)
        elif isinstance(done, cost.Sequence):
            yield done.name
        else:
            for site in done.bodies[0] if isinstance(done, cost.Stages) else cost.children(done):
                yield from self._names(site.node)

    def _site(self, node: tree.Node) -> Site | None:
        return self.sites.get((node.span.start, node.span.end))


def _bare(node: Node) -> Node:
    """What is done, whosever the weights are."""
    while isinstance(node, cost.Weights) and len(node.body) == 1:
        node = node.body[0].node
    return node


def _below(node: tree.Node) -> list[tree.Node]:
    """The parts right below a part of the text, in its order."""
    found: list[tree.Node] = []
    waiting: list[object] = list(vars(node).values())
    while waiting:
        part = waiting.pop(0)
        if isinstance(part, tree.Node):
            found.append(part)
        elif isinstance(part, tuple):
            waiting[:0] = part
    return found


# Connections ------------------------------------------------------------------------------

_Range = tuple[int, int]


@dataclass(frozen=True)
class Skip:
    """A connection: where the source has what it leads around, and what is made on it."""

    around: tuple[_Range, ...]
    on: tuple[_Range, ...]

    @property
    def place(self) -> int:
        """Where it begins in the source, by which it is known."""
        return self.around[0][0]


def skips(body: Iterable[tree.Statement]) -> list[Skip]:
    """The connections of a body and of the loops in it, those outside before those inside."""
    return sorted(_skips(tuple(body)), key=lambda skip: skip.place)


def _skips(body: tuple[tree.Statement, ...]) -> Iterator[Skip]:
    for at, statement in enumerate(body):
        inner = [v for v in vars(statement).values() if _is_body(v)]
        for statements in inner:
            yield from _skips(statements)
        if not inner:
            for part in parts_of(statement):
                if isinstance(part, tree.Sum) and [sign for sign, _ in part.rest] == ["+"]:
                    yield from _of_sum(part, body[:at])


def _is_body(value: object) -> bool:
    return isinstance(value, tuple) and any(isinstance(v, tree.Assign | tree.Return) for v in value)


def _of_sum(node: tree.Sum, before: tuple[tree.Statement, ...]) -> Iterator[Skip]:
    """The connection of a sum of two, if one of them is a name and the other was made of it."""
    first, second = node.first, node.rest[0][1]
    for name, other in ((first, second), (second, first)):
        if not isinstance(name, tree.Name):
            continue
        if name.name in names_in(other):
            if not isinstance(other, tree.Name):
                yield Skip((_range(other),), ())
                return
            continue
        for made in sorted(names_in(other)):
            found = _made_of(made, name.name, before)
            if found is not None:
                inside = () if isinstance(other, tree.Name) else (_range(other),)
                yield Skip((*found.around, *inside), found.on)
                return


def _made_of(made: str, of: str, before: tuple[tree.Statement, ...]) -> Skip | None:
    """The statements that make one tensor of another, which later ones change on its way."""
    starts = [at for at, s in enumerate(before) if _assigns(s, made) and of in _used(s, made)]
    if not starts:
        return None
    after = before[starts[-1] :]
    around = tuple(_range(s) for s in after if _assigns(s, made))
    on = tuple(_range(s) for s in after if _assigns(s, of))
    if any(made in _used(s, of) for s in after if _assigns(s, of)):
        return None
    return Skip(around, on)


def _assigns(statement: tree.Statement, name: str) -> bool:
    assigns = (part for part in parts_of(statement) if isinstance(part, tree.Assign))
    return any(name in {target.name for target in part.targets} for part in assigns)


def _used(statement: tree.Statement, name: str) -> set[str]:
    """The names of which a statement makes a name."""
    assigns = (part for part in parts_of(statement) if isinstance(part, tree.Assign))
    several = (p for p in assigns if name in {target.name for target in p.targets})
    return {used for part in several for used in names_in(part.value)}


def _range(node: tree.Node) -> _Range:
    """Where a part stands, with all that is below it."""
    return node.span.start, max(part.span.end for part in parts_of(node))
