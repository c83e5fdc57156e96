"""Syntax tree to cost tree: shapes are followed, operations counted, loops never unrolled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sympy
from sympy import Expr, Integer, Symbol
from sympy.logic.boolalg import Boolean

from closedform.derive import built_in, calls
from closedform.derive import cost as costs
from closedform.derive.branches import run_if
from closedform.derive.cost import Node, Site
from closedform.derive.evaluate import Evaluator
from closedform.derive.knowledge import Divides, Fact, Knowledge, ratio_symbol, say, size_symbol
from closedform.derive.modules import BUILT_IN, Entity, Module
from closedform.derive.values import (
    Applied,
    BuiltIn,
    Family,
    Scope,
    Tensor,
    Value,
    say_shape,
)
from closedform.errors import Diagnostic, LimitError, Span, fail, suggestion
from closedform.grammar import tree
from closedform.grammar.expressions import show

MAX_STAGES = 256
MAX_FAMILY = 1024


@dataclass(frozen=True, eq=False)
class Derivation:
    """What the elaboration of a model, or of a block in its own sizes, has found."""

    entity: Entity
    root: costs.Sequence
    outputs: tuple[Value, ...]
    known: Knowledge
    facts: tuple[Fact, ...]
    scope: Scope
    stage_symbols: dict[Symbol, tuple[str, int]]
    defaults: dict[Symbol, Expr]
    positive: tuple[Expr, ...]
    generic: bool
    symbols: dict[str, tuple[Symbol, ...]]
    evaluator: Evaluator


class Elaborator:
    """Elaborates one model or block; `generic` for a block in sizes of its own."""

    def __init__(self, module: Module, generic: bool, suppose: Iterable[Fact] = ()) -> None:
        self.module = module
        self.generic = generic
        self.known = Knowledge()
        self.evaluator = Evaluator(self)
        self.owners: dict[str, Entity] = {}
        self.sites: list[Site] = []
        self.cache: dict[Any, tuple[Node, tuple[Value, ...], frozenset[Fact]]] = {}
        self.calling: list[Entity] = []
        self.context: tuple[Fact, ...] = ()
        self.stage_symbols: dict[Symbol, tuple[str, int]] = {}
        self.indices: list[tuple[str, int]] = []
        self.defaults: dict[Symbol, Expr] = {}
        self.positive: dict[Expr, None] = {}
        self.lets: dict[Entity, Symbol] = {}
        self.top = Scope(module)
        if not generic:
            self._state_assumptions(module)
        for fact in suppose:
            self.known.assume(fact)
        if not generic:
            self._define_lets(module)
            self._find_defaults(module)

    # Declarations --------------------------------------------------------------------------

    def _state_assumptions(self, module: Module) -> None:
        for condition in module.assumptions():
            for holds in self._each_stage(condition, module):
                if holds is False:
                    raise fail("assume", "this assumption can never hold", condition.span)
                if holds is not True:
                    self.known.assume(Fact(holds, "assumed", condition.span))

    def _each_stage(self, condition: tree.Expression, module: Module) -> list[Any]:
        """A condition on lists holds for every stage: `assume H | D`."""
        scope = Scope(module)
        families = {
            name: value
            for name in _free_names(condition)
            if isinstance(value := self.resolve_name(name, scope), Family)
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

    def _define_lets(self, module: Module) -> None:
        for entity in module.names.values():
            if isinstance(entity.declaration, tree.Let):
                self._entity_value(entity)

    def _find_defaults(self, module: Module) -> None:
        for entity in module.names.values():
            declaration = entity.declaration
            if isinstance(declaration, tree.Dim) and declaration.default is not None:
                self.defaults.update(self.bind_dim(entity, declaration.default, entity.module))

    def bind_dim(
        self, entity: Entity, value: tree.Expression, module: Module
    ) -> dict[Symbol, Expr]:
        """The symbols of a dim with the value that an expression gives them."""
        symbols = self._entity_value(entity)
        result = self.evaluator.value(value, Scope(module))
        name = entity.name
        if isinstance(symbols, Family):
            items = result if isinstance(result, tuple) else (result,) * len(symbols.symbols)
            if isinstance(result, Family):
                items = result.symbols
            if len(items) != len(symbols.symbols):
                raise fail(
                    "argument",
                    f"`{name}` has {len(symbols.symbols)} elements, and {len(items)} are given",
                    value.span,
                )
            return {
                symbol: self.evaluator.as_size(item, value.span)
                for symbol, item in zip(symbols.symbols, items, strict=True)
            }
        if isinstance(result, tuple | Family):
            raise fail(
                "argument",
                f"`{name}` is one size, and a list is given",
                value.span,
                f"declare it as `dim {name}[{len(getattr(result, 'symbols', result))}]`",
            )
        return {symbols: self.evaluator.as_size(result, value.span)}

    # Names ---------------------------------------------------------------------------------

    def resolve(self, name: tree.Name, scope: Scope) -> Value:
        """The value of a name, or an error that offers the nearest one."""
        value = self.resolve_name(name.name, scope)
        if value is None:
            known = {*scope.all_names(), *scope.module.names, *BUILT_IN}
            raise fail(
                "name",
                f"`{name.name}` is not defined",
                name.span,
                suggestion(name.name, known)
                or f"a size is declared with `dim {name.name}`, an operation with `op`",
            )
        return value

    def resolve_name(self, name: str, scope: Scope) -> Value | None:
        value = scope.find(name)
        if value is not None:
            return value
        entity = scope.module.names.get(name)
        if entity is not None:
            return self._entity_value(entity)
        return BuiltIn(name) if name in BUILT_IN else None

    def _entity_value(self, entity: Entity) -> Value:
        declaration = entity.declaration
        match declaration:
            case tree.Op() | tree.Block():
                return Applied(entity)
            case tree.Dim():
                self._own(entity)
                return self._dim(declaration, entity.module)
            case tree.Let():
                self._own(entity)
                return self._let(entity, declaration)
        raise fail(
            "type",
            f"`{entity.name}` is a kind of operation, not a size",
            declaration.name.span,
        )

    def _own(self, entity: Entity) -> None:
        owner = self.owners.setdefault(entity.name, entity)
        if owner is not entity:
            raise fail(
                "name",
                f"two different sizes are called `{entity.name}`",
                entity.declaration.name.span,
                "import the one from the other's file, or rename one",
                f"the other is at {owner.declaration.name.span}",
            )

    def _dim(self, declaration: tree.Dim, module: Module) -> Value:
        make = size_symbol if declaration.keyword == "dim" else ratio_symbol
        name = declaration.name.name
        if declaration.length is None:
            return make(name)
        length = self.evaluator.size(declaration.length, Scope(module))
        if not (length.is_Integer and 1 <= length <= MAX_FAMILY):
            raise fail(
                "range",
                f"a list has 1 to {MAX_FAMILY} elements, and this is {say(length)}",
                declaration.length.span,
            )
        symbols = []
        for index in range(1, int(length) + 1):
            symbol = make(f"{name}_{index}")
            self.stage_symbols[symbol] = (name, index)
            symbols.append(symbol)
        return Family(name, tuple(symbols))

    def _let(self, entity: Entity, declaration: tree.Let) -> Symbol:
        if entity not in self.lets:
            if entity in self.calling:
                raise fail(
                    "name",
                    f"`{entity.name}` is defined by itself",
                    declaration.value.span,
                )
            self.calling.append(entity)
            value = self.evaluator.size(declaration.value, Scope(entity.module))
            self.calling.pop()
            integer = self.known.integer(value) or None
            symbol = Symbol(entity.name, positive=True, integer=integer)
            self.lets[entity] = symbol
            self.known.define(symbol, value)
        return self.lets[entity]

    # Calls ---------------------------------------------------------------------------------

    def call(self, node: tree.Call, scope: Scope, piped: tuple[Tensor, ...]) -> Value:
        """What an operation, a block or a function of the language gives."""
        function = self.resolve(node.function, scope)
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
        self.sites.append(Site(span, node))

    def elementwise(self, name: str, left: Value, right: Value, span: Span) -> Tensor:
        """Two tensors, or a tensor and a number, element by element with broadcasting."""
        shapes = tuple(value.shape for value in (left, right) if isinstance(value, Tensor))
        for value in (left, right):
            if not isinstance(value, Tensor):
                self.evaluator.as_size(value, span, "a tensor or a size")
        shape = self.broadcast(shapes[0], shapes[-1], span)
        counts = {name: sympy.Mul(*shape)}
        word = {"add": "addition", "mul": "product", "div": "quotient"}[name]
        self.emit(span, costs.Operation(word, "elementwise", counts, shapes, (shape,)))
        return Tensor(shape)

    def broadcast(self, left: tuple[Expr, ...], right: tuple[Expr, ...], span: Span) -> Any:
        """The shape of two shapes taken together, aligned at the last axis."""
        longer, shorter = (left, right) if len(left) >= len(right) else (right, left)
        skipped = len(longer) - len(shorter)
        shape = list(longer[:skipped])
        for a, b in zip(longer[skipped:], shorter, strict=True):
            if a == 1 or self.known.equal(a, b):
                shape.append(b)
            elif b == 1:
                shape.append(a)
            else:
                raise fail(
                    "shape",
                    f"the shapes {say_shape(left)} and {say_shape(right)} do not fit",
                    span,
                    "the sizes of an axis must be equal, or one of them 1",
                    f"{say(a)} is not proved equal to {say(b)}",
                )
        return tuple(shape)

    # Requirements --------------------------------------------------------------------------

    def require_integer(self, value: Expr, span: Span, what: str) -> None:
        """Demand that a value is whole: proved, required of a block, or true of the defaults."""
        if self.known.integer(value):
            return
        numerator, denominator = sympy.fraction(sympy.together(self.known.base(value)))
        if value.is_Number or denominator == 1:
            raise fail("divides", f"{what} must be whole, and this is {say(value)}", span)
        top, bottom = sympy.fraction(sympy.together(value))
        condition = Divides(bottom, top)
        if condition in (True, False) or bottom == 1:
            condition = Divides(denominator, numerator)
        self.require(
            condition, span, f"{what} must be whole, and {say(value)} is not proved to be"
        )

    def require(self, condition: Any, span: Span, message: str) -> None:
        """Demand a condition: proved, required of a block, or true of the defaults."""
        answer = self.known.decide(condition)
        if answer is True:
            return
        text = say(condition)
        if answer is None and (self.generic or self._true_of_defaults(condition)):
            fact = Fact(condition, "required" if self.generic else "default", span)
            self.known.assume(fact)
            self.known.used.add(fact)
            return
        if answer is False:
            raise fail("divides", message, span, None, f"{text} is false")
        raise fail("divides", message, span, f"state it: `assume {text}`")

    def _true_of_defaults(self, condition: Boolean) -> bool:
        base = condition.xreplace(self.known.definitions)
        return bool(
            base.free_symbols <= self.defaults.keys()
            and self.known_values(base, self.defaults) in (True, sympy.true)
        )

    def known_values(self, expr: Any, values: dict[Symbol, Expr]) -> Any:
        """An expression or a condition with the symbols replaced, as often as needed."""
        for _ in range(len(values) + 1):
            replaced = expr.xreplace(values)
            if replaced == expr:
                break
            expr = replaced
        return expr

    def axes(self, shape: Iterable[Expr], span: Span, what: str) -> tuple[Expr, ...]:
        """The sizes of a new tensor, whole and not known to be empty."""
        axes = []
        for size in shape:
            axis = self.known.fold(size)
            self.require_integer(axis, span, f"an axis of {what}")
            lower, upper = self.known.bounds(self.known.base(axis))
            if upper is not None and upper <= 0:
                raise fail("shape", f"an axis of {what} has the size {say(axis)}", span)
            if lower is None or lower <= 0:
                for factor in sympy.Mul.make_args(self.known.base(axis)):
                    self.positive.setdefault(factor.as_base_exp()[0])
            axes.append(axis)
        return tuple(axes)

    # Shapes --------------------------------------------------------------------------------

    def match(self, pattern: tree.Shape, tensor: Tensor, scope: Scope, what: str) -> None:
        """Check a shape against a pattern; names without a value take the size that they meet."""
        axes = list(pattern.axes)
        sizes = list(tensor.shape)
        rests = [i for i, axis in enumerate(axes) if isinstance(axis, tree.Rest)]
        if len(rests) > 1:
            raise fail("shape", "`...` stands twice in a shape", axes[rests[1]].span)
        if len(axes) - len(rests) > len(sizes) or (not rests and len(axes) != len(sizes)):
            raise self._mismatch(pattern, tensor, what, "they have different numbers of axes")
        if rests:
            at, end = rests[0], rests[0] + len(sizes) - len(axes) + 1
            scope.names["..."] = tuple(sizes[at:end])
            axes[at : at + 1] = []
            sizes[at:end] = []
        for axis, size in zip(axes, sizes, strict=True):
            if isinstance(axis, tree.Name) and axis.name == "_":
                continue
            if isinstance(axis, tree.Name) and self.resolve_name(axis.name, scope) is None:
                scope.names[axis.name] = self.known.fold(size)
                continue
            expected = self.evaluator.size(axis, scope)  # type: ignore[arg-type]  # no Rest left
            if not self.known.equal(expected, size):
                reason = f"{say(size)} is not proved equal to {show(axis)}"
                if say(expected) != show(axis):
                    reason += f", which is {say(expected)}"
                raise self._mismatch(pattern, tensor, what, reason)

    def _mismatch(self, pattern: tree.Shape, tensor: Tensor, what: str, reason: str) -> Exception:
        return fail(
            "shape",
            f"{what} has the shape {show(pattern)}, and the tensor is {tensor}",
            pattern.span,
            None,
            reason,
        )

    # Statements ----------------------------------------------------------------------------

    def run(self, body: Sequence[tree.Statement], scope: Scope) -> tuple[Site, ...]:
        """Carry out statements; gives what they do as sites."""
        outer, self.sites = self.sites, []
        for statement in body:
            self._statement(statement, scope)
        done, self.sites = tuple(self.sites), outer
        return done

    def _statement(self, node: tree.Statement, scope: Scope) -> None:
        match node:
            case tree.Assign():
                self._assign(node, scope)
            case tree.Ascribe():
                self._ascribe(node, scope)
            case tree.Require():
                for condition in node.conditions:
                    holds = self.evaluator.condition(condition, scope)
                    self.require(holds, condition.span, "this requirement is not proved")
            case tree.Repeat():
                self._repeat(node, scope)
            case tree.For():
                self._for(node, scope)
            case tree.Choose():
                self._choose(node, scope)
            case tree.If():
                run_if(self, node, scope)
            case tree.EqualClaim() | tree.OrderClaim():
                pass  # checked when the block is derived in its own sizes
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
            scope.names[node.targets[0].name] = value
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
        self.match(node.shape, tensor, scope, f"`{node.tensor.name}`")
        scope.names.pop("...", None)
        if len(self.calling) == 1 and not self.generic:
            for name in [name for name in scope.names if name not in before]:
                scope.names[name] = self._abbreviate(name, scope.names[name])
            shape = tuple(map(self.known.fold, tensor.shape))
            scope.names[node.tensor.name] = Tensor(shape)

    def _abbreviate(self, name: str, size: Expr) -> Expr:
        """A size that a model names becomes an abbreviation, with the index of its stage."""
        if size.is_Symbol or size.is_Number:
            return size
        symbol = size_symbol("_".join([name, *(str(index) for _, index in self.indices)]))
        if symbol in self.known.definitions or symbol.name in self.owners:
            return size
        self.known.define(symbol, size)
        if self.indices:
            self.stage_symbols[symbol] = (name, self.indices[-1][1])
        return symbol

    def _repeat(self, node: tree.Repeat, scope: Scope) -> None:
        times = self._times(node.count, scope, "a repeat")
        inner = scope.inner()
        body = self.run(node.body, inner)
        self._check_kept(inner, scope, node.span, "a repeat")
        self.emit(node.span, costs.Repeat(times, node.shared, body))

    def _choose(self, node: tree.Choose, scope: Scope) -> None:
        count = self._times(node.count, scope, "a choice")
        of = self._times(node.of, scope, "a choice")
        if self.known.decide(sympy.Gt(count, of)) is True:
            raise fail("range", f"{say(count)} of {say(of)} cannot be chosen", node.span)
        inner = scope.inner()
        body = self.run(node.body, inner)
        self._check_kept(inner, scope, node.span, "a choice")
        self.emit(node.span, costs.Choose(count, of, body))

    def _times(self, node: tree.Expression, scope: Scope, what: str) -> Expr:
        times = self.evaluator.size(node, scope, f"the count of {what}")
        self.require_integer(times, node.span, f"the count of {what}")
        if self.known.decide(sympy.Ge(times, 0)) is not True:
            self.require(
                sympy.Ge(times, 0), node.span, f"the count of {what} may not be negative"
            )
        return times

    def _check_kept(self, inner: Scope, outer: Scope, span: Span, what: str) -> None:
        """A repeated body must give back every tensor in the shape in which it took it."""
        for name, after in inner.names.items():
            before = outer.find(name)
            if before is None or self._same(before, after):
                continue
            raise fail(
                "shape",
                f"`{name}` is {_say(before)} before the body and {_say(after)} after it",
                span,
                f"{what} must keep its shapes; where they change, use `for`",
            )

    def _same(self, before: Value, after: Value) -> bool:
        if isinstance(before, Tensor) and isinstance(after, Tensor):
            return len(before.shape) == len(after.shape) and all(
                map(self.known.equal, before.shape, after.shape)
            )
        if isinstance(before, Expr) and isinstance(after, Expr):
            return self.known.equal(before, after)
        return bool(before == after)

    def _for(self, node: tree.For, scope: Scope) -> None:
        first = self.evaluator.size(node.first, scope, "a bound")
        last = self.evaluator.size(node.last, scope, "a bound")
        if not (first.is_Integer and last.is_Integer):
            raise fail(
                "range",
                f"a loop needs numbers as its bounds, and this is {say(first)}..{say(last)}",
                node.span,
                "`repeat` takes a symbol",
            )
        if last - first >= MAX_STAGES:
            raise LimitError(
                Diagnostic(
                    "limit",
                    f"a loop has at most {MAX_STAGES} stages",
                    node.span,
                    "`repeat` takes any count",
                )
            )
        bodies, entries = [], []
        carried = _assigned(node.body)
        for index in range(int(first), int(last) + 1):
            found = ((name, scope.find(name)) for name in carried)
            entries.append(tuple((n, v.shape) for n, v in found if isinstance(v, Tensor)))
            inner = scope.inner()
            inner.names[node.index.name] = Integer(index)
            self.indices.append((node.index.name, index))
            bodies.append(self.run(node.body, inner))
            self.indices.pop()
            for name, value in inner.names.items():
                if scope.find(name) is not None:
                    scope.names[name] = value
        self.emit(node.span, costs.Stages(node.index.name, int(first), tuple(bodies), tuple(entries)))

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
            root, outputs = calls.run_block(self, entity, scope, ())
        facts = sorted((f for f in used if f.reason != "case"), key=str)
        return Derivation(
            entity, root, outputs, self.known, tuple(facts), scope, self.stage_symbols,
            self.defaults, tuple(self.positive), self.generic, self._symbols(),
            self.evaluator,
        )  # fmt: skip

    def _symbols(self) -> dict[str, tuple[Symbol, ...]]:
        """The symbols of every dim that the derivation can mention."""
        found: dict[str, tuple[Symbol, ...]] = {}
        for name, entity in {**self.module.names, **self.owners}.items():
            if isinstance(entity.declaration, tree.Dim):
                value = self._dim(entity.declaration, entity.module)
                found[name] = value.symbols if isinstance(value, Family) else (value,)
        return found

    def _input(self, parameter: tree.Parameter, scope: Scope, owner: tree.Block) -> Value:
        name = parameter.name.name
        if parameter.shape is not None:
            axes = []
            for axis in parameter.shape.axes:
                if isinstance(axis, tree.Rest):
                    scope.names["..."] = ()
                    continue
                for free in _free_names(axis):
                    if self.resolve_name(free, scope) is None:
                        if not self.generic:
                            raise fail(
                                "name",
                                f"the input of a model has the size `{free}`, "
                                "which is not defined",
                                axis.span,
                                f"declare it: `dim {free}`",
                            )
                        scope.names[free] = size_symbol(free)
                axes.append(self.evaluator.size(axis, scope))
            return Tensor(self.axes(axes, parameter.span, f"`{name}`"))
        if parameter.default is not None:
            value = self.evaluator.value(parameter.default, scope)
            return calls.as_list(self, parameter, value, scope)
        if not self.generic:
            raise fail(
                "argument",
                f"the model `{owner.name.name}` has the parameter `{name}`, which is no tensor",
                parameter.span,
                f"declare it outside: `dim {name}`",
            )
        return calls.as_list(self, parameter, size_symbol(name), scope)


def _free_names(node: object) -> list[str]:
    from closedform.derive.modules import names_in

    return sorted(names_in(node) - {"_"})


def _assigned(body: Sequence[tree.Statement]) -> list[str]:
    """The names that a body assigns."""
    return sorted({t.name for s in body if isinstance(s, tree.Assign) for t in s.targets})


def _say(value: Value) -> str:
    return str(value) if isinstance(value, Tensor) else say(value)
