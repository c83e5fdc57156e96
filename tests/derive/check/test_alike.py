"""Warnings of `check` about names that look alike."""

from __future__ import annotations

import pytest

from closedform import loads
from closedform.derive.check.alike import CYRILLIC, GREEK, LATIN, alike
from closedform.derive.check.check import check
from closedform.grammar.parser import parse

MODEL = "dim N, \u039d, D\nmodel M(x: [N, D]):\n    return x -> linear(\u039d)\n"


def test_two_dims_that_look_alike() -> None:
    (warning,) = check(loads(MODEL)._project).warnings
    assert str(warning).split(": ", 1)[1] == (
        "warning: `\u039d` looks like `N`, and is another name\n"
        "   1 | dim N, \u039d, D\n"
        "     |        ^\n"
        "     = note: U+039D GREEK CAPITAL LETTER NU is here, "
        "and U+004E LATIN CAPITAL LETTER N on line 1\n"
        "     = help: write it the same way where the same is meant, else give it another name"
    )


def test_it_is_told_where_something_is_wrong_for_it() -> None:
    outcome = check(
        loads(MODEL.replace("return x", "x = x + zeros([\u039d, D])\n    return x"))._project
    )
    assert [d.kind for d in outcome.wrong] == ["shape"]
    assert len(outcome.warnings) == 1


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ("head_dim, h\u0435\u0430d_dim", ["h\u0435\u0430d_dim"]),  # Cyrillic
        ("N, \uff2e", ["\uff2e"]),  # wide
        ("\u03a9, \u2126", ["\u2126"]),  # the sign of the ohm
        ("N, \u039d, \uff2e", ["\u039d", "\uff2e"]),
        ("\u2113, l", []),  # are not the same to the eye
        ("\u03b1, a, \u03c1, p, x\u00b2, x2", []),
        ("\u041d, N", []),
    ],
)
def test_which_names_look_alike(names: str, told: list[str]) -> None:
    assert [w.message.split("`")[1] for w in alike(parse(f"dim {names}"))] == told


def test_letters_of_other_scripts_only() -> None:
    assert all(ord(char) > 127 and char.isidentifier() for char in GREEK + CYRILLIC)
    assert len(set(LATIN)) == len(GREEK + CYRILLIC)
    assert all(chr(code) < "\x7f" for code in LATIN.values())
