"""Expressions of the syntax tree to sizes, conditions, lists and texts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import sympy
from sympy import Expr, Integer, Rational
from sympy.logic.boolalg import Boolean

from closedform.derive.cost.tree import Operation
from closedform.derive.elaborate.layouts import of_slice
from closedform.derive.elaborate.values import (
    Applied,
    BuiltIn,
    Family,
    Scope,
    Tensor,
    Value,
    say_kind,
)
from closedform.derive.symbolic.atoms import Divides, indicator
from closedform.derive.symbolic.expansion import expand
from closedform.derive.symbolic.wording import say
from closedform.errors import Diagnostic, LimitError, Span, fail
from closedform.grammar import tree
from closedform.grammar.expressions import show

if TYPE_CHECKING:
    from closedform.derive.elaborate.model import Elaborator

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


class Evaluator:
    """Evaluates expressions in a scope, for the elaborator that owns it."""

    def __init__(self, owner: Elaborator) -> None:
        self.owner = owner
        self.known = owner.known

    def value(self, node: tree.Expression, scope: Scope) -> Value:
        """The value of any expression."""
        match node:
            case tree.Number():
                return Rational(node.value.numerator, node.value.denominator)
            case tree.Text():
                return node.value
            case tree.Boolean():
                return node.value
            case tree.Name():
                return self.owner.names.resolve(node, scope)
            case tree.ListOf():
                return tuple(self.value(item, scope) for item in node.items)
            case tree.Index():
                return self._index(node, scope)
            case tree.Call():
                return self.owner.call(node, scope, ())
            case tree.Pipe():
                return self._pipe(node, scope)
            case tree.Negative():
                return self._negative(node, scope)
            case tree.Power():
                return self._power(node, scope)
            case tree.Product() | tree.Sum():
                return self._chain(node, scope)
            case tree.Choice():
                return self._choice(node, scope)
        return self._condition_value(node, scope)

    def size(self, node: tree.Expression, scope: Scope, what: str = "a size") -> Expr:
        """The value of an expression that must be a number."""
        return self.as_size(self.value(node, scope), node.span, what)

    def as_size(self, value: Value, span: Span, what: str = "a size") -> Expr:
        if isinstance(value, bool):
            return Integer(int(value))
        if isinstance(value, Expr):  # asked first: SymPy's symbols are also booleans
            return value
        if isinstance(value, Boolean):
            return indicator(value)
        raise fail("type", f"{what} is expected here, and this is {say_kind(value)}", span)

    def tensor(self, node: tree.Expression, scope: Scope) -> Tensor:
        """The value of an expression that must be a tensor."""
        value = self.value(node, scope)
        if isinstance(value, Tensor):
            return value
        if isinstance(value, Applied | BuiltIn):
            raise fail(
                "type",
                "a tensor is expected here, and this operation has not been given one",
                node.span,
                "pipe a tensor into it: x -> f(...)",
            )
        raise fail("type", f"a tensor is expected here, and this is {say_kind(value)}", node.span)

    def condition(self, node: tree.Expression, scope: Scope) -> bool | Boolean:
        """True, False, or the condition itself when it is not known to be either."""
        value = self.value(node, scope)
        if isinstance(value, Expr):
            if value.is_Number:
                return bool(value)
        elif isinstance(value, bool | Boolean):
            return value
        raise fail(
            "type",
            f"a condition is expected here, and this is {say_kind(value)}",
            node.span,
            "compare with `==`, `!=`, `<`, `<=`, `>`, `>=` or `|`",
        )

    # Operators -----------------------------------------------------------------------------

    def _pipe(self, node: tree.Pipe, scope: Scope) -> Value:
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
            value = self.owner.call(call, scope, (value,))
            span = stage.span
        return value

    def _negative(self, node: tree.Negative, scope: Scope) -> Value:
        value = self.value(node.operand, scope)
        if isinstance(value, Tensor):
            return self.owner.elementwise("mul", value, Integer(-1), (node.span, node.span))
        return -self.as_size(value, node.operand.span)

    def _power(self, node: tree.Power, scope: Scope) -> Expr:
        base = self.size(node.base, scope)
        exponent = self.size(node.exponent, scope)
        self._check_power(base, exponent, node)
        if not exponent.is_Number:
            return sympy.Pow(base, exponent)
        if not exponent.is_Integer and not (exponent * 2).is_Integer:
            raise fail("type", f"the exponent {say(exponent)} is not whole", node.exponent.span)
        return base**exponent

    def _check_power(self, base: Expr, exponent: Expr, node: tree.Power) -> None:
        if not exponent.is_Number:
            if base.is_Number and base > 0:
                return
            raise fail(
                "type",
                "a size in the exponent needs a number as its base",
                node.span,
                "write 2^s, or a product",
            )
        if base == 0 and exponent < 0:
            raise fail("type", "this divides by zero", node.span)
        bits = abs(exponent) * (int(abs(base.p)).bit_length() if base.is_Rational else 1)
        bound = MAX_BITS if base.is_Rational else MAX_EXPONENT
        if bits > bound or (isinstance(base, sympy.Add) and abs(exponent) > 16):
            raise LimitError(
                Diagnostic("limit", "this power is too large to be written out", node.span)
            )

    def _chain(self, node: tree.Product | tree.Sum, scope: Scope) -> Value:
        value = self.value(node.first, scope)
        span = node.first.span
        collected: list[Expr] = []
        for operator, operand in node.rest:
            right = self.value(operand, scope)
            if isinstance(value, Tensor) or isinstance(right, Tensor):
                if collected:
                    value, collected = sympy.Add(value, *collected), []
                name = {"+": "add", "-": "add", "*": "mul", "/": "div"}[operator]
                value = self.owner.elementwise(name, value, right, (span, operand.span))
                span = span.to(operand.span)
                continue
            left = self.as_size(value, span)
            right = self.as_size(right, operand.span)
            if operator in "+-":
                value = left
                collected.append(right if operator == "+" else -right)
            elif operator == "*":
                value = left * right
            elif right == 0:
                raise fail("type", "this divides by zero", operand.span)
            else:
                value = left / right
        return sympy.Add(value, *collected) if collected else value

    def _choice(self, node: tree.Choice, scope: Scope) -> Value:
        pending: list[tuple[Boolean, Expr]] = []
        last: tree.Expression = node.otherwise
        for value, condition in node.cases:
            holds = self.condition(condition, scope)
            if holds is True:
                last = value
                break
            if holds is not False:
                pending.append((holds, self.size(value, scope)))
        if not pending:
            return self.value(last, scope)
        result = self.size(last, scope)
        for holds, size in reversed(pending):
            result = indicator(holds) * size + indicator(sympy.Not(holds)) * result
        return result

    def _condition_value(self, node: Any, scope: Scope) -> bool | Boolean:
        match node:
            case tree.Not():
                inner = self.condition(node.operand, scope)
                return self._settled(sympy.Not(inner))
            case tree.AllOf():
                return self._settled(sympy.And(*(self.condition(p, scope) for p in node.operands)))
            case tree.AnyOf():
                return self._settled(sympy.Or(*(self.condition(p, scope) for p in node.operands)))
            case tree.Comparison():
                left, right = (self.value(part, scope) for part in (node.left, node.right))
                if node.operator in ("==", "!=") and isinstance(left, str | bool):
                    return (left == right) is (node.operator == "==")
                if node.operator in ("==", "!=") and isinstance(right, str):
                    return node.operator == "!="
                sizes = self.as_size(left, node.left.span), self.as_size(right, node.right.span)
                return self._settled(RELATIONS[node.operator](*sizes))
        raise TypeError(f"no value for {type(node).__name__}")

    def _settled(self, condition: Any) -> bool | Boolean:
        answer = self.known.decide(condition)
        return condition if answer is None else answer

    # Indices -------------------------------------------------------------------------------

    def _index(self, node: tree.Index, scope: Scope) -> Value:
        base = self.value(node.base, scope)
        name = show(node.base)
        if isinstance(base, Tensor):
            return self._part(base, node, scope)
        items = base.symbols if isinstance(base, Family) else base
        if not isinstance(items, tuple):
            raise fail("type", f"`{name}` is {say_kind(base)} and has no elements", node.span)
        if len(node.items) != 1 or isinstance(node.items[0], tree.Slice | tree.Rest):
            raise fail("type", f"`{name}` takes one index", node.span, "write D[s]")
        at = self.size(node.items[0], scope, "an index")
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
                self._inside(self.size(item, scope), axis, item.span)
        sizes = self.owner.demands.axes(shape, node.span, "the slice")
        result = Tensor(sizes, of_slice(tensor, [isinstance(i, tree.Slice) for i in items]))
        moved = Operation("slice", "slice", {}, (tensor.shape,), (result.shape,))
        self.owner.emit(node.span, moved)
        return result

    def _extent(self, item: tree.Slice, axis: Expr, scope: Scope) -> Expr:
        if item.start is None and item.stop is None:
            return axis
        start = self.size(item.start, scope) if item.start else Integer(0)
        stop = self.size(item.stop, scope) if item.stop else axis
        demands, outside = self.owner.demands, f"is outside an axis of size {say(axis)}"
        demands.possible(sympy.Ge(start, 0), item.span, f"{say(start)} {outside}")
        demands.possible(sympy.Le(stop, axis), item.span, f"{say(stop)} {outside}")
        extent = expand(stop - start)
        demands.whole(extent, item.span, "a slice")
        message = f"this slice has {say(extent)} elements"
        demands.possible(sympy.Gt(extent, 0), item.span, message)
        return extent

    def _inside(self, position: Expr, axis: Expr, span: Span) -> None:
        message = f"{say(position)} is outside an axis of size {say(axis)}"
        for condition in (sympy.Ge(position, 0), sympy.Lt(position, axis)):
            self.owner.demands.possible(condition, span, message)
