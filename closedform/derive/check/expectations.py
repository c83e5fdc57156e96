"""Expectations of presets: exact numbers, and figures as they are printed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction

import sympy
from sympy import Expr, Rational

from closedform.derive.assume.verdict import Proved, Refuted
from closedform.derive.check.checked import Checked, Sides
from closedform.derive.check.measured import with_measures
from closedform.derive.cost.tree import Node, operations
from closedform.derive.elaborate.values import Scope
from closedform.derive.measures.rows import Measure, work
from closedform.derive.project import Project
from closedform.derive.resolve.builtin import MASKED
from closedform.derive.resolve.conventions import Convention
from closedform.derive.symbolic.atoms import put_in
from closedform.errors import ClosedformError, Diagnostic
from closedform.formula.numbers import Exact
from closedform.grammar import tree

PREFIXES = {"k": 3, "K": 3, "M": 6, "B": 9, "G": 9, "T": 12, "P": 15, "E": 18}


def check_expectation(project: Project, preset: tree.Preset, item: tree.Expectation) -> Checked:
    """The verdict of an expectation. Raises ClosedformError where there is no value."""
    what = project.measure(item.measure.name, item.measure.convention, item.measure.span)
    value = project.value(preset, what)
    model = project.at_preset(preset)
    form = project.closed(model, what)
    facts = form.facts
    if isinstance(item.value, tree.Quantity):
        figure = item.value.text
        rounded = printed(value, figure)
        sides = Sides(str(value), f"~ {figure}", "")
        if agrees(value, figure):
            return Checked(item, Proved(frozenset(facts)), lambda: sides, facts)
        wrong = Diagnostic(
            "expect",
            f"{what.title} of {preset.title!r} is {value}, which is not printed as {figure}",
            item.span,
            f"it rounds to {rounded}",
        )
        return Checked(item, Refuted(left=Rational(value)), lambda: sides, facts, wrong)
    context = project.reading(model)

    def value_of(other: Measure) -> Expr:
        return Rational(project.value(preset, other))

    scope = with_measures(project, context, Scope(project.module), item.value, value_of)
    expected = context.known.base(context.size(item.value, scope))
    expected = put_in(expected, project.bindings(preset)).doit()
    sides = Sides(str(value), str(expected), str(Rational(value) - expected))
    if expected == value:
        return Checked(item, Proved(frozenset(facts)), lambda: sides, facts)
    wrong = Diagnostic(
        "expect",
        f"{what.title} of {preset.title!r} is {value}, and {expected} is expected",
        item.span,
        None,
        (
            f"derived minus expected: {Rational(value) - expected}",
            *_expected_under(project, preset, what, expected),
        ),
    )
    refuted = Refuted(left=Rational(value), right=expected)
    return Checked(item, refuted, lambda: sides, facts, wrong)


def other_conventions(project: Project, what: Measure, root: Node) -> Iterator[Measure]:
    """The work of a cost tree under every convention that counts otherwise there; of two that are
    alike, the first."""
    masked = any(operation.counts.get(MASKED, 0) != 0 for operation in operations(root))

    def counted(row: Convention) -> object:
        return row.counted if masked else row.without(MASKED).counted

    if what.convention is not None:
        known = {counted(what.convention)}
        for row in project.conventions.values():
            if counted(row) not in known:
                known.add(counted(row))
                yield work(row)


def _expected_under(
    project: Project, preset: tree.Preset, what: Measure, expected: Expr
) -> Iterator[str]:
    """Conventions under which the figure would be right."""
    root = project.derivation(project.at_preset(preset)).root
    for other in other_conventions(project, what, root):
        with suppress(ClosedformError):  # a convention that cannot count this model
            if project.value(preset, other) == expected:
                yield f"that is {other.title}: {other.says}"


def _digits(text: str) -> tuple[Decimal, int, int]:
    """The number before the prefix, its decimals, and the power of ten of the prefix."""
    text = text.replace("_", "")
    power = PREFIXES.get(text[-1], 0)
    number = text if text[-1].isdigit() else text[:-1]
    decimals = len(number.partition(".")[2])
    return Decimal(number), decimals, power


def agrees(value: Exact, text: str) -> bool:
    """Whether a value is printed as a figure such as `45.2G`, rounded or cut off.

    >>> agrees(45263861760, "45.2G"), agrees(45263861760, "45.3G"), agrees(45263861760, "45.4G")
    (True, True, False)
    """
    number, decimals, power = _digits(text)
    unit = sympy.Integer(10) ** power / sympy.Integer(10) ** decimals
    figure = sympy.Integer(int(number.scaleb(decimals)))
    ratio = Rational(value) / unit
    return figure in (sympy.floor(ratio), sympy.floor(ratio + sympy.Rational(1, 2)))


def printed(value: Exact, like: str) -> str:
    """A value rounded to the digits and the prefix of another figure."""
    _, decimals, power = _digits(like)
    prefix = like[-1] if not like[-1].isdigit() else ""
    if value < 10**power:
        fitting = [p for p in PREFIXES if 10 ** PREFIXES[p] <= value]
        prefix = fitting[-1] if fitting else ""
        power = PREFIXES.get(prefix, 0)
    scaled = Fraction(value) / 10**power
    shown = Decimal(round(scaled * 10**decimals)).scaleb(-decimals)
    return f"{shown:f}{prefix}"
