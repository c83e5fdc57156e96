"""The commands that begin a file, and bring files to their canonical form."""

from __future__ import annotations

from pathlib import Path

import click

from closedform.console import completion
from closedform.console.exits import EXIT_WRONG, code_of, complain
from closedform.console.output import give
from closedform.console.parameters import Strict
from closedform.errors import ClosedformError


@click.command(cls=Strict)
@click.argument("file")
def new(file: str) -> None:
    """Begin a file from a small model that can be changed into another."""
    from importlib.resources import files

    from closedform.errors import Diagnostic, FileError

    path = Path(file)
    if path.exists():
        message = f"`{path}` is there already"
        raise FileError(Diagnostic("file", message, None, "choose another name"))
    give(files("closedform").joinpath("starter.arch").read_text("utf-8"), path)
    click.echo(f"{path} written: try `closedform derive {path}`")


@click.command(cls=Strict)
@click.argument("files", nargs=-1, required=True, shell_complete=completion.files)
@click.option("--check", "only_check", is_flag=True, help="Change nothing; fail if it would.")
def fmt(files: tuple[str, ...], only_check: bool) -> int:
    """Bring files to their canonical form. `-` reads the input and prints the result."""
    from closedform.files import check_replaced, read_input, read_text, write_text
    from closedform.grammar import format_file, parse

    code = 0
    for name in files:
        if name == "-":
            click.echo(format_file(parse(read_input(), "<stdin>")), nl=False)
            continue
        path = Path(name)
        try:
            before = read_text(path)
            after = format_file(parse(before, name))
            if before != after and not only_check:
                check_replaced(path)
                write_text(path, after)
        except ClosedformError as error:
            complain(error)
            code = max(code, code_of(error))
            continue
        if before == after:
            continue
        if only_check:
            click.echo(f"{name} is not in canonical form")
            code = max(code, EXIT_WRONG)
        else:
            click.echo(f"{name} formatted")
    return code
