"""The stages of one loop: which of their terms have one shape, and in which stages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, groupby
from typing import TypeAlias

import sympy
from sympy import Expr, Integer, Symbol

from closedform.derive.cost.tree import Stages
from closedform.derive.solve.places import Places, entering
from closedform.derive.symbolic import products as sharing
from closedform.derive.symbolic.expansion import expand

MIN_STAGES = 2
MAX_CHOICES = 5

Numbers: TypeAlias = dict[Expr, Expr]  # of terms, by the rest of these
Terms: TypeAlias = dict[int, Numbers]
Runs: TypeAlias = dict[tuple[int, int], list[Expr]]


class Loop:
    """The terms of the stages of one loop, and what several of them have in one shape."""

    def __init__(
        self,
        node: Stages,
        stage_symbols: Mapping[Symbol, tuple[str, int]],
        multiples: Mapping[Symbol, Expr],
        parts: Sequence[Expr],
    ) -> None:
        self.node, self.stage_symbols, self.multiples = node, stage_symbols, multiples
        self.start = entering(node, stage_symbols)
        self.parts = {
            index: self._in_one_size(expand(part), index)
            for index, part in enumerate(parts, node.first)
        }
        used = _used(self.parts, stage_symbols)
        fixed = {family for family, by_stage in used.items() if _taken_whole(by_stage)}
        reach = max((_distance(used[family]) for family in used.keys() - fixed), default=1)
        self.places = Places(node.index, stage_symbols, max(reach, 1))
        near = Places(node.index, stage_symbols)
        self.readings = [Places(node.index, stage_symbols, max(reach, 1), fixed)]
        self.readings += [near] if reach > 1 and not fixed else []

    def enters(self, used: Mapping[Symbol, tuple[str, int]]) -> bool:
        """Whether what a sum from the first stage on has of sizes before it is known."""
        return all(
            offset >= 0 or (offset == -1 and family in self.start)
            for family, offset in used.values()
        )

    def kinds(self) -> tuple[Runs, list[Expr]]:
        """The templates of each run of stages alike, and what the other stages cost."""
        found: list[tuple[int, int, Expr]] = []
        for index, part in self.parts.items():
            template = self.readings[0].template(part, index)
            if found and found[-1][2] == template:
                found[-1] = (found[-1][0], index, template)
            elif len(found) == 1 and index == self.node.first + 1 and self._in_first(template):
                found = [(self.node.first, index, template)]
            else:
                found.append((index, index, template))
        runs = {(i, j): [*sympy.Add.make_args(t)] for i, j, t in found if i < j}
        return runs, [self.parts[i] for i, j, _ in found if i == j]

    def _in_first(self, template: Expr) -> bool:
        """Whether the first stage is as a template says, with what enters it."""
        used = self.places.used(template)
        return self.enters(used) and bool(self._entered(template) == self.parts[self.node.first])

    def runs(self) -> tuple[Runs, list[Expr]]:
        """The templates of each run of stages, and the terms that are in no run."""
        left: Terms = {
            index: dict(term.as_coeff_Mul()[::-1] for term in sympy.Add.make_args(part))
            for index, part in self.parts.items()
        }
        found: Runs = {}
        self._with_numbers(found, left)
        for template in self._geometric(left):
            stages = self._longest_run(template, left)
            if len(stages) >= MIN_STAGES:
                found.setdefault((stages[0], stages[-1]), []).append(template)
                self._take(template, stages, left)
        found = self._from_first_on(found, left)
        self._with_numbers(found, left)
        return found, [
            number * rest for numbers in left.values() for rest, number in numbers.items()
        ]

    def _with_numbers(self, found: Runs, left: Terms) -> None:
        """Takes out the runs of terms of one shape and number."""
        for template in self._shapes(left):
            for run, number in self._stretches_of(template, left):
                found.setdefault(run, []).append(number * template)
                self._take(number * template, range(run[0], run[1] + 1), left)

    def _in_one_size(self, part: Expr, index: int) -> Expr:
        """What is a multiple of a size of this stage, m_(s-1) or I, as that: 2 m_s."""
        for symbol in sorted(self.multiples, key=str):
            if self.stage_symbols[symbol][1] == index and part.has(symbol):
                number, size = self.multiples[symbol].as_coeff_Mul()
                others = {s: v for s, v in self.multiples.items() if s != symbol and v.has(size)}
                part = expand(part.xreplace(others).xreplace({size: symbol / number}))
        return part

    def apart(self, expr: Expr) -> tuple[Expr, Expr]:
        """What is the same in all stages, and what is not; one times the other is all.

        >>> from closedform.derive.symbolic.symbols import size_symbol
        >>> K, L_1 = size_symbol("K"), size_symbol("L_1")
        >>> loop = Loop(Stages("s", 1, (), ()), {L_1: ("L", 1)}, {}, ())
        >>> L = loop.places.of["L", 0]
        >>> loop.apart(L * K**2 + 3 * L)
        (K**2 + 3, L[s+0])
        """
        changing = {Symbol(self.places.index), *self.places.offsets}
        parted = [
            term.as_independent(*changing, as_Add=False) for term in sympy.Add.make_args(expr)
        ]
        if len({part for _, part in parted}) == 1:
            return sympy.Add(*(same for same, _ in parted)), parted[0][1]
        factor = self._same_in_all(sympy.Add.make_args(expr))
        return factor, expand(expr / factor)

    def _same_in_all(self, terms: Sequence[Expr]) -> Expr:
        """What all terms of a sum share that does not change from stage to stage."""
        number, shared = sharing.common(terms)[0].as_coeff_Mul()
        changing = {Symbol(self.places.index), *self.places.offsets}
        same = [f for f in sympy.Mul.make_args(shared) if not f.free_symbols & changing]
        sign = -1 if all(term.could_extract_minus_sign() for term in terms) else 1
        return sign * Integer(number.p if number.q == 1 else 1) * sympy.Mul(*same)

    def _shapes(self, left: Terms) -> list[Expr]:
        """Every term that has a size of a stage, without its number, with places for these sizes.

        Those of more stages come first.
        """
        found: dict[Expr, int] = {}
        for reading in self.readings:
            for index, numbers in left.items():
                for rest in numbers:
                    template = reading.template(rest, index)
                    if template != rest and template not in found:
                        found[template] = len(self._numbers(template, left))
        return sorted(found, key=lambda template: -found[template])

    def _numbers(self, template: Expr, left: Terms) -> dict[int, Expr]:
        """The number of a term of this shape in each stage that has one."""
        found = {}
        for index, numbers in left.items():
            number = numbers.get(self.places.at(template, index))
            if number is not None:
                found[index] = number
        return found

    def _stretches_of(self, template: Expr, left: Terms) -> Iterator[tuple[tuple[int, int], Expr]]:
        """Runs of stages that have a term of a shape, with a number that all of them have."""
        for stretch in _in_a_row(self._numbers(template, left)):
            base = _base(list(stretch.values()))
            if base is not None:
                yield (min(stretch), max(stretch)), base
                continue
            for number, those in groupby(stretch, key=stretch.__getitem__):
                run = list(those)
                if len(run) >= MIN_STAGES:
                    yield (run[0], run[-1]), number

    def _take(self, template: Expr, run: Iterable[int], left: Terms) -> None:
        """What is left without the terms that a template stands for."""
        for index in run:
            number, rest = self.places.at(template, index).as_coeff_Mul()
            left[index][rest] -= number
            if left[index][rest] == 0:
                del left[index][rest]

    def _geometric(self, left: Terms) -> list[Expr]:
        """Templates whose number is multiplied by one factor from each stage to the next.

        Two stages show no factor, unless others have it, or the first stage fits as well.
        """
        shapes: dict[Expr, dict[int, Expr]] = {}
        for index, numbers in left.items():
            for rest, number in numbers.items():
                shapes.setdefault(self.readings[0].template(rest, index), {})[index] = number
        found: list[Expr] = []
        pairs: list[tuple[int, Expr, Expr]] = []
        seen: set[Expr] = set()
        for rest, of_stages in shapes.items():
            for first, ratio, length in _stretches(of_stages):
                power = _power_of(ratio, Symbol(self.places.index), first)
                if power is not None and length > MIN_STAGES:
                    found.append(expand(of_stages[first] * power * rest))
                    seen.add(ratio)
                elif power is not None:
                    pairs.append((first, ratio, expand(of_stages[first] * power * rest)))
        begin = self.node.first
        for first, ratio, template in pairs:
            second = first == begin + 1
            if ratio in seen or (second and self._early([template], left[begin])[0]):
                found.append(template)
        return found

    def _longest_run(self, template: Expr, left: Terms) -> list[int]:
        """The stages in a row, from the first that fits, that have a term of this shape."""
        run: list[int] = []
        for index, numbers in left.items():
            number, rest = self.places.at(template, index).as_coeff_Mul()
            if numbers.get(rest) == number:
                run.append(index)
            elif run:
                break
        return run

    def _from_first_on(self, found: Runs, left: Terms) -> Runs:
        """The runs, which begin at the first stage where that fits; what is left gets less.

        The terms of the first stage may have been added up: where D_0 is 24, its 73 D_1 is
        3 D_s D_(s-1) + D_s. A term of the second stage alone is a run if the first has it too.
        """
        begin = self.node.first
        runs = {run: templates for run, templates in found.items() if run[0] != begin + 1}
        second = (begin + 1, begin + 1)
        alone = [
            number * self.readings[0].template(rest, begin + 1)
            for rest, number in left.get(begin + 1, {}).items()
        ]
        for run, templates in {**found, second: alone}.items():
            if run[0] != begin + 1:
                continue
            early, taken = self._early(templates, left[begin])
            for term in taken:
                self._take(term, [begin], left)
            if run == second:
                for template in early:
                    self._take(template, [begin + 1], left)
                later = []
            else:
                later = [template for template in templates if template not in early]
                if run[1] == max(left):
                    some = [template for template in later if self._within(template, left[begin])]
                    early, later = [*early, *some], [t for t in later if t not in some]
            for those, where in ((early, (begin, run[1])), (later, run)):
                if those:
                    runs.setdefault(where, []).extend(those)
        return runs

    def _within(self, template: Expr, left: Numbers) -> bool:
        """Takes what a template stands for out of a larger term of the first stage, if it can."""
        used = self.places.used(template)
        if not self.enters(used) or template.has(Symbol(self.places.index)):
            return False
        number, rest = _parted(self._entered(template))
        more = left.get(rest, Integer(0)) / number
        if not more > 1:
            return False
        left[rest] -= number
        return True

    def _entered(self, template: Expr) -> Expr:
        """What a template stands for in the first stage."""
        offsets = self.places.offsets
        before = {p: self.start[f] for p, (f, o) in offsets.items() if o < 0 and template.has(p)}
        return expand(self.places.at(template.xreplace(before), self.node.first))

    def _early(self, templates: Sequence[Expr], left: Numbers) -> tuple[list[Expr], Sequence[Expr]]:
        """The templates that the first stage has too, and its terms that they stand for."""
        alike: dict[Expr, list[tuple[Expr, Expr]]] = {}
        for template in templates:
            used = self.places.used(template)
            if used and self.enters(used):
                term = self._entered(template)
                alike.setdefault(term.as_coeff_Mul()[1], []).append((template, term))
        early: list[Expr] = []
        taken: list[Expr] = []
        for those in alike.values():
            for some in _choices(those):
                wanted = sympy.Add.make_args(sympy.Add(*(term for _, term in some)))
                if all(left.get(rest) == number for number, rest in map(_parted, wanted)):
                    taken.extend(wanted)
                    early.extend(template for template, _ in some)
                    break
        return early, taken


def _parted(term: Expr) -> tuple[Expr, Expr]:
    """The number of a term, and the rest."""
    number, rest = term.as_coeff_Mul()
    return number, rest


def _used(
    parts: Mapping[int, Expr], stage_symbols: Mapping[Symbol, tuple[str, int]]
) -> dict[str, dict[int, set[int]]]:
    """The stages whose sizes each stage has, by family."""
    found: dict[str, dict[int, set[int]]] = {}
    for index, part in parts.items():
        for symbol in part.free_symbols & stage_symbols.keys():
            family, at = stage_symbols[symbol]
            found.setdefault(family, {}).setdefault(index, set()).add(at)
    return found


def _taken_whole(by_stage: Mapping[int, set[int]]) -> bool:
    """Whether several stages have sizes of a family, and the same ones."""
    first, *others = by_stage.values()
    return bool(others) and all(those == first for those in others)


def _distance(by_stage: Mapping[int, set[int]]) -> int:
    """How far the furthest size is that all stages have at one distance from their own."""
    distances = [{at - index for at in those} for index, those in by_stage.items()]
    return max((abs(distance) for distance in set.intersection(*distances)), default=1)


def _in_a_row(numbers: Mapping[int, Expr]) -> Iterator[dict[int, Expr]]:
    """Numbers of several stages in a row, in pieces of one sign."""
    by_place = groupby(
        enumerate(sorted(numbers)), lambda item: (item[1] - item[0], numbers[item[1]] > 0)
    )
    for _, those in by_place:
        stretch = {index: numbers[index] for _, index in those}
        if len(stretch) >= MIN_STAGES:
            yield stretch


def _base(numbers: Sequence[Expr]) -> Expr | None:
    """The number that most of several have, where the others have more of it.

    >>> _base([Integer(n) for n in (29, 2, 4, 2, 2)]), _base([Integer(1), Integer(4)])
    (2, None)
    """
    (number, times), *_ = Counter(numbers).most_common(1)
    if times < MIN_STAGES or 2 * times < len(numbers):
        return None
    return number if all(abs(other) >= abs(number) for other in numbers) else None


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
