"""The walk from the shapes to the total: operation, block, repeat, stages, sum, simplified form.

Each step is one line `subject = right`, or `= right` below it, with its reason; it holds both
sides as SymPy expressions too, so that a test can put numbers into them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, get_args

import sympy
from sympy import Expr, Integer

from closedform.derive import cost, forms
from closedform.derive import written as w
from closedform.derive.alike import Alike, Frame, in_step, node_key
from closedform.derive.cost import Node, Site
from closedform.derive.declared import Declared, Spelled, bracketed, product
from closedform.derive.elaborate import Derivation
from closedform.derive.knowledge import Fact
from closedform.derive.measures import OF_WEIGHTS
from closedform.derive.result import Closed
from closedform.derive.values import Tensor
from closedform.errors import Span

MAX_TOLD = 24  # a reason is short: sizes that are longer are seen in the line itself


@dataclass(frozen=True)
class Said:
    """A text with `{name}` for each of its values, which a report says in its language."""

    text: str
    values: tuple[tuple[str, str | int | w.Written], ...]


Reason: TypeAlias = tuple[str | Said | w.Written, ...]


@dataclass(frozen=True)
class Step:
    """`subject = right`; without a subject, a further form of the right side before it."""

    subject: w.Written | None
    right: w.Written
    reason: Reason
    left_value: Expr
    right_value: Expr


@dataclass(frozen=True)
class Part:
    """An operation: where it stands, what it takes and gives, and what it counts."""

    name: str
    says: str
    lines: tuple[int, ...]
    source: str
    inputs: tuple[tuple[w.Written, ...], ...]
    outputs: tuple[tuple[w.Written, ...], ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Passage:
    """A block, a stage, a step of a loop or the model: its operations, and their sum."""

    kind: str
    name: str
    subject: w.Written
    says: str
    span: Span
    arguments: tuple[tuple[str, w.Written | tuple[w.Written, ...]], ...]
    parts: tuple[Part, ...]
    steps: tuple[Step, ...]
    frame: Frame
    value: Expr


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
    walker = _Walker(closed)
    walker.model()
    return Walk(tuple(walker.passages), tuple(walker.sums.items()))


class _Walker:
    def __init__(self, closed: Closed) -> None:
        self.closed = closed
        self.measure = closed.measure
        self.derivation: Derivation = closed.derivation
        self.passages: list[Passage] = []
        self.sums: dict[w.BigSum, Expr] = {}
        self.done: dict[Any, tuple[str, bool]] = {}
        self.names: set[str] = set()
        self.values: dict[int, Expr] = {}
        cache = self.derivation.evaluator.owner.cache
        self.calls = {id(node): (dict(key[1]), facts) for key, (node, _, facts) in cache.items()}

    # Values --------------------------------------------------------------------------------

    def value(self, node: Node) -> Expr:
        """What a part counts, in the abbreviations of the file."""
        if id(node) not in self.values:
            self.values[id(node)] = self.closed.of(node)
        return self.values[id(node)]

    def size(self, expr: Expr, frame: Frame) -> w.Written:
        """A size as it is written in a frame."""
        return forms.write(frame.told(self.derivation.known.renamed(expr)), frame.order)

    def amount(self, expr: Expr, frame: Frame) -> w.Written:
        """A cost as it is written in a frame."""
        return forms.shortest(frame.told(expr), frame.order)

    def named(self, name: str, label: str | None = None) -> w.Written:
        return w.Function(self.measure.name, (w.Symbol(name, label),))

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
            if isinstance(value := self.derivation.scope.names.get(name), Tensor)
        )
        kind, name = root.declaration.keyword, self.own_name(root.name)
        says, span = root.declaration.doc or "", root.declaration.span
        passage = self.passage(
            kind, name, self.named(name), says, span, arguments, root.body, frame,
            self.closed.written(),
        )  # fmt: skip
        self.passages.append(passage)

    def passage(
        self,
        kind: str,
        name: str,
        subject: w.Written,
        says: str,
        span: Span,
        arguments: tuple[tuple[str, w.Written | tuple[w.Written, ...]], ...],
        body: tuple[Site, ...],
        frame: Frame,
        final: w.Written | None = None,
    ) -> Passage:
        """The operations of a body and their sum."""
        terms = self.terms(body, frame)
        value = sympy.Add(*(term.value for term in terms))
        told = frame.told(value)
        last = final or self.amount(value, frame)
        steps = self.summed(subject, terms, told, last, frame)
        parts = self.parts(body, frame)
        return Passage(kind, name, subject, says, span, arguments, parts, steps, frame, told)

    def summed(
        self, subject: w.Written, terms: Sequence[_Term], value: Expr, last: w.Written, frame: Frame
    ) -> tuple[Step, ...]:
        """A sum by the names of its parts, with these written out, and simplified."""
        parts = sympy.Add(*(frame.told(term.value) for term in terms), evaluate=False)
        reasons = list(dict.fromkeys(r for term in terms for r in term.reasons))
        why: Reason = tuple(_commas(reasons)) if reasons else (
            (_said("the sum of its operations"),) if len(terms) > 1 else ())  # fmt: skip
        lines = [(_plus([term.named for term in terms]), why)]
        lines.append((_plus([term.put_in for term in terms]), (_said("put in"),)))
        lines.append((last, self.simplified(parts, last, frame)))
        steps: list[Step] = []
        for right, reason in lines:
            if steps and steps[-1].right == right:
                continue
            if not steps and right == last:
                reason = reasons[0] if reasons else ()
            steps.append(Step(None if steps else subject, right, reason, parts, value))
        return tuple(steps)

    def simplified(self, before: Expr, after: w.Written, frame: Frame) -> Reason:
        """The reason of a line that collects terms, with the abbreviations that are new in it."""
        seen = {s.name for s in before.free_symbols}
        symbols = {node.name for node in nodes_of(after) if isinstance(node, w.Symbol)}
        new: list[Reason] = [
            (w.Condition("=", (w.Symbol(s.name), self.size_of(definition, frame))),)
            for s, definition in self.derivation.known.spelled.items()
            if s.name in symbols and s.name not in seen and s not in self.derivation.stage_symbols
        ]
        return tuple(_commas([(_said("simplified"),), *new]))

    def size_of(self, definition: Expr, frame: Frame) -> w.Written:
        return forms.shortest(definition, frame.order)

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
        line = _line(site)
        match node:
            case cost.Operation():
                written = self.amount(self.value(node), frame)
                return _Term(written, written, self.value(node))
            case cost.Sequence():
                name = self.block(site, node, frame)
                return _Term(name, self.amount(self.value(node), frame), self.value(node))
            case cost.Repeat():
                times = self.closed.rewritten(self.times(node))
                inner = self.joined(node.body, frame)
                if node.shared and times == 1:
                    return _with(inner, (_said("shared weights, counted once, "), line))
                count = self.size(node.times, frame)
                return _times(
                    count, times, _with(inner, (_said("{count} layers alike, ", count=count), line))
                )
            case cost.Choose():
                times = self.closed.rewritten(self.times(node))
                count, of = self.size(node.count, frame), self.size(node.of, frame)
                why: Reason = (_said("{count} of {of} are at work, ", count=count, of=of), line)
                if self.measure.name in OF_WEIGHTS:
                    why = (_said("all {of} have weights, ", of=of), line)
                chosen = self.size(self.times(node), frame)
                return _times(chosen, times, _with(self.joined(node.body, frame), why))
            case cost.Weights():
                return self.joined(node.body, frame)
            case cost.Cases():
                return self.cases(node, frame, line)
            case cost.Steps():
                return self.steps(site, node, frame)
        raise TypeError(f"no term for {type(node).__name__}")

    def normal(self, expr: Any) -> Any:
        """An expression in one form, for comparing."""
        if not isinstance(expr, Expr):
            return expr
        return sympy.expand(self.derivation.known.renamed(expr))

    def times(self, node: Node) -> Expr:
        return self.measure.total().times(node)

    def joined(self, sites: Sequence[Site], frame: Frame) -> _Term:
        """A body as one term."""
        terms = self.terms(sites, frame)
        reasons = tuple(reason for term in terms for reason in term.reasons)
        value = sympy.Add(*(term.value for term in terms))
        named, put_in = (_plus([getattr(t, name) for t in terms]) for name in ("named", "put_in"))
        return _Term(named, put_in, value, reasons)

    def cases(self, node: cost.Cases, frame: Frame, line: Said) -> _Term:
        """Each case times one where it holds and zero where it does not."""
        found = []
        for condition, body in (
            (node.condition, node.then),
            (sympy.Not(node.condition), node.otherwise),
        ):
            if any(self.value(site.node) != 0 for site in body):
                holds = cost.indicator(condition)
                written = self.size(holds, frame)
                why: Reason = (_said("{case} is 1 where that holds, else 0, ", case=written), line)
                inner = _with(self.joined(body, frame), why)
                found.append(_times(written, holds, inner, behind=True))
        terms = [term.named for term in found], [term.put_in for term in found]
        reasons = tuple(reason for term in found for reason in term.reasons)
        value = sympy.Add(*(term.value for term in found))
        return _Term(_plus(terms[0]), _plus(terms[1]), value, reasons)

    # Blocks, stages, steps: passages of their own -------------------------------------------

    def block(self, site: Site, node: cost.Sequence, frame: Frame) -> w.Written:
        """The name of the cost of a block, which is told when it is first met."""
        form = node_key(node, self.value, lambda e: self.normal(e).xreplace(frame.form))
        bare = node_key(node, self.value, self.normal)
        inner = frame.label is not None and (form != bare or _has_index(node, frame))
        if form not in self.done:
            name = self.own_name(node.name)
            self.done[form] = name, inner
            general = frame.general or frame
            label = general.label if inner else None
            bound = self.calls[id(node)][0] if id(node) in self.calls else {}
            arguments = tuple(
                (key, self.argument(bound[key], general))
                for key in (p.name.name for p in node.declaration.parameters)
                if isinstance(bound.get(key), Tensor | Expr)
            )
            passage = self.passage(
                "block", name, self.named(name, label), node.declaration.doc or "",
                node.declaration.span, arguments, node.body, general,
            )  # fmt: skip
            self.passages.append(passage)
        name, inner = self.done[form]
        return self.named(name, frame.label if inner else None)

    def argument(self, value: Any, frame: Frame) -> w.Written | tuple[w.Written, ...]:
        if isinstance(value, Tensor):
            return tuple(self.size(size, frame) for size in value.shape)
        return self.size(value, frame)

    def stages(self, site: Site, frame: Frame) -> list[_Term]:
        """The sums over stages; those that are alike are told once."""
        node = site.node
        assert isinstance(node, cost.Stages)
        name = self.own_name("stage")
        why: Reason = (_said("the stages, "), _line(site))
        found: list[_Term] = []
        alike = Alike(node, self.derivation.stage_symbols, self.value, self.normal)
        for inner, body in alike.frames(frame):
            if all(self.value(part.node) == 0 for part in body):
                continue
            subject = self.named(name, inner.label)
            passage = self.passage("stage", name, subject, "", site.span, (), body, inner)
            self.passages.append(passage)
            last = passage.steps[-1].right
            bodies = [node.bodies[stage - node.first] for stage in inner.stages]
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
        passage = self.passage("step", name, subject, "", site.span, (), node.body, inner)
        self.passages.append(passage)
        bounds = self.size(node.first, frame), self.size(node.last, frame)
        named = w.BigSum(node.index.name, *bounds, subject)
        put_in = w.BigSum(node.index.name, *bounds, passage.steps[-1].right)
        value = self.value(node)
        self.sums[named] = frame.told(value)
        why: Reason = (_said("the steps, "), _line(site))
        return _Term(named, put_in, value, (why,))

    # Operations ----------------------------------------------------------------------------

    def parts(self, body: Sequence[Site], frame: Frame) -> tuple[Part, ...]:
        """The operations of a body, those of blocks inside it left out; equal ones once."""
        found: dict[int, list[Site]] = {}
        for site in _operations(body, self.measure.name):
            if self.value(site.node) != 0:
                found.setdefault(id(site.node), []).append(site)
        return tuple(self.part(sites, frame) for sites in found.values())

    def part(self, sites: Sequence[Site], frame: Frame) -> Part:
        node, span = sites[0].node, sites[0].span
        assert isinstance(node, cost.Operation)
        lines = tuple(dict.fromkeys(site.span.line for site in sites))
        given, facts = self.calls.get(id(node), ({}, frozenset()))
        inputs, outputs = (
            tuple(tuple(self.size(size, frame) for size in shape) for shape in shapes)
            for shapes in (node.inputs, node.outputs)
        )
        if node.declaration is None:
            says = ""
            steps = self.built_in(node, frame)
        else:
            says = (node.declaration.doc or "").split("\n")[0]
            declared = Declared(node, given, lambda size: self.size(size, frame))
            steps = self.rounded(declared, node, facts, frame)
            steps += self.counted(declared, node, frame)
        source = span.source.line(span.line).strip()
        return Part(node.name, says, lines, source, inputs, outputs, tuple(steps))

    def rounded(
        self, declared: Declared, node: cost.Operation, facts: Iterable[Fact], frame: Frame
    ) -> list[Step]:
        """Why an axis that is stated with a floor has the size that it has."""
        steps: list[Step] = []
        outputs = {o.name.name: shape for o, shape in zip(
            declared.declaration.outputs, node.outputs, strict=True)}  # fmt: skip
        shown: set[w.Written] = set()
        reason = _commas(
            [(forms.write(frame.told(f.condition), frame.order),)
             for f in sorted(facts, key=str) if f.reason != "case"]
        )  # fmt: skip
        taken = {self.derivation.known.renamed(size) for shape in node.inputs for size in shape}
        for name, at, spelled in declared.axes():
            value = self.derivation.known.renamed(outputs[name][at])
            if spelled.filled in shown or value in taken:
                continue
            shown.add(spelled.filled)
            right = frame.told(value)
            subject = w.Function("axis", (w.Symbol(name), w.Number(len(outputs[name]) + at + 1)))
            left = frame.told(spelled.value)
            steps.append(Step(subject, spelled.declared, (_said("the declaration"),), left, left))
            steps.append(Step(None, spelled.filled, (_said("put in"),), left, left))
            steps.append(Step(None, forms.write(right, frame.order), tuple(reason), left, right))
        return steps

    def counted(self, declared: Declared, node: cost.Operation, frame: Frame) -> list[Step]:
        """The count as declared, with the sizes put in, and simplified."""
        weights = self.weights()
        found = [(weight, part) for name, weight in weights if (part := declared.count(name))]
        spelled = _weighted(found)
        value, told = self.value(node), frame.told(self.value(node))
        left = frame.told(spelled.value)
        assert node.declaration is not None
        span = node.declaration.span
        defined = _said("definition of {name}, line {line} of {file}", name=node.name,
                        line=span.line, file=span.source.name)  # fmt: skip
        sizes = self.told_sizes(declared, spelled.declared, frame)
        last = self.amount(value, frame)
        before = frame.told(self.derivation.known.renamed(spelled.value))
        lines = [
            (spelled.declared, (defined,)),
            (spelled.filled, tuple(_commas(sizes))),
            (last, self.simplified(before, last, frame)),
        ]
        return _chain(self.named(node.name), lines, left, told)

    def weights(self) -> list[tuple[str, int]]:
        """The counts that the measure adds up, each with its weight."""
        convention = self.measure.convention
        if convention is not None:
            return list(convention.weights)
        return [(OF_WEIGHTS.get(self.measure.name, ("", self.measure.name))[1], 1)]

    def told_sizes(self, declared: Declared, formula: w.Written, frame: Frame) -> list[Reason]:
        """What the names of a formula stand for."""
        found: list[Reason] = []
        for node in dict.fromkeys(n for n in nodes_of(formula) if isinstance(n, w.Symbol)):
            value = declared.names.get(node.name)
            if node.index is not None and isinstance(value, tuple):
                value = value[int(node.index) - 1]
            if isinstance(value, tuple | Tensor) or value is None:
                continue
            value = Integer(int(value)) if isinstance(value, bool) else value
            told = w.Condition("=", (node, self.size(value, frame)))
            if len(w.plain(told)) <= MAX_TOLD:
                found.append((told,))
        return found

    def built_in(self, node: cost.Operation, frame: Frame) -> list[Step]:
        """A function of the language itself: its result, times what each element of it takes."""
        value = self.value(node)
        told = frame.told(value)
        sizes = [self.size(size, frame) for size in node.outputs[0]]
        amount = sympy.Mul(*node.outputs[0])
        each = self.closed.rewritten(sympy.cancel(value / self.closed.rewritten(amount)))
        factors = [*map(bracketed, sizes), *self.factor(each, frame)]
        filled = product(*([f for f in factors if f != w.Number(1)] or [w.Number(1)]))
        last = self.amount(value, frame)
        known = self.derivation.known
        before = frame.told(known.renamed(amount)) * frame.told(each)
        reason: Reason = (_said(_BUILT_IN_COUNTS.get(node.name, "the elements of the result")),)
        lines = [(filled, reason), (last, self.simplified(before, last, frame))]
        return _chain(self.named(node.name), lines, before, told)

    def factor(self, each: Expr, frame: Frame) -> list[w.Written]:
        return [] if each == 1 else [bracketed(self.size(each, frame))]


_BUILT_IN_COUNTS = {
    "einsum": "elements of the result, times the axis summed over",
    "param": "the elements of the tensor",
}


def _said(text: str, **values: str | int | w.Written) -> Said:
    return Said(text, tuple(values.items()))


def _line(site: Site) -> Said:
    return _said("line {line}", line=site.span.line)


def _chain(
    subject: w.Written, lines: Sequence[tuple[w.Written, Reason]], left: Expr, last: Expr
) -> list[Step]:
    """Lines that are equal, each once; only the last is in the abbreviations of the file."""
    steps: list[Step] = []
    for at, (right, reason) in enumerate(lines):
        if steps and w.plain(steps[-1].right) == w.plain(right):
            continue
        value = last if at == len(lines) - 1 else left
        steps.append(Step(None if steps else subject, right, reason, left, value))
    return steps


def _operations(body: Sequence[Site], measure: str) -> Iterable[Site]:
    """The operations of a body that are in no passage of their own."""
    for site in body:
        node = site.node
        match node:
            case cost.Operation():
                yield site
            case cost.Sequence() | cost.Stages() | cost.Steps():
                continue
            case cost.Weights() if measure in cost.DROPPED[node.mode]:
                continue
            case _:
                yield from _operations(cost.children(node), measure)


def _has_index(node: Node, frame: Frame) -> bool:
    """Whether a block is a function of the index of the loop of steps that it is in."""
    label = (frame.label or "").split(",")[-1]
    return any(symbol.name == label for symbol in cost.symbols_in(node))


def _weighted(found: Sequence[tuple[int, Spelled]]) -> Spelled:
    """A sum of counts, each as often as its weight says."""
    if len(found) == 1 and found[0][0] == 1:
        return found[0][1]

    def scaled(weight: int, part: w.Written) -> w.Written:
        if weight == 1:
            return part
        factors = part.factors if isinstance(part, w.Product) else (bracketed(part),)
        return w.Product((w.Number(weight), *factors))

    declared = _plus([scaled(weight, part.declared) for weight, part in found])
    filled = _plus([scaled(weight, part.filled) for weight, part in found])
    return Spelled(declared, filled, sympy.Add(*(weight * part.value for weight, part in found)))


def _plus(terms: Sequence[w.Written]) -> w.Written:
    """A sum whose terms stay apart."""
    if len(terms) == 1:
        return terms[0]
    if not terms:
        return w.Number(0)
    return w.Sum(tuple(w.Function("", (t,)) if isinstance(t, w.Sum) else t for t in terms))


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


def _commas(reasons: Sequence[Reason]) -> list[str | Said | w.Written]:
    found: list[str | Said | w.Written] = []
    for reason in reasons:
        found.extend((", ", *reason) if found else reason)
    return found


def nodes_of(node: Any) -> Iterator[w.Written]:
    """Every formula in a passage, a step or a formula, and every part of it."""
    waiting = [node]
    while waiting:
        part = waiting.pop(0)
        if isinstance(part, get_args(w.Written)):
            yield part
        if isinstance(part, tuple):
            waiting[:0] = part
        elif isinstance(part, (Passage, Part, Step, Said, *get_args(w.Written))):
            waiting[:0] = vars(part).values()
