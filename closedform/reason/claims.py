"""Claims of papers: the verdict, and for one that is refuted what would explain it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from sympy import Expr, Rational, Symbol

from closedform.data import dataclass
from closedform.derive.assume.verdict import Proved, Refuted
from closedform.derive.check.checked import Checked
from closedform.derive.check.claims import check_claim, derivation_under
from closedform.derive.check.comparisons import all_that_holds, asked_by
from closedform.derive.check.paper import Paper
from closedform.derive.check.printed import unrolled
from closedform.derive.project import Project
from closedform.derive.resolve.modules import Entity
from closedform.errors import ClosedformError, fail
from closedform.grammar import tree
from closedform.grammar.expressions import show
from closedform.grammar.latex import read_map, read_stated
from closedform.grammar.parser import parse_claim, parse_conditions
from closedform.grammar.traverse import names_in
from closedform.reason.assumptions import holding_where
from closedform.reason.omissions import in_words, left_out

FACTORS = (Rational(2), Rational(3), Rational(1, 2), Rational(1, 3))


@dataclass(frozen=True)
class Answered:
    """A claim with its verdict; `reasons` are readings under which a refuted one would hold."""

    checked: Checked
    reasons: tuple[str, ...] = ()

    @property
    def word(self) -> str:
        """`proved`, `refuted` or `not decided`."""
        return self.checked.verdict.word


def ask(
    project: Project,
    entity: Entity,
    text: str,
    measure: str | None = None,
    where: str = "",
    when: str = "",
    convention: str | None = None,
) -> Answered:
    """The answer to a claim: of the language, `macs == 2*n*d^2`, or with a measure in LaTeX.

    `where` says what its symbols are, `h w = n, C = d`, and `when` what else is assumed. LaTeX that
    begins with the name of a measure needs none, as `\\mathrm{FLOPs} = 8nd^2`. Where
    LaTeX has several sides, the answer is of the first that does not hold. Raises ClosedformError
    where the claim has no meaning.
    """
    mapped, conditions = read_map(where), parse_conditions(when, "<when>") if when.strip() else ()
    if measure is None and "\\" in text:
        measure = measure_named(project, text)
    if measure is None:
        claim = parse_claim(text)
        claim = replace(claim, conditions=(*claim.conditions, *conditions))
        return _answer(project, entity, claim, Paper(mapped))
    project.measure(measure, convention)  # fails where there is none
    what = tree.Measure(measure, convention)
    words = [m.names[0].name for m in mapped if len(m.names) == 1]
    stated = read_stated(text, words)
    if stated.order is not None:
        (bound,) = stated.sides
        order = tree.OrderClaim(
            what, stated.order, unrolled(bound), (), None, conditions, span=stated.span
        )
        return _answer(project, entity, order, Paper(mapped, pasted=True))
    paper = Paper(mapped, pasted=True)
    left = tree.Measured(measure, convention) if convention else tree.Name(measure)
    for side in stated.sides:
        claim = tree.ComparisonClaim(
            left, stated.relation, unrolled(side), None, conditions, span=side.span
        )
        found = _answer(project, entity, claim, paper)
        if not isinstance(found.checked.verdict, Proved):
            break
    return found


def measure_named(project: Project, text: str) -> str:
    """The measure that stands before a formula in LaTeX: flops of `\\text{FLOPs}_{attn} = 8nd^2`.

    Raises ClosedformError where there is none.
    """
    named = (read_stated(text).named or "").partition("_")[0].lower()
    try:
        project.measure(named, None)
    except ClosedformError:
        raise fail(
            "claim",
            "it is not said what this formula is of",
            None,
            "name a measure, such as macs or params, or begin with it: `\\mathrm{MACs} = ...`",
        ) from None
    return named


def _answer(project: Project, entity: Entity, claim: tree.Claim, paper: Paper) -> Answered:
    checked = check_claim(project, entity, claim, paper)
    if isinstance(claim, tree.OrderClaim) or not isinstance(checked.verdict, Refuted):
        return Answered(checked)
    reasons = tuple(_reasons(project, entity, claim, paper, checked.verdict.sizes))
    if not reasons:
        reasons = tuple(_of_conditions(project, entity, claim, paper))
    wrong = checked.diagnostic
    assert wrong is not None  # it is refuted
    new = tuple(reason for reason in reasons if reason not in wrong.notes)
    checked = replace(checked, diagnostic=replace(wrong, notes=(*wrong.notes, *new)))
    return Answered(checked, reasons)


def _of_conditions(
    project: Project, entity: Entity, claim: tree.ComparisonClaim, paper: Paper
) -> Iterator[str]:
    """What would explain it if those of the map that are no letters of the formula, and sizes of
    what is asked, were conditions: `f = 4 d`."""
    asked = asked_by(project, derivation_under(project, entity, claim), claim, paper)
    sizes = {str(symbol) for symbol in asked.derived().free_symbols} - names_in(claim)
    meant = [m for m in paper.mapped if len(m.names) == 1 and m.names[0].name in sizes]
    found = [f"{m.names[0].name} == {show(m.value)}" for m in meant if m.value != m.names[0]]
    if not found:
        return
    conditions = ", ".join(found)
    more = (*claim.conditions, *parse_conditions(conditions, "<map>"))
    rest = replace(paper, mapped=tuple(m for m in paper.mapped if m not in meant))
    then = _answer(project, entity, replace(claim, conditions=more), rest)
    whole = f"where {conditions}, which is a condition and no letter of the formula"
    if isinstance(then.checked.verdict, Proved):
        yield f"it holds {whole}"
    for reason in then.reasons:
        yield f"{reason}, {whole}"


def _reasons(
    project: Project,
    entity: Entity,
    claim: tree.ComparisonClaim,
    paper: Paper,
    apart: Mapping[Symbol, Expr],
) -> Iterator[str]:
    """Readings under which a refuted equation would hold: conventions, assumptions, factors, and
    operations that it leaves out; at the sizes `apart` it does not hold."""
    derivation = derivation_under(project, entity, claim)
    asked = asked_by(project, derivation, claim, paper)
    if asked.operator != "==":
        return
    yield from asked.holds_under()
    form, derived, claimed = asked.form, asked.derived(), asked.claimed()
    known = all_that_holds(derivation)
    assumed = holding_where(known, derived, claimed, apart)
    if assumed:
        yield f"it holds where {' and '.join(map(str, assumed))}"
        return
    for factor in FACTORS:
        if known.equal(derived, factor * claimed):
            yield f"it holds with a factor of {factor}: derived is {factor} times claimed"
            return
    omitted = left_out(known, form, claimed) if asked.alone else None
    if omitted is not None:
        yield f"it holds without {in_words(form, omitted)}"
