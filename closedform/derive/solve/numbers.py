"""Formulas at chosen numbers: exact values, and refusals where a formula does not hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import sympy
from sympy import Expr, Symbol

from closedform.derive.arrange.writing import Order, write
from closedform.derive.assume.store import Fact
from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.solve.closed import Closed
from closedform.derive.symbolic.bits import check_bits, put_in_bounded
from closedform.derive.symbolic.exact import NoNumberError as NoExactNumberError
from closedform.derive.symbolic.exact import Numbers, exact, holds
from closedform.derive.symbolic.symbols import is_size
from closedform.derive.symbolic.unwritten import Alive
from closedform.derive.symbolic.wording import say
from closedform.errors import Diagnostic, LimitError, fail
from closedform.formula.numbers import Exact, NoNumberError, TooLargeError, amount


def _how_to_give(derivation: Derivation, missing: Sequence[Symbol]) -> str:
    """How sizes without a value get one: in a call or a preset, or as defaults of the file."""
    names = dict.fromkeys(_family(derivation, symbol) for symbol in missing)
    given = f"`{', '.join(f'{name}=...' for name in names)}`"
    defaults = [
        _with_default(derivation, symbol)
        for symbol in missing
        if _family(derivation, symbol) in derivation.declared
    ]
    it, values = ("it", "a value") if len(missing) == 1 else ("them", "values")
    told = f"give {it} {values}, {given}"
    return told + (f", or a default, {', '.join(dict.fromkeys(defaults))}" if defaults else "")


def _family(derivation: Derivation, symbol: Symbol) -> str:
    name: str = derivation.stage_symbols.get(symbol, (symbol.name, 0))[0]
    return name


def _with_default(derivation: Derivation, symbol: Symbol) -> str:
    """How a size is declared with a default, in words of the language."""
    name = _family(derivation, symbol)
    length = f"[{len(derivation.symbols[name])}]" if symbol in derivation.stage_symbols else ""
    return f"`{'dim' if symbol.is_integer else 'ratio'} {name}{length} = ...`"


def evaluate(form: Closed, values: Mapping[Symbol, Expr]) -> Exact:
    """The exact value of a formula when every size has a number; a fraction only by a convention,
    whose weights may be fractions.

    Raises ClosedformError when a size has none, when an assumption of the formula does not hold,
    when a tensor would be empty, and when the number of weights or the like is not whole.
    """
    value = value_of(form, values)
    if value.denominator == 1:
        return int(value)
    if form.measure.convention is None:
        raise fail("fraction", f"{form.measure.title} would be {value}, which is not whole")
    return value


def value_of(form: Closed, values: Mapping[Symbol, Expr]) -> Fraction:
    """The same of a formula whose value need not be whole, as a ratio of costs."""
    derivation = form.derivation
    settled = settle(derivation, values)
    check_bound(form, settled)
    check_facts(derivation, settled)
    sizes = {s.name: write(v, Order()) for s, v in settled.items() if isinstance(s, Symbol)}
    title = form.measure.title
    try:
        if form.base.has(Alive):
            value = exact(form.base, _as_fractions(settled))
        else:
            value = amount(form.in_sizes, sizes)
    except TooLargeError as error:
        raise LimitError(Diagnostic("limit", f"{title} needs {error} that is too long")) from None
    except (NoNumberError, NoExactNumberError) as error:
        raise fail("fraction", f"{title} would hold {error}, and is not whole") from None
    check_bits(max(value.numerator.bit_length(), value.denominator.bit_length()))
    return value


def check_bound(form: Closed, settled: Mapping[Expr, Expr]) -> None:
    """Refuse numbers that leave a size of a formula without one."""
    derivation = form.derivation
    unbound = sorted((s for s in form.sizes if s not in settled), key=str)
    circular = [symbol.name for symbol in unbound if symbol in derivation.defaults]
    missing = sorted(_without_value(derivation, unbound, settled), key=str)
    if circular and not missing:
        raise fail(
            "unbound",
            f"the defaults of {', '.join(f'`{name}`' for name in circular)} need each other",
            None,
            "give one of them in the preset",
        )
    if missing:
        raise fail(
            "unbound",
            f"{', '.join(f'`{symbol}`' for symbol in missing)} "
            f"{'has' if len(missing) == 1 else 'have'} no value",
            None,
            _how_to_give(derivation, missing),
        )


def _without_value(
    derivation: Derivation, unbound: Sequence[Symbol], settled: Mapping[Expr, Expr]
) -> set[Symbol]:
    """The sizes that are missing: those without a default, needed by themselves or by a default."""
    found, seen, waiting = set(), set(), list(unbound)
    while waiting:
        symbol = waiting.pop()
        if symbol in seen or symbol in settled:
            continue
        seen.add(symbol)
        default = derivation.defaults.get(symbol)
        if default is None:
            found.add(symbol)
        else:
            waiting += derivation.known.base(default).free_symbols
    return found


def settle(derivation: Derivation, values: Mapping[Symbol, Expr]) -> dict[Expr, Expr]:
    """Every size as a number: as given, or by the defaults, which may need each other."""
    table: dict[Expr, Expr] = {**derivation.defaults, **values}
    for _ in range(len(table) + 1):
        open_ = {s: v for s, v in table.items() if not v.is_Number}
        if not open_:
            break
        numbers = {s: v for s, v in table.items() if v.is_Number}
        table.update(
            {s: put_in_bounded(derivation.known.base(v), numbers).doit() for s, v in open_.items()}
        )
    settled = {s: v for s, v in table.items() if v.is_Number}
    check_sizes(derivation, settled, values)
    return settled


def check_sizes(
    derivation: Derivation, settled: Mapping[Any, Expr], values: Mapping[Symbol, Expr]
) -> None:
    """Refuse numbers that no size can be; `values` are those that were given."""
    for symbol in sorted(settled, key=lambda s: s not in values):  # given ones make the others
        value = settled[symbol]
        if symbol.is_integer and not is_size(symbol, value):
            default = None if symbol in values else derivation.defaults[symbol]
            kind = "positive whole" if symbol.is_positive else "nonnegative whole"
            raise fail(
                "argument" if default is None else "unbound",
                f"`{symbol}` is {say(value)}, and a size is a {kind} number",
                None,
                None,
                *([] if default is None else [f"its default is {say(default)}"]),
                *([] if default is None else at_numbers(default, settled)),
            )


def check_facts(derivation: Derivation, settled: Mapping[Expr, Expr]) -> None:
    """Refuse numbers for which a formula was not derived."""
    values = _as_fractions(settled)
    for fact in derivation.facts:
        _check(fact, derivation, settled, values, "the formula rests on")
    for size, case in derivation.positive:
        if _is_at_least_one(size, values):
            continue
        needed = case.xreplace(derivation.known.definitions).xreplace(settled)
        value = put_in_bounded(size, settled).doit()
        if needed not in (False, sympy.false) and value.is_number and value < 1:
            raise fail(
                "shape",
                f"an axis of size {say(size)} would be {say(value)}",
                None,
                None,
                *at_numbers(size, settled),
            )


def check_stated(derivation: Derivation, settled: Mapping[Expr, Expr]) -> None:
    """Refuse numbers that break an assumption of the file, whether a formula rests on it or not."""
    values = _as_fractions(settled)
    for fact in derivation.known.facts:
        if fact.reason == "assumed":
            _check(fact, derivation, settled, values, "the file assumes")


def _as_fractions(settled: Mapping[Expr, Expr]) -> dict[Symbol, Fraction]:
    return {
        s: Fraction(int(v.p), int(v.q))
        for s, v in settled.items()
        if isinstance(s, Symbol) and v.is_Rational
    }


def _is_at_least_one(size: Expr, values: Numbers) -> bool:
    """Whether that is found without SymPy, as nearly always; it decides what is not."""
    try:
        return exact(size, values) >= 1
    except NoExactNumberError:
        return False


def _is_true(condition: Any, values: Numbers) -> bool:
    """The same of a condition."""
    try:
        return holds(condition, values)
    except NoExactNumberError:
        return False


def _check(
    fact: Fact,
    derivation: Derivation,
    settled: Mapping[Expr, Expr],
    values: Numbers,
    whose: str,
) -> None:
    if _is_true(fact.condition, values):
        return
    # numbers first: an assumption such as R == 2 is a definition of R as well
    given = fact.condition.xreplace(settled)
    if given.xreplace(derivation.known.definitions).xreplace(settled) not in (False, sympy.false):
        return
    raise fail(
        "assume",
        f"{whose} `{say(fact.condition)}`, which does not hold",
        None,
        None,
        *at_numbers(fact.condition, settled),
        *([f"that is {fact.why} at {fact.span}"] if fact.span else []),
    )


def at_numbers(expr: Any, settled: Mapping[Expr, Expr]) -> list[str]:
    """A note of the numbers that an expression or a condition has."""
    sizes = sorted(expr.free_symbols & settled.keys(), key=str)
    return ["with " + ", ".join(f"{s} = {settled[s]}" for s in sizes)] if sizes else []
