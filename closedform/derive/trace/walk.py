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
from closedform.derive.cost import tree as cost
from closedform.derive.cost.tree import Node, Site
from closedform.derive.elaborate.values import Tensor
from closedform.derive.solve.closed import Closed
from closedform.derive.symbolic.atoms import indicator, put_in
from closedform.derive.trace.blocks import OwnBlock, OwnBlocks, as_told
from closedform.derive.trace.frames import Frame, StageRuns, in_step, node_key
from closedform.derive.trace.lines import (
    Part,
    Reason,
    Said,
    Step,
    doc_said,
    line_of,
    plus,
    said,
)
from closedform.derive.trace.passages import Passage, Told, Walk, not_told, rows_of
from closedform.derive.trace.sums import SUM, Sums, Term, because, multiplied
from closedform.errors import Span, fail
from closedform.grammar import tree


def walk(closed: Closed) -> Walk:
    """The derivation of a closed form."""
    if closed.measure.whole is not None:
        message = f"`{closed.measure.name}` is no sum over operations, and is not told step by step"
        raise fail("measure", message, None, "ask for the formula alone, without --steps")
    form = as_told(closed)
    walker = _Walker(form, Told(OwnBlocks(form)))
    walker.model()
    return Walk(form, tuple(walker.told.passages), tuple(walker.sums.items()))


class _Walker(Sums):
    """Tells what is in the sizes of one closed form, and before it the blocks in their own."""

    def __init__(self, form: Closed, told: Told) -> None:
        super().__init__(form)
        self.told, self.shown = told, told.shown
        self.sums: dict[w.BigSum, Expr] = {}
        self.done: dict[Any, tuple[str, bool]] = {}
        self.uses: list[dict[Any, Passage]] = []  # of the passages that are open, to be told
        self.names: set[str] = set()

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
        self.passage(
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

    def own(self, block: OwnBlock, name: str) -> None:
        """A block in its own sizes."""
        root, frame = self.derivation.root, Frame(order=self.closed.order)
        declaration, span = root.declaration, root.declaration.span
        arguments = tuple(
            (key, self.argument(value, frame))
            for key in (p.name.name for p in declaration.parameters)
            if isinstance(value := root.names[key], Tensor | Expr)
            and (isinstance(value, Tensor) or key in block.given)
        )
        says, last = doc_said(declaration.doc or "", span), self.closed.written()
        self.passage(
            "block",
            name,
            self.named(name),
            says,
            span,
            arguments,
            (root.body,),
            frame,
            last,
            declaration,
        )

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
        """Tell the operations of a body and their sum; of bodies alike, the last is told."""
        body = bodies[-1]
        self.uses.append({})
        terms = self.terms(body, frame)
        uses = self.uses.pop().values()
        value = sympy.Add(*(term.value for term in terms))
        shown = frame.shown(value)
        last = final or self.amount(frame, *(site.node for site in body))
        steps = self.summed(subject, terms, shown, last, frame)
        parts, quiet = self.parts(body, frame), self.quiet(bodies, frame)
        again: list[Part] = []
        if block is not None:
            before = self.told.rows.setdefault(id(block), set())
            again = [part for part in parts if rows_of(part) <= before]
            quiet = tuple(row for row in (not_told(q, before) for q in quiet) if row.lines)
            before |= {row for part in parts for row in rows_of(part)}
            before |= {(row.name, line) for row in quiet for line in row.lines}
        new = tuple(part for part in parts if part not in again)
        if again and not new and steps[0].reason == (SUM,):
            steps = (replace(steps[0], reason=()), *steps[1:])
        passage = Passage(
            kind,
            name,
            subject,
            says,
            span,
            arguments,
            new,
            (*again,),
            quiet,
            steps,
            frame,
            shown,
            self.closed,
        )
        self.told.passages += [*uses, passage]
        return passage

    # Terms of a sum ------------------------------------------------------------------------

    def terms(self, sites: Sequence[Site], frame: Frame) -> list[Term]:
        """What the parts of a body add to its sum, equal ones on one line together."""
        found: dict[Any, tuple[Term, int]] = {}
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
            term if count == 1 else multiplied(w.Number(count), Integer(count), term)
            for term, count in found.values()
        ]

    def term(self, site: Site, frame: Frame) -> Term:
        node = site.node
        line = line_of(site, self.told.file)
        match node:
            case cost.Operation():
                written = self.amount(frame, node)
                return Term(written, written, self.value(node))
            case cost.Sequence():
                name = self.block(site, node, frame)
                return Term(name, self.amount(frame, node), self.value(node))
            case cost.Repeat():
                times = self.closed.rewritten(self.measure.scaling.times(node))
                inner = self.joined(node.body, frame)
                if node.shared and times == 1:
                    return because(inner, (said("shared weights, counted once, "), line))
                count = self.size(node.times, frame)
                alike: Reason = (said("{count} layers alike, ", count=count), line)
                return multiplied(count, times, because(inner, alike))
            case cost.Choose():
                working = self.measure.scaling.times(node)
                times = self.closed.rewritten(working)
                count, of = self.size(node.count, frame), self.size(node.of, frame)
                why: Reason = (said("{count} of {of} are at work, ", count=count, of=of), line)
                if self.measure.scaling.idle:
                    why = (said("all {of} have weights, ", of=of), line)
                chosen = self.size(working, frame)
                return multiplied(chosen, times, because(self.joined(node.body, frame), why))
            case cost.Weights():
                return self.joined(node.body, frame)
            case cost.Cases():
                return self.cases(node, frame, line)
            case cost.Steps():
                return self.steps(site, node, frame)
        raise TypeError(f"no term for {type(node).__name__}")

    def joined(self, sites: Sequence[Site], frame: Frame) -> Term:
        """A body as one term."""
        terms = self.terms(sites, frame)
        reasons = tuple(reason for term in terms for reason in term.reasons)
        value = sympy.Add(*(term.value for term in terms))
        named, put_in = (plus([getattr(t, name) for t in terms]) for name in ("named", "put_in"))
        return Term(named, put_in, value, reasons)

    def cases(self, node: cost.Cases, frame: Frame, line: Said) -> Term:
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
                inner = because(self.joined(body, frame), why)
                found.append(multiplied(written, holds, inner, behind=True))
        terms = [term.named for term in found], [term.put_in for term in found]
        reasons = tuple(reason for term in found for reason in term.reasons)
        value = sympy.Add(*(term.value for term in found))
        return Term(plus(terms[0]), plus(terms[1]), value, reasons)

    # Blocks, stages, steps: passages of their own -------------------------------------------

    def block(self, site: Site, node: cost.Sequence, frame: Frame) -> w.Written:
        """The name of the cost of a block, which is told when it is first met."""
        form = node_key(
            node, self.value, lambda e: self.derivation.known.normal(e).xreplace(frame.form)
        )
        bare = node_key(node, self.value, self.derivation.known.normal)
        inner = frame.label is not None and (form != bare or self.has_index(node, frame))
        if form not in self.done:
            self.done[form] = self.use(site, node, frame, inner, form) or (
                self.by_itself(node, frame, inner)
            )
        for outer in self.uses[:-1]:  # what is needed further inside is told there
            if form in outer:
                self.uses[-1][form] = outer.pop(form)
        name, inner = self.done[form]
        return self.named(name, frame.label if inner else None)

    def by_itself(self, node: cost.Sequence, frame: Frame, inner: bool) -> tuple[str, bool]:
        """Tell a block in the sizes that it has here; gives its name."""
        block, span = node.declaration, node.declaration.span
        if id(block) in self.told.own:
            self.names.add(self.told.own[id(block)])
        name, general = self.own_name(node.name), frame.general or frame
        arguments = tuple(
            (key, self.argument(node.given[key], general))
            for key in (p.name.name for p in block.parameters)
            if isinstance(node.given.get(key), Tensor | Expr)
        )
        self.passage(
            "block",
            name,
            self.named(name, general.label if inner else None),
            "" if id(block) in self.told.rows else doc_said(block.doc or "", span),
            span,
            arguments,
            (node.body,),
            general,
            block=block,
        )
        return name, inner

    def use(
        self, site: Site, node: cost.Sequence, frame: Frame, inner: bool, key: Any
    ) -> tuple[str, bool] | None:
        """Put the sizes of a use into a block in its own; None where it is told by itself."""
        block = self.told.blocks.of(node)
        sizes = block.sizes(node, self.closed) if block else None
        if block is None or sizes is None:
            return None
        own = self.in_own_sizes(block)
        same = all(symbol == size for symbol, size in sizes.items())
        if same and own not in self.names:
            self.names.add(own)
            return own, False
        name, general = self.own_name(own), frame.general or frame
        named = {s: self.derivation.known.renamed(size) for s, size in sizes.items()}
        counted = general.shown(put_in(block.form.base, named))
        value = general.shown(self.value(node))
        step = Step(
            self.named(name, general.label if inner else None),
            self.amount(general, node),
            block.put_in(sizes, lambda size: self.size(size, general)),
            counted,
            value,
        )
        self.uses[-1][key] = Passage(
            "use",
            name,
            self.named(name, general.label if inner else None),
            "",
            site.span,
            (),
            (),
            (),
            (),
            (step,),
            general,
            value,
            self.closed,
        )
        return name, inner

    def in_own_sizes(self, block: OwnBlock) -> str:
        """Tell a block in its own sizes, if that was not done before; gives its name."""
        key = id(block.declaration)
        if key not in self.told.own:
            stem, number = block.form.derivation.root.name, 1
            name = stem
            while name in self.told.own.values():
                number += 1
                name = f"{stem}_{number}"
            self.told.own[key] = name
            _Walker(block.form, self.told).own(block, name)
        return self.told.own[key]

    def has_index(self, node: Node, frame: Frame) -> bool:
        """Whether a block is a function of the index of the loop of steps that it is in."""
        label = (frame.label or "").split(",")[-1]
        symbols = cost.symbols_in(node) | self.value(node).free_symbols
        return any(symbol.name == label for symbol in symbols)

    def argument(self, value: Any, frame: Frame) -> w.Written | tuple[w.Written, ...]:
        if isinstance(value, Tensor):
            return tuple(self.size(size, frame) for size in value.shape)
        return self.size(value, frame)

    def stages(self, site: Site, frame: Frame) -> list[Term]:
        """The sums over stages; those that are alike are told once."""
        node = site.node
        assert isinstance(node, cost.Stages)
        name = self.own_name("stage")
        why: Reason = (said("the stages, "), line_of(site, self.told.file))
        found: list[Term] = []
        runs = StageRuns(
            node, self.derivation.stage_symbols, self.value, self.derivation.known.normal
        )
        for inner, body in runs.frames(frame):
            if all(self.value(part.node) == 0 for part in body):
                continue
            subject = self.named(name, inner.label)
            bodies = [node.bodies[stage - node.first] for stage in inner.stages]
            passage = self.passage("stage", name, subject, "", site.span, (), bodies, inner)
            last = passage.steps[-1].right
            values = [sympy.Add(*(self.value(part.node) for part in one)) for one in bodies]
            if len(inner.stages) == 1:
                found.append(Term(subject, last, values[0], (why,)))
                continue
            bounds = w.Number(inner.stages[0]), w.Number(inner.stages[-1])
            named = w.BigSum(node.index, *bounds, subject)
            put_in = w.BigSum(node.index, *bounds, last)
            found.append(Term(named, put_in, sympy.Add(*values), (why,)))
        return found

    def steps(self, site: Site, node: cost.Steps, frame: Frame) -> Term:
        """The sum over the steps of a loop, of which one is told."""
        inner = in_step(frame, node.index)
        name = self.own_name("step")
        subject = self.named(name, inner.label)
        passage = self.passage("step", name, subject, "", site.span, (), (node.body,), inner)
        bounds = self.size(node.first, frame), self.size(node.last, frame)
        named = w.BigSum(node.index.name, *bounds, subject)
        put_in = w.BigSum(node.index.name, *bounds, passage.steps[-1].right)
        value = self.value(node)
        self.sums[named] = frame.shown(value)
        why: Reason = (said("the steps, "), line_of(site, self.told.file))
        return Term(named, put_in, value, (why,))
