"""Templates that a user wrote: trusted code, read only when one is asked for by its path.

docs/templates.md describes the data that they get.
"""

from __future__ import annotations

import inspect
import reprlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jinja2

from closedform import formula as w
from closedform.errors import ClosedformError, Source, Span, fail
from closedform.render.formats.markdown import escape_markdown
from closedform.render.formats.table import LATEX_TOOLS, MARKDOWN_TOOLS, TEXT_TOOLS
from closedform.render.formats.templating import escape_latex, filled, text_template
from closedform.render.formulas.latex import latex
from closedform.render.report.view import Report


@dataclass(frozen=True)
class Kind:
    """How a kind of document takes texts and formulas, and the functions of its templates."""

    escape: Callable[[str], str]
    formula: Callable[[w.Written], str]
    tools: dict[str, Callable[..., Any]]


KINDS = {
    **{name: Kind(escape_markdown, latex, tools) for name, tools in MARKDOWN_TOOLS.items()},
    "tex": Kind(escape_latex, latex, LATEX_TOOLS),
    "fragment": Kind(escape_latex, latex, LATEX_TOOLS),
    "text": Kind(str, w.plain, TEXT_TOOLS),
}


SHORT = reprlib.Repr()
SHORT.maxdict = 0


def fill_template(source: Source, to: str, report: Report) -> str:
    """A template of the user, filled in with a report; texts are escaped for the format `to`.

    Raises ClosedformError, with the line of the template, for whatever goes wrong in it.
    """
    if to not in KINDS:
        raise fail(
            "template", f"a template cannot be filled in as {to}", None,
            f"give --to with one of {', '.join(KINDS)}; `text` escapes nothing",
        )  # fmt: skip
    kind = KINDS[to]
    try:
        template = text_template(source.text, kind.escape)
        tools = {name: _asked(name, tool) for name, tool in kind.tools.items()}
        return filled(template, report, kind.escape, kind.formula, tools)
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
