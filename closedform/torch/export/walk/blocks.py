"""Calls: of operations, of blocks and of functions, with what a pipe brings."""

from __future__ import annotations

from dataclasses import replace

from sympy import Expr, Integer

from closedform.derive.resolve.modules import Entity
from closedform.errors import suggestion
from closedform.grammar import tree
from closedform.grammar.traverse import names_in
from closedform.torch.export.calls import bind, match, parameters_of
from closedform.torch.export.expressions import refuse, unknown
from closedform.torch.export.python import identifier, snake
from closedform.torch.export.shapes import (
    REST,
    Axes,
)
from closedform.torch.export.sizes import Root
from closedform.torch.export.values import (
    ATOM,
    Family,
    Recipe,
    Several,
    Tensor,
    Value,
)
from closedform.torch.export.walk.layers import Layers
from closedform.torch.export.walk.tensors import Site

LONG = 58  # of an expression that goes on: a line of its own
LANGUAGE = ("rearrange", "einsum", "concat", "split", "param", "zeros")


class Blocks(Layers):
    """Calls what a file names."""

    def pipe(self, node: tree.Pipe) -> Value:
        value = self.value(node.source)
        for i, stage in enumerate(node.stages):
            if isinstance(value, Tensor) and i and len(value.code) > LONG:
                name = self.wanted or "y"
                if self.wanted is None or self.wanted in names_in(node):
                    name = self.made.variable("y")
                self.made.variables.add(name)
                self.made.say(f"{name} = {value.code}")
                value = replace(value, code=name, level=ATOM)
            call = stage if isinstance(stage, tree.Call) else tree.Call(stage, (), span=stage.span)
            if isinstance(value, Several) or not isinstance(value, Tensor):
                raise refuse("only one tensor goes on in a pipe", stage, "name the results first")
            value = self.apply(call, [value])
        return value

    def call(self, node: tree.Call) -> Value:
        return self.apply(node, [])

    def apply(self, node: tree.Call, piped: list[Tensor]) -> Value:
        """What a call gives, with the tensors that come before its arguments."""
        name = node.function.name
        special = getattr(self, f"_{name}", None) if name in LANGUAGE else None
        if special is not None:
            return special(node, piped)
        known = self.scope.get(name)
        if isinstance(known, Recipe):
            arguments = (*known.call.arguments, *node.arguments)
            node = tree.Call(known.call.function, arguments, span=node.span)
            entity: Entity | None = known.entity
        elif known is not None:
            raise refuse(f"`{name}` is handed in", node, "write its name in the place of it")
        else:
            entity = self.module.names.get(name)
        if entity is None:
            near = suggestion(name, self.module.names)
            raise unknown(node, "`{name}` is not defined", near or "see `closedform check`")
        given, modifiers = bind(self, entity, node, piped)
        first = [p for p in parameters_of(entity) if p.shape is not None][:1]
        if first and first[0].name.name not in given:
            return Recipe(node, entity, self.wanted or name)
        label = known.name if isinstance(known, Recipe) else None
        if isinstance(entity.declaration, tree.Block):
            return self._block(node, entity, given, modifiers, label)
        return self._operation(node, entity, given, modifiers, label)

    def _block(
        self,
        node: tree.Call,
        entity: Entity,
        given: dict[str, Value],
        modifiers: dict[str, Value],
        label: str | None,
    ) -> Value:
        declaration = entity.declaration
        assert isinstance(declaration, tree.Block)
        if not any(p.shape is not None for p in declaration.parameters):
            return self._function(node, entity, given)
        made = self.exporter.block(entity)
        values: dict[str, Expr | str] = {}
        texts: dict[str, str] = {}
        roots: set[str] = set()
        rest: Axes = ()
        codes = []
        explicit = set()
        for parameter in declaration.parameters:
            name = parameter.name.name
            value = given.get(name)
            if parameter.shape is not None:
                if not isinstance(value, Tensor):
                    raise refuse(f"`{entity.name}` takes a tensor `{name}`", node, "give it")
                names = made.axes[name]
                tensor = (
                    value
                    if value.batched
                    else replace(value, code=f"{value.at(ATOM)}[None]", level=ATOM)
                )
                codes.append(tensor.code)
                pattern = tree.Shape(tuple(names), parameter.shape.sides)
                found, part, _ = match(self, pattern, value, node)
                rest = part or rest
                for own, size in found.items():
                    values.setdefault(identifier(own), size)
                    if size in self.running and own.isidentifier() and not own.startswith("x_"):
                        self.running[size] = self.running[size] or own
            elif value is not None:
                own = identifier(name)
                explicit.add(own)
                if isinstance(value, Recipe):
                    raise refuse(
                        f"`{entity.name}` takes a block in `{name}`",
                        node,
                        "write the block in it by its name",
                    )
                exact = own in made.quotients and isinstance(value, Expr)
                texts[own] = self.sizes.quotient(value) if exact else self.python(value)
                roots |= self.roots_of(value)
                if isinstance(value, Family):
                    values[own] = value.name
                elif isinstance(value, Expr):
                    values[own] = value
                elif isinstance(value, bool):
                    values[own] = Integer(int(value))
        takes = []
        for name in made.made.signature:
            if name in texts:
                takes.append(f"{name}={texts[name]}")
            elif name in values:
                takes.append(f"{name}={self.python(values[name])}")
                roots |= self.roots_of(values[name])
            elif name not in made.made.defaults:
                takes.append(f"{name}={name}")
                roots.add(name)
                self.made.order.append(name) if name not in self.made.order else None
        for name, default in made.computed.items():
            if name not in values:
                values[name] = self.sizes.put(default, values)
        python = f"{made.made.name}({', '.join(takes)})"
        attribute: str | tuple[str]
        if modifiers.get("tied") is True:
            attribute = self._tied(node, entity.name, python, None, given)
        else:
            frozen = ".requires_grad_(False)" if modifiers.get("frozen") is True else ""
            attribute = self.named(label, snake(made.made.name))
            self.made.add(f"self.{attribute} = {python}{frozen}", roots)
            self.sites.append(Site(entity.name, python, str(attribute)))
        inner: dict[str, Expr | str] = dict(values)
        for name in made.exported:
            inner[name] = self.sizes.compose(Root("self"), f".{attribute}.{name}")
        results = []
        for tensor in made.results:
            shape: list[Expr | str] = []
            for axis in tensor.shape:
                shape.extend(rest if axis == REST else (self.sizes.put(axis, inner),))
            results.append(replace(tensor, shape=tuple(shape)))
        code = f"self.{attribute}({', '.join(codes)})"
        if len(results) == 1:
            return replace(results[0], code=code, level=ATOM, batched=True)
        return Several(code, tuple(replace(t, batched=True) for t in results))

    def _function(self, node: tree.Call, entity: Entity, given: dict[str, Value]) -> Value:
        name = self.exporter.function(entity)
        parts: list[str | Root | Expr] = [f"{name}("]
        for parameter in parameters_of(entity):
            value = given.get(parameter.name.name)
            if value is not None:
                parts += [*self._parts(value), ", "]
        return self.sizes.compose(*parts[:-1], ")")
