"""Stages as a sum: the terms of `for s in 1..4` that have one shape become one term in s.

A term of stage s may hold sizes of this stage (D_s), of the next, and of the one before it
(D_(s-1)), which the first stage takes from the tensors that enter the loop.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, groupby
from typing import TypeAlias

import sympy
from sympy import Basic, Expr, Integer, Symbol

from closedform import formula as w
from closedform.derive.arrange.forms import FORMS, shortest
from closedform.derive.arrange.length import room_below
from closedform.derive.arrange.writing import Order, write
from closedform.derive.cost.tree import Stages
from closedform.derive.solve.places import Places, entering, in_places, place_name, stage_values
from closedform.derive.symbolic import products as sharing
from closedform.derive.symbolic.expansion import expand

MIN_STAGES = 2
MAX_CHOICES = 5


@dataclass(frozen=True)
class StageSum:
    """The sum of `term` over index = first..last; `start` gives the sizes before the first."""

    index: str
    first: int
    last: int
    term: Expr
    places: Mapping[Symbol, tuple[str, int]]
    start: tuple[tuple[str, Expr], ...]

    def at(self, value: int) -> Expr:
        """The term of one stage."""
        start = dict(self.start)
        values = stage_values(self.index, value, self.places, self.first, start)
        return self.term.xreplace(values)

    def times(self, factor: Expr) -> StageSum:
        """The sum with a factor in each of its terms."""
        return replace(self, term=expand(factor * self.term))

    def write(self, order: Order, form: str) -> w.Written:
        """The sum in one of the forms, with the order of its symbols taken from their stages."""
        by_family: dict[str, list[Symbol]] = {}
        for place, (family, _) in sorted(self.places.items(), key=lambda item: -item[1][1]):
            by_family.setdefault(family, []).append(place)
        symbols = (*order.loops, *order.front, *order.rest)
        families = ((symbol, symbol.name.rpartition("_")[0]) for symbol in symbols)
        instead = {symbol: by_family[f] for symbol, f in families if f in by_family}
        inner = in_places(order, self.index, self.places, instead)
        if form == "shortest":
            body = shortest(self.term, inner, room_below)
        else:
            body = FORMS[form](self.term, inner)
        return w.BigSum(self.index, w.Number(self.first), w.Number(self.last), body)


class StageForm:
    """Adds up the stages of a cost tree; what it found as sums stands in `sums`."""

    def __init__(
        self,
        stage_symbols: Mapping[Symbol, tuple[str, int]],
        multiples: Mapping[Symbol, Expr] | None = None,
    ) -> None:
        self.stage_symbols = stage_symbols
        self.multiples = multiples or {}  # m_1 is I/4, m_2 is I/8
        self.sums: dict[Symbol, StageSum] = {}

    def __call__(self, node: Stages, parts: tuple[Expr, ...]) -> Expr:
        """The cost of a loop, with a placeholder for each sum."""
        places = Places(node.index, self.stage_symbols)
        loop = _Loop(node, places, self.multiples)
        runs, rest = loop.runs(parts)
        total = list(rest)
        for (first, last), templates in runs.items():
            term = sympy.Add(*templates)
            used = {p: at for p, at in places.offsets.items() if term.has(p)}
            if not used:
                total.extend(places.at(term, index) for index in range(first, last + 1))
                continue
            before = {f for f, offset in used.values() if offset == -1 and first == node.first}
            entering = tuple((f, loop.start[f]) for f in sorted(before))
            dummy = sympy.Dummy("sum", positive=True)
            factor = loop.same_in_all(sympy.Add.make_args(expand(term)))
            term = expand(term / factor)
            self.sums[dummy] = StageSum(node.index, first, last, term, used, entering)
            total.append(factor * dummy)
        return sympy.Add(*total)


Terms: TypeAlias = Mapping[int, Sequence[Expr]]
Runs: TypeAlias = dict[tuple[int, int], list[Expr]]


class _Loop:
    """The terms of the stages of one loop, and what several of them have in one shape."""

    def __init__(self, node: Stages, places: Places, multiples: Mapping[Symbol, Expr]) -> None:
        self.node, self.places, self.multiples = node, places, multiples
        self.start = entering(node, places.stage_symbols)

    def runs(self, parts: Sequence[Expr]) -> tuple[Runs, list[Expr]]:
        """The templates of each run of stages, and the terms that are in no run."""
        terms: Terms = {
            index: sympy.Add.make_args(self._in_one_size(expand(part), index))
            for index, part in enumerate(parts, self.node.first)
        }
        found: Runs = {}
        for templates in (self._templates, self._geometric):
            for template in templates(terms):
                run = self._longest_run(template, terms)
                if len(run) >= MIN_STAGES:
                    terms = {
                        index: self._without(template, index, left) if index in run else left
                        for index, left in terms.items()
                    }
                    found.setdefault((run[0], run[-1]), []).append(template)
        found, first = self._from_first_on(found, terms[self.node.first])
        terms = {**terms, self.node.first: first}
        return found, [term for left in terms.values() for term in left]

    def _in_one_size(self, part: Expr, index: int) -> Expr:
        """What is a multiple of a size of this stage, m_(s-1) or I, as that: 2 m_s."""
        for symbol in sorted(self.multiples, key=str):
            if self.places.stage_symbols[symbol][1] == index and part.has(symbol):
                number, size = self.multiples[symbol].as_coeff_Mul()
                others = {s: v for s, v in self.multiples.items() if s != symbol and v.has(size)}
                part = expand(part.xreplace(others).xreplace({size: symbol / number}))
        return part

    def same_in_all(self, terms: Sequence[Expr]) -> Expr:
        """What all terms of a sum share that does not change from stage to stage."""
        number, shared = sharing.common(terms)[0].as_coeff_Mul()
        changing = {Symbol(self.places.index), *self.places.offsets}
        same = [f for f in sympy.Mul.make_args(shared) if not f.free_symbols & changing]
        sign = -1 if all(term.could_extract_minus_sign() for term in terms) else 1
        return sign * Integer(number.p if number.q == 1 else 1) * sympy.Mul(*same)

    def _templates(self, terms: Terms) -> list[Expr]:
        """Every term that has a size of a stage, with places for these sizes."""
        found: dict[Expr, None] = {}
        for index, parts in terms.items():
            for part in parts:
                template = self.places.template(part, index)
                if template != part:
                    found.setdefault(template)
        return list(found)

    def _geometric(self, terms: Terms) -> list[Expr]:
        """Templates whose number is multiplied by one factor from each stage to the next.

        Two stages show no factor, unless others have it, or the first stage fits as well.
        """
        shapes: dict[Expr, dict[int, Expr]] = {}
        for index, parts in terms.items():
            for part in parts:
                number, rest = self.places.template(part, index).as_coeff_Mul()
                shapes.setdefault(rest, {})[index] = number
        found: list[Expr] = []
        pairs: list[tuple[int, Expr, Expr]] = []
        seen: set[Expr] = set()
        for rest, numbers in shapes.items():
            for first, ratio, length in _stretches(numbers):
                power = _power_of(ratio, Symbol(self.places.index), first)
                if power is not None and length > MIN_STAGES:
                    found.append(expand(numbers[first] * power * rest))
                    seen.add(ratio)
                elif power is not None:
                    pairs.append((first, ratio, expand(numbers[first] * power * rest)))
        begin = self.node.first
        for first, ratio, template in pairs:
            second = first == begin + 1
            if ratio in seen or (second and self._in_first([template], terms[begin])[0]):
                found.append(template)
        return found

    def _longest_run(self, template: Expr, terms: Terms) -> list[int]:
        """The stages in a row, from the first that fits, that have a term of this shape."""
        run: list[int] = []
        for index, parts in terms.items():
            if self.places.at(template, index) in parts:
                run.append(index)
            elif run:
                break
        return run

    def _without(self, template: Expr, index: int, terms: Sequence[Expr]) -> Sequence[Expr]:
        """The terms of a stage less the one that a template stands for."""
        return _less(terms, [self.places.at(template, index)])

    def _from_first_on(self, found: Runs, left: Sequence[Expr]) -> tuple[Runs, Sequence[Expr]]:
        """The runs, and what is left of the first stage, where sums begin at the first if they fit.

        The terms of the first stage may have been added up: where D_0 is 24, its 73 D_1 is
        3 D_s D_(s-1) + D_s.
        """
        begin = self.node.first
        runs = {run: templates for run, templates in found.items() if run[0] != begin + 1}
        for (first, last), templates in found.items():
            if first != begin + 1:
                continue
            early, left = self._in_first(templates, left)
            later = [template for template in templates if template not in early]
            for run, those in (((begin, last), early), ((first, last), later)):
                if those:
                    runs.setdefault(run, []).extend(those)
        return runs, left

    def _in_first(
        self, templates: Sequence[Expr], left: Sequence[Expr]
    ) -> tuple[list[Expr], Sequence[Expr]]:
        """The templates that the first stage has too, and what is left without their terms."""
        alike: dict[Expr, list[tuple[Expr, Expr]]] = {}
        for template in templates:
            offsets = self.places.offsets
            before = {p: f for p, (f, o) in offsets.items() if o == -1 and template.has(p)}
            if all(family in self.start for family in before.values()):
                entered = template.xreplace({p: self.start[f] for p, f in before.items()})
                term = expand(self.places.at(entered, self.node.first))
                alike.setdefault(term.as_coeff_Mul()[1], []).append((template, term))
        early: list[Expr] = []
        for those in alike.values():
            for some in _choices(those):
                wanted = sympy.Add.make_args(sympy.Add(*(term for _, term in some)))
                if all(term in left for term in wanted):
                    left = _less(left, wanted)
                    early.extend(template for template, _ in some)
                    break
        return early, left


def _less(terms: Sequence[Expr], taken: Iterable[Expr]) -> list[Expr]:
    """Terms without some of them, each taken once."""
    left = list(terms)
    for term in taken:
        left.remove(term)
    return left


@dataclass(frozen=True)
class StageRun:
    """Something that stages first..last have in one shape; `value` holds places."""

    first: int
    last: int
    value: Basic
    places: Mapping[Symbol, tuple[str, int]]

    def write(self, order: Order) -> w.Written:
        """The shape, with the index s in the place of a number."""
        names = {p: place_name(family, "s", by) for p, (family, by) in self.places.items()}
        return write(self.value, replace(order, special={**order.special, **names}))


def stage_runs(
    values: Mapping[int, Basic], stage_symbols: Mapping[Symbol, tuple[str, int]]
) -> list[StageRun]:
    """Values of stages in as few runs of one shape as they fall into.

    >>> from closedform.derive.symbolic.symbols import size_symbol
    >>> m = {i: size_symbol(f"m_{i}") for i in (1, 2, 3)}
    >>> known = {symbol: ("m", i) for i, symbol in m.items()}
    >>> [(run.first, run.last) for run in stage_runs({2: m[1] / 2, 3: m[2] / 2}, known)]
    [(2, 3)]
    """
    runs: list[StageRun] = []
    places = Places("s", stage_symbols)
    for index, value in sorted(values.items()):
        template = places.template(value, index)
        last = runs[-1] if runs else None
        if last and last.value == template and last.last == index - 1:
            runs[-1] = replace(last, last=index)
        else:
            used = {p: at for p, at in places.offsets.items() if p in template.free_symbols}
            runs.append(StageRun(index, index, template, used))
    return runs


def _stretches(numbers: Mapping[int, Expr]) -> Iterator[tuple[int, Expr, int]]:
    """Where numbers of stages in a row have one ratio: the first stage, the ratio, how many.

    >>> list(_stretches({1: Integer(5), 2: Integer(4), 3: Integer(16), 4: Integer(64)}))
    [(1, 4/5, 2), (2, 4, 3)]
    """
    ratios = [(i, numbers[i + 1] / numbers[i]) for i in sorted(numbers) if i + 1 in numbers]
    for _, stretch in groupby(enumerate(ratios), lambda item: (item[1][1], item[1][0] - item[0])):
        steps = [step for _, step in stretch]
        yield steps[0][0], steps[0][1], len(steps) + 1


def _choices(those: list[tuple[Expr, Expr]]) -> Iterator[tuple[tuple[Expr, Expr], ...]]:
    """Some of several, many before few; of more than MAX_CHOICES all, or one."""
    sizes = range(len(those), 0, -1)
    for size in sizes if len(those) <= MAX_CHOICES else (len(those), 1):
        yield from combinations(those, size)


def _power_of(ratio: Expr, index: Symbol, first: int) -> Expr | None:
    """ratio^(index - first), for a ratio that is a power of a prime or one over it."""
    for sign, number in ((1, ratio), (-1, 1 / ratio)):
        if number.is_Integer and number > 1:
            factors = sympy.factorint(number)
            if len(factors) == 1:
                ((prime, exponent),) = factors.items()
                return sympy.Integer(prime) ** (sign * exponent * (index - first))
    return None
