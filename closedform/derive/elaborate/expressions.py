"""Expressions of the syntax tree to sizes, conditions, tensors, lists and texts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import replace
from fractions import Fraction
from typing import Any

import sympy
from sympy import Basic, Expr, Integer, Rational
from sympy.logic.boolalg import Boolean

from closedform.derive.cost.flow import Selected
from closedform.derive.cost.tree import Operation
from closedform.derive.elaborate.algebra import Algebra, Operand
from closedform.derive.elaborate.context import Context
from closedform.derive.elaborate.layouts import of_slice
from closedform.derive.elaborate.operations import elementwise
from closedform.derive.elaborate.values import (
    Family,
    Scope,
    Tensor,
    Value,
    as_root,
    as_size,
    say_kind,
)
from closedform.derive.symbolic.atoms import Divides, cases_of, indicator
from closedform.derive.symbolic.expansion import expand
from closedform.derive.symbolic.wording import say
from closedform.errors import Diagnostic, LimitError, Span, fail
from closedform.grammar import tree
from closedform.grammar.expressions import show

MAX_EXPONENT = 64
MAX_BITS = 8192

RELATIONS: dict[str, Callable[[Expr, Expr], Any]] = {
    "==": sympy.Eq,
    "!=": sympy.Ne,
    "<": sympy.Lt,
    "<=": sympy.Le,
    ">": sympy.Gt,
    ">=": sympy.Ge,
    "|": Divides,
}

ELEMENTWISE = {"+": "add", "-": "add", "*": "mul", "/": "div"}


class Expressions(Algebra[Value, Scope]):
    """Evaluates expressions in a scope; what they do is added to the body that is carried out."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def value(self, node: tree.Expression, scope: Scope) -> Value:
        found = super().value(node, scope)
        if isinstance(found, Basic) and not found.is_Atom:
            self.context.extents.check(found, node.span)
        if self.context.record is not None:
            self.context.record[id(node)] = found
        return found

    def number(self, value: Rational) -> Expr:
        return value

    def boolean(self, value: bool) -> bool:
        return value

    def text(self, value: str) -> str:
        return value

    def name(self, node: tree.Name, scope: Scope) -> Value:
        return self.context.names.resolve(node, scope)

    def list_of(self, node: tree.ListOf, items: list[Value]) -> tuple[Value, ...]:
        return tuple(items)

    def size(self, node: tree.Expression, scope: Scope) -> Expr:
        return self.context.size(node, scope)

    def case(self, node: tree.Expression, scope: Scope) -> Expr:
        value = self.value(node, scope)
        if isinstance(value, Tensor):
            raise fail(
                "type",
                f"a size is expected here, and this is {say_kind(value)}",
                node.span,
                "between tensors an `if` is a statement: `if r > 1:`, with `x = ...` below it",
            )
        return as_size(value, node.span)

    def condition(self, node: tree.Expression, scope: Scope) -> bool | Boolean:
        return self.context.condition(node, scope)

    def truth(self, node: tree.Expression, condition: bool | Boolean) -> bool | None:
        return condition if isinstance(condition, bool) else None

    def supposing(self, condition: Boolean, holds: bool) -> AbstractContextManager[None]:
        return self.context.supposing(condition if holds else sympy.Not(condition))

    # Operators -----------------------------------------------------------------------------

    def call(self, node: tree.Call, scope: Scope) -> Value:
        return self.context.interpreter.call(node, scope, ())

    def pipe(self, node: tree.Pipe, scope: Scope) -> Value:
        value = self.value(node.source, scope)
        span = node.source.span
        for stage in node.stages:
            call = stage if isinstance(stage, tree.Call) else tree.Call(stage, (), span=stage.span)
            if not isinstance(value, Tensor):
                raise fail(
                    "type",
                    f"only a tensor can be piped, and this is {say_kind(value)}",
                    span,
                )
            value = self.context.interpreter.call(call, scope, (value,))
            span = stage.span
        return value

    def negative(self, node: tree.Negative, operand: Value) -> Value:
        if isinstance(operand, Tensor):
            return elementwise(self.context, "mul", operand, Integer(-1), (node.span, node.span))
        return -as_size(operand, node.operand.span)

    def power(self, node: tree.Power, base: Value, exponent: Value) -> Expr:
        for part, span in ((base, node.base.span), (exponent, node.exponent.span)):
            if isinstance(part, Tensor):
                raise fail(
                    "type",
                    f"a size is expected here, and this is {say_kind(part)}",
                    span,
                    "powers are of sizes: the square of a tensor is `x*x`, e to a tensor `exp(x)`",
                )
        base = as_size(base, node.base.span)
        exponent = as_size(exponent, node.exponent.span)
        number = self.context.known.base(base)
        if number.is_Number and not exponent.is_Number:  # which `let` gave a name
            base = number
        _check_power(base, exponent, node)
        if not exponent.is_nonnegative:
            base = self._divisor(base, node.base.span)
        if not exponent.is_Number:
            return sympy.Pow(base, exponent)
        if not exponent.is_Integer and not (exponent * 2).is_Integer:
            raise fail("type", f"the exponent {say(exponent)} is not whole", node.exponent.span)
        return as_root(base**exponent, base, node.base.span)

    def chain(
        self, node: tree.Sum | tree.Product, first: Value, rest: Iterable[Operand[Value]]
    ) -> Value:
        value, span = first, node.first.span
        collected: list[Expr] = []
        for operator, right, operand in rest:
            if isinstance(value, Tensor) or isinstance(right, Tensor):
                if collected:
                    value, collected = sympy.Add(value, *collected), []
                spans = span, operand.span
                value = elementwise(self.context, ELEMENTWISE[operator], value, right, spans)
                span = span.to(operand.span)
                continue
            left = as_size(value, span)
            right = as_size(right, operand.span)
            if operator in "+-":
                value = left
                collected.append(right if operator == "+" else -right)
            elif operator == "*":
                value = left * right
            elif right == 0:
                raise fail("type", "this divides by zero", operand.span)
            else:
                value = left / self._divisor(right, operand.span)
        return sympy.Add(value, *collected) if collected else value

    def _divisor(self, size: Expr, span: Span) -> Expr:
        """Demand of a divisor that may be 0 that it is not.

        One that is 0 for some answers to its conditions must be proved never to be. Gives the
        divisor without the conditions that are factors of it.
        """
        base = self.context.known.base(size)
        if self._may_vanish(base) and not self.context.known.decide(sympy.Ne(base, 0)):
            raise fail(
                "type",
                f"this divides by {say(size)}, which may be 0",
                span,
                "a condition counts as 0 where it does not hold: `a if n > 1 else b` chooses",
            )
        obligations = self.context.obligations
        parts = [part.as_base_exp()[0] for part in sympy.Mul.make_args(base)]
        if not all(part.is_nonzero or obligations.not_empty(part) for part in parts):
            message = "this divides by zero"
            obligations.possible(_not_zero(size, base), span, message, "divisor")
        factors = sympy.Mul.make_args(size)
        return sympy.Mul(*(f for f in factors if not isinstance(f, sympy.Piecewise)))

    def _may_vanish(self, size: Expr) -> bool:
        """Whether a size is 0 for some answers to its conditions, which what is supposed allows."""
        written_out = self.context.known.definitions
        supposed = [fact.condition.xreplace(written_out) for fact in self.context.supposed]
        cases = (parts.args for _, parts in cases_of(sympy.Tuple(size, *supposed)))
        return size.has(sympy.Piecewise) and any(
            part == 0 and sympy.false not in guards for part, *guards in cases
        )

    def either(self, holds: Boolean, value: Expr, otherwise: Expr) -> Expr:
        return indicator(holds) * value + indicator(sympy.Not(holds)) * otherwise

    # Conditions ----------------------------------------------------------------------------

    def negation(self, node: tree.Not, part: bool | Boolean) -> bool | Boolean:
        return self._settled(sympy.Not(part))

    def joined(self, node: tree.AllOf | tree.AnyOf, parts: list[bool | Boolean]) -> bool | Boolean:
        function = sympy.And if isinstance(node, tree.AllOf) else sympy.Or
        return self._settled(function(*parts))

    def comparison(self, node: tree.Comparison, left: Value, right: Value) -> bool | Boolean:
        if node.operator in ("==", "!=") and isinstance(left, str | bool):
            return (left == right) is (node.operator == "==")
        if node.operator in ("==", "!=") and isinstance(right, str):
            return node.operator == "!="
        sizes = as_size(left, node.left.span), as_size(right, node.right.span)
        condition = self._settled(RELATIONS[node.operator](*sizes))
        if isinstance(condition, bool):
            return condition
        answer = self.context.met(condition)
        return condition if answer is None else answer

    def _settled(self, condition: Any) -> bool | Boolean:
        answer = self.context.known.decide(condition)
        return condition if answer is None else answer

    # Indices -------------------------------------------------------------------------------

    def index(self, node: tree.Index, base: Value, scope: Scope) -> Value:
        name = show(node.base)
        if isinstance(base, Tensor):
            return self._part(base, node, scope)
        items = base.symbols if isinstance(base, Family) else base
        if not isinstance(items, tuple):
            raise fail("type", f"`{name}` is {say_kind(base)} and has no elements", node.span)
        if len(node.items) != 1 or isinstance(node.items[0], tree.Slice | tree.Rest):
            raise fail("type", f"`{name}` takes one index", node.span, "write D[s]")
        at = self.context.size(node.items[0], scope, "an index")
        if not (at.is_Integer and 1 <= at <= len(items)):
            symbolic = None if at.is_Integer else "a list is read in a loop over numbers: 1..4"
            raise fail(
                "range",
                f"`{name}` has elements 1 to {len(items)}, and this is {say(at)}",
                node.items[0].span,
                symbolic,
            )
        return items[int(at) - 1]

    def _part(self, tensor: Tensor, node: tree.Index, scope: Scope) -> Tensor:
        """A slice of a tensor: positions from 0, `a:b` without b, `...` for axes kept whole."""
        items = list(node.items)
        rests = [i for i, item in enumerate(items) if isinstance(item, tree.Rest)]
        missing = len(tensor.shape) - len(items) + len(rests)
        if len(rests) > 1 or missing < 0:
            raise fail("shape", f"a tensor {tensor} has fewer axes than this", node.span)
        at = rests[0] if rests else len(items)
        whole = tree.Slice(None, None)
        items[at : at + len(rests)] = [whole] * missing
        shape = []
        for item, axis in zip(items, tensor.shape, strict=True):
            if isinstance(item, tree.Slice):
                shape.append(self._extent(item, axis, scope))
            elif not isinstance(item, tree.Rest):
                position = self.size(item, scope)
                self.context.obligations.whole(position, item.span, "an index")
                self._inside(position, axis, item.span)
        sizes = self.context.obligations.axes(shape, node.span, "the slice")
        stays = [isinstance(item, tree.Slice) for item in items]
        result: Tensor = self.context.new(Tensor(sizes, of_slice(tensor, stays)))
        does = Selected(tuple(at for at, kept in enumerate(stays) if kept))
        moved = Operation("slice", "slice", {}, (tensor.shape,), (result.shape,), does=does)
        self.context.emit(node.span, moved, (tensor,), (result,))
        return result

    def _extent(self, item: tree.Slice, axis: Expr, scope: Scope) -> Expr:
        if item.start is None and item.stop is None:
            return axis
        start = self.size(item.start, scope) if item.start else Integer(0)
        stop = self.size(item.stop, scope) if item.stop else axis
        obligations, outside = self.context.obligations, f"is outside an axis of size {say(axis)}"
        obligations.possible(sympy.Ge(start, 0), item.span, f"{say(start)} {outside}")
        obligations.possible(sympy.Le(stop, axis), item.span, f"{say(stop)} {outside}")
        extent = expand(stop - start)
        obligations.whole(extent, item.span, "a slice")
        message = f"this slice has {say(extent)} elements"
        obligations.possible(sympy.Gt(extent, 0), item.span, message)
        return extent

    def _inside(self, position: Expr, axis: Expr, span: Span) -> None:
        message = f"{say(position)} is outside an axis of size {say(axis)}"
        for condition in (sympy.Ge(position, 0), sympy.Lt(position, axis)):
            self.context.obligations.possible(condition, span, message)


def _check_power(base: Expr, exponent: Expr, node: tree.Power) -> None:
    if not exponent.is_Number:
        if base.is_Number and base > 0:
            return
        numbered = replace(node, base=tree.Number(Fraction(2), span=node.base.span))
        raise fail(
            "type",
            "a size in the exponent needs a number as its base",
            node.span,
            f"write a number in the place of `{show(node.base)}`, as in `{show(numbered)}`, or "
            "declare what this makes as a size of its own, with `dim`",
        )
    if base == 0 and exponent < 0:
        raise fail("type", "this divides by zero", node.span)
    bits = abs(exponent) * (int(abs(base.p)).bit_length() if base.is_Rational else 1)
    bound = MAX_BITS if base.is_Rational else MAX_EXPONENT
    if bits > bound or (isinstance(base, sympy.Add) and abs(exponent) > 16):
        raise LimitError(
            Diagnostic(
                "limit",
                "this power is too large to be written out",
                node.span,
                "take a smaller exponent, or declare the power as a size of its own, with `dim`",
            )
        )


def _not_zero(size: Expr, base: Expr) -> Boolean:
    """That a divisor is not 0: J > 0 for D^2 J + D J, and D != r for D^2 - D r."""
    part = _vanishing(size)
    if base.is_nonnegative:
        return sympy.Gt(part, 0)
    terms = sympy.Add.make_args(expand(part))
    less = [term for term in terms if term.could_extract_minus_sign()]
    return sympy.Ne(sympy.Add(*(term for term in terms if term not in less)), -sympy.Add(*less))


def _vanishing(size: Expr) -> Expr:
    """What of a size makes it 0: the J of D^2 J + D J."""
    bases = [factor.as_base_exp()[0] for factor in sympy.Mul.make_args(sympy.factor(size))]
    return sympy.Mul(*(base for base in bases if not base.is_positive))
