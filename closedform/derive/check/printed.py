"""Names of sizes as formulas are printed: `D_2` of a list, the size before a stage, signs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any, TypeVar

from sympy import Expr

from closedform.derive.solve.closed import Closed
from closedform.grammar import tree

MAX_TERMS = 1024  # of a sum that is written out

T = TypeVar("T")


def printed_sizes(form: Closed) -> dict[str, Expr]:
    """The sizes of a formula by the names with which they are printed."""
    derivation = form.derivation
    found: dict[str, Expr] = dict(form.starts())
    symbols = [*derivation.stage_symbols, *sorted(form.expr.free_symbols | form.sizes, key=str)]
    found |= {symbol.name: symbol for symbol in symbols}
    for name, sign in derivation.signs.items():
        if name in found:
            found.setdefault(sign, found[name])
    return found


def unrolled(node: T, at: Mapping[str, int] | None = None) -> T:
    """An expression with its sums over lists written out, each element by its printed name.

    >>> from closedform.grammar.expressions import show
    >>> from closedform.grammar.latex import read_stated
    >>> show(unrolled(read_stated("\\\\sum_{s=1}^{2} s D_{s-1}").sides[0]))
    '1*D_0 + 2*D_1'
    """
    return _unrolled(node, at or {})  # type: ignore[no-any-return]  # an expression for one


def _unrolled(node: Any, at: Mapping[str, int]) -> Any:
    if isinstance(node, tuple):
        return tuple(_unrolled(part, at) for part in node)
    if not isinstance(node, tree.Node):
        return node
    if isinstance(node, tree.Name) and node.name in at:
        return tree.Number(Fraction(at[node.name]), span=node.span)
    if isinstance(node, tree.Call) and node.function.name == "sum":
        terms = _terms(node, at)
        if terms:
            first, *rest = terms
            added = tuple(("+", term) for term in rest)
            return tree.Sum(first, added, span=node.span) if added else first
    if isinstance(node, tree.Index) and isinstance(node.base, tree.Name):
        place = _whole(_unrolled(node.items[0], at))
        if place is not None:
            return tree.Name(f"{node.base.name}_{place}", span=node.span)
    return replace(node, **{name: _unrolled(part, at) for name, part in vars(node).items()})


def _terms(node: tree.Call, at: Mapping[str, int]) -> list[tree.Expression]:
    """The terms of a sum over numbers; none where it has other bounds."""
    index, *bounds, body = (argument.value for argument in node.arguments)
    assert isinstance(index, tree.Name)  # the reader of LaTeX makes it so
    first, last = (_whole(_unrolled(bound, at)) for bound in bounds)
    if first is None or last is None or not 0 <= last - first < MAX_TERMS:
        return []
    return [_unrolled(body, {**at, index.name: place}) for place in range(first, last + 1)]


def _whole(node: Any) -> int | None:
    """The whole number that an expression is, made of numbers by `+` and `-`."""
    match node:
        case tree.Number(value) if value.denominator == 1:
            return value.numerator
        case tree.Sum(first, rest):
            found = [_whole(first), *(_whole(part) for _, part in rest)]
            signs = [1, *(1 if sign == "+" else -1 for sign, _ in rest)]
            if None not in found:
                return sum(s * v for s, v in zip(signs, found, strict=True) if v is not None)
    return None
