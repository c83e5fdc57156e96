"""The longest chain of operations that must follow one another.

Each operation is one; what only looks at a tensor in another way, and what does nothing, is none.
A value has a length from every source that leads to it: inputs of a block, what a body takes from
the round before, and `START`, which is any operation by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Sequence as List
from itertools import starmap
from typing import TypeAlias

import sympy
from sympy import Dummy, Expr, Integer, oo
from sympy.logic.boolalg import Boolean

from closedform.data import dataclass
from closedform.derive.cost.movement import is_view, reads, writes
from closedform.derive.cost.tree import (
    Cases,
    Choose,
    Node,
    Operation,
    Repeat,
    Sequence,
    Site,
    Stages,
    Steps,
    Weights,
)
from closedform.derive.symbolic.atoms import BigSum, indicator
from closedform.derive.symbolic.expansion import expand
from closedform.errors import ClosedformError, Span, fail
from closedform.grammar.tree import NOWHERE

START = 0  # no value has this number
MANY = 8  # chains of which any may be the longest
MOST = 8  # rounds that are walked one by one
Lengths: TypeAlias = Mapping[int, Expr]
Values: TypeAlias = dict[int, Lengths]


class Depth:
    """The depth of parts of a cost tree, each by itself; `known` says whether a condition holds."""

    def __init__(self, known: Callable[[Boolean], bool]) -> None:
        self.known = known
        self._blocks: dict[int, tuple[tuple[Lengths, ...], Lengths]] = {}

    def __call__(self, node: Node) -> Expr:
        if isinstance(node, Sequence):
            _, longest = self._block(node)
        else:
            longest = self._body((Site(NOWHERE, node),), {})
        found = greatest(longest.values())
        return sympy.Max(*self._told_apart(found.args)) if isinstance(found, sympy.Max) else found

    def _told_apart(self, lengths: List[Expr]) -> list[Expr]:
        """Lengths without those that are never greater than another by what is known of sizes."""
        kept = list(lengths)
        for length in lengths:
            others = [other for other in kept if other is not length]
            if any(self.known(sympy.Ge(other, length)) for other in others):
                kept = others
        return kept

    def _block(self, node: Sequence) -> tuple[tuple[Lengths, ...], Lengths]:
        """The lengths of what a block gives from what it takes, and of its longest chains."""
        if id(node) not in self._blocks:
            values: Values = {number: {number: Integer(0)} for number in node.flow.takes}
            longest = self._body(node.body, values)
            gives = tuple(values.get(number, {START: Integer(0)}) for number in node.flow.gives)
            self._blocks[id(node)] = gives, longest
        return self._blocks[id(node)]

    def _body(self, sites: Iterable[Site], values: Values) -> Lengths:
        """Carry out a body; gives the lengths of its longest chains from each source."""
        longest: list[Lengths] = [{START: Integer(0)}]
        for site in sites:
            longest.append(self._site(site, values))
        return joined(longest)

    def _site(self, site: Site, values: Values) -> Lengths:
        node = site.node
        taken = [_length_of(values, number) for number in site.flow.takes]
        match node:
            case Operation():
                length = joined([{START: Integer(0)}, *taken])
                if not does_nothing(node):
                    length = {source: n + 1 for source, n in length.items()}
                values.update(dict.fromkeys(site.flow.gives, length))
                return length
            case Sequence():
                gives, longest = self._block(node)
                inputs = dict(zip(node.flow.takes, taken, strict=True))
                for number, lengths in zip(site.flow.gives, gives, strict=True):
                    values[number] = through(lengths, inputs)
                return through(longest, inputs)
            case Repeat() | Choose() | Steps():
                return self._rounds(site.span, node, values)
            case Stages():
                return joined([self._body(body, values) for body in node.bodies])
            case Cases():
                return self._cases(site.span, node, values)
            case Weights():
                return self._body(node.body, values)

    def _rounds(self, span: Span, node: Repeat | Choose | Steps, values: Values) -> Lengths:
        """A body that is carried out again and again, on what it has carried.

        In one round what is carried becomes the longest of what was, each with its step, and of
        what begins in the round. Where two rounds are one and a number, all further ones are.
        """
        times = _times(node)
        before = {one.start: _length_of(values, one.before) for one in node.carried}
        if times == 0:
            values.update({one.after: before[one.start] for one in node.carried})
            return {START: Integer(0)}
        inside = {**values, **{start: {start: Integer(0)} for start in before}}
        longest = self._body(node.body, inside)
        step = {one.start: _length_of(inside, one.end) for one in node.carried}
        if isinstance(node, Steps):
            lengths = [n for found in (*step.values(), longest) for n in found.values()]
            if any(length.has(node.index) for length in lengths):
                raise _no_closed_form(span, "its steps are not alike")
        rounds = _Rounds(span, step, before)
        for one in node.carried:
            values[one.after] = rounds.after(one.start, times)
        return rounds.longest(longest, times)

    def _cases(self, span: Span, node: Cases, values: Values) -> Lengths:
        """Two bodies; a source must lead to what they give in both, or in none."""
        then, otherwise = dict(values), dict(values)
        first, second = self._body(node.then, then), self._body(node.otherwise, otherwise)
        for one in node.joined:
            both = _length_of(then, one.then), _length_of(otherwise, one.otherwise)
            values[one.after] = _either(node, *both, span)
        return _in_case(node, first, second)


@dataclass(frozen=True)
class _Rounds:
    """How the lengths of what a body carries grow, from what is before its first round."""

    span: Span
    step: Mapping[int, Lengths]
    before: Mapping[int, Lengths]

    def longest(self, chains: Lengths, times: Expr) -> Lengths:
        """The longest chains of any round: of the first, and of the last.

        A chain that leads to a source is one of the whole, so that none is lengthened where a
        condition makes what comes after it nothing.
        """
        first = through(chains, self.before)
        if times == 1:
            return first
        more = Dummy("more", integer=True, positive=True)  # rounds before the last
        last = through(chains, {start: self._after(start, more) for start in self.before})
        every = _at(last, more, times - 1)
        reached = joined(self.before.values())
        none = ((reached.get(s, Integer(0)), n) for s, n in _at(last, more, Integer(-1)).items())
        if _at(last, more, Integer(0)) == first and (
            times.is_positive or all(starmap(_at_least, none))
        ):
            return every
        return joined([_if(sympy.Gt(times, 0), first), _if(sympy.Gt(times, 1), every)])

    def after(self, start: int, times: Expr) -> Lengths:
        """The lengths after some rounds. Raises ClosedformError where they have no closed form."""
        if times.is_Integer:
            return self._after(start, times)
        some = Dummy("some", integer=True, positive=True)
        found = self._after(start, some)
        if not times.is_positive and _at(found, some, Integer(0)) != self.before[start]:
            raise _no_closed_form(self.span, "it may have no round")
        return _at(found, some, times)

    def _after(self, start: int, times: Expr) -> Lengths:
        """The lengths after a number of rounds, of which there is one at least."""
        carried = {k: _of(row, self.before) for k, row in self.step.items()}
        begun = {k: _of(row, self.before, False) for k, row in self.step.items()}
        if times.is_Integer and times <= MOST:
            found = dict(self.before)
            for _ in range(int(times)):
                found = {k: joined([through(carried[k], found), begun[k]]) for k in found}
            return found[start]
        grows = _growth(carried)
        if grows is None:
            message = "what it carries goes through its rounds in several ways"
            raise _no_closed_form(self.span, message)
        once = through(carried[start], begun)
        if any(not _at_least(begun[start].get(s, -oo), n - grows) for s, n in once.items()):
            message = "what begins in its first round is not as in the others"
            raise _no_closed_form(self.span, message)
        first = _longer(through(carried[start], self.before), (times - 1) * grows)
        return joined([first, begun[start], _longer(once, (times - 2) * grows)])


def _at(lengths: Lengths, size: Expr, value: Expr) -> dict[int, Expr]:
    """Lengths where a size is this one."""
    return {source: expand(n.xreplace({size: value})) for source, n in lengths.items()}


def _growth(step: Mapping[int, Lengths]) -> Expr | None:
    """By how much each further round is longer, if by the same for all that is carried."""
    found: Expr | None = None
    for row in step.values():
        twice = through(row, step)
        if set(twice) != set(row):
            return None
        for source, length in row.items():
            more = expand(twice[source] - length)
            if found is not None and more != found:
                return None
            found = more
    return Integer(0) if found is None else found


def _times(node: Repeat | Choose | Steps) -> Expr:
    """How many rounds follow one another: experts that are chosen do not."""
    match node:
        case Repeat():
            return node.times
        case Choose():
            return node.count if node.count.is_zero else Integer(1)
    return node.last - node.first + 1


def does_nothing(operation: Operation) -> bool:
    """Whether an operation only gives what it takes."""
    return is_view(operation) or (reads(operation) == 0 and writes(operation) == 0)


def joined(found: Iterable[Lengths]) -> dict[int, Expr]:
    """The longest length from each source; a source is never less than the beginning."""
    every: dict[int, list[Expr]] = {}
    for lengths in found:
        for source, length in lengths.items():
            every.setdefault(source, []).append(length)
    longest = {source: greatest(lengths) for source, lengths in every.items()}
    begun = longest.get(START)
    others = [n for source, n in longest.items() if source != START]
    if begun is not None and any(_at_least(n, begun) for n in others):
        del longest[START]
    return longest


def through(lengths: Lengths, sources: Mapping[int, Lengths]) -> dict[int, Expr]:
    """Lengths from sources that have lengths from others."""
    found = [
        _longer(sources.get(source, {source: Integer(0)}), length)
        for source, length in lengths.items()
    ]
    return joined(found)


def greatest(lengths: Iterable[Expr]) -> Expr:
    """The greatest of lengths, without those that are never greater than another."""
    kept: list[Expr] = []
    for length in dict.fromkeys(lengths):
        if not any(_at_least(other, length) for other in kept):
            kept = [other for other in kept if not _at_least(length, other)] + [length]
    if len(kept) > MANY:
        message = f"the longest of {len(kept)} chains is not told apart for all sizes"
        raise fail("depth", message, None, "ask for the depth of the blocks by themselves")
    return sympy.Max(*kept) if kept else Integer(0)


def _at_least(one: Expr, other: Expr) -> bool:
    """Whether a length is never less than another: sizes are 1 and something more."""
    if one == other:
        return True
    known = (one - other).atoms(sympy.Piecewise, sympy.ceiling, sympy.floor, BigSum)
    signs = {part: Dummy(nonnegative=True) + int(bool(part.is_positive)) for part in known}
    left = (one - other).xreplace(signs)
    more = {s: 1 + Dummy(nonnegative=True) for s in left.free_symbols if s.is_positive}
    return all(map(_is_more, sympy.Add.make_args(expand(left.xreplace(more)))))


def _is_more(term: Expr) -> bool:
    """Whether a term is a number of times a product of sizes."""
    number, rest = term.as_coeff_Mul()
    bases = () if rest == 1 else rest.as_powers_dict()
    return bool(number >= 0) and all(base.is_Symbol and base.is_nonnegative for base in bases)


def _longer(lengths: Lengths, by: Expr) -> dict[int, Expr]:
    return {source: expand(length + by) for source, length in lengths.items()}


def _of(row: Lengths, starts: Mapping[int, Lengths], carried: bool = True) -> dict[int, Expr]:
    """The part of a row that is carried, or that is not."""
    return {source: length for source, length in row.items() if (source in starts) == carried}


def _length_of(values: Values, number: int) -> Lengths:
    return values.get(number, {START: Integer(0)} if number <= 0 else {number: Integer(0)})


def _if(holds: Boolean, lengths: Lengths) -> dict[int, Expr]:
    """Lengths where a condition holds, and none else."""
    return {source: indicator(holds) * length for source, length in lengths.items()}


def _in_case(node: Cases, one: Lengths, other: Lengths) -> dict[int, Expr]:
    """The longest chains of two cases."""
    sources = dict.fromkeys((*one, *other))
    pairs = {s: (one.get(s, Integer(0)), other.get(s, Integer(0))) for s in sources}
    holds, fails = indicator(node.condition), indicator(sympy.Not(node.condition))
    return {s: a if a == b else holds * a + fails * b for s, (a, b) in pairs.items()}


def _either(node: Cases, one: Lengths, other: Lengths, span: Span) -> Lengths:
    if set(one) | {START} != set(other) | {START}:
        raise _no_closed_form(span, "its cases follow from different tensors")
    return _in_case(node, one, other)


def _no_closed_form(span: Span, why: str) -> ClosedformError:
    help = "ask for the depth of its body, or of the block in it, by itself"
    return fail("depth", f"the depth of this body has no closed form: {why}", span, help)
