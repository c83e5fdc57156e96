"""The sum of a passage: its parts by their names, with these written out, and simplified."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sympy
from sympy import Expr

from closedform import formula as w
from closedform.data import dataclass
from closedform.derive.arrange import forms
from closedform.derive.trace.frames import Frame
from closedform.derive.trace.lines import Reason, Step, commas, plus, said, same
from closedform.derive.trace.operations import Operations
from closedform.formula.joining import bracketed

SUM = said("the sum of its operations")
MAX_TERMS = 6  # of a sum that is shown before common factors are taken out


@dataclass(frozen=True)
class Term:
    """A part of a sum: by its name, written out, and its value."""

    named: w.Written
    put_in: w.Written
    value: Expr
    reasons: tuple[Reason, ...] = ()


class Sums(Operations):
    """Tells sums, and the operations in them."""

    def summed(
        self, subject: w.Written, terms: Sequence[Term], value: Expr, last: w.Written, frame: Frame
    ) -> tuple[Step, ...]:
        """A sum by the names of its parts, with these written out, and simplified."""
        parts = sympy.Add(*(frame.shown(term.value) for term in terms), evaluate=False)
        reasons = list(dict.fromkeys(r for term in terms for r in term.reasons))
        why: Reason = commas(reasons) if reasons else ((SUM,) if len(terms) > 1 else ())
        lines = [(plus([term.named for term in terms]), why)]
        lines.append((plus([term.put_in for term in terms]), (said("put in"),)))
        lines += self.final(parts, value, lines[-1][0], last, frame)
        steps: list[Step] = []
        for right, reason in lines:
            step = Step(None if steps else subject, right, reason, parts, value)
            if steps and same(steps[-1].right, right):  # it stands as the last line has it
                steps[-1] = replace(step, subject=steps[-1].subject, reason=steps[-1].reason)
            else:
                steps.append(step)
        return tuple(steps)

    def final(
        self, parts: Expr, value: Expr, put_in: w.Written, last: w.Written, frame: Frame
    ) -> list[tuple[w.Written, Reason]]:
        """The lines from a sum to its last form: its terms collected, common factors taken out."""
        why = self.simplified(parts, last, frame)
        out = forms.expanded(value, frame.order)
        terms = len(out.terms) if isinstance(out, w.Sum) else 1
        short = 1 < terms <= MAX_TERMS
        if not short or same(out, put_in) or same(out, last) or same(put_in, last):
            return [(last, why)]
        return [
            (out, (said("terms collected"),)),
            (last, (said("common factors taken out"), *why[1:])),
        ]


def multiplied(count: w.Written, value: Expr, term: Term, behind: bool = False) -> Term:
    """So many times a term; a factor that is one or zero stands behind it."""

    def scaled(node: w.Written) -> w.Written:
        if isinstance(node, w.Product) and not isinstance(node.factors[0], w.Number):
            factors = node.factors
        else:
            factors = (w.Function("", (node,)) if isinstance(node, w.Product) else node,)
        return w.Product((*factors, count) if behind else (bracketed(count), *factors))

    if count == w.Number(1):
        return term
    named, put_in = scaled(term.named), scaled(term.put_in)
    return Term(named, put_in, sympy.expand(value * term.value), term.reasons)


def because(term: Term, reason: Reason) -> Term:
    """A term with a further reason."""
    return Term(term.named, term.put_in, term.value, (reason, *term.reasons))
