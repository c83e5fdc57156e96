"""What a report ends with: what its formulas rest on, and what its convention counts, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePath

from closedform import __version__
from closedform import formula as w
from closedform.data import dataclass
from closedform.render.language import Language
from closedform.render.report.prose import Code, Prose, prose


@dataclass(frozen=True)
class AssumptionRow:
    """What is assumed: `because` is the reason, with the place where one is known."""

    condition: w.Written
    text: str
    reason: str
    place: str
    because: str


@dataclass(frozen=True)
class Omission:
    """An operation that a convention does not count; `counts` is empty where all is left out."""

    operation: str
    counts: tuple[str, ...]


@dataclass(frozen=True)
class Remark:
    """One thing that is said: as a sentence, and short, on a line of plain text."""

    sentence: Prose
    short: str


@dataclass(frozen=True)
class Closing:
    """The words around the assumptions and below them; what is None is not said.

    `axes` stands among the assumptions, `nothing` in their place; `omitted` names what the
    convention leaves out, and `whole` says in a sentence that it leaves out nothing. `made` says
    with what the report was made, so that it can be made again.
    """

    title: str
    axes: Remark | None
    nothing: Remark | None
    convention: Remark | None
    omitted: Remark | None
    whole: str | None
    made: str


def closing(
    assumed: bool,
    nonempty: bool,
    convention: tuple[str, str] | None,
    omissions: Sequence[Omission],
    made: str,
    words: Language,
) -> Closing:
    """What is said of formulas that assume something, or that every axis has an element, and that
    are counted by a convention of this name and these words."""
    axes = nothing = counted = omitted = whole = None
    if nonempty:
        axes = Remark(
            (words.tr("Every axis has at least one element."),),
            words.tr("every axis has at least one element"),
        )
    elif not assumed:
        nothing = Remark(
            (words.tr("No assumption was needed."),), words.tr("no assumption was needed")
        )
    if convention:
        name, says = convention
        told = {"name": (Code(name),), "says": prose(says)}
        counted = Remark(
            _flat(words.pieces("Convention {name}: {says}.", told)),
            words.tr("convention {name}: {says}", name=name, says=says),
        )
    if convention and omissions:
        operations = left_out([(row.operation, row.counts) for row in omissions], words)
        omitted = Remark(
            (words.tr("Not counted: {operations}.", operations=operations),),
            words.tr("not counted: {operations}", operations=operations),
        )
    elif convention:
        whole = words.tr("Nothing is left out.")
    return Closing(words.tr("What this rests on"), axes, nothing, counted, omitted, whole, made)


def notes(told: Iterable[object], words: Language) -> Iterator[Remark]:
    """What signs mean that stand in formulas, of which these are the nodes."""
    nodes = [*told]
    if any(isinstance(node, w.Indicator) for node in nodes):
        yield Remark(
            (words.tr("A condition in square brackets is 1 where it holds, else 0."),),
            words.tr("a condition in square brackets is 1 where it holds, else 0"),
        )
    if any(isinstance(node, w.Function) and node.name == w.ALIVE for node in nodes):
        text = (
            "{name} is how many elements are alive at once, at most; it is not written out as a "
            "formula, and is found at numbers."
        )
        short = "{name}: elements alive at once, at most; not written out, found at numbers"
        sentence = _flat(words.pieces(text, {"name": (Code(w.ALIVE),)}))
        yield Remark(sentence, words.tr(short, name=w.ALIVE))


def _flat(pieces: Iterable[str | Prose]) -> Prose:
    """Pieces of a sentence as one."""
    return tuple(
        part for piece in pieces for part in ([piece] if isinstance(piece, str) else piece)
    )


def file_told(file: str) -> str:
    """How a report names a file: one that was named from the root of a machine by its own name.

    >>> file_told("/home/me/vit.arch"), file_told("models/vit.arch")
    ('vit.arch', 'models/vit.arch')
    """
    path = PurePath(file)
    return path.name if path.is_absolute() else file


def made_with(files: Sequence[str], conventions: Sequence[str], words: Language) -> str:
    """With which version, from which files and by which conventions a report was made, in a line.

    >>> from closedform.render.language import language
    >>> made_with(["/home/me/vit.arch"], (), language()).replace(__version__, "...")
    'Derived from vit.arch by closedform ....'
    """
    told = words.tr(", ").join(map(file_told, files))
    values = {"file": " ".join(told.split()), "version": __version__}
    if not conventions:
        return words.tr("Derived from {file} by closedform {version}.", **values)
    names = words.tr(", ").join(conventions)
    text = "Derived from {file} by closedform {version}, convention {convention}."
    return words.tr(text, convention=names, **values)


def left_out(rows: Sequence[tuple[str, tuple[str, ...]]], words: Language) -> str:
    """The operations that a convention leaves out, as a list; no text of a format yet."""
    found = []
    for operation, counts in rows:
        told = words.tr("{operation} ({counts})", operation=operation, counts=", ".join(counts))
        found.append(told if counts else operation)
    return words.tr(", ").join(found)
