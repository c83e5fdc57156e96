"""A second reading of the language: run a model on whole numbers, unrolled, and count.

Nothing here is symbolic and nothing is shared with `closedform.derive`; only the parser is. What
the language calls an error is `Impossible`; what its reference leaves open is `Unclear`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import brute_training
from brute_calls import MOVED, WEIGHTS, Calls, open_sides
from brute_conventions import convention, weight
from brute_lifetimes import Alive
from brute_modules import STANDARD, Function, Module, Scope, names_of
from brute_values import (
    ARITHMETIC,
    COMPARISONS,
    Expensive,
    Impossible,
    Results,
    Tensor,
    Unclear,
    broadcast,
    counted,
    exact,
    power,
    spread,
)
from closedform.grammar import tree
from closedform.grammar.traverse import parts_of

QUANTITIES = (
    "params",
    "trainable",
    "active",
    "non_embedding",
    "buffers",
    "cache",
    "masked",
    *MOVED,
)
BYTES = {
    "weight_bytes": {"params": 1},
    "cache_bytes": {"cache": 2},
    "read_bytes": {"reads": 2, "loads": 1},
    "written_bytes": {"writes": 2},
    "moved_bytes": {"reads": 2, "loads": 1, "writes": 2},
}
DTYPE = "bf16, weights = int8"
EMPTY: Mapping[str, Any] = {}
NOWHERE = Module("", STANDARD)
ELEMENTWISE = {"+": "add", "-": "add", "*": "mul", "/": "div"}


class Run(Calls):
    """One walk through a model, and the counts that it met by name and kind."""

    without: frozenset[str] = frozenset()  # operations whose `mac` is dropped, to test the test

    def __init__(self, module: Module, dims: Mapping[str, Any], limit: int = 200_000) -> None:
        self.module, self.limit = module, limit
        self.totals: Counter[tuple[str, str]] = Counter()
        self.uncounted: set[str] = set()  # conventions that cannot count an operation
        self.weigh = self.work = self.train = True
        self.levels: dict[int, int] = {}  # how many operations come before each value
        self.depth = 0
        self.alive = Alive()
        self.tape = brute_training.Tape()
        self.fused = False  # inside a block that keeps what it makes to itself
        self.stage = 0  # of the element of a list that is being found
        self.values: dict[tuple[int, str], Any] = {}
        self.conventions = {
            name: convention(name, {**self.conventions, **module.conventions})
            for name in {**self.conventions, **module.conventions}
        }
        for name, value in dims.items():
            origin, node = module.names[name]
            self.values[id(origin), node.name.name] = (
                tuple(value) if isinstance(value, list | tuple) else value
            )

    # Totals --------------------------------------------------------------------------------

    def count(self, name: str, kind: str, amount: Any) -> None:
        if name in WEIGHTS:
            self.totals[name, kind] += amount if self.weigh else 0
            if name == "params" and self.train and self.weigh:
                self.totals["trainable", kind] += amount
            if name == "params" and self.weigh and kind != "embed":
                self.totals["non_embedding", kind] += amount
            if name == "params" and self.weigh and self.work:
                self.totals["active", kind] += amount
        elif self.work and not (name == "mac" and kind in self.without):
            self.totals[name, kind] += amount

    def moved(
        self,
        kind: str,
        taken: Sequence[Tensor],
        given: Sequence[Tensor],
        stated: Mapping[str, Any] = EMPTY,
        place: Tensor | None = None,
    ) -> None:
        """Add what an operation reads and writes: each tensor once, unless it states another.

        What is made in place lies where the tensor at that place does.
        """
        usual = {
            "reads": sum(t.size for t in {t.number: t for t in taken}.values()),
            "loads": stated.get("params", 0),
            "writes": sum(t.size for t in given),
        }
        found = {name: stated.get(name, amount) for name, amount in usual.items()}
        adds = bool(found["reads"] or found["writes"])
        if kind != "fused":  # whose operations were followed one by one
            self.follow(taken, given, adds)
        if self.work and not self.fused and (adds or kind == "fused"):
            cached = stated.get("cache")
            self.alive.event(taken, () if cached or place else given)
            if place and not cached:
                self.alive.view([place], given)
        for name, amount in usual.items():
            if name == "loads" or not self.fused:
                self.count(name, kind, stated.get(name, amount))

    def done(
        self, kind: str, counted: Mapping[str, Any] = EMPTY, names: Mapping[str, Any] = EMPTY
    ) -> None:
        """Add what an operation counts by the formula of its kind."""
        for name, row in self.conventions.items():
            formula = row.kinds.get(kind)
            if self.work and formula is not None and not isinstance(formula, dict):
                scope = Scope(NOWHERE)
                none = dict.fromkeys({*self.elementary, *self.module.counts, *QUANTITIES}, 0)
                scope.names = {**none, **counted, **names}
                try:
                    self.totals[f"under {name}", kind] += self.amount(formula, scope)
                except Impossible:  # it names what this operation does not have
                    self.uncounted.add(name)

    def measure(self, name: str, convention: str | None = None) -> Any:
        if name == "kept" or name in brute_training.MEASURED:
            found = brute_training.total(self, name, convention)
        else:
            found = self.total(name, convention)
        if found != found:
            raise Unclear(f"{name} is not rational")
        return exact(found)

    def total(self, name: str, convention: str | None) -> Any:
        if name == "depth":
            return self.depth
        if name == "peak":
            return brute_training.FLOAT * self.alive.peak()
        if name in BYTES:
            return sum(width * self.total(of, None) for of, width in BYTES[name].items())
        chosen = convention or name
        if chosen in self.uncounted:
            raise Impossible(f"{chosen} has a formula for what another operation has")
        row = self.conventions.get(chosen)
        if row and row.unit.lower() == name:
            total = sum(v for (n, _), v in self.totals.items() if n == f"under {chosen}")
            for (count, kind), amount in self.totals.items():
                rule = row.kinds.get(kind, row.weights)
                if (
                    count not in {*QUANTITIES} - {"masked"}
                    and not count.startswith("under ")
                    and type(rule) is dict
                ):
                    each = weight(rule, count)
                    total += each * amount if each else 0
            return total
        return sum(v for (n, _), v in self.totals.items() if n == name)

    @contextmanager
    def only(self, weigh: bool = True, work: bool = True, train: bool = True) -> Iterator[None]:
        before = self.weigh, self.work, self.train
        self.weigh, self.work, self.train = (
            before[0] and weigh,
            before[1] and work,
            before[2] and train,
        )
        try:
            yield
        finally:
            self.weigh, self.work, self.train = before

    def follow(self, taken: Sequence[Tensor], given: Sequence[Tensor], adds: bool) -> None:
        """Note after how many operations a value is there, and whose memory it may have."""
        if not adds and self.work:
            self.alive.view(taken, given)
        level = max((self.levels.get(t.number, 0) for t in taken), default=0)
        level += adds and self.work
        self.levels.update((t.number, level) for t in given)
        self.depth = max(self.depth, level)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Inside a fused block operands and results are not moved."""
        before, self.fused = self.fused, True
        try:
            yield
        finally:
            self.fused = before

    @contextmanager
    def again(self, taken: Sequence[Tensor]) -> Iterator[list[Tensor]]:
        """A part that the backward pass carries out again; its results go into the list."""
        before, results = self.totals.copy(), list[Tensor]()
        with self.tape.repeated([t.cell for t in taken]) as part:
            yield results
        part.gives = [t.cell for t in results]
        counts = {*self.elementary, *self.module.counts}
        for (name, kind), amount in self.totals.items():
            if name in counts:
                part.work[name, kind] += amount - before[name, kind]

    # Declarations --------------------------------------------------------------------------

    def holds(self) -> bool:
        """Whether the assumptions hold: those of the file, and those that came with its dims."""
        seen = {(id(m), d.name.name) for m, d in self.module.names.values()}
        for module in {
            id(m): m for m in (self.module, *(m for m, _ in self.module.names.values()))
        }.values():
            for node in module.file.declarations:
                if isinstance(node, tree.Assume):
                    for condition in node.conditions:
                        known = all(
                            (id(module.names[n][0]), n) in seen for n in names_of(condition)
                        )
                        if known and not self.assumed(condition, module):
                            return False
        return True

    def assumed(self, condition: tree.Expression, module: Module) -> bool:
        """Whether a condition on sizes holds, for lists at every stage."""
        stages = [
            len(v) for n in names_of(condition) if isinstance(v := self.declared(module, n), tuple)
        ]
        for s in range(min(stages, default=1)):
            with self.at_stage(s + 1):
                if not self.value(condition, Scope(module)):
                    return False
        return True

    def declared(self, module: Module, name: str) -> Any:
        """The value of a dim or of a `let`."""
        origin, node = module.names[name]
        key = (id(origin), node.name.name)
        if key not in self.values:
            if isinstance(node, tree.Op | tree.Block):
                return Function(origin, node)
            value = node.value if isinstance(node, tree.Let) else node.default
            if value is None:
                raise Impossible(f"`{name}` has no value")
            with self.at_stage(0):
                if isinstance(node, tree.Let) and node.length:
                    self.values[key] = self.listed(node, origin)
                else:
                    self.values[key] = self.value(value, Scope(origin))
        found = self.values[key]
        if isinstance(node, tree.Dim):
            if node.length:
                found = spread(found, self.value(node.length, Scope(origin)))
            for size in found if isinstance(found, tuple) else (found,):
                low = size < 0 if node.maybe_zero else size <= 0
                if low or (node.keyword == "dim" and size != int(size)):
                    raise Impossible(f"{name} = {size}")
        return found

    def listed(self, node: tree.Let, origin: Module) -> tuple[Any, ...]:
        """What a `let` is at each stage."""
        value, length = node.value, self.value(node.length, Scope(origin))
        items = value.items if isinstance(value, tree.ListOf) else (value,) * int(length)
        if len(items) != length:
            raise Impossible(f"{len(items)} values for {length} stages")
        found = []
        for stage, item in enumerate(items, 1):
            with self.at_stage(stage):
                found.append(self.value(item, Scope(origin)))
        return tuple(found)

    @contextmanager
    def at_stage(self, stage: int) -> Iterator[None]:
        """Let a list stand for its element at a stage; at 0 for itself."""
        outer, self.stage = self.stage, stage
        try:
            yield
        finally:
            self.stage = outer

    def model(self, name: str) -> Run:
        """Walk a model."""
        node = self.module.names[name][1]
        scope = Scope(self.module)
        for parameter in node.parameters:
            if parameter.shape:
                shape = [self.value(axis, scope) for axis in parameter.shape.axes]
                tensor = Tensor(tuple(shape))
                sides = parameter.shape.sides
                tensor = self.tape.given(tensor if sides is None else tensor.at(sides))
                scope.names[parameter.name.name] = tensor
            else:
                scope.names[parameter.name.name] = self.value(parameter.default, scope)
        inputs = [v for v in scope.names.values() if isinstance(v, Tensor)]
        self.alive.event((), inputs)
        results = self.body(node.body, scope)
        self.tape.finish(results)
        self.alive.event(list(brute_training.tensors_in(results)), ())
        return self

    # Statements ----------------------------------------------------------------------------

    def body(self, statements: Sequence[tree.Statement], scope: Scope) -> tuple[Any, ...]:
        for statement in statements:
            self.limit -= 1
            if self.limit < 0:
                raise Expensive
            match statement:
                case tree.Return():
                    return tuple(self.value(v, scope) for v in statement.values)
                case tree.ComparisonClaim() | tree.OrderClaim():
                    pass
                case _:
                    self.statement(statement, scope)
        return ()

    def statement(self, node: tree.Statement, scope: Scope) -> None:
        match node:
            case tree.Assign():
                value = self.value(node.value, scope)
                values = value if isinstance(value, Results) else (value,)
                if len(values) != len(node.targets):
                    raise Impossible(f"{len(values)} values")
                for target, value in zip(node.targets, values, strict=True):
                    scope.bind(target.name, value)
            case tree.Ascribe():
                tensor = self.value(node.tensor, scope)
                if node.shape.sides is not None and not open_sides(node.shape):
                    tensor = tensor.at(node.shape.sides)
                scope.bind(node.tensor.name, self.meet(node.shape, tensor, scope))
            case tree.Require():
                if not all(self.value(c, scope) for c in node.conditions):
                    raise Impossible("a requirement does not hold")
            case tree.Repeat():
                self.repeat(node, scope)
            case tree.For():
                for s in range(self.whole(node.first, scope), self.whole(node.last, scope) + 1):
                    inner = Scope(scope.module, scope)
                    inner.names[node.index.name] = s
                    self.body(node.body, inner)
            case tree.ForEach():
                for element in self.value(node.values, scope):
                    inner = Scope(scope.module, scope)
                    inner.names[node.element.name] = element
                    self.body(node.body, inner)
            case tree.Choose():
                of, work = self.whole(node.of, scope), self.whole(node.count, scope)
                if work > of or work < 0 or of < 1:
                    raise Unclear(f"{work} of {of}")
                before, ends = scope.tensors(), []
                for copy in range(of):
                    for name, value in before.items():
                        scope.bind(name, value)
                    self.hand_on(node, scope)
                    with self.only(work=copy < work):
                        self.body(node.body, Scope(scope.module, scope))
                    if copy < work:
                        ends.append(scope.tensors())
                for name, value in scope.tensors().items():
                    if value.cell is not before[name].cell:
                        cells = [end[name].cell for end in ends]
                        scope.bind(name, self.tape.any_of(cells, value, self.work))
                for name, value in scope.tensors().items():  # copies are beside each other
                    self.follow([end[name] for end in ends or [before]], [value], False)
                self.hand_on(node, scope)
            case tree.If():
                for condition, body in (*node.branches, (tree.Boolean(True), node.otherwise)):
                    if self.value(condition, scope):
                        self.body(body, Scope(scope.module, scope))
                        break

    def repeat(self, node: tree.Repeat, scope: Scope) -> None:
        times, before = self.whole(node.count, scope), scope.tensors()
        if times < 0 or (times == 0 and node.shared):
            raise (Impossible if times else Unclear)(f"repeat {times}")
        for copy in range(times):
            self.hand_on(node, scope)
            with self.only(weigh=copy == 0 or not node.shared):
                self.body(node.body, Scope(scope.module, scope))
            if scope.tensors() != before:
                raise Impossible("a repeat changes a shape")
        self.hand_on(node, scope)

    def hand_on(self, node: tree.Repeat | tree.Choose, scope: Scope) -> None:
        """Let each name that a body assigns stand for a value of its own in the next round."""
        held = scope.tensors()
        for part in parts_of(node.body):
            if isinstance(part, tree.Assign):
                for target in part.targets:
                    if target.name in held:
                        old = scope.tensors()[target.name]
                        new = old.again()
                        self.follow([old], [new], False)
                        scope.bind(target.name, new)

    def meet(self, shape: tree.Shape, tensor: Any, scope: Scope, binding: bool = False) -> Tensor:
        """Hold a shape against a tensor: names without a value are bound, the others checked.

        Gives the tensor as it is taken.
        """
        if not isinstance(tensor, Tensor):
            raise Impossible("a tensor is expected")
        if shape.sides is None:
            scope.rest = self.axes(shape.axes, tensor.shape, scope, scope.rest, binding)
            return tensor
        tensor = self.taken(shape, tensor)
        (sides,) = tensor.places
        cut, at = len(tensor.shape) - sides, len(shape.axes) - shape.sides
        scope.rest = self.axes(shape.axes[:at], tensor.shape[:cut], scope, scope.rest, binding)
        scope.sides = self.axes(shape.axes[at:], tensor.shape[cut:], scope, scope.sides, binding)
        return tensor

    def taken(self, shape: tree.Shape, tensor: Tensor) -> Tensor:
        """A tensor whose channels are where a shape with a `;` has them."""
        if not open_sides(shape):
            if tensor.places and shape.sides not in tensor.places:
                raise Impossible("channels on another axis")
            return tensor.at(shape.sides or 0)
        if not tensor.places and len(tensor.shape) == 3:
            return replace(tensor, places=frozenset({2}), guess=True)
        if not tensor.places and len(tensor.shape) == 1:
            return tensor.at(0)
        if len(tensor.places) != 1:
            raise Impossible("channels that are not known")
        return tensor

    def axes(
        self, axes: Any, sizes: tuple[int, ...], scope: Scope, rest: Any, binding: bool
    ) -> tuple[int, ...] | None:
        """Hold axes against sizes; gives those that `...` stands for."""
        rests = [i for i, axis in enumerate(axes) if isinstance(axis, tree.Rest)]
        if rests:
            at, extra = rests[0], len(sizes) - len(axes) + 1
            if extra < 0:
                raise Impossible("too few axes")
            if binding and rest not in (None, sizes[at : at + extra]):
                raise Impossible("`...` of two tensors")
            rest = sizes[at : at + extra] if binding else rest
            axes, sizes = axes[:at] + axes[at + 1 :], sizes[:at] + sizes[at + extra :]
        if len(axes) != len(sizes):
            raise Impossible(f"{len(sizes)} axes, {len(axes)} expected")
        for axis, size in zip(axes, sizes, strict=True):
            if isinstance(axis, tree.Name) and axis.name == "_":
                continue
            if isinstance(axis, tree.Name) and not self.known(axis.name, scope):
                scope.names[axis.name] = size
            elif self.value(axis, scope) != size:
                raise Impossible(f"an axis of {size}")
        return rest

    # Expressions ---------------------------------------------------------------------------

    def known(self, name: str, scope: Scope) -> bool:
        return scope.owner(name) is not None or name in scope.module.names

    def name(self, name: str, scope: Scope) -> Any:
        owner = scope.owner(name)
        if owner:
            return owner.names[name]
        if name in scope.module.names:
            return self.declared(scope.module, name)
        if name in self.functions:
            return self.functions[name]
        raise Impossible(f"`{name}` is not defined")

    def whole(self, node: tree.Expression, scope: Scope) -> int:
        value = self.value(node, scope)
        if value != int(value):
            raise Impossible(f"{value} is not whole")
        return int(value)

    def value(self, node: Any, scope: Scope) -> Any:
        match node:
            case tree.Number():
                return exact(node.value)
            case tree.Text() | tree.Boolean():
                return node.value
            case tree.Name():
                found = self.name(node.name, scope)
                if self.stage and isinstance(found, tuple):
                    return found[self.stage - 1]
                return found
            case tree.ListOf():
                return tuple(self.value(item, scope) for item in node.items)
            case tree.Index():
                return self.index(node, scope)
            case tree.Call(arguments=(tree.Argument(None, tree.Name()), _, _, _)) if (
                self.is_standard(node.function.name, "sum", scope)
            ):
                return self.sum_over(node, scope)
            case tree.Call():
                return self.call(node, (), scope)
            case tree.Negative():
                return self.arithmetic("*", -1, self.value(node.operand, scope))
            case tree.Power():
                return power(self.value(node.base, scope), self.value(node.exponent, scope))
            case tree.Product() | tree.Sum():
                found = self.value(node.first, scope)
                for operator, operand in node.rest:
                    found = self.arithmetic(operator, found, self.value(operand, scope))
                return found
            case tree.Pipe():
                found = self.value(node.source, scope)
                for stage in node.stages:
                    call = tree.Call(stage, ()) if isinstance(stage, tree.Name) else stage
                    found = self.call(call, (found,), scope)
                return found
            case tree.Comparison():
                left, right = self.value(node.left, scope), self.value(node.right, scope)
                return COMPARISONS[node.operator](left, right)
            case tree.Not():
                return not self.value(node.operand, scope)
            case tree.AllOf():
                return all(self.value(n, scope) for n in node.operands)
            case tree.AnyOf():
                return any(self.value(n, scope) for n in node.operands)
            case tree.Choice():
                for value, condition in node.cases:
                    if self.value(condition, scope):
                        return self.value(value, scope)
                return self.value(node.otherwise, scope)
        raise Unclear(type(node).__name__)

    def is_standard(self, name: str, wanted: str, scope: Scope) -> bool:
        return name == wanted and scope.owner(name) is None and name not in scope.module.names

    def sum_over(self, node: tree.Call, scope: Scope) -> Any:
        index, first, last, term = (argument.value for argument in node.arguments)
        low, high = self.whole(first, scope), self.whole(last, scope)
        if high < low - 1:
            raise Impossible("a sum with a negative number of terms")
        found: Any = 0
        for at in range(low, high + 1):
            inner = Scope(scope.module, scope)
            inner.names[index.name] = at
            found = self.arithmetic("+", found, self.value(term, inner))
        return found

    def arithmetic(self, operator: str, a: Any, b: Any) -> Any:
        a, b = counted(a), counted(b)
        if not isinstance(a, Tensor) and not isinstance(b, Tensor):
            return ARITHMETIC[operator](a, b)
        shapes = [t.shape for t in (a, b) if isinstance(t, Tensor)]
        result = Tensor(broadcast(shapes[0], shapes[-1]))
        result = result.beside(*(t for t in (a, b) if isinstance(t, Tensor)))
        self.count(ELEMENTWISE[operator], "elementwise", result.size)
        self.moved("elementwise", [t for t in (a, b) if isinstance(t, Tensor)], [result])
        self.done("elementwise", {ELEMENTWISE[operator]: result.size})
        return brute_training.arithmetic(self.tape, operator, a, b, result, self.work)

    def index(self, node: tree.Index, scope: Scope) -> Any:
        base = self.name(node.base.name, scope)
        if isinstance(base, tuple):
            at = self.value(node.items[0], scope)
            if at not in range(1, len(base) + 1):
                raise Impossible(f"stage {at}")
            return base[int(at) - 1]
        self.done("slice")
        rest = [i for i, item in enumerate(node.items) if isinstance(item, tree.Rest)]
        before = node.items[: rest[0]] if rest else node.items
        after = node.items[rest[0] + 1 :] if rest else ()
        if len(before) + len(after) > len(base.shape):
            raise Impossible("too many indices")
        end = len(base.shape) - len(after)
        first = self.cut(before, base.shape[: len(before)], scope)
        last = self.cut(after, base.shape[end:], scope)
        kept = [isinstance(item, tree.Slice) for item in before]
        kept += [True] * (end - len(before)) + [isinstance(item, tree.Slice) for item in after]
        places = {sum(kept[-k:]) if k else 0 for k in base.places if kept[-k - 1]}
        shape = first + base.shape[len(before) : end] + last
        result = Tensor(shape, frozenset(places), base.guess and bool(places))
        self.follow([base], [result], False)
        return brute_training.part(self.tape, base, result, kept, self.work)

    def cut(self, items: Any, shape: tuple[int, ...], scope: Scope) -> tuple[int, ...]:
        """The axes that are left of a part of a shape."""
        found = []
        for item, size in zip(items, shape, strict=True):
            if isinstance(item, tree.Slice):
                start = self.whole(item.start, scope) if item.start else 0
                stop = self.whole(item.stop, scope) if item.stop else size
                if start < 0 or stop < 0:
                    raise Unclear("a slice counted from the end")
                if not start < stop <= size:
                    raise Impossible(f"{start}:{stop} of {size}")
                found.append(stop - start)
            elif self.whole(item, scope) not in range(size):
                raise Impossible("an index past the end")
        return tuple(found)
