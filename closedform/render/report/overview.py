"""What all models of a project have, as plain data."""

from __future__ import annotations

from closedform.data import dataclass
from closedform.render.report.names import Definition
from closedform.render.report.prose import Prose
from closedform.render.report.view import FormulaRow, Link, PresetRow


@dataclass(frozen=True)
class Entry:
    """A model or block in the overview of a project."""

    title: str
    href: str
    derivation: str
    about: str
    formulas: tuple[FormulaRow, ...]
    where: tuple[Definition, ...]
    presets: tuple[PresetRow, ...]


@dataclass(frozen=True)
class Family:
    """Models that are told together, and the largest value of each measure among their presets."""

    title: str
    entries: tuple[Entry, ...]
    largest: tuple[int, ...]


@dataclass(frozen=True)
class Overview:
    """What the index and the page of closed forms show; `counted` says by which conventions."""

    title: str
    models: tuple[Entry, ...]
    blocks: tuple[Entry, ...]
    measures: tuple[str, ...]
    derived: str
    forms: str
    counted: tuple[Prose, ...]
    links: tuple[Link, ...]
    lang: str
    families: tuple[Family, ...] = ()
