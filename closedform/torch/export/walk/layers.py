"""Operations: as a layer that a class owns, as an expression of PyTorch, or as they say."""

from __future__ import annotations

from dataclasses import replace

from sympy import Expr

from closedform.derive.resolve.modules import Entity
from closedform.grammar import tree
from closedform.grammar.expressions import show
from closedform.grammar.traverse import names_in
from closedform.torch.export.calls import match, numbers, parameters_of, result_shape
from closedform.torch.export.expressions import Reader, refuse
from closedform.torch.export.operations import (
    ANY_MAP,
    EXTRAS,
    HELPERS,
    LAST,
    OPERATIONS,
    SHORT,
    Layer,
    OnMap,
)
from closedform.torch.export.python import quoted
from closedform.torch.export.shapes import (
    REST,
    Axes,
    with_batch,
)
from closedform.torch.export.values import (
    ATOM,
    Tensor,
    Value,
)
from closedform.torch.export.walk.tensors import Site, Walker

LAYERS = {name for name, row in OPERATIONS.items() if isinstance(row, Layer)}


class Layers(Walker):
    """Makes the layers of one class, and calls them."""

    def _operation(
        self,
        node: tree.Call,
        entity: Entity,
        given: dict[str, Value],
        modifiers: dict[str, Value],
        label: str | None,
    ) -> Value:
        declaration = entity.declaration
        assert isinstance(declaration, tree.Op)
        scope: dict[str, Value] = {}
        rests: list[Axes] = []
        sides: int | None = None
        tensors: list[Tensor] = []
        for parameter in declaration.parameters:
            name = parameter.name.name
            value = given.get(name)
            if parameter.shape is not None:
                if not isinstance(value, Tensor):
                    raise refuse(f"`{entity.name}` takes a tensor `{name}`", node, "give it")
                found, rest, kept = match(self, parameter.shape, value, node)
                sides = kept if not tensors else sides
                tensors.append(value)
                scope |= found
                rests.append(rest)
                scope[name] = value
            else:
                if value is None:
                    if parameter.default is None:
                        raise refuse(f"`{entity.name}` needs `{name}`", node, "give it")
                    value = Reader(self.sizes, scope).value(parameter.default)
                scope[name] = numbers(parameter, value)
        if not tensors:
            raise refuse(f"`{entity.name}` takes no tensor", node, "it has no place in a module")
        outputs = [
            result_shape(self.sizes, o, scope, rests, sides, tensors[0])
            for o in declaration.outputs
        ]
        shape, new_sides = outputs[0]
        does = next((line for line in declaration.body if isinstance(line, tree.As)), None)
        if does is not None:
            return self._done_as(node, entity, does, scope, modifiers, tensors[0], shape)
        row = OPERATIONS.get(entity.name) if entity.module.title.startswith("std/") else None
        if row is None:
            raise refuse(
                f"`{entity.name}` does not say what it does",
                node,
                f"add a line to `op {entity.name}`: `as linear(out)`, or what it is made of",
            )
        x = tensors[0]
        result = Tensor("", shape, x.batched, new_sides)
        if isinstance(row, str):
            return replace(result, code=self._filled(row, x, scope, shape, sides))
        if isinstance(row, OnMap):
            count = sides if row.sides == ANY_MAP else row.sides
            assert count is not None
            if count == 0:
                return replace(result, code=x.code, level=x.level)
            code, tail = self._as_map(x, count)
            return replace(
                result,
                code=self._filled(row.torch, replace(x, code=code), scope, shape, count) + tail,
            )
        attribute = self._layer(node, entity.name, row, scope, given, modifiers, sides, label)
        if isinstance(attribute, tuple):  # somebody else's weight
            return replace(result, code=f"functional.linear({x.code}, {attribute[0]})")
        if row.sides is LAST:
            return replace(result, code=f"self.{attribute}({x.code})")
        count = sides if row.sides == ANY_MAP else row.sides
        assert count is not None
        code, tail = self._as_map(x, count)
        return replace(result, code=f"self.{attribute}({code}){tail}")

    def _as_map(self, x: Tensor, sides: int) -> tuple[str, str]:
        """A tensor as a batch of maps, and what undoes that."""
        if REST not in x.shape and len(x.shape) == sides + 1 and x.batched:
            return x.code, ""
        behind = sides + 2
        if x.level < ATOM or not x.code.isidentifier():
            name = self.made.variable("y")
            self.made.say(f"{name} = {x.code}")
            x = replace(x, code=name, level=ATOM)
        return f"{x.code}.flatten(0, -{behind})", f".unflatten(0, {x.code}.shape[:-{behind - 1}])"

    def _filled(
        self, text: str, x: Tensor, scope: dict[str, Value], shape: Axes, sides: int | None
    ) -> str:
        """An expression of a row."""
        words: dict[str, str] = {"x": x.at(ATOM) if text.startswith("{x}") else x.code}
        for name, value in scope.items():
            if "{" + name + "}" in text and name != "x":
                words[name] = self.python(value, self.made.spell)
        if "{pattern}" in text:
            pattern = scope["pattern"]
            assert isinstance(pattern, str)
            words["pattern"] = quoted(with_batch(pattern) if x.batched else pattern)
        if "{sides}" in text and sides:
            words["sides"] = (
                f"({', '.join(str(-i) for i in range(sides, 0, -1))}{',' if sides == 1 else ''})"
            )
        if "{y}" in text and sides:
            ends = [self.forward(axis) for axis in shape[-sides:] if isinstance(axis, Expr)]
            words["y"] = f"({', '.join(ends)},)" if sides == 1 else f"({', '.join(ends)})"
        return text.format(**words)

    def _layer(
        self,
        node: tree.Call,
        name: str,
        row: Layer,
        scope: dict[str, Value],
        given: dict[str, Value],
        modifiers: dict[str, Value],
        sides: int | None,
        label: str | None,
    ) -> str | tuple[str]:
        """The attribute that holds a layer, made here; or the weight of another in its place."""
        torch = row.torch.format(k=max(sides or 0, 1))
        takes, roots = [], frozenset[str]()
        for size in filter(None, row.sizes.split(", ")):
            takes.append(self.python(scope[size]))
            roots |= self.roots_of(scope[size])
        for option in filter(None, row.options.split(", ")):
            own, _, theirs = option.partition(": ")
            if own in given:
                takes.append(f"{theirs or own}={self.python(scope[own])}")
                roots |= self.roots_of(scope[own])
        python = f"{torch}({', '.join(takes)})"
        weight: Axes | None = None
        if name == "linear":
            weight = (scope["out"], scope["n"])
        if name == "embed":
            weight = (scope["vocabulary"], scope["out"])
        if modifiers.get("tied") is True:
            return self._tied(node, name, python, weight, given)
        if modifiers.get("frozen") is True:
            python += ".requires_grad_(False)"
        attribute = self.named(label, SHORT.get(name, name))
        self.made.add(f"self.{attribute} = {python}", roots)
        self.sites.append(Site(name, python, attribute, weight))
        return attribute

    def _tied(
        self, node: tree.Call, name: str, python: str, weight: Axes | None, given: dict[str, Value]
    ) -> str | tuple[str]:
        """Whose weights they are: the same layer, or one table of the same shape."""
        same = [s for s in self.sites if s.entity == name and s.python == python]
        if len(same) == 1:
            return same[0].attribute
        tables = [s for s in self.sites if weight is not None and s.weight == weight]
        if name == "linear" and given.get("bias") is False and len(tables) == 1:
            kept = tables[0].attribute
            return (f"self.{kept}" if tables[0].entity == "param" else f"self.{kept}.weight",)
        raise refuse(
            f"whose weights the tied `{name}` has cannot be told",
            node,
            "name the one that has them, and use that: `f = linear(d)`, `x -> f(tied=true)`",
        )

    def _done_as(
        self,
        node: tree.Call,
        entity: Entity,
        does: tree.As,
        scope: dict[str, Value],
        modifiers: dict[str, Value],
        first: Tensor,
        shape: Axes,
    ) -> Value:
        """An operation by what it says that it does."""
        inner = type(self)(self.exporter, self.made, entity.module, dict(scope))
        inner.sites, inner.wanted, inner.wanted_layer = self.sites, None, self.wanted_layer
        if self.wanted_layer is None:
            inner.wanted_layer = entity.name if names_in(does.value) & LAYERS else None
        extra = tuple(
            tree.Argument(n, tree.Boolean(v), span=node.span)
            for n, v in modifiers.items()
            if isinstance(v, bool) and n in ("tied", "frozen")
        )
        value = does.value
        extra_call = value if isinstance(value, tree.Call) else None
        named = extra_call.function.name if extra_call else getattr(value, "name", "")
        if named in EXTRAS:
            return self._extra(named, extra_call, inner, entity, first, shape)
        tensors = {p.name.name for p in parameters_of(entity) if p.shape is not None}
        if not names_in(value) & tensors:
            value = _behind(
                tree.Name(next(iter(n for n in scope if n in tensors)), span=value.span),
                value,
                extra,
            )
        found = inner.value(value)
        self.wanted_layer = None
        if not isinstance(found, Tensor):
            raise refuse(f"`as` of `{entity.name}` gives no tensor", value, "it gives the result")
        if len(shape) != len(found.shape):
            raise refuse(
                f"`as` of `{entity.name}` gives a tensor of {len(found.shape)} axes",
                value,
                f"the result of the operation has {len(shape)}",
            )
        found = replace(found, shape=shape)
        return found

    def _extra(
        self,
        name: str,
        call: tree.Call | None,
        inner: Layers,
        entity: Entity,
        first: Tensor,
        shape: Axes,
    ) -> Value:
        """What no operation of the library does, by a row of its own."""
        text = EXTRAS[name]
        arguments = (
            [inner.python(inner.value(a.value), self.made.spell) for a in call.arguments]
            if call
            else []
        )
        if text.count("{") != 1 + len(arguments):
            raise refuse(
                f"`{name}` takes {text.count('{') - 1} sizes", entity.declaration, "give them"
            )
        if name in HELPERS:
            self.exporter.helpers.add(name)
        code = text.format(*arguments, x=first.at(ATOM) if text.startswith("{x}") else first.code)
        return Tensor(code, shape, first.batched)


def _behind(
    x: tree.Name, value: tree.Expression, extra: tuple[tree.Argument, ...]
) -> tree.Expression:
    """`linear(out)` as `x -> linear(out)`."""
    stages: tuple[tree.Name | tree.Call, ...]
    match value:
        case tree.Pipe(source=tree.Name() | tree.Call() as first, stages=stages):
            stages = (first, *stages)
        case tree.Name() | tree.Call():
            stages = (value,)
        case _:
            raise refuse(f"`{show(value)}` takes no tensor", value, "name the tensor in it")
    if extra and len(stages) == 1:
        only = stages[0]
        call = only if isinstance(only, tree.Call) else tree.Call(only, (), span=only.span)
        stages = (tree.Call(call.function, (*call.arguments, *extra), span=call.span),)
    return tree.Pipe(x, stages, span=value.span)
