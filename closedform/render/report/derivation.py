"""The walk of a derivation as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from closedform import formula as w
from closedform.data import dataclass
from closedform.derive.measures.rows import Measure
from closedform.derive.project import Project
from closedform.derive.resolve.modules import Entity
from closedform.derive.solve.numbers import settle
from closedform.derive.trace.lines import Part, Quiet, Said, Step
from closedform.derive.trace.numbered import numbers
from closedform.derive.trace.passages import Passage, Walk
from closedform.derive.trace.walk import walk
from closedform.errors import fail
from closedform.render.formulas import widths
from closedform.render.formulas.latex import latex
from closedform.render.language import Language, language
from closedform.render.report.names import Names
from closedform.render.report.signs import signed
from closedform.render.report.view import Link, Report, Wish, report, said


@dataclass(frozen=True)
class StepView:
    subject: w.Written | None
    right: w.Written
    reason: tuple[str | w.Written, ...]


@dataclass(frozen=True)
class PartView:
    """An operation; `lines` says where it is used, `case` under which condition."""

    name: str
    says: str
    lines: str
    case: w.Written | None
    source: str
    inputs: tuple[tuple[w.Written, ...], ...]
    outputs: tuple[tuple[w.Written, ...], ...]
    steps: tuple[StepView, ...]


@dataclass(frozen=True)
class AgainView:
    """An operation of a block that was told before, in the sizes that it has here."""

    name: str
    lines: str
    case: w.Written | None
    inputs: tuple[tuple[w.Written, ...], ...]
    outputs: tuple[tuple[w.Written, ...], ...]
    cost: w.Written


@dataclass(frozen=True)
class QuietView:
    """An operation or a block that adds nothing, by its name."""

    name: str
    lines: str


@dataclass(frozen=True)
class ArgumentView:
    """What a block is given: a size, or a tensor by its shape; neither for a size of its own."""

    name: str
    size: w.Written | None
    shape: tuple[w.Written, ...] | None


@dataclass(frozen=True)
class PassageView:
    """A passage; `name` is its title in English, for whatever names it.

    `retold` are the operations of a block all of which were told before, by their names; `uses`
    are blocks that were told in their own sizes, with the sizes that they have here; `told` says
    whether something stands before the steps.
    """

    kind: str
    name: str
    title: str
    several: bool
    place: str
    says: str
    arguments: tuple[ArgumentView, ...]
    parts: tuple[PartView, ...]
    again: tuple[AgainView, ...]
    retold: tuple[QuietView, ...]
    quiet: tuple[QuietView, ...]
    uses: tuple[StepView, ...]
    steps: tuple[StepView, ...]
    told: bool


@dataclass(frozen=True)
class DerivationView:
    """A derivation: what the report of the same measure says, and the walk to its formula."""

    report: Report
    measure: str
    says: str
    passages: tuple[PassageView, ...]
    numbers: tuple[tuple[StepView, ...], ...]
    lang: str = "en"
    links: tuple[Link, ...] = ()


def derivation_view(
    project: Project,
    entity: Entity,
    measure: Measure,
    preset: str | None = None,
    lang: str = "en",
    width: float | None = None,
) -> DerivationView:
    """The derivation of a measure of a model or block; with a preset, its numbers after it."""
    words = language(lang)
    wish = Wish(measures=(measure,), preset=preset, lang=lang, width=width, parts=False)
    told = report(project, entity, wish)
    chosen = project.preset(preset) if preset is not None else None
    if chosen and project.model_of(chosen) is not entity:
        raise fail("name", f"the preset {preset!r} is not one of `{entity.name}`")
    closed = project.closed(project.at_preset(chosen) if chosen else entity, measure)
    found = walk(closed)
    lines: tuple[tuple[Step, ...], ...] = ()
    if chosen:
        settled = settle(closed.derivation, project.values(chosen))
        lines = numbers(found, closed.derivation, settled)
    own = entity.module.title
    several = {passage.name for passage in found.passages}
    passages = tuple(
        _passage(passage, uses, own, several, words) for passage, uses in _with_uses(found)
    )
    starts = closed.starts()
    for frame in (passage.frame for passage in found.passages):
        starts.update(frame.starts)
    names = Names(closed.derivation, found.of_the_whole, starts, closed.order, words)
    told = replace(told, symbols=names.symbols(), where=names.where())
    room = min(widths.ROOM, width or widths.ROOM)
    last = tuple(_number(steps, room, words) for steps in lines)
    view = DerivationView(told, measure.heading, said(measure, words), passages, last, lang)
    return signed(view, closed.derivation.signs)


def _with_uses(found: Walk) -> Iterator[tuple[Passage, list[Passage]]]:
    """The passages, each with the uses that stand before it."""
    uses: list[Passage] = []
    for passage in found.passages:
        if passage.kind == "use":
            uses.append(passage)
        else:
            yield passage, uses
            uses = []


def _passage(
    passage: Passage, uses: Sequence[Passage], own: str, several: set[str], words: Language
) -> PassageView:
    file = "" if passage.span.source.name == own else passage.span.source.name
    arguments = tuple(
        ArgumentView(name, None, value)
        if isinstance(value, tuple)
        else ArgumentView(name, None if _is_own(name, value) else value, None)
        for name, value in passage.arguments
    )
    return PassageView(
        passage.kind,
        _title(passage, language()),
        _title(passage, words),
        len(passage.frame.stages) > 1 or passage.kind == "step",
        _place(passage, own, several, words),
        _text(passage.says, words),
        arguments,
        tuple(_part(part, file, words) for part in passage.parts),
        tuple(_again(part, file, words) for part in passage.again),
        _retold(passage, file, words),
        tuple(_quiet(row, file, words) for row in passage.quiet),
        tuple(_step(step, words) for use in uses for step in use.steps),
        _folded(tuple(_step(step, words) for step in passage.steps), passage.only_again),
        bool(passage.parts or passage.quiet or uses or (passage.again and not passage.only_again)),
    )


def _is_own(name: str, value: w.Written) -> bool:
    """Whether what a parameter stands for is a size of its own."""
    return isinstance(value, w.Symbol) and (value.name, value.index) == (name, None)


def _title(passage: Passage, words: Language) -> str:
    """The heading of a passage."""
    stages, index = passage.frame.stages, passage.frame.index
    name = " ".join(passage.name.split("_")) if passage.kind != "model" else passage.name
    if passage.kind == "stage":
        if len(stages) == 1:
            return words.tr("Stage {stage}", stage=stages[0])
        first, last = stages[0], stages[-1]
        return words.tr("Stages {index} = {first} to {last}", index=index, first=first, last=last)
    if passage.kind == "step":
        over = (passage.frame.label or "").split(",")[-1]
        return words.tr("A step of the loop over {index}", index=over)
    return words.tr("Model {name}" if passage.kind == "model" else "Block {name}", name=name)


def _place(passage: Passage, own: str, several: set[str], words: Language) -> str:
    """The line of a passage; of the second form of a block, also the stage that has it."""
    span, stages = passage.span, passage.frame.stages
    place = words.tr("line {line}", line=span.line)
    if span.source.name != own:
        place = words.tr("line {line} of {file}", line=span.line, file=span.source.name)
    again = passage.name.rpartition("_")[0] in several
    if passage.kind == "block" and again and len(stages) == 1:
        return words.tr("{place}, as in stage {stage}", place=place, stage=stages[0])
    return place


def _part(part: Part, file: str, words: Language) -> PartView:
    steps = tuple(_step(step, words) for step in part.steps)
    name, says = _text(part.name, words), _text(part.says, words)
    lines = _lines_of(part.lines, file, words)
    return PartView(name, says, lines, part.case, part.source, part.inputs, part.outputs, steps)


def _again(part: Part, file: str, words: Language) -> AgainView:
    name, lines = _text(part.name, words), _lines_of(part.lines, file, words)
    cost = part.steps[-1].right
    return AgainView(name, lines, part.case, part.inputs, part.outputs, cost)


def _folded(steps: tuple[StepView, ...], retold: bool) -> tuple[StepView, ...]:
    """The steps of a block that was told before: a sum and what it comes to on one line."""
    if not retold or len(steps) != 2 or steps[0].reason:
        return steps
    joined = w.Condition("=", tuple(step.right for step in steps))
    subject = steps[0].subject
    assert subject is not None
    room = widths.ROOM - widths.width(latex(subject))
    return (StepView(subject, joined, ()),) if widths.width(latex(joined)) <= room else steps


def _retold(passage: Passage, file: str, words: Language) -> tuple[QuietView, ...]:
    """The operations of a passage all of which were told before, each name with its lines."""
    lines: dict[str, list[int]] = {}
    for part in passage.again if passage.only_again else ():
        lines.setdefault(_text(part.name, words), []).extend(part.lines)
    return tuple(
        QuietView(name, _lines_of(tuple(sorted({*those})), file, words))
        for name, those in lines.items()
    )


def _quiet(row: Quiet, file: str, words: Language) -> QuietView:
    lines = _lines_of(row.lines, file, words)
    if row.stages:
        stages = words.tr(", ").join(map(str, row.stages))
        lines = words.tr("{lines}, only where s = {stages}", lines=lines, stages=stages)
    return QuietView(_text(row.name, words), lines)


def _lines_of(lines: tuple[int, ...], file: str, words: Language) -> str:
    """Lines, with their file where that is not the model's."""
    several = len(lines) > 1
    found = words.tr(", ").join(map(str, lines))
    if file:
        told = "lines {lines} of {file}" if several else "line {line} of {file}"
        return words.tr(told, lines=found, line=found, file=file)
    return words.tr("lines {lines}" if several else "line {line}", lines=found, line=found)


def _text(part: str | Said, words: Language) -> str:
    return part if isinstance(part, str) else words.tr(part.text, **dict(part.values))


def _step(step: Step, words: Language) -> StepView:
    reason = tuple(piece for part in step.reason for piece in _pieces(part, words))
    return StepView(step.subject, step.right, reason)


def _number(steps: Sequence[Step], room: float, words: Language) -> tuple[StepView, ...]:
    """The numbers of a passage: on one line where that has room for what is put in and its sum."""
    found = tuple(_step(step, words) for step in steps)
    joined = w.Condition("=", tuple(step.right for step in steps))
    subject = found[0].subject
    assert subject is not None
    if len(found) == 2 and widths.width(latex(subject) + latex(joined)) <= room:
        return (StepView(subject, joined, ()),)
    return found


def _pieces(part: str | Said | w.Written, words: Language) -> tuple[str | w.Written, ...]:
    """A part of a reason in a language; texts and numbers next to each other are one."""
    if part == ", ":
        return (words.tr(", {reason}", reason=""),)
    if not isinstance(part, Said):
        return (part,)
    found: list[str | w.Written] = []
    for piece in words.pieces(part.text, dict(part.values)):
        piece = str(piece) if isinstance(piece, int) else piece
        if found and isinstance(piece, str) and isinstance(found[-1], str):
            found[-1] += piece
        else:
            found.append(piece)
    return tuple(found)
