"""Syntax tree to cost tree: shapes are followed, operations counted, loops never unrolled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import sympy
from sympy import Expr, Symbol

from closedform.derive.assume.knowledge import Fact, Knowledge
from closedform.derive.assume.obligations import Demands
from closedform.derive.cost import tree as costs
from closedform.derive.cost.tree import Node, Site
from closedform.derive.elaborate import calls, layouts
from closedform.derive.elaborate.binding import as_list
from closedform.derive.elaborate.builtins import functions as built_in
from closedform.derive.elaborate.conditionals import run_if
from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.elaborate.expressions import Evaluator
from closedform.derive.elaborate.loops import run_choose, run_for, run_repeat
from closedform.derive.elaborate.names import Names, check_size
from closedform.derive.elaborate.shapes import REST, broadcast, match
from closedform.derive.elaborate.values import Applied, BuiltIn, Family, Scope, Tensor, Value
from closedform.derive.resolve.modules import Entity, Module
from closedform.derive.symbolic.symbols import ratio_symbol, size_symbol
from closedform.errors import Span, fail
from closedform.grammar import tree
from closedform.grammar.expressions import show
from closedform.grammar.traverse import names_in, parts_of


class Elaborator:
    """Elaborates one model or block; `generic` for a block in sizes of its own.

    `suppose` are facts taken as true beside the assumptions of the file.
    """

    def __init__(self, module: Module, generic: bool, suppose: Iterable[Fact] = ()) -> None:
        self.module = module
        self.known = Knowledge()
        self.evaluator = Evaluator(self)
        self.names = Names(self.known, lambda: self.evaluator)
        self.demands = Demands(self.known, generic)
        self.sites: list[Site] = []
        self.cache: dict[Any, tuple[Node, tuple[Value, ...], frozenset[Fact]]] = {}
        self.calling: list[Entity] = []
        self.context: tuple[Fact, ...] = ()
        self.indices: list[tuple[str, int]] = []
        if not generic:
            self._state_assumptions()
        for fact in suppose:
            self.known.assume(fact)
        if not generic:
            self._define_lets()
            self._find_defaults()

    @property
    def generic(self) -> bool:
        return self.demands.generic

    # Declarations --------------------------------------------------------------------------

    def _state_assumptions(self) -> None:
        for condition in self.module.assumptions():
            for holds in self._each_stage(condition):
                if holds is False:
                    raise fail("assume", "this assumption can never hold", condition.span)
                if holds is not True:
                    self.known.assume(Fact(holds, "assumed", condition.span))

    def _each_stage(self, condition: tree.Expression) -> list[Any]:
        """A condition on lists holds for every stage: `assume H | D`."""
        scope = Scope(self.module)
        indexed = {show(n.base) for n in parts_of(condition) if isinstance(n, tree.Index)}
        families = {
            name: value
            for name in sorted(names_in(condition) - indexed)
            if isinstance(value := self.names.find(name, scope), Family)
        }
        if not families:
            return [self.evaluator.condition(condition, scope)]
        lengths = {len(family.symbols) for family in families.values()}
        if len(lengths) > 1:
            raise fail("assume", "the lists here have different lengths", condition.span)
        found = []
        for at in range(lengths.pop()):
            inner = scope.inner()
            inner.names.update({name: f.symbols[at] for name, f in families.items()})
            found.append(self.evaluator.condition(condition, inner))
        return found

    def _define_lets(self) -> None:
        for entity in self.module.names.values():
            if isinstance(entity.declaration, tree.Let):
                self.names.of(entity)

    def _find_defaults(self) -> None:
        for entity in self.module.names.values():
            declaration = entity.declaration
            if isinstance(declaration, tree.Dim) and declaration.default is not None:
                bound = self.names.bind(entity, declaration.default, entity.module)
                for symbol, value in bound.items():
                    check_size(symbol, value, declaration.default.span)
                self.demands.defaults.update(bound)

    # Calls ---------------------------------------------------------------------------------

    def call(self, node: tree.Call, scope: Scope, piped: tuple[Tensor, ...]) -> Value:
        """What an operation, a block or a function of the language gives."""
        function = self.names.resolve(node.function, scope)
        if isinstance(function, BuiltIn):
            return built_in.call(self, function.name, node, scope, piped)
        if isinstance(function, Applied):
            return calls.call(self, function, node, scope, piped)
        raise fail(
            "type",
            f"`{node.function.name}` is not an operation",
            node.function.span,
            "an operation is declared with `op`, a block with `block`",
        )

    def emit(self, span: Span, node: Node) -> None:
        """Add a part to the body that is being carried out."""
        self.sites.append(Site(span, node))

    def elementwise(self, name: str, left: Value, right: Value, spans: tuple[Span, Span]) -> Tensor:
        """Two tensors, or a tensor and a number, element by element with broadcasting."""
        shapes = tuple(value.shape for value in (left, right) if isinstance(value, Tensor))
        for value, place in zip((left, right), spans, strict=True):
            if isinstance(value, Applied):
                raise fail(
                    "type",
                    f"this `{value.entity.name}` has not been given a tensor",
                    place,
                    f"pipe one into it: x -> {value.entity.name}(...)",
                )
            if not isinstance(value, Tensor):
                self.evaluator.as_size(value, place, "a tensor or a size")
        span = spans[0].to(spans[1])
        shape = broadcast(self, shapes[0], shapes[-1], span)
        word = {"add": "addition", "mul": "product", "div": "quotient"}[name]
        counts = {name: sympy.Mul(*shape)}
        self.emit(span, costs.Operation(word, "elementwise", counts, shapes, (shape,)))
        tensors = [value for value in (left, right) if isinstance(value, Tensor)]
        layout = layouts.of_elements(tensors, len(shape), span, f"this {word}")
        return Tensor(shape, layout)

    # Statements ----------------------------------------------------------------------------

    def run(self, body: Sequence[tree.Statement], scope: Scope) -> tuple[Site, ...]:
        """Carry out statements; gives what they do as sites."""
        outer, self.sites = self.sites, []
        try:
            for statement in body:
                self._statement(statement, scope)
            return tuple(self.sites)
        finally:
            self.sites = outer
            if scope.outer is not None:
                self.names.ended.update(scope.names)

    @contextmanager
    def trying(self) -> Iterator[None]:
        """Carry out statements only to see what becomes of the shapes; all else is forgotten."""
        known, demands = self.known, self.demands
        kept = known.copied()
        generic, positive, cache = demands.generic, dict(demands.positive), dict(self.cache)
        demands.generic = True
        try:
            yield
        finally:
            known.restore(kept)
            demands.generic, demands.positive, self.cache = generic, positive, cache

    def _statement(self, node: tree.Statement, scope: Scope) -> None:
        match node:
            case tree.Assign():
                self._assign(node, scope)
            case tree.Ascribe():
                self._ascribe(node, scope)
            case tree.Require():
                for condition in node.conditions:
                    holds = self.evaluator.condition(condition, scope)
                    self.demands.holds(holds, condition.span, f"this requires {show(condition)}")
            case tree.Repeat():
                run_repeat(self, node, scope)
            case tree.For():
                run_for(self, node, scope)
            case tree.Choose():
                run_choose(self, node, scope)
            case tree.If():
                run_if(self, node, scope)
            case tree.EqualClaim() | tree.OrderClaim():
                raise fail(
                    "claim",
                    "a claim stands at the left of the body of its block",
                    node.span,
                    "move it out of the inner body",
                )
            case tree.Return():
                raise fail(
                    "return",
                    "`return` is the last statement of a block",
                    node.span,
                    "assign to a name here and return it at the end",
                )
            case _:
                raise TypeError(f"no rule for {type(node).__name__}")

    def _assign(self, node: tree.Assign, scope: Scope) -> None:
        value = self.evaluator.value(node.value, scope)
        if len(node.targets) == 1:
            name = node.targets[0].name
            if len(self.calling) == 1 and not self.generic and _is_rounded(value):
                value = self._abbreviate(name, value)
            scope.names[name] = value
            return
        if not isinstance(value, tuple) or len(value) != len(node.targets):
            many = len(value) if isinstance(value, tuple) else 1
            raise fail(
                "argument",
                f"{len(node.targets)} names are given {many} value{'s' * (many != 1)}",
                node.span,
            )
        for target, part in zip(node.targets, value, strict=True):
            scope.names[target.name] = part

    def _ascribe(self, node: tree.Ascribe, scope: Scope) -> None:
        tensor = self.evaluator.tensor(node.tensor, scope)
        before = set(scope.names)
        tensor = layouts.stated(node.shape, tensor)
        tensor = match(self, node.shape, tensor, scope, f"`{node.tensor.name}`")
        for rest in REST:
            scope.names.pop(rest, None)
        if len(self.calling) == 1 and not self.generic:
            named = {
                size: self._abbreviate(name, size)
                for name, size in scope.names.items()
                if name not in before
            }
            scope.names.update(
                {name: named[scope.names[name]] for name in scope.names if name not in before}
            )
            shape = tuple(named.get(size, self.known.fold(size)) for size in tensor.shape)
            tensor = replace(tensor, shape=shape)
        scope.names[node.tensor.name] = tensor

    def _abbreviate(self, name: str, size: Expr) -> Expr:
        """A size that a model names becomes an abbreviation, with the index of its stage."""
        if self.context or self.known.ranges:
            return size  # it is so in one case, or in one step, only
        if size.is_Number or (size.is_Symbol and not self.indices):
            return size
        symbol = size_symbol("_".join([name, *(str(index) for _, index in self.indices)]))
        if symbol in self.known.definitions or symbol.name in self.names.owners:
            return size
        self.known.define(symbol, size)
        if self.indices:
            self.names.stage_symbols[symbol] = (name, self.indices[-1][1])
        return symbol

    # Whole models --------------------------------------------------------------------------

    def derive(self, entity: Entity) -> Derivation:
        """Elaborate a model, or a block in its own sizes."""
        declaration = entity.declaration
        if not isinstance(declaration, tree.Block):
            raise TypeError(f"{entity.name} is not a block")
        scope = Scope(entity.module)
        with self.known.recording() as used:
            for parameter in declaration.parameters:
                scope.names[parameter.name.name] = self._input(parameter, scope, declaration)
            root, outputs = calls.run_block(self, entity, scope, dict(scope.names))
        for symbol in costs.symbols_in(root):
            used |= self.names.let_facts.get(symbol, frozenset())
        facts = self.known.without_implied(fact for fact in used if fact.reason != "case")
        return Derivation(
            entity=entity,
            generic=self.generic,
            root=root,
            outputs=outputs,
            known=self.known,
            facts=tuple(facts),
            scope=scope,
            symbols=self._symbols(),
            stage_symbols=self.names.stage_symbols,
            lets=tuple(self.names.lets.values()),
            defaults=self.demands.defaults,
            positive=tuple(self.demands.positive.items()),
            evaluator=self.evaluator,
        )

    def _symbols(self) -> dict[str, tuple[Symbol, ...]]:
        """The symbols of every dim that the derivation can mention."""
        found: dict[str, tuple[Symbol, ...]] = {}
        for name, entity in {**self.module.names, **self.names.owners}.items():
            if isinstance(entity.declaration, tree.Dim):
                value = self.names.dim(entity.declaration, entity.module)
                found[name] = value.symbols if isinstance(value, Family) else (value,)
        return found

    def _input(self, parameter: tree.Parameter, scope: Scope, owner: tree.Block) -> Value:
        name = parameter.name.name
        if parameter.shape is not None:
            axes: list[Expr] = []
            layouts.check_pattern(parameter.shape)
            for axis in parameter.shape.axes:
                if isinstance(axis, tree.Rest):
                    scope.names.update(dict.fromkeys(REST, ()))
                    continue
                if isinstance(axis, tree.Name) and axis.name == "_":
                    axes.append(size_symbol(f"{name}_{len(axes)}"))
                    continue
                for free in sorted(names_in(axis)):
                    if self.names.find(free, scope) is None:
                        if not self.generic:
                            raise fail(
                                "name",
                                f"the input of a model has the size `{free}`, which is not defined",
                                axis.span,
                                f"declare it: `dim {free}`",
                            )
                        scope.names[free] = size_symbol(free)
                axes.append(self.evaluator.size(axis, scope))
            tensor = Tensor(self.demands.axes(axes, parameter.span, f"`{name}`"))
            return layouts.stated(parameter.shape, tensor)
        if parameter.default is not None:
            value = self.evaluator.value(parameter.default, scope)
            return as_list(self, parameter, value, scope)
        if not self.generic:
            raise fail(
                "argument",
                f"the model `{owner.name.name}` has the parameter `{name}`, which is no tensor",
                parameter.span,
                f"declare it outside: `dim {name}`",
            )
        symbol = ratio_symbol(name) if parameter.ratio else size_symbol(name)
        return as_list(self, parameter, symbol, scope)


def _is_rounded(value: Value) -> bool:
    """Whether a size is long to read: a model that names one gives it an abbreviation."""
    return isinstance(value, Expr) and value.has(sympy.floor, sympy.ceiling, sympy.Max, sympy.Min)
