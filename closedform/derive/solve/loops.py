"""The stages of one loop: which of their terms have one shape, and in which stages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations, groupby, pairwise
from typing import TypeAlias

import sympy
from sympy import Expr, Integer, Symbol

from closedform.data import dataclass
from closedform.derive.cost.tree import Stages
from closedform.derive.solve.places import Places, entering
from closedform.derive.symbolic import products as sharing
from closedform.derive.symbolic.expansion import expand

MIN_STAGES = 2
MAX_CHOICES = 5

Numbers: TypeAlias = dict[Expr, Expr]  # of terms, by the rest of these
Terms: TypeAlias = dict[int, Numbers]
Runs: TypeAlias = dict[tuple[int, int], list[Expr]]


@dataclass(frozen=True)
class _Kind:
    """Stages in a row that cost so many times one template, each `ratio` times the one before."""

    first: int
    number: Expr
    rest: Expr
    length: int = 1
    ratio: Expr = sympy.S.One

    def joined(self, other: _Kind, geometric: bool) -> _Kind | None:
        """These stages and the next one, if it goes on as they do."""
        last = self.number * self.ratio ** (self.length - 1)
        ratio = other.number / last
        goes_on = ratio == self.ratio or (geometric and self.length == 1)
        if self.rest != other.rest or not goes_on:
            return None
        return replace(self, length=self.length + 1, ratio=ratio)


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
        lets = sorted(multiples.keys() - stage_symbols.keys(), key=str)
        for size in sorted(lets, key=lambda let: -_degree(multiples[let])):
            self.parts = self._with_steady(size)
        reach, fixed = reading(self.parts, stage_symbols)
        self.whole = self.uneven = False
        self.places = Places(node.index, stage_symbols, reach)
        near = Places(node.index, stage_symbols)
        self.readings = [Places(node.index, stage_symbols, reach, fixed)]
        self.readings += [near] if reach > 1 and not fixed else []

    def enters(self, used: Mapping[Symbol, tuple[str, int]]) -> bool:
        """Whether what a sum from the first stage on has of sizes before it is known."""
        return all(
            offset >= 0 or (offset == -1 and family in self.start)
            for family, offset in used.values()
        )

    def kinds(self) -> tuple[Runs, list[Expr]]:
        """The templates of each run of stages alike, and what the other stages cost.

        Stages are alike too where each has so many times what the one before it would cost.
        """
        runs, alone = self._kinds()
        if alone and not (in_powers := self._kinds(geometric=True))[1]:
            runs, alone = in_powers
        return runs, [self.parts[index] for index in alone]

    def _kinds(self, geometric: bool = False) -> tuple[Runs, list[int]]:
        """The runs of stages alike, and the other stages."""
        found: list[_Kind] = []
        for index, part in self.parts.items():
            kind = _Kind(index, *_content(self.readings[0].template(part, index)))
            last = found.pop() if found else None
            if last and not found and index == self.node.first + 1 and last.rest != kind.rest:
                last = self._first_as(kind.rest) or last
            joined = last and last.joined(kind, geometric)
            found += [joined] if joined else [last, kind] if last else [kind]
        runs: Runs = {}
        alone: list[int] = []
        for kind in found:
            power = self._power_in(kind, found)
            if kind.length < MIN_STAGES or power is None:
                alone += range(kind.first, kind.first + kind.length)
            else:
                template = expand(kind.number * power * kind.rest)
                run = kind.first, kind.first + kind.length - 1
                runs[run] = [*sympy.Add.make_args(template)]
        return runs, alone

    def _first_as(self, template: Expr) -> _Kind | None:
        """The first stage as a template says, with what enters it; None where it is not so."""
        if not self.enters(self.places.used(template)):
            return None
        number, entered = _content(self._entered(template))
        own, rest = _content(self.parts[self.node.first])
        return _Kind(self.node.first, own / number, template) if rest == entered else None

    def _power_in(self, kind: _Kind, others: Sequence[_Kind]) -> Expr | None:
        """The power of the number of a run; two stages show none, unless other runs have it."""
        if kind.ratio == 1:
            return Integer(1)
        alike = sum(other.ratio == kind.ratio for other in others)
        if kind.length <= MIN_STAGES and alike < MIN_STAGES:
            return None
        return _power_of(kind.ratio, Symbol(self.places.index), kind.first)

    def runs(self, whole: bool = False) -> tuple[Runs, list[Expr]]:
        """The templates of each run of stages, and the terms that are in no run.

        If `whole`, a run of all stages has the least of what they have of a term, and `uneven`
        says whether there is such a one; else it has what most of them have.
        """
        self.whole = whole
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
        for symbol in sorted(self.multiples.keys() & self.stage_symbols.keys(), key=str):
            if self.stage_symbols[symbol][1] == index and part.has(symbol):
                number, size = self.multiples[symbol].as_coeff_Mul()
                others = {s: v for s, v in self.multiples.items() if s != symbol and v.has(size)}
                part = expand(part.xreplace(others).xreplace({size: symbol / number}))
        return part

    def _with_steady(self, size: Symbol) -> dict[int, Expr]:
        """The parts with a size of the file where the terms of all stages have one number then.

        Where m_s halves from stage to stage and W is m_3, 2 m_s^2 W^2 stands for m_s^4 4^s/32.
        """
        places = Places(self.node.index, self.stage_symbols)
        alike: dict[Expr, dict[int, Expr]] = {}
        for index, part in self.parts.items():
            for number, rest in map(_parted, sympy.Add.make_args(part)):
                alike.setdefault(places.template(rest, index), {})[index] = number
        found: dict[int, list[Expr]] = {index: [] for index in self.parts}
        for template, numbers in alike.items():
            put = self._steady_factor(template, numbers, size, places)
            for index, number in numbers.items():
                found[index].append(number * places.at(template, index) * put.get(index, 1))
        return {index: sympy.Add(*terms) for index, terms in found.items()}

    def _steady_factor(
        self, template: Expr, numbers: Mapping[int, Expr], size: Symbol, places: Places
    ) -> dict[int, Expr]:
        """The factor 1 in each stage, (4 W/m_1)^2, which makes its number that of all others."""
        if len(set(numbers.values())) == 1:
            return {}
        degree = _degree(self.multiples[size])
        for place, (_, offset) in places.used(template).items():
            most = template.as_powers_dict()[place]
            members = {i: places.at(place, i) ** degree for i in numbers}
            if offset != 0 or not most.is_Integer:
                continue
            known = {i: member.xreplace(self.multiples) for i, member in members.items()}
            ratios = {i: value / self.multiples[size] for i, value in known.items()}
            if not all(ratio.is_number for ratio in ratios.values()):
                continue
            for power in range(1, int(most) // degree + 1):
                if len({numbers[i] * ratios[i] ** power for i in numbers}) == 1:
                    return {i: (ratios[i] * size / members[i]) ** power for i in numbers}
        return {}

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
            if base is None and self.node.first in stretch:
                first, *others = (stretch[index] for index in sorted(stretch))
                numbers = [first - self._brought(template, left), *others]
                base = _base(numbers)
                if base is None and self.whole and len(stretch) == len(self.parts):
                    base = _least(numbers)
                    self.uneven |= base is not None
            if base is not None:
                yield (min(stretch), max(stretch)), base
                continue
            for number, those in groupby(stretch, key=stretch.__getitem__):
                run = list(those)
                if len(run) >= MIN_STAGES:
                    yield (run[0], run[-1]), number

    def _brought(self, template: Expr, left: Terms) -> Expr:
        """What a term of the first stage has by other terms, which come to its shape there.

        Where D_0 is 3, the 15 D_1 of the first stage are 3 D_s and 4 D_s D_(s-1).
        """
        begin, shape = self.node.first, self.places.at(template, self.node.first)
        found = Integer(0)
        for rest, number in left.get(begin + 1, {}).items():
            other = self.readings[0].template(rest, begin + 1)
            used = self.places.used(other)
            if any(offset < 0 for _, offset in used.values()) and self.enters(used):
                more, entered = _parted(self._entered(number * other))
                found += more if entered == shape else 0
        return found

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
            for those, where in ((early, (begin, run[1])), (later, run)):
                if those:
                    runs.setdefault(where, []).extend(those)
        return runs

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


def _content(expr: Expr) -> tuple[Expr, Expr]:
    """The number that all terms of a sum share, and the rest."""
    number, rest = expr.primitive() if expr.is_Add else expr.as_coeff_Mul()
    return number, rest


def _degree(multiple: Expr) -> int:
    """The power of the size that a multiple is of."""
    return int(multiple.as_coeff_Mul()[1].as_base_exp()[1])


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


def reading(
    parts: Mapping[int, Expr], stage_symbols: Mapping[Symbol, tuple[str, int]]
) -> tuple[int, set[str]]:
    """How far from a stage its sizes are, and the families that each stage takes as they are."""
    used = _used(parts, stage_symbols)
    fixed = {family for family, by_stage in used.items() if _taken_whole(by_stage)}
    reach = max((_distance(used[family]) for family in used.keys() - fixed), default=1)
    return max(reach, 1), fixed


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


def _least(numbers: Sequence[Expr]) -> Expr | None:
    """The number that all of several have at least; none of two, nor of the powers of one.

    >>> _least([Integer(n) for n in (1, 5, 5)]), _least([Integer(n) for n in (1, 4, 16)])
    (1, None)
    """
    least = min(numbers, key=abs)
    alike = all((number > 0) == (least > 0) for number in numbers)
    in_powers = least != 0 and len({b / a for a, b in pairwise(numbers)}) == 1
    return least if alike and (not in_powers or len(numbers) == MIN_STAGES) else None


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
