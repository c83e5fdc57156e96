"""Names to values: what a dim, an abbreviation, an operation or a block stands for."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from sympy import Expr, Symbol

from closedform.derive.assume.knowledge import Knowledge
from closedform.derive.assume.store import Fact
from closedform.derive.elaborate.values import Applied, BuiltIn, Family, Scope, Value, as_size
from closedform.derive.resolve.builtin import USAGE
from closedform.derive.resolve.modules import Entity, Module
from closedform.derive.symbolic.symbols import ratio_symbol, size_symbol
from closedform.derive.symbolic.wording import say
from closedform.errors import Span, fail, suggestion
from closedform.grammar import tree
from closedform.grammar.traverse import names_in

MAX_FAMILY = 1024


class Names:
    """The symbols of one elaboration; two different dims of one name are refused.

    `evaluate` gives the value of an expression, for lengths, abbreviations and defaults.
    """

    def __init__(
        self, known: Knowledge, evaluate: Callable[[tree.Expression, Scope], Value]
    ) -> None:
        self.known = known
        self.evaluate = evaluate
        self.owners: dict[str, Entity] = {}
        self.stage_symbols: dict[Symbol, tuple[str, int]] = {}
        self.ended: set[str] = set()  # names whose body is over
        self.lets: dict[Entity, Symbol] = {}
        self.let_facts: dict[Symbol, frozenset[Fact]] = {}
        self._defining: list[Entity] = []

    def resolve(self, name: tree.Name, scope: Scope) -> Value:
        """The value of a name, or an error that offers the nearest one."""
        value = self.find(name.name, scope)
        if value is None:
            raise self._unknown(name, scope)
        return value

    def _unknown(self, name: tree.Name, scope: Scope) -> Exception:
        if name.name in scope.module.counts:
            return fail(
                "type",
                f"`{name.name}` is a kind of count, not a size",
                name.span,
                f"declare a size with `dim`; `{name.name} = ...` stands in an `op`",
            )
        if name.name in self.ended:
            return fail(
                "name",
                f"`{name.name}` ended with the body in which it was assigned",
                name.span,
                "assign it before that body as well; the body then carries it on",
            )
        models = {n for n, e in scope.module.names.items() if _is_model(e)}
        known = {*scope.all_names(), *scope.module.names, *USAGE} - models
        return fail(
            "name",
            f"`{name.name}` is not defined",
            name.span,
            self._element(name.name, scope)
            or suggestion(name.name, known)
            or f"a size is declared with `dim {name.name}`, an operation with `op`",
        )

    def _element(self, name: str, scope: Scope) -> str | None:
        """How the element of a list is written whose name is taken from a report: `D_s`."""
        family, _, index = name.rpartition("_")
        if not isinstance(self.find(family, scope), Family):
            return None
        return f"an element of the list `{family}` is written `{family}[{index or 's - 1'}]`"

    def find(self, name: str, scope: Scope) -> Value | None:
        """The value of a name, or None."""
        value = scope.find(name)
        if value is not None:
            return value
        entity = scope.module.names.get(name)
        if entity is not None:
            return self.of(entity)
        return BuiltIn(name) if name in USAGE else None

    def of(self, entity: Entity) -> Value:
        """The value of a declaration."""
        declaration = entity.declaration
        match declaration:
            case tree.Op() | tree.Block():
                return Applied(entity)
            case tree.Dim():
                self._own(entity)
                return self.dim(declaration, entity.module)
            case tree.Let():
                self._own(entity)
                return self._let(entity, declaration)
        raise TypeError(f"{type(declaration).__name__} has no value")

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

    def dim(self, declaration: tree.Dim, module: Module) -> Symbol | Family:
        """The symbol of a dim, or one for each stage."""
        make = size_symbol if declaration.keyword == "dim" else ratio_symbol
        name = declaration.name.name
        if declaration.length is None:
            return make(name)
        if name in names_in(declaration.length):
            raise fail("name", f"`{name}` is defined by itself", declaration.length.span)
        length = self._size(declaration.length, module)
        if not (length.is_Integer and 1 <= length <= MAX_FAMILY):
            raise fail(
                "range",
                f"the length of a list is a number from 1 to {MAX_FAMILY}, not {say(length)}",
                declaration.length.span,
                "a loop with a symbolic bound needs no list: `for i in 1..S:`",
            )
        symbols = []
        for index in range(1, int(length) + 1):
            symbol = make(f"{name}_{index}")
            self.stage_symbols[symbol] = (name, index)
            symbols.append(symbol)
        return Family(name, tuple(symbols))

    def _let(self, entity: Entity, declaration: tree.Let) -> Symbol:
        if entity not in self.lets:
            if entity in self._defining:
                names = [e.name for e in self._defining[self._defining.index(entity) :]]
                raise fail(
                    "name",
                    f"`{entity.name}` is defined by itself",
                    declaration.value.span,
                    "an abbreviation is made of dims and of other abbreviations",
                    ", and ".join(f"{a} needs {b}" for a, b in pairwise([*names, entity.name])),
                )
            self._defining.append(entity)
            with self.known.recording() as used:
                value = self._size(declaration.value, entity.module)
                integer = self.known.integer(value) or None
            self._defining.pop()
            symbol = Symbol(entity.name, positive=True, integer=integer)
            self.let_facts[symbol] = frozenset(used)
            self.lets[entity] = symbol
            self.known.define(symbol, value)
        return self.lets[entity]

    def _size(self, node: tree.Expression, module: Module) -> Expr:
        return as_size(self.evaluate(node, Scope(module)), node.span)

    def bind(self, entity: Entity, value: tree.Expression, module: Module) -> dict[Symbol, Expr]:
        """The symbols of a dim, each with what an expression of a module gives it."""
        symbols = self.of(entity)
        result = self.evaluate(value, Scope(module))
        items = result.symbols if isinstance(result, Family) else result
        if isinstance(symbols, Family):
            if not isinstance(items, tuple):
                items = (items,) * len(symbols.symbols)
            if len(items) != len(symbols.symbols):
                raise fail(
                    "argument",
                    f"`{entity.name}` has {len(symbols.symbols)} elements, "
                    f"and {len(items)} are given",
                    value.span,
                )
            return {
                symbol: as_size(item, value.span)
                for symbol, item in zip(symbols.symbols, items, strict=True)
            }
        if isinstance(items, tuple):
            raise fail(
                "argument",
                f"`{entity.name}` is one size, and a list is given",
                value.span,
                f"declare it as `dim {entity.name}[{len(items)}]`",
            )
        return {symbols: as_size(items, value.span)}


def check_size(symbol: Symbol, value: Expr, span: Span) -> None:
    """Refuse a number that is no size: a dim is positive and whole, a ratio positive."""
    if value.is_Number and not (value > 0 and (value.is_Integer or not symbol.is_integer)):
        what = "positive whole" if symbol.is_integer else "positive"
        raise fail("range", f"`{symbol}` is {value}, and must be a {what} number", span)


def _is_model(entity: Entity) -> bool:
    return isinstance(entity.declaration, tree.Block) and entity.declaration.keyword == "model"
