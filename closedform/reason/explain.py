"""What a printed number counts: the simplest readings under which the derived count is printed so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import combinations, product
from math import prod

from closedform.derive.measures.rows import Measure, work
from closedform.derive.project import Project
from closedform.errors import fail, suggestion
from closedform.reason.counted import NONE, Change, Subject, is_in, parts_of
from closedform.reason.figures import Figure, figure_of

MOST = 3  # deviations of one reading
FACTORS = (1, 2, 3)


@dataclass(frozen=True)
class Entry:
    """A printed number, of what it is printed, and under which name, if it has one."""

    subject: Subject
    quantity: str | None
    figure: Figure

    @property
    def whose(self) -> str:
        """Of what it is, in words."""
        title = self.subject.preset.title
        return f"{self.quantity} of {title}" if self.quantity else title


@dataclass(frozen=True)
class Reading:
    """What a number may count, as deviations from the plain count.

    `measure` is None where all that is asked for are parameters.
    """

    measure: Measure | None
    deviations: int
    factor: int = 1
    left_out: tuple[str, ...] = ()
    change: Change = NONE
    base: int = 1000
    cut: bool = False

    @property
    def words(self) -> str:
        """The count, and how it deviates."""
        said = [self.measure.title if self.measure else "params"]
        if self.factor != 1:
            said.append(f"times {self.factor}")
        said += [f"without {name}" for name in self.left_out]
        if self.change != NONE:
            said.append(self.change.words)
        if self.base != 1000:
            said.append("in powers of 1024")
        return ", ".join(said)

    @property
    def says(self) -> str:
        """What is counted, in words, where a convention says it."""
        return self.measure.says.format(name=self.measure.name) if self.measure else "parameters"


@dataclass(frozen=True)
class Found:
    """A reading that explains every number, the value of each, how each is printed, and readings
    that come to the same values."""

    reading: Reading
    values: tuple[Fraction, ...]
    printed: tuple[str, ...]
    also: tuple[Reading, ...] = ()


@dataclass(frozen=True)
class Explanation:
    """The readings of a number, or of a row of numbers at once, the simplest first.

    `tried` says how many readings there are with at most so many deviations, each of other values
    than those before it. `apart` has the explanation of each number where no reading explains all.
    """

    entries: tuple[Entry, ...]
    found: tuple[Found, ...]
    tried: Mapping[int, int]
    apart: tuple[Explanation, ...] = field(default=())

    def __bool__(self) -> bool:
        """Whether there is a reading of all numbers at once."""
        return bool(self.found)

    def by_accident(self, deviations: int) -> Fraction:
        """How many readings with at most so many deviations fit by accident, as is expected: how
        many there are, times the width of the numbers."""
        return self.tried[deviations] * prod(entry.figure.width for entry in self.entries)

    @property
    def told(self) -> tuple[Found, ...]:
        """The simplest readings, and others as long as accident is expected to make none."""
        least = min((found.reading.deviations for found in self.found), default=0)
        return tuple(
            found
            for found in self.found
            if (n := found.reading.deviations) == least or self.by_accident(n) < 1
        )


def explain(entries: Sequence[Entry]) -> Explanation:
    """The readings of all numbers at once. Raises ClosedformError where a preset has no values."""
    together = _explained(tuple(entries))
    if together or len(entries) == 1:
        return together
    return replace(together, apart=tuple(_explained((entry,)) for entry in entries))


def _explained(entries: tuple[Entry, ...]) -> Explanation:
    found: dict[tuple[object, ...], Found] = {}
    tried: dict[int, int] = {}
    seen: set[tuple[object, ...]] = set()
    readings = sorted(_readings(entries), key=lambda reading: reading.deviations)
    for reading in readings:
        values = _values(reading, entries)
        tried.setdefault(reading.deviations, len(seen))
        if values is None:
            continue
        key = (values, reading.base, reading.cut)
        fitting = key not in seen or key in found
        seen.add(key)
        tried[reading.deviations] = len(seen)
        if not fitting:
            continue
        printed = [e.figure.prints(v, reading.base) for e, v in zip(entries, values, strict=True)]
        if any(how is None or (how == "cut off" and not reading.cut) for how in printed):
            continue
        if reading.cut and "cut off" not in printed:
            continue
        if key not in found:
            found[key] = Found(reading, values, tuple(map(str, printed)))
        elif reading.deviations == found[key].reading.deviations:
            found[key] = replace(found[key], also=(*found[key].also, reading))
    return Explanation(entries, tuple(found.values()), tried)


def _readings(entries: tuple[Entry, ...]) -> Iterator[Reading]:
    """Every reading with few deviations."""
    subjects = list(dict.fromkeys(entry.subject for entry in entries))
    single = len(subjects) == 1
    changes = dict.fromkeys(
        change
        for subject in subjects
        for change in subject.changes
        if single or change.preset is None
    )
    scaled = any(entry.figure.thousands for entry in entries)
    for measure, factor, left, change, base, cut in product(
        _measures(entries),
        FACTORS,
        _left_out(entries),
        (NONE, *changes),
        (1000, 1024) if scaled else (1000,),
        (False, True),
    ):
        plain = measure is None or measure.name == _usual(entries)
        counts_macs = measure is not None and measure.unit == "MACs"
        if factor != 1 and (measure is None or (factor == 2 and not counts_macs)):
            continue
        deviations = sum(
            (not plain or (measure is not None and measure.name != measure.title),
             factor != 1, len(left), change != NONE, base != 1000, cut)
        )  # fmt: skip
        if deviations <= MOST:
            yield Reading(measure, deviations, factor, left, change, base, cut)


def _usual(entries: Sequence[Entry]) -> str:
    """The name under which work is printed."""
    return next((e.quantity for e in entries if e.quantity not in (None, "params")), "macs")


def _measures(entries: Sequence[Entry]) -> list[Measure | None]:
    """The measures that may be meant by what is not parameters; None where all are."""
    if all(entry.quantity == "params" for entry in entries):
        return [None]
    usual = _usual(entries)
    project = entries[0].subject.project
    rows = sorted(map(work, project.conventions.values()), key=lambda row: row.title != usual)
    unnamed = all(entry.quantity is None for entry in entries)
    return [*rows, *([project.measure("params")] if unnamed else [])]


def _left_out(entries: Sequence[Entry]) -> list[tuple[str, ...]]:
    """What may be left out: nothing, one kind or part, or two."""
    names: dict[str, None] = {}
    for entry in entries:
        for measure in (*_measures(entries), None):
            groups = entry.subject.values(NONE, _measure_of(entry, measure))
            names.update(dict.fromkeys(parts_of(groups or {})))
    return [(), *((name,) for name in names), *combinations(names, 2)]


def _measure_of(entry: Entry, measure: Measure | None) -> Measure:
    """The measure of one number in a reading of all."""
    if measure is None or entry.quantity == "params":
        return entry.subject.project.measure("params")
    return measure


def _values(reading: Reading, entries: Sequence[Entry]) -> tuple[Fraction, ...] | None:
    """What the numbers would be; None where one of the models does not exist so, or where what is
    left out is nothing."""
    found: list[Fraction] = []
    used: set[str] = set()
    for entry in entries:
        measure = _measure_of(entry, reading.measure)
        groups = entry.subject.values(reading.change, measure)
        if groups is None:
            return None
        total = Fraction(0)
        for group, value in groups.items():
            out = [name for name in reading.left_out if is_in(group, name)]
            used.update(out[:1])
            total += 0 if out else value
        factor = reading.factor if measure is reading.measure else 1
        found.append(factor * total)
    return tuple(found) if used == set(reading.left_out) and all(found) else None


# What is asked ------------------------------------------------------------------------------


def entries_of(
    project: Project, asked: Sequence[tuple[str | None, str]], preset: str | None
) -> tuple[Entry, ...]:
    """The numbers that are asked for, each as a name and a text.

    The name is that of a measure, such as `params`, or the title of a preset, before which
    `file:` may stand. Raises ClosedformError for a name that is neither.
    """
    subjects: dict[str, Subject] = {}
    if not asked:
        raise fail("argument", "no number is given", None, "give one, such as 16.85G")

    def subject(title: str | None) -> Subject:
        if title is None:
            titles = [p.title for p in project.presets()]
            near = "it has " + ", ".join(map(repr, titles)) if titles else "write one into the file"
            raise fail("argument", "it is not said of which preset the number is", None, near)
        if title not in subjects:
            subjects[title] = Subject(project, project.preset(title))
        return subjects[title]

    found = []
    units = {row.unit.lower() for row in project.conventions.values()}
    titles = [p.title for p in project.presets()]
    for name, text in asked:
        figure = figure_of(text)
        if name is None or name in ("params", *units):
            found.append(Entry(subject(preset), name, figure))
        elif name in titles:
            found.append(Entry(subject(name), None, figure))
        else:
            raise fail(
                "name",
                f"`{project.module.title}` has no preset {name!r}, nor is that a measure of it",
                None,
                suggestion(name, [*titles, "params", *sorted(units)])
                or "it has " + ", ".join(map(repr, titles)),
            )
    return tuple(found)
