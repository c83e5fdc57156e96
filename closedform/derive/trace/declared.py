"""The count of an operation as its declaration writes it, with its sizes put in, and its value.

A derivation shows all three: `size(x) out`, then `(T D) D`, then `T D^2`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sympy
from sympy import Expr, Integer, Rational

from closedform import formula as w
from closedform.derive.cost.tree import Operation, Shape
from closedform.derive.elaborate.expressions import RELATIONS
from closedform.derive.elaborate.layouts import parts
from closedform.derive.elaborate.values import Family, Tensor
from closedform.derive.symbolic.atoms import Gcd, indicator
from closedform.grammar import tree
from closedform.grammar.traverse import parts_of

Say = Callable[[Expr], w.Written]

FUNCTIONS: dict[str, Callable[..., Expr]] = {
    "floor": sympy.floor,
    "ceil": sympy.ceiling,
    "min": sympy.Min,
    "max": sympy.Max,
    "gcd": Gcd,
    "sqrt": sympy.sqrt,
}


@dataclass(frozen=True)
class Spelled:
    """A formula as declared, with the sizes put in, and the value of both."""

    declared: w.Written
    filled: w.Written
    value: Any


def number(value: Expr) -> w.Written:
    """A rational number as it is written."""
    if value.q == 1:
        return w.Number(int(value))
    return w.Fraction(w.Number(int(value.p)), w.Number(int(value.q)))


def bracketed(node: w.Written) -> w.Written:
    """A part in brackets, where it would not stand for itself as a factor."""
    compound = w.Product | w.Sum | w.Fraction | w.BigSum
    return w.Function("", (node,)) if isinstance(node, compound) else node


def product(*factors: w.Written) -> w.Written:
    return factors[0] if len(factors) == 1 else w.Product(factors)


class Declared:
    """Reads the formulas of one operation; `say` writes a size."""

    def __init__(self, operation: Operation, say: Say) -> None:
        assert operation.declaration is not None
        self.declaration = operation.declaration
        self.say = say
        self.names: dict[str, Any] = {}
        self.sides: dict[str, int] = {}  # how many axes stand after the channels of a tensor
        shapes = iter(operation.inputs)
        for parameter in self.declaration.parameters:
            if parameter.shape is not None:
                name = parameter.name.name
                if parameter.shape.sides is not None:
                    (self.sides[name],) = operation.given[name].layout.sides
                self._bind(name, parameter.shape, next(shapes))
        for parameter in self.declaration.parameters:
            if parameter.shape is None:
                self.names[parameter.name.name] = self._argument(parameter, operation.given)
        for output, shape in zip(self.declaration.outputs, operation.outputs, strict=True):
            self.names[output.name.name] = shape
        self.locals = {
            statement.targets[0].name: statement.value
            for statement in self.declaration.body
            if isinstance(statement, tree.Assign)
        }

    def _bind(self, name: str, pattern: tree.Shape, shape: Shape) -> None:
        """Give the names of a shape pattern the sizes that stand there."""
        self.names[name] = shape
        at = len(shape) - self.sides.get(name, 0)
        for axes, sizes in zip(parts(pattern), (shape[:at], shape[at:]), strict=True):
            rest = [i for i, axis in enumerate(axes) if isinstance(axis, tree.Rest)]
            before = axes[: rest[0]] if rest else axes
            after = axes[rest[0] + 1 :] if rest else ()
            pairs = [*zip(before, sizes, strict=False)]
            if after:
                pairs += zip(after, sizes[-len(after) :], strict=True)
            for axis, size in pairs:
                if isinstance(axis, tree.Name):
                    self.names.setdefault(axis.name, size)

    def _argument(self, parameter: tree.Parameter, given: Mapping[str, Any]) -> Any:
        value = given.get(parameter.name.name)
        if value is None:
            assert parameter.default is not None
            default = parameter.default
            value = default.value if isinstance(default, tree.Text) else self.value(default)
        if isinstance(value, Family):
            value = value.symbols
        if parameter.length is not None and not isinstance(value, tuple):
            value = (value,) * int(self.value(parameter.length))
        return value

    def count(self, name: str) -> Spelled | None:
        """The formula of a count, or None where the operation does not state it."""
        node = self.locals.get(name)
        return self.spelled(node) if node is not None else None

    def axes(self) -> list[tuple[str, int, Spelled]]:
        """The rounded axes of the outputs: name, place and formula."""
        found = []
        for output in self.declaration.outputs:
            if isinstance(output.shape, tree.Call):
                continue
            for at, axis in enumerate(output.shape.axes):
                if not isinstance(axis, tree.Rest) and _is_rounded(axis):
                    place = at - len(output.shape.axes)
                    found.append((output.name.name, place, self.spelled(axis)))
        return found

    def value(self, node: tree.Expression) -> Any:
        return self.spelled(node).value

    def argument(self, node: tree.Expression) -> Any:
        """What a parameter is that may be a text; texts stand in no formula."""
        if isinstance(node, tree.Index):
            at = self.spelled(node.items[0]).value
            return self.argument(node.base)[int(at) - 1]
        assert isinstance(node, tree.Name)
        return self.names[node.name]

    # Expressions ---------------------------------------------------------------------------

    def spelled(self, node: Any) -> Spelled:
        """An expression of the declaration in its three forms."""
        match node:
            case tree.Number():
                value = Rational(node.value.numerator, node.value.denominator)
                return Spelled(number(value), number(value), value)
            case tree.Boolean():
                return _bit(node.value)
            case tree.Comparison() if isinstance(node.right, tree.Text):
                same = self.argument(node.left) == node.right.value
                return _bit(same is (node.operator == "=="))
            case tree.Name():
                return self._name(node)
            case tree.Index():
                return self._element(node)
            case tree.Call():
                return self._call(node)
            case tree.Negative():
                part = self.spelled(node.operand)
                return Spelled(_negative(part.declared), _negative(part.filled), -_expr(part.value))
            case tree.Power():
                return self._power(node)
            case tree.Product():
                return self._product(node)
            case tree.Sum():
                return self._sum(node)
            case tree.Choice():
                return self._choice(node)
        return self._condition(node)

    def _say(self, value: Any) -> w.Written:
        return self.say(_expr(value))

    def _name(self, node: tree.Name) -> Spelled:
        symbol = w.Symbol(node.name)
        if node.name not in self.names and node.name in self.locals:
            part = self.spelled(self.locals[node.name])
            return Spelled(symbol, part.filled, part.value)
        value = self.names[node.name]
        if isinstance(value, tuple | Tensor):
            return Spelled(symbol, symbol, value)
        return Spelled(symbol, self._say(value), value)

    def _element(self, node: tree.Index) -> Spelled:
        assert isinstance(node.base, tree.Name)
        name, at = node.base.name, self.spelled(node.items[0]).value
        value = self.names[name][int(at) - 1]
        return Spelled(w.Symbol(name, str(at)), self._say(value), value)

    def _call(self, node: tree.Call) -> Spelled:
        name = node.function.name
        parts = [self.spelled(argument.value) for argument in node.arguments]
        if name in ("size", "area"):
            shape = parts[0].value
            if name == "area":
                assert isinstance(node.arguments[0].value, tree.Name)
                shape = shape[len(shape) - self.sides[node.arguments[0].value.name] :]
            sizes = [bracketed(self._say(size)) for size in shape if size != 1] or [w.Number(1)]
            filled = bracketed(product(*sizes))
            return Spelled(w.Function(name, (parts[0].declared,)), filled, sympy.Mul(*shape))
        values = [_expr(part.value) for part in parts]
        if name == "log":
            value = sympy.log(values[0]) / sympy.log(values[1])
        else:
            value = FUNCTIONS[name](*values)
        declared = w.Function(name, tuple(part.declared for part in parts))
        return Spelled(declared, w.Function(name, tuple(part.filled for part in parts)), value)

    def _power(self, node: tree.Power) -> Spelled:
        base, exponent = self.spelled(node.base), self.spelled(node.exponent)
        value = _expr(base.value) ** _expr(exponent.value)
        return Spelled(
            w.Power(bracketed(base.declared), exponent.declared),
            w.Power(bracketed(base.filled), exponent.filled),
            value,
        )

    def _product(self, node: tree.Product) -> Spelled:
        first = self.spelled(node.first)
        declared, filled = [bracketed(first.declared)], [bracketed(first.filled)]
        value = _expr(first.value)
        for operator, operand in node.rest:
            part = self.spelled(operand)
            one = part.filled == w.Number(1)
            if operator == "*":
                declared.append(bracketed(part.declared))
                filled += [] if one else [bracketed(part.filled)]
                value = value * _expr(part.value)
            else:
                declared = [w.Fraction(_bare(product(*declared)), part.declared)]
                filled = filled if one else [w.Fraction(_bare(product(*filled)), part.filled)]
                value = value / _expr(part.value)
        if filled[0] == w.Number(1) and len(filled) > 1:
            del filled[0]
        return Spelled(product(*declared), product(*filled), value)

    def _sum(self, node: tree.Sum) -> Spelled:
        first = self.spelled(node.first)
        declared, filled = [first.declared], [first.filled]
        value = _expr(first.value)
        for operator, operand in node.rest:
            part = self.spelled(operand)
            minus = operator == "-"
            declared.append(_negative(part.declared) if minus else part.declared)
            filled.append(_negative(part.filled) if minus else part.filled)
            value = value - _expr(part.value) if minus else value + _expr(part.value)
        return Spelled(w.Sum(tuple(declared)), w.Sum(tuple(filled)), value)

    def _choice(self, node: tree.Choice) -> Spelled:
        """The case that holds; where that is open, each case times one or zero."""
        for value, condition in node.cases:
            holds = self.spelled(condition)
            if holds.value in (True, sympy.true):
                return self.spelled(value)
            if holds.value not in (False, sympy.false):
                rest = self.spelled(tree.Choice(node.cases[1:], node.otherwise))
                return self._open(self.spelled(value), holds, rest)
        return self.spelled(node.otherwise)

    def _open(self, first: Spelled, holds: Spelled, rest: Spelled) -> Spelled:
        def joined(one: w.Written, condition: w.Written, other: w.Written) -> w.Written:
            no = w.Condition("not", (condition,))
            return w.Sum(
                (
                    w.Product((bracketed(one), w.Indicator(condition))),
                    w.Product((bracketed(other), w.Indicator(no))),
                )
            )

        value = indicator(holds.value) * first.value
        value += indicator(sympy.Not(holds.value)) * rest.value
        return Spelled(
            joined(first.declared, holds.declared, rest.declared),
            joined(first.filled, holds.filled, rest.filled),
            value,
        )

    def _condition(self, node: Any) -> Spelled:
        match node:
            case tree.Comparison():
                left, right = self.spelled(node.left), self.spelled(node.right)
                operator = "=" if node.operator == "==" else node.operator
                value = RELATIONS[node.operator](_expr(left.value), _expr(right.value))
                return _joined(operator, [left, right], value)
            case tree.Not():
                part = self.spelled(node.operand)
                return _joined("not", [part], sympy.Not(part.value))
            case tree.AllOf() | tree.AnyOf():
                parts = [self.spelled(operand) for operand in node.operands]
                both = isinstance(node, tree.AllOf)
                function = sympy.And if both else sympy.Or
                value = function(*(part.value for part in parts))
                return _joined("and" if both else "or", parts, value)
        raise TypeError(f"no formula for {type(node).__name__}")


def _bit(value: bool) -> Spelled:
    bit = w.Number(int(value))
    return Spelled(bit, bit, value)


def _joined(operator: str, parts: list[Spelled], value: Any) -> Spelled:
    return Spelled(
        w.Condition(operator, tuple(part.declared for part in parts)),
        w.Condition(operator, tuple(part.filled for part in parts)),
        value,
    )


def _bare(node: w.Written) -> w.Written:
    """A part without the brackets around all of it, which a bar of a fraction makes needless."""
    if isinstance(node, w.Function) and node.name == "":
        return node.arguments[0]
    return node


def _negative(node: w.Written) -> w.Written:
    if isinstance(node, w.Number):
        return w.Number(-node.value)
    factors = node.factors if isinstance(node, w.Product) else (bracketed(node),)
    if isinstance(factors[0], w.Number) and factors[0].value >= 0:
        return w.Product((w.Number(-factors[0].value), *factors[1:]))
    return w.Product((w.Number(-1), *factors))


def _expr(value: Any) -> Expr:
    return Integer(int(value)) if isinstance(value, bool) else value


def _is_rounded(node: Any) -> bool:
    """Whether an axis is stated by a function such as floor."""
    return any(isinstance(part, tree.Call) for part in parts_of(node))
