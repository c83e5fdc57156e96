"""What a printed number counts: the simplest readings of it, as deviations from the plain count."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Context, Decimal
from fractions import Fraction
from itertools import combinations, product
from math import prod

from closedform.data import dataclass
from closedform.derive.measures.rows import Measure, work
from closedform.derive.project import Project
from closedform.errors import fail, suggestion
from closedform.reason.counted import NONE, Change, Subject, is_in, parts_of
from closedform.reason.figures import Figure, figure_of

MOST = 3  # deviations of one reading
PLAIN = (("times", 1), NONE, 1000, ("cut", False))


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

    `measure` is None where all that is asked for are parameters, and `plain` is the measure that is
    no deviation.
    """

    measure: Measure | None
    plain: str | None
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
    def deviations(self) -> int:
        """How many there are."""
        return len(self.needs)

    @property
    def needs(self) -> frozenset[object]:
        """Its deviations, one by one."""
        count = self.measure and self.measure.title
        told = {("count", count), ("times", self.factor), self.change, self.base, ("cut", self.cut)}
        return frozenset({*self.left_out, *told} - {("count", self.plain), *PLAIN})

    @property
    def rank(self) -> tuple[int, ...]:
        """The simpler one comes first; of two that deviate as much, another convention does."""
        return self.deviations, len(self.left_out), self.factor, self.change != NONE

    @property
    def says(self) -> str:
        """What is counted, in words, where a convention says it."""
        return self.measure.says.format(**self.measure.told) if self.measure else "parameters"


@dataclass(frozen=True)
class Found:
    """A reading that explains every number, the value of each, how each is printed, and readings
    that come to the same values."""

    reading: Reading
    values: tuple[Fraction, ...]
    printed: tuple[str, ...]
    also: tuple[Reading, ...] = ()


@dataclass(frozen=True, repr=False)
class Explanation:
    """The readings of a number, or of a row of numbers at once, the simplest first.

    `tried` says how many readings there are with at most so many deviations, each of other values
    than those before it. `apart` has the explanation of each number where no reading explains all.
    As a condition it is whether a reading was found.
    """

    entries: tuple[Entry, ...]
    found: tuple[Found, ...]
    tried: Mapping[int, int]
    apart: tuple[Explanation, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.found)

    def by_accident(self, deviations: int) -> Fraction:
        """How many readings with at most so many deviations are expected to fit by accident: how
        many there are, times the width of the numbers."""
        widths = (entry.figure.width for entry in self.entries)
        return self.tried[deviations] * prod(widths, start=Fraction(1))

    @property
    def told(self) -> tuple[Found, ...]:
        """The simplest readings, and others that have no simpler one in them, as long as accident
        is expected to make none."""
        kept: list[Found] = []
        for found in self.found:
            needs = [reading.needs for reading in (found.reading, *found.also)]
            simpler = [r.needs for f in kept for r in (f.reading, *f.also)]
            if any(less <= more for less in simpler for more in needs):
                continue
            count = found.reading.deviations
            if not kept or count == kept[0].reading.deviations or self.by_accident(count) < 1:
                kept.append(found)
        return tuple(kept)

    def __repr__(self) -> str:
        return "\n".join(told(self))


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
    readings = sorted(_readings(entries), key=lambda pair: pair[0].rank)
    for reading, values in readings:
        key = (values, reading.base, reading.cut)
        if key in found and reading.deviations == found[key].reading.deviations:
            found[key] = replace(found[key], also=(*found[key].also, reading))
        if key not in seen:
            seen.add(key)
            printed = _printed(reading, values, entries)
            if printed is not None:
                found[key] = Found(reading, values, printed)
        tried[reading.deviations] = len(seen)
    return Explanation(entries, tuple(found.values()), tried)


def _printed(
    reading: Reading, values: Sequence[Fraction], entries: Sequence[Entry]
) -> tuple[str, ...] | None:
    """How each value is printed as its number; None where one is not."""
    found: list[str] = []
    for entry, value in zip(entries, values, strict=True):
        how = entry.figure.prints(value, reading.base)
        if how is None or (how == "cut off" and not reading.cut):
            return None
        found.append(how)
    return tuple(found) if reading.cut == ("cut off" in found) else None


def _readings(entries: tuple[Entry, ...]) -> Iterator[tuple[Reading, tuple[Fraction, ...]]]:
    """Every reading with few deviations, and its values."""
    subjects = list(dict.fromkeys(entry.subject for entry in entries))
    changes = dict.fromkeys(
        change
        for subject in subjects
        for change in (NONE, *subject.changes)
        if len(subjects) == 1 or change.preset is None
    )
    bases = (1000, 1024) if any(entry.figure.thousands for entry in entries) else (1000,)
    plain = _plain(entries)
    for measure, change, left in product(_measures(entries), changes, _left_out(entries)):
        first = (measure is not None and measure.title != plain) + (change != NONE) + len(left)
        values = _values(measure, change, left, entries) if first <= MOST else None
        if values is None:
            continue
        for factor, base, cut in product(_factors(measure), bases, (False, True)):
            deviations = first + (factor != 1) + (base != 1000) + cut
            if deviations <= MOST:
                times = tuple(
                    value if entry.quantity == "params" else factor * value
                    for entry, value in zip(entries, values, strict=True)
                )
                yield Reading(measure, plain, factor, left, change, base, cut), times


def _factors(measure: Measure | None) -> tuple[int, ...]:
    """By what a count may be multiplied: 2 for a multiply-accumulate, 3 for training."""
    if measure is None or measure.convention is None:
        return (1,)
    return (1, 2, 3) if measure.unit == "MACs" else (1, 3)


def _plain(entries: Sequence[Entry]) -> str | None:
    """The measure that is meant where nothing deviates."""
    if all(entry.quantity == "params" for entry in entries):
        return None
    return next((e.quantity for e in entries if e.quantity not in (None, "params")), None) or "macs"


def _measures(entries: Sequence[Entry]) -> list[Measure | None]:
    """The measures that may be meant by what is not parameters; None where all are."""
    if all(entry.quantity == "params" for entry in entries):
        return [None]
    project = entries[0].subject.project
    unnamed = all(entry.quantity is None for entry in entries)
    rows: list[Measure | None] = [*map(work, project.conventions.values())]
    return [*rows, *([project.measure("params")] if unnamed else [])]


def _measure_of(entry: Entry, measure: Measure | None) -> Measure:
    """The measure of one number in a reading of all."""
    if measure is None or entry.quantity == "params":
        return entry.subject.project.measure("params")
    return measure


def _left_out(entries: Sequence[Entry]) -> list[tuple[str, ...]]:
    """What may be left out: nothing, one kind or part, or two."""
    names: dict[str, None] = {}
    for entry in entries:
        for measure in _measures(entries):
            groups = entry.subject.values(NONE, _measure_of(entry, measure))
            names.update(dict.fromkeys(parts_of(groups or {})))
    return [(), *((name,) for name in names), *combinations(names, 2)]


def _values(
    measure: Measure | None, change: Change, left: tuple[str, ...], entries: Sequence[Entry]
) -> tuple[Fraction, ...] | None:
    """What the numbers would be; None where one of the models does not exist so, or where what is
    left out is nothing."""
    found: list[Fraction] = []
    used: set[str] = set()
    for entry in entries:
        groups = entry.subject.values(change, _measure_of(entry, measure))
        if groups is None:
            return None
        total = Fraction(0)
        for group, value in groups.items():
            out = [name for name in left if is_in(group, name)]
            used.update(out[:1])
            total += 0 if out else value
        found.append(total)
    return tuple(found) if used == set(left) and all(found) else None


# In words -----------------------------------------------------------------------------------


def told(explanation: Explanation) -> Iterator[str]:
    """An explanation as lines of text."""
    several = len(explanation.entries) > 1
    yield ", ".join(f"{entry.figure.text} of {entry.whose}" for entry in explanation.entries)
    for found in explanation.told:
        one = "" if several else f": {found.values[0]}, {found.printed[0]}"
        yield f"  {found.reading.words}{one}"
        for entry, value, how in zip(explanation.entries, found.values, found.printed, strict=True):
            if several:
                yield f"    {entry.whose}: {value}, {how}"
        yield f"    counts {found.reading.says}"
        for other in found.also:
            yield f"    the same as {other.words}"
        yield f"    {_chance(explanation, found.reading.deviations)}"
    rest = len(explanation.found) - len(explanation.told)
    if rest:
        fit = "fits" if rest == 1 else "fit"
        yield f"  {rest} more {fit}, with deviations that are not needed or too many to say much"
    if not explanation:
        what = "no reading of all at once" if several else "no reading found"
        yield f"  {what}; {_chance(explanation, max(explanation.tried))}"
    for apart in explanation.apart:
        yield from told(apart)


def _chance(explanation: Explanation, most: int) -> str:
    """How likely it is that a reading as simple fits by accident."""
    number, expected = explanation.tried[most], explanation.by_accident(most)
    within = f"with {most} deviation{'s' if most != 1 else ''} or fewer"
    if expected >= 1:
        return f"of {number} readings {within}, {_digits(expected)} are expected to fit by accident"
    one = f"one of {number} readings" if number != 1 else "the one reading"
    return f"chance that {one} {within} fits by accident: {_digits(100 * expected)}%"


def _digits(value: Fraction) -> str:
    """A number to two digits.

    >>> _digits(Fraction(1, 3)), _digits(Fraction(123)), _digits(Fraction(1, 4000))
    ('0.33', '120', '0.00025')
    """
    near = Context(prec=2).divide(Decimal(value.numerator), Decimal(value.denominator))
    return format(near, "f")


def data(explanation: Explanation) -> dict[str, object]:
    """An explanation for a program; values are texts, for they may not be whole."""
    entries = explanation.entries
    return {
        "numbers": [
            {"number": e.figure.text, "preset": e.subject.preset.title, "measure": e.quantity}
            for e in entries
        ],
        "readings": [
            {
                "reading": found.reading.words,
                "says": found.reading.says,
                "deviations": found.reading.deviations,
                "values": list(map(str, found.values)),
                "printed": list(found.printed),
                "the_same_as": [other.words for other in found.also],
                "tried": explanation.tried[found.reading.deviations],
                "by_accident": str(explanation.by_accident(found.reading.deviations)),
            }
            for found in explanation.found
        ],
        "apart": [data(apart) for apart in explanation.apart],
    }


# What is asked ------------------------------------------------------------------------------


def entries_of(
    project: Project,
    asked: Sequence[tuple[str | None, str]],
    preset: str | None,
    others: Callable[[str], Project],
) -> tuple[Entry, ...]:
    """The numbers that are asked for, each as a name and a text.

    The name is that of a measure, such as `params`, or the title of a preset, before which
    `file:` may stand, a file that `others` opens. The preset need not be named where there is one
    only. Raises ClosedformError for another name.
    """
    if not asked:
        raise fail("argument", "no number is given", None, "give one, such as 16.85G")
    files: dict[str, Project] = {"": project}
    subjects: dict[tuple[str, str], Subject] = {}

    def subject(file: str, title: str) -> Subject:
        if file not in files:
            files[file] = others(file)
        if (file, title) not in subjects:
            subjects[file, title] = Subject(files[file], files[file].preset(title))
        return subjects[file, title]

    units = {row.unit.lower() for row in project.conventions.values()}
    titles = [node.title for node in project.presets()]
    preset = project.configured if preset is None else preset
    if preset is None and len(titles) == 1:
        preset = titles[0]
    found = []
    for name, text in asked:
        figure = figure_of(text)
        if name is None or name in ("params", *units):
            if preset is None:
                has = "it has " + ", ".join(map(repr, titles)) if titles else "write one"
                raise fail("argument", f"{text} is of no preset", None, f"name a preset: {has}")
            found.append(Entry(subject("", preset), name, figure))
            continue
        file, colon, title = name.partition(":")
        known = name in titles or not colon
        if name not in titles and not colon:
            what = ("params", *sorted(units))
            presets = f", or a preset: {', '.join(map(repr, titles))}" if titles else ""
            raise fail(
                "name",
                f"`{name}` is no preset of `{project.module.title}`, nor what is explained",
                None,
                suggestion(name, [*what, *titles])
                or f"name what is counted: {', '.join(what)}{presets}",
            )
        found.append(Entry(subject("", name) if known else subject(file, title), None, figure))
    return tuple(found)


def asked(text: str) -> tuple[str | None, str]:
    """What `params=86M` and `86M` ask: the name, if there is one, and the number.

    >>> asked("ViT-B/16=49.3G"), asked("86M")
    (('ViT-B/16', '49.3G'), (None, '86M'))
    """
    name, equals, number = text.rpartition("=")
    return (name if equals else None), number
