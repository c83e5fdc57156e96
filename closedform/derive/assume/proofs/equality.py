"""Whether sizes are equal, and whether a condition holds: a proof, a counterexample, or neither.

What is plainly equal is so at once; sizes that satisfy what is assumed and tell the sides apart
settle the rest, and only what differs nowhere is worth a proof by cases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import sympy
from sympy import Expr, Integer, Rational
from sympy.core.relational import Relational

from closedform.derive.assume import floors, order
from closedform.derive.assume.proofs.counterexample import (
    difference_at,
    smallest,
    smallest_far,
    tries_for,
)
from closedform.derive.assume.proofs.identities import taken_apart
from closedform.derive.assume.proofs.inequalities.induction import follows_from_induction
from closedform.derive.assume.proofs.inequalities.means import follows_from_means
from closedform.derive.assume.proofs.inequalities.rounding import (
    follows_from_rounding,
    with_factors_bounded,
)
from closedform.derive.assume.proofs.inequalities.squares import follows_from_squares
from closedform.derive.assume.proofs.inequalities.termwise import covered
from closedform.derive.assume.proofs.polynomials import sign_factors
from closedform.derive.assume.proofs.search import Search
from closedform.derive.assume.store import Fact, Store
from closedform.derive.assume.verdict import NotDecided, Proved, Refuted, Verdict
from closedform.derive.symbolic.atoms import Divides, indicator
from closedform.derive.symbolic.exact import NoNumberError, Numbers, exact, holds
from closedform.derive.symbolic.expansion import expand
from closedform.derive.symbolic.wording import say

MAX_SPLITS = 3  # into cases, for bounds
MAX_LEAST = 30  # of a size in an exponent
FEW, MANY = 40, 1200  # candidates for sizes, before a proof is tried and after
TRIED = (
    "the laws of floors, min, max and indicators",
    "a split into cases",
    "small and random sizes",
)
NONE: tuple[Numbers, ...] = ()


def equality(known: Store, left: Expr, right: Expr, examples: Iterable[Numbers] = NONE) -> Verdict:
    """Whether two sizes are equal wherever what is known holds; `examples` are sizes to try."""
    difference = taken_apart(expand(known.base(left) - known.base(right)))
    if difference == 0:
        return Proved()
    with known.recording() as used:
        if expand(floors.refloored(known, difference)) == 0:
            return Proved(frozenset(used))
    base, other = known.base(left), known.base(right)

    def differ(values: Numbers) -> bool:
        return bool(difference_at(base, other, values))

    return _verdict(known, (left, right), differ, difference, examples)


RELATIONS = {"<": sympy.Lt, "<=": sympy.Le, ">": sympy.Gt, ">=": sympy.Ge}


def comparison(
    known: Store, left: Expr, operator: str, right: Expr, examples: Iterable[Numbers] = NONE
) -> Verdict:
    """Whether two sizes compare as `==`, `<=`, `>=`, `<` or `>` says wherever what is known holds.

    `examples` are sizes at which it is tried, where no others decide it.

    >>> n = sympy.Symbol("n", integer=True, positive=True)
    >>> comparison(Store(), n**2 + n, "<=", 2 * n**2).word, comparison(Store(), n, ">", Integer(1))
    ('proved', Refuted(sizes={n: 1}, left=1, right=1))
    """
    if operator == "==":
        return equality(known, left, right, examples)
    needed = _covering(known, left, operator, right)
    if needed is not None:
        known.used |= needed
        return Proved(needed)
    condition = RELATIONS[operator](known.base(left), known.base(right))
    with known.recording() as used:
        named = RELATIONS[operator](left, right)
        if order.decide_as_named(known, named) or order.decide(known, condition):
            return Proved(frozenset(used))
    if follows_from_rounding(condition):
        return Proved()
    with known.recording() as used:
        if condition.has(sympy.floor, sympy.ceiling) and _by_bounds_of_factors(known, condition):
            return Proved(frozenset(used))
    simple, asked = _without_factors(condition)
    with known.recording() as used:
        if order.decide(known, simple):
            return Proved(frozenset(used))
    with known.recording() as used:
        if follows_from_induction(simple, _least_exponent(known, simple)):
            return Proved(frozenset(used))

    def fails(values: Numbers) -> bool:
        try:
            return not holds(condition, values)
        except NoNumberError:
            return False

    def simply() -> bool:
        return follows_from_means(simple) or follows_from_squares(simple)

    return _verdict(known, (left, right), fails, indicator(asked) - 1, examples, simply)


def _by_bounds_of_factors(known: Store, condition: Any, splits: int = MAX_SPLITS) -> bool:
    """Whether an inequality follows from bounds of the roundings in it, in each case by itself."""
    bounded = with_factors_bounded(condition, lambda size: order.is_nonnegative(known, size))
    if any(order.decide(known, enough) for enough in bounded):
        return True
    asked = sorted((w.args[0][1] for w in condition.atoms(sympy.Piecewise)), key=str)
    if not asked or splits == 0 or condition.has(sympy.Sum):  # where a case is of an index
        return False
    for case, other in ((asked[0], sympy.Not(asked[0])), (sympy.Not(asked[0]), asked[0])):
        under = known.copied()
        under.assume(Fact(case, "case"))
        there = condition.xreplace({case: sympy.true, other: sympy.false})
        if not order.decide(under, there) and not _by_bounds_of_factors(under, there, splits - 1):
            return False
        known.used |= under.used & {*known.facts}
    return True


def _least_exponent(known: Store, condition: Any) -> int:
    """The least value of the one size in an inequality of powers of a number, as far as known."""
    raised = {size for power in condition.atoms(sympy.Pow) for size in power.exp.free_symbols}
    least = 0
    for size in raised if len(condition.free_symbols) == 1 else ():
        while least < MAX_LEAST and order.decide(known, size >= least + 1):
            least += 1
    return least


def _covering(known: Store, left: Expr, operator: str, right: Expr) -> frozenset[Fact] | None:
    """The facts with which an inequality holds term by term, as named or with abbreviations
    written out: of `H | D`, a D is at least an H. None where it is not seen to hold so."""
    more, less = (right, left) if operator in ("<", "<=") else (left, right)
    beyond = more - less - int(operator in ("<", ">"))
    for form in (expand(beyond), expand(known.base(beyond))):
        told = [f for f in known.facts if _is_of_two_sizes(f) and form.has(f.condition.args[1])]
        alone = [f for f in told if not isinstance(f.condition, Divides)]  # of sizes as they are
        for facts, multiples in ((told, True), (alone, True), (told, False)):
            if not _is_covered(form, facts, multiples):
                continue
            for fact in tuple(facts):
                fewer = [other for other in facts if other != fact]
                if _is_covered(form, fewer, multiples):
                    facts = fewer
            return frozenset(facts)
    return None


def _is_of_two_sizes(fact: Fact) -> bool:
    """Whether a fact says that one size divides another, or is no more than it."""
    condition = fact.condition
    sorts = (Divides, sympy.Le, sympy.Lt, sympy.Ge, sympy.Gt)
    return isinstance(condition, sorts) and all(size.is_Symbol for size in condition.args)


def _is_covered(expr: Expr, facts: Iterable[Fact], multiples: bool) -> bool:
    """Whether a sum is at least 0 term by term, where sizes are ordered, and each that is a
    multiple of another is written as one, or is only no less than it."""
    ordered = []
    for condition in (fact.condition for fact in facts):
        if isinstance(condition, Divides) and not multiples:
            ordered.append(condition.args)
        elif isinstance(condition, Divides):
            divisor, multiple = condition.args
            quotient = sympy.Dummy("q", integer=True, positive=True)
            expr = expr.xreplace({multiple: divisor * quotient})
        else:
            ordered.append((condition.lts, condition.gts))
    return covered(expand(expr), ordered)


def _without_factors(condition: Any) -> tuple[Any, Any]:
    """What an inequality follows from, without the factors of its difference that are positive or
    squares, and what it is the same as; a square is above 0 where it is not 0."""
    if not isinstance(condition, Relational):
        return condition, condition
    strict = isinstance(condition, sympy.Lt | sympy.Gt)
    rest, squares = sign_factors(expand(condition.gts - condition.lts))
    if strict:
        simple = sympy.And(rest > 0, *(sympy.Ne(square, 0) for square in squares))
        return simple, simple
    return rest >= 0, condition if squares else rest >= 0


def _verdict(
    known: Store,
    sides: tuple[Expr, Expr],
    fails: Callable[[Numbers], bool],
    difference: Expr,
    examples: Iterable[Numbers],
    simply: Callable[[], bool] = lambda: False,
) -> Verdict:
    """A claim about two sides is refuted by sizes at which it fails, proved by what is then 0, or
    simply, by what needs no facts."""
    left, right = map(known.base, sides)
    named = (sides[0].free_symbols | sides[1].free_symbols) - known.spelled.keys()
    search = Search(known, left.free_symbols | right.free_symbols)
    found = smallest(search.samples, fails, FEW)
    if found is None and simply():
        return Proved()
    if found is None:
        facts = search.proof(difference)
        if facts is not None:
            known.used |= facts
            return Proved(facts)
        tries = tries_for(MANY, (left, right))
        found = smallest(search.samples, fails, tries)
        found = found or smallest_far(search.samples, fails, examples, tries)
    if found is None:
        return NotDecided(TRIED)
    unseen = search.unseen(known)
    if unseen is not None:
        return NotDecided((f"sizes at which {say(unseen.condition)}, and none were found",))
    named |= {size for size, fact in known.equalities.items() if fact.reason == "when"}
    asked = [fact.condition for fact, _ in search.facts if fact.reason == "when"]
    named |= {size for condition in asked for size in condition.free_symbols}
    told = {s: known.base(s) for s in named | left.free_symbols | right.free_symbols}
    sizes = {
        symbol: _number(base, found)
        for symbol, base in sorted(told.items(), key=str)
        if base.free_symbols <= found.keys()  # else both sides have it, and neither needs it
    }
    return Refuted(sizes, _number(left, found), _number(right, found))


def doubt(known: Store, condition: Any) -> Refuted | NotDecided:
    """Why a condition that was not proved is not taken as true: it fails at sizes, or is open.

    >>> n, w = sympy.symbols("n w", integer=True, positive=True)
    >>> doubt(Store(), sympy.Eq(n, w))
    Refuted(sizes={n: 1, w: 2}, left=1, right=2)
    """
    base = condition.xreplace(known.definitions)
    search = Search(known, base.free_symbols)

    def fails(values: Numbers) -> bool:
        try:
            return not holds(base, values)
        except NoNumberError:
            return False

    found = smallest(search.samples, fails, tries_for(MANY, (base,)))
    if found is None:
        return NotDecided(TRIED)
    sizes = {symbol: known.base(symbol) for symbol in sorted(condition.free_symbols, key=str)}
    told = {s: _number(b, found) for s, b in sizes.items() if b.free_symbols <= found.keys()}
    if not isinstance(base, sympy.Eq):
        return Refuted(told)
    return Refuted(told, *(_number(side, found) for side in base.args))


def _number(expr: Expr, values: Numbers) -> Expr:
    value = exact(expr, values)
    return Rational(value.numerator, value.denominator)


def equal(known: Store, left: Expr, right: Expr) -> bool:
    """Whether two sizes are proved equal; the facts of the proof count as used."""
    if left == right:
        return True
    if _equal_as_named(known, expand(left - right)):
        return True
    difference = expand(known.base(left) - known.base(right))
    return difference == 0 or _zero(known, difference)


def _equal_as_named(known: Store, difference: Expr) -> bool:
    """Whether a difference is 0 whatever its abbreviations, which are sizes, stand for."""
    named = difference.free_symbols & known.spelled.keys()
    if not named or not all(symbol.is_integer and symbol.is_positive for symbol in named):
        return False
    return difference == 0 or _zero(known, difference)


def decided(known: Store, condition: Any) -> bool | None:
    """Yes or no where that is proved; None when it is not known."""
    condition = condition.xreplace(known.definitions)
    search = Search(known, condition.free_symbols)
    answers = set()
    for values in search.few():
        try:
            answers.add(holds(condition, values))
        except NoNumberError:
            continue
        if len(answers) > 1:
            return None
    value = indicator(condition)
    for answer in answers or (True, False):
        facts = search.proof(value - 1 if answer else value)
        if facts is not None:
            known.used |= facts
            return answer
    return None


def _zero(known: Store, difference: Expr) -> bool:
    """Whether a difference is proved to be 0, once it is seen at few sizes that it may be."""
    if difference.is_number:
        return False
    search = Search(known, difference.free_symbols)
    if any(difference_at(difference, Integer(0), values) for values in search.few()):
        return False
    facts = search.proof(difference)
    if facts is None:
        return False
    known.used |= facts
    return True
