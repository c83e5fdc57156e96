"""Templates: filled in with plain data alone, and with every text escaped for its format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, TypeAlias, get_args

from closedform import formula as w
from closedform.data import dataclass
from closedform.errors import visible
from closedform.render.language import Language, language
from closedform.render.report.closing import left_out
from closedform.render.report.prose import prose

if TYPE_CHECKING:
    import jinja2

Tools: TypeAlias = Mapping[str, Callable[..., Any]]


class Raw(str):
    """Text that is already in the language of the format. Everything else is escaped."""


@dataclass(frozen=True)
class Node:
    """A formula that a template can hand to a tool and do nothing else with."""

    written: w.Written


@dataclass(frozen=True)
class Markup:
    """How a language of documents takes texts and formulas, and the functions of its templates.

    `tools` may have `typed`, which sets a name as code.
    """

    escape: Callable[[str], str]
    formula: Callable[[w.Written], str]
    tools: Tools

    def having(self, tools: Tools) -> Markup:
        """The same language with more functions for its templates."""
        return Markup(self.escape, self.formula, {**self.tools, **tools})

    def file(self, name: str) -> Callable[[Any], str]:
        """A writer that fills in a template of this package with a view."""
        return lambda view: self.filled(_environment(self.escape).get_template(name), view)

    def text(self, source: str) -> Callable[[Any], str]:
        """A writer that fills in a template that is given as a text."""
        return lambda view: self.filled(self.template(source), view)

    def template(self, source: str) -> jinja2.Template:
        """The template of a text that is in no file of the package. It can run code: it is
        trusted."""
        return _environment(self.escape).from_string(source)

    def filled(self, template: jinja2.Template, view: Any) -> str:
        """A template filled in with a view as plain data, its fixed words in its language."""
        words = language(view.lang)
        tools = {name: _as_raw(tool) for name, tool in self.tools.items()}
        tools["_"] = _words(words, self.escape)
        tools["prose"] = self._prose
        tools["left_out"] = lambda rows: left_out(
            [(row["operation"], row["counts"]) for row in rows], words
        )
        return template.render(
            report=plain_data(view, lambda node: Raw(self.formula(node))), **tools
        )

    def _prose(self, text: str | tuple[str | dict[str, str], ...]) -> Raw:
        """A text of a file, or one in its parts, as text of a document."""
        parts = plain_data(prose(text), self.formula) if isinstance(text, str) else text
        typed = self.tools.get("typed", self.escape)
        told = (self.escape(p) if isinstance(p, str) else typed(p["text"]) for p in parts)
        return Raw("".join(told))


def _words(words: Language, escape: Callable[[str], str]) -> Callable[..., Raw]:
    """The function `_` of a template: a fixed text, and values that are escaped unless raw."""

    def told(text: str, **values: Any) -> Raw:
        parts = words.pieces(text, values)
        return Raw("".join(p if isinstance(p, Raw) else escape(str(p)) for p in parts))

    return told


def _as_raw(tool: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(*arguments: Any) -> Any:
        result = tool(*arguments)
        return Raw(result) if isinstance(result, str) else result

    return wrapped


@cache
def _environment(escape: Callable[[str], str]) -> jinja2.Environment:
    from closedform.render.markup.shipped import environment  # here, as `--help` needs no Jinja

    def finalize(value: Any) -> str:
        return value if isinstance(value, Raw) else escape(str(value))

    return environment(finalize)


def plain_data(value: Any, formula: Callable[[w.Written], str]) -> Any:
    """A view as dicts, tuples, texts and numbers; each formula has its text and its tree."""
    if isinstance(value, get_args(w.Written)):
        return {"text": formula(value), "plain": w.plain(value), "node": Node(value)}
    if is_dataclass(value) and not isinstance(value, type):
        shown = {
            f.name: plain_data(getattr(value, f.name), formula) for f in fields(value) if f.repr
        }
        return View(shown, value, formula)
    if isinstance(value, tuple):
        return tuple(plain_data(item, formula) for item in value)
    return visible(value) if type(value) is str else value


class View(dict[str, Any]):
    """The fields of a view; what it makes when that is asked for, a template asks for."""

    def __init__(
        self, shown: dict[str, Any], view: Any, formula: Callable[[w.Written], str]
    ) -> None:
        super().__init__(shown)
        self._made = view, formula

    def __missing__(self, name: str) -> Any:
        view, formula = self._made
        if not isinstance(vars(type(view)).get(name), cached_property):
            raise KeyError(name)
        self[name] = plain_data(getattr(view, name), formula)
        return self[name]
