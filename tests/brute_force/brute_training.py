"""A training step on whole numbers: every operation that is carried out is written on a tape.

Tensors lie in storages with strides, as in PyTorch. At the end the tape is read backwards: what
leads to the result has gradients, and keeps what these need. Nothing is known of loops and blocks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

from brute_conventions import weight
from brute_values import Tensor, Unclear, groups, meet_axes
from closedform.grammar import tree

FLOAT = 2  # bytes of an element, as `DTYPE` of `brute` says
WEIGHT = "weight"


@dataclass(eq=False)
class Storage:
    """Memory; that of weights and inputs does not count, and one may stand for several."""

    size: int
    counts: bool = True
    parts: tuple[Storage, ...] = ()
    kept: bool = False

    def keep(self) -> None:
        self.kept = True
        for part in self.parts:
            part.keep()


@dataclass(eq=False)
class Cell:
    """A tensor as it lies in memory, and whether it has a gradient."""

    storage: Storage
    strides: tuple[int, ...]
    needs: bool
    used: bool = False


@dataclass(eq=False)
class Entry:
    """An operation on the tape. `keeps` has places, or amounts of elements and bytes, each with the
    gradients that need them; a gradient that is not stated is missing, one that is None is none."""

    kind: str
    takes: Sequence[Cell]
    gives: Sequence[Cell]
    gradients: Mapping[Any, Mapping[str, Any] | None]
    keeps: Sequence[tuple[Any, set[Any]]]
    weighs: bool

    def active(self) -> list[Any]:
        """Which gradients there are: by inputs that have one, and by weights."""
        by = [at for at, cell in enumerate(self.takes) if cell.needs]
        return [
            of for of in [*by, *[WEIGHT] * self.weighs] if self.gradients.get(of, {}) is not None
        ]


@dataclass(eq=False)
class Repeated:
    """A part that is carried out again, whose entries are those from `start` on, before `end`."""

    takes: Sequence[Cell]
    start: int
    inner: bool  # whether it is in another one
    end: int = 0
    gives: Sequence[Cell] = ()
    work: Counter[tuple[str, str]] = field(default_factory=Counter)


class Tape:
    """What was done, in its order."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.parts: list[Repeated] = []
        self.open = 0  # parts
        self.work: Counter[tuple[str, str, str]] = Counter()
        self.bytes: Any = 0
        self.unclear = False  # whether something is a view or a copy by a size that happens to be 1

    # Forwards ------------------------------------------------------------------------------

    def given(self, tensor: Tensor, needs: bool = False) -> Tensor:
        """A tensor whose storage is nobody's to keep: an input, or weights."""
        cell = Cell(Storage(tensor.size, False), contiguous(tensor.shape), needs)
        return replace(tensor, cell=cell)

    def add(self, entry: Entry, works: bool) -> None:
        needs = bool(entry.active())
        for cell in entry.gives:
            cell.needs = needs
        if works:
            self.entries.append(entry)

    @contextmanager
    def repeated(self, takes: Sequence[Cell]) -> Iterator[Repeated]:
        part = Repeated(takes, len(self.entries), self.open > 0)
        self.open += 1
        yield part
        self.open -= 1
        part.end = len(self.entries)
        self.parts.append(part)

    def made(self, tensor: Tensor, strides: tuple[int, ...] | None = None) -> Tensor:
        """A result in a storage of its own."""
        lies = contiguous(tensor.shape) if strides is None else strides
        return replace(tensor, cell=Cell(Storage(tensor.size), lies, False))

    def view(self, tensor: Tensor, base: Tensor, strides: tuple[int, ...]) -> Tensor:
        return replace(tensor, cell=Cell(base.cell.storage, strides, False))

    def joined(self, shape: Sequence[int], strides: Sequence[int]) -> int | None:
        """The stride of axes as one; None if there is none."""
        pairs = list(zip(shape, strides, strict=True))
        found = [_follow(pairs), _follow([pair for pair in pairs if pair[0] != 1])]
        self.unclear |= found[0] != found[1] and any(size == 1 for size, _ in pairs)
        return strides[-1] if found[1] and strides else 1 if not strides else None

    def any_of(self, cells: Sequence[Cell], tensor: Tensor, works: bool) -> Tensor:
        """What stands after a choice: the results of all that are chosen."""
        parts = tuple(cell.storage for cell in cells)
        cell = Cell(Storage(tensor.size, False, parts), tensor.cell.strides, False)
        passes = {at: {} for at in range(len(cells))}
        self.add(Entry("choose", cells, [cell], passes, (), False), works)
        cell.needs = tensor.cell.needs
        return replace(tensor, cell=cell)

    # Backwards -----------------------------------------------------------------------------

    def finish(self, results: Iterable[Any]) -> None:
        for tensor in tensors_in(tuple(results)):
            tensor.cell.used = True
        storages: dict[int, Storage] = {}
        inside = {at for part in self.parts for at in range(part.start, part.end)}
        for number, entry in reversed(list(enumerate(self.entries))):
            if not any(cell.used for cell in entry.gives):
                continue
            active = entry.active()
            for of in active:
                if of != WEIGHT:
                    entry.takes[of].used = True
                if of not in entry.gradients:
                    raise Unclear(f"no gradient of {entry.kind}")
                for count, amount in (entry.gradients[of] or {}).items():
                    part = "weight" if of == WEIGHT else "input"
                    self.work[part, count, entry.kind] += amount
            for what, needed in () if number in inside else entry.keeps:
                if not (needed or set(active)) & set(active):
                    continue
                if isinstance(what, Storage):
                    what.keep()
                    storages[id(what)] = what
                else:
                    self.bytes += what
        for part in self.parts:
            if not any(cell.used and cell.needs for cell in part.gives):
                continue
            for (count, kind), amount in part.work.items():
                self.work["again", count, kind] += amount
            for cell in () if part.inner else part.takes:
                cell.storage.keep()
                storages[id(cell.storage)] = cell.storage
        waiting = list(storages.values())
        while waiting:
            storage = waiting.pop()
            for one in storage.parts:
                storages[id(one)] = one
                waiting.append(one)
        self.bytes += FLOAT * sum(s.size for s in storages.values() if s.counts)


def _follow(pairs: Sequence[tuple[int, int]]) -> bool:
    """Whether each axis begins where the one inside it ends."""
    return all(pairs[i][1] == pairs[i + 1][0] * pairs[i + 1][1] for i in range(len(pairs) - 1))


def contiguous(shape: Sequence[int]) -> tuple[int, ...]:
    return tuple(prod(shape[at + 1 :]) for at in range(len(shape)))


def like(shape: Sequence[int], strides: Sequence[int]) -> tuple[int, ...]:
    """Strides without gaps, of axes that lie in the order of others."""
    order = sorted(range(len(shape)), key=lambda axis: (-strides[axis], axis))
    found = dict(zip(order, contiguous([shape[axis] for axis in order]), strict=True))
    return tuple(found[axis] for axis in range(len(shape)))


def tensors_in(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    return [t for item in value for t in tensors_in(item)] if isinstance(value, tuple) else []


# Functions of the language -----------------------------------------------------------------


def arithmetic(tape: Tape, operator: str, a: Any, b: Any, result: Tensor, works: bool) -> Tensor:
    tensors = [t for t in (a, b) if isinstance(t, Tensor)]
    size = result.size
    like_ = next((t for t in tensors if t.shape == result.shape), None)
    found = tape.made(result, like(result.shape, like_.cell.strides) if like_ else None)
    keeps: list[tuple[Any, set[Any]]] = []
    counts: list[dict[str, Any]] = [{} for _ in tensors]
    cells = [t.cell for t in tensors]
    if operator == "*":
        counts = [{"mul": size} for _ in tensors]
        if len(tensors) == 2:
            keeps = [(cells[0].storage, {1}), (cells[1].storage, {0})]
    elif operator == "/" and not isinstance(a, Tensor):
        counts, keeps = [{"mul": 3 * size}], [(FLOAT * size, {0})]
    elif operator == "/":
        counts = [{"div": size}, {"mul": 2 * size, "div": 2 * size}][: len(tensors)]
        if len(tensors) == 2:
            keeps = [(cells[0].storage, {1}), (cells[1].storage, {0, 1})]
    _summed(counts, tensors, size)
    tape.add(
        Entry("elementwise", cells, [found.cell], dict(enumerate(counts)), keeps, False), works
    )
    return found


def _summed(counts: list[dict[str, Any]], tensors: Sequence[Tensor], size: int) -> None:
    """What was broadcast has the sum of the gradients of all its uses."""
    for work, tensor in zip(counts, tensors, strict=True):
        work["add"] = size - tensor.size


def moved(tape: Tape, name: str, base: Tensor, results: Sequence[Tensor], works: bool) -> None:
    """Write on the tape that results come from a tensor, at no cost."""
    cells = [result.cell for result in results]
    tape.add(Entry(name, [base.cell], cells, {0: {}}, (), False), works)


def part(tape: Tape, base: Tensor, result: Tensor, kept: Sequence[bool], works: bool) -> Tensor:
    strides = tuple(s for s, stays in zip(base.cell.strides, kept, strict=True) if stays)
    found = tape.view(result, base, strides)
    moved(tape, "slice", base, [found], works)
    return found


def split(tape: Tape, base: Tensor, results: Any, works: bool) -> Any:
    several = isinstance(results, tuple)
    found = [tape.view(r, base, base.cell.strides) for r in (results if several else (results,))]
    moved(tape, "split", base, found, works)
    return type(results)(found) if several else found[0]


def concat(tape: Tape, tensors: Sequence[Tensor], result: Tensor, works: bool) -> Tensor:
    found = tape.made(result)
    cells = [tensor.cell for tensor in tensors]
    free = {at: {} for at in range(len(cells))}
    tape.add(Entry("concat", cells, [found.cell], free, (), False), works)
    return found


def _named(side: list[list[str]], axes: Mapping[str, Any]) -> list[list[tuple[str, int]]]:
    """Each axis of a side of a pattern as its names with their sizes."""
    rest = [(f"...{at}", size) for at, size in enumerate(axes.get("...", ()))]
    found: list[list[tuple[str, int]]] = []
    for group in side:
        if group == ["..."]:
            found.extend([axis] for axis in rest)
            continue
        names = []
        for name in group:
            names += rest if name == "..." else [] if name == "1" else [(name, axes[name])]
        found.append(names)
    return found


def rearranged(
    tape: Tape, base: Tensor, result: Tensor, pattern: str, sizes: Mapping[str, Any], works: bool
) -> Tensor:
    left, right = (groups(side) for side in pattern.split("->"))
    axes: dict[str, Any] = dict(sizes)
    meet_axes(left, base.shape, axes)
    steps: dict[str, int] = {}
    for group, stride in zip(_named(left, axes), base.cell.strides, strict=True):
        for at, (name, _) in enumerate(group):
            steps[name] = stride * prod(size for _, size in group[at + 1 :])
    strides = []
    for group in _named(right, axes):
        strides.append(tape.joined([s for _, s in group], [steps[n] for n, _ in group]))
    whole = None not in strides
    found = tape.view(result, base, tuple(strides)) if whole else tape.made(result)
    moved(tape, "rearrange", base, [found], works)
    return found


def einsum(
    tape: Tape, pattern: str, tensors: Sequence[Tensor], result: Tensor, kind: str,
    counted: Mapping[str, Any], works: bool,
) -> Tensor:  # fmt: skip
    left, right = pattern.split("->")
    sides = [groups(side) for side in left.split(",")]
    if len(tensors) == 1:
        if not counted:
            return rearranged(tape, tensors[0], result, pattern, {}, works)
        return concat(tape, tensors, result, works)
    axes: dict[str, Any] = {}
    for side, tensor in zip(sides, tensors, strict=True):
        meet_axes(side, tensor.shape, axes)
    first, second, out = ([a[0] for a in _named(side, axes)] for side in (*sides, groups(right)))
    if "mac" not in counted:
        work = [{"mul": result.size}, {"mul": result.size}]
        _summed(work, tensors, result.size)
        cells = [tensor.cell for tensor in tensors]
        keeps = [(cells[0].storage, {1}), (cells[1].storage, {0})]
        found = tape.made(result)
        tape.add(Entry(kind, cells, [found.cell], dict(enumerate(work)), keeps, False), works)
        return found
    stack = [a for a in out if a in first and a in second]
    summed = [a for a in first if a in second and a not in out]
    owns = [[a for a in out if a in side and a not in stack] for side in (first, second)]
    written = [*stack, *owns[0], *owns[1]]
    lies = dict(zip(written, contiguous([size for _, size in written]), strict=True))
    found = tape.made(result, tuple(lies[axis] for axis in out))
    keeps = []
    for at, (side, own) in enumerate(zip((first, second), owns, strict=True)):
        steps = dict(zip(side, tensors[at].cell.strides, strict=True))
        fits = [
            tape.joined([s for _, s in group], [steps[axis] for axis in group]) is not None
            for group in (stack, own, summed)
        ]
        cell = tensors[at].cell
        keeps.append((cell.storage if all(fits) else FLOAT * tensors[at].size, {1 - at}))
    entry = Entry(
        kind,
        [tensor.cell for tensor in tensors],
        [found.cell],
        {0: counted, 1: counted},
        keeps,
        False,
    )
    tape.add(entry, works)
    return found


# Operations --------------------------------------------------------------------------------


def operation(
    run: Any, node: tree.Op, scope: Any, kind: str, counts: Mapping[str, Any],
    results: Sequence[Tensor], weighs: bool,
) -> tuple[Tensor, ...]:  # fmt: skip
    """What an operation that is written in the language puts on the tape; gives its results."""
    tape: Tape = run.tape
    names = [p.name.name for p in node.parameters if p.shape]
    takes = [scope.names[name] for name in names]
    every = [tree.Shape((tree.Rest(),))] * 2
    elements = [*(p.shape for p in node.parameters if p.shape), *(o.shape for o in node.outputs)]
    views = [line.of.name for line in node.body if isinstance(line, tree.View)]
    found = []
    for result in results:
        if views:
            base = scope.names[views[0]]
            extra = len(base.shape) - len(result.shape)
            found.append(tape.view(result, base, base.cell.strides[extra:]))
        elif elements == every and takes[0].shape == result.shape:
            found.append(tape.made(result, like(result.shape, takes[0].cell.strides)))
        else:
            found.append(tape.made(result))
    held = dict(zip([*names, *(o.name.name for o in node.outputs)], [*takes, *found], strict=True))
    inner = type(scope)(scope.module, None)
    inner.names = {**counts, **scope.names}
    gradients: dict[Any, Any] = {}
    keeps: list[tuple[Any, set[Any]]] = []

    def of(name: tree.Name) -> Any:
        return names.index(name.name) if name.name in names else WEIGHT

    for line in node.body:
        if isinstance(line, tree.Gradient):
            stated = line.counts
            gradients[of(line.by)] = (
                None
                if stated is None
                else {c.name.name: run.amount(c.value, inner) for c in stated}
            )
        elif isinstance(line, tree.Keep) and all(run.value(c, inner) for c in line.conditions):
            keeps.append((_kept(run, line, held, inner), {of(name) for name in line.needed}))
    cells = [t.cell for t in takes], [t.cell for t in found]
    tape.add(Entry(kind, *cells, gradients, keeps, weighs), run.work)
    return tuple(found)


def _kept(run: Any, line: tree.Keep, held: Mapping[str, Tensor], scope: Any) -> Any:
    if line.unit:
        return (FLOAT if line.unit == "elements" else 1) * run.amount(line.what, scope)
    if isinstance(line.what, tree.Name):
        return held[line.what.name].cell.storage
    tensor = held[line.what.arguments[0].value.name]  # of rows(x)
    shape, strides = tensor.shape[:-1], tensor.cell.strides[:-1]
    if len(shape) > 1 and run.tape.joined(shape, strides) is None:
        return FLOAT * tensor.size
    return tensor.cell.storage


# Totals ------------------------------------------------------------------------------------

PARTS = {
    "backward": ("input", "weight", "again"),
    "backward_input": ("input",),
    "backward_weight": ("weight",),
    "recomputed": ("again",),
    "training": ("input", "weight", "again"),
}
MEASURED = {"kept", *PARTS}


def total(run: Any, name: str, convention: str | None) -> Any:
    """A measure of the training step."""
    if name == "kept":
        if run.tape.unclear:
            raise Unclear("a view or a copy, by a size of 1")
        return run.tape.bytes
    chosen = convention or "flops"
    row = run.conventions[chosen]
    found = run.total(row.unit.lower(), chosen) if name == "training" else 0
    for (part_, count, kind), amount in run.tape.work.items():
        rule = row.kinds.get(kind, row.weights)
        if part_ in PARTS[name]:
            if type(rule) is not dict:
                raise Unclear(f"{chosen} has a formula for {kind}")
            each = weight(rule, count)
            found += each * amount if each else 0
    return found
