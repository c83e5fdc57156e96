"""How a command that failed says so: an exit code, and what is printed on the standard error."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from closedform.console.terminal import harmless
from closedform.errors import (
    ClosedformError,
    Diagnostic,
    FileError,
    LimitError,
    OutsideError,
    visible,
)

EXIT_WRONG, EXIT_USAGE, EXIT_FILE, EXIT_LIMIT, EXIT_UNDECIDED = 1, 2, 3, 4, 5
EXIT_BUG, EXIT_INTERRUPT = 70, 130
CODES = {"limit": EXIT_LIMIT, "undecided": EXIT_UNDECIDED}  # of diagnostics; others are wrong

# What is wrong with a command, where it is said of no place in a file.
ASKED = {"argument", "choice", "format", "language", "measure", "name", "width"}


def code_of(error: ClosedformError) -> int:
    """The exit code for an error."""
    if isinstance(error, FileError):
        return EXIT_FILE
    if isinstance(error, LimitError):
        return EXIT_LIMIT
    asked = not isinstance(error, OutsideError) and all(map(_is_asked, error.diagnostics))
    return EXIT_USAGE if asked else EXIT_WRONG


def _is_asked(diagnostic: Diagnostic) -> bool:
    """Whether what is wrong stands in the command and in no file."""
    span = diagnostic.span
    return span.source.asked if span else diagnostic.kind in ASKED


def complain(error: ClosedformError) -> None:
    """Print what was wrong."""
    for diagnostic in error.diagnostics:
        print_error(str(diagnostic))


def complain_of_bug(error: Exception) -> None:
    """Print what a mistake of ours was."""
    print_error(
        f"error[bug]: {type(error).__name__}: {error}\n"
        "This is a mistake in closedform, not in your file. Please report it with the file.\n"
        "Set CLOSEDFORM_TRACEBACK=1 to see where it happened."
    )


def print_error(text: str) -> None:
    """Print an error; where that is not possible, the exit code has to tell it alone."""
    with suppress(OSError):
        if not sys.stderr.isatty() or os.environ.get("NO_COLOR"):
            shown = harmless(text) if sys.stderr.isatty() else visible(text)
            print(shown, file=sys.stderr, flush=True)
            return
        from rich.console import Console
        from rich.text import Text

        styled = Text(harmless(text))
        styled.highlight_regex(r"error\[\w+\]", "bold red")
        styled.highlight_regex(r"(?m)^\s+\| +\^+$", "red")
        styled.highlight_regex(r"(?m)^\s+= (help|note):", "bold cyan")
        Console(stderr=True, soft_wrap=True).print(styled)
