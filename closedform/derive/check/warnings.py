"""What is counted and may not be meant: results that nobody uses, weights that look shared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field
from typing import TypeAlias

from closedform.data import dataclass
from closedform.derive.cost.totals import WEIGHTS, Total
from closedform.derive.cost.tree import Node, Weights, children, nodes, operations
from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.resolve.builtin import QUANTITIES
from closedform.errors import WARNING, Diagnostic, Span
from closedform.grammar import tree
from closedform.grammar.expressions import show
from closedform.grammar.traverse import names_in, parts_of

Loop: TypeAlias = tree.Repeat | tree.For | tree.ForEach
Place = tuple[str, int, int]


@dataclass(frozen=True, eq=False)
class Done:
    """What is done at the places of a file, in all that was derived of it."""

    at: dict[Place, list[Node]] = field(default_factory=dict)

    @classmethod
    def by(cls, derivations: Iterable[Derivation]) -> Done:
        found: dict[Place, list[Node]] = {}
        for derivation in derivations:
            for node in nodes(derivation.root):
                if isinstance(node, Weights):
                    continue  # its one part stands at the same place
                for site in children(node):
                    found.setdefault(_place(site.span), []).append(site.node)
        return cls(found)

    def works(self, part: tree.Node) -> bool:
        """Whether any work is done in a part of the text; a table of parameters does none."""
        found = (node for inner in parts_of(part) for node in self.at.get(_place(inner.span), ()))
        return any(
            amount != 0 and name not in QUANTITIES
            for node in found
            for operation in operations(node)
            for name, amount in operation.counts.items()
        )

    def has_weights(self, part: tree.Node) -> bool:
        """Whether what is called at a place has parameters that are counted there."""
        total = Total(lambda operation: operation.counts.get("params", 0), WEIGHTS)
        return any(total(node) != 0 for node in self.at.get(_place(part.span), ()))


def _place(span: Span) -> Place:
    return span.source.name, span.start, span.end


def warnings_of(block: tree.Block, done: Done) -> Iterator[Diagnostic]:
    """The warnings about the body of a block or model."""
    yield from _unused(block, done)
    yield from _not_shared(block, done)


# Results that nobody uses ------------------------------------------------------------------


def _unused(block: tree.Block, done: Done) -> Iterator[Diagnostic]:
    dead: list[tree.Assign] = []
    _live(block.body, frozenset(), dead)
    for statement in sorted(dead, key=lambda node: node.span.start):
        if done.works(statement.value):
            first = statement.targets[0].name
            names = " and ".join(f"`{target.name}`" for target in statement.targets)
            yield Diagnostic(
                WARNING,
                f"{names} is counted here, and nobody uses it",
                statement.span,
                "use it further down, or take it out; where its cost is meant, name it "
                f"`_{first}`, and where its weights alone are, put it into `choose 0 of 1:`",
            )


def _live(
    body: Sequence[tree.Statement], after: frozenset[str], dead: list[tree.Assign]
) -> frozenset[str]:
    """The names that are needed from here on; `dead` takes what gives a name in vain.

    What only such a statement reads is not needed either.
    """
    live = after
    following: tree.Statement | None = None
    for statement in reversed(body):
        if isinstance(statement, tree.Assign) and isinstance(following, tree.Choose):
            live |= {target.name for target in statement.targets}  # a router: it chooses
        live = _before(statement, live, dead)
        following = statement
    return live


def _before(
    statement: tree.Statement, live: frozenset[str], dead: list[tree.Assign]
) -> frozenset[str]:
    match statement:
        case tree.Assign():
            targets = {target.name for target in statement.targets}
            if not targets & live and not any(name.startswith("_") for name in targets):
                dead.append(statement)
                return live
            return (live - targets) | names_in(statement.value)
        case tree.Repeat() | tree.For() | tree.ForEach() | tree.Choose():
            idle = isinstance(statement, tree.Choose) and show(statement.count) == "0"
            parts = {**vars(statement), "body": ()}
            live |= names_in(tuple(parts.values()))
            while more := _live(statement.body, live, []) - live:
                live |= more
            _live(statement.body, live, [] if idle else dead)
            return live
        case tree.If():
            bodies = [body for _, body in statement.branches] + [statement.otherwise]
            asked = names_in(tuple(condition for condition, _ in statement.branches))
            return frozenset(asked).union(*(_live(body, live, dead) for body in bodies))
    return live | names_in(statement)


# Weights that look shared ------------------------------------------------------------------


@dataclass(frozen=True)
class _Use:
    """A use of an operation by its name; `loop` is around it, and not around what named it."""

    node: tree.Name | tree.Call
    loop: Loop | None


def _not_shared(block: tree.Block, done: Done) -> Iterator[Diagnostic]:
    assigns = [part for part in parts_of(block.body) if isinstance(part, tree.Assign)]
    targets = [target.name for assign in assigns for target in assign.targets]
    for assign in sorted(assigns, key=lambda node: node.span.start):
        name = assign.targets[0].name
        if not isinstance(assign.value, tree.Call) or targets.count(name) > 1:
            continue
        uses = [use for use in _uses(block.body, name, assign) if done.has_weights(use.node)]
        written = show(assign.value)
        for use in uses[:1]:
            if use.loop is not None:
                yield Diagnostic(
                    WARNING,
                    f"`{name}` has weights of its own in each step of this loop",
                    use.node.span,
                    f"say so: write `{written}` here; one copy for all steps is a loop of its own, "
                    "`repeat ... shared:`",
                    (f"it is named outside, on line {assign.span.line}",),
                )
        for use in uses[1:]:
            yield Diagnostic(
                WARNING,
                f"`{name}` has other weights here than where it is used before",
                use.node.span,
                f"the same weights are written `{_tied(use.node)}`, "
                f"other weights `{written}` in each place",
                (f"it is used before on line {uses[0].node.span.line}",),
            )


def _tied(node: tree.Name | tree.Call) -> str:
    arguments = node.arguments if isinstance(node, tree.Call) else ()
    function = node.function if isinstance(node, tree.Call) else node
    tied = tree.Argument("tied", tree.Boolean(True))
    return show(tree.Call(function, (*arguments, tied)))


def _uses(body: Sequence[tree.Statement], name: str, assign: tree.Assign) -> list[_Use]:
    found: list[_Use] = []
    _collect(body, name, assign, None, found)
    return sorted(found, key=lambda use: use.node.span.start)


def _collect(
    body: Sequence[tree.Statement],
    name: str,
    assign: tree.Assign,
    loop: Loop | None,
    found: list[_Use],
) -> None:
    for statement in body:
        match statement:
            case tree.Repeat() | tree.For() | tree.ForEach() | tree.Choose() | tree.If():
                within = loop
                again = isinstance(statement, tree.For | tree.ForEach) or (
                    isinstance(statement, tree.Repeat) and not statement.shared
                )
                if again and not any(part is assign for part in parts_of(statement)):
                    assert isinstance(statement, Loop)
                    within = statement
                bodies = (
                    [statement.body]
                    if not isinstance(statement, tree.If)
                    else [*(inner for _, inner in statement.branches), statement.otherwise]
                )
                for inner in bodies:
                    _collect(inner, name, assign, within, found)
            case _:
                found += [_Use(node, loop) for node in _called(statement, name)]


def _called(statement: tree.Statement, name: str) -> Iterator[tree.Name | tree.Call]:
    for part in parts_of(statement):
        if isinstance(part, tree.Call) and part.function.name == name:
            yield part
        if isinstance(part, tree.Pipe):
            yield from (s for s in part.stages if isinstance(s, tree.Name) and s.name == name)
