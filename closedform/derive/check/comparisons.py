"""Claims that compare measures with formulas: proved, refuted by sizes, or left open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from fractions import Fraction
from functools import cache

import sympy
from sympy import Expr, Symbol

from closedform import formula as w
from closedform.data import dataclass
from closedform.derive.arrange.forms import factored, shortest
from closedform.derive.arrange.writing import write
from closedform.derive.assume.knowledge import Knowledge
from closedform.derive.assume.obligations import with_values
from closedform.derive.assume.proofs.equality import comparison
from closedform.derive.assume.proofs.polynomials import in_primes
from closedform.derive.assume.store import Fact
from closedform.derive.assume.verdict import NotDecided, Proved, Refuted
from closedform.derive.check.checked import Checked, Sides, asked_when
from closedform.derive.check.expectations import other_conventions
from closedform.derive.check.measured import measures_in, with_measures
from closedform.derive.check.paper import OWN, Paper
from closedform.derive.elaborate.context import Context
from closedform.derive.elaborate.derivation import Derivation
from closedform.derive.elaborate.model import reading
from closedform.derive.elaborate.values import Scope
from closedform.derive.measures.lookup import is_measured
from closedform.derive.measures.rows import Measure
from closedform.derive.project import Project
from closedform.derive.solve.closed import Closed
from closedform.derive.symbolic.exact import Numbers
from closedform.derive.symbolic.expansion import expand
from closedform.derive.symbolic.wording import say
from closedform.errors import ClosedformError, Diagnostic, fail
from closedform.grammar import tree
from closedform.grammar.expressions import show
from closedform.grammar.traverse import parts_of

FLIPPED = {"==": "==", "~": "~", "<=": ">=", ">=": "<=", "<": ">", ">": "<"}


def check_comparison(
    project: Project, derivation: Derivation, claim: tree.ComparisonClaim, paper: Paper = OWN
) -> Checked:
    """The verdict of a claim. Raises ClosedformError where it has no meaning."""
    asked = asked_by(project, derivation, claim, paper)
    left, right = asked.derived(), asked.claimed()
    known = all_that_holds(derivation)
    divided = [fact for fact in asked.context.known.facts if fact not in derivation.known.facts]
    for fact in divided:  # that what it divides by is not 0
        known.assume(fact)
    verdict = comparison(known, left, asked.operator, right, _examples(project, derivation))
    title = asked.title

    @cache
    def sides() -> Sides:
        return Sides(
            asked.written(),
            w.plain(shortest(right, asked.form.order)),
            w.plain(factored(_shown(derivation, left, right), asked.form.order)),
        )

    facts = (*derivation.facts, *divided)
    operator = "" if asked.operator == "==" else f"{asked.operator} "
    if isinstance(verdict, Proved):
        told = (*facts, *verdict.facts, *conditions_of(derivation))
        facts = tuple(known.without_implied(dict.fromkeys(told)))
    if isinstance(verdict, Refuted):
        wrong = Diagnostic(
            "claim",
            f"{title} is {sides().derived}, and the claim says {operator}{sides().claimed}",
            claim.span,
            None,
            (
                *asked.named(),
                f"derived minus claimed: {sides().difference}",
                *_at_sizes(verdict),
                *asked_when(claim),
                *asked.holds_under(),
            ),
        )
        return Checked(claim, verdict, sides, facts, wrong)
    if isinstance(verdict, NotDecided):
        open_ = Diagnostic(
            "undecided",
            f"it is not decided whether {title} is {operator}{sides().claimed}",
            claim.span,
            None,
            (
                f"derived: {sides().derived}",
                *asked.named(),
                f"derived minus claimed: {sides().difference}",
                f"tried: {', '.join(verdict.tried)}",
                *asked_when(claim),
            ),
        )
        return Checked(claim, verdict, sides, facts, open_)
    return Checked(claim, verdict, sides, facts)


def default_numbers(derivation: Derivation) -> dict[Symbol, Expr]:
    """The sizes that are numbers by default."""
    defaults = derivation.defaults
    found = {symbol: with_values(symbol, defaults).doit() for symbol in defaults}
    return {symbol: value for symbol, value in found.items() if value.is_Rational}


def _examples(project: Project, derivation: Derivation) -> Iterator[Numbers]:
    """The sizes that the file names: its defaults, and its presets."""
    defaults = default_numbers(derivation)
    tables = [defaults]
    for preset in () if derivation.generic else project.presets(derivation.entity):
        with suppress(ClosedformError):  # which is told where presets are checked
            tables.append({**defaults, **project.values(preset)})
    for table in tables:
        numbers = {symbol: value for symbol, value in table.items() if value.is_Rational}
        yield {s: Fraction(int(value.p), int(value.q)) for s, value in numbers.items()}


def all_that_holds(derivation: Derivation) -> Knowledge:
    """What sizes of a formula satisfy: what is known, what it rests on, that no axis is empty."""
    known = derivation.known.copied()
    for fact in derivation.facts:
        if fact not in known.facts:
            known.assume(fact)
    for size, case in derivation.positive:
        known.assume(Fact(sympy.Or(sympy.Not(case), size >= 1), "axis"))
    return known


def conditions_of(derivation: Derivation) -> list[Fact]:
    """The conditions of a claim that are not known without it; it is meant where they hold."""
    return [fact for fact in derivation.known.facts if fact.reason == "when"]


@dataclass(frozen=True)
class Asked:
    """A claim with what has measures at its left, and the measure that is alone there."""

    project: Project
    form_of: Callable[[Measure], Closed]
    context: Context
    left: tree.Expression
    operator: str
    right: tree.Expression
    first: Measure
    alone: bool
    paper: Paper = OWN

    @property
    def form(self) -> Closed:
        """The closed form of the first measure."""
        return self.form_of(self.first)

    @property
    def title(self) -> str:
        name = self.first.title if self.alone else show(self.left)
        return f"{name} of `{self.form.derivation.entity.name}`"

    def derived(self) -> Expr:
        return self.form.expr if self.alone else self._value(self.left)

    def claimed(self) -> Expr:
        return self._value(self.right)

    def written(self) -> str:
        """The derived side as text."""
        if self.alone:
            return w.plain(self.form.written(stages="each"))
        return w.plain(shortest(self.derived(), self.form.order))

    def named(self) -> Iterator[str]:
        """What the sizes are that only the model names, where the derived side has some."""
        derivation, order = self.form.derivation, self.form.order
        spelled = derivation.known.spelled.keys() - {*derivation.lets}
        base = derivation.known.base
        told = [
            f"{w.plain(write(size, order))} = {w.plain(shortest(base(size), order))}"
            for size in sorted(self.derived().free_symbols & spelled, key=str)
        ]
        if told:
            yield f"where {', '.join(told)}"

    def _value(self, node: tree.Expression) -> Expr:
        scope = self._measured(self.form.derivation.scope, *(m.value for m in self.paper.mapped))
        scope = self.paper.scope(self.context, scope, node, self.form)
        return self.paper.size(self.context, self._measured(scope, node), node)

    def _measured(self, scope: Scope, *nodes: tree.Expression) -> Scope:
        """A scope in which the measures of formulas have their values."""
        for node in nodes:
            scope = with_measures(
                self.project, self.context, scope, node, lambda what: self.form_of(what).expr
            )
        return scope

    def holds_under(self) -> Iterator[str]:
        """Conventions under which a refused claim about one measure would hold."""
        plain = self.alone and self.operator == "=="
        root = self.form.derivation.root
        for other in other_conventions(self.project, self.first, root) if plain else ():
            with suppress(ClosedformError):  # a convention that cannot count this block
                form = self.form_of(other)
                if form.derivation.known.copied().equal(form.expr, self.claimed()):
                    yield f"it holds for {other.title}: {other.says}"


def asked_by(
    project: Project, derivation: Derivation, claim: tree.ComparisonClaim, paper: Paper = OWN
) -> Asked:
    """A claim read; where only its right side has a measure, from right to left."""
    context, scope = reading(derivation), derivation.scope

    @cache
    def form_of(what: Measure) -> Closed:
        return project.closed_of(derivation, what)

    left, operator, right = claim.left, claim.operator, claim.right
    if isinstance(left, tree.Name | tree.Measured):
        convention = left.convention if isinstance(left, tree.Measured) else None
        known = context.names.find(left.name, scope) is not None
        if convention or not known or is_measured(left.name, project.module):
            what = project.measure(left.name, convention, left.span)
            return Asked(project, form_of, context, left, operator, right, what, True, paper)
    measures = measures_in(project, context, scope, left)
    if not measures:
        left, operator, right = right, FLIPPED[operator], left
        measures = measures_in(project, context, scope, left)
    if not measures:
        indices = _indices((left, right))
        for name in (part for part in parts_of((left, right)) if isinstance(part, tree.Name)):
            if name.name not in indices and context.names.find(name.name, scope) is None:
                project.measure(name.name, None, name.span)  # which has no such name
        raise fail(
            "claim",
            "a claim is about a measure, and this one names none",
            claim.span,
            "begin it with one: `claim params == ...`, `claim macs == ...`",
        )
    alone = isinstance(left, tree.Name | tree.Measured)
    first = next(iter(measures.values()))
    return Asked(project, form_of, context, left, operator, right, first, alone, paper)


def _indices(formula: object) -> set[str]:
    """The names that sums of a formula give to their indices."""
    calls = (part for part in parts_of(formula) if isinstance(part, tree.Call))
    firsts = (c.arguments[0].value for c in calls if c.function.name == "sum" and c.arguments)
    return {first.name for first in firsts if isinstance(first, tree.Name)}


def _at_sizes(verdict: Refuted) -> Iterator[str]:
    """A note of the sizes at which a claim fails."""
    if verdict.sizes:
        sizes = ", ".join(f"{say(s)} = {say(value)}" for s, value in verdict.sizes.items())
        assert verdict.left is not None
        assert verdict.right is not None
        yield f"at {sizes}: {say(verdict.left)} derived, {say(verdict.right)} claimed"


def _shown(derivation: Derivation, left: Expr, right: Expr) -> Expr:
    """The difference in abbreviations where it is then a difference at all."""
    difference = expand(left - right)
    written = (difference, derivation.known.base(difference))
    return min((*written, *map(in_primes, written)), key=lambda e: (e.count_ops(), str(e)))
