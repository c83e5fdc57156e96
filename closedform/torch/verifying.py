"""Whether a file costs what the code costs: the whole, and part by part where names match."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import islice
from random import Random

from closedform.data import dataclass
from closedform.derive.project import Project
from closedform.derive.resolve.modules import Entity
from closedform.errors import ClosedformError, fail, suggestion
from closedform.grammar import tree
from closedform.torch.counting import Counts, counts
from closedform.torch.parts import Called, Layers, Part, Written, class_of
from closedform.torch.trace import Trace, making_sense

SHOWN = 2  # layers that are told of a part that differs
RANDOM, TRIES, REFUSALS = 3, 400, 10  # random sizes, proposals, and those that code refuses

Given = dict[str, int]


@dataclass(frozen=True)
class Point:
    """Sizes of the file, as a preset, and what the code does with them. `free` are sizes that the
    code was not told."""

    title: str
    preset: tree.Preset
    trace: Trace
    free: tuple[str, ...]


@dataclass(frozen=True)
class Agreed:
    """What was compared, and found equal."""

    rows: tuple[tuple[str, Counts], ...]
    parts: tuple[str, ...]


# At which sizes ----------------------------------------------------------------------------


def at_traces(
    project: Project,
    entity: Entity,
    traces: Iterable[Trace],
    names: Mapping[str, str],
    title: str | None = None,
) -> list[Point]:
    """The sizes at which traces were made; others are those of a preset, or of the first.

    `names` says which size of the file is which of the code, `D` is `dim`; without it these are the
    sizes whose meaning or name is that of the code.
    """
    base, found = _base(project, entity, title), []
    for trace in traces:
        known = names or _meant(project, trace.given)
        for code in known.values():
            if code not in trace.given:
                there = ", ".join(trace.given) or "none"
                message = f"`{trace.factory}` was traced without a size `{code}`"
                raise fail("name", message, None, f"the sizes that were given there: {there}")
        sizes = {name: trace.given[code] for name, code in known.items()}
        preset = _at(project, base, sizes)
        title = _said(sizes) or f"the preset {base.title!r}"
        found.append(Point(title, preset, trace, _free(project, preset, sizes)))
    return found


def at_presets(
    project: Project,
    entity: Entity,
    trace: Callable[[Mapping[str, int]], Trace],
    names: Mapping[str, str],
    titles: Sequence[str] = (),
) -> Iterator[Point]:
    """The presets of a model, or those that are named, and random sizes about as large."""
    presets = [project.preset(t) for t in titles] or project.presets(entity)
    presets = presets or [_base(project, entity, None)]
    for preset in presets:
        sizes = _values(project, preset, names)
        made = trace({names[name]: n for name, n in sizes.items()})
        title = f"the preset {preset.title!r}"
        yield Point(title, preset, made, _free(project, preset, sizes))
    yield from islice(_random(project, presets[0], trace, names), RANDOM)


def _random(
    project: Project,
    base: tree.Preset,
    trace: Callable[[Mapping[str, int]], Trace],
    names: Mapping[str, str],
) -> Iterator[Point]:
    """Sizes that the file allows and the code takes. The same at each run."""
    start = _values(project, base, names)
    random, refused = Random(repr(sorted(start.items()))), 0
    seen = [start]
    for _ in range(TRIES if start else 0):
        sizes = {name: _near(random, n) for name, n in start.items()}
        if sizes in seen:
            continue
        seen.append(sizes)
        preset = _at(project, base, sizes)
        try:
            project.check_at(preset)
        except ClosedformError:
            continue  # what the file assumes does not hold there
        try:
            made = trace({names[name]: n for name, n in sizes.items()})
        except ClosedformError:
            refused += 1
            if refused == REFUSALS:
                return
            continue  # sizes that do not go together in the code
        yield Point(f"the random sizes {_said(sizes)}", preset, made, _free(project, preset, sizes))


def _near(random: Random, size: int) -> int:
    """A multiple of a divisor of a size, up to half as large again."""
    step = random.choice([n for n in range(1, min(size, 64) + 1) if size % n == 0])
    return step * random.randint(1, max(2, 3 * size // (2 * step)))


def _base(project: Project, entity: Entity, title: str | None) -> tree.Preset:
    """The preset of a title, the first, or one that gives nothing."""
    if title is not None:
        return project.preset(title)
    presets = project.presets(entity)
    return presets[0] if presets else tree.Preset("defaults", tree.Name(entity.name), (), ())


def _at(project: Project, base: tree.Preset, sizes: Mapping[str, int]) -> tree.Preset:
    """A preset with other numbers for some sizes."""
    dims = {s.name for s in project.bindings(base)} | _dims(project).keys()
    for name in sizes:
        if name not in dims:
            message = f"`{name}` is no size of `{project.module.title}`"
            raise fail("name", message, None, suggestion(name, dims))
    kept = (b for b in base.bindings if b.name.name not in sizes)
    given = (
        tree.Binding(tree.Name(name, span=base.span), tree.Number(Fraction(n)), span=base.span)
        for name, n in sizes.items()
    )
    return tree.Preset(_said(sizes) or base.title, base.of, (*kept, *given), (), span=base.span)


def _values(project: Project, preset: tree.Preset, names: Mapping[str, str]) -> Given:
    """The sizes of a preset that have a name in the code."""
    known = {s.name: n for s, n in project.bindings(preset).items() if n.is_Integer}
    for name in names:
        if name not in known:
            message = f"`{name}` is no size of `{project.module.title}` with one value"
            raise fail("name", message, None, suggestion(name, known))
    return {name: int(known[name]) for name in names}


def _free(project: Project, preset: tree.Preset, sizes: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(s.name for s in project.bindings(preset) if s.name not in sizes)


def _dims(project: Project) -> dict[str, tree.Dim]:
    found = {n: e.declaration for n, e in project.module.names.items()}
    return {n: d for n, d in found.items() if isinstance(d, tree.Dim)}


def _meant(project: Project, given: Mapping[str, int]) -> dict[str, str]:
    """Sizes of a file whose meaning, or whose name, is that of a size of the code."""
    dims = _dims(project).items()
    found = {dim.meaning: name for name, dim in dims if dim.meaning in given}
    found |= {name: name for name, _ in dims if name in given and name not in found}
    return {name: code for code, name in found.items() if code is not None}


def _said(sizes: Mapping[str, int]) -> str:
    return ", ".join(f"{name}={n}" for name, n in sizes.items())


# Compared ----------------------------------------------------------------------------------


def verify(project: Project, points: Iterable[Point]) -> Agreed:
    """What agrees; raises ClosedformError with the first part that differs.

    Inner parts come before those that they are in, so that the part that is named is where the
    difference is.
    """
    rows, names = [], dict[str, None]()
    for point in points:
        with making_sense([point.trace]):
            compared, total = _Compared(project, point).parts()
        names |= dict.fromkeys(compared)
        rows.append((point.title, total))
    return Agreed(tuple(rows), tuple(names))


class _Compared:
    """A file and code at one point."""

    def __init__(self, project: Project, point: Point) -> None:
        self.file, self.point = f"`{project.module.title}`", point
        self.code = f"`{point.trace.factory}`"
        self.called, self.written = Called(point.trace), Written(project, point.preset)

    def parts(self) -> tuple[list[str], Counts]:
        """The parts that agree, and what the whole costs; raises ClosedformError."""
        called, classes = self.called.parts(), self.called.names()
        blocks: dict[str, list[str]] = {}
        for block in self.written.parts:
            kind = class_of(block, classes)
            if kind is not None:
                blocks.setdefault(kind, []).append(block)
        several: tuple[str, int, int] | None = None
        for kind, part in called.items():
            if kind not in blocks:
                continue
            other = _together(self.written.parts[block] for block in blocks[kind])
            here, there = other.uses - part.uses, part.uses - other.uses
            if here and there:
                one, two = next(iter(here)), next(iter(there))
                names = f"`{kind}` ({other.words[one]} of the file, {part.words[two]} of the code)"
                raise self.differs(names, one, two, other.inner[one], part.inner[two])
            if here or there:
                several = kind, other.uses.total(), part.uses.total()
        one, two = self.written.total, counts(self.point.trace)
        if several is not None:
            kind, here_, there_ = several
            raise fail(
                "verify",
                f"`{kind}` is used {_times(here_)} in {self.file}, and {_times(there_)} in "
                f"{self.code}",
                None,
                None,
                *self.where(),
                f"in all: {_both(one, two)}",
            )
        if one != two:
            kind = self.point.trace.modules.get("", "the model")
            inner = self.written.inner(), self.called.inner()
            raise self.differs(f"`{kind.rpartition('.')[2]}`", one, two, *inner)
        return list(blocks), one

    def differs(
        self, name: str, one: Counts, two: Counts, written: Layers, called: Layers
    ) -> ClosedformError:
        """What a part costs in both, and which of its layers have no like in the other."""
        notes = self.where()
        pairs = (("file", written, called, "code"), ("code", called, written, "file"))
        for whose, layers, others, other in pairs:
            for costs in [*(layers.uses - others.uses)][:SHOWN]:
                words = f"{layers.words[costs]} of the {whose} ({_costs(costs)})"
                notes.append(f"{words} has no match in the {other}")
        message = f"{name} differs: {_both(one, two)}"
        return fail("verify", message, None, None, *notes)

    def where(self) -> list[str]:
        free = ", ".join(self.point.free)
        told = [f"the code was not told {free}: name what they are there by --map"] if free else []
        return [f"at {self.point.title}", *told]


def _together(parts: Iterable[Part]) -> Part:
    found = Part()
    for part in parts:
        found.uses.update(part.uses)
        found.words = {**part.words, **found.words}
        found.inner = {**part.inner, **found.inner}
    return found


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _costs(costs: Counts) -> str:
    return f"params = {costs.params}, macs = {costs.macs}"


def _both(one: Counts, two: Counts) -> str:
    """What differs of the costs, in the file and in the code."""
    said = []
    if one.params != two.params:
        said.append(f"params = {one.params} in the file and {two.params} in the code")
    if one.macs != two.macs:
        said.append(f"macs = {one.macs} in the file and {two.macs} in the code")
    return "; ".join(said) or f"{_costs(one)} in both"
