"""Templates: filled in with plain data alone, and with every text escaped for its format."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from importlib.resources import files
from typing import Any, get_args

import jinja2

from closedform import formula as w
from closedform.render.language import Language, language
from closedform.render.report.view import Report


class Raw(str):
    """Text that is already in the language of the format. Everything else is escaped."""


def escape_latex(text: str) -> str:
    """Any text as text of a LaTeX document."""
    return "".join(LATEX_SPECIAL.get(char, char) for char in text)


LATEX_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"{\ttfamily\char34}",  # the one straight quote that every font encoding has
    "[": "{[}",  # after the \\ of a row, [ and * would be its arguments
    "]": "{]}",
    "*": "{*}",
}


def template_writer(
    template: str,
    escape: Callable[[str], str],
    formula: Callable[[w.Written], str],
    tools: dict[str, Callable[..., Any]],
) -> Callable[[Report], str]:
    """A writer that fills in a template with the report as plain data."""

    def write(report: Report) -> str:
        found = _environment(escape).get_template(template)
        return filled(found, report, escape, formula, tools)

    return write


CJK = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")


def has_cjk(data: Any) -> bool:
    """Whether a text in the data of a template has a character that needs a Chinese font."""
    if isinstance(data, dict | tuple):
        return any(map(has_cjk, data.values() if isinstance(data, dict) else data))
    return isinstance(data, str) and CJK.search(data) is not None


def text_template(source: str, escape: Callable[[str], str]) -> jinja2.Template:
    """The template of a text that is in no file of the package. It can run code: it is trusted."""
    return _environment(escape).from_string(source)


def filled(
    template: jinja2.Template,
    report: Report,
    escape: Callable[[str], str],
    formula: Callable[[w.Written], str],
    tools: dict[str, Callable[..., Any]],
) -> str:
    """A template filled in with the report as plain data, its fixed words in its language."""
    words = language(report.lang)
    wrapped = {name: _as_raw(tool) for name, tool in tools.items()}
    wrapped["_"] = _words(words, escape)
    if typed := tools.get("typed"):
        wrapped["prose"] = lambda text: Raw(prose(text, escape, typed))
    wrapped["left_out"] = lambda rows: left_out(
        [(row["operation"], row["counts"]) for row in rows], words
    )
    data = plain_data(report, lambda node: Raw(formula(node)))
    return template.render(report=data, **wrapped)


CODE = re.compile("`([^`\n]+)`")


def prose(text: str, escape: Callable[[str], str], typed: Callable[[str], str]) -> str:
    """A text of a file as text of a document; what stands between backticks is code."""
    parts = CODE.split(text)
    return "".join(typed(part) if at % 2 else escape(part) for at, part in enumerate(parts))


def _words(words: Language, escape: Callable[[str], str]) -> Callable[..., Raw]:
    """The function `_` of a template: a fixed text, and values that are escaped unless raw."""

    def told(text: str, **values: Any) -> Raw:
        parts = words.pieces(text, values)
        return Raw("".join(p if isinstance(p, Raw) else escape(str(p)) for p in parts))

    return told


def left_out(rows: Sequence[tuple[str, tuple[str, ...]]], words: Language) -> str:
    """The operations that a convention leaves out, as a list; no text of a format yet."""
    found = []
    for operation, counts in rows:
        told = words.tr("{operation} ({counts})", operation=operation, counts=", ".join(counts))
        found.append(told if counts else operation)
    return words.tr(", ").join(found)


def _as_raw(tool: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(*arguments: Any) -> Any:
        result = tool(*arguments)
        return Raw(result) if isinstance(result, str) else result

    return wrapped


@cache
def _environment(escape: Callable[[str], str]) -> jinja2.Environment:
    def finalize(value: Any) -> str:
        return value if isinstance(value, Raw) else escape(str(value))

    return jinja2.Environment(
        loader=jinja2.FunctionLoader(_template),
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        finalize=finalize,
        autoescape=False,  # `finalize` escapes, in the language of each format
    )


def _template(name: str) -> str:
    return files("closedform.render.formats").joinpath("templates", name).read_text("utf-8")


def plain_data(value: Any, formula: Callable[[w.Written], str]) -> Any:
    """A view as dicts, tuples, texts and numbers; each formula has its text and its tree."""
    if isinstance(value, get_args(w.Written)):
        return {"text": formula(value), "plain": w.plain(value), "node": Node(value)}
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain_data(getattr(value, f.name), formula) for f in fields(value)}
    if isinstance(value, tuple):
        return tuple(plain_data(item, formula) for item in value)
    return value


@dataclass(frozen=True)
class Node:
    """A formula that a template can hand to a tool and do nothing else with."""

    written: w.Written
