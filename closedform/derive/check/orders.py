"""Claims of orders of growth: what they are about, and their verdicts in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import sympy
from sympy import Expr, Symbol
from sympy.logic.boolalg import Boolean

from closedform import formula as w
from closedform.derive.arrange.forms import shortest
from closedform.derive.assume.obligations import with_values
from closedform.derive.assume.store import Fact
from closedform.derive.assume.verdict import NotDecided, Proved, Verdict
from closedform.derive.check.growth import CannotGrow, Outgrown, Point, Range, order_verdict
from closedform.derive.cost.tree import Steps, nodes
from closedform.derive.solve.closed import Closed, symbols_of
from closedform.derive.symbolic.expansion import expand
from closedform.derive.symbolic.wording import say
from closedform.errors import fail
from closedform.grammar import tree
from closedform.grammar.expressions import show


def check_order(form: Closed, claim: tree.OrderClaim, title: str) -> None:
    """Raise ClosedformError, with what was found, where a claim of an order is not proved."""
    asked = asked_of(form, claim)
    verdict = asked.verdict()
    if isinstance(verdict, Proved):
        return
    order = f"{claim.order}({show(claim.bound)})"
    derived = f"derived: {w.plain(form.written(stages='each'))}"
    if isinstance(verdict, Outgrown):
        raise fail(
            "claim",
            f"{title} is not in {order}",
            claim.span,
            None,
            *_faster(asked, verdict),
            derived,
            *_along(asked, verdict),
        )
    if isinstance(verdict, CannotGrow):
        raise fail(
            "claim",
            f"{_names(verdict.sizes)} cannot grow{' together' * (len(verdict.sizes) > 1)} here, so "
            "that the claim says nothing",
            claim.span,
            None,
            *(f"{fact} is {fact.why}".rstrip(",") for fact in asked.facts),
            *asked.held_fixed(),
        )
    assert isinstance(verdict, NotDecided)
    raise fail(
        "undecided",
        f"it is not decided whether {title} is in {order}",
        claim.span,
        None,
        derived,
        *verdict.tried,
        *asked.held_fixed(),
    )


def defaults_that_grow(form: Closed, claim: tree.OrderClaim) -> Iterator[str]:
    """What is held fixed though its default grows, and whether the claim holds with that."""
    asked = asked_of(form, claim)
    for symbol in asked.fixed:
        default = asked.default_of(symbol)
        if default is None or not default.free_symbols & set(asked.growing):
            continue
        text = w.plain(shortest(default, form.order))
        growing = " and ".join(s.name for s in asked.growing if default.has(s))
        word = asked.with_default(symbol, default).verdict().word
        ending = {"proved": "holds", "refuted": "does not hold"}.get(word, "is not decided")
        yield (
            f"{symbol.name} is held fixed, and its default {text} grows with {growing}; "
            f"with {symbol.name} = {text} the claim {ending}"
        )


@dataclass(frozen=True)
class Asked:
    """What a claim is about: two expressions, what grows, and what is known of the sizes."""

    form: Closed
    order: str
    expr: Expr
    bound: Expr
    growing: tuple[Symbol, ...]
    facts: tuple[Fact, ...]
    ranged: tuple[tuple[Boolean, tuple[Range, ...]], ...]

    def verdict(self) -> Verdict:
        return order_verdict(
            self.expr,
            self.bound,
            self.growing,
            self.facts,
            self.ranged,
            self.order,
            [self._numbers()],
        )

    @property
    def fixed(self) -> list[Symbol]:
        """What is held fixed, as it is declared."""
        found = (self.expr.free_symbols | self.bound.free_symbols) - set(self.growing)
        declared = symbols_of(self.form.derivation)
        return sorted(found, key=lambda s: (s not in declared, s in declared and declared.index(s)))

    def held_fixed(self) -> list[str]:
        fixed = self.fixed
        return [f"held fixed: {', '.join(symbol.name for symbol in fixed)}"] if fixed else []

    def default_of(self, symbol: Symbol) -> Expr | None:
        """The default of a size in the sizes that grow, where it has one."""
        defaults = self.form.derivation.defaults
        others = {s: default for s, default in defaults.items() if s not in self.growing}
        return with_values(symbol, others) if symbol in defaults else None

    def with_default(self, symbol: Symbol, default: Expr) -> Asked:
        """The same with a default in the place of a size."""
        expr, bound = (expand(side.xreplace({symbol: default})) for side in (self.expr, self.bound))
        facts = [replace(f, condition=f.condition.xreplace({symbol: default})) for f in self.facts]
        return replace(self, expr=expr, bound=bound, facts=tuple(facts))

    def _numbers(self) -> Mapping[Symbol, Expr]:
        """The sizes that are numbers by default."""
        defaults = self.form.derivation.defaults
        found = {symbol: with_values(symbol, defaults).doit() for symbol in defaults}
        return {symbol: value for symbol, value in found.items() if value.is_Number}


def asked_of(form: Closed, claim: tree.OrderClaim) -> Asked:
    """What a claim is about, every abbreviation written out but those that grow."""
    derivation = form.derivation
    evaluator, scope, known = derivation.evaluator, derivation.scope, derivation.known
    named = [evaluator.size(name, scope) for name in claim.growing]
    for name, size in zip(claim.growing, named, strict=True):
        if not size.is_Symbol:
            raise fail("claim", f"`{name.name}` is {say(size)} here and cannot grow", name.span)

    def spelled(expr: Any) -> Any:
        for symbol in reversed(list(known.spelled)):
            if symbol not in named:
                expr = expr.xreplace({symbol: known.spelled[symbol]})
        return expr

    expr = expand(spelled(form.expr))
    bound = expand(spelled(evaluator.size(claim.bound, scope)))
    every = tuple(sorted(bound.free_symbols | expr.free_symbols, key=str))
    facts = [*known.facts, *derivation.facts]
    facts += [Fact(sympy.Eq(s, known.spelled[s])) for s in named if s in known.spelled]
    for size, case in derivation.positive:
        facts.append(Fact(sympy.Or(sympy.Not(case), size >= 1), "required"))
    conditions = {fact: spelled(fact.condition) for fact in dict.fromkeys(facts)}
    indices = _ranges(form)
    about_indices = [c for c in conditions.values() if c.free_symbols & indices.keys()]
    return Asked(
        form,
        claim.order,
        expr,
        bound,
        tuple(named) or every,
        tuple(
            replace(fact, condition=condition)
            for fact, condition in conditions.items()
            if condition not in about_indices and condition != sympy.true
        ),
        tuple(
            (condition, ranges)
            for condition in about_indices
            for ranges in product(*(indices[i] for i in indices if condition.has(i)))
        ),
    )


def _ranges(form: Closed) -> dict[Symbol, list[Range]]:
    """The ranges of the indices of loops."""
    found: dict[Symbol, list[Range]] = {}
    for node in nodes(form.derivation.root):
        if isinstance(node, Steps):
            found.setdefault(node.index, []).append((node.index, node.first, node.last))
    return found


# In words ----------------------------------------------------------------------------------


def _names(sizes: tuple[Symbol, ...]) -> str:
    return " and ".join(f"`{size.name}`" for size in sizes)


def _faster(asked: Asked, found: Outgrown) -> Iterator[str]:
    """The terms that grow faster than the bound by themselves."""
    if found.order == "O":
        terms = sympy.Add.make_args(asked.expr)
        faster = [term for term in terms if found.outgrows(term, asked.bound)]
        if faster:
            text = w.plain(shortest(sympy.Add(*faster), asked.form.order))
            yield f"these terms grow faster: {text}"


def _along(asked: Asked, found: Outgrown) -> Iterator[str]:
    """The direction, and numbers along it."""
    direction = ", ".join(_equation(s, found.direction[s]) for s in asked.growing)
    held = [_equation(s, found.held[s]) for s in asked.fixed]
    fixed = f", with {', '.join(held)}" if held else ""
    constant = "is large enough" if found.order == "O" else "above 0 is small enough"
    yield f"along {direction}{fixed}, no constant {constant}"
    for point in found.points:
        sizes = ", ".join(_equation(s, point.sizes[s]) for s in asked.growing)
        yield f"at {sizes} {_compared(point, found.order)}"


def _equation(symbol: Symbol, value: Expr) -> str:
    return f"{symbol.name} = {_number(value) if value.is_Number else say(value)}"


def _compared(point: Point, order: str) -> str:
    """Both sides at a place, and how many times one is the other."""
    value, bound = (point.left, point.right) if order == "O" else (point.right, point.left)
    if point.right <= 0:
        return f"it is {_number(value)}, and the bound is {_number(bound)}"
    quotient = sympy.floor(point.left / point.right)
    exactly = "" if quotient * point.right == point.left else "more than "
    times = f"{exactly}{_number(quotient)} times"
    if order == "O":
        return f"it is {_number(value)}, {times} the bound {_number(bound)}"
    return f"it is {_number(value)}, and the bound {_number(bound)} is {times} that"


def _number(value: Expr) -> str:
    """A number, or the power of ten that it is above where it is too long to be read."""
    digits = len(str(abs(int(value))))
    return str(value) if digits <= 16 else f"more than 10^{digits - 1}"
