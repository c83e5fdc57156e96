"""The walk from the shapes to the total: operation, block, repeat, stages, sum, simplified form.

Each step is one line `subject = right`, or `= right` below it, with its reason; it holds both
sides as SymPy expressions too, so that a test can put numbers into them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sympy
from sympy import Expr, Integer

from closedform import formula as w
from closedform.data import dataclass
from closedform.derive.arrange import forms
from closedform.derive.cost import tree as cost
from closedform.derive.cost.movement import folded
from closedform.derive.cost.tree import Node, Site
from closedform.derive.elaborate.values import Tensor
from closedform.derive.solve.closed import Closed
from closedform.derive.symbolic.atoms import indicator
from closedform.derive.trace.frames import Frame, StageRuns, in_step, node_key
from closedform.derive.trace.lines import (
    Part,
    Quiet,
    Reason,
    Said,
    Step,
    commas,
    doc_said,
    line_of,
    plus,
    said,
    same,
)
from closedform.derive.trace.operations import Operations
from closedform.errors import Span, fail
from closedform.formula.joining import bracketed
from closedform.grammar import tree

SUM = said("the sum of its operations")
MAX_TERMS = 6  # of a sum that is shown before common factors are taken out


@dataclass(frozen=True)
class Passage:
    """A block, a stage, a step of a loop or the model: its operations, and their sum.

    `again` are those that another passage of the block tells, of other sizes; `quiet` those that
    add nothing, and were not told before.
    """

    kind: str
    name: str
    subject: w.Written
    says: str | Said
    span: Span
    arguments: tuple[tuple[str, w.Written | tuple[w.Written, ...]], ...]
    parts: tuple[Part, ...]
    again: tuple[Part, ...]
    quiet: tuple[Quiet, ...]
    steps: tuple[Step, ...]
    frame: Frame
    value: Expr

    @property
    def only_again(self) -> bool:
        """Whether it is a block whose operations were all told before."""
        return bool(self.again) and not self.parts


@dataclass(frozen=True)
class Walk:
    """Every passage, each after those that it needs; the last is that of the whole."""

    passages: tuple[Passage, ...]
    sums: tuple[tuple[w.BigSum, Expr], ...]  # of the steps of loops, by what is printed


@dataclass(frozen=True)
class _Term:
    """A part of a sum: by its name, written out, and its value."""

    named: w.Written
    put_in: w.Written
    value: Expr
    reasons: tuple[Reason, ...] = ()


def walk(closed: Closed) -> Walk:
    """The derivation of a closed form."""
    if closed.measure.whole is not None:
        message = f"`{closed.measure.name}` is no sum over operations, and is not told step by step"
        raise fail("measure", message, None, "ask for the formula alone, without --steps")
    if not closed.measure.scaling.counts("fused"):
        root = folded(closed.derivation.root)
        closed = replace(closed, derivation=replace(closed.derivation, root=root))
    walker = _Walker(closed)
    walker.model()
    return Walk(tuple(walker.passages), tuple(walker.sums.items()))


class _Walker(Operations):
    def __init__(self, closed: Closed) -> None:
        super().__init__(closed)
        self.passages: list[Passage] = []
        self.sums: dict[w.BigSum, Expr] = {}
        self.done: dict[Any, tuple[str, bool]] = {}
        self.names: set[str] = set()
        self.told: dict[int, set[Any]] = {}  # of each block, which of its operations were told

    def own_name(self, name: str) -> str:
        """A name that no other passage has."""
        number, found = 1, name
        while found in self.names:
            number += 1
            found = f"{name}_{number}"
        self.names.add(found)
        return found

    # The whole -----------------------------------------------------------------------------

    def model(self) -> None:
        root = self.derivation.root
        frame = Frame(order=self.closed.order)
        arguments = tuple(
            (name, tuple(self.size(size, frame) for size in value.shape))
            for name in (p.name.name for p in root.declaration.parameters)
            if isinstance(value := root.given.get(name), Tensor)
        )
        kind, name = root.declaration.keyword, self.own_name(root.name)
        span = root.declaration.span
        says = doc_said(root.declaration.doc or "", span)
        passage = self.passage(
            kind,
            name,
            self.named(name),
            says,
            span,
            arguments,
            (root.body,),
            frame,
            self.closed.written(),
        )
        self.passages.append(passage)

    def passage(
        self,
        kind: str,
        name: str,
        subject: w.Written,
        says: str | Said,
        span: Span,
        arguments: tuple[tuple[str, w.Written | tuple[w.Written, ...]], ...],
        bodies: Sequence[tuple[Site, ...]],
        frame: Frame,
        final: w.Written | None = None,
        block: tree.Block | None = None,
    ) -> Passage:
        """The operations of a body and their sum; of bodies alike, the last is told."""
        body = bodies[-1]
        terms = self.terms(body, frame)
        value = sympy.Add(*(term.value for term in terms))
        shown = frame.shown(value)
        last = final or self.amount(frame, *(site.node for site in body))
        steps = self.summed(subject, terms, shown, last, frame)
        parts, quiet = self.parts(body, frame), self.quiet(bodies, frame)
        again: list[Part] = []
        if block is not None:
            before = self.told.setdefault(id(block), set())
            again = [part for part in parts if _rows(part) <= before]
            quiet = tuple(row for row in (_not_told(q, before) for q in quiet) if row.lines)
            before |= {row for part in parts for row in _rows(part)}
            before |= {(row.name, line) for row in quiet for line in row.lines}
        new = tuple(part for part in parts if part not in again)
        if again and not new and steps[0].reason == (SUM,):
            steps = (replace(steps[0], reason=()), *steps[1:])
        return Passage(
            kind, name, subject, says, span, arguments, new, (*again,), quiet, steps, frame, shown
        )

    def summed(
        self, subject: w.Written, terms: Sequence[_Term], value: Expr, last: w.Written, frame: Frame
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

    # Terms of a sum ------------------------------------------------------------------------

    def terms(self, sites: Sequence[Site], frame: Frame) -> list[_Term]:
        """What the parts of a body add to its sum, equal ones on one line together."""
        found: dict[Any, tuple[_Term, int]] = {}
        for site in sites:
            if self.value(site.node) == 0:
                continue
            key = id(site.node)
            if key in found:
                found[key] = found[key][0], found[key][1] + 1
            elif isinstance(site.node, cost.Stages):
                found.update({(key, at): (t, 1) for at, t in enumerate(self.stages(site, frame))})
            else:
                found[key] = self.term(site, frame), 1
        return [
            term if count == 1 else _times(w.Number(count), Integer(count), term)
            for term, count in found.values()
        ]

    def term(self, site: Site, frame: Frame) -> _Term:
        node = site.node
        line = line_of(site, self.derivation.entity.module.title)
        match node:
            case cost.Operation():
                written = self.amount(frame, node)
                return _Term(written, written, self.value(node))
            case cost.Sequence():
                name = self.block(site, node, frame)
                return _Term(name, self.amount(frame, node), self.value(node))
            case cost.Repeat():
                times = self.closed.rewritten(self.measure.scaling.times(node))
                inner = self.joined(node.body, frame)
                if node.shared and times == 1:
                    return _with(inner, (said("shared weights, counted once, "), line))
                count = self.size(node.times, frame)
                return _times(
                    count, times, _with(inner, (said("{count} layers alike, ", count=count), line))
                )
            case cost.Choose():
                working = self.measure.scaling.times(node)
                times = self.closed.rewritten(working)
                count, of = self.size(node.count, frame), self.size(node.of, frame)
                why: Reason = (said("{count} of {of} are at work, ", count=count, of=of), line)
                if self.measure.scaling.idle:
                    why = (said("all {of} have weights, ", of=of), line)
                chosen = self.size(working, frame)
                return _times(chosen, times, _with(self.joined(node.body, frame), why))
            case cost.Weights():
                return self.joined(node.body, frame)
            case cost.Cases():
                return self.cases(node, frame, line)
            case cost.Steps():
                return self.steps(site, node, frame)
        raise TypeError(f"no term for {type(node).__name__}")

    def joined(self, sites: Sequence[Site], frame: Frame) -> _Term:
        """A body as one term."""
        terms = self.terms(sites, frame)
        reasons = tuple(reason for term in terms for reason in term.reasons)
        value = sympy.Add(*(term.value for term in terms))
        named, put_in = (plus([getattr(t, name) for t in terms]) for name in ("named", "put_in"))
        return _Term(named, put_in, value, reasons)

    def cases(self, node: cost.Cases, frame: Frame, line: Said) -> _Term:
        """Each case times one where it holds and zero where it does not."""
        found = []
        for condition, body in (
            (node.condition, node.then),
            (sympy.Not(node.condition), node.otherwise),
        ):
            if any(self.value(site.node) != 0 for site in body):
                holds = indicator(condition)
                written = self.size(holds, frame)
                why: Reason = (said("{case} is 1 where that holds, else 0, ", case=written), line)
                inner = _with(self.joined(body, frame), why)
                found.append(_times(written, holds, inner, behind=True))
        terms = [term.named for term in found], [term.put_in for term in found]
        reasons = tuple(reason for term in found for reason in term.reasons)
        value = sympy.Add(*(term.value for term in found))
        return _Term(plus(terms[0]), plus(terms[1]), value, reasons)

    # Blocks, stages, steps: passages of their own -------------------------------------------

    def block(self, site: Site, node: cost.Sequence, frame: Frame) -> w.Written:
        """The name of the cost of a block, which is told when it is first met."""
        form = node_key(
            node, self.value, lambda e: self.derivation.known.normal(e).xreplace(frame.form)
        )
        bare = node_key(node, self.value, self.derivation.known.normal)
        inner = frame.label is not None and (form != bare or self.has_index(node, frame))
        if form not in self.done:
            name = self.own_name(node.name)
            self.done[form] = name, inner
            general = frame.general or frame
            label = general.label if inner else None
            arguments = tuple(
                (key, self.argument(node.given[key], general))
                for key in (p.name.name for p in node.declaration.parameters)
                if isinstance(node.given.get(key), Tensor | Expr)
            )
            block, span = node.declaration, node.declaration.span
            passage = self.passage(
                "block",
                name,
                self.named(name, label),
                "" if id(block) in self.told else doc_said(block.doc or "", span),
                span,
                arguments,
                (node.body,),
                general,
                block=block,
            )
            self.passages.append(passage)
        name, inner = self.done[form]
        return self.named(name, frame.label if inner else None)

    def has_index(self, node: Node, frame: Frame) -> bool:
        """Whether a block is a function of the index of the loop of steps that it is in."""
        label = (frame.label or "").split(",")[-1]
        symbols = cost.symbols_in(node) | self.value(node).free_symbols
        return any(symbol.name == label for symbol in symbols)

    def argument(self, value: Any, frame: Frame) -> w.Written | tuple[w.Written, ...]:
        if isinstance(value, Tensor):
            return tuple(self.size(size, frame) for size in value.shape)
        return self.size(value, frame)

    def stages(self, site: Site, frame: Frame) -> list[_Term]:
        """The sums over stages; those that are alike are told once."""
        node = site.node
        assert isinstance(node, cost.Stages)
        name = self.own_name("stage")
        why: Reason = (said("the stages, "), line_of(site, self.derivation.entity.module.title))
        found: list[_Term] = []
        runs = StageRuns(
            node, self.derivation.stage_symbols, self.value, self.derivation.known.normal
        )
        for inner, body in runs.frames(frame):
            if all(self.value(part.node) == 0 for part in body):
                continue
            subject = self.named(name, inner.label)
            bodies = [node.bodies[stage - node.first] for stage in inner.stages]
            passage = self.passage("stage", name, subject, "", site.span, (), bodies, inner)
            self.passages.append(passage)
            last = passage.steps[-1].right
            values = [sympy.Add(*(self.value(part.node) for part in one)) for one in bodies]
            if len(inner.stages) == 1:
                found.append(_Term(subject, last, values[0], (why,)))
                continue
            bounds = w.Number(inner.stages[0]), w.Number(inner.stages[-1])
            named = w.BigSum(node.index, *bounds, subject)
            put_in = w.BigSum(node.index, *bounds, last)
            found.append(_Term(named, put_in, sympy.Add(*values), (why,)))
        return found

    def steps(self, site: Site, node: cost.Steps, frame: Frame) -> _Term:
        """The sum over the steps of a loop, of which one is told."""
        inner = in_step(frame, node.index)
        name = self.own_name("step")
        subject = self.named(name, inner.label)
        passage = self.passage("step", name, subject, "", site.span, (), (node.body,), inner)
        self.passages.append(passage)
        bounds = self.size(node.first, frame), self.size(node.last, frame)
        named = w.BigSum(node.index.name, *bounds, subject)
        put_in = w.BigSum(node.index.name, *bounds, passage.steps[-1].right)
        value = self.value(node)
        self.sums[named] = frame.shown(value)
        why: Reason = (said("the steps, "), line_of(site, self.derivation.entity.module.title))
        return _Term(named, put_in, value, (why,))


def _rows(part: Part) -> set[Any]:
    """What a part tells, line by line; a size that is rounded is told apart."""
    rounded = any(w.plain(step.subject).startswith("axis_") for step in part.steps if step.subject)
    rows = {(part.name, line, False) for line in part.lines}
    return rows | ({(part.name, line, True) for line in part.lines} if rounded else set())


def _not_told(row: Quiet, before: set[Any]) -> Quiet:
    """What adds nothing, on the lines where that was not told before."""
    return replace(row, lines=tuple(ln for ln in row.lines if (row.name, ln) not in before))


def _times(count: w.Written, value: Expr, term: _Term, behind: bool = False) -> _Term:
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
    return _Term(named, put_in, sympy.expand(value * term.value), term.reasons)


def _with(term: _Term, reason: Reason) -> _Term:
    return _Term(term.named, term.put_in, term.value, (reason, *term.reasons))
