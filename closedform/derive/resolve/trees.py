"""Syntax trees of the standard library, from a module that the build of the package makes.

Every command needs the library, and reading its text takes longer than what most models take. A
text that has changed since the build is parsed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from fractions import Fraction
from importlib import import_module
from typing import Any

from closedform.errors import Source
from closedform.grammar import parse, tree
from closedform.grammar.reader import digest, grammar

MADE = "closedform.derive.resolve.made_trees"  # written by hatch_build.py, kept in no repository


def parsed(text: str, title: str) -> tree.File:
    """What `parse` gives; of a file of the library as the build has read it."""
    found = shipped() if title.startswith("std/") else None
    if found is not None and key(text) in found.FILES:
        made: tree.File = found.FILES[key(text)](Source(title, text))
        return made
    return parse(text, title)


def shipped() -> Any:
    """The module that the build made, or None."""
    try:
        return import_module(MADE)
    except ModuleNotFoundError:
        return None


def key(text: str) -> str:
    """What tells a text under one grammar from another text, or one under another grammar."""
    return digest(f"{grammar()}\n{text}")


def module_of(texts: Mapping[str, str]) -> str:
    """The text of a module with a function for each text, by their names: its tree, in a source."""
    parts = [
        '"""Made from the standard library by the build of the package."""\n',
        "# mypy: ignore-errors\n",
        "from fractions import Fraction\n",
        "from closedform.errors import Span",
        "from closedform.grammar.tree import *\n\nFILES = {}",
    ]
    for name, text in texts.items():
        body = written(parse(text, name))
        parts.append(
            f"\n\ndef {name}(source):\n    def at(start, end):\n"
            f"        return Span(source, start, end)\n\n    return {body}\n\n\n"
            f"FILES[{key(text)!r}] = {name}"
        )
    return "\n".join(parts) + "\n"


def written(part: Any) -> str:
    """The Python that makes a part of a tree."""
    if isinstance(part, tree.Node):
        own = [getattr(part, field.name) for field in fields(part) if field.name != "span"]
        place = f"span=at({part.span.start}, {part.span.end})"
        return f"{type(part).__name__}({', '.join([*map(written, own), place])})"
    if isinstance(part, tuple):
        return f"({''.join(f'{written(each)}, ' for each in part)})"
    if isinstance(part, Fraction):
        return f"Fraction({part.numerator}, {part.denominator})"
    if part is None or isinstance(part, str | bool | int):
        return repr(part)
    raise TypeError(f"a tree with {part!r} cannot be written")
