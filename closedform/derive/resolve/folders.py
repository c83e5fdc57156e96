"""The folders of what comes with the program. Nothing is read, and nothing else imported."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

LIBRARIES = ("std", "zoo", "families")


def library_folder(name: str) -> Path:
    """The folder of the standard library (`std`), of the models (`zoo`), or of the families."""
    package = "closedform.derive" if name == "std" else "closedform"
    return Path(str(files(package))).joinpath(name)


def library_names(library: str) -> list[str]:
    """The names of the files of the zoo (`zoo`) or of the standard library (`std`)."""
    return sorted(path.stem for path in library_folder(library).glob("*.arch"))
