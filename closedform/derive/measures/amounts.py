"""What one operation counts: by weights of its counts, by a formula of its kind, by a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any, TypeAlias

import sympy
from sympy import Expr, Integer, Rational

from closedform.derive.cost.tree import Operation
from closedform.derive.elaborate.layouts import map_of
from closedform.derive.elaborate.model import new_context
from closedform.derive.elaborate.values import Scope, Tensor
from closedform.derive.resolve.builtin import MASKED, QUANTITIES
from closedform.derive.resolve.conventions import Formula, Rule, Weights, names_of
from closedform.derive.resolve.library import standard_library
from closedform.errors import ClosedformError, fail, suggestion
from closedform.grammar import tree
from closedform.grammar.expressions import show
from closedform.grammar.traverse import parts_of

Amount: TypeAlias = Rule | Callable[[Operation], Expr]


def amount_of(rule: Amount, operation: Operation) -> Expr:
    """What an operation counts.

    >>> from fractions import Fraction
    >>> exponentials = Operation("softmax", "softmax", {"exp": Integer(8)}, (), ())
    >>> amount_of(Weights((("exp", Fraction(3, 2)),)), exponentials)
    12
    """
    match rule:
        case Weights():
            counts = operation.counts
            return sympy.Add(*(exact(weight) * counts[n] for n, weight in rule.of_each(counts)))
        case Formula():
            return _value(rule, operation)
    found = rule(operation)
    return Integer(found) if isinstance(found, int) else found


def exact(weight: Fraction) -> Expr:
    """A weight as SymPy has it."""
    return Rational(weight.numerator, weight.denominator)


def names_in_formula(rule: Formula, operation: Operation) -> Mapping[str, Any]:
    """The value of each name that a formula may use: those of the declaration, then the counts."""
    unstated = dict.fromkeys(rule.counts, Integer(0))
    return {**unstated, **operation.counts, **operation.names}


def _value(rule: Formula, operation: Operation) -> Expr:
    """The value of a formula of a kind. It rests on no assumption, so a floor stays a floor."""
    names = names_in_formula(rule, operation)
    why = f"counting `{operation.name}` under `{rule.convention}`"
    for name in names_of(rule.expression):
        if name.name not in names:
            raise fail(
                "convention",
                f"`{operation.name}` has no `{name.name}`",
                name.span,
                suggestion(name.name, names)
                or "a name in the formula of a kind must be one of every operation of the kind",
                why,
            )
    for call in parts_of(rule.expression):
        if isinstance(call, tree.Call) and call.function.name in ("sides", "area"):
            _check_map(call, names, operation, why)
    library = standard_library()  # which has the name of a sum
    context = new_context(library, generic=False)
    context.obligations.advise = lambda _: None  # what a sum needs has to hold by itself
    try:
        return context.size(rule.expression, Scope(library, names=dict(names)), "a count")
    except ClosedformError as error:
        first, *others = error.diagnostics
        raise type(error)(replace(first, notes=(*first.notes, why)), *others) from None


def _check_map(call: tree.Call, names: Mapping[str, Any], operation: Operation, why: str) -> None:
    """Refuse to ask for the map of a tensor whose shape in the declaration has no `;`."""
    for argument in call.arguments:
        found = names[argument.value.name] if isinstance(argument.value, tree.Name) else None
        if isinstance(found, Tensor) and map_of(found) is None:
            raise fail(
                "convention",
                f"`{operation.name}` does not say which axis of `{show(argument.value)}` "
                "has its channels",
                call.span,
                "the shape of one that does has a `;`: [..., c; ...]",
                why,
            )


def left_out(rule: Rule, operation: Operation) -> tuple[str, ...]:
    """The elementary counts of an operation that a rule does not see.

    A formula that names counts sees these; one that names none stands for all that is done.
    """
    found = {name for name, count in operation.counts.items() if count != 0} - QUANTITIES
    if isinstance(rule, Weights):
        seen = {name for name in found if rule.of(name)}
        found |= {MASKED} if rule.of(MASKED) < 0 and operation.counts.get(MASKED, 0) != 0 else set()
    elif amount_of(rule, operation) == 0:
        seen = set()
    else:
        seen = found & rule.counts if rule.counts else found
    return tuple(name for name in operation.counts if name in found - seen)
