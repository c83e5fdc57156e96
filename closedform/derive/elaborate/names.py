"""Names to values: what a dim, an abbreviation, an operation or a block stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from sympy import Expr, Symbol

from closedform.derive.assume.knowledge import Knowledge
from closedform.derive.assume.store import Fact
from closedform.derive.elaborate.values import (
    Applied,
    BuiltIn,
    Family,
    Scope,
    Value,
    as_size,
    symbols_in,
)
from closedform.derive.resolve.builtin import USAGE
from closedform.derive.resolve.library import library_blocks
from closedform.derive.resolve.modules import Entity, Module, is_model
from closedform.derive.symbolic.symbols import is_size, ratio_symbol, size_symbol
from closedform.derive.symbolic.wording import say
from closedform.errors import Span, fail, suggestion
from closedform.grammar import tree
from closedform.grammar.formatter import declared, several
from closedform.grammar.habits import about_name
from closedform.grammar.traverse import at_stage, names_in, whole_names_in

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
        self.given: dict[str, Span] = {}  # sizes of no declaration: of a block's own, of a loop
        self.stage_symbols: dict[Symbol, tuple[str, int]] = {}
        self.ended: set[str] = set()  # names whose body is over
        self.lets: dict[Entity, Symbol | Family] = {}
        self.let_facts: dict[Symbol, frozenset[Fact]] = {}
        self._defining: list[Entity] = []

    def take(self, other: Names) -> None:
        """Let names stand for what they stand for in another elaboration."""
        self.owners, self.given = dict(other.owners), dict(other.given)
        self.lets, self.let_facts = dict(other.lets), dict(other.let_facts)
        self.stage_symbols = dict(other.stage_symbols)

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
        if " " in name.name:
            return fail(
                "name",
                f"`{name.name}` is a measure, and no size",
                name.span,
                "measures stand in claims and expectations",
            )
        models = {n for n, e in scope.module.names.items() if is_model(e)}
        known = {*scope.all_names(), *scope.module.names, *USAGE} - models
        return fail(
            "name",
            f"`{name.name}` is not defined",
            name.span,
            self._element(name.name, scope)
            or _same_word(name.name, known)
            or _import_of(name.name)
            or _imported_beside(name.name, scope.module)
            or about_name(name.name)
            or _on_maps(name.name, known)
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

    def check_index(self, index: tree.Name, scope: Scope) -> None:
        """Refuse an index with the name of another, or of a size: formulas could not be read."""
        name = index.name
        if any(around.name == name for around in self.known.ranges):
            raise fail(
                "name",
                f"the loop around this one has the index `{name}` too",
                index.span,
                "choose another name",
            )
        if name in self.owners or isinstance(self.find(name, scope), Expr | Family):
            raise fail("name", f"`{name}` is a size already", index.span, "choose another name")

    def of(self, entity: Entity) -> Value:
        """The value of a declaration."""
        declaration = entity.declaration
        match declaration:
            case tree.Op() | tree.Block():
                return Applied(entity)
            case tree.Dim():
                value = self.dim(declaration, entity.module)
            case tree.Let():
                value = self._let(entity, declaration)
            case _:
                raise TypeError(f"{type(declaration).__name__} has no value")
        self._own(entity, value)
        return value

    def _own(self, entity: Entity, value: Symbol | Family) -> None:
        here = entity.declaration.name.span
        owner = self.owners.setdefault(entity.name, entity)
        if owner is not entity:
            raise _two(entity.name, here, owner.declaration.name.span, of_files=True)
        for name in (entity.name, *(symbol.name for symbol in symbols_in(value))):
            if name in self.given:
                raise _two(name, self.given[name], here)

    def give(self, name: str, span: Span) -> None:
        """Let a size without a declaration have a name, which no declared size may have as well."""
        for entity in self.owners.values():
            if any(symbol.name == name for symbol in symbols_in(self.of(entity))):
                raise _two(name, span, entity.declaration.name.span)
        self.given.setdefault(name, span)

    def dim(self, declaration: tree.Dim, module: Module) -> Symbol | Family:
        """The symbol of a dim, or one for each stage."""
        make = size_symbol if declaration.keyword == "dim" else ratio_symbol
        name = declaration.name.name
        if declaration.length is None:
            return make(name, declaration.maybe_zero)
        symbols = []
        for index in range(1, self._length(name, declaration.length, module) + 1):
            symbol = make(f"{name}_{index}", declaration.maybe_zero)
            self.stage_symbols[symbol] = (name, index)
            symbols.append(symbol)
        return Family(name, tuple(symbols))

    def _length(self, name: str, node: tree.Expression, module: Module) -> int:
        if name in names_in(node):
            raise fail("name", f"`{name}` is defined by itself", node.span)
        return self.length(self._size(node, module), node)

    def length(self, length: Expr, node: tree.Expression) -> int:
        """The length of a list, or an error where it is no number that a list may have."""
        if not (length.is_Integer and 1 <= length <= MAX_FAMILY):
            raise fail(
                "range",
                f"the length of a list is a number from 1 to {MAX_FAMILY}, not {say(length)}",
                node.span,
                None
                if length.is_Number
                else "a loop with a symbolic bound needs no list: `for i in 1..S:`",
            )
        return int(length)

    def _let(self, entity: Entity, declaration: tree.Let) -> Symbol | Family:
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
            if declaration.length is None:
                self.lets[entity] = self._abbreviation(entity.name, declaration.value, entity)
            else:
                length = self._length(entity.name, declaration.length, entity.module)
                self.lets[entity] = self._let_family(entity, declaration.value, length)
            self._defining.pop()
        return self.lets[entity]

    def _let_family(self, entity: Entity, value: tree.Expression, length: int) -> Family:
        """An abbreviation for each stage, in which lists stand for their element there."""
        elements = self._elements(entity, value, length)
        symbols = []
        for stage, element in enumerate(elements, 1):
            symbol = self._abbreviation(f"{entity.name}_{stage}", element, entity)
            self.stage_symbols[symbol] = (entity.name, stage)
            symbols.append(symbol)
        return Family(entity.name, tuple(symbols))

    def _elements(
        self, entity: Entity, value: tree.Expression, length: int
    ) -> Sequence[tree.Expression]:
        """What an abbreviation for each stage is at each of them."""
        items = value.items if isinstance(value, tree.ListOf) else (value,) * length
        if len(items) != length:
            raise fail(
                "argument",
                f"`{entity.name}` has {length} elements, and {len(items)} are given",
                value.span,
            )
        lists = self.families(value, Scope(entity.module))
        for name, family in lists.items():
            given = len(family.symbols)
            if given != length:
                raise fail(
                    "argument",
                    f"`{entity.name}` has {length} elements, and `{name}` has {given}",
                    value.span,
                    f"one element of a list is written `{name}[1]`",
                )
        return [at_stage(item, lists, stage) for stage, item in enumerate(items, 1)]

    def families(self, node: tree.Expression, scope: Scope) -> dict[str, Family]:
        """The lists that an expression names as a whole, and not one element of them."""
        return {
            name: value
            for name in sorted(whole_names_in(node))
            if isinstance(value := self.find(name, scope), Family)
        }

    def _abbreviation(self, name: str, node: tree.Expression, entity: Entity) -> Symbol:
        with self.known.recording() as used:
            value = self._size(node, entity.module)
            integer = self.known.integer(value) or None
            lower, _ = self.known.bounds(self.known.base(value))
        symbol = Symbol(name, real=True, integer=integer, **_sign(value, lower))
        self.let_facts[symbol] = frozenset(used)
        self.known.define(symbol, value)
        return symbol

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


def _two(name: str, here: Span, other: Span, *, of_files: bool = False) -> Exception:
    """The error for two sizes of one name, which formulas would not tell apart."""
    return fail(
        "name",
        f"two different sizes are called `{name}`",
        here,
        "import the one from the other's file, or rename one" if of_files else "rename one",
        f"the other is at {other}",
    )


def _sign(value: Expr, lower: Expr | None) -> dict[str, bool]:
    """What is known of the sign of an abbreviation, which need not be a size."""
    if value.is_positive or (lower is not None and lower > 0):
        return {"positive": True}
    return {"nonnegative": True} if value.is_nonnegative or lower == 0 else {}


def check_size(entity: Entity, symbol: Symbol, value: Expr, span: Span) -> None:
    """Refuse a number that is no size: a dim is positive and whole, a ratio positive.

    A size whose declaration says so may be 0.
    """
    if not value.is_Number or is_size(symbol, value):
        return
    what = "positive whole" if symbol.is_integer else "positive"
    if not symbol.is_positive:
        what = "nonnegative whole" if symbol.is_integer else "nonnegative"
    help_ = None
    declaration = entity.declaration
    if value == 0 and isinstance(declaration, tree.Dim):
        help_ = f"where it may be 0, declare it so: `{_maybe_zero(entity, declaration)}`"
    raise fail("range", f"`{symbol}` is {value}, and must be a {what} number", span, help_)


def _maybe_zero(entity: Entity, declaration: tree.Dim) -> str:
    """The declaration of a size, or the head of its table, that says it may be 0."""
    table = table_of(entity)
    if table is None:
        return declared(replace(declaration, maybe_zero=True))
    columns = [
        replace(column, maybe_zero=column.maybe_zero or column.name is declaration.name)
        for column in table.columns
    ]
    return f"{several(columns)}:"


def table_of(entity: Entity) -> tree.Table | None:
    """The table in which a list is declared."""
    tables = (d for d in entity.module.file.declarations if isinstance(d, tree.Table))
    name = entity.declaration.name
    return next((t for t in tables if any(c.name is name for c in t.columns)), None)


def _same_word(name: str, known: Iterable[str]) -> str | None:
    """A help where a known name has the same letters: `AdaptiveAvgPool2d`, `layer_norm`."""
    word = name.replace("_", "").lower()
    same = sorted(other for other in known if other.replace("_", "").lower() == word)
    return f"did you mean `{same[0]}`?" if same else None


def _on_maps(name: str, known: Iterable[str]) -> str | None:
    """A help where operations of a name differ by their number of sides: most are on maps."""
    return f"did you mean `{name}2d`?" if f"{name}2d" in known else None


def _imported_beside(name: str, module: Module) -> str | None:
    """A help to import what is declared in a file of which other names are imported."""
    for line in module.file.declarations:
        if not isinstance(line, tree.Import):
            continue
        names = {taken.name for taken in line.names}
        for other in module.imports:
            if name in other.names and names <= other.names.keys():
                path = "." * line.dots + ".".join(line.module)
                return f"import it: `from {path} import {name}`"
    return None


def _import_of(name: str) -> str | None:
    """A help to import a block of the standard library."""
    for module, block in library_blocks():
        if block == name:
            return f"import it: `from std.{module} import {name}`"
    return None
