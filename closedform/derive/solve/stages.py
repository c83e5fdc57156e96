"""Stages as a sum: the terms of `for s in 1..4` that have one shape become one term in s.

A term of stage s may hold sizes of this stage (D_s), of the next, and of the one before it
(D_(s-1)), which the first stage takes from the tensors that enter the loop.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, groupby
from typing import Any

import sympy
from sympy import Basic, Expr, Integer, Symbol

from closedform import formula as w
from closedform.derive.arrange.forms import FORMS, shortest
from closedform.derive.arrange.length import room_below
from closedform.derive.arrange.writing import Order, write
from closedform.derive.cost.tree import Stages
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
        replaced: dict[Expr, Expr] = {Symbol(self.index): Integer(value)}
        for place, (family, offset) in self.places.items():
            before = value + offset < self.first and family in start
            replaced[place] = start[family] if before else _stage(family, value + offset)
        return self.term.xreplace(replaced)

    def times(self, factor: Expr) -> StageSum:
        """The sum with a factor in each of its terms."""
        return replace(self, term=expand(factor * self.term))

    def write(self, order: Order, form: str) -> w.Written:
        """The sum in one of the forms, with the order of its symbols taken from their stages."""
        special: dict[Symbol, w.Written] = dict(order.special)
        for place, (family, offset) in self.places.items():
            index = self.index if offset == 0 else f"{self.index}{offset:+}"
            special[place] = w.Symbol(family, index)
        placed = {_stage(f, self.last + o): place for place, (f, o) in self.places.items()}
        shifts = {count.xreplace(placed): shift for count, shift in order.shifts.items()}
        inner = Order(
            self._placed(order.loops),
            self._placed(order.front),
            self._placed(order.rest),
            special,
            shifts,
        )
        if form == "shortest":
            body = shortest(self.term, inner, room_below)
        else:
            body = FORMS[form](self.term, inner)
        return w.BigSum(self.index, w.Number(self.first), w.Number(self.last), body)

    def _placed(self, symbols: tuple[Symbol, ...]) -> tuple[Symbol, ...]:
        """Symbols of stages replaced by their place in the term, each once."""
        by_family: dict[str, list[Symbol]] = {}
        for place, (family, _) in sorted(self.places.items(), key=lambda item: -item[1][1]):
            by_family.setdefault(family, []).append(place)
        found: dict[Symbol, None] = {}
        for symbol in symbols:
            family = symbol.name.rpartition("_")[0]
            for place in by_family.get(family, [symbol]):
                found.setdefault(place)
        return tuple(found)


def _stage(family: str, index: int) -> Symbol:
    return Symbol(f"{family}_{index}", integer=True, positive=True)


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
        self.places: dict[Symbol, tuple[str, int]] = {}
        self.index = ""  # of the loop that is being added up
        self.start: dict[str, Expr] = {}  # the sizes before its first stage

    def __call__(self, node: Stages, parts: tuple[Expr, ...]) -> Expr:
        """The cost of a loop, with a placeholder for each sum."""
        self.index, self.start = node.index, self._start(node)
        terms = {
            index: list(sympy.Add.make_args(self._in_one_size(expand(part), index)))
            for index, part in enumerate(parts, node.first)
        }
        found: dict[tuple[int, int], list[Expr]] = {}
        for templates in (self._templates, self._geometric):
            for template in templates(terms):
                self._take(template, terms, found)
        self._from_first_on(node.first, terms[node.first], found)
        rest = [term for left in terms.values() for term in left]
        for (first, last), templates_found in found.items():
            term = sympy.Add(*templates_found)
            places = {p: place for p, place in self.places.items() if term.has(p)}
            if not places:
                rest.extend(self._at(term, index) for index in range(first, last + 1))
                continue
            before = {f for f, offset in places.values() if offset == -1 and first == node.first}
            entering = tuple((f, self.start[f]) for f in sorted(before))
            dummy = sympy.Dummy("sum", positive=True)
            factor = self._same_in_all(sympy.Add.make_args(expand(term)))
            term = expand(term / factor)
            self.sums[dummy] = StageSum(node.index, first, last, term, places, entering)
            rest.append(factor * dummy)
        return sympy.Add(*rest)

    def _in_one_size(self, part: Expr, index: int) -> Expr:
        """What is a multiple of a size of this stage, m_(s-1) or I, as that: 2 m_s."""
        for symbol in sorted(self.multiples, key=str):
            if self.stage_symbols[symbol][1] == index and part.has(symbol):
                number, size = self.multiples[symbol].as_coeff_Mul()
                others = {s: v for s, v in self.multiples.items() if s != symbol and v.has(size)}
                part = expand(part.xreplace(others).xreplace({size: symbol / number}))
        return part

    def _take(
        self,
        template: Expr,
        terms: dict[int, list[Expr]],
        found: dict[tuple[int, int], list[Expr]],
    ) -> None:
        """Move the terms of a run of stages into a sum."""
        run = self._longest_run(template, terms)
        if len(run) >= MIN_STAGES:
            for index in run:
                terms[index].remove(self._at(template, index))
            found.setdefault((run[0], run[-1]), []).append(template)

    def _same_in_all(self, terms: Sequence[Expr]) -> Expr:
        """What all terms of a sum share that does not change from stage to stage."""
        number, shared = sharing.common(terms)[0].as_coeff_Mul()
        changing = {Symbol(self.index), *self.places}
        same = [f for f in sympy.Mul.make_args(shared) if not f.free_symbols & changing]
        sign = -1 if all(term.could_extract_minus_sign() for term in terms) else 1
        return sign * Integer(number.p if number.q == 1 else 1) * sympy.Mul(*same)

    def _geometric(self, terms: Mapping[int, list[Expr]]) -> list[Expr]:
        """Templates whose number is multiplied by one factor from each stage to the next.

        Two stages show no factor, unless others have it, or the first stage fits as well.
        """
        shapes: dict[Expr, dict[int, Expr]] = {}
        for index, parts in terms.items():
            for part in parts:
                number, rest = self._template(part, index).as_coeff_Mul()
                shapes.setdefault(rest, {})[index] = number
        found: list[Expr] = []
        pairs: list[tuple[int, Expr, Expr]] = []
        seen: set[Expr] = set()
        for rest, numbers in shapes.items():
            for first, ratio, length in _stretches(numbers):
                power = _power_of(ratio, Symbol(self.index), first)
                if power is not None and length > MIN_STAGES:
                    found.append(expand(numbers[first] * power * rest))
                    seen.add(ratio)
                elif power is not None:
                    pairs.append((first, ratio, expand(numbers[first] * power * rest)))
        begin = min(terms)
        for first, ratio, template in pairs:
            second = first == begin + 1
            if ratio in seen or (second and self._in_first(begin, [template], [*terms[begin]])):
                found.append(template)
        return found

    def _template(self, part: Basic, index: int) -> Any:
        """A term with the symbols of its stage and its neighbours as places."""
        replaced: dict[Expr, Expr] = {
            symbol: self._place(family, at - index)
            for symbol, (family, at) in self.stage_symbols.items()
            if abs(at - index) <= 1
        }
        return part.xreplace(replaced)

    def _templates(self, terms: Mapping[int, list[Expr]]) -> list[Expr]:
        """Every term with the symbols of its stage and its neighbours as places."""
        found: dict[Expr, None] = {}
        for index, parts in terms.items():
            replaced: dict[Expr, Expr] = {}
            for symbol, (family, at) in self.stage_symbols.items():
                if abs(at - index) <= 1:
                    replaced[symbol] = self._place(family, at - index)
            for part in parts:
                if replaced.keys() & part.free_symbols:
                    found.setdefault(part.xreplace(replaced))
        return list(found)

    def _place(self, family: str, offset: int) -> Symbol:
        """The symbol that stands for a size of this stage, or of a neighbouring one."""
        place = Symbol(f"{family}[s{offset:+}]", integer=True, positive=True)
        self.places[place] = (family, offset)
        return place

    def _at(self, template: Expr, index: int) -> Expr:
        """A template as a term of one stage."""
        replaced: dict[Expr, Expr] = {
            symbol: _stage(self.places[symbol][0], index + self.places[symbol][1])
            for symbol in template.free_symbols
            if symbol in self.places
        }
        return template.xreplace({**replaced, Symbol(self.index): Integer(index)})

    def _longest_run(self, template: Expr, terms: Mapping[int, list[Expr]]) -> list[int]:
        """The stages in a row, from the first that fits, that have a term of this shape."""
        run: list[int] = []
        for index, parts in terms.items():
            if self._at(template, index) in parts:
                run.append(index)
            elif run:
                break
        return run

    def _from_first_on(
        self, begin: int, left: list[Expr], found: dict[tuple[int, int], list[Expr]]
    ) -> None:
        """Let sums that begin at the second stage begin at the first where that fits.

        The terms of the first stage may have been added up: where D_0 is 24, its 73 D_1 is
        3 D_s D_(s-1) + D_s.
        """
        for first, last in [run for run in found if run[0] == begin + 1]:
            templates = found.pop((first, last))
            early = self._in_first(begin, templates, left)
            later = [template for template in templates if template not in early]
            for run, those in (((begin, last), early), ((first, last), later)):
                if those:
                    found.setdefault(run, []).extend(those)

    def _in_first(self, first: int, templates: list[Expr], left: list[Expr]) -> list[Expr]:
        """The templates that the first stage has too; their terms are taken out of `left`."""
        alike: dict[Expr, list[tuple[Expr, Expr]]] = {}
        for template in templates:
            before = {p: f for p, (f, o) in self.places.items() if o == -1 and template.has(p)}
            if all(family in self.start for family in before.values()):
                entered = template.xreplace({p: self.start[f] for p, f in before.items()})
                term = expand(self._at(entered, first))
                alike.setdefault(term.as_coeff_Mul()[1], []).append((template, term))
        early: list[Expr] = []
        for those in alike.values():
            for some in _choices(those):
                wanted = sympy.Add.make_args(sympy.Add(*(term for _, term in some)))
                if all(term in left for term in wanted):
                    for term in wanted:
                        left.remove(term)
                    early.extend(template for template, _ in some)
                    break
        return early

    def _start(self, node: Stages) -> dict[str, Expr]:
        """The sizes of the tensors that enter the first stage, by what the second calls them."""
        entering, second = dict(node.entries[0]), dict(node.entries[1])
        start: dict[str, Expr] = {}
        for name, shape in second.items():
            if len(entering.get(name, ())) == len(shape):
                for size, before in zip(shape, entering[name], strict=True):
                    family, at = self.stage_symbols.get(size, ("", 0))
                    if at == node.first:
                        start[family] = before
        return start


@dataclass(frozen=True)
class StageRun:
    """Something that stages first..last have in one shape; `value` holds places."""

    first: int
    last: int
    value: Basic
    places: Mapping[Symbol, tuple[str, int]]

    def write(self, order: Order) -> w.Written:
        """The shape, with the index s in the place of a number."""
        special: dict[Symbol, w.Written] = dict(order.special)
        for place, (family, offset) in self.places.items():
            special[place] = w.Symbol(family, "s" if offset == 0 else f"s{offset:+}")
        return write(self.value, replace(order, special=special))


def stage_runs(
    values: Mapping[int, Basic], stage_symbols: Mapping[Symbol, tuple[str, int]]
) -> list[StageRun]:
    """Values of stages in as few runs of one shape as they fall into.

    >>> m = {i: _stage("m", i) for i in (1, 2, 3)}
    >>> known = {symbol: ("m", i) for i, symbol in m.items()}
    >>> [(run.first, run.last) for run in stage_runs({2: m[1] / 2, 3: m[2] / 2}, known)]
    [(2, 3)]
    """
    runs: list[StageRun] = []
    form = StageForm(stage_symbols)
    for index, value in sorted(values.items()):
        template = form._template(value, index)
        last = runs[-1] if runs else None
        if last and last.value == template and last.last == index - 1:
            runs[-1] = replace(last, last=index)
        else:
            used = {p: at for p, at in form.places.items() if p in template.free_symbols}
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
