"""The calls of modules in a graph, one inside the other, and equal neighbours as loops.

Several traces of one factory have the same calls, but for how often loops run: `merged` lays them
side by side, each number as the values that it has in the traces.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field, replace

from closedform.data import dataclass
from closedform.errors import fail
from closedform.torch.graph import LAYERS, Graph, Node
from closedform.torch.series import CAT, in_series
from closedform.torch.trace import Argument, Ref

CONTAINERS = "torch.nn.modules.container."
LONGEST = 4  # neighbours that repeat together


@dataclass
class Region:
    """A call of a module."""

    path: str
    kind: str
    items: list[Item]


# By how much each round makes the axes of each result longer, node by node; nothing where it is as
# it was, or where there is one round.
Growth = tuple[tuple[int, ...], ...]


@dataclass
class Loop:
    """Equal neighbours: each hands on to the next the values of `carried`, which are pairs of the
    places that take it, (node, reference) counted in the body, and the node that gives it."""

    counts: tuple[int, ...]
    shared: bool
    items: list[Item]
    carried: tuple[tuple[frozenset[tuple[int, int]], int], ...]
    growth: tuple[Growth, ...] = ()  # in each trace


Item = Node | Region | Loop


def flat(items: Iterable[Item]) -> Iterator[Node]:
    """The nodes in items, in their order."""
    for item in items:
        if isinstance(item, Node):
            yield item
        else:
            yield from flat(item.items)


@dataclass
class Called:
    """The calls of one trace, or of several side by side."""

    graph: Graph
    root: Region
    renamed: dict[str, str] = field(default_factory=dict)

    def name(self, name: str) -> str:
        while name in self.renamed:
            name = self.renamed[name]
        return name


def called(graph: Graph) -> Called:
    """The calls of a graph, with loops."""
    root = Region("", _class(graph.trace.modules.get("", "Model")), [])
    open_: list[tuple[str, Region]] = []
    nodes = in_series(graph.nodes)
    graph = replace(graph, nodes=nodes)
    for node in nodes:
        stack = [
            path
            for path in node.stack
            if not graph.trace.modules[path.partition("@")[0]].startswith(CONTAINERS)
        ]
        same = 0
        while same < min(len(open_), len(stack)) and open_[same][0] == stack[same]:
            same += 1
        del open_[same:]
        for path in stack[same:]:
            bare = path.partition("@")[0]
            region = Region(bare, graph.trace.modules[bare], [])
            (open_[-1][1] if open_ else root).items.append(region)
            open_.append((path, region))
        (open_[-1][1] if open_ else root).items.append(node)
    found = Called(graph, root)
    _Loops(found).find(root)
    return found


def _class(name: str) -> str:
    return name.rpartition(".")[2]


class _Loops:
    """Finds equal neighbours, and keeps the first of them."""

    def __init__(self, found: Called) -> None:
        self.found = found
        self.users: dict[str, list[str]] = {}
        for node in found.graph.nodes:
            for name in node.refs:
                self.users.setdefault(name, []).append(node.name)
        self.dropped: set[str] = set()

    def find(self, region: Region) -> None:
        for item in region.items:
            if isinstance(item, Region):
                self.find(item)
        at = 0
        while at < len(region.items):
            for period in range(1, LONGEST + 1):
                if self._take(region, at, period):
                    break
            at += 1

    def _take(self, region: Region, at: int, period: int) -> bool:
        """Make a loop of the items from here on, if they are equal."""
        items = region.items
        if not any(isinstance(item, Region) for item in items[at : at + period]):
            return False
        groups = [items[at : at + period]]
        links: list[tuple[frozenset[tuple[int, int]], int]] | None = None
        shared: bool | None = None
        growth: Growth | None = None
        while True:
            start = at + period * len(groups)
            after = items[start : start + period]
            if len(after) < period:
                break
            link = self._same(groups[-1], after)
            more = None if link is None else _growth(groups[-1], after)
            if (
                link is None
                or more is None
                or (
                    links is not None
                    and (sorted(link[0], key=str), link[1], more)
                    != (sorted(links, key=str), shared, growth)
                )
            ):
                break
            (links, shared), growth = link, more
            groups.append(after)
        while len(groups) > 1 and not self._ends_well(groups, links or []):
            groups.pop()
        if len(groups) < 2 or not links:
            return False
        bodies = [list(flat(group)) for group in groups]
        for first, last in zip(bodies[0], bodies[-1], strict=True):
            self.found.renamed[last.name] = first.name
        for body in bodies[1:]:
            self.dropped.update(node.name for node in body)
        kept = groups[0]
        if period == 1 and isinstance(kept[0], Loop):
            return False
        carried = tuple(sorted(links, key=lambda c: c[1]))
        loop = Loop((len(groups),), bool(shared), kept, carried, (growth or (),))
        items[at : at + period * len(groups)] = [loop]
        return True

    def _ends_well(
        self, groups: list[list[Item]], links: list[tuple[frozenset[tuple[int, int]], int]]
    ) -> bool:
        """Whether values leave the last group only where the loop hands them on."""
        body = list(flat(groups[-1]))
        inside = {node.name for node in body}
        carried = {body[out].name for _, out in links}
        results = {self.found.name(name) for name in self.found.graph.outputs}
        return all(
            node.name in carried
            or (
                node.name not in results
                and all(user in inside or user in self.dropped for user in self._users(node.name))
            )
            for node in body
        )

    def _users(self, name: str) -> list[str]:
        old = [n for n in self.users if n != name and self.found.name(n) == name]
        return [u for n in (name, *old) for u in self.users.get(n, ())]

    def _same(
        self, one: list[Item], two: list[Item]
    ) -> tuple[list[tuple[frozenset[tuple[int, int]], int]], bool] | None:
        """What the second group takes of the first, if they are equal else, and whether they have
        the same weights."""
        if _outline(one) != _outline(two):
            return None
        graph = self.found.graph
        first, second = list(flat(one)), list(flat(two))
        at = {node.name: i for i, node in enumerate(first)}
        at2 = {node.name: i for i, node in enumerate(second)}
        links: dict[int, set[tuple[int, int]]] = {}
        begun: dict[str, set[int | None]] = {}
        weights: set[bool] = set()
        for i, (a, b) in enumerate(zip(first, second, strict=True)):
            if (a.target, a.lead) != (b.target, b.lead) or _erased(a) != _erased(b):
                return None
            for j, (x, y) in enumerate(zip(a.refs, b.refs, strict=True)):
                x, y = self.found.name(x), self.found.name(y)
                if x in graph.trace.weights or y in graph.trace.weights:
                    if not (x in graph.trace.weights and y in graph.trace.weights):
                        return None
                    if x not in graph.fixed:
                        weights.add(x == y)
                elif x in graph.fixed and y in graph.fixed:
                    continue
                elif x in at or y in at2:
                    if at.get(x, -1) != at2.get(y, -2):
                        return None
                elif y in at:
                    links.setdefault(at[y], set()).add((i, j))
                    begun.setdefault(x, set()).add(at[y])
                elif x == y:
                    begun.setdefault(x, set()).add(None)
                else:
                    return None
        if any(len(outs) > 1 for outs in begun.values()) or len(weights) > 1:
            return None
        inner = {n for n in at if at[n] not in links}
        mine = {*at, *at2}
        if any(u not in at and u not in self.dropped for n in inner for u in self._users(n)):
            return None
        if any(u not in mine and u not in self.dropped for n in at for u in self._users(n)):
            return None
        return [(frozenset(slots), out) for out, slots in links.items()], True in weights


def _growth(one: list[Item], two: list[Item]) -> Growth | None:
    """By how much the second group is larger, if anything: only where it concatenates maps to more
    and more channels, and no weight says how many these are. None where they differ otherwise."""
    first, second = list(flat(one)), list(flat(two))
    if all(
        (a.shapes, a.operands) == (b.shapes, b.operands) for a, b in zip(first, second, strict=True)
    ):
        return ()
    found: list[tuple[int, ...]] = []
    for a, b in zip(first, second, strict=True):
        if (a.shapes, a.operands) == (b.shapes, b.operands):
            found.append(())
            continue
        ranks = [[len(s) for s in (*n.shapes, *n.operands)] for n in (a, b)]
        if ranks[0] != ranks[1] or len(a.shapes) != 1:
            return None
        found.append(tuple(y - x for x, y in zip(a.shapes[0], b.shapes[0], strict=True)))
        if a.target in LAYERS and any(found[-1]):
            return None
        if any(found[-1][1:]) or any(n < 0 for n in found[-1][:1]) or len(found[-1]) not in (0, 3):
            return None
    if not any(n.target == CAT and any(m) for n, m in zip(first, found, strict=True)):
        return None
    return tuple(found)


def _outline(items: Iterable[Item]) -> object:
    found: list[object] = []
    for item in items:
        if isinstance(item, Node):
            found.append(item.target)
        elif isinstance(item, Region):
            found.append((item.kind, _outline(item.items)))
        else:
            found.append((item.counts, item.shared, item.carried, _outline(item.items)))
    return found


def _erased(node: Node) -> object:
    """The arguments without the names of values."""

    def plain(value: Argument) -> object:
        if isinstance(value, Ref):
            return Ref("")
        if isinstance(value, tuple):
            return tuple(plain(item) for item in value)
        return (type(value).__name__, value)

    return [plain(a) for a in node.arguments], {k: plain(a) for k, a in node.named.items()}


# Several traces side by side ---------------------------------------------------------------

Values = tuple[int, ...]


@dataclass(frozen=True)
class Num:
    """A number of an operation, as it is in each trace."""

    values: Values


def merged(traces: list[Called]) -> tuple[Called, list[list[Node]]]:
    """The calls of the first trace, with the counts of loops of all; and the nodes of each trace
    in the same order."""
    first = traces[0]
    for _ in range(2):  # what a later trace repeats is known to the others the second time
        for other in traces[1:]:
            _align(first.root, other.root, first, other)
    rows = [list(flat(one.root.items)) for one in traces]
    for one, row in zip(traces[1:], rows[1:], strict=True):
        _compare(first, rows[0], one, row)
    _count([one.root for one in traces])
    return first, rows


def _count(regions: list[Region] | list[Loop]) -> None:
    for items in zip(*(region.items for region in regions), strict=True):
        if isinstance(items[0], Loop):
            loops = [item for item in items if isinstance(item, Loop)]
            _count(loops)
            loops[0].counts = tuple(loop.counts[0] for loop in loops)
            loops[0].growth = tuple(growth for loop in loops for growth in loop.growth)
        elif isinstance(items[0], Region):
            _count([item for item in items if isinstance(item, Region)])


def _differ(one: Called, other: Called, what: str) -> Exception:
    def said(called: Called) -> str:
        return ", ".join(f"{k}={v}" for k, v in called.graph.trace.given.items()) or "the first"

    return fail(
        "trace",
        f"the traces differ in more than numbers: {what}",
        None,
        "import each by itself, or vary what leaves the structure as it is",
        f"at {said(one)} and at {said(other)}",
    )


def _align(one: Region | Loop, two: Region | Loop, a: Called, b: Called) -> None:
    """Make loops of one round where the other trace has more."""
    at = 0
    while at < max(len(one.items), len(two.items)):
        x = one.items[at] if at < len(one.items) else None
        y = two.items[at] if at < len(two.items) else None
        if isinstance(x, Loop) and not isinstance(y, Loop):
            two.items[at : at + len(x.items)] = [
                Loop((1,), x.shared, two.items[at : at + len(x.items)], x.carried, ((),))
            ]
        elif isinstance(y, Loop) and not isinstance(x, Loop):
            one.items[at : at + len(y.items)] = [
                Loop((1,), y.shared, one.items[at : at + len(y.items)], y.carried, ((),))
            ]
        at += 1
    name = one.path if isinstance(one, Region) and one.path else "the model"
    if len(one.items) != len(two.items):
        raise _differ(
            a, b, f"`{name}` does {len(one.items)} things in one, {len(two.items)} in the other"
        )
    for x, y in zip(one.items, two.items, strict=True):
        if isinstance(x, Node) or isinstance(y, Node):
            if not (isinstance(x, Node) and isinstance(y, Node) and x.target == y.target):
                raise _differ(a, b, f"`{name}` does other things")
        elif type(x) is not type(y) or (
            isinstance(x, Region) and isinstance(y, Region) and x.kind != y.kind
        ):
            raise _differ(a, b, f"`{name}` calls other modules")
        else:
            _align(x, y, a, b)


def _compare(first: Called, ours: list[Node], other: Called, theirs: list[Node]) -> None:
    at = {node.name: i for i, node in enumerate(ours)}
    at2 = {node.name: i for i, node in enumerate(theirs)}
    for one, two in zip(ours, theirs, strict=True):
        if [len(s) for s in one.shapes] != [len(s) for s in two.shapes] or one.lead != two.lead:
            raise _differ(
                first, other, f"`{one.target}` gives other axes in `{'.'.join(one.stack[-1:])}`"
            )
        for x, y in zip(one.refs, two.refs, strict=True):
            if at.get(first.name(x)) != at2.get(other.name(y)):
                raise _differ(
                    first,
                    other,
                    f"`{one.target}` takes other values in `{'.'.join(one.stack[-1:])}`",
                )


def mapped(value: Argument, others: list[Argument], name: Callable[[str], str]) -> object:
    """An argument with its numbers as `Num`, and names of values as they are kept."""
    if isinstance(value, Ref):
        return Ref(name(value.name))
    if isinstance(value, tuple):
        rows = [other if isinstance(other, tuple) else () for other in others]
        if any(len(row) != len(value) for row in rows):
            return tuple(mapped(item, [item], name) for item in value)
        return tuple(mapped(item, [row[i] for row in rows], name) for i, item in enumerate(value))
    if type(value) is int:
        return Num(tuple(other if type(other) is int else value for other in others))
    return value


def renamed(nodes: list[Node], names: Mapping[str, str]) -> list[Node]:
    """Nodes that take values by other names."""

    def new(value: Argument) -> Argument:
        if isinstance(value, Ref):
            return Ref(names.get(value.name, value.name))
        return tuple(map(new, value)) if isinstance(value, tuple) else value

    return [
        replace(
            n, arguments=tuple(map(new, n.arguments)), named={k: new(v) for k, v in n.named.items()}
        )
        for n in nodes
    ]
