"""Claims of orders of growth: what they are about, and their verdicts in words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import product
from typing import Any

import sympy
from sympy import Expr, Symbol
from sympy.logic.boolalg import Boolean

from closedform import formula as w
from closedform.data import dataclass
from closedform.derive.arrange.forms import factored, shortest
from closedform.derive.assume.obligations import with_values
from closedform.derive.assume.proofs.polynomials import in_primes
from closedform.derive.assume.store import Fact
from closedform.derive.assume.verdict import NotDecided, Proved, Verdict
from closedform.derive.check.checked import Checked, Sides, asked_when
from closedform.derive.check.comparisons import asked_by, default_numbers
from closedform.derive.check.growth import (
    Apart,
    CannotGrow,
    Outgrown,
    Point,
    Range,
    kept_small,
    order_verdict,
)
from closedform.derive.check.measured import with_measures
from closedform.derive.check.paper import OWN, Paper
from closedform.derive.cost.tree import Steps, nodes
from closedform.derive.elaborate.context import Context
from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.elaborate.model import reading
from closedform.derive.elaborate.values import Family, as_size
from closedform.derive.measures.lookup import is_measured
from closedform.derive.project import Project
from closedform.derive.solve.closed import Closed, symbols_of
from closedform.derive.symbolic.atoms import put_in
from closedform.derive.symbolic.expansion import expand
from closedform.derive.symbolic.wording import say
from closedform.errors import Diagnostic, fail
from closedform.grammar import tree
from closedform.grammar.expressions import show
from closedform.grammar.traverse import parts_of

ENDINGS = {"proved": "holds", "refuted": "does not hold", "not decided": "is not decided"}


def check_order(
    project: Project, derivation: Derivation, claim: tree.OrderClaim, paper: Paper = OWN
) -> Checked:
    """The verdict of a claim of an order, with what was found where it is not proved.

    Raises ClosedformError where its sizes cannot grow.
    """
    what = project.measure(claim.measure.name, claim.measure.convention, claim.measure.span)
    form = project.closed_of(derivation, what)
    title = f"{what.title} of `{derivation.entity.name}`"
    order = f"{claim.order}({show(claim.bound)})"
    context = reading(derivation)
    bound = _bound(project, form, context, claim, paper)
    asked = _asked(form, claim, context, form.expr, bound, claim.order, paper.pasted)

    @cache
    def sides() -> Sides:
        return Sides(w.plain(form.written(stages="each")), order, "")

    return _checked(
        asked,
        claim,
        sides,
        f"{title} is not in {order}",
        f"it is not decided whether {title} is in {order}",
    )


def check_limit(
    project: Project, derivation: Derivation, claim: tree.ComparisonClaim, paper: Paper = OWN
) -> Checked:
    """The verdict of a claim that the quotient of two sides approaches 1.

    Raises ClosedformError where its sizes cannot grow.
    """
    compared = asked_by(project, derivation, claim, paper)
    left, right, form = compared.derived(), compared.claimed(), compared.form
    asked = _asked(form, claim, compared.context, left, right, "~", paper.pasted)
    claimed = w.plain(shortest(right, form.order))

    @cache
    def sides() -> Sides:
        difference = w.plain(factored(in_primes(expand(left - right)), form.order))
        return Sides(compared.written(), claimed, difference)

    says = f"{compared.title} over {claimed} approaches 1"
    return _checked(
        asked,
        claim,
        sides,
        f"{compared.title} over {claimed} does not approach 1",
        f"it is not decided whether {says}",
    )


def _checked(
    asked: Asked, claim: tree.Claim, sides: Callable[[], Sides], wrong: str, doubted: str
) -> Checked:
    """What is said of a claim about sizes that grow: `wrong` where it is refuted."""
    verdict, facts = asked.verdict(), asked.form.facts
    growing = tuple(_defaults_that_grow(asked))
    divided = (fact for fact in asked.facts if fact.reason == "divisor")
    conditions = [fact for fact in asked.facts if fact.reason == "when"]
    facts = tuple(dict.fromkeys((*facts, *divided, *conditions)))
    held = asked.held_fixed()
    if isinstance(verdict, Proved):
        named = any(fact.condition.has(*asked.fixed) for fact in conditions)
        noted = growing or (held,) * named
        return Checked(claim, verdict, sides, facts, notes=(*noted, *asked.absent()), held=held)
    derived = [f"derived: {sides().derived}"]
    if sides().difference:
        derived.append(f"derived minus claimed: {sides().difference}")
    noted = growing or (held,)
    if isinstance(verdict, Outgrown):
        kind, message = "claim", wrong
        notes = (*_faster(asked, verdict), *derived, *_along(asked, verdict), *growing)
    elif isinstance(verdict, Apart):
        kind, message = "claim", wrong
        said = "that is of the order of what is claimed"
        way = ", ".join(_equation(s, e) for s, e in verdict.direction.items())
        notes = (*derived, f"along {way}, {said}" if way else said, *_far(verdict), *growing)
    elif isinstance(verdict, CannotGrow):
        together = " together" * (len(verdict.sizes) > 1)
        raise fail(
            "claim",
            f"{_names(verdict.sizes)} cannot grow{together} here, so that the claim says nothing",
            claim.span,
            _growing_too(asked, claim, verdict),
            *_kept(asked, verdict),
            *noted,
        )
    else:
        assert isinstance(verdict, NotDecided)
        kind, message = "undecided", doubted
        notes = (*derived, *verdict.tried, *noted)
    notes = (*notes, *asked_when(claim))
    return Checked(claim, verdict, sides, facts, Diagnostic(kind, message, claim.span, None, notes))


def _defaults_that_grow(asked: Asked) -> list[str]:
    """What a claim holds fixed, where a default of that grows, and the verdict with that."""
    defaults = asked.growing_defaults()
    if not defaults:
        return []
    equations = [
        f"{s.name} = {w.plain(shortest(e, asked.form.order))}" for s, e in defaults.items()
    ]
    reasons = [s.name for s in asked.growing if any(e.has(s) for e in defaults.values())]
    word = asked.with_sizes(defaults).verdict().word
    return [
        f"{asked.held_fixed()}; by default {' and '.join(equations)} "
        f"{'grows' if len(defaults) == 1 else 'grow'} with {' and '.join(reasons)}, and then "
        f"the claim {ENDINGS[word]}"
    ]


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
            [default_numbers(self.form.derivation)],
        )

    @property
    def fixed(self) -> list[Symbol]:
        """What is held fixed, as it is declared."""
        found = (self.expr.free_symbols | self.bound.free_symbols) - set(self.growing)
        return _as_declared(self.form, found)

    def held_fixed(self) -> str:
        return f"held fixed: {', '.join(symbol.name for symbol in self.fixed) or 'nothing'}"

    def absent(self) -> Iterator[str]:
        """A note of the sizes that grow, and that nothing here depends on."""
        there = self.expr.free_symbols | self.bound.free_symbols
        for fact in self.facts:
            there |= fact.condition.free_symbols
        absent = tuple(symbol for symbol in self.growing if symbol not in there)
        if absent:
            verb = "is" if len(absent) == 1 else "are"
            yield f"{_names(absent)} {verb} not in the formula, nor in the bound"

    def growing_defaults(self) -> dict[Symbol, Expr]:
        """The defaults of what is held fixed that have a size in them that grows."""
        defaults = self.form.derivation.defaults
        others = {s: default for s, default in defaults.items() if s not in self.growing}
        found = {symbol: with_values(symbol, others) for symbol in self.fixed if symbol in others}
        return {s: expr for s, expr in found.items() if expr.free_symbols & set(self.growing)}

    def with_sizes(self, sizes: Mapping[Symbol, Expr]) -> Asked:
        """The same with other sizes in the place of some."""
        expr, bound = (expand(side.xreplace(sizes)) for side in (self.expr, self.bound))
        facts = [replace(fact, condition=fact.condition.xreplace(sizes)) for fact in self.facts]
        return replace(self, expr=expr, bound=bound, facts=tuple(facts))


def _bound(
    project: Project, form: Closed, context: Context, claim: tree.OrderClaim, paper: Paper
) -> Expr:
    """The bound of an order, with its measures or in the sizes of a paper where it is one's."""
    derivation, scope = form.derivation, form.derivation.scope
    for mapped in paper.mapped:
        for name in (part for part in parts_of(mapped.value) if isinstance(part, tree.Name)):
            if context.names.find(name.name, scope) is None and is_measured(
                name.name, derivation.entity.module
            ):
                message = f"`{name.name}` is a measure, and an order is of sizes that grow"
                raise fail("claim", message, name.span, "map the symbol to sizes of the file")
    scope = paper.scope(context, scope, claim.bound, form)
    if not paper.pasted:
        scope = with_measures(
            project,
            context,
            scope,
            claim.bound,
            lambda what: project.closed_of(derivation, what).expr,
        )
    return paper.size(context, scope, claim.bound)


def _asked(
    form: Closed,
    claim: tree.Claim,
    context: Context,
    derived: Expr,
    stated: Expr,
    order: str,
    pasted: bool,
) -> Asked:
    """What a claim is about, every abbreviation written out but those that grow."""
    derivation, known = form.derivation, form.derivation.known
    named = [size for grown in claim.growing for size in _grown(context, derivation, grown)]
    if pasted:  # what the bound of a paper names is what grows
        named = _as_declared(form, stated.free_symbols)

    def spelled(expr: Any) -> Any:
        for symbol in reversed(list(known.spelled)):
            if symbol not in named:
                expr = put_in(expr, {symbol: known.spelled[symbol]})
        return expr

    expr, bound = (in_primes(expand(spelled(side))) for side in (derived, stated))
    every = _as_declared(form, bound.free_symbols | expr.free_symbols)
    facts = [*known.facts, *derivation.facts]
    facts += [fact for fact in context.known.facts if fact not in facts]  # what it divides by
    facts += [Fact(sympy.Eq(s, known.spelled[s])) for s in named if s in known.spelled]
    for size, case in derivation.positive:
        facts.append(Fact(sympy.Or(sympy.Not(case), size >= 1), "axis"))
    conditions = {fact: spelled(fact.condition) for fact in dict.fromkeys(facts)}
    indices = _ranges(form)
    about_indices = [c for c in conditions.values() if c.free_symbols & indices.keys()]
    return Asked(
        form,
        order,
        expr,
        bound,
        tuple(named or every),
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


def _grown(context: Context, derivation: Derivation, grown: tree.Grown) -> Iterator[Symbol]:
    """The sizes that a claim lets grow by a name: each of a list."""
    value = context.value(grown, derivation.scope)
    sizes = value.symbols if isinstance(value, Family) else [as_size(value, grown.span)]
    for size in sizes:
        if not size.is_Symbol:
            told = show(grown) if len(sizes) == 1 else "this"
            raise fail("claim", f"`{told}` is {say(size)} here and cannot grow", grown.span)
        yield size


def _as_declared(form: Closed, symbols: Collection[Symbol]) -> list[Symbol]:
    """Sizes in the order in which they are declared."""
    declared = {symbol: at for at, symbol in enumerate(symbols_of(form.derivation))}
    return sorted(symbols, key=lambda s: (declared.get(s, len(declared)), s.name))


def _ranges(form: Closed) -> dict[Symbol, list[Range]]:
    """The ranges of the indices of loops."""
    found: dict[Symbol, list[Range]] = {}
    for node in nodes(form.derivation.root):
        if isinstance(node, Steps):
            found.setdefault(node.index, []).append((node.index, node.first, node.last))
    return found


# In words ----------------------------------------------------------------------------------


def _growing_too(asked: Asked, claim: tree.Claim, verdict: CannotGrow) -> str | None:
    """A help that names what is to grow too, where sizes that are held fixed keep others small."""
    kept, more = {*verdict.sizes}, asked
    while kept_small(more.expr, more.bound, more.growing, more.facts):
        about = [f.condition for f in asked.facts if f.condition.free_symbols & kept]
        near = tuple(size for size in more.fixed if any(c.has(size) for c in about))
        if not near:
            return None
        kept |= {*near}
        more = replace(more, growing=(*more.growing, *near))
    stages = asked.form.derivation.stage_symbols
    elements = {size: f"{family}[{at}]" for size, (family, at) in stages.items()}
    added = [elements.get(size, size.name) for size in more.growing[len(asked.growing) :]]
    every = ", ".join([*map(show, claim.growing), *added])
    return f"let {' and '.join(f'`{name}`' for name in added)} grow too: `as {every} grow`"


def _names(sizes: tuple[Symbol, ...]) -> str:
    return " and ".join(f"`{size.name}`" for size in sizes)


def _kept(asked: Asked, verdict: CannotGrow) -> Iterator[str]:
    """What keeps sizes from growing."""
    spelled = asked.form.derivation.known.spelled
    for size in verdict.sizes:
        if size in spelled:
            yield f"{size.name} is {w.plain(shortest(spelled[size], asked.form.order))}"
    for fact in asked.facts:
        defines = isinstance(fact.condition, sympy.Eq) and fact.condition.lhs in spelled
        if fact.condition.free_symbols & set(verdict.sizes) and not defines:
            yield f"{fact} is {fact.why}".rstrip(",")


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
    growing = [s for s in asked.growing if s in found.direction]  # others are in neither side
    direction = ", ".join(_equation(s, found.direction[s]) for s in growing)
    held = [_equation(s, found.held[s]) for s in asked.fixed]
    fixed = f", with {', '.join(held)}" if held else ""
    constant = "is large enough" if found.order == "O" else "above 0 is small enough"
    yield f"along {direction}{fixed}, no constant {constant}"
    for point in found.points:
        sizes = ", ".join(_equation(s, point.sizes[s]) for s in growing)
        yield f"at {sizes} {_compared(point, found.order)}"


def _far(found: Apart) -> Iterator[str]:
    """Both sides at large sizes, where some were found."""
    if found.sizes:
        sizes = ", ".join(_equation(symbol, value) for symbol, value in found.sizes.items())
        assert found.left is not None
        assert found.right is not None
        yield f"at {sizes}: {say(found.left)} derived, {say(found.right)} claimed"


def _equation(symbol: Symbol, value: Expr) -> str:
    return f"{symbol.name} = {_number(value) if value.is_Number else say(value)}"


def _compared(point: Point, order: str) -> str:
    """Both sides at a place, and how many times one is the other."""
    value, bound = (point.left, point.right) if order == "O" else (point.right, point.left)
    if point.right <= 0 or point.left <= 0:
        return f"it is {_number(value)}, and the bound is {_number(bound)}"
    whole, below = sympy.floor(point.left / point.right), sympy.ceiling(point.right / point.left)
    told = _number(whole) if whole else f"1/{below}"
    exactly = told.startswith("more") or (whole or 1 / below) * point.right == point.left
    times = f"{told} times" if exactly else f"more than {told} times"
    if order == "O":
        return f"it is {_number(value)}, {times} the bound {_number(bound)}"
    return f"it is {_number(value)}, and the bound {_number(bound)} is {times} that"


def _number(value: Expr) -> str:
    """A number, or the power of ten that it is above where it is too long to be read."""
    whole = abs(int(value))
    if whole < 10**16:
        return say(value)
    power = max(16, (whole.bit_length() - 1) * 3 // 10)  # log10 of 2 is above 0.3
    while 10 ** (power + 1) <= whole:
        power += 1
    return f"more than 10^{power}"
