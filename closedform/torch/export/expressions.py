"""Expressions of a file: sizes as SymPy's, and conditions as Python."""

from __future__ import annotations

from sympy import (
    Eq,
    Expr,
    Ge,
    Gt,
    Integer,
    Le,
    Lt,
    Max,
    Min,
    Mod,
    Ne,
    Rational,
    Symbol,
    ceiling,
    false,
    floor,
    sqrt,
    true,
)

from closedform.derive.resolve.builtin import USAGE
from closedform.errors import ClosedformError, fail
from closedform.grammar import tree
from closedform.grammar.expressions import show
from closedform.torch.export.python import quoted
from closedform.torch.export.sizes import Root, Sizes
from closedform.torch.export.values import Family, Tensor, Value

RELATIONS = {"==": Eq, "!=": Ne, "<": Lt, "<=": Le, ">": Gt, ">=": Ge}
ROUND = {"floor": floor, "ceil": ceiling}


def refuse(what: str, node: tree.Node, help: str) -> ClosedformError:
    """The error for what has no place in a module of PyTorch."""
    return fail("export", what, node.span, help)


def unknown(node: tree.Call, what: str, help: str) -> ClosedformError:
    """The error for a call of what is not declared: a function of the language, or a mistake."""
    name = node.function.name
    if name in USAGE:
        advice = "make what it gives a size of its own, `dim`"
        return refuse(f"`{name}` is not written in PyTorch", node, advice)
    return refuse(what.format(name=name), node, help)


class Reader:
    """Reads the expressions of one scope; whoever makes modules adds tensors and calls."""

    def __init__(self, sizes: Sizes, scope: dict[str, Value]) -> None:
        self.sizes = sizes
        self.scope = scope

    def name(self, node: tree.Name) -> Value:
        if node.name not in self.scope:
            raise fail("name", f"`{node.name}` is not defined", node.span)
        return self.scope[node.name]

    def call(self, node: tree.Call) -> Value:
        raise unknown(node, "`{name}` is no size", "a size is made of sizes")

    def tensor_index(self, tensor: Tensor, node: tree.Index) -> Value:
        raise refuse("a tensor is no size", node, "a size is made of sizes")

    def arithmetic(self, values: list[tuple[str, Value]], node: tree.Node) -> Value:
        raise refuse("this is no size", node, "a size is made of sizes")

    def pipe(self, node: tree.Pipe) -> Value:
        raise refuse("a pipe is no size", node, "a size is made of sizes")

    # Values --------------------------------------------------------------------------------

    def value(self, node: tree.Expression) -> Value:
        match node:
            case tree.Number(value=number):
                return Rational(number.numerator, number.denominator)
            case tree.Text(value=text):
                return text
            case tree.Boolean(value=truth):
                return truth
            case tree.Name():
                return self.name(node)
            case tree.ListOf(items=items):
                return tuple(self.value(item) for item in items)
            case tree.Index():
                return self._index(node)
            case tree.Negative(operand=operand):
                value = self.value(operand)
                return -value if isinstance(value, Expr) else self.arithmetic([("-", value)], node)
            case tree.Power(base=base, exponent=exponent):
                return self.size(base) ** self.size(exponent)
            case tree.Sum(first=first, rest=rest) | tree.Product(first=first, rest=rest):
                opening = "+" if isinstance(node, tree.Sum) else "*"
                parts = [(opening, self.value(first)), *((o, self.value(e)) for o, e in rest)]
                if any(isinstance(v, Tensor) for _, v in parts):
                    return self.arithmetic(parts, node)
                return self._combined(parts, node)
            case tree.Choice(cases=cases, otherwise=otherwise):
                return self._choice(cases, otherwise)
            case tree.Pipe():
                return self.pipe(node)
            case tree.Call():
                return self._call(node)
            case tree.Comparison() | tree.Not() | tree.AllOf() | tree.AnyOf():
                found = self.condition(node)
                return found if isinstance(found, bool) else self.sizes.compose("(", *found, ")")
        raise refuse(f"`{show(node)}` has no place in a module", node, "write it in another way")

    def size(self, node: tree.Expression) -> Expr:
        value = self.value(node)
        if isinstance(value, bool):
            return Integer(int(value))
        if not isinstance(value, Expr):
            raise refuse(f"`{show(node)}` is no size", node, "a size stands here")
        return value

    def _number(self, value: Value, node: tree.Node) -> Expr:
        if isinstance(value, bool):
            return Integer(int(value))
        if isinstance(value, Expr):
            return value
        raise refuse("this is no size", node, "sizes are added and multiplied with sizes")

    def _combined(self, parts: list[tuple[str, Value]], node: tree.Node) -> Expr:
        total = self._number(parts[0][1], node)
        for operator, value in parts[1:]:
            number = self._number(value, node)
            match operator:
                case "+":
                    total = total + number
                case "-":
                    total = total - number
                case "*":
                    total = total * number
                case _:
                    total = total / number
        return total

    def _choice(
        self, cases: tuple[tuple[tree.Expression, tree.Expression], ...], otherwise: tree.Expression
    ) -> Value:
        if not cases:
            return self.value(otherwise)
        (value, condition), *rest = cases
        decided = self.condition(condition)
        if decided is True:
            return self.value(value)
        others = self._choice(tuple(rest), otherwise)
        if decided is False:
            return others
        first = self.value(value)
        for part in (first, others):
            if isinstance(part, Tensor):
                raise refuse("a choice between tensors", value, "write it as `if` and `else`")
        assert not isinstance(decided, bool)
        return self.sizes.compose(
            "(", *self._parts(first), " if ", *decided, " else ", *self._parts(others), ")"
        )

    def _parts(self, value: Value) -> tuple[str | Root | Expr, ...]:
        match value:
            case bool():
                return (str(value),)
            case str():
                return (quoted(value),)
            case Expr():
                return (value,)
            case Family(name=name):
                return (Root(name),)
            case tuple():
                made: list[str | Root | Expr] = ["("]
                for item in value:
                    made += [*self._parts(item), ", "]
                return (*made[:-1], ",)" if len(value) == 1 else ")")
        raise TypeError(value)

    def _index(self, node: tree.Index) -> Value:
        base = self.value(node.base)
        if isinstance(base, Tensor):
            return self.tensor_index(base, node)
        (item,) = node.items
        assert not isinstance(item, tree.Slice | tree.Rest)
        where = self.size(item)
        if isinstance(base, tuple) and isinstance(where, Integer):
            return base[int(where) - 1]
        if isinstance(base, Family):
            return self.sizes.compose(Root(base.name), "[", where - 1, "]")
        if isinstance(base, tuple):
            return self.sizes.compose(*self._parts(base), "[", where - 1, "]")
        raise refuse(f"`{show(node)}` is no element of a list", node, "only lists have elements")

    def _call(self, node: tree.Call) -> Value:
        name = node.function.name
        values = [a.value for a in node.arguments]
        if name in ROUND:
            return ROUND[name](self.size(values[0]))
        if name in ("min", "max"):
            found = [self.size(v) for v in values]
            return Min(*found) if name == "min" else Max(*found)
        if name == "gcd":
            return self.sizes.compose("gcd(", self.size(values[0]), ", ", self.size(values[1]), ")")
        if name == "sqrt":
            return sqrt(self.size(values[0]))
        return self.call(node)

    # Conditions ----------------------------------------------------------------------------

    def condition(self, node: tree.Expression) -> bool | tuple[str | Root | Expr, ...]:
        """Whether it holds where that is known, else its Python."""
        match node:
            case tree.Boolean(value=truth):
                return truth
            case tree.Comparison():
                return self._comparison(node)
            case tree.Not(operand=operand):
                found = self.condition(operand)
                return not found if isinstance(found, bool) else ("not ", *found)
            case tree.AllOf(operands=operands):
                return self._joined(operands, " and ", False)
            case tree.AnyOf(operands=operands):
                return self._joined(operands, " or ", True)
        value = self.value(node)
        if isinstance(value, bool):
            return value
        if isinstance(value, Expr):
            return (value,)
        raise refuse(f"`{show(node)}` is no condition", node, "a condition compares sizes")

    def _joined(
        self, operands: tuple[tree.Expression, ...], word: str, ends: bool
    ) -> bool | tuple[str | Root | Expr, ...]:
        made: list[str | Root | Expr] = []
        for operand in operands:
            found = self.condition(operand)
            if isinstance(found, bool):
                if found is ends:
                    return ends
                continue
            inner = isinstance(operand, tree.AnyOf)
            made += [word] if made else []
            made += ["(", *found, ")"] if inner else found
        return tuple(made) if made else not ends

    def _comparison(self, node: tree.Comparison) -> bool | tuple[str | Root | Expr, ...]:
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(left, str) or isinstance(right, str):
            if isinstance(left, str) and isinstance(right, str):
                return (left == right) is (node.operator == "==")
            if isinstance(left, Expr) and not isinstance(left, Symbol):
                return node.operator == "!="
            return (*self._parts(left), f" {node.operator} ", *self._parts(right))
        a, b = self._number(left, node.left), self._number(right, node.right)
        if node.operator == "|":
            if Mod(b, a) == 0:
                return True
            return (*_tight(b), " % ", *_tight(a), " == 0")
        decided = RELATIONS[node.operator](a, b)
        if decided in (true, false):
            return bool(decided)
        return (a, f" {node.operator} ", b)


def _tight(size: Expr) -> tuple[str | Root | Expr, ...]:
    return (size,) if isinstance(size, Symbol | Integer) else ("(", size, ")")
