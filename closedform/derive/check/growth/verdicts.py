"""Verdicts on orders of growth.

`f in O(g) as x, y grow` says: whatever positive sizes are held fixed, there are a constant C and a
bound B such that f <= C g for all sizes that satisfy the conditions and of which x and y, each by
itself, are at least B. `f in Omega(g)` is `g in O(f)`, and `Theta` is both. `f ~ g` says that f/g
approaches 1: |f - g| <= C g for every C > 0.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import sympy
from sympy import Expr, Symbol
from sympy.logic.boolalg import Boolean

from closedform.data import dataclass
from closedform.derive.assume.proofs.inequalities.termwise import Powers, is_no_less
from closedform.derive.assume.store import Fact
from closedform.derive.assume.verdict import NotDecided, Proved, Verdict
from closedform.derive.check.growth.bounds import Setting
from closedform.derive.check.growth.cases import Undecided
from closedform.derive.check.growth.directions import Outgrown, outgrown
from closedform.derive.check.growth.limits import apart_along, limit
from closedform.derive.check.growth.monomials import ONE
from closedform.derive.check.growth.prover import (
    Gap,
    Range,
    Statement,
    in_every_case,
    primes_of,
)
from closedform.derive.symbolic.expansion import expand
from closedform.derive.symbolic.wording import say
from closedform.errors import LimitError

MAX_TOLD = 3


@dataclass(frozen=True)
class CannotGrow(NotDecided):
    """The conditions keep these sizes from growing, so that nothing is said of them."""

    sizes: tuple[Symbol, ...] = ()


def order_verdict(
    expr: Expr,
    bound: Expr,
    growing: Collection[Symbol],
    facts: Sequence[Fact] = (),
    ranged: Sequence[tuple[Boolean, tuple[Range, ...]]] = (),
    order: str = "O",
    examples: Sequence[Mapping[Symbol, Expr]] = (),
) -> Verdict:
    """Whether an expression is in O, Omega or Theta of a bound as sizes grow, or ~ it, under facts.

    Other sizes of both are fixed; a size that only facts are about may be anything that these
    allow. `ranged` are conditions for all values of indices, which only a refutation regards;
    `examples` are numbers for what is fixed that are worth trying.

    >>> from closedform.derive.symbolic.symbols import size_symbol
    >>> n, w = size_symbol("n"), size_symbol("w")
    >>> order_verdict(n * sympy.Min(n, w), n, [n]).word
    'proved'
    >>> found = order_verdict(n * sympy.Min(n, w), n, [n, w])
    >>> found.word, found.direction, found.points[0].left, found.points[0].right
    ('refuted', {n: t, w: t}, 100, 10)
    """
    setting = _setting(expr, bound, growing, facts)
    named = expr.free_symbols | bound.free_symbols | setting.growing
    try:
        stuck = _stuck(setting)
    except (Undecided, LimitError) as doubt:
        return NotDecided((_text(doubt),))
    if stuck:
        return CannotGrow(sizes=stuck)
    expr, bound = (_with_equations(side, setting, named) for side in (expr, bound))
    sides = {"O": (expr, bound), "Omega": (bound, expr)}
    verdicts = []
    if order == "~":
        asked = Statement(expr, bound, setting, tuple(ranged))
        told = limit(asked, examples)
        if isinstance(told, Proved):
            return Proved(frozenset(facts))
        if told is not None:
            if told.sizes:
                return told
            return apart_along(asked, examples) or told  # with numbers along a direction
    for name in ("O", "Omega") if order in ("Theta", "~") else (order,):
        verdict = _verdict(Statement(*sides[name], setting, tuple(ranged)), examples)
        if isinstance(verdict, Outgrown):
            if name == "O":
                return verdict
            return replace(verdict, order=name, left=verdict.right, right=verdict.left)
        verdicts.append(verdict)
    if order == "~":
        found = apart_along(Statement(expr, bound, setting, tuple(ranged)), examples)
        if found is not None:
            return found
        return NotDecided((f"{say(expand(expr - bound))} is not seen to be of a lower order",))
    doubts = [verdict for verdict in verdicts if isinstance(verdict, NotDecided)]
    return doubts[0] if doubts else Proved(frozenset(facts))


def kept_small(
    expr: Expr, bound: Expr, growing: Collection[Symbol], facts: Sequence[Fact]
) -> tuple[Symbol, ...]:
    """The sizes of a claim that facts keep from growing; none where that is not seen."""
    try:
        return _stuck(_setting(expr, bound, growing, facts))
    except (Undecided, LimitError):
        return ()


def _setting(
    expr: Expr, bound: Expr, growing: Collection[Symbol], facts: Sequence[Fact]
) -> Setting:
    conditions = tuple(fact.condition for fact in facts)
    grow = frozenset(growing)
    named = expr.free_symbols | bound.free_symbols | grow
    free = frozenset().union(*(c.free_symbols for c in conditions)) - named
    return Setting(grow, free, conditions, primes_of(expr, bound, *conditions))


def _verdict(statement: Statement, examples: Sequence[Mapping[Symbol, Expr]]) -> Verdict:
    if _below_term_by_term(statement.left, statement.right, statement.setting.growing):
        return Proved()
    gaps: list[Gap] = []
    tried = []
    try:
        gaps = statement.gaps()
        if not gaps:
            return Proved()
        tried += [_missing(statement, gap) for gap in gaps[:MAX_TOLD]]
    except (Undecided, LimitError) as doubt:
        tried.append(_text(doubt))
    found = outgrown(statement, gaps, examples)
    if found is not None:
        return found
    return NotDecided((*dict.fromkeys(tried), "no direction was found in which it fails"))


def _missing(statement: Statement, gap: Gap) -> str:
    """What was not seen: that a term is below a bound, or that there is anything to be below."""
    if gap.bound:
        below = " + ".join(say(term.expr) for term in gap.bound)
        return f"{say(gap.term.expr)} is not seen to be in O({below})"
    why = ": what it takes away may be as large as the rest" if statement.right.is_Add else ""
    return f"{say(statement.right)} is not seen to be above 0 in every direction{why}"


def _below_term_by_term(left: Expr, right: Expr, growing: Collection[Symbol]) -> bool:
    """Whether each term has no more of any size that grows than some term of the bound, all of
    which are above 0: what is before it, whatever its sign, is fixed."""
    bounds = [_powers(term, growing) for term in sympy.Add.make_args(right)]
    if not all(found is not None and found[0].is_positive for found in bounds):
        return False
    for term in sympy.Add.make_args(left):
        found = _powers(term, growing)
        if found is None or not any(is_no_less(b[1], found[1]) for b in bounds if b):
            return False
    return True


def _powers(term: Expr, growing: Collection[Symbol]) -> tuple[Expr, Powers] | None:
    """What is fixed of a product, and the whole powers of what grows; None for what has others."""
    fixed, powers = [], {}
    for base, exponent in term.as_powers_dict().items():
        if base in growing and exponent.is_Integer:
            powers[base] = exponent
        elif (base**exponent).free_symbols & set(growing):
            return None
        else:
            fixed.append(base**exponent)
    return sympy.Mul(*fixed), powers


def _text(doubt: Undecided | LimitError) -> str:
    return doubt.diagnostics[0].message if isinstance(doubt, LimitError) else str(doubt)


def _stuck(setting: Setting) -> tuple[Symbol, ...]:
    """The sizes that conditions keep from growing; all of them where it is not one alone."""
    if _can_grow(setting):
        return ()
    every = sorted(setting.growing, key=str)
    alone = [
        symbol
        for symbol in every
        if not _can_grow(
            replace(setting, growing=frozenset({symbol}), free=setting.varying - {symbol})
        )
    ]
    return tuple(alone or every)


def _can_grow(setting: Setting) -> bool:
    """Whether there is a case that is not contradictory."""
    return bool(in_every_case(setting, lambda bounder: [Gap(ONE, (), bounder.cone)]))


def _with_equations(expr: Expr, setting: Setting, named: Collection[Symbol]) -> Expr:
    """An expression in which what an equation of conditions defines is written out."""
    for condition in setting.conditions:
        if isinstance(condition, sympy.Eq):
            left, right = condition.args
            if right.is_Symbol and not left.is_Symbol:
                left, right = right, left
            if left.is_Symbol and not right.has(left) and right.free_symbols <= set(named):
                expr = expand(expr.xreplace({left: right}))
    return expr
