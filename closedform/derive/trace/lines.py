"""What the walk of a derivation is made of, and how it writes sizes and costs where they stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeAlias

import sympy
from sympy import Expr

from closedform import formula as w
from closedform.data import dataclass
from closedform.derive.arrange import forms
from closedform.derive.cost.tree import Node, Shape, Site
from closedform.derive.resolve.library import in_standard_library
from closedform.derive.solve.closed import Closed
from closedform.derive.trace.frames import Frame
from closedform.errors import Span


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
    """An operation: where it stands, what it takes and gives, and what it counts.

    `case` is the condition of the `if` that it stands in.
    """

    name: str | Said
    says: str | Said
    lines: tuple[int, ...]
    case: w.Written | None
    source: str
    inputs: tuple[tuple[w.Written, ...], ...]
    outputs: tuple[tuple[w.Written, ...], ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Quiet:
    """An operation or a block that adds nothing, by its name.

    `stages` are those that have it, where not all that are told at once do.
    """

    name: str | Said
    stages: tuple[int, ...] = ()
    lines: tuple[int, ...] = ()


class Teller:
    """Writes the sizes and the costs of one closed form."""

    def __init__(self, closed: Closed) -> None:
        self.closed = closed
        self.measure = closed.measure
        self.derivation = closed.derivation
        self.values: dict[int, Expr] = {}

    def value(self, node: Node) -> Expr:
        """What a part counts, in the abbreviations of the file."""
        if id(node) not in self.values:
            self.values[id(node)] = self.closed.of(node)
        return self.values[id(node)]

    def size(self, expr: Expr, frame: Frame) -> w.Written:
        """A size as it is written in a frame."""
        return forms.write(frame.shown(self.derivation.known.renamed(expr)), frame.order)

    def amount(self, frame: Frame, *nodes: Node) -> w.Written:
        """What parts cost together, as it is written in a frame."""
        stated, out = (
            frame.shown(sympy.Add(*map(cost, nodes))) for cost in (self.closed.stated, self.value)
        )
        return forms.shorter(stated, out, frame.order)

    def named(self, name: str, label: str | None = None) -> w.Written:
        return w.Function(self.measure.label, (own(name, label),))

    def shapes(self, found: Sequence[Shape], frame: Frame) -> tuple[tuple[w.Written, ...], ...]:
        """The shapes of tensors as they are written in a frame."""
        return tuple(tuple(self.size(size, frame) for size in shape) for shape in found)

    def simplified(self, before: Expr, after: w.Written, frame: Frame) -> Reason:
        """The reason of a line that collects terms, with the abbreviations that are new in it."""
        seen = {s.name for s in before.free_symbols}
        symbols = {node.name for node in nodes_of(after) if isinstance(node, w.Symbol)}
        new: list[Reason] = [
            (w.Condition("=", (w.Symbol(s.name), self.size_of(definition, frame))),)
            for s, definition in self.derivation.known.spelled.items()
            if s.name in symbols and s.name not in seen and s not in self.derivation.stage_symbols
        ]
        return commas([(said("simplified"),), *new])

    def size_of(self, definition: Expr, frame: Frame) -> w.Written:
        return forms.shortest(definition, frame.order)


def own(name: str, index: str | None = None) -> w.Symbol:
    """A name of a part or an operation, whatever a size of that name is printed as."""
    return w.Symbol(name, index, sign=name)


def said(text: str, **values: str | int | w.Written) -> Said:
    """A text of a reason, with its values."""
    return Said(text, tuple(values.items()))


def doc_said(doc: str, span: Span) -> str | Said:
    """A docstring: that of the standard library in the language of the report, others as it is."""
    return said(doc) if in_standard_library(span.source) else doc


def line_of(site: Site, own: str) -> Said:
    """The line of a part, as a reason names it, with its file where that is not the own one."""
    line, file = site.span.line, site.span.source.name
    if file == own:
        return said("line {line}", line=line)
    return said("line {line} of {file}", line=line, file=file)


def plus(terms: Sequence[w.Written]) -> w.Written:
    """A sum whose terms stay apart."""
    if len(terms) == 1:
        return terms[0]
    if not terms:
        return w.Number(0)
    return w.Sum(tuple(w.Function("", (t,)) if isinstance(t, w.Sum) else t for t in terms))


def same(one: w.Written, other: w.Written) -> bool:
    """Whether two formulas differ in brackets and in the order of factors and terms alone.

    >>> a, b = w.Symbol("a"), w.Symbol("b")
    >>> same(w.Product((a, w.Function("", (w.Product((b, a)),)))), w.Product((a, a, b)))
    True
    """
    return _in_order(one) == _in_order(other)


def _in_order(node: w.Written) -> w.Written:
    """A formula without brackets that somebody asked for, its factors and terms in one order."""
    match node:
        case w.Function(name="", arguments=(alone,)):
            return _in_order(alone)
        case w.Product():
            factors = [f for part in map(_in_order, node.factors) for f in _parts(part, w.Product)]
            return w.Product(tuple(sorted(factors, key=repr)))
        case w.Sum():
            terms = [t for part in map(_in_order, node.terms) for t in _parts(part, w.Sum)]
            return w.Sum(tuple(sorted(terms, key=repr)))
        case w.Number() | w.Symbol():
            return node
    found = {field.name: getattr(node, field.name) for field in fields(node)}
    changed: dict[str, Any] = {
        name: tuple(map(_in_order, part)) if isinstance(part, tuple) else _in_order(part)
        for name, part in found.items()
        if isinstance(part, tuple | w.Written)
    }
    return replace(node, **changed)


def _parts(node: w.Written, kind: type) -> tuple[w.Written, ...]:
    if isinstance(node, w.Product) and kind is w.Product:
        return node.factors
    return node.terms if isinstance(node, w.Sum) and kind is w.Sum else (node,)


def equalities(
    pairs: Sequence[tuple[tuple[w.Written, ...], w.Written]], owner: str
) -> list[Reason]:
    """What names of an operation or a block stand for, those that are equal together.

    A name that one of the sizes has too, and means something else by, is told with its owner.

    >>> a, b = w.Symbol("a"), w.Symbol("b")
    >>> double = w.Product((w.Number(2), a))
    >>> (plainly,), (told,) = equalities([((a, b), double)], "Twice")
    >>> w.plain(plainly), told.text, told.values[1]
    ('b = 2 a', '{size} of {name} is {value}', ('name', 'Twice'))
    """
    taken = {w.plain(node) for _, size in pairs for node in nodes_of(size)}
    found: list[Reason] = []
    for names, size in pairs:
        clear = tuple(name for name in names if w.plain(name) not in taken)
        found += [(w.Condition("=", (*clear, size)),)] if clear else []
        found += [
            (said("{size} of {name} is {value}", size=name, name=owner, value=size),)
            for name in names
            if name not in clear
        ]
    return found


def commas(reasons: Sequence[Reason]) -> Reason:
    """Reasons as one, with commas between them."""
    found: list[str | Said | w.Written] = []
    for reason in reasons:
        found.extend((", ", *reason) if found else reason)
    return tuple(found)


def nodes_of(node: Any) -> Iterator[w.Written]:
    """Every formula in a passage, a step or a formula, and every part of it.

    A passage names the closed form and the lines that it is told of: these are not gone through.
    """
    waiting = [node]
    while waiting:
        part = waiting.pop(0)
        if isinstance(part, w.Written):
            yield part
        if isinstance(part, tuple):
            waiting[:0] = part
        elif is_dataclass(part) and not isinstance(part, Frame | Closed | Span):
            waiting[:0] = [getattr(part, field.name) for field in fields(part)]
