"""How much a convention leaves out of a model: each omission with its size, as a formula.

>>> from closedform.api import zoo
>>> block = zoo("vit")["SelfAttention"].macs._closed
>>> [(row.operation.name, row.amount) for row in uncounted(block, block.measure.convention)]
[('linear', 4*d*n), ('softmax', 5*heads*n**2 - 2*heads*n)]
"""

from __future__ import annotations

from sympy import Expr, Integer

from closedform.data import dataclass
from closedform.derive.cost.totals import WORK
from closedform.derive.cost.tree import Operation
from closedform.derive.cost.uses import Use, uses
from closedform.derive.measures.amounts import left_out
from closedform.derive.measures.lookup import Omitted, omitted
from closedform.derive.resolve.builtin import MASKED
from closedform.derive.resolve.conventions import Convention
from closedform.derive.solve.closed import Closed
from closedform.derive.symbolic.expansion import expand


@dataclass(frozen=True)
class Uncounted:
    """What is left out of all operations of a name and kind: multiply-accumulates, or the other
    elementary operations, and how many there are."""

    operation: Operation
    kind: str | None
    products: bool
    amount: Expr


def uncounted(form: Closed, convention: Convention) -> list[Uncounted]:
    """How much a convention leaves out, in the symbols of a formula, operation by operation."""
    found: list[Uncounted] = []
    places = list(uses(form.derivation.root))
    for row in omitted(form.derivation.root, convention):
        for products in (True, False):
            left = (_left(form, use, row, convention, products) for use in places)
            amount = expand(sum(left, Integer(0)))
            if amount != 0:
                found.append(Uncounted(row.operation, row.kind, products, amount))
    return found


def _left(form: Closed, use: Use, row: Omitted, convention: Convention, products: bool) -> Expr:
    """What is left out at one place, if that is of the name and kind."""
    node = use.node
    if not isinstance(node, Operation) or node.name != row.operation.name:
        return Integer(0)
    if row.kind is not None and node.kind != row.kind:
        return Integer(0)
    counts = left_out(convention.rule(node.kind), node)
    each = [node.counts[name] for name in counts if (name in ("mac", MASKED)) == products]
    return form.rewritten(use.counted(WORK) * sum(each, Integer(0))) if each else Integer(0)
