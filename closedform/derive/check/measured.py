"""Measures by their names in the formula of a claim or an expectation: `macs == 2*params`."""

from __future__ import annotations

from collections.abc import Callable

from sympy import Expr

from closedform.derive.elaborate.context import Context
from closedform.derive.elaborate.values import Scope
from closedform.derive.measures.lookup import is_measured
from closedform.derive.measures.rows import Measure
from closedform.derive.project import Project
from closedform.errors import fail
from closedform.grammar import tree
from closedform.grammar.expressions import show
from closedform.grammar.traverse import parts_of


def measures_in(
    project: Project, context: Context, scope: Scope, formula: tree.Expression
) -> dict[str, Measure]:
    """The measures of a formula by how they are written: names that stand for nothing else."""
    found = {}
    for part in parts_of(formula):
        if isinstance(part, tree.Measured):
            found[show(part)] = project.measure(part.name, part.convention, part.span)
        name = part.function if isinstance(part, tree.Call) else part
        if not isinstance(name, tree.Name) or context.names.find(name.name, scope) is not None:
            continue  # before other distributions are looked through, which takes long
        if not is_measured(name.name, project.module):
            continue
        if isinstance(part, tree.Call):
            raise fail(
                "claim",
                f"`{name.name}` is of the whole block, and not of a part",
                part.span,
                f"claim it in the block that is meant: `claim {name.name} == ...`",
            )
        found[name.name] = project.measure(name.name, None, name.span)
    return found


def with_measures(
    project: Project,
    context: Context,
    scope: Scope,
    formula: tree.Expression,
    value: Callable[[Measure], Expr],
) -> Scope:
    """The scope of a formula in which the measures have their values."""
    inner = scope.inner()
    for name, what in measures_in(project, context, scope, formula).items():
        inner.names[name] = value(what)
    return inner
