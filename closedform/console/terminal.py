"""A terminal as the output: how wide it is, and texts in colours, none of which controls it."""

from __future__ import annotations

import os
import shutil
import sys

LEAST = 40  # columns; what is narrower breaks lines by itself
STYLES = (  # of a report in plain text
    (r"\A.*(?:\n=+)?(?=\n)", "bold"),  # its title
    (r"(?m)^[^\s=][^=\n]*$(?=\n  \S)", "bold cyan"),  # what stands above lines that are set in
    (r"(?m)^[^\s=](?:[^=\n]*[^=\s])?(?= = )", "bold green"),  # what a formula is of
    (r"(?m)^    = .*$", "yellow"),  # its number
)


def is_output() -> bool:
    """Whether what is printed is shown on a terminal."""
    return sys.stdout.isatty()


def width() -> int:
    """How many columns it has."""
    return max(LEAST, shutil.get_terminal_size().columns)


def harmless(text: str) -> str:
    r"""A text without anything that a terminal would obey, or hide.

    >>> harmless("a\x1b[2J\u202eb\n")
    'a\ufffd[2J\ufffdb\n'
    """
    return "".join(c if c == "\n" or c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def show(text: str, colours: bool) -> None:
    """Print a text on the terminal; a report in plain text has colours unless NO_COLOR is set."""
    text = harmless(text.expandtabs())
    if not colours or os.environ.get("NO_COLOR"):
        print(text, end="")
        return
    from rich.console import Console
    from rich.text import Text

    styled = Text(text)
    for pattern, style in STYLES:
        styled.highlight_regex(pattern, style)
    Console(soft_wrap=True).print(styled, end="")
