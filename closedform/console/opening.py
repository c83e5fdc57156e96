"""Opening the files that a command is given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from closedform.derive.project import Project


def opened(file: str, ignored: Sequence[str] = ()) -> Project:
    """The project of a file, or of a model of the zoo when no such file is there; a run may take
    longer for each."""
    from closedform.projects import open_project

    click.get_current_context().obj.more()
    return open_project(file, ignored)
