"""Closed forms: the value of a measure, in chosen symbols, at chosen numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import sympy
from sympy import Expr, Symbol

from closedform.derive import written as w
from closedform.derive.cost import Choose, Node, Repeat, Steps, Total, children
from closedform.derive.demands import with_values
from closedform.derive.elaborate import Derivation
from closedform.derive.forms import FORMS, Order, write
from closedform.derive.knowledge import Fact, say
from closedform.derive.measures import Measure
from closedform.derive.stages import StageForm, StageSum
from closedform.errors import ClosedformError, Diagnostic, LimitError, fail, suggestion

MAX_SUMMANDS = 100_000


@dataclass(frozen=True)
class Closed:
    """The closed form of one measure.

    `expr` is exact, in the sizes and abbreviations of the file; `facts` are the assumptions that
    it rests on; `stays` are the symbols that could not be expressed in those that were chosen.
    """

    measure: Measure
    derivation: Derivation
    expr: Expr
    chosen: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()

    @property
    def facts(self) -> tuple[Fact, ...]:
        return self.derivation.facts

    @cached_property
    def order(self) -> Order:
        return order_of(self.derivation)

    def written(self, form: str = "shortest", stages: str = "sum") -> w.Written:
        """The formula as a person writes it; `stages` is "sum" or "each"."""
        if stages == "sum":
            compact, sums = self._stage_sums()
            if sums:
                special = {dummy: s.write(self.order) for dummy, s in sums.items()}
                loops = (*self.order.loops, *special)
                return FORMS[form](compact, replace(self.order, loops=loops, special=special))
        return FORMS[form](self.expr, self.order)

    def with_defaults(self, keep: Sequence[str] = ()) -> Closed:
        """The formula with the defaults of the file put in, but for the names to keep."""
        known = self.derivation.known
        kept = _wanted(self.derivation, keep)
        expr = self.expr
        for symbol in reversed(list(known.spelled)):
            if symbol not in kept:
                expr = expr.xreplace({symbol: known.spelled[symbol]})
        values = {s: v for s, v in self.derivation.defaults.items() if s not in kept}
        return replace(self, expr=sympy.expand(with_values(expr, values).doit()))

    def total(self, stages: bool = False) -> Total:
        """A function from a part of the cost tree to what this measure is of it."""
        total = self.measure.total()
        known = self.derivation.known
        form = StageForm(self.derivation.stage_symbols) if stages else None
        return Total(lambda operation: known.renamed(total.pick(operation)), total.weights, form)

    def _stage_sums(self) -> tuple[Expr, dict[Symbol, StageSum]]:
        """The expression with a placeholder for each sum over stages that it holds."""
        total = self.total(stages=True)
        compact = total(self.derivation.root)
        sums = total.stages.sums if isinstance(total.stages, StageForm) else {}
        unfolded = {
            dummy: sympy.Add(*(s.at(i) for i in range(s.first, s.last + 1)))
            for dummy, s in sums.items()
        }
        if sympy.expand(compact.xreplace(unfolded) - self.expr) != 0:
            return self.expr, {}  # other symbols were chosen, in which the stages differ
        return compact, sums

    def starts(self) -> dict[str, Expr]:
        """Sizes before the first stage that a sum over stages mentions: D_0 = 3."""
        _, sums = self._stage_sums()
        return {
            f"{family}_{s.first - 1}": value for s in sums.values() for family, value in s.start
        }


def closed(derivation: Derivation, measure: Measure) -> Closed:
    """The closed form of a measure of a model or block."""
    form = Closed(measure, derivation, sympy.Integer(0))
    expr = sympy.expand(form.total()(derivation.root))
    spelled = derivation.known.spelled
    for symbol in derivation.lets:
        expr = _bring_in(expr, symbol, spelled, set(spelled))
    return replace(form, expr=expr)


def order_of(derivation: Derivation) -> Order:
    """Counts of repeats first, then abbreviations, then the dims as they are declared."""
    loops: dict[Symbol, None] = {}
    seen: set[int] = set()
    waiting: list[Node] = [derivation.root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        counts = {Repeat: ("times",), Choose: ("count", "of"), Steps: ("last",)}.get(type(node), ())
        for name in counts:
            for symbol in sorted(getattr(node, name).free_symbols, key=_natural):
                loops.setdefault(symbol)
        waiting.extend(site.node for site in children(node))
    front = tuple(derivation.known.spelled)
    if not front:
        front = tuple(s for s in symbols_of(derivation)[:1] if s not in loops)
    names = symbols_of(derivation)
    loops_sorted = tuple(sorted(loops, key=lambda s: names.index(s) if s in names else -1))
    return Order(loops_sorted, front, tuple(s for s in names if s not in loops and s not in front))


def _natural(symbol: Symbol) -> tuple[str, int]:
    stem, _, index = symbol.name.rpartition("_")
    return (stem, int(index)) if index.isdigit() else (symbol.name, 0)


def symbols_of(derivation: Derivation) -> list[Symbol]:
    """The sizes that a derivation can mention, as declared; those of a block as they come."""
    found: dict[Symbol, None] = {}
    if derivation.generic:
        from closedform.derive.values import Tensor

        for value in derivation.scope.names.values():
            sizes = value.shape if isinstance(value, Tensor) else (value,)
            for size in sizes if not isinstance(value, tuple) else value:
                if isinstance(size, Symbol):
                    found.setdefault(size)
    for entity in derivation.entity.module.names.values():
        found.update(dict.fromkeys(derivation.symbols.get(entity.name, ())))
    return list(found)


# In chosen symbols -------------------------------------------------------------------------


def express(form: Closed, names: Sequence[str]) -> Closed:
    """The same formula in the named symbols, as far as they go.

    An abbreviation whose definition lies within the chosen symbols is written out; a size that a
    chosen abbreviation replaces is solved for. What remains besides is listed in `stays`. Raises
    ClosedformError for an unknown name, and where a chosen abbreviation cannot be brought in
    exactly.
    """
    known = form.derivation.known
    wanted = _wanted(form.derivation, names)
    expr = form.expr
    for symbol in reversed(list(known.spelled)):
        if symbol not in wanted and _within(known.spelled[symbol], wanted, known.spelled):
            expr = expr.xreplace(
                {symbol: _written_out(known.spelled[symbol], wanted, known.spelled)}
            )
    for symbol in (s for s in known.spelled if s in wanted):
        expr = _bring_in(expr, symbol, known.spelled, wanted)
        sizes = _sizes_of(symbol, known.spelled)
        if not expr.has(symbol) and expr.free_symbols & sizes - wanted:
            raise _not_exact(expr, symbol, sizes - wanted)
    expr = sympy.expand(expr)
    left = expr.free_symbols - wanted
    stays = tuple(s.name for s in [*known.spelled, *symbols_of(form.derivation)] if s in left)
    return replace(form, expr=expr, chosen=tuple(names), stays=tuple(dict.fromkeys(stays)))


def _wanted(derivation: Derivation, names: Iterable[str]) -> set[Symbol]:
    table: dict[str, tuple[Symbol, ...]] = {s.name: (s,) for s in derivation.known.spelled}
    table.update({s.name: (s,) for s in symbols_of(derivation)})
    for symbol, (family, _) in derivation.stage_symbols.items():
        table[family] = (*table.get(family, ()), symbol)
    found: set[Symbol] = set()
    for name in names:
        if name not in table:
            raise fail(
                "name",
                f"`{name}` is no size of `{derivation.entity.name}`",
                None,
                suggestion(name, table) or "there are " + ", ".join(sorted(table)),
            )
        found.update(table[name])
    return found


def _within(expr: Expr, wanted: set[Symbol], spelled: Mapping[Symbol, Expr]) -> bool:
    return all(
        s in wanted or (s in spelled and _within(spelled[s], wanted, spelled))
        for s in expr.free_symbols
    )


def _written_out(expr: Expr, wanted: set[Symbol], spelled: Mapping[Symbol, Expr]) -> Expr:
    return expr.xreplace(
        {
            s: _written_out(spelled[s], wanted, spelled)
            for s in expr.free_symbols
            if s not in wanted and s in spelled
        }
    )


def _bring_in(
    expr: Expr, symbol: Symbol, spelled: Mapping[Symbol, Expr], wanted: set[Symbol]
) -> Expr:
    """Put an abbreviation in the place of a size, where that leaves no root and no new quotient."""
    definition = spelled[symbol]
    for size in sorted(definition.free_symbols & expr.free_symbols, key=str):
        if size in wanted or size in spelled:
            continue
        solution = _solved(definition, symbol, size)
        if solution is None:
            continue
        candidate = sympy.expand(expr.xreplace({size: solution}))
        better = _terms_with(candidate, symbol) > _terms_with(expr, symbol)
        if better and _powers_below(candidate) <= _powers_below(expr):
            return candidate
    return expr


def _terms_with(expr: Expr, symbol: Symbol) -> int:
    return sum(term.has(symbol) for term in sympy.Add.make_args(expr))


def _powers_below(expr: Expr) -> int:
    """How many powers of an expression are roots or quotients."""
    return sum(
        bool(power.exp.is_negative or (power.exp.is_Rational and not power.exp.is_Integer))
        for power in expr.atoms(sympy.Pow)
    )


def _sizes_of(symbol: Symbol, spelled: Mapping[Symbol, Expr]) -> set[Symbol]:
    """The sizes from which an abbreviation is made, itself written out."""
    return set(_written_out(spelled[symbol], set(), spelled).free_symbols)


def _not_exact(expr: Expr, symbol: Symbol, sizes: set[Symbol]) -> ClosedformError:
    left = ", ".join(f"`{s}`" for s in sorted(expr.free_symbols & sizes, key=str))
    return fail(
        "express",
        f"this formula cannot be written exactly in `{symbol}`: {left} would remain",
        None,
        f"choose {left} as well, or leave `{symbol}` out",
    )


def _solved(definition: Expr, symbol: Symbol, size: Symbol) -> Expr | None:
    """The size from `symbol = definition`, where it stands in a product or in a plain sum."""
    constant, rest = definition.as_independent(size, as_Add=True)
    coefficient, power = rest.as_independent(size, as_Add=False)
    base, exponent = power.as_base_exp()
    if base != size or not exponent.is_Rational or coefficient.has(size):
        return None
    return sympy.powdenest(((symbol - constant) / coefficient) ** (1 / exponent), force=True)


# At chosen numbers -------------------------------------------------------------------------


def evaluate(form: Closed, values: Mapping[Symbol, Expr]) -> int:
    """The exact value of a formula when every size has a number.

    Raises ClosedformError when a size has none, when an assumption of the formula does not hold,
    when a tensor would be empty, and when the value is not whole.
    """
    derivation = form.derivation
    settled = settle(derivation, values)
    base = derivation.known.base(form.expr)
    unbound = sorted((s for s in base.free_symbols if s not in settled), key=str)
    missing = [symbol.name for symbol in unbound]
    circular = [symbol.name for symbol in unbound if symbol in derivation.defaults]
    if circular:
        raise fail(
            "unbound",
            f"the defaults of {', '.join(f'`{name}`' for name in circular)} need sizes "
            "that have no value, or each other",
            None,
            "give one of them in the preset",
        )
    if missing:
        raise fail(
            "unbound",
            f"{', '.join(f'`{name}`' for name in missing)} {'has' if len(missing) == 1 else 'have'}"
            " no value",
            None,
            "give it in the preset, or a default with `dim NAME = ...`",
        )
    check_facts(derivation, settled)
    value = _number(base.xreplace(settled))
    if not value.is_Integer:
        raise fail("unbound", f"{form.measure.title} would be {say(value)}, which is not whole")
    return int(value)


def _number(expr: Expr) -> Expr:
    """A number, with the sums that have no closed form added up."""

    def added(term: Expr, *limits: Expr) -> Expr:
        ((index, first, last),) = limits
        if last - first > MAX_SUMMANDS:
            raise LimitError(
                Diagnostic("limit", f"a sum of {say(last - first + 1)} terms has no closed form")
            )
        return sympy.Add(*(term.xreplace({index: k}) for k in range(first, last + 1)))

    return expr.replace(sympy.Sum, added).doit()


def settle(derivation: Derivation, values: Mapping[Symbol, Expr]) -> dict[Expr, Expr]:
    """Every size as a number: as given, or by the defaults, which may need each other."""
    table: dict[Expr, Expr] = {**derivation.defaults, **values}
    for _ in range(len(table) + 1):
        open_ = {s: v for s, v in table.items() if not v.is_Number}
        if not open_:
            break
        numbers = {s: v for s, v in table.items() if v.is_Number}
        table.update(
            {s: derivation.known.base(v).xreplace(numbers).doit() for s, v in open_.items()}
        )
    settled = {s: v for s, v in table.items() if v.is_Number}
    for symbol, value in settled.items():
        if symbol.is_integer and not (value.is_Integer and value > 0):
            raise fail(
                "unbound", f"`{symbol}` is {say(value)}, and a size is a positive whole number"
            )
    return settled


def check_facts(derivation: Derivation, settled: Mapping[Expr, Expr]) -> None:
    """Refuse numbers for which a formula was not derived."""
    for fact in derivation.facts:
        condition = fact.condition.xreplace(derivation.known.definitions).xreplace(settled)
        if condition in (False, sympy.false):
            values = ", ".join(
                f"{s} = {settled[s]}"
                for s in sorted(fact.condition.free_symbols, key=str)
                if s in settled
            )
            raise fail(
                "assume",
                f"the formula rests on `{say(fact.condition)}`, which does not hold",
                None,
                None,
                *([f"with {values}"] if values else []),
                *([f"that is {fact.why} at {fact.span}"] if fact.span else []),
            )
    for size in derivation.positive:
        value = size.xreplace(settled).doit()
        if value.is_number and value < 1:
            raise fail("shape", f"an axis of size {say(size)} would be {say(value)}")


def dims_values(derivation: Derivation, given: Mapping[str, object]) -> dict[Symbol, Expr]:
    """Symbols for the names that a caller gave, lists spread over their stages."""
    table: dict[str, tuple[Symbol, ...]] = {s.name: (s,) for s in symbols_of(derivation)}
    for name, symbols in derivation.symbols.items():
        table[name] = symbols
    found: dict[Symbol, Expr] = {}
    for name, value in given.items():
        if name not in table:
            raise fail(
                "name",
                f"`{name}` is no size of `{derivation.entity.name}`",
                None,
                suggestion(name, table),
            )
        items = list(value) if isinstance(value, list | tuple) else [value] * len(table[name])
        if len(items) != len(table[name]):
            raise fail(
                "argument", f"`{name}` has {len(table[name])} elements, and {len(items)} are given"
            )
        for symbol, item in zip(table[name], items, strict=True):
            if isinstance(item, bool) or not isinstance(item, int | sympy.Rational):
                raise fail("type", f"`{name}` takes whole numbers, and this is {item!r}")
            found[symbol] = sympy.Rational(item)
    return found


def written_fact(fact: Fact, order: Order) -> w.Written:
    """An assumption as a person writes it."""
    return write(fact.condition, order)
