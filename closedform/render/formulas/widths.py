r"""How wide a formula is when it is set: an estimate in points, for 11 pt Computer Modern.

It reads the LaTeX that this package writes, and no other.

>>> width("a + b") > width("a b") > width("a^{b}")
True
"""

from __future__ import annotations

import re
from functools import cache

TEXT = 455.0  # points between margins of 25 mm on A4
ROOM = 430.0  # what a line may use of it, with an indent

TOKEN = re.compile(r"\\[A-Za-z]+|\\.|.", re.DOTALL)
SMALL = 0.74  # an index or exponent

COMMANDS = {
    r"\quad": 11.0,
    r"\qquad": 22.0,
    r"\,": 1.9,
    r"\;": 3.1,
    r"\cdot": 8.0,
    r"\times": 13.5,
    r"\le": 14.6,
    r"\ge": 14.6,
    r"\neq": 14.6,
    r"\mid": 9.2,
    r"\in": 12.8,
    r"\land": 12.2,
    r"\lor": 12.2,
    r"\lnot": 7.4,
    r"\lfloor": 5.5,
    r"\rfloor": 5.5,
    r"\lceil": 5.5,
    r"\rceil": 5.5,
    r"\left": 1.8,
    r"\right": 1.8,
    r"\bigl": 0.8,
    r"\bigr": 0.8,
    r"\sum": 19.0,
    r"\max": 21.0,
    r"\min": 19.0,
    r"\log": 15.0,
    r"\_": 5.5,
    r"\to": 17.0,
}
CHARACTERS = {
    "+": 13.4,
    "-": 13.4,
    "=": 14.6,
    "<": 14.6,
    ">": 14.6,
    ",": 4.9,
    " ": 0.0,
    "(": 4.3,
    ")": 4.3,
    "[": 3.1,
    "]": 3.1,
    ".": 3.1,
    "&": 0.0,
}
GROUPS = {r"\mathrm": 1.0, r"\text": 1.0}
UNSEEN = {r"\begin", r"\end"}


@cache
def width(text: str) -> float:
    """The width of a formula in points."""
    tokens = TOKEN.findall(text)
    return _row(tokens, 0, upright=False)[0]


def _row(tokens: list[str], at: int, upright: bool) -> tuple[float, int]:
    """The width up to the end of a group, and where that is."""
    total = limits = widest = 0.0
    tall = False
    while at < len(tokens) and tokens[at] != "}":
        token = tokens[at]
        at += 1
        if token in "^_":
            inner, at = _group(tokens, at, upright)
            if tall:
                limits = max(limits, inner * SMALL)
            else:
                total += inner * SMALL + 0.5
            continue
        if token == r"\frac":
            above, at = _group(tokens, at, upright)
            below, at = _group(tokens, at, upright)
            total += max(above, below) + 2.4
        elif token == r"\sqrt":
            inner, at = _group(tokens, at, upright)
            total += inner + 10.0
        elif token == r"\underbrace":
            inner, at = _group(tokens, at, upright)
            below, at = _group(tokens, at + 1, upright)
            total += max(inner, below * SMALL)
        elif token in UNSEEN:
            _, at = _group(tokens, at, upright)
        elif token == r"\\":
            widest, total = max(widest, total), 0.0
        elif token in GROUPS:
            inner, at = _group(tokens, at, upright=True)
            total += inner
        elif token == "{":
            inner, at = _row(tokens, at, upright)
            total += inner
            at += 1
        else:
            total += max(0.0, limits - 19.0) + _one(token, upright)
            limits = 0.0
        tall = token == r"\sum"
    return max(widest, total + max(0.0, limits - 19.0)), at


def _group(tokens: list[str], at: int, upright: bool) -> tuple[float, int]:
    """The width of an argument in braces."""
    inner, at = _row(tokens, at + 1, upright)
    return inner, at + 1


def _one(token: str, upright: bool) -> float:
    """The width of a command or a character."""
    if token in COMMANDS:
        return COMMANDS[token]
    if token.startswith("\\"):
        return 7.5
    if upright:
        return _upright(token)
    if token in CHARACTERS:
        return CHARACTERS[token]
    if token.isdigit():
        return 5.5
    return 9.0 if token.isupper() or token in "mw" else 6.0


def _upright(character: str) -> float:
    """The width of a letter of a text."""
    if ord(character) > 0x2E80:
        return 11.0
    if character in " .,:;()/iltf":
        return 3.4
    return 9.0 if character in "mwMW" else 7.8 if character.isupper() else 5.6
