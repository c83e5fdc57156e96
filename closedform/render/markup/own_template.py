"""Templates that a user wrote: trusted code, read only when one is asked for by its path.

docs/templates.md describes the data that they get.
"""

from __future__ import annotations

import inspect
import reprlib
from collections.abc import Callable
from typing import Any

import jinja2

from closedform.errors import ClosedformError, Source, Span, fail
from closedform.render.markup.templating import Markup, View
from closedform.render.report.view import Report

SHORT = reprlib.Repr()
setattr(SHORT, f"repr_{View.__name__}", SHORT.repr_dict)  # it is told as what it is for a template
SHORT.maxdict = 0


def fill_template(source: Source, markup: Markup, report: Report) -> str:
    """A template of the user, filled in with a report in the language of its document.

    Raises ClosedformError, with the line of the template, for whatever goes wrong in it.
    """
    tools = {name: _asked(name, tool) for name, tool in markup.tools.items()}
    try:
        return markup.having(tools).filled(markup.template(source.text), report)
    except jinja2.TemplateSyntaxError as error:
        raise _wrong(source, error.message or "wrong syntax", error.lineno) from None
    except Exception as error:  # the template is a program, and may raise anything
        message = str(error) if isinstance(error, jinja2.TemplateError) else repr(error)
        raise _wrong(source, message, _line(error)) from None


def _asked(name: str, tool: Callable[..., Any]) -> Callable[..., Any]:
    """A function of templates that says how it is written when it is asked for something else."""

    def asked(*arguments: Any) -> Any:
        for argument in arguments:
            if isinstance(argument, jinja2.Undefined):
                str(argument)  # raises the error of a name that does not exist
        try:
            return tool(*arguments)
        except Exception:
            given = ", ".join(map(SHORT.repr, arguments))
            written = ", ".join(inspect.signature(tool).parameters)
            raise jinja2.TemplateRuntimeError(
                f"`{name}({given})` has an argument of another kind: "
                f"it is written {name}({written}), and docs/templates.md says what each is"
            ) from None

    return asked


def _wrong(source: Source, message: str, line: int | None) -> ClosedformError:
    if line is None or line > len(source.line_starts):
        return fail("template", f"`{source.name}`: {message}")
    start = source.line_starts[line - 1]
    return fail("template", message, Span(source, start, start + len(source.line(line))))


def _line(error: Exception) -> int | None:
    """The line of the user's template from which an error came."""
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            return trace.tb_lineno
        trace = trace.tb_next
    return None
