"""Calls, as `brute` makes them: blocks, operations, and the functions of tensors."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import cache
from math import prod
from typing import Any

import brute_training
from brute_modules import Function, Scope, standard
from brute_values import (
    NUMERIC,
    Impossible,
    Results,
    Tensor,
    Unclear,
    concat,
    give_axes,
    groups,
    meet_axes,
    rearranged,
    split,
    spread,
)
from closedform.grammar import tree

MODIFIERS = ("tied", "frozen", "kind", "fused")
WEIGHTS = ("params", "buffers")
MOVED = ("reads", "loads", "writes")


class Calls:
    """The part of a run that makes calls; `brute.Run` is the rest of it."""

    functions, elementary, conventions = standard()

    value: Callable[..., Any]
    name: Callable[..., Any]
    body: Callable[..., tuple[Any, ...]]
    meet: Callable[..., Tensor]
    statement: Callable[..., None]
    count: Callable[[str, str, Any], None]
    done: Callable[..., None]
    moved: Callable[..., None]
    follow: Callable[..., None]
    inside: Callable[[], AbstractContextManager[None]]
    only: Callable[..., AbstractContextManager[None]]
    tape: brute_training.Tape
    work: bool
    train: bool

    def call(self, node: tree.Call, piped: tuple[Any, ...], scope: Scope) -> Any:
        given = piped + tuple(self.value(a.value, scope) for a in node.arguments if not a.name)
        named = {a.name: self.value(a.value, scope) for a in node.arguments if a.name}
        name = node.function.name
        local = scope.owner(name)
        if (local is None or not isinstance(local.names[name], Function)) and (
            name not in scope.module.names and name not in self.functions
        ):
            return self.built_in(name, given, named)
        function = self.name(name, scope)
        return self.apply(
            replace(function, given=given + function.given, named={**function.named, **named})
        )

    def apply(self, function: Function) -> Any:
        """Call a block or an operation, or hold it until it is given a tensor."""
        node, parameters = function.node, function.node.parameters
        own = ("tied", "frozen", "recompute", "kind" if isinstance(node, tree.Op) else "fused")
        named = {n: v for n, v in function.named.items() if n not in own}
        scope = Scope(function.module)
        for parameter, value in zip(parameters, function.given, strict=False):
            if parameter.name.name in named:
                raise Impossible(f"{parameter.name.name} is given twice")
            named[parameter.name.name] = value
        tensors = [p for p in parameters if p.shape]
        if tensors and not isinstance(named.get(tensors[0].name.name), Tensor):
            return function
        if len(function.given) > len(parameters) or set(named) - {p.name.name for p in parameters}:
            raise Impossible("too many arguments")
        scope.names.update(named)
        for parameter in parameters:
            if parameter.shape:
                tensor = named[parameter.name.name]
                held = self.meet(parameter.shape, tensor, scope, binding=True)
                scope.names[parameter.name.name] = held
        for parameter in parameters:
            if parameter.name.name not in scope.names:
                if parameter.default is None:
                    raise Impossible(f"{parameter.name.name} is missing")
                scope.names[parameter.name.name] = self.value(parameter.default, scope)
            if parameter.length:
                held, length = scope.names[parameter.name.name], self.value(parameter.length, scope)
                scope.names[parameter.name.name] = spread(held, length)
        tied, frozen = function.named.get("tied", False), function.named.get("frozen", False)
        taken = [scope.names[p.name.name] for p in parameters if p.shape]
        again = self.again(taken) if function.named.get("recompute", False) else nullcontext([])
        with self.only(weigh=not tied, train=not frozen), again as results:
            if isinstance(node, tree.Op):
                found = self.operate(node, scope, function.named.get("kind"))
            else:
                fused = function.named.get("fused", False)
                with self.inside() if fused else nullcontext():
                    found = self.body(node.body, scope)
                if fused:
                    self.moved("fused", taken, found)
            results += brute_training.tensors_in(tuple(found))
        return found[0] if len(found) == 1 else Results(found)

    def operate(self, node: tree.Op, scope: Scope, kind: str | None) -> tuple[Tensor, ...]:
        found = []
        for output in node.outputs:
            if isinstance(output.shape, tree.Call):
                x, pattern = (self.value(a.value, scope) for a in output.shape.arguments)
                tensor = rearranged(x.shape, pattern, {}, drop=True)
            else:
                shape: list[int] = []
                rests = [scope.rest or (), scope.sides or ()]
                for axis in output.shape.axes:
                    rest = isinstance(axis, tree.Rest)
                    shape += rests.pop(0) if rest else (self.value(axis, scope),)
                tensor = Tensor(tuple(shape))
                for parameter in node.parameters:
                    if parameter.shape:
                        taken = scope.names[parameter.name.name]
                        tensor = tensor.beside(told(parameter.shape, taken, output.shape))
                if output.shape.sides is not None and not open_sides(output.shape):
                    tensor = tensor.beside(Tensor(tensor.shape).at(output.shape.sides))
            scope.names[output.name.name] = tensor
            found.append(tensor)
        totals = []
        counts = {*WEIGHTS, *MOVED, "cache", "masked", *self.elementary, *scope.module.counts}
        kind = kind or node.name.name
        for line in node.body:
            if isinstance(line, tree.Require):
                self.statement(line, scope)
            elif not isinstance(line, tree.Assign):
                continue  # what the backward pass does is not run
            elif line.targets[0].name == "kind":
                kind = self.value(line.value, scope) if kind == node.name.name else kind
            elif line.targets[0].name in counts:
                totals.append((line.targets[0].name, self.amount(line.value, scope)))
            else:
                scope.names[line.targets[0].name] = self.value(line.value, scope)
        for name, amount in totals:
            if name not in MOVED:
                self.count(name, kind, amount)
        taken = [scope.names[p.name.name] for p in node.parameters if p.shape]
        views = [scope.names[line.of.name] for line in node.body if isinstance(line, tree.View)]
        self.moved(kind, taken, found, dict(totals), *views)
        self.done(kind, dict(totals), scope.names)
        weighs = self.train and any(n == "params" and amount != 0 for n, amount in totals)
        return brute_training.operation(self, node, scope, kind, dict(totals), found, weighs)

    def amount(self, node: tree.Expression, scope: Scope) -> Any:
        """A count; what is not rational spoils the sum, and nothing else."""
        try:
            return self.value(node, scope)
        except Unclear:
            return float("nan")

    def built_in(self, name: str, given: tuple[Any, ...], named: dict[str, Any]) -> Any:
        modifiers = {n: named.pop(n) for n in MODIFIERS if n in named}
        kind = modifiers.get("kind", name)
        match name:
            case "size":
                return given[0].size
            case "sides" | "area":
                if len(given[0].places) != 1:
                    raise Impossible("channels that are not known")
                (sides,) = given[0].places
                shape = given[0].shape
                return sides if name == "sides" else prod(shape[len(shape) - sides :])
            case "param":
                tensor = Tensor(given[0])
                with self.only(not modifiers.get("tied"), True, not modifiers.get("frozen")):
                    self.count("params", kind, tensor.size)
                    self.done(kind, {"params": tensor.size})
                return self.tape.given(
                    tensor, needs=self.train and not modifiers.get("frozen", False)
                )
            case "rearrange":
                self.done(name)
                result = rearranged(given[0].shape, given[1], named, drop=False)
                self.follow(given[:1], [result], False)
                return brute_training.rearranged(
                    self.tape, given[0], result, given[1], named, self.work
                )
            case "einsum":
                return self.einsum(given[0], given[1:], kind, named.pop("causal", None))
            case "concat":
                self.done(name)
                joined = concat(given, int(named["axis"]))
                self.moved(name, given, [joined])
                return brute_training.concat(self.tape, given, joined, self.work)
            case "split":
                self.done(name)
                parts = split(given[0], given[1], int(named["axis"]))
                self.follow(given[:1], parts, False)
                return brute_training.split(self.tape, given[0], parts, self.work)
        if name in NUMERIC:
            return NUMERIC[name](*given)
        raise Impossible(f"`{name}` is not defined")

    def einsum(
        self, pattern: str, tensors: tuple[Tensor, ...], kind: str, causal: str | None
    ) -> Tensor:
        left, right = pattern.split("->")
        axes: dict[str, Any] = {}
        sides = [groups(side) for side in left.split(",")]
        for side, tensor in zip(sides, tensors, strict=True):
            if len({*map(tuple, side)}) < len(side):
                raise Unclear("an axis twice in one tensor")
            meet_axes(side, tensor.shape, axes)
        kept = groups(right)
        if not {n for g in kept for n in g} <= {*axes, "1"}:
            raise Impossible("an axis of the result has no size")
        alone = [[name] for name in axes if sum([name] in side for side in sides) == 1]
        if len(tensors) == 2 and any(axis not in kept for axis in alone):
            raise Impossible("an axis of one operand alone is summed")
        result = Tensor(give_axes(kept, axes))
        size = prod(prod(v) if n == "..." else v for n, v in axes.items())
        if len(tensors) == 1:
            counted = {"add": size - result.size}
        elif all([name] in kept for name in axes):
            counted = {"mul": result.size}
        else:
            counted = {"mac": size}
        if causal is not None:
            n, m = (axes[name] for name in causal.split())
            if not all(seen(n, m)) or "mac" not in counted:
                raise Impossible("a query without a key")
            counted["masked"] = size // (n * m) * sum(m - keys for keys in seen(n, m))
        for name, amount in counted.items():
            self.count(name, kind, amount)
        if len(tensors) == 2 or any([name] not in kept for name in axes):
            self.moved(kind, tensors, [result])
        else:
            self.follow(tensors, [result], False)
        self.done(kind, counted)
        return brute_training.einsum(self.tape, pattern, tensors, result, kind, counted, self.work)


@cache
def seen(queries: int, keys: int) -> list[int]:
    """How many keys each query of a causal mask sees: the last one sees all."""
    return [len(range(keys)[: max(0, query + 1 + keys - queries)]) for query in range(queries)]


def open_sides(shape: tree.Shape) -> bool:
    """Whether any axes may stand after the channels."""
    return bool(shape.sides) and isinstance(shape.axes[-1], tree.Rest)


def told(old: tree.Shape, tensor: Tensor, new: tree.Shape) -> Tensor:
    """What is still true of the channels of a tensor when an operation has changed its shape.

    Axes that stand in `...` are the same as before, and so are all if both patterns are one.
    """
    if old.axes == new.axes:
        return tensor
    dots = [[isinstance(axis, tree.Rest) for axis in shape.axes] for shape in (old, new)]
    if [found.count(True) for found in dots] != [1, 1] or open_sides(old) or open_sides(new):
        return Tensor(())
    begin = dots[0].index(True)
    end, end_then = (found[::-1].index(True) for found in dots)
    stay = {
        k for k in tensor.places if begin <= len(tensor.shape) - 1 - k < len(tensor.shape) - end
    }
    moved = frozenset(k + end_then - end for k in stay)
    rank = len(tensor.shape) + len(new.axes) - len(old.axes)
    return Tensor((1,) * rank, moved, tensor.guess and bool(moved))
