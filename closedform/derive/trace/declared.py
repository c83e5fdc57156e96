"""The count of an operation as its declaration writes it, with its sizes put in, and its value.

A derivation shows all three: `size(x) out`, then `(T D) D`, then `T D^2`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import sympy
from sympy import Expr, Integer, Rational, Symbol
from sympy.logic.boolalg import Boolean

from closedform import formula as w
from closedform.data import dataclass
from closedform.derive.cost.tree import Operation, Shape
from closedform.derive.elaborate.algebra import Algebra, Operand
from closedform.derive.elaborate.expressions import RELATIONS
from closedform.derive.elaborate.layouts import map_of, parts
from closedform.derive.elaborate.shapes import REST
from closedform.derive.elaborate.values import Family, Tensor
from closedform.derive.symbolic.atoms import FUNCTIONS, indicator
from closedform.derive.symbolic.expansion import without_signs
from closedform.derive.symbolic.sums import summed
from closedform.derive.symbolic.symbols import size_symbol
from closedform.derive.trace.lines import own, plus
from closedform.formula.joining import bare, bracketed, opposite, product
from closedform.grammar import tree
from closedform.grammar.expressions import show
from closedform.grammar.traverse import names_in, parts_of

Say = Callable[[Expr], w.Written]


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


def axes_read(name: str, value: Any) -> Shape | None:
    """The axes of a tensor that `size`, `sides` or `area` is about; None for all else."""
    if not isinstance(value, Tensor) or name not in ("size", "sides", "area"):
        return None
    return value.shape if name == "size" else map_of(value)


class Declared:
    """The formulas of one operation, as it was called; `say` writes a size."""

    def __init__(self, operation: Operation, say: Say) -> None:
        self.operation, self.say = operation, say
        self.names = operation.names
        self.body = operation.declaration.body if operation.declaration else ()
        self.assigned = {
            statement.targets[0].name: statement.value
            for statement in self.body
            if isinstance(statement, tree.Assign)
        }

    def _formulas(self, counts: Collection[str] = ()) -> Formulas:
        """The algebra of its formulas; those of a kind may name counts as well."""
        parts = {
            name: value
            for name, value in self.assigned.items()
            if name in self._named_parts() or name in counts
        }
        unstated = dict.fromkeys(counts, Integer(0))
        names = {**unstated, **self.operation.counts, **self.names}
        return Formulas(names, self.operation.values, parts, self.say)

    def _named_parts(self) -> set[str]:
        """The parts of counts that have a name of their own, given once and to nothing else."""
        declaration = self.operation.declaration
        parameters = declaration.parameters if declaration else ()
        given = {p.name.name for p in parameters} | names_in(tuple(p.shape for p in parameters))
        often = Counter(s.targets[0].name for s in self.body if isinstance(s, tree.Assign))
        return {n for n in often if often[n] == 1} - given - self.operation.counts.keys()

    def of_kind(self, expression: tree.Expression, counts: Collection[str]) -> Spelled:
        """The formula that a convention gives a kind, over its names and these counts."""
        return self._formulas(counts).size(expression, None)

    def count(self, name: str) -> Spelled | None:
        """The formula of a count, or None where the operation does not state it."""
        node = self.assigned.get(name)
        return self._formulas().size(node, None) if node is not None else None

    def axes(self) -> list[tuple[str, int, Spelled]]:
        """The rounded axes of the outputs: name, place and formula."""
        found = []
        for output in self.operation.declaration.outputs if self.operation.declaration else ():
            if isinstance(output.shape, tree.Call):
                continue
            place = 0
            for axes, rest in zip(parts(output.shape), REST, strict=True):
                for axis in axes:
                    if isinstance(axis, tree.Rest):
                        place += len(self.names.get(rest, ()))
                        continue
                    if _is_rounded(axis):
                        found.append((output.name.name, place, self._formulas().size(axis, None)))
                    place += 1
        return found


class Formulas(Algebra[Spelled, None]):
    """The algebra of derivations: a part is a formula, as declared and with its sizes put in.

    What a name stands for, and which conditions hold, is what the elaboration found.
    """

    def __init__(
        self,
        names: Mapping[str, Any],
        found: Mapping[int, Any],
        parts: Mapping[str, tree.Expression],
        say: Say,
    ) -> None:
        self.names, self.found = names, found
        self.parts, self.say = parts, say

    def number(self, value: Rational) -> Spelled:
        return Spelled(number(value), number(value), value)

    def boolean(self, value: bool) -> Spelled:
        bit = w.Number(int(value))
        return Spelled(bit, bit, value)

    def text(self, value: str) -> Spelled:
        return Spelled(own(value), own(value), value)

    def name(self, node: tree.Name, scope: None) -> Spelled:
        symbol = self._named(node.name)
        if node.name in self.parts:
            part = self.value(self.parts[node.name], None)
            return Spelled(symbol, part.filled, part.value)
        value = self.found[id(node)] if id(node) in self.found else self.names[node.name]
        return self._as_it_is(symbol, value)

    def _named(self, name: str, index: str | None = None) -> w.Symbol:
        """A name of the operation, or a size of its file."""
        known = name in self.names or name in self.parts
        return own(name, index) if known else w.Symbol(name, index)

    def list_of(self, node: tree.ListOf, items: list[Spelled]) -> Spelled:
        declared = w.Function("", tuple(item.declared for item in items))
        filled = w.Function("", tuple(item.filled for item in items))
        return Spelled(declared, filled, tuple(item.value for item in items))

    def _as_it_is(self, declared: w.Written, value: Any) -> Spelled:
        """A part that is not taken apart: a tensor or a list stands for itself."""
        if isinstance(value, str):
            return Spelled(declared, own(value), value)
        if isinstance(value, tuple | Tensor | Family):
            return Spelled(declared, declared, value)
        return Spelled(declared, self.say(_expr(value)), value)

    def _found(self, node: tree.Expression) -> Spelled:
        return self._as_it_is(own(show(node)), self.found[id(node)])

    def size(self, node: tree.Expression, scope: None) -> Spelled:
        return _as_size(self.value(node, None))

    def condition(self, node: tree.Expression, scope: None) -> Spelled:
        return self.value(node, None)

    def truth(self, node: tree.Expression, condition: Spelled) -> bool | None:
        found = self.found.get(id(node), condition.value)
        if isinstance(found, Expr):
            return bool(found) if found.is_Number else None
        return bool(found) if found in (True, False) else None

    # Operators -----------------------------------------------------------------------------

    def index(self, node: tree.Index, base: Spelled, scope: None) -> Spelled:
        items = base.value.symbols if isinstance(base.value, Family) else base.value
        if not isinstance(items, tuple) or not isinstance(node.base, tree.Name):
            return self._found(node)
        index = self.size(node.items[0], None)  # type: ignore[arg-type]  # a list takes no slice
        if not index.value.is_Integer:  # that of a sum, whose terms are put in one by one
            symbol = self._named(node.base.name, w.plain(index.declared))
            return Spelled(symbol, symbol, sympy.Dummy())
        at = int(index.value)
        return self._as_it_is(self._named(node.base.name, str(at)), items[at - 1])

    def call(self, node: tree.Call, scope: None) -> Spelled:
        name = node.function.name
        if name == "sum":
            return self._sum(node)
        parts = [self.value(argument.value, None) for argument in node.arguments]
        axes = axes_read(name, parts[0].value) if parts else None
        if axes is not None:
            return self._of_tensor(name, parts[0].declared, axes)
        if name not in FUNCTIONS:
            return self._found(node)
        parts = list(map(_as_size, parts))
        value = without_signs(FUNCTIONS[name](*(part.value for part in parts)))
        declared = w.Function(name, tuple(part.declared for part in parts))
        return Spelled(declared, w.Function(name, tuple(part.filled for part in parts)), value)

    def _sum(self, node: tree.Call) -> Spelled:
        """A sum over an index; one of a list is filled in with its terms."""
        index, *bounds, term = (argument.value for argument in node.arguments)
        if not isinstance(index, tree.Name):
            return self._found(node)
        first, last = (self.size(bound, None) for bound in bounds)
        least_one = first.value.is_positive
        symbol = size_symbol(index.name) if least_one else Symbol(index.name, integer=True)

        def body(at: Expr) -> Spelled:
            names = {**self.names, index.name: at}
            return Formulas(names, {}, self.parts, self.say).size(term, None)

        each = body(symbol)
        declared = w.BigSum(index.name, first.declared, last.declared, each.declared)
        if any(isinstance(part, tree.Index) for part in parts_of(term)):
            terms = [body(Integer(at)) for at in range(int(first.value), int(last.value) + 1)]
            value = sympy.Add(*(part.value for part in terms))
            return Spelled(declared, plus([part.filled for part in terms]), value)
        filled = w.BigSum(index.name, first.filled, last.filled, each.filled)
        return Spelled(declared, filled, summed(each.value, symbol, first.value, last.value))

    def _of_tensor(self, name: str, tensor: w.Written, axes: Shape) -> Spelled:
        """How many axes of a tensor there are, or the product of their sizes."""
        declared = w.Function(name, (tensor,))
        if name == "sides":
            return Spelled(declared, w.Number(len(axes)), Integer(len(axes)))
        sizes = [bracketed(self.say(size)) for size in axes if size != 1] or [w.Number(1)]
        return Spelled(declared, bracketed(product(*sizes)), sympy.Mul(*axes))

    def pipe(self, node: tree.Pipe, scope: None) -> Spelled:
        return self._found(node)

    def negative(self, node: tree.Negative, operand: Spelled) -> Spelled:
        part = _as_size(operand)
        return Spelled(opposite(part.declared), opposite(part.filled), -part.value)

    def power(self, node: tree.Power, base: Spelled, exponent: Spelled) -> Spelled:
        base, exponent = _as_size(base), _as_size(exponent)
        return Spelled(
            w.Power(bracketed(base.declared), exponent.declared),
            w.Power(bracketed(base.filled), exponent.filled),
            without_signs(base.value**exponent.value),
        )

    def chain(
        self, node: tree.Sum | tree.Product, first: Spelled, rest: Iterable[Operand[Spelled]]
    ) -> Spelled:
        parts = [(operator, _as_size(part)) for operator, part, _ in rest]
        together = _sum if isinstance(node, tree.Sum) else _product
        return together(_as_size(first), parts)

    def either(self, holds: Spelled, value: Spelled, otherwise: Spelled) -> Spelled:
        def joined(one: w.Written, condition: w.Written, other: w.Written) -> w.Written:
            no = w.Condition("not", (condition,))
            return w.Sum(
                (
                    w.Product((bracketed(one), w.Indicator(condition))),
                    w.Product((bracketed(other), w.Indicator(no))),
                )
            )

        counted = indicator(holds.value) * value.value
        counted += indicator(sympy.Not(holds.value)) * otherwise.value
        return Spelled(
            joined(value.declared, holds.declared, otherwise.declared),
            joined(value.filled, holds.filled, otherwise.filled),
            counted,
        )

    # Conditions ----------------------------------------------------------------------------

    def negation(self, node: tree.Not, part: Spelled) -> Spelled:
        return _joined("not", [part], sympy.Not(part.value))

    def joined(self, node: tree.AllOf | tree.AnyOf, parts: list[Spelled]) -> Spelled:
        both = isinstance(node, tree.AllOf)
        function = sympy.And if both else sympy.Or
        value = function(*(part.value for part in parts))
        return _joined("and" if both else "or", parts, value)

    def comparison(self, node: tree.Comparison, left: Spelled, right: Spelled) -> Spelled:
        operator = "=" if node.operator == "==" else node.operator
        texts = isinstance(left.value, str | bool) or isinstance(right.value, str)
        if node.operator in ("==", "!=") and texts:
            value: Any = (left.value == right.value) is (node.operator == "==")
            return _joined(operator, [left, right], value)
        left, right = _as_size(left), _as_size(right)
        value = RELATIONS[node.operator](left.value, right.value)
        return _joined(operator, [left, right], value)


def _product(first: Spelled, rest: Sequence[tuple[str, Spelled]]) -> Spelled:
    """Factors side by side; what is divided by goes below a bar."""
    declared, filled = [bracketed(first.declared)], [bracketed(first.filled)]
    value = first.value
    for operator, part in rest:
        one = part.filled == w.Number(1)
        if operator == "*":
            declared.append(bracketed(part.declared))
            filled += [] if one else [bracketed(part.filled)]
            value = value * part.value
        else:
            declared = [w.Fraction(bare(product(*declared)), part.declared)]
            filled = filled if one else [w.Fraction(bare(product(*filled)), part.filled)]
            value = value / part.value
    if filled[0] == w.Number(1) and len(filled) > 1:
        del filled[0]
    return Spelled(product(*declared), product(*filled), value)


def _sum(first: Spelled, rest: Sequence[tuple[str, Spelled]]) -> Spelled:
    declared, filled = [first.declared], [first.filled]
    value = first.value
    for operator, part in rest:
        minus = operator == "-"
        declared.append(opposite(part.declared) if minus else part.declared)
        filled.append(opposite(part.filled) if minus else part.filled)
        value = value - part.value if minus else value + part.value
    return Spelled(w.Sum(tuple(declared)), w.Sum(tuple(filled)), value)


def _as_size(part: Spelled) -> Spelled:
    """A condition among numbers, `[n > 1]` or bare, is 1 where it holds, and 0 where not."""
    if isinstance(part.value, Expr):
        return part
    if isinstance(part.value, tuple) and len(part.value) == 1:
        return _as_size(Spelled(bare(part.declared), bare(part.filled), part.value[0]))
    if isinstance(part.value, bool):
        value: Any = Integer(int(part.value))
    elif isinstance(part.value, Boolean):
        value = indicator(part.value)
    else:
        return part

    def counted(node: w.Written) -> w.Written:
        return w.Indicator(node) if isinstance(node, w.Condition) else node

    return Spelled(counted(part.declared), counted(part.filled), value)


def _joined(operator: str, parts: list[Spelled], value: Any) -> Spelled:
    return Spelled(
        w.Condition(operator, tuple(part.declared for part in parts)),
        w.Condition(operator, tuple(part.filled for part in parts)),
        value,
    )


def _expr(value: Any) -> Expr:
    return Integer(int(value)) if isinstance(value, bool) else value


def _is_rounded(node: Any) -> bool:
    """Whether an axis is stated by a function such as floor."""
    return any(isinstance(part, tree.Call) for part in parts_of(node))
