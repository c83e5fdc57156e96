"""From calls of modules to what a body does, line by line: steps, calls of blocks, and loops."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field, replace

from closedform.data import dataclass
from closedform.torch.graph import Graph, Node, order_of
from closedform.torch.regions import Called, Item, Region, flat
from closedform.torch.steps.products import grouped_attention
from closedform.torch.steps.rows import Known, Option, Rows, Step, Values, columns, is_one
from closedform.torch.steps.table import steps
from closedform.torch.steps.views import Groups


@dataclass
class Group:
    """A block: the calls of a module class that do the same, but for sizes."""

    kind: str
    children: frozenset[str]  # the names that the code has for what is inside
    instances: list[Inside] = field(default_factory=list)


@dataclass
class Inside:
    """What one call of a module does: what it takes from outside, its lines, and what it gives."""

    path: str
    takes: tuple[str, ...]
    acts: list[Act]
    gives: tuple[str, ...]
    shapes: tuple[tuple[Values, ...], ...] = ()  # of what it takes


@dataclass
class Call:
    """The use of a block."""

    group: Group
    instances: tuple[int, ...]
    takes: tuple[str, ...]
    gives: tuple[str, ...]
    path: str = ""


@dataclass
class Round:
    """A `repeat`: the pairs are values before it, and those that a round hands on to the next."""

    counts: Values
    shared: bool
    acts: list[Act]
    carried: tuple[tuple[str, str], ...]
    choice: bool = False  # `choose 1 of` the counts: each row goes through one of them
    # By how much a round makes the axes of a value longer than the round before, in each trace.
    growth: dict[str, tuple[tuple[int, ...], ...]] = field(default_factory=dict)


Act = Step | Call | Round

RMSNORM = ("pow", "mean", "add", "rsqrt", "mul")
FUSED = {
    RMSNORM: "rmsnorm",
    (*RMSNORM, "mul"): "rmsnorm",
    (*RMSNORM, "add", "mul"): "rmsnorm",
    ("mul", "pow", "mul", "add", "mul", "tanh", "add", "mul"): "gelu_tanh",
    ("pow", "mul", "add", "mul", "tanh", "add", "mul", "mul"): "gelu_tanh",
    ("mul", "mul", "mul", "mul", "add", "mul", "tanh", "add", "mul"): "gelu_tanh",
}


TRANSPOSED = {"aten.transpose", "aten.permute", "aten.t"}
PRODUCTS = {
    "aten.matmul", "aten.mm", "aten.addmm", "aten._grouped_mm", "transformers.grouped_mm_fallback",
}  # fmt: skip


class Builder:
    """Makes the acts of the calls of a module, and gathers the groups."""

    def __init__(
        self,
        called: Called,
        graphs: Sequence[Graph],
        rows: list[list[Node]],
        known: Known,
        single: set[str],
    ) -> None:
        self.called, self.graphs, self.known, self.single = called, graphs, known, single
        self.at = {node.name: i for i, node in enumerate(rows[0])}
        self.rows = rows
        self.groups: dict[object, Group] = {}
        self.used: set[str] = set()
        self.made: dict[str, Step] = {}
        self.users: dict[str, set[str]] = {}
        for node in rows[0]:
            for name in node.refs:
                self.users.setdefault(called.name(name), set()).add(node.name)
        self.results = tuple(called.name(name) for name in called.graph.outputs)

    def model(self) -> Inside:
        inputs = tuple(i.name for i in self.called.graph.trace.inputs)
        acts = tidy(self.items(self.called.root.items), set(self.results))
        used = {name for act in acts for name in taken(act)}
        return Inside("", tuple(i for i in inputs if i in used), acts, self.results)

    def items(self, items: Iterable[Item]) -> list[Act]:
        found: list[Act] = []
        for item in items:
            if isinstance(item, Node):
                found += self.node(item)
            elif isinstance(item, Region):
                found += self.region(item)
            else:
                nodes = list(flat(item.items))
                pairs = []
                for slots, out in item.carried:
                    node, ref = min(slots)
                    pairs.append((self.called.name(nodes[node].refs[ref]), nodes[out].name))
                growth = {}
                for at, one in enumerate(nodes):
                    more = tuple(row[at] if row else () for row in item.growth)
                    if any(map(any, more)):
                        growth[one.name] = more
                inner = self.items(item.items)
                found.append(Round(item.counts, item.shared, inner, tuple(pairs), growth=growth))
        return self.routed(found)

    def routed(self, acts: list[Act]) -> list[Act]:
        """Acts with what experts do as one choice: from the first of their matrices to the last."""
        at = [i for i, act in enumerate(acts) if isinstance(act, Step) and act.experts]
        if not at:
            return acts
        first, last = acts[at[0]], acts[at[-1]]
        assert isinstance(first, Step)
        assert isinstance(last, Step)
        inner = [replace(a, experts=()) if isinstance(a, Step) else a for a in acts]
        inner = inner[at[0] : at[-1] + 1]
        before, own = first.takes[0], {name for act in inner for name in given(act)} - {last.name}
        outside = {n for act in acts[at[-1] + 1 :] for n in taken(act)} | {*self.results}
        several = {acts[i].experts for i in at}  # type: ignore[union-attr]
        if len(several) > 1 or own & outside or self.shape_of(before) != last.shape:
            node = self.rows[0][self.at[first.name]]
            rows = tuple(row[self.at[first.name]] for row in self.rows)
            why = "belongs to experts that give another shape than they take"
            raise Rows(rows, node.name, (), self.known).refuse(why)
        return [
            *acts[: at[0]],
            Round(first.experts, False, inner, ((before, last.name),), True),
            *acts[at[-1] + 1 :],
        ]

    def turned(self, node: Node, name: str) -> bool:
        """Whether a node transposes a parameter for products that take it as their weight."""
        users = [self.rows[0][self.at[n]].target for n in self.users.get(node.name, ())]
        if (
            node.target not in TRANSPOSED
            or name not in self.known.parameters
            or not {*users} <= PRODUCTS
        ):
            return False
        order, rank = order_of(node), len(node.shapes[0])
        return order == [*range(rank - 2), rank - 1, rank - 2]

    def node(self, node: Node) -> list[Step]:
        takes = tuple(self.called.name(name) for name in node.refs)
        if self.turned(node, takes[0]):
            self.known.turned[node.name] = takes[0]
            return []
        rows = Rows(
            tuple(row[self.at[node.name]] for row in self.rows), node.name, takes, self.known
        )
        if node.target == "aten.scaled_dot_product_attention":
            made = self.attention(rows)
        else:
            made = steps(rows)
        found: list[Step] = []
        for step in made:
            leaves = {
                name: self.leaf(rows, name, step) for name in step.takes if self.is_leaf(name)
            }
            takes = tuple(leaves[n].name if n in leaves else n for n in step.takes)
            found += [self.kept(leaf) for leaf in leaves.values()]
            found.append(self.kept(replace(step, takes=takes)))
        return found

    def is_leaf(self, name: str) -> bool:
        return name in self.known.parameters or name in self.known.fixed

    def leaf(self, rows: Rows, name: str, step: Step) -> Step:
        """A weight that is no layer's, or what is fixed, as a tensor of the language."""
        sizes = rows.operand(rows.takes.index(name)) or ((1,) * len(rows.nodes),)
        options = tuple(Option("", values, hint="size") for values in sizes)
        made = f"{step.name}.{name}"
        if name in self.known.parameters:
            return Step(made, "param", (), options, weights=(name,), shape=sizes, counted=False)
        return Step(made, "zeros", (), options, shape=sizes, counted=False)

    def kept(self, step: Step) -> Step:
        if step.weights:
            if step.weights[0] in self.used:
                step = replace(step, options=(*step.options, Option("tied", "true")))
            self.used.update(step.weights)
        self.made[step.name] = step
        return step

    def attention(self, rows: Rows) -> list[Step]:
        """Attention whose keys are broadcast to groups of queries takes them as they were."""
        keys, values = (self.spread(name) for name in rows.takes[1:3])
        if keys and values and keys[1] == values[1] and len(rows.operand(0)) == 3:
            return grouped_attention(rows, rows.takes[0], keys[0], values[0], keys[1])
        return steps(rows)

    def spread(self, name: str) -> tuple[str, Values] | None:
        """What was broadcast to make a value, [g, m, e] to [g r, m, e], and its first size."""
        chain = []
        for op in ("rearrange", "expand", "rearrange"):
            step = self.made.get(name)
            if step is None or step.op != op:
                return None
            chain.append(step)
            name = step.takes[0]
        source = chain[2]
        if len(source.shape) != 4 or not is_one(source.shape[1]) or len(chain[0].shape) != 3:
            return None
        return name, source.shape[0]

    def region(self, region: Region) -> list[Act]:
        fused = self.fused(region)
        if fused is not None:
            return [self.kept(fused)]
        acts = self.items(region.items)
        own = {node.name for node in flat(region.items)}
        inline = region.kind.startswith("torch.nn.") or region.kind in self.single
        if inline or len([a for a in acts if not isinstance(a, Step) or a.op != "rearrange"]) < 2:
            return acts
        out = [
            node.name
            for node in flat(region.items)
            if node.name in self.results or self.users.get(node.name, set()) - own
        ]
        acts = tidy(acts, set(out))
        outside = self.outside(acts)
        if not outside:  # a block takes something
            return acts
        key = (region.kind, signature(acts, outside, tuple(out)))
        children = frozenset(
            a.module.removeprefix(f"{region.path}.").partition(".")[0]
            for a in acts
            if isinstance(a, Step) and a.module.startswith(f"{region.path}.")
        )
        group = self.groups.setdefault(key, Group(region.kind.rpartition(".")[2], children))
        group.instances.append(
            Inside(
                region.path,
                outside,
                acts,
                tuple(out),
                tuple(self.entered(region, n) for n in outside),
            )
        )
        return [Call(group, (len(group.instances) - 1,), outside, tuple(out), region.path)]

    def shape_of(self, name: str) -> tuple[Values, ...]:
        """The axes of a value that a step gives, or of one that comes from outside."""
        return self.made[name].shape if name in self.made else self.shape(name)

    def entered(self, region: Region, name: str) -> tuple[Values, ...]:
        """The axes of a value as a region takes it: what a loop gives may have grown in it."""
        for node in flat(region.items):
            for at, ref in enumerate(node.refs):
                if self.called.name(ref) == name:
                    return columns([row[self.at[node.name]].operands[at] for row in self.rows])
        return self.shape(name)

    def shape(self, name: str) -> tuple[Values, ...]:
        """The axes of a value, each as it is in every trace."""
        if name in self.at:
            return columns([row[self.at[name]].shapes[0] for row in self.rows])
        return columns([graph.leaves[name] for graph in self.graphs])

    def outside(self, acts: list[Act]) -> tuple[str, ...]:
        """The values that acts take and do not give, weights and what is fixed left out."""
        own = {name for act in acts for name in given(act)}
        names = dict.fromkeys(name for act in acts for name in taken(act))
        return tuple(
            n
            for n in names
            if n not in own and n not in self.known.parameters and n not in self.known.fixed
        )

    def fused(self, region: Region) -> Step | None:
        """The operation that a module is, if it is one that the language has."""
        nodes = list(flat(region.items))
        targets = tuple(node.target.removeprefix("aten.") for node in nodes)
        if targets not in FUSED or any(not isinstance(i, Node) for i in region.items):
            return None
        own = {node.name for node in nodes}
        names = dict.fromkeys(
            self.called.name(n) for node in nodes for n in node.refs if n not in own
        )
        weights = tuple(n for n in names if n in self.known.parameters)
        inputs = [n for n in names if n not in weights and n not in self.known.fixed]
        op, last = FUSED[targets], nodes[-1]
        if (
            len(inputs) != 1
            or len(weights) > 1
            or last.shapes[0] != nodes[0].operands[-1 if op != "rmsnorm" else 0]
        ):
            return None
        rows = Rows(tuple(row[self.at[last.name]] for row in self.rows), last.name, (), self.known)
        options = () if weights or op != "rmsnorm" else (Option("affine", "false"),)
        return replace(
            rows.step(op, *options, takes=(inputs[0],), weights=weights), module=region.path
        )


def taken(act: Act) -> Iterator[str]:
    """The values that an act takes."""
    if isinstance(act, Round):
        own = {name for inner in act.acts for name in given(inner)}
        yield from (before for before, _ in act.carried)
        yield from (n for inner in act.acts for n in taken(inner) if n not in own)
    else:
        yield from act.takes


def given(act: Act) -> Iterator[str]:
    """The values that an act gives."""
    if isinstance(act, Step):
        yield act.name
    elif isinstance(act, Call):
        yield from act.gives
    else:
        yield from (out for _, out in act.carried)


def signature(acts: list[Act], outside: tuple[str, ...], out: tuple[str, ...]) -> object:
    """What acts do, whatever the names and the sizes."""
    at: dict[str, object] = {name: ("in", i) for i, name in enumerate(outside)}

    def told(acts: list[Act]) -> list[object]:
        rows: list[object] = []
        for act in acts:
            if isinstance(act, Step):
                options = tuple(
                    (o.key, o.value if isinstance(o.value, str) else o.role) for o in act.options
                )
                takes = tuple(at.get(n, "weight") for n in act.takes)
                rows.append((act.op, act.form, options, takes, len(act.weights), len(act.shape)))
            elif isinstance(act, Call):
                rows.append((id(act.group), tuple(at.get(n) for n in act.takes), len(act.gives)))
            else:
                inner = told(act.acts)
                rows.append(
                    (act.shared, act.choice, repr(inner), tuple(at.get(b) for b, _ in act.carried))
                )
            for name in given(act):
                at.setdefault(name, len(at))
        return rows

    rows = told(acts)
    return repr((rows, [at.get(n) for n in out]))


def tidy(acts: list[Act], out: set[str]) -> list[Act]:
    """Acts with views one after the other as one, and without what nobody uses."""
    acts = _inner(acts)
    while True:
        uses: dict[str, int] = {}
        for act in acts:
            for name in taken(act):
                uses[name] = uses.get(name, 0) + 1
        kept = [a for a in acts if not isinstance(a, Step) or a.name in uses or a.name in out]
        if len(kept) != len(acts):
            acts = kept
            continue
        at = {a.name: i for i, a in enumerate(acts) if isinstance(a, Step)}
        for i, act in enumerate(acts):
            if not isinstance(act, Step):
                continue
            new = _together(act, [acts[at[n]] if n in at else None for n in act.takes], uses, out)
            if new is not None:
                gone, step = new
                acts = [
                    step if j == i else a
                    for j, a in enumerate(acts)
                    if not (isinstance(a, Step) and a.name == gone)
                ]
                break
        else:
            return acts


def _inner(acts: list[Act]) -> list[Act]:
    found: list[Act] = []
    for act in acts:
        if isinstance(act, Round):
            act = replace(act, acts=tidy(act.acts, {out for _, out in act.carried}))
        found.append(act)
    return found


def _together(
    act: Step, before: list[Act | None], uses: dict[str, int], out: set[str]
) -> tuple[str, Step] | None:
    """A step and one that it takes, as one step; and the name of that one."""
    for i, other in enumerate(before):
        if (
            not isinstance(other, Step)
            or other.op != "rearrange"
            or uses[other.name] > 1
            or other.name in out
        ):
            continue
        if act.op == "rearrange":
            made = composed(other, act)
            if made is not None:
                return other.name, made
        if act.op == "einsum" and i == 1 and other.form[1] == swapped(other.form[0]):
            axes = str(act.form[0]).partition("n m, ")[0]
            if act.form == (f"{axes}n m, {axes}m e -> {axes}n e",):
                takes = (act.takes[0], other.takes[0])
                pattern = f"{axes}n e, {axes}m e -> {axes}n m"
                return other.name, replace(act, takes=takes, form=(pattern,))
    return None


def swapped(groups: object) -> object:
    """Groups with the last two in the other order."""
    assert isinstance(groups, tuple)
    return (*groups[:-2], *groups[:-3:-1])


def composed(one: Step, two: Step) -> Step | None:
    """Two views, one after the other, as one."""
    left, middle = one.form
    inner, right = two.form
    assert isinstance(left, tuple)
    assert isinstance(middle, tuple)
    assert isinstance(inner, tuple)
    assert isinstance(right, tuple)
    sizes = {o.key: o.value for o in one.options if not isinstance(o.value, str)}
    roles = {o.key: o.role for o in one.options}
    mark = "b" * (1 + max((len(n) - len(n.lstrip("b")) for n in sizes), default=0))
    new = {f"{mark}{o.key}": o.value for o in two.options if not isinstance(o.value, str)}
    inner = tuple(tuple(f"{mark}{n}" for n in group) for group in inner)
    right = tuple(tuple(f"{mark}{n}" for n in group) for group in right)
    for a, b in zip(middle, inner, strict=True):
        if len(a) == 1 and len(b) >= 1:
            left = _replaced(left, a[0], b)
            sizes |= {n: new[n] for n in b}
            del sizes[a[0]]
        elif len(b) == 1 and len(a) > 1:
            right = _replaced(right, b[0], a)
        elif len(a) == len(b) and all(sizes[x] == new[y] for x, y in zip(a, b, strict=True)):
            for x, y in zip(a, b, strict=True):
                right = _replaced(right, y, (x,))
        else:
            return None
    roles |= {f"{mark}{o.key}": o.role for o in two.options}
    options = tuple(Option(n, sizes[n], roles[n]) for group in left for n in group)
    return replace(two, takes=one.takes, options=options, form=(left, right))


def _replaced(groups: Groups, name: str, by: tuple[str, ...]) -> Groups:
    return tuple(tuple(m for n in group for m in (by if n == name else (n,))) for group in groups)


def widened(rows: list[list[Act]]) -> list[Act]:
    """The acts of several calls side by side: names of the first, sizes of all."""
    found: list[Act] = []
    for acts in zip(*rows, strict=True):
        first = acts[0]
        if isinstance(first, Step):
            same = [a for a in acts if isinstance(a, Step)]
            options = tuple(
                replace(o, value=_joined([a.options[i].value for a in same]))
                for i, o in enumerate(first.options)
            )
            shape = tuple(
                _joined_sizes([a.shape[i] for a in same]) for i in range(len(first.shape))
            )
            found.append(replace(first, options=options, shape=shape))
        elif isinstance(first, Round):
            loops = [a for a in acts if isinstance(a, Round)]
            found.append(
                replace(
                    first,
                    counts=_joined_sizes([a.counts for a in loops]),
                    acts=widened([a.acts for a in loops]),
                )
            )
        else:
            calls = [a for a in acts if isinstance(a, Call)]
            found.append(replace(first, instances=_joined_sizes([a.instances for a in calls])))
    return found


def _joined(values: list[Values | str]) -> Values | str:
    if isinstance(values[0], str):
        return values[0]
    return _joined_sizes([v for v in values if not isinstance(v, str)])


def _joined_sizes(values: list[Values]) -> Values:
    return tuple(n for row in values for n in row)
