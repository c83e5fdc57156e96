"""What `%load_ext closedform` adds to IPython and Jupyter: the magic `%%arch`, and completion of
names between quotation marks."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from closedform.api import Architecture, loads
from closedform.console.commands.deriving import derive
from closedform.errors import fail
from closedform.integrations.completion import offered
from closedform.projects import derivation_of, report_of
from closedform.render.formats import format_named, width_in

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

NAME = "model"  # of a cell that gives none
IN_A_CELL = "notebook"  # the format of reports


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Add the magic and the completion to a shell."""

    def arch(line: str, cell: str) -> None:
        """Define a model by the text of a cell, and show it.

        `%%arch vit` gives it the name `vit`; the options are those of `closedform derive`.
        """
        run_cell(shell, line, cell)

    untyped: Any = shell
    untyped.register_magic_function(arch, "cell", "arch")
    untyped.Completer.custom_matchers.append(matcher(shell.user_ns))


# The magic ---------------------------------------------------------------------------------


def run_cell(shell: InteractiveShell, line: str, cell: str) -> None:
    """Carry out `%%arch`."""
    from IPython.display import display

    try:
        words = shlex.split(line)
    except ValueError:
        raise fail("argument", "a quotation mark is not closed in the line of `%%arch`") from None
    name = words.pop(0) if words and not words[0].startswith("-") else NAME
    if not name.isidentifier():
        raise fail("name", f"`{name}` cannot name a model in Python", None, "write `%%arch vit`")
    asked = _options([name, *words])
    model = loads(cell, Path.cwd(), f"{name}.arch")
    for part in model._shown():
        _ = part.params  # a file that is wrong fails here, once
    shell.user_ns[name] = model
    source = {"text/html": _source(cell), "text/plain": ""}  # what is printed has the cell itself
    display(source, raw=True)  # type: ignore[no-untyped-call]
    if not words:
        display(model)  # type: ignore[no-untyped-call]
        return
    to, steps, template, output = (asked.pop(k) for k in ("to", "steps", "template", "output"))
    if template or output or asked.pop("ignored"):
        raise fail("argument", "a cell takes no --template, no --output and no --ignore")
    if to is None:
        told = {
            "text/markdown": _text(model, dict(asked), IN_A_CELL, steps),
            "text/plain": _text(model, dict(asked), "text", steps),
        }
        display(told, raw=True)  # type: ignore[no-untyped-call]
    else:
        print(_text(model, asked, to, steps))


def _text(model: Architecture, asked: dict[str, Any], to: str, steps: bool) -> str:
    """A report or a derivation in a format."""
    project = model._project.typed(asked.pop("dtype"))
    if sizes := asked.pop("sizes"):
        chosen = asked["preset"] or project.configured
        if chosen is None:
            raise fail("argument", "--set changes sizes of a preset: name it with --preset")
        asked["preset"] = project.set_sizes(chosen, sizes)
    width = asked.pop("width")
    asked["width"] = width_in(to, width) if width else None
    if not steps:
        return format_named(to).report(report_of(project, **asked))
    kept = ("part", "measures", "convention", "preset", "lang", "width", "when")
    return derivation_of(project, to=to, **{key: asked[key] for key in kept})


def _options(arguments: list[str]) -> dict[str, Any]:
    """The options of `derive`, by the names of its parameters."""
    try:
        asked = dict(derive.make_context("%%arch", arguments).params)
    except click.ClickException as error:
        raise fail("argument", error.format_message()) from None
    del asked["file"]
    return asked


def _source(cell: str) -> str:
    """The text of a cell in colours, folded."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter

    from closedform.integrations.pygments import ArchLexer

    coloured = highlight(cell, ArchLexer(), HtmlFormatter(noclasses=True, nobackground=True))
    return f"<details><summary>source</summary>{coloured}</details>"


# Completion --------------------------------------------------------------------------------


def matcher(names: dict[str, Any]) -> Callable[[Any], Any]:
    """A matcher of IPython for what is typed between quotation marks in our calls."""
    from IPython.core.completer import SimpleCompletion, context_matcher

    @context_matcher()  # type: ignore[untyped-decorator]
    def closedform(context: Any) -> Any:
        typed, found = offered(context.text_until_cursor, names)
        matching = [SimpleCompletion(text, type="str") for text in found if text.startswith(typed)]
        return {"completions": matching, "matched_fragment": typed, "suppress": bool(matching)}

    return closedform  # type: ignore[no-any-return]
