"""Measures by their names in the formula of a claim or an expectation: `macs == 2*params`."""

from __future__ import annotations

from collections.abc import Callable

from sympy import Expr

from closedform.derive.elaborate.context import Context
from closedform.derive.elaborate.values import Scope
from closedform.derive.measures.lookup import is_measured
from closedform.derive.measures.rows import Measure
from closedform.derive.project import Project
from closedform.grammar import tree
from closedform.grammar.traverse import parts_of


def with_measures(
    project: Project,
    context: Context,
    scope: Scope,
    formula: tree.Expression,
    value: Callable[[Measure], Expr],
) -> Scope:
    """The scope of a formula, where a name that stands for nothing else is that of a measure."""
    inner = scope.inner()
    for name in (part for part in parts_of(formula) if isinstance(part, tree.Name)):
        known = context.names.find(name.name, inner) is not None
        if not known and is_measured(name.name, project.module):
            inner.names[name.name] = value(project.measure(name.name, None, name.span))
    return inner
