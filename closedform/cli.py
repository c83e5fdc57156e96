"""The command line: how a run goes and ends."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

import click

from closedform import __version__
from closedform.console.commands.asking import explain, solve
from closedform.console.commands.bounding import roofline
from closedform.console.commands.bridging import import_, trace, verify
from closedform.console.commands.checking import check
from closedform.console.commands.comparing import compare, diff
from closedform.console.commands.deriving import derive
from closedform.console.commands.documenting import docs
from closedform.console.commands.exporting import export
from closedform.console.commands.fitting import memory
from closedform.console.commands.library import std, zoo
from closedform.console.commands.writing import fmt, new
from closedform.console.exits import (
    EXIT_BUG,
    EXIT_FILE,
    EXIT_INTERRUPT,
    EXIT_USAGE,
    code_of,
    complain,
    complain_of_bug,
    print_error,
)
from closedform.console.parameters import Commands
from closedform.console.streams import (
    Stopped,
    drop,
    end_by,
    replace_closed,
    stop_cleanly,
)
from closedform.console.tensors import put_off_tensors
from closedform.console.watch import watched
from closedform.errors import ClosedformError
from closedform.limits import placed

ENDS = (
    "Ends with 0 where all is well, 1 where a file is wrong, a claim refuted or nothing found, 2 "
    "where what is asked for is wrong or is not there, 3 where a file cannot be read or written, 4 "
    "at a limit, 5 where a claim is not decided, 70 for a mistake of closedform, 130 when "
    "interrupted."
)


@click.group(cls=Commands, epilog=ENDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="closedform")
def commands() -> None:
    """Closed forms of what a neural-network architecture costs, from a small .arch file."""


for command in (
    check,
    compare,
    derive,
    diff,
    docs,
    explain,
    export,
    fmt,
    import_,
    memory,
    new,
    roofline,
    solve,
    std,
    trace,
    verify,
    zoo,
):
    commands.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    gc.set_threshold(100_000, 20, 100)  # a short life with many small objects and few cycles
    os.environ.setdefault("SYMPY_CACHE_SIZE", "10000")  # a model asks for more than 1,000 anew
    put_off_tensors()
    stop_cleanly()
    try:
        code = run(arguments)
    except Stopped as stop:
        end_by(stop.args[0])
        raise
    for stream in (sys.stdout, sys.stderr):
        drop(stream)  # what could be printed is flushed
    sys.exit(code)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; gives the exit code, and never raises."""
    replace_closed()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    code = 0
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except (click.exceptions.Abort, KeyboardInterrupt):
        code = EXIT_INTERRUPT
    except (BrokenPipeError, SystemExit):
        pass  # the reader has gone, for which click exits
    except OSError as error:
        print_error(f"error[file]: the output cannot be written: {error.strerror or error}")
        code = EXIT_FILE
    return code


def _run(arguments: Sequence[str] | None) -> int:
    """The exit code of a command, which was not interrupted and could print what it had to."""
    try:
        with watched() as watch, placed():
            result = commands(arguments, prog_name="closedform", standalone_mode=False, obj=watch)
        return result if isinstance(result, int) else 0
    except (OSError, click.exceptions.Abort):
        raise
    except click.ClickException as error:
        with suppress(OSError):
            error.show()
        return EXIT_USAGE
    except ClosedformError as error:
        complain(error)
        return code_of(error)
    except Exception as error:
        complain_of_bug(error)
        if os.environ.get("CLOSEDFORM_TRACEBACK"):
            raise
        return EXIT_BUG
