"""A formula as a sum of products, and which parts of the model each is from."""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy import Expr, Integer, Rational

from closedform.data import dataclass
from closedform.derive.assume.proofs.polynomials import fraction_of
from closedform.derive.cost.tree import Operation
from closedform.derive.cost.uses import uses
from closedform.derive.solve.closed import Closed
from closedform.derive.solve.made import Made
from closedform.derive.symbolic.expansion import expand
from closedform.errors import fail
from closedform.explore.table import Table
from closedform.reason.omissions import amount_of


@dataclass(frozen=True)
class TermSource:
    """An operation that a term is from: its path in the model, its line, and its share of the
    coefficient."""

    part: str
    line: int
    coefficient: Rational

    def __str__(self) -> str:
        return f"{self.part} (line {self.line})"


@dataclass(frozen=True)
class Term:
    """`coefficient` times `monomial`, which has no number in it."""

    coefficient: Rational
    monomial: Expr
    sources: tuple[TermSource, ...]

    @property
    def expr(self) -> Expr:
        """The product."""
        return self.coefficient * self.monomial


class Terms(Table[Term]):
    """The terms of a formula."""

    columns = ("coefficient", "monomial", "parts")

    def cells(self, row: Term) -> tuple[object, ...]:
        return row.coefficient, row.monomial, ", ".join(map(str, row.sources))


def terms_of(form: Closed) -> Terms:
    """The terms, in the order in which the formula is written; those of formulas that are made of
    others have no sources."""
    _, below = fraction_of(form.expr)
    if below.free_symbols:
        raise fail("sizes", "a quotient is no sum of terms", None, "ask for those of its numerator")
    whole = dict(_parts(form.expr))
    found: dict[Expr, list[TermSource]] = {}
    if not isinstance(form, Made):
        for use in uses(form.derivation.root):
            if isinstance(use.node, Operation):
                for monomial, coefficient in _parts(amount_of(form, use)):
                    found.setdefault(monomial, []).append(
                        TermSource(use.path, use.line, coefficient)
                    )
        summed = {m: sum((s.coefficient for s in f), Integer(0)) for m, f in found.items()}
        whole = {m: c for m, c in summed.items() if c}
    ordered = sorted(whole, key=form.order.term)
    return Terms(Term(whole[m], m, tuple(found.get(m, ()))) for m in ordered)


def _parts(expr: Expr) -> Iterator[tuple[Expr, Rational]]:
    for term in sympy.Add.make_args(expand(expr)):
        coefficient, monomial = term.as_coeff_Mul()
        if coefficient:
            yield monomial, coefficient
