"""The passages of a derivation: blocks, stages, steps of loops, and the whole."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sympy import Expr

from closedform import formula as w
from closedform.data import dataclass
from closedform.derive.solve.closed import Closed
from closedform.derive.trace.blocks import OwnBlocks
from closedform.derive.trace.frames import Frame
from closedform.derive.trace.lines import Part, Quiet, Said, Step
from closedform.errors import Span


@dataclass(frozen=True)
class Passage:
    """A block, a stage, a step of a loop or the model: its operations, and their sum.

    `again` are those that another passage of the block tells, of other sizes; `quiet` those that
    add nothing, and were not told before. `form` is the closed form whose sizes it is told in: that
    of a block that is told in its own is not that of the walk. A `use` puts the sizes of a place
    into what such a block counts; it stands right before the passage that it belongs to.
    """

    kind: str
    name: str
    subject: w.Written
    says: str | Said
    span: Span
    arguments: tuple[tuple[str, w.Written | tuple[w.Written, ...]], ...]
    parts: tuple[Part, ...]
    again: tuple[Part, ...]
    quiet: tuple[Quiet, ...]
    steps: tuple[Step, ...]
    frame: Frame
    value: Expr
    form: Closed

    @property
    def only_again(self) -> bool:
        """Whether it is a block whose operations were all told before."""
        return bool(self.again) and not self.parts


@dataclass(frozen=True)
class Walk:
    """Every passage, each after those that it needs; the last is that of the whole."""

    form: Closed
    passages: tuple[Passage, ...]
    sums: tuple[tuple[w.BigSum, Expr], ...]  # of the steps of loops, by what is printed

    @property
    def of_the_whole(self) -> tuple[Passage, ...]:
        """The passages in the sizes of the whole, those of blocks in their own left out."""
        return tuple(passage for passage in self.passages if passage.form is self.form)


class Told:
    """What was told so far, in whatever sizes."""

    def __init__(self, blocks: OwnBlocks) -> None:
        self.blocks = blocks
        self.file = blocks.form.derivation.entity.module.title  # whose lines need no file's name
        self.passages: list[Passage] = []
        self.shown: set[tuple[int, w.Written | None]] = set()  # of what operations declare
        self.rows: dict[int, set[Any]] = {}  # of each block, which of its operations
        self.own: dict[int, str] = {}  # the names of blocks in their own sizes


def rows_of(part: Part) -> set[Any]:
    """What a part tells, line by line; a size that is rounded is told apart."""
    rounded = any(w.plain(step.subject).startswith("axis_") for step in part.steps if step.subject)
    rows = {(part.name, line, False) for line in part.lines}
    return rows | ({(part.name, line, True) for line in part.lines} if rounded else set())


def not_told(row: Quiet, before: set[Any]) -> Quiet:
    """What adds nothing, on the lines where that was not told before."""
    return replace(row, lines=tuple(ln for ln in row.lines if (row.name, ln) not in before))
