"""The lines of one operation: what it counts, as declared, with its sizes put in, simplified."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import sympy
from sympy import Expr, Integer
from sympy.logic.boolalg import Boolean

from closedform import formula as w
from closedform.derive.arrange import forms
from closedform.derive.cost import tree as cost
from closedform.derive.cost.totals import Scaling
from closedform.derive.cost.tree import Node, Site
from closedform.derive.measures.amounts import exact
from closedform.derive.resolve.builtin import MASKED
from closedform.derive.resolve.conventions import Formula, Weights
from closedform.derive.solve.closed import Closed
from closedform.derive.trace.declared import (
    Declared,
    Spelled,
    axes_read,
    number,
)
from closedform.derive.trace.frames import Frame
from closedform.derive.trace.lines import (
    Part,
    Quiet,
    Reason,
    Said,
    Step,
    Teller,
    commas,
    doc_said,
    equalities,
    nodes_of,
    own,
    plus,
    said,
    same,
)
from closedform.errors import Span
from closedform.formula.joining import bracketed, product
from closedform.grammar import tree

MAX_TOLD = 24  # a reason is short: sizes that are longer are seen in the line itself

BUILT_IN_COUNTS = {
    "einsum": "elements of the result, times the axis summed over",
    "param": "the elements of the tensor",
}
MASKED_COUNT = "all products, masked ones by their weight in the convention"


class Operations(Teller):
    """Tells operations; what one says and declares is shown where it is told first."""

    def __init__(self, closed: Closed) -> None:
        super().__init__(closed)
        self.shown: set[tuple[int, w.Written | None]] = set()

    def first_time(self, declaration: tree.Node, formula: w.Written | None = None) -> bool:
        """Whether an operation, or a formula as declared, was not shown before; now it is."""
        key = id(declaration), formula
        new = key not in self.shown
        self.shown.add(key)
        return new

    def parts(self, body: Sequence[Site], frame: Frame) -> tuple[Part, ...]:
        """The operations of a body, those of blocks inside it left out; equal ones once."""
        found: dict[tuple[int, Any], list[Site]] = {}
        for site, case in _operations(body, self.measure.scaling, sympy.true):
            if self.value(site.node) != 0:
                found.setdefault((id(site.node), case), []).append(site)
        return tuple(self.part(sites, case, frame) for (_, case), sites in found.items())

    def quiet(self, bodies: Sequence[Sequence[Site]], frame: Frame) -> tuple[Quiet, ...]:
        """What adds nothing to a body; to bodies of stages alike, also what only some have."""
        places = [[*_quiet(body, self.value)] for body in bodies]
        at = [{(line, node.name) for line, node in place} for place in places]
        rows = [
            *places[-1],
            *(
                (line, node)
                for place in places[:-1]
                for line, node in place
                if (line, node.name) not in at[-1]
            ),
        ]
        found: dict[Quiet, dict[int, None]] = {}
        for line, node in rows:
            holds = [(line, node.name) in those for those in at]
            row = Quiet(_name(node))
            if not all(holds):
                stages = zip(frame.stages, holds, strict=True)
                row = Quiet(_name(node), stages=tuple(stage for stage, here in stages if here))
            found.setdefault(row, {})[line] = None
        return tuple(replace(row, lines=tuple(lines)) for row, lines in found.items())

    def part(self, sites: Sequence[Site], case: Boolean, frame: Frame) -> Part:
        node, span = sites[0].node, sites[0].span
        assert isinstance(node, cost.Operation)
        lines = tuple(dict.fromkeys(site.span.line for site in sites))
        inputs, outputs = self.shapes(node.inputs, frame), self.shapes(node.outputs, frame)
        says: str | Said = ""
        steps: list[Step] = []
        if node.declaration is not None:
            if self.first_time(node.declaration):
                line = (node.declaration.doc or "").split("\n")[0]
                says = doc_said(line, node.declaration.span)
            declared = Declared(node, lambda size: self.size(size, frame))
            steps = self.rounded(declared, node.declaration, node, frame)
        steps += self.counted(node, span, frame)
        source = span.source.line(span.line).strip()
        condition = None if case == sympy.true else self.size(case, frame)
        return Part(_name(node), says, lines, condition, source, inputs, outputs, tuple(steps))

    def rounded(
        self, declared: Declared, declaration: tree.Op, node: cost.Operation, frame: Frame
    ) -> list[Step]:
        """Why an axis that is stated with a floor has the size that it has."""
        steps: list[Step] = []
        outputs = {
            o.name.name: shape for o, shape in zip(declaration.outputs, node.outputs, strict=True)
        }
        shown: set[w.Written] = set()
        rests = [
            forms.write(frame.shown(fact.condition), frame.order)
            for fact in sorted(node.facts, key=str)
            if fact.reason != "case"
        ]
        since = commas([(rest,) for rest in rests])
        since = (said("since "), *since) if since else ()
        span = declaration.span
        taken = {self.derivation.known.renamed(size) for shape in node.inputs for size in shape}
        before: list[Expr] = []
        for name, at, spelled in declared.axes():
            value = self.derivation.known.renamed(outputs[name][at])
            if spelled.filled in shown or value in taken:
                continue
            shown.add(spelled.filled)
            right = frame.shown(value)
            subject = w.Function(f"axis_{at}", (own(name),))
            left = frame.shown(spelled.value)
            if any(_likewise(value, other) for other in before):
                steps.append(
                    Step(
                        subject,
                        forms.write(right, frame.order),
                        (said("likewise"),),
                        left,
                        right,
                    )
                )
                continue
            before.append(value)
            sizes = commas(self.told_sizes(declared, spelled.declared, frame)) or (said("put in"),)
            stated = said(
                "axis {axis} of {name} as declared, line {line} of {file}",
                axis=at,
                name=name,
                line=span.line,
                file=span.source.name,
            )
            if self.first_time(declaration, spelled.declared):
                steps.append(Step(subject, spelled.declared, (stated,), left, left))
                steps.append(Step(None, spelled.filled, sizes, left, left))
            else:
                steps.append(Step(subject, spelled.filled, sizes, left, left))
            last = forms.write(right, frame.order)
            why = commas([self.simplified(left, last, frame), *([since] if since else [])])
            steps.append(Step(None, last, why, left, right))
        return steps

    def counted(self, node: cost.Operation, span: Span, frame: Frame) -> list[Step]:
        """What an operation counts: as declared, with the sizes put in, and simplified."""
        rule = self.measure.rule(node)
        place = node.declaration.span if node.declaration else span
        why = said(self.measure.reason, name=node.name, line=place.line, file=place.source.name)

        def say(size: Expr) -> w.Written:
            return self.size(size, frame)

        if isinstance(rule, Formula):
            reader = Declared(node, say)
            stated = said(
                "formula of {kind} in the convention {name}, line {line} of {file}",
                kind=rule.kind,
                name=rule.convention,
                line=rule.span.line,
                file=rule.span.source.name,
            )
            spelled = reader.of_kind(rule.expression, rule.counts)
            return self.stated(reader, spelled, rule.expression, stated, node, frame)
        if not isinstance(rule, Weights):
            shown = frame.shown(self.value(node))
            last = self.amount(frame, node)
            return [Step(self.named(node.name), last, (why,), shown, shown)]
        if node.declaration is None and rule.of(MASKED) * node.counts.get(MASKED, 0) != 0:
            return self.masked(node, rule, frame)
        if node.declaration is None:
            return self.built_in(node, frame)
        declared = Declared(node, say)
        parts = [(w_, declared.count(name)) for name, w_ in rule.of_each(node.counts)]
        spelled = _weighted([(w_, part) for w_, part in parts if part and part.value != 0])
        return self.stated(declared, spelled, node.declaration, why, node, frame)

    def stated(
        self,
        declared: Declared,
        spelled: Spelled,
        place: tree.Node,
        defined: Said,
        node: cost.Operation,
        frame: Frame,
    ) -> list[Step]:
        """A formula as it stands at a place, with the sizes put in, and simplified."""
        shown = frame.shown(self.value(node))
        left = frame.shown(spelled.value)
        sizes = self.told_sizes(declared, spelled.declared, frame)
        last = self.amount(frame, node)
        before = frame.shown(self.derivation.known.renamed(spelled.value))
        lines: list[tuple[w.Written, Reason]] = [
            (spelled.declared, (defined,)),
            (spelled.filled, commas(sizes)),
            (last, self.simplified(before, last, frame)),
        ]
        if not self.first_time(place, spelled.declared):
            del lines[0]
        return _chain(self.named(node.name), lines, left, shown)

    def told_sizes(self, declared: Declared, formula: w.Written, frame: Frame) -> list[Reason]:
        """What the names of a formula stand for, and the size of each tensor in it."""
        sizes: dict[w.Written, w.Written] = {}
        for node in dict.fromkeys(nodes_of(formula)):
            value = _stands_for(node, declared)
            if value is None:
                continue
            written = own(value) if isinstance(value, str) else self.size(value, frame)
            if w.plain(written) != w.plain(node):
                sizes[node] = written
        short = (
            ((node,), size)
            for node, size in sizes.items()
            if len(w.plain(w.Condition("=", (node, size)))) <= MAX_TOLD
        )
        return equalities([*short], declared.operation.name)

    def built_in(self, node: cost.Operation, frame: Frame) -> list[Step]:
        """A function of the language itself: its result, times what each element of it takes."""
        value = self.value(node)
        shown = frame.shown(value)
        sizes = [self.size(size, frame) for size in node.outputs[0]]
        amount = sympy.Mul(*node.outputs[0])
        each = self.closed.rewritten(sympy.cancel(value / self.closed.rewritten(amount)))
        factors = [*map(bracketed, sizes), *self.factor(each, frame)]
        filled = product(*([f for f in factors if f != w.Number(1)] or [w.Number(1)]))
        last = self.amount(frame, node)
        known = self.derivation.known
        before = frame.shown(known.renamed(amount)) * frame.shown(each)
        reason: Reason = (said(BUILT_IN_COUNTS.get(node.name, "the elements of the result")),)
        lines = [(filled, reason), (last, self.simplified(before, last, frame))]
        return _chain(self.named(node.name), lines, before, shown)

    def masked(self, node: cost.Operation, rule: Weights, frame: Frame) -> list[Step]:
        """A function of the language of whose products a mask takes some away."""
        shown, last = frame.shown(self.value(node)), self.amount(frame, node)
        weights = [(w_, node.counts[name]) for name, w_ in rule.of_each(node.counts)]
        parts = [(w_, self.size(count, frame), count) for w_, count in weights]
        spelled = _weighted([(w_, Spelled(part, part, count)) for w_, part, count in parts])
        before = frame.shown(self.derivation.known.renamed(spelled.value))
        reason: Reason = (said(MASKED_COUNT),)
        lines = [(spelled.filled, reason), (last, self.simplified(before, last, frame))]
        return _chain(self.named(node.name), lines, before, shown)

    def factor(self, each: Expr, frame: Frame) -> list[w.Written]:
        return [] if each == 1 else [bracketed(self.size(each, frame))]


def _likewise(size: Expr, other: Expr) -> bool:
    """Whether a size is made of one other symbol as another is made of its own: h/2 and w/2."""
    ours, theirs = size.free_symbols - other.free_symbols, other.free_symbols - size.free_symbols
    if len(ours) != 1 or len(theirs) != 1:
        return False
    return bool(size.xreplace({ours.pop(): theirs.pop()}) == other)


def _stands_for(node: w.Written, declared: Declared) -> Expr | Boolean | str | None:
    """The size of what an operation was given by a name, or of a tensor of that name."""
    if isinstance(node, w.Symbol) and node.name not in declared.assigned:
        value = declared.names.get(node.name)
        if node.index is not None and isinstance(value, tuple):
            value = value[int(node.index) - 1] if node.index.isdigit() else None
        if isinstance(value, bool):
            return Integer(int(value))
        return value if isinstance(value, Expr | Boolean | str) else None
    if isinstance(node, w.Function) and len(node.arguments) == 1:
        (tensor,) = node.arguments
        shaped = declared.names.get(tensor.name) if isinstance(tensor, w.Symbol) else None
        axes = axes_read(node.name, shaped)
        if axes is not None:
            return Integer(len(axes)) if node.name == "sides" else sympy.Mul(*axes)
    return None


def _name(node: cost.Operation | cost.Sequence) -> str | Said:
    """The name of a part: that of its declaration, or ours for a sign such as `+`."""
    sign = isinstance(node, cost.Operation) and node.is_sign
    return said(node.name) if sign else node.name


def _chain(
    subject: w.Written, lines: Sequence[tuple[w.Written, Reason]], left: Expr, last: Expr
) -> list[Step]:
    """Lines that are equal, each once; only the last is in the abbreviations of the file.

    One that only swaps factors of the line before it stands in its place.
    """
    steps: list[Step] = []
    for at, (right, reason) in enumerate(lines):
        value = last if at == len(lines) - 1 else left
        step = Step(None if steps else subject, right, reason, left, value)
        if steps and same(steps[-1].right, right):  # it stands as the last line has it
            steps[-1] = replace(step, subject=steps[-1].subject, reason=steps[-1].reason)
        else:
            steps.append(step)
    return steps


def _operations(
    body: Sequence[Site], scaling: Scaling, case: Boolean
) -> Iterator[tuple[Site, Boolean]]:
    """The operations of a body that are in no passage of their own, each with its case."""
    for site in body:
        node = site.node
        match node:
            case cost.Operation():
                yield site, case
            case cost.Cases():
                yield from _operations(node.then, scaling, sympy.And(case, node.condition))
                other = sympy.And(case, sympy.Not(node.condition))
                yield from _operations(node.otherwise, scaling, other)
            case cost.Sequence() | cost.Stages() | cost.Steps():
                continue
            case cost.Weights() if not scaling.counts(node.mode):
                continue
            case _:
                yield from _operations(cost.children(node), scaling, case)


def _quiet(
    sites: Sequence[Site], value: Callable[[Node], Expr], dropped: bool = False
) -> Iterator[tuple[int, cost.Operation | cost.Sequence]]:
    """What stands in a body and adds nothing, operations and whole blocks, with their lines."""
    for site in sites:
        node = site.node
        nothing = dropped or value(node) == 0
        match node:
            case cost.Operation() | cost.Sequence():
                if nothing:
                    yield site.span.line, node
            case cost.Stages() | cost.Steps() if not nothing:
                continue
            case _:
                yield from _quiet(cost.children(node), value, nothing)


def _weighted(found: Sequence[tuple[Fraction, Spelled]]) -> Spelled:
    """A sum of counts, each as often as its weight says."""
    if len(found) == 1 and found[0][0] == 1:
        return found[0][1]

    def scaled(weight: Fraction, part: w.Written) -> w.Written:
        if weight == 1:
            return part
        factors = part.factors if isinstance(part, w.Product) else (bracketed(part),)
        return w.Product((number(exact(weight)), *factors))

    declared = plus([scaled(weight, part.declared) for weight, part in found])
    filled = plus([scaled(weight, part.filled) for weight, part in found])
    value = sympy.Add(*(exact(weight) * part.value for weight, part in found))
    return Spelled(declared, filled, value)
