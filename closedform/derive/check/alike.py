"""Names of a file that look alike and are not the same: N of the Latin and of the Greek script."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from closedform.errors import WARNING, Diagnostic
from closedform.grammar import tree
from closedform.grammar.traverse import parts_of

# Letters that fonts draw as those of the Latin script that stand in the same place below.
GREEK, GREEK_AS_LATIN = "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧονϳ", "ABEZHIKMNOPTYXovj"
CYRILLIC, CYRILLIC_AS_LATIN = "АВЕЅІЈКМНОРСТХҮаеорсухіјѕһԁԛԝ", "ABESIJKMHOPCTXYaeopcyxijshdqw"
LATIN = str.maketrans(GREEK + CYRILLIC, GREEK_AS_LATIN + CYRILLIC_AS_LATIN)
SAME_SHAPE = ("", "<wide>", "<narrow>", "<compat>")  # letters that Unicode writes as another


def alike(file: tree.File) -> Iterator[Diagnostic]:
    """A warning for each name of a file that looks like one before it."""
    first: dict[str, tree.Name] = {}
    names = (part for part in parts_of(file) if isinstance(part, tree.Name))
    for name in sorted(names, key=lambda part: part.span.start):
        first.setdefault(name.name, name)
    looks: dict[str, tree.Name] = {}
    for name in first.values():
        other = looks.setdefault("".join(map(_look, name.name)), name)
        if other is not name:
            yield Diagnostic(
                WARNING,
                f"`{name.name}` looks like `{other.name}`, and is another name",
                name.span,
                "write it the same way where the same is meant, else give it another name",
                tuple(_differences(name, other)),
            )


def _look(char: str) -> str:
    """A letter for all that look like it."""
    tag, _, plain = unicodedata.decomposition(char).rpartition(" ")
    if plain and tag in SAME_SHAPE:
        char = chr(int(plain, 16))
    return char.translate(LATIN)


def _differences(name: tree.Name, other: tree.Name) -> Iterator[str]:
    """Which letters are not the same, each pair once."""
    pairs = zip(name.name, other.name, strict=True)
    for here, there in dict.fromkeys(pair for pair in pairs if pair[0] != pair[1]):
        yield f"{_called(here)} is here, and {_called(there)} on line {other.span.line}"


def _called(char: str) -> str:
    """A character by its number and its name, which tells the script."""
    return f"U+{ord(char):04X} {unicodedata.name(char)}"
