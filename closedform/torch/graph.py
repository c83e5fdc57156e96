"""A trace without what costs nothing: no copies, no masks and tables that depend on no input, and
no batch axis, which is the first axis of every input and has the size 1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from math import prod

from closedform.data import dataclass
from closedform.errors import fail
from closedform.torch.trace import Argument, Operation, Ref, Shape, Trace, refs, spelled

# What gives its first argument, as far as costs go.
COPIES = {
    "aten.to", "aten.contiguous", "aten.clone", "aten.alias", "aten.detach", "aten._to_copy",
    "aten.dropout", "aten.feature_dropout", "aten.type_as", "aten.lift_fresh_copy", "aten.float",
    "aten.alpha_dropout", "aten.requires_grad_", "aten.view_as", "aten.expand_as", "aten.pad",
}  # fmt: skip
VIEWS = {
    "aten.view", "aten.reshape", "aten.flatten", "aten.unflatten", "aten._unsafe_view",
    "aten.unsqueeze", "aten.squeeze", "aten.expand",
}  # fmt: skip
COMPARED = {
    "aten.eq", "aten.ne", "aten.lt", "aten.gt", "aten.le", "aten.ge", "aten.cumsum",
    "aten.logical_not", "aten.zeros_like", "aten.ones_like", "aten.full_like", "aten.new_zeros",
    "aten.new_ones", "aten.new_full", "aten.arange", "aten.zeros", "aten.ones", "aten.full",
}  # fmt: skip
# What gives one of its arguments where a mask that depends on no input says so: its place.
MASKED = {"aten.where": (1, 2), "aten.masked_fill": (0,)}
SORTED = {"aten.topk", "aten.sort"}  # what gives values, and the places where these stood
LAYERS = {
    "aten.linear", "aten.addmm", "aten.embedding", "aten.conv1d", "aten.conv2d", "aten.conv3d",
}  # fmt: skip
IGNORED = {"aten._assert_tensor_metadata", "aten._assert_async", "aten.sym_size"}


@dataclass(frozen=True)
class Node:
    """An operation with shapes that have no batch axis. `rank` is how many axes its first operand
    had, and `lead` where of these the batch was: its arguments count axes in these."""

    name: str
    target: str
    arguments: tuple[Argument, ...]
    named: Mapping[str, Argument]
    shapes: tuple[Shape, ...]
    stack: tuple[str, ...]
    lead: int | None
    rank: int
    operands: tuple[Shape, ...]  # of each reference, in their order

    @property
    def refs(self) -> list[str]:
        return refs((self.arguments, tuple(self.named.values())))


@dataclass
class Graph:
    """What a trace does, and the shapes of what it begins with."""

    trace: Trace
    nodes: list[Node] = field(default_factory=list)
    leaves: dict[str, Shape] = field(default_factory=dict)  # inputs, weights and what is fixed
    fixed: set[str] = field(default_factory=set)
    outputs: tuple[str, ...] = ()


def graph(trace: Trace) -> Graph:
    """The graph of a trace."""
    return _Cleaner(trace).graph()


def bare(shape: Shape, lead: int | None) -> Shape:
    """A shape without its batch axis."""
    return shape if lead is None else (*shape[:lead], *shape[lead + 1 :])


@dataclass(frozen=True)
class _Seen:
    """A value as it was seen: its shapes, where its batch axis is, and whether it has a batch."""

    shapes: tuple[Shape, ...]
    lead: int | None
    batched: bool
    fixed: bool
    whole: bool  # made of numbers of tokens


class _Cleaner:
    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.alias: dict[str, str] = {}
        self.seen: dict[str, _Seen] = {}
        self.sorted: set[str] = set()
        self.out = Graph(trace)

    def graph(self) -> Graph:
        for i in self.trace.inputs:
            if not i.shape or i.shape[0] != 1:
                raise fail(
                    "trace",
                    f"the input `{i.name}` has the shape {list(i.shape)}, "
                    "whose first axis is no batch of 1",
                    None,
                    "trace it with a batch of 1: costs are those of one example",
                )
            whole = "int" in i.dtype or i.dtype == "bool"
            self.leaf(i.name, _Seen((i.shape,), 0, True, False, whole))
        # The first axis of a layer's weight is no batch, even if its size is 1.
        of_layers = {
            name
            for operation in self.trace.operations
            if operation.target in LAYERS
            for name in refs(operation.arguments)
        }
        for weight in self.trace.weights.values():
            alone = len(weight.shape) > 1 and weight.shape[0] == 1
            lead = 0 if alone and weight.name not in of_layers else None
            fixed = weight.kind != "parameter"
            self.leaf(weight.name, _Seen((weight.shape,), lead, False, fixed, False))
        for operation in self.trace.operations:
            if operation.shapes and operation.target not in IGNORED:
                self.operation(operation)
        self.out.outputs = tuple(self.alias.get(name, name) for name in self.trace.outputs)
        self.out.nodes = _used(self.out)
        return self.out

    def leaf(self, name: str, seen: _Seen) -> None:
        self.seen[name] = seen
        self.out.leaves[name] = bare(seen.shapes[0], seen.lead)
        if seen.fixed:
            self.out.fixed.add(name)

    def operation(self, o: Operation) -> None:
        inplace = o.target.endswith("_") and not o.target.endswith("__")
        target = o.target[:-1] if inplace else o.target
        if target == "aten.cat":
            o = self._without_nothing(o)
        names = refs((o.arguments, tuple(o.named.values())))
        taken = [self.seen[name] for name in names]
        places = target == "getitem" and o.arguments[1:] == (1,) and names[0] in self.sorted
        fixed = all(seen.fixed for seen in taken) or target in COMPARED or places
        if fixed:
            shape = o.shapes[0]
            lead = 0 if len(shape) > 1 and shape[0] == 1 else None
            self.leaf(o.name, _Seen(o.shapes, lead, False, True, False))
            return
        first = next(seen for seen in taken if not seen.fixed or target == "aten.cat")
        batched = any(seen.batched for seen in taken)
        lead = self._lead(target, o, taken, batched)
        whole = all(s.whole or s.fixed for s in taken)
        self.seen[o.name] = _Seen(o.shapes, lead, batched, False, whole)
        of = names[taken.index(first)]
        shapes = tuple(bare(shape, lead) for shape in o.shapes)
        if target in SORTED:
            self.sorted.add(o.name)
        same = (
            target in COPIES
            or target in VIEWS
            or self._is_masked(target, o.arguments)
            or (target == "aten.cat" and len(names) == 1)
        )
        if (same and shapes[0] == self._bare(of)) or (target == "getitem" and of in self.sorted):
            self.alias[o.name] = self.alias.get(of, of)
            return
        self.out.nodes.append(
            Node(
                o.name,
                target,
                tuple(self._resolved(a) for a in o.arguments),
                {k: self._resolved(a) for k, a in o.named.items()},
                shapes,
                o.stack,
                taken[0].lead,
                len(taken[0].shapes[0]),
                tuple(self._bare(name) for name in names),
            )
        )

    def _without_nothing(self, o: Operation) -> Operation:
        """A concatenation without the operands that have no elements."""
        parts = o.arguments[0]
        assert isinstance(parts, tuple)
        kept = tuple(
            p for p in parts if not (isinstance(p, Ref) and 0 in self.seen[p.name].shapes[0])
        )
        return replace(o, arguments=(kept or parts, *o.arguments[1:]))

    def _is_masked(self, target: str, arguments: tuple[Argument, ...]) -> bool:
        """Whether a mask that is fixed chooses between one value and what is fixed."""
        if target not in MASKED:
            return False
        moving = [
            i for i, a in enumerate(arguments) if isinstance(a, Ref) and not self.seen[a.name].fixed
        ]
        return len(moving) == 1 and moving[0] in MASKED[target]

    def _bare(self, name: str) -> Shape:
        seen = self.seen[name]
        return bare(seen.shapes[0], seen.lead)

    def _resolved(self, value: Argument) -> Argument:
        if isinstance(value, Ref):
            return Ref(self.alias.get(value.name, value.name))
        if isinstance(value, tuple):
            return tuple(self._resolved(item) for item in value)
        return value

    def _lead(self, target: str, o: Operation, taken: list[_Seen], batched: bool) -> int | None:
        """Where the batch axis of the result is; None where it has none."""
        first, shape = taken[0], o.shapes[0]
        lead, rank = first.lead, len(first.shapes[0])
        axes = [a for a in o.arguments if type(a) is int]
        if target in VIEWS:
            if lead is None:
                more = batched or len(shape) > rank
                return 0 if more and len(shape) > 1 and shape[0] == 1 else None
            before, at = prod(first.shapes[0][:lead]), 1
            for axis, size in enumerate(shape):
                if at == before and size == 1:
                    if (
                        target == "aten.unsqueeze"
                        and axes[0] % len(shape) == axis
                        and not (axis and first.batched)
                    ):
                        return lead + 1 if axes[0] % len(shape) <= lead else lead
                    return axis
                at *= size
            return None
        if (
            target in ("aten.transpose", "aten.permute", "aten.t", "aten.swapaxes")
            and lead is not None
        ):
            return _order(target, o.arguments, rank).index(lead)
        if target in ("aten.select", "aten.unbind") and lead is not None:
            at = (axes[0] if axes else 0) % rank
            return None if at == lead else lead - (at < lead)
        if target == "aten.stack" and lead is not None:
            at = (axes[0] if axes else 0) % (rank + 1)
            return lead + (at <= lead)
        if target in ("aten.mean", "aten.sum", "aten.amax", "aten.var") and lead is not None:
            dims = o.arguments[1] if len(o.arguments) > 1 else None
            gone = [
                int(d) % rank
                for d in (dims if isinstance(dims, tuple) else (dims,))
                if isinstance(d, int)
            ]
            if len(shape) == rank:
                return lead
            return None if lead in gone or not gone else lead - sum(g < lead for g in gone)
        if target == "aten.embedding":
            return taken[1].lead
        if target == "aten.einsum":
            sides = spelled(o.arguments[0], [len(s.shapes[0]) for s in taken])
            leads = [
                side[s.lead]
                for side, s in zip(sides or (), taken, strict=False)
                if s.lead is not None and s.batched
            ]
            return sides[-1].find(leads[0]) if sides and leads and leads[0] in sides[-1] else None
        if target == "getitem":
            return lead
        found = [
            len(shape) - (len(s.shapes[0]) - s.lead)
            for s in taken
            if s.lead is not None and s.batched
        ]
        found = found or [
            len(shape) - (len(s.shapes[0]) - s.lead)
            for s in taken
            if s.lead is not None and len(s.shapes[0]) > 1
        ]
        if target in ALIGNED_FIRST and lead is not None:
            return lead
        return found[0] if found and 0 <= found[0] < len(shape) and shape[found[0]] == 1 else None


ALIGNED_FIRST = {"aten.linear", "aten.scaled_dot_product_attention", "aten.adaptive_avg_pool2d"}


def _order(target: str, arguments: tuple[Argument, ...], rank: int) -> list[int]:
    """The axes of the operand, in the order in which the result has them."""
    order = list(range(rank))
    numbers = arguments[1:]
    if target == "aten.permute":
        dims = numbers[0]
        assert isinstance(dims, tuple)
        return [int(d) % rank for d in dims if isinstance(d, int)]
    a, b = [int(d) % rank for d in numbers if isinstance(d, int)] if numbers else (0, 1)
    order[a], order[b] = order[b], order[a]
    return order


def _used(out: Graph) -> list[Node]:
    """The nodes that a result needs."""
    wanted, kept = set(out.outputs), []
    for node in reversed(out.nodes):
        if node.name in wanted:
            wanted.update(node.refs)
            kept.append(node)
    return kept[::-1]


def order_of(node: Node) -> list[int]:
    """The axes of the operand of a transposition without the batch axis, in their new order."""
    order = _order(node.target, node.arguments, node.rank)
    if node.lead is None:
        return order
    return [axis - (axis > node.lead) for axis in order if axis != node.lead]


def axis_of(node: Node, value: Argument, extra: int = 0) -> int:
    """An axis that an argument names, without the batch axis; `extra` axes are new."""
    assert isinstance(value, int)
    axis = value % (node.rank + extra)
    if node.lead is None:
        return axis
    if axis == node.lead and not extra:
        raise fail("trace", f"`{node.target}` works along the batch axis in {where(node)}")
    return axis - (axis > node.lead)


def where(node: Node) -> str:
    """The module in which an operation ran, in words."""
    return f"`{node.stack[-1].partition('@')[0]}`" if node.stack else "the model itself"
