"""Conventions: what a unit such as MACs counts, and at which weights."""

from closedform.derive.resolve.conventions.declared import (
    Convention,
    Formula,
    Rule,
    Weights,
    convention_of,
    conventions_of,
    names_of,
)
from closedform.derive.resolve.conventions.sayable import check_conventions

__all__ = [
    "Convention",
    "Formula",
    "Rule",
    "Weights",
    "check_conventions",
    "convention_of",
    "conventions_of",
    "names_of",
]
